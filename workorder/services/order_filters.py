"""Filters of orders, each by an index: for lists and for full text alike."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, or_, select

from workorder.model.customers import Asset
from workorder.model.orders import WorkOrder
from workorder.policy.phones import parse_phone

TOP = "\U0010ffff"
"""After every text that begins alike."""
MIN_TAIL = 4
"""Digits that a number's end must have to be looked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilters:
    """None means any. ``name``, ``model`` and ``serial`` are beginnings; ``since`` counts, ``until`` does not."""

    status: str | None = None
    service_type: str | None = None
    appliance: str | None = None
    brand: str | None = None
    fault: str | None = None
    city: str | None = None
    district: str | None = None
    urgency: str | None = None
    warranty: str | None = None
    name: str | None = None
    model: str | None = None
    serial: str | None = None
    since: datetime | None = None
    until: datetime | None = None


EQUAL = ("status", "service_type", "appliance", "brand", "fault", "city", "district", "urgency", "warranty")


def conditions(filters: OrderFilters | Any | None) -> list[ColumnElement[bool]]:
    """One condition for each filter that is given; ``filters`` may be anything with these names."""
    if filters is None:
        return []
    found = [
        getattr(WorkOrder, name) == wanted for name in EQUAL if (wanted := getattr(filters, name, None)) is not None
    ]
    if (name := getattr(filters, "name", None)) is not None:
        found.append(WorkOrder.customer_name.between(name, name + TOP))
    if (model := getattr(filters, "model", None)) is not None:
        found.append(WorkOrder.model.between(model, model + TOP))
    if (serial := getattr(filters, "serial", None)) is not None:
        owned = select(Asset.asset_id).where(Asset.serial.between(serial, serial + TOP))
        found.append(WorkOrder.asset_id.in_(owned))
    if filters.since is not None:
        found.append(WorkOrder.created_at >= filters.since)
    if filters.until is not None:
        found.append(WorkOrder.created_at < filters.until)
    return found


def phone_conditions(lookup: Any, tail: Any, typed: str) -> ColumnElement[bool] | None:
    """What finds a number: any spelling of it, how it begins, or its last four digits or more; None for no number."""
    digits = "".join(character for character in typed if character.isdigit())
    marks = "".join(character for character in typed if not character.isalnum() and character not in "+-() ./·")
    if len(digits) < MIN_TAIL or marks or any(character.isalpha() for character in typed):
        return None
    key = parse_phone(typed).lookup or digits
    # Without an out-line 0 too; but zeros alone would be the beginning of every number.
    bare = digits.lstrip("0")
    begins = [key] if key.startswith("+") or len(bare) < MIN_TAIL else [key, f"+86{bare}"]
    last = digits[::-1]
    return or_(
        tail.between(last, last + TOP),
        *(lookup.between(begin, begin + TOP) for begin in begins),
    )
