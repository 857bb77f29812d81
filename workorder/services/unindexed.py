"""Keeps a database from using an index where another way is known to be better (ADR 0011)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func
from sqlalchemy.sql.visitors import replacement_traverse

from workorder.model.orders import WorkOrder
from workorder.model.search import SearchText

_SEARCHED = frozenset({WorkOrder.__tablename__, SearchText.__tablename__})


def by_no_index(part: Any) -> Any:
    """The same condition or order, in words for which neither database has an index: it can only filter or sort."""
    return replacement_traverse(part, {}, _wrapped)


def _wrapped(element: Any, **_: Any) -> Any:
    table = getattr(element, "table", None)
    return func.coalesce(element, element) if getattr(table, "name", None) in _SEARCHED else None
