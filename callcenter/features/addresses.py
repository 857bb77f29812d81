"""Addresses and division codes: where the service domain's addresses meet the text library's list of divisions."""

from __future__ import annotations

from callcenter.errors import Invalid
from nlp.division_codes import Division, below, division, find
from workorder.commands import NewAddress


def completed(address: NewAddress) -> NewAddress:
    """The address with its division code, or with the names its code stands for. Raises Invalid for an unknown code.

    Names that are given stay as they were typed; an address whose district two cities have gets no code.
    """
    if address.division_code is None:
        place = find(address.province, address.city, address.district)
        return _with(address, place, place.code) if place else address
    place = division(address.division_code)
    if place is None:
        raise Invalid(
            f"{address.division_code} is no division of China",
            field="division_code",
            fix="leave it out, or take one from GET /api/divisions",
        )
    return _with(address, place, address.division_code)


def divisions_below(code: str | None) -> tuple[Division, ...]:
    """Provinces, or what is directly below ``code``."""
    return below(code)


def _with(address: NewAddress, place: Division, code: str) -> NewAddress:
    return NewAddress(
        province=address.province or place.province,
        city=address.city or place.city,
        district=address.district or place.district,
        detail=address.detail,
        label=address.label,
        division_code=code,
    )
