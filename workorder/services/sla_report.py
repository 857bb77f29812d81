"""Views over many orders: how often limits were kept, where time went, and whether outlooks came true."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, Literal

from sqlalchemy import Connection, Select, bindparam, case, func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from workorder.model.orders import RUNNING, WorkOrder
from workorder.model.trail import OrderChange
from workorder.policy.calibration import Reliability, reliability
from workorder.policy.delay import Past, outlook
from workorder.policy.lifecycle import Status
from workorder.policy.stages import Stage, stages
from workorder.services.forecast import DONE_READ, LOOK_BACK, likeness

GroupBy = Literal["tier", "service_type", "appliance", "brand", "district", "priority", "handler", "team"]
_COLUMNS = {
    "tier": WorkOrder.sla_tier,
    "service_type": WorkOrder.service_type,
    "appliance": WorkOrder.appliance,
    "brand": WorkOrder.brand,
    "district": WorkOrder.district,
    "priority": WorkOrder.priority,
    "handler": WorkOrder.handler,
    "team": WorkOrder.team,
}
TRAILS_READ = 5000
"""Newest finished orders whose steps are looked at."""
CHECKED = 400
"""Newest finished orders on which the outlook is tried."""
CHECKPOINTS = (0.0, 0.5)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attainment:
    """How one group of orders kept its limits.

    ``respond_rate`` and ``resolve_rate``: of the orders whose limit is decided (met, or broken) the share that met it
    in time; None while none is. ``took_avg_s``: working time the resolved ones took.
    """

    group: str | None
    orders: int
    responded: int
    respond_broken: int
    respond_rate: float | None
    resolved: int
    resolve_broken: int
    resolve_rate: float | None
    took_avg_s: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningOrders:
    """Open orders by their clock, now.

    ``running``: it runs; ``due_soon``: of these, to be resolved within the hour; ``paused``: it stands; ``late``: past
    their time to resolve, whether it runs on or stands since.
    """

    running: int
    due_soon: int
    late: int
    paused: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Backtest:
    """The outlook tried on orders that are done, each with only what was known then.

    ``checkpoints``: by share of the limit used up when it was asked.
    """

    orders: int
    all: Reliability
    checkpoints: dict[str, Reliability]


async def attainment(
    session: AsyncSession, *, since: datetime, until: datetime, by: GroupBy = "tier"
) -> tuple[Attainment, ...]:
    """Orders created in [since, until) by group, the largest first."""
    group, wo = _COLUMNS[by], WorkOrder
    decided_respond = wo.responded_at.is_not(None) | wo.respond_breached
    decided_resolve = wo.resolved_at.is_not(None) | wo.resolve_breached
    statement = (
        select(
            group,
            func.count(),
            *map(_count, (wo.responded_at.is_not(None), wo.respond_breached, decided_respond)),
            *map(_count, (wo.resolved_at.is_not(None), wo.resolve_breached, decided_resolve)),
            func.avg(case((wo.resolved_at.is_not(None), wo.sla_used_s))),
        )
        .where(wo.created_at >= since, wo.created_at < until, wo.sla_tier.is_not(None))
        .group_by(group)
        .order_by(func.count().desc(), group)
    )
    return tuple(_attainment(row) for row in await session.execute(statement))


def running_orders(rows: Connection, *, now: datetime) -> RunningOrders:
    """Counts for the wallboard, from the index of orders whose clock runs."""
    soon = {"now": now, "soon": now + timedelta(hours=1)}
    running, due_soon, late, stopped = rows.execute(_BY_CLOCK, soon).one()
    return RunningOrders(running=running or 0, due_soon=due_soon or 0, late=late or 0, paused=stopped)


async def stage_times(session: AsyncSession, *, since: datetime, until: datetime) -> tuple[Stage, ...]:
    """Where the orders that were resolved in [since, until) spent their time (elapsed, not working time)."""
    chosen = (
        select(WorkOrder.order_id)
        .where(WorkOrder.resolved_at >= since, WorkOrder.resolved_at < until)
        .order_by(WorkOrder.resolved_at.desc())
        .limit(TRAILS_READ)
    )
    rows = await session.execute(
        select(OrderChange.order_id, OrderChange.at, OrderChange.after)
        .where(OrderChange.order_id.in_(chosen), OrderChange.field == "status")
        .order_by(OrderChange.order_id, OrderChange.change_id)
    )
    return stages(
        [(row.at, Status(str(row.after))) for row in part] for _, part in groupby(rows, lambda row: row.order_id)
    )


async def backtest(session: AsyncSession, *, since: datetime, until: datetime) -> Backtest:
    """Try the outlook on the newest orders resolved in [since, until)."""
    statement = select(
        WorkOrder.service_type,
        WorkOrder.appliance,
        WorkOrder.fault,
        WorkOrder.district,
        WorkOrder.saved_at,
        WorkOrder.resolved_at,
        WorkOrder.sla_used_s,
        WorkOrder.sla_left_s,
    ).where(WorkOrder.resolved_at >= since - LOOK_BACK, WorkOrder.resolved_at < until, WorkOrder.saved_at.is_not(None))
    newest = statement.order_by(WorkOrder.resolved_at.desc()).limit(CHECKED + DONE_READ)
    rows = sorted((await session.execute(newest)).all(), key=lambda row: row.resolved_at)
    found: dict[str, list[tuple[float, bool]]] = {f"{share:g}": [] for share in CHECKPOINTS}
    tried = range(max(bisect_left(rows, since, key=lambda row: row.resolved_at), len(rows) - CHECKED), len(rows))
    for position in tried:
        for share in CHECKPOINTS:
            if (pair := _tried(rows, position, share)) is not None:
                found[f"{share:g}"].append(pair)
    return Backtest(
        orders=len(tried),
        all=reliability([pair for pairs in found.values() for pair in pairs]),
        checkpoints={share: reliability(pairs) for share, pairs in found.items()},
    )


def _tried(rows: Sequence[Any], position: int, share: float) -> tuple[float, bool] | None:
    """What would have been said when ``share`` of the limit was used up, and what came; None when it was done then."""
    row = rows[position]
    limit_s = row.sla_used_s + row.sla_left_s
    spent_s = share * limit_s
    if row.sla_used_s < spent_s:
        return None
    moment = row.saved_at + (row.resolved_at - row.saved_at) * (spent_s / max(row.sla_used_s, 1))
    seen = outlook(likeness(row), _known_at(rows, position, moment))
    said = seen.breach(limit_s, spent_s=spent_s) if seen.similar else None
    return None if said is None else (said, row.sla_used_s > limit_s)


def _known_at(rows: Sequence[Any], position: int, moment: datetime) -> list[Past]:
    """Orders resolved before ``moment``, and those open then after the part of their time that had passed."""
    done = bisect_left(rows, moment, key=lambda row: row.resolved_at)
    known = [Past(likeness(row), row.sla_used_s) for row in rows[max(0, done - DONE_READ) : done]]
    for other, row in enumerate(rows[done:], start=done):
        if row.saved_at < moment and other != position:
            passed = (moment - row.saved_at) / (row.resolved_at - row.saved_at)
            known.append(Past(likeness(row), row.sla_used_s * passed, done=False))
    return known


def _count(condition: Any) -> Any:
    return func.sum(case((condition, 1), else_=0))


def _attainment(row: Any) -> Attainment:
    group, orders, responded, respond_broken, respond_decided, resolved, resolve_broken, resolve_decided, took = row
    return Attainment(
        group=group,
        orders=orders,
        responded=responded,
        respond_broken=respond_broken,
        respond_rate=_rate(respond_decided, respond_broken),
        resolved=resolved,
        resolve_broken=resolve_broken,
        resolve_rate=_rate(resolve_decided, resolve_broken),
        took_avg_s=None if took is None else round(float(took), 1),
    )


def _rate(decided: int, broken: int) -> float | None:
    return round(1 - broken / decided, 4) if decided else None


def _by_clock() -> Select[Any]:
    wo, waiting = WorkOrder, aliased(WorkOrder)
    now = bindparam("now", type_=wo.resolve_by.type)
    paused = select(func.count()).where(waiting.status.in_([Status.WAITING_PARTS, Status.RESCHEDULED]))
    return select(
        _count(wo.sla_paused.is_(None)),
        _count(wo.resolve_by.between(now, bindparam("soon", type_=wo.resolve_by.type))),
        _count(wo.resolve_by < now),
        paused.scalar_subquery(),
    ).where(RUNNING)


_BY_CLOCK = _by_clock()
