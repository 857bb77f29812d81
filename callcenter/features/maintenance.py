"""Maintenance plans become orders ahead of time: a durable timer a plan, one order a visit."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.clock import Clock
from callcenter.features.timers import Timers
from workorder.model.timers import Timer
from workorder.services.maintenance import TIMER, open_visit

log = structlog.get_logger(__name__)


class Maintenance:
    """Creates the order of a visit when its plan's timer fires. ``zone`` says when a day begins."""

    def __init__(self, *, zone: ZoneInfo, clock: Clock) -> None:
        self._zone = zone
        self._clock = clock

    def subscribe(self, timers: Timers) -> None:
        """Orders are created in the transaction that marks the timer fired: once, whatever breaks."""
        timers.on(TIMER, self._due)

    async def _due(self, session: AsyncSession, timer: Timer) -> None:
        order_id = await open_visit(session, timer.subject, at=self._clock.now(), zone=self._zone)
        log.info("maintenance.visit", plan_id=timer.subject, order_id=order_id)
