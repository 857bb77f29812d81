"""First answers to POST requests, kept so that a repeat gets the same one and has no second effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.errors import Conflict
from callcenter.storage.tables import IdempotencyRow


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptAnswer:
    """What was answered; ``request_hash`` tells a repeat from another request under the same key."""

    request_hash: str
    status: int
    headers: Mapping[str, str]
    body: bytes


async def find(session: AsyncSession, *, user_id: str, key: str) -> KeptAnswer | None:
    """The answer kept under this user's key."""
    row = await session.get(IdempotencyRow, (user_id, key))
    if row is None:
        return None
    return KeptAnswer(request_hash=row.request_hash, status=row.status, headers=row.headers, body=row.body)


async def keep(session: AsyncSession, answer: KeptAnswer, *, user_id: str, key: str, at: datetime) -> None:
    """Keep ``answer`` in the transaction of its effect. Raises Conflict when another process is answering it too."""
    row = IdempotencyRow(
        user_id=user_id,
        key=key,
        request_hash=answer.request_hash,
        status=answer.status,
        headers=dict(answer.headers),
        body=answer.body,
        created_at=at,
    )
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise Conflict(
            "this request is being answered already", fix="send it again with the same Idempotency-Key"
        ) from error


async def forget(session: AsyncSession, *, before: datetime) -> None:
    """Drop answers older than ``before``."""
    await session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < before))
