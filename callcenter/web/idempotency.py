"""``Idempotency-Key``: the first answer to a POST is stored in the transaction of its effect; a repeat returns it.

The key's row is inserted before the work is done. A second request with the same key waits for the first one's
commit (SQLite: one writer at a time; PostgreSQL: the unique index waits), so even simultaneous repeats have one effect.
Refused requests roll back and keep no key.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage.tables import IdempotencyRow
from callcenter.web.errors import KeyReused

KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Claim:
    """Whose key, and the hash of the request it came with."""

    user_id: str
    key: str
    request_hash: str


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer as it goes out."""

    status: int
    headers: Mapping[str, str]
    body: bytes


async def claim(session: AsyncSession, claim: Claim, *, at: datetime) -> KeptAnswer | None:
    """Take the key, or return the answer it has already. Raises KeyReused when it belongs to a different request."""
    await session.execute(delete(IdempotencyRow).where(IdempotencyRow.created_at < at - KEPT))
    if await _insert(session, claim, at):
        return None
    row = (await session.scalars(select(IdempotencyRow).where(*_key(claim)))).one()
    if row.request_hash != claim.request_hash:
        raise KeyReused(
            "this key belongs to a different request",
            field="Idempotency-Key",
            fix="use a fresh key for each new request",
        )
    return KeptAnswer(row.status, row.headers, row.body)


async def store(session: AsyncSession, claim: Claim, answer: KeptAnswer) -> None:
    """Keep ``answer`` under the claimed key; it lasts with the caller's commit."""
    values = {"status": answer.status, "headers": dict(answer.headers), "body": answer.body}
    await session.execute(update(IdempotencyRow).where(*_key(claim)).values(values))


async def _insert(session: AsyncSession, claim: Claim, at: datetime) -> bool:
    values = {
        "user_id": claim.user_id,
        "key": claim.key,
        "request_hash": claim.request_hash,
        "status": 0,
        "headers": {},
        "body": b"",
        "created_at": at,
    }
    dialect: Any = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    statement = dialect.insert(IdempotencyRow).values(values).on_conflict_do_nothing()
    return await session.scalar(statement.returning(IdempotencyRow.key)) is not None


def _key(claim: Claim) -> tuple[Any, ...]:
    return IdempotencyRow.user_id == claim.user_id, IdempotencyRow.key == claim.key
