"""``callcenter order …``: work orders from the command line."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from callcenter import config as settings_file
from callcenter.cli.output import EXIT_FAILED, emit, reports_errors, say
from callcenter.cli.records import open_records
from callcenter.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from workorder.views import OrderView

T = TypeVar("T")
JSON = click.option("--json", "as_json", is_flag=True, help="JSON, one object a line.")


@click.group()
def order() -> None:
    """Work orders: find, read, move, prove. ORDER is a number (WO20261121-0001) or an id."""


@order.command("list")
@click.option("--status", help="Only orders in this status, e.g. created.")
@click.option("-q", "q", help="A number, a phone number, or how the contact's name begins.")
@click.option("--limit", type=click.IntRange(1, 200), default=50, show_default=True)
@JSON
@click.pass_obj
@reports_errors
def list_orders(config: Path | None, status: str | None, q: str | None, limit: int, as_json: bool) -> None:
    """The newest orders."""
    from workorder.services import orders

    query = orders.OrderQuery(status=status, q=q, limit=limit)
    for found in run(config, lambda session: orders.list_orders(session, query)).items:
        emit(found) if as_json else click.echo(line(found))


@order.command()
@click.argument("key", metavar="ORDER")
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
@click.argument("key", metavar="ORDER")
@click.argument("action")
@click.option("--reason", help="Why; some steps need it.")
@click.option("--confirmation", help="On whose word it is done: customer or recovery.")
@JSON
@click.pass_obj
@reports_errors
def move(
    config: Path | None, key: str, action: str, reason: str | None, confirmation: str | None, as_json: bool
) -> None:
    """Take one step of the life cycle, e.g. dispatch; a step that is not possible names those that are."""
    from callcenter.app import zone
    from callcenter.clock import SystemClock
    from workorder.commands import MoveOrder
    from workorder.services import lifecycle

    now = SystemClock().now()
    day = now.astimezone(zone(settings_file.load(config).timezone)).strftime("%Y%m%d")

    async def step(session: AsyncSession) -> OrderView:
        command = MoveOrder(
            by=operator(),
            at=now,
            order_id=await by_key(session, key),
            action=action,
            reason=reason,
            confirmation=confirmation,
            business_day=day,
        )
        return await lifecycle.move_order(session, command)

    moved = run(config, step, write=True)
    emit(moved) if as_json else click.echo(line(moved))


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


def run(config: Path | None, work: Callable[[AsyncSession], Awaitable[T]], *, write: bool = False) -> T:
    """Do ``work`` in one transaction of the configured database."""

    async def go() -> T:
        async with open_records(config) as (database, _):
            async with database.write() if write else database.read() as unit:
                result = await work(unit.session)
                if write:
                    await unit.commit()
            return result

    return asyncio.run(go())


async def by_key(session: AsyncSession, key: str) -> str:
    """The id of the order with this number or id; raises NotFound."""
    from workorder.services import orders

    found = await orders.list_orders(session, orders.OrderQuery(number=key.upper(), limit=1))
    if found.items:
        return found.items[0].order_id
    if len(key) > 26:
        raise NotFound(f"there is no work order {key}", field="ORDER")
    return (await orders.get_order(session, key)).order_id


def operator() -> str:
    """Who sits at the command line, for the audit trail."""
    return f"cli:{os.environ.get('USER') or os.getuid()}"[:40]


def line(found: OrderView) -> str:
    """An order in one line."""
    fields = (found.fields.get(name) for name in ("customer_name", "brand", "appliance", "fault"))
    about = " ".join(value.display for value in fields if value and value.display)
    return f"{found.number or found.order_id}  {found.status}  {found.priority}  {about}".rstrip()
