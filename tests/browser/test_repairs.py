"""Repair records in Chromium: written and corrected on the order by keyboard, seen on the appliance and while the customer calls."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.test_customers import PHONE, add_customer
from tests.browser.test_desk import talk
from tests.browser.test_orders import add_order, orders_page
from workorder.commands import RecordRepair, SetAsset
from workorder.fields import UsedPart
from workorder.services import assets, repairs
from workorder.views.orders import OrderView

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHOTS = os.environ.get("SCREENSHOTS")
FOUND = "冷藏室风门卡死，化霜加热丝断路"


async def shot(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png")


async def put_on_record(stage, order: OrderView, finding: str, action: str, *parts: UsedPart) -> None:
    async with stage.app.database.write() as work:
        told = {"finding": finding, "action": action, "parts": parts, "minutes": 75}
        command = RecordRepair(by="machine", at=stage.app.clock.now(), order_id=order.order_id, **told)
        await repairs.record_repair(work.session, command)
        await work.commit()


async def test_a_visit_is_written_and_corrected_by_keyboard(stage, open_page):
    """R opens the sheet, Ctrl+Enter saves it; a correction begins with what is there, stands in for it, and the old one stays."""
    order = await add_order(stage, "冰箱", "dispatch")
    page = await orders_page(stage, open_page, f"/orders/{order.order_id}")
    await page.get_by_test_id("new-repair").wait_for()
    await page.keyboard.press("r")
    await expect(page.get_by_test_id("repair-finding")).to_be_focused()
    await page.keyboard.type(FOUND)
    await page.keyboard.press("Tab")
    await page.keyboard.type("更换化霜加热丝")
    await page.keyboard.press("Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("part-name")).to_be_focused()
    await page.keyboard.type("化霜加热丝")
    await page.get_by_test_id("part-quantity").fill("2")
    await page.get_by_test_id("repair-minutes").fill("75")
    await shot(page, "repair_form")
    await page.keyboard.press("Control+Enter")
    kept = page.get_by_test_id("repair")
    for words in (FOUND, "更换化霜加热丝", "化霜加热丝 ×2", "75 分钟"):
        await expect(kept).to_contain_text(words)

    await page.get_by_test_id("correct-repair").click()
    await expect(page.get_by_test_id("repair-finding")).to_have_value(FOUND)
    await expect(page.get_by_test_id("part-name")).to_have_value("化霜加热丝")
    await page.get_by_test_id("repair-action").fill("更换化霜加热丝和温控传感器")
    await page.get_by_test_id("save-repair").click()
    await expect(kept.locator(".action").first).to_have_text("更换化霜加热丝和温控传感器")
    await expect(page.get_by_test_id("repair")).to_have_count(1)
    await page.get_by_text("更正前的记录（1）").click()
    await expect(page.get_by_test_id("earlier")).to_contain_text("更换化霜加热丝")
    await page.get_by_test_id("all-changes").check()
    await expect(page.get_by_test_id("happening").first).to_contain_text("更正了维修记录")
    await shot(page, "repair_order")


async def test_what_is_refused_is_said_at_its_box_and_nothing_typed_is_lost(stage, open_page):
    """The server's problem of the second line on the screen stands at the second line, which has the focus."""
    order = await add_order(stage, "冰箱", "dispatch")
    page = await orders_page(stage, open_page, f"/orders/{order.order_id}")
    await page.get_by_test_id("new-repair").click()
    await page.get_by_test_id("repair-finding").fill("异响")
    await page.get_by_test_id("repair-action").fill("紧固")
    for _ in range(2):
        await page.get_by_test_id("add-part").click()
    await page.get_by_test_id("part-name").nth(1).fill("垫片")
    await page.get_by_test_id("part-quantity").nth(1).fill("")
    await page.get_by_test_id("save-repair").click()
    await expect(page.get_by_test_id("repair-refused")).to_be_visible()
    await expect(page.get_by_test_id("part-quantity").nth(1)).to_be_focused()
    await expect(page.get_by_test_id("repair-finding")).to_have_value("异响")
    await page.get_by_test_id("part-quantity").nth(1).fill("3")
    await page.get_by_test_id("save-repair").click()
    await expect(page.get_by_test_id("repair")).to_contain_text("垫片 ×3")


async def test_a_draft_has_no_repairs_and_a_supervisor_reads_english_on_a_phone(stage, open_page):
    """Nobody was at a draft; on a phone, in English and dark, the record stands whole within the screen."""
    order = await add_order(stage, "冰箱", "dispatch")
    await put_on_record(
        stage, order, FOUND, "更换化霜加热丝和温控传感器，除冰后复检正常", UsedPart("温控传感器", 2, "0060400745")
    )
    page = await orders_page(
        stage,
        open_page,
        f"/orders/{order.order_id}",
        supervisor=True,
        color_scheme="dark",
        viewport={"width": 390, "height": 844},
    )
    await page.get_by_role("button", name="EN").click()
    section = page.get_by_test_id("repairs")
    await expect(section).to_contain_text("75 min")
    await expect(section.get_by_role("heading")).to_contain_text("Repairs")
    assert await page.evaluate("document.documentElement.scrollWidth") <= 390
    await section.scroll_into_view_if_needed()
    await shot(page, "repair_phone")
    await page.get_by_test_id("correct-repair").click()
    await shot(page, "repair_phone_form")
    assert await page.get_by_role("dialog").evaluate("box => box.scrollWidth <= box.clientWidth")


async def test_the_customer_file_and_the_call_show_what_was_repaired(stage, open_page):
    """On the appliance with what was done last, in full on request; on the desk while the customer is on the line."""
    customer_id = await add_customer(stage)
    order = await add_order(stage, "冰箱", phone=PHONE)
    async with stage.app.database.write() as work:
        at = stage.app.clock.now()
        (asset,) = (await assets.find_assets(work.session, on=at.date(), customer_id=customer_id)).items
        named = SetAsset(by="machine", at=at, order_id=order.order_id, asset_id=asset.asset_id)
        await assets.set_asset(work.session, named)
        await work.commit()
    await put_on_record(stage, order, FOUND, "更换化霜加热丝")
    await put_on_record(stage, order, "风机异响", "紧固风机", UsedPart("垫片", 3))
    agent = await orders_page(stage, open_page, "/")
    await agent.get_by_role("heading", name="等待来电").wait_for()
    await stage.app.hub.wait_watched("PJSIP/1001")

    page = await orders_page(stage, open_page, f"/customers/{customer_id}", supervisor=True)
    of_asset = page.get_by_test_id("asset-repairs")
    await expect(of_asset).to_contain_text("维修记录 2 条")
    await expect(of_asset.locator("summary")).to_contain_text("紧固风机")
    await of_asset.locator("summary").click()
    await expect(of_asset.get_by_test_id("past-repair")).to_have_count(2)
    await expect(of_asset).to_contain_text("垫片 ×3")
    await shot(page, "repair_customer")

    await talk(stage, agent, PHONE)
    caller = agent.get_by_test_id("caller-repairs")
    await expect(caller.get_by_test_id("past-repair").first).to_contain_text("紧固风机")
    await expect(agent.get_by_test_id("times-repaired").first).to_have_text("维修记录 2 条")
    await shot(agent, "repair_ring")
