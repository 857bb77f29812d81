"""Fills an empty, migrated database with many made-up customers and orders, fast: for benchmarks and load tests.

Rows go in by the driver's bulk paths (SQLite ``executemany``, PostgreSQL ``COPY``), with the same columns and documents
the services write; the indexes are built afterwards, which takes a third of the time of keeping them while rows come.
Everything is computed from a row's number, so a run can be repeated and any row predicted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any

import orjson
from sqlalchemy.engine import URL, make_url
from sqlalchemy.ext.asyncio import create_async_engine

from callcenter.storage.database import Database
from callcenter.storage.filling import put_off
from callcenter.storage.transfer.database_rows import rows_of
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
    database = await Database.open(url)
    try:
        await _write(database, plan)
    finally:
        await database.aclose()
    await _tidy(parsed)


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


async def _write(database: Database, plan: Plan) -> None:
    tables = [table for table, _, _ in plan]
    async with database.filling() as connection:
        waiting = await connection.run_sync(put_off, tables)
        target = rows_of(connection)
        for table, columns, rows in plan:
            while batch := list(islice(rows, BATCH)):
                await target.insert(table, columns, batch)
        for one in waiting:
            await connection.exec_driver_sql(one.statement)
        await connection.commit()


_LAST = {"sqlite": "ANALYZE", "postgresql": "VACUUM"}
"""What the planner knows; else the first readers of each page of PostgreSQL would write what this writes."""


async def _tidy(url: URL) -> None:
    engine = create_async_engine(url, isolation_level="AUTOCOMMIT")
    try:
        async with engine.connect() as connection:
            await connection.exec_driver_sql(_LAST[url.get_backend_name()])
    finally:
        await engine.dispose()
