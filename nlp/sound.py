"""How alike two words sound: toneless pinyin with the confusions of a recogniser (zh/z, n/l, in/ing, f/h …)."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import product

SAME_SOUND = 0.15
NEAR_SOUND = 0.45
GAP = 0.95
_INITIALS = (
    ("zh", "z"), ("ch", "c"), ("sh", "s"), ("n", "l"), ("r", "l"), ("f", "h"), ("p", "b"), ("t", "d"), ("k", "g"), ("q", "j"),
)  # fmt: skip
_FINALS = (
    ("iang", "ie"), ("ian", "ie"), ("uang", "uan"), ("ang", "an"), ("ong", "en"), ("eng", "en"), ("ing", "in"),
    ("ou", "u"), ("uo", "u"), ("ei", "ai"),
)  # fmt: skip


@lru_cache(maxsize=1)
def _readings() -> dict[str, tuple[str, ...]]:
    """Character → readings, the usual one first."""
    table: dict[str, list[str]] = defaultdict(list)
    for line in files("nlp.data").joinpath("pinyin.txt").read_text("utf-8").splitlines():
        if line.startswith("#"):
            continue
        syllable, _, chars = line.lstrip("+").partition(" ")
        for c in chars:
            table[c].append(syllable)
    return {c: tuple(s) for c, s in table.items()}


def syllable(c: str) -> str:
    """Usual toneless reading of a character; other characters stand for themselves."""
    found = _readings().get(c)
    return found[0] if found else c


@lru_cache(maxsize=2048)
def blur(reading: str) -> str:
    """The class of syllables that a recogniser mixes up with this one."""
    if not reading.isascii() or not reading.isalpha() or reading.isupper():
        return reading
    s = reading
    for a, b in _INITIALS:
        if s.startswith(a):
            s = b + s[len(a) :]
            break
    for a, b in _FINALS:
        if s.endswith(a):
            return s[: -len(a)] + b
    return s


@lru_cache(maxsize=65536)
def char_cost(a: str, b: str) -> float:
    """0 same character, 0.15 same sound, 0.45 easily confused, 1 unlike."""
    if a == b:
        return 0.0
    ra, rb = _readings().get(a), _readings().get(b)
    if not ra or not rb:
        return 1.0
    if any(x in rb for x in ra):
        return SAME_SOUND
    near = {blur(x) for x in rb}
    return NEAR_SOUND if any(blur(x) in near for x in ra) else 1.0


def distance(a: str, b: str) -> float:
    """Weighted edit distance of two short strings: what a recogniser had to do to turn one into the other."""
    row = [i * GAP for i in range(len(b) + 1)]
    for i, x in enumerate(a, 1):
        last, row[0] = row[0], i * GAP
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], min(row[j] + GAP, row[j - 1] + GAP, last + char_cost(x, y))
    return row[-1]


def alike(a: str, b: str) -> float:
    """Likeness 0..1 of two strings by sound."""
    return max(0.0, 1.0 - distance(a, b) / max(len(a), len(b), 1))


@dataclass(frozen=True, slots=True)
class SoundMatch:
    """Entry ``word`` found at [start, end) at a cost of 0 (as written) or more."""

    word: str
    start: int
    end: int
    cost: float


def allowance(length: int) -> float:
    """The highest cost a word of this length may be found at: short words must be almost right."""
    return {1: 0.0, 2: 0.2, 3: 0.91}.get(length, 1.35)


class SoundIndex:
    """Words that can be found in a text although misheard, by lookups of blurred syllables (no scan over the words)."""

    def __init__(self, words: Iterable[str], *, gaps_from: int = 3) -> None:
        self._exact: dict[str, list[str]] = defaultdict(list)
        self._gapped: dict[str, list[str]] = defaultdict(list)
        self._lengths: set[int] = set()
        for word in set(words):
            self._lengths.add(len(word))
            for syllables in _blurred_readings(word):
                _append(self._exact["|".join(syllables)], word)
                if len(word) >= gaps_from:
                    for i in range(len(syllables)):
                        _append(self._gapped["|".join(syllables[:i] + syllables[i + 1 :])], word)

    def find(self, s: str, start: int = 0, end: int | None = None) -> list[SoundMatch]:
        """Every word heard in ``s[start:end]``, best first; overlaps are left to the caller."""
        end = len(s) if end is None else end
        blurred = [blur(syllable(c)) for c in s[start:end]]
        best: dict[tuple[str, int], SoundMatch] = {}
        for word, i, j in self._candidates(blurred):
            cost = distance(s[start + i : start + j], word)
            if cost <= allowance(len(word)):
                old = best.get((word, start + i))
                if old is None or cost < old.cost:
                    best[word, start + i] = SoundMatch(word, start + i, start + j, cost)
        return sorted(best.values(), key=lambda m: (m.cost / len(m.word), -len(m.word), m.start))

    def _candidates(self, blurred: list[str]) -> Iterator[tuple[str, int, int]]:
        n = len(blurred)
        lengths = sorted(self._lengths | {k - 1 for k in self._lengths if k > 2})
        for i in range(n):
            for size in lengths:
                j = i + size
                if j > n:
                    break
                window = blurred[i:j]
                key = "|".join(window)
                for word in self._exact.get(key, ()):
                    yield word, i, j
                for word in self._gapped.get(key, ()):
                    yield word, i, j
                if size >= 3:
                    for k in range(size):
                        gapped = "|".join(window[:k] + window[k + 1 :])
                        for word in self._gapped.get(gapped, ()):
                            yield word, i, j


def _append(words: list[str], word: str) -> None:
    if word not in words:
        words.append(word)


def _blurred_readings(word: str) -> Iterator[list[str]]:
    options = [sorted({blur(r) for r in _readings().get(c, (c,))}) for c in word]
    for n, combination in enumerate(product(*options)):
        if n == 8:
            return
        yield list(combination)


_LATIN = re.compile(r"[A-Z]")
