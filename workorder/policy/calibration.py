"""Whether probabilities mean what they say: predictions against what came true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

BINS = 5


@dataclass(frozen=True, slots=True)
class Bin:
    """Predictions in [low, high): how many, what they said on average and how often it came true."""

    low: float
    high: float
    count: int
    predicted: float
    observed: float


@dataclass(frozen=True, slots=True)
class Reliability:
    """How good predictions were. None without any.

    ``brier``: mean squared error (0 is perfect); ``base_brier``: of always saying the overall rate ``base_rate``;
    ``skill``: by which part the predictions are better than that (1 perfect, 0 no better, below worse);
    ``calibration_error``: mean distance of a bin's prediction from what came true, weighted by its size.
    """

    count: int
    base_rate: float | None
    brier: float | None
    base_brier: float | None
    skill: float | None
    calibration_error: float | None
    bins: tuple[Bin, ...]


def reliability(predictions: Sequence[tuple[float, bool]]) -> Reliability:
    """Judge pairs of a probability (0..1) and whether it came true."""
    count = len(predictions)
    if not count:
        return Reliability(0, None, None, None, None, None, ())
    rate = sum(came_true for _, came_true in predictions) / count
    brier = sum((said - came_true) ** 2 for said, came_true in predictions) / count
    base = rate * (1 - rate)
    bins = tuple(found for number in range(BINS) if (found := _bin(predictions, number)))
    error = sum(abs(part.predicted - part.observed) * part.count for part in bins) / count
    return Reliability(count, rate, brier, base, 1 - brier / base if base else None, error, bins)


def _bin(predictions: Sequence[tuple[float, bool]], number: int) -> Bin | None:
    inside = [(said, came_true) for said, came_true in predictions if min(int(said * BINS), BINS - 1) == number]
    if not inside:
        return None
    predicted = sum(said for said, _ in inside) / len(inside)
    observed = sum(came_true for _, came_true in inside) / len(inside)
    return Bin(number / BINS, (number + 1) / BINS, len(inside), predicted, observed)
