"""Reading an order's audit trail, and proving that nobody touched it behind the application's back."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Row, Select, select
from sqlalchemy.ext.asyncio import AsyncSession

from workorder.errors import NotFound
from workorder.model.orders import WorkOrder
from workorder.model.trail import OrderChange
from workorder.policy.chain import link
from workorder.services.orders import change_view
from workorder.services.paging import check_limit, decode_number
from workorder.views.orders import ChangeView
from workorder.views.pages import Page

Line = Row[Any]
"""A row of ``work_order_changes``, read past the session's objects: what is in the database counts."""
BATCH = 500
"""Orders read at once: a trail of any length is proven in little memory."""


@dataclass(frozen=True, slots=True)
class TrailFault:
    """Where a trail stops being true. ``change_id`` is the first line that does not fit, None: lines are missing."""

    order_id: str
    number: str | None
    change_id: int | None
    problem: str


@dataclass(frozen=True, slots=True)
class TrailReport:
    """What was proven. ``digest`` stands for every trail together: kept elsewhere, it shows even a chain made anew."""

    orders: int
    changes: int
    faults: tuple[TrailFault, ...]
    digest: str


async def trail(
    session: AsyncSession, order_id: str, *, field: str | None = None, cursor: str | None = None, limit: int = 100
) -> Page[ChangeView]:
    """An order's lines, oldest first, ``limit`` (1 to 200) a page; ``field`` "status" gives its steps alone.

    Raises NotFound, Invalid (limit, cursor).
    """
    check_limit(limit)
    if await session.get(WorkOrder, order_id) is None:
        raise NotFound(f"there is no work order {order_id}", field="order_id")
    statement = select(OrderChange).where(
        OrderChange.order_id == order_id, OrderChange.change_id > decode_number(cursor)
    )
    if field is not None:
        statement = statement.where(OrderChange.field == field)
    rows = list(await session.scalars(statement.order_by(OrderChange.change_id).limit(limit + 1)))
    items = tuple(change_view(row) for row in rows[:limit])
    return Page(items, str(items[-1].change_id) if len(rows) > limit else None)


async def verify(session: AsyncSession, *, order_id: str | None = None, newest: int | None = None) -> TrailReport:
    """Compute every hash again: of one order, of the ``newest`` ones, or of all. Raises NotFound (order)."""
    faults: list[TrailFault] = []
    orders = changes = 0
    digest = sha256()
    last = ""
    while batch := (await session.execute(_batch(order_id, newest, last))).all():
        lines = await _lines(session, [row.order_id for row in batch])
        for key, number, status, head in batch:
            own = lines.get(key, [])
            orders, changes = orders + 1, changes + len(own)
            digest.update(head.encode())
            if (found := _fault(key, status, head, own)) is not None:
                faults.append(TrailFault(key, number, *found))
        last = batch[-1].order_id
        if order_id is not None or newest is not None:
            break
    if order_id is not None and not orders:
        raise NotFound(f"there is no work order {order_id}", field="order_id")
    return TrailReport(orders, changes, tuple(faults), digest.hexdigest())


def _batch(order_id: str | None, newest: int | None, last: str) -> Select[str, str | None, str, str]:
    statement = select(WorkOrder.order_id, WorkOrder.number, WorkOrder.status, WorkOrder.trail_head)
    if order_id is not None:
        return statement.where(WorkOrder.order_id == order_id)
    if newest is not None:
        return statement.order_by(WorkOrder.created_at.desc()).limit(newest)
    return statement.where(WorkOrder.order_id > last).order_by(WorkOrder.order_id).limit(BATCH)


async def _lines(session: AsyncSession, order_ids: Iterable[str]) -> dict[str, list[Line]]:
    statement = select(OrderChange.__table__).where(OrderChange.order_id.in_(list(order_ids)))
    found: dict[str, list[Line]] = {}
    for line in await session.execute(statement.order_by(OrderChange.change_id)):
        found.setdefault(line.order_id, []).append(line)
    return found


def _fault(order_id: str, status: str, head: str, lines: Sequence[Line]) -> tuple[int | None, str] | None:
    """The first thing that does not fit: the line's key, and what is wrong."""
    previous = ""
    for line in lines:
        expected = link(
            previous,
            order_id,
            at=line.at,
            by=line.by,
            field=line.field,
            before=line.before,
            after=line.after,
            reason=line.reason,
        )
        if line.hash != expected:
            return line.change_id, "this line was changed, or a line before it was put in or taken out"
        previous = expected
    if previous != head:
        return None, "the newest lines are missing, or were added by somebody else"
    steps = [line for line in lines if line.field == "status"]
    if steps and steps[-1].after != status:
        return steps[-1].change_id, f"the order says {status}, its trail {steps[-1].after}"
    return None


ERASED = "erased"
"""Field of the line that says that a person was forgotten, and why."""


async def redact(
    session: AsyncSession, order: WorkOrder, fields: Iterable[str], *, by: str, at: datetime, reason: str
) -> None:
    """Empty what the lines of ``fields`` tell and all reasons, as a person asked to be forgotten; chain the trail anew.

    Its new last line says so and keeps the hash that the trail had, so that a digest kept elsewhere is explained.
    """
    gone = set(fields)
    lines = await session.scalars(
        select(OrderChange)
        .where(OrderChange.order_id == order.order_id)
        .order_by(OrderChange.change_id)
        .execution_options(populate_existing=True)
    )
    former, order.trail_head = order.trail_head, ""
    for line in lines:
        if line.field in gone:
            line.before = line.after = None
        if line.field != ERASED:
            # Free text of a person about a person, like a comment.
            line.reason = None
        line.hash = order.trail_head = link(
            order.trail_head,
            order.order_id,
            at=line.at,
            by=line.by,
            field=line.field,
            before=line.before,
            after=line.after,
            reason=line.reason,
        )
    order.stamp(ERASED, former, None, by=by, at=at, reason=reason)
