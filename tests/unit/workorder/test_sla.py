"""Working time and service levels, against an oracle that walks the time line minute by minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from workorder.errors import Invalid
from workorder.policy.holidays_cn import HOLIDAYS, WORKED_WEEKENDS, YEARS
from workorder.policy.sla import CONDITIONS, Case, Limit, Pause, Tier, due, elapsed, milestones, tier_of
from workorder.policy.sla_table import DEFAULTS, TIERS, SlaTable, levels
from workorder.policy.working_time import WorkingCalendar

SHANGHAI = ZoneInfo("Asia/Shanghai")
MINUTE = timedelta(minutes=1)
ALWAYS, OFFICE, SERVICE = (DEFAULTS.calendars[name].calendar() for name in ("always", "office", "service"))
BASE = datetime(2026, 9, 24, 16, 0, tzinfo=UTC)
"""Shortly before Mid-Autumn (25 to 27 September off) and the National Day week, with weekends worked in return."""

SPLIT = WorkingCalendar(
    zone=SHANGHAI,
    week={0: ((time(9), time(12)), (time(13), time(17, 30))), 2: ((time(22), time.min),), 3: ((time.min, time(2)),)},
    off={date(2026, 9, 28): "stocktaking", date(2026, 9, 29): "a day off on which work goes on after all"},
    worked=frozenset({date(2026, 9, 29)}),
)
SUMMER_TIME = WorkingCalendar(zone=ZoneInfo("Europe/Berlin"), week=dict.fromkeys(range(7), ((time(1), time(5)),)))
CALENDARS = [ALWAYS, OFFICE, SERVICE, SPLIT]

starts = st.integers(0, 3 * 1440).map(lambda minutes: BASE + minutes * MINUTE)
allowances = st.integers(1, 900).map(lambda minutes: minutes * MINUTE)


@st.composite
def pauses(draw: st.DrawFn) -> list[Pause]:
    """Up to four pauses of at most a day, overlapping as they like; the last may still be open."""
    found = []
    for _ in range(draw(st.integers(0, 4))):
        since = BASE + draw(st.integers(-600, 5000)) * MINUTE
        until = since + draw(st.integers(0, 1440)) * MINUTE
        found.append(Pause(since, until))
    if found and draw(st.booleans()):
        found[-1] = Pause(found[-1].since, None)
    return found


def works(calendar: WorkingCalendar, moment: datetime) -> bool:
    """The oracle's own idea of working time: local clock, weekday, exceptions."""
    local = moment.astimezone(calendar.zone)
    day = local.date()
    if day in calendar.worked:
        shifts = calendar.week.get(calendar.as_weekday, ())
    elif day in calendar.off:
        shifts = ()
    else:
        shifts = calendar.week.get(day.weekday(), ())
    return any(opens <= local.time() and (closes == time.min or local.time() < closes) for opens, closes in shifts)


def paused(moment: datetime, stops: list[Pause]) -> bool:
    return any(stop.since <= moment and (stop.until is None or moment < stop.until) for stop in stops)


def due_by_walking(
    calendar: WorkingCalendar, start: datetime, allowance: timedelta, stops: list[Pause]
) -> datetime | None:
    at = start
    for _ in range(60 * 1440):
        if any(stop.until is None and stop.since <= at for stop in stops):
            return None
        if works(calendar, at) and not paused(at, stops):
            allowance -= MINUTE
            if not allowance:
                return at + MINUTE
        at += MINUTE
    raise AssertionError("the oracle walked too far")


@settings(max_examples=150)
@given(st.sampled_from(CALENDARS), starts, allowances, pauses())
def test_due_is_where_walking_minute_by_minute_arrives(
    calendar: WorkingCalendar, start: datetime, allowance: timedelta, stops: list[Pause]
) -> None:
    """Shifts, holidays, worked weekends, overlapping and open pauses: the same moment as the oracle's."""
    assert due(calendar, start, allowance, stops) == due_by_walking(calendar, start, allowance, stops)


@settings(max_examples=60)
@given(st.sampled_from(CALENDARS), starts)
def test_what_is_used_up_just_when_a_shift_ends_is_due_then(calendar: WorkingCalendar, start: datetime) -> None:
    """At the end of the day's work, not at the beginning of the next."""
    for _, end in islice(calendar.spans(start), 3):
        allowance = calendar.between(start, end)
        # Around the clock a shift's end is the next one's beginning: the walk is long, and says nothing.
        if allowance <= timedelta(days=1):
            assert due(calendar, start, allowance) == due_by_walking(calendar, start, allowance, [])


@settings(max_examples=60)
@given(st.sampled_from(CALENDARS), starts, pauses())
def test_what_is_used_up_just_when_a_pause_begins_is_due_then(
    calendar: WorkingCalendar, start: datetime, stops: list[Pause]
) -> None:
    """The edge that chance seldom hits: not after the pause, and not never when it stays open."""
    for stop in stops:
        allowance = elapsed(calendar, start, stop.since, stops)
        if allowance:
            assert due(calendar, start, allowance, stops) == due_by_walking(calendar, start, allowance, stops)


@settings(max_examples=100)
@given(st.sampled_from(CALENDARS), starts, st.integers(-100, 6000), pauses())
def test_elapsed_is_what_walking_minute_by_minute_counts(
    calendar: WorkingCalendar, start: datetime, minutes: int, stops: list[Pause]
) -> None:
    """Working minutes outside every pause, nothing for an end before the start."""
    now = start + minutes * MINUTE
    counted = sum(
        works(calendar, at) and not paused(at, stops) for at in (start + n * MINUTE for n in range(max(0, minutes)))
    )
    assert elapsed(calendar, start, now, stops) == counted * MINUTE


@settings(max_examples=100)
@given(st.sampled_from(CALENDARS), starts, allowances, pauses())
def test_elapsed_until_due_is_the_allowance(
    calendar: WorkingCalendar, start: datetime, allowance: timedelta, stops: list[Pause]
) -> None:
    """The two functions are each other's inverse, to the microsecond."""
    odd = allowance + timedelta(microseconds=7)
    end = due(calendar, start, odd, stops)
    if end is not None:
        assert elapsed(calendar, start, end, stops) == odd


@given(starts, allowances)
def test_the_longest_day_of_autumn_is_counted_right(start: datetime, allowance: timedelta) -> None:
    """On the night the clock goes back the shift from 1 to 5 has five hours; the inverse still holds."""
    begin = datetime(2026, 10, 25, 0, 0, tzinfo=ZoneInfo("Europe/Berlin"))
    assert SUMMER_TIME.between(begin, begin + timedelta(hours=12)) == timedelta(hours=5)
    shifted = start + timedelta(days=29)
    assert SUMMER_TIME.between(shifted, SUMMER_TIME.after(shifted, allowance)) == allowance


@pytest.mark.parametrize(
    ("since", "working", "expected"),
    [
        ("2026-09-30T17:00", timedelta(hours=2), "2026-10-08T09:30"),  # over the National Day week
        ("2026-10-09T17:30", timedelta(hours=1), "2026-10-10T09:00"),  # to a worked Saturday
        ("2026-09-18T17:30", timedelta(hours=1), "2026-09-20T09:00"),  # over Saturday to a worked Sunday
        ("2026-02-13T18:00", timedelta(minutes=1), "2026-02-14T08:31"),  # the Saturday before the Spring Festival
        ("2026-02-14T18:00", timedelta(minutes=1), "2026-02-24T08:31"),  # and the day after it
    ],
)
def test_office_hours_follow_the_announced_holidays(since: str, working: timedelta, expected: str) -> None:
    """Known cases of 2026 around holidays and weekends worked in return."""
    start = datetime.fromisoformat(since).replace(tzinfo=SHANGHAI)
    assert OFFICE.after(start, working) == datetime.fromisoformat(expected).replace(tzinfo=SHANGHAI)


def test_the_holiday_table_is_consistent() -> None:
    """Worked days are weekend days and no holidays; each year has its seven feasts, two of which may fall together."""
    assert all(day.weekday() >= 5 for day in WORKED_WEEKENDS)
    assert not WORKED_WEEKENDS & set(HOLIDAYS)
    for year, plan in YEARS.items():
        assert {name for names, _, _ in plan.off for name in names.split("、")} == {
            "元旦",
            "春节",
            "清明节",
            "劳动节",
            "端午节",
            "中秋节",
            "国庆节",
        }, year


def test_the_first_tier_that_fits_decides() -> None:
    """Danger before all, complaints before customers' levels, the standard for the rest."""
    assert tier_of(TIERS, Case(urgency="critical", level="vip", service_type="complaint")).name == "danger"
    assert tier_of(TIERS, Case(level="vip", service_type="complaint")).name == "complaint"
    assert tier_of(TIERS, Case(urgency="high", level="vip", service_type="repair")).name == "vip"
    assert tier_of(TIERS, Case(urgency="high", service_type="repair")).name == "urgent"
    assert tier_of(TIERS, Case(service_type="install")).name == "standard"
    with pytest.raises(Invalid):
        tier_of(TIERS[:1], Case(service_type="install"))


def test_the_problem_decides_too() -> None:
    """By appliance and fault; a fault that nobody knows yet fits no tier that asks for one."""
    row = DEFAULTS.tiers[-1].model_dump()
    asks = {"name": "cold_food", "appliance": ("冰箱", "冰柜"), "fault": ("不制冷",), "resolve_min": 240}
    table = SlaTable.model_validate({**DEFAULTS.model_dump(), "tiers": [{**row, **asks}, row]})
    tiers = levels(table).tiers
    cases = [("冰箱", "不制冷"), ("空调", "不制冷"), ("冰箱", "噪音大"), ("冰箱", None), (None, None)]
    found = [tier_of(tiers, Case(service_type="repair", appliance=one, fault=fault)).name for one, fault in cases]
    assert found == ["cold_food", *["standard"] * 4]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_the_last_tier_asks_for_nothing(condition: str) -> None:
    """Whatever the condition: a table whose last tier has one is refused."""
    words = {"service_type": "repair", "urgency": "high", "level": "vip", "appliance": "冰箱", "fault": "不制冷"}
    last = {**DEFAULTS.tiers[-1].model_dump(), condition: [words[condition]]}
    with pytest.raises(ValidationError, match="must fit every order"):
        SlaTable.model_validate({**DEFAULTS.model_dump(), "tiers": [last]})


@settings(max_examples=60)
@given(st.sampled_from(TIERS), starts, pauses())
def test_milestones_come_in_order_and_end_with_each_limits_breach(
    tier: Tier, start: datetime, stops: list[Pause]
) -> None:
    """Sorted by time; per limit the fractions grow; without an open pause both breaches are there."""
    found = milestones(tier, start, stops)
    assert list(found) == sorted(found)
    for limit in Limit:
        fractions = [milestone.fraction for milestone in found if milestone.limit is limit]
        assert fractions == sorted(fractions)
        if all(stop.until is not None for stop in stops):
            assert fractions == [*tier.warn_at, 1.0]


def test_a_closed_pause_moves_the_deadline_by_the_working_time_it_took() -> None:
    """Waiting for parts from four to noon the next day costs the customer's clock nothing."""
    tier = tier_of(TIERS, Case(service_type="repair"))
    start = datetime(2026, 11, 23, 10, 0, tzinfo=SHANGHAI)
    waiting = Pause(start.replace(hour=16), start.replace(day=24, hour=12))
    assert due(tier.calendar, start, tier.resolve) == start.replace(day=25)
    assert due(tier.calendar, start, tier.resolve, [waiting]) == start.replace(day=25, hour=18)
    assert due(tier.calendar, start, tier.resolve, [Pause(waiting.since, None)]) is None


def test_calendars_that_cannot_be_meant_are_refused() -> None:
    """No shift at all, overlapping shifts, and a calendar that never opens again."""
    with pytest.raises(Invalid, match="no shift"):
        WorkingCalendar(zone=SHANGHAI, week={})
    with pytest.raises(Invalid, match="overlap"):
        WorkingCalendar(zone=SHANGHAI, week={0: ((time(9), time(12)), (time(11), time(13)))})
    closed = WorkingCalendar(
        zone=SHANGHAI,
        week={0: ((time(9), time(10)),)},
        off={date(2026, 1, 1) + timedelta(days=n): "closed" for n in range(1000)},
    )
    with pytest.raises(Invalid, match="no working time"):
        closed.after(datetime(2026, 1, 1, tzinfo=UTC), MINUTE)
