"""Who is calling, found out while they speak, and calls about something in hand: in a real browser."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from callcenter.features.demo.desk_client import open_desk
from callcenter.ids import new_id
from callcenter.media.events import HeardName, SegmentHeard, Speaker
from tests.browser.test_desk import field, talk

pytestmark = pytest.mark.asyncio(loop_scope="session")

SAID = (
    (Speaker.AGENT, "请问您贵姓？"),
    (Speaker.CALLER, "免贵姓汪，叫汪剑国"),
    (Speaker.AGENT, "地址是哪里？"),
    (Speaker.CALLER, "杭州市西湖区文三路二百八十八号"),
)


async def hear(stage, *said, names=()):
    token, _ = await stage.tokens()
    async with open_desk(stage.app.url, token, live=False) as desk:
        call_id = (await desk.request("GET", "/api/calls"))["items"][0]["call_id"]
    for turn, (speaker, text) in enumerate(said):
        stage.app.bus.publish(
            SegmentHeard(
                at=stage.app.clock.now(),
                call_id=call_id,
                segment_id=new_id(),
                speaker=speaker,
                start_ms=2000 * turn,
                end_ms=2000 * turn + 1500,
                text=text,
                confidence=0.9,
                names=names,
            )
        )
    await stage.app.bus.drain()


async def test_a_hidden_caller_is_offered_and_confirmed(stage, agent_page):
    """What the caller says brings up the customer; one click and card, order and a reload know them."""
    await talk(stage, agent_page, None)
    await hear(stage, *SAID)
    choices = agent_page.get_by_test_id("candidates")
    await expect(choices).to_contain_text("听起来可能是以下客户")
    await expect(agent_page.locator("input[name=phone]")).to_be_visible()
    await choices.get_by_role("button", name="王建国").click()
    await expect(choices).to_have_count(0)
    await expect(agent_page.get_by_text("KFR-35GW/NhGc1B")).to_be_visible()
    await expect(field(agent_page, "customer_name").locator("input").last).to_have_value("王建国")
    await agent_page.reload()
    await expect(agent_page.get_by_text("KFR-35GW/NhGc1B")).to_be_visible()


async def test_a_repeat_call_is_said_calmly_and_questions_are_ticked_off(stage, agent_page):
    """The open order is named without alarm; what is known is ticked off, what is required still stands out."""
    await talk(stage, agent_page, "18012340018")
    await hear(stage, (Speaker.CALLER, "你好，我家苏泊尔电饭煲不加热，想报修"))
    await expect(agent_page.get_by_test_id("repeat")).to_contain_text("已有未完成工单 WO")
    await expect(agent_page.get_by_test_id("alert")).to_have_count(0)
    asked = agent_page.get_by_test_id("missing")
    await expect(asked.locator(".done", has_text="电器")).to_be_visible()
    await expect(asked.get_by_role("button", name="预约时间")).to_be_visible()


async def test_a_repeat_call_becomes_a_chase_up_with_one_click(stage, agent_page):
    """The draft ends, the open order has the chase-up, and its number leads to it."""
    await talk(stage, agent_page, "18012340018")
    await hear(stage, (Speaker.CALLER, "你好，我家苏泊尔电饭煲不加热，想报修"))
    await agent_page.get_by_test_id("chase").click()
    await expect(agent_page.get_by_test_id("order-status")).to_have_text("已取消")
    await agent_page.get_by_test_id("open-order-status").first.wait_for()
    await agent_page.goto(f"{stage.app.url}/orders")
    chased = agent_page.get_by_test_id("order-row").filter(has_text="催单 1 次")
    await expect(chased).to_contain_text("电饭煲")


async def test_a_name_put_right_by_its_sound_shows_what_was_heard_by_keyboard(stage, agent_page):
    """The line shows the name; a button after it says what was heard, and one key shows the line as heard and back."""
    await talk(stage, agent_page, None)
    await hear(stage, (Speaker.CALLER, "我家各力空调不制冷"), names=(HeardName(2, 4, "格力"),))
    line = agent_page.get_by_test_id("segment").last
    await expect(line).to_contain_text("我家格力空调不制冷")
    button = line.get_by_test_id("heard-as")
    await expect(button).to_have_attribute("title", "听到的是「各力」，按「格力」理解")
    await button.focus()
    await agent_page.keyboard.press("Enter")
    await expect(line).to_contain_text("我家各力空调不制冷")
    await agent_page.keyboard.press("Enter")
    await expect(line).to_contain_text("我家格力空调不制冷")
