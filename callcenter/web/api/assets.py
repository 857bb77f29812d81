"""Appliances, their warranty, contracts and makers' terms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from callcenter.web.ask import Ask, Id, Input, PageQuery
from callcenter.web.errors import VersionStale
from workorder.commands import AddAsset, EditAsset, NewAsset, NewTerms, ReplaceTerms, SaveContract, SetAsset
from workorder.policy.sanbao_cn import Cause
from workorder.services import assets, contracts, orders
from workorder.services import warranty as warranties
from workorder.views.assets import AssetRecord, ContractView, OrderWarrantyView, TermsView, WarrantyView
from workorder.views.orders import OrderView
from workorder.views.pages import Page

Word = Annotated[str, StringConstraints(max_length=80)]
Short = Annotated[str, StringConstraints(max_length=60)]
Notes = Annotated[str, StringConstraints(max_length=2000)]
Months = Annotated[int, Field(ge=0, le=contracts.MAX_MONTHS)]


class AssetQuery(PageQuery):
    """By the beginning of a serial number or model, or everything of a customer."""

    serial: Word | None = None
    model: Word | None = None
    customer_id: Id | None = None


class AssetInput(Input):
    """An appliance; ``warranty_until`` is the last day that its warranty card names."""

    appliance: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    brand: Short = ""
    model: Word = ""
    serial: Word = ""
    purchased_on: date | None = None
    installed_on: date | None = None
    replaced_on: date | None = None
    warranty_until: date | None = None
    invoice_no: Short = ""
    notes: Notes = ""


class AssetEdit(Input):
    """What is to change; null empties a day. ``customer_id`` when it changed hands, ``retired_on`` when it is gone."""

    appliance: Annotated[str, StringConstraints(min_length=1, max_length=60)] | None = None
    brand: Short | None = None
    model: Word | None = None
    serial: Word | None = None
    purchased_on: date | None = None
    installed_on: date | None = None
    replaced_on: date | None = None
    warranty_until: date | None = None
    retired_on: date | None = None
    invoice_no: Short | None = None
    notes: Notes | None = None
    customer_id: Id | None = None


class WarrantyQuery(Input):
    """The day (today by default), one part, and a cause that ends the seller's duty."""

    on: date | None = None
    part: Word | None = None
    cause: Cause | None = None


class ContractInput(Input):
    """An extended warranty (延保) or maintenance contract (维保); its number makes or changes it."""

    number: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    kind: Literal["extended", "maintenance"]
    starts_on: date
    ends_on: date
    asset_id: Id | None = None
    covers_repair: bool = True
    visits_included: int = Field(default=0, ge=0, le=1000)
    notes: Notes = ""


class TermsInput(Input):
    """What a maker promises for an appliance, and where it says so."""

    brand: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    appliance: Annotated[str, StringConstraints(min_length=1, max_length=60)]
    whole_months: Months
    source: Annotated[str, StringConstraints(min_length=1, max_length=200)]
    part_months: Annotated[dict[Short, Months], Field(max_length=50)] = Field(default_factory=dict)
    from_installation: bool = False
    sold_from: date | None = None
    sold_to: date | None = None


class AllTerms(Input):
    """Every maker's terms there are from now on."""

    terms: Annotated[tuple[TermsInput, ...], Field(max_length=1000)]


class AssetChoice(Input):
    """The appliance that an order is about; null: none on file."""

    asset_id: Id | None


@dataclass(frozen=True, slots=True)
class TermsList:
    """Makers' terms by brand and appliance."""

    items: tuple[TermsView, ...]


async def find(ask: Ask, query: AssetQuery) -> Page[AssetRecord]:
    """Appliances by serial number, model or customer."""
    return await assets.find_assets(ask.rows, on=_today(ask), **query.model_dump())


async def read(ask: Ask, asset_id: Id) -> AssetRecord:
    """One appliance."""
    return await assets.asset_record(ask.rows, asset_id, on=_today(ask))


async def add(ask: Ask, customer_id: Id, body: AssetInput) -> AssetRecord:
    """Put an appliance on a customer's file."""
    asset = NewAsset(**body.model_dump())
    return await assets.add_asset(ask.rows, AddAsset(**_by(ask), customer_id=customer_id, asset=asset))


async def edit(ask: Ask, asset_id: Id, edit_version: int, body: AssetEdit) -> AssetRecord:
    """Change an appliance; what is not given stays."""
    current = (await assets.asset_record(ask.rows, asset_id, on=_today(ask))).edit_version
    _refuse_stale("appliance", current, edit_version)
    command = EditAsset(
        **_by(ask), asset_id=asset_id, edit_version=edit_version, changes=body.model_dump(exclude_unset=True)
    )
    return await assets.edit_asset(ask.rows, command)


async def warranty(ask: Ask, asset_id: Id, query: WarrantyQuery) -> WarrantyView:
    """Whether an appliance, or a part of it, is under warranty on a day, and why."""
    day = query.on or _today(ask)
    return await warranties.asset_warranty(ask.rows, asset_id, on=day, part=query.part, cause=query.cause)


async def save_contract(ask: Ask, customer_id: Id, body: ContractInput) -> ContractView:
    """Make or change the contract with this number; warranties follow."""
    return await contracts.save_contract(
        ask.rows, SaveContract(**_by(ask), customer_id=customer_id, **body.model_dump())
    )


async def terms(ask: Ask) -> TermsList:
    """What makers promise beyond the law."""
    return TermsList(await contracts.list_terms(ask.rows))


async def replace_terms(ask: Ask, body: AllTerms) -> TermsList:
    """Take these terms instead of all there are; every warranty they touch is worked out again."""
    new = tuple(NewTerms(**one.model_dump()) for one in body.terms)
    await contracts.replace_terms(ask.rows, ReplaceTerms(**_by(ask), terms=new))
    return TermsList(await contracts.list_terms(ask.rows))


async def order_warranty(ask: Ask, order_id: Id, query: WarrantyQuery) -> OrderWarrantyView:
    """What the customer claims about warranty against what is so."""
    day = query.on or _today(ask)
    return await warranties.order_warranty(ask.rows, order_id, on=day, part=query.part, cause=query.cause)


async def set_asset(ask: Ask, order_id: Id, edit_version: int, body: AssetChoice) -> OrderView:
    """Say which appliance on file an order is about; its warranty follows."""
    _refuse_stale("order", (await orders.get_order(ask.rows, order_id)).edit_version, edit_version)
    command = SetAsset(**_by(ask), order_id=order_id, asset_id=body.asset_id, edit_version=edit_version)
    order = await assets.set_asset(ask.rows, command)
    ask.after_commit.append(lambda: ask.services.live_orders.changed(order))
    return order


def _by(ask: Ask) -> dict[str, Any]:
    return {"by": ask.who.user_id, "at": ask.services.clock.now()}


def _today(ask: Ask) -> date:
    return warranties.local_day(ask.services.clock.now())


def _refuse_stale(what: str, current: int, seen: int) -> None:
    if current != seen:
        raise VersionStale(
            f"the {what} is at version {current}, you changed version {seen}",
            field="If-Match",
            fix=f"read the {what} again and repeat the change",
        )
