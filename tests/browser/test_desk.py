"""The agent's desk in a real browser against the real application; calls come from the simulated PBX, without sound."""

from __future__ import annotations

import asyncio
import re

import pytest
from playwright.async_api import Page, expect

from callcenter.features.demo.desk_client import open_desk
from callcenter.telephony.simulator.call import PlacedCall, SimulatedCall
from tests.stage import AGENT, Stage
from workorder.services import orders
from workorder.services.order_filters import OrderQuery

KNOWN = "13800138000"
STRANGER = "13912345678"

pytestmark = pytest.mark.asyncio(loop_scope="session")


def field(page: Page, name: str):
    return page.locator(f"[data-field={name}]")


async def ring(stage: Stage, number: str | None = KNOWN, **changes) -> PlacedCall:
    spec = {"ring_s": None, "talk_s": 600.0, **changes}
    return await stage.pbx.place_call(SimulatedCall(number=number, interface=AGENT, **spec))


async def talk(stage: Stage, page: Page, number: str | None = KNOWN) -> PlacedCall:
    """A call that was answered, with the form of its draft open."""
    call = await ring(stage, number)
    await page.get_by_test_id("pop").wait_for()
    call.answer()
    await field(page, "model").wait_for()
    return call


async def write(page: Page, name: str, text: str) -> None:
    box = field(page, name).locator("input").last
    await box.fill(text)
    await box.press("Enter")


async def test_a_known_caller_pops_with_everything_on_file(stage, agent_page):
    """Name, VIP, number, address, appliances with warranty and orders are on the page while it rings; the title says so."""
    await ring(stage)
    pop = agent_page.get_by_test_id("pop")
    await expect(agent_page.get_by_test_id("pop-name")).to_have_text("王建国")
    await expect(agent_page.get_by_test_id("pop-number")).to_have_text("138 0013 8000")
    for text in ("VIP", "文三路288号", "KFR-35GW/NhGc1B", "保修中", "已过保", "请在话机上接听"):
        await expect(pop.get_by_text(text).first).to_be_visible()
    await expect(agent_page.get_by_test_id("presence")).to_contain_text("振铃中")
    await expect(agent_page).to_have_title(re.compile("☎ 来电 王建国"))


async def test_the_pop_is_announced_and_its_painting_reported(stage, agent_page):
    """Screen readers hear of the call, and the server learns when it was really on screen."""
    await ring(stage)
    await agent_page.get_by_test_id("pop").wait_for()
    await expect(agent_page.locator("[aria-live=assertive]")).to_contain_text("来电：王建国，138 0013 8000")
    async with asyncio.timeout(20):
        while not stage.app.metrics.get_sample_value("callcenter_pop_seconds_count", {"stage": "painted"}):
            await asyncio.sleep(0.05)


async def test_a_stranger_is_put_on_file_in_one_small_form(stage, agent_page):
    """Unknown number: the form stands ready with the number; afterwards, and after a reload, the caller has a name."""
    await ring(stage, STRANGER)
    await expect(agent_page.get_by_test_id("pop-name")).to_have_text("陌生来电")
    await expect(agent_page.locator("input[name=phone]")).to_have_value(STRANGER)
    await agent_page.get_by_role("button", name="建档").click()
    await expect(agent_page.get_by_text("请填写姓名")).to_be_visible()
    await agent_page.locator("input[name=name]").fill("赵敏")
    await agent_page.locator("input[name=detail]").fill("人民路1号")
    await agent_page.get_by_role("button", name="建档").click()
    await expect(agent_page.get_by_test_id("pop-name")).to_have_text("赵敏")
    await agent_page.reload()
    await expect(agent_page.get_by_test_id("pop-name")).to_have_text("赵敏")


async def test_one_of_several_behind_a_number_is_picked(stage, agent_page):
    """Two customers share the number: the agent picks one, and the choice stays when the call is answered."""
    token, _ = await stage.tokens()
    async with open_desk(stage.app.url, token) as desk:
        await desk.request("POST", "/api/customers", {"name": "王小明", "phone": KNOWN})
    call = await ring(stage)
    await expect(agent_page.get_by_test_id("pop-name")).to_have_text("共用号码")
    await agent_page.get_by_role("button", name="王建国").click()
    await expect(agent_page.get_by_test_id("pop-name")).to_have_text("王建国")
    await expect(agent_page.get_by_text("KFR-35GW/NhGc1B")).to_be_visible()
    call.answer()
    await field(agent_page, "model").wait_for()
    await expect(agent_page.get_by_text("KFR-35GW/NhGc1B")).to_be_visible()


async def test_a_hidden_number_pops_too(stage, agent_page):
    """A caller who hides the number is an unknown caller, never an empty page."""
    await ring(stage, None)
    await expect(agent_page.get_by_test_id("pop-number")).to_have_text("号码已隐藏")
    await expect(agent_page.locator("input[name=phone]")).to_have_value("")


async def test_a_caller_who_gives_up_leaves_the_page(stage, agent_page):
    """When the caller hangs up before the answer the pop goes, and a notice says why."""
    call = await ring(stage)
    await agent_page.get_by_test_id("pop").wait_for()
    call.hang_up()
    await expect(agent_page.get_by_role("heading", name="等待来电")).to_be_visible()
    await expect(agent_page.get_by_text("138 0013 8000 客户已挂断")).to_be_visible()


async def test_a_reload_brings_the_same_pop_back_once(stage, agent_page):
    """The page may be reloaded while it rings: one pop, one tab."""
    await ring(stage)
    await agent_page.get_by_test_id("pop").wait_for()
    await agent_page.reload()
    await expect(agent_page.get_by_test_id("pop-name")).to_have_text("王建国")
    await expect(agent_page.get_by_role("navigation", name="当前通话").get_by_role("button")).to_have_count(1)


async def test_a_call_opens_the_desk_from_any_page(stage, agent_page):
    """An agent who looks at the call list is taken to the pop."""
    await agent_page.get_by_role("link", name="通话记录").click()
    await agent_page.get_by_role("heading", name="通话记录").wait_for()
    await ring(stage)
    await expect(agent_page.get_by_test_id("pop-name")).to_have_text("王建国")


async def test_what_is_missing_is_asked_for_and_then_saved(stage, agent_page):
    """Saving early names the missing fields and goes to the first; filled in, the order gets its number, by keyboard alone."""
    await talk(stage, agent_page)
    await write(agent_page, "service_type", "维修")
    await expect(agent_page.get_by_test_id("missing")).to_contain_text("电器")
    await agent_page.keyboard.press("Control+s")
    await expect(field(agent_page, "appliance").get_by_role("alert")).to_be_visible()
    await expect(field(agent_page, "appliance").locator("input")).to_be_focused()
    for text in ("空调", "格力"):
        await agent_page.keyboard.type(text)
        await agent_page.keyboard.press("Enter")
    await write(agent_page, "fault", "漏水")
    for name, text in (("contact_phone", KNOWN), ("address", "文三路288号")):
        await write(agent_page, name, text)
    await agent_page.keyboard.press("Control+Enter")
    await expect(agent_page.get_by_test_id("order-status")).to_have_text("已建单")
    await expect(agent_page.get_by_test_id("order-number")).to_contain_text("WO")


async def test_typed_text_survives_a_reload(stage, agent_page):
    """What stands half-typed in a field when the page reloads is there again and reaches the server."""
    await talk(stage, agent_page)
    await field(agent_page, "model").locator("input").fill("KFR-35")
    await agent_page.reload()
    await expect(field(agent_page, "model").locator("input")).to_have_value("KFR-35")
    await expect(field(agent_page, "model").get_by_test_id("field-state")).to_have_text("已修改")
    await expect(agent_page.get_by_test_id("save-status")).to_have_text("已同步")


async def test_a_value_the_server_refuses_is_explained_beside_its_field(stage, agent_page):
    """A phone number that is none stays as typed, with the reason under it."""
    await talk(stage, agent_page)
    await write(agent_page, "contact_phone", "没有号码")
    await expect(field(agent_page, "contact_phone").get_by_role("alert")).to_be_visible()
    await expect(field(agent_page, "contact_phone").locator("input")).to_have_value("没有号码")


async def test_two_people_in_one_field_are_told_of_each_other(stage, agent_page):
    """A colleague's change to the field being typed into becomes a question, never a silent loss."""
    await talk(stage, agent_page)
    token, _ = await stage.tokens()
    async with open_desk(stage.app.url, token) as colleague:
        snapshot = await colleague.wait(lambda frame: frame.type == "snapshot", timeout_s=10, what="snapshot")
        order = snapshot.body["calls"][0]["orders"][0]
        await field(agent_page, "model").locator("input").fill("MINE-1")
        path = f"/api/work-orders/{order['order_id']}"
        order = await colleague.request("GET", path)
        await colleague.request("PATCH", path, {"fields": {"model": "THEIRS-2"}}, version=order["edit_version"])
        await field(agent_page, "model").locator("input").press("Enter")
        question = field(agent_page, "model").get_by_role("alert")
        await expect(question).to_contain_text("已在别处改为「THEIRS-2」，您写的是「MINE-1」")
        await question.get_by_role("button", name="用我的").click()
        await expect(question).to_have_count(0)
        await expect(agent_page.get_by_test_id("save-status")).to_have_text("已同步")
        assert (await colleague.request("GET", path))["fields"]["model"]["value"] == "MINE-1"


async def test_a_second_call_waits_in_line_on_top(stage, agent_page):
    """While the agent talks another call is a line on top and a tab; the talk stays in front until the agent turns."""
    await talk(stage, agent_page)
    await ring(stage, "13500890626")
    await expect(agent_page.get_by_test_id("ring-banner")).to_contain_text("何淑芬")
    await expect(agent_page.get_by_label("工单", exact=True)).to_be_visible()
    await agent_page.keyboard.press("Alt+2")
    await expect(agent_page.get_by_test_id("pop-name")).to_have_text("何淑芬")


async def test_after_hang_up_the_call_stays_until_it_is_done(stage, agent_page):
    """The form stays open after the talk; Alt+D asks about an unsaved order and then puts the call away."""
    call = await talk(stage, agent_page)
    call.hang_up()
    await agent_page.get_by_test_id("done").wait_for()
    await expect(field(agent_page, "model")).to_be_visible()
    await agent_page.keyboard.press("Alt+d")
    await agent_page.get_by_role("button", name="仍要收起").click()
    await expect(agent_page.get_by_role("heading", name="等待来电")).to_be_visible()
    await agent_page.reload()
    await expect(agent_page.get_by_role("heading", name="等待来电")).to_be_visible()


async def test_a_lost_link_says_so_and_comes_back_by_itself(stage, agent_page):
    """Cut off, the page says that nothing is lost; back again, it shows what happened meanwhile."""
    await agent_page.context.set_offline(True)
    stage.app.hub.close_all()
    await expect(agent_page.get_by_text("与服务器的连接已断开")).to_be_visible()
    await ring(stage)
    await agent_page.context.set_offline(False)
    await expect(agent_page.get_by_test_id("pop-name")).to_have_text("王建国")
    await expect(agent_page.get_by_text("与服务器的连接已断开")).to_have_count(0)


async def test_what_could_not_be_saved_is_saved_by_itself(stage, agent_page):
    """The server cannot for a moment: the form says quietly that it is not saved yet, and then that it is; nobody did anything."""
    await talk(stage, agent_page)
    await field(agent_page, "model").wait_for()
    refusal = {"status": 503, "code": "unavailable", "detail": "x", "title": "x", "type": "x"}
    await agent_page.route("**/api/work-orders/*", lambda route: route.fulfill(status=503, json=refusal))
    box = field(agent_page, "model").locator("input")
    await box.fill("KFR-35")
    await agent_page.keyboard.press("Tab")
    status = agent_page.get_by_test_id("save-status")
    await expect(status).to_contain_text("还没有保存")
    await expect(box).to_have_value("KFR-35")
    await agent_page.unroute("**/api/work-orders/*")
    await expect(status).to_have_text("已同步")
    async with stage.app.database.read() as work:
        found = (await orders.list_orders(work.session, OrderQuery(limit=200))).items
    assert any(order.fields["model"].value == "KFR-35" for order in found if "model" in order.fields)


async def test_a_pbx_that_is_away_is_shown(stage, agent_page):
    """PBX down: a line across the page; back again: it is gone."""
    await stage.pbx.shut_down()
    await expect(agent_page.get_by_text("交换机连接中断").first).to_be_visible()
    await stage.pbx.start()
    await expect(agent_page.get_by_test_id("pbx")).to_contain_text("交换机已连接")


async def test_the_keys_explain_themselves(agent_page):
    """`?` opens the list of shortcuts, Escape closes it."""
    await agent_page.keyboard.press("?")
    await expect(agent_page.get_by_role("dialog")).to_contain_text("保存并建单")
    await agent_page.keyboard.press("Escape")
    await expect(agent_page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize(("width", "height"), [(390, 844), (1024, 768)])
async def test_the_desk_fits_smaller_screens(stage, open_page, width, height):
    """On a phone the three columns become three tabs, and nothing sticks out sideways."""
    token, _ = await stage.tokens()
    page = await open_page(f"/login?token={token}", viewport={"width": width, "height": height})
    await page.get_by_role("heading", name="等待来电").wait_for()
    await talk(stage, page)
    assert await page.evaluate("document.documentElement.scrollWidth") <= width
    if width < 900:
        await page.get_by_role("button", name="通话内容").click()
        await expect(page.get_by_label("通话内容", exact=True)).to_be_visible()
        await expect(page.get_by_label("工单", exact=True)).to_be_hidden()


async def test_two_tabs_and_a_second_computer_stay_in_step(stage, agent_page, open_page):
    """The pop is on all three pages; what one writes is read on the others, after a reload too; done on one is done on all."""
    second_tab = await agent_page.context.new_page()
    await second_tab.goto(stage.app.url)
    token, _ = await stage.tokens()
    tablet = await open_page(f"/login?token={token}")
    others = (second_tab, tablet)
    for page in others:
        await page.get_by_role("heading", name="等待来电").wait_for()
    call = await ring(stage)
    for page in (agent_page, *others):
        await expect(page.get_by_test_id("pop-name")).to_have_text("王建国")
    call.answer()
    for page in (agent_page, *others):
        await field(page, "model").wait_for()
    await write(agent_page, "model", "KFR-35")
    for page in others:
        await expect(field(page, "model").locator("input")).to_have_value("KFR-35")
    await second_tab.reload()
    await expect(field(second_tab, "model").locator("input")).to_have_value("KFR-35")
    await write(second_tab, "error_code", "E5")
    for page in (agent_page, tablet):
        await expect(field(page, "error_code").locator("input")).to_have_value("E5")
    call.hang_up()
    await tablet.get_by_test_id("done").wait_for()
    await tablet.keyboard.press("Alt+d")
    await tablet.get_by_role("button", name="仍要收起").click()
    for page in (agent_page, *others):
        await expect(page.get_by_role("heading", name="等待来电")).to_be_visible()


async def test_a_call_that_a_colleague_answers_leaves_both_tabs(stage, agent_page):
    """Two agents ring, the other one answers: both tabs are free again at once and say who has it."""
    second_tab = await agent_page.context.new_page()
    await second_tab.goto(stage.app.url)
    await second_tab.get_by_role("heading", name="等待来电").wait_for()
    call = await stage.pbx.place_call(
        SimulatedCall(number=KNOWN, interface="PJSIP/1002", also_ring=(AGENT,), ring_s=None, talk_s=600.0)
    )
    for page in (agent_page, second_tab):
        await expect(page.get_by_test_id("pop-name")).to_have_text("王建国")
    call.answer()
    for page in (agent_page, second_tab):
        await expect(page.get_by_role("heading", name="等待来电")).to_be_visible()
        await expect(page.get_by_text("已由其他坐席接听")).to_be_visible()
