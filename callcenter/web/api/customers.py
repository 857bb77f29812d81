"""Customers: find, put on file, change, merge, forget."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from callcenter.features import customer_care
from callcenter.features.addresses import completed, divisions_below
from callcenter.web.ask import Ask, Id, Input, PageQuery
from callcenter.web.errors import VersionStale
from workorder.commands import CreateCustomer, EditCustomer, EraseCustomer, MergeCustomers, NewAddress, NewPhone
from workorder.fields import ADDRESS_PARTS
from workorder.policy.customers import MAX_LABEL, MAX_NOTES, MAX_OWNED
from workorder.policy.phones import parse_phone
from workorder.services import customer_file, customers
from workorder.views.customers import CustomerCard, CustomerChangeView, CustomerRecord
from workorder.views.pages import Page

Name = Annotated[str, StringConstraints(min_length=1, max_length=80)]
PhoneText = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Part = Annotated[str, StringConstraints(max_length=200)]
Label = Annotated[str, StringConstraints(max_length=MAX_LABEL)]
Notes = Annotated[str, StringConstraints(max_length=MAX_NOTES)]
Openid = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{0,64}$")]
"""Who somebody is to our WeChat account or mini-program; empty takes it off the record."""
Level = Literal["normal", "member", "vip", "business"]
"""The keys of ``workorder.policy.customers.LEVELS``."""


class CustomerQuery(Input):
    """By number, or by the beginning of a name (or a number) in ``q``; ``phone`` wins."""

    phone: PhoneText | None = None
    q: Annotated[str, StringConstraints(max_length=80)] | None = None
    limit: int = Field(default=20, ge=1, le=100)


class PhoneInput(Input):
    """A number and what it is for."""

    number: PhoneText
    label: Label | None = None


class AddressInput(Input):
    """An address in parts; a division code fills the names that are missing, names that are clear give the code."""

    label: Label | None = None
    division_code: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")] | None = None
    province: Part | None = None
    city: Part | None = None
    district: Part | None = None
    detail: Part | None = None


class NewCustomer(Input):
    """A caller who is not on file yet: at least a name and one number."""

    name: Name
    phone: PhoneText | None = None
    phones: Annotated[tuple[PhoneInput, ...], Field(max_length=MAX_OWNED)] = ()
    address: AddressInput | None = None
    addresses: Annotated[tuple[AddressInput, ...], Field(max_length=MAX_OWNED)] = ()
    level: Level = "normal"
    notes: Notes = ""
    openid: Openid | None = None
    miniprogram_openid: Openid | None = None


class CustomerEdit(Input):
    """What is to change; ``phones`` and ``addresses`` are the whole new lists, the most important first."""

    name: Name | None = None
    level: Level | None = None
    notes: Notes | None = None
    openid: Openid | None = None
    miniprogram_openid: Openid | None = None
    phones: Annotated[tuple[PhoneInput, ...], Field(min_length=1, max_length=MAX_OWNED)] | None = None
    addresses: Annotated[tuple[AddressInput, ...], Field(max_length=MAX_OWNED)] | None = None


class Duplicate(Input):
    """Who turned out to be the same person."""

    duplicate_id: Id


class Erasure(Input):
    """How the request came."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)]


class DivisionQuery(Input):
    """``below`` is the code of a province or city; without it the provinces are listed."""

    below: Annotated[str, StringConstraints(pattern=r"^[0-9]{6}$")] | None = None


@dataclass(frozen=True, slots=True)
class DivisionView:
    """A division of China."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class DivisionList:
    """Divisions by code."""

    items: tuple[DivisionView, ...]


@dataclass(frozen=True, slots=True)
class CustomerList:
    """What was found, best first."""

    items: tuple[CustomerCard, ...]


async def find(ask: Ask, query: CustomerQuery) -> CustomerList:
    """Customers by phone number or words."""
    settings = ask.services.settings
    if query.phone:
        key = parse_phone(query.phone, country=settings.country, area_code=settings.area_code)
        return CustomerList((await customers.cards_by_phone(ask.rows, key))[: query.limit])
    return CustomerList(await customers.search(ask.rows, query.q or "", limit=query.limit, country=settings.country))


async def read(ask: Ask, customer_id: Id) -> CustomerRecord:
    """One customer, with everything on file."""
    return await customer_file.record(ask.rows, customer_id)


async def create(ask: Ask, body: NewCustomer) -> CustomerRecord:
    """Put a new customer on file."""
    settings = ask.services.settings
    phones = [NewPhone(number=body.phone)] if body.phone else []
    command = CreateCustomer(
        **_by(ask),
        name=body.name,
        phones=(*phones, *map(_phone, body.phones)),
        addresses=tuple(map(_address, [body.address] if body.address else [])) + tuple(map(_address, body.addresses)),
        level=body.level,
        notes=body.notes,
        openid=body.openid or "",
        miniprogram_openid=body.miniprogram_openid or "",
        country=settings.country,
        area_code=settings.area_code,
    )
    card = await customers.create_customer(ask.rows, command)
    return await customer_file.record(ask.rows, card.customer_id)


async def edit(ask: Ask, customer_id: Id, edit_version: int, body: CustomerEdit) -> CustomerRecord:
    """Change a customer; lists are replaced as a whole, what is not given stays."""
    await _check_version(ask, customer_id, edit_version)
    settings = ask.services.settings
    command = EditCustomer(
        **_by(ask),
        customer_id=customer_id,
        edit_version=edit_version,
        name=body.name,
        level=body.level,
        notes=body.notes,
        openid=body.openid,
        miniprogram_openid=body.miniprogram_openid,
        phones=None if body.phones is None else tuple(map(_phone, body.phones)),
        addresses=None if body.addresses is None else tuple(map(_address, body.addresses)),
        country=settings.country,
        area_code=settings.area_code,
    )
    return await customer_file.edit_customer(ask.rows, command)


async def changes(ask: Ask, customer_id: Id, query: PageQuery) -> Page[CustomerChangeView]:
    """Who changed what on a customer's record, oldest first."""
    return await customer_file.changes_of_customer(ask.rows, customer_id, cursor=query.cursor, limit=query.limit)


async def merge(ask: Ask, customer_id: Id, edit_version: int, body: Duplicate) -> CustomerRecord:
    """Merge a duplicate into this customer: phones, addresses, appliances, orders and calls move."""
    await _check_version(ask, customer_id, edit_version)
    command = MergeCustomers(
        **_by(ask), customer_id=customer_id, duplicate_id=body.duplicate_id, edit_version=edit_version
    )
    return await customer_care.merge(ask.rows, command)


async def erase(ask: Ask, customer_id: Id, edit_version: int, body: Erasure) -> CustomerRecord:
    """Forget a person on request: names, numbers, addresses, words and recordings go, orders stay for statistics."""
    await _check_version(ask, customer_id, edit_version)
    command = EraseCustomer(**_by(ask), customer_id=customer_id, reason=body.reason, edit_version=edit_version)
    record, recordings = await customer_care.erase(ask.rows, command)
    # Before the commit: if the disk refuses, nothing is erased and the request can be repeated.
    for path in recordings:
        await ask.services.recordings.remove(path)
    return record


async def divisions(ask: Ask, query: DivisionQuery) -> DivisionList:  # noqa: ARG001 - the list is the same for all
    """Provinces, or the cities and districts below one, with their codes (GB/T 2260)."""
    found = divisions_below(query.below)
    return DivisionList(tuple(DivisionView(place.code, place.name) for place in found))


def _by(ask: Ask) -> dict[str, Any]:
    return {"by": ask.who.user_id, "at": ask.services.clock.now()}


def _phone(phone: PhoneInput) -> NewPhone:
    return NewPhone(number=phone.number, label=phone.label)


def _address(address: AddressInput) -> NewAddress:
    parts = {part: getattr(address, part) or "" for part in ADDRESS_PARTS}
    return completed(NewAddress(**parts, label=address.label, division_code=address.division_code))


async def _check_version(ask: Ask, customer_id: str, edit_version: int) -> None:
    current = (await customer_file.loaded(ask.rows, customer_id)).version
    if current != edit_version:
        raise VersionStale(
            f"the customer is at version {current}, you changed version {edit_version}",
            field="If-Match",
            fix="read the customer again and repeat the change",
        )
