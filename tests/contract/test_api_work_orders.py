"""Work orders over HTTP."""

from __future__ import annotations

import asyncio

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


async def test_from_draft_to_cancelled(site: Site, agent):
    """A draft is opened, edited, created with the day's number and cancelled; each answer has the next ETag."""
    opened = await agent.post("/api/work-orders", {"fields": {**FIELDS, "fault": ""}})
    assert (opened.status, opened.headers["ETag"]) == (201, '"1"')
    draft = await opened.json()
    assert (draft["status"], draft["missing"]) == ("draft", ["fault"])
    address = f"/api/work-orders/{draft['order_id']}"

    edited = await agent.send("PATCH", address, {"fields": {"fault": "不制冷"}}, If_Match='"1"')
    assert (edited.status, edited.headers["ETag"]) == (200, '"2"')
    assert (await edited.json())["fields"]["fault"]["state"] == "edited"

    created = await agent.post(f"{address}/create", {}, If_Match='"2"')
    assert created.status == 200
    order = await created.json()
    assert (order["number"], order["status"]) == ("WO20261121-0001", "created")
    assert order["created_by"] == site.users["agent"].user_id

    cancelled = await agent.post(f"{address}/cancel", {"reason": "客户取消"}, If_Match=created.headers["ETag"])
    assert (cancelled.status, (await cancelled.json())["status"]) == (200, "cancelled")
    assert [(seen.status, seen.edit_version) for seen in site.orders.seen] == [
        ("draft", 1),
        ("draft", 2),
        ("created", 3),
        ("cancelled", 4),
    ]


async def test_a_draft_belongs_to_a_call_one_may_see(site: Site, agent):
    """A draft of one's own call is the call's draft; of somebody else's call, or of none, there is no draft."""
    mine, yours = await site.call("01MINE"), await site.call("01YOURS", interface="PJSIP/1002", user="other")
    first = await agent.post("/api/work-orders", {"call_id": mine})
    again = await agent.post("/api/work-orders", {"call_id": mine})
    assert (first.status, (await first.json())["order_id"]) == (201, (await again.json())["order_id"])
    for call_id in (yours, "01NOPE"):
        refused = await agent.post("/api/work-orders", {"call_id": call_id})
        assert (refused.status, (await refused.json())["field"]) == (404, "call_id")
    async with site.browser("supervisor") as supervisor:
        assert (await supervisor.post("/api/work-orders", {"call_id": yours})).status == 201
        assert (await supervisor.post("/api/work-orders", {"call_id": "01NOPE"})).status == 404


async def test_reading_gives_the_etag(site: Site, agent):
    """GET answers the whole order with its version."""
    draft = await site.draft(**FIELDS)
    response = await agent.get(f"/api/work-orders/{draft.order_id}")
    assert (response.status, response.headers["ETag"]) == (200, '"1"')
    assert (await response.json())["fields"]["address"]["value"]["city"] == "杭州市"


async def test_missing_fields_are_named(site: Site, agent):
    """Creating an incomplete order is 422 with one entry per field, and nothing changes."""
    draft = await site.draft(service_type="repair", contact_phone="13800138000")
    response = await agent.post(f"/api/work-orders/{draft.order_id}/create", {}, If_Match='"1"')
    assert response.status == 422
    problem = await response.json()
    assert [error["field"] for error in problem["errors"]] == ["appliance", "brand", "fault", "address"]
    assert (await (await agent.get(f"/api/work-orders/{draft.order_id}")).json())["status"] == "draft"
    assert site.orders.seen == []


async def test_a_change_needs_the_version_it_changes(site: Site, agent):
    """Without If-Match 428, with nonsense 400, with an old version 412 telling the current one."""
    draft = await site.draft(**FIELDS)
    address = f"/api/work-orders/{draft.order_id}"
    edit = {"fields": {"brand": "美的"}}
    assert (await agent.send("PATCH", address, edit)).status == 428
    assert (await agent.send("PATCH", address, edit, If_Match="latest")).status == 400
    assert (await agent.send("PATCH", address, edit, If_Match='"1"')).status == 200
    stale = await agent.send("PATCH", address, edit, If_Match='"1"')
    problem = await stale.json()
    assert (stale.status, problem["code"], problem["field"]) == (412, "version_stale", "If-Match")
    assert "version 2" in problem["detail"]


async def test_an_order_without_a_call_gets_its_customer(site: Site, agent):
    """What is known fills what is empty, the version goes on; an old version, a stranger and a closed order are refused."""
    card = await site.customer()
    order = await (await agent.post("/api/work-orders", {"fields": {"contact_phone": "13911112222"}})).json()
    address = f"/api/work-orders/{order['order_id']}"
    body = {"customer_id": card.customer_id}
    given = await agent.send("PUT", f"{address}/customer", body, If_Match='"1"')
    assert (given.status, given.headers["ETag"]) == (200, '"2"')
    now = await given.json()
    assert (now["customer_id"], now["fields"]["customer_name"]["value"]) == (card.customer_id, "王芳")
    assert now["fields"]["contact_phone"]["value"] == "13911112222"
    assert (await agent.send("PUT", f"{address}/customer", body, If_Match='"1"')).status == 412
    unknown = await agent.send("PUT", f"{address}/customer", {"customer_id": "01NOPE"}, If_Match='"2"')
    assert (unknown.status, (await unknown.json())["field"]) == (404, "customer_id")
    other = await site.customer(name="李强", phone="13700000000")
    cancelled = await agent.post(f"{address}/cancel", {"reason": "误建"}, If_Match='"2"')
    closed = await agent.send(
        "PUT", f"{address}/customer", {"customer_id": other.customer_id}, If_Match=cancelled.headers["ETag"]
    )
    assert (closed.status, (await closed.json())["code"]) == (409, "conflict")


async def test_simultaneous_edits_do_not_lose_each_other(site: Site, agent):
    """Of two edits of one version exactly one wins, the other is told so."""
    draft = await site.draft(**FIELDS)
    address = f"/api/work-orders/{draft.order_id}"
    answers = await asyncio.gather(
        *(agent.send("PATCH", address, {"fields": {"brand": brand}}, If_Match='"1"') for brand in ("美的", "海尔"))
    )
    assert sorted(answer.status for answer in answers) == [200, 412]


async def test_the_state_may_forbid_it(site: Site, agent):
    """A cancelled order cannot be created: 409."""
    draft = await site.draft(**FIELDS)
    address = f"/api/work-orders/{draft.order_id}"
    await agent.post(f"{address}/cancel", {"reason": "重复"}, If_Match='"1"')
    response = await agent.post(f"{address}/create", {}, If_Match='"2"')
    assert (response.status, (await response.json())["code"]) == (409, "conflict")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"fields": {"colour": "red"}}, "colour"),
        ({"fields": {"service_type": "dance"}}, "service_type"),
        ({"fields": {"intermittent": "perhaps"}}, "intermittent"),
        ({"fields": {"address": "杭州"}}, "address"),
        ({"fields": {"fault": ["a"]}}, "fields"),
        ({"accept": ["colour"]}, "colour"),
        ({"color": 1}, "color"),
    ],
)
async def test_bad_values_name_their_field(site: Site, agent, body, field):
    """An edit that cannot be is 422 and names the field."""
    draft = await site.draft(**FIELDS)
    response = await agent.send("PATCH", f"/api/work-orders/{draft.order_id}", body, If_Match='"1"')
    assert response.status == 422
    problem = await response.json()
    assert problem["field"].startswith(field)
    assert problem["errors"]


async def test_an_unknown_order_is_not_found(agent):
    """Reading and editing what is not there is 404."""
    assert (await agent.get("/api/work-orders/01NOPE")).status == 404
    assert (await agent.send("PATCH", "/api/work-orders/01NOPE", {}, If_Match='"1"')).status == 404


@pytest.mark.parametrize("path", ["/api/work-orders", "/api/order-lines"])
async def test_pages_of_the_list(site: Site, agent, path):
    """The list goes page by page, newest first, and filters: whole orders and lines alike."""
    for call_id in ("c1", "c2", "c3"):
        await site.clock.advance(1)
        await site.draft(call_id, **FIELDS)
    first = await (await agent.get(f"{path}?limit=2")).json()
    assert [order["call_id"] for order in first["items"]] == ["c3", "c2"]
    rest = await (await agent.get(path, params={"limit": 2, "cursor": first["next_cursor"]})).json()
    assert ([order["call_id"] for order in rest["items"]], rest["next_cursor"]) == (["c1"], None)
    found = await (await agent.get(f"{path}?call_id=c2&status=draft")).json()
    assert [order["call_id"] for order in found["items"]] == ["c2"]
    assert (await agent.get(f"{path}?cursor=nonsense")).status == 422
    assert (await agent.get(f"{path}?status=lost")).status == 422
    assert (await agent.get(f"{path}?colour=red")).status == 422


async def test_a_repeated_post_has_one_effect(site: Site, agent):
    """The same Idempotency-Key returns the first answer, ETag included, and opens no second draft."""
    first = await agent.post("/api/work-orders", {"fields": FIELDS}, Idempotency_Key="k1")
    again = await agent.post("/api/work-orders", {"fields": FIELDS}, Idempotency_Key="k1")
    assert (again.status, again.headers["ETag"], await again.read()) == (201, first.headers["ETag"], await first.read())
    assert again.headers["Idempotency-Replayed"] == "true"
    assert len((await (await agent.get("/api/work-orders")).json())["items"]) == 1
    assert len(site.orders.seen) == 1


async def test_simultaneous_repeats_have_one_effect(site: Site, agent):
    """Ten at once with one key: one draft, ten equal answers."""
    answers = await asyncio.gather(
        *(agent.post("/api/work-orders", {"fields": FIELDS}, Idempotency_Key="k1") for _ in range(10))
    )
    assert len({await answer.text() for answer in answers}) == 1
    assert len((await (await agent.get("/api/work-orders")).json())["items"]) == 1


async def test_a_key_belongs_to_its_request_and_its_user(site: Site, agent):
    """Another body under the key is refused; another user's same key is another key."""
    await agent.post("/api/work-orders", {"fields": FIELDS}, Idempotency_Key="k1")
    other_body = await agent.post("/api/work-orders", {"fields": {}}, Idempotency_Key="k1")
    assert (other_body.status, (await other_body.json())["code"]) == (422, "idempotency_key_reused")
    async with site.browser("other") as other:
        assert (await other.post("/api/work-orders", {"fields": FIELDS}, Idempotency_Key="k1")).status == 201
    assert len((await (await agent.get("/api/work-orders")).json())["items"]) == 2


async def test_a_refused_request_keeps_no_key(site: Site, agent):
    """After a 422 the same key works with the corrected request."""
    assert (await agent.post("/api/work-orders", {"fields": {"colour": "x"}}, Idempotency_Key="k1")).status == 422
    assert (await agent.post("/api/work-orders", {"fields": FIELDS}, Idempotency_Key="k1")).status == 201


async def test_keys_are_forgotten_after_a_day(site: Site, agent):
    """A day later the key is free again (the session is renewed, 12 hours being its life)."""
    await agent.post("/api/work-orders", {"fields": FIELDS}, Idempotency_Key="k1")
    await site.clock.advance(24 * 3600 + 1)
    token = await site.services.auth.issue_login_token(site.users["agent"].user_id)
    agent.csrf_token = None
    await agent.log_in({"login_token": token})
    repeat = await agent.post("/api/work-orders", {"fields": {}}, Idempotency_Key="k1")
    assert (repeat.status, "Idempotency-Replayed" in repeat.headers) == (201, False)


@pytest.mark.parametrize("key", ["", "x" * 81])
async def test_a_key_has_a_length(agent, key):
    """Empty and overlong keys are refused."""
    response = await agent.post("/api/work-orders", {}, Idempotency_Key=key)
    assert (response.status, (await response.json())["field"]) == (400, "Idempotency-Key")
