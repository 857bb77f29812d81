"""``callcenter maintenance …``: plans of regular visits, whose orders come ahead of time."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcenter import config as settings_file
from callcenter.cli.options import BY, DAY, JSON, of_customer
from callcenter.cli.output import emit, reports_errors
from callcenter.cli.session import Actor, change, every, run

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from workorder.views.assets import PlanView

PLAN = click.argument("plan_id")


@click.group()
def maintenance() -> None:
    """Maintenance plans."""


@maintenance.command("list")
@of_customer("All plans of a customer, ended ones too.")
@click.option("--before", type=DAY, help="Plans with a visit due on or before this day.")
@JSON
@click.pass_obj
@reports_errors
def list_plans(config: Path | None, customer_id: str | None, before: datetime | None, as_json: bool) -> None:
    """Plans that go on, the most urgent first; with --customer the customer's, oldest first."""
    from workorder.services import maintenance as plans

    if customer_id and before:
        raise click.UsageError("--customer lists all plans of one customer: leave --before out")

    async def read(session: AsyncSession) -> Sequence[PlanView]:
        if customer_id:
            return await plans.plans_of(session, customer_id)
        day = before.date() if before else date.max
        return await every(lambda cursor: plans.plans_due(session, before=day, cursor=cursor, limit=200))

    for found in run(config, read):
        _show(found, as_json=as_json)


@maintenance.command()
@PLAN
@JSON
@click.pass_obj
@reports_errors
def show(config: Path | None, plan_id: str, as_json: bool) -> None:
    """One plan with its visits and their orders, the newest first."""
    from workorder.services import maintenance as plans

    found = run(config, lambda session: plans.plan_view(session, plan_id))
    _show(found, as_json=as_json)
    if not as_json:
        for visit in found.visits:
            click.echo(f"  {visit.due_on}  {visit.order_id or 'overtaken'}")


@maintenance.command()
@click.argument("customer_id")
@click.argument("title")
@click.option("--every", "interval_months", type=int, required=True, metavar="MONTHS", help="Months between visits.")
@click.option("--first", "first_on", type=DAY, required=True, help="The day of the first visit.")
@click.option("--lead-days", type=int, default=14, show_default=True, help="How long before a visit its order comes.")
@click.option("--until", "ends_on", type=DAY, help="The last day on which there may be a visit.")
@click.option("--asset", "asset_id", metavar="ASSET_ID", help="The appliance to be serviced.")
@click.option("--contract", "contract_id", metavar="CONTRACT_ID", help="The contract whose visits it uses.")
@click.option("--notes", default="", help="For those who go there.")
@BY
@JSON
@click.pass_obj
@reports_errors
def add(
    config: Path | None,
    customer_id: str,
    title: str,
    interval_months: int,
    first_on: datetime,
    lead_days: int,
    ends_on: datetime | None,
    asset_id: str | None,
    contract_id: str | None,
    notes: str,
    by: str | None,
    as_json: bool,
) -> None:
    """Plan regular visits to a customer or one of its appliances."""
    from callcenter.config import zone
    from workorder.commands import SavePlan
    from workorder.services import maintenance as plans

    local = zone(settings_file.load(config).timezone)

    async def save(session: AsyncSession, actor: Actor) -> PlanView:
        command = SavePlan(
            **actor.stamp(),
            customer_id=customer_id,
            title=title,
            interval_months=interval_months,
            first_on=first_on.date(),
            lead_days=lead_days,
            ends_on=ends_on.date() if ends_on else None,
            asset_id=asset_id,
            contract_id=contract_id,
            notes=notes,
        )
        return await plans.save_plan(session, command, zone=local)

    _show(change(config, by, save), as_json=as_json)


@maintenance.command()
@PLAN
@click.option("--title", help="What is done.")
@click.option("--every", "interval_months", type=int, metavar="MONTHS", help="Months between visits.")
@click.option("--first", "first_on", type=DAY, help="The day that visits are counted from.")
@click.option("--lead-days", type=int, help="How long before a visit its order comes.")
@click.option("--until", "ends_on", type=DAY, help="The last day on which there may be a visit.")
@click.option("--notes", help="For those who go there.")
@click.option("--resume", "active", is_flag=True, default=None, help="Go on with a plan that has ended.")
@BY
@JSON
@click.pass_obj
@reports_errors
def edit(config: Path | None, /, plan_id: str, by: str | None, as_json: bool, **wanted: Any) -> None:
    """Change what is said of a plan; all else stays."""
    said = {name: value for name, value in wanted.items() if value is not None}
    days = {name: value.date() for name, value in said.items() if isinstance(value, datetime)}
    _show(_changed(config, plan_id, by, {**said, **days}), as_json=as_json)


@maintenance.command()
@PLAN
@BY
@JSON
@click.pass_obj
@reports_errors
def end(config: Path | None, plan_id: str, by: str | None, as_json: bool) -> None:
    """Stop a plan: no more orders come of it. One that has ended stays as it is."""
    _show(_changed(config, plan_id, by, {"active": False}), as_json=as_json)


def _changed(config: Path | None, plan_id: str, by: str | None, wanted: dict[str, Any]) -> PlanView:
    """The plan with these fields of ``SavePlan``; kept only when that is a difference."""
    from callcenter.config import zone
    from workorder.commands import SavePlan
    from workorder.services import maintenance as plans

    local = zone(settings_file.load(config).timezone)

    async def save(session: AsyncSession, actor: Actor) -> PlanView:
        plan = await plans.plan_view(session, plan_id)
        if all(getattr(plan, name) == value for name, value in wanted.items()):
            return plan
        there = {field.name: getattr(plan, field.name) for field in fields(SavePlan) if hasattr(plan, field.name)}
        return await plans.save_plan(session, SavePlan(**{**there, **wanted, **actor.stamp()}), zone=local)

    return change(config, by, save)


def _show(found: PlanView, *, as_json: bool) -> None:
    if as_json:
        emit(found)
        return
    state = f"next {found.next_on}" if found.active else f"ended: {found.stopped_because}"
    click.echo(f"{found.plan_id}  every {found.interval_months} months  {state}  {found.title}")
