"""``callcenter import|export``: customers, appliances and orders as CSV or XLSX."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path

import click

from callcenter import config as settings_file
from callcenter.cli.options import JSON
from callcenter.cli.output import EXIT_FAILED, EXIT_INVALID, emit, reports_errors, say
from callcenter.cli.session import open_records, operator
from callcenter.errors import Conflict

KINDS = click.Choice(["customers", "assets", "orders"])
SAY_EACH = 5000


@click.command("import")
@click.argument("kind", type=KINDS)
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--good", is_flag=True, help="Take the rows that are right, go on past the others.")
@click.option("--dry-run", is_flag=True, help="Check every row, keep nothing.")
@JSON
@click.pass_obj
@reports_errors
def import_sheet(config: Path | None, kind: str, file: Path, good: bool, dry_run: bool, as_json: bool) -> None:
    """Take FILE (.csv or .xlsx) in: every row or none, or with --good the rows that are right."""
    take_sheet(config, kind, file, good=good, dry_run=dry_run, as_json=as_json)


def take_sheet(config: Path | None, kind: str, file: Path, *, good: bool, dry_run: bool, as_json: bool) -> None:
    """Import, tell about every bad row, and exit by what became of it."""

    async def run() -> None:
        from callcenter.clock import SystemClock
        from callcenter.features.sheet_import import Importer
        from callcenter.features.sheet_rows import phone_reader
        from callcenter.storage import audit

        settings = settings_file.load(config)

        def progress(rows: int) -> None:
            if rows % SAY_EACH == 0:
                say(f"{rows} rows")

        async with open_records(config) as (database, _):
            importer = Importer(
                database=database,
                by=operator(),
                now=SystemClock().now,
                read_phone=phone_reader(settings.country, settings.area_code),
                country=settings.country,
            )
            report = await importer.run(
                file,
                kind=kind,
                sheet_format="xlsx" if file.suffix.lower() == ".xlsx" else "csv",
                mode="good" if good else "all",
                dry_run=dry_run,
                progress=progress,
            )
            if report.taken:
                detail = {name: getattr(report, name) for name in ("rows", "created", "updated", "taken")}
                async with database.write() as work:
                    at, action = SystemClock().now(), f"{kind}.imported"
                    await audit.add(work.session, at=at, by=operator(), action=action, subject=kind, detail=detail)
                    await work.commit()
        if as_json:
            emit(asdict(report))
        else:
            for fault in report.faults:
                fix = f"; {fault.fix}" if fault.fix else ""
                click.echo(f"row {fault.row}  {fault.column or '-'}  {fault.message}{fix}")
            say(f"{report.rows} rows: {report.created} new, {report.updated} changed or known, {report.bad} bad")
            if report.passed_over:
                say(f"columns passed over: {', '.join(report.passed_over)}")
        if report.bad:
            sys.exit(EXIT_FAILED if report.taken else EXIT_INVALID)

    asyncio.run(run())


@click.command("export")
@click.argument("kind", type=KINDS)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@click.pass_obj
@reports_errors
def export_sheet(config: Path | None, kind: str, file: Path, force: bool) -> None:
    """Write all of KIND to FILE (.csv or .xlsx), as an import takes it back."""
    give_sheet(config, kind, file, force=force)


def give_sheet(config: Path | None, kind: str, file: Path, *, force: bool) -> None:
    """Export to a file that only its owner reads; leaves an audit line. Raises Conflict when it exists."""
    if file.exists() and not force:
        raise Conflict(f"{file} exists already", field="file", fix="name another, or give --force")
    # Names and numbers of people: for the one who asked, nobody else.
    file.touch(mode=0o600)

    async def run() -> None:
        from callcenter.clock import SystemClock
        from callcenter.features.sheet_export import export
        from callcenter.storage import audit

        async with open_records(config) as (database, _):
            async with database.read() as work:
                sheet_format = "xlsx" if file.suffix.lower() == ".xlsx" else "csv"
                rows = await export(work.session, file, kind=kind, sheet_format=sheet_format)
            async with database.write() as work:
                at = SystemClock().now()
                action, detail = f"{kind}.exported", {"rows": rows}
                await audit.add(work.session, at=at, by=operator(), action=action, subject=kind, detail=detail)
                await work.commit()
        say(f"{rows} rows in {file}")

    asyncio.run(run())
