"""The database as one object: open, upgrade, and units of work that roll back unless told to commit."""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Concatenate, ParamSpec, Self, TypeVar

from sqlalchemy import text
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, AsyncSession
from sqlalchemy.orm import Session
from sqlalchemy.util import greenlet_spawn

from callcenter.errors import ConfigInvalid
from callcenter.storage import outbox, schema
from callcenter.storage.engines import ALONE, TRIED_AGAIN, UPGRADE_TIMEOUT_MS, Engines, open_engines
from callcenter.storage.failures import explained
from workorder import uow
from workorder.events import DomainEvent
from workorder.policy.phones import parse_phone
from workorder.services import approval_rules, customers
from workorder.services.search_index import reindex, write_customers

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")

SEARCHABLE = "0017"
"""The revision since which there is full text: what was on file before is indexed once."""


def upgrade(connection: Connection) -> None:
    """This version's schema, and the full text of what was on file before there was any. The caller commits."""
    before = schema.current(connection)
    schema.upgrade(connection)
    if before is not None and before < SEARCHABLE:
        deque(reindex(connection), maxlen=0)


class UnitOfWork:
    """One transaction. ``session`` takes rows and statements; nothing lasts without ``commit``.

    ``commit`` also writes what the domain recorded to the outbox, in the same transaction.
    """

    def __init__(self, session: AsyncSession, url: URL) -> None:
        self.session = session
        self.wrote_events = False
        self.set_timers = False
        self._url = url

    async def commit(self) -> None:
        """Make the changes last. Raises Conflict (changed underneath) or Unavailable (disk full, server gone …)."""
        with explained(self._url):
            events = uow.take(self.session)
            await self.session.run_sync(_committed, events)
            self.wrote_events = self.wrote_events or bool(events)
            self.set_timers = uow.take_timers(self.session) or self.set_timers


def _committed(session: Session, events: Sequence[DomainEvent]) -> None:
    write_customers(session)
    outbox.add(session, events)
    session.commit()


class Database:
    """Engines and units of work for one URL; create with ``open`` on the event loop that uses it."""

    def __init__(self, url: URL, engines: Engines) -> None:
        self.url = url
        self.outbox_filled = asyncio.Event()
        """Set whenever a commit left events for the relay."""
        self.timers_set = asyncio.Event()
        """Set whenever a commit set a timer, perhaps one that is due before all others."""
        self._engines = engines
        self._alone = engines.write.execution_options(**{ALONE: True})
        self._info = {approval_rules.SEEN: approval_rules.RulesSeen()}

    @classmethod
    async def open(cls, url: str) -> Self:
        """Connect once to prove the URL works. Raises ConfigInvalid for a bad URL, Unavailable with what to do."""
        try:
            parsed = make_url(url)
        except ArgumentError as error:
            raise ConfigInvalid("not a database URL", field="storage.url") from error
        database = cls(parsed, open_engines(parsed))
        try:
            await database._connect()
        except BaseException:
            await database.aclose()
            raise
        return database

    @asynccontextmanager
    async def read(self) -> AsyncIterator[UnitOfWork]:
        """A transaction that sees one state of the database and cannot write."""
        async with self._session(self._engines.read) as work:
            yield work

    @asynccontextmanager
    async def write(self, *, alone: bool = False) -> AsyncIterator[UnitOfWork]:
        """A transaction that may write; on SQLite one at a time, in order of asking: never open one inside another.

        What is done close together is committed together: ``commit`` returns when it lasts. ``alone``: it takes long,
        and those before it shall not wait for it.
        """
        async with self._session(self._alone if alone else self._engines.write) as work:
            yield work
        if work.wrote_events:
            self.outbox_filled.set()
        if work.set_timers:
            self.timers_set.set()

    async def look(
        self,
        question: Callable[Concatenate[Connection, Asked], Answer],
        *given: Asked.args,
        **named: Asked.kwargs,
    ) -> Answer:
        """Ask a question that needs no objects of the domain: a transaction of its own that only reads (ADR 0009).

        ``question`` runs on the event loop and waits only for the database; it is asked again, once, when the server
        turns out to have closed the connection.
        """

        def run() -> Answer:
            with self._engines.read.sync_engine.connect() as connection:
                return question(connection, *given, **named)

        with explained(self.url):
            tried = TRIED_AGAIN.set(True)
            try:
                return await greenlet_spawn(run)
            except DBAPIError as error:
                if not error.connection_invalidated:
                    raise
            finally:
                TRIED_AGAIN.reset(tried)
            return await greenlet_spawn(run)

    @asynccontextmanager
    async def connection(self, *, write: bool = False) -> AsyncIterator[AsyncConnection]:
        """One transaction below the ORM, for carrying whole tables; rolls back unless its user commits."""
        with explained(self.url):
            async with (self._alone if write else self._engines.read).connect() as connection:
                yield connection

    @asynccontextmanager
    async def filling(self) -> AsyncIterator[AsyncConnection]:
        """One transaction that fills the whole of the empty database; rolls back unless its user commits.

        On SQLite nobody else may have it open: raises Unavailable (locked) otherwise.
        """
        await self._engines.dispose()
        engines = open_engines(self.url, fills=True)
        try:
            with explained(self.url):
                async with engines.write.connect() as connection:
                    yield connection
        finally:
            await engines.dispose()

    async def upgrade(self) -> None:
        """Bring the schema up to this version's; does nothing when it is. Raises Conflict for a newer schema.

        Waits while another node does it.
        """
        engines = open_engines(self.url, busy_timeout_ms=UPGRADE_TIMEOUT_MS)
        try:
            with explained(self.url):
                async with engines.write.connect() as connection:
                    await connection.run_sync(upgrade)
                    await connection.commit()
        finally:
            await engines.dispose()
        await self._warm_up()

    async def reindex(self, progress: Callable[[int], None]) -> None:
        """Make the full-text index anew, all or nothing; ``progress`` hears how many texts are done."""

        def run(connection: Connection) -> None:
            for done in reindex(connection):
                progress(done)

        with explained(self.url):
            async with self._alone.connect() as connection:
                await connection.run_sync(run)
                await connection.commit()

    async def check(self) -> None:
        """Prove that the database answers and has this version's schema; raises Unavailable or Conflict."""
        with explained(self.url):
            async with self._engines.read.connect() as connection:
                await connection.run_sync(schema.check)

    async def aclose(self) -> None:
        """Close every connection."""
        await self._engines.dispose()

    async def _warm_up(self) -> None:
        """Look a caller up: mapping and compiling takes a fifth of a second once, which no pop shall wait for."""
        await self.look(customers.cards_of_phone, parse_phone("13000000000"))

    @asynccontextmanager
    async def _session(self, engine: AsyncEngine) -> AsyncIterator[UnitOfWork]:
        with explained(self.url):
            # Rows stay readable after commit: views are made from them without asking the database again.
            session = AsyncSession(engine, expire_on_commit=False, info=self._info)
            try:
                yield UnitOfWork(session, self.url)
            finally:
                if session.in_transaction():
                    # Whoever is cancelled gives the connection back all the same.
                    await asyncio.shield(asyncio.ensure_future(session.close()))
                else:
                    # Nothing of it waits for the database.
                    session.sync_session.close()

    async def _connect(self) -> None:
        """Also switches a fresh SQLite file to the write-ahead log before any reader comes."""
        with explained(self.url):
            if self.url.get_backend_name() == "sqlite" and self.url.database:
                # aiosqlite leaves a thread talking to a closed loop when a file cannot be opened: find out here.
                sqlite3.connect(self.url.database).close()
            async with self._engines.write.connect() as connection:
                await connection.execute(text("SELECT 1"))
