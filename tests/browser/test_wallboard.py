"""The wallboard in Chromium: live, in both languages and looks, without jumps, also on a phone."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from callcenter.telephony.simulator.call import SimulatedCall
from tests.stage import AGENT

pytestmark = pytest.mark.asyncio(loop_scope="session")

BOXES = (
    "[...document.querySelectorAll('.figure, .panel, .box')].map(box => JSON.stringify(box.getBoundingClientRect()))"
)


async def wall_page(stage, open_page, **options) -> Page:
    _, token = await stage.tokens()
    page = await open_page(f"/login?token={token}&next=/wallboard", **options)
    await page.get_by_test_id("wall-pbx").get_by_text("交换机已连接").wait_for()
    return page


async def test_a_call_on_the_wall(stage, open_page):
    """It rings, is talked on and leaves, with its number masked; nothing else moves on the screen."""
    page = await wall_page(stage, open_page)
    await page.get_by_test_id("wall-agent").first.wait_for()
    before = await page.evaluate(BOXES)
    call = await stage.pbx.place_call(SimulatedCall(number="13800138000", interface=AGENT, ring_s=None))
    row = page.get_by_test_id("wall-call")
    await expect(row).to_contain_text("振铃")
    await expect(row).to_contain_text("138 **** 8000")
    await expect(page.get_by_test_id("wallboard")).not_to_contain_text("0013")
    call.answer()
    await expect(row).to_contain_text("通话")
    assert await page.evaluate(BOXES) == before
    call.hang_up()
    await expect(row).to_have_count(0)
    await expect(page.locator(".figure", has_text="今日接听")).to_contain_text("来电 1 通")
    await expect(page.locator(".figure", has_text="今日服务水平")).to_contain_text("100%")
    assert await page.evaluate(BOXES) == before


async def test_the_wall_tells_a_lost_link_and_its_gap(stage, open_page):
    """While the PBX is away the wall says so; afterwards the gap stands there."""
    page = await wall_page(stage, open_page)
    await stage.pbx.shut_down()
    await expect(page.get_by_test_id("wall-pbx")).to_contain_text("交换机连接中断")
    await stage.pbx.start()
    await expect(page.get_by_test_id("wall-pbx")).to_contain_text("交换机已连接")
    await expect(page.get_by_test_id("wall-gaps")).to_contain_text("1 次")


async def test_a_wall_that_is_reloaded_comes_back(stage, open_page):
    """Twice: the second time the browser asks whether its copy is still good."""
    page = await wall_page(stage, open_page)
    for _ in range(2):
        await page.reload()
        await page.get_by_test_id("wall-pbx").get_by_text("交换机已连接").wait_for()


async def test_the_wall_on_a_phone_in_english_and_dark(stage, open_page):
    """One column, nothing wider than the screen; the switches are those of every page."""
    page = await wall_page(stage, open_page, viewport={"width": 390, "height": 844}, color_scheme="dark")
    await page.get_by_role("button", name="语言").click()
    await expect(page.get_by_test_id("wall-waiting")).to_contain_text("nobody waits")
    assert await page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert await page.evaluate("document.documentElement.scrollWidth") == 390
    assert await page.evaluate("document.querySelector('.wall').scrollWidth") <= 390


async def test_agents_have_no_wallboard(agent_page, stage):
    """No link to it, and its address leads back to the desk."""
    await expect(agent_page.get_by_role("link", name="大屏")).to_have_count(0)
    await agent_page.goto(f"{stage.app.url}/wallboard")
    await agent_page.wait_for_url("**/desk")
