"""The messages page in Chromium: rules edited with a live preview, two supervisors at once, tests sent, dead ones replayed."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

from callcenter.features.notify.rules import DEFAULTS, NotifyTable
from callcenter.storage import deliveries
from tests.browser.test_orders import add_order, orders_page
from tests.stage import Stage, running_stage

pytestmark = pytest.mark.asyncio(loop_scope="session")

SHOTS = os.environ.get("SCREENSHOTS")


@dataclass
class Gateway:
    """An SMS gateway that answers with ``status``."""

    status: int = 200
    got: list[dict[str, Any]] = field(default_factory=list)

    async def take(self, request: web.Request) -> web.Response:
        self.got.append(await request.json())
        return web.json_response({"id": f"G{len(self.got)}"}, status=self.status)


@asynccontextmanager
async def listening(gateway: Gateway) -> AsyncIterator[str]:
    application = web.Application()
    application.router.add_post("/send", gateway.take)
    async with TestServer(application) as server:
        yield str(server.make_url("/send"))


@pytest.fixture
def gateway() -> Gateway:
    return Gateway()


@pytest_asyncio.fixture(loop_scope="session")
async def stage(gateway: Gateway, tmp_path: Path) -> AsyncIterator[Stage]:
    """A call centre with a gateway on this machine."""
    async with listening(gateway) as url:
        notify = {"sms": {"url": url}, "allow_networks": ["127.0.0.0/8"]}
        async with running_stage(tmp_path / "data", media={"tap": False}, notify=notify) as stage:
            yield stage


async def messages_page(stage: Stage, open_page, path: str = "/messages", **options: Any) -> Page:
    page = await orders_page(stage, open_page, path, supervisor=True, **options)
    await page.get_by_test_id("tab-rules").wait_for()
    return page


async def shot(page: Page, name: str) -> None:
    if SHOTS:
        await page.screenshot(path=Path(SHOTS) / f"{name}.png")


async def in_force(stage: Stage) -> tuple[int, NotifyTable]:
    async with stage.app.database.read() as work:
        row = await deliveries.rules_in_force(work.session)
    return (row.version, NotifyTable.model_validate_json(row.document)) if row else (0, DEFAULTS)


async def departed(page: Page) -> None:
    """Open the rule that tells customers of an engineer on the way."""
    await page.get_by_test_id("rule").filter(has_text="已出发").locator(".open").click()


async def test_words_are_edited_seen_as_they_leave_and_published(stage: Stage, open_page) -> None:
    """What is wrong is said by its line while typing; variables are put in at the cursor; Ctrl+S publishes."""
    order = await add_order(stage)
    page = await messages_page(stage, open_page)
    await departed(page)
    text = page.get_by_test_id("text")
    await text.fill("您好，\n{nmae}")
    await expect(page.get_by_test_id("faults")).to_contain_text("第 2 行：没有 {nmae} 这个变量")
    await expect(page.get_by_test_id("preview-text")).to_contain_text("{nmae}")
    await expect(page.get_by_test_id("try")).to_be_disabled()
    await page.get_by_test_id("publish").click()
    await expect(page.get_by_test_id("problems")).to_contain_text("用了不存在的变量")
    await shot(page, "messages-wrong")
    await text.fill("您好，")
    await page.get_by_test_id("insert-customer_name").click()
    await page.keyboard.type("的工程师已出发")
    await expect(page.get_by_test_id("preview-text")).to_have_text("您好，王芳的工程师已出发")
    await page.get_by_label("预览用的工单").select_option(order.order_id)
    await expect(page.get_by_test_id("preview-text")).to_have_text("您好，赵敏的工程师已出发")
    await page.keyboard.press("Control+s")
    await expect(page.get_by_text("第 1 版已生效")).to_be_visible()
    version, table = await in_force(stage)
    assert (version, table.templates["departed"]["zh"].text) == (1, "您好，{customer_name}的工程师已出发")
    assert table.model_copy(update={"templates": DEFAULTS.templates}) == DEFAULTS


async def test_what_was_not_published_is_there_after_a_reload(stage: Stage, open_page) -> None:
    """Nothing typed is lost by leaving; discarding it is a button of its own."""
    page = await messages_page(stage, open_page)
    await departed(page)
    await page.get_by_test_id("text").fill("草稿")
    await page.get_by_role("link", name="通话记录").click()
    await page.get_by_role("link", name="消息").click()
    await expect(page.get_by_text("已恢复您上次没有发布的修改")).to_be_visible()
    await departed(page)
    await expect(page.get_by_test_id("text")).to_have_value("草稿")
    await page.get_by_role("button", name="放弃修改").click()
    await expect(page.get_by_test_id("publish")).to_be_disabled()
    await page.reload()
    await departed(page)
    await expect(page.get_by_test_id("text")).not_to_have_value("草稿")


async def test_two_supervisors_at_once_keep_both_their_changes(stage: Stage, open_page) -> None:
    """The second one reads what the first changed and where both meet; publishing both is one more step."""
    page = await messages_page(stage, open_page)
    await departed(page)
    await page.get_by_test_id("text").fill("我的文字")
    changed = DEFAULTS.model_dump(mode="json")
    changed["templates"]["completed"]["zh"]["text"] = "对方的文字"
    changed["templates"]["departed"]["zh"]["text"] = "对方也改了"
    changed["rules"][5]["enabled"] = False
    async with stage.app.database.write() as work:
        document = NotifyTable.model_validate(changed).model_dump_json()
        await deliveries.save_rules(work.session, document, seen_version=0, by="u9", at=stage.app.clock.now())
        await work.commit()
    await page.get_by_test_id("publish").click()
    stale = page.get_by_test_id("stale")
    await expect(stale.get_by_role("listitem")).to_have_count(3)
    await expect(stale).to_contain_text("工单进展 · 变为：已出发 → 客户 · 短信 (中文) ▲ 您也改了这里，保留您的")
    await shot(page, "messages-stale")
    await page.get_by_test_id("both").click()
    await page.get_by_test_id("publish").click()
    await expect(page.get_by_text("第 2 版已生效")).to_be_visible()
    version, table = await in_force(stage)
    words = {name: table.templates[name]["zh"].text for name in ("departed", "completed")}
    assert (version, words) == (2, {"departed": "我的文字", "completed": "对方的文字"})
    assert not table.rules[5].enabled


async def publish_words(stage: Stage, *texts: str) -> None:
    """Versions one after the other, each with another text for customers whose engineer is on the way."""
    document = DEFAULTS.model_dump(mode="json")
    for version, text in enumerate(texts):
        document["templates"]["departed"]["zh"]["text"] = text
        saved = NotifyTable.model_validate(document).model_dump_json()
        async with stage.app.database.write() as work:
            await deliveries.save_rules(work.session, saved, seen_version=version, by="u9", at=stage.app.clock.now())
            await work.commit()


async def test_older_words_of_a_template_are_seen_and_put_back(stage: Stage, open_page) -> None:
    """Who changed what when, before and after; older words go into the editor and count once they are published."""
    await publish_words(stage, "工程师马上到", "工程师已出发，请留人")
    page = await messages_page(stage, open_page)
    await departed(page)
    await page.get_by_test_id("template-history").focus()
    await page.keyboard.press("Enter")
    steps = page.get_by_test_id("history-step")
    await expect(steps).to_have_count(3)
    for words in ("第 2 版", "生效中", "同事", "工程师马上到", "工程师已出发，请留人", "与现在的文字相同"):
        await expect(steps.first).to_contain_text(words)
    await expect(steps.last).to_contain_text("内置规则")
    await shot(page, "messages-history")
    await steps.nth(1).get_by_test_id("take-words").click()
    await expect(page.get_by_test_id("text")).to_have_value("工程师马上到")
    await expect(page.get_by_test_id("template-history")).to_be_focused()
    await page.get_by_test_id("publish").click()
    await expect(page.get_by_text("第 3 版已生效")).to_be_visible()
    assert (await in_force(stage))[1].templates["departed"]["zh"].text == "工程师马上到"


async def test_a_whole_version_is_put_back_on_a_phone_in_english_at_night(stage: Stage, open_page) -> None:
    """All changes, the newest first; the built-in rules are a version, too. The dialog fits the screen."""
    await publish_words(stage, "工程师马上到")
    page = await messages_page(stage, open_page, color_scheme="dark", viewport={"width": 390, "height": 844})
    await page.get_by_role("button", name="语言").click()
    await page.get_by_test_id("history").click()
    await expect(page.get_by_test_id("history-step")).to_have_count(2)
    await shot(page, "messages-history-phone")
    assert await page.get_by_role("dialog").evaluate("box => box.scrollWidth <= box.clientWidth")
    await page.get_by_test_id("history-step").last.get_by_test_id("take-version").click()
    await page.get_by_test_id("publish").click()
    await expect(page.get_by_text("Version 2", exact=False).first).to_be_attached()
    assert (await in_force(stage))[1] == DEFAULTS


async def test_a_rule_is_copied_aimed_and_limited(stage: Stage, open_page) -> None:
    """Only what can be sent is offered: another receiver takes the way there with it; conditions are words."""
    page = await messages_page(stage, open_page)
    await departed(page)
    await page.get_by_test_id("copy-rule").click()
    await page.get_by_test_id("audience").select_option("address")
    await page.get_by_test_id("channel").select_option("email")
    await page.get_by_test_id("to").fill("boss@example.com")
    await page.locator(".chip", has_text="已出发").click()
    await page.locator(".chip", has_text="返修").click()
    await page.get_by_test_id("quiet").get_by_role("checkbox", name="固定地址").check()
    await page.get_by_test_id("quiet").get_by_label("固定地址 开始").fill("2130")
    await page.get_by_test_id("publish").click()
    await expect(page.get_by_text("第 1 版已生效")).to_be_visible()
    _, table = await in_force(stage)
    rule = next(rule for rule in table.rules if rule.name == "sms_departed_2")
    assert (rule.audience, rule.channel, rule.to, rule.when, rule.template) == (
        "address",
        "email",
        "boss@example.com",
        {"after": ("reopened",)},
        "departed_2",
    )
    assert table.quiet_hours["address"] == "21:30-08:00"


async def test_a_test_is_sent_and_what_the_gateway_says_is_shown(stage: Stage, gateway: Gateway, open_page) -> None:
    """The text as previewed goes to the number that was typed; a refusal is said in the dialog, in Chinese."""
    page = await messages_page(stage, open_page)
    await departed(page)
    await page.get_by_test_id("try").click()
    await page.get_by_test_id("try-to").fill("13800138000")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("tried")).to_contain_text("对方已接收，编号 G")
    (sent,) = (one for one in gateway.got if one["to"] == "13800138000")
    assert sent["text"] == "王芳您好，WO20261121-0001 的工程师已出发，预计 14:00 到达，李雷 13900139000。"
    gateway.status = 400
    await page.get_by_test_id("try-send").click()
    await expect(page.get_by_test_id("tried")).to_contain_text("对方不接收这条消息")


async def test_a_dead_message_is_seen_with_its_reason_and_sent_again(stage: Stage, gateway: Gateway, open_page) -> None:
    """The tab counts what was given up; the reason stands there; sent again it arrives."""
    gateway.status = 400
    order = await add_order(stage)
    at = stage.app.clock.now()
    planned = deliveries.Planned(
        event_id="E1",
        event_type="WorkOrderMoved",
        event={},
        rule="sms_departed",
        order_id=order.order_id,
        audience="customer",
        channel="sms",
        recipient="+8613912345678",
        subject="",
        text="赵敏您好，工程师已出发。",
        at=at,
        due_at=at,
    )
    async with stage.app.database.write() as work:
        await deliveries.plan(work.session, planned)
        await work.commit()
    await stage.app.notices.sender.send_due()
    page = await messages_page(stage, open_page, "/messages?tab=sent")
    await expect(page.get_by_test_id("tab-sent")).to_contain_text("✕")
    await page.get_by_test_id("state-dead").click()
    row = page.get_by_test_id("sent-row").filter(has_text=planned.text)
    await expect(row).to_have_count(1)
    await expect(row).to_contain_text("发送失败")
    await expect(row).to_contain_text("answered 400")
    await shot(page, "messages-sent")
    gateway.status = 200
    await row.get_by_test_id("again").click()
    await expect(page.get_by_text("已重新排队发送")).to_be_visible()
    await stage.app.notices.sender.send_due()
    await page.get_by_test_id("state-delivered").click()
    await expect(row).to_contain_text("已送达")
    assert gateway.got[-1]["text"] == planned.text


@pytest.mark.parametrize(
    "options",
    [{"viewport": {"width": 390, "height": 844}}, {"color_scheme": "dark", "locale": "en-US"}],
    ids=["phone", "dark"],
)
async def test_it_fits_every_screen(stage: Stage, open_page, options: dict[str, Any]) -> None:
    """Nothing stands out to the side, neither the rules nor what was sent."""
    await add_order(stage)
    page = await messages_page(stage, open_page, **options)
    for tab in ("rules", "sent"):
        await page.get_by_test_id(f"tab-{tab}").click()
        await shot(page, f"messages-{tab}-{options.get('color_scheme', 'phone')}")
        assert await page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")


async def test_an_agent_is_not_shown_the_page(stage: Stage, open_page) -> None:
    """No link, and the address leads to the agent's own first page."""
    page = await orders_page(stage, open_page, "/messages")
    await page.wait_for_url("**/desk")
    await expect(page.get_by_role("link", name="消息")).to_have_count(0)
