"""Keeping what people make of heard values, in the transaction in which they decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from workorder.fields import EvidenceRef, FieldContent, FieldValue, Source
from workorder.model.orders import WorkOrder
from workorder.model.outcomes import Outcome, SlotOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeView:
    """One heard value and what became of it; ``final`` is None when it was emptied."""

    order_id: str
    call_id: str | None
    field: str
    at: datetime
    by: str
    outcome: Outcome
    heard: FieldContent
    final: FieldContent | None
    rule: str
    confidence: float
    evidence: tuple[EvidenceRef, ...]


async def judged(
    session: AsyncSession,
    order: WorkOrder,
    before: Mapping[str, FieldValue],
    names: Iterable[str],
    *,
    by: str,
    at: datetime,
) -> None:
    """A person typed or accepted the fields ``names`` of ``order``, which looked like ``before``."""
    kept = await _kept(session, order.order_id)
    after = order.fields
    for name in set(names):
        row = kept.get(name) or _opened(order, name, before.get(name))
        if row is None:
            continue
        row.final = after[name].value
        row.outcome, row.by, row.at = _outcome(row), by, at
        session.add(row)


async def left(session: AsyncSession, order: WorkOrder, *, by: str, at: datetime) -> None:
    """``order`` was created: heard values that nobody touched stood as they were."""
    rows = {name: row for name, value in order.fields.items() if (row := _opened(order, name, value)) is not None}
    kept = await _kept(session, order.order_id) if rows else {}
    for name, row in rows.items():
        if name not in kept:
            row.final, row.outcome, row.by, row.at = row.heard, Outcome.LEFT, by, at
            session.add(row)


async def outcomes_since(session: AsyncSession, since: datetime | None = None) -> tuple[OutcomeView, ...]:
    """Outcomes decided at or after ``since`` (None: all), oldest first."""
    statement = select(SlotOutcome).order_by(SlotOutcome.at, SlotOutcome.order_id, SlotOutcome.field)
    if since is not None:
        statement = statement.where(SlotOutcome.at >= since)
    return tuple(_view(row) for row in await session.scalars(statement))


async def _kept(session: AsyncSession, order_id: str) -> dict[str, SlotOutcome]:
    rows = await session.scalars(select(SlotOutcome).where(SlotOutcome.order_id == order_id))
    return {row.field: row for row in rows}


def _opened(order: WorkOrder, name: str, value: FieldValue | None) -> SlotOutcome | None:
    """A new row for a value that the machine heard; None for what was typed, known, withdrawn or put together."""
    if value is None or value.source is not Source.HEARD or value.value is None or value.confidence is None:
        return None
    return SlotOutcome(
        order_id=order.order_id,
        field=name,
        call_id=order.call_id,
        heard=value.value,
        rule=(value.rule or "")[:80],
        confidence=value.confidence,
        state=str(value.state),
        evidence=[asdict(ref) for ref in value.evidence],
    )


def _outcome(row: SlotOutcome) -> Outcome:
    if row.final is None or row.final == "":
        return Outcome.EMPTIED
    return Outcome.ACCEPTED if row.final == row.heard else Outcome.CORRECTED


def _view(row: SlotOutcome) -> OutcomeView:
    heard: FieldContent = row.heard if row.heard is not None else ""
    return OutcomeView(
        order_id=row.order_id,
        call_id=row.call_id,
        field=row.field,
        at=row.at,
        by=row.by,
        outcome=Outcome(row.outcome),
        heard=heard,
        final=row.final,
        rule=row.rule,
        confidence=row.confidence,
        evidence=tuple(EvidenceRef(**ref) for ref in row.evidence),
    )
