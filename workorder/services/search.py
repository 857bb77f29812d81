"""One search box: customers by number, name, pinyin, serial or words; orders by number, phone or full text.

Full text shows the newest texts first, in windows: the newest ``WINDOW`` that fit are ranked by how well they fit, then
the next ones. So the answer is quick however many texts fit, and the cursor stays true while new orders come in.
Everything else is looked up by how a column begins, in the order of its index and no further than asked for: a single
letter costs what a whole name does. All of it is read below the ORM, by statements that are made once (ADR 0009).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    Connection,
    Select,
    bindparam,
    func,
    literal,
    select,
    union_all,
)

from workorder.errors import Invalid
from workorder.model.customers import Asset, Customer, CustomerPhone
from workorder.model.orders import WorkOrder
from workorder.model.search import SearchText
from workorder.policy.phones import parse_phone
from workorder.policy.pinyin import typed_pinyin
from workorder.policy.search_text import TextQuery, asked_tokens, fits, parse_query, says_all, score, snippet
from workorder.services.customers import ON_FILE
from workorder.services.order_filters import (
    MIN_TAIL,
    OrderFilters,
    Values,
    beginning,
    begins,
    conditions,
    phone_values,
)
from workorder.services.paging import check_limit
from workorder.services.search_index import CUSTOMER, MARKS, ORDER
from workorder.services.text_index import TOP_POSITION, TextIndex
from workorder.services.unindexed import by_no_index
from workorder.views.customers import CustomerHit
from workorder.views.orders import OrderHit, PieceView
from workorder.views.pages import Page

WINDOW = 100
LOOKED_THROUGH = 1000
"""Texts of the index looked at for one window: pairs of characters may fit where the words do not."""


class _Found(NamedTuple):
    """A text of the index."""

    position: int
    key: str
    text: str


class _Way(NamedTuple):
    """What may have been typed: how ``column`` begins. ``value`` is its name among the values."""

    why: str
    value: str
    column: Any
    key: Any
    """Whom it finds."""


_WAYS: Mapping[str, tuple[_Way, ...]] = {
    CUSTOMER: (
        _Way("phone", "digits", CustomerPhone.lookup, CustomerPhone.customer_id),
        _Way("phone", "national", CustomerPhone.lookup, CustomerPhone.customer_id),
        _Way("phone", "tail", CustomerPhone.tail, CustomerPhone.customer_id),
        _Way("serial", "typed", Asset.serial, Asset.customer_id),
        _Way("serial", "capitals", Asset.serial, Asset.customer_id),
        _Way("model", "typed", Asset.model, Asset.customer_id),
        _Way("model", "capitals", Asset.model, Asset.customer_id),
        _Way("name", "name", Customer.name, Customer.customer_id),
        _Way("pinyin", "pinyin", Customer.name_initials, Customer.customer_id),
        _Way("pinyin", "pinyin", Customer.name_pinyin, Customer.customer_id),
    ),
    ORDER: (
        _Way("number", "number", WorkOrder.number, WorkOrder.order_id),
        _Way("phone", "digits", WorkOrder.contact_lookup, WorkOrder.order_id),
        _Way("phone", "national", WorkOrder.contact_lookup, WorkOrder.order_id),
        _Way("phone", "tail", WorkOrder.contact_tail, WorkOrder.order_id),
    ),
}
"""The surest first."""
_THERE: Mapping[str, ColumnElement[bool]] = {"customers": ON_FILE, "work_orders": WorkOrder.number.is_not(None)}
"""What is not found, by table: who was merged or forgotten, and drafts."""


def search_customers(rows: Connection, q: str, *, limit: int = 20) -> tuple[CustomerHit, ...]:
    """The ``limit`` (1 to 200) that fit best: a number or serial first, then names, then words."""
    check_limit(limit)
    found: dict[str, str] = {}
    for place, _typed, key in sorted(_by_ways(rows, CUSTOMER, _customer_values(q.strip()), limit)):
        found.setdefault(key, _WAYS[CUSTOMER][place].why)
    if len(found) < limit and (query := parse_query(q)).terms:
        for one in _texts(rows, CUSTOMER, query, below=None, limit=limit):
            found.setdefault(one.key, "text")
    return _customer_hits(rows, dict(list(found.items())[:limit]))


def search_orders(
    rows: Connection, q: str, *, filters: OrderFilters | None = None, cursor: str | None = None, limit: int = 20
) -> Page[OrderHit]:
    """Orders whose text has the words of ``q`` and that fit the filters, in windows as told above.

    Without a word to look for nothing is found. Raises Invalid (cursor, limit).
    """
    check_limit(limit)
    query = parse_query(q)
    if not query.terms:
        return Page(())
    above, skip = _decode(cursor)
    window = _texts(rows, ORDER, query, below=above, limit=WINDOW, filters=filters)
    items = _order_hits(rows, _ranked(window, query)[skip : skip + limit], query)
    return Page(items, _next(window, above, skip + limit))


def orders_like(rows: Connection, q: str, *, limit: int = 20) -> tuple[OrderHit, ...]:
    """For the search box: by order number or phone where ``q`` is one, newest first, else by words."""
    query = parse_query(q.strip())
    keys = {key for _place, _typed, key in _by_ways(rows, ORDER, _order_values(q.strip()), limit)}
    direct = rows.execute(_NEWEST, {"keys": list(keys), "at_most": limit}) if keys else ()
    hits = tuple(_order_hit(row, row.summary, query) for row in direct)
    if len(hits) < limit and query.terms:
        texts = [one for one in _texts(rows, ORDER, query, below=None, limit=WINDOW) if one.key not in keys]
        hits += _order_hits(rows, _ranked(texts, query)[: limit - len(hits)], query)
    return hits


# ---- how something begins -------------------------------------------------------------------------------------------


def _customer_values(q: str) -> Values:
    """What ``q`` may mean."""
    if not q:
        return {}
    found = {**beginning("name", q), **(phone_values(q) or {})}
    if len(q) >= MIN_TAIL and q.isascii():
        found |= {**beginning("typed", q), **beginning("capitals", q.upper())}
    if key := typed_pinyin(q):
        found |= beginning("pinyin", key)
    return found


def _order_values(q: str) -> Values:
    number = beginning("number", q.upper()) if q.upper().startswith("WO") and q.isascii() else {}
    return {**number, **(phone_values(q) or {})}


def _by_ways(rows: Connection, kind: str, values: Values, limit: int) -> Sequence[Any]:
    """A way's place, what fits and whose it is, in no order: up to ``2 * limit`` for each way that has a value.

    Twice, for somebody may have two numbers or appliances that begin alike.
    """
    given = [(place, way) for place, way in enumerate(_WAYS[kind]) if way.value in values]
    # As typed it may be a whole number, or capitals, already.
    ways = {(id(way.column), values[way.value]): place for place, way in reversed(given)}
    if not ways:
        return ()
    return rows.execute(_union(kind, tuple(sorted(ways.values()))), {**values, "at_most": 2 * limit}).all()


@lru_cache(maxsize=64)
def _union(kind: str, places: tuple[int, ...]) -> CompoundSelect[Any]:
    """One statement for all: each way is one range of one index, read in its order and no further than asked for."""
    arms = (_arm(place, _WAYS[kind][place]).subquery() for place in places)
    return union_all(*(select(*arm.c) for arm in arms))


def _arm(place: int, way: _Way) -> Select[Any]:
    shown = select(literal(place).label("place"), way.column.label("typed"), way.key.label("key"))
    found = shown.where(begins(way.column, way.value))
    if (there := _THERE.get(way.column.table.name)) is not None:
        found = found.where(there)
    return found.order_by(way.column).limit(bindparam("at_most"))


# ---- the index ------------------------------------------------------------------------------------------------------


def _texts(
    rows: Connection,
    kind: str,
    query: TextQuery,
    *,
    below: int | None,
    limit: int,
    filters: OrderFilters | None = None,
) -> list[_Found]:
    """The newest ``limit`` texts before position ``below`` that have every word."""
    asked = conditions(filters)
    values = {name: value for given in asked.values() for name, value in given.items()}
    index = TextIndex(rows, [MARKS[kind], *asked_tokens(query)], tuple(asked), {**values, "at_most": limit})
    surely = says_all(query)
    below = TOP_POSITION if below is None else below
    found: list[_Found] = []
    seen = 0
    while len(found) < limit and seen < LOOKED_THROUGH:
        texts = index.newest(below)
        found += [_Found._make(row) for row in texts if surely or fits(query, row.text)]
        seen += len(texts)
        if len(texts) < limit:
            break
        below = texts[-1].position
    return found[:limit]


def _ranked(texts: Sequence[_Found], query: TextQuery) -> list[_Found]:
    """Those that answer best first, of equal ones the newest."""
    return sorted(texts, key=lambda one: (-score(query, one.text), -one.position))


def _next(window: Sequence[_Found], above: int | None, skip: int) -> str | None:
    """Further on in this window, or the next one; None when both are at their end."""
    if skip < len(window):
        return f"{'' if above is None else above}.{skip}"
    return f"{window[-1].position}.0" if len(window) == WINDOW else None


def _decode(cursor: str | None) -> tuple[int | None, int]:
    if cursor is None:
        return None, 0
    above, _, skip = cursor.partition(".")
    fine = all(part.isascii() and part.isdigit() and len(part) < 16 for part in (above or "0", skip))
    if not fine or int(skip) > WINDOW:
        raise Invalid("is not one of ours", field="cursor", fix="start again without a cursor")
    return int(above) if above else None, int(skip)


# ---- what is shown --------------------------------------------------------------------------------------------------

_CUSTOMERS = select(
    Customer.customer_id,
    Customer.name,
    Customer.level,
    select(func.min(CustomerPhone.raw))
    .where(CustomerPhone.customer_id == Customer.customer_id, CustomerPhone.position == 0)
    .scalar_subquery(),
    select(SearchText.text)
    .where(SearchText.kind == CUSTOMER, SearchText.key == Customer.customer_id)
    .scalar_subquery(),
).where(Customer.customer_id.in_(bindparam("keys", expanding=True)), ON_FILE)
_HIT: tuple[Any, ...] = (
    WorkOrder.order_id, WorkOrder.number, WorkOrder.status, WorkOrder.customer_id, WorkOrder.customer_name,
    WorkOrder.service_type, WorkOrder.appliance, WorkOrder.brand, WorkOrder.fault, WorkOrder.created_at,
)  # fmt: skip
_ASKED_FOR = WorkOrder.order_id.in_(bindparam("keys", expanding=True))
_ORDERS = select(*_HIT).where(_ASKED_FOR)
_NEWEST = (
    select(*_HIT, WorkOrder.summary)
    .where(_ASKED_FOR)
    .order_by(by_no_index(WorkOrder.created_at).desc(), by_no_index(WorkOrder.order_id).desc())
    .limit(bindparam("at_most"))
)
"""They show the beginning of their summary, unless what was asked for is in it."""


def _customer_hits(rows: Connection, found: dict[str, str]) -> tuple[CustomerHit, ...]:
    if not found:
        return ()
    shown = {key: about for key, *about in rows.execute(_CUSTOMERS, {"keys": list(found)})}
    return tuple(_customer_hit(key, why, *shown[key]) for key, why in found.items() if key in shown)


def _customer_hit(key: str, why: str, name: str, level: str, number: str | None, lines: str | None) -> CustomerHit:
    about = (lines or "").split("\n")[1:2]
    return CustomerHit(
        customer_id=key,
        name=name,
        level=level,
        phone=parse_phone(number).display if number else None,
        about=about[0] if about else "",
        why=why,
    )


def _order_hits(rows: Connection, found: Sequence[_Found], query: TextQuery) -> tuple[OrderHit, ...]:
    """Each shows where its text fits."""
    if not found:
        return ()
    shown = {row.order_id: row for row in rows.execute(_ORDERS, {"keys": [one.key for one in found]})}
    return tuple(_order_hit(shown[one.key], one.text, query) for one in found if one.key in shown)


def _order_hit(row: Any, text: str, query: TextQuery) -> OrderHit:
    pieces = tuple(PieceView(*piece) for piece in snippet(query, text))
    return OrderHit(*row[: len(_HIT)], pieces)  # type: ignore[call-arg]
