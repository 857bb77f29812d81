"""``callcenter order`` on a database of its own: list, show, move, verify."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from click.testing import CliRunner, Result

from callcenter.cli.main import main
from callcenter.config import Settings
from callcenter.features import doctor
from callcenter.features.findings import Level
from callcenter.storage.database import Database
from workorder.commands import OpenDraft
from workorder.services import orders


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder whose database holds one complete draft."""
    monkeypatch.setenv("CALLCENTER_DATA_DIR", str(tmp_path))
    monkeypatch.chdir(tmp_path)

    async def fill() -> None:
        database = await Database.open(Settings(data_dir=tmp_path).database_url())
        await database.upgrade()
        fields = {"service_type": "enquiry", "contact_phone": "13800138000", "customer_name": "王芳"}
        async with database.write() as work:
            command = OpenDraft(by="u1", at=datetime(2026, 11, 21, tzinfo=UTC), fields=fields)
            await orders.open_draft(work.session, command)
            await work.commit()
        await database.aclose()

    asyncio.run(fill())
    return tmp_path


def call(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["order", *arguments])


def test_an_order_is_found_moved_and_shown(folder: Path) -> None:
    """A draft is created and dispatched by its id and number; what is not possible exits 5 and says what is."""
    (draft,) = (json.loads(line) for line in call("list", "--json").stdout.splitlines())
    order = json.loads(call("move", draft["order_id"], "create", "--json").stdout)
    number = order["number"]
    assert call("move", number.lower(), "dispatch").exit_code == 0
    assert call("move", number, "accept", "--eta", "14:00").exit_code == 3
    assert "--eta" in call("move", number, "accept", "--eta", "soon").stderr
    refused = call("move", number, "follow_up")
    assert (refused.exit_code, "possible now: dispatch, accept" in refused.stderr) == (5, True)
    assert call("move", number, "cancel").exit_code == 3
    assert call("show", "WO1").exit_code == 7
    shown = json.loads(call("show", number, "--json").stdout)
    assert [step["after"] for step in shown["steps"]] == ["draft", "created", "dispatched"]
    assert shown["steps"][-1]["by"].startswith("cli:")
    assert "王芳" in call("show", number).stdout
    assert number in call("list", "--status", "dispatched").stdout
    assert call("list", "--status", "created").stdout == ""


def test_who_departs_is_expected_at_a_time_of_the_clock_on_the_wall(folder: Path) -> None:
    """The next quarter past two in the zone of the settings, today or tomorrow."""
    (draft,) = (json.loads(line) for line in call("list", "--json").stdout.splitlines())
    for action in ("create", "dispatch", "accept"):
        assert call("move", draft["order_id"], action).exit_code == 0
    moved = json.loads(call("move", draft["order_id"], "depart", "--eta", "14:15", "--json").stdout)
    expected = datetime.fromisoformat(moved["eta"])
    assert expected.astimezone(ZoneInfo("Asia/Shanghai")).strftime("%H:%M") == "14:15"
    assert timedelta() <= expected - datetime.now(UTC) < timedelta(days=1)


def test_a_touched_trail_is_named_by_verify_and_doctor(folder: Path) -> None:
    """Exit 0 and a digest while it holds; then exit 1 with order and line, and doctor says the same."""
    whole = call("verify", "--json")
    assert (whole.exit_code, json.loads(whole.stdout)["faults"]) == (0, [])
    settings = Settings(data_dir=folder)
    (finding,) = asyncio.run(doctor.examine(settings, {"audit_trail": doctor.audit_trail}))
    assert finding.level is Level.OK
    with sqlite3.connect(folder / "callcenter.db") as connection:
        connection.execute("UPDATE work_order_changes SET by = 'somebody' WHERE change_id = 2")
    connection.close()
    touched = call("verify")
    assert (touched.exit_code, "line 2" in touched.stdout) == (1, True)
    (finding,) = asyncio.run(doctor.examine(settings, {"audit_trail": doctor.audit_trail}))
    assert (finding.level, "line 2" in finding.message) == (Level.ERROR, True)
