"""Kept answers of requests with an Idempotency-Key, as far as others than the web server have to do with them."""

from __future__ import annotations

from collections.abc import Callable, Collection

from sqlalchemy import ColumnElement, delete, func
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage.tables import IdempotencyRow

_BODY = IdempotencyRow.body
_NAMES: dict[str, Callable[[bytes], ColumnElement[bool]]] = {
    "sqlite": lambda key: func.instr(_BODY, key) > 0,
    "postgresql": lambda key: _BODY.bool_op("LIKE")(b"%" + key + b"%"),
}
"""Whether an answer's bytes hold those of a ULID, by database."""


async def forget(session: AsyncSession, keys: Collection[str]) -> None:
    """Remove every kept answer that names one of these ULIDs: a repeat of its request is a new request."""
    names = _NAMES[session.get_bind().dialect.name]
    for key in keys:
        gone = delete(IdempotencyRow).where(names(key.encode("ascii")))
        await session.execute(gone.execution_options(synchronize_session=False))
