"""Keeps what is searched in step with orders and customers, in the transaction of each change; and makes it anew.

Orders are indexed when they are created and whenever their text changes or something is said about them, by the flush
that writes it: no service can forget it. Drafts are not: speech changes them all the time, and they are found on the
call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Connection,
    bindparam,
    delete,
    event,
    select,
    union_all,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapper, Session

from workorder.fields import FIELDS
from workorder.model.customers import Asset, Customer, CustomerAddress
from workorder.model.order_rows import Written, follows_orders
from workorder.model.orders import WorkOrder
from workorder.model.prepared import Prepared
from workorder.model.repairs import OrderRepair
from workorder.model.reports import OrderComment
from workorder.model.search import SearchText
from workorder.policy.search_text import tokens_of

ORDER, CUSTOMER = "order", "customer"
MARKS = {ORDER: "0order0", CUSTOMER: "0customer0"}
"""A token that every text of a kind has, so that one look-up in the index gives one kind."""
BATCH = 2000
MAX_TEXT = 4000
_CHANGED = "workorder.changed_customers"


def _put(insert: Any) -> Any:
    new = {"text": insert.excluded.text, "tokens": insert.excluded.tokens}
    return insert.on_conflict_do_update(index_elements=["kind", "key"], set_=new)


_COLUMNS = ("kind", "key", "text", "tokens")
_PUT = {
    "sqlite": Prepared(_put(sqlite.insert(SearchText)), _COLUMNS),
    "postgresql": Prepared(_put(postgresql.insert(SearchText)), _COLUMNS),
}
_SHOWN = ("description", "appliance", "brand", "model", "fault", "error_code", "customer_name", "address")
_WATCHED = frozenset({"number", "summary", "field_values"})
_ORDER = (WorkOrder.order_id, WorkOrder.summary, WorkOrder.field_values)


def _said_about(wanted: Callable[[Any], ColumnElement[bool]]) -> CompoundSelect[Any]:
    done = OrderRepair.finding + "\n" + OrderRepair.action
    parts = (
        select(kind.order_id, text.label("text"), key.label("key")).where(wanted(kind.order_id))
        for kind, text, key in (
            (OrderComment, OrderComment.text, OrderComment.comment_id),
            (OrderRepair, done, OrderRepair.repair_id),
        )
    )
    return union_all(*parts)


_KEYS: BindParameter[Any] = bindparam("keys", expanding=True)
_SAID_OF_ONE = Prepared(_said_about(lambda order_id: order_id == bindparam("order")))
_SAID_OF_MANY = _said_about(lambda order_id: order_id.in_(_KEYS))


def order_text(summary: str, field_values: dict[str, Any], comments: Iterable[str] = ()) -> str:
    """What an order is found by, the most telling first, a line each; what was said about it comes last."""
    shown = [field_values.get(name) or {} for name in _SHOWN if name in FIELDS]
    fields = (str(field.get("display") or "") for field in shown if field.get("value") is not None)
    lines = [summary, *fields, *comments]
    return "\n".join(line.replace("\n", " ") for line in dict.fromkeys(lines) if line)[:MAX_TEXT]


def customer_text(customer: Any, addresses: Iterable[Any], assets: Iterable[Any]) -> str:
    """What a customer is found by, a line each: name, places, appliances, notes."""
    places = [f"{one.province}{one.city}{one.district}{one.detail}" for one in addresses]
    owned = [f"{one.brand} {one.appliance} {one.model} {one.serial}" for one in assets]
    lines = [customer.name, *places, *owned, customer.notes]
    return "\n".join(line.replace("\n", " ") for line in lines if line.strip())[:MAX_TEXT]


def index_customer(session: AsyncSession, customer_id: str) -> None:
    """Let ``write_customers`` index the customer as it will be then; nothing of one who was merged or erased."""
    session.info.setdefault(_CHANGED, {})[customer_id] = None


def write_customers(session: Session) -> None:
    """Index the customers that changed since the last call; whoever commits calls it before."""
    if keys := list(session.info.pop(_CHANGED, ())):
        session.flush()
        for begin in range(0, len(keys), BATCH):
            _index_customers(session.connection(), keys[begin : begin + BATCH])


async def index_order(session: AsyncSession, order_id: str) -> None:
    """The order's text as it is now, after its comments were changed past the session's objects."""
    await session.flush()
    connection = await session.connection()
    await connection.run_sync(_index_orders, [order_id])


def reindex(connection: Connection) -> Iterator[int]:
    """Make the whole index anew, in batches; yields how many texts are done so far. The caller commits."""
    connection.execute(delete(SearchText))
    done = 0
    for keys in _batches(connection, select(Customer.customer_id).order_by(Customer.customer_id)):
        _index_customers(connection, keys)
        done += len(keys)
        yield done
    orders = select(WorkOrder.order_id).where(WorkOrder.number.is_not(None)).order_by(WorkOrder.order_id)
    for keys in _batches(connection, orders):
        _index_orders(connection, keys)
        done += len(keys)
        yield done


@follows_orders
def _follow(connection: Connection, written: Sequence[Written]) -> None:
    """Runs inside the flush that writes the orders."""
    changed = {one.order_id: one for one, columns in written if one.number is not None and columns & _WATCHED}
    if changed:
        said = _said(connection, list(changed))
        texts = [(key, order_text(one.summary, one.field_values, said.get(key, ()))) for key, one in changed.items()]
        _write(connection, ORDER, texts)


@event.listens_for(OrderComment, "after_insert")
@event.listens_for(OrderComment, "after_update")
@event.listens_for(OrderRepair, "after_insert")
def _follow_words(_mapper: Mapper[Any], connection: Connection, words: OrderComment | OrderRepair) -> None:
    """What was said about an order, and what was found and done, finds it."""
    _index_orders(connection, [words.order_id])


def _index_orders(connection: Connection, keys: Sequence[str]) -> None:
    """The texts of those that have a number, from what is in the database."""
    numbered = select(*_ORDER).where(WorkOrder.order_id.in_(keys), WorkOrder.number.is_not(None))
    rows = connection.execute(numbered.order_by(WorkOrder.order_id)).all()
    said = _said(connection, keys)
    texts = [(row.order_id, order_text(row.summary, row.field_values, said.get(row.order_id, ()))) for row in rows]
    _write(connection, ORDER, texts)


def _said(connection: Connection, keys: Sequence[str]) -> dict[str, list[str]]:
    """The comments and repair records of orders, oldest first (keys grow with time)."""
    found: Iterable[Any]
    if len(keys) == 1:
        found = _SAID_OF_ONE.all(connection, {"order": keys[0]})
    else:
        found = connection.execute(_SAID_OF_MANY, {"keys": list(keys)})
    said: dict[str, list[str]] = {}
    for order_id, text, _ in sorted(found, key=lambda row: row[2]):
        said.setdefault(order_id, []).append(text)
    return said


def _index_customers(connection: Connection, keys: Sequence[str]) -> None:
    columns = (Customer.customer_id, Customer.name, Customer.notes)
    there = Customer.merged_into.is_(None) & Customer.erased_at.is_(None)
    found = connection.execute(select(*columns).where(Customer.customer_id.in_(keys), there)).all()
    addresses = _children(connection, CustomerAddress, keys)
    assets = _children(connection, Asset, keys)
    texts = [
        (row.customer_id, customer_text(row, addresses.get(row.customer_id, ()), assets.get(row.customer_id, ())))
        for row in found
    ]
    _write(connection, CUSTOMER, texts)
    gone = set(keys) - {row.customer_id for row in found}
    if gone:
        connection.execute(delete(SearchText).where(SearchText.kind == CUSTOMER, SearchText.key.in_(gone)))


def _children(connection: Connection, kind: type[Any], keys: Sequence[str]) -> dict[str, list[Any]]:
    owned: dict[str, list[Any]] = {}
    for row in connection.execute(select(kind.__table__).where(kind.customer_id.in_(keys))):
        owned.setdefault(row.customer_id, []).append(row)
    return owned


def _write(connection: Connection, kind: str, texts: Sequence[tuple[str, str]]) -> None:
    if not texts:
        return
    found = [
        {"kind": kind, "key": key, "text": text, "tokens": " ".join((MARKS[kind], *tokens_of(text)))}
        for key, text in texts
    ]
    _PUT[connection.dialect.name].run_later(connection, found)


def _batches(connection: Connection, statement: Any) -> Iterator[list[str]]:
    """Keys in batches; read whole, for the index is written meanwhile."""
    keys = list(connection.scalars(statement))
    for begin in range(0, len(keys), BATCH):
        yield keys[begin : begin + BATCH]
