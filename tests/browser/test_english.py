"""The pages for readers of English: the catalogue's own words have English names, and are still kept in Chinese."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.browser.test_desk import KNOWN, field, talk
from tests.browser.test_orders import add_order, orders_page
from workorder.services import orders
from workorder.services.orders import OrderQuery

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHINESE = re.compile(r"[\u4e00-\u9fff]")


async def test_an_order_names_its_appliance_brand_and_fault_in_english(stage, open_page):
    """In the list, on the order, and back in Chinese at a click."""
    order = await add_order(stage)
    page = await orders_page(stage, open_page, f"/orders/{order.order_id}")
    await expect(page.get_by_test_id("order-row").first).to_contain_text("格力 空调 不制冷")
    await page.get_by_role("button", name="EN").click()
    await expect(page.get_by_test_id("order-row").first).to_contain_text("Gree air conditioner does not cool")
    for name, shown in (("brand", "Gree"), ("appliance", "air conditioner"), ("fault", "does not cool")):
        await expect(page.get_by_test_id(f"value-{name}").locator(".said")).to_have_text(shown)
    await page.get_by_role("button", name="中").click()
    await expect(page.get_by_test_id("value-brand").locator(".said")).to_have_text("格力")


async def test_an_agent_picks_english_names_and_chinese_ones_are_kept(stage, agent_page):
    """By the keyboard alone, from the list or typed out; what is saved is the catalogue's own word."""
    await agent_page.get_by_role("button", name="EN").click()
    await talk(stage, agent_page, KNOWN)
    box = field(agent_page, "appliance").locator("input")
    await box.fill("dehum")
    await agent_page.keyboard.press("ArrowDown")
    await agent_page.keyboard.press("Enter")
    await expect(box).to_have_value("dehumidifier")
    brand = field(agent_page, "brand").locator("input")
    await brand.fill("gree")
    await agent_page.keyboard.press("Tab")
    await expect(brand).to_have_value("Gree")
    await expect(agent_page.get_by_test_id("save-status")).to_have_text("Up to date")
    async with stage.app.database.read() as work:
        found = (await orders.list_orders(work.session, OrderQuery(limit=200, status="draft"))).items
    values = {
        name: one.value for order in found for name, one in order.fields.items() if name in ("appliance", "brand")
    }
    assert values == {"appliance": "除湿机", "brand": "格力"}


async def test_the_warranty_of_an_appliance_is_explained_without_a_chinese_word(stage, open_page):
    """Sentences and citations both; the law keeps its Chinese name within reach."""
    page = await orders_page(stage, open_page, "/orders")
    await page.get_by_test_id("order-row").first.wait_for()
    async with stage.app.database.read() as work:
        known = (await orders.list_orders(work.session, OrderQuery(q=KNOWN))).items[0]
    await page.goto(f"{stage.app.url}/customers/{known.customer_id}")
    await page.get_by_role("button", name="EN").click()
    await expect(page.get_by_test_id("reason").first).to_contain_text("warranty card")
    sentences = await page.get_by_test_id("asset").first.locator(".why").all_text_contents()
    assert any("Provisions on Liability" in sentence for sentence in sentences)
    assert [sentence for sentence in sentences if CHINESE.search(sentence)] == []
    assert not CHINESE.search(await page.get_by_test_id("asset").first.locator("strong").inner_text())
