"""The calls that were going on when this process, or the one before it, last wrote: what a restart goes on with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage.tables import CallRow, LateTranscriptRow, LegRow, SegmentRow

Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class OpenCall:
    """A call without an end on record, with its legs in the order of their offers."""

    row: Row
    legs: tuple[Row, ...]
    transcribed_late: bool
    """Its words are to be recognised from the recording once it is over."""

    @property
    def call_id(self) -> str:
        """Ours."""
        return str(self.row["call_id"])

    @property
    def names(self) -> Iterator[str]:
        """What the PBX may call it: its linkedid, and the uniqueids of its channels that we know of."""
        yield self.row["linkedid"]
        for leg in self.legs:
            yield leg["uniqueid"]
            if leg["caller_uniqueid"]:
                yield leg["caller_uniqueid"]


async def open_calls(session: AsyncSession) -> tuple[OpenCall, ...]:
    """Oldest first."""
    calls = [
        _row(call)
        for call in await session.scalars(select(CallRow).where(CallRow.ended_at.is_(None)).order_by(CallRow.call_id))
    ]
    of_open = select(CallRow.call_id).where(CallRow.ended_at.is_(None))
    legs = [
        _row(leg)
        for leg in await session.scalars(
            select(LegRow).where(LegRow.call_id.in_(of_open)).order_by(LegRow.offered_at, LegRow.uniqueid)
        )
    ]
    waiting = select(LateTranscriptRow.call_id).where(LateTranscriptRow.state == "waiting")
    late = set(await session.scalars(waiting.where(LateTranscriptRow.call_id.in_(of_open))))
    return tuple(
        OpenCall(
            call,
            tuple(leg for leg in legs if leg["call_id"] == call["call_id"]),
            transcribed_late=call["call_id"] in late,
        )
        for call in calls
    )


async def segments_of(session: AsyncSession, call_id: str) -> tuple[Row, ...]:
    """What was heard on a call so far, in the order in which it was spoken."""
    spoken = select(SegmentRow).where(SegmentRow.call_id == call_id)
    rows = await session.scalars(spoken.order_by(SegmentRow.end_ms, SegmentRow.segment_id))
    return tuple(_row(row) for row in rows)


def _row(mapped: Any) -> Row:
    """Column → value; times aware, as the writer has them."""
    values = {column.key: getattr(mapped, column.key) for column in mapped.__table__.columns}
    return {key: _aware(value) if isinstance(value, datetime) else value for key, value in values.items()}


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
