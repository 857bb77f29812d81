"""Texts by their tokens against an oracle that reads them all: how many are expected changes nothing but the way."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection

from callcenter.storage.database import Database
from tests.contract.test_newest_orders import ORDERS
from workorder.model.orders import WorkOrder
from workorder.model.search import SearchText
from workorder.services.text_index import TOP_POSITION, TextIndex

WORDS = ("漏水", "空调", "王", "kfr")
TEXTS = [
    {
        "position": number * 2 + 1,
        "kind": "order",
        "key": order["order_id"],
        "text": f"text {number}",
        # Some are in nearly all texts, some in few.
        "tokens": " ".join(("0order0", *(word for place, word in enumerate(WORDS) if number % (place * 7 + 1) == 0))),
    }
    for number, order in enumerate(ORDERS)
]
STATUS = {order["order_id"]: order["status"] for order in ORDERS}


@pytest.fixture
async def indexed(database: Database) -> Database:
    """``TEXTS`` and their orders are on file."""
    async with database.write() as work:
        await work.session.execute(WorkOrder.__table__.insert(), list(ORDERS))
        await work.session.execute(SearchText.__table__.insert(), TEXTS)
        await work.commit()
    return database


def asked(
    rows: Connection, tokens: list[str], status: str | None, below: int, at_most: int, enough: int, walk: bool | None
) -> list[int]:
    values = {"at_most": at_most} | ({} if status is None else {"status": status})
    index = TextIndex(rows, tokens, () if status is None else ("status",), values, enough, walk)
    return [row.position for row in index.newest(below)]


def wanted(tokens: list[str], status: str | None, below: int) -> list[int]:
    found = (
        one["position"]
        for one in TEXTS
        if one["position"] < below
        and set(tokens) <= set(str(one["tokens"]).split())
        and status in (None, STATUS[str(one["key"])])
    )
    return sorted(map(int, found), reverse=True)


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    tokens=st.lists(st.sampled_from((*WORDS, "0order0", "没有")), min_size=1, max_size=3, unique=True),
    status=st.sampled_from((None, "created", "draft")),
    below=st.sampled_from((TOP_POSITION, 700, 2, 1)),
    at_most=st.sampled_from((1, 20, 1000)),
    enough=st.sampled_from((0, 1, 30, 400, 10_000)),
    walk=st.sampled_from((True, False, None)),
)
async def test_the_newest_texts_with_all_tokens_are_found(indexed: Database, **given: Any) -> None:
    """Of some orders or of all, from anywhere, in windows of any size."""
    found = await indexed.look(asked, **given)
    assert found == wanted(given["tokens"], given["status"], given["below"])[: given["at_most"]]
