"""``callcenter init`` and ``callcenter serve``."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from callcenter import config as settings_file
from callcenter.cli.output import reports_errors, say


@click.command()
@click.option("--to", type=click.Path(path_type=Path), default=Path("config.yaml"), show_default=True)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@reports_errors
def init(to: Path, force: bool) -> None:
    """Write a commented config.yaml with every key at its default."""
    from callcenter.features import config_file

    config_file.write(to, config_file.default_text(), force=force)
    say(f"wrote {to}; next: `callcenter pbx join HOST`, or set pbx.host and pbx.secret_file; then `callcenter doctor`")


@click.command()
@click.option(
    "--role",
    type=click.Choice(["all", "asr-worker"]),
    default="all",
    show_default=True,
    help="all: the whole call centre; asr-worker: decode speech for it, on this or another machine (needs bus.url).",
)
@click.pass_obj
@reports_errors
def serve(config: Path | None, role: str) -> None:
    """Run the call centre against the PBX named in config.yaml, or a part of it, until Ctrl-C."""
    from callcenter import processes

    run = {"all": processes.run, "asr-worker": processes.run_asr_worker}[role]
    asyncio.run(run(settings_file.load(config)))
