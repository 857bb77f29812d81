"""``callcenter approval-rules`` on a database of its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.integration.cli_site import Site, site


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    """A site with users, a customer and a created order."""
    monkeypatch.setenv("CALLCENTER_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("USER", "root")
    monkeypatch.chdir(tmp_path)
    return site(tmp_path)


def test_rules_are_shown_edited_and_put_back(desk: Site, tmp_path: Path) -> None:
    """What `show` prints `set` takes; orders meet the new rule at once; every version stays."""
    table = json.loads(desk.call("approval-rules", "show").stdout)
    table["rules"].append(
        {"name": "vip", "subject": "dispatch", "level": ["normal"], "reason": ["插队"], "roles": ["supervisor"],
         "label": "插队", "label_en": "Jumping the queue"}
    )  # fmt: skip
    file = tmp_path / "rules.json"
    file.write_text(json.dumps(table))
    (saved,) = desk.json("approval-rules", "set", str(file), "--seen-version", "0")
    assert (saved["version"], saved["rules"][-1]) == (1, "vip")
    assert "version 1" in desk.call("approval-rules", "set", str(file), "--seen-version", "0", code=5).stderr
    (version,) = desk.json("approval-rules", "versions")
    assert (version["by"], len(version["table"]["rules"])) == ("cli:root", 4)
    move = ("order", "move", desk.number, "dispatch", "--by", "li")
    said = desk.call(*move, "--reason", "客户要求插队", code=5).stderr
    assert "Jumping the queue" in said
    assert "callcenter order approval ask" in said
    assert "POST" not in said
    desk.call(*move)


def test_a_mistake_names_its_place_and_changes_nothing(desk: Site, tmp_path: Path) -> None:
    """Exit 3 for a file that is none, a word that is not known, a role nobody has."""
    file = tmp_path / "rules.json"
    for content, said in (
        ("{", "rules"),
        ('{"rules": [{"name": "a", "subject": "fly", "roles": ["admin"], "label": "a", "label_en": "a"}]}', "subject"),
        ('{"rules": [{"name": "a", "subject": "cancel", "roles": ["boss"], "label": "a", "label_en": "a"}]}', "boss"),
    ):
        file.write_text(content)
        assert said in desk.call("approval-rules", "set", str(file), code=3).stderr
    assert desk.json("approval-rules", "versions") == []


def test_an_open_question_says_how_to_decide_it(desk: Site) -> None:
    """Closing over it is refused with the commands that settle it."""
    desk.call("order", "approval", "ask", desk.number, "goodwill", "--reason", "late", "--amount-minor", "5000")
    said = desk.call("order", "move", desk.number, "cancel", "--reason", "bought twice", code=5).stderr
    assert "callcenter order approval list" in said
