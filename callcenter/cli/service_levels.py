"""``callcenter sla``: the service levels in force, how they were kept, and whether outlooks came true."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import click
import orjson

from callcenter import config as settings_file
from callcenter.cli.options import DAY, JSON, SEEN_VERSION, at_most
from callcenter.cli.output import emit, reports_errors, say
from callcenter.cli.session import open_records, operator
from callcenter.errors import Invalid


def _period(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that name a time: by default the last 30 days."""
    for option in (
        click.option("--json", "as_json", is_flag=True),
        click.option("--until", type=DAY, help="Up to this day (default: now)."),
        click.option("--since", type=DAY, help="From this day on (default: 30 days before)."),
    ):
        command = option(command)
    return command


def _span(config: Path | None, since: datetime | None, until: datetime | None) -> dict[str, datetime]:
    """Days in the zone of the settings."""
    from callcenter.clock import SystemClock
    from callcenter.config import zone

    local = zone(settings_file.load(config).timezone)
    end = until.replace(tzinfo=local) + timedelta(days=1) if until else SystemClock().now()
    start = since.replace(tzinfo=local) if since else end - timedelta(days=30)
    if start >= end:
        raise Invalid("must not lie after --until", field="--since", fix="turn the two round")
    return {"since": start, "until": end}


@click.group()
def sla() -> None:
    """Service levels."""


@sla.command()
@click.pass_obj
@reports_errors
def show(config: Path | None) -> None:
    """Print the table in force as JSON, to be edited and put back by `sla set`."""
    from workorder.services import service_level

    async def run() -> None:
        async with open_records(config) as (database, _), database.read() as work:
            found = await service_level.table_in_force(work.session)
        say(f"version {found.version}" + (f", saved {found.at:%Y-%m-%d %H:%M}Z by {found.by}" if found.at else ""))
        click.echo(orjson.dumps(found.table.model_dump(mode="json"), option=orjson.OPT_INDENT_2).decode())

    asyncio.run(run())


@sla.command("set")
@click.argument("file", type=click.Path(path_type=Path))
@SEEN_VERSION
@JSON
@click.pass_obj
@reports_errors
def set_table(config: Path | None, file: Path, seen_version: int | None, as_json: bool) -> None:
    """Check a table and put it in force; orders take it over when they change next."""
    from callcenter.clock import SystemClock
    from workorder.policy.sla_table import read
    from workorder.services import service_level

    try:
        table = read(file.read_bytes())
    except OSError as error:
        raise Invalid(f"cannot be read: {error.strerror}", field=str(file)) from error

    async def run() -> None:
        by, at = operator(), SystemClock().now()
        async with open_records(config) as (database, _), database.write() as work:
            saved = await service_level.save_table(work.session, table, seen_version=seen_version, by=by, at=at)
            await work.commit()
        if as_json:
            emit({"version": saved.version, "tiers": [tier.name for tier in table.tiers]})
        else:
            say(f"version {saved.version} is in force: {len(table.tiers)} tiers")

    asyncio.run(run())


@sla.command()
@JSON
@click.pass_obj
@reports_errors
def versions(config: Path | None, as_json: bool) -> None:
    """What was in force when, the newest first."""
    from workorder.services import service_level

    async def run() -> None:
        async with open_records(config) as (database, _), database.read() as work:
            found = await service_level.table_versions(work.session)
        for one in found:
            if as_json:
                table = one.table.model_dump(mode="json")
                emit({"version": one.version, "at": one.at, "by": one.by, "table": table})
            else:
                tiers = ", ".join(tier.name for tier in one.table.tiers)
                click.echo(f"{one.version}  {one.at:%Y-%m-%d %H:%M}Z  {one.by}  {tiers}")

    asyncio.run(run())


@sla.command()
@click.option("--alert", help="Only warned, breached, untouched, node_missed or outlook.")
@click.option("--still-open", is_flag=True, help="Only of orders that are not closed yet.")
@at_most(200)
@JSON
@click.pass_obj
@reports_errors
def alerts(config: Path | None, alert: str | None, still_open: bool, limit: int, as_json: bool) -> None:
    """Alerts of all orders, the newest first."""
    from workorder.policy.sla_watch import Alert
    from workorder.services.lifecycle import word
    from workorder.services.sla_alerts import all_alerts

    async def run() -> None:
        wanted = word(Alert, alert, "--alert") if alert else None
        async with open_records(config) as (database, _), database.read() as work:
            found = await all_alerts(work.session, alert=wanted, still_open=still_open, limit=limit)
        for one in found.items:
            said = f"{one.alert.at:%Y-%m-%d %H:%M}Z  {one.number or one.order_id}  {one.status}  {one.alert.alert}"
            emit(one) if as_json else click.echo(f"{said}  {one.alert.mark}")

    asyncio.run(run())


@sla.command()
@_period
@click.option(
    "--by",
    type=click.Choice(["tier", "service_type", "appliance", "brand", "district", "priority", "handler", "team"]),
    default="tier",
    help="What orders are grouped by.",
)
@click.pass_obj
@reports_errors
def report(config: Path | None, since: datetime | None, until: datetime | None, by: Any, as_json: bool) -> None:
    """How often limits were kept, of orders created in a period."""
    from callcenter.storage import users
    from workorder.services import sla_report

    async def run() -> None:
        span = _span(config, since, until)
        async with open_records(config) as (database, _), database.read() as work:
            groups = await sla_report.attainment(work.session, **span, by=by)
            names = {user.user_id: user.username for user in await users.list_users(work.session)}
        if as_json:
            emit({"by": by, **span, "groups": groups})
            return
        click.echo(f"{by:<20}{'orders':>8}{'respond':>10}{'resolve':>10}{'avg hours':>11}")
        for group in groups:
            rates = "".join(f"{_percent(rate):>10}" for rate in (group.respond_rate, group.resolve_rate))
            took = "-" if group.took_avg_s is None else f"{group.took_avg_s / 3600:.1f}"
            shown = names.get(group.group or "", group.group) or "-"
            click.echo(f"{shown:<20}{group.orders:>8}{rates}{took:>11}")

    asyncio.run(run())


@sla.command()
@_period
@click.pass_obj
@reports_errors
def stages(config: Path | None, since: datetime | None, until: datetime | None, as_json: bool) -> None:
    """How long orders rested at each step, and the slack a plan needs there."""
    from workorder.services import sla_report

    async def run() -> None:
        span = _span(config, since, until)
        async with open_records(config) as (database, _), database.read() as work:
            found = await sla_report.stage_times(work.session, **span)
        if as_json:
            emit({**span, "stages": found})
            return
        click.echo(f"{'status':<16}{'visits':>8}{'p50 h':>9}{'p90 h':>9}{'buffer h':>10}{'share':>8}")
        for stage in found:
            hours = "".join(f"{value / 3600:>9.1f}" for value in (stage.p50_s, stage.p90_s))
            tail = f"{stage.buffer_s / 3600:>10.1f}{stage.share:>8.0%}{'  <- bottleneck' if stage.bottleneck else ''}"
            click.echo(f"{stage.status:<16}{stage.visits:>8}{hours}{tail}")

    asyncio.run(run())


@sla.command()
@_period
@click.pass_obj
@reports_errors
def backtest(config: Path | None, since: datetime | None, until: datetime | None, as_json: bool) -> None:
    """Try the predicted delay on orders that are done: whether 70 % means 70 %."""
    from workorder.services import sla_report

    async def run() -> None:
        span = _span(config, since, until)
        async with open_records(config) as (database, _), database.read() as work:
            found = await sla_report.backtest(work.session, **span)
        if as_json:
            emit({**span, "orders": found.orders, "all": found.all, "checkpoints": found.checkpoints})
            return
        seen = found.all
        if seen.brier is None:
            say("not enough orders that are done")
            return
        click.echo(
            f"{seen.count} predictions on {found.orders} orders: Brier {seen.brier:.4f} (always the base rate: "
            f"{seen.base_brier:.4f}), calibration error {seen.calibration_error:.4f}"
        )
        for part in seen.bins:
            said = f"said {part.predicted:.0%}, came true {part.observed:.0%}"
            click.echo(f"  {part.low:.0%} to {part.high:.0%}: {part.count:>5}  {said}")

    asyncio.run(run())


def _percent(rate: float | None) -> str:
    return "-" if rate is None else f"{rate:.1%}"
