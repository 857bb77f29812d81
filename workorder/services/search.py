"""One search box: customers by number, name, pinyin, serial or words; orders by number, phone or full text.

Full text shows the newest texts first, in windows: the newest ``WINDOW`` that fit are ranked by how well they fit, then
the next ones. So the answer is quick however many texts fit, and the cursor stays true while new orders come in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, func, literal, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from workorder.errors import Invalid
from workorder.model.customers import Asset, Customer, CustomerPhone
from workorder.model.orders import WorkOrder
from workorder.model.search import FTS, TOKENS, SearchText
from workorder.policy.phones import parse_phone
from workorder.policy.pinyin import typed_pinyin
from workorder.policy.search_text import TextQuery, asked_tokens, fits, parse_query, score, snippet
from workorder.services.customers import ON_FILE
from workorder.services.order_filters import MIN_TAIL, TOP, OrderFilters, conditions, phone_conditions
from workorder.services.paging import check_limit
from workorder.services.search_index import CUSTOMER, MARKS, ORDER
from workorder.views import CustomerHit, OrderHit, Page, PieceView

WINDOW = 100
LOOKED_THROUGH = 1000
"""Texts of the index looked at for one window: pairs of characters may fit where the words do not."""


@dataclass(frozen=True, slots=True)
class _Found:
    """A text of the index."""

    position: int
    key: str
    text: str


# ---- customers ------------------------------------------------------------------------------------------------------


async def search_customers(session: AsyncSession, q: str, *, limit: int = 20) -> tuple[CustomerHit, ...]:
    """The ``limit`` (1 to 200) that fit best: a number or serial first, then names, then words."""
    check_limit(limit)
    found: dict[str, str] = {}
    for why, statement in _customer_statements(q.strip()):
        if len(found) >= limit:
            break
        keys = await session.scalars(statement.limit(limit))
        found |= {key: why for key in keys.all() if key not in found}
    if len(found) < limit and (query := parse_query(q)).terms:
        texts = await _texts(session, CUSTOMER, query, below=None, limit=limit)
        found |= {one.key: "text" for one in texts if one.key not in found}
    return await _customer_hits(session, dict(list(found.items())[:limit]))


async def search_orders(
    session: AsyncSession, q: str, *, filters: OrderFilters | None = None, cursor: str | None = None, limit: int = 20
) -> Page[OrderHit]:
    """Orders whose text has the words of ``q`` and that fit the filters, in windows as told above.

    Without a word to look for nothing is found. Raises Invalid (cursor, limit).
    """
    check_limit(limit)
    query = parse_query(q)
    if not query.terms:
        return Page(())
    above, skip = _decode(cursor)
    window = await _texts(session, ORDER, query, below=above, limit=WINDOW, extra=conditions(filters))
    ranked = sorted(window, key=lambda one: (-score(query, one.text), -one.position))
    page = ranked[skip : skip + limit]
    items = await _order_hits(session, page, query)
    return Page(items, _next(window, above, skip + limit))


async def orders_like(session: AsyncSession, q: str, *, limit: int = 20) -> tuple[OrderHit, ...]:
    """For the search box: by order number or phone where ``q`` is one, else by words."""
    wanted = q.strip()
    direct: dict[str, _Found] = {}
    for condition in _order_conditions(wanted):
        rows = await session.execute(
            select(WorkOrder.order_id, WorkOrder.summary)
            .where(condition, WorkOrder.number.is_not(None))
            .order_by(WorkOrder.created_at.desc())
            .limit(limit)
        )
        direct |= {key: _Found(0, key, summary) for key, summary in rows if key not in direct}
    query = parse_query(wanted)
    if len(direct) < limit and query.terms:
        texts = await _texts(session, ORDER, query, below=None, limit=WINDOW)
        ranked = sorted(texts, key=lambda one: (-score(query, one.text), -one.position))
        direct |= {one.key: one for one in ranked if one.key not in direct}
    return await _order_hits(session, list(direct.values())[:limit], query)


def _customer_statements(q: str) -> list[tuple[str, Select[str]]]:
    """How ``q`` may mean a customer, the surest first."""
    if not q:
        return []
    by_name = select(Customer.customer_id).where(ON_FILE).order_by(Customer.name, Customer.customer_id)
    statements: list[tuple[str, Select[str]]] = []
    number = phone_conditions(CustomerPhone.lookup, CustomerPhone.tail, q)
    if number is not None:
        by_phone = select(CustomerPhone.customer_id).distinct().where(number)
        statements.append(("phone", by_phone.order_by(CustomerPhone.customer_id)))
    if len(q) >= MIN_TAIL and q.isascii():
        owner = select(Asset.customer_id).distinct().order_by(Asset.customer_id)
        statements += [
            (why, owner.where(field.between(word, word + TOP)))
            for why, field in (("serial", Asset.serial), ("model", Asset.model))
            for word in dict.fromkeys((q, q.upper()))
        ]
    statements.append(("name", by_name.where(Customer.name.between(q, q + TOP))))
    if (key := typed_pinyin(q)) is not None and key:
        statements += [
            ("pinyin", by_name.where(Customer.name_initials == key)),
            ("pinyin", by_name.where(Customer.name_pinyin.between(key, key + TOP))),
            ("pinyin", by_name.where(Customer.name_initials.between(key, key + TOP))),
        ]
    return statements


def _order_conditions(q: str) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if q.upper().startswith("WO") and q.isascii():
        found.append(WorkOrder.number.between(q.upper(), q.upper() + TOP))
    number = phone_conditions(WorkOrder.contact_lookup, WorkOrder.contact_tail, q)
    if number is not None:
        found.append(number)
    return found


# ---- the index ------------------------------------------------------------------------------------------------------


async def _texts(
    session: AsyncSession,
    kind: str,
    query: TextQuery,
    *,
    below: int | None,
    limit: int,
    extra: Sequence[ColumnElement[bool]] = (),
) -> list[_Found]:
    """The newest ``limit`` texts before position ``below`` that have every word."""
    tokens = [MARKS[kind], *asked_tokens(query)]
    found: list[_Found] = []
    seen = 0
    while len(found) < limit and seen < LOOKED_THROUGH:
        rows = (await session.execute(_candidates(session, tokens, below, limit, extra))).all()
        found += [_Found(*row) for row in rows if fits(query, row.text)]
        seen += len(rows)
        if len(rows) < limit:
            break
        below = rows[-1].position
    return found[:limit]


def _candidates(
    session: AsyncSession,
    tokens: list[str],
    below: int | None,
    limit: int,
    extra: Sequence[ColumnElement[bool]],
) -> Select[*tuple[Any, ...]]:
    """Texts that have the tokens. They are letters and digits alone, so nothing in them is syntax of the index."""
    shown = select(SearchText.position, SearchText.key, SearchText.text)
    if session.get_bind().dialect.name == "postgresql":
        place: Any = SearchText.position
        statement = shown.where(TOKENS.op("@>")(literal(tokens, TOKENS.type)))
    else:
        place = FTS.c.rowid
        asked = " AND ".join(f'"{token}"' for token in tokens)
        match = text("search_fts MATCH :asked").bindparams(asked=asked)
        statement = shown.select_from(FTS.join(SearchText, SearchText.position == FTS.c.rowid)).where(match)
    if extra:
        statement = statement.join(WorkOrder, WorkOrder.order_id == SearchText.key).where(*extra)
    if below is not None:
        statement = statement.where(place < below)
    return statement.order_by(place.desc()).limit(limit)


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


async def _customer_hits(session: AsyncSession, found: dict[str, str]) -> tuple[CustomerHit, ...]:
    if not found:
        return ()
    phone = (
        select(func.min(CustomerPhone.raw))
        .where(CustomerPhone.customer_id == Customer.customer_id, CustomerPhone.position == 0)
        .scalar_subquery()
    )
    place = select(SearchText.text).where(SearchText.kind == CUSTOMER, SearchText.key == Customer.customer_id)
    rows = await session.execute(
        select(Customer.customer_id, Customer.name, Customer.level, phone, place.scalar_subquery()).where(
            Customer.customer_id.in_(found), ON_FILE
        )
    )
    shown = {key: (name, level, number, lines) for key, name, level, number, lines in rows}
    hits = []
    for key, why in found.items():
        if key in shown:
            name, level, number, lines = shown[key]
            about = (lines or "").split("\n")[1:2]
            hits.append(
                CustomerHit(
                    customer_id=key,
                    name=name,
                    level=level,
                    phone=parse_phone(number).display if number else None,
                    about=about[0] if about else "",
                    why=why,
                )
            )
    return tuple(hits)


async def _order_hits(session: AsyncSession, found: Sequence[_Found], query: TextQuery) -> tuple[OrderHit, ...]:
    columns = (
        WorkOrder.order_id, WorkOrder.number, WorkOrder.status, WorkOrder.customer_id, WorkOrder.customer_name,
        WorkOrder.service_type, WorkOrder.appliance, WorkOrder.brand, WorkOrder.fault, WorkOrder.created_at,
    )  # fmt: skip
    rows = await session.execute(select(*columns).where(WorkOrder.order_id.in_([one.key for one in found])))
    shown = {row.order_id: row for row in rows}
    return tuple(
        OrderHit(
            **shown[one.key]._mapping,  # noqa: SLF001 - SQLAlchemy's documented name
            snippet=tuple(PieceView(*piece) for piece in snippet(query, one.text)),
        )
        for one in found
        if one.key in shown
    )
