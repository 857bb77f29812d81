"""Runs the clocks of orders: raises their alerts when timers say so, and starts clocks that never were."""

from __future__ import annotations

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.clock import Clock
from callcenter.errors import CallcenterError
from callcenter.features.timers import Timers
from callcenter.storage.database import Database
from workorder.errors import NotFound
from workorder.model.timers import Timer
from workorder.services import service_level, sla_alerts

RETRY_S = 60.0

log = structlog.get_logger(__name__)


class OrderClock:
    """The only handler of the timers that orders set for themselves."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    def register(self, timers: Timers) -> None:
        """Be called when an order's next alert is due."""
        timers.on(service_level.TIMER, self._due)

    async def adopt(self) -> None:
        """Start the clocks of open orders that have none: imported ones, and those older than clocks."""
        adopted = 0
        while True:
            try:
                batch = await self._adopt_some()
            except CallcenterError as error:
                log.error("order_clock.waiting", reason=str(error))
                await self._clock.sleep(RETRY_S)
                continue
            if not batch:
                break
            adopted += batch
        if adopted:
            log.info("order_clock.adopted", orders=adopted)

    async def _adopt_some(self) -> int:
        async with self._database.write() as work:
            batch = await service_level.adopt(work.session, at=self._clock.now())
            await work.commit()
        return batch

    async def _due(self, session: AsyncSession, timer: Timer) -> None:
        try:
            raised = await sla_alerts.raise_due(session, timer.subject, now=self._clock.now())
        except NotFound:
            # The order was removed: nobody is to be alarmed about it.
            return
        if raised:
            log.info("order_clock.alerts", order_id=timer.subject, alerts=list(raised))
