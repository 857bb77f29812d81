"""``callcenter asset|contract``: appliances on file, extended warranties and maintenance contracts."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcenter.cli.options import BY, DAY, JSON, of_customer
from callcenter.cli.output import emit, reports_errors
from callcenter.cli.session import Actor, change, every, run

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.ext.asyncio import AsyncSession

    from workorder.views.assets import AssetRecord, ContractView

ASSET = click.argument("asset_id")
_TEXTS = {
    "brand": "Brand.",
    "model": "Model.",
    "serial": "Serial number; one appliance each.",
    "invoice_no": "Number of the invoice.",
    "notes": "What colleagues should know.",
}
_DAYS = {
    "purchased_on": "Day of the invoice.",
    "installed_on": "Day it was installed.",
    "replaced_on": "Day it was exchanged for a new one.",
    "warranty_until": "The last day that its warranty card names.",
}


def _on_file(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what is on an appliance's file."""
    for name, words in reversed({**_TEXTS, **_DAYS}.items()):
        kind = DAY if name in _DAYS else None
        command = click.option(f"--{name.replace('_', '-')}", name, type=kind, help=words)(command)
    return command


@click.group()
def asset() -> None:
    """Appliances on file."""


@asset.command("list")
@click.option("--serial", help="How the serial number begins.")
@click.option("--model", help="How the model begins.")
@of_customer("Only this customer's.")
@JSON
@click.pass_obj
@reports_errors
def list_assets(
    config: Path | None, serial: str | None, model: str | None, customer_id: str | None, as_json: bool
) -> None:
    """Appliances by serial number, model or customer, oldest first."""
    from workorder.services import assets

    if not (serial or model or customer_id):
        raise click.UsageError("say what is known of it: --serial, --model or --customer")

    async def read(session: AsyncSession) -> Sequence[AssetRecord]:
        return await every(
            lambda cursor: assets.find_assets(
                session, on=_today(), serial=serial, model=model, customer_id=customer_id, cursor=cursor, limit=200
            )
        )

    for found in run(config, read):
        _show(found, as_json=as_json)


@asset.command()
@ASSET
@JSON
@click.pass_obj
@reports_errors
def show(config: Path | None, asset_id: str, as_json: bool) -> None:
    """One appliance with its warranty today; `callcenter warranty show` says why."""
    from workorder.services import assets

    _show(run(config, lambda session: assets.asset_record(session, asset_id, on=_today())), as_json=as_json)


@asset.command()
@click.argument("customer_id")
@click.argument("appliance")
@_on_file
@BY
@JSON
@click.pass_obj
@reports_errors
def add(
    config: Path | None,
    /,
    customer_id: str,
    appliance: str,
    by: str | None,
    as_json: bool,
    **given: str | datetime | None,
) -> None:
    """Put an appliance on a customer's file, e.g. `asset add CUSTOMER_ID 空调 --brand 格力`."""
    from workorder.commands import AddAsset, NewAsset
    from workorder.services import assets

    async def put(session: AsyncSession, actor: Actor) -> AssetRecord:
        values: dict[str, Any] = _values(given)
        new = NewAsset(appliance=appliance, **values)
        return await assets.add_asset(session, AddAsset(**actor.stamp(), customer_id=customer_id, asset=new))

    _show(change(config, by, put), as_json=as_json)


@asset.command()
@ASSET
@click.option("--appliance", help="What it is.")
@_on_file
@click.option("--retired-on", type=DAY, help="The day since which it is gone.")
@of_customer("Whose it is now.")
@click.option("--empty", multiple=True, metavar="NAME", help="Take a value away, e.g. warranty_until.")
@BY
@JSON
@click.pass_obj
@reports_errors
def edit(
    config: Path | None,
    /,
    asset_id: str,
    empty: tuple[str, ...],
    by: str | None,
    as_json: bool,
    **given: str | datetime | None,
) -> None:
    """Change an appliance; what is not given stays, its warranty follows."""
    from workorder.commands import EditAsset
    from workorder.services import assets

    async def put(session: AsyncSession, actor: Actor) -> AssetRecord:
        changes = {**dict.fromkeys(empty), **_values(given)}
        return await assets.edit_asset(session, EditAsset(**actor.stamp(), asset_id=asset_id, changes=changes))

    _show(change(config, by, put), as_json=as_json)


@click.group()
def contract() -> None:
    """Extended warranties (延保) and maintenance contracts (维保)."""


@contract.command("list")
@click.argument("customer_id")
@JSON
@click.pass_obj
@reports_errors
def list_contracts(config: Path | None, customer_id: str, as_json: bool) -> None:
    """A customer's contracts."""
    from workorder.services.contract_views import contracts_of
    from workorder.services.customer_file import loaded

    async def read(session: AsyncSession) -> Sequence[ContractView]:
        return await contracts_of(session, (await loaded(session, customer_id)).customer_id)

    for found in run(config, read):
        _show_contract(found, as_json=as_json)


@contract.command()
@click.argument("customer_id")
@click.argument("number")
@click.option("--kind", type=click.Choice(["extended", "maintenance"]), required=True)
@click.option("--starts", "starts_on", type=DAY, required=True, help="First day.")
@click.option("--ends", "ends_on", type=DAY, required=True, help="Last day.")
@click.option("--asset", "asset_id", metavar="ASSET_ID", help="The one appliance it is for (default: all).")
@click.option("--no-repair", is_flag=True, help="It does not cover repairs.")
@click.option("--visits", "visits_included", type=int, default=0, show_default=True, help="Visits that are paid for.")
@click.option("--notes", default="", help="What colleagues should know.")
@BY
@JSON
@click.pass_obj
@reports_errors
def save(
    config: Path | None,
    /,
    starts_on: datetime,
    ends_on: datetime,
    no_repair: bool,
    by: str | None,
    as_json: bool,
    **given: Any,
) -> None:
    """Make the contract NUMBER, or say all anew about the one that is there; warranties follow."""
    from workorder.commands import SaveContract
    from workorder.services import contracts

    async def put(session: AsyncSession, actor: Actor) -> ContractView:
        command = SaveContract(
            **actor.stamp(), starts_on=starts_on.date(), ends_on=ends_on.date(), covers_repair=not no_repair, **given
        )
        return await contracts.save_contract(session, command)

    _show_contract(change(config, by, put), as_json=as_json)


def _values(given: dict[str, str | datetime | None]) -> dict[str, str | date | None]:
    """What was said, without what was not."""
    return {
        name: value.date() if isinstance(value, datetime) else value
        for name, value in given.items()
        if value is not None
    }


def _today() -> date:
    from callcenter.clock import SystemClock
    from workorder.services.warranty import local_day

    return local_day(SystemClock().now())


def _show(found: AssetRecord, *, as_json: bool) -> None:
    if as_json:
        emit(found)
        return
    about = " ".join(word for word in (found.brand, found.appliance, found.model, found.serial) if word)
    gone = f"  retired {found.retired_on}" if found.retired_on else ""
    click.echo(f"{found.asset_id}  {about}  {found.warranty}  {found.warranty_until or ''}".rstrip() + gone)


def _show_contract(found: ContractView, *, as_json: bool) -> None:
    if as_json:
        emit(found)
        return
    covers = "repairs" if found.covers_repair else "no repairs"
    click.echo(
        f"{found.contract_id}  {found.number}  {found.kind}  {found.starts_on} to {found.ends_on}  "
        f"{covers}, {found.visits_included} visits  {found.asset_id or 'every appliance'}"
    )
