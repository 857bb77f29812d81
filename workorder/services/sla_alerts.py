"""Raising alerts when they fall due: the event, the line in the order's alert history, and what else follows.

A broken limit raises the order's priority; an order that nobody has by then is escalated, so that it stands on the
supervisor's list and not in a technician's queue.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from workorder import uow
from workorder.commands import MACHINE
from workorder.events import (
    DelayPredicted,
    NodeMissed,
    OrderEvent,
    OrderUntouched,
    PriorityChanged,
    SlaBreached,
    SlaWarned,
    WorkOrderMoved,
)
from workorder.model.orders import WorkOrder
from workorder.model.service_levels import SlaAlert
from workorder.policy.lifecycle import OPEN, Action, Priority, Status
from workorder.policy.sla import Limit
from workorder.policy.sla_watch import Alert, Watch
from workorder.services import service_level
from workorder.services.forecast import forecast
from workorder.services.orders import locked
from workorder.services.paging import check_limit, decode_number
from workorder.services.service_level import Clockwork
from workorder.views.pages import Page

_Said = OrderEvent | None
_ESCALATED_FROM = frozenset({Status.CREATED, Status.REOPENED})
"""Statuses in which nobody has the order."""


@dataclass(frozen=True, slots=True)
class SlaAlertView:
    """An alert of an order: when it fell due, when it was raised, what about (``respond.0.750``, ``node.created``)."""

    at: datetime
    due_at: datetime
    alert: str
    mark: str
    tier: str
    probability: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RaisedAlert:
    """An alert on the list of all orders', and how its order stands by now."""

    order_id: str
    number: str | None
    status: str
    priority: str | None
    handler: str | None
    alert: SlaAlertView


async def raise_due(session: AsyncSession, order_id: str, *, now: datetime) -> tuple[str, ...]:
    """Raise what fell due of the order by ``now`` and wait for the next; returns the marks raised. Raises NotFound."""
    order = await locked(session, order_id)
    clock = await service_level.clockwork(session, order)
    if clock is None:
        return ()
    checked = order.sla_checked_at
    due = [watch for watch in clock.watches() if watch.at <= now and (checked is None or watch.at > checked)]
    service_level.show(order, clock, now)
    order.sla_checked_at = now
    marks = [watch.mark for watch in due if await _raise(session, order, clock, watch, now)]
    if any(watch.alert is Alert.BREACHED for watch in due):
        await _escalate(session, order, due, now)
    await session.flush()
    if (clock := await service_level.clockwork(session, order)) is not None:
        await service_level.set_next_alert(session, order, clock)
    return tuple(marks)


async def alerts_of(session: AsyncSession, order_id: str) -> tuple[SlaAlertView, ...]:
    """What was raised for the order, oldest first."""
    rows = await session.scalars(select(SlaAlert).where(SlaAlert.order_id == order_id).order_by(SlaAlert.alert_id))
    return tuple(map(_alert_view, rows))


async def all_alerts(
    session: AsyncSession,
    *,
    alert: Alert | None = None,
    still_open: bool = False,
    cursor: str | None = None,
    limit: int = 50,
) -> Page[RaisedAlert]:
    """Alerts of all orders, the newest first, ``limit`` (1 to 200) a page; ``still_open``: of orders not closed yet.

    Raises Invalid (limit, cursor).
    """
    check_limit(limit)
    about = (WorkOrder.number, WorkOrder.status, WorkOrder.priority, WorkOrder.handler)
    statement = select(SlaAlert, *about).join(WorkOrder, WorkOrder.order_id == SlaAlert.order_id)
    if alert is not None:
        statement = statement.where(SlaAlert.alert == alert)
    if still_open:
        statement = statement.where(WorkOrder.status.in_(OPEN))
    if cursor is not None:
        statement = statement.where(SlaAlert.alert_id < decode_number(cursor))
    rows = (await session.execute(statement.order_by(SlaAlert.alert_id.desc()).limit(limit + 1))).all()
    items = tuple(
        RaisedAlert(
            order_id=row.SlaAlert.order_id,
            number=row.number,
            status=str(row.status),
            priority=row.priority,
            handler=row.handler,
            alert=_alert_view(row.SlaAlert),
        )
        for row in rows[:limit]
    )
    return Page(items, str(rows[limit - 1].SlaAlert.alert_id) if len(rows) > limit else None)


def _alert_view(row: SlaAlert) -> SlaAlertView:
    return SlaAlertView(row.at, row.due_at, row.alert, row.mark, row.tier, row.probability)


async def _raise(session: AsyncSession, order: WorkOrder, clock: Clockwork, watch: Watch, now: datetime) -> bool:
    """Record one alert; False when there is nothing to say (an outlook that is good)."""
    said = await _SAY[watch.alert](session, order, clock, watch, now)
    if said is None:
        return False
    uow.record(session, said)
    session.add(
        SlaAlert(
            order_id=order.order_id,
            at=now,
            due_at=watch.at,
            alert=watch.alert,
            mark=watch.mark,
            tier=clock.tier.name,
            probability=said.probability if isinstance(said, DelayPredicted) else None,
        )
    )
    return True


def _about(order: WorkOrder, now: datetime) -> Mapping[str, Any]:
    return {**_base(order, now), "number": order.number}


def _base(order: WorkOrder, now: datetime) -> dict[str, Any]:
    return {"order_id": order.order_id, "call_id": order.call_id, "at": now, "by": MACHINE}


async def _warned(_s: AsyncSession, order: WorkOrder, clock: Clockwork, watch: Watch, now: datetime) -> _Said:
    due_at = order.respond_by if watch.limit is Limit.RESPOND else order.resolve_by
    return SlaWarned(
        **_about(order, now),
        tier=clock.tier.name,
        limit=str(watch.limit),
        fraction=watch.fraction,
        due_at=due_at,
    )


async def _breached(session: AsyncSession, order: WorkOrder, clock: Clockwork, watch: Watch, now: datetime) -> _Said:
    # At the very moment of the breach nothing is over the limit yet: it is not met, and that is what counts.
    setattr(order, "respond_breached" if watch.limit is Limit.RESPOND else "resolve_breached", True)
    _raise_priority(session, order, watch, now)
    return SlaBreached(
        **_about(order, now),
        tier=clock.tier.name,
        limit=str(watch.limit),
        due_at=watch.at,
        priority=order.priority or Priority.NORMAL,
    )


def _raise_priority(session: AsyncSession, order: WorkOrder, watch: Watch, now: datetime) -> None:
    before, after = order.priority, service_level.next_higher(order.priority)
    if after == before:
        return
    reason = f"the limit to {watch.limit} broke at {watch.at.isoformat(timespec='seconds')}"
    order.stamp("priority", before, after, by=MACHINE, at=now, reason=reason)
    order.priority = after
    uow.record(session, PriorityChanged(**_base(order, now), before=before, after=str(after), reason=reason))


async def _untouched(_s: AsyncSession, order: WorkOrder, _c: Clockwork, watch: Watch, now: datetime) -> _Said:
    return OrderUntouched(**_about(order, now), since=watch.since)


async def _node_missed(_s: AsyncSession, order: WorkOrder, _c: Clockwork, watch: Watch, now: datetime) -> _Said:
    return NodeMissed(**_about(order, now), status=str(order.status), since=watch.since)


async def _outlook(session: AsyncSession, order: WorkOrder, clock: Clockwork, _w: Watch, now: datetime) -> _Said:
    found = await forecast(session, order, clock, now=now)
    if found.probability is None or found.probability < clock.levels.risk_alert:
        return None
    return DelayPredicted(
        **_about(order, now),
        probability=round(found.probability, 4),
        likely_at=found.likely_at,
        similar=found.similar,
    )


_SAY = {
    Alert.WARNED: _warned,
    Alert.BREACHED: _breached,
    Alert.UNTOUCHED: _untouched,
    Alert.NODE_MISSED: _node_missed,
    Alert.OUTLOOK: _outlook,
}


async def _escalate(session: AsyncSession, order: WorkOrder, due: Sequence[Watch], now: datetime) -> None:
    """Nobody has the order and a limit broke: it becomes the supervisors' business."""
    if order.status not in _ESCALATED_FROM:
        return
    limits = ", ".join(str(watch.limit) for watch in due if watch.alert is Alert.BREACHED)
    change = order.move(Action.ESCALATE, by=MACHINE, at=now, reason=f"limit broken: {limits}")
    uow.record(
        session,
        WorkOrderMoved(
            **_base(order, now),
            action=str(Action.ESCALATE),
            before=str(change.before),
            after=str(change.after),
            reason=change.reason,
        ),
    )
