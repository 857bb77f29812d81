"""The wallboard's reduction of events: calls and agents now, today's numbers, frames at most twice a second."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import CollectorRegistry

from callcenter.bus.local import LocalBus
from callcenter.clock import VirtualClock
from callcenter.errors import Unavailable
from callcenter.features.pop_latency import RECENT, PopLatency
from callcenter.features.wall_views import Quantiles, WallTranscripts
from callcenter.features.wallboard import PAUSE_S, Wallboard
from callcenter.media.events import AudioStarted, Speaker, TranscriptUnavailable
from callcenter.telephony.events import (
    AgentState,
    AgentStateChanged,
    AmiGap,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallerAbandoned,
    CallLegEnded,
    CallMissed,
    CallOffered,
    CallPartyChanged,
    CallQueued,
    CallUnqueued,
    Direction,
    MissReason,
    PbxLinkChanged,
)

START = datetime(2026, 11, 21, 15, 0, tzinfo=UTC)
"""23:00 in Shanghai: an hour before midnight."""


class NoDatabase:
    @asynccontextmanager
    async def read(self):
        raise Unavailable("the database is away")
        yield


class Wall:
    """A wallboard on a bus, its clock and the frames it pushed."""

    def __init__(self) -> None:
        self.clock, self.bus, self.frames = VirtualClock(START), LocalBus(), []
        self.looking = True
        self.latency = PopLatency(CollectorRegistry())
        self.board = Wallboard(
            database=NoDatabase(),
            clock=self.clock,
            zone=ZoneInfo("Asia/Shanghai"),
            latency=self.latency,
            screens=self,
        )
        self.board.subscribe(self.bus)

    def watched(self) -> bool:
        return self.looking

    def show(self, body) -> None:
        self.frames.append(body)

    async def tell(self, *events: object) -> None:
        for event in events:
            self.bus.publish(event)
        await self.bus.drain()

    @property
    def now(self):
        return self.board.snapshot()

    # One call's events, at the clock's time.

    def about(self, call_id: str) -> dict[str, object]:
        return {"at": self.clock.now(), "call_id": call_id, "linkedid": f"{call_id}.0"}

    def arrived(self, call_id: str = "A", direction: Direction = Direction.INBOUND) -> CallArrived:
        return CallArrived(
            **self.about(call_id), uniqueid="c", number="13800138000", name=None, dialled="4000", direction=direction
        )

    def offered(self, call_id: str = "A", interface: str = "PJSIP/1001") -> CallOffered:
        return CallOffered(
            **self.about(call_id), uniqueid="u", interface=interface, number="13800138000", name=None, queue="support",
            direction=Direction.INBOUND, caller_uniqueid="c",
        )  # fmt: skip

    def queued(self, call_id: str = "A") -> CallQueued:
        return CallQueued(**self.about(call_id), uniqueid="c", queue="support")

    def unqueued(self, call_id: str = "A") -> CallUnqueued:
        return CallUnqueued(**self.about(call_id), uniqueid="c", queue="support")

    def answered(self, call_id: str = "A", interface: str = "PJSIP/1001") -> CallAnswered:
        return CallAnswered(**self.about(call_id), uniqueid="u", interface=interface, caller_uniqueid="c")

    def missed(self, call_id: str = "A", interface: str = "PJSIP/1001") -> CallMissed:
        return CallMissed(**self.about(call_id), uniqueid="u", interface=interface, reason=MissReason.NO_ANSWER)

    def left(self, call_id: str = "A", interface: str = "PJSIP/1001") -> CallLegEnded:
        return CallLegEnded(**self.about(call_id), uniqueid="u", interface=interface)

    def ended(self, call_id: str = "A") -> CallEnded:
        return CallEnded(**self.about(call_id), cause=16, answered=True)

    def abandoned(self, call_id: str = "A") -> CallerAbandoned:
        return CallerAbandoned(**self.about(call_id), uniqueid="c", queue="support", wait_s=1)


@pytest.fixture
async def wall():
    wall = Wall()
    await wall.tell(PbxLinkChanged(at=START, connected=True, reason="connected"))
    yield wall
    await wall.bus.aclose()


async def test_a_call_goes_through_its_states(wall):
    """Waiting counts from the join, also between two devices; the others from their own beginning."""
    arrival = wall.clock.now()
    await wall.tell(wall.arrived())
    (call,) = wall.now.calls
    assert (call.state, call.since, call.queue, call.interfaces) == ("arriving", arrival, None, ())
    await wall.clock.advance(2)
    joined = wall.clock.now()
    await wall.tell(wall.queued())
    (call,) = wall.now.calls
    assert (call.state, call.since, call.queued_at, call.queue) == ("waiting", joined, joined, "support")
    await wall.clock.advance(3)
    await wall.tell(wall.offered())
    (call,) = wall.now.calls
    assert (call.state, call.since, call.queue, call.interfaces) == (
        "ringing", wall.clock.now(), "support", ("PJSIP/1001",),
    )  # fmt: skip
    assert call.queued_at == joined
    await wall.tell(wall.missed())
    assert [(call.state, call.since) for call in wall.now.calls] == [("waiting", joined)]
    await wall.tell(wall.offered(interface="PJSIP/1002"), wall.answered(interface="PJSIP/1002"), wall.unqueued())
    talking = ("talking", ("PJSIP/1002",), None)
    assert [(call.state, call.interfaces, call.queued_at) for call in wall.now.calls] == [talking]
    await wall.tell(wall.left(interface="PJSIP/1002"))
    assert [call.state for call in wall.now.calls] == ["away"]
    await wall.tell(wall.ended())
    assert wall.now.calls == ()


async def test_a_caller_rung_without_a_queue_does_not_wait_in_one(wall):
    """A menu or a direct dial is no queue; a caller sent back to a queue waits again, since then."""
    await wall.tell(wall.arrived(), wall.offered(), wall.missed())
    assert [(call.state, call.queued_at) for call in wall.now.calls] == [("arriving", None)]
    await wall.tell(wall.offered(), wall.answered(), wall.left())
    await wall.clock.advance(60)
    await wall.tell(wall.queued())
    assert [(call.state, call.queued_at) for call in wall.now.calls] == [("waiting", wall.clock.now())]


async def test_a_wait_found_after_an_outage_has_its_true_length(wall):
    """The PBX's snapshot tells how long a caller has been in the queue."""
    await wall.tell(wall.arrived(), replace(wall.queued(), waited_s=42.0))
    assert [call.queued_at for call in wall.now.calls] == [wall.clock.now() - timedelta(seconds=42)]


async def test_todays_numbers(wall):
    """Two answered (one in time), one abandoned, one missed, one still waiting; an outbound call counts in none."""
    await wall.tell(*(wall.arrived(call_id) for call_id in "ABCDE"), wall.arrived("F", Direction.OUTBOUND))
    await wall.clock.advance(10)
    await wall.tell(wall.answered("A"), wall.answered("F"))
    await wall.clock.advance(30)
    await wall.tell(wall.answered("B"), wall.abandoned("C"), wall.ended("C"), wall.ended("D"), wall.ended("A"))
    today = wall.now.today
    assert (today.offered, today.answered, today.abandoned, today.missed) == (5, 2, 1, 1)
    assert (today.wait_avg_s, today.service_level, today.service_level_s) == (25.0, 0.25, 20.0)


async def test_a_transferred_call_is_answered_once(wall):
    """The second agent's answer changes nothing but who talks."""
    await wall.tell(wall.arrived(), wall.answered(), wall.left(), wall.offered(interface="PJSIP/1002"))
    assert [call.state for call in wall.now.calls] == ["ringing"]
    await wall.tell(wall.answered(interface="PJSIP/1002"))
    assert wall.now.today.answered == 1


async def test_a_joined_call_takes_its_agent_along(wall):
    """After an attended transfer the second agent talks in the customer's call, and the consultation ends."""
    await wall.tell(wall.arrived("A"), wall.answered("A"), wall.arrived("B", Direction.INTERNAL))
    await wall.tell(wall.answered("B", "PJSIP/1002"))
    party = CallPartyChanged(
        **wall.about("A"), uniqueid="u", interface="PJSIP/1002", number="13800138000", name=None,
        caller_uniqueid="c", moved_from="B",
    )  # fmt: skip
    await wall.tell(party, wall.ended("B"), wall.left("A"))
    assert [(call.call_id, call.state, call.interfaces) for call in wall.now.calls] == [
        ("A", "talking", ("PJSIP/1002",))
    ]


async def test_a_call_that_began_before_we_listened_has_no_waiting_time(wall):
    """A call rebuilt after a restart is offered and answered, but its wait is unknown."""
    early = replace(wall.arrived(), at=START - timedelta(minutes=10))
    await wall.tell(early, wall.answered())
    assert (wall.now.today.answered, wall.now.today.wait_avg_s, wall.now.today.service_level) == (1, None, None)


async def test_midnight_begins_a_new_day(wall):
    """Numbers and gaps start anew; a call that goes on past midnight belongs to the day before."""
    gap = AmiGap(at=START, since=START, until=START, calls_reconstructed=1, calls_ended_unseen=2)
    await wall.tell(wall.arrived(), gap)
    assert (wall.now.day.day, wall.now.today.offered, len(wall.now.gaps)) == (21, 1, 1)
    await wall.clock.advance(3600)
    assert (wall.now.day.day, wall.now.today.offered, wall.now.gaps) == (22, 0, ())
    await wall.tell(wall.answered(), wall.ended())
    assert (wall.now.today.answered, wall.now.today.missed, wall.now.transcripts) == (0, 0, WallTranscripts())


async def test_agents_and_their_calls(wall):
    """Each device has its state, since when, and the call it talks on, even while another rings."""
    paused = AgentStateChanged(at=START, interface="PJSIP/1002", state=AgentState.PAUSED, reason="lunch")
    gone = AgentStateChanged(at=START, interface="PJSIP/1009", state=AgentState.OFFLINE)
    busy = AgentStateChanged(at=START, interface="PJSIP/1001", state=AgentState.ON_CALL)
    await wall.tell(paused, gone, busy, wall.arrived("A"), wall.answered("A"), wall.arrived("B"), wall.offered("B"))
    agents = [(agent.interface, agent.state, agent.reason, agent.call_id) for agent in wall.now.agents]
    assert agents == [
        ("PJSIP/1001", AgentState.ON_CALL, None, "A"),
        ("PJSIP/1002", AgentState.PAUSED, "lunch", None),
    ]


async def test_transcripts_by_state(wall):
    """Answered calls are in one state each; a speaker without transcript makes it failed for good."""
    speech = {"at": START, "speaker": Speaker.CALLER, "reason": "overloaded"}
    await wall.tell(*(event for one in "ABCD" for event in (wall.arrived(one), wall.answered(one))))
    await wall.tell(*(AudioStarted(at=START, call_id=call_id) for call_id in "ABC"))
    await wall.tell(TranscriptUnavailable(call_id="B", **speech), TranscriptUnavailable(call_id="B", **speech))
    await wall.tell(wall.ended("A"), wall.ended("B"))
    assert wall.now.transcripts == WallTranscripts(live=1, complete=1, failed=1, none=1)


async def test_the_link_is_since_when_it_changed(wall):
    """A second word about the same state does not move its beginning."""
    await wall.clock.advance(5)
    down = PbxLinkChanged(at=wall.clock.now(), connected=False, reason="silent")
    await wall.tell(down, replace(down, at=down.at + timedelta(seconds=9), reason="unreachable"))
    assert (wall.now.pbx.connected, wall.now.pbx.since, wall.now.pbx.reason) == (False, down.at, "silent")


async def test_quantiles_are_of_the_last_pops(wall):
    """Nearest rank over a sliding window; nonsense is left out."""
    for ms in (*[5000] * 50, *range(1, RECENT + 1)):
        wall.latency.sent(START, START + timedelta(milliseconds=ms))
    wall.latency.painted(START, START.timestamp() * 1000 - 1001)
    assert wall.now.pops.sent == Quantiles(RECENT, 100.0, 190.0)
    assert wall.now.pops.painted == Quantiles(0, None, None)


async def test_a_page_that_is_wrong_about_our_clock_is_counted(wall):
    """A pop painted a moment before it was offered, by a clock known by half a round trip, took no time."""
    wall.latency.painted(START, START.timestamp() * 1000 - 300)
    assert wall.now.pops.painted == Quantiles(1, 0.0, 0.0)


async def test_frames_come_at_most_twice_a_second(wall):
    """The first change goes out at once, what follows within the pause in one frame; none when nobody looks."""
    running = asyncio.create_task(wall.board.run())
    await wall.clock.advance(0)
    assert len(wall.frames) == 1
    for _ in range(3):
        await wall.tell(*(wall.arrived(str(n)) for n in range(100)))
        await wall.clock.advance(0.01)
    assert len(wall.frames) == 1
    await wall.clock.advance(PAUSE_S)
    assert len(wall.frames) == 2
    assert len(wall.frames[-1]["calls"]) == 100
    wall.looking = False
    await wall.tell(wall.ended("1"))
    await wall.clock.advance(2 * PAUSE_S)
    assert len(wall.frames) == 2
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
