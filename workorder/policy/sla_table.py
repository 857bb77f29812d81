"""The service levels as a document that people edit: calendars, tiers, and how long an order may rest at a step.

The document is what the API, the command line and the database hold; ``levels`` makes of it what the clock runs by.
Documents are checked whole: one that was accepted can be used.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import lru_cache
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError, model_validator

from workorder.errors import FieldProblem, Invalid
from workorder.fields import SERVICE_TYPES, URGENCY
from workorder.policy.holidays_cn import HOLIDAYS, WORKED_WEEKENDS
from workorder.policy.lifecycle import CLOSED, Status
from workorder.policy.sla import CONDITIONS, Tier
from workorder.policy.working_time import Shift, WorkingCalendar

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_HOURS = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-(?:([01]\d|2[0-3]):([0-5]\d)|24:00)")
_YEAR_MIN = 366 * 24 * 60


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise ValueError("no such zone; e.g. Asia/Shanghai") from error
    return name


def _known_service(name: str) -> str:
    if name not in SERVICE_TYPES:
        raise ValueError(f"must be one of {', '.join(SERVICE_TYPES)}")
    return name


def _known_urgency(name: str) -> str:
    if name not in URGENCY:
        raise ValueError(f"must be one of {', '.join(URGENCY)}")
    return name


def _rests(status: Status) -> Status:
    if status in CLOSED or status is Status.DRAFT:
        raise ValueError(f"an order does not rest at {status}")
    return status


Word = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,39}$")]
Zone = Annotated[str, Field(max_length=60), AfterValidator(_zone)]
Hours = Annotated[str, Field(pattern=f"^{_HOURS.pattern}$")]
Day = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Minutes = Annotated[int, Field(ge=1, le=_YEAR_MIN)]
Reason = Annotated[str, Field(max_length=80)]
Fraction = Annotated[float, Field(gt=0, lt=1)]
Names = Annotated[tuple[Annotated[str, Field(min_length=1, max_length=60)], ...], Field(max_length=100)]
"""Appliances or faults as orders have them, in the catalogue's words."""
Resting = Annotated[Status, AfterValidator(_rests)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class CalendarRow(_Part):
    """Opening hours by weekday in ``zone``, and the days that differ.

    ``holidays``: of the built-in Chinese holidays ``all``, those named (as 春节), or none. ``make_up_days``: weekends
    worked in return count as Mondays. ``off`` and ``worked`` add own days to both.
    """

    zone: Zone = "Asia/Shanghai"
    week: dict[Day, Annotated[tuple[Hours, ...], Field(max_length=8)]]
    holidays: Literal["all"] | Annotated[tuple[Reason, ...], Field(max_length=20)] = ()
    make_up_days: bool = False
    off: Annotated[dict[date, Reason], Field(max_length=400)] = Field(default_factory=dict)
    worked: Annotated[tuple[date, ...], Field(max_length=400)] = ()

    @model_validator(mode="after")
    def _usable(self) -> Self:
        try:
            self.calendar()
        except Invalid as error:
            raise ValueError(str(error)) from error
        return self

    def calendar(self) -> WorkingCalendar:
        """What the clock runs by; raises Invalid when shifts overlap or there are none."""
        feasts = {day: name for day, name in HOLIDAYS.items() if self.holidays == "all" or name in self.holidays}
        worked = frozenset(self.worked) | (WORKED_WEEKENDS if self.make_up_days else frozenset())
        return WorkingCalendar(
            zone=ZoneInfo(self.zone),
            week={DAYS.index(day): tuple(map(_shift, hours)) for day, hours in self.week.items()},
            off={**feasts, **self.off},
            worked=worked - frozenset(self.off),
        )


class TierRow(_Part):
    """One service level. A condition that is null holds for every order; the first tier that fits decides.

    Limits count working time of ``calendar``. Warnings are due at fractions of a limit and so many minutes before it.
    """

    name: Word
    urgency: Annotated[tuple[Annotated[str, AfterValidator(_known_urgency)], ...], Field(max_length=10)] | None = None
    level: Annotated[tuple[Word, ...], Field(max_length=20)] | None = None
    service_type: Annotated[tuple[Annotated[str, AfterValidator(_known_service)], ...], Field(max_length=20)] | None = (
        None
    )
    appliance: Names | None = None
    fault: Names | None = None
    respond_min: Minutes
    resolve_min: Minutes
    calendar: Word
    warn_at: Annotated[tuple[Fraction, ...], Field(max_length=5)] = (0.75,)
    warn_before_min: Annotated[tuple[Minutes, ...], Field(max_length=5)] = ()

    @model_validator(mode="after")
    def _order(self) -> Self:
        if self.respond_min > self.resolve_min:
            raise ValueError("resolve_min must not be shorter than respond_min")
        return self


class SlaTable(_Part):
    """All service levels of a call centre.

    ``untouched_min``: an order that nobody changes for so long raises an alert while it waits for somebody to take it
    on. ``nodes_min``: how long it may rest at a step; accepted or rescheduled orders with an appointment may rest until
    it begins. Both count working time of the order's tier. ``risk_alert``: probability of a breach from which on an
    alert is raised early.
    """

    calendars: Annotated[dict[Word, CalendarRow], Field(min_length=1, max_length=20)]
    tiers: Annotated[tuple[TierRow, ...], Field(min_length=1, max_length=50)]
    untouched_min: Minutes = 60
    nodes_min: dict[Resting, Minutes] = Field(default_factory=dict)
    risk_alert: Annotated[float, Field(gt=0, le=1)] = 0.6

    @model_validator(mode="after")
    def _whole(self) -> Self:
        names = [tier.name for tier in self.tiers]
        if twice := {name for name in names if names.count(name) > 1}:
            raise ValueError(f"tiers: {', '.join(sorted(twice))} is there twice")
        if strange := [tier.calendar for tier in self.tiers if tier.calendar not in self.calendars]:
            raise ValueError(f"tiers: there is no calendar {strange[0]}")
        last = self.tiers[-1]
        if any(getattr(last, condition) is not None for condition in CONDITIONS):
            raise ValueError("tiers: the last one must fit every order (no condition)")
        return self


@dataclass(frozen=True, kw_only=True)
class ServiceLevels:
    """What the clock runs by, made of an ``SlaTable``."""

    tiers: tuple[Tier, ...]
    untouched: timedelta
    nodes: Mapping[Status, timedelta]
    risk_alert: float


def levels(table: SlaTable) -> ServiceLevels:
    """The table as tiers with their calendars."""
    calendars = {name: row.calendar() for name, row in table.calendars.items()}
    return ServiceLevels(
        tiers=tuple(_tier(row, calendars[row.calendar]) for row in table.tiers),
        untouched=timedelta(minutes=table.untouched_min),
        nodes={status: timedelta(minutes=minutes) for status, minutes in table.nodes_min.items()},
        risk_alert=table.risk_alert,
    )


@lru_cache(maxsize=16)
def stored_levels(document: str) -> ServiceLevels:
    """The levels of a document that was accepted before; read once each."""
    return levels(SlaTable.model_validate_json(document))


def read(document: str | bytes) -> SlaTable:
    """A table from JSON text. Raises Invalid with an entry per place at fault."""
    try:
        return SlaTable.model_validate_json(document)
    except ValidationError as error:
        problems = [
            FieldProblem(".".join(map(str, part["loc"])) or "table", part["type"], part["msg"])
            for part in error.errors(include_url=False, include_context=False, include_input=False)
        ]
        raise Invalid(f"{problems[0].field}: {problems[0].message}", errors=problems) from error


def _tier(row: TierRow, calendar: WorkingCalendar) -> Tier:
    return Tier(
        name=row.name,
        respond=timedelta(minutes=row.respond_min),
        resolve=timedelta(minutes=row.resolve_min),
        calendar=calendar,
        **{name: _any(getattr(row, name)) for name in CONDITIONS},
        warn_at=row.warn_at,
        warn_before=tuple(timedelta(minutes=minutes) for minutes in row.warn_before_min),
    )


def _any(allowed: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if allowed is None else frozenset(allowed)


def _shift(hours: str) -> Shift:
    opens, closes = hours.split("-")
    return time.fromisoformat(opens), time.min if closes == "24:00" else time.fromisoformat(closes)


_EVERY_DAY = dict.fromkeys(DAYS, ("08:00-20:00",))

DEFAULTS = SlaTable.model_validate(
    {
        "calendars": {
            "always": {"week": dict.fromkeys(DAYS, ("00:00-24:00",))},
            "office": {
                "week": dict.fromkeys(DAYS[:5], ("08:30-18:00",)),
                "holidays": "all",
                "make_up_days": True,
            },
            "service": {"week": _EVERY_DAY, "holidays": ("春节",)},
        },
        "tiers": (
            {
                "name": "danger",
                "urgency": ("critical",),
                "respond_min": 15,
                "resolve_min": 240,
                "calendar": "always",
                "warn_at": (0.5, 0.75),
            },
            {
                "name": "complaint",
                "service_type": ("complaint",),
                "respond_min": 120,
                "resolve_min": 1140,
                "calendar": "office",
            },
            {"name": "vip", "level": ("vip",), "respond_min": 30, "resolve_min": 720, "calendar": "service"},
            {"name": "urgent", "urgency": ("high",), "respond_min": 60, "resolve_min": 720, "calendar": "service"},
            {"name": "standard", "respond_min": 120, "resolve_min": 1440, "calendar": "service"},
        ),
        "untouched_min": 60,
        "nodes_min": {
            "created": 60,
            "dispatched": 30,
            "accepted": 480,
            "departed": 120,
            "arrived": 30,
            "working": 240,
            "waiting_parts": 2160,
            "rescheduled": 720,
            "escalated": 30,
            "reopened": 60,
            "completed": 1440,
        },
    }
)
"""What holds until somebody edits it. After 48 hours complaints grow by two fifths: every limit is below."""

TIERS = levels(DEFAULTS).tiers
