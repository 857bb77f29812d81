"""Timers as rows: set and cleared in the transaction of the change they belong to, fired by whoever owns the clock.

Whoever fires takes one timer after the other (``take_due``), does its work in the same transaction and commits: what
a timer does happens once, or not at all and later again.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, Delete, Select, Update, delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from workorder import uow
from workorder.ids import new_id
from workorder.model.prepared import Prepared
from workorder.model.timers import PENDING, Timer

_PENDING = Timer.fired_at.is_(None)


def _set(insert: Any) -> Any:
    new = {name: insert.excluded[name] for name in _COLUMNS}
    return insert.on_conflict_do_update(index_elements=["kind", "subject"], index_where=PENDING, set_=new)


_COLUMNS = ("timer_id", "kind", "subject", "due_at", "try_at", "body", "failures", "last_error")
_SET = {
    "sqlite": Prepared(_set(sqlite.insert(Timer)), _COLUMNS),
    "postgresql": Prepared(_set(postgresql.insert(Timer)), _COLUMNS),
}
"""Made once: putting a statement together takes longer than running it."""


async def set_timer(session: AsyncSession, *, kind: str, subject: str, due_at: datetime, body: Any = None) -> None:
    """Let ``kind`` happen to ``subject`` at ``due_at`` (now, if that is past), instead of what was pending for both.

    ``kind`` has at most 40 characters, ``subject`` 120; ``body`` is anything JSON can hold.
    """
    timer = {
        "timer_id": new_id(),
        "kind": kind,
        "subject": subject,
        "due_at": due_at,
        "try_at": due_at,
        "body": body,
        "failures": 0,
        "last_error": None,
    }
    await uow.look(session, lambda rows: _SET[rows.dialect.name].run_later(rows, [timer]))
    uow.record_timer(session)


async def clear_timer(session: AsyncSession, *, kind: str, subject: str) -> bool:
    """Let nothing happen any more; whether something was pending."""
    pending = delete(Timer).where(Timer.kind == kind, Timer.subject == subject, _PENDING)
    return bool(await _touched(session, pending))


async def due(session: AsyncSession, at: datetime, limit: int = 100) -> tuple[Timer, ...]:
    """What should have happened by ``at`` and has not, in order of time."""
    return tuple(await session.scalars(_waiting(None).where(Timer.try_at <= at).limit(limit)))


async def pending(session: AsyncSession, subject: str) -> tuple[Timer, ...]:
    """What is still to happen to ``subject``, in order of time."""
    return tuple(await session.scalars(_waiting(None).where(Timer.subject == subject)))


async def next_at(session: AsyncSession, kinds: Collection[str]) -> datetime | None:
    """When the next timer of ``kinds`` is to be tried; None without one."""
    return await session.scalar(_waiting(kinds).with_only_columns(Timer.try_at).limit(1))


async def take_due(session: AsyncSession, at: datetime, kinds: Collection[str]) -> Timer | None:
    """Lock the first timer of ``kinds`` that is due and mark it fired; those other nodes work on are passed over."""
    first = _waiting(kinds).where(Timer.try_at <= at).limit(1)
    timer = await session.scalar(first.with_for_update(skip_locked=True))
    if timer is not None:
        timer.fired_at = at
        await session.flush()
    return timer


async def postpone(session: AsyncSession, timer_id: str, *, until: datetime, error: str) -> None:
    """Try a failed timer again at ``until``, unless it was replaced, cancelled or done meanwhile."""
    failed = update(Timer).where(Timer.timer_id == timer_id, _PENDING)
    values = {"try_at": until, "failures": Timer.failures + 1, "last_error": error[:500]}
    await _touched(session, failed.values(values))


async def _touched(session: AsyncSession, statement: Delete | Update) -> int:
    """Run it past the session's own rows; how many it touched."""
    done = await session.execute(statement.execution_options(synchronize_session=False))
    return int(cast("CursorResult[Any]", done).rowcount)


def _waiting(kinds: Collection[str] | None) -> Select[Timer]:
    statement = select(Timer).where(_PENDING).order_by(Timer.try_at, Timer.timer_id)
    return statement if kinds is None else statement.where(Timer.kind.in_(sorted(kinds)))
