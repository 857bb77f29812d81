"""Spoken dates and times of day, resolved against the call's start."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from nlp.normalize import spoken_int

_N = r"[零〇一二三四五六七八九十两\d]+"
_DAY_WORDS = {
    "大前天": -3,
    "前天": -2,
    "昨天": -1,
    "昨晚": -1,
    "昨日": -1,
    "今天": 0,
    "今日": 0,
    "今儿": 0,
    "今晚": 0,
    "今早": 0,
    "当天": 0,
    "今晨": 0,
    "明天": 1,
    "明日": 1,
    "明儿": 1,
    "明早": 1,
    "明晚": 1,
    "后天": 2,
    "后儿": 2,
    "大后天": 3,
    "大后儿": 3,
}
_WEEKDAY = {**{c: i for i, c in enumerate("一二三四五六")}, "日": 6, "天": 6, "末": 5}
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
    r"(?P<word>大前天|前天|昨天|昨晚|昨日|今天|今日|今儿个?|今晚|今早|明天|明日|明儿个?|明早|明晚|大后天|后天|后儿|当天)"
    r"|(?P<weekend>(?P<wnext>这个?|本|下下个?|下个?|上个?)?周末)"
    r"|(?P<wk>下下个?|下个?|这个?|本|上上个?|上个?)?(?:周|星期|礼拜)(?P<wd>[一二三四五六日天])"
    rf"|(?:(?P<month>{_N}|下个?|上个?|这个?|本)月)(?:份的?)?(?P<mday>{_N})(?:号|日)?"
    rf"|(?<![路街道巷弄院百千{_N[1:-2]}])(?P<dom>{_N})(?:号|日)(?!楼|院|线|房|店|门|机|码|口|库|仓|桥|地|铺|[{_N[1:-2]}]|弄|栋|幢|，[{_N[1:-2]}]+[栋幢号])"
    r"|(?P<span>月底|这个?月底|下个?星期(?![一二三四五六日天])|下个?周(?![一二三四五六日天末])|下个?礼拜(?![一二三四五六日天]))"
)
HOUR = re.compile(
    rf"(?P<h1>{_N})(?:点钟?|:|：)(?P<half1>半|一刻|三刻|{_N}分?)?(?:(?:到|至|－|-|~)(?:(?:下午|晚上|中午|上午))?(?P<h2>{_N})(?:点钟?)(?P<half2>半|一刻|三刻)?)?(?P<rel>以后|之后|过后|后|以前|之前|前|左右)?"
    rf"|(?P<g1>{_N})(?:到|至)(?P<g2>{_N})点(?P<ghalf>半)?"
)
_NOON = (11, 14)
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
        begin = _afternoon(self.begin, self.part)
        if self.relation == "after":
            end = 21.0 if begin >= 17 else 18.0
            return begin, (high if self.part and high > begin else end)
        if self.relation == "before":
            return min(8 if self.part == _NOON else low, begin - 1), begin
        if self.finish is not None:
            finish = _afternoon(self.finish, self.part)
            return begin, finish if finish > begin else finish + 12
        return begin, begin + 1


def _afternoon(hour: float, part: tuple[int, int] | None) -> float:
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
        day = today + timedelta(days=_DAY_WORDS[word])
        return day, day
    monday = today - timedelta(days=today.weekday())
    if m.group("span"):
        return _span(m.group("span"), today)
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


def _span(word: str, today: date) -> tuple[date, date]:
    if word.endswith("月底"):
        first_of_next = (today.replace(day=1) + timedelta(days=32)).replace(day=1)
        return first_of_next - timedelta(days=3), first_of_next - timedelta(days=1)
    monday = today - timedelta(days=today.weekday()) + timedelta(days=7)
    return monday, monday + timedelta(days=6)


def _weeks(word: str | None) -> int:
    if not word:
        return 0
    return {"下": 1, "上": -1}.get(word[0], 0) * (2 if word[:2] in ("下下", "上上") else 1)


def _clock(m: re.Match[str]) -> When | None:
    if m.group("g1"):
        a, b = spoken_int(m.group("g1")), spoken_int(m.group("g2"))
        half = ""
    else:
        a, b = spoken_int(m.group("h1")), spoken_int(m.group("h2")) if m.group("h2") else None
        half = m.group("half1") or ""
    if a is None or a > 24 or (b is not None and b > 24):
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
    if b.day:
        return _join_days(a, b, gap) if a.day else None
    return _join_hours(a, b, gap)


def _join_days(a: When, b: When, gap: str) -> When | None:
    """A date and its weekday are one day; two days in a row are a stretch."""
    close = len(gap) <= 1 or gap in ("或者", "或是")
    if a.day == b.day:
        return replace(a, end=b.end, part=b.part or a.part)
    if close and a.calendar and b.weekday:
        return replace(a, end=b.end)
    if close and b.calendar and a.weekday and not a.part:
        return replace(b, start=a.start)
    if close and a.vague and a.day and b.day and b.day > a.day:
        return replace(a, end=b.end, last_day=b.last_day, part=b.part)
    return None


def _join_hours(a: When, b: When, gap: str) -> When | None:
    if b.begin is not None:
        joined = replace(a, end=b.end, begin=b.begin, finish=b.finish, relation=b.relation)
        return joined if a.begin is None else None
    if a.part is None and a.begin is None:
        return replace(a, end=b.end, part=b.part)
    if a.begin is None and a.part and b.part and a.part != b.part and gap in ("", "还是", "或者", "或", "、", "，"):
        return replace(a, end=b.end, part=None)
    return replace(a, end=b.end) if a.part == b.part else None
