"""How the databases look things up: every search goes by an index, so it costs the same among three million orders."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage import deliveries
from callcenter.storage.database import Database
from callcenter.storage.seed import key, name, phone, seed
from workorder.model.orders import WorkOrder
from workorder.policy.phones import parse_phone
from workorder.services import customers, orders, search, sla_report, timers
from workorder.services.newest_orders import newest_rows
from workorder.services.order_filters import OrderFilters, OrderQuery
from workorder.services.paging import encode_cursor
from workorder.services.text_index import TOP_POSITION, TextIndex
from workorder.uow import look

AT = datetime(2024, 1, 2, tzinfo=UTC)
PLACE = encode_cursor(AT, key("W", 900))
CUSTOMERS = 400
LARGE = {"work_orders", "work_order_changes", "customers", "customer_phones", "assets", "search_texts", "timers"}
ENOUGH = 50
"""So that among the seeded orders some conditions are sharp and some are not."""
SCAN = re.compile(r"SCAN (\w+)(?! VIRTUAL TABLE)(?: USING (?:COVERING )?INDEX (\w+))?")

SHOWN = (WorkOrder.order_id, WorkOrder.summary)

Search = Callable[[AsyncSession], Awaitable[object]]


def listed(**filters: Any) -> Search:
    return lambda session: look(session, newest_rows, SHOWN, OrderQuery(**filters), enough=ENOUGH)


def boxed(q: str) -> Search:
    return lambda session: look(session, search.search_customers, q)


SEARCHES: dict[str, Search] = {
    "phone": lambda session: customers.cards_by_phone(session, parse_phone(phone(7))),
    "whole orders": lambda session: orders.list_orders(session, OrderQuery(status="created")),
    "orders by phone": listed(q=phone(7)),
    "orders by the beginning of a phone": listed(q=phone(7)[:7]),
    "orders by the end of a phone": listed(q=phone(7)[-6:]),
    "orders by number": listed(number="WO20240101-0000007"),
    "orders by name": listed(q=name(7)),
    "orders by one character of a name": listed(q=name(7)[0]),
    "one character of a name and a status": listed(q=name(7)[0], status="created", cursor=PLACE),
    "brand, fault, city and model": listed(brand="海尔", fault="不制冷", city="上海市", model="M-7"),
    "what is never together": listed(brand="海尔", fault="漏水"),
    "status and name": listed(status="created", q=name(7)),
    "status": listed(status="created"),
    "status, next page": listed(status="created", cursor=PLACE),
    "brand, fault and city": listed(brand="海尔", fault="不制冷", city="上海市"),
    "brand and appliance": listed(brand="海尔", appliance="冰箱"),
    "city and district": listed(city="上海市", district="浦东新区"),
    "model": listed(model="M-7"),
    "serial": listed(serial="SN000000014"),
    "handler": listed(handler="u1"),
    "customer": listed(customer_id=key("C", 7)),
    "call": listed(call_id=key("L", 7)),
    "a period": listed(since=AT, until=AT.replace(hour=2)),
    "parts of an order": lambda session: orders.open_parts(session, key("W", 7)),
    "customers by phone": boxed(phone(7)),
    "customers by pinyin": boxed("wangwei"),
    "customers by initials": boxed("ww"),
    "customers by serial": boxed("SN000000014"),
    "customers by name": boxed(name(7)),
    "customers by words": boxed("文三路 288号"),
    "full text": lambda session: look(session, search.search_orders, "格力 漏水"),
    "full text, filtered": lambda session: look(
        session, search.search_orders, "漏水", filters=OrderFilters(status="created", brand="格力")
    ),
    "full text, next window": lambda session: look(session, search.search_orders, "漏水", cursor="500.0"),
    "search box, phone": lambda session: look(session, search.orders_like, phone(7)),
    "search box, number": lambda session: look(session, search.orders_like, "WO20240101-0000007"),
    "counts of the wallboard": lambda session: look(session, sla_report.running_orders, now=AT),
    "the next timer": lambda session: timers.next_at(session, ["order.sla"]),
}


@pytest.fixture
async def seeded(database_url: str) -> AsyncIterator[Database]:
    """A database with some rows, its statistics and its texts."""
    await seed(database_url, customers=CUSTOMERS)
    database = await Database.open(database_url)
    await database.reindex(lambda _done: None)
    yield database
    await database.aclose()


@contextmanager
def statements(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """What goes to the driver meanwhile."""
    seen: list[tuple[str, Any]] = []
    engine = database._engines.read.sync_engine

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        if statement.startswith("SELECT"):
            seen.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


async def read_whole(database: Database, statement: str, parameters: Any) -> list[str]:
    """The large tables that the statement reads from one end to the other."""
    async with database.read() as work:
        connection = await work.session.connection()
        if database.url.get_backend_name() == "sqlite":
            plan = await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
            scans = (found for row in plan if (found := SCAN.match(row[3])) and found[1] in LARGE)
            return [found[1] for found in scans if not (found[2] and _ends(statement))]
        # With few rows reading all of them is cheapest; whether an index could be used is what counts.
        await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        plan = await connection.exec_driver_sql(f"EXPLAIN (FORMAT JSON) {statement}", parameters)
        return list(_sequential(plan.scalar_one()[0]["Plan"]))


def _ends(statement: str) -> bool:
    """Along an index, it goes no further than ``ENOUGH``."""
    return f"OFFSET {ENOUGH}" in statement.replace("\n", "")


def _sequential(node: dict[str, Any]) -> Iterator[str]:
    if node["Node Type"] == "Seq Scan" and node["Relation Name"] in LARGE:
        yield node["Relation Name"]
    for child in node.get("Plans", ()):
        yield from _sequential(child)


async def test_every_search_goes_by_an_index(seeded: Database) -> None:
    """No statement of any search reads a large table from one end to the other."""
    wrong: dict[str, list[str]] = {}
    for what, search_for in SEARCHES.items():
        with statements(seeded) as seen:
            async with seeded.read() as work:
                await search_for(work.session)
        assert seen, what
        for statement, parameters in seen:
            if whole := await read_whole(seeded, statement, parameters):
                wrong[what] = [*whole, statement]
    assert wrong == {}


WAYS: dict[str, tuple[dict[str, Any], tuple[str, ...]]] = {
    "sharp": ({"name": "王伟伟", "status": "created", "city": "上海市"}, ("customer_name",)),
    "the sharper one": ({"q": "王", "model": "M-300", "brand": "海尔"}, ("model_brand_fault_city",)),
    "one index for four": (
        {"model": "M-300", "brand": "海尔", "fault": "不制冷", "city": "上海市"},
        ("model_brand_fault_city",),
    ),
    "seen among the newest": ({"q": "罗"}, ("created_at",)),
    "among the newest of a status": ({"q": "罗", "status": "created"}, ("status_created_at",)),
    "few, but not known to be": ({"brand": "海尔", "fault": "漏水"}, ("brand_appliance_fault_created_at",)),
    "few begin so that fit": ({"q": "王", "fault": "没有"}, ("customer_name", "contact_lookup", "number")),
    "ordered by its index": ({"city": "上海市", "district": "浦东新区"}, ("city_district_created_at",)),
}
"""By what the last statement of a list finds its orders, and by nothing else."""


@pytest.mark.parametrize("statistics", [True, False])
async def test_a_list_goes_the_way_that_was_chosen(seeded: Database, *, statistics: bool) -> None:
    """Whatever the database knows of its rows: SQLite knows nothing until somebody runs ANALYZE."""
    if not statistics and seeded.url.get_backend_name() == "sqlite":
        async with seeded.connection(write=True) as connection:
            await connection.exec_driver_sql("DELETE FROM sqlite_stat1")
            await connection.commit()
        await seeded._engines.read.dispose()
    for what, (filters, wanted) in WAYS.items():
        with statements(seeded) as seen:
            await seeded.look(newest_rows, SHOWN, OrderQuery(**filters, limit=1), enough=ENOUGH)
        plan = "\n".join(await explained(seeded, *seen[-1]))
        used = {index.removesuffix("_1").removeprefix("work_orders_") for index in INDEX.findall(plan)}
        # PostgreSQL keeps count of each status, and may rather walk all orders when many have this one.
        fine = used == {"created_at"} and seeded.url.get_backend_name() != "sqlite" and "status" in filters
        assert fine or {NAMES_OF.get(index, index) for index in used} == set(wanted), (what, plan)


async def test_texts_are_gathered_or_walked_as_was_chosen(seeded: Database) -> None:
    """PostgreSQL, whose index knows no order: what few texts have by the tokens, what many have from the newest on."""
    for walk, wanted in ((True, "pk_search_texts"), (False, "ix_search_texts_tokens")):
        with statements(seeded) as seen:
            await seeded.look(newest_texts, ["0order0"], walk)
        plan = "\n".join(await explained(seeded, *seen[-1]))
        if seeded.url.get_backend_name() == "sqlite":
            assert "search_fts VIRTUAL TABLE INDEX" in plan
            assert "TEMP B-TREE" not in plan
        else:
            assert INDEX.findall(plan) == INDEX.findall(wanted), plan


def newest_texts(rows: Connection, tokens: list[str], walk: bool | None) -> object:
    return TextIndex(rows, tokens, (), {"at_most": 1}, ENOUGH, walk).newest(TOP_POSITION)


async def test_postgresql_walks_for_common_words_alone(seeded: Database) -> None:
    """A word of every text is looked for among the newest, one that no text has in the index."""
    if seeded.url.get_backend_name() != "sqlite":
        async with seeded.connection(write=True) as connection:
            await connection.exec_driver_sql("ANALYZE search_texts")
            await connection.commit()
        for token, wanted in (("0order0", ["search_texts"]), ("没有", ["search_texts_tokens"])):
            with statements(seeded) as seen:
                await seeded.look(newest_texts, [token], None)
            assert INDEX.findall("\n".join(await explained(seeded, *seen[-1]))) == wanted


async def explained(database: Database, statement: str, parameters: Any) -> list[str]:
    """The plan, a line for each step; PostgreSQL may take no whole table, as it would not if there were many rows."""
    async with database.read() as work:
        connection = await work.session.connection()
        if database.url.get_backend_name() == "sqlite":
            return [row[3] for row in await connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)]
        await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        return [row[0] for row in await connection.exec_driver_sql(f"EXPLAIN {statement}", parameters)]


INDEX = re.compile(r"(?:ix_|pk_|uq_|sqlite_autoindex_)(\w+)")
NAMES_OF = {"2": "number", "3": "number"}
"""SQLite's own names of indexes of unique columns."""


async def test_the_newest_orders_are_read_from_the_newest(seeded: Database) -> None:
    """Without a filter the list walks the index of creation times, and sorts nothing but what is as old."""
    with statements(seeded) as seen:
        async with seeded.read() as work:
            page = await orders.list_orders(work.session, OrderQuery(limit=20))
    assert len(page.items) == 20
    (statement, parameters), *_ = seen
    async with seeded.read() as work:
        connection = await work.session.connection()
        word = "EXPLAIN QUERY PLAN" if seeded.url.get_backend_name() == "sqlite" else "EXPLAIN"
        plan = [str(row) for row in await connection.exec_driver_sql(f"{word} {statement}", parameters)]
    assert f"ix_{WorkOrder.__tablename__}_created_at" in "".join(plan)


async def test_messages_that_nobody_got_are_found_among_all_that_arrived(seeded: Database) -> None:
    """Counts and lists of what waits or was given up read an index of these alone."""
    with statements(seeded) as seen:
        async with seeded.read() as work:
            await deliveries.unsent(work.session)
            await deliveries.find(work.session, state="dead")
    assert len(seen) == 2
    async with seeded.read() as work:
        connection = await work.session.connection()
        sqlite = seeded.url.get_backend_name() == "sqlite"
        if not sqlite:
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        word = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
        for statement, parameters in seen:
            plan = [str(row) for row in await connection.exec_driver_sql(f"{word} {statement}", parameters)]
            assert "ix_deliveries_undelivered" in "".join(plan), statement
