"""Backup, restore and move on both databases, with rows of every table; and what happens when they break half-way."""

from __future__ import annotations

import asyncio
import errno
import json
import os
import random
import re
import signal
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from click.testing import CliRunner
from sqlalchemy import MetaData, delete, func, insert, inspect, select, text, update
from sqlalchemy.exc import IntegrityError

from callcenter.cli.main import main
from callcenter.errors import Conflict, Invalid, Unavailable
from callcenter.features import backups
from callcenter.storage import engines, schema
from callcenter.storage.database import Database
from callcenter.storage.tables import AuditRow, UserRow, metadata
from callcenter.storage.transfer import archive as archives
from callcenter.storage.transfer.archive import BackupUnreadable, KeptTable, Manifest, writing
from callcenter.storage.transfer.canonical import from_line, to_line
from callcenter.storage.transfer.copying import TransferDiffers, copy
from callcenter.storage.transfer.database_rows import DatabaseRows, rows_of
from callcenter.storage.transfer.shape import shapes
from tests.conftest import named, run_sql
from tests.table_rows import fill, made
from workorder.model.search import SearchText

AT = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
NewDatabase = Callable[..., Awaitable[Database]]


def quiet(_what: str, _count: int) -> None:
    """Progress that nobody watches."""


@pytest.fixture
async def new_database(postgres_url: str, tmp_path: Path) -> AsyncIterator[NewDatabase]:
    """Makes databases without tables (or, ``migrated``, with them) and takes them away again."""
    opened: list[Database] = []
    names: list[str] = []

    async def make(kind: str, *, migrated: bool = False) -> Database:
        name = f"transfer_{uuid4().hex}"
        if kind == "sqlite":
            url = f"sqlite+aiosqlite:///{tmp_path / name}.db"
        else:
            await run_sql(postgres_url, f"CREATE DATABASE {name}")
            names.append(name)
            url = named(postgres_url, name)
        database = await Database.open(url)
        opened.append(database)
        if migrated:
            await database.upgrade()
        return database

    yield make
    for database in opened:
        await database.aclose()
    for name in names:
        await run_sql(postgres_url, f"DROP DATABASE {name} WITH (FORCE)")


async def content(database: Database) -> dict[str, list[bytes]]:
    """Every row of every table in canonical form, sorted."""
    found = {}
    async with database.connection() as connection:
        for table in shapes(metadata):
            lines = [line async for page in rows_of(connection).pages(table) for line in page]
            found[table.name] = sorted(lines)
    return found


async def is_empty(database: Database) -> bool:
    async with database.connection() as connection:
        return await connection.run_sync(lambda sync: inspect(sync).get_table_names()) == []


PAIRS = [(one, other) for one in ("sqlite", "postgresql") for other in ("sqlite", "postgresql")]


@pytest.mark.parametrize(("one", "other"), PAIRS)
async def test_what_was_backed_up_is_restored(new_database: NewDatabase, tmp_path: Path, one: str, other: str):
    """Every row of every table comes back as it was, from either database into either."""
    source, target = await new_database(one, migrated=True), await new_database(other)
    await fill(source)
    kept = await backups.back_up(source, tmp_path / "b.zip", at=AT, progress=quiet)
    restored = await backups.restore(tmp_path / "b.zip", target, progress=quiet)
    assert restored.tables == kept.tables
    assert kept.rows == 12 * len(metadata.tables)
    assert await content(target) == await content(source)
    await target.check()


@pytest.mark.parametrize(("one", "other"), [pair for pair in PAIRS if pair[0] != pair[1]])
async def test_a_moved_database_goes_on_counting(new_database: NewDatabase, one: str, other: str):
    """The copy has every row, and the next row the database numbers itself gets the next number."""
    source, target = await new_database(one, migrated=True), await new_database(other)
    await fill(source)
    await backups.move(source, target, progress=quiet)
    assert await content(target) == await content(source)
    async with target.write() as work:
        highest = await work.session.scalar(select(func.max(AuditRow.audit_id)))
        row = AuditRow(at=AT, by="x", action="y", subject="z", detail=None)
        work.session.add(row)
        await work.session.flush()
        assert row.audit_id == (highest or 0) + 1


async def test_a_backup_shows_one_state_while_others_write(new_database: NewDatabase, tmp_path: Path):
    """Two rows that are always written together are both in it or neither, and writers do not wait for it."""
    source, target = await new_database("sqlite", migrated=True), await new_database("sqlite")
    await fill(source)
    written = asyncio.Event()
    stop = False

    async def pairs() -> None:
        number = 0
        while not stop:
            async with source.write() as work:
                work.session.add(AuditRow(at=AT, by="pair", action="one", subject=str(number), detail=None))
                await work.session.flush()
                work.session.add(
                    UserRow(user_id=f"U{number}", username=f"u{number}", display_name="u", roles=[], created_at=AT)
                )
                await work.commit()
            number += 1
            written.set()
            await asyncio.sleep(0)

    writer = asyncio.create_task(pairs())
    await written.wait()
    seen: list[int] = []

    def watch(_what: str, _count: int) -> None:
        seen.append(1)

    await backups.back_up(source, tmp_path / "b.zip", at=AT, progress=watch)
    stop = True
    await writer
    await backups.restore(tmp_path / "b.zip", target, progress=quiet)
    async with target.read() as work:
        audits = await work.session.scalar(select(func.count()).where(AuditRow.by == "pair"))
        people = await work.session.scalar(select(func.count()).where(UserRow.user_id.like("U%")))
    assert audits == people
    assert audits


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_nothing_that_is_there_is_overwritten(new_database: NewDatabase, tmp_path: Path, kind: str):
    """A database with a row, one with foreign tables and a file under the name are refused and stay as they were."""
    source, filled = await new_database("sqlite", migrated=True), await new_database(kind, migrated=True)
    await fill(source, rows_each=1)
    file = tmp_path / "b.zip"
    await backups.back_up(source, file, at=AT, progress=quiet)
    before = file.read_bytes()
    with pytest.raises(Conflict, match="already"):
        await backups.back_up(source, file, at=AT, progress=quiet)
    assert file.read_bytes() == before
    async with filled.write() as work:
        await work.session.execute(text("INSERT INTO order_counters (day, last) VALUES ('20261127', 3)"))
        await work.commit()
    for attempt in (backups.restore(file, filled, progress=quiet), backups.move(source, filled, progress=quiet)):
        with pytest.raises(Conflict, match="not empty"):
            await attempt
    foreign = await new_database(kind)
    async with foreign.connection(write=True) as connection:
        await connection.execute(text("CREATE TABLE theirs (x INTEGER)"))
        await connection.commit()
    with pytest.raises(Conflict, match="theirs"):
        await backups.restore(file, foreign, progress=quiet)
    assert list(tmp_path.glob("*.partial*")) == []


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_migrated_empty_database_takes_a_backup(new_database: NewDatabase, tmp_path: Path, kind: str):
    """Whoever started callcenter once, or ran db upgrade, can still restore."""
    source, target = await new_database("sqlite", migrated=True), await new_database(kind, migrated=True)
    await fill(source, rows_each=3)
    await backups.back_up(source, tmp_path / "b.zip", at=AT, progress=quiet)
    await backups.restore(tmp_path / "b.zip", target, progress=quiet)
    assert await content(target) == await content(source)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_damaged_backup_leaves_the_database_empty(new_database: NewDatabase, tmp_path: Path, kind: str):
    """A flipped byte anywhere in the rows, a cut file and a manifest that promises more are all found."""
    source, target = await new_database("sqlite", migrated=True), await new_database(kind)
    await fill(source, rows_each=3)
    good = tmp_path / "b.zip"
    await backups.back_up(source, good, at=AT, progress=quiet)
    with zipfile.ZipFile(good) as archive:
        place = archive.getinfo("tables/work_orders.jsonl").header_offset + 120
    damaged = bytearray(good.read_bytes())
    damaged[place] ^= 0xFF
    cases = {"flipped": bytes(damaged), "cut": good.read_bytes()[:-200], "text": b"no backup at all"}
    for name, raw in cases.items():
        bad = tmp_path / name
        bad.write_bytes(raw)
        with pytest.raises(BackupUnreadable):
            await backups.restore(bad, target, progress=quiet)
        assert await is_empty(target)
    tampered = _with_manifest(good, tmp_path / "tampered", lambda tree: tree["tables"][0].update(rows=99))
    with pytest.raises(TransferDiffers):
        await backups.restore(tampered, target, progress=quiet)
    assert await is_empty(target)
    await backups.restore(good, target, progress=quiet)
    assert await content(target) == await content(source)


def _with_manifest(backup: Path, target: Path, change: Callable[[dict], object]) -> Path:
    """The same backup with another manifest."""
    with zipfile.ZipFile(backup) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            raw = old.read(name)
            if name == archives.MANIFEST:
                tree = json.loads(raw)
                change(tree)
                raw = json.dumps(tree).encode()
            new.writestr(name, raw)
    return target


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_row_changed_on_its_way_is_noticed(
    new_database: NewDatabase, monkeypatch: pytest.MonkeyPatch, kind: str
):
    """Were one value of one row written wrongly, the check would say so and nothing would be kept."""
    source, target = await new_database("sqlite", migrated=True), await new_database(kind)
    await fill(source, rows_each=3)
    original = DatabaseRows.write

    async def wrong(self, table, lines):
        if table.name == "users":
            first, second, *others = lines
            values = from_line(second, len(table.columns))
            values[2] = "somebody else"
            lines = [first, to_line(values), *others]
        await original(self, table, lines)

    monkeypatch.setattr(DatabaseRows, "write", wrong)
    with pytest.raises(TransferDiffers, match="users"):
        await backups.move(source, target, progress=quiet)
    assert await is_empty(target)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_full_disk_leaves_nothing_half_written(
    new_database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
):
    """Neither a part of a backup nor a part of a database; afterwards both work."""
    source, target = await new_database("sqlite", migrated=True), await new_database(kind)
    await fill(source, rows_each=3)

    async def full(*_arguments: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(archives.ArchiveWriter, "finish", full)
        with pytest.raises(Unavailable, match="No space"):
            await backups.back_up(source, tmp_path / "b.zip", at=AT, progress=quiet)
    assert list(tmp_path.glob("b.zip*")) == []
    await backups.back_up(source, tmp_path / "b.zip", at=AT, progress=quiet)
    with monkeypatch.context() as patch:
        patch.setattr(DatabaseRows, "finish", full)
        patch.setattr(type(rows_of_kind(kind)), "finish", full)
        with pytest.raises(OSError, match="No space"):
            await backups.restore(tmp_path / "b.zip", target, progress=quiet)
    assert await is_empty(target)
    await backups.restore(tmp_path / "b.zip", target, progress=quiet)


def rows_of_kind(kind: str) -> DatabaseRows:
    from callcenter.storage.transfer.database_rows import PostgresqlRows, SqliteRows

    return {"sqlite": SqliteRows, "postgresql": PostgresqlRows}[kind](None)  # type: ignore[arg-type]


async def test_a_sqlite_file_that_does_not_fit_is_empty_again(
    new_database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """SQLite itself finds the disk full, among the rows or the indexes: it is named, and restoring again works."""
    source, target = await new_database("sqlite", migrated=True), await new_database("sqlite")
    await fill(source, rows_each=40)
    await backups.back_up(source, tmp_path / "b.zip", at=AT, progress=quiet)
    async with source.read() as work:
        pages = await work.session.scalar(text("PRAGMA page_count")) or 0
    for least in (pages * 3 // 4, pages * 9 // 10):
        with monkeypatch.context() as patch:
            patch.setattr(engines, "FILLING", (*engines.FILLING, f"max_page_count={least}"))
            with pytest.raises(Unavailable, match=r"disk full.*free space"):
                await backups.restore(tmp_path / "b.zip", target, progress=quiet)
        assert await is_empty(target)
    await backups.restore(tmp_path / "b.zip", target, progress=quiet)
    assert await content(target) == await content(source)


LIMITED = """
import resource, sys
from callcenter.cli.main import main
resource.setrlimit(resource.RLIMIT_FSIZE, (65_536, 65_536))
main(["db", "backup", sys.argv[1]])
"""


async def test_a_backup_that_does_not_fit_is_named(new_database: NewDatabase, tmp_path: Path):
    """The system itself refuses to write on: one line that says where, exit code 4, no file."""
    source = await new_database("sqlite", migrated=True)
    await fill(source, rows_each=80)
    await source.aclose()
    child = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", LIMITED, str(tmp_path / "b.zip")),
        env={**os.environ, "CALLCENTER_STORAGE__URL": str(source.url)},
        cwd=tmp_path,
        stderr=subprocess.PIPE,
    )
    _, said = await child.communicate()
    assert child.returncode == 4, said.decode()
    assert f"{tmp_path}: the backup cannot be written: File too large" in said.decode()
    assert list(tmp_path.glob("b.zip*")) == []


KILLED_BACKUP = """
import asyncio, os, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from callcenter.features import backups
from callcenter.storage.database import Database

def die(what, count):
    if what == "work_orders":
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    database = await Database.open(sys.argv[2])
    await backups.back_up(database, Path(sys.argv[1]), at=datetime.now(UTC), progress=die)

asyncio.run(main())
"""


async def test_a_killed_backup_is_not_there(new_database: NewDatabase, tmp_path: Path):
    """kill -9 in the middle: no file under its name, and the next one is whole."""
    source, target = await new_database("sqlite", migrated=True), await new_database("sqlite")
    await fill(source, rows_each=3)
    file = tmp_path / "b.zip"
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED_BACKUP, str(file), str(source.url))
    assert await child.wait() == -signal.SIGKILL
    assert not file.exists()
    await backups.back_up(source, file, at=AT, progress=quiet)
    await backups.restore(file, target, progress=quiet)
    assert await content(target) == await content(source)


KILLED = """
import asyncio, os, signal, sys
from pathlib import Path
from callcenter.features import backups
from callcenter.storage.database import Database

def die(what, count):
    if what == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)

async def main():
    database = await Database.open(sys.argv[2])
    await backups.restore(Path(sys.argv[1]), database, progress=die)

asyncio.run(main())
"""


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_killed_in_the_middle_it_starts_again(new_database: NewDatabase, tmp_path: Path, kind: str):
    """kill -9 while rows are written, checked or indexed: the database is empty, and restoring again works."""
    source, target = await new_database("sqlite", migrated=True), await new_database(kind)
    await fill(source, rows_each=3)
    await backups.back_up(source, tmp_path / "b.zip", at=AT, progress=quiet)
    url = target.url.render_as_string(hide_password=False)
    for moment in ("work_orders", "work_orders (check)", "ix_work_orders_model_brand_fault_city (index)"):
        await target.aclose()
        command = [sys.executable, "-c", KILLED, str(tmp_path / "b.zip"), url, moment]
        child = await asyncio.create_subprocess_exec(*command, stderr=subprocess.PIPE)
        _, said = await child.communicate()
        assert child.returncode == -signal.SIGKILL, said
        assert await is_empty(target)
    await backups.restore(tmp_path / "b.zip", target, progress=quiet)
    assert await content(target) == await content(source)


async def test_a_file_that_somebody_has_open_is_not_filled(
    new_database: NewDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """A running call centre would see a database without journal under its feet: it is named, nothing changes."""
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_MS", 20)
    source, target = await new_database("sqlite", migrated=True), await new_database("sqlite", migrated=True)
    await backups.back_up(source, tmp_path / "b.zip", at=AT, progress=quiet)
    other = sqlite3.connect(str(target.url.database))
    other.execute("SELECT count(*) FROM users").fetchone()
    for attempt in (
        backups.restore(tmp_path / "b.zip", target, progress=quiet),
        backups.move(source, target, progress=quiet),
    ):
        with pytest.raises(Unavailable, match="locked by another process"):
            await attempt
    other.close()
    await backups.restore(tmp_path / "b.zip", target, progress=quiet)
    await target.check()


BONDS = {
    "sqlite": "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL",
    "postgresql": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' "
    "UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint",
}


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_what_was_put_off_is_there_afterwards(new_database: NewDatabase, tmp_path: Path, kind: str):
    """Indexes, keys, triggers are those of a migrated database, keys bind, and full text finds what came along."""
    source, target = await new_database("sqlite", migrated=True), await new_database(kind)
    plain = await new_database(kind, migrated=True)
    await fill(source, rows_each=3)
    async with source.write() as work:
        await work.session.execute(delete(SearchText))
        texts = [
            {"kind": "order", "key": f"O{number}", "text": "x", "tokens": f"0order0 w{number}"} for number in (1, 2)
        ]
        await work.session.execute(insert(SearchText), texts)
        await work.commit()
    await backups.back_up(source, tmp_path / "b.zip", at=AT, progress=quiet)
    await backups.restore(tmp_path / "b.zip", target, progress=quiet)
    assert await _bonds(target) == await _bonds(plain)
    async with target.write() as work:
        with pytest.raises(IntegrityError):
            await work.session.execute(text("UPDATE customer_phones SET customer_id = 'nowhere'"))
    if kind == "sqlite":
        found = (
            "SELECT key FROM search_texts WHERE position IN (SELECT rowid FROM search_fts WHERE search_fts MATCH {!r})"
        )
    else:
        found = "SELECT key FROM search_texts WHERE string_to_array(tokens, ' ') @> ARRAY[{!r}]"
    assert await _lines(target, found.format("w2")) == ["O2"]
    async with target.write() as work:
        changed = update(SearchText).where(SearchText.key == "O2").values(tokens="0order0 later")
        await work.session.execute(changed)
        await work.commit()
    assert await _lines(target, found.format("w2")) == []
    assert await _lines(target, found.format("later")) == ["O2"]


async def _bonds(database: Database) -> list[str]:
    """PostgreSQL moves the casts of a condition when it reads its own words again."""
    lines = await _lines(database, BONDS[database.url.get_backend_name()])
    return sorted(re.sub(r"::[a-z ]+(\[\])?|[()]", "", line) for line in lines)


async def _lines(database: Database, statement: str) -> list[str]:
    async with database.read() as work:
        return sorted((await work.session.execute(text(statement))).scalars())


async def test_what_postgresql_cannot_hold_is_named(new_database: NewDatabase):
    """SQLite lets text be too long; the move says in which table and changes nothing."""
    source, target = await new_database("sqlite", migrated=True), await new_database("postgresql")
    async with source.write() as work:
        await work.session.execute(text("INSERT INTO order_counters (day, last) VALUES ('much too long for a day', 1)"))
        await work.commit()
    with pytest.raises(Invalid, match="order_counters"):
        await backups.move(source, target, progress=quiet)
    assert await is_empty(target)


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
async def test_a_backup_of_the_first_release_is_restored(new_database: NewDatabase, tmp_path: Path, kind: str):
    """The rows go into the schema they were written for, which is then upgraded; full text finds them."""
    old, target = await new_database("sqlite"), await new_database(kind)
    reflected = MetaData()
    async with old.connection(write=True) as connection:
        await connection.run_sync(schema.upgrade, "0001")
        await connection.run_sync(reflected.reflect)
        user = {
            "user_id": "U1",
            "username": "lin",
            "display_name": "林",
            "roles": ["agent"],
            "active": True,
            "created_at": AT.replace(tzinfo=None),
        }
        await connection.execute(insert(reflected.tables["users"]), [user])
        (customer,) = made(1, random.Random(7), reflected)["customers"]
        await connection.execute(insert(reflected.tables["customers"]), [customer | {"name": "王芳"}])
        await connection.commit()
    reflected.remove(reflected.tables["alembic_version"])
    tables = shapes(reflected)
    with writing(tmp_path / "old.zip") as archive:
        async with old.connection() as connection:
            tallies = await copy(rows_of(connection), archive, tables, quiet)
        kept = tuple(KeptTable(table, tallies[table.name]) for table in tables)
        archive.close_with(
            Manifest(revision="0001", created_at=AT, program="0", database="sqlite", tables=kept, files=())
        )
    await backups.restore(tmp_path / "old.zip", target, progress=quiet)
    await target.check()
    async with target.read() as work:
        (row,) = await work.session.scalars(select(UserRow))
        (found,) = await work.session.scalars(select(SearchText))
    assert (row.username, row.roles, row.active, row.created_at) == ("lin", ["agent"], True, AT)
    assert (found.kind, found.key) == ("customer", customer["customer_id"])
    assert "王芳" in found.tokens


async def test_files_come_along_whole(new_database: NewDatabase, tmp_path: Path):
    """Recordings and attachments are carried with their checksums; unfinished ones stay; a file in the way stops it."""
    source = await new_database("sqlite", migrated=True)
    here, there = tmp_path / "here", tmp_path / "there"
    for path, raw in {
        "recordings/2026/a.flac": b"\x00" * 3_000_000,
        "attachments/ab/cd": b"x",
        "recordings/b.part": b"y",
    }.items():
        (here / path).parent.mkdir(parents=True, exist_ok=True)
        (here / path).write_bytes(raw)
    kept = await backups.back_up(source, tmp_path / "b.zip", at=AT, progress=quiet, data_dir=here)
    assert [file.path for file in kept.files] == ["recordings/2026/a.flac", "attachments/ab/cd"]
    await backups.restore(tmp_path / "b.zip", await new_database("sqlite"), progress=quiet, data_dir=there)
    for file in kept.files:
        assert (there / file.path).read_bytes() == (here / file.path).read_bytes()
    with pytest.raises(Conflict, match="already"):
        await backups.restore(tmp_path / "b.zip", await new_database("sqlite"), progress=quiet, data_dir=there)
    target = await new_database("sqlite", migrated=True)
    await fill(target, rows_each=1)
    with pytest.raises(Conflict, match="not empty"):
        await backups.restore(tmp_path / "b.zip", target, progress=quiet, data_dir=tmp_path / "third")
    assert [path for path in (tmp_path / "third").rglob("*") if path.is_file()] == []


@pytest.mark.parametrize("path", ["../evil", "/etc/passwd", "recordings/../../evil", "evil"])
async def test_a_backup_cannot_write_elsewhere(new_database: NewDatabase, tmp_path: Path, path: str):
    """A manifest whose files lead out of the data folder is refused before anything is written."""
    source, target = await new_database("sqlite", migrated=True), await new_database("sqlite")
    await backups.back_up(source, tmp_path / "b.zip", at=AT, progress=quiet)
    change = {"path": path, "size": 1, "sha256": "0" * 64}
    bad = _with_manifest(tmp_path / "b.zip", tmp_path / "bad", lambda tree: tree["files"].append(change))
    with pytest.raises(BackupUnreadable):
        await backups.restore(bad, target, progress=quiet, data_dir=tmp_path / "data")
    assert await is_empty(target)


async def test_names_in_a_manifest_are_no_sql(new_database: NewDatabase, tmp_path: Path):
    """A table name that is more than a name is refused."""
    source, target = await new_database("sqlite", migrated=True), await new_database("sqlite")
    await backups.back_up(source, tmp_path / "b.zip", at=AT, progress=quiet)
    bad = _with_manifest(
        tmp_path / "b.zip", tmp_path / "bad", lambda tree: tree["tables"][0].update(name="users; DROP TABLE users")
    )
    with pytest.raises(BackupUnreadable):
        await backups.restore(bad, target, progress=quiet)


async def test_a_folder_that_cannot_be_written_is_named(new_database: NewDatabase, tmp_path: Path):
    """The error says where, on the command line it is exit code 4."""
    source = await new_database("sqlite", migrated=True)
    with pytest.raises(Unavailable, match="nowhere"):
        await backups.back_up(source, tmp_path / "nowhere/b.zip", at=AT, progress=quiet)


def test_by_command_line(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch):
    """backup, restore elsewhere, move: figures as JSON, documented exit codes."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CALLCENTER_STORAGE__URL", database_url)

    def run(*words: str):
        return CliRunner().invoke(main, ["db", *words])

    asyncio.run(_fill_url(database_url))
    saved = run("backup", "b.zip", "--with-files", "--json")
    assert saved.exit_code == 0, saved.output
    figures = json.loads(saved.stdout)
    assert figures["rows"] == 2 * len(metadata.tables)
    assert run("backup", "b.zip").exit_code == 5
    assert run("move", "--to", f"sqlite+aiosqlite:///{tmp_path}/moved.db", "--json").exit_code == 0
    assert run("move", "--to", f"sqlite+aiosqlite:///{tmp_path}/moved.db").exit_code == 5
    assert run("move").exit_code == 2
    monkeypatch.setenv("CALLCENTER_STORAGE__URL", f"sqlite+aiosqlite:///{tmp_path}/new.db")
    restored = run("restore", "b.zip", "--json")
    assert restored.exit_code == 0, restored.output
    assert json.loads(restored.stdout)["tables"] == figures["tables"]
    Path("bad.zip").write_text("x")
    assert run("restore", "bad.zip").exit_code == 3


async def _fill_url(url: str) -> None:
    database = await Database.open(url)
    await fill(database, rows_each=2)
    await database.aclose()
