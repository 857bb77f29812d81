"""The search box of every page and a customer's file in Chromium: by keyboard, in English, on a phone, changed under If-Match."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from playwright.async_api import Page, expect

from tests.browser.test_orders import add_order
from workorder.commands import AddAsset, CreateCustomer, EditCustomer, NewAsset, NewPhone, OpenDraft, SaveContract
from workorder.services import assets, contracts, customer_file, customers, orders
from workorder.services.warranty import local_day

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAME = "欧阳晓<b>梅</b>"
PHONE = "13766554433"


async def add_customer(stage) -> str:
    """A member with a refrigerator bought a hundred days ago, an extended warranty and a repair; her id."""
    at = stage.app.clock.now()
    day = local_day(at)
    by = {"by": "machine", "at": at}
    async with stage.app.database.write() as work:
        phones = (NewPhone(number=PHONE, label="手机"), NewPhone(number="057187654321", label="家里"))
        made = CreateCustomer(**by, name=NAME, phones=phones, level="member", notes="三楼，无电梯")
        customer_id = (await customers.create_customer(work.session, made)).customer_id
        bought = NewAsset(appliance="冰箱", brand="海尔", serial="SN-7001", purchased_on=day - timedelta(days=100))
        await assets.add_asset(work.session, AddAsset(**by, customer_id=customer_id, asset=bought))
        ends = day + timedelta(days=700)
        sold = SaveContract(
            **by,
            customer_id=customer_id,
            number="YB-1",
            kind="extended",
            starts_on=day,
            ends_on=ends,
            visits_included=0,
        )
        await contracts.save_contract(work.session, sold)
        await work.commit()
    await add_order(stage, "冰箱", phone=PHONE)
    return customer_id


async def opened(stage, open_page, path: str, **options) -> Page:
    agent, _ = await stage.tokens()
    return await open_page(f"/login?token={agent}&next={quote(path)}", **options)


async def test_a_customer_is_found_by_keyboard_and_shown_whole(stage, open_page):
    """Slash, four digits, arrow, Enter: the file with phones, the warranty's reason, contract and orders; names are text, never markup."""
    await add_customer(stage)
    page = await opened(stage, open_page, "/calls")
    await page.get_by_test_id("search").wait_for()
    await page.keyboard.press("/")
    await expect(page.get_by_test_id("search")).to_be_focused()
    await page.keyboard.type("4433")
    await expect(page.get_by_test_id("hit").first).to_contain_text(NAME)
    await expect(page.get_by_test_id("hit").first.locator("mark")).to_have_text("4433")
    await page.keyboard.press("ArrowDown")
    await expect(page.get_by_test_id("hit").first).to_have_attribute("aria-selected", "true")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("customer-name")).to_have_text(NAME)
    await expect(page.get_by_test_id("found")).to_be_hidden()
    await expect(page.get_by_test_id("level").first).to_have_text("会员")
    await expect(page.get_by_text("家里")).to_be_visible()
    await expect(page.get_by_test_id("asset")).to_contain_text("保修中")
    await expect(page.get_by_test_id("reason")).not_to_be_empty()
    await expect(page.get_by_test_id("contract")).to_contain_text("YB-1")
    await page.get_by_test_id("customer-order").click()
    await page.get_by_test_id("customer-file").click()
    await expect(page.get_by_test_id("customer-name")).to_have_text(NAME)


async def test_enter_waits_for_what_was_typed_and_escape_leaves(stage, open_page):
    """Enter right after typing opens the best answer to the last words; nothing found is said; Esc empties, then leaves."""
    await add_customer(stage)
    page = await opened(stage, open_page, "/calls")
    box = page.get_by_test_id("search")
    await box.fill("没有这个人")
    await expect(page.get_by_text("没有找到「没有这个人」")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(box).to_have_value("")
    await page.keyboard.press("Escape")
    await expect(box).not_to_be_focused()
    await box.fill(PHONE)
    await box.press("Enter")
    await expect(page.get_by_test_id("customer-name")).to_have_text(NAME)


async def test_a_search_that_fails_says_so_and_can_be_repeated(stage, open_page):
    """Without the server there are words and a button; with it again, the answer."""
    await add_customer(stage)
    page = await opened(stage, open_page, "/calls")
    await page.route("**/api/search**", lambda route: route.abort())
    await page.get_by_test_id("search").fill("SN-7001")
    await expect(page.get_by_test_id("found").get_by_role("alert")).to_contain_text("连不上服务器")
    await page.unroute("**/api/search**")
    await page.get_by_test_id("found").get_by_role("button", name="重试").click()
    await expect(page.get_by_test_id("hit").first).to_contain_text(NAME)


async def test_level_and_notes_are_changed_and_a_stale_file_is_not_overwritten(stage, open_page):
    """Saved with its version; when somebody else was faster that is said and theirs is shown."""
    customer_id = await add_customer(stage)
    page = await opened(stage, open_page, f"/customers/{customer_id}")
    await page.get_by_test_id("edit-customer").click()
    await page.get_by_test_id("edit-level").select_option("vip")
    await page.get_by_test_id("edit-notes").fill("有门禁")
    await page.get_by_test_id("save-customer").click()
    await expect(page.get_by_test_id("notes")).to_have_text("有门禁")
    await expect(page.get_by_test_id("customer-change").first).to_be_visible()
    await page.get_by_test_id("edit-customer").click()
    await page.get_by_test_id("edit-notes").fill("我的")
    async with stage.app.database.write() as work:
        record = await customer_file.record(work.session, customer_id)
        theirs = EditCustomer(
            by="machine",
            at=stage.app.clock.now(),
            customer_id=customer_id,
            edit_version=record.edit_version,
            notes="别人的",
        )
        await customer_file.edit_customer(work.session, theirs)
        await work.commit()
    await page.get_by_test_id("save-customer").click()
    await expect(page.get_by_text("档案已被他人修改")).to_be_visible()
    await page.get_by_role("button", name="取消").click()
    await expect(page.get_by_test_id("notes")).to_have_text("别人的")


async def test_orders_are_counted_alike_and_drafts_apart(stage, open_page):
    """Header and list say the same number; a draft in the list is counted as what it is, in both languages."""
    customer_id = await add_customer(stage)
    async with stage.app.database.write() as work:
        opened_ = OpenDraft(by="machine", at=stage.app.clock.now(), customer_id=customer_id)
        await orders.open_draft(work.session, opened_)
        await work.commit()
    page = await opened(stage, open_page, f"/customers/{customer_id}")
    await expect(page.get_by_test_id("customer-order")).to_have_count(2)
    await expect(page.get_by_test_id("customer-count")).to_have_text("共 1 单")
    await expect(page.get_by_test_id("orders-counted")).to_have_text("共 1 单 · 另有草稿 1 份")
    await page.get_by_role("button", name="EN").click()
    await expect(page.get_by_test_id("customer-count")).to_have_text("1 in all")
    await expect(page.get_by_test_id("orders-counted")).to_have_text("1 in all · drafts besides: 1")


async def test_who_a_customer_is_to_our_accounts_is_shown_and_changed(stage, open_page):
    """What is no openid is refused before it is sent; an emptied one leaves the file; the history has both."""
    customer_id = await add_customer(stage)
    page = await opened(stage, open_page, f"/customers/{customer_id}")
    await expect(page.get_by_test_id("miniprogram_openid")).to_be_hidden()
    await page.get_by_test_id("edit-customer").click()
    await page.get_by_test_id("edit-miniprogram_openid").fill("o M")
    await page.get_by_test_id("save-customer").click()
    await expect(page.locator("input:invalid")).to_have_count(1)
    await page.get_by_test_id("edit-miniprogram_openid").fill("oM8xT5KcQ2v1nDyuJ0sZgkqf3bLw")
    await page.get_by_test_id("save-customer").click()
    await expect(page.get_by_test_id("miniprogram_openid")).to_contain_text("oM8xT5KcQ2v1nDyuJ0sZgkqf3bLw")
    await expect(page.get_by_test_id("miniprogram_openid")).to_contain_text("小程序")
    await expect(page.get_by_test_id("openid")).to_be_hidden()
    await expect(page.get_by_test_id("customer-change").first).to_contain_text("小程序 openid oM8xT5")
    await page.get_by_test_id("edit-customer").click()
    await page.get_by_test_id("edit-miniprogram_openid").fill("")
    await page.get_by_test_id("save-customer").click()
    await expect(page.get_by_test_id("miniprogram_openid")).to_be_hidden()


async def test_on_a_phone_and_in_english(stage, open_page):
    """The box opens over the bar, the file is one column, nothing is wider than the screen; a wrong address is said."""
    customer_id = await add_customer(stage)
    page = await opened(stage, open_page, "/calls", viewport={"width": 390, "height": 844}, locale="en-US")
    await page.get_by_role("button", name="EN").click()
    await page.get_by_test_id("open-search").click()
    await page.get_by_placeholder("Name, phone, order or serial").fill("SN-7001")
    await page.get_by_test_id("hit").first.click()
    await expect(page.get_by_test_id("level").first).to_have_text("Member")
    await expect(page.get_by_test_id("asset")).to_contain_text("In warranty")
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    other = "0" if customer_id.endswith("Z") else "Z"
    await page.goto(f"{stage.app.url}/customers/{customer_id[:-1]}{other}")
    await expect(page.get_by_text("There is no such customer")).to_be_visible()


async def test_an_appliance_is_put_on_file_and_corrected(stage, open_page):
    """Its warranty is there at once, by the contract and then by its card; a serial number that is there is refused in the sheet."""
    customer_id = await add_customer(stage)
    page = await opened(stage, open_page, f"/customers/{customer_id}")
    await page.get_by_test_id("add-asset").click()
    await page.get_by_test_id("asset-appliance").locator("input").fill("冰箱")
    await page.get_by_test_id("asset-brand").locator("input").fill("海尔")
    await page.get_by_test_id("asset-serial").fill("SN-7001")
    await page.get_by_test_id("save-asset").click()
    await expect(page.get_by_test_id("asset-refused")).to_be_visible()
    await page.get_by_test_id("asset-serial").fill("SN-7002")
    await page.get_by_test_id("asset-purchased_on").fill("2015-03-05")
    await page.get_by_test_id("save-asset").click()
    await expect(page.get_by_test_id("asset")).to_have_count(2)
    added = page.get_by_test_id("asset").filter(has_text="SN-7002")
    await expect(added).to_contain_text("购于 2015-03-05")
    await expect(added).to_contain_text("延保中")
    await added.get_by_test_id("edit-asset").click()
    await page.get_by_test_id("asset-warranty_until").fill("2099-12-31")
    await page.get_by_test_id("save-asset").click()
    await expect(added).to_contain_text("2099-12-31")
