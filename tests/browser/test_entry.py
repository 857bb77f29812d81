"""Login, the call list, languages and looks."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from callcenter.telephony.simulator.call import SimulatedCall
from tests.stage import AGENT

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_wrong_password_is_refused_in_words(open_page):
    """The login page says what is wrong and keeps the name."""
    page = await open_page("/")
    await page.get_by_role("button", name="登录").click()
    await expect(page.get_by_role("alert")).to_have_text("请输入用户名和密码")
    await page.locator("input[name=username]").fill("agent")
    await page.locator("input[name=password]").fill("guess")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("alert")).to_have_text("用户名或密码不对")
    await expect(page.locator("input[name=username]")).to_have_value("agent")


async def test_a_login_link_works_once(stage, open_page):
    """The second use of a one-time link shows the login form with the reason."""
    token, _ = await stage.tokens()
    first = await open_page(f"/login?token={token}")
    await first.get_by_role("heading", name="等待来电").wait_for()
    second = await open_page(f"/login?token={token}")
    await expect(second.get_by_role("alert")).to_contain_text("已用过或已过期")
    await expect(second.locator("input[name=username]")).to_be_visible()


async def test_a_login_leads_to_where_one_wanted_to_go(stage, open_page):
    """A deep link survives the login; a foreign address in it is ignored."""
    _, token = await stage.tokens()
    page = await open_page(f"/login?token={token}&next=/calls?number=138")
    await expect(page.locator("input[name=number]")).to_have_value("138")
    _, token = await stage.tokens()
    page = await open_page(f"/login?token={token}&next=//evil.example/calls")
    await page.get_by_role("heading", name="通话记录").wait_for()
    assert page.url.startswith(stage.app.url)


async def test_logging_out_ends_the_session(agent_page):
    """After logging out the desk is closed to the same browser."""
    await agent_page.get_by_role("button", name="退出登录").click()
    await agent_page.locator("input[name=username]").wait_for()
    await agent_page.goto(agent_page.url.split("/login")[0] + "/desk")
    await agent_page.locator("input[name=username]").wait_for()


async def test_a_session_that_ends_elsewhere_leads_to_the_login(stage, agent_page):
    """When the server ends the login the page does not pretend to be at work."""
    tab = await agent_page.context.new_page()
    await tab.goto(agent_page.url)
    await tab.get_by_role("button", name="退出登录").click()
    await expect(agent_page.get_by_text("登录已过期，请重新登录")).to_be_visible()


async def test_the_list_finds_calls_by_number(stage, agent_page):
    """The filter lives in the address; no match says so and can be cleared."""
    for number in ("13800138000", "13500890626"):
        call = await stage.pbx.place_call(SimulatedCall(number=number, interface=AGENT, ring_s=0.2, talk_s=0.2))
        await call.ended
    await agent_page.get_by_role("link", name="通话记录").click()
    await expect(agent_page.get_by_test_id("call-row")).to_have_count(2)
    await agent_page.locator("input[name=number]").fill("135 0089 0626")
    await agent_page.keyboard.press("Enter")
    await expect(agent_page.get_by_test_id("call-row")).to_have_count(1)
    await expect(agent_page.get_by_test_id("call-row")).to_contain_text("何淑芬")
    assert "number=135" in agent_page.url
    await agent_page.locator("input[name=number]").fill("19900000000")
    await agent_page.keyboard.press("Enter")
    await expect(agent_page.get_by_text("没有符合条件的通话")).to_be_visible()
    await agent_page.get_by_role("button", name="清除条件").click()
    await expect(agent_page.get_by_test_id("call-row")).to_have_count(2)


async def test_a_call_without_sound_can_be_looked_at_all_the_same(stage, agent_page):
    """No recording: the page says so and shows the events."""
    call = await stage.pbx.place_call(SimulatedCall(number="13800138000", interface=AGENT, ring_s=0.2, talk_s=0.2))
    await call.ended
    await agent_page.get_by_role("link", name="通话记录").click()
    await agent_page.get_by_test_id("call-row").click()
    await expect(agent_page.get_by_text("这通电话没有录音")).to_be_visible()
    await expect(agent_page.get_by_text("接通").first).to_be_visible()


async def test_an_unknown_call_is_said_to_be_unknown(stage, open_page):
    """A wrong address of a call shows a sentence and a way back."""
    _, token = await stage.tokens()
    page = await open_page(f"/login?token={token}&next=/calls/01JUNKNOWNUNKNOWNUNKNOWN00")
    await expect(page.get_by_role("alert")).to_contain_text("找不到这通电话")


async def test_language_and_looks_are_kept(stage, agent_page):
    """English and dark stay after a reload."""
    await agent_page.get_by_role("button", name="语言").click()
    await expect(agent_page.get_by_role("heading", name="Waiting for a call")).to_be_visible()
    await agent_page.get_by_role("button", name="Appearance").click()
    await agent_page.get_by_role("button", name="Appearance").click()
    await agent_page.reload()
    await expect(agent_page.get_by_role("heading", name="Waiting for a call")).to_be_visible()
    await expect(agent_page.locator("html")).to_have_attribute("data-theme", "dark")
    await expect(agent_page.locator("html")).to_have_attribute("lang", "en")
