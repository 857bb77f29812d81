"""One order's clock as everyone sees it: how it stands, what was raised, and when it will probably be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from workorder.errors import Conflict, NotFound
from workorder.model.orders import WorkOrder
from workorder.policy.sla_trail import Standing
from workorder.services import service_level
from workorder.services.forecast import Forecast, forecast
from workorder.services.sla_alerts import SlaAlertView, alerts_of


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderClockView:
    """One order's clock: how it stands now, what was raised, and when it will probably be done (None: it is)."""

    standing: Standing
    alerts: tuple[SlaAlertView, ...]
    forecast: Forecast | None


async def order_clock(session: AsyncSession, order_id: str, *, now: datetime) -> OrderClockView:
    """The order's clock, its alerts, and its outlook by similar orders. Raises Conflict for a draft, NotFound."""
    order = await session.get(WorkOrder, order_id)
    if order is None:
        raise NotFound(f"there is no work order {order_id}", field="order_id")
    clock = await service_level.clockwork(session, order)
    if clock is None:
        raise Conflict("it is a draft: its clock starts when it is created", field="order_id")
    standing = clock.standing(now)
    return OrderClockView(
        standing=standing,
        alerts=await alerts_of(session, order_id),
        forecast=None if standing.resolved_at else await forecast(session, order, clock, now=now),
    )
