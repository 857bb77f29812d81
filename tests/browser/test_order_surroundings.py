"""What stands around an order in Chromium: its customer, appliance and warranty, outlook, reports, tasks, files."""

from __future__ import annotations

from datetime import date

import pytest
from playwright.async_api import expect

from tests.browser.test_orders import NAME, PHOTO, add_order, orders_page
from workorder.commands import AddAsset, CreateCustomer, CreateWorkOrder, NewAsset
from workorder.services import assets, customers, reports

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_order_gets_its_customer_and_appliance(stage, open_page):
    """A stranger's order is given to somebody who is found by name; the appliance and its warranty come with it."""
    order, at = await add_order(stage), stage.app.clock.now()
    async with stage.app.database.write() as work:
        command = CreateCustomer(by="machine", at=at, name="钱多多", phones=("13700001111",))
        customer = await customers.create_customer(work.session, command)
        new = NewAsset(appliance="空调", brand="格力", serial="G1", purchased_on=date(2020, 1, 1), invoice_no="1")
        await assets.add_asset(work.session, AddAsset(by="machine", at=at, customer_id=customer.customer_id, asset=new))
        await work.commit()
    page = await orders_page(stage, open_page, f"/orders/{order.order_id}")
    await expect(page.get_by_test_id("file-owner")).to_contain_text(f"为{NAME}建档")
    await page.get_by_test_id("find-owner").fill("钱多")
    await page.keyboard.press("Enter")
    await page.get_by_test_id("owner-choice").click()
    await expect(page.get_by_test_id("order-asset")).to_contain_text("格力 空调 · G1")
    await expect(page.get_by_test_id("order-warranty")).to_contain_text("已过保")
    await page.get_by_test_id("order-asset").select_option("")
    await expect(page.get_by_test_id("order-warranty")).not_to_contain_text("已过保")
    await page.get_by_test_id("customer-file").click()
    await expect(page.get_by_test_id("customer-name")).to_have_text("钱多多")


async def test_a_stranger_is_put_on_file_from_the_order(stage, open_page):
    """Name, number and address of the order make the file, and the order is theirs."""
    order = await add_order(stage)
    page = await orders_page(stage, open_page, f"/orders/{order.order_id}")
    await page.get_by_test_id("file-owner").click()
    await page.get_by_test_id("customer-file").click()
    await expect(page.get_by_test_id("customer-page")).to_contain_text("文三路1号")


async def test_reports_are_there_as_sent_and_one_about_something_else_is_separated(stage, open_page):
    """A chase-up that was none gets a draft of its own, which opens."""
    order = await add_order(stage)
    fields = {"contact_phone": "13912345678", "appliance": "空调", "service_type": "progress"}
    async with stage.app.database.write() as work:
        sent = CreateWorkOrder(
            by="machine", at=stage.app.clock.now(), channel="wechat", fields=fields, payload=b'{"a": 1}'
        )
        taken = await reports.create_work_order(work.session, sent)
        await work.commit()
    assert taken.outcome == "chased"
    page = await orders_page(stage, open_page, f"/orders/{order.order_id}")
    await expect(page.get_by_test_id("report")).to_have_count(2)
    await expect(page.get_by_test_id("outlook")).to_contain_text("相似")
    async with page.expect_download() as download:
        await page.get_by_test_id("report").nth(1).get_by_role("link").click()
    assert await (await download.value).failure() is None
    await page.get_by_test_id("separate").click()
    await expect(page.get_by_test_id("detail-status")).to_have_text("草稿")


async def test_a_supervisor_sees_how_right_predictions_were(stage, open_page):
    """Tried on the orders that are done when it is asked for; agents, who may not read reports, are not offered it."""
    order = await add_order(stage)
    steps = ("dispatch", "accept", "depart", "arrive", "begin", "complete")
    for appliance in ("冰箱", "洗衣机"):
        await add_order(stage, appliance, *steps)
    boss = await orders_page(stage, open_page, f"/orders/{order.order_id}", supervisor=True)
    await boss.get_by_text("预测有多准").click()
    await expect(boss.get_by_test_id("calibration")).to_contain_text("预测与实际平均相差")
    agent = await orders_page(stage, open_page, f"/orders/{order.order_id}")
    await agent.get_by_test_id("outlook").wait_for()
    await expect(agent.get_by_test_id("calibration")).to_have_count(0)


async def test_a_task_is_given_to_somebody_and_holds_a_step_up(stage, open_page):
    """Who does it and which step waits for it are chosen with its title; a file that was wrong goes after a second press."""
    order = await add_order(stage)
    page = await orders_page(stage, open_page, f"/orders/{order.order_id}")
    await page.get_by_test_id("new-task").fill("确认配件到货")
    await page.get_by_test_id("task-assignee").select_option(index=1)
    await page.get_by_test_id("task-blocks").select_option("dispatch")
    await page.get_by_test_id("new-task").press("Enter")
    await expect(page.get_by_text("「派工」前必须完成")).to_be_visible()
    await page.get_by_test_id("move-dispatch").click()
    await expect(page.get_by_test_id("detail-status")).to_have_text("已建单")
    await page.get_by_label("确认配件到货").check()
    await page.get_by_test_id("move-dispatch").click()
    await expect(page.get_by_test_id("detail-status")).to_have_text("已派工")
    await page.get_by_test_id("add-file").set_input_files({"name": "错.jpg", "mimeType": "image/jpeg", "buffer": PHOTO})
    await page.get_by_test_id("remove-file").click()
    await expect(page.get_by_test_id("file")).to_have_count(1)
    await page.get_by_test_id("remove-file").click()
    await expect(page.get_by_test_id("file")).to_have_count(0)
