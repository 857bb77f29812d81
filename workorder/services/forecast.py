"""The outlook of one order from similar ones, and those orders as a yardstick."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from workorder.model.orders import RUNNING, WorkOrder
from workorder.policy.delay import Likeness, Outlook, Past, outlook
from workorder.services.service_level import Clockwork

LOOK_BACK = timedelta(days=365)
DONE_READ, OPEN_READ = 2000, 500
"""Newest orders of the same service type that are looked at."""
SHOWN = 5
_Row = Any
"""A row of the columns asked for."""
_ALIKE = (
    WorkOrder.service_type,
    WorkOrder.appliance,
    WorkOrder.fault,
    WorkOrder.district,
    WorkOrder.sla_used_s,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SimilarOrder:
    """A past order as a yardstick: ``alike`` is in how many of service type, appliance, fault and district (1 to 4)."""

    order_id: str
    number: str | None
    alike: int
    took_s: int
    resolved_at: datetime
    breached: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """When an order will probably be done, given how long it is open already.

    ``probability``: of breaking the limit to resolve; ``likely_at`` and ``late_at``: by when half and nine tenths of
    the similar orders that were open as long were done, in the order's working time. None: no similar order was.
    ``similar``: how many done orders were looked at; ``yardstick``: the most alike and newest of them.
    """

    probability: float | None
    likely_at: datetime | None
    late_at: datetime | None
    spent_s: int
    limit_s: int
    similar: int
    yardstick: tuple[SimilarOrder, ...]


def likeness(order: WorkOrder | _Row) -> Likeness:
    """What the order is compared by."""
    return Likeness(order.service_type, order.appliance, order.fault, order.district)


async def forecast(session: AsyncSession, order: WorkOrder, clock: Clockwork, *, now: datetime) -> Forecast:
    """Look at what similar orders took. An order that is done keeps what it took."""
    like = likeness(order)
    done = await _done(session, order, now)
    past = [Past(likeness(other), other.sla_used_s or 0) for other in done]
    seen = outlook(like, [*past, *await _open(session, order, clock, now)])
    limit_s = clock.tier.resolve.total_seconds()
    spent_s = clock.standing(now).used * limit_s
    return Forecast(
        probability=seen.breach(limit_s, spent_s=spent_s) if seen.similar else None,
        likely_at=_when(seen, 0.5, spent_s, clock, now),
        late_at=_when(seen, 0.9, spent_s, clock, now),
        spent_s=round(spent_s),
        limit_s=round(limit_s),
        similar=seen.similar,
        yardstick=_yardstick(like, done),
    )


async def _done(session: AsyncSession, order: WorkOrder, now: datetime) -> Sequence[_Row]:
    statement = select(*_ALIKE, WorkOrder.order_id, WorkOrder.number, WorkOrder.resolved_at, WorkOrder.resolve_breached)
    statement = statement.where(
        WorkOrder.service_type == order.service_type,
        WorkOrder.resolved_at.between(now - LOOK_BACK, now),
        WorkOrder.order_id != order.order_id,
    )
    return (await session.execute(statement.order_by(WorkOrder.resolved_at.desc()).limit(DONE_READ))).all()


async def _open(session: AsyncSession, order: WorkOrder, clock: Clockwork, now: datetime) -> list[Past]:
    """Orders whose clock runs took at least what it shows now, by the calendar of this order's tier."""
    statement = select(*_ALIKE, WorkOrder.sla_left_s, WorkOrder.resolve_by).where(
        RUNNING, WorkOrder.service_type == order.service_type, WorkOrder.order_id != order.order_id
    )
    rows = await session.execute(statement.order_by(WorkOrder.resolve_by.desc()).limit(OPEN_READ))
    return [Past(likeness(row), _spent_s(row, clock, now), done=False) for row in rows]


def _spent_s(row: _Row, clock: Clockwork, now: datetime) -> float:
    limit_s = (row.sla_used_s or 0) + (row.sla_left_s or 0)
    left_s = clock.tier.calendar.between(now, row.resolve_by).total_seconds()
    return float(max(row.sla_used_s or 0, limit_s - left_s))


def _when(seen: Outlook, share: float, spent_s: float, clock: Clockwork, now: datetime) -> datetime | None:
    seconds = seen.quantile(share, spent_s=spent_s)
    return None if seconds is None else clock.tier.calendar.after(now, timedelta(seconds=seconds - spent_s))


def _yardstick(like: Likeness, done: Sequence[_Row]) -> tuple[SimilarOrder, ...]:
    """Newest first already; the sort keeps that within each degree of likeness."""
    ranked = sorted(done, key=lambda other: -like.depth(likeness(other)))[:SHOWN]
    return tuple(
        SimilarOrder(
            order_id=other.order_id,
            number=other.number,
            alike=like.depth(likeness(other)),
            took_s=other.sla_used_s or 0,
            resolved_at=other.resolved_at,
            breached=other.resolve_breached,
        )
        for other in ranked
    )
