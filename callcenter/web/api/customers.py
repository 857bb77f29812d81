"""Find, read and quickly create customers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from callcenter.web.ask import Ask, Id, Input
from workorder.commands import CreateCustomer
from workorder.policy.phones import parse_phone
from workorder.services import customers
from workorder.views import CustomerCard

Name = Annotated[str, StringConstraints(min_length=1, max_length=80)]
PhoneText = Annotated[str, StringConstraints(min_length=1, max_length=40)]
Part = Annotated[str, StringConstraints(max_length=200)]


class CustomerQuery(Input):
    """By number, or by the beginning of a name (or a number) in ``q``; ``phone`` wins."""

    phone: PhoneText | None = None
    q: Annotated[str, StringConstraints(max_length=80)] | None = None
    limit: int = Field(default=20, ge=1, le=100)


class AddressInput(Input):
    """An address in parts."""

    province: Part | None = None
    city: Part | None = None
    district: Part | None = None
    detail: Part | None = None


class NewCustomer(Input):
    """A caller who is not on file yet."""

    name: Name
    phone: PhoneText
    address: AddressInput | None = None
    level: Literal["normal", "vip"] = "normal"


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


async def read(ask: Ask, customer_id: Id) -> CustomerCard:
    """One customer."""
    return await customers.card(ask.rows, customer_id)


async def create(ask: Ask, body: NewCustomer) -> CustomerCard:
    """Put a new customer on file."""
    settings = ask.services.settings
    command = CreateCustomer(
        by=ask.who.user_id,
        at=ask.services.clock.now(),
        name=body.name,
        phones=(body.phone,),
        address=body.address.model_dump() if body.address else None,
        level=body.level,
        country=settings.country,
        area_code=settings.area_code,
    )
    return await customers.create_customer(ask.rows, command)
