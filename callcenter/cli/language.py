"""``callcenter nlp …``: extraction from text."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcenter import config as settings_file
from callcenter.cli.options import DAY
from callcenter.cli.output import EXIT_FAILED, emit, reports_errors, say
from callcenter.cli.session import open_records, operator
from callcenter.errors import Invalid

if TYPE_CHECKING:
    from callcenter.features.heard_report import HeardReport

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


@nlp.command()
@click.option("--since", type=DAY, help="Only what was decided from this day on.")
@click.option("--export", "target", type=PATH, help="Write corrected calls as dialogues with gold to this file.")
@click.option("--json", "as_json", is_flag=True, help="Print the figures as JSON.")
@click.pass_obj
@reports_errors
def report(config: Path | None, since: datetime | None, target: Path | None, as_json: bool) -> None:
    """How right the live values are by what agents made of them: precision by slot, calibration, the worst rules."""
    from callcenter.clock import SystemClock
    from callcenter.config import zone
    from callcenter.features import heard_report

    local = zone(settings_file.load(config).timezone)
    start = since.replace(tzinfo=local) if since else None

    async def run() -> None:
        async with open_records(config) as (database, _):
            if target is not None:
                by, at = operator(), SystemClock().now()
                count = await heard_report.export_corrected(database, target, by=by, at=at, zone=local, since=start)
                say(f"{count} corrected calls -> {target} (names, numbers and addresses inside: keep it safe)")
            figures = await heard_report.heard_report(database, start)
        emit(figures) if as_json else _show(figures)

    try:
        asyncio.run(run())
    except OSError as error:
        raise Invalid(f"cannot be written: {error.strerror}", field=str(target)) from error


def _show(figures: HeardReport) -> None:
    click.echo(
        f"{figures.values} values, {figures.precision:.1%} stood, calibration error {figures.calibration_error:.3f}"
    )
    head = ("slot", "values", "stood", "sure", "accepted", "left", "corrected", "emptied")
    click.echo("{:<20}{:>8}{:>8}{:>8}{:>10}{:>6}{:>11}{:>9}".format(*head))
    for slot in figures.slots:
        counts = f"{slot.accepted:>10}{slot.left:>6}{slot.corrected:>11}{slot.emptied:>9}"
        click.echo(f"{slot.slot:<20}{slot.values:>8}{slot.precision:>8.1%}{slot.confidence:>8.1%}{counts}")
    for rule in figures.worst_rules:
        click.echo(f"rule {rule.rule}: {rule.precision:.1%} of {rule.values} stood, {rule.confidence:.1%} sure")


@nlp.command()
@click.option("--export", "target", type=PATH, help="Write the built-in files to this folder, to be edited.")
@click.option("--check", "folder", type=PATH, help="Say whether the files in this folder can be used.")
@reports_errors
def catalogue(target: Path | None, folder: Path | None) -> None:
    """Appliances, brands and faults as files: a call centre's own ones go to `catalogue` in the data folder."""
    from callcenter.features.live_catalogue import export
    from nlp.catalogue import Catalogue
    from nlp.errors import CatalogueError

    if target is None and folder is None:
        raise click.UsageError("give --export or --check")
    try:
        for written in export(target) if target else ():
            click.echo(written)
        if folder is not None:
            found = Catalogue.load(folder)
            say(f"{len(found.appliances)} appliances, {len(found.brands)} brands, {len(found.faults)} tables of faults")
    except CatalogueError as error:
        raise Invalid(str(error)) from error
    except OSError as error:
        raise Invalid(f"cannot be written: {error.strerror}", field=str(error.filename)) from error
