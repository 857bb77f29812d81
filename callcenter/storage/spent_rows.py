"""Rows that have done their work: which they are, and how they go, a few at a time so that writers wait for none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import SQLColumnExpression, case, delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage.deliveries import WAITING
from callcenter.storage.tables import DeliveryRow, IdempotencyRow, LoginTokenRow, OutboxRow, SessionRow
from workorder.model.base import Base
from workorder.model.orders import WorkOrder
from workorder.model.service_levels import SlaAlert
from workorder.model.timers import Timer
from workorder.policy.lifecycle import CLOSED

BATCH = 500


@dataclass(frozen=True, slots=True)
class Spent:
    """A kind of row that goes once ``over`` is long enough ago; NULL there: it is still needed."""

    table: type[Base]
    key: tuple[Any, ...]
    over: SQLColumnExpression[Any]


_CLOSED_ALERT = (
    select(SlaAlert.at)
    .select_from(WorkOrder)
    .where(WorkOrder.order_id == SlaAlert.order_id, WorkOrder.status.in_(CLOSED))
    .correlate(SlaAlert)
    .scalar_subquery()
)
"""When the alert of a closed order was raised; NULL while the order is open."""

SPENT: Mapping[str, Spent] = {
    "events": Spent(OutboxRow, (OutboxRow.position,), OutboxRow.sent_at),
    "timers": Spent(Timer, (Timer.timer_id,), Timer.fired_at),
    "deliveries": Spent(
        DeliveryRow, (DeliveryRow.delivery_id,), case((DeliveryRow.state.not_in(WAITING), DeliveryRow.due_at))
    ),
    "sla_alerts": Spent(SlaAlert, (SlaAlert.alert_id,), _CLOSED_ALERT),
    "idempotency_keys": Spent(IdempotencyRow, (IdempotencyRow.user_id, IdempotencyRow.key), IdempotencyRow.created_at),
    "sessions": Spent(SessionRow, (SessionRow.token_hash,), SessionRow.expires_at),
    "login_tokens": Spent(LoginTokenRow, (LoginTokenRow.token_hash,), LoginTokenRow.expires_at),
}
"""Every kind by name. Audit rows are not among them: they stay."""


async def remove_some(session: AsyncSession, kind: str, *, over_before: datetime) -> int:
    """Delete at most ``BATCH`` rows of ``kind`` that were over before that moment; returns how many."""
    spent = SPENT[kind]
    chosen = (await session.execute(select(*spent.key).where(spent.over < over_before).limit(BATCH))).all()
    for row in chosen:
        await session.execute(
            delete(spent.table).where(*(column == value for column, value in zip(spent.key, row, strict=True)))
        )
    return len(chosen)
