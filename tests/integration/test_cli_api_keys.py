"""``callcenter api-key`` as an administrator types it."""

from __future__ import annotations

import json
import os

import pytest
from click.testing import CliRunner

from callcenter.cli.main import main


@pytest.fixture
def command(database_url: str, tmp_path, monkeypatch):
    """Run ``callcenter api-key …`` on a fresh database."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("CALLCENTER_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CALLCENTER_STORAGE__URL", database_url)
    return lambda *words: CliRunner().invoke(main, ["api-key", *words])


def test_a_key_is_made_listed_and_ended(command):
    """add prints the key once, list never does, revoke ends it and may be repeated."""
    added = command(
        "add", "shop website", "--scope", "orders", "--scope", "customers", "--expires-days", "30", "--json"
    )
    assert added.exit_code == 0, added.output
    made = json.loads(added.stdout)
    assert made["token"].startswith("cck_")
    assert made["scopes"] == ["customers", "orders"]
    for _ in range(2):
        assert command("revoke", made["key_id"]).exit_code == 0
    listed = command("list", "--json")
    assert made["token"] not in listed.output
    row = json.loads(listed.stdout)
    assert (row["key_id"], row["name"], row["revoked_at"] is not None) == (made["key_id"], "shop website", True)


def test_what_cannot_be_is_refused_by_exit_code(command):
    """A scope that no key gets is 3, an unknown key 7, no scope at all a usage error."""
    assert command("add", "x", "--scope", "api_keys").exit_code == 3
    assert command("add", "x", "--scope", "orders", "--expires-days", "0").exit_code == 3
    assert command("revoke", "01NOPE").exit_code == 7
    assert command("add", "x").exit_code == 2
