"""Who is on file with a number, as fast as the database can tell: the look-up that every pop waits for.

The statement is the services' own (``workorder.services.customers.CARDS_BY_PHONE``: one indexed SELECT), compiled once
and given to the bare driver: on SQLite the session and the visit to the driver's thread around it cost thirty times
what the statement does (bench/pop.py).
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from typing import Any, Protocol

import structlog
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import URL, Dialect

from callcenter.storage.database import Database
from callcenter.storage.failures import explain, explained
from workorder.policy.phones import PhoneKey, parse_phone
from workorder.services import customers
from workorder.views.customers import CustomerCard

log = structlog.get_logger(__name__)

Cards = tuple[CustomerCard, ...]

SLOW_S = 0.02
"""A disk that takes longer for one card is not waited for on the event loop …"""
SPARED_S = 5.0
"""… for this long."""
POSTGRESQL_CONNECTIONS = (2, 4)
"""Opened at the start, and at most."""
POSTGRESQL_TIMEOUT_S = 5.0
"""For a connection, and for an answer."""


class CallerCards(Protocol):
    """The look-up as a port; ``tests/contract/test_caller_cards.py`` runs over every adapter.

    Both methods are called on the event loop, give everyone on file with the number (at most six, oldest customer
    first; nobody for a hidden number) as of the last commit, and never write.
    """

    def at_hand(self, key: PhoneKey) -> Cards | None:
        """The answer where it can be given at once, in less time than a turn of the loop costs; never raises.

        None: ask ``by_phone``.
        """
        ...

    async def by_phone(self, key: PhoneKey) -> Cards:
        """The answer, waited for. Raises Unavailable while the database is away."""
        ...

    async def aclose(self) -> None:
        """Close what the look-up keeps open."""
        ...


async def open_caller_cards(database: Database) -> CallerCards:
    """The look-up on an open database. Raises Unavailable."""
    if database.url.get_backend_name() == "sqlite":
        return await SqliteCards.open(database)
    return await PostgresqlCards.open(database)


class _Statement:
    """The SELECT in a driver's own words, with its values in the driver's order."""

    def __init__(self, dialect: Dialect) -> None:
        compiled: Any = customers.CARDS_BY_PHONE.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        self.sql = str(compiled)
        self._values = [compiled.params[name] for name in compiled.positiontup]
        self._lookup_at = compiled.positiontup.index("lookup")

    def values(self, lookup: str) -> list[Any]:
        """Those of one look-up."""
        values = self._values.copy()
        values[self._lookup_at] = lookup
        return values


class SqliteCards:
    """Reads the file from the event loop itself, on a connection of its own.

    A card is some thirty pages, which the system has in memory after a while: about a tenth of a millisecond. While the
    disk is much slower than that, and when anything goes wrong, ``at_hand`` leaves it to ``by_phone``, whose statements
    run in the driver's threads. Readers never wait for writers on the write-ahead log.
    """

    def __init__(self, database: Database, connection: sqlite3.Connection, now: Callable[[], float]) -> None:
        self._database = database
        self._connection = connection
        self._now = now
        self._statement = _Statement(sqlite.dialect(paramstyle="qmark"))
        self._spared_until = 0.0

    @classmethod
    async def open(cls, database: Database, *, now: Callable[[], float] = time.monotonic) -> SqliteCards:
        """The write-ahead log must exist: ``database`` is open and migrated."""
        with explained(database.url):
            connection = sqlite3.connect(str(database.url.database), timeout=0.0, isolation_level=None)
            for pragma in ("query_only=ON", "cache_size=-32768"):
                connection.execute(f"PRAGMA {pragma}")
        cards = cls(database, connection, now)
        cards.at_hand(parse_phone("13000000000"))
        return cards

    def at_hand(self, key: PhoneKey) -> Cards | None:
        """From the file, unless the disk was slow a moment ago."""
        if key.lookup is None:
            return ()
        begin = self._now()
        if begin < self._spared_until:
            return None
        try:
            with closing(self._connection.execute(self._statement.sql, self._statement.values(key.lookup))) as found:
                rows = found.fetchall()
        except sqlite3.Error:
            return None  # ``by_phone`` meets the same trouble, and says what it is.
        self._spare(self._now() - begin)
        return customers.cards_of_json(rows)

    async def by_phone(self, key: PhoneKey) -> Cards:
        """Through the database's own reading connections."""
        return await self._database.look(customers.cards_of_phone, key)

    async def aclose(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _spare(self, spent_s: float) -> None:
        if spent_s > SLOW_S:
            self._spared_until = self._now() + SPARED_S
            log.info("caller_cards.slow_disk", spent_ms=round(spent_s * 1000, 1))


class PostgresqlCards:
    """A prepared statement on each of a few connections of its own, so that a look-up waits for no writer.

    One round trip, without a pool's bookkeeping, which took longer than the statement.
    """

    def __init__(self, url: URL, connect: Callable[[], Awaitable[Any]], broken: tuple[type[Exception], ...]) -> None:
        self._url = url
        self._connect = connect
        self._broken = broken
        self._statement = _Statement(postgresql.dialect(paramstyle="numeric_dollar"))  # type: ignore[no-untyped-call]
        self._free = asyncio.Semaphore(POSTGRESQL_CONNECTIONS[1])
        self._open: set[Any] = set()
        self._idle: list[tuple[Any, Any]] = []
        """Connection and its prepared statement; the last used first."""

    @classmethod
    async def open(cls, database: Database) -> PostgresqlCards:
        """Connects; raises Unavailable."""
        import asyncpg  # type: ignore[import-untyped]  # an extra: only who uses PostgreSQL has it

        connect = partial(
            asyncpg.connect,
            database.url.set(drivername="postgresql").render_as_string(hide_password=False),
            timeout=POSTGRESQL_TIMEOUT_S,
            command_timeout=POSTGRESQL_TIMEOUT_S,
        )
        broken = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
        cards = cls(database.url, connect, broken)
        nobody = parse_phone("13000000000")
        await asyncio.gather(*(cards.by_phone(nobody) for _ in range(POSTGRESQL_CONNECTIONS[0])))
        return cards

    def at_hand(self, key: PhoneKey) -> Cards | None:
        """Only what needs no server."""
        return () if key.lookup is None else None

    async def by_phone(self, key: PhoneKey) -> Cards:
        """One round trip; a second one when the first met a connection that the server had closed meanwhile."""
        if key.lookup is None:
            return ()
        values = self._statement.values(key.lookup)
        async with self._free:
            try:
                rows = await self._ask(values)
            except self._broken:
                self._drop(*(connection for connection, _ in self._idle))  # They met the same restart.
                self._idle.clear()
                with self._explained():
                    rows = await self._ask(values)
        return customers.cards_of_json(rows)

    async def aclose(self) -> None:
        """Close the connections, whatever they do."""
        self._drop(*self._open)
        self._idle.clear()

    async def _ask(self, values: list[Any]) -> list[Any]:
        connection, statement = self._idle.pop() if self._idle else await self._prepare()
        try:
            rows: list[Any] = await statement.fetch(*values)
        except BaseException:
            self._drop(connection)
            raise
        self._idle.append((connection, statement))
        return rows

    async def _prepare(self) -> tuple[Any, Any]:
        connection = await self._connect()
        self._open.add(connection)
        # Every plan is the same few index scans: making it anew, or compiling it, takes longer than running it.
        await connection.execute("SET plan_cache_mode = force_generic_plan; SET jit = off")
        return connection, await connection.prepare(self._statement.sql)

    def _drop(self, *connections: Any) -> None:
        for connection in connections:
            connection.terminate()
        self._open.difference_update(connections)

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """The bare driver's exceptions as ours; programming errors pass unchanged."""
        try:
            yield
        except self._broken as error:
            known = explain(error, self._url)
            if known is None:
                raise
            raise known from error
