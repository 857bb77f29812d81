"""Filters of orders, each by an index: for lists and for full text alike.

A filter is a condition with names in place of its values, made once. Putting a statement together takes longer than
many a database takes to answer it, so those with the same filters share one; ``values`` gives what differs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, or_, select, tuple_

from workorder.model.customers import Asset
from workorder.model.orders import WorkOrder
from workorder.policy.phones import parse_phone
from workorder.services.paging import decode_cursor

TOP = "\U0010ffff"
"""After every text that begins alike."""
MIN_TAIL = 4
"""Digits that a number's end must have to be looked for."""
MIN_BEGINNING = 7
"""Digits of a number's beginning in a list, which sorts all that fit by time: 1380013 is ten thousand numbers."""

Values = Mapping[str, Any]


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


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderQuery(OrderFilters):
    """Filters of a list; None means any.

    ``q``: an order's number, a phone in any spelling, its end or its first seven digits or more, or how a name begins.
    """

    call_id: str | None = None
    customer_id: str | None = None
    number: str | None = None
    handler: str | None = None
    q: str | None = None
    cursor: str | None = None
    limit: int = 50


def begins(column: Any, name: str) -> ColumnElement[bool]:
    """Texts of ``column`` that begin with the value ``name``; ``beginning`` gives its values."""
    found: ColumnElement[bool] = column.between(bindparam(name), bindparam(f"{name}_top"))
    return found


def beginning(name: str, text: str) -> Values:
    """The values of ``begins``."""
    return {name: text, f"{name}_top": text + TOP}


def phone_values(typed: str, *, shortest: int = MIN_TAIL) -> Values | None:
    """The values of ``by_phone``: any spelling of a number, how it begins, or its last four digits or more.

    None for what is no number. What has fewer digits than ``shortest`` is the beginning of too many.
    """
    digits = "".join(character for character in typed if character.isdigit())
    marks = "".join(character for character in typed if not character.isalnum() and character not in "+-() ./·")
    if len(digits) < MIN_TAIL or marks or any(character.isalpha() for character in typed):
        return None
    key = parse_phone(typed).lookup or digits
    # Without an out-line 0 too; but zeros alone would be the beginning of every number.
    bare = digits.lstrip("0")
    national = key if key.startswith("+") or len(bare) < MIN_TAIL else f"+86{bare}"
    found = {**beginning("digits", key), **beginning("national", national)}
    if len(digits) < shortest:
        found |= {"digits_top": key, "national_top": national}
    return {**found, **beginning("tail", digits[::-1])}


def by_phone(lookup: Any, tail: Any) -> ColumnElement[bool]:
    """What finds a number; ``phone_values`` gives its values."""
    return or_(begins(tail, "tail"), begins(lookup, "digits"), begins(lookup, "national"))


_EQUAL = (
    "status", "service_type", "appliance", "brand", "fault", "city", "district", "urgency", "warranty", "call_id",
    "customer_id", "number", "handler",
)  # fmt: skip
_BEGINS = {
    "name": begins(WorkOrder.customer_name, "name"),
    "model": begins(WorkOrder.model, "model"),
    "serial": WorkOrder.asset_id.in_(select(Asset.asset_id).where(begins(Asset.serial, "serial"))),
}
_WORD = or_(
    WorkOrder.number == bindparam("word"),
    WorkOrder.contact_lookup == bindparam("contact"),
    begins(WorkOrder.customer_name, "q"),
)
_CONDITIONS: Mapping[str, ColumnElement[bool]] = {
    **{name: getattr(WorkOrder, name) == bindparam(name) for name in _EQUAL},
    **_BEGINS,
    "since": WorkOrder.created_at >= bindparam("since"),
    "until": WorkOrder.created_at < bindparam("until"),
    "q": _WORD,
    "phone": or_(_WORD, by_phone(WorkOrder.contact_lookup, WorkOrder.contact_tail)),
    "cursor": tuple_(WorkOrder.created_at, WorkOrder.order_id)
    < tuple_(
        bindparam("cursor_at", type_=WorkOrder.created_at.type), bindparam("cursor_id", type_=WorkOrder.order_id.type)
    ),
}


def conditions(filters: OrderFilters | None) -> dict[str, Values]:
    """The values of each condition that ``filters`` asks for, by its name. Raises Invalid for a cursor not ours."""
    found: dict[str, Values] = {}
    for name in (*_EQUAL, *_BEGINS, "since", "until"):
        if (wanted := getattr(filters, name, None)) is not None:
            found[name] = beginning(name, wanted) if name in _BEGINS else {name: wanted}
    if isinstance(filters, OrderQuery):
        if filters.q and (q := filters.q.strip()):
            word = {"word": q.upper(), "contact": parse_phone(q).lookup, **beginning("q", q)}
            phone = phone_values(q, shortest=MIN_BEGINNING)
            found |= {"q": word} if phone is None else {"phone": {**word, **phone}}
        if filters.cursor:
            found["cursor"] = dict(zip(("cursor_at", "cursor_id"), decode_cursor(filters.cursor), strict=True))
    return found


def condition(name: str) -> ColumnElement[bool]:
    """The condition of that name."""
    return _CONDITIONS[name]
