"""Files, comments, tasks, handing over, questions and mails over HTTP."""

from __future__ import annotations

from email.message import EmailMessage
from io import BytesIO

import pytest

from tests.contract.api_site import FIELDS, Site, open_site

PHOTO = b"\xff\xd8\xff\xe0" + bytes(9000)


@pytest.fixture
async def site(tmp_path):
    async with open_site(tmp_path) as site:
        yield site


@pytest.fixture
async def agent(site: Site):
    async with site.browser("agent") as browser:
        yield browser


async def created(browser) -> dict:
    done = await (await browser.post("/api/intake", {"channel": "web", "fields": FIELDS, "attach": False})).json()
    return done["order"]


async def send(browser, path: str, content: bytes):
    return await browser.client.post(path, data=BytesIO(content), headers=browser.headers())


async def test_a_photo_is_attached_and_read_back(site: Site, agent):
    """Once however often it is sent; with headers that keep a browser from running it; reading leaves an audit line."""
    order = await created(agent)
    address = f"/api/work-orders/{order['order_id']}/attachments"
    first = await send(agent, f"{address}?filename=铭牌.jpg", PHOTO)
    file = await first.json()
    assert (first.status, file["media_type"], file["size_bytes"]) == (201, "image/jpeg", len(PHOTO))
    assert await (await send(agent, f"{address}?filename=铭牌.jpg", PHOTO)).json() == file
    assert (await (await agent.get(address)).json())["items"] == [file]
    read = await agent.get(f"/api/attachments/{file['attachment_id']}")
    assert (read.status, read.content_type, await read.read()) == (200, "image/jpeg", PHOTO)
    assert read.headers["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in read.headers["Content-Security-Policy"]
    part = await agent.get(f"/api/attachments/{file['attachment_id']}", headers={"Range": "bytes=0-3"})
    assert (part.status, await part.read()) == (206, PHOTO[:4])
    assert (await agent.send("DELETE", f"/api/attachments/{file['attachment_id']}")).status == 204
    assert (await agent.get(f"/api/attachments/{file['attachment_id']}")).status == 404


async def test_what_may_not_be_attached_is_refused(site: Site, agent):
    """A program under a photo's name, a page, too much, nothing, no name, no order."""
    address = f"/api/work-orders/{(await created(agent))['order_id']}/attachments"
    for content in (b"MZ\x90\0\3", b"<html>", b""):
        refused = await send(agent, f"{address}?filename=a.jpg", content)
        assert (refused.status, (await refused.json())["code"]) == (415, "file_kind_refused")
    assert (await send(agent, address, PHOTO)).status == 422
    assert (await send(agent, "/api/work-orders/01NOPE/attachments?filename=a.jpg", PHOTO)).status == 404
    assert (await (await agent.get(address)).json())["items"] == []


async def test_a_large_file_passes_and_a_larger_one_does_not(tmp_path):
    """The limit of JSON bodies is not that of files; beyond attachments.max_mb it is 413."""
    async with open_site(tmp_path) as site, site.browser("agent") as agent:
        address = f"/api/work-orders/{(await created(agent))['order_id']}/attachments?filename=a.jpg"
        assert (await send(agent, address, PHOTO + bytes(3_000_000))).status == 201
        refused = await send(agent, address, PHOTO + bytes(50_000_000))
        assert (refused.status, (await refused.json())["code"]) == (413, "file_too_large")


async def test_comments_name_people(site: Site, agent):
    """By user name or display name in any case; strangers are just words."""
    order = await created(agent)
    address = f"/api/work-orders/{order['order_id']}/comments"
    said = await agent.post(address, {"text": "@SUPERVISOR 请看，@nobody-here @other"})
    body = await said.json()
    assert (said.status, set(body["mentions"])) == (
        201,
        {site.users["supervisor"].user_id, site.users["other"].user_id},
    )
    assert (await (await agent.get(address)).json())["items"] == [body]
    people = (await (await agent.get("/api/people")).json())["items"]
    assert {"agent", "supervisor"} <= {one["username"] for one in people}
    assert "password_hash" not in people[0]


async def test_handing_over_and_tasks(site: Site, agent):
    """To a user that exists; a blocking task holds the step up and names itself."""
    order = await created(agent)
    address = f"/api/work-orders/{order['order_id']}"
    unknown = await agent.send("PUT", f"{address}/handler", {"user_id": "01NOPE"}, If_Match='"2"')
    assert (unknown.status, (await unknown.json())["field"]) == (422, "user_id")
    other = site.users["other"].user_id
    answer = await agent.send("PUT", f"{address}/handler", {"user_id": other, "reason": "休假"}, If_Match='"2"')
    assert (answer.status, (await answer.json())["handler"]) == (200, other)
    task = await (await agent.post(f"{address}/tasks", {"title": "先打电话", "blocks": "dispatch"})).json()
    held = await agent.post(f"{address}/moves", {"action": "dispatch"}, If_Match='"3"')
    assert (held.status, "先打电话" in (await held.json())["detail"]) == (409, True)
    done = await agent.post(f"/api/tasks/{task['task_id']}/state", {"done": True})
    assert (await done.json())["done_by"] == site.users["agent"].user_id
    assert (await agent.post(f"{address}/moves", {"action": "dispatch"}, If_Match='"3"')).status == 200


async def test_a_supervisor_agrees_and_it_is_done(site: Site, agent):
    """An agent's cancel after dispatch: 409 approval_required, a question, somebody else's yes, cancelled."""
    order = await created(agent)
    address = f"/api/work-orders/{order['order_id']}"
    await agent.post(f"{address}/moves", {"action": "dispatch"}, If_Match='"2"')
    for path, body in (("moves", {"action": "cancel", "reason": "x"}), ("cancel", {"reason": "x"})):
        refused = await agent.post(f"{address}/{path}", body, If_Match='"3"')
        assert (refused.status, (await refused.json())["code"]) == (409, "approval_required")
    rule = (await (await agent.get(f"{address}/approval-rule?subject=cancel&reason=x")).json())["rule"]
    assert (rule["label"], rule["roles"]) == ("派工后取消", ["supervisor", "admin"])
    assert (await (await agent.get(f"{address}/approval-rule?subject=accept")).json())["rule"] is None
    assert (await agent.get(f"{address}/approval-rule?subject=fly")).status == 422
    asked = await agent.post(f"{address}/approvals", {"subject": "cancel", "reason": "客户换新机"})
    question = await asked.json()
    assert (asked.status, question["decision"], question["roles"]) == (201, "pending", ["supervisor", "admin"])
    decision = f"/api/approvals/{question['approval_id']}/decision"
    denied = await agent.post(decision, {"approve": True})
    assert (denied.status, (await denied.json())["code"]) == (403, "may_not_decide")
    async with site.browser("supervisor") as supervisor:
        waiting = await (await supervisor.get("/api/approvals?decision=pending")).json()
        assert [one["approval_id"] for one in waiting["items"]] == [question["approval_id"]]
        assert (await supervisor.post(decision, {"approve": True})).status == 200
    assert (await (await agent.get(address)).json())["status"] == "cancelled"


async def test_a_mail_becomes_a_draft_with_its_files(agent):
    """Understood text, the photo and the mail itself attached, programs left inside; sent again it changes nothing."""
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = "王芳 <w@example.com>", "报修", "<m1@example.com>"
    message.set_content("我家格力空调不制冷，电话13800138000")
    message.add_attachment(PHOTO, maintype="image", subtype="jpeg", filename="铭牌.jpg")
    message.add_attachment(b"MZ\x90\0\3", maintype="application", subtype="octet-stream", filename="virus.exe")
    first = await send(agent, "/api/intake/email", message.as_bytes())
    done = await first.json()
    assert (first.status, done["outcome"], done["order"]["channel"]) == (201, "draft", "email")
    assert (done["report"]["sender"], done["report"]["external_id"]) == ("w@example.com", "<m1@example.com>")
    assert done["order"]["fields"]["appliance"]["value"] == "空调"
    address = f"/api/work-orders/{done['order']['order_id']}/attachments"
    files = (await (await agent.get(address)).json())["items"]
    assert {file["media_type"] for file in files} == {"message/rfc822", "image/jpeg"}
    again = await (await send(agent, "/api/intake/email", message.as_bytes())).json()
    assert (again["outcome"], again["order"]["order_id"]) == ("repeated", done["order"]["order_id"])
    assert (await send(agent, "/api/intake/email", b"")).status == 422


async def test_approval_rules_are_edited_and_hold_at_once(site: Site, agent):
    """Another rule in force: the button says so, the step is refused with the way to ask, small goodwill just is."""
    order = await created(agent)
    address = f"/api/work-orders/{order['order_id']}"
    async with site.browser("supervisor") as supervisor:
        seen = await (await supervisor.get("/api/approval-rules")).json()
        assert seen["version"] == 0
        own = {
            "rules": [
                {"name": "gentle", "subject": "dispatch", "service_type": ["repair"], "roles": ["admin"],
                 "label": "派工", "label_en": "Dispatching a repair"},
                {"name": "money", "subject": "goodwill", "from_amount_minor": 10_000, "roles": ["admin"],
                 "label": "大额", "label_en": "Much money"},
            ]
        }  # fmt: skip
        saved = await supervisor.send("PUT", "/api/approval-rules", {"version": 0, "table": own})
        assert (saved.status, (await saved.json())["version"]) == (200, 1)
        stale = await supervisor.send("PUT", "/api/approval-rules", {"version": 0, "table": own})
        assert (stale.status, (await stale.json())["code"]) == (409, "conflict")
        nobody = {"rules": [own["rules"][0] | {"roles": ["boss"]}]}
        bad = await supervisor.send("PUT", "/api/approval-rules", {"version": 1, "table": nobody})
        assert (bad.status, (await bad.json())["errors"][0]["field"]) == (422, "rules.0.roles")
        (kept,) = (await (await supervisor.get("/api/approval-rules/versions")).json())["items"]
        assert (kept["version"], kept["by"]) == (1, site.users["supervisor"].user_id)
    order = await (await agent.get(address)).json()
    assert {move["action"]: move["needs"] for move in order["moves"]}["dispatch"] == ["approval"]
    refused = await agent.post(f"{address}/moves", {"action": "dispatch"}, If_Match=f'"{order["edit_version"]}"')
    problem = await refused.json()
    assert (refused.status, problem["code"]) == (409, "approval_required")
    assert "admin" in problem["detail"]
    assert "POST /api/work-orders/{order_id}/approvals" in problem["fix"]
    small = await agent.post(f"{address}/approvals", {"subject": "goodwill", "reason": "晚到", "amount_minor": 9_999})
    assert (small.status, (await small.json())["fix"]) == (409, "just do it")
    asked = await agent.post(f"{address}/approvals", {"subject": "dispatch", "reason": "客户在等"})
    assert (asked.status, (await asked.json())["roles"]) == (201, ["admin"])
    assert (await agent.send("PUT", "/api/approval-rules", {"version": 1, "table": own})).status == 403


async def test_a_question_keeps_the_roles_it_was_put_to(site: Site, agent):
    """Rules that are dropped afterwards neither close nor widen it."""
    order = await created(agent)
    body = {"subject": "goodwill", "reason": "晚到", "amount_minor": 100}
    question = await (await agent.post(f"/api/work-orders/{order['order_id']}/approvals", body)).json()
    async with site.browser("supervisor") as supervisor:
        none = {"version": 0, "table": {"rules": []}}
        assert (await supervisor.send("PUT", "/api/approval-rules", none)).status == 200
        decision = f"/api/approvals/{question['approval_id']}/decision"
        assert (await agent.post(decision, {"approve": True})).status == 403
        assert (await supervisor.post(decision, {"approve": True})).status == 200


async def test_a_visit_is_put_on_record_once_and_read_back(site: Site):
    """201 with who and when; a repeat under the same key adds none; faults are named; a draft has had no visit."""
    async with site.browser("agent") as agent:
        order = (await (await agent.post("/api/intake", {"channel": "web", "fields": FIELDS})).json())["order"]
        address = f"/api/work-orders/{order['order_id']}/repairs"
        visit = {"finding": "电容失效", "action": "更换", "parts": [{"name": "电容", "quantity": 2}], "minutes": 30}
        for _ in range(2):
            done = await agent.post(address, visit, Idempotency_Key="visit-1")
            assert done.status == 201, await done.text()
        (kept,) = (await (await agent.get(address)).json())["items"]
        assert kept == await done.json()
        assert (kept["by"], kept["parts"]) == (
            site.users["agent"].user_id,
            [{"name": "电容", "quantity": 2, "code": ""}],
        )
        right = await (await agent.post(address, {**visit, "minutes": 40, "corrects": kept["repair_id"]})).json()
        wrong, holds = (await (await agent.get(address)).json())["items"]
        assert (wrong["corrected_by"], holds) == (right["repair_id"], right)
        again = await agent.post(address, {**visit, "corrects": kept["repair_id"]})
        assert (again.status, (await again.json())["field"]) == (409, "corrects")
        (past,) = (await (await agent.get("/api/repairs?limit=1")).json())["items"]
        assert past == {
            "repair": right,
            "number": order["number"],
            "appliance": "空调",
            "brand": "格力",
            "asset_id": None,
        }
        assert (await (await agent.get("/api/repairs?customer_id=nobody")).json())["items"] == []
        bad = await agent.post(address, {"finding": "", "action": "x", "minutes": 0})
        assert [error["field"] for error in (await bad.json())["errors"]] == ["finding", "minutes"]
        draft = await site.draft(None)
        refused = await agent.post(f"/api/work-orders/{draft.order_id}/repairs", visit)
        assert (refused.status, (await refused.json())["code"]) == (409, "conflict")
