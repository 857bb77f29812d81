"""What is to be looked at when, as long as nothing changes: warnings, breaches, orders at rest, and the outlook.

Pure: from the levels, the order's tier and its trail come all moments at once; the first that lies ahead is the one
timer an order needs. After any change they are computed again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from workorder.policy.lifecycle import CLOSED, Status
from workorder.policy.sla import Limit, Milestone, Tier, due
from workorder.policy.sla_table import ServiceLevels
from workorder.policy.sla_trail import Trail, began, marks, pauses, resolved_at, responded_at

OUTLOOK_AT = (0.0, 0.5)
"""Shares of the time to resolve at which the outlook is taken: at once, and while there is still time to act."""
NOBODY_HAS_IT = frozenset({Status.CREATED, Status.DISPATCHED, Status.ESCALATED, Status.REOPENED})
"""Statuses in which an order waits for somebody to take it on."""
_UNTIL_APPOINTMENT = frozenset({Status.ACCEPTED, Status.RESCHEDULED})


class Alert(StrEnum):
    """What a moment is about."""

    OUTLOOK = "outlook"
    WARNED = "warned"
    BREACHED = "breached"
    UNTOUCHED = "untouched"
    NODE_MISSED = "node_missed"


@dataclass(frozen=True, slots=True, order=True)
class Watch:
    """At ``at`` the alert is due. ``mark`` names it among all of the order; ``since``: from when the time counts."""

    at: datetime
    alert: Alert
    mark: str
    since: datetime
    limit: Limit | None = None
    fraction: float = 1.0


def watches(
    levels: ServiceLevels,
    tier: Tier,
    trail: Trail,
    *,
    touched_at: datetime,
    appointment: datetime | None = None,
    known: Sequence[Milestone] | None = None,
) -> tuple[Watch, ...]:
    """Everything that falls due if nothing changes any more, in order of time.

    ``touched_at`` is the last change of anything; ``appointment`` the begin of the promised slot; ``known`` are the
    order's ``marks``, where somebody has them already.
    """
    status_since, status = trail[-1]
    found = [*_limits(trail, marks(tier, trail) if known is None else known), *_outlooks(tier, trail)]
    if status in NOBODY_HAS_IT:
        at = tier.calendar.after(touched_at, levels.untouched)
        found.append(Watch(at, Alert.UNTOUCHED, "untouched", touched_at))
    if status in levels.nodes and status not in CLOSED:
        at = tier.calendar.after(status_since, levels.nodes[status])
        if status in _UNTIL_APPOINTMENT and appointment is not None:
            at = max(appointment, status_since)
        found.append(Watch(at, Alert.NODE_MISSED, f"node.{status}", status_since))
    return tuple(sorted(found))


def _limits(trail: Trail, known: Sequence[Milestone]) -> list[Watch]:
    """Warnings and breaches of limits that are not met. A cancelled order has none."""
    if trail[-1][1] is Status.CANCELLED:
        return []
    met = {Limit.RESPOND: responded_at(trail), Limit.RESOLVE: resolved_at(trail)}
    start = began(trail)
    return [
        Watch(
            milestone.at,
            Alert.BREACHED if milestone.fraction >= 1 else Alert.WARNED,
            f"{milestone.limit}.{milestone.fraction:.3f}",
            start,
            milestone.limit,
            milestone.fraction,
        )
        for milestone in known
        if (done := met[milestone.limit]) is None or (milestone.fraction >= 1 and milestone.at < done)
    ]


def _outlooks(tier: Tier, trail: Trail) -> list[Watch]:
    if resolved_at(trail) is not None or trail[-1][1] in CLOSED:
        return []
    start, stops = began(trail), pauses(trail)
    moments = ((share, due(tier.calendar, start, tier.resolve * share, stops)) for share in OUTLOOK_AT)
    return [
        Watch(at, Alert.OUTLOOK, f"outlook.{share:.1f}", start, Limit.RESOLVE, share)
        for share, at in moments
        if at is not None
    ]
