"""From ring to replay with sound: the real recogniser, the real extraction, the real page."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Page, expect

from callcenter.features.demo.schedule import CALLS
from callcenter.telephony.simulator.call import SimulatedCall
from tests.stage import AGENT

pytestmark = pytest.mark.asyncio(loop_scope="session")

WITH_SOUND = {"media": {"tap": True}}
SPEECH_MS = 60_000


def field(page: Page, name: str):
    return page.locator(f"[data-field={name}]")


@pytest.mark.timeout(180)
@pytest.mark.parametrize("stage", [WITH_SOUND], indirect=True)
async def test_a_call_goes_from_ring_to_replay(stage, agent_page, open_page):
    """The pop, both sides in writing while they speak, fields one after another with their sound, correction, saving, replay."""
    page = agent_page
    call = await stage.pbx.place_call(
        SimulatedCall(number=CALLS[0].number, interface=AGENT, audio=CALLS[0].audio, ring_s=1.0, talk_s=28.0)
    )
    await expect(page.get_by_test_id("pop-name")).to_have_text("王建国")

    # Both speakers, first in grey while they speak, then for good.
    await page.get_by_test_id("partial").first.wait_for(timeout=SPEECH_MS)
    for speaker in ("agent", "caller"):
        await page.locator(f".line.{speaker} [data-testid=segment]").first.wait_for(timeout=SPEECH_MS)

    # Fields fill in, each with state and evidence; the words stand out while their sound plays.
    await expect(field(page, "appliance").locator("input")).to_have_value("空调", timeout=SPEECH_MS)
    await expect(field(page, "brand").locator("input")).to_have_value("格力", timeout=SPEECH_MS)
    await expect(field(page, "brand").get_by_test_id("field-state")).to_have_text(re.compile("听到|已确认"))
    async with page.expect_response(lambda response: "/audio?" in response.url) as sound:
        await field(page, "brand").get_by_test_id("evidence").click()
    assert (await sound.value).ok
    await expect(page.locator("mark.strong")).to_contain_text("格力")

    # The agent ticks one value and writes another; speech goes on and changes neither.
    await field(page, "brand").locator("input").press("Enter")
    await expect(field(page, "brand").get_by_test_id("field-state")).to_have_text("已核对")
    await field(page, "fault").locator("input").fill("异响")
    await field(page, "fault").locator("input").press("Enter")
    await page.get_by_test_id("done").wait_for(timeout=SPEECH_MS)
    await call.ended
    await expect(field(page, "fault").locator("input")).to_have_value("异响")
    await expect(field(page, "fault").get_by_test_id("field-state")).to_have_text("已修改")

    # What is still to ask is filled in, and the order saved.
    for name, text in (("service_type", "维修"), ("contact_phone", "13800138000"), ("address", "文三路288号")):
        box = field(page, name).locator("input").last
        if not await box.input_value():
            await box.fill(text)
            await box.press("Enter")
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_test_id("order-status")).to_have_text("已建单")
    number = await page.get_by_test_id("order-number").inner_text()

    await replayed(stage, open_page, number)


async def replayed(stage, open_page, number: str) -> None:
    """A supervisor finds the call, hears it, and sees what it became on one time line."""
    _, token = await stage.tokens()
    page = await open_page(f"/login?token={token}")
    await page.get_by_test_id("call-row").filter(has_text=number).click()
    await page.get_by_role("heading", name="王建国").wait_for()
    await page.get_by_test_id("segment").first.wait_for()
    for marker in ("品牌", "故障", "接通"):
        await expect(page.get_by_test_id("marker").filter(has_text=marker).first).to_be_visible()

    await page.keyboard.press("Space")
    await expect(page.get_by_test_id("time").locator("strong")).not_to_have_text("0:00")
    await page.keyboard.press("Space")
    await expect(page.get_by_test_id("play")).to_have_accessible_name("播放")

    # A click on an utterance goes there; the utterance is the one marked as being spoken.
    line = page.locator("li[data-segment]").nth(1)
    await line.click()
    at = await line.locator("button").inner_text()
    await expect(page.get_by_test_id("time").locator("strong")).to_have_text(at)
    await expect(line).to_have_class(re.compile(r"\bnow\b"))

    # A marker leads to the words it came from.
    await page.get_by_test_id("marker").filter(has_text="品牌").first.click()
    await expect(page.locator("mark.strong")).to_contain_text("格力")


@pytest.mark.timeout(120)
@pytest.mark.parametrize("stage", [WITH_SOUND], indirect=True)
async def test_a_smell_of_gas_raises_the_alarm_at_once(stage, agent_page):
    """A danger that is spoken of stands in a red line over the order while the caller is still talking."""
    gas = next(call for call in CALLS if call.name == "dev-006")
    call = await stage.pbx.place_call(
        SimulatedCall(number=gas.number, interface=AGENT, audio=gas.audio, ring_s=0.5, talk_s=30.0)
    )
    await expect(agent_page.get_by_test_id("alert")).to_contain_text("燃气味", timeout=SPEECH_MS)
    call.hang_up()
    await call.ended
