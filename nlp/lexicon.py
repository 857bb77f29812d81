"""Words of the catalogue found in an utterance: as written, by pattern, and by sound where that fails."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from nlp.catalogue import PATTERN, Catalogue
from nlp.sound import SoundIndex


@lru_cache(maxsize=1)
def common_words() -> frozenset[str]:
    """Everyday two-character words."""
    lines = files("nlp.data").joinpath("common_words.txt").read_text("utf-8").splitlines()
    return frozenset(w for line in lines if not line.startswith("#") for w in line.split())


def _allowance(length: int) -> float:
    """Everyday phrases are alike enough without a wholly different character (一开就跳, 一开就响)."""
    return {2: 0.2, 3: 0.6, 4: 0.94}.get(length, 0.94)


@dataclass(frozen=True, slots=True)
class Hit:
    """``name`` (canonical) said as ``word`` at [start, end); ``quality`` 1 as written, less when misheard."""

    name: str
    word: str
    start: int
    end: int
    quality: float


class Lexicon:
    """Many ways to say few things. A way that begins with ``~`` is a regular expression."""

    def __init__(self, said: Iterable[tuple[str, str]], *, exact_only: Iterable[str] = ()) -> None:
        plain: dict[str, str] = {}
        patterns: dict[str, list[str]] = defaultdict(list)
        for way, name in said:
            if way.startswith(PATTERN):
                patterns[name].append(way[1:])
            else:
                plain.setdefault(way, name)
        self._plain = plain
        self._longest = max(map(len, plain), default=0)
        self._first = frozenset(w[0] for w in plain if w)
        self._patterns = tuple((name, re.compile("|".join(p))) for name, p in patterns.items())
        without = set(exact_only)
        words = (w for w in plain if len(w) >= 2 and not w.isascii() and w not in without)
        self._sound = SoundIndex(words, allowed=_allowance)

    def find(self, s: str) -> list[Hit]:
        """Hits in order of place; where two overlap the longer one stays."""
        hits = sorted(self._candidates(s), key=lambda h: (h.quality < 0.8, h.start - h.end, -h.quality, h.start))
        kept: list[Hit] = []
        for h in hits:
            if all(h.end <= k.start or h.start >= k.end for k in kept):
                kept.append(h)
        return sorted(kept, key=lambda h: h.start)

    def _candidates(self, s: str) -> Iterable[Hit]:
        for i in range(len(s)):
            if s[i] in self._first:
                for j in range(i + 1, min(len(s), i + self._longest) + 1):
                    name = self._plain.get(s[i:j])
                    if name is not None:
                        yield Hit(name, s[i:j], i, j, 1.0)
        for name, pattern in self._patterns:
            for m in pattern.finditer(s):
                if m.end() > m.start():
                    yield Hit(name, m.group(), m.start(), m.end(), 0.9)
        for heard in self._sound.find(s):
            if heard.cost and _may_be(s[heard.start : heard.end], heard.word):
                quality = max(0.0, 1.0 - heard.cost / len(heard.word))
                yield Hit(self._plain[heard.word], heard.word, heard.start, heard.end, min(quality, 0.79))


_NUMERALS = frozenset("零一二三四五六七八九十百千万两幺0123456789")


def _may_be(surface: str, word: str) -> bool:
    """Whether ``surface`` can be a misheard ``word``: not if it makes sense as it stands, or is a number."""
    if len(word) == 2 and surface in common_words():
        return False
    return all(c in word for c in surface if c in _NUMERALS)


class Lexica:
    """The finders of one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.appliances = Lexicon(catalogue.appliance_names.items())
        everyday = {b.name for b in catalogue.brands.values() if b.everyday_word}
        named = catalogue.brand_names
        self.brands = Lexicon(named.items(), exact_only=[w for w, n in named.items() if n in everyday])
        self._catalogue = catalogue
        self._faults: dict[str, Lexicon] = {}

    def faults(self, appliance: str) -> Lexicon:
        """Finder of the faults of one appliance."""
        if appliance not in self._faults:
            ways = [(said, label) for label, said in self._catalogue.fault_phrases(appliance)]
            short = [said for said, label in ways if len(said) == 2 and said != label]
            self._faults[appliance] = Lexicon(ways, exact_only=short)
        return self._faults[appliance]


def names(hits: Iterable[Hit]) -> list[str]:
    """Canonical names in order of first mention."""
    return list(dict.fromkeys(h.name for h in hits))
