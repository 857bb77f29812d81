"""From how a value was found to how often such values are right: a logistic model, its fit and its calibration error.

The weights live in ``data/calibration.json``; ``docs/extraction.md`` says what they were fitted on.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from nlp import logistic
from nlp.types import SlotState


@dataclass(frozen=True, slots=True)
class Signal:
    """What is known about a value without knowing whether it is right.

    ``quality``: how well the words matched, 0..1. ``clarity``: of the utterance it came from, ``call_clarity``: of all
    the caller said, 0..1. ``mentions``: utterances that gave proof.
    """

    slot: str
    rule: str
    state: SlotState
    quality: float
    clarity: float
    call_clarity: float
    mentions: int = 1


def features(s: Signal) -> dict[str, float]:
    """The signal as named numbers around zero."""
    noise = 0.85 - s.call_clarity
    return {
        logistic.BIAS: 1.0,
        f"slot:{s.slot}": 1.0,
        f"rule:{s.rule}": 1.0,
        f"state:{s.state}": 1.0,
        f"state:{s.slot}:{s.state}": 1.0,
        "quality": s.quality - 0.9,
        "clarity": s.clarity - 0.85,
        "call_clarity": noise,
        f"noise:{s.slot}": noise * 5,
        f"clarity:{s.slot}": (s.clarity - 0.85) * 5,
        f"quality:{s.slot}": (s.quality - 0.9) * 5,
        "again": math.log(max(1, s.mentions)),
    }


@dataclass(frozen=True, slots=True)
class Calibration:
    """Weights by feature name; unknown features count nothing."""

    weights: Mapping[str, float]

    def confidence(self, signal: Signal) -> float:
        """Probability 0.01..0.99 that a value found like this is right."""
        z = sum(self.weights.get(name, 0.0) * x for name, x in features(signal).items())
        return min(0.99, max(0.01, 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, z))))))


@lru_cache(maxsize=1)
def calibration() -> Calibration:
    """The weights shipped with the library."""
    text = files("nlp.data").joinpath("calibration.json").read_text("utf-8")
    return Calibration({name: float(w) for name, w in json.loads(text)["weights"].items()})


def fit(samples: Sequence[tuple[Signal, bool]], *, penalty: float = 1.0) -> dict[str, float]:
    """Weights of largest penalised likelihood; needs numpy and at least one sample."""
    return logistic.fit([features(s) for s, _ in samples], [right for _, right in samples], penalty=penalty)


@dataclass(frozen=True, slots=True)
class Bin:
    """Values whose confidence lies in [low, high): how many, their mean confidence, and the share that was right."""

    low: float
    high: float
    count: int
    confidence: float
    right: float


def reliability(pairs: Iterable[tuple[float, bool]], bins: int = 10) -> list[Bin]:
    """The reliability diagram as numbers; empty bins are left out."""
    boxes: list[list[tuple[float, bool]]] = [[] for _ in range(bins)]
    for confidence, right in pairs:
        boxes[min(bins - 1, int(confidence * bins))].append((confidence, right))
    return [
        Bin(i / bins, (i + 1) / bins, len(b), sum(c for c, _ in b) / len(b), sum(r for _, r in b) / len(b))
        for i, b in enumerate(boxes)
        if b
    ]


def expected_error(pairs: Iterable[tuple[float, bool]], bins: int = 10) -> float:
    """Expected calibration error: mean distance of confidence and share right, weighted by the bins' sizes."""
    boxes = reliability(pairs, bins)
    total = sum(b.count for b in boxes)
    return sum(b.count * abs(b.confidence - b.right) for b in boxes) / total if total else 0.0
