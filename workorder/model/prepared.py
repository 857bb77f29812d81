"""Statements made once and run on the driver's own cursor, for what every command does (ADR 0010).

SQLAlchemy makes the text and knows how each column's values go to the database and come back; that is asked of it once
for each dialect. What it does around each run (execution context, cursor result) takes three times as long as sending
the statement, and is left out. Transactions, listeners and failures are the connection's as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql import ClauseElement

Change = Callable[[Any], Any]
"""How a value goes to the database, or comes from it."""


class _Bind(NamedTuple):
    """One place in the statement: the value ``name``, or always ``fixed`` where it has no name of ours."""

    name: str | None
    fixed: Any
    change: Change | None


class _Made(NamedTuple):
    sql: str
    binds: tuple[_Bind, ...]
    results: tuple[Change | None, ...]
    """For each column; nothing where no column needs it."""


class Prepared:
    """One statement whose values have names (``bindparam``; of an INSERT or UPDATE also the ``columns`` it writes).

    Use it inside a transaction of ``connection``, in SQLAlchemy's greenlet, as ``Connection.execute``. Failures are
    SQLAlchemy's: IntegrityError and the like; a missing value is a KeyError. IN lists must be literal.
    """

    def __init__(self, statement: ClauseElement, columns: Iterable[str] | None = None) -> None:
        self._statement = statement
        self._columns = None if columns is None else list(columns)
        self._made: dict[str, _Made] = {}

    def all(self, connection: Connection, values: Mapping[str, Any]) -> Sequence[Sequence[Any]]:
        """Run it; its rows, as plain sequences in the order of its columns."""
        made = self._for(connection.dialect)
        rows, _ = _run(connection, made.sql, _in_order(made, values), many=False)
        if not made.results:
            return rows
        return [
            [value if change is None else change(value) for change, value in zip(made.results, row, strict=True)]
            for row in rows
        ]

    def scalar(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Run it; the first column of its first row, None without one."""
        rows = self.all(connection, values)
        return rows[0][0] if rows else None

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Run it; how many rows it wrote."""
        made = self._for(connection.dialect)
        return _run(connection, made.sql, _in_order(made, values), many=False)[1]

    def run_later(
        self, connection: Connection, several: Sequence[Mapping[str, Any]], check: Callable[[int], None] | None = None
    ) -> None:
        """Run it for each with the next statement, where the driver takes writes along (SQLite), else at once.

        Nobody can tell the difference but by time: what comes next sees it, and a failure is the failure of what comes
        next, at last of the commit. ``check`` is given the number of rows written, if it is only one.
        """
        if not several:
            return
        made = self._for(connection.dialect)
        many = len(several) > 1
        values: Any = [_in_order(made, one) for one in several] if many else _in_order(made, several[0])
        driver: Any = connection.connection.dbapi_connection
        if not hasattr(driver, "later"):
            _, written = _run(connection, made.sql, values, many=many)
            if check is not None:
                check(written)
            return
        _tell(connection, None, made.sql, values, many=many)
        driver.later(made.sql, values, many=many, check=check)

    def run_each(self, connection: Connection, several: Sequence[Mapping[str, Any]]) -> None:
        """Run it for each, in one visit to the database."""
        if len(several) == 1:
            self.run(connection, several[0])
        elif several:
            made = self._for(connection.dialect)
            _run(connection, made.sql, [_in_order(made, values) for values in several], many=True)

    def _for(self, dialect: Dialect) -> _Made:
        made = self._made.get(dialect.name)
        if made is None:
            made = self._made[dialect.name] = self._make(dialect)
        return made

    def _make(self, dialect: Dialect) -> _Made:
        compiled: Any = self._statement.compile(
            dialect=dialect, column_keys=self._columns, compile_kwargs={"render_postcompile": True}
        )
        places = {compiled.bind_names[bind]: bind for bind in compiled.bind_names}
        binds = tuple(_bind(places.get(name), compiled.params[name], dialect) for name in compiled.positiontup)
        columns = getattr(self._statement, "exported_columns", ())
        results = tuple(_of(column.type, dialect).result_processor(dialect, None) for column in columns)
        return _Made(str(compiled), binds, results if any(results) else ())


def _of(kind: Any, dialect: Dialect) -> Any:
    """The type as the dialect has it."""
    return kind.dialect_impl(dialect)


def _bind(bind: Any, value: Any, dialect: Dialect) -> _Bind:
    change = None if bind is None else _of(bind.type, dialect).bind_processor(dialect)
    if bind is not None and bind.required:
        return _Bind(bind.key, None, change)
    return _Bind(None, value if change is None else change(value), None)


def _in_order(made: _Made, values: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(
        fixed if name is None else values[name] if change is None else change(values[name])
        for name, fixed, change in made.binds
    )


def _run(connection: Connection, sql: str, values: Any, *, many: bool) -> tuple[Sequence[Sequence[Any]], int]:
    """Rows and how many were written."""
    if not connection.in_transaction():
        connection.begin()
    cursor: Any = connection.connection.cursor()
    try:
        _tell(connection, cursor, sql, values, many=many)
        (cursor.executemany if many else cursor.execute)(sql, values)
        return (cursor.fetchall() if cursor.description else ()), cursor.rowcount
    except BaseException as error:  # noqa: BLE001 - as SQLAlchemy: whoever is cancelled leaves a connection to drop
        connection._handle_dbapi_exception(error, sql, values, cursor, None)  # noqa: SLF001 - its one way of telling
    finally:
        cursor.close()


def _tell(connection: Connection, cursor: Any, sql: str, values: Any, *, many: bool) -> None:
    """Those who listen to statements hear of it."""
    for listener in connection.dispatch.before_cursor_execute:
        listener(connection, cursor, sql, values, None, many)
