"""The life of a work order over HTTP: every step, how urgent it is, its parts and its audit trail."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select, update

from callcenter.storage import outbox
from callcenter.storage.tables import OutboxRow
from tests.contract.api_site import FIELDS, Site, open_site
from workorder.model.trail import OrderChange
from workorder.policy.lifecycle import MOVES

LIFE = (
    "create dispatch accept depart arrive wait_for_parts begin reschedule escalate dispatch accept depart arrive begin "
    "complete reopen dispatch accept depart arrive begin complete confirm follow_up"
)


@pytest.fixture
async def site(tmp_path):
    async with open_site(tmp_path) as site:
        yield site


@pytest.fixture
async def agent(site: Site):
    async with site.browser("agent") as browser:
        yield browser


async def step(browser, order: dict, action: str, **more: object):
    body = {"action": action, **more}
    return await browser.post(
        f"/api/work-orders/{order['order_id']}/moves", body, If_Match=f'"{order["edit_version"]}"'
    )


async def opened(browser) -> dict:
    return await (await browser.post("/api/work-orders", {"fields": FIELDS})).json()


async def created(browser) -> dict:
    return await (await step(browser, await opened(browser), "create")).json()


async def test_every_step_of_the_table_is_reachable(site: Site, agent):
    """A whole life by the buttons the order shows: each step is offered, taken, and in the trail with who, when, why."""
    order = await opened(agent)
    for action in LIFE.split():
        await site.clock.advance(60)
        assert action in [move["action"] for move in order["moves"]]
        answer = await step(agent, order, action, reason="因为", confirmation="customer")
        assert answer.status == 200, await answer.text()
        order = await answer.json()
        assert (order["status"], answer.headers["ETag"]) == (MOVES[action].target, f'"{order["edit_version"]}"')
    assert (order["status"], order["number"], order["confirmation"]) == ("followed_up", "WO20261121-0001", "customer")
    assert set(LIFE.split()) | {"cancel"} == set(MOVES)
    trail = await (await agent.get(f"/api/work-orders/{order['order_id']}/changes?field=status")).json()
    assert [line["after"] for line in trail["items"]] == ["draft", *(MOVES[action].target for action in LIFE.split())]
    assert {line["by"] for line in trail["items"]} == {site.users["agent"].user_id}
    assert len({line["at"] for line in trail["items"]}) == len(trail["items"])


async def test_a_step_that_is_not_possible_names_those_that_are(agent):
    """409 with the legal ones; 422 names the missing reason or confirmation; 412 the newer version; nothing changes."""
    order = await created(agent)
    refused = await step(agent, order, "complete")
    problem = await refused.json()
    assert (refused.status, problem["code"]) == (409, "conflict")
    assert "possible now: dispatch, reschedule, escalate, cancel" in problem["detail"]
    assert [move["action"] for move in order["moves"]] == ["dispatch", "reschedule", "escalate", "cancel"]
    needless = await step(agent, order, "cancel")
    assert (needless.status, (await needless.json())["field"]) == (422, "reason")
    assert (await step(agent, order, "fly")).status == 422
    assert (await step(agent, {**order, "edit_version": 1}, "dispatch")).status == 412
    assert await (await agent.get(f"/api/work-orders/{order['order_id']}")).json() == order


async def test_a_repeated_step_is_taken_once(agent):
    """The same Idempotency-Key gives the first answer; without it the second is told of the new version."""
    order = await created(agent)
    address, body = f"/api/work-orders/{order['order_id']}/moves", {"action": "dispatch"}
    version = f'"{order["edit_version"]}"'
    first = await agent.post(address, body, If_Match=version, Idempotency_Key="k1")
    again = await agent.post(address, body, If_Match=version, Idempotency_Key="k1")
    assert (first.status, await first.read()) == (again.status, await again.read())
    assert (await agent.post(address, body, If_Match=version)).status == 412


async def test_priority_is_set_and_kept_in_the_trail(agent):
    """Any of three words, with a reason; a closed order refuses."""
    order = await created(agent)
    assert order["priority"] == "normal"
    address = f"/api/work-orders/{order['order_id']}"
    answer = await agent.send("PUT", f"{address}/priority", {"priority": "high", "reason": "孕妇"}, If_Match='"2"')
    order = await answer.json()
    assert (answer.status, order["priority"], order["edit_version"]) == (200, "high", 3)
    (line,) = (await (await agent.get(f"{address}/changes?field=priority")).json())["items"]
    assert (line["before"], line["after"], line["reason"]) == ("normal", "high", "孕妇")
    assert (await agent.send("PUT", f"{address}/priority", {"priority": "low"}, If_Match='"3"')).status == 422
    await step(agent, order, "cancel", reason="不修了")
    closed = await agent.send("PUT", f"{address}/priority", {"priority": "normal"}, If_Match='"4"')
    assert (closed.status, (await closed.json())["code"]) == (409, "conflict")


async def test_parts_hold_their_whole_open(agent):
    """Parts are put in and taken out; a whole with an open part is not cancelled; circles are refused."""
    whole, part = await created(agent), await created(agent)
    address = f"/api/work-orders/{part['order_id']}/parent"
    answer = await agent.send("PUT", address, {"parent_id": whole["order_id"]}, If_Match='"2"')
    assert (answer.status, (await answer.json())["parent_id"]) == (200, whole["order_id"])
    parts = await (await agent.get(f"/api/work-orders/{whole['order_id']}/parts")).json()
    assert [found["order_id"] for found in parts["items"]] == [part["order_id"]]
    refused = await step(agent, whole, "cancel", reason="不修了")
    assert (refused.status, part["number"] in (await refused.json())["detail"]) == (409, True)
    circle = f"/api/work-orders/{whole['order_id']}/parent"
    assert (await agent.send("PUT", circle, {"parent_id": part["order_id"]}, If_Match='"2"')).status == 409
    assert (await agent.send("PUT", address, {"parent_id": None}, If_Match='"3"')).status == 200
    assert (await step(agent, whole, "cancel", reason="不修了")).status == 200
    assert (await agent.get("/api/work-orders/01NOPE/parts")).status == 404
    assert (await agent.get("/api/work-orders/01NOPE/changes")).status == 404


async def test_a_trail_that_was_touched_is_named(site: Site, agent):
    """Whole at first; a line changed past the application is named, for one order and among the newest."""
    order = await created(agent)
    address = f"/api/work-orders/{order['order_id']}/verify"
    whole = await (await agent.get(address)).json()
    assert (whole["orders"], whole["faults"], len(whole["digest"])) == (1, [], 64)
    async with site.services.database.write() as work:
        await work.session.execute(
            update(OrderChange)
            .where(OrderChange.order_id == order["order_id"], OrderChange.field == "status")
            .values(by="x")
        )
        await work.commit()
    touched = await (await agent.get(address)).json()
    assert [fault["number"] for fault in touched["faults"]] == [order["number"]]
    async with site.browser("supervisor") as supervisor:
        newest = await (await supervisor.get("/api/reports/trails?newest=5")).json()
        assert newest["faults"] == touched["faults"]
        assert (await agent.get("/api/reports/trails")).status == 403
    assert (await agent.get("/api/work-orders/01NOPE/verify")).status == 404


async def test_who_departed_is_expected_at_a_time_until_they_are_there(site: Site, agent):
    """On order, event, trail and the customer's view; gone on arrival; only with depart, and within a day."""
    order = await created(agent)
    soon = "2026-11-21T15:00:00+08:00"
    early = await step(agent, order, "dispatch", eta=soon)
    assert (early.status, (await early.json())["field"]) == (422, "eta")
    for action in ("dispatch", "accept"):
        order = await (await step(agent, order, action)).json()
    for wrong in ("2026-11-21T13:59:00+08:00", "2026-11-22T14:01:00+08:00"):
        refused = await step(agent, order, "depart", eta=wrong)
        assert (refused.status, (await refused.json())["field"]) == (422, "eta")
    order = await (await step(agent, order, "depart", eta=soon)).json()
    assert order["eta"] == "2026-11-21T07:00:00Z"
    address = f"/api/work-orders/{order['order_id']}"
    assert (await (await agent.get(f"{address}/progress")).json())["eta"] == order["eta"]
    (line,) = (await (await agent.get(f"{address}/changes?field=eta")).json())["items"]
    assert (line["before"], line["after"]) == (None, "2026-11-21T07:00:00+00:00")
    assert (await (await agent.get(f"{address}/verify")).json())["faults"] == []
    async with site.services.database.read() as work:
        newest = select(OutboxRow).where(OutboxRow.event_type == "WorkOrderMoved").order_by(OutboxRow.position.desc())
        row = await work.session.scalar(newest.limit(1))
    moved = outbox.decode(row)
    assert (moved.after, moved.eta) == ("departed", datetime(2026, 11, 21, 7, tzinfo=UTC))
    order = await (await step(agent, order, "arrive")).json()
    assert order["eta"] is None


async def test_the_customers_view_shows_nothing_internal(site: Site, agent):
    """Milestones with their times; neither who did it nor why nor what colleagues say to each other."""
    order = await created(agent)
    await site.clock.advance(60)
    order = await (await step(agent, order, "reschedule", reason="技师病假")).json()
    await agent.post(f"/api/work-orders/{order['order_id']}/comments", {"text": "客户脾气不好"})
    answer = await agent.get(f"/api/work-orders/{order['order_id']}/progress")
    view = await answer.json()
    assert [(one["status"], one["label"]) for one in view["milestones"]] == [
        ("created", "已建单"),
        ("rescheduled", "已改约"),
    ]
    assert (view["number"], view["appliance"]) == (order["number"], "空调")
    text = await answer.text()
    assert not any(secret in text for secret in ("病假", "脾气", site.users["agent"].user_id))
    assert (await agent.get("/api/work-orders/01NOPE/progress")).status == 404


async def test_ones_own_orders_are_found(site: Site, agent):
    """The list by handler."""
    mine, _ = await created(agent), await created(agent)
    me = site.users["agent"].user_id
    await agent.send("PUT", f"/api/work-orders/{mine['order_id']}/handler", {"user_id": me}, If_Match='"2"')
    found = await (await agent.get(f"/api/work-orders?handler={me}")).json()
    assert [order["order_id"] for order in found["items"]] == [mine["order_id"]]
