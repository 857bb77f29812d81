"""Which recordings have outlived their time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage import audit
from callcenter.storage.tables import RecordingRow
from workorder.model.orders import WorkOrder


@dataclass(frozen=True, slots=True)
class ExpiredRecording:
    """A recording to remove; ``path`` is relative to the recordings folder."""

    call_id: str
    path: str


async def expired(
    session: AsyncSession, *, stored_before: datetime, ordered_before: datetime, limit: int
) -> tuple[ExpiredRecording, ...]:
    """Recordings stored before ``stored_before``; of calls that became an order, before ``ordered_before``."""
    ordered = exists().where(WorkOrder.call_id == RecordingRow.call_id, WorkOrder.number.is_not(None))
    too_old = (RecordingRow.stored_at < ordered_before) | ((RecordingRow.stored_at < stored_before) & ~ordered)
    rows = await session.execute(select(RecordingRow.call_id, RecordingRow.path).where(too_old).limit(limit))
    return tuple(ExpiredRecording(call_id, path) for call_id, path in rows)


async def forget(session: AsyncSession, call_id: str, *, at: datetime) -> None:
    """The call has no recording any more; transcript and record stay. Leaves an audit line."""
    await session.execute(delete(RecordingRow).where(RecordingRow.call_id == call_id))
    await audit.add(session, at=at, by="retention", action="recording.expired", subject=call_id)
