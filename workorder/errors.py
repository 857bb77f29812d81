"""The domain's errors: one base, a stable ``code`` each, and a hint that says what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar


class WorkOrderError(Exception):
    """Base of every error this library raises on purpose.

    ``code`` is stable: programs match on it, never on the text. ``field`` names the input the error is about,
    ``fix`` is one sentence that says what to do.
    """

    code: ClassVar[str] = "defect"

    def __init__(self, message: str, *, fix: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.fix = fix
        self.field = field

    def __str__(self) -> str:
        """Field, message and fix in one line."""
        head = f"{self.field}: {self.message}" if self.field else self.message
        return f"{head} ({self.fix})" if self.fix else head


@dataclass(frozen=True, slots=True)
class FieldProblem:
    """What is wrong with one field; ``code`` is a stable word such as ``required`` or ``wrong_type``."""

    field: str
    code: str
    message: str


class Invalid(WorkOrderError):  # noqa: N818 - named for what the input is
    """The input is malformed or breaks a rule; ``errors`` has one entry per field at fault."""

    code = "invalid"

    def __init__(
        self, message: str, *, errors: Iterable[FieldProblem] = (), fix: str | None = None, field: str | None = None
    ) -> None:
        self.errors = tuple(errors)
        super().__init__(message, fix=fix, field=field or (self.errors[0].field if self.errors else None))


class NotFound(WorkOrderError):  # noqa: N818
    """The named customer or order does not exist."""

    code = "not_found"


class Conflict(WorkOrderError):  # noqa: N818
    """The order changed underneath, or its state does not allow the move."""

    code = "conflict"


class ApprovalRequired(Conflict):
    """Somebody else has to agree first. Each interface says how to ask for it in its own words."""

    code = "approval_required"


class ApprovalPending(ApprovalRequired):
    """Somebody was asked and has not decided yet."""


class MayNotDecide(WorkOrderError):  # noqa: N818 - reads as what is wrong
    """The role does not decide this, or it is one's own question."""

    code = "may_not_decide"
