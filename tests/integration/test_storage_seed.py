"""The rows of load tests are as the services write them, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from callcenter.storage.database import Database
from callcenter.storage.seed import name, phone, seed
from workorder.policy.phones import parse_phone
from workorder.services import customers, orders
from workorder.services.orders import OrderQuery


@pytest.fixture
async def seeded(database_url: str) -> AsyncIterator[Database]:
    """Filled while nobody has it open."""
    await seed(database_url, customers=40, orders_each=3)
    database = await Database.open(database_url)
    yield database
    await database.aclose()


async def test_a_seeded_database_reads_like_a_real_one(seeded: Database):
    """Every made-up customer is found by number, with appliances and orders that the services can show."""
    async with seeded.read() as work:
        for number in (0, 17, 39):
            (card,) = await customers.cards_by_phone(work.session, parse_phone(phone(number)))
            assert (card.name, card.order_count, len(card.assets)) == (name(number), 3, 2)
        seen, cursor = [], None
        while True:
            page = await orders.list_orders(work.session, OrderQuery(cursor=cursor, limit=50))
            seen += page.items
            if (cursor := page.next_cursor) is None:
                break
    assert len({order.number for order in seen}) == 120
    assert {order.status for order in seen} == {"created", "cancelled"}
