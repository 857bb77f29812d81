"""``callcenter order draft|edit|customer|asset``: what stands in an order.

NAME=VALUE gives a field, NAME.PART=VALUE a part.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcenter.cli.options import BY, JSON, ORDER, of_customer
from callcenter.cli.output import emit, reports_errors
from callcenter.cli.session import Actor, by_key, change, line
from callcenter.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy.ext.asyncio import AsyncSession

    from workorder.fields import FieldContent, FieldSpec
    from workorder.views.orders import OrderView

SET = click.option(
    "--set",
    "given",
    multiple=True,
    metavar="NAME=VALUE",
    help="A field, e.g. brand=格力, address.city=杭州市, appointment.start=2026-11-22T14:00:00+08:00.",
)
_FLAGS = {"true": True, "yes": True, "false": False, "no": False}


@click.command()
@SET
@of_customer("Whose order; what is known fills the rest.")
@BY
@JSON
@click.pass_obj
@reports_errors
def draft(config: Path | None, given: tuple[str, ...], customer_id: str | None, by: str | None, as_json: bool) -> None:
    """Start a draft; `order move ORDER create` makes it an order with a number."""
    from workorder.commands import OpenDraft
    from workorder.policy.forms import specs
    from workorder.services import orders, templates

    async def put(session: AsyncSession, actor: Actor) -> OrderView:
        words = _words(given)
        form = await templates.newest(session, words.get("service_type"))
        fields = _contents(words, specs(form.fields if form else ()), {})
        return await orders.open_draft(session, OpenDraft(**actor.stamp(), customer_id=customer_id, fields=fields))

    _show(change(config, by, put), as_json=as_json)


@click.command()
@ORDER
@SET
@click.option("--empty", multiple=True, metavar="NAME", help="Take the field's value away.")
@click.option("--accept", multiple=True, metavar="NAME", help="The heard value is right as it is.")
@BY
@JSON
@click.pass_obj
@reports_errors
def edit(
    config: Path | None,
    key: str,
    given: tuple[str, ...],
    empty: tuple[str, ...],
    accept: tuple[str, ...],
    by: str | None,
    as_json: bool,
) -> None:
    """Change fields; speech leaves them alone from then on. Parts that are not given stay."""
    from workorder.commands import EditOrder
    from workorder.model.orders import WorkOrder
    from workorder.services import orders

    async def put(session: AsyncSession, actor: Actor) -> OrderView:
        order_id = await by_key(session, key)
        order = await session.get_one(WorkOrder, order_id)
        there = {name: field.value for name, field in order.fields.items()}
        fields = {**dict.fromkeys(empty), **_contents(_words(given), order.specs, there)}
        return await orders.edit_order(
            session, EditOrder(**actor.stamp(), order_id=order_id, fields=fields, accept=accept)
        )

    _show(change(config, by, put), as_json=as_json)


@click.command("customer")
@ORDER
@click.argument("customer_id")
@BY
@JSON
@click.pass_obj
@reports_errors
def order_customer(config: Path | None, key: str, customer_id: str, by: str | None, as_json: bool) -> None:
    """Say whose order it is; what is known of the customer fills what is empty, appliance and clock follow."""
    from workorder.commands import SetCustomer
    from workorder.services import order_customer as owners
    from workorder.services import orders

    async def put(session: AsyncSession, actor: Actor) -> OrderView:
        order = await orders.get_order(session, await by_key(session, key))
        command = SetCustomer(
            **actor.stamp(), order_id=order.order_id, edit_version=order.edit_version, customer_id=customer_id
        )
        return await owners.set_customer(session, command)

    _show(change(config, by, put), as_json=as_json)


@click.command("asset")
@ORDER
@click.argument("asset_id", required=False)
@click.option("--none", "nothing", is_flag=True, help="It is about no appliance on file.")
@BY
@JSON
@click.pass_obj
@reports_errors
def order_asset(
    config: Path | None, key: str, asset_id: str | None, nothing: bool, by: str | None, as_json: bool
) -> None:
    """Say which appliance on file the order is about; its warranty follows."""
    from workorder.commands import SetAsset
    from workorder.services import assets

    if nothing == (asset_id is not None):
        raise click.UsageError("name an ASSET_ID, or say --none")

    async def put(session: AsyncSession, actor: Actor) -> OrderView:
        order_id = await by_key(session, key)
        return await assets.set_asset(session, SetAsset(**actor.stamp(), order_id=order_id, asset_id=asset_id))

    _show(change(config, by, put), as_json=as_json)


def _words(given: tuple[str, ...]) -> dict[str, str]:
    """What was typed, by name. Raises Invalid for what is no NAME=VALUE, and for a name given twice."""
    words: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise Invalid(f"{text!r} is no NAME=VALUE", field="--set", fix="e.g. --set brand=格力")
        if name in words:
            raise Invalid(f"{name} is given twice", field="--set", fix="give it once")
        words[name] = value
    return words


def _contents(
    words: Mapping[str, str], specs: Mapping[str, FieldSpec], there: Mapping[str, FieldContent | None]
) -> dict[str, FieldContent | None]:
    """Field values of what was typed; parts go into what is ``there``."""
    from workorder.fields import Kind

    contents: dict[str, Any] = {}
    for name, value in words.items():
        field, dot, part = name.partition(".")
        if dot:
            known = there.get(field)
            contents.setdefault(field, dict(known) if isinstance(known, dict) else {})[part] = value or None
        elif field in specs and specs[field].kind is Kind.FLAG:
            contents[field] = _FLAGS.get(value.casefold(), value)
        else:
            contents[field] = value
    return contents


def _show(found: OrderView, *, as_json: bool) -> None:
    if as_json:
        emit(found)
        return
    click.echo(line(found))
    if found.missing:
        click.echo(f"  still to ask: {', '.join(found.missing)}")
