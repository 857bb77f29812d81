"""``callcenter doctor``: is this installation in order, and if not, what to do."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path

import click

from callcenter import config as settings_file
from callcenter.cli.output import EXIT_FAILED, emit, reports_errors

MARKS = {"ok": "ok     ", "warning": "warning", "error": "ERROR  "}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object with every finding.")
@click.pass_obj
@reports_errors
def doctor(config: Path | None, as_json: bool) -> None:
    """Check packages, data folder, database, model, ports and the PBX; exit code 1 when something is wrong."""
    from callcenter.features.doctor import CHECKS, Level, examine
    from callcenter.features.pbx_check import pbx

    settings = settings_file.load(config)
    findings = asyncio.run(examine(settings, {**CHECKS, "pbx": pbx}))
    healthy = all(finding.level is not Level.ERROR for finding in findings)
    if as_json:
        emit({"ok": healthy, "findings": [asdict(finding) for finding in findings]})
    else:
        for finding in findings:
            click.echo(f"{MARKS[finding.level]}  {finding.check:<12} {finding.message}")
            if finding.fix:
                click.echo(f"{'':22}-> {finding.fix}")
    if not healthy:
        sys.exit(EXIT_FAILED)
