"""What may stand on a customer's record: every fault is named with its place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from workorder.commands import NewAddress, NewPhone
from workorder.errors import FieldProblem, Invalid
from workorder.fields import ADDRESS_PARTS
from workorder.policy.customers import LEVELS, MAX_LABEL, MAX_NOTES, MAX_OWNED, OPENID
from workorder.policy.phones import parse_phone
from workorder.policy.values import check_all


def check(
    *,
    name: str | None = None,
    level: str | None = None,
    notes: str | None = None,
    openids: Mapping[str, str | None],
    phones: Sequence[NewPhone] | None = None,
    addresses: Sequence[NewAddress] | None = None,
) -> None:
    """Raise Invalid with one entry per fault; None is not looked at."""
    problems = [
        *_name(name),
        *_level(level),
        *_notes(notes),
        *_openids(openids),
        *(_phones(phones) if phones is not None else ()),
        *(_addresses(addresses) if addresses is not None else ()),
    ]
    if problems:
        raise Invalid("; ".join(f"{p.field}: {p.message}" for p in problems), errors=problems)


def _name(name: str | None) -> Iterator[FieldProblem]:
    if name is not None and not name.strip():
        yield FieldProblem("name", "required", "must not be empty")
    elif name is not None:
        yield from _field_problems("name", "customer_name", name)


def _level(level: str | None) -> Iterator[FieldProblem]:
    if level is not None and level not in LEVELS:
        yield FieldProblem("level", "not_allowed", f"must be one of {', '.join(LEVELS)}")


def _notes(notes: str | None) -> Iterator[FieldProblem]:
    yield from _text_problems("notes", notes, MAX_NOTES)


def _openids(openids: Mapping[str, str | None]) -> Iterator[FieldProblem]:
    for name, openid in openids.items():
        if openid and not OPENID.fullmatch(openid.strip()):
            yield FieldProblem(name, "not_allowed", "must be 1 to 64 letters, digits, _ and -, as WeChat gives it")


def _phones(phones: Sequence[NewPhone]) -> Iterator[FieldProblem]:
    if not phones:
        yield FieldProblem("phone", "required", "must be a phone number")
    yield from _too_many("phones", phones)
    seen: set[str] = set()
    for phone in phones[:MAX_OWNED]:
        lookup = parse_phone(phone.number).lookup
        if lookup is None:
            yield FieldProblem("phone", "required", "must be a phone number")
        elif lookup in seen:
            yield FieldProblem("phone", "duplicate", f"{phone.number} is there twice")
        else:
            yield from _field_problems("phone", "contact_phone", phone.number)
            seen.add(lookup)
        yield from _text_problems("phone", phone.label, MAX_LABEL)


def _addresses(addresses: Sequence[NewAddress]) -> Iterator[FieldProblem]:
    yield from _too_many("addresses", addresses)
    for address in addresses[:MAX_OWNED]:
        parts = {part: getattr(address, part) or None for part in ADDRESS_PARTS}
        if not any((text or "").strip() for text in parts.values()):
            yield FieldProblem("address", "required", "must have at least one part")
        yield from _field_problems("address", "address", parts)
        yield from _text_problems("address", address.label, MAX_LABEL)
        code = address.division_code
        if code is not None and not (code.isascii() and code.isdigit() and len(code) == 6):
            yield FieldProblem("address", "not_allowed", f"{code!r} is no division code: it has six digits")


def _too_many(field: str, entries: Sequence[object]) -> Iterator[FieldProblem]:
    if len(entries) > MAX_OWNED:
        yield FieldProblem(field, "too_many", f"at most {MAX_OWNED} are kept")


def _text_problems(field: str, text: str | None, limit: int) -> Iterator[FieldProblem]:
    if text is not None and len(text.strip()) > limit:
        yield FieldProblem(field, "too_long", f"at most {limit} characters are kept")
    if text is not None and "\x00" in text:
        yield FieldProblem(field, "not_allowed", "must not contain NUL characters")


def _field_problems(shown: str, field: str, value: str | dict[str, str | None]) -> Iterator[FieldProblem]:
    """A value has to fit the order field that it will fill."""
    try:
        check_all({field: value})
    except Invalid as error:
        yield from (FieldProblem(shown, problem.code, problem.message) for problem in error.errors)
