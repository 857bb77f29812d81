"""Writes orders, each with the new lines of its trail, by one statement a row and one for all lines (ADR 0010).

It takes them out of the session's own work just before that begins: new orders and changed ones look to it as if it had
written them, rollbacks and savepoints included. Rows that point at an order follow and find it; a new customer must be
flushed before an order that points at it. ``WorkOrder.version`` catches lost updates as ``version_id_col`` does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields
from functools import lru_cache, partial
from operator import attrgetter
from typing import Any, NamedTuple

from sqlalchemy import Connection, bindparam, event, insert, inspect, select, update
from sqlalchemy.orm import InstanceState, Session, UOWTransaction, make_transient_to_detached
from sqlalchemy.orm.exc import StaleDataError
from sqlalchemy.orm.instrumentation import manager_of_class

from workorder.model.orders import WorkOrder
from workorder.model.prepared import Prepared, Question, Rows, all_of, connection_of
from workorder.model.trail import OrderChange, TrailLine


class Written(NamedTuple):
    """An order that was written a moment ago, and the columns that changed (of a new one all)."""

    order: WorkOrder
    columns: frozenset[str]


Follower = Callable[[Connection, Sequence[Written]], None]
"""Keeps something in step with orders, in the same transaction."""
_FOLLOWERS: list[Follower] = []

_TABLE: Any = WorkOrder.__table__
_COLUMNS = tuple(column.key for column in _TABLE.columns)
_DEFAULTS = {column.key: column.default.arg if column.default else None for column in _TABLE.columns}
_MANAGER = manager_of_class(WorkOrder)
_INSERT = Prepared(insert(_TABLE).inline(), _COLUMNS)
_LOCKED = Prepared(select(_TABLE).where(_TABLE.c.order_id == bindparam("key")).with_for_update())
_LINE = tuple(field.name for field in fields(TrailLine))
_LINE_VALUES = attrgetter(*_LINE)
_INSERT_LINES = Prepared(insert(OrderChange).inline(), _LINE)


def follows_orders(follower: Follower) -> Follower:
    """Decorator: call it after orders were written."""
    _FOLLOWERS.append(follower)
    return follower


def locked(session: Session, order_id: str, *questions: Question) -> tuple[WorkOrder | None, list[Rows]]:
    """The order as it is on file, locked until the transaction ends, and what was asked then; None: there is none."""
    connection = connection_of(session)
    if session.identity_map.get(session.identity_key(WorkOrder, order_id)) is not None:
        order = session.get(WorkOrder, order_id, with_for_update=True, populate_existing=True)
        return order, all_of(connection, *questions)
    rows, *answers = all_of(connection, (_LOCKED, {"key": order_id}), *questions)
    return (_on_file(session, rows[0]) if rows else None), answers


def _on_file(session: Session, row: Sequence[Any]) -> WorkOrder:
    order: WorkOrder = _MANAGER.new_instance()
    order.__dict__.update(zip(_COLUMNS, row, strict=True))
    make_transient_to_detached(order)
    session.add(order)
    return order


@event.listens_for(Session, "before_flush")
def _write(session: Session, _context: UOWTransaction, _instances: object) -> None:
    new = sorted(_orders(session.new), key=lambda order: _state(order).insert_order or 0)
    changed = list(_orders(session.dirty))
    if not (new or changed):
        return
    connection = connection_of(session)
    written = [*_inserted(connection, new), *(found for order in changed if (found := _updated(connection, order)))]
    lines = [line for order in (*new, *changed) for line in order.take_lines()]
    _INSERT_LINES.run_later(connection, [dict(zip(_LINE, _LINE_VALUES(line), strict=True)) for line in lines])
    # What SQLAlchemy does when it has written: they are clean, and a rollback of the savepoint expires them.
    session._register_persistent({_state(order) for order in (*new, *changed)})  # noqa: SLF001 - nothing else does
    for follower in _FOLLOWERS:
        follower(connection, written)


def _inserted(connection: Connection, orders: Sequence[WorkOrder]) -> list[Written]:
    for order in orders:
        now = order.__dict__
        now |= {name: value for name, value in _DEFAULTS.items() if name not in now}
    _INSERT.run_later(connection, [order.__dict__ for order in orders])
    return [Written(order, frozenset(_COLUMNS)) for order in orders]


def _updated(connection: Connection, order: WorkOrder) -> Written | None:
    """Write what changed; None: nothing did. Raises StaleDataError when somebody else changed it meanwhile."""
    now, before = order.__dict__, _state(order).committed_state
    names = tuple(name for name in _COLUMNS if name in before and name in now and before[name] != now[name])
    if not names:
        return None
    values = {name: now[name] for name in names}
    seen, order.version = order.version, order.version + 1
    values |= {"version": order.version, "key": order.order_id, "seen": seen}
    _update(names).run_later(connection, [values], partial(_check_written, order.order_id, seen))
    return Written(order, frozenset(names))


def _check_written(order_id: str, seen: int, touched: int) -> None:
    if touched != 1:
        raise StaleDataError(f"work order {order_id} is not at version {seen} any more")


@lru_cache(maxsize=512)
def _update(names: tuple[str, ...]) -> Prepared:
    """Made once for each set of columns that commands change together."""
    own = _TABLE.c.order_id == bindparam("key"), _TABLE.c.version == bindparam("seen")
    return Prepared(update(_TABLE).where(*own).inline(), (*names, "version"))


@event.listens_for(WorkOrder, "expire")
def _forget(order: WorkOrder, _names: object) -> None:
    """What a rollback took back has no lines."""
    order.take_lines()


def _orders(objects: Iterable[object]) -> Iterable[WorkOrder]:
    return (one for one in objects if isinstance(one, WorkOrder))


def _state(order: WorkOrder) -> InstanceState[Any]:
    state: InstanceState[Any] = inspect(order)
    return state
