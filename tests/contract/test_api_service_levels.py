"""Service levels over HTTP and on the command line: the table, one order's clock, the reports."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from callcenter.cli.main import main
from tests.contract.api_site import FIELDS, Site, open_site
from workorder.policy.sla_table import DEFAULTS
from workorder.services import sla_alerts

TABLE = DEFAULTS.model_dump(mode="json")


@pytest.fixture
async def site(tmp_path):
    async with open_site(tmp_path) as site:
        yield site


async def created(browser) -> dict:
    order = await (await browser.post("/api/work-orders", {"fields": FIELDS})).json()
    path = f"/api/work-orders/{order['order_id']}/create"
    return await (await browser.post(path, {}, If_Match=f'"{order["edit_version"]}"')).json()


async def test_a_supervisor_puts_another_table_in_force_and_new_orders_follow_it(site: Site) -> None:
    """Read, change, save with the version read; an old version is refused, a bad table names the place."""
    async with site.browser("supervisor") as supervisor, site.browser("agent") as agent:
        seen = await (await supervisor.get("/api/sla")).json()
        assert (seen["version"], seen["table"]) == (0, TABLE)
        tiers = [tier | {"respond_min": 10} for tier in TABLE["tiers"]]
        saved = await supervisor.send("PUT", "/api/sla", {"version": 0, "table": TABLE | {"tiers": tiers}})
        assert saved.status == 200, await saved.text()
        assert (await saved.json())["version"] == 1
        again = await supervisor.send("PUT", "/api/sla", {"version": 0, "table": TABLE})
        assert (again.status, (await again.json())["code"]) == (409, "conflict")
        bad = await supervisor.send("PUT", "/api/sla", {"version": 1, "table": TABLE | {"tiers": []}})
        assert (bad.status, (await bad.json())["errors"][0]["field"]) == (422, "table.tiers")
        history = await (await supervisor.get("/api/sla/versions")).json()
        assert [version["by"] for version in history["items"]] == [site.users["supervisor"].user_id]
        order = await created(agent)
        assert order["sla"]["respond_by"] == "2026-11-21T06:10:00Z"
        assert (await agent.send("PUT", "/api/sla", {"version": 1, "table": TABLE})).status == 403


async def test_one_orders_clock_shows_where_it_stands_and_what_similar_ones_took(site: Site) -> None:
    """Standing, alerts and outlook in one answer; a draft has no clock, an unknown order is not found."""
    async with site.browser("agent") as agent:
        order = await created(agent)
        await site.clock.advance(3600)
        clock = await (await agent.get(f"/api/work-orders/{order['order_id']}/sla")).json()
        assert clock["standing"]["tier"] == "standard"
        assert clock["standing"]["used"] == pytest.approx(1 / 24)
        assert clock["standing"]["next"]["limit"] == "respond"
        assert clock["alerts"] == []
        assert (clock["forecast"]["similar"], clock["forecast"]["probability"]) == (0, None)
        draft = await (await agent.post("/api/work-orders", {})).json()
        refused = await agent.get(f"/api/work-orders/{draft['order_id']}/sla")
        assert (refused.status, (await refused.json())["code"]) == (409, "conflict")
        assert (await agent.get("/api/work-orders/01NOPE/sla")).status == 404


async def test_alerts_of_all_orders_are_for_supervisors(site: Site) -> None:
    """What nobody touched for an hour stands on the list, with its order; agents are refused."""
    async with site.browser("agent") as agent, site.browser("supervisor") as supervisor:
        order = await created(agent)
        await site.clock.advance(3600)
        async with site.services.database.write() as work:
            await sla_alerts.raise_due(work.session, order["order_id"], now=site.clock.now())
            await work.commit()
        listed = await (await supervisor.get("/api/sla/alerts?still_open=true&alert=untouched")).json()
        (raised,) = listed["items"]
        assert (raised["number"], raised["status"], raised["alert"]["mark"]) == (
            order["number"],
            "created",
            "untouched",
        )
        assert len((await (await supervisor.get("/api/sla/alerts")).json())["items"]) == 2
        assert (await supervisor.get("/api/sla/alerts?alert=fly")).status == 422
        assert (await agent.get("/api/sla/alerts")).status == 403


async def test_reports_answer_for_a_period_and_refuse_one_that_runs_backwards(site: Site) -> None:
    """Attainment by group, stages and the tried outlook; agents may not see them."""
    async with site.browser("supervisor") as supervisor, site.browser("agent") as agent:
        await created(agent)
        await site.clock.advance(1)
        groups = await (await supervisor.get("/api/reports/sla?by=appliance")).json()
        assert [(group["group"], group["orders"], group["resolve_rate"]) for group in groups["items"]] == [
            ("空调", 1, None)
        ]
        mine = await (await agent.get("/api/work-orders")).json()
        order = mine["items"][0]
        handler = site.users["other"].user_id
        await agent.send(
            "PUT",
            f"/api/work-orders/{order['order_id']}/handler",
            {"user_id": handler},
            If_Match=f'"{order["edit_version"]}"',
        )
        people = await (await supervisor.get("/api/reports/sla?by=handler")).json()
        assert [(group["group"], group["orders"]) for group in people["items"]] == [(handler, 1)]
        assert await (await supervisor.get("/api/reports/stages")).json() == {"items": [], "next_cursor": None}
        tried = await (await supervisor.get("/api/reports/outlook")).json()
        assert (tried["orders"], tried["all"]["brier"]) == (0, None)
        backwards = "from=2026-11-21T00:00:00Z&to=2026-11-20T00:00:00Z"
        assert (await supervisor.get(f"/api/reports/sla?{backwards}")).status == 422
        assert (await agent.get("/api/reports/sla")).status == 403


def test_the_command_line_shows_sets_and_reports(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What `sla show` prints can be edited and put back; a bad file changes nothing and exits 3."""
    monkeypatch.setenv("CALLCENTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str):
        return CliRunner().invoke(main, ["sla", *arguments])

    shown = call("show")
    assert json.loads(shown.stdout) == TABLE
    file = tmp_path / "sla.json"
    file.write_text(json.dumps(json.loads(shown.stdout) | {"untouched_min": 15}), encoding="utf-8")
    assert json.loads(call("set", str(file), "--seen-version", "0", "--json").stdout)["version"] == 1
    assert call("set", str(file), "--seen-version", "0").exit_code == 5
    assert json.loads(call("show").stdout)["untouched_min"] == 15
    file.write_text('{"tiers": []}', encoding="utf-8")
    refused = call("set", str(file))
    assert (refused.exit_code, "calendars" in refused.stderr) == (3, True)
    assert call("set", str(tmp_path / "nope.json")).exit_code == 3
    assert json.loads(call("report", "--by", "brand", "--json").stdout)["groups"] == []
    assert json.loads(call("stages", "--json").stdout)["stages"] == []
    assert json.loads(call("backtest", "--json").stdout)["orders"] == 0
