"""Which way a list of orders is found: every choice has an end, and knows what it is chosen by."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workorder.policy.list_plan import BROAD, COUNTED, ENOUGH, SHARP, TIMES, WALKS, Plan, plans, to_count

OTHERS = ("service_type", "urgency", "warranty")
NAMES = sorted({*SHARP, *COUNTED, *TIMES, *BROAD, *OTHERS, *(name for walk in WALKS for name in walk)})
FEW = 7


def chosen(*names: str, **counts: int) -> tuple[Plan, ...]:
    return plans(names, {name: counts.get(name, ENOUGH) for name in to_count(names)})


@given(names=st.lists(st.sampled_from(NAMES), unique=True), few=st.sets(st.sampled_from(COUNTED)))
def test_the_last_way_always_finds_all(names: list[str], few: set[str]) -> None:
    """Only the last way has no window; each looks up what was asked for, and nothing else."""
    found = plans(names, {name: FEW if name in few else ENOUGH for name in to_count(names)})
    assert [plan.window for plan in found] == [True] * (len(found) - 1) + [False]
    assert all(set(plan.by) <= set(names) for plan in found)
    assert all(plan.walk for plan in found if plan.window)
    assert all(plan.by in WALKS for plan in found if plan.walk)


@given(names=st.lists(st.sampled_from(NAMES), unique=True), few=st.sampled_from(COUNTED))
def test_what_few_fit_is_gathered_at_once(names: list[str], few: str) -> None:
    """Nothing is walked when one of the conditions is known to be sharp."""
    (plan,) = plans([*dict.fromkeys([*names, few])], {few: FEW} if not set(SHARP) & set(names) else {})
    assert plan.by == (next((name for name in SHARP if name in names), few),)
    assert not plan.walk


@pytest.mark.parametrize(
    ("names", "by"),
    [
        ((), ()),
        (("status",), ("status",)),
        (("status", "cursor"), ("status",)),
        (("customer_id", "since"), ("customer_id",)),
        (("brand", "appliance", "fault", "until"), ("brand", "appliance", "fault")),
        (("city", "district"), ("city", "district")),
    ],
)
def test_what_an_index_has_in_order_is_walked_without_a_window(names: tuple[str, ...], by: tuple[str, ...]) -> None:
    """The first that come are the page."""
    assert chosen(*names) == (Plan(by, walk=True),)


def test_where_nothing_is_sharp_the_newest_are_walked_first() -> None:
    """And when they do not fill the page, what begins alike is gathered, else brand and city, else all are walked."""
    assert chosen("q", "status") == (Plan(("status",), walk=True, window=True), Plan(("q",), walk=False))
    assert chosen("q", "model", "brand")[-1] == Plan(("q",), walk=False)
    assert chosen("urgency", "city", "brand")[-1] == Plan(("brand", "city"), walk=False)
    assert chosen("urgency", "status")[-1] == Plan(("status",), walk=True)


def test_the_sharpest_that_was_counted_is_gathered() -> None:
    """A name that thousands have gives way to a model of a few."""
    assert chosen("q", "model", q=5000, model=FEW) == (Plan(("model",), walk=False),)
    assert to_count(("phone", "q", "model")) == ()
