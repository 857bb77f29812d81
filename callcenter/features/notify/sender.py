"""Sends planned messages: one lane per way out, so that a dead gateway slows nobody but itself.

A lane claims what is due, sends outside of any transaction, and writes down what happened. Failures come again with
growing waits; after five in a row the lane rests (a circuit breaker) and its messages wait without being used up.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from prometheus_client import CollectorRegistry, Counter
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.channels.port import Channel, Message, Refused, Unreachable
from callcenter.clock import Clock
from callcenter.errors import CallcenterError, NotFound
from callcenter.features.notify.circuit import Circuit
from callcenter.features.readiness import Check
from callcenter.features.timers import Timers
from callcenter.ids import new_id
from callcenter.storage import deliveries
from callcenter.storage.database import Database
from callcenter.storage.tables import DeliveryRow
from workorder.model.timers import Timer

log = structlog.get_logger(__name__)

RETRY_S, RETRY_MAX_S = 30.0, 3600.0
LOOK_S = 30.0
"""Longest rest of a lane: finds what another process planned, and claims whose sender died."""


@dataclass(slots=True)
class Lane:
    """One way out and how it fares."""

    name: str
    channel: Channel
    circuit: Circuit = field(default_factory=Circuit)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    last_error: str | None = None


class Sender:
    """``run`` it as a task; ``register`` makes timers wake it."""

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        channels: Mapping[str, Channel],
        max_attempts: int,
        metrics: CollectorRegistry | None = None,
    ) -> None:
        self._database = database
        self._clock = clock
        self._max_attempts = max_attempts
        self._lanes = {name: Lane(name, channel) for name, channel in channels.items()}
        self._outcomes = Counter(
            "callcenter_deliveries_total", "Messages by channel and outcome", ["channel", "outcome"], registry=metrics
        )

    def register(self, timers: Timers) -> None:
        """Wake up when a message is due."""
        timers.on(deliveries.TIMER, self._due)

    async def run(self) -> None:
        """Until cancelled: every lane on its own."""
        async with asyncio.TaskGroup() as group:
            for lane in self._lanes.values():
                group.create_task(self._run(lane))

    async def aclose(self) -> None:
        """Close the channels."""
        for lane in self._lanes.values():
            await lane.channel.aclose()

    async def send_due(self) -> int:
        """Send everything that is due now; returns how many were tried or put off."""
        return sum([await self._send_lane(lane) for lane in self._lanes.values()])

    async def try_out(self, lane: str, *, to: str, subject: str, text: str) -> str | None:
        """Send a message of nobody's at once and once; the receiver's own reference where it has one.

        Raises NotFound for a lane that is not set up, Unreachable, Refused.
        """
        if lane not in self._lanes:
            known = ", ".join(self._lanes) or "none"
            raise NotFound(f"there is no way out {lane}", field="lane", fix=f"config.yaml sets up: {known}")
        message = Message(delivery_id=new_id(), to=to, subject=subject, text=text, event_type="Test", event={})
        return await self._lanes[lane].channel.send(message)

    def check(self) -> Check:
        """For /readyz: a dead gateway is named, but orders go on without it."""
        now = self._clock.now()
        down = [
            f"{lane.name} rests until {until:%H:%M:%S}Z: {lane.last_error}"
            for lane in self._lanes.values()
            if (until := lane.circuit.rests_until(now)) is not None
        ]
        fix = "`callcenter notify list --state failed`" if down else None
        return Check(ok=True, message="; ".join(down) or ", ".join(self._lanes) or "nothing set up", fix=fix)

    async def _due(self, _session: AsyncSession, _timer: Timer) -> None:
        # Which lane the message belongs to is in the database; looking costs less than asking.
        for lane in self._lanes.values():
            lane.wake.set()

    async def _run(self, lane: Lane) -> None:
        while True:
            lane.wake.clear()
            try:
                while await self._send_lane(lane):
                    pass
            except CallcenterError as error:
                log.error("notify.waiting", lane=lane.name, reason=str(error))
            await self._rest(lane)

    async def _rest(self, lane: Lane) -> None:
        woken = asyncio.ensure_future(lane.wake.wait())
        asleep = asyncio.ensure_future(self._clock.sleep(LOOK_S))
        try:
            await asyncio.wait({woken, asleep}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            asleep.cancel()

    async def _send_lane(self, lane: Lane) -> int:
        channel, _, recipient = lane.name.partition(":")
        async with self._database.write() as work:
            rows = await deliveries.claim(
                work.session, channel=channel, recipient=recipient or None, now=self._clock.now()
            )
            await work.commit()
        for row in rows:
            await self._send(lane, row)
        return len(rows)

    async def _send(self, lane: Lane, row: DeliveryRow) -> None:
        if (until := lane.circuit.rests_until(self._clock.now())) is not None:
            await self._put_off(lane, row, until, f"{lane.name} rests: {lane.last_error}", tried=False)
            return
        try:
            reference = await lane.channel.send(_message(row))
        except Refused as error:
            # The other side answered: it lives.
            lane.circuit.succeeded()
            await self._bury(lane, row, error)
        except Unreachable as error:
            lane.last_error = error.message
            lane.circuit.failed(self._clock.now())
            if row.attempts >= self._max_attempts:
                await self._bury(lane, row, error)
                return
            wait_s = min(RETRY_S * 2 ** (row.attempts - 1), RETRY_MAX_S)
            until = self._clock.now() + timedelta(seconds=wait_s)
            await self._put_off(lane, row, until, error.message, tried=True)
        else:
            lane.circuit.succeeded()
            async with self._database.write() as work:
                await deliveries.sent(work.session, row.delivery_id, at=self._clock.now(), reference=reference)
                await work.commit()
            self._note(lane, row, "delivered")

    async def _put_off(self, lane: Lane, row: DeliveryRow, until: datetime, error: str, *, tried: bool) -> None:
        async with self._database.write() as work:
            await deliveries.put_off(work.session, row, until=until, error=error, tried=tried)
            await work.commit()
        self._note(lane, row, "failed" if tried else "put_off", reason=error)

    async def _bury(self, lane: Lane, row: DeliveryRow, error: CallcenterError) -> None:
        async with self._database.write() as work:
            await deliveries.bury(work.session, row.delivery_id, error=error.message)
            await work.commit()
        self._note(lane, row, "dead", reason=error.message)

    def _note(self, lane: Lane, row: DeliveryRow, outcome: str, reason: str | None = None) -> None:
        self._outcomes.labels(lane.name.partition(":")[0], outcome).inc()
        log.info(
            "notify.message",
            outcome=outcome,
            lane=lane.name,
            delivery_id=row.delivery_id,
            order_id=row.order_id,
            attempts=row.attempts,
            reason=reason,
        )


def _message(row: DeliveryRow) -> Message:
    return Message(
        delivery_id=row.delivery_id,
        to=row.recipient,
        subject=row.subject,
        text=row.text,
        event_type=row.event_type,
        event=row.event,
    )
