"""When the visits of a maintenance plan are due, and on which day their orders are to be created."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, tzinfo
from itertools import count

from workorder.policy.warranty import same_day

CREATED_AT = time(8, 0)
"""Local time of day at which an order comes in: people are at work to see it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """A visit every ``interval_months`` from ``first_on`` to ``ends_on``; its order comes ``lead_days`` earlier."""

    interval_months: int
    first_on: date
    lead_days: int = 14
    ends_on: date | None = None

    def visits(self) -> Iterator[date]:
        """Every due day. Each is counted from the first, so that the 31st comes back after a short month."""
        for number in count():
            try:
                due = same_day(self.first_on, number * self.interval_months)
            except ValueError:  # the calendar ends in 9999
                return
            if self.ends_on is not None and due > self.ends_on:
                return
            yield due

    def after(self, due: date | None) -> date | None:
        """The visit that follows ``due`` (None: the first); None when there is none left."""
        return next((visit for visit in self.visits() if due is None or visit > due), None)

    def opens(self, due: date, zone: tzinfo) -> datetime:
        """When the order of the visit ``due`` is to be created."""
        return datetime.combine(due - timedelta(days=self.lead_days), CREATED_AT, zone)

    def open_at(self, due: date | None, at: datetime, zone: tzinfo) -> tuple[date | None, tuple[date, ...]]:
        """The visit after ``due`` whose order should be there at ``at`` and the ones that time has overtaken.

        After a long standstill one order is made, for the latest visit, not one for each that nobody can make any more.
        """
        overtaken: list[date] = []
        current: date | None = None
        upcoming = self.after(due)
        while upcoming is not None and self.opens(upcoming, zone) <= at:
            if current is not None:
                overtaken.append(current)
            current, upcoming = upcoming, self.after(upcoming)
        return current, tuple(overtaken)
