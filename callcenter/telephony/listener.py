"""From the link to the bus: one consumer that turns the PBX's stream into domain events, in order, and resyncs."""

from __future__ import annotations

import asyncio
from datetime import datetime

import structlog

from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.telephony.actions import Actions
from callcenter.telephony.ami_events import PbxSnapshot, parse
from callcenter.telephony.ami_link import AmiLink, Connected, Disconnected, LinkDown, LinkState, Loss, NoAnswer
from callcenter.telephony.call_tracker import CallTracker
from callcenter.telephony.events import AmiGap, PbxLinkChanged
from callcenter.telephony.snapshot import take_snapshot

log = structlog.get_logger(__name__)

BATCH = 200
"""Events handled before other tasks get a turn when the PBX sends without a pause."""


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
            await self._link.aclose()

    async def _one(self, item: Connected | Disconnected | dict[str, str]) -> None:
        if isinstance(item, Connected):
            await self._connected(item)
        elif isinstance(item, Disconnected):
            self._disconnected(item)
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

    async def _connected(self, item: Connected) -> None:
        self._bus.publish(PbxLinkChanged(at=item.at, connected=True, reason=f"connected, AMI {item.version}"))
        try:
            snapshot = await take_snapshot(self._actions, self._clock)
        except LinkDown:
            return  # Lost again: the next Connected starts over, and the gap is still open.
        except NoAnswer as error:
            self._link.drop(Loss.SILENT, error.message)
            return
        except Exception:
            log.exception("listener.snapshot_failed")
            return
        self._resync(snapshot)

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
        if item.heard_at is not None and self._blind_since is None and item.reason is not Loss.STOPPED:
            self._blind_since = item.heard_at
        self._bus.publish(PbxLinkChanged(at=item.at, connected=False, reason=f"{item.reason.value}: {item.detail}"))
