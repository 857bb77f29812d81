"""The desk's live calls: one pop per (call, device), right after every event."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from prometheus_client import CollectorRegistry

from callcenter.bus.local import LocalBus
from callcenter.clock import VirtualClock
from callcenter.features.live_calls import KEEP_FINISHED, LiveCalls
from callcenter.features.pop_latency import PopLatency
from callcenter.features.wall_views import Quantiles
from callcenter.media.events import AudioStarted, SegmentHeard, Speaker, SpeechPartial, TranscriptUnavailable
from callcenter.telephony.events import (
    AgentState,
    AgentStateChanged,
    CallAnswered,
    CallEnded,
    CallHeld,
    CallLegEnded,
    CallMissed,
    CallOffered,
    CallPartyChanged,
    CallResumed,
    Direction,
    MissReason,
    PbxLinkChanged,
)
from workorder.policy.phones import parse_phone
from workorder.views.customers import CustomerCard

CLOCK = VirtualClock()
COMMON = {"at": CLOCK.now(), "call_id": "C1", "linkedid": "1.0"}
OFFER = CallOffered(
    **COMMON,
    uniqueid="1.1",
    interface="PJSIP/1001",
    number="13800138000",
    name=None,
    queue="support",
    direction=Direction.INBOUND,
    caller_uniqueid="1.0",
)


class Recorder:
    def __init__(self):
        self.frames = []

    def push(self, interface, kind, body):
        self.frames.append((interface, kind, body))

    def kinds(self, interface="PJSIP/1001"):
        return [kind for device, kind, _ in self.frames if device == interface]


@pytest.fixture
async def desk():
    recorder, bus, clock = Recorder(), LocalBus(), VirtualClock()
    recorder.latency = PopLatency(CollectorRegistry())
    live = LiveCalls(recorder, clock, recorder.latency, partial(parse_phone, country="CN"))
    live.subscribe(bus)

    async def tell(*events):
        for event in events:
            bus.publish(event)
        await bus.drain()

    def offer(event=OFFER):
        live.announce(live.offer(event))

    recorder.live, recorder.tell, recorder.offer = live, tell, offer
    yield recorder
    await bus.aclose()


async def test_a_pop_is_shown_once(desk):
    """Announcing twice pushes one frame, and it carries the call."""
    call = desk.live.offer(OFFER)
    desk.live.announce(call)
    desk.live.announce(call)
    ((_, kind, body),) = desk.frames
    assert kind == "call.offered"
    assert body["call"]["number_display"].replace(" ", "") == "13800138000"
    assert body["call"]["state"] == "ringing"


async def test_answered_elsewhere_takes_the_pop_away(desk):
    """With two devices ringing, the one that loses is told to close; the winner goes on."""
    other = replace(OFFER, uniqueid="1.2", interface="PJSIP/1002")
    desk.offer()
    desk.offer(other)
    await desk.tell(
        CallAnswered(**COMMON, uniqueid="1.2", interface="PJSIP/1002", caller_uniqueid="1.0"),
        CallMissed(**COMMON, uniqueid="1.1", interface="PJSIP/1001", reason=MissReason.ANSWERED_ELSEWHERE),
    )
    assert desk.kinds() == ["call.offered", "call.closed"]
    assert desk.frames[-1][2]["reason"] == "answered_elsewhere"
    assert desk.live.snapshot("PJSIP/1001")["calls"] == []
    assert [call["state"] for call in desk.live.snapshot("PJSIP/1002")["calls"]] == ["talking"]


async def test_a_call_gone_before_its_pop_is_never_shown(desk):
    """The record came late and the caller was gone: no pop, no close."""
    call = desk.live.offer(OFFER)
    await desk.tell(CallMissed(**COMMON, uniqueid="1.1", interface="PJSIP/1001", reason=MissReason.CALLER_ABANDONED))
    desk.live.announce(call)
    assert desk.frames == []


async def test_hold_resume_and_party_change_update_the_call(desk):
    """Each change is pushed as just that change."""
    desk.offer()
    await desk.tell(
        CallAnswered(**COMMON, uniqueid="1.1", interface="PJSIP/1001", caller_uniqueid="1.0"),
        CallHeld(**COMMON, uniqueid="1.1", interface="PJSIP/1001"),
        CallResumed(**COMMON, uniqueid="1.1", interface="PJSIP/1001"),
        CallPartyChanged(
            **COMMON, uniqueid="1.1", interface="PJSIP/1001", number="057188001234", name="王", caller_uniqueid="2.0"
        ),
    )
    changes = [body["changes"] for _, kind, body in desk.frames if kind == "call.updated"]
    assert [c.get("state") for c in changes] == ["talking", "held", "talking", None]
    assert changes[-1]["number"] == "057188001234"


async def test_a_talked_call_stays_until_done(desk):
    """After the end it stays on the page and in the snapshot; ``done`` removes it; a ringing one cannot be put away."""
    desk.offer()
    desk.live.done("PJSIP/1001", "C1")
    assert desk.kinds() == ["call.offered"]
    await desk.tell(
        CallAnswered(**COMMON, uniqueid="1.1", interface="PJSIP/1001", caller_uniqueid="1.0"),
        CallLegEnded(**COMMON, uniqueid="1.1", interface="PJSIP/1001"),
        CallEnded(**COMMON, cause=16, answered=True),
    )
    assert [call["state"] for call in desk.live.snapshot("PJSIP/1001")["calls"]] == ["ended"]
    assert desk.kinds().count("call.updated") == 2
    desk.live.done("PJSIP/1001", "C1")
    assert desk.live.snapshot("PJSIP/1001")["calls"] == []
    assert desk.live.talk("C1") is None


async def test_an_unanswered_call_closes_at_its_end(desk):
    """Without an answer nothing stays."""
    desk.offer()
    await desk.tell(CallEnded(**COMMON, cause=0, answered=False))
    assert desk.kinds() == ["call.offered", "call.closed"]


async def test_transcript_goes_to_those_who_talk(desk):
    """Partials and segments reach the device that talks, not one that rings; the snapshot has them too."""
    desk.offer()
    desk.offer(replace(OFFER, uniqueid="1.2", interface="PJSIP/1002"))
    segment = SegmentHeard(
        at=CLOCK.now(),
        call_id="C1",
        segment_id="S1",
        speaker=Speaker.CALLER,
        start_ms=0,
        end_ms=900,
        text="你好",
        confidence=0.9,
    )
    await desk.tell(
        CallAnswered(**COMMON, uniqueid="1.1", interface="PJSIP/1001", caller_uniqueid="1.0"),
        AudioStarted(at=CLOCK.now(), call_id="C1"),
        SpeechPartial(at=CLOCK.now(), call_id="C1", speaker=Speaker.CALLER, text="你", start_ms=0),
        segment,
        TranscriptUnavailable(at=CLOCK.now(), call_id="C1", speaker=Speaker.AGENT, reason="no_audio"),
    )
    assert [k for k in desk.kinds() if k.startswith("transcript")] == [
        "transcript.partial",
        "transcript.segment",
        "transcript.unavailable",
    ]
    assert not [k for k in desk.kinds("PJSIP/1002") if k.startswith("transcript")]
    (call,) = desk.live.snapshot("PJSIP/1001")["calls"]
    assert call["segments"][0]["text"] == "你好"
    assert call["partials"] == {}
    assert call["transcript_unavailable"] == {"agent": "no_audio"}


async def test_finished_calls_are_bounded(desk):
    """An agent who never puts calls away keeps the last ones only."""
    for index in range(KEEP_FINISHED + 5):
        ids = {"at": CLOCK.now(), "call_id": f"C{index}", "linkedid": f"{index}.0"}
        desk.offer(replace(OFFER, call_id=f"C{index}"))
        await desk.tell(
            CallAnswered(**ids, uniqueid="1.1", interface="PJSIP/1001", caller_uniqueid="1.0"),
            CallEnded(**ids, cause=16, answered=True),
        )
    assert len(desk.live.snapshot("PJSIP/1001")["calls"]) == KEEP_FINISHED + 1
    assert desk.live.talk("C0") is None


async def test_agent_and_link_state_reach_the_desk(desk):
    """The agent's own state goes to the device, the link's to everybody; the snapshot repeats both."""
    await desk.tell(
        AgentStateChanged(at=CLOCK.now(), interface="PJSIP/1001", state=AgentState.PAUSED),
        PbxLinkChanged(at=CLOCK.now(), connected=True, reason=""),
    )
    assert ("PJSIP/1001", "agent.state", {"state": "paused"}) in desk.frames
    assert desk.frames[-1][0] is None
    snapshot = desk.live.snapshot("PJSIP/1001")
    assert (snapshot["agent_state"], snapshot["pbx"]["connected"]) == ("paused", True)


def joined():
    """The call C2 of the device becomes part of C1."""
    return CallPartyChanged(
        **COMMON,
        uniqueid="2.1",
        interface="PJSIP/1001",
        number="13800138000",
        name=None,
        caller_uniqueid="1.0",
        moved_from="C2",
    )


CONSULTATION = replace(OFFER, call_id="C2", uniqueid="2.1", number="1002", name="Agent 2", interface="PJSIP/1001")
ANSWERED = {"at": CLOCK.now(), "call_id": "C2", "linkedid": "2.0", "uniqueid": "2.1", "interface": "PJSIP/1001"}


async def test_an_attended_transfer_moves_the_call_on_the_desk(desk):
    """Two calls become one: in one frame the consultation turns into the customer's call; no second pop, no close."""
    desk.offer(CONSULTATION)
    desk.frames.clear()
    await desk.tell(
        CallAnswered(**ANSWERED, caller_uniqueid="2.0"),
        joined(),
        CallEnded(at=CLOCK.now(), call_id="C2", linkedid="2.0", cause=16, answered=True),
    )
    (call,) = desk.live.snapshot("PJSIP/1001")["calls"]
    assert (call["call_id"], call["state"], call["number"], call["name"]) == ("C1", "talking", "13800138000", None)
    assert desk.kinds() == ["call.updated"] * 3
    moved, party = (body for _, _, body in desk.frames[1:])
    assert (moved["call_id"], moved["changes"]["call_id"], moved["changes"]["state"]) == ("C2", "C1", "talking")
    assert (party["call_id"], party["changes"]["number"]) == ("C1", "13800138000")
    assert desk.live.talk("C2") is None


async def test_a_blonde_transfer_moves_a_call_that_still_rings(desk):
    """Handed over before the answer: the pop shows the new party and its answer is that of the new call."""
    desk.offer(CONSULTATION)
    await desk.tell(joined(), CallAnswered(**COMMON, uniqueid="2.1", interface="PJSIP/1001", caller_uniqueid="1.0"))
    (call,) = desk.live.snapshot("PJSIP/1001")["calls"]
    assert (call["call_id"], call["state"], call["number"]) == ("C1", "talking", "13800138000")
    assert desk.kinds().count("call.offered") == 1


async def test_the_moved_call_knows_what_the_other_was_told(desk):
    """What the first agent's call has heard so far is there for the second."""
    desk.offer(replace(OFFER, interface="PJSIP/1009"))
    await desk.tell(AudioStarted(at=CLOCK.now(), call_id="C1"))
    desk.offer(CONSULTATION)
    await desk.tell(joined())
    (call,) = desk.live.snapshot("PJSIP/1001")["calls"]
    assert call["audio_started_at"] is not None


async def test_a_device_that_has_both_calls_keeps_the_one_that_stays(desk):
    """The agent who joined the customer with somebody outside sees the second call go."""
    desk.offer()
    desk.offer(CONSULTATION)
    await desk.tell(joined())
    assert [call["call_id"] for call in desk.live.snapshot("PJSIP/1001")["calls"]] == ["C1"]
    assert ("call.closed", "transferred", "C2") in [(k, b.get("reason"), b.get("call_id")) for _, k, b in desk.frames]


async def test_the_first_paint_counts(desk):
    """Other tabs and reloads tell of the same pop later; its latency is that of the first."""
    desk.offer()
    at_ms = OFFER.at.timestamp() * 1000
    for after_ms in (40, 80, 20_000):
        desk.live.painted("PJSIP/1001", "C1", at_ms + after_ms)
    desk.live.painted("PJSIP/1002", "C1", at_ms + 10)
    assert desk.latency.recent().painted == Quantiles(1, 40.0, 40.0)


async def test_whom_a_person_chose_stays_until_another_party_is_on_the_line(desk):
    """A later look-up of the number changes nothing; after a transfer to somebody else it counts again."""
    card = CustomerCard("K1", "王建国", "normal", (), (), (), (), (), 0)
    other = replace(card, customer_id="K2")
    desk.offer()
    desk.live.identified("C1", None, (card, other))
    desk.live.chosen("C1", other)
    desk.live.identified("C1", None, (card, other))
    assert desk.live.talk("C1").customer is other
    desk.live.another_party("C1")
    desk.live.identified("C1", card)
    assert desk.live.talk("C1").customer is card
    changes = [body["changes"] for _, kind, body in desk.frames if kind == "call.updated"]
    assert [change["customer"] for change in changes] == [None, other, card]
