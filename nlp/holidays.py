"""Festivals of China: the day of each, the days off around it, and the weekend days worked in return (调休)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from nlp.lunar import solar_day
from nlp.sheets import rows

Days = tuple[date, date]
"""First and last day."""


@dataclass(frozen=True, slots=True)
class Festival:
    """``day`` of a year (of the lunar year, for those it has); ``off``: its name among the public holidays."""

    day: Callable[[int], date | None]
    off: str | None = None


def _on(month: int, day: int) -> Callable[[int], date | None]:
    return lambda year: date(year, month, day)


def _lunar(month: int, day: int) -> Callable[[int], date | None]:
    return lambda year: solar_day(year, month, day)


def _new_years_eve(year: int) -> date | None:
    """The last day of the lunar year before ``year``."""
    new_year = solar_day(year, 1, 1)
    return new_year - timedelta(days=1) if new_year else None


def _term(month: int, offset: float) -> Callable[[int], date]:
    """A solar term, such as 清明 when the sun stands at 15°: the usual formula, right for the years 2000 to 2099."""

    def day(year: int) -> date:
        n = year % 100
        leaps = (n - 1) // 4 if month <= _LEAP_DAY_AFTER else n // 4
        return date(year, month, int(n * 0.2422 + offset) - leaps)

    return day


_LEAP_DAY_AFTER = 2
"""Up to this month the leap day of the year itself has not come yet."""


FESTIVALS: Mapping[str, Festival] = {
    "跨年": Festival(_on(12, 31)),
    "元旦": Festival(_on(1, 1), "元旦"),
    "除夕": Festival(_new_years_eve, "春节"),
    "春节": Festival(_lunar(1, 1), "春节"),
    "元宵": Festival(_lunar(1, 15)),
    "情人节": Festival(_on(2, 14)),
    "三八节": Festival(_on(3, 8)),
    "清明": Festival(_term(4, 4.81), "清明节"),
    "五一": Festival(_on(5, 1), "劳动节"),
    "端午": Festival(_lunar(5, 5), "端午节"),
    "六一": Festival(_on(6, 1)),
    "六一八": Festival(_on(6, 18)),
    "七夕": Festival(_lunar(7, 7)),
    "教师节": Festival(_on(9, 10)),
    "中秋": Festival(_lunar(8, 15), "中秋节"),
    "国庆": Festival(_on(10, 1), "国庆节"),
    "重阳": Festival(_lunar(9, 9)),
    "双十一": Festival(_on(11, 11)),
    "双十二": Festival(_on(12, 12)),
    "腊八": Festival(_lunar(12, 8)),
    "小年": Festival(_lunar(12, 23)),
    "南方小年": Festival(_lunar(12, 24)),
    "平安夜": Festival(_on(12, 24)),
    "圣诞": Festival(_on(12, 25)),
    "立春": Festival(_term(2, 3.87)),
    "惊蛰": Festival(_term(3, 5.63)),
    "春分": Festival(_term(3, 20.646)),
    "谷雨": Festival(_term(4, 20.1)),
    "立夏": Festival(_term(5, 5.52)),
    "夏至": Festival(_term(6, 21.37)),
    "小暑": Festival(_term(7, 7.108)),
    "大暑": Festival(_term(7, 22.83)),
    "立秋": Festival(_term(8, 7.5)),
    "处暑": Festival(_term(8, 23.13)),
    "白露": Festival(_term(9, 7.646)),
    "秋分": Festival(_term(9, 23.042)),
    "寒露": Festival(_term(10, 8.318)),
    "霜降": Festival(_term(10, 23.438)),
    "立冬": Festival(_term(11, 7.438)),
    "冬至": Festival(_term(12, 21.94)),
}
_USUAL = {"春节": (-1, 6), "劳动节": (0, 4), "国庆节": (0, 6)}
"""Days off from and to, counted from the festival, in a year whose notice is not known."""


@lru_cache(maxsize=1)
def _announced() -> tuple[dict[tuple[int, str], Days], dict[int, tuple[date, ...]]]:
    """Days off by year and holiday, and days worked in return by year."""
    off: dict[tuple[int, str], Days] = {}
    worked: dict[int, tuple[date, ...]] = {}
    for year, name, *ends in rows("holidays.txt"):
        days = [date.fromisoformat(f"{year}-{end}") for end in ends]
        if name == "+":
            worked[int(year)] = (*worked.get(int(year), ()), *days)
        else:
            for holiday in name.split("、"):
                off[int(year), holiday] = (days[0], days[1])
    return off, worked


def days_off(name: str, year: int) -> Days | None:
    """The holiday around a festival: as announced, else the usual days; its day where nobody is. None if unknown."""
    festival = FESTIVALS[name]
    day = festival.day(year)
    if day is None or festival.off is None:
        return (day, day) if day else None
    announced = _announced()[0].get((year, festival.off))
    return announced or _usual(festival.off, day + timedelta(days=1) if name == "除夕" else day)


def _usual(holiday: str, day: date) -> Days:
    """The long holidays as in most years; the short ones reach over the weekend they touch."""
    if holiday in _USUAL:
        before, after = _USUAL[holiday]
        return day + timedelta(days=before), day + timedelta(days=after)
    weekday = day.weekday()
    first = day - timedelta(days={0: 2, 6: 1}.get(weekday, 0))
    last = day + timedelta(days={4: 2, 5: 1}.get(weekday, 0))
    return first, last


def worked_days(year: int) -> tuple[date, ...]:
    """Weekend days worked in return for a holiday, where announced."""
    return _announced()[1].get(year, ())


LONG_DAYS = 5
"""Holidays of at least so many days are called long ones (长假)."""


def next_holiday(today: date, *, long: bool = False) -> str:
    """The public holiday that ``today`` lies in or that comes next; with ``long`` the next of the long ones."""
    coming = (
        (days[1], name)
        for year in (today.year, today.year + 1)
        for name, festival in FESTIVALS.items()
        if festival.off and name != "除夕" and (days := days_off(name, year)) and days[1] >= today
        if not long or (days[1] - days[0]).days + 1 >= LONG_DAYS
    )
    return min(coming, default=(today, "元旦"))[1]
