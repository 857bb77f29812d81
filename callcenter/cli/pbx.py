"""``callcenter pbx …``: wiring a PBX and looking at what it sends."""

from __future__ import annotations

import asyncio
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcenter import config as settings_file
from callcenter.cli.findings import show
from callcenter.cli.output import EXIT_FAILED, emit, reports_errors, say
from callcenter.config_sections import checked_pattern
from callcenter.telephony.call_book import DEFAULT_AGENT_PATTERN

if TYPE_CHECKING:
    from callcenter.features.onboarding import JoinReport

PATH = click.Path(path_type=Path)


@click.group()
def pbx() -> None:
    """The Asterisk beside us."""


def _pattern(_context: click.Context, _option: click.Parameter, value: str) -> str:
    try:
        return checked_pattern(value)
    except ValueError as error:
        raise click.BadParameter(str(error)) from error


@pbx.command()
@click.argument("files", nargs=-1, required=True, type=PATH)
@click.option(
    "--agent-pattern",
    default=DEFAULT_AGENT_PATTERN,
    callback=_pattern,
    show_default=True,
    help="Agents' channels; group 'interface'.",
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


@pbx.command()
@click.argument("host")
@click.option("--port", type=click.IntRange(1, 65535), help="AMI port (default: pbx.port, 5038).")
@click.option("--username", help="AMI user (default: pbx.username, callcenter).")
@click.option("--secret-file", type=PATH, help="File with the AMI user's secret (default: pbx.secret_file).")
@click.option(
    "--test-call", metavar="EXTEN@CONTEXT", help="Call this echo extension or queue; a queue rings its agents."
)
@click.option(
    "--watch", "watch_s", type=click.FloatRange(0, 600), default=3.0, show_default=True, help="Seconds to watch events."
)
@click.option("--write", type=PATH, help="Write a commented config.yaml with what was found.")
@click.option("--force", is_flag=True, help="Let --write replace an existing file.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object with all that was found.")
@click.pass_obj
@reports_errors
def join(
    config: Path | None,
    host: str,
    port: int | None,
    username: str | None,
    secret_file: Path | None,
    test_call: str | None,
    watch_s: float,
    write: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Look at a PBX, propose the settings for it and prove them; exit code 1 when something does not work."""
    from callcenter import logs
    from callcenter.features import config_file, onboarding
    from callcenter.features.findings import healthy

    logs.configure(level="error")
    if write is not None:
        config_file.refuse_existing(write, force=force)
    to = onboarding.Extension.parse(test_call) if test_call else None
    settings = onboarding.aimed_at(
        settings_file.load(config), host=host, port=port, username=username, secret_file=secret_file
    )
    report = asyncio.run(onboarding.join(settings, test_call=to, watch_s=watch_s, progress=say))
    if write is not None:
        onboarding.write_config(write, report.settings, force=force)
    if as_json:
        emit(onboarding.as_json(report, written=write))
    else:
        _show(report, write)
    if not healthy(list(report.findings)):
        sys.exit(EXIT_FAILED)


def _show(report: JoinReport, written: Path | None) -> None:
    show(report.findings)
    click.echo(f"\n# Asterisk {report.asterisk}; queues: {', '.join(report.queues) or 'none'}")
    for device in report.devices:
        click.echo(f"{device.interface:<24} {device.kind:<10} {device.why}")
    click.echo(
        f"\n# settings\npbx.agent_pattern: {report.agent_pattern}\nmedia.tap: {str(report.settings.media.tap).lower()}"
    )
    click.echo("\n# users for the agents")
    for agent in report.agents:
        click.echo(
            f"callcenter user add {agent.username} --name {shlex.quote(agent.name)} --interface {agent.interface}"
        )
    click.echo("\n# the AMI user with the least rights, for manager.conf")
    click.echo(report.manager_conf, nl=False)
    next_step = (
        f"wrote {written}; next: `callcenter doctor`, `callcenter serve`"
        if written
        else "add --write config.yaml to keep this"
    )
    say(next_step)
