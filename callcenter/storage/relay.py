"""From the outbox to the bus: in order, at least once.

An event is marked as sent after it was published; a crash between the two publishes it again on the next start, so
handlers recognise repeats by ``event_id``. On PostgreSQL several nodes may run a relay each: rows are locked while
they are sent.
"""

from __future__ import annotations

import asyncio

import structlog
from sqlalchemy import select, update

from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.errors import CallcenterError
from callcenter.storage import outbox
from callcenter.storage.database import Database
from callcenter.storage.tables import OutboxRow

log = structlog.get_logger(__name__)

BATCH = 200
IDLE_S = 5.0
"""How long an event of another process waits at most; our own commits wake the relay at once."""


class Relay:
    """Publishes what the outbox holds; ``run`` it as a task."""

    def __init__(self, database: Database, bus: Bus, clock: Clock) -> None:
        self._database = database
        self._bus = bus
        self._clock = clock

    async def run(self) -> None:
        """Until cancelled: send, then sleep until a commit leaves more or ``IDLE_S`` have passed."""
        while True:
            self._database.outbox_filled.clear()
            try:
                while await self.send_batch():
                    pass
            except CallcenterError as error:
                # The database is away, or holds an event of another version: nothing is lost, and it shows in the log.
                log.error("relay.waiting", reason=str(error))
            await self._wait()

    async def send_batch(self) -> int:
        """Publish up to ``BATCH`` waiting events in order; returns how many."""
        async with self._database.write() as work:
            waiting = (
                select(OutboxRow)
                .where(OutboxRow.sent_at.is_(None))
                .order_by(OutboxRow.position)
                .limit(BATCH)
                .with_for_update(skip_locked=True)
            )
            rows = list(await work.session.scalars(waiting))
            if not rows:
                return 0
            for row in rows:
                self._bus.publish(outbox.decode(row))
            sent = update(OutboxRow).where(OutboxRow.position.in_([row.position for row in rows]))
            await work.session.execute(sent.values(sent_at=self._clock.now()))
            await work.commit()
        return len(rows)

    async def _wait(self) -> None:
        woken = asyncio.ensure_future(self._database.outbox_filled.wait())
        idle = asyncio.ensure_future(self._clock.sleep(IDLE_S))
        try:
            await asyncio.wait({woken, idle}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            idle.cancel()
