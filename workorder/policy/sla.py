"""Service levels: which limits an order has, and when they run out.

The clock runs in working time of the tier's calendar and stands while an order waits for the customer or for parts.
Tiers are a table, first match wins. Everything here is a pure function of times, so timers can be computed again after
a restart and give the same moments.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from workorder.errors import Invalid
from workorder.policy.working_time import WorkingCalendar


@dataclass(frozen=True, kw_only=True)
class Tier:
    """A service level; None in a condition means any. Limits are working time of ``calendar``."""

    name: str
    respond: timedelta
    resolve: timedelta
    calendar: WorkingCalendar
    urgency: frozenset[str] | None = None
    level: frozenset[str] | None = None
    service_type: frozenset[str] | None = None
    appliance: frozenset[str] | None = None
    fault: frozenset[str] | None = None
    warn_at: tuple[float, ...] = (0.75,)
    """Fractions of a limit after which a warning is due."""
    warn_before: tuple[timedelta, ...] = ()
    """Working time before the end of a limit at which a warning is due as well."""

    def warnings(self, limit: timedelta) -> tuple[float, ...]:
        """Fractions of ``limit`` at which to warn, in order, each once."""
        before = (1 - lead / limit for lead in self.warn_before if lead < limit)
        return tuple(sorted({*self.warn_at, *before}))

    def fits(self, case: Case) -> bool:
        """Whether every condition holds; what is not known of the case fits no condition."""
        asked = ((getattr(self, name), getattr(case, name)) for name in CONDITIONS)
        return all(allowed is None or value in allowed for allowed, value in asked)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """What decides about an order's service level."""

    service_type: str | None
    urgency: str = "normal"
    level: str = "normal"
    appliance: str | None = None
    fault: str | None = None


CONDITIONS = tuple(fact.name for fact in fields(Case))
"""Names of a tier's conditions, one for each fact of a case."""


def tier_of(tiers: Sequence[Tier], case: Case) -> Tier:
    """The first tier that fits; raises Invalid when none does (the table must end with one that always does)."""
    for tier in tiers:
        if tier.fits(case):
            return tier
    raise Invalid(f"no tier fits {case}", field="tiers", fix="end the table with a tier for all")


class WaitingFor(StrEnum):
    """For whom the order waits while its clock stands."""

    CUSTOMER = "customer"
    PARTS = "parts"


@dataclass(frozen=True, slots=True)
class Pause:
    """The clock stands in [since, until); ``until`` None: it still does. Pauses may overlap."""

    since: datetime
    until: datetime | None
    cause: WaitingFor = WaitingFor.CUSTOMER


def elapsed(calendar: WorkingCalendar, start: datetime, now: datetime, pauses: Iterable[Pause] = ()) -> timedelta:
    """Working time from ``start`` to ``now`` that was not paused."""
    pieces = _running(start, now, pauses)
    return sum((calendar.between(since, until or now) for since, until in pieces), timedelta())


def due(
    calendar: WorkingCalendar, start: datetime, allowance: timedelta, pauses: Iterable[Pause] = ()
) -> datetime | None:
    """When ``allowance`` is used up (UTC); None when an open pause stops the clock before."""
    left = allowance
    for since, until in _running(start, None, pauses):
        if until is None:
            return calendar.after(since, left)
        available = calendar.between(since, until)
        if left <= available:
            return calendar.after(since, left)
        left -= available
    return None


class Limit(StrEnum):
    """What must have happened by when."""

    RESPOND = "respond"
    RESOLVE = "resolve"


@dataclass(frozen=True, slots=True, order=True)
class Milestone:
    """Something to do at a moment unless the limit was met before: warn at a fraction, act on a breach at 1.0."""

    at: datetime
    limit: Limit
    fraction: float


def milestones(tier: Tier, start: datetime, pauses: Sequence[Pause] = ()) -> tuple[Milestone, ...]:
    """Every warning and breach that the present pauses let happen, in order of time."""
    found = []
    for limit, allowance in ((Limit.RESPOND, tier.respond), (Limit.RESOLVE, tier.resolve)):
        for fraction in (*tier.warnings(allowance), 1.0):
            at = due(tier.calendar, start, allowance * fraction, pauses)
            if at is not None:
                found.append(Milestone(at, limit, fraction))
    return tuple(sorted(found))


def _running(start: datetime, end: datetime | None, pauses: Iterable[Pause]) -> list[tuple[datetime, datetime | None]]:
    """The pieces of [start, end) outside every pause, in order; a last piece without end when ``end`` is None."""
    at = start.astimezone(UTC)
    pieces: list[tuple[datetime, datetime | None]] = []
    for pause in sorted(pauses, key=lambda pause: pause.since):
        stop = pause.since if end is None else min(pause.since, end)
        if at < stop:
            pieces.append((at, stop))
        if pause.until is None:
            return pieces
        at = max(at, pause.until)
    if end is None or at < end:
        pieces.append((at, end))
    return pieces
