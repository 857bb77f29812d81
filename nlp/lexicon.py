"""Words of the catalogue found in an utterance, exact first, by sound where that fails."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from nlp.catalogue import Catalogue
from nlp.sound import SoundIndex


@dataclass(frozen=True, slots=True)
class Hit:
    """``name`` (canonical) said as ``word`` at [start, end); ``quality`` 1 as written, less when misheard."""

    name: str
    word: str
    start: int
    end: int
    quality: float


class Lexicon:
    """Many ways to say few things."""

    def __init__(self, said: Mapping[str, str], *, sound_from: int = 2) -> None:
        self._said = dict(said)
        ordered = sorted(self._said, key=len, reverse=True)
        self._exact = re.compile("|".join(map(re.escape, ordered))) if ordered else None
        self._sound = SoundIndex(w for w in ordered if len(w) >= sound_from and not w.isascii())

    def find(self, s: str) -> list[Hit]:
        """Hits in order of place; none overlap."""
        hits = (
            [Hit(self._said[m.group()], m.group(), m.start(), m.end(), 1.0) for m in self._exact.finditer(s)]
            if self._exact
            else []
        )
        taken = {i for h in hits for i in range(h.start, h.end)}
        for m in self._sound.find(s):
            if not taken.intersection(range(m.start, m.end)):
                hits.append(Hit(self._said[m.word], m.word, m.start, m.end, max(0.0, 1.0 - m.cost / len(m.word))))
                taken.update(range(m.start, m.end))
        return sorted(hits, key=lambda h: h.start)


class Lexica:
    """The finders of one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.appliances = Lexicon(catalogue.appliance_names)
        self.brands = Lexicon(catalogue.brand_names)
        self._catalogue = catalogue
        self._faults: dict[str, Lexicon] = {}

    def faults(self, appliance: str) -> Lexicon:
        """The ways to say the faults of an appliance."""
        if appliance not in self._faults:
            self._faults[appliance] = Lexicon({said: label for label, said in self._catalogue.fault_phrases(appliance)})
        return self._faults[appliance]


def names(hits: Iterable[Hit]) -> list[str]:
    """Canonical names in order of first mention."""
    return list(dict.fromkeys(h.name for h in hits))
