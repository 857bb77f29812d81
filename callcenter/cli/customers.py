"""``callcenter customer``: look somebody up, put on file, change, merge duplicates, forget a person on request."""

from __future__ import annotations

import re
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcenter import config as settings_file
from callcenter.cli.options import BY, JSON
from callcenter.cli.output import emit, reports_errors, say
from callcenter.cli.session import Actor, change, change_line, every, run
from callcenter.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.ext.asyncio import AsyncSession

    from workorder.commands import NewAddress, NewPhone
    from workorder.views.customers import CustomerChangeView, CustomerRecord

_DIVISION = re.compile(r"[0-9]{6}")
CUSTOMER = click.argument("customer_id")


@click.group()
def customer() -> None:
    """Customers."""


def _record(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say what is on a customer's record; ``_said`` makes a command's values of them."""
    for option in (
        click.option("--miniprogram-openid", help="Who this is to our mini-program; empty takes it off the record."),
        click.option("--openid", help="Who this is to our WeChat account; empty takes it off the record."),
        click.option("--notes", help="What colleagues should know."),
        click.option("--level", help="normal, member, vip or business."),
        click.option(
            "--address",
            "addresses",
            multiple=True,
            metavar="PLACE",
            help="PROVINCE/CITY/DISTRICT/DETAIL or CODE/DETAIL, with LABEL= before it if you like; once for each.",
        ),
        click.option(
            "--phone", "phones", multiple=True, metavar="NUMBER[=LABEL]", help="Once for each, the best one first."
        ),
    ):
        command = option(command)
    return command


@customer.command()
@click.argument("who")
@JSON
@click.pass_obj
@reports_errors
def show(config: Path | None, who: str, as_json: bool) -> None:
    """Everything on file about WHO: a customer id, or a phone number in any spelling."""
    from workorder.policy.phones import parse_phone
    from workorder.services.customer_file import record
    from workorder.services.customers import cards_by_phone

    settings = settings_file.load(config)

    async def read(session: AsyncSession) -> list[CustomerRecord]:
        key = parse_phone(who, country=settings.country, area_code=settings.area_code)
        sharing = [card.customer_id for card in await cards_by_phone(session, key)]
        return [await record(session, customer_id) for customer_id in sharing or [who]]

    for found in run(config, read):
        _print(found, as_json=as_json)


@customer.command()
@click.argument("name")
@_record
@BY
@JSON
@click.pass_obj
@reports_errors
def add(config: Path | None, /, name: str, by: str | None, as_json: bool, **options: Any) -> None:
    """Put a customer on file: at least a name and one number."""
    from workorder.commands import CreateCustomer
    from workorder.services.customer_file import record
    from workorder.services.customers import create_customer

    said = {"phones": (), **_said(config, options)}

    async def put(session: AsyncSession, actor: Actor) -> CustomerRecord:
        command = CreateCustomer(**actor.stamp(), name=name, **said)
        return await record(session, (await create_customer(session, command)).customer_id)

    _print(change(config, by, put), as_json=as_json)


@customer.command()
@CUSTOMER
@click.option("--name", help="Another name.")
@_record
@click.option("--no-address", is_flag=True, help="Take every address off the record.")
@BY
@JSON
@click.pass_obj
@reports_errors
def edit(
    config: Path | None,
    /,
    customer_id: str,
    name: str | None,
    no_address: bool,
    by: str | None,
    as_json: bool,
    **options: Any,
) -> None:
    """Change what is said; phones and addresses that are given replace all there were."""
    from workorder.commands import EditCustomer
    from workorder.services.customer_file import edit_customer

    if no_address and options["addresses"]:
        raise click.UsageError("--no-address and --address exclude each other")
    said = _said(config, options) | ({"addresses": ()} if no_address else {})

    async def put(session: AsyncSession, actor: Actor) -> CustomerRecord:
        command = EditCustomer(**actor.stamp(), customer_id=customer_id, name=name, **said)
        return await edit_customer(session, command)

    _print(change(config, by, put), as_json=as_json)


@customer.command()
@CUSTOMER
@JSON
@click.pass_obj
@reports_errors
def changes(config: Path | None, customer_id: str, as_json: bool) -> None:
    """Who changed what on the record, oldest first."""
    from workorder.services import customer_file

    async def read(session: AsyncSession) -> list[CustomerChangeView]:
        return await every(
            lambda cursor: customer_file.changes_of_customer(session, customer_id, cursor=cursor, limit=200)
        )

    for found in run(config, read):
        emit(found) if as_json else click.echo(change_line(found))


@customer.command()
@CUSTOMER
@click.argument("duplicate_id")
@BY
@JSON
@click.pass_obj
@reports_errors
def merge(config: Path | None, customer_id: str, duplicate_id: str, by: str | None, as_json: bool) -> None:
    """Merge DUPLICATE_ID into CUSTOMER_ID: phones, addresses, appliances, orders and calls move."""
    from callcenter.features import customer_care
    from workorder.commands import MergeCustomers

    async def put(session: AsyncSession, actor: Actor) -> CustomerRecord:
        command = MergeCustomers(**actor.stamp(), customer_id=customer_id, duplicate_id=duplicate_id)
        return await customer_care.merge(session, command)

    _print(change(config, by, put), as_json=as_json)


@customer.command()
@CUSTOMER
@click.option("--reason", required=True, help="How the request came; kept in the history.")
@BY
@JSON
@click.pass_obj
@reports_errors
def erase(config: Path | None, customer_id: str, reason: str, by: str | None, as_json: bool) -> None:
    """Forget a person: names, numbers, addresses, words and recordings go. There is no way back."""
    from callcenter.features import customer_care
    from callcenter.media.recordings import Recordings
    from workorder.commands import EraseCustomer

    files = Recordings(settings_file.load(config).data_dir / "recordings")

    async def put(session: AsyncSession, actor: Actor) -> tuple[CustomerRecord, int]:
        command = EraseCustomer(**actor.stamp(), customer_id=customer_id, reason=reason)
        erased, recordings = await customer_care.erase(session, command)
        # Before the commit: if the disk refuses, nothing is erased and the request can be repeated.
        for path in recordings:
            await files.remove(path)
        return erased, len(recordings)

    erased, recordings = change(config, by, put)
    say(f"erased {customer_id} with {recordings} recordings")
    _print(erased, as_json=as_json)


def _said(config: Path | None, options: dict[str, Any]) -> dict[str, Any]:
    """What was given of ``_record``, as values of a command, with the settings' numbering plan."""
    settings = settings_file.load(config)
    read = {"phones": _phone, "addresses": _address}
    given = {
        name: tuple(map(read[name], value)) if name in read else value
        for name, value in options.items()
        if value is not None and value != ()
    }
    return {**given, "country": settings.country, "area_code": settings.area_code}


def _phone(text: str) -> NewPhone:
    from workorder.commands import NewPhone

    number, _, label = text.partition("=")
    return NewPhone(number=number, label=label or None)


def _address(text: str) -> NewAddress:
    """``[LABEL=]PROVINCE/CITY/DISTRICT/DETAIL``, or a division code in the place of the first three."""
    from callcenter.features.addresses import completed
    from workorder.commands import NewAddress

    label, _, place = text.rpartition("=") if "=" in text.partition("/")[0] else ("", "", text)
    code, _, detail = place.partition("/")
    if _DIVISION.fullmatch(code):
        return completed(NewAddress(detail=detail, label=label or None, division_code=code))
    parts = place.split("/", 3)
    if len(parts) != 4:
        raise Invalid(
            "must be PROVINCE/CITY/DISTRICT/DETAIL or CODE/DETAIL",
            field="--address",
            fix="leave empty what is not known, as in //西湖区/文三路1号",
        )
    province, city, district, detail = parts
    return completed(NewAddress(province=province, city=city, district=district, detail=detail, label=label or None))


def _print(record: CustomerRecord, *, as_json: bool) -> None:
    if as_json:
        emit(asdict(record))
        return
    click.echo(f"{record.customer_id}  {record.name}  {record.level}")
    for phone in record.phones:
        click.echo(f"  {phone.display}  {phone.label or ''}".rstrip())
    for account, openid in (("WeChat", record.openid), ("Mini-program", record.miniprogram_openid)):
        if openid:
            click.echo(f"  {account} {openid}")
    for address in record.addresses:
        click.echo(f"  {address.display}  {address.division_code or ''}".rstrip())
    for asset in record.assets:
        click.echo(f"  {asset.brand} {asset.appliance} {asset.model} {asset.serial}  {asset.warranty}")
    for order in (*record.open_orders, *record.past_orders):
        click.echo(f"  {order.number or order.order_id}  {order.status}  {order.appliance or ''} {order.fault or ''}")
