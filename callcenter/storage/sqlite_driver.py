"""SQLite for SQLAlchemy with one visit to the driver's thread per statement.

aiosqlite runs each connection in a thread of its own; SQLAlchemy's adapter goes there four times per statement (cursor,
execute, fetchall, close) and once more each for BEGIN and ROLLBACK. Every visit waits for two thread switches, which on
a busy machine costs more than the query. Here BEGIN travels with the first statement, a statement is executed and
fetched in one visit, and nobody waits for the ROLLBACK of a transaction that only read. That halves the time of the
pop's lookup (bench/storage.py).
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)


class _Done(NamedTuple):
    """What a statement left: column descriptions, affected rows, last row id, result rows."""

    description: Any
    rowcount: int
    lastrowid: int | None
    rows: Sequence[Any]


_NOTHING = _Done(None, -1, None, ())


@dataclass(slots=True)
class _Visit:
    """One errand to the driver's thread. ``abandoned``: whoever sent it is gone, and it need not be run any more."""

    connection: sqlite3.Connection
    begin: str | None
    statement: str
    parameters: Any
    many: bool
    abandoned: bool = False

    def __call__(self) -> _Done:
        """Runs in the driver's thread."""
        if self.abandoned:
            return _NOTHING
        if self.begin is not None:
            self.connection.execute(self.begin)
        execute = self.connection.executemany if self.many else self.connection.execute
        cursor = execute(self.statement, self.parameters)
        try:
            rows = cursor.fetchall() if cursor.description else ()
            return _Done(cursor.description, cursor.rowcount, cursor.lastrowid, rows)
        finally:
            cursor.close()

    def abandon(self) -> None:
        """Stop it, wherever it is."""
        self.abandoned = True
        self.connection.interrupt()


class _Cursor(AsyncAdapt_aiosqlite_cursor):
    """Holds no cursor of the driver: everything is fetched with the statement."""

    __slots__ = ("_done",)

    _awaitable_cursor_close = False
    _adapt_connection: OneVisitConnection

    def __init__(self, adapt_connection: OneVisitConnection) -> None:
        self._adapt_connection = adapt_connection
        self._connection = adapt_connection._connection  # noqa: SLF001 - as every adapter of SQLAlchemy does
        self._cursor = None  # type: ignore[assignment]
        self._rows = deque()
        self._soft_closed_memoized = {}  # type: ignore[assignment]
        self._done = _NOTHING

    @property
    def description(self) -> Any:
        """The columns of the result, None for a statement without one."""
        return self._done.description

    @property
    def rowcount(self) -> int:
        """How many rows an INSERT, UPDATE or DELETE touched."""
        return self._done.rowcount

    @property
    def lastrowid(self) -> int:
        """The key SQLite gave the last inserted row."""
        return self._done.lastrowid or 0

    async def _execute_async(self, operation: Any, parameters: Any) -> None:
        await self._run(operation, parameters or (), many=False)

    async def _executemany_async(self, operation: Any, seq_of_parameters: Any) -> None:
        await self._run(operation, seq_of_parameters, many=True)

    async def _run(self, statement: str, parameters: Any, *, many: bool) -> None:
        async with self._adapt_connection._execute_mutex:  # noqa: SLF001
            driver: Any = self._connection
            visit = _Visit(driver._conn, self._adapt_connection.take_begin(), statement, parameters, many)  # noqa: SLF001
            try:
                self._done = await driver._execute(visit)  # noqa: SLF001
            except asyncio.CancelledError:
                # Nobody waits for the answer any more: others shall not wait for the statement.
                visit.abandon()
                raise
            self._rows = deque(self._done.rows)


class OneVisitConnection(AsyncAdapt_aiosqlite_connection):
    """A connection whose BEGIN waits for the first statement; those that only read do not wait for their ROLLBACK."""

    __slots__ = ("_begin", "waits_for_rollback")

    _cursor_cls = _Cursor  # type: ignore[assignment]

    def __init__(self, dbapi: Any, connection: Any) -> None:
        super().__init__(dbapi, connection)
        self._begin: str | None = None
        self.waits_for_rollback = True

    def begin(self, statement: str) -> None:
        """Start a transaction by ``statement``, sent together with the first statement in it."""
        self._begin = statement

    def take_begin(self) -> str | None:
        """The BEGIN still to send, once."""
        begin, self._begin = self._begin, None
        return begin

    def commit(self) -> None:
        """Commit, if anything was sent."""
        if self.take_begin() is None:
            super().commit()

    def rollback(self) -> None:
        """Roll back, if anything was sent."""
        if self.take_begin() is not None:
            return
        driver: Any = self._connection
        if self.waits_for_rollback or driver._connection is None:  # noqa: SLF001
            super().rollback()
        else:
            # The thread does one thing after the other: whatever comes next finds the transaction gone.
            driver._tx.put_nowait((None, driver._conn.rollback))  # noqa: SLF001


class OneVisitDriver(AsyncAdapt_aiosqlite_dbapi):
    """The driver to hand to ``create_async_engine(module=…)``."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arguments: Any, **options: Any) -> OneVisitConnection:
        """Open a connection and its thread."""
        return OneVisitConnection(self, super().connect(*arguments, **options)._connection)  # noqa: SLF001
