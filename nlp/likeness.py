"""How much an utterance is like those in which callers voice a mood or a claim.

Rules know the words they were written for; these linear models have a weight for every one to three characters that
occur often enough in the corpus, so that many weak signs add up. ``data/likeness.tsv`` holds the weights, written by
``bench/likeness.py --fit``.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from nlp.dialogue import Span, Talk, Turn

MODELS = ("dissatisfied", "pressing", "covered", "run_out")
"""The caller is dissatisfied, presses for speed, takes the warranty to run still, or to have run out."""
LONGEST = 3
"""Characters of the longest group."""
_PAUSES = re.compile("[，。？！…、,.?!；;]+")
_SENTENCE = re.compile("[^。？！…?!]{4,}[。？！…?!]*")
_ASKED = 14
"""How many last characters of the question go before an answer."""
Scores = tuple[float, ...]
"""A number for each of MODELS: log odds, roughly."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """Weights of MODELS by group of characters, and what they add up from."""

    weights: Mapping[str, Scores]
    bias: Scores

    def scores(self, s: str) -> Scores:
        """What the groups of ``s`` weigh together, against the square root of their number."""
        found = groups(s)
        rows = [row for group in found if (row := self.weights.get(group))]
        scale = math.sqrt(len(found)) or 1.0
        sums = map(sum, zip(*rows, strict=True)) if rows else (0.0 for _ in MODELS)
        return tuple(b + total / scale for b, total in zip(self.bias, sums, strict=True))


def groups(s: str) -> frozenset[str]:
    """All groups of one to LONGEST characters of ``s``; every pause, and each end, is a comma."""
    s = f"，{_PAUSES.sub('，', s).strip('，')}，"
    return frozenset(s[i : i + n] for n in range(1, LONGEST + 1) for i in range(len(s) - n + 1))


@lru_cache(maxsize=1)
def likeness() -> Likeness:
    """The weights shipped with the library."""
    lines = files("nlp.data").joinpath("likeness.tsv").read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if not line.startswith("#"))
    weights = {group: tuple(map(float, row)) for group, *row in rows}
    bias = weights.pop("")
    return Likeness(weights, bias)


class Heard(NamedTuple):
    """An utterance of the caller's or a sentence of it, and how it scored."""

    span: Span
    scores: Scores

    def of(self, model: str) -> float:
        """The score by one of MODELS."""
        return self.scores[MODELS.index(model)]


def most(talk: Talk, model: str) -> Heard | None:
    """What scored highest by the model in all that the caller said; None where nothing was."""
    return talk.fold("likeness", _NOTHING, _higher)[MODELS.index(model)]


_NOTHING: tuple[Heard | None, ...] = (None,) * len(MODELS)


def _higher(_: Talk, turn: Turn, best: tuple[Heard | None, ...]) -> tuple[Heard | None, ...]:
    """The best of each model when this turn is heard as well."""
    for h in heard(turn):
        best = tuple(h if b is None or h.scores[i] > b.scores[i] else b for i, b in enumerate(best))
    return best


def heard(turn: Turn) -> Iterator[Heard]:
    """The scores of the turn's portions; none if it is the agent's."""
    asked = question(turn)
    scored = () if turn.by_agent else turn.once(f"likeness of {asked}", lambda _: _scored(turn.read, asked))
    for start, end, scores in scored:
        yield Heard(Span(turn.index, start, end), scores)


def _scored(s: str, asked: str) -> tuple[tuple[int, int, Scores], ...]:
    return tuple((start, end, likeness().scores(text)) for start, end, text in portions(s, asked))


def portions(s: str, asked: str) -> Iterator[tuple[int, int, str]]:
    """(start, end, text) of what is scored of a caller's words: the whole and each sentence.

    ``asked``, the end of the question that they answer, stands before the whole and before the first sentence.
    """
    yield 0, len(s), asked + s
    sentences = list(_SENTENCE.finditer(s))
    if len(sentences) > 1:
        yield from ((m.start(), m.end(), (asked if m.start() == 0 else "") + m.group()) for m in sentences)


def question(turn: Turn) -> str:
    """The end of the question that a turn answers, as ``portions`` take it."""
    return f"{turn.question.read[-_ASKED:]}→" if turn.question else ""
