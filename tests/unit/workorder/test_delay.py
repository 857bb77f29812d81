"""The outlook by similar orders, against counting by hand, and whether its probabilities mean what they say."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workorder.policy.calibration import reliability
from workorder.policy.delay import SHRINKAGE, Likeness, Past, outlook

FRIDGE = Likeness("repair", "冰箱", "不制冷", "西湖区")
times = st.floats(1, 1000).map(lambda seconds: round(seconds, 1))
pasts = st.lists(st.builds(Past, st.just(FRIDGE), times, st.booleans()), min_size=1, max_size=30)


def by_hand(past: Sequence[Past], moment: float) -> float:
    """Kaplan and Meier's estimate from its definition: all orders alike, each counts once."""
    share = 1.0
    for at in sorted({order.spent_s for order in past if order.done and order.spent_s <= moment}):
        at_risk = sum(order.spent_s >= at for order in past)
        share *= 1 - sum(order.done and order.spent_s == at for order in past) / at_risk
    return share


@settings(max_examples=200)
@given(pasts.filter(lambda past: any(order.done for order in past)), times)
def test_of_orders_all_alike_it_is_the_product_limit_estimate(past: list[Past], moment: float) -> None:
    """With one group only the mixture's weights are equal and drop out."""
    assert outlook(FRIDGE, past).open_after(moment) == pytest.approx(by_hand(past, moment), abs=1e-9)


@settings(max_examples=100)
@given(pasts, times, times)
def test_shares_fall_with_time_and_what_is_spent_only_raises_the_risk(past: list[Past], one: float, two: float) -> None:
    """Survival never rises; the longer an order is open already, the likelier it breaks the same limit."""
    seen, (early, late) = outlook(FRIDGE, past), sorted((one, two))
    assert 0 <= seen.open_after(late) <= seen.open_after(early) <= 1
    fresh, spent = seen.breach(late), seen.breach(late, spent_s=early)
    if fresh is not None and spent is not None:
        assert fresh <= spent + 1e-12
    assert seen.breach(early, spent_s=late + 1) == 1.0


def test_orders_done_outside_working_hours_count_for_a_fresh_one() -> None:
    """Two took no working time, one has long been open: one of three breaks the limit, not the only one left."""
    past = [Past(FRIDGE, 0.0), Past(FRIDGE, 0.0), Past(FRIDGE, 300.0, done=False)]
    seen = outlook(FRIDGE, past)
    assert seen.breach(100.0) == pytest.approx(1 / 3)
    assert seen.quantile(0.5) == 0.0
    assert seen.breach(100.0, spent_s=1.0) == 1.0


def test_without_a_similar_order_nothing_is_claimed() -> None:
    """No history, or only of other kinds of service: no share, no quantile."""
    for past in ([], [Past(Likeness("install", "冰箱", None, None), 50.0)]):
        seen = outlook(FRIDGE, past)
        assert (seen.similar, seen.steps, seen.quantile(0.5)) == (0, (), None)


def test_a_few_very_similar_orders_pull_the_outlook_but_do_not_decide_it() -> None:
    """Three slow cases of the very fault among three hundred quick repairs count 3 / (3 + shrinkage) at each step."""
    quick = [Past(Likeness("repair", "洗衣机", "不脱水", "余杭区"), 10.0) for _ in range(300)]
    slow = [Past(FRIDGE, 100.0) for _ in range(3)]
    trust = 3 / (3 + SHRINKAGE)
    expected = 1 - (1 - trust) ** 3 * (1 - 3 / 303)
    assert outlook(FRIDGE, [*quick, *slow]).breach(50.0) == pytest.approx(expected)
    assert outlook(Likeness("repair", None, None, None), [*quick, *slow]).breach(50.0) == pytest.approx(3 / 303)


def test_many_similar_orders_decide_it() -> None:
    """A thousand cases of the very fault outweigh everything more general."""
    others = [Past(Likeness("repair", "洗衣机", None, None), 10.0) for _ in range(1000)]
    mine = [Past(FRIDGE, 100.0) for _ in range(1000)]
    risk = outlook(FRIDGE, [*others, *mine]).breach(50.0)
    assert risk is not None
    assert risk > 0.99


def test_orders_still_open_make_the_outlook_less_rosy() -> None:
    """Ten done quickly, ten open for longer than that: leaving the open ones out would promise too much."""
    done = [Past(FRIDGE, 10.0 + n) for n in range(10)]
    open_ones = [Past(FRIDGE, 15.0, done=False) for _ in range(10)]
    with_open, without = outlook(FRIDGE, [*done, *open_ones]), outlook(FRIDGE, done)
    assert with_open.open_after(16) > without.open_after(16)


def test_quantiles_are_those_of_the_orders_still_open() -> None:
    """Of 1, 2 … 10 hours: half are done by five; of those open after five half are done by eight."""
    seen = outlook(FRIDGE, [Past(FRIDGE, float(hours)) for hours in range(1, 11)])
    assert seen.quantile(0.5) == 5
    assert seen.quantile(0.5, spent_s=5) == 8
    assert seen.quantile(0.9) == 9
    assert seen.quantile(0.5, spent_s=10) is None


def test_probabilities_mean_what_they_say_on_orders_drawn_from_a_known_law() -> None:
    """Log-normal times that depend on appliance and fault: calibrated, and better than the base rate."""
    draw = random.Random(4)
    kinds = [Likeness("repair", f"a{n % 5}", f"f{n % 20}", f"d{n % 3}") for n in range(60)]
    medians = {kind: 100 * math.exp(draw.gauss(0, 0.5)) for kind in kinds}

    def order() -> Past:
        kind = draw.choice(kinds)
        return Past(kind, medians[kind] * math.exp(draw.gauss(0, 0.6)))

    history, tried = [order() for _ in range(1500)], [order() for _ in range(600)]
    said = [(outlook(one.likeness, history).breach(150.0), one.spent_s > 150.0) for one in tried]
    judged = reliability([(risk, came) for risk, came in said if risk is not None])
    assert judged.count == 600
    assert judged.calibration_error is not None
    assert judged.calibration_error < 0.06
    assert judged.skill is not None
    assert judged.skill > 0.1


def test_reliability_counts_what_it_says() -> None:
    """Two bins by hand: the errors, the base rate and the weighted distance."""
    judged = reliability([(0.1, False), (0.1, True), (0.9, True), (0.9, True)])
    assert (judged.count, judged.base_rate) == (4, 0.75)
    assert judged.brier == pytest.approx((0.01 + 0.81 + 0.01 + 0.01) / 4)
    assert judged.base_brier == pytest.approx(0.1875)
    assert judged.calibration_error == pytest.approx((0.4 * 2 + 0.1 * 2) / 4)
    assert [(part.low, part.count, part.observed) for part in judged.bins] == [(0.0, 2, 0.5), (0.8, 2, 1.0)]
    assert reliability([]).brier is None
    assert reliability([(0.5, True)]).skill is None
