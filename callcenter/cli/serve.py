"""``callcenter init`` and ``callcenter serve``."""

from __future__ import annotations

import asyncio
import importlib.resources
from pathlib import Path

import click

from callcenter import config as settings_file
from callcenter.cli.output import reports_errors, say
from callcenter.errors import Conflict


def default_config() -> str:
    """The commented config.yaml: inside the wheel, or the one at the top of a checkout."""
    packaged = importlib.resources.files("callcenter").joinpath("config.default.yaml")
    source = packaged if packaged.is_file() else Path(__file__).parents[2] / "config.yaml"
    return source.read_text("utf-8")


@click.command()
@click.option("--to", type=click.Path(path_type=Path), default=Path("config.yaml"), show_default=True)
@click.option("--force", is_flag=True, help="Replace an existing file.")
@reports_errors
def init(to: Path, force: bool) -> None:
    """Write a commented config.yaml with every key at its default."""
    if to.exists() and not force:
        raise Conflict("it exists already", field=str(to), fix="use --force to replace it, or --to another path")
    to.write_text(default_config(), "utf-8")
    say(f"wrote {to}; next: set pbx.host and pbx.secret_file, `callcenter doctor`, `callcenter serve`")


@click.command()
@click.pass_obj
@reports_errors
def serve(config: Path | None) -> None:
    """Run the call centre against the PBX named in config.yaml until Ctrl-C."""
    from callcenter.app import run

    asyncio.run(run(settings_file.load(config)))
