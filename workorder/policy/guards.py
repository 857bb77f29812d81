"""What a step of the life cycle may need besides its status: each guard of the table as a rule. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from workorder.errors import Conflict, FieldProblem, Invalid
from workorder.policy.lifecycle import Confirmation, Guard


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What comes with a step, and what may stand in its way: required fields, open parts, a closed whole, by name."""

    reason: str | None = None
    confirmation: Confirmation | None = None
    missing: tuple[str, ...] = ()
    open_parts: tuple[str, ...] = ()
    closed_whole: str | None = None


def check(guard: Guard, asked: Asked) -> None:
    """Raise what the guard misses: Invalid for what must be given, Conflict for what must be done first."""
    _GUARDS[guard](asked)


def _need_fields(asked: Asked) -> None:
    problems = [FieldProblem(name, "required", "is required for this service type") for name in asked.missing]
    if problems:
        names = ", ".join(problem.field for problem in problems)
        raise Invalid(f"required fields are missing: {names}", errors=problems, fix="fill them and save again")


def _need_reason(asked: Asked) -> None:
    if not (asked.reason or "").strip():
        raise Invalid("must not be empty", field="reason", fix="say why, somebody may ask")


def _need_closed_parts(asked: Asked) -> None:
    if asked.open_parts:
        raise Conflict(
            f"parts of it are still open: {', '.join(asked.open_parts)}",
            field="parent_id",
            fix="close or cancel them first",
        )


def _need_open_whole(asked: Asked) -> None:
    if asked.closed_whole:
        raise Conflict(
            f"it is a part of {asked.closed_whole}, which is closed", field="parent_id", fix="reopen that first"
        )


def _need_confirmation(asked: Asked) -> None:
    if asked.confirmation is None:
        words = ", ".join(Confirmation)
        raise Invalid(f"must be one of {words}", field="confirmation", fix="ask the customer, or check the appliance")


_GUARDS: Mapping[Guard, Callable[[Asked], None]] = {
    Guard.FIELDS_COMPLETE: _need_fields,
    Guard.REASON: _need_reason,
    Guard.PARTS_CLOSED: _need_closed_parts,
    Guard.WHOLE_OPEN: _need_open_whole,
    Guard.CONFIRMATION: _need_confirmation,
}
