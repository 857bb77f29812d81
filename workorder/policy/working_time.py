"""Working time: calendars with shifts, holidays and worked weekends, and arithmetic on them.

A moment counts when it lies in a shift: the start belongs to it, the end does not. Everything is computed on the time
line of UTC, so a zone with summer time has its 23- and 25-hour days right.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo

from workorder.errors import Invalid
from workorder.policy.holidays_cn import HOLIDAYS, WORKED_WEEKENDS

Shift = tuple[time, time]
"""Local opening and closing time of one day; closing ``time.min`` means midnight at the end of the day."""

Span = tuple[datetime, datetime]
"""Aware start and end of a piece of working time, in UTC."""

MAX_IDLE_DAYS = 400
"""A calendar that has no working time for longer than this cannot be meant."""

MAX_KNOWN_DAYS = 1000
"""Of how many days a calendar remembers the pieces."""


@dataclass(frozen=True, kw_only=True)
class WorkingCalendar:
    """When we work. ``week`` has the shifts from Monday (0) to Sunday (6), in order and without overlap.

    ``off`` are days without shifts (with the reason), ``worked`` days with the shifts of ``as_weekday``.
    """

    zone: ZoneInfo
    week: Mapping[int, tuple[Shift, ...]]
    off: Mapping[date, str] = field(default_factory=dict)
    worked: frozenset[date] = frozenset()
    as_weekday: int = 0
    _days: dict[date, tuple[Span, ...]] = field(default_factory=dict, init=False, repr=False, compare=False)
    """Days that were asked for before: a clock asks for the same few a dozen times."""

    def __post_init__(self) -> None:
        """Refuse shifts that overlap or run backwards, and a week without any."""
        if not any(self.week.values()):
            raise Invalid("has no shift at all", field="week")
        for weekday, shifts in self.week.items():
            edges = [edge for opens, closes in shifts for edge in (_minutes(opens), _minutes(closes) or 1440)]
            if edges != sorted(set(edges)):
                raise Invalid("shifts must follow each other without overlap", field=f"week.{weekday}")

    def shifts(self, day: date) -> tuple[Shift, ...]:
        """The shifts of a local day."""
        if day in self.worked:
            return self.week.get(self.as_weekday, ())
        return () if day in self.off else self.week.get(day.weekday(), ())

    def spans(self, since: datetime) -> Iterator[Span]:
        """Working time from ``since`` on, piece by piece without end; Invalid when there is none left to come."""
        start, day = since.astimezone(UTC), since.astimezone(self.zone).date()
        idle = 0
        for offset in count():
            today = day + timedelta(days=offset)
            pieces = [(max(begin, start), end) for begin, end in self._on(today) if end > start]
            idle = 0 if pieces else idle + 1
            if idle > MAX_IDLE_DAYS:
                raise Invalid(f"no working time within {MAX_IDLE_DAYS} days of {day}", field="calendar")
            yield from pieces

    def is_working(self, moment: datetime) -> bool:
        """Whether work goes on at ``moment``."""
        day = moment.astimezone(self.zone).date()
        return any(begin <= moment < end for begin, end in self._on(day))

    def between(self, since: datetime, until: datetime) -> timedelta:
        """Working time in [since, until); nothing when they are the wrong way round."""
        total = timedelta()
        if since < until:
            for begin, end in self.spans(since):
                if begin >= until:
                    break
                total += min(end, until) - begin
        return total

    def after(self, since: datetime, working: timedelta) -> datetime:
        """The first moment by which ``working`` time has passed since ``since`` (UTC); none or less gives ``since``."""
        left = working
        if left <= timedelta():
            return since.astimezone(UTC)
        for begin, end in self.spans(since):
            if left <= end - begin:
                return begin + left
            left -= end - begin
        raise AssertionError("spans are without end")

    def _on(self, day: date) -> tuple[Span, ...]:
        known = self._days.get(day)
        if known is None:
            if len(self._days) >= MAX_KNOWN_DAYS:
                self._days.clear()
            known = self._days[day] = tuple(self._spans_on(day))
        return known

    def _spans_on(self, day: date) -> Iterator[Span]:
        for opening, closing in self.shifts(day):
            closes = day + timedelta(days=1) if closing == time.min else day
            begin = datetime.combine(day, opening, self.zone).astimezone(UTC)
            yield begin, datetime.combine(closes, closing, self.zone).astimezone(UTC)


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute


OFFICE = WorkingCalendar(
    zone=ZoneInfo("Asia/Shanghai"),
    week=dict.fromkeys(range(5), ((time(8, 30), time(18)),)),
    off=HOLIDAYS,
    worked=WORKED_WEEKENDS,
)
"""China's working days, with its public holidays and the weekends worked in return."""
