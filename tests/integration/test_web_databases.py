"""The web server on SQLite and on PostgreSQL: what depends on how a database isolates requests from each other."""

from __future__ import annotations

import asyncio
from collections import Counter

import pytest

from callcenter.config import Settings
from callcenter.storage import audit
from tests.contract.api_people import add_people
from tests.contract.api_site import FIELDS, Site, serve


@pytest.fixture
async def site(tmp_path, database):
    await add_people(database)
    async with serve(tmp_path, database, Settings()) as site:
        yield site


async def test_simultaneous_repeats_of_a_post_have_one_effect(site: Site):
    """Ten requests with one Idempotency-Key at the same moment: one draft, ten equal answers, one frame to the desks."""
    async with site.browser("agent") as agent:
        answers = await asyncio.gather(
            *(agent.post("/api/work-orders", {"fields": FIELDS}, Idempotency_Key="k1") for _ in range(10))
        )
        assert {answer.status for answer in answers} == {201}
        assert len({await answer.text() for answer in answers}) == 1
        assert len((await (await agent.get("/api/work-orders")).json())["items"]) == 1
    assert len(site.orders.seen) == 1


async def test_simultaneous_edits_do_not_lose_each_other(site: Site):
    """Of ten edits of one version one wins; the others are told to read again."""
    draft = await site.draft(**FIELDS)
    async with site.browser("agent") as agent:
        address = f"/api/work-orders/{draft.order_id}"
        answers = await asyncio.gather(
            *(agent.send("PATCH", address, {"fields": {"brand": f"B{n}"}}, If_Match='"1"') for n in range(10))
        )
        statuses = Counter(answer.status for answer in answers)
        assert statuses[200] == 1
        assert statuses[412] + statuses[409] == 9
        assert (await (await agent.get(address)).json())["edit_version"] == 2


async def test_simultaneous_creations_get_different_numbers(site: Site):
    """Ten orders created at once have ten numbers without a hole."""
    drafts = [await site.draft(f"call{n}", **FIELDS) for n in range(10)]
    async with site.browser("agent") as agent:
        answers = await asyncio.gather(
            *(agent.post(f"/api/work-orders/{draft.order_id}/create", {}, If_Match='"1"') for draft in drafts)
        )
        numbers = {(await answer.json())["number"] for answer in answers}
    assert numbers == {f"WO20261121-{n:04d}" for n in range(1, 11)}


async def test_a_login_link_clicked_twice_at_once_opens_one_session(site: Site):
    """Only one of two simultaneous uses of a link logs in."""
    token = await site.services.auth.issue_login_token(site.users["agent"].user_id)
    async with site.browser() as one, site.browser() as two:
        answers = await asyncio.gather(*(browser.log_in({"login_token": token}) for browser in (one, two)))
        assert sorted(answer.status for answer in answers) == [200, 403]


async def test_a_day_in_the_life_of_a_call(site: Site):
    """Log in, see the call, its customer and draft, correct and save it, replay it, listen, log out."""
    card = await site.customer()
    call_id = await site.call()
    draft = await site.draft(call_id, **{**FIELDS, "brand": "美的"})
    await site.record(call_id, b"0123456789")
    async with site.browser("agent") as agent:
        assert [call["call_id"] for call in (await (await agent.get("/api/calls")).json())["items"]] == [call_id]
        found = await (await agent.get("/api/customers?phone=13800138000")).json()
        assert [item["customer_id"] for item in found["items"]] == [card.customer_id]
        address = f"/api/work-orders/{draft.order_id}"
        edited = await agent.send("PATCH", address, {"fields": {"brand": "格力"}}, If_Match='"1"')
        created = await agent.post(f"{address}/create", {}, If_Match=edited.headers["ETag"], Idempotency_Key="save")
        number = (await created.json())["number"]
        replay = await (await agent.get(f"/api/calls/{call_id}")).json()
        assert replay["order_numbers"] == [number]
        assert [(edit["field"], edit["by"]) for edit in replay["edits"]] == [("brand", "Agent"), ("status", "Agent")]
        part = await agent.get(f"/api/calls/{call_id}/recording", headers={"Range": "bytes=-3"})
        assert (part.status, await part.read()) == (206, b"789")
        assert (await agent.send("DELETE", "/api/session")).status == 204
        assert (await agent.get("/api/calls")).status == 401
    async with site.services.database.read() as work:
        lines = await audit.lines(work.session, subject=call_id)
    assert sorted(line.action for line in lines) == ["call.viewed", "recording.played"]
