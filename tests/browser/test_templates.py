"""The forms page in Chromium: a supervisor adds a field and publishes it; a colleague's version is said, not overwritten."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from tests.browser.test_orders import orders_page
from tests.browser.test_own_fields import set_form
from workorder.services import templates

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHOTS = os.environ.get("SCREENSHOTS")


async def forms_page(stage, open_page, **options) -> Page:
    page = await orders_page(stage, open_page, "/templates", supervisor=True, **options)
    await page.get_by_test_id("row").first.wait_for()
    return page


async def shot(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png")


async def add_field(page: Page, name: str, label: str) -> None:
    await page.get_by_test_id("add-own").click()
    row = page.get_by_test_id("row").last
    await row.get_by_label("中文名称").fill(label)
    await row.get_by_label("英文名称").fill("Serial")
    await row.get_by_label("字段名").fill(name)
    await row.get_by_label("询问提示").fill("看铭牌")
    await row.get_by_label("必填").check()


async def test_a_field_is_added_previewed_and_published(stage, open_page):
    """What is wrong is named by its field; the version is in force; the built-in one can still be looked at."""
    page = await forms_page(stage, open_page)
    await add_field(page, "brand", "机身编码")
    await expect(page.get_by_test_id("preview")).to_contain_text("机身编码*看铭牌")
    await page.get_by_test_id("publish").click()
    await expect(page.get_by_role("alert").first).to_contain_text("机身编码")
    await page.get_by_test_id("row").last.get_by_label("字段名").fill("serial")
    await page.get_by_test_id("publish").click()
    await expect(page.get_by_test_id("versions")).to_have_value("1")
    await shot(page, "templates")
    async with stage.app.database.read() as work:
        form = (await templates.template(work.session, "repair")).form
    assert [(one.name, one.label) for one in form.fields] == [("serial", "机身编码")]
    assert (form.questions[-1].field, form.questions[-1].required, form.questions[-1].guidance) == (
        "serial",
        True,
        "看铭牌",
    )
    await page.get_by_test_id("versions").select_option("0")
    await expect(page.get_by_test_id("preview")).not_to_contain_text("机身编码")


async def test_a_colleagues_version_is_said_and_mine_is_kept(stage, open_page):
    """Nothing is overwritten unasked; what was edited stays on the page until the supervisor decides."""
    page = await forms_page(stage, open_page)
    await add_field(page, "mine", "我的字段")
    await page.get_by_role("link", name="通话记录").click()  # the question whether to leave is answered with no
    await expect(page.get_by_test_id("preview")).to_contain_text("我的字段")
    await set_form(stage)
    await page.get_by_test_id("publish").click()
    await expect(page.get_by_test_id("stale")).to_contain_text("第 1 版")
    await expect(page.get_by_test_id("preview")).to_contain_text("我的字段")
    await page.get_by_role("button", name="看对方的").click()
    await expect(page.get_by_test_id("preview")).to_contain_text("楼层")
    await expect(page.get_by_test_id("preview")).not_to_contain_text("我的字段")


async def test_mine_is_published_over_a_colleagues_knowingly(stage, open_page):
    """Theirs stays as a version; mine is the one in force."""
    page = await forms_page(stage, open_page)
    await add_field(page, "mine", "我的字段")
    await set_form(stage)
    await page.get_by_test_id("publish").click()
    await page.get_by_role("button", name="仍然发布我的").click()
    await expect(page.get_by_test_id("versions")).to_have_value("2")
    async with stage.app.database.read() as work:
        mine = (await templates.template(work.session, "repair")).form
        theirs = (await templates.template(work.session, "repair", version=1)).form
    assert [one.name for one in mine.fields] == ["mine"]
    assert "floor" in [one.name for one in theirs.fields]


async def test_standard_answers_and_tasks_are_edited(stage, open_page):
    """Changed, added and taken away; what is wrong is named by its place; the order's page offers the new answer."""
    page = await forms_page(stage, open_page)
    await page.get_by_test_id("reply-row").first.get_by_role("textbox").last.fill("{customer_name}您好，已收到。")
    await page.get_by_test_id("add-reply").click()
    await page.get_by_test_id("reply-row").last.get_by_role("textbox").first.fill("改约")
    await page.get_by_test_id("publish").click()
    await expect(page.get_by_role("alert").first).to_contain_text("标准答复 4：必填")
    await page.get_by_test_id("reply-row").last.get_by_role("textbox").last.fill("已为您改约。")
    await page.get_by_test_id("add-step").click()
    row = page.get_by_test_id("step-row").last
    await row.get_by_role("textbox").fill("核对序列号")
    await row.get_by_role("combobox").select_option("complete")
    await page.get_by_test_id("publish").click()
    await expect(page.get_by_test_id("versions")).to_have_value("1")
    async with stage.app.database.read() as work:
        form = (await templates.template(work.session, "repair")).form
    assert [(one.name, one.text) for one in form.replies][::3] == [
        ("已受理", "{customer_name}您好，已收到。"),
        ("改约", "已为您改约。"),
    ]
    assert [(one.title, one.blocks) for one in form.steps] == [("核对序列号", "complete")]
    await page.get_by_test_id("step-row").get_by_role("button").click()
    await expect(page.get_by_test_id("step-row")).to_have_count(0)


@pytest.mark.parametrize(
    "options",
    [{"viewport": {"width": 390, "height": 844}}, {"color_scheme": "dark", "locale": "en-US"}],
    ids=["phone", "dark"],
)
async def test_it_fits_every_screen(stage, open_page, options):
    """Nothing stands out to the side."""
    await set_form(stage)
    page = await forms_page(stage, open_page, **options)
    await shot(page, f"templates-{options.get('color_scheme', 'phone')}")
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
