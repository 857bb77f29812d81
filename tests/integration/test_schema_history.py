"""Every released schema, with rows in every table, upgrades to today's on both databases, and no row is lost."""

from __future__ import annotations

import asyncio
import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import JSON, Connection, MetaData, Table, insert, select, text
from sqlalchemy.ext.asyncio import create_async_engine

from callcenter.storage import schema
from callcenter.storage.database import Database
from tests.conftest import named, run_sql
from tests.table_rows import made

RELEASED = [script.revision for script in schema._script().walk_revisions()][::-1]
ROWS = 6
STATES = ("draft", "created", "cancelled")


def rows_of_then(reflected: MetaData, seed: int) -> dict[str, list[dict[str, Any]]]:
    """Random rows as that schema's application could have written them: states and documents are real ones."""
    rows = made(ROWS, random.Random(seed), reflected)
    for name, table in reflected.tables.items():
        for number, row in enumerate(rows[name]):
            _make_real(table, row, number)
    return rows


def _make_real(table: Table, row: dict[str, Any], number: int) -> None:
    for column in table.columns:
        if isinstance(column.type, JSON) and row.get(column.name) is not None:
            row[column.name] = [] if column.name in {"alerts", "roles", "words", "evidence", "scopes"} else {}
    if table.name == "work_orders":
        row["status"] = STATES[number % len(STATES)]
    if table.name == "work_order_changes" and row["field"] != "status":
        row["field"] = "status" if number % 2 else "brand"


def _fill(connection: Connection, revision: str) -> MetaData:
    schema.upgrade(connection, revision)
    reflected = MetaData()
    reflected.reflect(connection, only=lambda name, _: name != "alembic_version" and "_fts" not in name)
    rows = rows_of_then(reflected, seed=int(revision))
    for table in reflected.sorted_tables:
        connection.execute(insert(table), rows[table.name])
    return reflected


def _keys(connection: Connection, reflected: MetaData) -> dict[str, set[tuple[Any, ...]]]:
    return {
        table.name: {tuple(row) for row in connection.execute(select(*table.primary_key.columns))}
        for table in reflected.sorted_tables
    }


@pytest.fixture
def fresh_url(request: pytest.FixtureRequest, tmp_path: Path, database_kind: str) -> Iterator[str]:
    """The URL of an empty database."""
    if database_kind == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'history.db'}"
        return
    server, name = request.getfixturevalue("postgres_url"), f"history_{uuid4().hex}"
    asyncio.run(run_sql(server, f"CREATE DATABASE {name}"))
    yield named(server, name)
    asyncio.run(run_sql(server, f"DROP DATABASE {name} WITH (FORCE)"))


@pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"])
@pytest.mark.parametrize("revision", RELEASED)
async def test_every_released_schema_upgrades_with_its_rows(fresh_url: str, revision: str):
    """Rows written under the revision are all there afterwards, and today's program accepts the schema."""
    engine = create_async_engine(fresh_url)
    async with engine.begin() as connection:
        reflected = await connection.run_sync(_fill, revision)
        before = await connection.run_sync(_keys, reflected)
    await engine.dispose()
    database = await Database.open(fresh_url)
    try:
        await database.upgrade()
        await database.check()
        async with database.connection() as connection:
            after = await connection.run_sync(_keys, reflected)
        assert before == after
        assert all(len(keys) == ROWS for keys in before.values())
    finally:
        await database.aclose()


SENT = (
    (0, "miniprogram", "oM_first"),
    (0, "miniprogram", "oM_last"),
    (0, "wechat", "o6_later"),
    (1, "miniprogram", "王 芳"),
    (2, "miniprogram", "oM_gone"),
)
"""Which customer's order a report is about, its channel and sender; the oldest first."""


@pytest.mark.parametrize("database_kind", ["sqlite", "postgresql"])
async def test_openids_of_the_mini_program_are_taken_from_reports(fresh_url: str):
    """Whoever reported last there for a customer is on file; what is no openid, and an erased customer's, is not."""
    engine = create_async_engine(fresh_url)
    async with engine.begin() as connection:
        keys = await connection.run_sync(_reported)
    await engine.dispose()
    database = await Database.open(fresh_url)
    try:
        await database.upgrade()
        async with database.connection() as connection:
            rows = await connection.execute(text("SELECT customer_id, miniprogram_openid FROM customers"))
            assert dict(rows.all()) == {**dict.fromkeys(keys), keys[0]: "oM_last"}
    finally:
        await database.aclose()


def _reported(connection: Connection) -> list[str]:
    """The schema before, with ``SENT`` and the third customer erased; keys of the customers."""
    schema.upgrade(connection, "0027")
    reflected = MetaData()
    reflected.reflect(connection, only=("customers", "work_orders", "order_reports"))
    rows = made(len(SENT), random.Random(27), reflected)
    keys = [customer["customer_id"] for customer in rows["customers"]]
    for number, (customer, channel, sender) in enumerate(SENT):
        at = datetime(2026, 11, 1 + number, tzinfo=UTC)
        rows["customers"][number] |= {"merged_into": None, "erased_at": at if number == 2 else None}
        rows["work_orders"][number] |= {"customer_id": keys[customer], "field_values": {}, "alerts": []}
        order_id = rows["work_orders"][number]["order_id"]
        rows["order_reports"][number] |= {"order_id": order_id, "channel": channel, "sender": sender, "at": at}
    for table in reflected.sorted_tables:
        connection.execute(insert(table), rows[table.name])
    return keys


def test_no_migration_leans_on_the_application():
    """A migration does the same next year: it imports nothing of ours that may change."""
    folder = schema._FOLDER / "versions"
    for file in folder.glob("[0-9]*.py"):
        text = file.read_text("utf-8")
        assert not re.search(r"^(from|import) (workorder|callcenter|nlp|asr)\b", text, re.MULTILINE), file.name
