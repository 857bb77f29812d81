"""API keys: who made them, what they may, when they were used last. Known by their hash only."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.errors import NotFound
from callcenter.ids import new_id
from callcenter.storage.tables import ApiKeyRow


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key on file. ``expires_at`` None: for good; ``last_used_at`` is right to the minute."""

    key_id: str
    name: str
    scopes: tuple[str, ...]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    def in_force(self, at: datetime) -> bool:
        """Neither revoked nor expired."""
        return self.revoked_at is None and (self.expires_at is None or self.expires_at > at)


async def add(
    session: AsyncSession,
    *,
    name: str,
    token_hash: str,
    scopes: Iterable[str],
    by: str,
    at: datetime,
    expires_at: datetime | None,
) -> ApiKey:
    """Put a key on file."""
    row = ApiKeyRow(
        key_id=new_id(),
        name=name,
        token_hash=token_hash,
        scopes=list(scopes),
        created_at=at,
        created_by=by,
        expires_at=expires_at,
    )
    session.add(row)
    await session.flush()
    return _key(row)


async def by_hash(session: AsyncSession, token_hash: str) -> ApiKey | None:
    """The key with this hash, in force or not."""
    row = (await session.scalars(select(ApiKeyRow).where(ApiKeyRow.token_hash == token_hash))).one_or_none()
    return _key(row) if row else None


async def page(session: AsyncSession, *, before: str | None, limit: int) -> tuple[ApiKey, ...]:
    """Newest first, those made before the key ``before``."""
    statement = select(ApiKeyRow).order_by(ApiKeyRow.key_id.desc()).limit(limit)
    if before is not None:
        statement = statement.where(ApiKeyRow.key_id < before)
    return tuple(_key(row) for row in await session.scalars(statement))


async def revoke(session: AsyncSession, key_id: str, *, at: datetime) -> tuple[ApiKey, bool]:
    """End a key; False when it was revoked before, and stays so. Raises NotFound."""
    row = await session.get(ApiKeyRow, key_id, with_for_update=True)
    if row is None:
        raise NotFound(f"there is no API key {key_id}", field="key_id", fix="`callcenter api-key list` shows all")
    fresh = row.revoked_at is None
    row.revoked_at = row.revoked_at or at
    await session.flush()
    return _key(row), fresh


async def used(session: AsyncSession, key_id: str, *, at: datetime) -> None:
    """Note that the key was used."""
    await session.execute(update(ApiKeyRow).where(ApiKeyRow.key_id == key_id).values(last_used_at=at))


def _key(row: ApiKeyRow) -> ApiKey:
    return ApiKey(
        key_id=row.key_id,
        name=row.name,
        scopes=tuple(row.scopes),
        created_at=row.created_at,
        created_by=row.created_by,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
        last_used_at=row.last_used_at,
    )
