"""Fills an empty, migrated database with many made-up customers and orders, fast: for benchmarks and load tests.

Rows go in by the driver's bulk paths (SQLite ``executemany``, PostgreSQL ``COPY``), with the same columns and documents
the services write; the indexes are built afterwards, which takes a third of the time of keeping them while rows come.
Everything is computed from a row's number, so a run can be repeated and any row predicted.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any

import orjson
from sqlalchemy.engine import make_url

from workorder.fields import FieldState, FieldValue, Source
from workorder.policy.pinyin import name_keys
from workorder.policy.sounds import sound_key

FIRST_ORDER = datetime(2024, 1, 1, tzinfo=UTC)
BATCH = 20_000

_SURNAMES = "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗"
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰"
_CITIES = (
    ("杭州市", "西湖区"),
    ("上海市", "浦东新区"),
    ("成都市", "武侯区"),
    ("广州市", "天河区"),
    ("武汉市", "洪山区"),
)
_APPLIANCES = (
    ("空调", "格力", "漏水"),
    ("冰箱", "海尔", "不制冷"),
    ("洗衣机", "小天鹅", "不排水"),
    ("热水器", "美的", "不出热水"),
)

Row = tuple[Any, ...]


def phone(number: int) -> str:
    """The mobile number of customer ``number`` (0 to 99 999 999)."""
    return f"138{number:08d}"


async def seed(url: str, *, customers: int, orders_each: int = 3) -> None:
    """Write ``customers`` with a phone, an address, two appliances and ``orders_each`` orders each (the last one open).

    Nothing else may have the database open.
    """
    parsed = make_url(url)
    plan = _plan(customers, orders_each, native=parsed.get_backend_name() == "postgresql")
    if parsed.get_backend_name() == "sqlite":
        await asyncio.to_thread(_fill_sqlite, str(parsed.database), plan)
    else:
        dsn = parsed.set(drivername="postgresql").render_as_string(hide_password=False)
        await _fill_postgresql(dsn, plan)


Plan = list[tuple[str, tuple[str, ...], Iterator[Row]]]


def _plan(customers: int, orders_each: int, *, native: bool) -> Plan:
    """Table, columns and rows; ``native``: with Python's dates and times, else as SQLite keeps them."""
    moment: Callable[[datetime], Any] = (
        (lambda at: at) if native else (lambda at: at.isoformat(" ", "microseconds")[:26])
    )
    day: Callable[[date], Any] = (lambda on: on) if native else (lambda on: on.isoformat())
    return [
        (
            "customers",
            (
                "customer_id",
                "name",
                "name_sound",
                "name_pinyin",
                "name_initials",
                "level",
                "created_at",
                "created_by",
                "version",
            ),
            (
                (
                    key("C", n),
                    name(n),
                    *_name_keys(name(n)),
                    "vip" if n % 50 == 0 else "normal",
                    moment(FIRST_ORDER),
                    "seed",
                    1,
                )
                for n in range(customers)
            ),
        ),
        (
            "customer_phones",
            ("phone_id", "customer_id", "position", "raw", "e164", "lookup", "label", "tail"),
            (
                (key("P", n), key("C", n), 0, phone(n), f"+86{phone(n)}", f"+86{phone(n)}", None, f"{phone(n)[::-1]}68")
                for n in range(customers)
            ),
        ),
        (
            "customer_addresses",
            ("address_id", "customer_id", "position", "province", "city", "district", "detail", "house"),
            (
                (
                    key("A", n),
                    key("C", n),
                    0,
                    "",
                    *_CITIES[n % 5],
                    f"文三路{n % 900 + 1}号{n % 30 + 1}室",
                    f"{n % 900 + 1}",
                )
                for n in range(customers)
            ),
        ),
        (
            "assets",
            ("asset_id", "customer_id", "appliance", "brand", "model", "serial", "purchased_on", "warranty_until"),
            (_asset(n, which, day) for n in range(customers) for which in range(2)),
        ),
        (
            "work_orders",
            _ORDER_COLUMNS,
            (
                _order(n * orders_each + k, n, moment, is_last=k == orders_each - 1)
                for n in range(customers)
                for k in range(orders_each)
            ),
        ),
    ]


def key(kind: str, number: int) -> str:
    """A key with the shape and order of a ULID that is computed, not drawn: ``kind`` keeps tables apart."""
    return f"01HJ0000{kind}{number:017d}"


def name(number: int) -> str:
    """A customer's name; common ones repeat, as in life."""
    return _SURNAMES[number % 20] + _GIVEN[number // 20 % 26] + _GIVEN[number // 520 % 26]


@cache
def _name_keys(name: str) -> tuple[str, str, str]:
    """How a name sounds, its pinyin and its initials: there are fewer than fourteen thousand names."""
    return " ".join(map(sound_key, name)), *name_keys(name)


def _asset(number: int, which: int, day: Callable[[date], Any]) -> Row:
    appliance, brand, _ = _APPLIANCES[(number + which) % 4]
    bought = date(2018 + number % 8, 1 + number % 12, 1)
    asset = number * 2 + which
    return (
        key("E", asset),
        key("C", number),
        appliance,
        brand,
        f"M-{number % 500}",
        f"SN{asset:09d}",
        day(bought),
        day(bought.replace(year=bought.year + 3)),
    )


_ORDER_COLUMNS = (
    "order_id", "number", "status", "sequence", "call_id", "customer_id", "created_at", "created_by", "saved_at",
    "edit_version", "version", "field_values", "summary", "alerts", "suggested_priority", "service_type",
    "customer_name", "contact_lookup", "appliance", "brand", "model", "fault", "error_code", "urgency", "city",
    "district", "address_text", "appointment_start", "appointment_end", "contact_tail",
)  # fmt: skip


def _order(order: int, customer: int, moment: Callable[[datetime], Any], *, is_last: bool) -> Row:
    appliance, brand, fault = _APPLIANCES[order % 4]
    city, district = _CITIES[customer % 5]
    at = FIRST_ORDER + timedelta(seconds=order * 20)
    start = at.replace(minute=0, second=0) + timedelta(days=1)
    created, contact, who = moment(at), phone(customer), name(customer)
    return (
        key("W", order),
        f"WO{at.year}{at.month:02d}{at.day:02d}-{order % 10_000_000:07d}",
        "created" if is_last else "cancelled",
        1,
        None,
        key("C", customer),
        created,
        "seed",
        created,
        3,
        3,
        _DOCUMENTS[order % 4].replace(_NAME, who).replace(_PHONE, contact),
        f"{brand}{appliance}{fault}",
        "[]",
        "normal",
        "repair",
        who,
        f"+86{contact}",
        appliance,
        brand,
        f"M-{customer % 500}",
        fault,
        None,
        "normal",
        city,
        district,
        f"{city}{district}文三路{customer % 900 + 1}号",
        moment(start),
        moment(start + timedelta(hours=4)),
        f"{contact[::-1]}68",
    )


def _document(appliance: str, brand: str, fault: str) -> str:
    """An order's fields as stored, with marks in place of the customer's name and phone."""
    values = {
        "service_type": "repair",
        "customer_name": _NAME,
        "contact_phone": _PHONE,
        "appliance": appliance,
        "brand": brand,
        "fault": fault,
    }
    typed = {
        field: FieldValue(value=value, display=value, source=Source.AGENT, state=FieldState.EDITED)
        for field, value in values.items()
    }
    return orjson.dumps({field: asdict(value) for field, value in typed.items()}).decode()


_NAME, _PHONE = "<name>", "<phone>"
_DOCUMENTS = tuple(_document(*kind) for kind in _APPLIANCES)


def _fill_sqlite(file: str, plan: Plan) -> None:
    connection = sqlite3.connect(file, isolation_level=None)
    try:
        # A crash leaves a broken file, which is made again: no journal, no waiting for the disk.
        for pragma in ("journal_mode=OFF", "synchronous=OFF", "cache_size=-524288", "threads=2"):
            connection.execute(f"PRAGMA {pragma}")
        connection.execute("BEGIN IMMEDIATE")
        with _indexed_afterwards(connection, [table for table, _, _ in plan]):
            for table, columns, rows in plan:
                marks = ", ".join("?" * len(columns))
                connection.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)  # noqa: S608 - our own names
        connection.execute("COMMIT")
        connection.execute("ANALYZE")
        connection.execute("PRAGMA journal_mode=WAL")
    finally:
        connection.close()


@contextmanager
def _indexed_afterwards(connection: sqlite3.Connection, tables: list[str]) -> Iterator[None]:
    """The indexes of ``tables`` are away meanwhile, but those behind keys (which have no statement of their own)."""
    marks = ", ".join("?" * len(tables))
    found = "SELECT name, sql FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL AND tbl_name IN"
    indexes = connection.execute(f"{found} ({marks})", tables).fetchall()
    for index, _ in indexes:
        connection.execute(f'DROP INDEX "{index}"')
    yield
    for _, statement in indexes:
        connection.execute(statement)


async def _fill_postgresql(dsn: str, plan: Plan) -> None:
    import asyncpg  # type: ignore[import-untyped]

    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'")
        tables = [table for table, _, _ in plan]
        async with connection.transaction(), _bound_afterwards(connection, tables):
            for table, columns, rows in plan:
                while batch := list(islice(rows, BATCH)):
                    await connection.copy_records_to_table(table, records=batch, columns=columns)
        for table in tables:
            # Else the first readers of each page would write what this writes.
            await connection.execute(f"VACUUM (ANALYZE) {table}")
    finally:
        await connection.close()


_INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS statement FROM pg_index
WHERE indrelid = ANY ($1::text[]::regclass[])
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
"""
_FOREIGN_KEYS = """
SELECT conrelid::regclass::text AS on_table, quote_ident(conname) AS name, pg_get_constraintdef(oid) AS rule
FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY ($1::text[]::regclass[])
"""


@asynccontextmanager
async def _bound_afterwards(connection: Any, tables: list[str]) -> AsyncIterator[None]:
    """Indexes and foreign keys of ``tables`` are away meanwhile; what was written must then satisfy them."""
    indexes, keys = [await connection.fetch(found, tables) for found in (_INDEXES, _FOREIGN_KEYS)]
    for bond in keys:
        await connection.execute(f"ALTER TABLE {bond['on_table']} DROP CONSTRAINT {bond['name']}")
    for index in indexes:
        await connection.execute(f"DROP INDEX {index['name']}")
    yield
    for index in indexes:
        await connection.execute(index["statement"])
    for bond in keys:
        await connection.execute(f"ALTER TABLE {bond['on_table']} ADD CONSTRAINT {bond['name']} {bond['rule']}")
