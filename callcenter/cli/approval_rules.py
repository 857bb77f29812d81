"""``callcenter approval-rules``: which steps, and which goodwill, need whose word."""

from __future__ import annotations

from pathlib import Path
from typing import IO, TYPE_CHECKING

import click
import orjson

from callcenter.cli.options import JSON, SEEN_VERSION
from callcenter.cli.output import emit, reports_errors, say
from callcenter.cli.session import operator, run

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from workorder.services.approval_rules import ApprovalTableView


@click.group("approval-rules")
def approval_rules() -> None:
    """Which steps, and which goodwill, need whose word."""


@approval_rules.command()
@click.pass_obj
@reports_errors
def show(config: Path | None) -> None:
    """Print the rules in force as JSON, to be edited and put back by `approval-rules set`."""
    from workorder.services import approval_rules

    found = run(config, approval_rules.rules_in_force)
    say(
        f"version {found.version}" + (f", saved {found.at:%Y-%m-%d %H:%M}Z by {found.by}" if found.at else ", built in")
    )
    click.echo(orjson.dumps(found.table.model_dump(mode="json"), option=orjson.OPT_INDENT_2).decode())


@approval_rules.command("set")
@click.argument("source", metavar="FILE", type=click.File("rb"))
@SEEN_VERSION
@JSON
@click.pass_obj
@reports_errors
def put(config: Path | None, source: IO[bytes], seen_version: int | None, as_json: bool) -> None:
    """Check rules and put them in force; a mistake names its place and changes nothing."""
    from callcenter.auth.permissions import Role
    from callcenter.clock import SystemClock
    from callcenter.storage import audit
    from workorder.policy.approvals import read
    from workorder.services import approval_rules

    table = read(source.read())

    async def save(session: AsyncSession) -> ApprovalTableView:
        at = SystemClock().now()
        saved = await approval_rules.save_rules(
            session, table, seen_version=seen_version, roles=tuple(Role), by=operator(), at=at
        )
        subject = str(saved.version)
        await audit.add(session, at=at, by=operator(), action="approval_rules.saved", subject=subject)
        return saved

    saved = run(config, save, write=True)
    if as_json:
        emit({"version": saved.version, "rules": [rule.name for rule in table.rules]})
    else:
        say(f"version {saved.version} is in force: {len(table.rules)} rules")


@approval_rules.command()
@JSON
@click.pass_obj
@reports_errors
def versions(config: Path | None, as_json: bool) -> None:
    """What was in force when, the newest first."""
    from workorder.services import approval_rules

    for found in run(config, approval_rules.rule_versions):
        if as_json:
            document = found.table.model_dump(mode="json")
            emit({"version": found.version, "at": found.at, "by": found.by, "table": document})
            continue
        names = ", ".join(rule.name for rule in found.table.rules)
        click.echo(f"{found.version}  {found.at:%Y-%m-%d %H:%M}Z  {found.by}  {names}")
