"""``callcenter warranty``: judge an appliance, keep makers' terms as a file."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any

import click
import yaml

from callcenter.cli.options import DAY, JSON
from callcenter.cli.output import emit, reports_errors, say
from callcenter.cli.session import open_records, operator
from callcenter.errors import Invalid


@click.group()
def warranty() -> None:
    """Warranty of appliances."""


@warranty.command()
@click.argument("asset")
@click.option("--on", type=DAY, help="The day (default: today).")
@click.option("--part", help="One part instead of the whole appliance.")
@click.option("--cause", help="Why it broke: misuse, foreign_repair, no_proof, wrong_model, force_majeure.")
@JSON
@click.pass_obj
@reports_errors
def show(
    config: Path | None, asset: str, on: datetime | None, part: str | None, cause: str | None, as_json: bool
) -> None:
    """Whether ASSET (its id, or the beginning of its serial number) is under warranty, and why."""

    async def run() -> None:
        from callcenter.clock import SystemClock
        from workorder.services.assets import find_assets
        from workorder.services.warranty import asset_warranty, local_day

        day = on.date() if on else local_day(SystemClock().now())
        async with open_records(config) as (database, _), database.read() as work:
            found = await find_assets(work.session, on=day, serial=asset)
            for asset_id in [one.asset_id for one in found.items] or [asset]:
                verdict = await asset_warranty(work.session, asset_id, on=day, part=part, cause=cause)
                if as_json:
                    emit({"asset_id": asset_id, **asdict(verdict)})
                    continue
                click.echo(f"{asset_id}  {verdict.state}  {verdict.until or ''}  {' '.join(verdict.remedies)}".rstrip())
                for reason in verdict.reasons:
                    click.echo(f"  {reason.text}  [{reason.citation}]")

    asyncio.run(run())


@warranty.command()
@click.option("--load", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Take a YAML file's terms.")
@JSON
@click.pass_obj
@reports_errors
def terms(config: Path | None, load: Path | None, as_json: bool) -> None:
    """List makers' terms; with --load replace all of them by those of a file."""

    async def run() -> None:
        from callcenter.clock import SystemClock
        from workorder.commands import ReplaceTerms
        from workorder.services.contracts import list_terms, replace_terms

        async with open_records(config) as (database, _):
            if load is not None:
                command = ReplaceTerms(by=operator(), at=SystemClock().now(), terms=tuple(map(_terms, _entries(load))))
                async with database.write() as work:
                    touched = await replace_terms(work.session, command)
                    await work.commit()
                say(f"{len(command.terms)} terms; the warranty of {touched} appliances was worked out again")
            async with database.read() as work:
                for row in await list_terms(work.session):
                    if as_json:
                        emit(asdict(row))
                    else:
                        click.echo(f"{row.brand}  {row.appliance}  {row.whole_months} months  {row.source}")

    asyncio.run(run())


def _entries(file: Path) -> list[Any]:
    try:
        entries = yaml.safe_load(file.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"{file} is not YAML: {error}", field="load") from error
    if not isinstance(entries, list):
        raise Invalid(f"{file} must be a list of terms", field="load", fix="docs/warranty.md shows one")
    return entries


def _terms(entry: Any) -> Any:
    from pydantic import TypeAdapter, ValidationError

    from workorder.commands import NewTerms

    try:
        return TypeAdapter(NewTerms).validate_python(entry)
    except ValidationError as error:
        first = error.errors()[0]
        raise Invalid(f"{'.'.join(map(str, first['loc']))}: {first['msg']} in {entry!r}", field="load") from error
