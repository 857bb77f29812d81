"""Whether a call is about an order at all, by all its words: a logistic model over what each side said.

The rules of ``rules.misdirected`` know the ways to say it outright. Who tells half a story before it comes out, or
never says it, is told apart by the sum of many small signs, which are counted here. The weights live in
``data/purpose.json``; ``bench/purpose.py`` fits them, and docs/extraction.md says on what.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from nlp.dialogue import Turn
from nlp.logistic import BIAS

NOTHING = 0.7
"""From this probability on a call is taken to be about nothing; an order lost costs more than one too many."""
_NUMBERS = re.compile("[0-9A-Z]+")
_NO_WORDS = re.compile(r"[^\w]+")


def signs(turns: Iterable[Turn]) -> set[str]:
    """Single characters and pairs of neighbours that each side said, as "A…" (agent) and "C…" (caller).

    A digit is like another; punctuation counts nothing, as live transcripts have none.
    """
    found: set[str] = set()
    for turn in turns:
        side, said = "A" if turn.by_agent else "C", _NO_WORDS.sub("", _NUMBERS.sub("0", turn.s))
        found.update(side + c for c in said)
        found.update(side + said[i : i + 2] for i in range(len(said) - 1))
    return found


@dataclass(frozen=True, slots=True)
class Purpose:
    """Weights by sign; a positive one speaks for a call about nothing, an unknown sign counts nothing."""

    weights: Mapping[str, float]

    def nothing(self, turns: Iterable[Turn]) -> float:
        """Probability 0..1 that a call of these turns is about no order."""
        z = self.weights.get(BIAS, 0.0) + math.fsum(self.weights.get(sign, 0.0) for sign in signs(turns))
        return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, z))))


@lru_cache(maxsize=1)
def purpose() -> Purpose:
    """The weights shipped with the library."""
    text = files("nlp.data").joinpath("purpose.json").read_text("utf-8")
    return Purpose({sign: float(w) for sign, w in json.loads(text)["weights"].items()})
