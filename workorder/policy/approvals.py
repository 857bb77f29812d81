"""What needs somebody's word, as a document that people edit: the rules, and which of them fits an order.

The document is what the API, the command line and the database hold. It is checked whole: one that was accepted can be
used. Points where a person has to look at an order of some service type before it goes on are in that type's form, as
steps that block (``workorder.policy.forms``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from workorder.errors import FieldProblem, Invalid
from workorder.fields import SERVICE_TYPES
from workorder.policy.customers import LEVELS
from workorder.policy.lifecycle import CLOSED, MOVES, OPEN, Action, Status

GOODWILL = "goodwill"
"""A compensation without obligation: no step, but it has to be decided before the order closes."""
SUBJECTS = (*(str(action) for action in Action if action is not Action.CREATE), GOODWILL)
"""What can be made to need somebody's word: every step of an order that has a number, and goodwill."""


class Decision(StrEnum):
    """Where a question stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a rule looks at. ``reason`` and ``amount_minor`` are of the wish, all else of the order."""

    status: Status
    service_type: str | None
    level: str = "normal"
    reason: str = ""
    amount_minor: int | None = None


def _one_of(*known: str) -> AfterValidator:
    def check(word: str) -> str:
        if word not in known:
            raise ValueError(f"must be one of {', '.join(known)}")
        return word

    return AfterValidator(check)


Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Label = Annotated[str, Field(min_length=1, max_length=80)]
Part = Annotated[str, Field(min_length=1, max_length=80)]
Subject = Annotated[str, _one_of(*SUBJECTS)]
ServiceType = Annotated[str, _one_of(*SERVICE_TYPES)]
Level = Annotated[str, _one_of(*LEVELS)]
_NO_GOODWILL = frozenset({Status.CANCELLED, Status.FOLLOWED_UP})


class ApprovalRule(BaseModel):
    """``subject`` (a step, or goodwill) needs the word of somebody with one of ``roles``.

    A condition that is null holds always; the first rule that fits decides. ``reason``: words of which one occurs in
    the reason given. ``from_amount_minor``: goodwill of so much (in cents) or more.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Word
    subject: Subject
    status: Annotated[tuple[Status, ...], Field(min_length=1, max_length=20)] | None = None
    service_type: Annotated[tuple[ServiceType, ...], Field(min_length=1, max_length=20)] | None = None
    level: Annotated[tuple[Level, ...], Field(min_length=1, max_length=20)] | None = None
    reason: Annotated[tuple[Part, ...], Field(min_length=1, max_length=20)] | None = None
    from_amount_minor: Annotated[int, Field(ge=1, le=10**12)] | None = None
    roles: Annotated[tuple[Word, ...], Field(min_length=1, max_length=10)]
    label: Label
    label_en: Label

    @model_validator(mode="after")
    def _possible(self) -> Self:
        possible = set(Status) - _NO_GOODWILL if self.subject == GOODWILL else MOVES[Action(self.subject)].sources
        if strange := [status for status in self.status or () if status not in possible]:
            raise ValueError(f"{self.subject} is not possible when an order is {', '.join(strange)}")
        if self.from_amount_minor is not None and self.subject != GOODWILL:
            raise ValueError("only goodwill has an amount")
        return self

    def fits(self, subject: str, facts: Facts) -> bool:
        """Whether it asks for somebody's word now."""
        return (
            subject == self.subject
            and _holds(self.status, facts.status)
            and (subject != GOODWILL or facts.status not in _NO_GOODWILL)
            and _holds(self.service_type, facts.service_type)
            and _holds(self.level, facts.level)
            and (self.reason is None or any(part in facts.reason for part in self.reason))
            and (facts.amount_minor or 0) >= (self.from_amount_minor or 0)
        )

    @property
    def plain(self) -> bool:
        """Whether the order alone, without its customer and the reason, tells if it fits."""
        return self.level is None and self.reason is None


class ApprovalTable(BaseModel):
    """All rules of a call centre, looked at from the first on; none at all: nobody has to agree to anything."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rules: Annotated[tuple[ApprovalRule, ...], Field(max_length=100)]

    @model_validator(mode="after")
    def _unique(self) -> Self:
        names = [rule.name for rule in self.rules]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"rules: {', '.join(sorted(twice))} is there twice")
        return self

    def rule_for(self, subject: str, facts: Facts) -> ApprovalRule | None:
        """The rule that asks for somebody's word now; None: it may just be done."""
        return next((rule for rule in self.rules if rule.fits(subject, facts)), None)

    def needing(self, status: Status, service_type: str | None) -> frozenset[str]:
        """The steps that need somebody's word whatever the customer and the reason: what buttons can say beforehand."""
        facts = Facts(status=status, service_type=service_type)
        return frozenset(rule.subject for rule in self.rules if rule.plain and rule.fits(rule.subject, facts))


def check_roles(table: ApprovalTable, known: Iterable[str]) -> None:
    """Raise Invalid that names every rule with a role nobody can have: what it asks for could never be done."""
    roles = tuple(known)
    problems = [
        FieldProblem(f"rules.{number}.roles", "not_allowed", f"there is no role {role}; known are {', '.join(roles)}")
        for number, rule in enumerate(table.rules)
        for role in rule.roles
        if role not in roles
    ]
    if problems:
        raise Invalid(problems[0].message, errors=problems)


def may_decide(roles: Iterable[str], own: Iterable[str]) -> bool:
    """Whether somebody with the roles ``own`` may do what needs one of ``roles``, and decide about others' wish to."""
    return not set(roles).isdisjoint(own)


def waits_for_decisions(action: Action) -> bool:
    """Whether a step has to wait while anything about the order is undecided: no order closes over an open question."""
    return MOVES[action].target in CLOSED


def read(document: str | bytes) -> ApprovalTable:
    """A table from JSON text. Raises Invalid with an entry per place at fault."""
    try:
        return ApprovalTable.model_validate_json(document)
    except ValidationError as error:
        problems = [
            FieldProblem(".".join(map(str, part["loc"])) or "rules", part["type"], part["msg"])
            for part in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise Invalid(f"{problems[0].field}: {problems[0].message}", errors=problems) from error


@lru_cache(maxsize=16)
def stored(document: str) -> ApprovalTable:
    """The table of a document that was accepted before; read once each."""
    return ApprovalTable.model_validate_json(document)


def _holds(allowed: tuple[str, ...] | None, word: str | None) -> bool:
    return allowed is None or word in allowed


_SUPERVISORS = ("supervisor", "admin")

DEFAULTS = ApprovalTable(
    rules=(
        ApprovalRule(
            name="cancel_after_dispatch",
            subject=Action.CANCEL,
            status=tuple(
                status for status in Status if status in OPEN & MOVES[Action.CANCEL].sources - {Status.CREATED}
            ),
            roles=_SUPERVISORS,
            label="派工后取消",
            label_en="Cancelling after dispatch",
        ),
        ApprovalRule(
            name="reopen_after_follow_up",
            subject=Action.REOPEN,
            status=(Status.FOLLOWED_UP,),
            roles=_SUPERVISORS,
            label="回访后返修",
            label_en="Reopening after the follow-up",
        ),
        ApprovalRule(
            name="goodwill", subject=GOODWILL, roles=_SUPERVISORS, label="善意补偿", label_en="Goodwill compensation"
        ),
    )
)
"""What holds until somebody edits it."""
