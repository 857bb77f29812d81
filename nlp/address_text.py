"""The text that addresses are read from: an utterance without hesitations and telephone numbers, numbers put right."""

from __future__ import annotations

import re
from functools import lru_cache

from nlp.divisions import DISTRICT, divisions
from nlp.heal import heal
from nlp.normalize import spoken_int
from nlp.numbers import phones

_PHONE = re.compile(r"(?:[零〇一二三四五六七八九幺两\d][，,、。\s]?){9,}")
_EMPTY = re.compile(r"小区|院|楼|大厦|家属|号|地方|超市|店|村|小卖部|电话")
_FILLED = re.compile("[呃嗯啊哦噢]|额(?!尔古纳|济纳|敏)")
"""Sounds of hesitation; 额 begins the names of three places too."""
_NO_DISTRICT = re.compile("(?:我们)?这?[里边儿]?没有区的?[啊嘛呀哦]?")
"""What callers of Zhongshan and Dongguan say to the question for a district."""
_AGAIN = re.compile(
    r"([零〇一二三四五六七八九幺两\d]{2,4})[，,、]?(?:也?就是?|对)[，,]?([零〇一二三四五六七八九幺两十百千\d]{2,})"
)


def prepared(raw: str) -> tuple[str, list[int]]:
    """The text without hesitations and telephone numbers, numbers put right, and where each character stood."""
    twice = _said_twice(raw)
    kept = [i for i in range(len(raw)) if not _FILLED.match(raw, i) and i not in twice and not _hesitation(raw, i)]
    chars = [raw[i] for i in kept]
    text = "".join(chars)
    for m in _NO_DISTRICT.finditer(text):
        chars[m.start() : m.end()] = "，" * (m.end() - m.start())
    whole = [(n.start, n.end) for n in phones(text)]
    for start, end in whole or [m.span() for m in _PHONE.finditer(text)]:
        chars[start:end] = "。" * (end - start)
    return _healed("".join(chars)), kept


def _healed(text: str) -> str:
    """The text with numbers put right, whole names of districts left alone."""
    healed = heal(text)
    for m in _like_numbers().finditer(text):
        healed = healed[: m.start()] + m.group() + healed[m.end() :]
    return healed


@lru_cache(maxsize=1)
def _like_numbers() -> re.Pattern[str]:
    """Districts whose whole names would be taken for house numbers: 三义乡, 千山区."""
    names = {p.name for places in divisions().said.values() for p in places if p.level == DISTRICT}
    return re.compile("|".join(sorted(name for name in names if heal(name) != name)))


def _said_twice(s: str) -> frozenset[int]:
    """Where a number stands that is said again as it is counted: 一二三，就一百二十三号."""
    return frozenset(
        i
        for m in _AGAIN.finditer(s)
        if spoken_int(m.group(1)) == spoken_int(m.group(2))
        for i in range(m.start(), m.start(2))
    )


def _hesitation(s: str, i: int) -> bool:
    """Whether the character belongs to a 这个 or 那个 that means nothing."""
    return any(s[j : j + 2] in ("这个", "那个") and _EMPTY.match(s[j + 2 :]) is None for j in (i - 1, i) if j >= 0)
