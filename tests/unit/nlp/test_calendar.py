"""The lunar calendar against the sky, and spoken dates against a calendar searched day by day."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nlp.holidays import FESTIVALS, days_off, next_holiday, worked_days
from nlp.lunar import lunar_month, solar_day, years
from nlp.times import times

CHINA = timezone(timedelta(hours=8))
NOON_2000 = datetime(2000, 1, 1, 12, tzinfo=UTC)
DYNAMICAL_S = 70
"""Dynamical time was ahead of universal time by 64 s in 2000 and will be by some 80 s in 2050."""


def day_in_china(jde: float) -> date:
    return (NOON_2000 + timedelta(days=jde - 2451545.0, seconds=-DYNAMICAL_S)).astimezone(CHINA).date()


def new_moon(k: int) -> float:
    """Julian ephemeris day of the k-th new moon after 2000-01-06 (Meeus, Astronomical Algorithms, chapter 49)."""
    t = k / 1236.85
    e = 1 - 0.002516 * t
    sun = math.radians(2.5534 + 29.10535670 * k)
    moon = math.radians(201.5643 + 385.81693528 * k + 0.0107582 * t * t)
    node = math.radians(160.7108 + 390.67050284 * k - 0.0016118 * t * t)
    omega = math.radians(124.7746 - 1.56375588 * k + 0.0020672 * t * t)
    terms = (
        (-0.40720, moon), (0.17241 * e, sun), (0.01608, 2 * moon), (0.01039, 2 * node), (0.00739 * e, moon - sun),
        (-0.00514 * e, moon + sun), (0.00208 * e * e, 2 * sun), (-0.00111, moon - 2 * node), (-0.00057, moon + 2 * node),
        (0.00056 * e, 2 * moon + sun), (-0.00042, 3 * moon), (0.00042 * e, sun + 2 * node),
        (0.00038 * e, sun - 2 * node), (-0.00024 * e, 2 * moon - sun), (-0.00017, omega),
    )  # fmt: skip
    return 2451550.09766 + 29.530588861 * k + 0.00015437 * t * t + sum(a * math.sin(x) for a, x in terms)


def suns_longitude(jde: float) -> float:
    """Apparent longitude in degrees (Meeus, chapter 25, low accuracy: 0.01 degrees, a quarter of an hour)."""
    t = (jde - 2451545.0) / 36525
    m = math.radians(357.52911 + 35999.05029 * t)
    centre = (1.914602 - 0.004817 * t) * math.sin(m) + 0.019993 * math.sin(2 * m) + 0.000289 * math.sin(3 * m)
    omega = math.radians(125.04 - 1934.136 * t)
    return (280.46646 + 36000.76983 * t + centre - 0.00569 - 0.00478 * math.sin(omega)) % 360


def sun_at(degrees: float, near: float) -> float:
    """When the sun stands there, searched from a day less than half a year away."""
    jde = near
    for _ in range(20):
        jde += ((degrees - suns_longitude(jde) + 180) % 360 - 180) / 360 * 365.2422
    return jde


def jde_of(day: date) -> float:
    return 2451545.0 + (datetime(day.year, day.month, day.day, 12, tzinfo=UTC) - NOON_2000).days


@lru_cache(maxsize=1)
def months() -> dict[date, tuple[int, bool]]:
    """First day of every month from 2000 to 2050 → (its number, whether it is a leap month), computed from the sky.

    The month of the winter solstice is the eleventh. Where thirteen months lie between two of those, the first in which
    the sun enters no new twelfth (中气) is the leap month.
    """
    firsts = [day_in_china(new_moon(k)) for k in range(-15, 650)]
    entered = {day_in_china(sun_at(d, jde_of(date(y, 1, 5)) + d2)) for y in range(1999, 2053) for d, d2 in twelfths()}
    winters = [day_in_china(sun_at(270, jde_of(date(y, 12, 21)))) for y in range(1998, 2053)]
    eleventh = [max(i for i, f in enumerate(firsts) if f <= w) for w in winters if firsts[0] <= w < firsts[-1]]
    numbered: dict[date, tuple[int, bool]] = {}
    for begin, end in itertools.pairwise(eleventh):
        leap_year, number, used = end - begin == 13, 11, False
        for i in range(begin, end):
            without = not any(firsts[i] <= d < firsts[i + 1] for d in entered)
            leap = leap_year and not used and without and i > begin
            used = used or leap
            if i > begin and not leap:
                number = number % 12 + 1
            numbered[firsts[i]] = (number, leap)
    return numbered


def twelfths() -> Iterator[tuple[float, float]]:
    """Longitudes of the twelve 中气 and about when in the year the sun reaches them (days after January 5th)."""
    for n in range(12):
        degrees = (300 + 30 * n) % 360
        yield degrees, 15 + 30.4 * n


def test_lunar_years_follow_from_the_sky() -> None:
    """Every month of the table begins on a computed new moon; first days of years and leap months follow the rule."""
    sky = months()
    for year, known in years().items():
        day, number = known.first, 0
        for i, length in enumerate(known.lengths):
            leap = known.leap > 0 and i == known.leap
            number += 0 if leap else 1
            assert sky[day] == (number, leap), (year, day)
            day += timedelta(days=length)
        assert year + 1 not in years() or day == years()[year + 1].first


def test_bright_and_clear_follows_from_the_sun() -> None:
    """清明 is the day on which the sun reaches 15 degrees."""
    for year in range(2000, 2051):
        assert FESTIVALS["清明"].day(year) == day_in_china(sun_at(15, jde_of(date(year, 4, 4))))


def test_years_beyond_the_table_are_unknown() -> None:
    """Nothing is made up for years that the table does not have."""
    assert solar_day(2051, 1, 1) is None
    assert lunar_month(date(1999, 1, 1)) is None
    assert days_off("春节", 2051) is None


def test_usual_days_stand_in_for_a_notice_not_yet_out() -> None:
    """Of years without a notice the long holidays last as usual, and the short ones touch the weekend."""
    assert days_off("国庆", 2028) == (date(2028, 10, 1), date(2028, 10, 7))
    assert days_off("春节", 2028) == days_off("除夕", 2028) == (date(2028, 1, 25), date(2028, 2, 1))
    assert days_off("元旦", 2029) == (date(2028, 12, 30), date(2029, 1, 1))
    assert next_holiday(date(2026, 9, 22)) == "中秋"
    assert next_holiday(date(2026, 9, 22), long=True) == "国庆"


# ---- spoken dates against a search through the calendar -------------------------------------------------------------


def lunar(day: date) -> tuple[int, int]:
    """(month, day) by the sky; leap months have number 0."""
    first = max(f for f in months() if f <= day)
    number, leap = months()[first]
    return (0 if leap else number), (day - first).days + 1


def free(day: date) -> bool:
    """Whether a public holiday is kept on a day."""
    return any(
        off[0] <= day <= off[1] for name in FESTIVALS if FESTIVALS[name].off and (off := days_off(name, day.year))
    )


SEARCHED: tuple[tuple[str, Callable[[date], bool]], ...] = (
    ("国庆那天", lambda d: (d.month, d.day) == (10, 1)),
    ("国庆第三天", lambda d: (d.month, d.day) == (10, 3)),
    ("国庆前一天", lambda d: (d.month, d.day) == (9, 30)),
    ("十一长假第二天", lambda d: (d.month, d.day) == (10, 2)),
    ("国庆的五号", lambda d: (d.month, d.day) == (10, 5)),
    ("五一那天", lambda d: (d.month, d.day) == (5, 1)),
    ("五一第二天", lambda d: (d.month, d.day) == (5, 2)),
    ("元旦当天", lambda d: (d.month, d.day) == (1, 1)),
    ("元旦前一天", lambda d: (d.month, d.day) == (12, 31)),
    ("圣诞节那天", lambda d: (d.month, d.day) == (12, 25)),
    ("除夕", lambda d: lunar(d + timedelta(days=1)) == (1, 1)),
    ("大年三十", lambda d: lunar(d + timedelta(days=1)) == (1, 1)),
    ("大年初三", lambda d: lunar(d) == (1, 3)),
    ("正月初八", lambda d: lunar(d) == (1, 8)),
    ("正月十六", lambda d: lunar(d) == (1, 16)),
    ("元宵节那天", lambda d: lunar(d) == (1, 15)),
    ("腊月二十八", lambda d: lunar(d) == (12, 28)),
    ("小年那天", lambda d: lunar(d) == (12, 23)),
    ("腊八节那天", lambda d: lunar(d) == (12, 8)),
    ("端午节那天", lambda d: lunar(d) == (5, 5)),
    ("端午第二天", lambda d: lunar(d) == (5, 6)),
    ("中秋节当天", lambda d: lunar(d) == (8, 15)),
    ("中秋前一天", lambda d: lunar(d) == (8, 14)),
    ("农历九月初九", lambda d: lunar(d) == (9, 9)),
    ("国庆后第一天", lambda d: (d.month in (9, 10)) and not free(d) and (d - timedelta(days=1)).month == 10 and free(d - timedelta(days=1)) and d.day < 11),
    ("国庆放假前一天", lambda d: d.day >= 24 and free(d + timedelta(days=1)) and (d + timedelta(days=1)) == date(d.year + (0 if d.month < 10 else 1), 10, 1)),
    ("调休那个周六", lambda d: d in worked_days(d.year) and d.weekday() == 5),
    ("调休那个周日", lambda d: d in worked_days(d.year) and d.weekday() == 6),
    ("补班那天", lambda d: d in worked_days(d.year)),
)  # fmt: skip


def searched(wanted: Callable[[date], bool], today: date) -> date | None:
    """The first day from ``today`` on, within 400 days, that is the one wanted."""
    return next((d for n in range(400) if wanted(d := today + timedelta(days=n))), None)


CALLED = st.dates(date(2024, 1, 1), date(2026, 11, 30))


@settings(max_examples=300)
@given(CALLED, st.sampled_from(SEARCHED))
def test_festivals_are_the_next_such_day(today: date, case: tuple[str, Callable[[date], bool]]) -> None:
    """Whatever day the call is on, a festival's or lunar day is the one a search through the calendar finds next."""
    words, wanted = case
    expected = searched(wanted, today)
    # 2027 has no notice yet, so that a search beyond 2026 for days worked in return finds none.
    found = times(f"那就{words}吧", datetime(today.year, today.month, today.day, 10, tzinfo=CHINA))
    if expected is None:
        assert all(w.day is None or w.past == w.day for w in found)
        return
    assert [(w.day, w.last_day) for w in found] == [(expected, expected)]


WEEK = "一二三四五六日"


@settings(max_examples=300)
@given(
    CALLED, st.sampled_from([("", 0), ("这", 0), ("本", 0), ("下", 1), ("下个", 1), ("下下", 2)]), st.integers(0, 6),
    st.sampled_from(["周", "星期", "礼拜"]),
)  # fmt: skip
def test_weekdays_lie_in_their_week(today: date, which: tuple[str, int], weekday: int, week: str) -> None:
    """Weeks begin on Monday; a bare weekday that has passed is the next one; also over the ends of months and years."""
    said, ahead = which
    found = times(f"{said}{week}{WEEK[weekday]}下午", datetime(today.year, today.month, today.day, 9, tzinfo=CHINA))
    expected = next(
        d
        for n in range(-6, 22)
        if (d := today + timedelta(days=n)).weekday() == weekday
        and d.isocalendar()[:2] == (today + timedelta(days=7 * ahead)).isocalendar()[:2]
    )
    if not said and expected < today:
        expected += timedelta(days=7)
    assert [(w.day, w.part) for w in found] == [(expected, (13, 18))]


@settings(max_examples=200)
@given(CALLED, st.integers(1, 28))
def test_days_of_the_month_are_the_next_of_that_number(today: date, number: int) -> None:
    """二号 is the next second of a month, in this month or the next, over the year's end too."""
    found = times(f"{number}号上午", datetime(today.year, today.month, today.day, 9, tzinfo=CHINA))
    expected = next(d for n in range(32) if (d := today + timedelta(days=n)).day == number)
    assert [w.day for w in found] == [expected]


@settings(max_examples=150)
@given(
    CALLED, st.text(alphabet="国庆五一春节中秋元旦端午年初三十腊月正调休放假过后前第天号周六日下个的了完", max_size=20)
)
def test_jumbled_festivals_give_days_or_nothing(today: date, words: str) -> None:
    """No jumble of holiday words breaks it, and what is found lies inside the text and in order."""
    for w in times(words, datetime(today.year, today.month, today.day, 9, tzinfo=CHINA)):
        assert 0 <= w.start < w.end <= len(words)
        assert w.day is None or (w.last_day is not None and w.day <= w.last_day)


CORRECT_DAYS = [
    ("2026-02-10", "年后", "2026-02-24", "after"),
    ("2026-02-10", "年前", "2026-02-14", "before"),
    ("2026-09-22", "节后第一天", "2026-09-28", ""),
    ("2026-09-22", "过了国庆", "2026-10-08", "after"),
    ("2026-09-22", "国庆，四号下午", "2026-10-04", ""),
    ("2026-09-02", "国庆期间，四号下午", "2026-10-04", ""),
    ("2026-09-22", "国庆假期最后一天", "2026-10-07", ""),
    ("2026-09-22", "国庆回来第一天", "2026-10-08", ""),
    ("2026-12-28", "元旦以后，四号以后", "2027-01-04", "after"),
    ("2026-04-01", "清明假期第一天", "2026-04-04", ""),
    ("2026-11-18", "三天后", "2026-11-21", ""),
    ("2026-11-18", "下下周一", "2026-11-30", ""),
]


@pytest.mark.parametrize(("today", "words", "day", "relation"), CORRECT_DAYS)
def test_days_by_hand(today: str, words: str, day: str, relation: str) -> None:
    """Days off and what lies before and after them, by the notices of 2026."""
    found = times(words, datetime.fromisoformat(f"{today}T10:00:00+08:00"))
    assert [(str(w.day), w.relation) for w in found] == [(day, relation)]


@pytest.mark.parametrize(
    "words", ["五一路五十一号", "住在五一二室", "三年前买的", "上初中", "去年前后", "中秋路口", "节能灯前面"]
)
def test_no_festival_where_none_is_meant(words: str) -> None:
    """Roads, rooms, schools and years are no festivals."""
    assert not [w for w in times(words, datetime.fromisoformat("2026-02-10T10:00:00+08:00")) if w.past or w.relation]
