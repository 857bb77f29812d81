"""Made-up rows for every table, from the metadata alone: a new table or column is in here by itself."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Column, MetaData, Table, insert
from sqlalchemy.types import TypeDecorator

from callcenter.storage.database import Database
from callcenter.storage.tables import metadata
from callcenter.storage.transfer.shape import Kind, kind_of

SNIPPETS = (
    "王芳",
    "空调漏水",
    "'; DROP TABLE users; --",
    '"',
    "\\",
    "\n\t\r",
    "😀",
    "é",
    "null",
    "\u2028",
    " ",
    "%_",
    "\x7f",
)
DOCUMENTS: tuple[Any, ...] = (
    {}, [], "", 0, True, {"a": None}, {"z": 1, "a": [1, 2.5, "三"]}, [1e17, -0.0, 1e-7, 0.1, 123456789012345678],
    1e17, [-0.0, 2.0], {"a": [9.007199254740993e17, 1e19, -1e19, 1.5e300, 5e-324]}, {"言": "😀" * 3000},
    {"deep": {"deeper": {"deepest": [[[]]]}}},
)  # fmt: skip
FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC)


async def fill(database: Database, *, rows_each: int = 12, seed: int = 7) -> None:
    """Write ``rows_each`` rows into every table, those that others point to first."""
    for table, rows in made(rows_each, random.Random(seed)).items():
        async with database.connection(write=True) as connection:
            await connection.execute(insert(metadata.tables[table]), rows)
            await connection.commit()


def made(rows_each: int, rng: random.Random, schema: MetaData = metadata) -> dict[str, list[dict[str, Any]]]:
    """The rows by table of ``schema``."""
    found: dict[str, list[dict[str, Any]]] = {}
    for table in schema.sorted_tables:
        found[table.name] = [_row(table, number, rng, found) for number in range(rows_each)]
    return found


def _row(table: Table, number: int, rng: random.Random, parents: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    return {column.name: _value(column, number, rng, parents) for column in table.columns if column.computed is None}


def _value(column: Column[Any], number: int, rng: random.Random, parents: Mapping[str, list[dict[str, Any]]]) -> Any:
    if column.nullable and rng.random() < 0.3:
        return None
    for key in column.foreign_keys:
        rows = parents.get(key.column.table.name)
        # One after the other, so that a key that is also unique stays so.
        return rows[number % len(rows)][key.column.name] if rows else None
    if _single(column) and kind_of(column.type) is Kind.DAY:
        return date(2000, 1, 1) + timedelta(days=number)
    if _single(column):
        return _SINGLE.get(kind_of(column.type), lambda _: _text(column, f"{number:04d}", rng))(number)
    return _BY_KIND[kind_of(column.type)](column, rng)


def _single(column: Column[Any]) -> bool:
    """Whether no two rows may share the value, by itself or together with others."""
    together = [
        constraint for constraint in column.table.constraints if column.name in getattr(constraint, "columns", ())
    ]
    uniques = [
        constraint
        for constraint in together
        if type(constraint).__name__ in {"PrimaryKeyConstraint", "UniqueConstraint"}
    ]
    indexes = [index for index in column.table.indexes if index.unique and column.name in index.columns]
    return bool(uniques or indexes)


def _text(column: Column[Any], head: str, rng: random.Random) -> str:
    plain: Any = column.type.impl if isinstance(column.type, TypeDecorator) else column.type
    length = plain.length or 4000
    return (head + "".join(rng.choices(SNIPPETS, k=rng.randint(0, 6))))[:length]


def _integer(column: Column[Any], rng: random.Random) -> int:
    bits = 63 if isinstance(column.type, BigInteger) else 31
    return rng.choice([0, 1, -1, 2**bits - 1, -(2**bits), rng.randint(0, 10**6)])


_SINGLE: Mapping[Kind, Callable[[int], Any]] = {
    Kind.INTEGER: lambda number: number + 1,
    Kind.DAY: lambda number: date(2026, 1, 1) + timedelta(days=number),
    Kind.MOMENT: lambda number: FIRST + timedelta(days=number),
}
_BY_KIND: Mapping[Kind, Callable[[Column[Any], random.Random], Any]] = {
    Kind.TEXT: lambda column, rng: _text(column, "", rng),
    Kind.INTEGER: _integer,
    Kind.REAL: lambda _column, rng: rng.choice([0.0, 1 / 3, -1e300, 5e-324, 1e17, rng.random()]),
    Kind.FLAG: lambda _column, rng: rng.random() < 0.5,
    Kind.MOMENT: lambda _column, rng: rng.choice([FIRST, LAST, FIRST + timedelta(microseconds=rng.randint(1, 10**15))]),
    Kind.DAY: lambda _column, rng: rng.choice([date(1970, 1, 1), date(2024, 2, 29), date(2999, 12, 31)]),
    Kind.DOCUMENT: lambda _column, rng: rng.choice(DOCUMENTS),
    Kind.BYTES: lambda _column, rng: rng.choice([b"", b"\x00\xff\x00", rng.randbytes(3000)]),
}
