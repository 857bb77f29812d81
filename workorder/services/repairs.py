"""The repair record of an order (TKT-8): what each visit found, did, put in, and how long it took."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from workorder import uow
from workorder.commands import RecordRepair
from workorder.errors import Conflict, FieldProblem, Invalid
from workorder.events import RepairRecorded
from workorder.fields import UsedPart
from workorder.ids import new_id
from workorder.model.repairs import OrderRepair
from workorder.policy.lifecycle import Status
from workorder.services.orders import get_order, locked
from workorder.views import RepairView

LONGEST = 2000
MOST_PARTS = 50
MOST_OF_ONE = 1000
MOST_MINUTES = 7 * 24 * 60
NOT_VISITED = frozenset({Status.DRAFT, Status.CANCELLED})


async def record_repair(session: AsyncSession, command: RecordRepair) -> RepairView:
    """Put a visit on record, also afterwards, when the order is closed; full text finds the order by it.

    Raises Invalid with an entry per fault, Conflict (a draft, or cancelled), NotFound.
    """
    if problems := list(_problems(command)):
        raise Invalid("; ".join(f"{one.field}: {one.message}" for one in problems), errors=problems)
    order = await locked(session, command.order_id)
    if order.status in NOT_VISITED:
        raise Conflict(f"{order.name} is {order.status}: nobody was there", field="status")
    row = OrderRepair(
        repair_id=new_id(),
        order_id=order.order_id,
        at=command.at,
        by=command.by,
        finding=command.finding.strip(),
        action=command.action.strip(),
        parts=[asdict(part) for part in command.parts],
        minutes=command.minutes,
    )
    # The key alone: words of a person about a home are on the record, where they can be forgotten.
    session.add_all([row, order.stamp("repair", None, row.repair_id, by=command.by, at=command.at)])
    await session.flush()
    recorded = RepairRecorded(
        order_id=order.order_id,
        call_id=order.call_id,
        at=command.at,
        by=command.by,
        repair_id=row.repair_id,
        parts=len(row.parts),
        minutes=row.minutes,
    )
    uow.record(session, recorded)
    return _view(row)


async def repairs_of(session: AsyncSession, order_id: str) -> tuple[RepairView, ...]:
    """The order's visits, oldest first. Raises NotFound."""
    await get_order(session, order_id)
    statement = select(OrderRepair).where(OrderRepair.order_id == order_id)
    return tuple(_view(row) for row in await session.scalars(statement.order_by(OrderRepair.repair_id)))


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


def _view(row: OrderRepair) -> RepairView:
    return RepairView(
        repair_id=row.repair_id,
        order_id=row.order_id,
        at=row.at,
        by=row.by,
        finding=row.finding,
        action=row.action,
        parts=tuple(UsedPart(**part) for part in row.parts),
        minutes=row.minutes,
    )
