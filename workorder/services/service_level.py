"""How an order stands against its service level, read from its audit trail: there is nothing to keep in step."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from workorder.errors import Conflict, NotFound
from workorder.model.customers import Customer
from workorder.model.orders import WorkOrder
from workorder.model.trail import OrderChange
from workorder.policy.lifecycle import Status
from workorder.policy.sla import TIERS, Tier, tier_of
from workorder.policy.sla_trail import Standing, standing


async def service_level(
    session: AsyncSession, order_id: str, *, now: datetime, tiers: Sequence[Tier] = TIERS
) -> Standing:
    """The order's tier, due times, breaches and next milestone at ``now``. Raises Conflict for a draft, NotFound."""
    statement = select(WorkOrder, Customer.level).outerjoin(Customer, Customer.customer_id == WorkOrder.customer_id)
    row = (await session.execute(statement.where(WorkOrder.order_id == order_id))).first()
    if row is None:
        raise NotFound(f"there is no work order {order_id}", field="order_id")
    order, level = row
    trail = await _trail(session, order_id)
    if Status.CREATED not in {status for _, status in trail}:
        raise Conflict(f"order {order_id} is a draft: its clock starts when it is created", field="status")
    tier = tier_of(
        urgency=order.urgency or "normal",
        level=level or "normal",
        service_type=order.service_type or "",
        tiers=tiers,
    )
    return standing(tier, trail, now)


async def _trail(session: AsyncSession, order_id: str) -> list[tuple[datetime, Status]]:
    rows = await session.execute(
        select(OrderChange.at, OrderChange.after)
        .where(OrderChange.order_id == order_id, OrderChange.field == "status")
        .order_by(OrderChange.change_id)
    )
    return [(at, Status(str(status))) for at, status in rows]
