"""How right live extraction is by what agents made of it, and corrected calls as new development data."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.errors import NotFound
from callcenter.ids import new_id
from callcenter.storage import audit, call_log
from callcenter.storage.call_views import CallDetail, SegmentView
from callcenter.storage.database import Database
from nlp.calibrate import Bin, expected_error, reliability
from nlp.feedback import Feedback, Line, Verdict, report
from workorder.fields import FieldContent, Source
from workorder.model.outcomes import Outcome
from workorder.policy.lifecycle import Status
from workorder.services.outcomes import OutcomeView, outcomes_since
from workorder.views.orders import OrderView

VERDICTS: Mapping[Outcome, Verdict] = {
    Outcome.ACCEPTED: "accepted",
    Outcome.LEFT: "accepted",
    Outcome.CORRECTED: "corrected",
    Outcome.EMPTIED: "removed",
}
"""A value that an order was created with stood, looked at or not."""
UNSAVED = frozenset({Status.DRAFT, Status.CANCELLED})
NOT_SAID = frozenset({"description"})
"""Fields that are put together, not heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotFigures:
    """One slot: how many values, what became of them, the share that stood, and how sure the machine was (0..1)."""

    slot: str
    values: int
    accepted: int
    left: int
    corrected: int
    emptied: int
    precision: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleFigures:
    """One rule with at least five values."""

    rule: str
    values: int
    precision: float
    confidence: float


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardReport:
    """All slots, the calibration (expected error 0..1, and its diagram), and the rules that are wrong most often."""

    since: datetime | None
    values: int
    precision: float
    calibration_error: float
    calibration: tuple[Bin, ...]
    slots: tuple[SlotFigures, ...]
    worst_rules: tuple[RuleFigures, ...]


async def heard_report(database: Database, since: datetime | None = None) -> HeardReport:
    """Figures of the outcomes decided since then."""
    async with database.read() as work:
        outcomes = await outcomes_since(work.session, since)
    summed = report([_feedback(row) for row in outcomes])
    pairs = [(row.confidence, VERDICTS[row.outcome] == "accepted") for row in outcomes]
    counts = Counter((row.field, row.outcome) for row in outcomes)
    return HeardReport(
        since=since,
        values=summed.judged,
        precision=summed.accepted / summed.judged if summed.judged else 0.0,
        calibration_error=expected_error(pairs),
        calibration=tuple(reliability(pairs)),
        slots=tuple(_slot(line, counts) for line in summed.slots),
        worst_rules=tuple(
            RuleFigures(rule=line.name, values=line.judged, precision=line.precision, confidence=line.confidence)
            for line in summed.worst_rules
        ),
    )


async def export_corrected(
    database: Database, target: Path, *, by: str, at: datetime, zone: ZoneInfo, since: datetime | None = None
) -> int:
    """Write the calls whose saved orders were corrected, as dialogues with gold, one JSON object a line; how many.

    The file holds names, numbers and addresses: only its owner can read it (mode 0600), and the audit trail says who
    made it before it is there. Raises OSError when it cannot be written.
    """
    async with database.read() as work:
        lines = [orjson.dumps(record) + b"\n" for record in await _corrected(work.session, since, zone)]
    draft = target.with_name(f".{target.name}.{new_id()}")
    try:
        _write_private(draft, lines)
        async with database.write() as work:
            detail = {"calls": len(lines), "since": since.isoformat() if since else None}
            await audit.add(
                work.session, at=at, by=by, action="nlp.exported", subject=str(target)[-120:], detail=detail
            )
            await work.commit()
        draft.replace(target)
    finally:
        draft.unlink(missing_ok=True)
    return len(lines)


async def _corrected(session: AsyncSession, since: datetime | None, zone: ZoneInfo) -> list[dict[str, Any]]:
    outcomes: dict[str, list[OutcomeView]] = {}
    for row in await outcomes_since(session, since):
        if row.call_id is not None:
            outcomes.setdefault(row.call_id, []).append(row)
    records = []
    for call_id, rows in outcomes.items():
        if all(VERDICTS[row.outcome] == "accepted" for row in rows):
            continue
        try:
            detail = await call_log.call_detail(session, call_id)
        except NotFound:
            continue  # The call was deleted since; its order may be kept longer.
        if any(order.status not in UNSAVED for order in detail.orders):
            records.append(_dialogue(detail, rows, zone))
    return records


def _dialogue(detail: CallDetail, rows: Iterable[OutcomeView], zone: ZoneInfo) -> dict[str, Any]:
    """A record of the corpus' format; ``corrected`` says what the machine had made of it."""
    first, *others = [order for order in detail.orders if order.status not in UNSAVED]
    gold = _gold(first) | ({"second_ticket": _gold(others[0])} if others else {})
    return {
        "id": detail.summary.call_id,
        "call_started_at": detail.summary.started_at.astimezone(zone).isoformat(),
        "caller_number": detail.summary.number,
        "turns": [_turn(segment) for segment in detail.segments],
        "gold": gold,
        "evidence": _evidence(first, rows, detail.segments),
        "corrected": {
            row.field: {"heard": row.heard, "rule": row.rule, "confidence": row.confidence}
            for row in rows
            if row.order_id == first.order_id and VERDICTS[row.outcome] != "accepted"
        },
    }


def _turn(segment: SegmentView) -> dict[str, Any]:
    return {
        "speaker": segment.speaker,
        "text": segment.text,
        "segment_id": segment.segment_id,
        "start_ms": segment.start_ms,
        "end_ms": segment.end_ms,
    }


def _gold(order: OrderView) -> dict[str, FieldContent]:
    """What the order was saved with, without what was only known of the customer."""
    return {
        name: _said(field.value)
        for name, field in order.fields.items()
        if name not in NOT_SAID and field.value is not None and field.source is not Source.CUSTOMER
    }


def _said(value: FieldContent) -> FieldContent:
    """An address without its empty parts; an appointment keeps its open end."""
    if isinstance(value, dict) and "end" not in value:
        return {part: text for part, text in value.items() if text}
    return value


def _evidence(
    order: OrderView, rows: Iterable[OutcomeView], segments: Iterable[SegmentView]
) -> dict[str, tuple[int, str]]:
    """Turn and words of values that stood."""
    turns = {segment.segment_id: (turn, segment.text) for turn, segment in enumerate(segments)}
    found = {}
    for row in rows:
        if row.order_id == order.order_id and VERDICTS[row.outcome] == "accepted":
            for ref in row.evidence[:1]:
                turn, text = turns.get(ref.segment_id, (0, ""))
                if text:
                    found[row.field] = (turn, text[ref.start_char : ref.end_char])
    return found


def _write_private(file: Path, lines: Iterable[bytes]) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.writelines(lines)


def _feedback(row: OutcomeView) -> Feedback:
    return Feedback(
        call_id=row.call_id or row.order_id,
        slot=row.field,
        rule=row.rule,
        confidence=row.confidence,
        value=row.heard,
        verdict=VERDICTS[row.outcome],
        final=row.final,
    )


def _slot(line: Line, counts: Mapping[tuple[str, Outcome], int]) -> SlotFigures:
    return SlotFigures(
        slot=line.name,
        values=line.judged,
        accepted=counts.get((line.name, Outcome.ACCEPTED), 0),
        left=counts.get((line.name, Outcome.LEFT), 0),
        corrected=counts.get((line.name, Outcome.CORRECTED), 0),
        emptied=counts.get((line.name, Outcome.EMPTIED), 0),
        precision=line.precision,
        confidence=line.confidence,
    )
