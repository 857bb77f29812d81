"""Days and months gone by: the last time it was the day that was named."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from nlp.dialogue import Talk, Turn
from nlp.times import When, times

NUMERALS = r"[零〇一二三四五六七八九十两\d]+"


def months_back(today: date, months: int) -> date:
    """The first day of the month so many months ago."""
    first = today.replace(day=1)
    for _ in range(months):
        first = (first - timedelta(days=1)).replace(day=1)
    return first


def past_days(talk: Talk, turn: Turn) -> list[When]:
    """Days in the past: a bare weekday (打礼拜天) means the last one."""
    today = talk.context.started_at.date()
    spoken = turn.once("times", lambda _: times(turn.read, talk.context.started_at))
    past: list[When] = []
    for w in spoken:
        stretch = w.day != w.last_day and not w.past and not _IN_A_ROW.match(turn.read, w.start, w.end)
        if w.day is None or (w.past and w.relation) or stretch:
            continue
        day: date = w.past or w.day
        if turn.read.startswith("当天", w.start):
            if not past or past[-1].day is None:
                continue
            day = past[-1].day
        elif w.past is None and w.weekday and not w.calendar and day > today:
            day -= timedelta(days=7)
        elif w.past is None and w.calendar and day > today:
            day = _last_occurrence(day, today, in_month="月" in turn.read[w.start : w.end])
        if day <= today:
            past.append(When(w.start, w.end, day, day, w.part))
    return [*past, *_days_after(turn.read, past, today)]


_IN_A_ROW = re.compile("(?:大?前|昨)[天儿日晚]")
"""前天，昨天都没热: a stretch that is over, told by its first day."""


def ahead(talk: Talk, turn: Turn, day: When) -> bool:
    """Whether a past day may as well be one to come (七号)."""
    called = talk.context.started_at
    spoken = turn.once("times", lambda _: times(turn.read, called))
    return any(w.start == day.start and w.day and w.day > called.date() for w in spoken)


_THE_DAY_AFTER = re.compile("第二天|转天|隔天")


def _days_after(s: str, past: list[When], today: date) -> Iterator[When]:
    """The day after one that was told right before (二十号来洗的，洗完当天挺好，第二天就又不行了)."""
    for m in _THE_DAY_AFTER.finditer(s):
        before = [
            w for w in past if w.day and w.end <= m.start() <= w.end + WITHIN and "。" not in s[w.end : m.start()]
        ]
        day = before[-1].day + timedelta(days=1) if before and before[-1].day else None
        if day and day <= today:
            yield When(m.start(), m.end(), day, day, None)


WITHIN = 24
"""At most so many characters stand between a day and 第二天."""


def _last_occurrence(day: date, today: date, *, in_month: bool) -> date:
    """The last time it was that day: of that month where it was named, else of any."""
    if in_month:
        return _years_back(day, 1 if day.replace(year=today.year) > today else day.year - today.year)
    month = today.month if day.day <= today.day else today.month - 1
    year = today.year if month else today.year - 1
    try:
        return date(year, month or 12, day.day)
    except ValueError:
        return day


def _years_back(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day
