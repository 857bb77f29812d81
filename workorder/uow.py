"""How services and whoever owns the transaction meet.

A service calls ``record``; the application's unit of work calls ``take`` when it commits and writes what it got to its
outbox, so rows and events become true together or not at all.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import Connection
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from workorder.events import DomainEvent
from workorder.model.prepared import connection_of

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")

_KEY = "workorder.events"
_TIMERS = "workorder.timers"


def record(session: AsyncSession, event: DomainEvent) -> None:
    """Queue ``event`` for the outbox of this session's transaction."""
    session.info.setdefault(_KEY, []).append(event)


def take(session: AsyncSession) -> tuple[DomainEvent, ...]:
    """The events recorded since the last ``take``, in order."""
    return tuple(session.info.pop(_KEY, ()))


@asynccontextmanager
async def savepoint(session: AsyncSession) -> AsyncIterator[None]:
    """What is done inside is taken back with its events when it raises; what was done before stays."""
    before = len(session.info.get(_KEY, ()))
    try:
        async with session.begin_nested():
            yield
    except BaseException:
        del session.info.get(_KEY, [])[before:]
        raise


def record_timer(session: AsyncSession) -> None:
    """Remember that this transaction set a timer: whoever fires them must look when the next one is due."""
    session.info[_TIMERS] = True


def take_timers(session: AsyncSession) -> bool:
    """Whether a timer was set since the last ``take_timers``."""
    return bool(session.info.pop(_TIMERS, False))


async def look(
    session: AsyncSession,
    question: Callable[Concatenate[Connection, Asked], Answer],
    *given: Asked.args,
    **named: Asked.kwargs,
) -> Answer:
    """Ask a question that needs no objects, inside the session's transaction; it sees what ``execute`` would see."""

    def run(rows: Session) -> Answer:
        if rows.autoflush:
            rows.flush()
        return question(connection_of(rows), *given, **named)

    return await session.run_sync(run)
