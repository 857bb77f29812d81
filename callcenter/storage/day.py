"""What the wallboard starts with: the calls and gaps of a day, and who uses which device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage.tables import CallEventRow, CallRow, GapRow, UserRow


@dataclass(frozen=True, slots=True)
class DayCall:
    """One call, as far as counting goes. ``no_transcript``: at least one speaker had none."""

    linkedid: str
    direction: str
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    abandoned: bool
    transcript_state: str
    no_transcript: bool


async def calls_since(session: AsyncSession, since: datetime) -> list[DayCall]:
    """Calls that arrived at ``since`` or later, in no order."""
    silent = exists().where(CallEventRow.call_id == CallRow.call_id, CallEventRow.type == "no_transcript")
    found = await session.execute(
        select(
            CallRow.linkedid,
            CallRow.direction,
            CallRow.started_at,
            CallRow.answered_at,
            CallRow.ended_at,
            CallRow.abandoned,
            CallRow.transcript_state,
            silent,
        ).where(CallRow.started_at >= since)
    )
    return [DayCall(*row) for row in found]


async def gaps_since(session: AsyncSession, since: datetime, *, limit: int) -> Sequence[GapRow]:
    """The newest ``limit`` gaps that ended at ``since`` or later, oldest first."""
    found = await session.scalars(
        select(GapRow).where(GapRow.until >= since).order_by(GapRow.until.desc(), GapRow.gap_id.desc()).limit(limit)
    )
    return found.all()[::-1]


async def device_names(session: AsyncSession) -> dict[str, str]:
    """Device → display name of the active user who has it; the one added first when several do."""
    found = await session.execute(
        select(UserRow.interface, UserRow.display_name)
        .where(UserRow.interface.is_not(None), UserRow.active)
        .order_by(UserRow.user_id.desc())
    )
    return {interface: name for interface, name in found if interface is not None}
