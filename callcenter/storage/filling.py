"""What a database makes faster once for all rows than along with each: indexes, foreign keys, the full-text index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from sqlalchemy import Connection, bindparam, text

INDEX_MEMORY = "256MB"
"""What PostgreSQL may take to sort for an index."""


class PutOff(NamedTuple):
    """Something that was taken away, and the statement that makes it as it was, for all rows that are there then."""

    name: str
    statement: str


def put_off(connection: Connection, tables: Sequence[str]) -> list[PutOff]:
    """Take away what can wait until ``tables`` are filled; returns what to execute then, in order.

    Keys that have no statement of their own (primary, unique) stay: they fill in order.
    """
    return (_put_off_sqlite if connection.dialect.name == "sqlite" else _put_off_postgresql)(connection, tables)


_SQLITE = text(
    "SELECT type, name, sql FROM sqlite_schema WHERE type = :type AND sql IS NOT NULL AND tbl_name IN :tables"
)
_SQLITE = _SQLITE.bindparams(bindparam("tables", expanding=True))
_FTS = text("SELECT name FROM sqlite_schema WHERE sql LIKE '%USING fts5(%content=''' || :table || '''%'")


def _put_off_sqlite(connection: Connection, tables: Sequence[str]) -> list[PutOff]:
    """Triggers only keep the full-text index, which is made from its table a row at a time or at once."""
    indexes, triggers = [
        connection.execute(_SQLITE, {"type": kind, "tables": tables}).all() for kind in ("index", "trigger")
    ]
    for kind, name, _ in (*indexes, *triggers):
        connection.exec_driver_sql(f'DROP {kind} "{name}"')
    found = [connection.scalars(_FTS, {"table": table}).all() for table in tables]
    texts = [PutOff(name, f"INSERT INTO {name}({name}) VALUES ('rebuild')") for names in found for name in names]  # noqa: S608 - our own names
    made = [PutOff(name, statement) for _, name, statement in (*indexes, *triggers)]
    return [*texts, *made]


_INDEXES = text("""
SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index
WHERE indrelid = ANY (CAST(CAST(:tables AS text[]) AS regclass[]))
  AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u', 'x'))
""")
_FOREIGN_KEYS = text("""
SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid)
FROM pg_constraint WHERE contype = 'f' AND conrelid = ANY (CAST(CAST(:tables AS text[]) AS regclass[]))
""")


def _put_off_postgresql(connection: Connection, tables: Sequence[str]) -> list[PutOff]:
    """Statistics come last: nothing is found well before the server gathers them by itself."""
    connection.exec_driver_sql(f"SET LOCAL maintenance_work_mem = '{INDEX_MEMORY}'")
    indexes, keys = [connection.execute(found, {"tables": list(tables)}).all() for found in (_INDEXES, _FOREIGN_KEYS)]
    for table, key, _ in keys:
        connection.exec_driver_sql(f"ALTER TABLE {table} DROP CONSTRAINT {key}")
    for index, _ in indexes:
        connection.exec_driver_sql(f"DROP INDEX {index}")
    made = [PutOff(index, statement) for index, statement in indexes]
    bound = [PutOff(key, f"ALTER TABLE {table} ADD CONSTRAINT {key} {rule}") for table, key, rule in keys]
    return [*made, *bound, *(PutOff(table, f"ANALYZE {table}") for table in tables)]
