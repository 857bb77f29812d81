"""Customers and the catalogue over HTTP."""

from __future__ import annotations

import pytest

from tests.contract.api_site import CATALOGUE, Site, open_site


@pytest.fixture
async def site(tmp_path):
    async with open_site(tmp_path) as site:
        yield site


@pytest.fixture
async def agent(site: Site):
    async with site.browser("agent") as browser:
        yield browser


@pytest.mark.parametrize("written", ["13800138000", "+8613800138000", "0138 0013 8000", "86-138-0013-8000"])
async def test_a_number_finds_its_customer_however_written(site: Site, agent, written):
    """All spellings of a number lead to the same card."""
    card = await site.customer()
    found = await (await agent.get("/api/customers", params={"phone": written})).json()
    assert [item["customer_id"] for item in found["items"]] == [card.customer_id]
    assert found["items"][0]["phones"][0] == {"raw": "13800138000", "e164": "+8613800138000", "label": None}


async def test_a_hidden_number_finds_nobody(site: Site, agent):
    """``anonymous`` is no key."""
    await site.customer()
    assert await (await agent.get("/api/customers?phone=anonymous")).json() == {"items": []}


async def test_a_name_finds_customers(site: Site, agent):
    """The beginning of a name is enough; no words find nothing."""
    await site.customer(name="王芳")
    await site.customer(name="李雷", phone="13900139000")
    found = await (await agent.get("/api/customers", params={"q": "王"})).json()
    assert [item["name"] for item in found["items"]] == ["王芳"]
    assert await (await agent.get("/api/customers")).json() == {"items": []}


async def test_quick_create(site: Site, agent):
    """An unknown caller is put on file and found again."""
    body = {
        "name": "赵六",
        "phone": "057188886666",
        "address": {"city": "杭州市", "detail": "文三路1号"},
        "level": "vip",
    }
    response = await agent.post("/api/customers", body)
    assert response.status == 201
    card = await response.json()
    assert (card["name"], card["level"], card["phones"][0]["e164"]) == ("赵六", "vip", "+8657188886666")
    assert card["addresses"][0]["city"] == "杭州市"
    assert await (await agent.get(f"/api/customers/{card['customer_id']}")).json() == card


@pytest.mark.parametrize(
    "body", [{}, {"name": "", "phone": "1"}, {"name": "赵六"}, {"name": "赵六", "phone": "138", "level": "gold"}]
)
async def test_half_a_customer_is_invalid(agent, body):
    """What lacks name or phone, or has an unknown level, is 422."""
    assert (await agent.post("/api/customers", body)).status == 422


async def test_an_unknown_customer_is_not_found(agent):
    """404 as problem+json."""
    response = await agent.get("/api/customers/01NOPE")
    assert (response.status, response.content_type) == (404, "application/problem+json")


async def test_the_catalogue(agent):
    """The order form's choices, as given to the server."""
    assert await (await agent.get("/api/catalogue")).json() == CATALOGUE
