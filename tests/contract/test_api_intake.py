"""Reports from other channels over HTTP."""

from __future__ import annotations

import json

import pytest

from tests.contract.api_site import FIELDS, Site, open_site


@pytest.fixture
async def site(tmp_path):
    async with open_site(tmp_path) as site:
        yield site


@pytest.fixture
async def agent(site: Site):
    async with site.browser("agent") as browser:
        yield browser


async def test_a_form_becomes_an_order_and_its_repeat_nothing(site: Site, agent):
    """201 with the order; the same external id again: the same order; the report can be read back as it was sent."""
    body = {"channel": "web", "external_id": "f-1", "sender": "wang", "fields": FIELDS}
    first = await agent.post("/api/intake", body)
    done = await first.json()
    assert (first.status, done["outcome"], done["order"]["number"]) == (201, "created", "WO20261121-0001")
    again = await (await agent.post("/api/intake", body)).json()
    assert (again["outcome"], again["order"]["order_id"]) == ("repeated", done["order"]["order_id"])
    reports = await (await agent.get(f"/api/work-orders/{done['order']['order_id']}/reports")).json()
    assert [report["external_id"] for report in reports["items"]] == ["f-1"]
    payload = await agent.get(f"/api/reports/{done['report']['report_id']}/payload")
    assert (payload.status, json.loads(await payload.read())["sender"]) == (200, "wang")
    assert payload.headers["X-Content-Type-Options"] == "nosniff"
    assert payload.headers["Content-Disposition"].startswith("attachment")
    assert [seen.number for seen in site.orders.seen] == ["WO20261121-0001"] * 2


async def test_fields_at_fault_are_named_each(agent):
    """422 with an entry per field, for what is missing and for what is wrong."""
    lacking = await agent.post("/api/intake", {"channel": "web", "fields": {"service_type": "repair"}})
    problem = await lacking.json()
    assert (lacking.status, problem["code"]) == (422, "invalid")
    assert [error["field"] for error in problem["errors"]] == [
        "appliance",
        "brand",
        "fault",
        "address",
        "contact_phone",
    ]
    wrong = await agent.post("/api/intake", {"channel": "web", "fields": {"service_type": "dance", "colour": "x"}})
    assert {error["field"] for error in (await wrong.json())["errors"]} == {"service_type", "colour"}
    assert (await agent.post("/api/intake", {"channel": "email"})).status == 422


async def test_what_the_customer_wrote_is_understood(agent):
    """Free text fills a draft with confidence and rule; the words are the description; nothing is created from it."""
    text = "你好，我家格力空调不制冷了\n我的电话是13800138000"
    done = await (await agent.post("/api/intake", {"channel": "wechat", "text": text, "external_id": "m1"})).json()
    fields = done["order"]["fields"]
    assert (done["outcome"], fields["appliance"]["value"], fields["brand"]["value"]) == ("draft", "空调", "格力")
    assert fields["contact_phone"]["value"].replace(" ", "") == "13800138000"
    assert 0 < fields["appliance"]["confidence"] <= 1
    assert fields["description"]["value"] == text
    assert (fields["appliance"]["source"], fields["appliance"]["evidence"]) == ("heard", [])


@pytest.mark.parametrize("channel", ["chat", "social"])
async def test_a_chat_and_a_post_become_drafts_of_their_channel(agent, channel: str):
    """What was said in an online chat or on social media is understood and waits for an agent."""
    body = {"channel": channel, "sender": "@wang", "text": "我家格力空调不制冷"}
    done = await (await agent.post("/api/intake", body)).json()
    assert (done["outcome"], done["order"]["channel"], done["order"]["fields"]["brand"]["value"]) == (
        "draft",
        channel,
        "格力",
    )


async def test_whoever_reported_adds_photos_and_nobody_else_does(site: Site, agent):
    """With the scope intake alone, to its own reports; another program finds none; the desk, which edits orders, may."""
    photo = b"\xff\xd8\xff\xe0" + bytes(2000)
    async with site.program("intake") as shop, site.program("intake") as other:
        done = await (await shop.post("/api/intake", {"channel": "app", "fields": FIELDS})).json()
        address = f"/api/reports/{done['report']['report_id']}/attachments?filename=plate.jpg"
        taken = await shop.client.post(address, data=photo)
        assert (taken.status, (await taken.json())["media_type"]) == (201, "image/jpeg")
        again = await shop.client.post(address, data=photo)
        assert (await again.json())["attachment_id"] == (await taken.json())["attachment_id"]
        assert (await other.client.post(address, data=photo)).status == 404
        assert (await shop.client.post(address, data=b"MZ" + bytes(100))).status == 415
        assert (await shop.client.post("/api/reports/01NOPE/attachments?filename=x.jpg", data=photo)).status == 404
    desk = await agent.client.post(address.replace("plate", "desk"), data=photo, headers=agent.headers())
    assert desk.status == 201
    files = await (await agent.get(f"/api/work-orders/{done['order']['order_id']}/attachments")).json()
    assert [file["filename"] for file in files["items"]] == ["plate.jpg", "desk.jpg"]


async def test_a_mini_programs_json_and_a_second_message(agent):
    """By the built-in mapping: a form is an order, the same customer's impatience a chase-up of it."""
    form = {"msg_id": "f1", "openid": "o6", "form": FIELDS}
    done = await (await agent.post("/api/intake/webhooks/wechat", form)).json()
    assert (done["outcome"], done["report"]["sender"], done["report"]["external_id"]) == ("created", "o6", "wechat:f1")
    impatient = {"msg_id": "f2", "openid": "o6", "content": "三天了", "form": {**FIELDS, "service_type": "progress"}}
    chased = await (await agent.post("/api/intake/webhooks/wechat", impatient)).json()
    assert (chased["outcome"], chased["order"]["number"], chased["order"]["chase_ups"]) == (
        "chased",
        done["order"]["number"],
        1,
    )
    own = await agent.post(f"/api/reports/{chased['report']['report_id']}/separate", {})
    assert (own.status, (await own.json())["order"]["status"]) == (200, "draft")
    person = {"name": "王芳", "phone": FIELDS["contact_phone"]}
    record = f"/api/customers/{(await (await agent.post('/api/customers', person)).json())['customer_id']}"
    mini = await agent.post("/api/intake/webhooks/miniprogram", {"msg_id": "f3", "openid": "oM", "form": FIELDS})
    report = (await mini.json())["report"]
    assert (report["channel"], report["sender"], report["external_id"]) == ("miniprogram", "oM", "miniprogram:f3")
    kept = await agent.get(record)
    assert ((found := await kept.json())["miniprogram_openid"], found["openid"]) == ("oM", None)
    gone = await agent.send("PATCH", record, {"miniprogram_openid": ""}, If_Match=kept.headers["ETag"])
    assert (await gone.json())["miniprogram_openid"] is None
    bad = await agent.post("/api/intake/webhooks/wechat", {"form": {"colour": "red"}})
    assert (bad.status, (await bad.json())["errors"][0]["field"]) == (422, "colour")
    missing = await agent.post("/api/intake/webhooks/nope", {})
    assert (missing.status, (await missing.json())["field"]) == (404, "name")


async def test_a_message_from_an_openid_on_file_is_its_customers(site: Site, agent):
    """Without a number: the draft has the customer's name and number; two customers with one openid are nobody."""
    card = await site.customer()
    record = f"/api/customers/{card.customer_id}"
    seen = await agent.get(record)
    set_one = await agent.send("PATCH", record, {"openid": "o6_wang"}, If_Match=seen.headers["ETag"])
    assert (await set_one.json())["openid"] == "o6_wang"
    said = {"msg_id": "m1", "openid": "o6_wang", "content": "空调不制冷"}
    done = await (await agent.post("/api/intake/webhooks/wechat", said)).json()
    assert (done["outcome"], done["order"]["customer_id"]) == ("draft", card.customer_id)
    assert done["order"]["fields"]["contact_phone"]["value"] == "13800138000"
    made = await agent.post("/api/customers", {"name": "李", "phone": "13900139000", "openid": "o6_wang"})
    assert (made.status, (await made.json())["openid"]) == (201, "o6_wang")
    shared = await (await agent.post("/api/intake/webhooks/wechat", {**said, "msg_id": "m2"})).json()
    assert shared["order"]["customer_id"] is None
    bad = await agent.post("/api/customers", {"name": "李", "phone": "13700137000", "openid": "o 6"})
    assert (bad.status, (await bad.json())["field"]) == (422, "openid")
    gone = await agent.send("PATCH", record, {"openid": ""}, If_Match=set_one.headers["ETag"])
    assert (await gone.json())["openid"] is None
    history = await (await agent.get(f"{record}/changes")).json()
    assert [(line["before"], line["after"]) for line in history["items"] if line["field"] == "openid"] == [
        (None, "o6_wang"),
        ("o6_wang", None),
    ]


async def test_a_draft_is_put_to_the_open_order(agent):
    """The call's draft ends; the answer is the order with one more chase-up."""
    order = (await (await agent.post("/api/intake", {"channel": "web", "fields": FIELDS})).json())["order"]
    draft = await (await agent.post("/api/work-orders", {"fields": {"description": "催"}})).json()
    address = f"/api/work-orders/{draft['order_id']}"
    answer = await agent.post(f"{address}/chase", {"target_id": order["order_id"]}, If_Match='"1"')
    chased = await answer.json()
    assert (answer.status, chased["order_id"], chased["chase_ups"]) == (200, order["order_id"], 1)
    assert (await (await agent.get(address)).json())["status"] == "cancelled"
    assert (await agent.post(f"{address}/chase", {"target_id": order["order_id"]}, If_Match='"1"')).status == 412
