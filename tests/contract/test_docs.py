"""The documents name everything that other programs can see."""

from __future__ import annotations

import dataclasses
import inspect
import re
from pathlib import Path

import click
import pytest

import callcenter.media.events
import callcenter.telephony.events
import workorder.events
from callcenter.cli import output
from callcenter.cli.main import main

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"


def commands(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, click.Command]]:
    """Every command that does something, with its full name."""
    if not isinstance(command, click.Group):
        return [(" ".join(path), command)]
    context = click.Context(command)
    children = [(name, command.get_command(context, name)) for name in command.list_commands(context)]
    return [found for name, child in children if child for found in commands(child, (*path, name))]


@pytest.mark.parametrize(("name", "command"), commands(main))
def test_every_command_and_option_is_documented(name, command):
    """docs/reference/cli.md has a row for the command that names each of its options and arguments."""
    rows = [
        line for line in (DOCS / "reference/cli.md").read_text("utf-8").splitlines() if f"`callcenter {name}" in line
    ]
    assert rows, name
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.opts[0] in rows[0], (name, parameter.opts[0])


def test_every_exit_code_is_documented():
    """Programs branch on exit codes: all of them are listed."""
    text = (DOCS / "reference/cli.md").read_text("utf-8")
    codes = [value for name, value in vars(output).items() if name.startswith("EXIT_") and isinstance(value, int)]
    assert all(re.search(rf"\b{code} ", text) for code in codes)


def facts():
    for module in (callcenter.telephony.events, callcenter.media.events, workorder.events):
        for name, kind in vars(module).items():
            if inspect.isclass(kind) and dataclasses.is_dataclass(kind) and kind.__module__ == module.__name__:
                yield pytest.param(name, kind, id=name)


@pytest.mark.parametrize(("name", "kind"), list(facts()))
def test_every_event_is_documented(name, kind):
    """docs/reference/events.md names the event and each field; base classes and parts of events are left out."""
    if name in {"CallEvent", "DomainEvent", "OrderEvent", "CustomerEvent", "HeardName", "HeardWord"}:
        return
    rows = [line for line in (DOCS / "reference/events.md").read_text("utf-8").splitlines() if f"`{name}`" in line]
    assert rows, name
    for field in dataclasses.fields(kind):
        assert re.search(rf"\b{field.name}\b", rows[0]), field.name


def links():
    for page in [*ROOT.glob("*.md"), *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if "://" not in target:
                yield pytest.param(page, target, id=f"{page.relative_to(ROOT)}-{target}")


@pytest.mark.parametrize(("page", "target"), list(links()))
def test_links_between_documents_lead_somewhere(page, target):
    """No document points to one that is not there."""
    assert (page.parent / target).exists(), f"{page}: {target}"


def test_the_readme_starts_with_the_two_commands():
    """Both languages show make demo and make test."""
    for name in ("README.md", "README.zh-CN.md"):
        text = (ROOT / name).read_text("utf-8")
        assert "make demo" in text
        assert "make test" in text
