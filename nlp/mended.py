"""Words that rules look for, put right where they were misheard: 名天尚午酒点 → 明天上午九点. Offsets stay."""

from __future__ import annotations

import re
from collections import defaultdict
from functools import lru_cache
from importlib.resources import files

from nlp.lexicon import common_words
from nlp.sound import blur, blurred_syllables, char_cost, syllable

_DIGITS = {
    "yi": "一",
    "er": "二",
    "liang": "两",
    "san": "三",
    "si": "四",
    "wu": "五",
    "liu": "六",
    "qi": "七",
    "ba": "八",
}
_HOURS = {**_DIGITS, "jiu": "九", "shan": "三", "shi": "十"}
_WEEKDAYS = {**{sound: n for sound, n in _DIGITS.items() if n in "一二三四五六"}, "ri": "日", "tian": "天"}
_BOTH_WRONG, _ONE_RIGHT = 0.3, 0.5
"""How unlike its word a surface may sound when no character of it is right, and when one is."""
_N = "[零一二两三四五六七八九十]"
_NUMERALS = frozenset("零一二两三四五六七八九十百千")
_OF_WEEK = re.compile("[一二三四五六日天]")
_STOREY = re.compile("[楼层号栋幢单]")
_WEEKDAY = re.compile(
    r"(?:(?<=[下这上本，。]周)|(?<=[期拜]))([^一二三四五六日天末，。])(?=[上下中早晚白全，。吧行可的都我]|$)"
)
_WEEK = re.compile(r"(?:(?<=[下这上本，。吧])|^)([轴洲舟州粥皱])(?=[一二三四五六日天末])")
_HOUR = re.compile(r"(?<=[午上早晚到至天，])([^，。])(?=点(?![火了儿]))")
_CLOCK = re.compile(rf"(?<={_N})([^，。点])(?=以后|以前|之后|之前|到{_N}|半|左右|钟|[，。吧]|$)")


_ON_BOWLS = re.compile("(?<![天日号午就])碗上(?=[有会都还全的留沾])")
"""碗上有水渍 is said of dishwashers."""


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    lines = files("nlp.data").joinpath("cue_words.txt").read_text("utf-8").splitlines()
    return frozenset(w for line in lines if not line.startswith("#") for w in line.split())


@lru_cache(maxsize=1)
def _known() -> frozenset[str]:
    """What makes sense as it stands."""
    return common_words() | _words()


@lru_cache(maxsize=1)
def _table() -> dict[tuple[str, str], tuple[str, ...]]:
    """The words by their first two syllables."""
    words: dict[tuple[str, str], list[str]] = defaultdict(list)
    for word in sorted(_words()):
        a, b = (blur(syllable(c)) for c in word[:2])
        words[a, b].append(word)
    return {key: tuple(found) for key, found in words.items()}


@lru_cache(maxsize=1024)
def mended(s: str) -> str:
    """``s`` with misheard words of the rules replaced. Same length as ``s``; what makes sense as it stands stays."""
    chars, table = list(s), _table()
    sounds = blurred_syllables(s)
    for i in range(len(s) - 1):
        for word in table.get((sounds[i], sounds[i + 1]), ()):
            surface = s[i : i + len(word)]
            if surface == word:
                break
            if word == "晚上" and _ON_BOWLS.match(s, i):
                continue
            if _misheard(surface, word, s[i + len(word) : i + len(word) + 1]) and not _belongs(
                s, i, i + len(word), word
            ):
                chars[i : i + len(word)] = word
                break
    text = "".join(chars)
    text = _WEEK.sub("周", text)
    text = _WEEKDAY.sub(lambda m: _WEEKDAYS.get(syllable(m.group(1)), m.group(1)), text)
    text = _HOUR.sub(lambda m: _HOURS.get(syllable(m.group(1)), m.group(1)), text)
    return _CLOCK.sub(lambda m: "点" if syllable(m.group(1)) == "dian" else m.group(1), text)


def _belongs(s: str, start: int, end: int, word: str) -> bool:
    """Whether the surface's first or last character makes an everyday word with its neighbour (洗衣|机, 碗|上面)."""
    before = not word.endswith("午")
    return (before and start > 0 and s[start - 1 : start + 1] in _known()) or s[end - 1 : end + 1] in _known()


def _misheard(surface: str, word: str, following: str) -> bool:
    if word == "星期" and not _OF_WEEK.match(following):
        return False
    if len(surface) < len(word) or (len(word) == 2 and surface in _known()):
        return False
    if _NUMERALS.intersection(surface) and (_STOREY.match(following) or word[-1] != "午"):
        return False
    cost = sum(map(char_cost, surface, word))
    return cost <= (_ONE_RIGHT if any(map(str.__eq__, surface, word)) else _BOTH_WRONG)
