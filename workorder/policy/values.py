"""Checks and display texts of field values: one pair of functions per kind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime

from workorder.errors import FieldProblem, Invalid
from workorder.fields import ADDRESS_PARTS, APPOINTMENT_PARTS, FIELDS, FieldContent, FieldSpec, Kind
from workorder.policy.phones import parse_phone


class _Refused(Exception):  # noqa: N818 - reads as what happened to the value
    """Why a value does not fit, with the problem's code; turned into a FieldProblem by ``check_all``."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def check_all(
    values: dict[str, FieldContent | None], specs: Mapping[str, FieldSpec] = FIELDS
) -> dict[str, FieldContent | None]:
    """Bring values to their stored form (trimmed, "" as None). Raises Invalid naming every bad field.

    ``specs`` are the fields that there are: more than the built-in ones where the order's form has its own.
    """
    kept: dict[str, FieldContent | None] = {}
    problems: list[FieldProblem] = []
    for name, value in values.items():
        try:
            kept[name] = _checked(name, value, specs)
        except _Refused as refused:
            problems.append(FieldProblem(name, refused.code, str(refused)))
    if problems:
        raise Invalid("; ".join(f"{p.field}: {p.message}" for p in problems), errors=problems)
    return kept


def fits(spec: FieldSpec, value: FieldContent | None) -> bool:
    """True for a value that ``check_all`` takes for this field."""
    try:
        return value is None or _CHECKS[spec.kind](spec, value) is not None
    except _Refused:
        return False


def display(name: str, value: FieldContent | None, specs: Mapping[str, FieldSpec] = FIELDS) -> str:
    """The value as people read it; empty for None."""
    if value is None:
        return ""
    spec = specs[name]
    return _DISPLAYS[spec.kind](spec, value)


def appointment_ends(value: FieldContent | None) -> tuple[datetime | None, datetime | None]:
    """Start and end of a stored appointment as aware datetimes."""
    if not isinstance(value, dict):
        return None, None
    start, end = (value.get(part) for part in APPOINTMENT_PARTS)
    return (datetime.fromisoformat(start) if start else None, datetime.fromisoformat(end) if end else None)


def _checked(name: str, value: FieldContent | None, specs: Mapping[str, FieldSpec]) -> FieldContent | None:
    spec = specs.get(name)
    if spec is None:
        raise _Refused("unknown_field", f"there is no such field; known are {', '.join(specs)}")
    return None if value is None else _CHECKS[spec.kind](spec, value)


def _text(spec: FieldSpec, value: FieldContent) -> FieldContent | None:
    if not isinstance(value, str):
        raise _Refused("wrong_type", "must be text")
    trimmed = value.strip()
    if "\x00" in trimmed:
        raise _Refused("not_allowed", "must not contain NUL characters")
    if len(trimmed) > spec.max_length:
        raise _Refused("too_long", f"has {len(trimmed)} characters, at most {spec.max_length} are allowed")
    return trimmed or None


def _choice(spec: FieldSpec, value: FieldContent) -> FieldContent | None:
    text = _text(spec, value)
    choices = spec.choices or {}
    if text is not None and text not in choices:
        raise _Refused("not_allowed", f"must be one of {', '.join(choices)}")
    return text


def _flag(_spec: FieldSpec, value: FieldContent) -> FieldContent | None:
    if not isinstance(value, bool):
        raise _Refused("wrong_type", "must be true or false")
    return value


def _phone(spec: FieldSpec, value: FieldContent) -> FieldContent | None:
    text = _text(spec, value)
    if isinstance(text, str) and not any(char.isdigit() for char in text):
        raise _Refused("not_allowed", "must contain digits")
    return text


def _parts(spec: FieldSpec, value: FieldContent, names: tuple[str, ...]) -> dict[str, str | None]:
    if not isinstance(value, dict):
        raise _Refused("wrong_type", f"must be an object with {', '.join(names)}")
    unknown = set(value) - set(names)
    if unknown:
        raise _Refused("not_allowed", f"has unknown parts {', '.join(sorted(unknown))}")
    texts = {part: None if value.get(part) is None else _text(spec, value[part] or "") for part in names}
    return {part: text if isinstance(text, str) else None for part, text in texts.items()}


def _address(spec: FieldSpec, value: FieldContent) -> FieldContent | None:
    parts = _parts(spec, value, ADDRESS_PARTS)
    return parts if any(parts.values()) else None


def _appointment(spec: FieldSpec, value: FieldContent) -> FieldContent | None:
    parts = _parts(spec, value, APPOINTMENT_PARTS)
    if not any(parts.values()):
        return None
    start, end = (_moment(part, parts[part]) for part in APPOINTMENT_PARTS)
    if start and end and end < start:
        raise _Refused("not_allowed", "ends before it starts")
    return parts


def _moment(part: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _Refused("wrong_type", f"{part} must be an ISO 8601 time") from None
    if moment.tzinfo is None:
        raise _Refused("wrong_type", f"{part} must carry its offset, as in 2026-11-22T14:00:00+08:00")
    return moment


def _show_choice(spec: FieldSpec, value: FieldContent) -> str:
    return (spec.choices or {}).get(str(value), str(value))


def _show_address(_spec: FieldSpec, value: FieldContent) -> str:
    if not isinstance(value, dict):
        return str(value)
    return "".join(value.get(part) or "" for part in ADDRESS_PARTS)


def _show_appointment(_spec: FieldSpec, value: FieldContent) -> str:
    start, end = appointment_ends(value)
    if start is None:
        return f"{end:%Y-%m-%d %H:%M} 前" if end else ""
    if end is None:
        return f"{start:%Y-%m-%d %H:%M} 起"
    shown = f"{end:%H:%M}" if end.date() == start.date() else f"{end:%Y-%m-%d %H:%M}"
    return f"{start:%Y-%m-%d %H:%M}–{shown}"


_CHECKS: dict[Kind, Callable[[FieldSpec, FieldContent], FieldContent | None]] = {
    Kind.TEXT: _text,
    Kind.CHOICE: _choice,
    Kind.FLAG: _flag,
    Kind.PHONE: _phone,
    Kind.ADDRESS: _address,
    Kind.APPOINTMENT: _appointment,
}

_DISPLAYS: dict[Kind, Callable[[FieldSpec, FieldContent], str]] = {
    Kind.TEXT: lambda _spec, value: str(value),
    Kind.CHOICE: _show_choice,
    Kind.FLAG: lambda _spec, value: "是" if value else "否",
    Kind.PHONE: lambda _spec, value: parse_phone(str(value)).display,
    Kind.ADDRESS: _show_address,
    Kind.APPOINTMENT: _show_appointment,
}
