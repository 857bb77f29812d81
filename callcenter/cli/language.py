"""``callcenter nlp …``: extraction from text."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from callcenter.cli.output import EXIT_FAILED, emit, reports_errors, say
from callcenter.errors import Invalid

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
    from nlp.files import extract_file

    try:
        report = extract_file(source, target)
    except OSError as error:
        raise Invalid(f"cannot be used: {error.strerror}", field=str(error.filename)) from error
    for bad in report.bad:
        say(f"{source}:{bad.number}: {bad.problem}; skipped")
    if as_json:
        emit(report)
    else:
        say(f"{report.read} dialogues, {report.filled} with an order -> {target}")
    if report.bad:
        sys.exit(EXIT_FAILED)
