"""Tables of a database, read and written below the ORM on one connection, inside its transaction."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from typing import Any, ClassVar

import orjson
from sqlalchemy.ext.asyncio import AsyncConnection

from callcenter.errors import Invalid
from callcenter.storage.transfer.port import PAGE
from callcenter.storage.transfer.shape import Column, Kind, Row, Table

Convert = Mapping[Kind, Callable[[Any], Any]]


class DatabaseRows(ABC):
    """Source and target. The base knows SQL that both databases share; each says how it keeps values."""

    reads: ClassVar[Convert] = {}
    """From the driver's value to that of a Row, where they differ; never called with None."""
    writes: ClassVar[Convert] = {}

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def pages(self, table: Table) -> AsyncIterator[Sequence[Row]]:
        """By key, so that no page has to be skipped over and none is held open."""
        last: list[Any] | None = None
        while True:
            found = await self._connection.exec_driver_sql(self._page(table, first=last is None), tuple(last or ()))
            rows = found.all()
            if rows:
                yield [self._convert(table, row, self.reads) for row in rows]
            if len(rows) < PAGE:
                return
            last = [rows[-1][table.names.index(name)] for name in table.key]

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows. Raises Invalid when the database cannot hold one of them."""
        await self._insert(table, [self._convert(table, row, self.writes) for row in rows])

    async def finish(self, table: Table) -> None:  # noqa: B027 - SQLite does so by itself
        """Counters go on from the highest value."""

    async def clear(self, table: Table) -> None:
        """Delete every row."""
        await self._connection.exec_driver_sql(f"DELETE FROM {table.name}")  # noqa: S608 - our own names

    @abstractmethod
    async def _insert(self, table: Table, rows: list[tuple[Any, ...]]) -> None:
        """Add rows whose values are the driver's."""

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

    @staticmethod
    def _convert(table: Table, row: Sequence[Any], by: Convert) -> tuple[Any, ...]:
        return tuple(
            value if value is None or column.kind not in by else by[column.kind](value)
            for column, value in zip(table.columns, row, strict=True)
        )


class SqliteRows(DatabaseRows):
    """SQLite keeps moments and days as text, documents as JSON text, flags as 0 and 1."""

    reads: ClassVar[Convert] = {
        Kind.MOMENT: lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC),
        Kind.DAY: date.fromisoformat,
        # A document that is a number loses its quotes: SQLite keeps it as a number.
        Kind.DOCUMENT: lambda kept: [orjson.loads(kept) if isinstance(kept, str) else kept],
        Kind.FLAG: bool,
    }
    writes: ClassVar[Convert] = {
        Kind.MOMENT: lambda at: at.astimezone(UTC).replace(tzinfo=None).isoformat(" ", "microseconds"),
        Kind.DAY: lambda on: on.isoformat(),
        Kind.DOCUMENT: lambda wrapped: orjson.dumps(wrapped[0]).decode(),
        Kind.FLAG: int,
    }

    def _mark(self, position: int) -> str:  # noqa: ARG002 - SQLite's marks have no numbers
        return "?"

    async def _insert(self, table: Table, rows: list[tuple[Any, ...]]) -> None:
        marks = ", ".join("?" * len(table.columns))
        names = ", ".join(map(_quoted, table.names))
        await self._connection.exec_driver_sql(f"INSERT INTO {table.name} ({names}) VALUES ({marks})", rows)  # noqa: S608


class PostgresqlRows(DatabaseRows):
    """PostgreSQL has a type for everything; documents come and go as text, rows go in by COPY."""

    reads: ClassVar[Convert] = {
        Kind.MOMENT: lambda at: at.astimezone(UTC),
        Kind.DOCUMENT: lambda text: [orjson.loads(text)],
    }
    writes: ClassVar[Convert] = {Kind.DOCUMENT: lambda wrapped: orjson.dumps(wrapped[0]).decode()}

    def _mark(self, position: int) -> str:
        return f"${position + 1}"

    def _column(self, column: Column) -> str:
        name = _quoted(column.name)
        # As text, whatever the driver would make of it.
        return f"{name}::text" if column.kind is Kind.DOCUMENT else name

    async def _insert(self, table: Table, rows: list[tuple[Any, ...]]) -> None:
        raw: Any = (await self._connection.get_raw_connection()).driver_connection
        try:
            await raw.copy_records_to_table(table.name, records=rows, columns=table.names)
        except Exception as error:
            if not getattr(error, "sqlstate", "").startswith("22"):
                raise
            # SQLite does not enforce lengths and keeps NUL characters; PostgreSQL does and does not.
            raise Invalid(
                f"PostgreSQL cannot hold a row of {table.name}: {error}",
                field=table.name,
                fix="correct that row in the source, then start again; nothing was written",
            ) from error

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


def _quoted(name: str) -> str:
    """``before``, ``from`` and the like are words of SQL."""
    return f'"{name}"'
