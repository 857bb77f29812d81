"""From the link to the bus: one consumer that turns the PBX's stream into domain events, in order, and resyncs."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Collection, Sequence
from typing import Protocol

import structlog

from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.errors import CallcenterError
from callcenter.storage.journal import OFF, Journal
from callcenter.telephony.actions import Actions
from callcenter.telephony.ami_link import (
    AmiLink,
    Connected,
    Disconnected,
    LinkDown,
    LinkEvent,
    LinkState,
    LookAgain,
    Loss,
    NoAnswer,
)
from callcenter.telephony.call_stream import CallStream, Fact
from callcenter.telephony.call_tracker import CallTracker
from callcenter.telephony.checkpoint import checkpoint
from callcenter.telephony.events import AmiGap, CallArrived, CallOffered
from callcenter.telephony.snapshot import Taken, take_snapshot

log = structlog.get_logger(__name__)

BATCH = 200
"""Events handled before other tasks get a turn when the PBX sends without a pause."""
URGENT = (CallArrived, CallOffered)
"""The look-up begins with the one, the pop is shown with the other."""

LOOK_AGAIN_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Waits before asking again for what a booting PBX could not tell; an Asterisk without that module never will."""


class OnResync(Protocol):
    """Is told after each snapshot which calls exist; not ``complete``: a call that only rings may be missing."""

    def __call__(self, alive: Collection[str], *, complete: bool) -> None:  # noqa: D102
        ...


class Listener:
    """Runs the link and feeds the tracker; publishes CallEvents, AgentStateChanged, AmiGap and PbxLinkChanged.

    After each login it waits for a snapshot while the stream piles up in the link's queue, brings the tracker in line
    with the snapshot, then goes on with the pile: the tracker takes what it knows already for a repetition.
    Whatever steers the tracker goes into the journal together with what came of it.
    """

    def __init__(
        self,
        link: AmiLink,
        tracker: CallTracker,
        bus: Bus,
        clock: Clock,
        journal: Journal = OFF,
        *,
        on_resync: OnResync | None = None,
    ) -> None:
        self._link = link
        self._on_resync = on_resync
        self._stream = CallStream(tracker)
        self._bus = bus
        self._clock = clock
        self._journal = journal
        self._actions = Actions(link, clock=clock)
        self._later: asyncio.Task[None] | None = None

    @property
    def received(self) -> int:
        """AMI events so far."""
        return self._stream.taken

    @property
    def failed(self) -> int:
        """Of these, how many we could not make sense of (each is logged)."""
        return self._stream.failed

    @property
    def state(self) -> LinkState:
        """Of the link: connected, since, last_error."""
        return self._link.state

    async def run(self) -> None:
        """Start the link and consume until cancelled; the link is closed on the way out."""
        self._link.start()
        try:
            while True:
                await self._one(await self._link.events.get())
                if self._journal.rotation_due and self._link.events.empty():
                    self._journal.rotate(self._checkpoint())
        finally:
            self._journal.link("stopped", {})
            if self._later is not None:
                self._later.cancel()
            await self._link.aclose()

    async def _one(self, item: LinkEvent) -> None:
        if isinstance(item, Connected):
            self._journal.link("up", {"at": item.at, "version": item.version})
            self._publish(self._stream.up(item.at, item.version))
            await self._look(attempt=0)
        elif isinstance(item, Disconnected):
            self._disconnected(item)
        elif isinstance(item, LookAgain):
            await self._look(item.attempt)
        else:
            facts = self._apply(item)
            # What a pop waits for goes to the desk before the rest of what the PBX sent with it is read.
            if self._stream.taken % BATCH == 0 or any(isinstance(fact, URGENT) for fact in facts):
                await asyncio.sleep(0)

    def _apply(self, headers: dict[str, str]) -> Sequence[Fact]:
        self._journal.position += 1
        facts = self._stream.event(headers)
        if facts:
            self._publish(facts)
        return facts

    def _publish(self, facts: Sequence[Fact]) -> None:
        self._journal.facts(facts)
        for fact in facts:
            self._bus.publish(fact)

    async def _look(self, attempt: int) -> None:
        """Take a snapshot and bring the tracker in line; what the PBX cannot tell yet is asked for again later."""
        if not self._link.connected:
            return  # The next Connected starts over, and the gap is still open.
        try:
            taken = await take_snapshot(self._actions, self._clock)
        except LinkDown:
            return
        except NoAnswer as error:
            self._link.drop(Loss.SILENT, error.message)
            return
        except CallcenterError as error:
            log.warning("listener.snapshot_refused", why=str(error))
            return
        self._resync(taken)
        if taken.missing and attempt < len(LOOK_AGAIN_S):
            self._later = asyncio.create_task(self._look_again(attempt))

    async def _look_again(self, attempt: int) -> None:
        await self._clock.sleep(LOOK_AGAIN_S[attempt])
        self._link.events.put_nowait(LookAgain(attempt + 1))

    def _resync(self, taken: Taken) -> None:
        now = self._clock.now()
        rows = [dict(row) for row in taken.rows]
        self._journal.link("snapshot", {"now": now, "rows": rows, "at": taken.at, "complete": taken.complete})
        facts = self._stream.snapshot(taken.snapshot, now)
        self._publish(facts)
        if self._on_resync is not None:
            alive = frozenset(call.call_id for call in self._stream.tracker.live)
            self._on_resync(alive, complete=taken.complete)
        for gap in facts:
            if isinstance(gap, AmiGap):
                log.info(
                    "pbx.gap_closed",
                    seconds=round((gap.until - gap.since).total_seconds(), 3),
                    calls_reconstructed=gap.calls_reconstructed,
                    calls_ended_unseen=gap.calls_ended_unseen,
                )

    def _disconnected(self, item: Disconnected) -> None:
        if self._later is not None:
            self._later.cancel()
        heard_at = None if item.reason is Loss.STOPPED else item.heard_at
        reason = f"{item.reason.value}: {item.detail}"
        self._journal.link("down", {"at": item.at, "reason": reason, "heard_at": heard_at})
        self._publish(self._stream.down(item.at, reason, heard_at=heard_at))

    def _checkpoint(self) -> dict[str, object]:
        session, unparsed = self._link.unparsed
        return {
            "taken": self._stream.taken,
            "blind_since": self._stream.blind_since,
            "session": session,
            "unparsed": base64.b64encode(unparsed).decode(),
            "tracker": checkpoint(self._stream.tracker),
        }
