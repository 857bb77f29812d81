"""``callcenter customer``: look somebody up, merge duplicates, forget a person on request."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcenter import config as settings_file
from callcenter.cli.output import emit, reports_errors, say
from callcenter.cli.records import open_records

if TYPE_CHECKING:
    from workorder.views import CustomerRecord

BY = "cli"


@click.group()
def customer() -> None:
    """Customers."""


@customer.command()
@click.argument("who")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
@reports_errors
def show(config: Path | None, who: str, as_json: bool) -> None:
    """Everything on file about WHO: a customer id, or a phone number in any spelling."""

    async def run() -> None:
        from workorder.policy.phones import parse_phone
        from workorder.services.customer_file import record
        from workorder.services.customers import cards_by_phone

        settings = settings_file.load(config)
        async with open_records(config) as (database, _), database.read() as work:
            key = parse_phone(who, country=settings.country, area_code=settings.area_code)
            sharing = [card.customer_id for card in await cards_by_phone(work.session, key)]
            for customer_id in sharing or [who]:
                _print(await record(work.session, customer_id), as_json=as_json)

    asyncio.run(run())


@customer.command()
@click.argument("customer_id")
@click.argument("duplicate_id")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
@reports_errors
def merge(config: Path | None, customer_id: str, duplicate_id: str, as_json: bool) -> None:
    """Merge DUPLICATE_ID into CUSTOMER_ID: phones, addresses, appliances, orders and calls move."""

    async def run() -> None:
        from callcenter.clock import SystemClock
        from callcenter.features import customer_care
        from workorder.commands import MergeCustomers

        async with open_records(config) as (database, _), database.write() as work:
            command = MergeCustomers(by=BY, at=SystemClock().now(), customer_id=customer_id, duplicate_id=duplicate_id)
            kept = await customer_care.merge(work.session, command)
            await work.commit()
        _print(kept, as_json=as_json)

    asyncio.run(run())


@customer.command()
@click.argument("customer_id")
@click.option("--reason", required=True, help="How the request came; kept in the history.")
@click.option("--json", "as_json", is_flag=True)
@click.pass_obj
@reports_errors
def erase(config: Path | None, customer_id: str, reason: str, as_json: bool) -> None:
    """Forget a person: names, numbers, addresses, words and recordings go. There is no way back."""

    async def run() -> None:
        from callcenter.clock import SystemClock
        from callcenter.features import customer_care
        from callcenter.media.recordings import Recordings
        from workorder.commands import EraseCustomer

        files = Recordings(settings_file.load(config).data_dir / "recordings")
        async with open_records(config) as (database, _), database.write() as work:
            command = EraseCustomer(by=BY, at=SystemClock().now(), customer_id=customer_id, reason=reason)
            erased, recordings = await customer_care.erase(work.session, command)
            for path in recordings:
                await files.remove(path)
            await work.commit()
        say(f"erased {customer_id} with {len(recordings)} recordings")
        _print(erased, as_json=as_json)

    asyncio.run(run())


def _print(record: CustomerRecord, *, as_json: bool) -> None:
    if as_json:
        emit(asdict(record))
        return
    click.echo(f"{record.customer_id}  {record.name}  {record.level}")
    for phone in record.phones:
        click.echo(f"  {phone.display}  {phone.label or ''}".rstrip())
    for address in record.addresses:
        click.echo(f"  {address.display}  {address.division_code or ''}".rstrip())
    for asset in record.assets:
        click.echo(f"  {asset.brand} {asset.appliance} {asset.model} {asset.serial}  {asset.warranty}")
    for order in (*record.open_orders, *record.past_orders):
        click.echo(f"  {order.number or order.order_id}  {order.status}  {order.appliance or ''} {order.fault or ''}")
