"""Orders that no call brought, in Chromium: opened, filled in, completed from other channels, moved to another day."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from tests.browser.test_orders import add_order, orders_page
from workorder.commands import CreateWorkOrder, EditOrder
from workorder.services import orders, reports
from workorder.views.orders import OrderView

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def add_draft(stage) -> OrderView:
    """What a chat brought: too little for an order."""
    fields = {"service_type": "repair", "contact_phone": "13912345678", "appliance": "空调"}
    async with stage.app.database.write() as work:
        sent = CreateWorkOrder(by="machine", at=stage.app.clock.now(), channel="chat", fields=fields)
        order = (await reports.create_work_order(work.session, sent)).order
        await work.commit()
    assert order.status == "draft"
    return order


async def now(stage, order_id: str) -> OrderView:
    async with stage.app.database.read() as work:
        return await orders.get_order(work.session, order_id)


def box(page: Page, name: str):
    return page.locator(f"[data-testid=order-form] [data-field={name}] input").first


async def test_a_draft_of_another_channel_is_completed_and_becomes_an_order(stage, open_page):
    """Its form is open with what is missing marked; what is refused is said beside the field; saving gives the number."""
    draft = await add_draft(stage)
    page = await orders_page(stage, open_page, f"/orders/{draft.order_id}")
    await expect(page.get_by_test_id("order-form")).to_be_visible()
    await page.get_by_test_id("save-order").click()
    await expect(page.locator("[data-field=brand]")).to_contain_text("必填")
    await expect(box(page, "brand")).to_be_focused()
    await box(page, "brand").fill("格力")
    await box(page, "fault").fill("不制冷")
    await box(page, "model").fill("K" * 300)
    for part, value in (("city", "杭州市"), ("district", "西湖区"), ("detail", "文三路1号")):
        await page.locator(f"[data-field=address] input[name={part}]").fill(value)
    await page.keyboard.press("Control+Enter")
    await expect(page.locator("[data-field=model] [role=alert]")).to_be_visible()
    await box(page, "model").fill("KFR-35")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_test_id("detail-status")).to_have_text("已建单")
    await expect(page.get_by_test_id("order-form")).to_have_count(0)
    made = await now(stage, draft.order_id)
    assert made.fields["address"].value["detail"] == "文三路1号"
    assert (made.fields["brand"].source, made.fields["appliance"].source) == ("agent", "customer")


async def test_an_order_is_opened_without_a_call(stage, open_page):
    """By a button; the first field has the focus, a service type brings its questions, and a draft may be kept."""
    page = await orders_page(stage, open_page)
    await page.get_by_test_id("new-order").click()
    await expect(box(page, "service_type")).to_be_focused()
    await page.keyboard.type("安装")
    await page.keyboard.press("Enter")
    await expect(page.locator("[data-field=brand] b")).to_be_visible()
    await box(page, "brand").fill("美的")
    await page.get_by_test_id("keep-draft").click()
    await expect(page.get_by_test_id("value-brand")).to_contain_text("美的")
    await expect(page.get_by_test_id("detail-status")).to_have_text("草稿")


async def test_what_was_typed_is_there_again_and_a_colleagues_change_is_not_overwritten_unseen(stage, open_page):
    """Another order between costs nothing; a change meanwhile is named and what was typed stays until it is sent again."""
    order, other = await add_order(stage), await add_order(stage, "冰箱")
    page = await orders_page(stage, open_page, f"/orders/{order.order_id}")
    await page.get_by_test_id("detail-number").wait_for()
    await page.keyboard.press("e")
    await box(page, "model").fill("KFR-35")
    await page.get_by_test_id("order-row").filter(has_text=other.number).click()
    await expect(page.get_by_test_id("detail-number")).to_have_text(other.number)
    await page.go_back()
    await expect(box(page, "model")).to_have_value("KFR-35")
    async with stage.app.database.write() as work:
        edit = EditOrder(
            by="machine", at=stage.app.clock.now(), order_id=order.order_id, fields={"description": "楼上漏水"}
        )
        await orders.edit_order(work.session, edit)
        await work.commit()
    await page.get_by_test_id("save-order").click()
    await expect(page.get_by_text("工单已被他人修改")).to_be_visible()
    await expect(box(page, "model")).to_have_value("KFR-35")
    await page.get_by_test_id("save-order").click()
    await expect(page.get_by_test_id("value-model")).to_contain_text("KFR-35")
    await expect(page.get_by_test_id("value-description")).to_contain_text("楼上漏水")


async def test_departing_says_when_and_another_day_is_agreed_with_the_step(stage, open_page):
    """The expected time stands in the head; a new appointment comes with the step that asks for it."""
    order = await add_order(stage, "空调", "dispatch", "accept")
    page = await orders_page(stage, open_page, f"/orders/{order.order_id}")
    await page.get_by_test_id("move-depart").click()
    await page.get_by_test_id("eta-input").fill("14:30")
    await page.get_by_test_id("do").click()
    await expect(page.get_by_test_id("eta")).to_contain_text("14:30")
    await page.get_by_test_id("move-reschedule").click()
    await page.get_by_test_id("reason").fill("客户临时出差")
    days = page.get_by_test_id("new-appointment").locator("input")
    await days.nth(0).fill("2027-01-05")
    await days.nth(0).press("Tab")
    await days.nth(1).fill("14:00")
    await page.get_by_test_id("do").click()
    await expect(page.get_by_test_id("detail-status")).to_have_text("已改约")
    moved = await now(stage, order.order_id)
    assert moved.fields["appointment"].value["start"].startswith("2027-01-05T14:00")
