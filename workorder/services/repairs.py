"""The repair record of an order (TKT-8): what each visit found, did, put in, and how long it took."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from sqlalchemy import exists, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from workorder import uow
from workorder.commands import RecordRepair
from workorder.errors import Conflict, FieldProblem, Invalid, NotFound
from workorder.events import RepairRecorded
from workorder.fields import UsedPart
from workorder.ids import new_id
from workorder.model.orders import WorkOrder
from workorder.model.repairs import OrderRepair
from workorder.policy.lifecycle import Status
from workorder.services.orders import get_order, locked
from workorder.services.paging import check_limit, decode_cursor, encode_cursor
from workorder.views.casework import PastRepairView, RepairView
from workorder.views.pages import Page

LONGEST = 2000
MOST_PARTS = 50
MOST_OF_ONE = 1000
MOST_MINUTES = 7 * 24 * 60
NOT_VISITED = frozenset({Status.DRAFT, Status.CANCELLED})


async def record_repair(session: AsyncSession, command: RecordRepair) -> RepairView:
    """Put a visit on record, also afterwards, when the order is closed; full text finds the order by it.

    One that ``corrects`` another stands in for it, and both stay. Raises Invalid with an entry per fault, Conflict (a
    draft, or cancelled; corrected already), NotFound.
    """
    if problems := list(_problems(command)):
        raise Invalid("; ".join(f"{one.field}: {one.message}" for one in problems), errors=problems)
    order = await locked(session, command.order_id)
    if order.status in NOT_VISITED:
        raise Conflict(f"{order.name} is {order.status}: nobody was there", field="status")
    wrong = await _holding(session, command.corrects, order.order_id) if command.corrects is not None else None
    row = OrderRepair(
        repair_id=new_id(),
        order_id=order.order_id,
        at=wrong.at if wrong else command.at,
        by=command.by,
        finding=command.finding.strip(),
        action=command.action.strip(),
        parts=[asdict(part) for part in command.parts],
        minutes=command.minutes,
        corrects=command.corrects,
    )
    # The key alone: words of a person about a home are on the record, where they can be forgotten.
    session.add(row)
    order.stamp("repair", row.corrects, row.repair_id, by=command.by, at=command.at)
    await session.flush()
    recorded = RepairRecorded(
        order_id=order.order_id,
        call_id=order.call_id,
        at=command.at,
        by=command.by,
        repair_id=row.repair_id,
        parts=len(row.parts),
        minutes=row.minutes,
        corrects=row.corrects,
    )
    uow.record(session, recorded)
    return _view(row, None)


async def repairs_of(session: AsyncSession, order_id: str) -> tuple[RepairView, ...]:
    """The order's visits, oldest first, those corrected since among them. Raises NotFound."""
    await get_order(session, order_id)
    statement = select(OrderRepair).where(OrderRepair.order_id == order_id)
    rows = list(await session.scalars(statement.order_by(OrderRepair.at, OrderRepair.repair_id)))
    corrected = {row.corrects: row.repair_id for row in rows}
    return tuple(_view(row, corrected.get(row.repair_id)) for row in rows)


async def past_repairs(
    session: AsyncSession,
    *,
    customer_id: str | None = None,
    asset_id: str | None = None,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[PastRepairView]:
    """Visits that hold at a customer or an appliance on file, the newest first, ``limit`` (1 to 200) a page.

    Raises Invalid for a limit or cursor that is not ours.
    """
    check_limit(limit)
    later = aliased(OrderRepair)
    of_order = (WorkOrder.number, WorkOrder.appliance, WorkOrder.brand, WorkOrder.asset_id)
    wanted = (WorkOrder.customer_id, customer_id), (WorkOrder.asset_id, asset_id)
    statement = (
        select(OrderRepair, *of_order)
        .join(WorkOrder, WorkOrder.order_id == OrderRepair.order_id)
        .where(~exists().where(later.corrects == OrderRepair.repair_id))
        .where(*(column == value for column, value in wanted if value is not None))
        .order_by(OrderRepair.at.desc(), OrderRepair.repair_id.desc())
        .limit(limit + 1)
    )
    if cursor is not None:
        statement = statement.where(tuple_(OrderRepair.at, OrderRepair.repair_id) < decode_cursor(cursor))
    rows = (await session.execute(statement)).all()
    items = tuple(PastRepairView(_view(row, None), *order) for row, *order in rows[:limit])
    return Page(items, encode_cursor(items[-1].repair.at, items[-1].repair.repair_id) if len(rows) > limit else None)


async def _holding(session: AsyncSession, repair_id: str, order_id: str) -> OrderRepair:
    """The record of the order; raises when there is none, or another stands in for it."""
    row = await session.get(OrderRepair, repair_id)
    if row is None or row.order_id != order_id:
        raise NotFound(f"this order has no repair record {repair_id}", field="corrects")
    if await session.scalar(select(OrderRepair.repair_id).where(OrderRepair.corrects == repair_id)):
        raise Conflict("is corrected already", field="corrects", fix="read the records again and correct the newest")
    return row


def _problems(command: RecordRepair) -> Iterator[FieldProblem]:
    for field in ("finding", "action"):
        yield from _text(field, getattr(command, field), LONGEST)
    if len(command.parts) > MOST_PARTS:
        yield FieldProblem("parts", "too_many", f"at most {MOST_PARTS}")
    for number, part in enumerate(command.parts[:MOST_PARTS]):
        yield from _text(f"parts.{number}.name", part.name, 80)
        if part.code:
            yield from _text(f"parts.{number}.code", part.code, 80)
        if not 1 <= part.quantity <= MOST_OF_ONE:
            yield FieldProblem(f"parts.{number}.quantity", "not_allowed", f"must be 1 to {MOST_OF_ONE}")
    if command.minutes is not None and not 1 <= command.minutes <= MOST_MINUTES:
        yield FieldProblem("minutes", "not_allowed", f"must be 1 to {MOST_MINUTES}")


def _text(field: str, text: str, longest: int) -> Iterator[FieldProblem]:
    if not 0 < len(text.strip()) <= longest or "\x00" in text:
        yield FieldProblem(field, "required", f"must have 1 to {longest} characters")


def _view(row: OrderRepair, corrected_by: str | None) -> RepairView:
    return RepairView(
        repair_id=row.repair_id,
        order_id=row.order_id,
        at=row.at,
        by=row.by,
        finding=row.finding,
        action=row.action,
        parts=tuple(UsedPart(**part) for part in row.parts),
        minutes=row.minutes,
        corrects=row.corrects,
        corrected_by=corrected_by,
    )
