"""Service levels and notices in Chromium: the chip counts, the bell rings for a mention, messages show on the order."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.async_api import expect
from sqlalchemy import update

from callcenter.storage import deliveries, users
from tests.browser.test_orders import add_order, orders_page
from workorder.commands import AddComment
from workorder.model.orders import WorkOrder
from workorder.services import teamwork

pytestmark = pytest.mark.asyncio(loop_scope="session")
SHOTS = os.environ.get("SCREENSHOTS")


async def shot(page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png")


async def test_an_order_says_what_is_due_and_that_it_is_late(stage, open_page):
    """Time to respond is on the order and in the list; past it the chip says late; details by its title."""
    order = await add_order(stage)
    page = await orders_page(stage, open_page, f"/orders/{order.order_id}")
    chip = page.get_by_test_id("order-detail").get_by_test_id("sla")
    await expect(chip).to_contain_text("内响应")
    assert "响应" in (await chip.get_attribute("title") or "")
    await shot(page, "sla-light")
    async with stage.app.database.write() as work:
        past = stage.app.clock.now() - timedelta(minutes=7)
        await work.session.execute(update(WorkOrder).values(respond_by=past))
        await work.commit()
    await page.reload()
    await expect(chip).to_contain_text("响应超时")
    await expect(chip).to_have_class("tag bad")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_a_mention_rings_the_bell_and_is_read_by_following_it(stage, open_page, scheme):
    """The count appears without a reload, the list leads to the order, and what was seen stays seen after a reload."""
    order = await add_order(stage)
    page = await orders_page(stage, open_page, color_scheme=scheme)
    bell = page.get_by_test_id("bell")
    await expect(bell).to_have_attribute("aria-label", "提醒，0 条未读")
    async with stage.app.database.write() as work:
        agent = await users.by_interface(work.session, "PJSIP/1001")
        said = AddComment(
            by="u9",
            at=stage.app.clock.now(),
            order_id=order.order_id,
            text=f"@{agent.username} 请回电",
            mentions=(agent.user_id,),
        )
        await teamwork.add_comment(work.session, said)
        await work.commit()
    await expect(bell).to_have_attribute("aria-label", "提醒，1 条未读")
    await bell.click()
    sheet = page.get_by_test_id("notices")
    await expect(sheet).to_contain_text(f"{order.number} 提到了你")
    await expect(bell).to_have_attribute("aria-label", "提醒，1 条未读")
    await expect(sheet).to_contain_text("留言")
    await shot(page, f"notices-{scheme}")
    await sheet.get_by_role("link").click()
    await expect(page.get_by_test_id("detail-number")).to_have_text(order.number)
    await page.reload()
    await expect(bell).to_have_attribute("aria-label", "提醒，0 条未读")


async def test_notices_are_ticked_off_one_by_one_or_all(stage, open_page):
    """Opening the list reads none; each has its own tick, and one button reads the rest; a reload changes nothing."""
    order = await add_order(stage)
    page = await orders_page(stage, open_page)
    async with stage.app.database.write() as work:
        agent = await users.by_interface(work.session, "PJSIP/1001")
        for text in ("一", "二", "三"):
            said = AddComment(
                by="u9",
                at=stage.app.clock.now(),
                order_id=order.order_id,
                text=f"@{agent.username} {text}",
                mentions=(agent.user_id,),
            )
            await teamwork.add_comment(work.session, said)
        await work.commit()
    bell = page.get_by_test_id("bell")
    await expect(bell).to_have_attribute("aria-label", "提醒，3 条未读")
    await bell.click()
    await page.get_by_test_id("read-one").first.click()
    await expect(bell).to_have_attribute("aria-label", "提醒，2 条未读")
    await expect(page.get_by_test_id("read-one")).to_have_count(2)
    await page.reload()
    await expect(bell).to_have_attribute("aria-label", "提醒，2 条未读")
    await bell.click()
    await page.get_by_test_id("read-all").click()
    await expect(page.get_by_test_id("read-one")).to_have_count(0)
    await page.reload()
    await expect(bell).to_have_attribute("aria-label", "提醒，0 条未读")


async def test_messages_about_an_order_are_listed_with_their_fate(stage, open_page):
    """A dead one says so; on a phone too. Why it was sent is in the reader's words, the message as it was sent."""
    order = await add_order(stage)
    now = stage.app.clock.now()
    async with stage.app.database.write() as work:
        planned = deliveries.Planned(
            event_id="E1",
            event_type="WorkOrderCreated",
            event={},
            rule="sms_created",
            order_id=order.order_id,
            audience="customer",
            channel="sms",
            recipient="+8613912345678",
            subject="",
            text="您好，服务单已受理",
            at=now,
            due_at=now + timedelta(days=1),
        )
        key = await deliveries.plan(work.session, planned)
        await deliveries.bury(work.session, key, error="answered 400")
        await work.commit()
    page = await orders_page(
        stage, open_page, f"/orders/{order.order_id}", viewport={"width": 390, "height": 844}, locale="zh-CN"
    )
    await expect(page.get_by_test_id("messages")).to_contain_text("发送失败")
    await shot(page, "messages-phone")
    await page.get_by_role("button", name="EN").click()
    for said in ("SMS", "Order created", "failed", planned.text):
        await expect(page.get_by_test_id("messages")).to_contain_text(said)
    await shot(page, "messages-phone-en")
