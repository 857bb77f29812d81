"""The hub and its outboxes."""

from __future__ import annotations

import asyncio

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry

from callcenter.auth.permissions import Permission
from callcenter.web.hub import GOING_AWAY, SESSION_OVER, TOO_SLOW, Hub, OrderLists, Outbox, OutboxClosed


@pytest.fixture
def metrics() -> CollectorRegistry:
    return CollectorRegistry()


@pytest.fixture
def hub(metrics: CollectorRegistry) -> Hub:
    return Hub(queue_limit=16, metrics=metrics)


async def frames(outbox: Outbox) -> list[dict]:
    return [orjson.loads(await outbox.next()) for _ in range(len(outbox))]


def partial(text: str, *, call_id: str = "c1", speaker: str = "caller") -> dict[str, object]:
    return {"call_id": call_id, "speaker": speaker, "text": text, "start_ms": 0}


async def test_a_frame_reaches_every_socket_of_the_device_and_no_other(hub):
    """A push goes to all tabs of the device's user, in order, and to nobody else."""
    tab1, tab2, other = hub.attach("PJSIP/1", "s1"), hub.attach("PJSIP/1", "s2"), hub.attach("PJSIP/2", "s3")
    hub.push("PJSIP/1", "agent.state", {"state": "ringing"})
    hub.push("PJSIP/1", "agent.state", {"state": "on_call"})
    expected = [
        {"seq": 1, "type": "agent.state", "state": "ringing"},
        {"seq": 2, "type": "agent.state", "state": "on_call"},
    ]
    assert await frames(tab1) == await frames(tab2) == expected
    assert len(other) == 0


async def test_interface_none_reaches_every_desk(hub):
    """What concerns all (the PBX link) reaches users with and without a phone."""
    desks = [hub.attach("PJSIP/1", "s1"), hub.attach(None, "s2")]
    hub.push(None, "pbx.link", {"connected": False, "since": None})
    assert [len(desk) for desk in desks] == [1, 1]


async def test_a_frame_for_a_device_without_a_desk_is_dropped(hub):
    """Nobody looks: nothing is kept, and no empty group either."""
    outbox = hub.attach("PJSIP/1", "s1")
    hub.detach(outbox, "PJSIP/1", "s1")
    hub.push("PJSIP/1", "agent.state", {"state": "ringing"})
    assert len(outbox) == 0
    assert not hub._by_interface
    assert not hub._by_session


async def test_partials_of_one_speaker_replace_each_other(hub, metrics):
    """Only the newest waiting partial of a (call, speaker) is sent, at the place of the newest."""
    outbox = hub.attach("PJSIP/1", "s1")
    hub.push("PJSIP/1", "transcript.partial", partial("我"))
    hub.push("PJSIP/1", "transcript.partial", partial("喂", speaker="agent"))
    hub.push("PJSIP/1", "transcript.segment", {"call_id": "c1", "segment": {}})
    hub.push("PJSIP/1", "transcript.partial", partial("我家"))
    got = [(frame["seq"], frame["type"], frame.get("text")) for frame in await frames(outbox)]
    assert got == [(1, "transcript.partial", "喂"), (2, "transcript.segment", None), (3, "transcript.partial", "我家")]
    assert metrics.get_sample_value("callcenter_desk_coalesced_total") == 1


async def test_partials_alone_never_cut_a_slow_reader(hub):
    """However long the reader sleeps, waiting partials stay one per speaker."""
    outbox = hub.attach("PJSIP/1", "s1")
    for number in range(1000):
        hub.push("PJSIP/1", "transcript.partial", partial(str(number)))
    assert [frame["text"] for frame in await frames(outbox)] == ["999"]


async def test_a_full_outbox_is_cut_with_4408(hub, metrics):
    """The frame that does not fit closes the socket and frees what waited; the neighbour is not touched."""
    slow, quick = hub.attach("PJSIP/1", "s1"), hub.attach("PJSIP/1", "s2")
    for number in range(17):
        hub.push("PJSIP/1", "order.updated", {"number": number})
        await quick.next()
    assert (slow.close_code, len(slow)) == (TOO_SLOW, 0)
    assert quick.close_code is None
    with pytest.raises(OutboxClosed):
        await slow.next()
    hub.detach(slow, "PJSIP/1", "s1")
    assert metrics.get_sample_value("callcenter_desk_cut_total") == 1


async def test_the_reader_waits_for_the_next_frame(hub):
    """An idle reader wakes with the frame that comes."""
    outbox = hub.attach("PJSIP/1", "s1")
    waiting = asyncio.create_task(outbox.next())
    await asyncio.sleep(0)
    hub.push("PJSIP/1", "agent.state", {"state": "paused"})
    assert orjson.loads(await waiting)["state"] == "paused"


async def test_logging_out_closes_only_that_login(hub):
    """``close_session`` closes the tabs of one login, ``close_all`` the rest; the first reason stays."""
    mine, yours = hub.attach("PJSIP/1", "s1"), hub.attach("PJSIP/1", "s2")
    hub.close_session("s1")
    assert (mine.close_code, yours.close_code) == (SESSION_OVER, None)
    hub.close_all()
    assert (mine.close_code, yours.close_code) == (SESSION_OVER, GOING_AWAY)
    hub.push("PJSIP/1", "agent.state", {"state": "ringing"})
    assert len(mine) == len(yours) == 0


async def test_open_sockets_are_a_metric(hub, metrics):
    """The gauge follows attach and detach."""
    outbox = hub.attach(None, "s1")
    assert metrics.get_sample_value("callcenter_desk_sockets") == 1
    hub.detach(outbox, None, "s1")
    assert metrics.get_sample_value("callcenter_desk_sockets") == 0


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("partial"), st.sampled_from("ab"), st.sampled_from(["caller", "agent"])),
        st.just(("fact", "", "")),
        st.just(("read", "", "")),
    ),
    max_size=80,
)


@given(STEPS)
async def test_whatever_the_pace_no_fact_is_lost_and_the_newest_partial_arrives(steps):
    """Facts arrive complete and in order, sequence numbers have no gap, each speaker's last partial gets through."""
    outbox, sent, last, got = Outbox(1000), [], {}, []
    for number, (step, call_id, speaker) in enumerate(steps):
        if step == "partial":
            last[call_id, speaker] = str(number)
            outbox.put("transcript.partial", partial(str(number), call_id=call_id, speaker=speaker))
        elif step == "fact":
            sent.append(number)
            outbox.put("order.updated", {"number": number})
        elif len(outbox):
            got.append(orjson.loads(await outbox.next()))
    got += await frames(outbox)
    assert [frame["seq"] for frame in got] == list(range(1, len(got) + 1))
    assert [frame["number"] for frame in got if frame["type"] == "order.updated"] == sent
    seen = {(frame["call_id"], frame["speaker"]): frame["text"] for frame in got if frame["type"] != "order.updated"}
    assert seen == last


async def test_a_frame_goes_at_once_when_nothing_waits_before_it(hub):
    """With a browser that keeps up, a frame is sent within ``push``, numbered like the others; replaceable ones wait."""
    outbox, sent = hub.attach("PJSIP/1", "s1"), []
    outbox.send_now = lambda frame: sent.append(orjson.loads(frame)) is None
    hub.push("PJSIP/1", "call.offered", {"call": 1})
    hub.push("PJSIP/1", "transcript.partial", partial("我"))
    hub.push("PJSIP/1", "call.closed", {"call": 1})
    assert [(frame["seq"], frame["type"]) for frame in sent] == [(1, "call.offered")]
    assert [(f["seq"], f["type"]) for f in await frames(outbox)] == [(2, "transcript.partial"), (3, "call.closed")]


async def test_a_frame_that_cannot_go_at_once_waits_in_its_place(hub):
    """A browser that has not taken all before it gets the rest in order, none twice and none out of turn."""
    outbox, sent, free = hub.attach("PJSIP/1", "s1"), [], [True, False, True]

    def send_now(frame: bytes) -> bool:
        if free.pop(0):
            sent.append(orjson.loads(frame)["seq"])
            return True
        return False

    outbox.send_now = send_now
    for number in range(3):
        hub.push("PJSIP/1", "call.offered", {"call": number})
    assert sent == [1]
    assert [frame["seq"] for frame in await frames(outbox)] == [2, 3]


async def test_a_changed_order_reaches_those_who_may_see_orders(hub):
    """By permission; while one waits, a newer change of the same order takes its place, another order's does not."""
    reader, other = hub.attach(None, "s1", {Permission.ORDERS}), hub.attach(None, "s2")
    for order_id, kind in (("o1", "WorkOrderCreated"), ("o2", "WorkOrderMoved"), ("o1", "WorkOrderMoved")):
        OrderLists(hub).show({"order_id": order_id, "event_type": kind})
    seen = [(frame["type"], frame["order_id"], frame["event_type"]) for frame in await frames(reader)]
    assert seen == [("order.changed", "o2", "WorkOrderMoved"), ("order.changed", "o1", "WorkOrderMoved")]
    assert len(other) == 0
