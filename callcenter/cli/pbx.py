"""``callcenter pbx …``: wiring a PBX and looking at what it sends."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from callcenter import config as settings_file
from callcenter.cli.output import emit, reports_errors
from callcenter.telephony.call_book import DEFAULT_AGENT_PATTERN

PATH = click.Path(path_type=Path)


@click.group()
def pbx() -> None:
    """The Asterisk beside us."""


@pbx.command()
@click.argument("files", nargs=-1, required=True, type=PATH)
@click.option(
    "--agent-pattern", default=DEFAULT_AGENT_PATTERN, show_default=True, help="Agents' channels; group 'interface'."
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object per event (also the default in a pipe).")
@reports_errors
def replay(files: tuple[Path, ...], agent_pattern: str, as_json: bool) -> None:
    """Feed raw AMI captures through the parser and the call tracker and print what they mean, one event a line."""
    from callcenter.telephony.trace import rows

    as_json = as_json or not sys.stdout.isatty()
    for row in rows(files, agent_pattern):
        if as_json:
            emit(row)
            continue
        known = " ".join(
            f"{key}={value}" for key, value in row.items() if value is not None and key not in {"event", "t"}
        )
        click.echo(f"{row['t']:10.3f}  {row['event']:<18} {known}")


@pbx.command("manager-conf")
@click.option("--asterisk", default=22, show_default=True, type=int, help="Major version of the PBX.")
@click.option("--pop-only", is_flag=True, help="A user that can only watch: no live audio, no click-to-call.")
@click.option("--permit", default="127.0.0.1/32", show_default=True, help="From where callcenter connects.")
@click.pass_obj
@reports_errors
def manager_conf(config: Path | None, asterisk: int, pop_only: bool, permit: str) -> None:
    """Print the user to add to manager.conf: the least rights and only the events that are needed."""
    from callcenter.telephony.manager_conf import section

    username = settings_file.load(config).pbx.username
    click.echo(section(username=username, asterisk=asterisk, pop_only=pop_only, permit=permit), nl=False)
