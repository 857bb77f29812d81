"""The agent says over HTTP who is on the line."""

from __future__ import annotations

import pytest

from callcenter.storage import audit
from tests.contract.api_site import Site, open_site
from workorder.commands import CancelOrder
from workorder.services import orders


@pytest.fixture
async def site(tmp_path):
    async with open_site(tmp_path) as site:
        yield site


@pytest.fixture
async def agent(site: Site):
    async with site.browser("agent") as browser:
        yield browser


async def test_the_call_and_its_draft_follow_the_choice(site: Site, agent):
    """Both belong to the customer, empty fields are filled, desks are told once it is committed, the trail says who."""
    card, call_id = await site.customer(), await site.call()
    draft = await site.draft(call_id)
    response = await agent.post(f"/api/calls/{call_id}/customer", {"customer_id": card.customer_id})
    assert response.status == 200
    answer = await response.json()
    assert answer["customer"]["name"] == "王芳"
    assert [(order["order_id"], order["customer_id"]) for order in answer["orders"]] == [
        (draft.order_id, card.customer_id)
    ]
    assert answer["orders"][0]["fields"]["customer_name"]["value"] == "王芳"
    assert (await (await agent.get(f"/api/calls/{call_id}")).json())["customer_name"] == "王芳"
    assert [(told, caller.customer.customer_id) for told, caller in site.orders.callers] == [
        (call_id, card.customer_id)
    ]
    async with site.services.database.read() as work:
        trail = await audit.lines(work.session, subject=call_id)
    assert [line.by for line in trail if line.action == "call.customer_chosen"] == [site.users["agent"].user_id]


async def test_the_choice_does_not_disturb_an_edit(site: Site, agent):
    """What the agent changes at the same time is saved: the version that people see stays."""
    card, call_id = await site.customer(), await site.call()
    draft = await site.draft(call_id)
    await agent.post(f"/api/calls/{call_id}/customer", {"customer_id": card.customer_id})
    edited = await agent.send(
        "PATCH", f"/api/work-orders/{draft.order_id}", {"fields": {"brand": "格力"}}, If_Match=f'"{draft.edit_version}"'
    )
    assert edited.status == 200


async def test_closed_orders_stay_whose_they_are(site: Site, agent):
    """A cancelled order of the call is not attached."""
    card, call_id = await site.customer(), await site.call()
    draft = await site.draft(call_id)
    async with site.services.database.write() as work:
        command = CancelOrder(by="u", at=site.clock.now(), order_id=draft.order_id, reason="wrong number")
        await orders.cancel_order(work.session, command)
        await work.commit()
    response = await agent.post(f"/api/calls/{call_id}/customer", {"customer_id": card.customer_id})
    assert (await response.json())["orders"] == []


async def test_strangers_are_not_found_and_nothing_changes(site: Site, agent):
    """An unknown customer, an unknown call and somebody else's call are 404; no desk is told."""
    card, call_id = await site.customer(), await site.call()
    yours = await site.call("01YOURS", interface="PJSIP/1002", user="other")
    for call, customer, field in (
        (call_id, "01NOPE", "customer_id"),
        ("01NOPE", card.customer_id, "call_id"),
        (yours, card.customer_id, "call_id"),
    ):
        response = await agent.post(f"/api/calls/{call}/customer", {"customer_id": customer})
        assert (response.status, (await response.json())["field"]) == (404, field)
    assert site.orders.callers == []
    assert (await (await agent.get(f"/api/calls/{call_id}")).json())["customer_name"] is None
