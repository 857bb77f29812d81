"""Which actions somebody else has to agree to: a table of action × state → role."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from workorder.policy.lifecycle import CLOSED, MOVES, OPEN, Action, Status

GOODWILL = "goodwill"
"""A compensation without obligation: no step, but it has to be decided before the order closes."""


class Decision(StrEnum):
    """Where a question stands."""

    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalRule:
    """``subject`` (a step, or goodwill) needs one of ``roles`` when the order is in one of ``statuses``."""

    subject: str
    statuses: frozenset[Status]
    roles: tuple[str, ...]
    label: str
    label_en: str


_SUPERVISORS = ("supervisor", "admin")
RULES: tuple[ApprovalRule, ...] = (
    ApprovalRule(
        subject=Action.CANCEL,
        statuses=OPEN - {Status.CREATED},
        roles=_SUPERVISORS,
        label="派工后取消",
        label_en="Cancelling after dispatch",
    ),
    ApprovalRule(
        subject=Action.REOPEN,
        statuses=frozenset({Status.FOLLOWED_UP}),
        roles=_SUPERVISORS,
        label="回访后返修",
        label_en="Reopening after the follow-up",
    ),
    ApprovalRule(
        subject=GOODWILL,
        statuses=frozenset(Status) - {Status.CANCELLED, Status.FOLLOWED_UP},
        roles=_SUPERVISORS,
        label="善意补偿",
        label_en="Goodwill compensation",
    ),
)
SUBJECTS = tuple(dict.fromkeys(rule.subject for rule in RULES))


def rule_for(subject: str, status: Status) -> ApprovalRule | None:
    """The rule that asks for somebody's word now; None: it may just be done."""
    return next((rule for rule in RULES if rule.subject == subject and status in rule.statuses), None)


def may_decide(rule: ApprovalRule, roles: Iterable[str]) -> bool:
    """Whether somebody with ``roles`` may do it, and decide about others' wish to."""
    return not set(rule.roles).isdisjoint(roles)


def waits_for_decisions(action: Action) -> bool:
    """Whether a step has to wait while anything about the order is undecided: no order closes over an open question."""
    return MOVES[action].target in CLOSED
