"""``callcenter order clock|warranty``: how an order stands against its service level, and against its warranty."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcenter.cli.options import DAY, JSON, ORDER
from callcenter.cli.output import emit, reports_errors
from callcenter.cli.session import by_key, run

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from workorder.services.order_clock import OrderClockView
    from workorder.views.assets import OrderWarrantyView


@click.command()
@ORDER
@JSON
@click.pass_obj
@reports_errors
def clock(config: Path | None, key: str, as_json: bool) -> None:
    """Its service level, due times, alerts, and when similar orders were done."""
    from callcenter.clock import SystemClock
    from workorder.services.order_clock import order_clock

    async def read(session: AsyncSession) -> OrderClockView:
        return await order_clock(session, await by_key(session, key), now=SystemClock().now())

    found = run(config, read)
    if as_json:
        emit(found)
        return
    stands, ahead = found.standing, found.forecast
    click.echo(
        f"{stands.tier}  {stands.used:.0%} used  {f'waits for {stands.paused}' if stands.paused else ''}".rstrip()
    )
    for name in ("respond_by", "resolve_by", "responded_at", "resolved_at"):
        if (moment := getattr(stands, name)) is not None:
            click.echo(f"  {name:<14}{moment:%Y-%m-%d %H:%M}Z")
    for alert in found.alerts:
        click.echo(f"  {alert.at:%Y-%m-%d %H:%M}Z  {alert.alert}  {alert.mark}")
    if ahead is not None and ahead.probability is not None:
        click.echo(f"  late with a probability of {ahead.probability:.0%}, by {ahead.similar} similar orders")


@click.command("warranty")
@ORDER
@click.option("--on", type=DAY, help="The day (default: today).")
@click.option("--part", help="One part instead of the whole appliance.")
@click.option("--cause", help="Why it broke: misuse, foreign_repair, no_proof, wrong_model, force_majeure.")
@JSON
@click.pass_obj
@reports_errors
def order_warranty(
    config: Path | None, key: str, on: datetime | None, part: str | None, cause: str | None, as_json: bool
) -> None:
    """What the customer claims about warranty against what is so, with citations."""
    from callcenter.clock import SystemClock
    from workorder.services import warranty

    day = on.date() if on else warranty.local_day(SystemClock().now())

    async def read(session: AsyncSession) -> OrderWarrantyView:
        return await warranty.order_warranty(session, await by_key(session, key), on=day, part=part, cause=cause)

    found = run(config, read)
    if as_json:
        emit(found)
        return
    verdict = found.warranty
    claimed = {True: "in warranty", False: "out of warranty", None: "nothing"}[found.claimed]
    click.echo(f"{verdict.state}  {verdict.until or ''}  the customer claims: {claimed}")
    for reason in verdict.reasons:
        click.echo(f"  {reason.text}  [{reason.citation}]")
