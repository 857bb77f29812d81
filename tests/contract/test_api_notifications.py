"""Messages over HTTP and on the command line: rules, preview, what became of each, notices."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from callcenter.channels.port import Refused, Unreachable
from callcenter.cli.main import main
from callcenter.features.notify.rules import DEFAULTS
from callcenter.storage import deliveries
from callcenter.web.hub import UserNotices
from tests.contract.api_site import FIELDS, Site, open_site
from tests.contract.api_stand_ins import TriedOut

TABLE = DEFAULTS.model_dump(mode="json")


@pytest.fixture
async def site(tmp_path):
    async with open_site(tmp_path) as site:
        yield site


async def planned(site: Site, order_id: str, *, channel: str = "sms", recipient: str = "+8613800138000") -> str:
    now = site.clock.now()
    async with site.services.database.write() as work:
        key = await deliveries.plan(
            work.session,
            deliveries.Planned(
                event_id=f"E{channel}{recipient}"[:26],
                event_type="WorkOrderCreated",
                event={},
                rule="sms_created",
                order_id=order_id,
                audience="customer",
                channel=channel,
                recipient=recipient,
                subject="",
                text="您好",
                at=now,
                due_at=now,
                delivered=channel == "in_app",
            ),
        )
        await work.commit()
    assert key is not None
    return key


async def test_rules_are_read_changed_and_refused_when_stale_or_wrong(site: Site) -> None:
    """A supervisor edits them, an agent may not; a template with an unknown variable names its place."""
    async with site.browser("supervisor") as supervisor, site.browser("agent") as agent:
        seen = await (await supervisor.get("/api/notify")).json()
        assert (seen["version"], seen["table"], seen["lanes"]) == (0, TABLE, ["sms"])
        saved = await supervisor.send("PUT", "/api/notify", {"version": 0, "table": TABLE | {"quiet_hours": {}}})
        assert (await saved.json())["version"] == 1
        assert (await supervisor.send("PUT", "/api/notify", {"version": 0, "table": TABLE})).status == 409
        wrong = TABLE | {"templates": TABLE["templates"] | {"mentioned": {"zh": {"text": "{secret}"}}}}
        refused = await supervisor.send("PUT", "/api/notify", {"version": 1, "table": wrong})
        assert refused.status == 422
        assert (await refused.json())["errors"][0]["field"] == "table.templates.mentioned.zh.text"
        assert (await agent.get("/api/notify")).status == 403


async def test_every_version_can_be_looked_at_page_by_page_down_to_the_built_in_one(site: Site) -> None:
    """The newest first, with who and when; the built-in rules end the list also where a page is full; agents see none."""
    async with site.browser("supervisor") as supervisor, site.browser("agent") as agent:
        for version in range(3):
            table = TABLE | {"quiet_hours": {"customer": f"2{version}:00-08:00"}}
            await supervisor.send("PUT", "/api/notify", {"version": version, "table": table})
        seen: list[dict[str, Any]] = []
        cursor: str | None = ""
        while cursor is not None:
            page = await (await supervisor.get(f"/api/notify/versions?limit=3{cursor and f'&cursor={cursor}'}")).json()
            seen, cursor = seen + page["items"], page["next_cursor"]
        assert [one["version"] for one in seen] == [3, 2, 1, 0]
        assert [one["table"]["quiet_hours"]["customer"][:5] for one in seen] == ["22:00", "21:00", "20:00", "21:00"]
        assert (seen[0]["by"], seen[3]["by"], seen[3]["at"]) == (site.users["supervisor"].user_id, None, None)
        assert (await (await supervisor.get("/api/notify/versions?cursor=0")).json())["items"] == []
        assert (await agent.get("/api/notify/versions")).status == 403


async def test_a_preview_shows_an_order_and_says_each_problem_by_field_and_line(site: Site) -> None:
    """Made-up values in both languages, or those of an order; what cannot be filled in stays as it was typed."""

    async with site.browser("supervisor") as supervisor:

        async def preview(text: str, subject: str = "", **more: object) -> dict[str, Any]:
            body = {"wording": {"subject": subject, "text": text}, **more}
            return await (await supervisor.post("/api/notify/preview", body)).json()

        assert await preview("{customer_name}您好") == {"subject": "", "text": "王芳您好", "problems": []}
        assert (await preview("{brand} {priority}", language="en"))["text"] == "Gree high"
        wrong = await preview("第一行\n{nmae}", "{", language="zh")
        assert wrong["text"] == "第一行\n{nmae}"
        assert [(one["field"], one["line"], one["code"], one["name"]) for one in wrong["problems"]] == [
            ("subject", 1, "braces", None),
            ("text", 2, "unknown_variable", "nmae"),
        ]
        order = await site.draft(None)
        values = await preview("{status} {priority} {due}|", order_id=order.order_id)
        assert values["text"] == "草稿 普通 11-23 10:00|"
        created = await (await supervisor.post("/api/intake", {"channel": "web", "fields": FIELDS})).json()
        order_id = created["order"]["order_id"]
        for language, said in (("en", "Gree air conditioner does not cool"), ("zh", "格力 空调 不制冷")):
            wish = {"language": language, "order_id": order_id}
            assert (await preview("{brand} {appliance} {fault}", **wish))["text"] == said
        missing = await supervisor.post("/api/notify/preview", {"wording": {"text": "x"}, "order_id": "01NOPE"})
        assert missing.status == 404


async def test_a_way_out_is_tried_by_a_supervisor_and_the_answer_is_the_others_own(site: Site) -> None:
    """The reference of the gateway, its refusal, its silence; nothing is kept but who tried which way."""
    tried = site.services.ways_out
    assert isinstance(tried, TriedOut)
    wish = {"lane": "sms", "to": "13800138000", "text": "您好"}
    async with site.browser("supervisor") as supervisor, site.browser("agent") as agent:
        assert await (await supervisor.post("/api/notify/test", wish)).json() == {"reference": "R1"}
        assert tried.sent == [("13800138000", "callcenter", "您好")]
        assert (await agent.post("/api/notify/test", wish)).status == 403
        assert (await supervisor.post("/api/notify/test", wish | {"lane": "email"})).status == 404
        for fault, status, code in (
            (Refused("answered 400"), 422, "delivery_refused"),
            (Unreachable("no answer: TimeoutError"), 503, "unavailable"),
        ):
            tried.fault = fault
            answer = await supervisor.post("/api/notify/test", wish)
            assert (answer.status, (await answer.json())["code"]) == (status, code)
        assert (await (await supervisor.get("/api/deliveries")).json())["items"] == []


async def test_what_became_of_messages_is_shown_and_dead_ones_are_sent_again(site: Site) -> None:
    """On the order for everybody with masked numbers; replay is the supervisors'; only dead ones are replayed."""
    order = await site.draft(None)
    key = await planned(site, order.order_id)
    async with site.browser("supervisor") as supervisor, site.browser("agent") as agent:
        (shown,) = (await (await agent.get(f"/api/work-orders/{order.order_id}/deliveries")).json())["items"]
        assert (shown["delivery_id"], shown["state"]) == (key, "queued")
        assert "00138" not in shown["recipient"]
        early = await supervisor.post(f"/api/deliveries/{key}/replay", {})
        assert (early.status, (await early.json())["code"]) == (409, "conflict")
        async with site.services.database.write() as work:
            await deliveries.bury(work.session, key, error="answered 400")
            await work.commit()
        assert (await (await supervisor.get("/api/deliveries/unsent")).json())["dead"] == 1
        assert (await (await supervisor.get("/api/deliveries?channel=email")).json())["items"] == []
        dead = await (await supervisor.get("/api/deliveries?state=dead&channel=sms")).json()
        assert [item["last_error"] for item in dead["items"]] == ["answered 400"]
        again = await (await supervisor.post(f"/api/deliveries/{key}/replay", {})).json()
        assert (again["state"], again["attempts"]) == ("queued", 0)
        assert (await supervisor.post("/api/deliveries/01NOPE/replay", {})).status == 404
        assert (await agent.get("/api/deliveries")).status == 403


async def test_notices_belong_to_their_user_and_are_read_one_by_one_or_all(site: Site) -> None:
    """The count of unread ones falls as they are seen; nobody reads another's."""
    order = await site.draft(None)
    mine = site.users["agent"].user_id
    key = await planned(site, order.order_id, channel="in_app", recipient=mine)
    async with site.browser("agent") as agent, site.browser("other") as other:
        seen = await (await agent.get("/api/notices")).json()
        assert (seen["unread"], [notice["notice_id"] for notice in seen["items"]]) == (1, [key])
        assert (await (await other.get("/api/notices")).json())["items"] == []
        await other.post("/api/notices/read", {})
        assert (await (await agent.get("/api/notices")).json())["unread"] == 1
        assert (await (await agent.post("/api/notices/read", {"ids": [key]})).json())["unread"] == 0


async def test_a_notice_reaches_every_socket_of_its_user_and_no_other(site: Site) -> None:
    """By user, not by phone: a supervisor without one sees it too."""
    async with site.browser("supervisor") as supervisor, site.browser("agent") as agent:
        sockets = [await supervisor.socket(), await supervisor.socket(), await agent.socket()]
        for socket in sockets:
            assert (await socket.receive_json())["type"] == "snapshot"
        UserNotices(site.services.hub).told(site.users["supervisor"].user_id, {"subject": "x"})
        for socket in sockets[:2]:
            frame = await socket.receive_json()
            frame = frame if frame["type"] != "wallboard" else await socket.receive_json()
            assert (frame["type"], frame["subject"]) == ("notice", "x")
        await sockets[2].send_json({"type": "ping", "t": 1})
        assert (await sockets[2].receive_json())["type"] == "pong"
        for socket in sockets:
            await socket.close()


def test_the_command_line_shows_sets_lists_previews_and_tests(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The rules go out and in again; a bad file exits 3; a way out that is not set up exits 7."""
    monkeypatch.setenv("CALLCENTER_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str):
        return CliRunner().invoke(main, ["notify", *arguments])

    assert json.loads(call("show").stdout) == TABLE
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(TABLE | {"quiet_hours": {}}), encoding="utf-8")
    assert json.loads(call("set", str(file), "--seen-version", "0", "--json").stdout)["version"] == 1
    stale = call("set", str(file), "--seen-version", "0")
    assert (stale.exit_code, "version 1" in stale.stderr) == (5, True)
    (kept,) = map(json.loads, call("versions", "--json").stdout.splitlines())
    assert (kept["version"], kept["table"]["quiet_hours"]) == (1, {})
    assert call("versions").stdout.startswith("1  20")
    assert json.loads(call("show", "--version", "0").stdout) == TABLE
    assert json.loads(call("show", "--version", "1").stdout) == TABLE | {"quiet_hours": {}}
    assert call("show", "--version", "2").exit_code == 7
    file.write_text('{"templates": {}, "rules": [{"name": "x"}]}', encoding="utf-8")
    assert call("set", str(file)).exit_code == 3
    assert json.loads(call("preview", "accepted", "--json").stdout)["text"].startswith("王芳您好")
    assert call("preview", "nope").exit_code == 7
    assert call("list", "--json").stdout == ""
    assert call("replay", "01NOPE").exit_code == 7
    assert call("test", "sms", "--to", "1").exit_code == 7
