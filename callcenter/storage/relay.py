"""From the outbox to the bus: in order, at least once.

An event is marked as sent after its handlers had it; a crash before publishes it again on the next start, so handlers
recognise repeats by ``event_id``. On PostgreSQL several nodes may run a relay each: rows are locked while being sent.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import nullcontext

import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.errors import CallcenterError
from callcenter.storage import outbox
from callcenter.storage.database import Database, UnitOfWork
from callcenter.storage.tables import OutboxRow

log = structlog.get_logger(__name__)

BATCH = 200
PATIENCE_S = 30.0
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
        """Publish up to ``BATCH`` waiting events in order and mark them once they were handled; returns how many."""
        if self._database.url.get_backend_name() == "postgresql":
            # The rows stay locked until they are marked: the relay of another node takes others.
            async with self._database.write() as work:
                rows = await self._waiting(work.session)
                return await self._send(rows, work)
        # SQLite has one writer, which the handlers need, and one relay.
        async with self._database.read() as work:
            rows = await self._waiting(work.session)
        return await self._send(rows, None)

    async def _waiting(self, session: AsyncSession) -> list[OutboxRow]:
        unsent = select(OutboxRow).where(OutboxRow.sent_at.is_(None)).order_by(OutboxRow.position).limit(BATCH)
        return list(await session.scalars(unsent.with_for_update(skip_locked=True)))

    async def _send(self, rows: Sequence[OutboxRow], locking: UnitOfWork | None) -> int:
        if not rows:
            return 0
        for row in rows:
            self._bus.publish(outbox.decode(row))
        await self._handled()
        sent = update(OutboxRow).where(OutboxRow.position.in_([row.position for row in rows]))
        async with nullcontext(locking) if locking else self._database.write() as work:
            await work.session.execute(sent.values(sent_at=self._clock.now()))
            await work.commit()
        return len(rows)

    async def _handled(self) -> None:
        """A handler that hangs holds up the others' next events no longer than ``PATIENCE_S``."""
        handled = asyncio.ensure_future(self._bus.handled())
        patience = asyncio.ensure_future(self._clock.sleep(PATIENCE_S))
        try:
            await asyncio.wait({handled, patience}, return_when=asyncio.FIRST_COMPLETED)
            if not handled.done():
                log.error("relay.handler_slow", waited_s=PATIENCE_S)
        finally:
            handled.cancel()
            patience.cancel()

    async def _wait(self) -> None:
        woken = asyncio.ensure_future(self._database.outbox_filled.wait())
        idle = asyncio.ensure_future(self._clock.sleep(IDLE_S))
        try:
            await asyncio.wait({woken, idle}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            idle.cancel()
