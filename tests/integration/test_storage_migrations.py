"""The migrations make exactly the schema the code describes, on an empty database of each kind."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import text
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine

from callcenter.errors import Conflict, Unavailable
from callcenter.storage import engines, schema
from callcenter.storage.database import Database
from callcenter.storage.tables import metadata
from tests.conftest import named, run_sql
from workorder.commands import MoveOrder
from workorder.model.search import SHADOWS
from workorder.services import lifecycle, trail


@pytest.fixture(params=["sqlite", "postgresql"])
def empty_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of an empty database."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'empty.db'}"
        return
    server = request.getfixturevalue("postgres_url")
    name = f"empty_{uuid4().hex}"
    asyncio.run(run_sql(server, f"CREATE DATABASE {name}"))
    yield named(server, name)
    asyncio.run(run_sql(server, f"DROP DATABASE {name} WITH (FORCE)"))


def ours(_thing: object, name: str | None, kind: str, _reflected: bool, _other: object) -> bool:
    """Everything but what only one database has: SQLite's full-text tables, PostgreSQL's index on tokens."""
    shadow = kind == "table" and str(name).startswith(SHADOWS)
    return not shadow and name != "ix_search_texts_tokens"


async def test_the_migrated_schema_is_the_one_the_code_describes(empty_url: str) -> None:
    """After upgrading from nothing, Alembic finds no difference to the metadata: tables, columns, types, indexes, keys."""
    database = await Database.open(empty_url)
    await database.upgrade()
    await database.aclose()

    def differences(connection: Connection) -> list[object]:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_object": ours})
        return list(compare_metadata(context, metadata))

    engine = create_async_engine(empty_url)
    async with engine.connect() as connection:
        assert await connection.run_sync(differences) == []
    await engine.dispose()


async def test_an_empty_database_is_not_ready_until_upgraded(empty_url: str) -> None:
    """check says what to do; after upgrade it passes."""
    database = await Database.open(empty_url)
    with pytest.raises(Unavailable, match="older than this program") as caught:
        await database.check()
    assert "db upgrade" in str(caught.value)
    await database.upgrade()
    await database.check()
    await database.aclose()


async def test_a_failing_migration_leaves_nothing_behind(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """All or nothing: what ran before the failure is rolled back, on SQLite too."""

    def upgrade_and_fail(connection: Connection) -> None:
        original(connection)
        connection.execute(text("SELECT * FROM no_such_table"))

    original = schema.upgrade
    monkeypatch.setattr(schema, "upgrade", upgrade_and_fail)
    database = await Database.open(empty_url)
    with pytest.raises(Exception, match="no_such_table"):
        await database.upgrade()
    monkeypatch.undo()
    async with database.read() as work:
        connection = await work.session.connection()
        assert await connection.run_sync(schema.current) is None
    await database.upgrade()
    await database.check()
    await database.aclose()


async def test_a_schema_newer_than_the_program_is_refused(empty_url: str) -> None:
    """Neither check nor upgrade touches it; the error names the revision."""
    database = await Database.open(empty_url)
    await database.upgrade()
    async with database.write() as work:
        await work.session.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        await work.commit()
    for attempt in (database.check, database.upgrade):
        with pytest.raises(Conflict, match="9999"):
            await attempt()
    await database.aclose()


async def test_orders_of_the_first_release_are_there_after_the_upgrade(empty_url: str) -> None:
    """A row written under revision 0001 is read, edited and moved on by today's code."""
    engine = create_async_engine(empty_url)
    async with engine.begin() as connection:
        await connection.run_sync(schema.upgrade, "0001")
        await connection.execute(
            text(
                "INSERT INTO work_orders (order_id, status, sequence, created_at, edit_version, version, "
                "suggested_priority, summary, alerts, field_values) "
                "VALUES ('o1', 'created', 1, '2026-11-21 09:00:00.000000', 2, 2, 'normal', 's', '[]', '{}')"
            )
        )
    await engine.dispose()
    database = await Database.open(empty_url)
    await database.upgrade()
    async with database.write() as work:
        command = MoveOrder(by="u1", at=datetime(2026, 11, 22, tzinfo=UTC), order_id="o1", action="dispatch")
        moved = await lifecycle.move_order(work.session, command)
        await work.commit()
    assert (moved.status, moved.edit_version, moved.summary) == ("dispatched", 3, "s")
    await database.aclose()


async def test_trails_written_before_they_were_chained_hold_after_the_upgrade(empty_url: str) -> None:
    """The revision that chains them computes the hash of every line there is, and takes the suggested priority over."""
    engine = create_async_engine(empty_url)
    async with engine.begin() as connection:
        await connection.run_sync(schema.upgrade, "0004")
        for order, status in (("o1", "created"), ("o2", "draft"), ("o3", "draft")):
            await connection.execute(
                text(
                    "INSERT INTO work_orders (order_id, status, sequence, created_at, edit_version, version, "
                    "suggested_priority, summary, alerts, field_values) "
                    "VALUES (:order, :status, 1, '2026-11-21 09:00:00.000000', 2, 2, 'high', 's', '[]', '{}')"
                ),
                {"order": order, "status": status},
            )
        for order, field, after in (
            ("o1", "status", '"draft"'),
            ("o2", "status", '"draft"'),
            ("o1", "address", '{"city": "杭州市", "detail": null}'),
            ("o1", "status", '"created"'),
        ):
            await connection.execute(
                text(
                    "INSERT INTO work_order_changes (order_id, at, by, field, before, after, reason) "
                    f"VALUES ('{order}', '2026-11-21 09:00:00.120000', 'u1', '{field}', NULL, '{after}', NULL)"
                )
            )
    await engine.dispose()
    database = await Database.open(empty_url)
    await database.upgrade()
    async with database.write() as work:
        before = await trail.verify(work.session)
        command = MoveOrder(by="u1", at=datetime(2026, 11, 22, tzinfo=UTC), order_id="o1", action="dispatch")
        moved = await lifecycle.move_order(work.session, command)
        await work.commit()
    async with database.read() as work:
        after = await trail.verify(work.session)
    assert ((before.orders, before.changes, before.faults), (after.changes, after.faults)) == ((3, 4, ()), (5, ()))
    assert moved.priority == "high"
    await database.aclose()


async def test_two_nodes_upgrading_at_once_both_succeed(empty_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The second waits for the first, however long that takes, and finds nothing left to do."""
    monkeypatch.setattr(engines, "BUSY_TIMEOUT_MS", 1)
    nodes = [await Database.open(empty_url) for _ in range(2)]
    await asyncio.gather(*(node.upgrade() for node in nodes))
    for node in nodes:
        await node.check()
        await node.aclose()
