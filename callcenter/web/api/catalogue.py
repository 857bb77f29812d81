"""The words of the trade: service types, appliances, brands, faults, and which fields each service type requires."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import TypeAdapter

from callcenter.web.ask import Ask


@dataclass(frozen=True, slots=True)
class Choice:
    """A value for programs and its label for people."""

    value: str
    label: str


@dataclass(frozen=True, slots=True)
class CatalogueView:
    """Everything the order form offers; ``english`` names appliances, brands and faults for readers of English."""

    service_types: tuple[Choice, ...]
    appliances: tuple[str, ...]
    brands: tuple[str, ...]
    faults: dict[str, tuple[str, ...]]
    english: dict[str, str]
    required: dict[str, tuple[str, ...]]


_VIEW: TypeAdapter[CatalogueView] = TypeAdapter(CatalogueView)


def check(catalogue: Mapping[str, object]) -> CatalogueView:
    """The catalogue in the form the page expects; raises pydantic's ValidationError at start-up when it is not."""
    return _VIEW.validate_python(catalogue)


async def read(ask: Ask) -> CatalogueView:
    """Choices of the order form."""
    return check(ask.services.catalogue())
