"""Fitting a logistic model: weights of named features, by Newton's method."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

BIAS = "bias"
"""The feature that every row has and that is hardly penalised."""


def fit(
    rows: Sequence[Mapping[str, float]],
    answers: Sequence[bool],
    *,
    penalty: float,
    importance: Sequence[float] | None = None,
    rounds: int = 60,
) -> dict[str, float]:
    """Weights of largest penalised likelihood; needs numpy and at least one row.

    ``rows``: features by name, ``BIAS`` among them; ``importance``: how often each row counts, default once.
    """
    import numpy as np

    names = sorted({name for row in rows for name in row})
    column = {name: i for i, name in enumerate(names)}
    x = np.zeros((len(rows), len(names)))
    for i, row in enumerate(rows):
        for name, value in row.items():
            x[i, column[name]] = value
    y = np.array([1.0 if answer else 0.0 for answer in answers])
    counts = np.ones(len(rows)) if importance is None else np.array(importance, dtype=float)
    shrink = np.full(len(names), penalty)
    shrink[column[BIAS]] = 1e-3
    w = np.zeros(len(names))
    for _ in range(rounds):
        p = 1.0 / (1.0 + np.exp(-np.clip(x @ w, -30, 30)))
        gradient = x.T @ (counts * (y - p)) - shrink * w
        hessian = (x * (counts * p * (1 - p))[:, None]).T @ x + np.diag(shrink)
        step = np.linalg.solve(hessian, gradient)
        w += step
        if float(np.abs(step).max()) < 1e-6:
            break
    return {name: round(float(w[i]), 4) for name, i in column.items()}
