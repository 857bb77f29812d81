"""What a customer may see of their order: how it goes, never who did what, why, or what was said inside."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from workorder.model.trail import OrderChange
from workorder.policy.lifecycle import STATUS_LABELS, Status
from workorder.services.orders import get_order
from workorder.views.orders import MilestoneView, ProgressView


async def progress(session: AsyncSession, order_id: str) -> ProgressView:
    """The order's milestones with their times, oldest first; a draft is not yet anything to see. Raises NotFound."""
    order = await get_order(session, order_id)
    steps = select(OrderChange.at, OrderChange.after).where(
        OrderChange.order_id == order_id, OrderChange.field == "status", OrderChange.after.is_not(None)
    )
    reached = [(at, Status(str(after))) for at, after in await session.execute(steps.order_by(OrderChange.change_id))]
    fields = order.fields
    return ProgressView(
        number=order.number,
        status=order.status,
        label=STATUS_LABELS[Status(order.status)],
        appliance=fields["appliance"].display if "appliance" in fields else "",
        appointment=fields["appointment"].display if "appointment" in fields else "",
        eta=order.eta,
        milestones=tuple(
            MilestoneView(status, STATUS_LABELS[status], at) for at, status in reached if status is not Status.DRAFT
        ),
    )
