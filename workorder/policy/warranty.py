"""Whether an appliance is under warranty on a day."""

from __future__ import annotations

from datetime import date
from enum import StrEnum


class Warranty(StrEnum):
    """In or out of warranty, or nothing on file to tell."""

    IN = "in"
    OUT = "out"
    UNKNOWN = "unknown"


def warranty_state(*, until: date | None, on: date) -> Warranty:
    """The last day counts as covered; without an end date on file the state is unknown."""
    if until is None:
        return Warranty.UNKNOWN
    return Warranty.IN if on <= until else Warranty.OUT
