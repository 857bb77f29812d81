"""Pages of orders against an oracle that reads them all: the way they are found changes nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from callcenter.storage.database import Database
from workorder.errors import Invalid
from workorder.model.orders import WorkOrder
from workorder.services.newest_orders import newest_rows
from workorder.services.order_filters import OrderQuery
from workorder.services.order_lines import order_lines
from workorder.services.paging import encode_cursor

AT = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
SHOWN = (WorkOrder.created_at, WorkOrder.order_id)
STATUSES, BRANDS, FAULTS, CITIES = (
    ("created", "closed"),
    ("格力", "海尔", None),
    ("漏水", "不制冷"),
    ("杭州市", "上海市"),
)
PEOPLE, MODELS, HANDLERS = ("王伟", "王芳", "李伟"), ("M-1", "M-12", "M-2"), (None, "u1")
EQUAL = ("status", "brand", "fault", "city", "handler")
BEGINNINGS = ("name", "model")


def orders() -> Iterator[dict[str, Any]]:
    """Every kind of order; threes of them were created at the same moment."""
    kinds = product(STATUSES, BRANDS, FAULTS, CITIES, PEOPLE, MODELS, HANDLERS)
    for number, (status, brand, fault, city, who, model, handler) in enumerate(kinds):
        # Scattered, so that kinds are mixed in time.
        place = number * 167 % 432
        yield {
            "order_id": f"01{place:024d}", "number": f"WO{number:08d}", "status": status, "brand": brand,
            "fault": fault, "city": city, "customer_name": who, "model": model, "handler": handler,
            "contact_lookup": f"+86138{number:08d}", "contact_tail": f"138{number:08d}"[::-1] + "68",
            "created_at": AT + timedelta(minutes=place // 3), "sequence": 1, "edit_version": 1, "version": 1,
            "summary": "", "alerts": [], "field_values": {}, "suggested_priority": "normal", "chase_ups": 0,
            "trail_head": "", "respond_breached": False, "resolve_breached": False,
        }  # fmt: skip


ORDERS = tuple(orders())


def fits(order: dict[str, Any], query: OrderQuery) -> bool:
    """As the names of the filters say."""
    word, name = query.q, order["customer_name"]
    return all(
        (
            *(order[key] == wanted for key in EQUAL if (wanted := getattr(query, key)) is not None),
            query.name is None or name.startswith(query.name),
            query.model is None or order["model"].startswith(query.model),
            query.since is None or order["created_at"] >= query.since,
            query.until is None or order["created_at"] < query.until,
            word is None or name.startswith(word) or word in (order["number"], order["contact_lookup"][3:]),
        )
    )


def wanted(query: OrderQuery) -> list[tuple[datetime, str]]:
    """Place of every order that fits, newest first."""
    found = ((order["created_at"], order["order_id"]) for order in ORDERS if fits(order, query))
    return sorted(found, reverse=True)


@pytest.fixture
async def filled(database: Database) -> Database:
    """``ORDERS`` are on file."""
    async with database.write() as work:
        await work.session.execute(WorkOrder.__table__.insert(), list(ORDERS))
        await work.commit()
    return database


def maybe(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from((None, *values))


QUERIES = st.builds(
    OrderQuery,
    status=maybe(*STATUSES),
    brand=maybe("格力", "海尔", "美的"),
    fault=maybe(*FAULTS),
    city=maybe(*CITIES),
    handler=maybe("u1"),
    name=maybe("王", "王伟", "张"),
    model=maybe("M", "M-1", "M-12"),
    q=maybe("王", "李伟", "WO00000007", "13800000007"),
    since=maybe(AT + timedelta(minutes=20), AT),
    until=maybe(AT + timedelta(minutes=100)),
    limit=st.sampled_from((1, 7, 100)),
)


async def read_on(database: Database, query: OrderQuery, enough: int) -> list[tuple[datetime, str]]:
    """Every page of the list, by its cursors."""
    found: list[tuple[datetime, str]] = []
    more = True
    while more:
        here = encode_cursor(*found[-1]) if found else None
        asked = OrderQuery(**{key: getattr(query, key) for key in OrderQuery.__dataclass_fields__} | {"cursor": here})
        rows, more = await database.look(newest_rows, SHOWN, asked, enough=enough)
        assert len(rows) == query.limit or not more
        found += [tuple(row) for row in rows]
    return found


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(query=QUERIES, enough=st.sampled_from((1, 2, 10, 60, 300, 1000)))
async def test_pages_hold_what_fits_however_it_is_found(filled: Database, query: OrderQuery, enough: int) -> None:
    """Gathered or walked, within the window or beyond it: every order that fits once, newest first."""
    assert await read_on(filled, query, enough) == wanted(query)


async def test_a_page_that_its_window_just_does_not_fill_is_filled(filled: Database) -> None:
    """With windows of every size around the page, and with orders of one moment on its edge."""
    query = OrderQuery(status="created", name="王", limit=5)
    for enough in range(1, 30):
        assert await read_on(filled, query, enough) == wanted(query), enough


async def test_a_limit_or_cursor_that_is_not_ours_is_refused(database: Database) -> None:
    """Before anything is read."""
    for query in (OrderQuery(limit=0), OrderQuery(limit=201), OrderQuery(cursor="x")):
        with pytest.raises(Invalid):
            await database.look(order_lines, query)
