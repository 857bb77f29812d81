"""Appliances and warranty over HTTP."""

from __future__ import annotations

import pytest

from tests.contract.api_site import Site, open_site


@pytest.fixture
async def site(tmp_path):
    async with open_site(tmp_path) as site:
        yield site


async def test_an_appliance_from_file_to_verdict(site: Site):
    """Added, changed under its version, found by serial number, judged with citations in both languages."""
    card = await site.customer()
    async with site.browser("agent") as agent:
        body = {"appliance": "空调", "brand": "格力", "serial": "G100", "purchased_on": "2026-03-05"}
        made = await agent.post(f"/api/customers/{card.customer_id}/assets", body)
        assert made.status == 201
        asset = await made.json()
        twin = await agent.post(f"/api/customers/{card.customer_id}/assets", body)
        assert (twin.status, (await twin.json())["field"]) == (409, "serial")
        path = f"/api/assets/{asset['asset_id']}"
        changed = await agent.send("PATCH", path, {"model": "KFR-35GW", "purchased_on": None}, If_Match='"1"')
        assert ((await changed.json())["warranty"], changed.headers["ETag"]) == ("unknown", '"2"')
        assert (await agent.send("PATCH", path, {"model": "x"}, If_Match='"1"')).status == 412
        await agent.send("PATCH", path, {"purchased_on": "2026-03-05", "invoice_no": "7"}, If_Match='"2"')
        found = await (await agent.get("/api/assets?serial=G1")).json()
        assert [item["model"] for item in found["items"]] == ["KFR-35GW"]
        verdict = await (await agent.get(f"{path}/warranty?on=2026-03-10")).json()
        assert (verdict["state"], verdict["remedies"]) == ("in", ["return", "exchange", "repair"])
        assert all(reason["text"] and reason["text_en"] and reason["citation"] for reason in verdict["reasons"])
        misused = await (await agent.get(f"{path}/warranty?on=2026-03-10&cause=misuse")).json()
        assert misused["state"] == "out"
        for query in ("cause=weather", "on=tomorrow"):
            assert (await agent.get(f"{path}/warranty?{query}")).status == 422


async def test_terms_are_for_supervisors(site: Site):
    """Everybody reads them; an agent cannot replace them; a bad line names its place."""
    terms = {"brand": "格力", "appliance": "空调", "whole_months": 72, "source": "card"}
    async with site.browser("agent") as agent, site.browser("supervisor") as supervisor:
        assert (await agent.post("/api/warranty-terms", {"terms": [terms]})).status == 403
        saved = await supervisor.post("/api/warranty-terms", {"terms": [terms]})
        assert [item["whole_months"] for item in (await saved.json())["items"]] == [72]
        bad = await supervisor.post("/api/warranty-terms", {"terms": [{**terms, "whole_months": -1}]})
        assert (bad.status, (await bad.json())["field"]) == (422, "terms.0.whole_months")
        listed = await (await agent.get("/api/warranty-terms")).json()
        assert [item["brand"] for item in listed["items"]] == ["格力"]
