"""The orders page in Chromium: list and detail, steps, comments, files, approval; by keyboard, in English, on a phone."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from playwright.async_api import Page, expect

from callcenter.auth.permissions import Role
from callcenter.storage import users
from workorder.commands import CreateWorkOrder, MoveOrder, TransferOrder
from workorder.policy.approvals import DEFAULTS, ApprovalRule, ApprovalTable
from workorder.services import approval_rules, lifecycle, reports, teamwork
from workorder.views.orders import OrderView

pytestmark = pytest.mark.asyncio(loop_scope="session")

NAME = "赵敏"
PHOTO = b"\xff\xd8\xff\xe0" + bytes(4000)


async def add_order(stage, appliance: str = "空调", *actions: str, phone: str = "13912345678") -> OrderView:
    fields = {
        "service_type": "repair",
        "customer_name": NAME,
        "contact_phone": phone,
        "appliance": appliance,
        "brand": "格力",
        "fault": "不制冷",
        "address": {"city": "杭州市", "district": "西湖区", "detail": "文三路1号"},
    }
    at = stage.app.clock.now()
    async with stage.app.database.write() as work:
        sent = CreateWorkOrder(by="machine", at=at, channel="web", fields=fields)
        order = (await reports.create_work_order(work.session, sent)).order
        for action in actions:
            step = MoveOrder(by="machine", at=at, order_id=order.order_id, action=action)
            order = await lifecycle.move_order(work.session, step)
        await work.commit()
    return order


async def orders_page(stage, open_page, path: str = "/orders", *, supervisor: bool = False, **options) -> Page:
    agent, boss = await stage.tokens()
    return await open_page(f"/login?token={boss if supervisor else agent}&next={quote(path)}", **options)


async def test_an_order_is_found_and_taken_through_its_life(stage, open_page):
    """Found by number, opened, moved by the buttons the server offers, each step in the history with who did it."""
    order = await add_order(stage)
    await add_order(stage, "冰箱")
    page = await orders_page(stage, open_page)
    await page.get_by_test_id("order-row").nth(1).wait_for()
    await page.get_by_placeholder("单号、电话或联系人").fill(order.number)
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("order-row")).to_have_count(1)
    await page.get_by_test_id("order-row").click()
    await expect(page.get_by_test_id("detail-number")).to_have_text(order.number)
    await expect(page.get_by_test_id("value-fault")).to_contain_text("不制冷")
    for action in ("dispatch", "accept", "depart", "arrive", "begin", "complete"):
        await page.get_by_test_id(f"move-{action}").click()
        if action == "depart":  # asks when they are expected; nobody need know
            await page.get_by_test_id("do").click()
    await expect(page.get_by_test_id("detail-status")).to_have_text("已完工")
    await page.get_by_test_id("move-confirm").click()
    await page.get_by_text("客户确认修好").click()
    await page.get_by_test_id("do").click()
    await expect(page.get_by_test_id("detail-status")).to_have_text("已确认")
    await expect(page.get_by_test_id("order-row")).to_contain_text("已确认")
    await expect(page.get_by_test_id("happening").first).to_contain_text("已完工 → 已确认")


@pytest.mark.parametrize("stage", [{"media": {"tap": False}, "attachments": {"max_mb": 1}}], indirect=True)
async def test_a_file_that_is_not_taken_is_said_beside_its_box(stage, open_page):
    """By the code of the refusal and in the language of the page; the next one that is taken makes it go."""
    order = await add_order(stage)
    page = await orders_page(stage, open_page, f"/orders/{order.order_id}")
    box, refused = page.get_by_test_id("add-file"), page.get_by_test_id("file-refused")
    await box.set_input_files({"name": "表.xlsm", "mimeType": "image/jpeg", "buffer": b"PK\x03\x04" + bytes(100)})
    await expect(refused).to_have_text("表.xlsm：不支持这种文件：请上传照片、视频、录音、PDF 或纯文本")
    too_large = PHOTO + bytes(1024 * 1024)
    await box.set_input_files({"name": "大.jpg", "mimeType": "image/jpeg", "buffer": too_large})
    await expect(refused).to_have_text("大.jpg：文件太大，请压缩后再传")
    await page.get_by_role("button", name="EN", exact=False).first.click()
    await box.set_input_files({"name": "big.jpg", "mimeType": "image/jpeg", "buffer": too_large})
    await expect(refused).to_have_text("big.jpg：The file is too large; make it smaller")
    await box.set_input_files({"name": "ok.jpg", "mimeType": "image/jpeg", "buffer": PHOTO})
    await expect(page.get_by_test_id("file")).to_contain_text("ok.jpg")
    await expect(refused).to_have_text("")


async def test_people_work_on_it_together(stage, open_page):
    """A comment from a standard reply, a task ticked off, a file, priority and handler: all in the history."""
    order = await add_order(stage)
    page = await orders_page(stage, open_page, f"/orders/{order.order_id}")
    await page.get_by_test_id("replies").select_option("已受理")
    await expect(page.get_by_test_id("say")).to_have_value(
        f"赵敏您好，您的服务单 {order.number} 已受理，我们会尽快与您联系。"
    )
    await page.get_by_role("button", name="发送").click()
    await expect(page.get_by_test_id("happening").first).to_contain_text("已受理")
    await page.get_by_test_id("new-task").fill("核对序列号")
    await page.keyboard.press("Enter")
    await page.get_by_label("核对序列号").check()
    await expect(page.get_by_label("核对序列号")).to_be_checked()
    await page.get_by_test_id("add-file").set_input_files(
        {"name": "铭牌.jpg", "mimeType": "image/jpeg", "buffer": PHOTO}
    )
    await expect(page.get_by_test_id("file")).to_contain_text("铭牌.jpg")
    await page.get_by_test_id("priority").select_option("critical")
    await expect(page.locator("[data-testid=order-row].chosen")).to_contain_text("危急")
    await page.get_by_test_id("all-changes").check()
    await expect(page.get_by_text("优先级：普通 → 危急")).to_be_visible()
    await expect(page.get_by_text("附件：铭牌.jpg")).to_be_visible()


async def test_cancelling_after_dispatch_waits_for_a_supervisor(stage, open_page):
    """The agent asks with a reason; a supervisor agrees on the same page, and the order is cancelled."""
    order = await add_order(stage, "空调", "dispatch")
    page = await orders_page(stage, open_page, f"/orders/{order.order_id}")
    await page.get_by_test_id("move-cancel").click()
    await expect(page.get_by_test_id("whose-word")).to_contain_text("「派工后取消」需要主管或管理员同意")
    await page.get_by_test_id("reason").fill("客户换了新机")
    await page.get_by_test_id("do").click()
    await expect(page.get_by_test_id("approval")).to_contain_text("待决定")
    await expect(page.get_by_test_id("approve")).to_have_count(0)
    boss = await orders_page(stage, open_page, f"/orders/{order.order_id}", supervisor=True)
    await boss.get_by_test_id("approve").click()
    await expect(boss.get_by_test_id("detail-status")).to_have_text("已取消")
    await page.reload()
    await expect(page.get_by_test_id("approval")).to_contain_text("已同意")


async def put_in_force(stage, table: ApprovalTable) -> None:
    async with stage.app.database.write() as work:
        await approval_rules.save_rules(
            work.session, table, seen_version=None, roles=tuple(Role), by="x", at=stage.app.clock.now()
        )
        await work.commit()


async def test_a_rule_that_looks_at_the_reason_turns_the_step_into_a_question(stage, open_page):
    """The button cannot know; the server's answer opens the question, with the reason that was typed."""
    rule = ApprovalRule(
        name="complaint", subject="cancel", reason=("投诉",), roles=("admin",), label="投诉", label_en="Complaint"
    )
    await put_in_force(stage, ApprovalTable(rules=(rule,)))
    try:
        order = await add_order(stage, "净水器", phone="13912345679")
        page = await orders_page(stage, open_page, f"/orders/{order.order_id}")
        await page.get_by_test_id("move-cancel").click()
        await page.get_by_test_id("reason").fill("客户投诉")
        await page.get_by_test_id("do").click()
        await expect(page.get_by_test_id("do")).to_have_text("提交审批")
        await expect(page.get_by_test_id("reason")).to_have_value("客户投诉")
        await expect(page.get_by_test_id("whose-word")).to_contain_text("「投诉」需要管理员同意")
        await page.get_by_test_id("do").click()
        await expect(page.get_by_test_id("approval")).to_contain_text("待决定")
    finally:
        await put_in_force(stage, DEFAULTS)


async def test_what_else_the_customer_has_is_there_and_can_be_joined(stage, open_page):
    """Open orders first; one becomes a part of this one and is taken out again; a circle is refused in words."""
    known = "13800138000"
    closed = await add_order(stage, "微波炉", phone=known)
    async with stage.app.database.write() as work:
        cancel = MoveOrder(
            by="machine", at=stage.app.clock.now(), order_id=closed.order_id, action="cancel", reason="x"
        )
        await lifecycle.move_order(work.session, cancel)
        await work.commit()
    other, order = [await add_order(stage, appliance, phone=known) for appliance in ("电饭煲", "净水器")]
    page = await orders_page(stage, open_page, f"/orders/{order.order_id}")
    others = page.get_by_test_id("other")
    await expect(others.first).to_contain_text(other.number)
    words = [await row.inner_text() for row in await others.all()]
    assert "微波炉" in "".join(words)
    await expect(others.filter(has_text="微波炉").get_by_test_id("join")).to_have_count(0)
    await others.first.get_by_test_id("join").click()
    await page.get_by_test_id("as-part").click()
    await expect(page.get_by_test_id("family")).to_contain_text(other.number)
    await expect(others.filter(has_text=other.number)).to_have_count(0)
    await page.get_by_test_id("family").get_by_role("link", name=other.number).click()
    await expect(page.get_by_test_id("whole")).to_contain_text(order.number)
    await page.get_by_test_id("leave-whole").click()
    await expect(others.first).to_contain_text(order.number)
    await others.first.get_by_test_id("join").click()
    await page.get_by_test_id("as-whole").click()
    await expect(page.get_by_test_id("whole")).to_contain_text(order.number)


async def test_every_other_order_of_a_customer_is_reached_page_by_page(stage, open_page):
    """Fifty at a time, the older ones below with the focus on the first of them; what was loaded stays when the order changes."""
    phone = "13800138000"
    at = stage.app.clock.now()
    async with stage.app.database.write() as work:
        for _ in range(55):
            fields = {"service_type": "enquiry", "contact_phone": phone}
            sent = CreateWorkOrder(by="machine", at=at, channel="web", fields=fields, attach=False)
            await reports.create_work_order(work.session, sent)
        await work.commit()
    order = await add_order(stage, "空调", phone=phone)
    page = await orders_page(stage, open_page, f"/orders/{order.order_id}")
    others = page.get_by_test_id("other")
    await expect(others).to_have_count(6)
    await page.get_by_test_id("all-others").click()
    await expect(others).to_have_count(49)
    await page.get_by_test_id("more-others").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("more-others")).to_have_count(0)
    loaded = await others.count()
    assert loaded >= 55
    await expect(others.nth(49).get_by_role("link")).to_be_focused()
    await page.get_by_test_id("priority").select_option("high")
    await expect(page.get_by_test_id("priority")).to_have_value("high")
    await expect(others).to_have_count(loaded)


async def test_by_keyboard_and_in_english(stage, open_page):
    """Slash finds, arrows choose, Enter opens; every word of the page is there in English."""
    await add_order(stage)
    await add_order(stage, "冰箱")
    page = await orders_page(stage, open_page, f"/orders?q={NAME}", locale="en-US")
    await page.get_by_role("button", name="EN").click()
    await expect(page.get_by_placeholder("Number, phone or contact")).to_be_visible()
    await page.get_by_test_id("order-row").first.wait_for()
    await page.keyboard.press("/")
    await expect(page.get_by_placeholder("Number, phone or contact")).to_be_focused()
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("ArrowDown")
    await page.keyboard.press("Enter")
    await expect(page.get_by_test_id("value-appliance")).to_contain_text("air conditioner")
    await expect(page.get_by_test_id("move-dispatch")).to_have_text("Dispatch")
    await expect(page.get_by_test_id("detail-status")).to_have_text("Created")


async def move(stage, order: OrderView, action: str) -> None:
    """Somebody else takes the order a step on."""
    async with stage.app.database.write() as work:
        step = MoveOrder(by="u9", at=stage.app.clock.now(), order_id=order.order_id, action=action)
        await lifecycle.move_order(work.session, step)
        await work.commit()


async def test_the_list_is_live_and_does_not_move(stage, open_page):
    """A row changes in place and says so; a new order is offered above, and shown with the focus when asked for."""
    await add_order(stage)
    second = await add_order(stage, "冰箱")
    page = await orders_page(stage, open_page, f"/orders?q={NAME}")
    rows = page.get_by_test_id("order-row")
    await expect(rows).to_have_count(2)
    place = await rows.nth(1).bounding_box()
    await move(stage, second, "dispatch")
    await expect(rows.first).to_contain_text("已派工")
    await expect(rows.first).to_contain_text("有更新")
    await add_order(stage, "洗衣机")
    fresh = page.get_by_test_id("fresh")
    await expect(fresh).to_have_text("有 1 张新工单，点此显示")
    await expect(rows).to_have_count(2)
    assert await rows.nth(1).bounding_box() == place
    await page.keyboard.press("n")
    await expect(rows).to_have_count(3)
    await expect(rows.first).to_contain_text("洗衣机")
    await expect(rows.first).to_be_focused()
    await expect(fresh).to_have_count(0)
    await page.keyboard.press("ArrowDown")
    await expect(rows.nth(1)).to_be_focused()


async def test_a_conflict_says_what_changed_and_keeps_what_was_typed(stage, open_page):
    """Somebody else was quicker: news is offered, not forced; the refused step names their change and keeps the reason."""
    order = await add_order(stage, "空调", "dispatch")
    page = await orders_page(stage, open_page, f"/orders/{order.order_id}")
    await page.get_by_test_id("say").fill("写到一半")
    await page.get_by_test_id("move-reschedule").click()
    await page.get_by_test_id("reason").fill("客户出差")
    await move(stage, order, "accept")
    await expect(page.get_by_test_id("news")).to_be_attached()
    await expect(page.get_by_test_id("detail-status")).to_have_text("已派工")
    await page.get_by_test_id("do").click()
    await expect(page.get_by_test_id("conflict-in-step")).to_contain_text("已派工 → 已接单")
    await expect(page.get_by_test_id("reason")).to_have_value("客户出差")
    await page.get_by_test_id("do").click()
    await expect(page.get_by_test_id("detail-status")).to_have_text("已改约")
    await expect(page.get_by_test_id("conflict")).to_have_count(0)
    await expect(page.get_by_test_id("say")).to_have_value("写到一半")


async def test_news_of_the_open_order_is_loaded_when_asked_for(stage, open_page):
    """What the reader looks at stays until they press the button; a half-written comment stays for ever."""
    order = await add_order(stage)
    page = await orders_page(stage, open_page, f"/orders/{order.order_id}")
    await page.get_by_test_id("say").fill("写到一半")
    await move(stage, order, "dispatch")
    await page.get_by_test_id("load-news").click()
    await expect(page.get_by_test_id("detail-status")).to_have_text("已派工")
    await expect(page.get_by_test_id("news")).to_have_count(0)
    await expect(page.get_by_test_id("say")).to_have_value("写到一半")


async def test_naming_a_colleague_by_keyboard_rings_their_bell(stage, open_page):
    """After @ the colleagues are offered; arrows and Enter take one, and the comment reaches them."""
    order = await add_order(stage)
    boss = await orders_page(stage, open_page, supervisor=True)
    await boss.get_by_test_id("bell").wait_for()
    page = await orders_page(stage, open_page, f"/orders/{order.order_id}")
    say = page.get_by_test_id("say")
    await say.press_sequentially("请看 @sup")
    await expect(page.get_by_test_id("people").get_by_role("option")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(say).to_have_value("请看 @supervisor ")
    await expect(say).to_be_focused()
    await page.keyboard.press("Control+Enter")
    await expect(page.get_by_test_id("happening").first).to_contain_text("请看 @supervisor")
    await expect(say).to_have_value("")
    await expect(boss.get_by_test_id("bell")).to_have_attribute("aria-label", "提醒，1 条未读")


async def test_only_mine(stage, open_page):
    """The button and the key M leave the orders that one handles oneself; the address keeps it."""
    await add_order(stage)
    mine = await add_order(stage, "冰箱")
    page = await orders_page(stage, open_page, f"/orders?q={NAME}")
    rows = page.get_by_test_id("order-row")
    await expect(rows).to_have_count(2)
    async with stage.app.database.write() as work:
        agent = await users.by_interface(work.session, "PJSIP/1001")
        at = stage.app.clock.now()
        given = TransferOrder(by="u9", at=at, order_id=mine.order_id, handler=agent.user_id, team=None)
        await teamwork.transfer(work.session, given)
        await work.commit()
    await page.keyboard.press("m")
    await expect(rows).to_have_count(1)
    await expect(rows).to_contain_text("冰箱")
    await expect(page.get_by_test_id("mine")).to_have_attribute("aria-pressed", "true")
    await page.reload()
    await expect(rows).to_have_count(1)
    await page.get_by_test_id("mine").click()
    await expect(rows).to_have_count(2)


async def test_on_a_phone_list_and_order_take_turns(stage, open_page):
    """One column, nothing wider than the screen, and a way back."""
    await add_order(stage)
    page = await orders_page(stage, open_page, f"/orders?q={NAME}", viewport={"width": 390, "height": 844})
    await page.get_by_test_id("order-row").click()
    await expect(page.get_by_test_id("order-detail")).to_be_visible()
    await expect(page.get_by_test_id("order-row")).to_be_hidden()
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await page.get_by_label("返回列表").click()
    await expect(page.get_by_test_id("order-row")).to_be_visible()


async def test_an_order_that_is_not_there_is_said(stage, open_page):
    """A wrong address shows words, not an empty page."""
    page = await orders_page(stage, open_page, "/orders/01NOPE")
    await expect(page.get_by_text("没有这张工单")).to_be_visible()
