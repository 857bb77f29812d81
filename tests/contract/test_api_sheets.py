"""Sheets over HTTP."""

from __future__ import annotations

import pytest

from tests.contract.api_site import Site, open_site


@pytest.fixture
async def site(tmp_path):
    async with open_site(tmp_path) as site:
        yield site


async def test_a_sheet_goes_in_and_comes_out(site: Site):
    """Bad rows are named, a bad file is 422; what comes out is what went in; agents may do neither."""
    sheet = "姓名,电话\r\n=王芳,13800138000\r\n李雷,anonymous\r\n".encode("gb18030")
    async with site.browser("supervisor") as browser:
        path = "/api/import/customers?mode=good"
        taken = await browser.client.post(path, data=sheet, headers=browser.headers())
        report = await taken.json()
        assert (taken.status, report["created"], report["bad"]) == (200, 1, 1)
        assert report["faults"][0]["row"] == 3
        out = await browser.get("/api/export/customers")
        assert (out.status, out.content_type) == (200, "text/csv")
        assert "'=王芳" in (await out.read()).decode("utf-8-sig")
        wrong = await browser.client.post(path, data=b"\x00", headers=browser.headers())
        assert wrong.status == 422
    async with site.browser("agent") as agent:
        refused = await agent.client.post(path, data=sheet, headers=agent.headers())
        assert refused.status == 403
        assert (await agent.get("/api/export/customers")).status == 403
