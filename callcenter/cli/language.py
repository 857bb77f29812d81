"""``callcenter nlp …``: extraction from text."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from callcenter.cli.output import EXIT_FAILED, emit, reports_errors, say

PATH = click.Path(path_type=Path)


@click.group()
def nlp() -> None:
    """Slots from call transcripts."""


@nlp.command()
@click.option("--in", "source", type=PATH, required=True, help="Dialogues, one JSON object a line.")
@click.option("--out", "target", type=PATH, required=True, help="Where the predictions go, one JSON object a line.")
@click.option("--json", "as_json", is_flag=True, help="Print counts as JSON.")
@reports_errors
def extract(source: Path, target: Path, as_json: bool) -> None:
    """Extract work-order fields from recorded dialogues; bad lines are named and skipped, exit code 1 at the end."""
    from nlp.batch import extract_file

    report = extract_file(source, target)
    for bad in report.bad_lines:
        say(f"{source}:{bad.line}: {bad.message}; skipped")
    if as_json:
        emit(
            {
                "dialogues": report.dialogues,
                "bad_lines": [{"line": b.line, "message": b.message} for b in report.bad_lines],
            }
        )
    else:
        say(f"{report.dialogues} dialogues -> {target}")
    if report.bad_lines:
        sys.exit(EXIT_FAILED)
