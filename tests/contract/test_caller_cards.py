"""The contract of callcenter.storage.caller_cards, run over every adapter."""

from __future__ import annotations

import asyncio
import shutil
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import asyncpg
import pytest
from sqlalchemy.engine import make_url

from callcenter.errors import Unavailable
from callcenter.storage.caller_cards import SLOW_S, SPARED_S, SqliteCards, open_caller_cards
from callcenter.storage.database import Database
from tests.conftest import run_sql
from workorder.commands import CreateCustomer, CreateOrder, EditOrder, NewAsset, OpenDraft
from workorder.policy.phones import parse_phone
from workorder.services import customers, orders

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
NUMBER = "13800138000"
KEY = parse_phone(NUMBER)


@pytest.fixture
async def cards(database):
    cards = await open_caller_cards(database)
    yield cards
    await cards.aclose()


async def answer(cards, key):
    """As the pop asks: at hand, else waited for."""
    found = cards.at_hand(key)
    return await cards.by_phone(key) if found is None else found


async def add_customer(database, name="王小明", **more):
    command = CreateCustomer(by="test", at=AT, name=name, phones=(NUMBER,), **more)
    async with database.write() as work:
        card = await customers.create_customer(work.session, command)
        await work.commit()
    return card


async def add_order(database, card):
    async with database.write() as work:
        draft = await orders.open_draft(work.session, OpenDraft(by="test", at=AT, customer_id=card.customer_id))
        fields = {
            "service_type": "repair", "contact_phone": NUMBER, "appliance": "空调", "brand": "格力", "fault": "漏水",
            "address": {"city": "杭州市", "district": "西湖区", "detail": "文三路288号"},
        }  # fmt: skip
        await orders.edit_order(work.session, EditOrder(by="u", at=AT, order_id=draft.order_id, fields=fields))
        await orders.create_order(work.session, CreateOrder(by="u", at=AT, order_id=draft.order_id))
        await work.commit()


async def test_the_answer_is_that_of_the_services(database, cards):
    """Phones, address, appliances and orders are the same as through SQLAlchemy's session, value by value."""
    address = {"province": "浙江省", "city": "杭州市", "district": "西湖区", "detail": "文三路288号"}
    assets = (NewAsset(appliance="空调", brand="格力", purchased_on=date(2024, 5, 1), warranty_until=date(2030, 5, 1)),)
    card = await add_customer(database, address=address, assets=assets)
    await add_order(database, card)
    async with database.read() as work:
        expected = await customers.cards_by_phone(work.session, KEY)
    found = await answer(cards, KEY)
    assert found == expected
    assert (found[0].order_count, found[0].assets[0].warranty, len(found[0].open_orders)) == (1, "in", 1)


async def test_what_was_committed_a_moment_ago_is_found(database, cards):
    """Nothing is remembered between look-ups: a customer put on file is found by the next one."""
    assert await answer(cards, KEY) == ()
    card = await add_customer(database)
    assert [found.customer_id for found in await answer(cards, KEY)] == [card.customer_id]


async def test_everyone_with_the_number_is_found_oldest_first(database, cards):
    """A shared number gives all of its customers in the order in which they were put on file, at most six."""
    names = [(await add_customer(database, name)).name for name in ("甲", "乙", "丙", "丁", "戊", "己", "庚")]
    assert [card.name for card in await answer(cards, KEY)] == names[:6]


async def test_nobody_is_behind_a_hidden_number(cards):
    """A hidden number needs no database."""
    assert cards.at_hand(parse_phone("anonymous")) == await cards.by_phone(parse_phone(None)) == ()


async def test_many_look_ups_at_once_each_get_their_answer(database, cards):
    """More look-ups than connections wait for one another, none is lost."""
    card = await add_customer(database)
    found = await asyncio.gather(*(cards.by_phone(KEY) for _ in range(40)))
    assert {one[0].customer_id for one in found} == {card.customer_id}


async def test_a_look_up_that_is_given_up_takes_no_connection_along(database, cards):
    """Whoever stops waiting, more often than there are connections, leaves the next one an answer."""
    card = await add_customer(database)
    for _ in range(6):
        asked = asyncio.create_task(cards.by_phone(KEY))
        await asyncio.sleep(0)
        asked.cancel()
        await asyncio.gather(asked, return_exceptions=True)
    assert [found.customer_id for found in await answer(cards, KEY)] == [card.customer_id]


async def test_a_server_that_closed_its_connections_costs_no_answer(database, database_url, cards):
    """PostgreSQL was restarted since the last call: the next look-up connects anew. A file has no such connections."""
    card = await add_customer(database)
    if make_url(database_url).get_backend_name() == "postgresql":
        others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()"
        await run_sql(database_url, others)
    assert [found.customer_id for found in await answer(cards, KEY)] == [card.customer_id]


async def test_a_database_that_is_away_is_unavailable(database, database_url, cards):
    """What the pop needs to know to show the call without history: ``at_hand`` passes, ``by_phone`` says Unavailable."""
    if make_url(database_url).get_backend_name() == "postgresql":
        await cards.aclose()
        cards._connect = partial(asyncpg.connect, host="127.0.0.1", port=1, timeout=1)
    else:
        cards._connection.close()
        await database.aclose()
        file = make_url(database_url).database
        await asyncio.to_thread(Path(file).write_bytes, b"not a database" * 1000)
    assert cards.at_hand(KEY) is None
    with pytest.raises(Unavailable):
        await cards.by_phone(KEY)


class Watch:
    """A clock whose every reading is ``step_s`` after the one before."""

    def __init__(self) -> None:
        self.at_s, self.step_s = 1000.0, 0.0

    def __call__(self) -> float:
        self.at_s += self.step_s
        return self.at_s


async def test_a_slow_disk_is_not_waited_for_on_the_event_loop(tmp_path, sqlite_template):
    """After a card that took too long the driver's threads are asked for a while; then the file is tried again."""
    file = tmp_path / "callcenter.db"
    shutil.copy(sqlite_template, file)
    database, watch = await Database.open(f"sqlite+aiosqlite:///{file}"), Watch()
    cards = await SqliteCards.open(database, now=watch)
    assert cards.at_hand(KEY) == ()
    watch.step_s = 2 * SLOW_S
    assert cards.at_hand(KEY) == ()
    assert cards.at_hand(KEY) is None
    assert await cards.by_phone(KEY) == ()
    watch.step_s, watch.at_s = 0.0, watch.at_s + SPARED_S
    assert cards.at_hand(KEY) == ()
    await cards.aclose()
    await database.aclose()
