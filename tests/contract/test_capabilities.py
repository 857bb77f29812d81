"""docs/reference/capabilities.md names for each capability where it is; all of that exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from callcenter.cli.main import main
from callcenter.web.routes import ROUTES
from tests.contract.test_docs import commands

ROOT = Path(__file__).parents[2]
ROWS = re.findall(
    r"^\| ([A-Z]+-\d+) \| (.+?) \| (.*) \| (.*) \| (.*) \|$",
    (ROOT / "docs/reference/capabilities.md").read_text("utf-8"),
    re.MULTILINE,
)
GROUPS = {"INT": 8, "TKT": 14, "SLA": 8, "STAT": 6, "COLL": 4, "AST": 2}
ADDRESSES = {f"{route.method} {route.path}" for route in ROUTES}
COMMANDS = {name for name, _ in commands(main)}


def quoted(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def test_every_capability_has_its_row():
    """All of the groups, each once, and the one of the prevention that belongs here."""
    wanted = [f"{group}-{number}" for group, most in GROUPS.items() for number in range(1, most + 1)]
    assert [row[0] for row in ROWS] == [*wanted, "PREV-3"]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row[0])
def test_what_a_row_names_exists(row: tuple[str, ...]):
    """At least one address, one command and one test, and each of them is there."""
    _, _, http, command, tests = row
    assert quoted(http)
    assert set(quoted(http)) <= ADDRESSES
    assert quoted(command)
    assert set(quoted(command)) <= COMMANDS
    for test in quoted(tests):
        file, _, name = test.partition("::")
        assert any(f"def {name}" in found.read_text("utf-8") for found in ROOT.glob(f"tests/*/{file}")), test
    assert quoted(tests)
