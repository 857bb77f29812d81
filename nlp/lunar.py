"""The Chinese lunar calendar: the day that a lunar date falls on, and back."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from nlp.sheets import rows


@dataclass(frozen=True, slots=True)
class LunarYear:
    """A year: its first day, the month that comes twice (0: none), and the days of its months in order."""

    first: date
    leap: int
    lengths: tuple[int, ...]


@lru_cache(maxsize=1)
def years() -> dict[int, LunarYear]:
    """The years known, 2000 to 2050."""
    table = {}
    for year, first, leap, lengths in rows("lunar.txt"):
        days = tuple(30 if c == "0" else 29 for c in lengths)
        table[int(year)] = LunarYear(date.fromisoformat(f"{year}-{first}"), int(leap), days)
    return table


def solar_day(year: int, month: int, day: int) -> date | None:
    """The day of a lunar date in the first month of that number; a missing 30th is the 29th. None: year not known."""
    known = years().get(year)
    if known is None or not 1 <= month <= 12 or not 1 <= day <= 30:
        return None
    before = month - 1 + (1 if known.leap and month > known.leap else 0)
    return known.first + timedelta(days=sum(known.lengths[:before]) + min(day, known.lengths[before]) - 1)


def lunar_month(day: date) -> int | None:
    """The number of the lunar month a day lies in; None for years not known."""
    for year in (day.year, day.year - 1):
        known = years().get(year)
        if known and known.first <= day:
            left = (day - known.first).days
            for i, length in enumerate(known.lengths):
                if left < length:
                    return i + 1 - (1 if known.leap and i >= known.leap else 0)
                left -= length
    return None
