"""A row as one line of JSON that is the same whatever database it was read from, and the checksum of many.

The checksum of a table is the sum of its lines' SHA-256 modulo 2**256: rows may come in any order (databases sort text
differently), yet a changed, missing or doubled row changes it.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from hashlib import sha256
from typing import Any

import orjson

from callcenter.storage.transfer.shape import Kind, Row, Table

_MODULUS = 1 << 256
_RESPELLED = re.compile(rb"[0-9]e-?[0-9]|-0\.0|[0-9]{16}")
"""Numbers in documents that PostgreSQL gives back in another spelling: 1e17, -0.0, 17 digits and a fraction."""
LARGEST = 2.0**63


@dataclass(slots=True)
class Tally:
    """How many rows, and their checksum."""

    rows: int = 0
    total: int = 0

    def add(self, line: bytes) -> None:
        """Count one row in."""
        self.rows += 1
        self.total = (self.total + int.from_bytes(sha256(line).digest(), "big")) % _MODULUS

    @property
    def checksum(self) -> str:
        """64 hexadecimal digits."""
        return f"{self.total:064x}"


def to_line(table: Table, row: Row) -> bytes:
    """The row as JSON without a line break."""
    values = [_OUT.get(column.kind, _same)(value) for column, value in zip(table.columns, row, strict=True)]
    return orjson.dumps(values, option=orjson.OPT_SORT_KEYS)


def from_line(table: Table, line: bytes) -> Row:
    """The row again. Raises ValueError for a line that is not one of this table."""
    values = orjson.loads(line)
    return [
        value if value is None else _IN.get(column.kind, _same)(value)
        for column, value in zip(table.columns, values, strict=True)
    ]


def _same(value: Any) -> Any:
    return value


def _moment_out(value: datetime | None) -> str | None:
    return None if value is None else value.astimezone(UTC).isoformat(timespec="microseconds")


def _day_out(value: date | None) -> str | None:
    return None if value is None else value.isoformat()


def _bytes_out(value: bytes | None) -> str | None:
    return None if value is None else base64.b64encode(value).decode()


def _document_out(value: list[Any] | None) -> list[Any] | None:
    if value is None or not _RESPELLED.search(orjson.dumps(value)):
        return value
    return [_plain_numbers(part) for part in value]


def _plain_numbers(part: Any) -> Any:
    """Whole numbers without fraction, so that 1e17 and 100000000000000000 are one."""
    if isinstance(part, float) and part.is_integer() and abs(part) < LARGEST:
        return int(part)
    if isinstance(part, list):
        return [_plain_numbers(item) for item in part]
    if isinstance(part, dict):
        return {name: _plain_numbers(item) for name, item in part.items()}
    return part


_OUT: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.MOMENT: _moment_out,
    Kind.DAY: _day_out,
    Kind.BYTES: _bytes_out,
    Kind.DOCUMENT: _document_out,
}
_IN: Mapping[Kind, Callable[[Any], Any]] = {
    Kind.MOMENT: lambda text: datetime.fromisoformat(text).astimezone(UTC),
    Kind.DAY: date.fromisoformat,
    Kind.BYTES: base64.b64decode,
}
