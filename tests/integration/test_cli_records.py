"""Order fields, customers, appliances, contracts and reports from the command line, on a database of its own."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from callcenter.storage import audit
from tests.integration.cli_site import Site, created, site

DRAFT = ("--set", "service_type=repair", "--set", "contact_phone=13800138000", "--set", "appliance=空调")


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site with users, a customer and a created order."""
    monkeypatch.setenv("CALLCENTER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("USER", "root")
    monkeypatch.chdir(tmp_path)
    return site(tmp_path)


def test_a_draft_is_filled_and_becomes_an_order(desk: Site) -> None:
    """Fields and parts of fields; parts that are not given stay; the trail says who typed them."""
    (draft,) = desk.json("order", "draft", *DRAFT, "--customer", desk.customer_id, "--by", "li")
    key = draft["order_id"]
    assert draft["fields"]["customer_name"]["value"] == "王芳"
    said = ("address.city=杭州市", "address.detail=文三路1号", "sentiment_complaint=yes", "brand=格力")
    (filled,) = desk.json("order", "edit", key, *(part for one in said for part in ("--set", one)))
    assert filled["fields"]["sentiment_complaint"]["value"] is True
    (moved,) = desk.json("order", "edit", key, "--set", "address.district=西湖区", "--empty", "brand")
    assert moved["fields"]["address"]["value"] == {
        "province": None, "city": "杭州市", "district": "西湖区", "detail": "文三路1号"
    }  # fmt: skip
    assert moved["fields"].get("brand", {"value": None})["value"] is None
    desk.call("order", "edit", key, "--set", "fault=不制冷", "--set", "address.province=浙江省", "--set", "brand=美的")
    (made,) = desk.json("order", "move", key, "create", "--by", "li")
    assert made["number"]
    typed = {line["field"]: line["by"] for line in desk.json("order", "trail", made["number"])}
    assert (typed["brand"], typed["status"]) == ("cli:root", desk.user_ids["li"])


@pytest.mark.parametrize(
    ("said", "code", "named"),
    [
        (("--set", "brand"), 3, "NAME=VALUE"),
        (("--set", "=x"), 3, "NAME=VALUE"),
        (("--set", "brand=a", "--set", "brand=b"), 3, "twice"),
        (("--set", "colour=red"), 3, "colour"),
        (("--set", "address.planet=x"), 3, "planet"),
        (("--set", "urgency=soon"), 3, "urgency"),
        (("--set", "sentiment_complaint=maybe"), 3, "sentiment_complaint"),
        (("--set", "appointment.start=tomorrow"), 3, "appointment"),
        (("--set", "description=" + "x" * 3000), 3, "description"),
        (("--accept", "colour"), 3, "colour"),
    ],
)
def test_bad_fields_are_named_and_change_nothing(desk: Site, said: tuple[str, ...], code: int, named: str) -> None:
    """Whatever is wrong with a field: exit 3, its name, the order as it was."""
    before = desk.json("order", "show", desk.number)
    assert named in desk.call("order", "edit", desk.number, *said, code=code).stderr
    assert desk.json("order", "show", desk.number) == before


def test_a_customer_is_put_on_file_and_changed(desk: Site) -> None:
    """Phones with labels, addresses by names or by code; lists are replaced, all else stays; the history says who."""
    (who,) = desk.json(
        "customer", "add", "李雷", "--phone", "13900139000=手机", "--phone", "057187654321", "--level", "vip",
        "--address", "家=浙江省/杭州市/西湖区/文三路1号/2幢", "--address", "330106/学院路5号", "--by", "li",
    )  # fmt: skip
    key = who["customer_id"]
    assert [(phone["raw"], phone["label"]) for phone in who["phones"]] == [
        ("13900139000", "手机"),
        ("057187654321", None),
    ]
    home, other = who["addresses"]
    assert (home["label"], home["detail"], home["division_code"]) == ("家", "文三路1号/2幢", "330106")
    assert (other["city"], other["district"], other["detail"]) == ("杭州市", "西湖区", "学院路5号")
    (edited,) = desk.json("customer", "edit", key, "--notes", "狗凶", "--phone", "13900139001")
    assert (edited["notes"], edited["level"], len(edited["addresses"])) == ("狗凶", "vip", 2)
    assert [phone["raw"] for phone in edited["phones"]] == ["13900139001"]
    assert desk.json("customer", "edit", key, "--no-address", "--by", "li")[0]["addresses"] == []
    by = {line["by"] for line in desk.json("customer", "changes", key)}
    assert by == {"cli:root", desk.user_ids["li"]}
    assert "狗凶" in desk.call("customer", "changes", key).stdout


@pytest.mark.parametrize(
    ("arguments", "code", "named"),
    [
        (("add", "某人"), 3, "phone"),
        (("add", "某人", "--phone", "abc"), 3, "phone"),
        (("add", "", "--phone", "13900139000"), 3, "name"),
        (("add", "某人", "--phone", "13900139000", "--level", "gold"), 3, "level"),
        (("add", "某人", "--phone", "13900139000", "--address", "杭州"), 3, "--address"),
        (("add", "某人", "--phone", "13900139000", "--address", "999999/x"), 3, "division"),
        (("edit", "01NOPE", "--name", "x"), 7, "customer"),
        (("merge", "01NOPE", "01NOPE2"), 7, "customer"),
        (("edit", "01NOPE", "--no-address", "--address", "//西湖区/x"), 2, "exclude"),
    ],
)
def test_bad_customers_are_refused(desk: Site, arguments: tuple[str, ...], code: int, named: str) -> None:
    """With the exit code of its kind and what is wrong."""
    assert named in desk.call("customer", *arguments, code=code).stderr


def test_an_appliance_has_a_file_and_a_warranty(desk: Site) -> None:
    """Added, found by serial, changed, given to somebody else, told about in an order."""
    (asset,) = desk.json(
        "asset", "add", desk.customer_id, "空调", "--brand", "格力", "--serial", "G1", "--purchased-on", "2026-03-05",
        "--warranty-until", "2031-03-05",
    )  # fmt: skip
    key = asset["asset_id"]
    assert (asset["warranty"], asset["stated_until"]) == ("in", "2031-03-05")
    assert [one["asset_id"] for one in desk.json("asset", "list", "--serial", "G")] == [key]
    (edited,) = desk.json("asset", "edit", key, "--model", "KFR-35", "--empty", "warranty_until", "--by", "li")
    assert (edited["model"], edited["brand"], edited["stated_until"]) == ("KFR-35", "格力", None)
    assert "KFR-35" in desk.call("asset", "show", key).stdout
    desk.call("order", "edit", desk.number, "--set", "warranty_claimed=yes", code=3)
    desk.call("order", "asset", desk.number, code=2)
    assert desk.json("order", "asset", desk.number, key)[0]["asset_id"] == key
    assert desk.json("order", "customer", desk.number, desk.customer_id, "--by", "li")[0]["asset_id"] == key
    desk.call("order", "customer", desk.number, "01NOPE", code=7)
    (verdict,) = desk.json("order", "warranty", desk.number)
    assert (verdict["asset_id"], verdict["warranty"]["state"]) == (key, "in")
    assert desk.json("order", "asset", desk.number, "--none")[0]["asset_id"] is None
    desk.call("asset", "add", desk.customer_id, "空调", "--serial", "G1", "--brand", "格力", code=5)
    desk.call("asset", "edit", key, "--empty", "colour", code=3)
    desk.call("asset", "list", code=2)
    desk.call("asset", "show", "01NOPE", code=7)
    assert desk.json("asset", "edit", key, "--retired-on", "2026-11-20")[0]["retired_on"] == "2026-11-20"


def test_contracts_are_made_and_changed_by_their_number(desk: Site) -> None:
    """The same number again changes it; faults name the field; an unknown customer is not found."""
    save = ("contract", "save", desk.customer_id, "YB-1", "--kind", "extended", "--starts", "2026-01-01", "--ends")
    (first,) = desk.json(*save, "2027-01-01")
    (second,) = desk.json(*save, "2028-01-01", "--visits", "2", "--no-repair")
    assert (second["contract_id"], second["ends_on"], second["covers_repair"]) == (
        first["contract_id"], "2028-01-01", False
    )  # fmt: skip
    assert [one["number"] for one in desk.json("contract", "list", desk.customer_id)] == ["YB-1"]
    assert "YB-1" in desk.call("contract", "list", desk.customer_id).stdout
    assert "ends_on" in desk.call(*save, "2025-01-01", code=3).stderr
    desk.call("contract", "list", "01NOPE", code=7)


def test_the_clock_of_an_order(desk: Site) -> None:
    """Its tier and due times; a draft has none."""
    (clock,) = desk.json("order", "clock", desk.number)
    assert (clock["standing"]["tier"], clock["forecast"]["similar"]) == ("standard", 0)
    assert "standard" in desk.call("order", "clock", desk.number).stdout
    (draft,) = desk.json("order", "draft", *DRAFT)
    desk.call("order", "clock", draft["order_id"], code=5)


def test_orders_are_found_by_conditions_together(desk: Site) -> None:
    """Phone, model and period, kind and place; every condition counts; more than a page comes whole."""
    for brand, model, day in (("格力", "KFR-35", "1"), ("格力", "KFR-26", "2"), ("美的", "KFR-35", "3")):
        said = (f"brand={brand}", f"model={model}", "address.city=杭州市", f"customer_name=客户{day}")
        desk.call("order", "draft", *DRAFT, *(part for one in said for part in ("--set", one)))
    found = desk.json("order", "list", "--brand", "格力", "--model", "KFR", "--city", "杭州市", "--status", "draft")
    assert [one["fields"]["model"]["value"] for one in found] == ["KFR-26", "KFR-35"]
    (one,) = desk.json("order", "list", "-q", "13800138000", "--model", "KFR-35", "--brand", "美的")
    assert one["fields"]["customer_name"]["value"] == "客户3"
    (old,) = desk.json("order", "list", "--since", "2026-11-21", "--until", "2026-11-21")
    assert old["number"] == desk.number
    assert desk.json("order", "list", "--until", "2026-11-20") == []
    desk.call("order", "hand-over", desk.number, "--to", "li")
    assert [one["number"] for one in desk.json("order", "list", "--handler", "li")] == [desk.number]
    assert [one["number"] for one in desk.json("order", "list", "--limit", "1", "--name", "王")] == [desk.number]
    desk.call("order", "list", "--handler", "nobody", code=7)
    assert "--since" in desk.call("order", "list", "--since", "2026-11-22", "--until", "2026-11-21", code=3).stderr

    async def more(session) -> None:
        for _ in range(203):
            await created(session)

    desk.read(more)
    assert len(desk.json("order", "list", "--limit", "1000", "--service-type", "enquiry")) == 204
    assert len(desk.json("order", "list", "--limit", "202", "--service-type", "enquiry")) == 202


def test_alerts_of_all_orders(desk: Site) -> None:
    """What was raised, with its order; a kind that there is not is named."""

    async def raise_now(session) -> None:
        from workorder.services import orders, sla_alerts
        from workorder.services.order_filters import OrderQuery

        (order,) = (await orders.list_orders(session, OrderQuery(number=desk.number, limit=1))).items
        await sla_alerts.raise_due(session, order.order_id, now=order.created_at + timedelta(hours=1))

    desk.read(raise_now)
    found = desk.json("sla", "alerts", "--still-open")
    assert [(one["number"], one["alert"]["mark"]) for one in found] == [
        (desk.number, "untouched"), (desk.number, "node.created")
    ]  # fmt: skip
    assert desk.json("sla", "alerts", "--alert", "breached") == []
    assert "untouched" in desk.call("sla", "alerts", "--alert", "untouched").stdout
    assert "--alert" in desk.call("sla", "alerts", "--alert", "fly", code=3).stderr
    assert desk.json("order", "clock", desk.number)[0]["alerts"]


def test_reports_are_listed_read_and_separated(desk: Site, tmp_path: Path) -> None:
    """A second report about an open order is its chase-up; it can be read as it came, and get a draft of its own."""
    sent = tmp_path / "report.json"
    fields = {"service_type": "repair", "appliance": "空调", "brand": "格力", "fault": "不制冷",
              "contact_phone": "13800138000", "customer_name": "王芳",
              "address": {"province": "浙江省", "city": "杭州市", "district": "西湖区", "detail": "文三路1号"}}  # fmt: skip
    sent.write_text(json.dumps({"fields": fields}))
    (first,) = desk.json("intake", "report", str(sent))
    (second,) = desk.json("intake", "report", str(sent))
    assert (first["outcome"], second["outcome"]) == ("created", "chased")
    number = first["order"]["number"]
    reports = desk.json("order", "report", "list", number)
    assert [one["outcome"] for one in reports] == ["created", "chased"]
    came = tmp_path / "came"
    desk.call("order", "report", "get", reports[0]["report_id"], str(came), "--by", "li")
    assert came.read_bytes() == sent.read_bytes()
    assert came.stat().st_mode & 0o777 == 0o600
    desk.call("order", "report", "get", reports[0]["report_id"], str(came), code=5)
    (line,) = desk.read(lambda session: audit.lines(session, subject=reports[0]["report_id"]))
    assert (line.action, line.by) == ("report.read", desk.user_ids["li"])
    (apart,) = desk.json("order", "report", "separate", reports[1]["report_id"])
    assert (apart["outcome"], apart["order"]["status"]) == ("draft", "draft")
    (chased,) = desk.json("order", "chase", apart["order"]["order_id"], number)
    assert (chased["number"], chased["chase_ups"]) == (number, 1)


def test_settings_have_their_history(desk: Site, tmp_path: Path) -> None:
    """Service levels, forms and messages: who put what in force, under one name for the command line."""
    file = tmp_path / "table.json"
    file.write_text(desk.call("sla", "show").stdout)
    desk.call("sla", "set", str(file))
    (version,) = desk.json("sla", "versions")
    assert (version["version"], version["by"]) == (1, "cli:root")
    assert "cli:root" in desk.call("sla", "versions").stdout
    file.write_text(desk.call("notify", "show").stdout)
    desk.call("notify", "set", str(file))
    (line,) = desk.read(lambda session: audit.lines(session, subject="1"))
    assert (line.action, line.by) == ("notify.saved", "cli:root")
    file.write_text(desk.call("template", "show", "repair").stdout)
    desk.call("template", "set", str(file))
    forms = {form["service_type"]: form for form in desk.json("template", "list")}
    assert (len(forms), forms["repair"]["by"], forms["install"]["by"]) == (7, "cli:root", None)
    assert "built in" in desk.call("template", "list").stdout
    assert desk.json("notify", "list", "--order", desk.number) == []
    desk.call("notify", "replay", "01NOPE", code=7)
