"""What may stand on an appliance's record."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from workorder.commands import NewAsset
from workorder.errors import FieldProblem, Invalid
from workorder.ids import new_id
from workorder.model.customers import Asset

TEXTS: Mapping[str, int] = {
    "appliance": 60, "brand": 60, "model": 80, "serial": 80, "invoice_no": 60, "notes": 2000, "external_key": 80,
}  # fmt: skip
"""Text columns and how long their values may be."""
DATES = ("purchased_on", "installed_on", "replaced_on", "retired_on", "stated_until")
EARLIEST = date(1970, 1, 1)


def asset_row(asset: NewAsset) -> Asset:
    """An appliance to keep. Raises Invalid naming every bad part."""
    given: dict[str, str | date | None] = {name: getattr(asset, name) for name in TEXTS}
    given |= {name: getattr(asset, name) for name in ("purchased_on", "installed_on", "replaced_on")}
    given["stated_until"] = asset.warranty_until
    return Asset(asset_id=new_id(), edit_version=1, **checked(given))


def checked(values: Mapping[str, str | date | None]) -> dict[str, str | date | None]:
    """Values in stored form. Raises Invalid with one entry per fault."""
    kept: dict[str, str | date | None] = {}
    problems: list[FieldProblem] = []
    for name, value in values.items():
        if name in TEXTS or name == "customer_id":
            kept[name] = (value.strip() if isinstance(value, str) else "") or (None if name == "external_key" else "")
        elif name in DATES:
            kept[name] = value
        problems += _problems(name, value)
    if problems:
        raise Invalid("; ".join(f"{p.field}: {p.message}" for p in problems), errors=problems)
    return kept


def _problems(name: str, value: str | date | None) -> Iterator[FieldProblem]:
    if name in DATES:
        if value is not None and (not isinstance(value, date) or value < EARLIEST):
            yield FieldProblem(name, "not_allowed", f"must be a day since {EARLIEST}")
    elif name not in TEXTS and name != "customer_id":
        known = ", ".join((*TEXTS, *DATES, "customer_id"))
        yield FieldProblem(name, "unknown_field", f"there is no such field; known are {known}")
    else:
        yield from _text_problems(name, value.strip() if isinstance(value, str) else "")


def _text_problems(name: str, text: str) -> Iterator[FieldProblem]:
    if name in ("appliance", "customer_id") and not text:
        yield FieldProblem(name, "required", "must not be empty")
    if "\x00" in text:
        yield FieldProblem(name, "not_allowed", "must not contain NUL characters")
    if name in TEXTS and len(text) > TEXTS[name]:
        yield FieldProblem(name, "too_long", f"at most {TEXTS[name]} characters are kept")
