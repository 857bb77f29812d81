"""docs/reference/errors.md against the code."""

from __future__ import annotations

import importlib
import pkgutil
import re
from pathlib import Path

import pytest

from asr.errors import AsrError
from callcenter.errors import CallcenterError
from callcenter.web.errors import status_of
from workorder.errors import WorkOrderError

TEXT = (Path(__file__).parents[2] / "docs/reference/errors.md").read_text(encoding="utf-8")
ROWS = dict(re.findall(r"^\| `(\w+)` \| (\S+) \|", TEXT, re.MULTILINE))
OVER_HTTP = ("callcenter.errors", "callcenter.auth", "callcenter.web", "workorder")
LOCAL = {"config_invalid"}


def errors() -> set[type[Exception]]:
    """Every error class of the four packages."""
    for name in ("callcenter", "asr", "nlp", "workorder"):
        for module in pkgutil.walk_packages(importlib.import_module(name).__path__, f"{name}."):
            # Alembic imports its environment itself, in a context of its own; training needs an extra of its own.
            if not any(part in module.name for part in (".migrations", "asr.training")) and not module.name.endswith(
                "__main__"
            ):
                importlib.import_module(module.name)
    return set().union(*(family(base) for base in (CallcenterError, WorkOrderError, AsrError)))


def family(base: type[Exception]) -> set[type[Exception]]:
    return {base}.union(*(family(child) for child in base.__subclasses__()))


@pytest.fixture(scope="module")
def found() -> set[type[Exception]]:
    return {kind for kind in errors() if not kind.__module__.startswith("tests.")}


def test_every_code_is_documented_and_nothing_else(found):
    """A new error needs a row that says what to do."""
    assert {kind.code for kind in found} == set(ROWS)


def test_statuses_are_those_of_the_code(found):
    """The HTTP column is what a client gets."""
    for kind in found:
        needed = kind.__module__.startswith(OVER_HTTP) and kind.code not in LOCAL
        if needed or ROWS[kind.code] != "–":
            assert ROWS[kind.code] == str(int(status_of(kind))), kind


def test_every_row_says_what_to_do():
    """No cell is empty."""
    for row in re.findall(r"^\| `\w+` .*$", TEXT, re.MULTILINE):
        assert all(cell.strip() for cell in row.strip("|").split("|")), row
