"""``callcenter maintenance`` on a database of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.integration.cli_site import Site, site


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site with users and a customer."""
    monkeypatch.setenv("CALLCENTER_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    return site(tmp_path)


def test_a_plan_is_made_listed_and_ended(desk: Site) -> None:
    """It is due from its first day on; when it has ended it makes no more orders, and ending it again changes nothing."""
    add = ("maintenance", "add", desk.customer_id, "deep clean", "--every", "6")
    (plan,) = desk.json(
        *add, "--first", "2030-05-01", "--lead-days", "7", "--until", "2035-01-01", "--notes", "ring twice"
    )
    assert (plan["next_on"], plan["lead_days"], plan["ends_on"], plan["notes"]) == (
        "2030-05-01", 7, "2035-01-01", "ring twice",
    )  # fmt: skip
    assert desk.json("maintenance", "list", "--before", "2030-04-30") == []
    assert [one["plan_id"] for one in desk.json("maintenance", "list")] == [plan["plan_id"]]
    assert "next 2030-05-01  deep clean" in desk.call("maintenance", "show", plan["plan_id"]).stdout
    (ended,) = desk.json("maintenance", "end", plan["plan_id"], "--by", "li")
    assert (ended["active"], ended["stopped_because"], ended["title"], ended["lead_days"], ended["notes"]) == (
        False, "by_hand", "deep clean", 7, "ring twice",
    )  # fmt: skip
    assert desk.json("maintenance", "end", plan["plan_id"]) == [ended]
    assert desk.json("maintenance", "list") == []
    assert "ended: by_hand" in desk.call("maintenance", "list", "--customer", desk.customer_id).stdout


def test_mistakes_have_their_exit_codes(desk: Site) -> None:
    """Faults name their field and keep nothing."""
    add = ("maintenance", "add", desk.customer_id, "deep clean", "--first", "2030-05-01", "--every")
    assert "interval_months" in desk.call(*add, "0", code=3).stderr
    desk.call(*add, "6", "--asset", "01NOPE", code=5)
    desk.call(*add, "6", "--by", "nobody", code=7)
    desk.call("maintenance", "add", "01NOPE", "x", "--every", "6", "--first", "2030-05-01", code=7)
    desk.call("maintenance", "add", desk.customer_id, "x", "--every", "6", "--first", "May", code=2)
    desk.call("maintenance", "list", "--customer", desk.customer_id, "--before", "2030-01-01", code=2)
    desk.call("maintenance", "end", "01NOPE", code=7)
    assert desk.json("maintenance", "list", "--customer", desk.customer_id) == []


def test_a_plan_is_changed_and_resumed(desk: Site) -> None:
    """What is said changes, all else stays; a fault keeps nothing; without a difference there is no new version."""
    add = ("maintenance", "add", desk.customer_id, "deep clean", "--every", "6", "--first", "2030-05-01")
    (plan,) = desk.json(*add, "--notes", "ring twice")
    edit = ("maintenance", "edit", plan["plan_id"])
    (edited,) = desk.json(*edit, "--every", "12", "--first", "2031-01-01", "--title", "clean")
    assert edited == plan | {
        "edit_version": 2, "interval_months": 12, "first_on": "2031-01-01", "next_on": "2031-01-01", "title": "clean",
    }  # fmt: skip
    desk.call(*edit, "--every", "0", code=3)
    desk.call(*edit, "--until", "2030-01-01", code=3)
    assert desk.json(*edit) == desk.json(*edit, "--every", "12") == desk.json("maintenance", "show", plan["plan_id"])
    desk.call("maintenance", "end", plan["plan_id"])
    (again,) = desk.json(*edit, "--resume")
    assert (again["active"], again["stopped_because"], again["next_on"]) == (True, None, "2031-01-01")
