"""When the database cannot be used, the error says why and what to do."""

from __future__ import annotations

import os
import shutil
import socket
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, text
from sqlalchemy.dialects.postgresql.asyncpg import AsyncAdapt_asyncpg_connection
from sqlalchemy.engine import make_url

from callcenter.errors import ConfigInvalid, Unavailable
from callcenter.storage import audit, engines
from callcenter.storage.database import Database
from tests.conftest import migrate, run_sql

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


@pytest.fixture
def sqlite_file(tmp_path: Path, sqlite_template: Path) -> Path:
    """A migrated SQLite file."""
    return Path(shutil.copy(sqlite_template, tmp_path / "callcenter.db"))


def url_of(file: Path) -> str:
    return f"sqlite+aiosqlite:///{file}"


async def write_line(database: Database, detail: str = "") -> None:
    async with database.write() as work:
        await audit.add(work.session, at=AT, by="u1", action="test", subject="x", detail=detail)
        await work.commit()


def spoil(file: Path) -> None:
    size = file.stat().st_size
    with file.open("r+b") as stream:
        stream.seek(4096)
        stream.write(b"\xa5" * (size - 4096))


@pytest.mark.parametrize(
    "url", ["nonsense", "mysql://x/y", "sqlite:///x.db", "sqlite+aiosqlite://", "sqlite+aiosqlite:///:memory:"]
)
async def test_a_url_we_cannot_use_is_refused_with_the_ones_we_can(url: str) -> None:
    """Bad syntax, other drivers and in-memory databases name the setting."""
    with pytest.raises(ConfigInvalid) as caught:
        await Database.open(url)
    assert caught.value.field == "storage.url"


async def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    """The path is in the message, the fix says to create it."""
    with pytest.raises(Unavailable, match=r"cannot open .*nowhere.*create its folder"):
        await Database.open(url_of(tmp_path / "nowhere" / "callcenter.db"))


async def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    """A text file under the database's name is not overwritten."""
    file = tmp_path / "callcenter.db"
    file.write_text("this is not a database, but it is long enough to look like a header" * 20)
    with pytest.raises(Unavailable, match="not a SQLite database"):
        await Database.open(url_of(file))
    assert file.read_text().startswith("this is not")


async def test_a_damaged_file_is_named(sqlite_file: Path) -> None:
    """Pages overwritten with rubbish give "damaged" and the advice to restore."""
    spoil(sqlite_file)
    with pytest.raises(Unavailable, match=r"damaged.*backup"):
        await open_and_write(url_of(sqlite_file))


async def test_a_full_disk_is_named_and_the_database_stays_usable(sqlite_file: Path) -> None:
    """The write that does not fit fails whole; what was there is there, and small writes go on when there is room."""
    database = await Database.open(url_of(sqlite_file))
    await write_line(database)
    async with database.write() as work:
        pages = await work.session.scalar(text("PRAGMA page_count"))
        await work.session.execute(text(f"PRAGMA max_page_count={pages}"))
    with pytest.raises(Unavailable, match=r"disk full.*free space"):
        await write_line(database, "x" * 100_000)
    async with database.write() as work:
        await work.session.execute(text("PRAGMA max_page_count=1000000"))
    await write_line(database, "x" * 100_000)
    async with database.read() as work:
        assert len(await audit.lines(work.session)) == 2
    await database.aclose()


async def test_a_file_locked_by_another_process_is_named(sqlite_file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """While another program writes, ours says so after the busy time-out, and works again when it is done."""
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_MS", 20)
    database = await Database.open(url_of(sqlite_file))
    other = sqlite3.connect(sqlite_file, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="locked by another process"):
        await write_line(database)
    async with database.read() as work:
        assert await audit.lines(work.session) == ()
    other.execute("ROLLBACK")
    other.close()
    await write_line(database)
    await database.aclose()


@contextmanager
def without_roots_rights() -> Iterator[None]:
    """File modes bind everybody but root: be nobody for a while."""
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.fixture(params=[True, False], ids=["existing file", "no file yet"])
def read_only_folder(request: pytest.FixtureRequest, sqlite_template: Path) -> Iterator[Path]:
    """A folder that everybody may read and only root may write, with and without a database in it."""
    folder = Path(tempfile.mkdtemp(prefix="callcenter-read-only-"))
    if request.param:
        shutil.copy(sqlite_template, folder / "callcenter.db")
    folder.chmod(0o555)
    yield folder
    shutil.rmtree(folder)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs root to become somebody else")
async def test_a_read_only_folder_is_named(read_only_folder: Path) -> None:
    """A user who may not write in the data folder is told which file and folder to open up."""
    with without_roots_rights(), pytest.raises(Unavailable, match="let this user write") as caught:
        await open_and_write(url_of(read_only_folder / "callcenter.db"))
    assert str(read_only_folder) in str(caught.value)


async def open_and_write(url: str) -> None:
    database = await Database.open(url)
    try:
        await write_line(database)
    finally:
        await database.aclose()


@pytest.fixture
def guarded_url(postgres_url: str) -> Iterator[str]:
    """The PostgreSQL server, asking this user for a password."""
    import asyncio

    data = Path(make_url(postgres_url).query["host"])
    rules = data / "pg_hba.conf"
    before = rules.read_text()
    asyncio.run(run_sql(postgres_url, "CREATE ROLE guarded LOGIN PASSWORD 'right'"))
    rules.write_text(f"local all guarded scram-sha-256\n{before}")
    asyncio.run(run_sql(postgres_url, "SELECT pg_reload_conf()"))
    yield make_url(postgres_url).set(username="guarded", password="right").render_as_string(hide_password=False)
    rules.write_text(before)
    asyncio.run(run_sql(postgres_url, "SELECT pg_reload_conf()", "DROP ROLE guarded"))


async def test_a_wrong_password_is_named_without_showing_it(guarded_url: str) -> None:
    """The right one connects, the wrong one is refused with the setting to correct; no password in the text."""
    await (await Database.open(guarded_url)).aclose()
    wrong = make_url(guarded_url).set(password="wrong-secret").render_as_string(hide_password=False)
    with pytest.raises(Unavailable, match=r"refuses the password.*storage\.url") as caught:
        await Database.open(wrong)
    assert "wrong-secret" not in str(caught.value)


async def test_a_user_without_rights_is_named(guarded_url: str) -> None:
    """A role that may connect but not create tables is told that a right is missing."""
    database = await Database.open(guarded_url)
    with pytest.raises(Unavailable, match="lacks a right"):
        await database.upgrade()
    await database.aclose()


async def test_a_missing_postgresql_database_is_named(postgres_url: str) -> None:
    """The name can be corrected or the database created."""
    with pytest.raises(Unavailable, match="does not exist"):
        await Database.open(make_url(postgres_url).set(database="nowhere").render_as_string(hide_password=False))


async def test_an_unreachable_server_is_named() -> None:
    """Refused connections and unknown hosts name host and port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
    for host in (f"127.0.0.1:{port}", f"nowhere.invalid:{port}"):
        with pytest.raises(Unavailable, match=rf"cannot reach PostgreSQL at {host}"):
            await Database.open(f"postgresql+asyncpg://u:p@{host}/x")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_broken_connections_are_replaced(database: Database) -> None:
    """After the server cut every connection the next unit of work simply works."""
    await write_line(database)
    await cut_connections(database)
    await write_line(database)
    async with database.read() as work:
        assert len(await audit.lines(work.session)) == 2


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_a_look_asks_again_instead_of_pinging_first(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A look makes no round trip to prove its connection, and a server that cut them all costs it no answer."""
    pinged: list[object] = []
    ping = AsyncAdapt_asyncpg_connection.ping
    monkeypatch.setattr(AsyncAdapt_asyncpg_connection, "ping", lambda self: (pinged.append(self), ping(self)))

    def asked(connection: Connection) -> int:
        return int(connection.execute(text("SELECT 1")).scalar_one())

    assert [await database.look(asked) for _ in range(3)] == [1, 1, 1]
    assert pinged == []
    for _ in range(3):
        await cut_connections(database)
        assert await database.look(asked) == 1
    async with database.read() as work:
        assert await audit.lines(work.session) == ()
    assert pinged


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
async def test_losing_the_server_in_the_middle_is_unavailable(database: Database) -> None:
    """A unit of work whose connection dies fails as Unavailable and leaves nothing behind."""
    with pytest.raises(Unavailable):
        await write_while_the_server_cuts_us(database)
    async with database.read() as work:
        assert await audit.lines(work.session) == ()


async def write_while_the_server_cuts_us(database: Database) -> None:
    async with database.write() as work:
        await audit.add(work.session, at=AT, by="u1", action="test", subject="x")
        await cut_connections(database)
        await work.commit()


async def cut_connections(database: Database) -> None:
    await run_sql(
        database.url.set(database="postgres").render_as_string(hide_password=False),
        f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{database.url.database}'",
    )


async def test_an_old_sqlite_file_is_upgraded_in_place(tmp_path: Path) -> None:
    """Opening creates the file, upgrading gives it the schema."""
    file = tmp_path / "new.db"
    await migrate(url_of(file))
    assert file.exists()
    database = await Database.open(url_of(file))
    await database.check()
    await database.aclose()
