"""The audit trail of access: who logged in, listened, changed rights. Rows are only ever added."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage.tables import AuditRow


@dataclass(frozen=True, slots=True)
class AuditLine:
    """Who did what to what."""

    at: datetime
    by: str
    action: str
    subject: str
    detail: object


async def add(
    session: AsyncSession, *, at: datetime, by: str, action: str, subject: str, detail: object = None
) -> None:
    """Write one line; ``action`` is a stable word such as ``recording.played``, ``detail`` anything JSON can hold."""
    session.add(AuditRow(at=at, by=by, action=action, subject=subject, detail=detail))
    await session.flush()


async def lines(session: AsyncSession, *, subject: str | None = None, limit: int = 100) -> tuple[AuditLine, ...]:
    """The newest lines first."""
    statement = select(AuditRow).order_by(AuditRow.audit_id.desc()).limit(limit)
    if subject is not None:
        statement = statement.where(AuditRow.subject == subject)
    return tuple(
        AuditLine(row.at, row.by, row.action, row.subject, row.detail) for row in await session.scalars(statement)
    )
