"""The fit of logistic models."""

from __future__ import annotations

import math

import pytest

from nlp.logistic import BIAS, fit


def test_without_features_the_share_is_learnt() -> None:
    """A model of nothing but the bias gives the share of positive answers."""
    weights = fit([{BIAS: 1.0}] * 8, [True] * 2 + [False] * 6, penalty=1.0)
    assert weights[BIAS] == pytest.approx(math.log(2 / 6), abs=0.01)


def test_importance_counts_like_repetition() -> None:
    """A row that counts three times weighs what three equal rows weigh."""
    rows = [{BIAS: 1.0, "喂": 1.0}, {BIAS: 1.0}, {BIAS: 1.0, "修": 1.0}]
    thrice = fit([rows[0], rows[0], rows[0], rows[1], rows[2]], [True, True, True, False, False], penalty=2.0)
    assert fit(rows, [True, False, False], penalty=2.0, importance=[3, 1, 1]) == thrice


def test_a_penalty_shrinks_what_it_is_not_sure_of() -> None:
    """A sign that separates all rows keeps a finite weight, the smaller the larger the penalty; its sign is right."""
    rows, answers = [{BIAS: 1.0, "喂": 1.0}, {BIAS: 1.0, "修": 1.0}] * 5, [True, False] * 5
    weak, strong = (fit(rows, answers, penalty=penalty) for penalty in (1.0, 10.0))
    assert weak["喂"] > strong["喂"] > 0 > strong["修"] > weak["修"]
