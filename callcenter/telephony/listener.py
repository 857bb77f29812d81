"""From the link to the bus: one consumer that turns the PBX's stream into domain events, in order, and resyncs."""

from __future__ import annotations

import asyncio
from datetime import datetime

import structlog

from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.errors import CallcenterError
from callcenter.telephony.actions import Actions
from callcenter.telephony.ami_events import PbxSnapshot, parse
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
from callcenter.telephony.call_tracker import CallTracker
from callcenter.telephony.events import AmiGap, PbxLinkChanged
from callcenter.telephony.snapshot import take_snapshot

log = structlog.get_logger(__name__)

BATCH = 200
"""Events handled before other tasks get a turn when the PBX sends without a pause."""


LOOK_AGAIN_S = (1.0, 2.0, 4.0, 8.0, 16.0)
"""Waits before asking again for what a booting PBX could not tell; an Asterisk without that module never will."""


class Listener:
    """Runs the link and feeds the tracker; publishes CallEvents, AgentStateChanged, AmiGap and PbxLinkChanged.

    After each login it waits for a snapshot while the stream piles up in the link's queue, brings the tracker in line
    with the snapshot, then goes on with the pile: the tracker takes what it knows already for a repetition.
    """

    def __init__(self, link: AmiLink, tracker: CallTracker, bus: Bus, clock: Clock) -> None:
        self._link = link
        self._tracker = tracker
        self._bus = bus
        self._clock = clock
        self._actions = Actions(link, clock=clock)
        self._blind_since: datetime | None = None
        self._later: asyncio.Task[None] | None = None
        self.received = 0
        """AMI events so far."""
        self.failed = 0
        """Of these, how many we could not make sense of (each is logged)."""

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
        finally:
            if self._later is not None:
                self._later.cancel()
            await self._link.aclose()

    async def _one(self, item: LinkEvent) -> None:
        if isinstance(item, Connected):
            self._bus.publish(PbxLinkChanged(at=item.at, connected=True, reason=f"connected, AMI {item.version}"))
            await self._look(attempt=0)
        elif isinstance(item, Disconnected):
            self._disconnected(item)
        elif isinstance(item, LookAgain):
            await self._look(item.attempt)
        else:
            self._apply(item)
            if self.received % BATCH == 0:
                await asyncio.sleep(0)

    def _apply(self, headers: dict[str, str]) -> None:
        """One AMI event; whatever is wrong with it, the next one is handled."""
        self.received += 1
        try:
            event = parse(headers)
            if event is not None:
                for fact in self._tracker.apply(event):
                    self._bus.publish(fact)
        except Exception:
            self.failed += 1
            log.exception("listener.event_failed", ami_event=headers.get("Event", ""))

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
        self._resync(taken.snapshot)
        if taken.missing and attempt < len(LOOK_AGAIN_S):
            self._later = asyncio.create_task(self._look_again(attempt))

    async def _look_again(self, attempt: int) -> None:
        await self._clock.sleep(LOOK_AGAIN_S[attempt])
        self._link.events.put_nowait(LookAgain(attempt + 1))

    def _resync(self, snapshot: PbxSnapshot) -> None:
        try:
            change = self._tracker.resync(snapshot)
        except Exception:
            log.exception("listener.resync_failed")
            return
        for fact in change.events:
            self._bus.publish(fact)
        since, self._blind_since = self._blind_since, None
        if since is None:
            return
        now = self._clock.now()
        gap = AmiGap(
            at=now,
            since=since,
            until=now,
            calls_reconstructed=change.calls_reconstructed,
            calls_ended_unseen=change.calls_ended_unseen,
        )
        self._bus.publish(gap)
        log.info(
            "pbx.gap_closed",
            seconds=round((now - since).total_seconds(), 3),
            calls_reconstructed=gap.calls_reconstructed,
            calls_ended_unseen=gap.calls_ended_unseen,
        )

    def _disconnected(self, item: Disconnected) -> None:
        if self._later is not None:
            self._later.cancel()
        if item.heard_at is not None and self._blind_since is None and item.reason is not Loss.STOPPED:
            self._blind_since = item.heard_at
        self._bus.publish(PbxLinkChanged(at=item.at, connected=False, reason=f"{item.reason.value}: {item.detail}"))
