"""SQLite for SQLAlchemy with one visit to the driver's thread per statement.

aiosqlite runs each connection in a thread of its own; SQLAlchemy's adapter goes there four times per statement (cursor,
execute, fetchall, close) and once more each for BEGIN and ROLLBACK. Every visit waits for two thread switches, which on
a busy machine costs more than the query. Here BEGIN travels with the first statement, a statement is executed and
fetched in one visit, and nobody waits for the ROLLBACK of a transaction that only read. That halves the time of the
pop's lookup (bench/storage.py). Writes whose outcome nobody waits for (``SharedConnection.later``) travel with the next
statement too, or with the COMMIT.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import aiosqlite
from sqlalchemy.dialects.sqlite.aiosqlite import (
    AsyncAdapt_aiosqlite_connection,
    AsyncAdapt_aiosqlite_cursor,
    AsyncAdapt_aiosqlite_dbapi,
)
from sqlalchemy.util import await_only

from callcenter.storage.group_commit import GroupCommit, Rest, Unit


class _Done(NamedTuple):
    """What a statement left: column descriptions, affected rows, last row id, result rows."""

    description: Any
    rowcount: int
    lastrowid: int | None
    rows: Sequence[Any]


_NOTHING = _Done(None, -1, None, ())
_TAKES_BACK = "ROLLBACK TO"
"""Begins what goes back to a savepoint: what waits was asked for after it, for it took along what waited then."""


Then = Callable[[int, Sequence[Any]], None]
"""Takes the number of rows that a statement touched, and those it gave; runs in the driver's thread and may raise."""


class _Later(NamedTuple):
    """A statement that travels with what comes next; ``then`` gets its outcome."""

    statement: str
    parameters: Any
    many: bool
    then: Then | None


@dataclass(slots=True)
class _Visit:
    """One errand to the driver's thread. ``abandoned``: whoever sent it is gone, and it need not be run any more.

    ``inside``: it belongs to a transaction. SQLite ends one by itself when the disk is full; what comes after must not
    last on its own. ``before`` is done first; without a ``statement`` that is all.
    """

    connection: sqlite3.Connection
    begin: str | None
    before: Sequence[_Later]
    statement: str | None
    parameters: Any
    many: bool
    inside: bool
    abandoned: bool = False

    def __call__(self) -> _Done:
        """Runs in the driver's thread."""
        if self.abandoned:
            return _NOTHING
        if self.begin is not None:
            self.connection.execute(self.begin)
        elif self.inside and not self.connection.in_transaction:
            raise sqlite3.OperationalError("disk I/O error: the transaction was rolled back")
        for one in self.before:
            done = self._run(one.statement, one.parameters, many=one.many)
            if one.then is not None:
                one.then(done.rowcount, done.rows)
        return _NOTHING if self.statement is None else self._run(self.statement, self.parameters, many=self.many)

    def _run(self, statement: str, parameters: Any, *, many: bool) -> _Done:
        execute = self.connection.executemany if many else self.connection.execute
        cursor = execute(statement, parameters)
        try:
            rows = cursor.fetchall() if cursor.description else ()
            return _Done(cursor.description, cursor.rowcount, cursor.lastrowid, rows)
        finally:
            cursor.close()

    def abandon(self, *, interrupt: bool) -> None:
        """Do not begin it any more; ``interrupt``: stop it when it runs, which may take its whole transaction along."""
        self.abandoned = True
        if interrupt:
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
        self._done = await self._adapt_connection.visit(statement, parameters, many=many)
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

    async def visit(self, statement: str | None, parameters: Any = (), *, many: bool = False) -> _Done:
        """Run it in the driver's thread, after what waits to be taken along; None: only that."""
        async with self._execute_mutex:
            driver: Any = self._connection
            begin, before = await self.first_statement(), self.take_along(statement)
            visit = _Visit(driver._conn, begin, before, statement, parameters, many, self.inside)  # noqa: SLF001
            try:
                done: _Done = await driver._execute(visit)  # noqa: SLF001
            except asyncio.CancelledError:
                # Nobody waits for the answer any more: others shall not wait for the statement.
                visit.abandon(interrupt=self.may_interrupt)
                raise
            return done

    def take_along(self, statement: str | None) -> Sequence[_Later]:  # noqa: ARG002 - for those that write
        """What to do before ``statement`` in the same visit."""
        return ()

    async def first_statement(self) -> str | None:
        """What to send before this statement: BEGIN before the first of a transaction."""
        return self.take_begin()

    @property
    def inside(self) -> bool:
        """Whether statements belong to a transaction that was begun: of one that only reads nobody needs to know."""
        return False

    @property
    def may_interrupt(self) -> bool:
        """Whether a running statement may be stopped."""
        return True

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


class SharedConnection(OneVisitConnection):
    """One of many that write by turns on the same connection of the driver (``group_commit``)."""

    __slots__ = ("_alone", "_ending", "_group", "_later", "_leave", "_unit")

    def __init__(self, dbapi: Any, connection: Any, group: GroupCommit, leave: Callable[[], Awaitable[None]]) -> None:
        super().__init__(dbapi, connection)
        self._group = group
        self._leave: Callable[[], Awaitable[None]] | None = leave
        self._alone = False
        self._unit: Unit | None = None
        self._later: list[_Later] = []

    def begin(self, statement: str, *, alone: bool = False) -> None:
        """Wait for a turn before the first statement; ``alone`` as in ``GroupCommit.enter``."""
        super().begin(statement)
        self._alone = alone

    async def first_statement(self) -> str | None:
        """BEGIN or a savepoint, when it is this connection's turn."""
        if self.take_begin() is None:
            return None
        self._unit = await self._group.enter(alone=self._alone)
        return self._unit.begin

    def later(self, statement: str, parameters: Any, *, many: bool = False, then: Then | None = None) -> None:
        """Run it with the next statement, before it, or with the commit: a failure is heard of then.

        ``then`` is given the outcome; what it raises is a failure.
        """
        self._later.append(_Later(statement, parameters, many, then))

    def take_along(self, statement: str | None) -> Sequence[_Later]:
        """What waits, once; nothing of it where the statement would take it back."""
        later, self._later = self._later, []
        return () if statement is not None and statement.startswith(_TAKES_BACK) else later

    @property
    def inside(self) -> bool:
        """Statements outside are the driver's own, when it connects."""
        return self._unit is not None

    @property
    def may_interrupt(self) -> bool:
        """What is interrupted may be rolled back with all that was done before it."""
        return self._unit is None or not self._unit.shares

    def commit(self) -> None:
        """Returns when all that was sent is on the disk."""
        rest = None
        if self._later and self._unit is not None and self._group.is_last(self._unit):
            driver: Any = self._connection
            rest = _Visit(driver._conn, None, self.take_along(None), None, (), many=False, inside=True)  # noqa: SLF001
        elif self._later:
            self._write_rest()
        if self.take_begin() is None and (unit := self._take_unit()) is not None:
            self._waited_for(self._group.done(unit, rest))

    def _write_rest(self) -> None:
        try:
            self._waited_for(self.visit(None))
        except BaseException:
            # To SQLAlchemy a transaction whose commit failed is over: it would not end it.
            self.rollback()
            raise

    def rollback(self) -> None:
        """Take back what was sent."""
        self._later.clear()
        if self.take_begin() is None and (unit := self._take_unit()) is not None:
            self._waited_for(self._group.undo(unit))

    def close(self) -> None:
        """Leave the connection to the others."""
        self._waited_for(self._left())

    async def _terminate_graceful_close(self) -> None:
        await self._left()

    def _terminate_force_close(self) -> None:
        self._ending = asyncio.ensure_future(self._left())

    async def _left(self) -> None:
        if (unit := self._take_unit()) is not None:
            await self._group.undo(unit)
        leave, self._leave = self._leave, None
        if leave is not None:
            await leave()

    def _take_unit(self) -> Unit | None:
        unit, self._unit = self._unit, None
        return unit

    def _waited_for(self, work: Coroutine[Any, Any, Any]) -> None:
        try:
            await_only(work)
        except Exception as error:  # noqa: BLE001 - as every adapter of SQLAlchemy: it turns them into the driver's
            self._handle_exception(error)


class OneVisitDriver(AsyncAdapt_aiosqlite_dbapi):
    """The driver to hand to ``create_async_engine(module=…)``."""

    def __init__(self) -> None:
        super().__init__(aiosqlite, sqlite3)

    def connect(self, *arguments: Any, **options: Any) -> OneVisitConnection:
        """Open a connection and its thread."""
        return OneVisitConnection(self, super().connect(*arguments, **options)._connection)  # noqa: SLF001


class SharedDriver(OneVisitDriver):
    """The same with one connection of the driver for all, on which they take turns."""

    def __init__(self) -> None:
        super().__init__()
        self._shared: tuple[Any, GroupCommit] | None = None
        self._users = 0

    def connect(self, *arguments: Any, **options: Any) -> SharedConnection:
        """Join the connection; the first opens it."""
        driver, group = self._shared or self._opened(super().connect(*arguments, **options))
        self._users += 1
        return SharedConnection(self, driver, group, self._leave)

    def _opened(self, connection: OneVisitConnection) -> tuple[Any, GroupCommit]:
        """Another may have opened one meanwhile: there must be no second."""
        if self._shared is None:
            driver = connection._connection  # noqa: SLF001
            self._shared = driver, GroupCommit(_Statements(driver))
        else:
            connection.close()
        return self._shared

    async def _leave(self) -> None:
        self._users -= 1
        if self._users == 0 and self._shared is not None:
            (driver, _), self._shared = self._shared, None
            await driver.close()


@dataclass(frozen=True, slots=True)
class _Statements:
    """The connection as the group ends its transactions on it: ``group_commit.Writing``."""

    driver: Any

    async def run(self, *statements: str, rest: Rest | None = None) -> bool:
        """In one visit to the thread, where the state of the transaction is certain."""
        done: bool = await self.driver._execute(self._run_after, rest, statements)  # noqa: SLF001
        return done

    def _run_after(self, rest: Rest | None, statements: Sequence[str]) -> bool:
        if rest is not None and self.driver._conn.in_transaction:  # noqa: SLF001
            rest()
        return self._run(statements)

    def _run(self, statements: Sequence[str]) -> bool:
        connection: sqlite3.Connection = self.driver._conn  # noqa: SLF001
        was_open = connection.in_transaction
        for statement in statements if was_open else ():
            connection.execute(statement)
        return was_open
