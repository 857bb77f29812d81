"""``callcenter user import|export`` on a database of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from callcenter.features.sheets import read_rows, write_rows
from callcenter.storage import audit, users
from tests.integration.cli_site import Site, site


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """li (agent), chen (supervisor), zhao (agent, kept out)."""
    monkeypatch.setenv("CALLCENTER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("USER", "root")
    monkeypatch.chdir(tmp_path)
    return site(tmp_path)


def listed(desk: Site) -> dict[str, dict[str, object]]:
    return {one["username"]: one for one in desk.json("user", "list")}


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_users_come_and_change_by_their_name(desk: Site, tmp_path: Path, ending: str) -> None:
    """New ones are added, known ones changed, empty cells change nothing; the same file again does nothing new."""
    file = tmp_path / f"users.{ending}"
    rows = [
        ["账号", "姓名", "角色", "分机", "启用", "密码", "手机"],
        ["Wang", "王芳", "坐席、班长", "PJSIP/1001", "", "secret", "139 0013 9000"],
        ["li", "", "supervisor", "", "否", "", ""],
        ["zhao", "赵六", "", "", "yes", "", ""],
    ]
    write_rows(file, ending, rows)
    (report,) = desk.json("user", "import", str(file))
    assert (report["created"], report["updated"], report["passed_over"]) == (1, 2, ["密码"])
    found = listed(desk)
    assert found["wang"] == {"username": "wang", "display_name": "王芳", "roles": ["agent", "supervisor"],
                             "phone": "139 0013 9000", "interface": "PJSIP/1001", "active": True}  # fmt: skip
    assert (found["li"]["display_name"], found["li"]["roles"], found["li"]["active"]) == ("李雷", ["supervisor"], False)
    assert (found["zhao"]["display_name"], found["zhao"]["roles"], found["zhao"]["active"]) == ("赵六", ["agent"], True)
    (again,) = desk.json("user", "import", str(file))
    assert (again["created"], again["updated"]) == (0, 3)
    assert listed(desk) == found
    new = desk.read(lambda session: users.by_username(session, "wang"))
    assert new is not None
    assert new.password_hash is None
    lines = desk.read(lambda session: audit.lines(session, subject=new.user_id))
    assert {(line.action, line.by) for line in lines} == {("user.added", "cli:root"), ("user.changed", "cli:root")}


@pytest.mark.parametrize(
    ("row", "column"),
    [
        (["", "x", "agent", "", ""], "username"),
        (["a b", "x", "agent", "", ""], "username"),
        (["x" * 61, "x", "agent", "", ""], "username"),
        (["neu", "x", "", "", ""], "roles"),
        (["neu", "x", "boss", "", ""], "roles"),
        (["li", "x", "agent, boss", "", ""], "roles"),
        (["neu", "x" * 81, "agent", "", ""], "display_name"),
        (["li", "x", "", "PJSIP/1 2", ""], "interface"),
        (["li", "x", "", "", "maybe"], "active"),
    ],
)
def test_a_bad_row_is_named_and_keeps_all_out(desk: Site, tmp_path: Path, row: list[str], column: str) -> None:
    """Every row or none; with --good the others, and a dry run keeps nothing."""
    file, before = tmp_path / "users.csv", listed(desk)
    write_rows(
        file, "csv", [["username", "name", "roles", "extension", "active"], ["good", "好", "agent", "", ""], row]
    )
    result = desk.call("user", "import", str(file), "--json", code=3)
    (fault,) = json.loads(result.stdout)["faults"]
    assert (fault["row"], fault["column"]) == (3, column)
    assert listed(desk) == before
    assert "good" not in listed(desk)
    desk.call("user", "import", str(file), "--dry-run", code=3)
    desk.call("user", "import", str(file), "--good", code=1)
    assert {name: one for name, one in listed(desk).items() if name != "good"} == before


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_what_is_exported_has_no_secret_and_comes_back(desk: Site, tmp_path: Path, ending: str) -> None:
    """No password, no hash, no formula; for its owner's eyes; a second one does not overwrite it."""
    desk.call("user", "add", "=cmd", "--name", "=1+1", "--role", "admin", "--phone", "+86 139 0013 9000")
    desk.call("user", "add", "bad", "--phone", "call me", code=3)
    assert desk.call("user", "passwd", "li").stdout
    file = tmp_path / f"out.{ending}"
    desk.call("user", "export", str(file))
    assert file.stat().st_mode & 0o777 == 0o600
    header, *rows = read_rows(file, ending)
    assert header == ["username", "display_name", "roles", "phone", "interface", "active"]
    assert ["=cmd", "=1+1", "admin", "+86 139 0013 9000", "", "yes"] in rows
    assert ["zhao", "赵", "agent", "", "", "no"] in rows
    if ending == "csv":
        assert "\n'=cmd,'=1+1,admin" in file.read_text("utf-8-sig")
    desk.call("user", "export", str(file), code=5)
    before = listed(desk)
    (report,) = desk.json("user", "import", str(file))
    assert (report["created"], report["updated"], report["bad"]) == (0, 4, 0)
    assert listed(desk) == before


def test_users_are_no_sheet_for_everybody(desk: Site) -> None:
    """The sheets that supervisors send and get over HTTP, and `import`, know no users: nobody gives themselves a role."""
    desk.call("import", "users", "x.csv", code=2)
    desk.call("export", "users", "x.csv", code=2)
