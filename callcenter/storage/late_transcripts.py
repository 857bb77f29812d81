"""The queue of calls whose words are recognised afterwards: one call at a time, oldest first, kept across restarts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import exists, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage.tables import CallEventRow, CallRow, LateTranscriptRow, RecordingRow, SegmentRow

LAST_WORDS = timedelta(seconds=15)
"""A call that ended just now may still be written down and understood."""
RECORDING_COMES = timedelta(days=1)
"""A recording that is not stored by then (a full disk) does not come any more."""
_WAITING = LateTranscriptRow.state == "waiting"


@dataclass(frozen=True, slots=True)
class LateCall:
    """A call to recognise: ``told_until_ms`` by speaker is where the words that are there already end."""

    call_id: str
    path: str
    """Of the recording, relative to the recordings folder."""
    told_until_ms: dict[str, int]
    attempts: int


async def next_call(session: AsyncSession, now: datetime) -> LateCall | None:
    """The call that has waited longest and has its recording; None when nothing is due."""
    row = (
        await session.execute(
            select(LateTranscriptRow.call_id, RecordingRow.path, LateTranscriptRow.attempts)
            .join(RecordingRow, RecordingRow.call_id == LateTranscriptRow.call_id)
            .join(CallRow, CallRow.call_id == LateTranscriptRow.call_id)
            .where(_WAITING, LateTranscriptRow.next_try_at <= now, CallRow.ended_at <= now - LAST_WORDS)
            .order_by(LateTranscriptRow.wanted_at)
            .limit(1)
        )
    ).first()
    if row is None:
        return None
    ends = await session.execute(
        select(LateTranscriptRow.speaker, func.max(SegmentRow.end_ms))
        .outerjoin(
            SegmentRow,
            (SegmentRow.call_id == LateTranscriptRow.call_id) & (SegmentRow.speaker == LateTranscriptRow.speaker),
        )
        .where(_WAITING, LateTranscriptRow.call_id == row.call_id)
        .group_by(LateTranscriptRow.speaker)
    )
    told = {speaker: end_ms or 0 for speaker, end_ms in ends}
    return LateCall(row.call_id, row.path, told, row.attempts)


async def count_waiting(session: AsyncSession) -> int:
    """Calls in the queue."""
    found = await session.scalar(select(func.count(LateTranscriptRow.call_id.distinct())).where(_WAITING))
    return int(found or 0)


async def finish(session: AsyncSession, call_id: str, *, at: datetime) -> None:
    """The words are there; the record says since when."""
    await _close(session, call_id, "done", "")
    await session.execute(update(CallRow).where(CallRow.call_id == call_id).values(transcript_state="complete"))
    session.add(CallEventRow(call_id=call_id, at=at, type="transcribed_late", interface=None, text=""))


async def postpone(session: AsyncSession, call_id: str, *, until: datetime, error: str) -> None:
    """It failed; try again later."""
    await session.execute(
        update(LateTranscriptRow)
        .where(_WAITING, LateTranscriptRow.call_id == call_id)
        .values(attempts=LateTranscriptRow.attempts + 1, next_try_at=until, error=error[:200])
    )


async def give_up(session: AsyncSession, call_id: str, *, error: str) -> None:
    """It will never work: the call stays without these words."""
    await _close(session, call_id, "failed", error)
    await session.execute(update(CallRow).where(CallRow.call_id == call_id).values(transcript_state="failed"))


async def without_recording(session: AsyncSession, now: datetime) -> tuple[str, ...]:
    """Calls that wait in vain: over for a day, and no recording."""
    recorded = exists().where(RecordingRow.call_id == LateTranscriptRow.call_id)
    found = await session.scalars(
        select(LateTranscriptRow.call_id)
        .join(CallRow, CallRow.call_id == LateTranscriptRow.call_id)
        .where(_WAITING, CallRow.ended_at <= now - RECORDING_COMES, ~recorded)
        .distinct()
    )
    return tuple(found)


async def _close(session: AsyncSession, call_id: str, state: str, error: str) -> None:
    await session.execute(
        update(LateTranscriptRow)
        .where(_WAITING, LateTranscriptRow.call_id == call_id)
        .values(state=state, error=error[:200])
    )
