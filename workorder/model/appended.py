"""Rows that are only ever added: written by one statement a table, after everything else in the flush they point at.

Asking the database for the key of each row costs a statement a row (SQLite gives numbers back one at a time), and a
change of an order writes several lines of its trail. Nobody needs those keys, so the rows leave the session's own list
before it writes and follow in one go. ``session.add`` stays what services call.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Insert, event, insert, inspect
from sqlalchemy.orm import InstanceState, Session, UOWTransaction

_KEY = "workorder.appended"


class Appended:
    """Mark of a mapped class whose rows are only added; its key is not known until the row is read again."""


Kind = TypeVar("Kind", bound=Appended)


def unwritten(session: Session, kind: type[Kind]) -> list[Kind]:
    """Rows of ``kind`` that were added and not yet written, in order."""
    return [row for row in _in_order(session) if isinstance(row, kind)]


@event.listens_for(Session, "before_flush")
def _set_aside(session: Session, _context: UOWTransaction, _instances: object) -> None:
    rows = [row for row in _in_order(session) if isinstance(row, Appended)]
    for row in rows:
        session.expunge(row)
    session.info.setdefault(_KEY, []).extend(rows)
    if not (session.new or session.dirty or session.deleted):
        # The flush has nothing left to do and ends here.
        _write(session)


@event.listens_for(Session, "after_flush")
def _append(session: Session, _context: UOWTransaction) -> None:
    _write(session)


@event.listens_for(Session, "after_soft_rollback")
def _forget(session: Session, _transaction: object) -> None:
    session.info.pop(_KEY, None)


def _write(session: Session) -> None:
    by_kind: dict[Any, list[dict[str, Any]]] = {}
    for row in session.info.pop(_KEY, ()):
        state: InstanceState[Any] = inspect(row)
        kind: Any = type(row)
        by_kind.setdefault(kind, []).append({name: state.dict.get(name) for name in _columns(kind)})
    for kind, values in by_kind.items():
        session.connection().execute(_insert(kind), values)


@lru_cache
def _insert(kind: Any) -> Insert:
    """Made once: putting a statement together takes longer than running it."""
    return insert(kind.__table__)


@lru_cache
def _columns(kind: Any) -> list[str]:
    """All but the key that the database gives; the attributes have the columns' names."""
    return [column.name for column in kind.__table__.columns if not column.primary_key]


def _in_order(session: Session) -> list[Any]:
    return sorted(session.new, key=lambda row: inspect(row).insert_order)
