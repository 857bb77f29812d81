"""The wallboard: the whole floor at a glance, kept in memory from bus events.

Today's numbers are read from the database once, at the start; from then on events add to them and nothing is asked
of the database but the agents' names and the counts of open orders, now and then. Changes go to the screens at most
twice a second.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import fields
from datetime import datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.errors import CallcenterError
from callcenter.features.pop_latency import PopLatency
from callcenter.features.wall_calls import Floor, LiveTalk
from callcenter.features.wall_day import KEEP_GAPS, DayNumbers
from callcenter.features.wall_views import WallboardView, WallGap, WallLink, WallOrders
from callcenter.media.events import AudioStarted, TranscriptUnavailable
from callcenter.storage import day
from callcenter.storage.database import Database
from callcenter.storage.day import DayCall
from callcenter.telephony.events import (
    AgentStateChanged,
    AmiGap,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallerAbandoned,
    CallEvent,
    CallLegEnded,
    CallMissed,
    CallOffered,
    CallPartyChanged,
    CallQueued,
    CallUnqueued,
    Direction,
    PbxLinkChanged,
)
from workorder.services.sla_report import running_orders
from workorder.uow import look

log = structlog.get_logger(__name__)


class Screens(Protocol):
    """Where frames go: everybody who may see the wallboard."""

    def watched(self) -> bool:
        """Whether anybody looks; if not no frame is made."""
        ...

    def show(self, body: Mapping[str, object]) -> None:
        """Queue one ``wallboard`` frame; returns at once."""
        ...


PAUSE_S = 0.5
"""Between two frames."""
TICK_S = 5.0
"""How old the agents' names and the counts of open orders may be."""


def frame(view: WallboardView) -> Mapping[str, object]:
    """The body of a ``wallboard`` frame."""
    return {field.name: getattr(view, field.name) for field in fields(view)}


class Wallboard:
    """Feeds on events, answers snapshots, pushes frames."""

    def __init__(
        self, *, database: Database, clock: Clock, zone: ZoneInfo, latency: PopLatency, screens: Screens
    ) -> None:
        self._database = database
        self._clock = clock
        self._zone = zone
        self._latency = latency
        self._screens = screens
        self._floor = Floor()
        self._numbers = self._new_day()
        self._orders = WallOrders()
        self._counted_before: set[str] = set()
        self._link = PbxLinkChanged(at=clock.now(), connected=False, reason="not connected yet")
        self._changed = asyncio.Event()

    # ---- start --------------------------------------------------------------------------------------------------

    async def seed(self) -> None:
        """Read what today was until now. Raises Unavailable with the database."""
        numbers = self._day()
        async with self._database.read() as work:
            calls = await day.calls_since(work.session, numbers.began_at)
            gaps = await day.gaps_since(work.session, numbers.began_at, limit=KEEP_GAPS)
            self._orders = await self._open_orders(work.session)
        for call in calls:
            self._count(call, numbers)
        numbers.gaps.extend(WallGap(g.since, g.until, g.calls_reconstructed, g.calls_ended_unseen) for g in gaps)

    def subscribe(self, bus: Bus) -> None:
        """Own queue, behind nobody's."""
        for kind, note in self._notes().items():
            bus.subscribe(kind, self._handler(note), name="wallboard")

    async def run(self) -> None:
        """Push what changed until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._push())
            group.create_task(self._tick())

    async def _push(self) -> None:
        while True:
            await self._changed.wait()
            self._changed.clear()
            if self._screens.watched():
                self._screens.show(frame(self.snapshot()))
            await self._clock.sleep(PAUSE_S)

    async def _tick(self) -> None:
        """What changes without an event: the agents' names, the clocks of orders, and the day."""
        while True:
            before = self._floor.names, self._orders, self._numbers
            await self._refresh()
            if before != (self._floor.names, self._orders, self._day()):
                self._changed.set()
            await self._clock.sleep(TICK_S)

    # ---- what is shown ------------------------------------------------------------------------------------------

    def snapshot(self) -> WallboardView:
        """The floor now."""
        numbers, now = self._day(), self._clock.now()
        return WallboardView(
            at=now,
            day=numbers.day,
            calls=self._floor.call_views(),
            agents=self._floor.agent_views(self._link.at),
            today=numbers.today(),
            pbx=WallLink(self._link.connected, self._link.at, self._link.reason),
            gaps=tuple(numbers.gaps),
            pops=self._latency.recent(),
            transcripts=numbers.transcripts_view(),
            orders=self._orders,
        )

    def _day(self) -> DayNumbers:
        """Today's numbers; at midnight a new day begins with none."""
        if self._clock.now().astimezone(self._zone).date() != self._numbers.day:
            self._numbers = self._new_day()
        return self._numbers

    def _new_day(self) -> DayNumbers:
        today = self._clock.now().astimezone(self._zone).date()
        return DayNumbers(today, datetime.combine(today, time(), self._zone))

    def _of_today(self, at: datetime) -> bool:
        return at >= self._day().began_at

    # ---- names and orders ---------------------------------------------------------------------------------------

    async def _refresh(self) -> None:
        try:
            async with self._database.read() as work:
                self._floor.names = await day.device_names(work.session)
                self._orders = await self._open_orders(work.session)
        except CallcenterError as error:
            # Those of a moment ago will do.
            log.warning("wallboard.not_refreshed", reason=str(error))

    async def _open_orders(self, session: AsyncSession) -> WallOrders:
        counts = await look(session, running_orders, now=self._clock.now())
        return WallOrders(running=counts.running, due_soon=counts.due_soon, late=counts.late, paused=counts.paused)

    # ---- events -------------------------------------------------------------------------------------------------

    def _notes(self) -> dict[type, Callable[..., object]]:
        """What each kind of fact changes."""
        return {
            CallArrived: self._arrived,
            CallQueued: self._queued,
            CallUnqueued: self._unqueued,
            CallOffered: self._offered,
            CallAnswered: self._answered,
            CallMissed: lambda event: self._leg(event, event.interface, None),
            CallLegEnded: lambda event: self._leg(event, event.interface, None),
            CallPartyChanged: self._party_changed,
            CallerAbandoned: self._abandoned,
            CallEnded: self._ended,
            AgentStateChanged: self._floor.agent,
            PbxLinkChanged: self._link_changed,
            AmiGap: self._gap,
            AudioStarted: lambda event: self._transcript(event.call_id, "live"),
            TranscriptUnavailable: lambda event: self._transcript(event.call_id, "failed"),
        }

    def _handler(self, note: Callable[..., object]) -> Callable[[object], Awaitable[None]]:
        async def handle(event: object) -> None:
            note(event)
            self._changed.set()

        return handle

    def _arrived(self, event: CallArrived) -> None:
        # After a start the PBX's snapshot brings back calls that the database has told us of already.
        new = event.linkedid not in self._counted_before
        counted = new and event.direction is Direction.INBOUND and self._of_today(event.at)
        witnessed = self._link.connected and event.at >= self._link.at
        call = LiveTalk(event, event.number, counted, witnessed)
        call.settle(event.at)
        self._floor.calls[event.call_id] = call
        if counted:
            self._day().counts["offered"] += 1

    def _queued(self, event: CallQueued) -> None:
        if call := self._floor.calls.get(event.call_id):
            call.queue = event.queue
            call.waits[event.uniqueid] = event.at - timedelta(seconds=event.waited_s)
            call.settle(event.at)

    def _unqueued(self, event: CallUnqueued) -> None:
        if call := self._floor.calls.get(event.call_id):
            call.waits.pop(event.uniqueid, None)
            call.settle(event.at)

    def _offered(self, event: CallOffered) -> None:
        if call := self._leg(event, event.interface, "ringing"):
            call.queue = event.queue or call.queue

    def _answered(self, event: CallAnswered) -> None:
        call = self._floor.calls.get(event.call_id)
        if call is None:
            return
        call.queue = event.queue or call.queue
        if call.answered_at is None:
            call.answered_at = event.at
            if self._counts(call):
                wait_s = (event.at - call.arrival.at).total_seconds()
                self._day().answered(wait_s if call.witnessed else None)
            self._transcript(event.call_id, "none")
        self._leg(event, event.interface, "talking")

    def _leg(self, event: CallEvent, interface: str, state: str | None) -> LiveTalk | None:
        """The device rings, talks or (None) is out of the call."""
        call = self._floor.calls.get(event.call_id)
        if call is None:
            return None
        if state is None:
            call.legs.pop(interface, None)
        else:
            call.legs[interface] = state
        call.settle(event.at)
        return call

    def _party_changed(self, event: CallPartyChanged) -> None:
        call, left = self._floor.calls.get(event.call_id), self._floor.calls.get(event.moved_from or "")
        if call is None:
            return
        if left is not None:
            call.legs[event.interface] = left.legs.pop(event.interface, "talking")
            left.settle(event.at)
        call.settle(event.at)

    def _abandoned(self, event: CallerAbandoned) -> None:
        if call := self._floor.calls.get(event.call_id):
            call.abandoned, call.queue = True, event.queue or call.queue

    def _ended(self, event: CallEnded) -> None:
        call = self._floor.calls.pop(event.call_id, None)
        if call is None:
            return
        if call.transcript == "live" and self._of_today(call.arrival.at):
            self._day().transcript("live", "complete")
        if call.answered_at is None and self._counts(call):
            self._day().counts["abandoned" if call.abandoned else "missed"] += 1

    def _link_changed(self, event: PbxLinkChanged) -> None:
        if event.connected != self._link.connected:
            self._link = event

    def _gap(self, event: AmiGap) -> None:
        gap = WallGap(event.since, event.until, event.calls_reconstructed, event.calls_ended_unseen)
        self._day().gaps.append(gap)

    def _transcript(self, call_id: str, state: str) -> None:
        """``failed`` stays failed."""
        call = self._floor.calls.get(call_id)
        if call is None or call.answered_at is None or call.transcript == "failed":
            return
        if self._of_today(call.arrival.at):
            self._day().transcript(call.transcript, state)
        call.transcript = state

    def _counts(self, call: LiveTalk) -> bool:
        """A call belongs to the day it arrived on, also when it goes on past midnight."""
        return call.counted and self._of_today(call.arrival.at)

    # ---- seed ---------------------------------------------------------------------------------------------------

    def _count(self, call: DayCall, numbers: DayNumbers) -> None:
        """A call of the day's earlier hours."""
        self._counted_before.add(call.linkedid)
        if call.answered_at is not None:
            numbers.transcript(None, "failed" if call.no_transcript else call.transcript_state)
        if call.direction != Direction.INBOUND:
            return
        numbers.counts["offered"] += 1
        if call.answered_at is not None:
            numbers.answered((call.answered_at - call.started_at).total_seconds())
        elif call.ended_at is not None:
            numbers.counts["abandoned" if call.abandoned else "missed"] += 1
