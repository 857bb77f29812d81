"""``callcenter order repair …``: what each visit found, did and put in."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcenter.cli.options import BY, JSON, ORDER, at_most, of_customer
from callcenter.cli.output import emit, reports_errors
from callcenter.cli.session import Actor, by_key, change, run
from callcenter.errors import Invalid

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from workorder.fields import UsedPart
    from workorder.views.casework import PastRepairView, RepairView


@click.group()
def repair() -> None:
    """What each visit found, did and put in."""


@repair.command("list")
@ORDER
@JSON
@click.pass_obj
@reports_errors
def list_repairs(config: Path | None, key: str, as_json: bool) -> None:
    """The order's visits, oldest first."""
    from workorder.services import repairs

    async def read(session: AsyncSession) -> tuple[RepairView, ...]:
        return await repairs.repairs_of(session, await by_key(session, key))

    for found in run(config, read):
        emit(found) if as_json else click.echo(_line(found))


@repair.command("past")
@of_customer("At this customer.")
@click.option("--asset", "asset_id", metavar="ASSET_ID", help="On this appliance on file.")
@at_most(200)
@JSON
@click.pass_obj
@reports_errors
def list_past(config: Path | None, customer_id: str | None, asset_id: str | None, limit: int, as_json: bool) -> None:
    """Visits that hold, the newest first."""
    from workorder.services import repairs

    async def read(session: AsyncSession) -> tuple[PastRepairView, ...]:
        return (await repairs.past_repairs(session, customer_id=customer_id, asset_id=asset_id, limit=limit)).items

    for found in run(config, read):
        emit(found) if as_json else click.echo(f"{found.number}  {_line(found.repair)}")


@repair.command("add")
@ORDER
@click.option("--finding", required=True, help="What was found.")
@click.option("--action", required=True, help="What was done about it.")
@click.option("--part", "parts", multiple=True, metavar="NAME[=QUANTITY]", help="A part that went in; repeatable.")
@click.option("--minutes", type=int, help="Minutes at work.")
@click.option("--corrects", metavar="REPAIR_ID", help="The record of the same visit that it stands in for.")
@BY
@JSON
@click.pass_obj
@reports_errors
def add_repair(
    config: Path | None,
    key: str,
    finding: str,
    action: str,
    parts: tuple[str, ...],
    minutes: int | None,
    corrects: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Put a visit on record, also afterwards."""
    from workorder.commands import RecordRepair
    from workorder.services import repairs

    used = tuple(map(_part, parts))

    async def record(session: AsyncSession, actor: Actor) -> RepairView:
        command = RecordRepair(
            **actor.stamp(),
            order_id=await by_key(session, key),
            finding=finding,
            action=action,
            parts=used,
            minutes=minutes,
            corrects=corrects,
        )
        return await repairs.record_repair(session, command)

    found = change(config, by, record)
    emit(found) if as_json else click.echo(_line(found))


def _part(text: str) -> UsedPart:
    """``启动电容`` or ``启动电容=2``."""
    from workorder.fields import UsedPart

    name, _, quantity = text.partition("=")
    if quantity and not (quantity.isascii() and quantity.isdigit() and len(quantity) < 6):
        raise Invalid(f"{quantity!r} is no quantity", field="--part", fix="write NAME=2")
    return UsedPart(name, int(quantity or 1))


def _line(found: RepairView) -> str:
    parts = ", ".join(f"{part.name} x{part.quantity}" for part in found.parts)
    took = f"{found.minutes} min" if found.minutes else "-"
    said = f"{found.at:%Y-%m-%d %H:%M}  {found.by}  {took}  {found.finding} -> {found.action}  {parts}".rstrip()
    return f"{said}  (corrected)" if found.corrected_by else said
