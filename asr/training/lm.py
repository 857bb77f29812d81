"""A pruned trigram model from weighted texts: pure Python, back-off form, ready to be written as a grammar FST.

Smoothing is Witten-Bell: p(w|h) = (c(hw) + k·t(h)·p(w|h')) / (c(h) + k·t(h)), t(h) being the number of different words
seen after h. It takes fractional counts, so that texts can be weighted. Pruning drops what changes the model least
(relative entropy, Stolcke 1998).
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

START, END = "<s>", "</s>"

History = tuple[str, ...]
Gram = tuple[str, ...]


@dataclass(slots=True)
class BackoffModel:
    """``logp[gram]`` is ln p(last word | words before); ``backoff[history]`` the ln weight of shortening a history."""

    logp: dict[Gram, float] = field(default_factory=dict)
    backoff: dict[History, float] = field(default_factory=dict)

    def score(self, words: Iterable[str], *, unknown: float = -16.0) -> float:
        """Logarithm (natural) of p of a sentence and its end; ``unknown`` is what any other word costs."""
        history: History = (START,)
        total = 0.0
        for word in (*words, END):
            total += self._word(history, word, unknown)
            history = (*history, word)[-2:]
        return total

    def _word(self, history: History, word: str, unknown: float) -> float:
        cost = 0.0
        while True:
            found = self.logp.get((*history, word))
            if found is not None:
                return cost + found
            if not history:
                return cost + unknown
            cost += self.backoff.get(history, 0.0)
            history = history[1:]


class Counts:
    """Weighted counts of one to three words."""

    def __init__(self) -> None:
        self.grams: Counter[Gram] = Counter()

    def add(self, words: list[str], weight: float = 1.0) -> None:
        """Count a sentence."""
        line = [START, *words, END]
        grams = self.grams
        for at in range(1, len(line)):
            grams[line[at],] += weight  # type: ignore[assignment]  # Counter takes fractions
            grams[line[at - 1], line[at]] += weight  # type: ignore[assignment]
            if at > 1:
                grams[line[at - 2], line[at - 1], line[at]] += weight  # type: ignore[assignment]


def estimate(
    counts: Counts, vocabulary: Mapping[str, float], *, spread: float = 1.0, prune: float = 0.0, unseen: float = 0.02
) -> BackoffModel:
    """The model over ``vocabulary`` (word: prior frequency, any scale; shares ``unseen`` of the one-word probability).

    ``prune`` is the relative entropy (nats) below which an n-gram is dropped.
    """
    total: defaultdict[History, float] = defaultdict(float)
    types: Counter[History] = Counter()
    for gram, count in counts.grams.items():
        total[gram[:-1]] += count
        types[gram[:-1]] += 1
    prior_sum = sum(vocabulary.values())
    prob: dict[Gram, float] = {
        (word,): (1 - unseen) * counts.grams.get((word,), 0.0) / total[()] + unseen * prior / prior_sum
        for word, prior in vocabulary.items()
    }
    prob[END,] = (1 - unseen) * counts.grams.get((END,), 0.0) / total[()] + 1e-9
    for order in (2, 3):
        for gram, count in counts.grams.items():
            if len(gram) == order:
                held = spread * types[gram[:-1]]
                prob[gram] = (count + held * prob[gram[1:]]) / (total[gram[:-1]] + held)
    if prune:
        _prune(prob, total, prune)
    return _with_backoff(prob)


def _prune(prob: dict[Gram, float], total: Mapping[History, float], threshold: float) -> None:
    """Drop the n-grams that their shorter form predicts nearly as well; a kept n-gram keeps its history."""
    needed: set[Gram] = set()
    for order in (3, 2):
        backoff = _with_backoff(prob).backoff
        for gram in [gram for gram in prob if len(gram) == order]:
            if gram in needed:
                continue
            history = gram[:-1]
            shorter = math.exp(backoff.get(history, 0.0)) * prob[gram[1:]]
            share = total[history] / total[()]
            if share * prob[gram] * abs(math.log(prob[gram] / shorter)) < threshold:
                del prob[gram]
        needed |= {gram[:-1] for gram in prob if len(gram) == order}
        needed |= {gram[1:] for gram in prob if len(gram) == order}


def _with_backoff(prob: Mapping[Gram, float]) -> BackoffModel:
    """Weights that make every history sum to one."""
    kept: defaultdict[History, float] = defaultdict(float)
    lower: defaultdict[History, float] = defaultdict(float)
    for gram, p in prob.items():
        if len(gram) > 1:
            kept[gram[:-1]] += p
            lower[gram[:-1]] += prob[gram[1:]]
    backoff = {history: math.log(max(1 - kept[history], 1e-6) / max(1 - lower[history], 1e-6)) for history in kept}
    return BackoffModel({gram: math.log(p) for gram, p in prob.items()}, backoff)
