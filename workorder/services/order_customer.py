"""Whose order it is: an unknown caller, a report without a known number, or a wrong choice gets the right customer."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from workorder.commands import SetCustomer
from workorder.errors import Conflict
from workorder.fields import Source
from workorder.model.customers import Asset
from workorder.model.orders import WorkOrder
from workorder.policy.lifecycle import CLOSED, Status
from workorder.services import service_level
from workorder.services.customers import known_fields
from workorder.services.orders import edited, locked
from workorder.services.warranty import judge_order
from workorder.services.whole_orders import view
from workorder.views.orders import OrderView


async def set_customer(session: AsyncSession, command: SetCustomer) -> OrderView:
    """Attach the order to a customer; what the customer is known for fills the fields that are still empty.

    What was taken over from a customer it was attached to by mistake goes, and so does another's appliance; an order
    that was created gets the one of the new customer that fits. Nothing happens when it is attached already.
    Raises Conflict (closed, changed meanwhile), NotFound.
    """
    order = await locked(session, command.order_id)
    order.check_version(command.edit_version)
    known = await known_fields(session, command.customer_id)
    if order.customer_id == command.customer_id:
        return view(order)
    if order.status in CLOSED:
        raise Conflict(f"{order.name} is {order.status}", field="status", fix="reopen it first")
    if order.customer_id is not None:
        mistaken = await known_fields(session, order.customer_id)
        order.forget(mistaken, by=command.by, at=command.at)
    order.stamp("customer_id", order.customer_id, command.customer_id, by=command.by, at=command.at)
    order.customer_id = command.customer_id
    if command.edit_version is not None:
        order.edit_version += 1
    order.prefill(known, Source.CUSTOMER, by=command.by, at=command.at)
    await _find_appliance(session, order, by=command.by, at=command.at)
    await service_level.refresh(session, order, at=command.at)
    await edited(session, order, ("customer_id",), by=command.by, at=command.at)
    return view(order)


async def _find_appliance(session: AsyncSession, order: WorkOrder, *, by: str, at: datetime) -> None:
    """The appliance is the new customer's from now on, or none; a draft looks for its own when it is created."""
    before = order.asset_id
    asset = await session.get(Asset, before) if before else None
    if asset is not None and asset.customer_id != order.customer_id:
        order.asset_id = None
    if order.status != Status.DRAFT:
        await judge_order(session, order, at=at)
    if order.asset_id != before:
        order.stamp("asset_id", before, order.asset_id, by=by, at=at)
