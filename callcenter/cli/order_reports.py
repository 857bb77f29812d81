"""``callcenter order report|chase``: what came in about an order, and drafts that were about another one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcenter.cli.options import BY, JSON, ORDER
from callcenter.cli.output import emit, reports_errors, say
from callcenter.cli.session import Actor, by_key, change, line, run
from callcenter.errors import Conflict

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from workorder.views.casework import IntakeView, ReportView
    from workorder.views.orders import OrderView


@click.group()
def report() -> None:
    """What came in about orders, from whatever channel."""


@report.command("list")
@ORDER
@JSON
@click.pass_obj
@reports_errors
def list_reports(config: Path | None, key: str, as_json: bool) -> None:
    """What came in about the order, oldest first."""
    from workorder.services import reports

    async def read(session: AsyncSession) -> tuple[ReportView, ...]:
        return await reports.reports_of(session, await by_key(session, key))

    for found in run(config, read):
        if as_json:
            emit(found)
            continue
        click.echo(f"{found.report_id}  {found.at:%Y-%m-%d %H:%M}  {found.channel}  {found.outcome}")


@report.command("get")
@click.argument("report_id")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@BY
@click.pass_obj
@reports_errors
def get(config: Path | None, report_id: str, file: Path, force: bool, by: str | None) -> None:
    """Write what was sent, byte by byte, to FILE (mode 0600); leaves an audit line."""
    from callcenter.storage import audit
    from workorder.services import reports

    if file.exists() and not force:
        raise Conflict(f"{file} exists already", field="file", fix="name another, or give --force")

    async def read(session: AsyncSession, actor: Actor) -> bytes:
        _, content = await reports.payload_of(session, report_id)
        await audit.add(session, **actor.stamp(), action="report.read", subject=report_id)
        return content

    content = change(config, by, read)
    # The words of a customer: for the one who asked, nobody else.
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(content)
    say(f"{len(content)} bytes in {file}")


@report.command()
@click.argument("report_id")
@BY
@JSON
@click.pass_obj
@reports_errors
def separate(config: Path | None, report_id: str, by: str | None, as_json: bool) -> None:
    """A chase-up was about something else: it gets a draft of its own."""
    from workorder.commands import SeparateReport
    from workorder.services import reports

    async def put(session: AsyncSession, actor: Actor) -> IntakeView:
        return await reports.separate_report(session, SeparateReport(**actor.stamp(), report_id=report_id))

    done = change(config, by, put)
    emit(done) if as_json else click.echo(f"{done.outcome}  {line(done.order)}")


@click.command()
@click.argument("draft", metavar="DRAFT")
@ORDER
@BY
@JSON
@click.pass_obj
@reports_errors
def chase(config: Path | None, draft: str, key: str, by: str | None, as_json: bool) -> None:
    """DRAFT is about the open ORDER: the draft ends, the order gets the chase-up."""
    from workorder.commands import ChaseOrder
    from workorder.services import reports

    async def put(session: AsyncSession, actor: Actor) -> OrderView:
        order_id, target_id = await by_key(session, draft), await by_key(session, key)
        return await reports.chase_order(session, ChaseOrder(**actor.stamp(), order_id=order_id, target_id=target_id))

    found = change(config, by, put)
    emit(found) if as_json else click.echo(line(found))
