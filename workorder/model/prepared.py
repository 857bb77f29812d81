"""Statements made once and run on the driver's own cursor, for what every command does (ADR 0010).

SQLAlchemy makes the text and knows how each column's values go to the database and come back; that is asked of it once
for each dialect. What it does around each run (execution context, cursor result) takes three times as long as sending
the statement, and is left out. Transactions, listeners and failures are the connection's as ever.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, Dialect
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.sql import ClauseElement

_CONNECTION = "workorder.connection"
Change = Callable[[Any], Any]
"""How a value goes to the database, or comes from it."""
Rows = Sequence[Sequence[Any]]


class Made(NamedTuple):
    """The statement of one dialect: values are picked by name, changed at their places, and joined by fixed ones."""

    sql: str
    names: tuple[str, ...]
    changes: tuple[tuple[int, Change], ...]
    fixed: tuple[tuple[int, Any], ...]
    results: tuple[tuple[int, Change], ...]
    """Columns whose values must be changed when they come."""

    def values(self, given: Mapping[str, Any]) -> list[Any]:
        """In the statement's order. Raises KeyError for a missing one."""
        found = [given[name] for name in self.names]
        for place, change in self.changes:
            found[place] = change(found[place])
        for place, value in self.fixed:
            found.insert(place, value)
        return found

    def read(self, rows: Rows) -> Rows:
        """What came from the driver, as the columns' types have it."""
        if not self.results:
            return rows
        found = [list(row) for row in rows]
        for row in found:
            for place, change in self.results:
                row[place] = change(row[place])
        return found


class Prepared:
    """One statement whose values have names (``bindparam``; of an INSERT or UPDATE also the ``columns`` it writes).

    Use it inside a transaction of ``connection``, in SQLAlchemy's greenlet, as ``Connection.execute``. Failures are
    SQLAlchemy's: IntegrityError and the like; a missing value is a KeyError. IN lists must be literal.
    """

    def __init__(self, statement: ClauseElement, columns: Iterable[str] | None = None) -> None:
        self._statement = statement
        self._columns = None if columns is None else list(columns)
        self._made: dict[str, Made] = {}

    def all(self, connection: Connection, values: Mapping[str, Any]) -> Rows:
        """Run it; its rows, as plain sequences in the order of its columns."""
        made = self.made_for(connection.dialect)
        return made.read(_run(connection, made.sql, made.values(values), many=False)[0])

    def scalar(self, connection: Connection, values: Mapping[str, Any]) -> Any:
        """Run it; the first column of its first row, None without one."""
        rows = self.all(connection, values)
        return rows[0][0] if rows else None

    def run(self, connection: Connection, values: Mapping[str, Any]) -> int:
        """Run it; how many rows it wrote."""
        made = self.made_for(connection.dialect)
        return _run(connection, made.sql, made.values(values), many=False)[1]

    def run_later(
        self, connection: Connection, several: Sequence[Mapping[str, Any]], check: Callable[[int], None] | None = None
    ) -> None:
        """Run it for each with the next statement, where the driver takes writes along (SQLite), else at once.

        Nobody can tell the difference but by time: what comes next sees it, and a failure is the failure of what comes
        next, at last of the commit. ``check`` is given the number of rows written, if it is only one.
        """
        if not several:
            return
        made = self.made_for(connection.dialect)
        many = len(several) > 1
        values: Any = [made.values(one) for one in several] if many else made.values(several[0])
        driver: Any = connection.connection.dbapi_connection
        if not hasattr(driver, "later"):
            _, written = _run(connection, made.sql, values, many=many)
            if check is not None:
                check(written)
            return
        _tell(connection, None, made.sql, values, many=many)
        driver.later(made.sql, values, many=many, then=None if check is None else lambda touched, _rows: check(touched))

    def made_for(self, dialect: Dialect) -> Made:
        """The statement as this dialect has it, made when it is first asked for."""
        made = self._made.get(dialect.name)
        if made is None:
            made = self._made[dialect.name] = self._make(dialect)
        return made

    def _make(self, dialect: Dialect) -> Made:
        compiled: Any = self._statement.compile(
            dialect=dialect, column_keys=self._columns, compile_kwargs={"render_postcompile": True}
        )
        places = {compiled.bind_names[bind]: bind for bind in compiled.bind_names}
        names: list[str] = []
        changes, fixed = [], []
        for place, name in enumerate(compiled.positiontup):
            bind: Any = places.get(name)
            change = None if bind is None else _of(bind.type, dialect).bind_processor(dialect)
            if bind is None or not bind.required:
                value = compiled.params[name]
                fixed.append((place, value if change is None else change(value)))
                continue
            if change is not None:
                changes.append((len(names), change))
            names.append(bind.key)
        columns = getattr(self._statement, "exported_columns", ())
        coming = enumerate(_of(column.type, dialect).result_processor(dialect, None) for column in columns)
        results = tuple((place, change) for place, change in coming if change is not None)
        return Made(str(compiled), tuple(names), tuple(changes), tuple(fixed), results)


Question = tuple[Prepared, Mapping[str, Any]]
"""A statement and its values."""


def all_of(connection: Connection, *questions: Question) -> list[Rows]:
    """The rows of each, asked in this order: in one visit to the database where the driver can (SQLite)."""
    if not questions:
        return []
    driver: Any = connection.connection.dbapi_connection
    if not hasattr(driver, "later"):
        return [prepared.all(connection, values) for prepared, values in questions]
    made = [prepared.made_for(connection.dialect) for prepared, _ in questions]
    *first, last = [(one.sql, one.values(values)) for one, (_, values) in zip(made, questions, strict=True)]
    found: list[Rows] = []
    for sql, values in first:
        _tell(connection, None, sql, values, many=False)
        driver.later(sql, values, then=lambda _touched, rows: found.append(rows))
    found.append(_run(connection, *last, many=False)[0])
    return [one.read(rows) for one, rows in zip(made, found, strict=True)]


def connection_of(session: Session) -> Connection:
    """``session.connection()``, which takes its time every time, asked once a transaction and savepoint.

    Once in each savepoint, for SQLAlchemy makes it when its connection is asked for.
    """
    owner, held = session.info.get(_CONNECTION, (None, None))
    if owner is None or owner is not _innermost(session) or not session.is_active:
        connection = session.connection()
        session.info[_CONNECTION] = _innermost(session), connection
        return connection
    known: Connection = held
    return known


def _innermost(session: Session) -> SessionTransaction | None:
    return session.get_nested_transaction() or session.get_transaction()


def _of(kind: Any, dialect: Dialect) -> Any:
    """The type as the dialect has it."""
    return kind.dialect_impl(dialect)


def _run(connection: Connection, sql: str, values: Any, *, many: bool) -> tuple[Rows, int]:
    """Rows and how many were written."""
    if not connection.in_transaction():
        connection.begin()
    cursor: Any = connection.connection.cursor()
    try:
        _tell(connection, cursor, sql, values, many=many)
        (cursor.executemany if many else cursor.execute)(sql, values)
        return (cursor.fetchall() if cursor.description else ()), cursor.rowcount
    except StaleDataError:
        # Of a write that went along: this statement has nothing to do with it.
        raise
    except BaseException as error:  # noqa: BLE001 - as SQLAlchemy: whoever is cancelled leaves a connection to drop
        connection._handle_dbapi_exception(error, sql, values, cursor, None)  # noqa: SLF001 - its one way of telling
    finally:
        cursor.close()


def _tell(connection: Connection, cursor: Any, sql: str, values: Any, *, many: bool) -> None:
    """Those who listen to statements hear of it."""
    for listener in connection.dispatch.before_cursor_execute:
        listener(connection, cursor, sql, values, None, many)
