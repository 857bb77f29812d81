"""Engines with the set-up that keeps every update: tests/contract/test_storage_concurrency.py proves it.

SQLite: the driver stays in autocommit and we say BEGIN ourselves, ``BEGIN IMMEDIATE`` on the one writing connection, so
that a transaction that will write takes the lock before it reads; deferred transactions lose updates or fail half-way.
Those that write take turns on it, and what was done close together is committed together (``group_commit``).
Reading connections run beside it on the write-ahead log, each transaction on one snapshot. ``synchronous`` stays
FULL: a committed order survives a power cut.
"""

from __future__ import annotations

from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import orjson
from sqlalchemy import event
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from callcenter.errors import ConfigInvalid
from callcenter.storage import group_commit
from callcenter.storage.sqlite_driver import OneVisitConnection, OneVisitDriver, SharedDriver

BUSY_TIMEOUT_MS = 5000
"""How long SQLite waits while another process writes."""
UPGRADE_TIMEOUT_MS = 600_000
"""The same of one that wants to upgrade: another node may be upgrading a large database."""
READ_CONNECTIONS = 4
WRITERS = 64
"""Units of work that may ask for their turn on SQLite's one writing connection at once; more wait for a place."""
ALONE = "alone"
"""Execution option of a unit of work that takes long: those before it are not kept waiting for its end."""
POOL_TIMEOUT_S = 30.0
TRIED_AGAIN: ContextVar[bool] = ContextVar("tried_again", default=False)
"""What is asked now is asked once more if the connection is found broken: nobody needs to prove it first."""
_KNOWN = "callcenter.known"
"""Key of a pooled connection that was used before, in its record's ``info``."""


@dataclass(frozen=True, slots=True)
class Engines:
    """One engine to write with and one to read with; PostgreSQL has the same server behind both."""

    write: AsyncEngine
    read: AsyncEngine

    async def dispose(self) -> None:
        """Close all connections."""
        await self.read.dispose()
        await self.write.dispose()


def open_engines(url: URL, *, busy_timeout_ms: int | None = None, fills: bool = False) -> Engines:
    """Engines for ``sqlite+aiosqlite:///file`` or ``postgresql+asyncpg://…``; connects to nothing yet.

    ``busy_timeout_ms``: on SQLite, instead of ``BUSY_TIMEOUT_MS``. ``fills``: one transaction fills the whole of an
    empty database, which nothing else has open.
    """
    opener = {"sqlite+aiosqlite": _sqlite, "postgresql+asyncpg": _postgresql}.get(url.drivername)
    if opener is None:
        raise ConfigInvalid(
            f"no such database driver: {url.drivername}",
            field="storage.url",
            fix="use sqlite+aiosqlite:///FILE or postgresql+asyncpg://USER:PASSWORD@HOST/NAME",
        )
    return opener(url, busy_timeout_ms or BUSY_TIMEOUT_MS, fills)


SHARED = ("journal_mode=WAL", "cache_size=-32768")
FILLING = ("journal_mode=DELETE", "cache_size=-131072", "threads=2")
"""The write-ahead log would take every page twice. The journal has only pages that were there before: next to none."""


def _sqlite(url: URL, busy_timeout_ms: int, fills: bool) -> Engines:
    if not url.database or ":memory:" in url.database:
        raise ConfigInvalid("SQLite needs a file", field="storage.url", fix="use sqlite+aiosqlite:///FILE")
    driver = {"connect_args": {"isolation_level": None}, "max_overflow": 0}
    write = _engine(url, pool_size=WRITERS, module=SharedDriver(), **driver)
    read = _engine(url, pool_size=READ_CONNECTIONS, module=OneVisitDriver(), **driver)
    pragmas = (f"busy_timeout={busy_timeout_ms}", "foreign_keys=ON", *(FILLING if fills else SHARED))
    _prepare(write, begin=group_commit.BEGIN, pragmas=pragmas, only_reads=False)
    _prepare(read, begin="BEGIN", pragmas=(*pragmas, "query_only=ON"), only_reads=True)
    return Engines(write, read)


def _postgresql(url: URL, _busy_timeout_ms: int, _fills: bool) -> Engines:
    write = _engine(url, pool_size=8, max_overflow=8)
    _ping_first(write)
    snapshot = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return Engines(write, write.execution_options(**snapshot))


def _engine(url: URL, **options: Any) -> AsyncEngine:
    return create_async_engine(
        url,
        pool_timeout=POOL_TIMEOUT_S,
        json_serializer=lambda document: orjson.dumps(document).decode(),
        json_deserializer=orjson.loads,
        **options,
    )


def _ping_first(engine: AsyncEngine) -> None:
    """As ``pool_pre_ping``, but not where ``TRIED_AGAIN`` says that it would be a round trip for nothing."""

    @event.listens_for(engine.sync_engine, "checkout")
    def _on_checkout(connection: Any, record: ConnectionPoolEntry, _proxy: object) -> None:
        known = record.info.get(_KNOWN) is connection
        record.info[_KNOWN] = connection
        if known and not TRIED_AGAIN.get():
            try:
                connection.ping()
            except engine.dialect.loaded_dbapi.Error as error:
                # The others met the same restart.
                raise InvalidatePoolError from error


def _prepare(engine: AsyncEngine, *, begin: str, pragmas: tuple[str, ...], only_reads: bool) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: OneVisitConnection, _record: object) -> None:
        connection.waits_for_rollback = not only_reads
        try:
            for pragma in pragmas:
                connection.cursor().execute(f"PRAGMA {pragma}")
        except BaseException:
            # The pool does not know this connection yet, so nobody else would end its thread.
            connection.close()
            raise

    @event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: Connection) -> None:
        driver: Any = connection.connection.dbapi_connection
        if only_reads:
            driver.begin(begin)
        else:
            driver.begin(begin, alone=bool(connection.get_execution_options().get(ALONE)))
