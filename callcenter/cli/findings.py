"""Findings as lines for people."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from callcenter.features.findings import Finding

MARKS = {"ok": "ok     ", "warning": "warning", "error": "ERROR  "}


def show(findings: Iterable[Finding]) -> None:
    """One line each, and one below for what to do."""
    for finding in findings:
        click.echo(f"{MARKS[finding.level]}  {finding.check:<14} {finding.message}")
        if finding.fix:
            click.echo(f"{'':24}-> {finding.fix}")
