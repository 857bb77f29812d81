"""Fires timers: each in the transaction that marks it fired, so that what it does happens once, whatever breaks.

After a restart, also a killed one, what fell due meanwhile is made up for in order of time. Several nodes may run this
on one PostgreSQL: a timer that one works on is passed over by the others. A handler does its work in the session it
gets; what cannot be rolled back (a message to the outside) belongs behind an event or another row.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog
from prometheus_client import CollectorRegistry, Counter
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.clock import Clock
from callcenter.errors import CallcenterError
from callcenter.storage.database import Database
from workorder.model.timers import Timer
from workorder.services import timers

log = structlog.get_logger(__name__)

Handler = Callable[[AsyncSession, Timer], Awaitable[None]]

LOOK_S = 30.0
"""Longest sleep: finds what another process set, and follows a wall clock that was put right. Ours wake it at once."""
REST_S = 0.05
"""Between two that are due: after a downtime thousands may be, and calls, which cannot wait, must not wait for them."""
RETRY_S = 5.0
"""Wait before the first repetition of what failed, doubled each time."""
RETRY_MAX_S = 3600.0


class Timers:
    """Register handlers by ``on``, then ``run`` it as a task. Kinds without a handler stay for a node that has one."""

    def __init__(self, database: Database, clock: Clock, metrics: CollectorRegistry | None = None) -> None:
        self._database = database
        self._clock = clock
        self._handlers: dict[str, Handler] = {}
        self._fired = Counter(
            "callcenter_timers_total", "Timers by kind and outcome", ["kind", "outcome"], registry=metrics
        )

    def on(self, kind: str, handler: Handler) -> None:
        """Let ``handler(session, timer)`` run when a timer of ``kind`` is due; one handler a kind."""
        if kind in self._handlers:
            raise ValueError(f"timers of kind {kind} have a handler already")
        self._handlers[kind] = handler

    async def run(self) -> None:
        """Until cancelled: fire what is due, then sleep until the next is, or an earlier one was set."""
        while True:
            self._database.timers_set.clear()
            try:
                wait_s = await self._fire_due()
            except CallcenterError as error:
                # The database is away: nothing is lost, and it shows in the log.
                log.error("timers.waiting", reason=str(error))
                wait_s = RETRY_S
            await self._wait(min(wait_s, LOOK_S))

    async def fire_due(self) -> int:
        """Fire everything that is due now, in order of time; returns how many were tried."""
        tried = 0
        while await self._fire_one():
            tried += 1
        return tried

    async def _fire_due(self) -> float:
        """Fire, and say in how many seconds the next is due; a look costs no write."""
        tried = False
        while True:
            async with self._database.read() as work:
                next_at = await timers.next_at(work.session, self._handlers)
            if next_at is None:
                return LOOK_S
            if (wait_s := (next_at - self._clock.now()).total_seconds()) > 0:
                return wait_s
            if tried:
                await self._clock.sleep(REST_S)
            tried = await self._fire_one()
            if not tried:
                # Another node works on what is due.
                return RETRY_S

    async def _fire_one(self) -> bool:
        """Whether one was tried."""
        timer: Timer | None = None
        try:
            async with self._database.write() as work:
                timer = await timers.take_due(work.session, self._clock.now(), self._handlers)
                if timer is None:
                    return False
                await self._handlers[timer.kind](work.session, timer)
                await work.commit()
        except Exception as error:
            if timer is None:
                raise
            await self._failed(timer, error)
        else:
            self._fired.labels(timer.kind, "fired").inc()
        return True

    async def _failed(self, timer: Timer, error: Exception) -> None:
        """Everything it did is rolled back; it is tried again later, and the others go on."""
        back_off_s = min(RETRY_S * 2 ** min(timer.failures, 20), RETRY_MAX_S)
        self._fired.labels(timer.kind, "failed").inc()
        log.error("timers.failed", kind=timer.kind, failures=timer.failures + 1, retry_s=back_off_s, exc_info=error)
        until = self._clock.now() + timedelta(seconds=back_off_s)
        async with self._database.write() as work:
            await timers.postpone(work.session, timer.timer_id, until=until, error=type(error).__name__)
            await work.commit()

    async def _wait(self, wait_s: float) -> None:
        woken = asyncio.ensure_future(self._database.timers_set.wait())
        asleep = asyncio.ensure_future(self._clock.sleep(wait_s))
        try:
            await asyncio.wait({woken, asleep}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            woken.cancel()
            asleep.cancel()
