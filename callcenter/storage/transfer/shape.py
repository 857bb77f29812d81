"""What a table looks like when it is carried elsewhere: columns with the kind of their values, key, counter.

A kind says what a value means, whatever database keeps it. The shape travels in a backup, so that one written by an
older version can be read by a newer one.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, Boolean, Date, DateTime, Float, Integer, LargeBinary, MetaData, String
from sqlalchemy import Table as SqlTable
from sqlalchemy.types import TypeDecorator, TypeEngine


class Kind(StrEnum):
    """What a value means."""

    TEXT = "text"
    INTEGER = "integer"
    REAL = "real"
    FLAG = "flag"
    MOMENT = "moment"
    DAY = "day"
    DOCUMENT = "document"
    BYTES = "bytes"


_KINDS: tuple[tuple[type[TypeEngine[Any]], Kind], ...] = (
    (Boolean, Kind.FLAG),
    (DateTime, Kind.MOMENT),
    (Date, Kind.DAY),
    (JSON, Kind.DOCUMENT),
    (Float, Kind.REAL),
    (Integer, Kind.INTEGER),
    (LargeBinary, Kind.BYTES),
    (String, Kind.TEXT),
)
"""First match wins; Float before Integer and the like follow SQLAlchemy's class tree."""


@dataclass(frozen=True, slots=True)
class Column:
    """A column's name and kind."""

    name: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Table:
    """A table to carry. ``counter`` is the column whose values the database gives; it goes on from the highest one."""

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...]
    counter: str | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names in order."""
        return tuple(column.name for column in self.columns)


def shapes(metadata: MetaData) -> tuple[Table, ...]:
    """Every table, those that others point to first."""
    return tuple(map(_shape, metadata.sorted_tables))


def _shape(table: SqlTable) -> Table:
    # What the database computes by itself it computes again.
    columns = tuple(Column(column.name, kind_of(column.type)) for column in table.columns if column.computed is None)
    counter = table.autoincrement_column
    return Table(
        table.name, columns, tuple(table.primary_key.columns.keys()), counter.name if counter is not None else None
    )


def kind_of(given: TypeEngine[Any]) -> Kind:
    """The kind of a column type; TypeError for one that this table does not know yet."""
    plain = given.impl if isinstance(given, TypeDecorator) else given
    for base, kind in _KINDS:
        if isinstance(plain, base):
            return kind
    raise TypeError(f"no kind for the column type {given!r}: add it to callcenter.storage.transfer.shape")
