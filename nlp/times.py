"""Spoken dates and times of day, resolved against the call's start."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from nlp.festivals import festivals
from nlp.normalize import spoken_int

_N = r"[零〇一二三四五六七八九十两\d]+"
_DAY_WORDS = {
    **dict.fromkeys(("大前天", "大前儿"), -3),
    **dict.fromkeys(("前天", "前日", "前儿", "前晚"), -2),
    **dict.fromkeys(("昨天", "昨晚", "昨日", "昨儿", "昨夜", "昨晨", "昨早"), -1),
    **dict.fromkeys(("今天", "今日", "今儿", "今晚", "今早", "今晨", "今朝", "当天"), 0),
    **dict.fromkeys(("明天", "明日", "明儿", "明早", "明晚", "明晨"), 1),
    **dict.fromkeys(("后天", "后日", "后儿"), 2),
    **dict.fromkeys(("大后天", "大后日", "大后儿"), 3),
}
_WEEKDAY = {**{c: i % 6 for i, c in enumerate("一二三四五六123456")}, "日": 6, "天": 6, "7": 6, "末": 5}
_PARTS: tuple[tuple[str, tuple[int, int]], ...] = (
    ("上午", (8, 12)),
    ("早上", (8, 12)),
    ("早晨", (8, 12)),
    ("清早", (8, 12)),
    ("一早", (8, 12)),
    ("中午", (11, 14)),
    ("下午", (13, 18)),
    ("午后", (13, 18)),
    ("傍晚", (17, 18)),
    ("晚上", (18, 21)),
    ("夜里", (18, 21)),
    ("今晚", (18, 21)),
    ("明晚", (18, 21)),
    ("今早", (8, 12)),
    ("明早", (8, 12)),
    ("白天", (8, 18)),
    ("全天", (8, 18)),
    ("整天", (8, 18)),
    ("下班", (18, 21)),
)
DAY = re.compile(
    rf"(?P<word>(?:{'|'.join(sorted(_DAY_WORDS, key=lambda w: -len(w)))})(?:(?<=儿)个)?|[昨今明]个)"
    r"|(?P<weekend>(?P<wnext>这个?|本|下下个?|下个?|上个?)?周末)"
    r"|(?P<wk>下下个?|下个?|这个?|本|上上个?|上个?)?(?:周|星期|礼拜)(?P<wd>[一二三四五六日天]|[1-7](?![\d点号]))"
    rf"|(?:(?P<month>{_N}|下个?|上个?|这个?|本)月)(?:份的?)?(?P<mday>{_N})(?![{_N[1:-2]}]*几)(?:号|日)?"
    rf"|(?<![路街道巷弄院楼栋幢百千{_N[1:-2]}])(?P<dom>{_N})(?:号|日)(?!楼|院|线|房|店|门|机|码|口|库|仓|桥|地|铺|[{_N[1:-2]}]|弄|栋|幢|，[{_N[1:-2]}]+[栋幢号])"
    rf"|(?P<later>{_N}|半)(?P<unit>天|个?(?:星期|礼拜)|周|个月)[之以]?后(?!面)"
    r"|(?P<span>(?P<snext>下下个?|下个?|这个?|本)?"
    r"(?:(?P<sweek>(?:星期|礼拜|周)(?![一二三四五六日天末期1-7]))|月(?P<smonth>底|末|初|中旬|上旬|下旬|中(?!旬))))"
)
HOUR = re.compile(
    rf"(?P<h1>{_N})(?:点钟?|:|：)(?P<half1>半|一刻|三刻|{_N}分|[零〇二三四五]?[十零〇][一二三四五六七八九五]?|[0-5]\d)?(?:(?:到|至|－|-|~)(?:(?:下午|晚上|中午|上午))?(?P<h2>{_N})(?:点钟?)(?P<half2>半|一刻|三刻)?)?(?P<rel>以后|之后|过后|后(?![台面门院厅])|以前|之前|前(?![台面门院厅])|左右)?"
    rf"|(?P<g1>{_N})(?:到|至|[点典店电垫写][到的得道倒地])(?P<g2>{_N})点(?P<ghalf>半)?"
)
_NOON = (11, 14)
_DUSK = (17, 18)
PART = re.compile("|".join(p for p, _ in _PARTS))


@dataclass(frozen=True, slots=True)
class When:
    """A stretch of time heard at [start, end) of a text. ``day`` None: only an hour or half-day was said."""

    start: int
    end: int
    day: date | None
    last_day: date | None
    part: tuple[int, int] | None
    begin: float | None = None
    finish: float | None = None
    relation: str = ""
    calendar: bool = False
    weekday: bool = False
    past: date | None = None
    """The last time it was the festival or the lunar date that was named."""
    bare: bool = False
    """Whether a festival was named and no day of it."""

    @property
    def vague(self) -> bool:
        """Whether only a day was said."""
        return self.part is None and self.begin is None

    def slot(self, called: datetime) -> tuple[datetime, datetime | None] | None:
        """Start and end by the conventions of appointments; None without a day. An open end is None."""
        if self.day is None:
            return None
        low, high = self._hours()
        zone = called.tzinfo
        start = datetime.combine(self.day, time(), zone) + timedelta(hours=low)
        end = datetime.combine(self.last_day or self.day, time(), zone) + timedelta(hours=high)
        if self.relation == "before" and (self.day == called.date() or self.vague):
            start = called
        if self.relation == "after" and self.vague:
            return start, None
        return start, end

    def _hours(self) -> tuple[float, float]:
        low, high = self.part or (8, 18)
        if self.begin is None:
            return low, high
        begin = hour_of_day(self.begin, self.part)
        if self.relation == "after":
            end = 21.0 if begin >= 17 else 18.0
            return begin, (high if self.part and self.part != _DUSK and high > begin else end)
        if self.relation == "before":
            return min(8 if self.part == _NOON else low, begin - 1), begin
        if self.finish is not None:
            finish = hour_of_day(self.finish, self.part)
            return begin, finish if finish > begin else finish + 12
        return begin, begin + 1


def hour_of_day(hour: float, part: tuple[int, int] | None) -> float:
    """The hour 0..24 that is meant by ``hour`` in a half-day, or in none (三点 is 15)."""
    if part and part[0] >= 13 and hour < 12:
        return hour + 12
    if part and part[0] == 11 and hour < 6:
        return hour + 12
    if part is None and hour < 7.5 and hour > 0:
        return hour + 12
    return hour


def times(s: str, called: datetime) -> list[When]:
    """Times said in ``s``, neighbouring pieces put together (``这周六，十一月七号上午`` is one)."""
    atoms = sorted(_atoms(s, called), key=lambda w: (w.start, -w.end))
    found: list[When] = []
    for atom in atoms:
        if found and atom.start < found[-1].end:
            continue
        if found and (joined := _join(found[-1], atom, s)):
            found[-1] = joined
        else:
            found.append(atom)
    return [_bounded(w, s) for w in found]


def _bounded(w: When, s: str) -> When:
    """A day or the noon followed by 以后 or 之前 is open on one side."""
    if w.begin is None and w.part == _NOON:
        if m := _BEFORE_DAY.match(s[w.end :]):
            return replace(w, end=w.end + m.end(), part=(8, 12), relation="before")
        if m := _AFTER_DAY.match(s[w.end :]):
            return replace(w, end=w.end + m.end(), part=(12, 18), relation="after")
    if not w.day or not w.vague:
        return w
    if m := _AFTER_DAY.match(s[w.end :]):
        return replace(w, end=w.end + m.end(), relation="after")
    if m := _BEFORE_DAY.match(s[w.end :]):
        return replace(w, end=w.end + m.end(), relation="before")
    return w


def _atoms(s: str, called: datetime) -> Iterator[When]:
    for f in festivals(s, called.date()):
        days = f.coming or f.past
        if days:
            yield When(
                f.start,
                f.end,
                *days,
                None,
                relation=f.relation,
                calendar=not f.bare,
                past=f.past[0] if f.past else None,
                bare=f.bare,
            )
    for m in DAY.finditer(s):
        days = _days(m, called.date())
        if days:
            part = dict(_PARTS).get(m.group()[:2]) if m.group("word") else None
            calendar = bool(m.group("mday") or m.group("dom"))
            yield When(m.start(), m.end(), days[0], days[1], part, calendar=calendar, weekday=bool(m.group("wd")))
    for m in PART.finditer(s):
        if m.group() not in ("今晚", "明晚", "今早", "明早"):
            yield When(m.start(), m.end(), None, None, dict(_PARTS)[m.group()])
    for m in HOUR.finditer(s):
        atom = _clock(m)
        if atom:
            yield atom


def _days(m: re.Match[str], today: date) -> tuple[date, date] | None:
    if m.group("word"):
        word = m.group("word").rstrip("个")
        word = f"{word}儿" if len(word) == 1 else word
        day = today + timedelta(days=_DAY_WORDS[word])
        return day, day
    monday = today - timedelta(days=today.weekday())
    if m.group("span"):
        return _span(m, today)
    if m.group("later"):
        later = _later(m.group("later"), m.group("unit"), today)
        return (later, later) if later else None
    if m.group("weekend"):
        saturday = monday + timedelta(days=5 + 7 * _weeks(m.group("wnext")))
        return saturday, saturday + timedelta(days=1)
    if m.group("wd"):
        day = monday + timedelta(days=_WEEKDAY[m.group("wd")] + 7 * _weeks(m.group("wk")))
        if not m.group("wk") and day < today:
            day += timedelta(days=7)
        return day, day
    return _calendar(m, today)


def _calendar(m: re.Match[str], today: date) -> tuple[date, date] | None:
    dom = spoken_int(m.group("mday") or m.group("dom"))
    if dom is None or not 1 <= dom <= 31:
        return None
    month, year = today.month, today.year
    said = m.group("month")
    if said and said[0] == "上":
        month, year = (12, year - 1) if month == 1 else (month - 1, year)
    elif said and said[0] not in "下这本":
        month = spoken_int(said) or 0
        if not 1 <= month <= 12:
            return None
        if month < today.month - 1:
            year += 1
    elif (said and said[0] == "下") or (not said and dom < today.day):
        month, year = (1, year + 1) if month == 12 else (month + 1, year)
    try:
        day = date(year, month, dom)
    except ValueError:
        return None
    return day, day


def _span(m: re.Match[str], today: date) -> tuple[date, date] | None:
    """A week, or a part of a month; a bare 周 is none."""
    ahead = _weeks(m.group("snext"))
    if m.group("sweek"):
        monday = today - timedelta(days=today.weekday()) + timedelta(days=7 * ahead)
        return (max(monday, today), monday + timedelta(days=6)) if m.group("snext") else None
    first = _month_on(today.replace(day=1), ahead)
    last = _month_on(first, 1) - timedelta(days=1)
    days = {"初": (1, 5), "上": (1, 10), "中": (11, 20), "下": (21, last.day)}
    low, high = days.get(m.group("smonth")[0], (last.day - 2, last.day))
    return first.replace(day=low), first.replace(day=high)


def _month_on(first: date, months: int) -> date:
    """The first day of a month some months on."""
    years, month = divmod(first.month - 1 + months, 12)
    return date(first.year + years, month + 1, 1)


def _later(number: str, unit: str, today: date) -> date | None:
    """三天后, 半个月后, 两周之后."""
    n = spoken_int(number)
    if n is None or n > 90:
        return today + timedelta(days=15) if number == "半" and unit == "个月" else None
    return today + timedelta(days=n * {"天": 1, "个月": 30}.get(unit, 7))


def _weeks(word: str | None) -> int:
    if not word:
        return 0
    return {"下": 1, "上": -1}.get(word[0], 0) * (2 if word[:2] in ("下下", "上上") else 1)


_DIGITS = "零〇一二三四五六七八九"
"""一点五 is a measure and no hour."""
_NOT_A_BIT = re.compile("[^，。？]{0,4}[都也](?:没|不)")
"""今天早上一点冷气都没有 is no hour."""
_A_LITTLE = tuple("快早晚慢有差好大小多少高低稍")
"""快一点 is no hour."""


def _clock(m: re.Match[str]) -> When | None:
    if m.group("g1"):
        a, b = spoken_int(m.group("g1")), spoken_int(m.group("g2"))
        half = ""
    else:
        a, b = spoken_int(m.group("h1")), spoken_int(m.group("h2")) if m.group("h2") else None
        half = m.group("half1") or ""
    if not half and m.end() < len(m.string) and m.string[m.end()] in _DIGITS and m.string[m.end() - 1] == "点":
        return None
    little = m.group("h1") == "一" and m.end() == m.end("h1") + 1 and m.string[m.start() - 1 : m.start()] in _A_LITTLE
    little = little or (m.group("h1") == "一" and m.string.endswith("一点是", 0, m.start()))
    little = little or (m.group("h1") == "一" and bool(_NOT_A_BIT.match(m.string, m.end())))
    if little or a is None or a > 24 or (b is not None and b > 24):
        return None
    begin = a + _minutes(half)
    finish = None if b is None else b + _minutes(m.group("half2") or m.group("ghalf") or "")
    rel = m.group("rel") or ""
    relation = "after" if rel.endswith("后") else "before" if rel.endswith("前") else ""
    return When(m.start(), m.end(), None, None, None, begin, finish, relation)


def _minutes(word: str) -> float:
    if word == "半":
        return 0.5
    if word in ("一刻", "三刻"):
        return 0.25 if word[0] == "一" else 0.75
    value = spoken_int(word.rstrip("分")) if word else None
    return value / 60 if value is not None and value < 60 else 0.0


_LINK = re.compile(r"(?:[，,、。的就是号那吧也]|到|还是|或者|和|跟|之间){0,4}")
_AFTER_DAY = re.compile(r"^(?:那天)?(?:以后|之后|过后|往后|后面?)(?!院|面|边|排)")
_BEFORE_DAY = re.compile(r"^(?:那天)?(?:以前|之前|前)(?!面|台|排)")


def _join(a: When, b: When, s: str) -> When | None:
    gap = s[a.end : b.start]
    if not _LINK.fullmatch(gap):
        return None
    if b.day and a.day:
        return _in_weekend(a, b) if _is_weekend(a, s) and b.weekday and not b.calendar else _join_days(a, b, gap)
    if b.day:
        return None
    return _join_hours(a, b, gap)


DAYS_OF_WEEK = 7
"""大前天，礼拜天: the weekday names the day before it again, not the next of its name."""


def _join_days(a: When, b: When, gap: str) -> When | None:
    """A date and its weekday are one day; two days in a row are a stretch."""
    sentences = gap == "。" and not (a.calendar or b.calendar)
    close = (len(gap) <= 1 and not sentences) or gap in ("或者", "或是")
    if b.weekday and _is_week(a) and a.last_day and gap in ("", "，", "的"):
        return _in_week(a.last_day, replace(b, start=a.start))
    if a.bare and gap in ("", "，", "的", "、", "就", "那"):
        return _in_holiday(a, b)
    if gap in ("到", "至") and a.weekday and b.weekday and not b.calendar and a.day and b.day and b.day < a.day:
        b = _days_on(b, 7 * ((a.day - b.day).days // 7 + 1))
    week_on = bool(a.day and b.day and (b.day - a.day).days == DAYS_OF_WEEK)
    if gap in ("", "，") and week_on and a.vague and not a.weekday and b.weekday and not b.calendar:
        return replace(a, end=b.end)
    in_festival = close and b.bare and a.day and b.day and b.last_day and b.day <= a.day <= b.last_day
    if in_festival or (gap in ("", "，") and _dated_again(a, b)):
        return replace(a, end=b.end)
    if a.day == b.day:
        return (
            replace(b, start=a.start)
            if a.relation and a.begin is None
            else replace(a, end=b.end, part=b.part or a.part)
        )
    return _join_near(a, b) if close else None


def _dated_again(a: When, b: When) -> bool:
    """Whether a day is named once more by its number (昨天，十七号)."""
    return bool(a.vague and not a.calendar and b.calendar and a.day and b.day and a.day.day == b.day.day)


def _join_near(a: When, b: When) -> When | None:
    if a.calendar and b.weekday and a.day and b.day and a.day != b.day and a.day.day == b.day.day:
        return replace(b, start=a.start, calendar=True)
    if a.calendar and (b.weekday or b.relation == "after"):
        return replace(a, end=b.end)
    if b.calendar and a.weekday and not a.part:
        return replace(b, start=a.start)
    if a.vague and a.day and b.day and b.day > a.day:
        return replace(a, end=b.end, last_day=b.last_day, part=b.part)
    return None


def _is_weekend(a: When, s: str) -> bool:
    """Whether a weekend was named, and no day of it."""
    return s.endswith("周末", 0, a.end)


def _in_weekend(a: When, b: When) -> When | None:
    """The day of the weekend that was named before it (上个周末，周六那天)."""
    days = (a.day + timedelta(days=i) for i in range(2)) if a.day else ()
    day = next((d for d in days if b.day and d.weekday() == b.day.weekday()), None)
    return replace(b, start=a.start, day=day, last_day=day) if day else None


def _is_week(a: When) -> bool:
    """Whether a week was named; a weekend is none."""
    return bool(a.day and a.last_day and (a.last_day - a.day).days > 1 and not a.past)


def _in_week(sunday: date, b: When) -> When:
    """The weekday of the week that was named before it (这个礼拜，周一)."""
    if b.day is None or sunday.weekday() != LAST_WEEKDAY:
        return b
    return _days_on(b, (sunday - timedelta(days=LAST_WEEKDAY - b.day.weekday()) - b.day).days)


LAST_WEEKDAY = 6


def _in_holiday(a: When, b: When) -> When:
    """A date right after a holiday's name: the one in or beside the holiday if its number allows (国庆期间，四号)."""
    joined = replace(b, start=a.start)
    if not (b.calendar and not b.past and a.day and a.last_day and b.day):
        return joined
    around = (a.day + timedelta(days=i) for i in range(-3, (a.last_day - a.day).days + 9))
    day = next((d for d in around if d.day == b.day.day), b.day)
    return _days_on(joined, (day - b.day).days)


def _days_on(w: When, days: int) -> When:
    shift = timedelta(days=days)
    return replace(w, day=w.day and w.day + shift, last_day=w.last_day and w.last_day + shift)


def _join_hours(a: When, b: When, gap: str) -> When | None:
    if b.begin is not None:
        joined = replace(a, end=b.end, begin=b.begin, finish=b.finish, relation=b.relation)
        return joined if a.begin is None else None
    if a.part is None and a.begin is None:
        return replace(a, end=b.end, part=b.part)
    if a.begin is None and a.part and b.part and a.part != b.part and gap in ("", "还是", "或者", "或", "、", "，"):
        return replace(a, end=b.end, part=None)
    return replace(a, end=b.end) if a.part == b.part else None
