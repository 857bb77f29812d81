"""A call centre's own fields on the desk: asked by the form of the service type, guided, checked, kept, on the order."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.async_api import expect

from callcenter.media.events import Speaker
from tests.browser.test_callers import hear
from tests.browser.test_desk import field, talk, write
from workorder.commands import SetTemplate
from workorder.fields import Ask, FieldSpec, Kind
from workorder.services import templates

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHOTS = os.environ.get("SCREENSHOTS")
GUIDANCE = "机身右侧铭牌，或外箱条码下方"
SERIAL = FieldSpec(name="serial", kind=Kind.TEXT, label="机身编码", label_en="Serial number", max_length=12)
FLOOR = FieldSpec(
    name="floor", kind=Kind.CHOICE, label="楼层", label_en="Floor", choices={"low": "六层以下", "high": "七层以上"}
)
LIFT = FieldSpec(name="lift", kind=Kind.FLAG, label="有电梯", label_en="Lift")
ASKS = (Ask("service_type", True), Ask("contact_phone", True), Ask("serial", True, GUIDANCE), Ask("floor"), Ask("lift"))


async def set_form(stage, service_type: str = "repair") -> None:
    async with stage.app.database.write() as work:
        command = SetTemplate(
            by="u9",
            at=stage.app.clock.now(),
            service_type=service_type,
            questions=ASKS,
            fields=(SERIAL, FLOOR, LIFT),
        )
        await templates.set_template(work.session, command)
        await work.commit()


async def shot(page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png")


async def test_the_form_asks_checks_and_brings_its_own_fields_into_the_order(stage, agent_page):
    """They come with the service type, below the others; a missing or too long one is named; the order shows them."""
    await set_form(stage)
    await talk(stage, agent_page)
    await expect(field(agent_page, "serial")).to_have_count(0)
    await write(agent_page, "service_type", "维修")
    await expect(field(agent_page, "serial")).to_contain_text("机身编码")
    await expect(field(agent_page, "serial").get_by_test_id("guidance")).to_have_text(GUIDANCE)
    assert (await agent_page.locator("[data-field]").evaluate_all("all => all.map(one => one.dataset.field)"))[-3:] == [
        "serial",
        "floor",
        "lift",
    ]
    await agent_page.keyboard.press("Control+s")
    await expect(field(agent_page, "serial").get_by_role("alert")).to_have_text("必填，请向客户询问")
    await expect(field(agent_page, "serial").locator("input")).to_be_focused()
    await agent_page.keyboard.type("A234567890123")
    await agent_page.keyboard.press("Enter")
    await expect(field(agent_page, "serial").get_by_role("alert")).to_have_text("最多 12 个字")
    await shot(agent_page, "own-fields-refused")
    await write(agent_page, "serial", "A23456")
    await expect(field(agent_page, "floor").locator("input")).to_be_focused()
    await agent_page.keyboard.type("七层")
    await agent_page.keyboard.press("Enter")
    await agent_page.keyboard.press("Enter")
    await field(agent_page, "lift").get_by_text("否").click()
    await shot(agent_page, "own-fields")
    await agent_page.keyboard.press("Control+s")
    await expect(agent_page.get_by_test_id("order-number")).to_be_visible()
    await agent_page.get_by_test_id("order-number").click()
    detail = agent_page.get_by_test_id("order-detail")
    await expect(detail.get_by_test_id("value-serial")).to_contain_text("A23456")
    await expect(detail.get_by_test_id("value-floor")).to_contain_text("七层以上")
    await expect(detail.get_by_test_id("value-lift")).to_contain_text("否")
    await expect(detail.get_by_text("机身编码")).to_be_visible()
    await shot(agent_page, "own-fields-order")
    await agent_page.get_by_role("button", name="EN", exact=False).click()
    await expect(detail.get_by_text("Serial number")).to_be_visible()


async def test_what_was_typed_comes_back_with_the_service_type(stage, agent_page):
    """To another service and back, and over a reload between: sent values, and one the server refuses."""
    await set_form(stage)
    await talk(stage, agent_page)
    await write(agent_page, "service_type", "维修")
    await write(agent_page, "floor", "七层")
    await write(agent_page, "serial", "A234567890123")
    await expect(field(agent_page, "serial").get_by_role("alert")).to_be_visible()
    await write(agent_page, "service_type", "安装")
    await expect(field(agent_page, "serial")).to_have_count(0)
    await expect(agent_page.get_by_test_id("save-status")).to_have_text("已同步")
    await agent_page.reload()
    await field(agent_page, "model").wait_for()
    await write(agent_page, "service_type", "维修")
    await expect(field(agent_page, "serial").locator("input")).to_have_value("A234567890123")
    await expect(field(agent_page, "floor").locator("input").last).to_have_value("七层以上")


async def test_a_service_that_is_heard_brings_its_form(stage, agent_page):
    """The caller says what it is about: the own fields of that service stand there, and the agent touched nothing."""
    await set_form(stage)
    await talk(stage, agent_page)
    await expect(field(agent_page, "serial")).to_have_count(0)
    await hear(
        stage, (Speaker.AGENT, "请问有什么可以帮您？"), (Speaker.CALLER, "我家空调坏了，不制冷，麻烦派人来修一下")
    )
    await expect(field(agent_page, "service_type").locator("input")).to_have_value("维修")
    await expect(field(agent_page, "serial").get_by_test_id("guidance")).to_have_text(GUIDANCE)
    await expect(agent_page.get_by_test_id("missing")).to_contain_text("机身编码")


async def test_a_value_still_in_hand_is_sent_before_its_form_goes(stage, agent_page):
    """The agent types into an own field offline and then says another service: after a reload both arrive, in that order."""
    await set_form(stage)
    await talk(stage, agent_page)
    await write(agent_page, "service_type", "维修")
    await field(agent_page, "serial").wait_for()
    await agent_page.context.set_offline(True)
    await write(agent_page, "serial", "B77")
    await write(agent_page, "service_type", "安装")
    await agent_page.context.set_offline(False)
    await agent_page.reload()
    await field(agent_page, "model").wait_for()
    await expect(field(agent_page, "serial")).to_have_count(0)
    await write(agent_page, "service_type", "维修")
    await expect(field(agent_page, "serial").locator("input")).to_have_value("B77")
    await expect(field(agent_page, "serial").get_by_test_id("field-state")).to_have_text("已修改")


@pytest.mark.parametrize(
    "options",
    [{"viewport": {"width": 390, "height": 844}}, {"color_scheme": "dark"}, {"locale": "en-US"}],
    ids=["phone", "dark", "english"],
)
async def test_they_fit_every_screen(stage, open_page, options):
    """On a phone nothing stands out to the side; the guidance is read out with its field."""
    await set_form(stage)
    token, _ = await stage.tokens()
    page = await open_page(f"/login?token={token}", **options)
    await page.get_by_test_id("presence").wait_for()
    await stage.app.hub.wait_watched("PJSIP/1001")
    await talk(stage, page)
    await write(page, "service_type", "repair")
    await field(page, "serial").scroll_into_view_if_needed()
    described = await field(page, "serial").locator("fieldset").get_attribute("aria-describedby")
    await expect(page.locator(f"[id='{described}']")).to_have_text(GUIDANCE)
    assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    await shot(page, f"own-fields-{'-'.join(options)}-{options.get('viewport', {}).get('width', 1440)}")
