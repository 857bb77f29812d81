"""A row as one line of JSON that is the same whatever database it was read from, and the checksum of many.

The line is an array of the row's values in the order of the table's columns: moments as text in UTC with microseconds,
days as text, bytes as base64, a document in brackets of its own, which tell JSON's null from SQL's NULL.

The checksum of a table is the sum of its lines' SHA-256 modulo 2**256: rows may come in any order (databases sort text
differently), yet a changed, missing or doubled row changes it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from hashlib import sha256
from typing import Any

import orjson

Line = bytes
"""Without a line break."""

_MODULUS = 1 << 256
_EXPONENT = re.compile(rb"e[0-9+-]")
LEAST, LIMIT = -(2.0**63), 2.0**64
"""Whole numbers from the one to below the other are read as such; others become floats."""


@dataclass(slots=True)
class Tally:
    """How many rows, and their checksum."""

    rows: int = 0
    total: int = 0

    def add(self, lines: Sequence[Line]) -> None:
        """Count rows in."""
        self.rows += len(lines)
        self.total = sum((int.from_bytes(sha256(line).digest(), "big") for line in lines), self.total) % _MODULUS

    @property
    def checksum(self) -> str:
        """64 hexadecimal digits."""
        return f"{self.total:064x}"


def to_line(values: Iterable[Any]) -> Line:
    """The line of a row whose values are as JSON has them, documents as ``document`` gives them."""
    return orjson.dumps(values)


def from_line(line: Line, columns: int) -> list[Any]:
    """The values again, a document wrapped as ``[document]``. Raises ValueError for what is no row of ``columns``."""
    values = orjson.loads(line)
    if not isinstance(values, list) or len(values) != columns:
        raise ValueError(f"not a row of {columns} values")
    return values


def document(value: Any) -> orjson.Fragment:
    """A document's place in a line: keys sorted, each number in one spelling."""
    spelled = orjson.dumps([value], option=orjson.OPT_SORT_KEYS)
    # Looking for numbers costs more than all the rest, and most documents have none with a fraction.
    if b"." in spelled or _EXPONENT.search(spelled):
        for rule, numbers in _SPELLINGS:
            if rule.search(spelled):
                value = _respelled(value, numbers)
                spelled = orjson.dumps([value], option=orjson.OPT_SORT_KEYS)
    return orjson.Fragment(spelled)


def _unsigned_zero(number: float) -> float:
    return number or 0.0


def _whole(number: float) -> float:
    """As its digits say, so that 1e17 and 100000000000000000 are one."""
    return int(Decimal(repr(number))) if number.is_integer() and LEAST <= number < LIMIT else number


_SPELLINGS: tuple[tuple[re.Pattern[bytes], Callable[[float], float]], ...] = (
    (re.compile(rb"-0\.0(?![0-9])"), _unsigned_zero),
    (re.compile(rb"[0-9]e[+-]?[0-9]|[0-9]{16}"), _whole),
)
"""Numbers that PostgreSQL gives back in another spelling: -0.0; 1e17, 17 digits and a fraction."""


def _respelled(part: Any, numbers: Callable[[float], float]) -> Any:
    if isinstance(part, float):
        return numbers(part)
    if isinstance(part, list):
        return [_respelled(item, numbers) for item in part]
    if isinstance(part, dict):
        return {name: _respelled(item, numbers) for name, item in part.items()}
    return part
