"""How alike two words sound: toneless pinyin with the confusions of a recogniser (zh/z, n/l, in/ing, f/h …)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from itertools import product

SAME_SOUND = 0.15
NEAR_SOUND = 0.45
GAP = 0.95
_INITIALS = (
    ("zh", "z"),
    ("ch", "c"),
    ("sh", "s"),
    ("n", "l"),
    ("r", "l"),
    ("f", "h"),
    ("p", "b"),
    ("t", "d"),
    ("k", "g"),
    ("q", "j"),
)
_FINALS = (
    ("iang", "ie"),
    ("ian", "ie"),
    ("uang", "uan"),
    ("ang", "an"),
    ("ong", "en"),
    ("eng", "en"),
    ("ing", "in"),
    ("ou", "u"),
    ("uo", "u"),
    ("ei", "ai"),
)


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


@lru_cache(maxsize=256)
def blurred_syllables(s: str) -> tuple[str, ...]:
    """The blurred reading of each character; kept, as several indices look through each utterance."""
    return tuple(blur(syllable(c)) for c in s)


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


@dataclass(frozen=True, slots=True)
class _Entry:
    """A word, and where in it the pair of syllables stands that led to it."""

    word: str
    offset: int
    syllables: frozenset[str]


class SoundIndex:
    """Words that can be found in a text although misheard.

    Two syllables that stand together (or with one between) lead to the words that have them; an alignment then decides.
    So the cost grows with the text and not with the number of words.
    """

    def __init__(self, words: Iterable[str], *, allowed: Callable[[int], float] = allowance) -> None:
        self._allowed = allowed
        self._pairs: dict[tuple[str, str, int], list[_Entry]] = defaultdict(list)
        for word in sorted(set(words)):
            for syllables in _blurred_readings(word):
                self._add(word, syllables)

    def _add(self, word: str, syllables: list[str]) -> None:
        known = frozenset(syllables)
        for i in range(len(syllables) - 1):
            self._pairs[syllables[i], syllables[i + 1], 1].append(_Entry(word, i, known))
        if len(syllables) == 3:
            self._pairs[syllables[0], syllables[2], 2].append(_Entry(word, 0, known))

    def find(self, s: str, start: int = 0, end: int | None = None) -> list[SoundMatch]:
        """Every word heard in ``s[start:end]``, best first; overlaps are left to the caller."""
        end = len(s) if end is None else end
        text = s[start:end]
        blurred = blurred_syllables(text)
        tried: set[tuple[str, int]] = set()
        best: dict[tuple[str, int], SoundMatch] = {}
        for entry, at in self._candidates(blurred):
            if (entry.word, at) in tried:
                continue
            tried.add((entry.word, at))
            m = _place(text, entry.word, at)
            if m.cost <= self._allowed(len(entry.word)):
                key = (m.word, m.start)
                if key not in best or m.cost < best[key].cost:
                    best[key] = SoundMatch(m.word, m.start + start, m.end + start, m.cost)
        return sorted(best.values(), key=lambda m: (m.cost / len(m.word), -len(m.word), m.start))

    def _candidates(self, blurred: tuple[str, ...]) -> Iterator[tuple[_Entry, int]]:
        """(entry, where its word would begin) for every pair of syllables that the index knows."""
        n = len(blurred)
        for i in range(n - 1):
            for gap in (1, 2):
                if i + gap >= n:
                    break
                for entry in self._pairs.get((blurred[i], blurred[i + gap], gap), ()):
                    at, size = i - entry.offset, len(entry.word)
                    near = blurred[max(0, at - 1) : at + size + 1]
                    if sum(1 for x in entry.syllables if x in near) >= len(entry.syllables) - 1:
                        yield entry, at


def _place(s: str, word: str, at: int) -> SoundMatch:
    """The best alignment of ``word`` with a piece of ``s`` that begins at ``at`` or one character beside it."""
    size = len(word)
    if size <= 2:
        return SoundMatch(word, at, at + size, distance(s[at : at + size], word))
    low, high = max(0, at - 1), min(len(s), at + size + 1)
    written = s.find(word, low, high)
    if written >= 0:
        return SoundMatch(word, written, written + size, 0.0)
    row = [(0.0, low + j) for j in range(high - low + 1)]
    for x in word:
        last, row[0] = row[0], (row[0][0] + GAP, row[0][1])
        for j in range(1, len(row)):
            substituted = (last[0] + char_cost(s[low + j - 1], x), last[1])
            last = row[j]
            row[j] = min(substituted, (row[j][0] + GAP, row[j][1]), (row[j - 1][0] + GAP, row[j - 1][1]))
    j, (cost, begin) = min(enumerate(row), key=lambda cell: (cell[1][0], abs(cell[0] - size - 1)))
    return SoundMatch(word, begin, low + j, cost)


def _blurred_readings(word: str) -> Iterator[list[str]]:
    options = [sorted({blur(r) for r in _readings().get(c, (c,))}) for c in word]
    for n, combination in enumerate(product(*options)):
        if n == 8:
            return
        yield list(combination)
