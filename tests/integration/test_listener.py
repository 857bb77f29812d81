"""From the simulated PBX's socket to the bus: calls once each, gaps told, nothing lost to one bad event."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import structlog
from structlog.testing import capture_logs

from callcenter.telephony import call_stream
from callcenter.telephony.actions import NoRight
from callcenter.telephony.ami_events import Newstate
from callcenter.telephony.events import (
    AgentState,
    AgentStateChanged,
    AmiGap,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallMissed,
    CallOffered,
    MissReason,
    PbxLinkChanged,
)
from callcenter.telephony.simulator.call import Miss, SimulatedCall
from callcenter.telephony.simulator.pbx import SimulatedPbx
from tests.integration.proxy import cutting_proxy
from tests.listening import Listening, listening

NUMBER = "13800138000"


@asynccontextmanager
async def heard_pbx(**settings: object) -> AsyncIterator[tuple[SimulatedPbx, Listening]]:
    """A simulated PBX, twenty times as fast as life, and a listener on it."""
    pbx = SimulatedPbx(speed=20, **settings)
    await pbx.start()
    try:
        async with listening("127.0.0.1", pbx.port, reconnect_min_s=0.02) as ear:
            await ear.wait(PbxLinkChanged)
            await ear.link.wait_connected(20)
            yield pbx, ear
    finally:
        await pbx.aclose()


async def test_a_call_comes_through_once() -> None:
    """Arrived, offered to each device that rang, missed with the reason, answered, ended: one each."""
    async with heard_pbx() as (pbx, ear):
        call = await pbx.place_call(SimulatedCall(number=NUMBER, missed_by=(("PJSIP/1002", Miss.BUSY),), talk_s=1))
        await call.ended
        ended = await ear.wait(CallEnded)
        assert {fact.call_id for fact in ear.of(CallOffered)} == {ended.call_id}
        assert [fact.interface for fact in ear.of(CallOffered)] == ["PJSIP/1002", "PJSIP/1001"]
        assert [fact.reason for fact in ear.of(CallMissed)] == [MissReason.BUSY]
        assert len(ear.of(CallArrived)) == len(ear.of(CallAnswered)) == 1
        assert ear.tracker.size == 0


async def test_agents_are_known_before_anybody_calls() -> None:
    """The first snapshot tells every device's state."""
    async with heard_pbx() as (_pbx, ear):
        await ear.wait(AgentStateChanged, 3)
        states = {fact.interface: fact.state for fact in ear.of(AgentStateChanged)}
        assert states == dict.fromkeys(("PJSIP/1001", "PJSIP/1002", "PJSIP/1003"), AgentState.AVAILABLE)


async def test_a_gap_is_closed_by_a_snapshot_and_told() -> None:
    """While the link is cut one call goes on, one ends, one begins: each ends up right, none twice."""
    async with heard_pbx() as (pbx, ear):
        goes_on = await pbx.place_call(SimulatedCall(number=NUMBER, ring_s=0.1))
        ends = await pbx.place_call(SimulatedCall(number="13900139000", interface="PJSIP/1002", ring_s=0.1))
        await ear.wait(CallAnswered, 2)
        pbx.refuse_logins("Not now")
        pbx.cut_mid_message()
        await ear.wait(PbxLinkChanged, 2)
        ends.hang_up()
        await ends.ended
        begins = await pbx.place_call(SimulatedCall(number="13700137000", interface="PJSIP/1003", ring_s=None))
        await begins.ringing.wait()
        pbx.refuse_logins(None)
        ear.link._backoff.longest_s = 0.0  # A refused login waits half a minute by itself.
        await ear.link.aclose()
        ear.link.start()
        gap = await ear.wait(AmiGap)
        assert (gap.calls_reconstructed, gap.calls_ended_unseen) == (1, 1)
        assert gap.since < gap.until
        begins.answer()
        await ear.wait(CallAnswered, 3)
        for call in (goes_on, begins):
            call.hang_up()
            await call.ended
        await ear.wait(CallEnded, 3)
        assert [fact.number for fact in ear.of(CallOffered)] == [NUMBER, "13900139000", "13700137000"]
        assert len({fact.call_id for fact in ear.of(CallEnded)}) == 3
        assert ear.tracker.size == 0


async def test_what_happens_during_the_snapshot_is_merged() -> None:
    """Events that pile up while the snapshot is taken are told in it or after it, never twice."""
    async with heard_pbx() as (pbx, ear), cutting_proxy("127.0.0.1", pbx.port) as proxy:  # noqa: SIM117 - three is enough
        async with listening("127.0.0.1", proxy.port, reconnect_min_s=0.01, reconnect_max_s=0.01) as other:
            await other.wait(PbxLinkChanged)
            calls = []
            for number in range(30):
                calls.append(await pbx.place_call(SimulatedCall(number=f"138001380{number:02}", ring_s=1, talk_s=2)))
                if number % 5 == 0:
                    proxy.cut()
                await asyncio.sleep(0.005)
            for call in calls:
                await call.ended
            await ear.wait(CallEnded, 30)
            await other.link.wait_connected(20)
            async with asyncio.timeout(20):
                while other.tracker.size:
                    await asyncio.sleep(0.01)
            await other.bus.drain()  # The tracker is ahead of those that listen.
            offered = [fact.uniqueid for fact in other.of(CallOffered)]
            assert len(offered) == len(set(offered))
            ended = [fact.call_id for fact in other.of(CallEnded)]
            assert sorted(ended) == sorted({fact.call_id for fact in other.of(CallArrived)})


@pytest.mark.parametrize("how", ["kill", "restart"])
async def test_a_pbx_that_restarts_leaves_no_live_call(how: str) -> None:
    """Calls that died with the PBX end, the gap is told, and new calls with fresh ids are calls of their own."""
    async with heard_pbx() as (pbx, ear):
        await pbx.place_call(SimulatedCall(number=NUMBER, ring_s=0.1))
        await ear.wait(CallAnswered)
        await getattr(pbx, how)()
        if how == "kill":
            await pbx.start()
        await ear.wait(AmiGap)
        await ear.wait(CallEnded)
        assert ear.tracker.size == 0
        call = await pbx.place_call(SimulatedCall(number=NUMBER, ring_s=0.1, talk_s=0.1))
        await call.ended
        await ear.wait(CallEnded, 2)
        assert len(ear.of(CallOffered)) == 2


async def test_one_bad_event_is_logged_and_the_next_is_handled(monkeypatch: pytest.MonkeyPatch) -> None:
    """An exception while one event is handled names the event and stops nothing."""
    # A logger of its own: one that was used before may be bound to another configuration.
    monkeypatch.setattr(call_stream, "log", structlog.get_logger())
    with capture_logs() as logs:
        await one_bad_event(monkeypatch)
    failed = [entry for entry in logs if entry["event"] == "listener.event_failed"]
    assert [entry["ami_event"] for entry in failed] == ["Newstate"] * 3


async def one_bad_event(monkeypatch: pytest.MonkeyPatch) -> None:
    async with heard_pbx() as (pbx, ear):
        whole = ear.tracker.apply

        def stumble(event: object) -> object:
            if isinstance(event, Newstate):
                raise ZeroDivisionError
            return whole(event)

        monkeypatch.setattr(ear.tracker, "apply", stumble)
        call = await pbx.place_call(SimulatedCall(number=NUMBER, ring_s=0.1, talk_s=0.1))
        await call.ended
        await ear.wait(CallEnded)
        assert ear.listener.failed == 3


async def test_without_write_class_pops_work_and_the_rest_is_refused() -> None:
    """Pop-only: events come, a talking call survives a cut, a tap says which right is missing."""
    async with heard_pbx(write=frozenset()) as (pbx, ear):
        call = await pbx.place_call(SimulatedCall(number=NUMBER, ring_s=0.1))
        answered = await ear.wait(CallAnswered)
        tap = {"tap_uuid": str(uuid.uuid4()), "host": "127.0.0.1", "port": 9}
        with pytest.raises(NoRight, match=r"no right to Originate.*add originate"):
            await ear.actions.originate_tap(channel_uniqueid=answered.uniqueid, **tap)
        pbx.cut_mid_message()
        gap = await ear.wait(AmiGap)
        assert gap.calls_ended_unseen == 0
        call.hang_up()
        ended = await ear.wait(CallEnded)
        assert ended.call_id == answered.call_id


async def test_the_link_s_state_is_on_the_bus() -> None:
    """Up and down, each with a reason a person can read."""
    async with heard_pbx() as (pbx, ear):
        pbx.cut_mid_message()
        await ear.wait(AmiGap)
        changes = [(fact.connected, fact.reason) for fact in ear.of(PbxLinkChanged)]
        assert [up for up, _ in changes] == [True, False, True]
        assert changes[1][1].startswith("closed: ")
        assert ear.listener.state.connected
