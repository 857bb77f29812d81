"""The steps of an order, how urgent it is, and orders that are parts of another."""

from __future__ import annotations

from datetime import UTC, timedelta
from enum import StrEnum
from typing import TypeVar

from sqlalchemy import select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from workorder import uow
from workorder.commands import AttachPart, CancelOrder, CreateOrder, MoveOrder, SetPriority
from workorder.errors import Conflict, Invalid
from workorder.events import PriorityChanged, WorkOrderMoved
from workorder.model.orders import WorkOrder
from workorder.model.trail import TrailLine
from workorder.policy.lifecycle import CLOSED, MOVES, Action, Confirmation, Guard, Priority, Status
from workorder.services import checkpoints, service_level
from workorder.services.orders import Before, cancel_order, create_order, edited, locked, locked_for, open_parts
from workorder.services.paging import check_limit, decode_cursor, encode_cursor
from workorder.services.warranty import refresh_of_order
from workorder.services.whole_orders import view
from workorder.views.orders import OrderView
from workorder.views.pages import Page

Word = TypeVar("Word", bound=StrEnum)
FARTHEST = timedelta(hours=24)
"""Longest way to a customer."""


async def move_order(session: AsyncSession, command: MoveOrder) -> OrderView:
    """Take one step of the life cycle, whichever: the one door for buttons, command line and other programs.

    Raises Conflict (not from this status, the possible steps are named; parts are still open; changed meanwhile),
    Invalid (no such step, without the reason, confirmation or fields it needs, or an ``eta`` that cannot be), NotFound.
    """
    action = word(Action, command.action, "action")
    _check_eta(action, command)
    if action is Action.CREATE:
        return await create_order(session, _creation(command))
    if action is Action.CANCEL:
        return await cancel_order(session, _cancellation(command))
    order, before = await locked_for(session, command.order_id, action)
    order.check_version(command.edit_version)
    with session.no_autoflush:
        change = await _step(session, order, before, action, command)
    await refresh_of_order(session, order, at=command.at)
    moved = WorkOrderMoved(
        order_id=order.order_id,
        call_id=order.call_id,
        at=command.at,
        by=command.by,
        action=str(action),
        before=str(change.before),
        after=str(change.after),
        reason=command.reason,
        eta=order.eta,
    )
    uow.record(session, moved)
    return view(order)


async def _step(
    session: AsyncSession, order: WorkOrder, before: Before, action: Action, command: MoveOrder
) -> TrailLine:
    if Status(order.status) in MOVES[action].sources:
        await checkpoints.check(session, order, action, before.tasks, command.roles, command.reason)
    guards = MOVES[action].guards
    change = order.move(
        action,
        by=command.by,
        at=command.at,
        reason=command.reason,
        confirmation=word(Confirmation, command.confirmation, "confirmation") if command.confirmation else None,
        open_parts=await open_parts(session, order.order_id) if Guard.PARTS_CLOSED in guards else (),
        closed_whole=await _closed_whole(session, order) if Guard.WHOLE_OPEN in guards else None,
        eta=command.eta.astimezone(UTC) if command.eta else None,
    )
    if order.eta is not None:
        order.stamp("eta", None, order.eta.isoformat(), by=command.by, at=command.at)
    await service_level.refresh(session, order, at=command.at, seen=before.clock)
    return change


async def set_priority(session: AsyncSession, command: SetPriority) -> OrderView:
    """Say how urgent the work is. Nothing happens when it is so already. Raises Invalid, Conflict (done), NotFound."""
    priority = word(Priority, command.priority, "priority")
    order = await locked(session, command.order_id)
    order.check_version(command.edit_version)
    if order.priority == priority:
        return view(order)
    change = order.set_priority(priority, by=command.by, at=command.at, reason=command.reason)
    await service_level.refresh(session, order, at=command.at, urgency=priority)
    await session.flush()
    changed = PriorityChanged(
        order_id=order.order_id,
        call_id=order.call_id,
        at=command.at,
        by=command.by,
        before=None if change.before is None else str(change.before),
        after=str(priority),
        reason=command.reason,
    )
    uow.record(session, changed)
    return view(order)


async def attach_part(session: AsyncSession, command: AttachPart) -> OrderView:
    """Make an order a part of another, or free it. Raises Conflict for a circle or a closed order, NotFound."""
    order = await locked(session, command.order_id)
    order.check_version(command.edit_version)
    _refuse_closed(order)
    if command.parent_id is not None:
        whole = await locked(session, command.parent_id)
        _refuse_closed(whole)
        await _refuse_circle(session, order, whole)
    if order.parent_id == command.parent_id:
        return view(order)
    order.stamp("parent_id", order.parent_id, command.parent_id, by=command.by, at=command.at)
    order.parent_id = command.parent_id
    order.edit_version += 1
    await edited(session, order, ("parent_id",), by=command.by, at=command.at)
    return view(order)


async def parts_of(
    session: AsyncSession, order_id: str, *, cursor: str | None = None, limit: int = 50
) -> Page[OrderView]:
    """The orders that belong to this one, oldest first, ``limit`` (1 to 200) a page. Raises Invalid (limit, cursor)."""
    check_limit(limit)
    place = tuple_(WorkOrder.created_at, WorkOrder.order_id)
    own = select(WorkOrder).where(WorkOrder.parent_id == order_id)
    if cursor is not None:
        own = own.where(place > decode_cursor(cursor))
    found = list(await session.scalars(own.order_by(WorkOrder.created_at, WorkOrder.order_id).limit(limit + 1)))
    items = tuple(view(order) for order in found[:limit])
    return Page(items, encode_cursor(items[-1].created_at, items[-1].order_id) if len(found) > limit else None)


def word(kind: type[Word], text: str, field: str) -> Word:
    """``text`` as a word of the table ``kind``; raises Invalid that names the words there are."""
    try:
        return kind(text)
    except ValueError:
        raise Invalid(f"must be one of {', '.join(kind)}", field=field) from None


def _check_eta(action: Action, command: MoveOrder) -> None:
    if command.eta is None:
        return
    if action is not Action.DEPART:
        raise Invalid("belongs to the step depart alone", field="eta", fix="leave it out")
    if command.eta.tzinfo is None or not command.at <= command.eta <= command.at + FARTHEST:
        raise Invalid(
            "must lie within the next 24 hours, with its offset", field="eta", fix="2026-11-22T14:00:00+08:00"
        )


def _creation(command: MoveOrder) -> CreateOrder:
    return CreateOrder(
        by=command.by,
        at=command.at,
        order_id=command.order_id,
        edit_version=command.edit_version,
        business_day=command.business_day,
    )


def _cancellation(command: MoveOrder) -> CancelOrder:
    return CancelOrder(
        by=command.by,
        at=command.at,
        order_id=command.order_id,
        edit_version=command.edit_version,
        reason=command.reason or "",
        roles=command.roles,
    )


def _refuse_closed(order: WorkOrder) -> None:
    if order.status in CLOSED:
        raise Conflict(f"{order.name} is {order.status}", field="parent_id", fix="reopen it first")


async def _closed_whole(session: AsyncSession, order: WorkOrder) -> str | None:
    if order.parent_id is None:
        return None
    whole = await locked(session, order.parent_id)
    return (whole.number or whole.order_id) if whole.status in CLOSED else None


async def _refuse_circle(session: AsyncSession, order: WorkOrder, whole: WorkOrder) -> None:
    """Walk up from ``whole``: the order must not be there, or it would be a part of itself."""
    above: WorkOrder | None = whole
    while above is not None:
        if above.order_id == order.order_id:
            raise Conflict("an order cannot be a part of itself", field="parent_id")
        above = await locked(session, above.parent_id) if above.parent_id else None
