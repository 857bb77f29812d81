"""``callcenter doctor``: is this installation in order, and if not, what to do."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcenter import config as settings_file
from callcenter.cli.findings import show
from callcenter.cli.output import EXIT_FAILED, emit, reports_errors

if TYPE_CHECKING:
    from callcenter.features.findings import Finding


@click.command()
@click.option("--json", "as_json", is_flag=True, help="One JSON object with every finding.")
@click.pass_obj
@reports_errors
def doctor(config: Path | None, as_json: bool) -> None:
    """Check the installation, the ways out of messages and the PBX; exit code 1 when something is wrong."""
    from callcenter import logs
    from callcenter.features.doctor import examine
    from callcenter.features.findings import healthy
    from callcenter.features.notify.findings import examine_notify
    from callcenter.features.pbx_check import examine_pbx

    logs.configure(level="error")
    settings = settings_file.load(config)

    async def run() -> list[Finding]:
        return [*await examine(settings), *await examine_notify(settings), *await examine_pbx(settings)]

    findings = asyncio.run(run())
    if as_json:
        emit({"ok": healthy(findings), "findings": [asdict(finding) for finding in findings]})
    else:
        show(findings)
    if not healthy(findings):
        sys.exit(EXIT_FAILED)
