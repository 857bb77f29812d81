"""Text as the rules read it: no blanks, upper-case Latin, half-width digits, each character tied to its offset."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

PUNCTUATION = frozenset("，。、；：？！…—,.;:?!“”\"'‘’（）()《》·~～-")
STOPS = frozenset("。？！…?!；;")
DIGIT = {
    **{c: str(i % 10) for i, c in enumerate("零一二三四五六七八九")},
    **dict.fromkeys("〇洞", "0"),
    "幺": "1",
    "两": "2",
    "拐": "7",
}
_UNIT = {"十": 10, "百": 100, "千": 1000, "万": 10000}
_NUMERAL = re.compile(r"[零〇一二三四五六七八九十百千幺两]+|\d+")


@dataclass(frozen=True, slots=True)
class Text:
    """Normalised text ``s``; ``at[i]`` is the offset of ``s[i]`` in ``raw``."""

    raw: str
    s: str
    at: tuple[int, ...]

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in ``raw`` of the normalised span [start, end)."""
        if not self.at or start >= end:
            return (0, 0)
        return self.at[start], self.at[min(end, len(self.at)) - 1] + 1


_BESIDE = re.compile("[（(][^（()）]{0,12}(?:声|声音|无人说话|沉默|静音|咳嗽)[）)]")
"""What a transcript notes beside the words: （电视声）."""


def normalise(raw: str) -> Text:
    """Drop blanks and control characters, fold width and case. Never fails; every kept character keeps its offset."""
    chars: list[str] = []
    at: list[int] = []
    beside = {i for m in _BESIDE.finditer(raw) for i in range(*m.span())}
    for i, c in enumerate(raw):
        if i in beside:
            continue
        folded = _fold(c)
        if folded:
            chars.append(folded)
            at.append(i)
    return Text(raw, "".join(chars), tuple(at))


def _fold(c: str) -> str:
    if "\u4e00" <= c <= "\u9fff":
        return c
    if c.isspace() or unicodedata.category(c) in {"Cc", "Cf", "Cs", "Co", "Cn"}:
        return ""
    if "\uff01" <= c <= "\uff5e" and c not in PUNCTUATION:
        c = chr(ord(c) - 0xFEE0)
    upper = c.upper()
    return upper if len(upper) == 1 else c


def spoken_int(s: str) -> int | None:
    """``二百八十八`` → 288, ``五零一`` → 501, ``一百零九`` → 109, ``两百六`` → 260; None for anything else."""
    if not s or not all(c in DIGIT or c in _UNIT or c.isdigit() for c in s):
        return None
    if not any(c in _UNIT for c in s):
        return int("".join(DIGIT.get(c, c) for c in s)) if all(DIGIT.get(c, c).isascii() for c in s) else None
    total = current = 0
    last_unit = 0
    gap = False
    for c in s:
        if c in _UNIT:
            unit = _UNIT[c]
            if unit == 10000:
                total, current = (total + current) * unit, 0
            else:
                total, current = total + (current or 1) * unit, 0
            last_unit, gap = unit, False
        else:
            digit = DIGIT.get(c, c)
            if not digit.isascii():
                return None
            gap = gap or digit == "0"
            current = int(digit) if gap or not current else current * 10 + int(digit)
    if current and not gap and last_unit >= 100 and current < 10:
        return total + current * (last_unit // 10)
    return total + current


def spoken_digits(s: str) -> str:
    """Digits one by one: ``幺三九`` → ``139``. Characters that are no digits are dropped."""
    return "".join(d for c in s if (d := DIGIT.get(c, c)).isascii() and d.isdigit())


def arabic(s: str) -> str:
    """Every Chinese numeral in ``s`` written in digits, read as a number when it has 十百千, else digit by digit."""

    def one(m: re.Match[str]) -> str:
        word = m.group()
        if any(c in _UNIT for c in word):
            value = spoken_int(word)
            return word if value is None else str(value)
        return spoken_digits(word)

    return _NUMERAL.sub(one, s)


def clauses(s: str) -> list[tuple[int, int]]:
    """Spans of ``s`` between punctuation marks."""
    spans: list[tuple[int, int]] = []
    start = 0
    for i, c in enumerate(s):
        if c in PUNCTUATION:
            if i > start:
                spans.append((start, i))
            start = i + 1
    if start < len(s):
        spans.append((start, len(s)))
    return spans
