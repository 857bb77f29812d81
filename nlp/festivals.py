"""Festivals, holidays and lunar dates in speech: 国庆第三天, 节后第一天, 大年初八, 腊月二十八, 调休那个周六."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

from nlp.holidays import FESTIVALS, Days, days_off, next_holiday, worked_days
from nlp.lunar import lunar_month, solar_day
from nlp.normalize import spoken_int

_NUMERAL = r"零〇一二三四五六七八九十两百千幺\d"
_UNLESS_NUMBER = rf"(?![{_NUMERAL}](?![号日]))"
_TERMS = (
    *("立春", "惊蛰", "春分", "谷雨", "立夏", "夏至", "小暑", "大暑"),
    *("立秋", "处暑", "白露", "秋分", "寒露", "霜降", "立冬", "冬至"),
)
"""Solar terms that people tell dates by and that are no everyday words (大雪, 小满)."""
_SAID: tuple[tuple[str, str], ...] = (
    ("跨年", "跨年(?:夜|晚上?)?"),
    ("元旦", "元旦节?|阳历新?年"),
    ("除夕", "除夕夜?|大?年三十(?:晚上|夜)?|年夜饭(?:那天|那会儿)?|大年夜"),
    ("元宵", "元宵节?|正月十五"),
    ("腊八", "腊八节?"),
    ("南方小年", "南方小年"),
    ("小年", "(?:北方)?小年(?!轻|纪)夜?"),
    ("春节", "春节|大年(?!初|三)|过年(?!会|货)"),
    ("清明", "清明节?(?!上河)"),
    ("双十一", "双十一|双11|光棍节"),
    ("双十二", "双十二|双12"),
    ("六一八", "六一八|618"),
    ("五一", f"五一(?:劳动)?节?{_UNLESS_NUMBER}|劳动节|51(?=节|假|放|劳动|之|以|前|后)"),
    ("端午", "端午节?|端阳节?|五月初五"),
    ("六一", f"六一(?:儿童)?节?{_UNLESS_NUMBER}|儿童节"),
    ("七夕", "七夕节?"),
    ("教师节", "教师节"),
    ("中秋", "中秋节?|八月十五|八月节"),
    ("国庆", "十一国庆|国庆节?|十一(?=长假|假期|黄金周|期间|放假|节|那[天几两]|当天)"),
    ("重阳", "重阳节?"),
    ("三八节", "三八(?:妇女)?节|妇女节"),
    ("情人节", "情人节"),
    ("平安夜", "平安夜"),
    ("圣诞", "圣诞节?"),
    *((term, term) for term in _TERMS),
)
_NAMES = tuple((name, re.compile(words)) for name, words in _SAID)
_PLACE = "(?:路|街|大道|广场|新村|村|桥|镇|乡|公园|[栋幢弄巷室楼]|单元)"
_REST = "(?:放假|小长假|长假|假期|黄金周|休假|假)"
_NAMED = f"(?P<passed>(?:等|一)?过(?:完了?|了))?(?P<name>{'|'.join(words for _, words in _SAID)})(?!{_PLACE})"
_UNNAMED = (
    rf"(?P<unnamed>(?:这个?|本次|这次)?(?:节假日|放假|小长假|长假|假期|(?P<over>收假|过(?:完了?|了)(?:节|假(?!期)))"
    rf"|(?<![{_NUMERAL}春清劳元过季时])节(?=前|后)))"
)
_FESTIVAL = re.compile(rf"(?<![{_NUMERAL}])(?:{_NAMED}|{_UNNAMED})")
_COUNT = "[一二两三四五六七八1-8]"
_YEARS_END = re.compile(
    rf"(?<!没)过[完了]+年(?:以后|之后)?|开年以后"
    rf"|(?:过|(?<![{_NUMERAL}几多半去前今明来每个过])|(?<=[，。])过?)年(?:(?P<before>前|之前|以前)|后|之后|以后|过后)(?![的台面轻级第])"
)
_LUNAR_MONTH = {"正": 1, "冬": 11, "腊": 12, **{c: i for i, c in enumerate("一二三四五六七八九十", 1)}}
_LUNAR = re.compile(
    r"(?:(?:农历|阴历|旧历|老历)(?P<month>[正一二三四五六七八九十冬腊])月|(?P<only>[正冬腊])月)里?的?"
    r"(?P<day>初[一二三四五六七八九十]|二十[一二三四五六七八九]?|三十|十[一二三四五六七八九]?|廿[一二三四五六七八九]?)[号日]?(?!点)"
)
_NEW_YEARS = re.compile(
    r"(?P<sure>大年|正月|今年|年)?初(?P<day>[一二三四五六七八九十])(?![号中高级月步期零一二三四五六七八九])"
)
_MAKE_UP = re.compile(
    r"(?:调休|补班|倒休)(?:上班|补班)?的?(?:那个?|这个?|的)*(?:(?:周|星期|礼拜)(?P<weekday>[六日天])|那?天)|补班日"
)
_ByYear = Callable[[int], Iterable[Days]]


class _Meaning(NamedTuple):
    """The days meant of each year; ``relation`` and ``bare`` as in ``Day``."""

    days: _ByYear
    relation: str = ""
    bare: bool = False


@dataclass(frozen=True, slots=True)
class Day:
    """Days named at [start, end): ``coming`` the next time they are, ``past`` the last.

    ``relation``: "before" or "after" them. ``bare``: a festival and nothing else (国庆); a date after it is exact.
    """

    start: int
    end: int
    coming: Days | None
    past: Days | None
    relation: str = ""
    bare: bool = False


def festivals(s: str, today: date) -> Iterator[Day]:
    """Days named by a festival, a holiday, a lunar date or a day worked in return."""
    for start, end, meaning in _meanings(s, today):
        options = [d for year in range(today.year - 2, today.year + 3) for d in meaning.days(year)]
        coming = min((d for d in options if d[1] >= today), default=None)
        past = max((d for d in options if d[0] <= today), default=None)
        yield Day(start, end, coming, past, meaning.relation, meaning.bare)


def festival_at(s: str, at: int) -> tuple[str, int] | None:
    """The festival named at ``s[at:]`` and where its name ends."""
    named = ((name, m.end()) for name, pattern in _NAMES if (m := pattern.match(s, at)))
    return next(named, None)


def _meanings(s: str, today: date) -> Iterator[tuple[int, int, _Meaning]]:
    for m in _YEARS_END.finditer(s):
        yield m.start(), m.end(), _around("春节", after=not m.group("before"))
    for m in _LUNAR.finditer(s):
        month, day = _LUNAR_MONTH[m.group("month") or m.group("only")], m.group("day").replace("廿", "二十")
        yield m.start(), m.end(), _lunar(month, spoken_int(day.lstrip("初")) or 0)
    for m in _NEW_YEARS.finditer(s):
        if m.group("sure") or lunar_month(today) in (12, 1):
            yield m.start(), m.end(), _lunar(1, spoken_int(m.group("day")) or 0)
    for m in _MAKE_UP.finditer(s):
        yield m.start(), m.end(), _make_up(m.group("weekday"))
    for m in _FESTIVAL.finditer(s):
        end, meaning = _festival(m, today)
        if meaning:
            yield m.start(), end, meaning


def _lunar(month: int, day: int) -> _Meaning:
    return _Meaning(lambda year: _one(solar_day(year, month, day)))


def _make_up(weekday: str | None) -> _Meaning:
    """The days worked in return, of that weekday where one was said."""
    wanted = {"六": 5, "日": 6, "天": 6}.get(weekday or "")
    return _Meaning(lambda year: [(d, d) for d in worked_days(year) if wanted in (None, d.weekday())])


def _festival(m: re.Match[str], today: date) -> tuple[int, _Meaning | None]:
    """Where a festival's words end, and which days they mean, by the first of the ways to go on that fits."""
    said = m.group("name")
    if said:
        name = next(n for n, p in _NAMES if p.match(m.string, m.start("name")))
    else:
        name = next_holiday(today, long="长假" in m.group())
    passed = bool(m.group("passed") or m.group("over"))
    for pattern, meaning in _WAYS:
        way = pattern.match(m.string, m.end())
        if way and way.end() > m.end():
            rest = bool(way.groupdict().get("rest")) or not said
            count = spoken_int(way.groupdict().get("n") or "")
            return way.end(), meaning(name, count or 0, rest, passed)
    if passed:
        return m.end(), _around(name, after=True)
    if not said:
        return m.end(), _holiday(name, 0, True, False)
    return m.end(), _Meaning(lambda year: _one(FESTIVALS[name].day(year)), bare=True)


def _one(day: date | None) -> list[Days]:
    return [(day, day)] if day else []


def _around(name: str, *, after: bool) -> _Meaning:
    """From the day after the holiday on, or up to the day before it."""
    if after:
        return _later(name, 1, True, False)._replace(relation="after")
    return _earlier(name, 1, True, False)._replace(relation="before")


def _holiday(name: str, _count: int, _rest: bool, _passed: bool) -> _Meaning:
    """All days off."""
    return _Meaning(lambda year: [days] if (days := days_off(name, year)) else [], bare=True)


def _counted(name: str, n: int, rest: bool, passed: bool) -> _Meaning:
    """The n-th day: of the holiday, or from the festival on where only its name was said, or after it has passed."""
    if passed:
        return _later(name, n, rest, passed)
    return _Meaning(lambda year: _one(_shifted(_first(name, year, rest), n - 1)))


def _earlier(name: str, n: int, rest: bool, _passed: bool) -> _Meaning:
    return _Meaning(lambda year: _one(_shifted(_first(name, year, rest), -n)))


def _later(name: str, n: int, _rest: bool, _passed: bool) -> _Meaning:
    return _Meaning(lambda year: _one(_shifted(_last(name, year), n)))


def _the_last(name: str, _count: int, _rest: bool, _passed: bool) -> _Meaning:
    return _Meaning(lambda year: _one(_last(name, year)))


def _itself(name: str, _count: int, _rest: bool, _passed: bool) -> _Meaning:
    return _Meaning(lambda year: _one(FESTIVALS[name].day(year)))


def _dated(name: str, number: int, _rest: bool, _passed: bool) -> _Meaning:
    """The day of that number in the holiday, else up to a few days beside it."""

    def days(year: int) -> list[Days]:
        off = days_off(name, year)
        if off is None:
            return []
        around = (off[0] + timedelta(days=i) for i in range(-3, (off[1] - off[0]).days + 8))
        named = [d for d in around if d.day == number]
        return _one(min(named, key=lambda d: not off[0] <= d <= off[1], default=None))

    return _Meaning(days)


_WAYS: tuple[tuple[re.Pattern[str], Callable[[str, int, bool, bool], _Meaning]], ...] = tuple(
    (re.compile(pattern), meaning)
    for pattern, meaning in (
        (rf"(?:{_REST}|期间)?(?:一?过?完?了?)(?:[之以过]?后|回来)[的头]?第?(?P<n>{_COUNT})个?(?:天|工作日)", _later),
        (rf"(?:(?P<rest>{_REST}|期间)里?)?的?第(?P<n>{_COUNT})天", _counted),
        (rf"{_REST}?里?的?(?:最后|末)一?天", _the_last),
        (rf"(?P<rest>{_REST})?的?[之以]?[前头]的?(?P<n>{_COUNT})天", _earlier),
        (rf"(?:{_REST}|期间|的)*(?P<n>[一二三四五六七八九十两\d]{{1,3}})[号日](?![楼院线店])", _dated),
        (
            rf"{_REST}?里?(?:一?过(?:完了?|了|后)?(?:之后|以后)?|完了?(?:之后|以后)?|回来(?:[之以]?后)?|[之以]后|结束|后)(?![面边])",
            lambda name, *_: _around(name, after=True),
        ),
        (rf"{_REST}?(?:之前|以前|前头|前)(?![面边台后])", lambda name, *_: _around(name, after=False)),
        (rf"(?:{_REST}|期间)(?:{_REST}|期间|里|[那这]几天|当中|中间)*|[那这]几天|[三五七八]天(?:长假|假)?", _holiday),
        ("那天|当天|当日|当晚", _itself),
    )
)
"""Ways to go on after a festival, each with what they mean of (festival, number said, whether days off are counted)."""


def _first(name: str, year: int, rest: bool) -> date | None:
    """The festival, or the first day off."""
    off = days_off(name, year) if rest else None
    return off[0] if off else FESTIVALS[name].day(year)


def _last(name: str, year: int) -> date | None:
    off = days_off(name, year)
    return off[1] if off else None


def _shifted(day: date | None, days: int) -> date | None:
    return day + timedelta(days=days) if day else None
