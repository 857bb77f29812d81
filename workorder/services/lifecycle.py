"""The steps of an order after it was created, and orders that are parts of another."""

from __future__ import annotations

from enum import StrEnum
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from workorder import uow
from workorder.commands import AttachPart, MoveOrder
from workorder.errors import Conflict, Invalid
from workorder.events import OrderEdited, WorkOrderMoved
from workorder.model.orders import OrderChange, WorkOrder
from workorder.policy.lifecycle import CLOSED, Action, Confirmation
from workorder.services.orders import locked, open_parts, view
from workorder.views import OrderView

Word = TypeVar("Word", bound=StrEnum)

_OWN_COMMANDS = {Action.CREATE: "use CreateOrder, which gives the number", Action.CANCEL: "use CancelOrder"}


async def move_order(session: AsyncSession, command: MoveOrder) -> OrderView:
    """Take one step of the life cycle.

    Raises Conflict (not from this status, the possible steps are named; parts are still open; changed meanwhile),
    Invalid (no such step, or without the reason, confirmation or fields it needs), NotFound.
    """
    action = _word(Action, command.action, "action")
    if action in _OWN_COMMANDS:
        raise Invalid(f"{action} has a command of its own", field="action", fix=_OWN_COMMANDS[action])
    order = await locked(session, command.order_id)
    order.check_version(command.edit_version)
    change = order.move(
        action,
        by=command.by,
        at=command.at,
        reason=command.reason,
        confirmation=_word(Confirmation, command.confirmation, "confirmation") if command.confirmation else None,
        open_parts=await open_parts(session, order.order_id),
    )
    session.add(change)
    await session.flush()
    moved = WorkOrderMoved(
        order_id=order.order_id,
        call_id=order.call_id,
        at=command.at,
        by=command.by,
        action=str(action),
        before=str(change.before),
        after=str(change.after),
        reason=command.reason,
    )
    uow.record(session, moved)
    return view(order)


async def attach_part(session: AsyncSession, command: AttachPart) -> OrderView:
    """Make an order a part of another, or free it. Raises Conflict for a circle or a closed whole, NotFound."""
    order = await locked(session, command.order_id)
    if command.parent_id is not None:
        whole = await locked(session, command.parent_id)
        if whole.status in CLOSED:
            raise Conflict(f"order {whole.number or whole.order_id} is {whole.status}", field="parent_id")
        await _refuse_circle(session, order, whole)
    change = OrderChange(
        order_id=order.order_id,
        at=command.at,
        by=command.by,
        field="parent_id",
        before=order.parent_id,
        after=command.parent_id,
    )
    order.parent_id = command.parent_id
    order.edit_version += 1
    session.add(change)
    await session.flush()
    edited = OrderEdited(
        order_id=order.order_id,
        call_id=order.call_id,
        at=command.at,
        by=command.by,
        fields=("parent_id",),
        edit_version=order.edit_version,
    )
    uow.record(session, edited)
    return view(order)


async def parts_of(session: AsyncSession, order_id: str) -> tuple[OrderView, ...]:
    """The orders that belong to this one, oldest first."""
    found = await session.scalars(
        select(WorkOrder).where(WorkOrder.parent_id == order_id).order_by(WorkOrder.created_at, WorkOrder.order_id)
    )
    return tuple(view(order) for order in found)


async def _refuse_circle(session: AsyncSession, order: WorkOrder, whole: WorkOrder) -> None:
    """Walk up from ``whole``: the order must not be there, or it would be a part of itself."""
    above: WorkOrder | None = whole
    while above is not None:
        if above.order_id == order.order_id:
            raise Conflict("an order cannot be a part of itself", field="parent_id")
        above = await locked(session, above.parent_id) if above.parent_id else None


def _word(kind: type[Word], text: str, field: str) -> Word:
    try:
        return kind(text)
    except ValueError:
        raise Invalid(f"must be one of {', '.join(kind)}", field=field) from None
