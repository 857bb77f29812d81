"""The rows of load tests are as the services write them, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from callcenter.storage.database import Database
from callcenter.storage.seed import name, phone, seed
from workorder.policy.phones import parse_phone
from workorder.services import customers, orders
from workorder.services.order_filters import OrderQuery


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


BONDS = {
    "sqlite": "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL AND tbl_name != 'sqlite_stat1'",
    "postgresql": "SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' "
    "UNION ALL SELECT conname || pg_get_constraintdef(oid) FROM pg_constraint",
}


async def bonds(url: str) -> list[str]:
    """Every index and key as the database itself writes it down."""
    engine = create_async_engine(url)
    try:
        async with engine.connect() as connection:
            return sorted((await connection.execute(text(BONDS[engine.dialect.name]))).scalars())
    finally:
        await engine.dispose()


async def test_filling_leaves_every_index_and_key_as_it_was(database_url: str):
    """Indexes and foreign keys that are built after the rows are those that the migrations made."""
    before = await bonds(database_url)
    await seed(database_url, customers=5)
    assert await bonds(database_url) == before
    assert any("ix_customer_phones_lookup_customer_id" in bond for bond in before)
    assert any("fk_work_orders_customer_id" in bond for bond in before)
