"""What was heard, as people write it: numbers in digits, commas where the speaker paused, a full stop or question mark.

The spoken text stays the truth (evidence counts its characters); this module only says what to show in its place.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from nlp.normalize import DIGIT, PUNCTUATION, spoken_int
from nlp.types import WordTime

COMMA_MS = 200
"""A pause between two words from which on a comma is shown."""


@dataclass(frozen=True, slots=True)
class Shown:
    """``text[start:end]`` is shown as ``text``; an empty span is an insertion, an empty text hides the span."""

    start: int
    end: int
    text: str


def readable(text: str, words: Sequence[WordTime] = (), names: Sequence[Shown] = ()) -> tuple[Shown, ...]:
    """What to show differently, in order and without overlaps; ``words`` cover ``text`` in order or are absent.

    ``names`` (``nlp.sound_alikes``) are shown as they are. Text that has punctuation already gets none. Never fails,
    whatever the characters.
    """
    taken = {at for name in names for at in range(name.start, name.end)}
    numbers = [number for number in _numbers(text) if taken.isdisjoint(range(number.start, number.end))]
    changed = [*numbers, *names]
    if not text or any(c in PUNCTUATION for c in text):
        return tuple(sorted(changed, key=lambda shown: shown.start))
    inside = [range(one.start + 1, one.end) for one in changed]
    commas = {at for at in (*_pauses(text, words), *_openers(text)) if not any(at in span for span in inside)}
    marks = [Shown(at, at, "，") for at in commas] + [Shown(len(text), len(text), _end_mark(text))]
    return tuple(sorted([*changed, *marks], key=lambda shown: (shown.start, shown.end)))


def apply(text: str, shown: Sequence[Shown]) -> str:
    """The text to show."""
    pieces: list[str] = []
    at = 0
    for change in shown:
        pieces += (text[at : change.start], change.text)
        at = change.end
    return "".join((*pieces, text[at:]))


# ---- punctuation ----------------------------------------------------------------------------------------------------

_OPENER = re.compile(
    r"^(?:好的|好吧|好|嗯|哦|对|对的|对对|是的|不是|没有|喂|喂你好|您好|你好|行|可以|谢谢)(?=[\u4e00-\u9fff]{3})"
)
_NO_OPENER = re.compile(
    r"^(?:好[像些多几久了不]|对[方面于不]|行[李不]|没有[热冷电水声反动气异]|不是[制]|可以[吗不么]|是的[吗])"
)
_QUESTION = re.compile(
    r"^(?:.{0,3}请问|.*什么时[候间])|(?:[吗么呢]|(?:什么|哪|几|多少|谁|怎么|怎样|多久|多大|啥|有没有|是不是|能不能|好不好|行不行|要不要|可不可以|对不对)[^的了]{0,5})$"
)


def _pauses(text: str, words: Sequence[WordTime]) -> Iterator[int]:
    """Where a speaker paused, never between two numerals: a number is one thing however slowly it is said."""
    at = 0
    for word, following in pairwise(words):
        found = text.find(word.word, at)
        if found < 0:
            return
        at = found + len(word.word)
        if following.start_ms - word.end_ms >= COMMA_MS and at < len(text) and not _numeral(text, at):
            yield at


def _numeral(text: str, at: int) -> bool:
    return all(c in _NUMERALS or c.isascii() for c in text[at - 1 : at + 1])


def _openers(text: str) -> Iterator[int]:
    """After a greeting or a yes that begins the sentence."""
    found = _OPENER.match(text)
    if found and not _NO_OPENER.match(text):
        yield found.end()


def _end_mark(text: str) -> str:
    return "？" if _QUESTION.search(text) else "。"


# ---- numbers --------------------------------------------------------------------------------------------------------

_NUMERALS = "零〇一二三四五六七八九十百千万两幺洞拐"
_RUN = re.compile("[零〇一二三四五六七八九十百千万两幺]+")
_PERCENT = re.compile(r"百分之([零一二三四五六七八九十百两]+)")
_DECIMAL = re.compile(
    r"([零一二三四五六七八九十百两]+)点([零一二三四五六七八九]+)(?=匹|升|公斤|千克|度|寸|米|平|万|兆|个|倍|吨)"
)
_PLACE = re.compile(r"号|栋|幢|座|单元|室(?!.厅)|楼|层|弄|巷|组|队")
_TIME = re.compile(r"月(?!亮)|日|点(?!儿|[也都])|分(?!之|[钟手别开]?公)|时")
_MEASURE = re.compile(
    r"块|元(?![区县桥里])|度|匹|寸|升|公斤|千克|米|平米|平方|瓦|千瓦|小时|分钟|秒|年|天|周|岁|次|台|个|级|倍|斤|片|件|根|人"
)
_DAY_PART = re.compile(r"(?:上午|下午|中午|晚上|凌晨|早上|傍晚|今天|明天|后天|今晚|明早|点)$")
_PLAIN = frozenset("零〇一二三四五六七八九幺")


def _numbers(text: str) -> Iterator[Shown]:
    at = 0
    while found := _next_number(text, at):
        yield found
        at = found.end


def _next_number(text: str, at: int) -> Shown | None:
    """The first number from ``at`` on that is written in digits."""
    for run in _RUN.finditer(text, at):
        if text[max(0, run.start() - 1) : run.start()] == "第":
            continue
        if fraction := _PERCENT.match(text, run.start()):
            value = spoken_int(fraction[1])
            if value is not None:
                return Shown(fraction.start(), fraction.end(), f"{value}%")
        if decimal := _DECIMAL.match(text, run.start()):
            whole = spoken_int(decimal[1])
            if whole is not None:
                return Shown(decimal.start(), decimal.end(), f"{whole}.{_digits(decimal[2])}")
        digits = _in_digits(text, run)
        if digits is not None:
            return Shown(run.start(), run.end(), digits)
    return None


def _in_digits(text: str, run: re.Match[str]) -> str | None:
    """The run in digits, or None where people write it in characters (两台, 三四天, 万一, 五一)."""
    word, rest, before = run.group(), text[run.end() :], text[: run.start()]
    if set(word) <= _PLAIN and (len(word) >= 3 or (len(word) == 2 and not set(word).isdisjoint("零〇幺"))):
        return _digits(word)
    if not _is_number(word):
        return None
    value = spoken_int(word)
    if value is None:
        return None
    if _PLACE.match(rest) or (_TIME.match(rest) and not _some(word, rest, before)):
        return str(value)
    counted = value >= 10 and (_MEASURE.match(rest) is not None or before.endswith("点"))
    return str(value) if counted else None


def _is_number(word: str) -> bool:
    """One digit, or digits with their units; two digits side by side are an estimate (三四) or a name (五一)."""
    if word[0] in "百千万" or set(word) <= set("百千万"):
        return False
    return len(word) == 1 or not set(word).isdisjoint("十百千万")


def _some(word: str, rest: str, before: str) -> bool:
    """一点 is an hour only next to words of time; 十分 is "very" unless it stands after an hour."""
    if word == "一" and rest.startswith("点"):
        return not (_DAY_PART.search(before) or re.match(r"点(?:半|钟|[零一二三四五十])", rest))
    return rest.startswith("分") and not (before.endswith("点") or rest.startswith("分钟"))


def _digits(word: str) -> str:
    return "".join(DIGIT[c] for c in word)
