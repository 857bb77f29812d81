"""Tables of a database, read and written below the ORM on one connection, inside its transaction."""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, ClassVar

import orjson
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.errors import Invalid
from callcenter.storage.transfer.canonical import Line, document, from_line, to_line
from callcenter.storage.transfer.port import PAGE, BackupUnreadable
from callcenter.storage.transfer.shape import Column, Kind, Table

Convert = Mapping[Kind, Callable[[Any], Any]]
Steps = Sequence[tuple[int, Callable[[Any], Any]]]
"""Positions of the values to convert."""
NAIVE = len("2026-11-27 09:00:00.000000")


def _aware(text: str) -> str:
    """``2026-11-27 09:00:00.000000`` with what UTC needs; other spellings of the same are understood, too."""
    if len(text) == NAIVE:
        return f"{text[:10]}T{text[11:]}+00:00"
    return datetime.fromisoformat(text).replace(tzinfo=UTC).isoformat(timespec="microseconds")


class DatabaseRows(ABC):
    """Source and target. The base knows SQL that both databases share; each says how it keeps values."""

    reads: ClassVar[Convert] = {}
    """From the driver's value to that of a line, where they differ; never called with None."""
    writes: ClassVar[Convert] = {}

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def pages(self, table: Table) -> AsyncIterator[Sequence[Line]]:
        """By key, so that no page has to be skipped over and none is held open."""
        steps = _steps(table, self.reads)
        key = [table.names.index(name) for name in table.key]
        last: tuple[Any, ...] = ()
        while True:
            found = await self._connection.exec_driver_sql(self._page(table, first=not last), last)
            rows = found.all()
            if rows:
                yield [to_line(_converted(row, steps)) for row in rows]
            if len(rows) < PAGE:
                return
            last = tuple(rows[-1][position] for position in key)

    async def write(self, table: Table, lines: Sequence[Line]) -> None:
        """Add rows. Raises Invalid when the database cannot hold one of them, BackupUnreadable for what is none."""
        steps, columns = _steps(table, self.writes), len(table.columns)
        try:
            rows = [tuple(_converted(from_line(line, columns), steps)) for line in lines]
        except (ValueError, TypeError, LookupError, AttributeError) as error:
            raise BackupUnreadable(
                f"a line of {table.name} cannot be read: {error}", field=table.name, fix="use another backup"
            ) from error
        await self.insert(table.name, table.names, rows)

    async def finish(self, table: Table) -> None:  # noqa: B027 - SQLite does so by itself
        """Counters go on from the highest value."""

    async def clear(self, table: Table) -> None:
        """Delete every row."""
        await self._connection.exec_driver_sql(f"DELETE FROM {table.name}")  # noqa: S608 - our own names

    def as_written(self) -> DatabaseRows:
        """The same rows, to read back what was just written from lines."""
        return self

    @abstractmethod
    async def insert(self, table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
        """Add rows whose values are the driver's. Raises Invalid when the database cannot hold one of them."""

    @abstractmethod
    def _mark(self, position: int) -> str:
        """The driver's placeholder for the value at ``position``, counted from 0."""

    def _page(self, table: Table, *, first: bool) -> str:
        key = ", ".join(table.key)
        marks = ", ".join(self._mark(position) for position in range(len(table.key)))
        after = "" if first else f"WHERE ({key}) > ({marks}) "
        columns = ", ".join(map(self._column, table.columns))
        return f"SELECT {columns} FROM {table.name} {after}ORDER BY {key} LIMIT {PAGE}"  # noqa: S608

    def _column(self, column: Column) -> str:
        return _quoted(column.name)


class SqliteRows(DatabaseRows):
    """SQLite keeps moments and days as text, documents as JSON text, flags as 0 and 1."""

    reads: ClassVar[Convert] = {
        Kind.MOMENT: _aware,
        # A document that is a number loses its quotes: SQLite keeps it as a number.
        Kind.DOCUMENT: lambda kept: document(orjson.loads(kept) if isinstance(kept, str) else kept),
        Kind.BYTES: lambda raw: base64.b64encode(raw).decode(),
        Kind.FLAG: bool,
    }
    writes: ClassVar[Convert] = {
        Kind.MOMENT: lambda text: f"{text[:10]} {text[11:26]}",
        Kind.DOCUMENT: lambda wrapped: orjson.dumps(wrapped[0]).decode(),
        Kind.BYTES: base64.b64decode,
        Kind.FLAG: int,
    }

    def as_written(self) -> DatabaseRows:
        """A document was written as its line spells it: what is not the same text differs."""
        return _SqliteRowsAsWritten(self._connection)

    def _mark(self, position: int) -> str:  # noqa: ARG002 - SQLite's marks have no numbers
        return "?"

    async def insert(self, table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
        """By one statement for all."""
        marks = ", ".join("?" * len(columns))
        names = ", ".join(map(_quoted, columns))
        try:
            await self._connection.exec_driver_sql(f"INSERT INTO {table} ({names}) VALUES ({marks})", rows)  # noqa: S608
        except IntegrityError as error:
            raise _cannot_hold("SQLite", table, error.orig) from error


class _SqliteRowsAsWritten(SqliteRows):
    reads: ClassVar[Convert] = {
        **SqliteRows.reads,
        Kind.DOCUMENT: lambda kept: orjson.Fragment(f"[{kept}]") if isinstance(kept, str) else document(kept),
    }


class PostgresqlRows(DatabaseRows):
    """PostgreSQL has a type for everything; documents come and go as text, rows go in by COPY."""

    reads: ClassVar[Convert] = {
        Kind.MOMENT: lambda at: at.isoformat(timespec="microseconds"),
        Kind.DAY: date.isoformat,
        Kind.DOCUMENT: lambda text: document(orjson.loads(text)),
        Kind.BYTES: lambda raw: base64.b64encode(raw).decode(),
    }
    writes: ClassVar[Convert] = {
        Kind.MOMENT: datetime.fromisoformat,
        Kind.DAY: date.fromisoformat,
        Kind.DOCUMENT: lambda wrapped: orjson.dumps(wrapped[0]).decode(),
        Kind.BYTES: base64.b64decode,
    }

    def _mark(self, position: int) -> str:
        return f"${position + 1}"

    def _column(self, column: Column) -> str:
        name = _quoted(column.name)
        # As text, whatever the driver would make of it.
        return f"{name}::text" if column.kind is Kind.DOCUMENT else name

    async def insert(self, table: str, columns: Sequence[str], rows: list[tuple[Any, ...]]) -> None:
        """By COPY."""
        raw: Any = (await self._connection.get_raw_connection()).driver_connection
        try:
            await raw.copy_records_to_table(table, records=rows, columns=columns)
        except Exception as error:
            # Wrong values and broken constraints. SQLite does not enforce lengths and keeps NUL characters.
            if not getattr(error, "sqlstate", "").startswith(("22", "23")):
                raise
            raise _cannot_hold("PostgreSQL", table, error) from error

    async def finish(self, table: Table) -> None:
        """Counters go on from the highest value."""
        if table.counter is None:
            return
        sequence = f"pg_get_serial_sequence('{table.name}', '{table.counter}')"
        highest = f"(SELECT max({table.counter}) FROM {table.name})"  # noqa: S608 - our own names
        await self._connection.exec_driver_sql(f"SELECT setval({sequence}, coalesce({highest}, 0) + 1, false)")


def rows_of(connection: AsyncConnection) -> DatabaseRows:
    """The rows on this connection."""
    return PostgresqlRows(connection) if connection.dialect.name == "postgresql" else SqliteRows(connection)


def _steps(table: Table, by: Convert) -> Steps:
    return [(position, by[column.kind]) for position, column in enumerate(table.columns) if column.kind in by]


def _converted(row: Sequence[Any], steps: Steps) -> list[Any]:
    values = list(row)
    for position, convert in steps:
        value = values[position]
        if value is not None:
            values[position] = convert(value)
    return values


def _cannot_hold(database: str, table: str, error: object) -> Invalid:
    return Invalid(
        f"{database} cannot hold a row of {table}: {error}",
        field=table,
        fix="correct that row in the source, then start again; nothing was written",
    )


def _quoted(name: str) -> str:
    """``before``, ``from`` and the like are words of SQL."""
    return f'"{name}"'
