"""``callcenter``: the command line. Commands live beside this file and import what they need when they run."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import click

COMMANDS = {
    "init": "callcenter.cli.serve:init",
    "serve": "callcenter.cli.serve:serve",
    "demo": "callcenter.cli.demo:demo",
    "doctor": "callcenter.cli.doctor:doctor",
    "pbx": "callcenter.cli.pbx:pbx",
    "replay": "callcenter.cli.replay:replay",
    "models": "callcenter.cli.speech:models",
    "asr": "callcenter.cli.speech:asr",
    "call": "callcenter.cli.speech:call",
    "nlp": "callcenter.cli.language:nlp",
    "order": "callcenter.cli.orders:order",
    "intake": "callcenter.cli.intake:intake",
    "template": "callcenter.cli.templates:template",
    "customer": "callcenter.cli.customers:customer",
    "asset": "callcenter.cli.assets:asset",
    "contract": "callcenter.cli.assets:contract",
    "search": "callcenter.cli.search:search_all",
    "maintenance": "callcenter.cli.maintenance:maintenance",
    "warranty": "callcenter.cli.warranty:warranty",
    "import": "callcenter.cli.sheets:import_sheet",
    "export": "callcenter.cli.sheets:export_sheet",
    "db": "callcenter.cli.database:db",
    "notify": "callcenter.cli.notify:notify",
    "approval-rules": "callcenter.cli.approval_rules:approval_rules",
    "sla": "callcenter.cli.service_levels:sla",
    "user": "callcenter.cli.records:user",
    "api-key": "callcenter.cli.api_keys:api_key",
    "openapi": "callcenter.cli.records:openapi",
}
"""Name → where the command is; loaded on use, so that `callcenter --help` and each command start fast."""


class Lazy(click.Group):
    """A group that imports a command when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """In the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import and return the command; None for an unknown name."""
        if cmd_name not in COMMANDS:
            return None
        module, _, name = COMMANDS[cmd_name].partition(":")
        command: Any = getattr(importlib.import_module(module), name)
        assert isinstance(command, click.Command)
        return command


@click.group(cls=Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--config", type=click.Path(path_type=Path), help="Settings file (default: $CALLCENTER_CONFIG, ./config.yaml)."
)
@click.version_option(package_name="callcenter-desk", message="callcenter %(version)s")
@click.pass_context
def main(ctx: click.Context, config: Path | None) -> None:
    """Call centre for home-appliance service: screen-pop, live transcript, work orders that fill themselves in."""
    ctx.obj = config
