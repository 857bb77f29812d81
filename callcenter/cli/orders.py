"""``callcenter order …``: work orders from the command line; groups of its commands live beside this file."""

from __future__ import annotations

import sys
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcenter import config as settings_file
from callcenter.cli.options import BY, JSON, ORDER
from callcenter.cli.order_approvals import approval
from callcenter.cli.order_clock import clock, order_warranty
from callcenter.cli.order_fields import draft, edit, order_asset, order_customer
from callcenter.cli.order_files import order_file
from callcenter.cli.order_list import list_orders
from callcenter.cli.order_parts import part
from callcenter.cli.order_repairs import repair
from callcenter.cli.order_reports import chase, report
from callcenter.cli.order_teamwork import comment, hand_over, task
from callcenter.cli.output import EXIT_FAILED, emit, reports_errors, say
from callcenter.cli.session import Actor, by_key, change, change_line, every, line, run
from callcenter.errors import Invalid

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from workorder.views.casework import ReplyView
    from workorder.views.orders import ChangeView, OrderView, ProgressView


@click.group()
def order() -> None:
    """Work orders: find, read, move, work on them together, prove. ORDER is a number (WO20261121-0001) or an id."""


for command in (
    list_orders,
    draft,
    edit,
    order_customer,
    order_asset,
    order_warranty,
    clock,
    report,
    chase,
    comment,
    task,
    repair,
    hand_over,
    approval,
    part,
    order_file,
):
    order.add_command(command)


@order.command()
@ORDER
@JSON
@click.pass_obj
@reports_errors
def show(config: Path | None, key: str, as_json: bool) -> None:
    """One order: its fields, what can be done now, and its steps."""
    from workorder.services import orders, trail

    async def read(session: AsyncSession) -> tuple[OrderView, Any]:
        found = await by_key(session, key)
        return await orders.get_order(session, found), await trail.trail(session, found, field="status", limit=200)

    found, steps = run(config, read)
    if as_json:
        emit({"order": found, "steps": steps.items})
        return
    click.echo(line(found))
    for name, value in found.fields.items():
        click.echo(f"  {name:<20}{value.display}")
    for step in steps.items:
        click.echo(f"  {step.at:%Y-%m-%d %H:%M}  {step.after}  {step.by}  {step.reason or ''}".rstrip())
    click.echo(f"  possible now: {', '.join(move.action for move in found.moves) or 'nothing'}")


@order.command()
@ORDER
@click.argument("action")
@click.option("--reason", help="Why; some steps need it.")
@click.option("--confirmation", help="On whose word it is done: customer or recovery.")
@click.option("--eta", metavar="TIME", help="With depart: when the technician is expected, 14:30 or ISO 8601.")
@BY
@JSON
@click.pass_obj
@reports_errors
def move(
    config: Path | None,
    key: str,
    action: str,
    reason: str | None,
    confirmation: str | None,
    eta: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Take one step of the life cycle, e.g. dispatch; a step that is not possible names those that are."""
    from callcenter.config import zone
    from workorder.commands import MoveOrder
    from workorder.services import lifecycle

    local = zone(settings_file.load(config).timezone)

    async def step(session: AsyncSession, actor: Actor) -> OrderView:
        command = MoveOrder(
            **actor.stamp(),
            order_id=await by_key(session, key),
            action=action,
            reason=reason,
            confirmation=confirmation,
            eta=_moment(eta, actor.at.astimezone(local)) if eta else None,
            business_day=actor.at.astimezone(local).strftime("%Y%m%d"),
            roles=actor.roles,
        )
        return await lifecycle.move_order(session, command)

    moved = change(config, by, step)
    emit(moved) if as_json else click.echo(line(moved))


@order.command()
@ORDER
@click.argument("urgency", metavar="PRIORITY")
@click.option("--reason", help="Why; kept in the trail.")
@BY
@JSON
@click.pass_obj
@reports_errors
def priority(config: Path | None, key: str, urgency: str, reason: str | None, by: str | None, as_json: bool) -> None:
    """Say how urgent the work is: normal, high or critical."""
    from workorder.commands import SetPriority
    from workorder.services import lifecycle

    async def step(session: AsyncSession, actor: Actor) -> OrderView:
        order_id = await by_key(session, key)
        command = SetPriority(**actor.stamp(), order_id=order_id, priority=urgency, reason=reason)
        return await lifecycle.set_priority(session, command)

    found = change(config, by, step)
    emit(found) if as_json else click.echo(line(found))


@order.command()
@ORDER
@JSON
@click.pass_obj
@reports_errors
def progress(config: Path | None, key: str, as_json: bool) -> None:
    """How it goes, in what the customer may see: no names, no reasons."""
    from workorder.services import progress as customers_view

    async def read(session: AsyncSession) -> ProgressView:
        return await customers_view.progress(session, await by_key(session, key))

    found = run(config, read)
    if as_json:
        emit(found)
        return
    click.echo(f"{found.number or '-'}  {found.label}  {found.appliance}  {found.appointment}".rstrip())
    for milestone in found.milestones:
        click.echo(f"  {milestone.at:%Y-%m-%d %H:%M}  {milestone.label}")


@order.command()
@ORDER
@JSON
@click.pass_obj
@reports_errors
def replies(config: Path | None, key: str, as_json: bool) -> None:
    """Standard answers to the customer, filled in for the order."""
    from workorder.services import orders, templates

    async def read(session: AsyncSession) -> tuple[ReplyView, ...]:
        return await templates.replies(session, await orders.get_order(session, await by_key(session, key)))

    for found in run(config, read):
        emit(found) if as_json else click.echo(f"{found.name}: {found.text}")


@order.command("trail")
@ORDER
@click.option("--field", help="Only the changes of this field; status: its steps.")
@JSON
@click.pass_obj
@reports_errors
def show_trail(config: Path | None, key: str, field: str | None, as_json: bool) -> None:
    """The whole audit trail: who changed what, when, from what to what, why."""
    from workorder.services import trail

    async def read(session: AsyncSession) -> list[ChangeView]:
        order_id = await by_key(session, key)
        return await every(lambda cursor: trail.trail(session, order_id, field=field, cursor=cursor, limit=200))

    for found in run(config, read):
        if as_json:
            emit(found)
            continue
        click.echo(change_line(found))


@order.command()
@click.argument("key", metavar="ORDER", required=False)
@JSON
@click.pass_obj
@reports_errors
def verify(config: Path | None, key: str | None, as_json: bool) -> None:
    """Prove the audit trail of one order or of all: exit code 1 names the lines that were touched."""
    from workorder.services import trail

    async def prove(session: AsyncSession) -> trail.TrailReport:
        return await trail.verify(session, order_id=await by_key(session, key) if key else None)

    report = run(config, prove)
    if as_json:
        emit(report)
    else:
        for fault in report.faults:
            where = f"line {fault.change_id}" if fault.change_id else "end"
            click.echo(f"{fault.number or fault.order_id}: {where}: {fault.problem}")
        say(f"{report.orders} orders, {report.changes} lines, {len(report.faults)} touched; digest {report.digest}")
    if report.faults:
        sys.exit(EXIT_FAILED)


def _moment(text: str, now: datetime) -> datetime:
    """``14:30`` (the next one after ``now``, in its zone) or ISO 8601, without an offset in that zone."""
    try:
        if len(text) > 5:
            found = datetime.fromisoformat(text)
            return found if found.tzinfo else found.replace(tzinfo=now.tzinfo)
        found = datetime.combine(now.date(), time.fromisoformat(text.zfill(5)), now.tzinfo)
    except ValueError:
        raise Invalid(f"{text!r} is no time", field="--eta", fix="write 14:30, or 2026-11-22T14:30+08:00") from None
    return found if found >= now else found + timedelta(days=1)
