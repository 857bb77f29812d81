"""Reading an order's service level from its trail of statuses: when its clock stood, and when its limits were met."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from workorder.policy.lifecycle import Status
from workorder.policy.sla import Limit, Milestone, Pause, Tier, WaitingFor, due, elapsed, milestones

Trail = Sequence[tuple[datetime, Status]]
"""The statuses an order had, each with the moment it got it, in order."""

STANDS: Mapping[Status, WaitingFor] = {Status.WAITING_PARTS: WaitingFor.PARTS, Status.RESCHEDULED: WaitingFor.CUSTOMER}
"""Statuses in which we wait for somebody else."""

ENDS = frozenset({Status.CANCELLED})
"""Statuses after which no limit matters any more."""

_RESPONDED = frozenset({Status.ACCEPTED, Status.DEPARTED, Status.ARRIVED, Status.WORKING})


@dataclass(frozen=True, slots=True)
class Standing:
    """How an order stands against its tier at one moment.

    Times are UTC; a due time is None while the clock stands with time left; a limit that broke before keeps its moment.
    """

    tier: str
    respond_by: datetime | None
    resolve_by: datetime | None
    responded_at: datetime | None
    resolved_at: datetime | None
    paused: WaitingFor | None
    used: float
    """Share of the time to resolve that is used up; above 1 the limit is broken."""
    breached: tuple[Limit, ...]
    next: Milestone | None
    """The next warning or breach, unless its limit is met before."""


def pauses(trail: Trail) -> tuple[Pause, ...]:
    """When the clock stood: while we waited, and from a completion that did not hold until it was reopened."""
    found: list[Pause] = []
    waiting: tuple[datetime, WaitingFor] | None = None
    done: datetime | None = None
    for at, status in trail:
        if waiting is not None:
            found.append(Pause(waiting[0], at, waiting[1]))
        if status is Status.REOPENED and done is not None:
            found.append(Pause(done, at))
        waiting = (at, STANDS[status]) if status in STANDS else None
        done = at if status is Status.COMPLETED else done
    if waiting is not None:
        found.append(Pause(waiting[0], None, waiting[1]))
    return tuple(found)


def responded_at(trail: Trail) -> datetime | None:
    """When a technician first took the order on."""
    return next((at for at, status in trail if status in _RESPONDED), None)


def resolved_at(trail: Trail) -> datetime | None:
    """When the work was done for good: the last completion that was not reopened."""
    done: datetime | None = None
    for at, status in trail:
        if status is Status.COMPLETED:
            done = at
        elif status is Status.REOPENED:
            done = None
    return done


def began(trail: Trail) -> datetime:
    """When the clock began: with the first ``created``."""
    return next(at for at, status in trail if status is Status.CREATED)


def marks(tier: Tier, trail: Trail) -> tuple[Milestone, ...]:
    """Every warning and breach of the order, met or not, in order of time."""
    return milestones(tier, began(trail), pauses(trail))


def standing(tier: Tier, trail: Trail, now: datetime, known: Sequence[Milestone] | None = None) -> Standing:
    """Judge the order at ``now``; ``known``: its ``marks``, where somebody has them already."""
    start, stops = began(trail), pauses(trail)
    met = {Limit.RESPOND: responded_at(trail), Limit.RESOLVE: resolved_at(trail)}
    ended = next((at for at, status in trail if status in ENDS), None)
    until = met[Limit.RESOLVE] or ended or now
    allowed = {Limit.RESPOND: tier.respond, Limit.RESOLVE: tier.resolve}
    spent = {limit: elapsed(tier.calendar, start, at or ended or now, stops) for limit, at in met.items()}
    ahead = (
        milestone
        for milestone in (marks(tier, trail) if known is None else known)
        if milestone.at > now and met[milestone.limit] is None and ended is None
    )
    return Standing(
        tier=tier.name,
        respond_by=due(tier.calendar, start, tier.respond, stops),
        resolve_by=due(tier.calendar, start, tier.resolve, stops),
        responded_at=met[Limit.RESPOND],
        resolved_at=met[Limit.RESOLVE],
        paused=next((stop.cause for stop in stops if stop.until is None), None),
        used=elapsed(tier.calendar, start, until, stops) / tier.resolve,
        breached=tuple(limit for limit in Limit if spent[limit] > allowed[limit]),
        next=next(ahead, None),
    )
