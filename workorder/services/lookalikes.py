"""Customers who may be the one speaking: a small, indexed choice by sound of name and by address, for others to rank.

At most ``POOL`` customers however many are on file; the query that says most comes first.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.ext.asyncio import AsyncSession

from workorder.model.customers import Customer, CustomerAddress
from workorder.policy.sounds import family_key, house_number
from workorder.services.customers import ON_FILE, cards
from workorder.views.customers import CustomerCard

POOL = 60
EACH = 40
"""Customers taken from one query."""
_SUFFIXES = ("区", "县", "市")


async def lookalikes(
    session: AsyncSession, *, name: str | None = None, address: Mapping[str, str | None] | None = None
) -> tuple[CustomerCard, ...]:
    """Customers with a name that sounds like ``name``, or who live where ``address`` says; () when neither says enough.

    A family name counts only together with a district, and a district only with a family name or a house number:
    alone they fit thousands.
    """
    found: dict[str, None] = {}
    for statement in _statements(name, address or {}):
        found |= dict.fromkeys(await session.scalars(statement.limit(EACH)))
    return await cards(session, list(found)[:POOL])


def _statements(name: str | None, address: Mapping[str, str | None]) -> Iterator[Select[str]]:
    sounds, whole = _sounds(name)
    district, house = _district(address.get("district")), _house(address.get("detail"))
    by_name = select(Customer.customer_id).where(ON_FILE)
    by_place = select(CustomerAddress.customer_id).distinct()
    of_name = by_place.join(Customer, Customer.customer_id == CustomerAddress.customer_id)
    if sounds is not None and district is not None:
        yield of_name.where(district, sounds, *house)
    if sounds is not None and whole:
        yield by_name.where(sounds)
    if district is not None and house:
        yield by_place.where(district, *house)


def _sounds(name: str | None) -> tuple[ColumnElement[bool] | None, bool]:
    """The condition on the name, and whether it is about the whole name."""
    key, whole = family_key(name) if name else ("", False)
    if not key:
        return None, False
    if whole:
        return Customer.name_sound == key, True
    return and_(Customer.name_sound >= f"{key} ", Customer.name_sound < f"{key}!"), False


def _district(said: str | None) -> ColumnElement[bool] | None:
    """With and without the word for what kind of district it is."""
    if not said:
        return None
    stem = said[:-1] if len(said) > 2 and said.endswith(_SUFFIXES) else said
    return CustomerAddress.district.in_([said, stem, *(stem + suffix for suffix in _SUFFIXES)])


def _house(detail: str | None) -> list[ColumnElement[bool]]:
    number = house_number(detail or "")
    return [CustomerAddress.house == number] if number else []
