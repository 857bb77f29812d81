"""The life cycle's table, and the entity that obeys it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workorder.errors import Conflict
from workorder.model.orders import WorkOrder
from workorder.policy.lifecycle import EDITABLE, HEARING, MOVES, OPEN, Action, Status, actions

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


def order(status: Status = Status.DRAFT) -> WorkOrder:
    return WorkOrder(order_id="o1", status=status, edit_version=1, field_values={}, alerts=[])


@given(st.lists(st.sampled_from(Action), max_size=12))
def test_an_order_only_ever_follows_the_table(wanted: list[Action]) -> None:
    """Any sequence of actions: allowed ones move as the table says and are stamped, others change nothing."""
    subject = order()
    for number, action in enumerate(wanted):
        before, version = Status(subject.status), subject.edit_version
        target = MOVES.get((before, action))
        if target is None:
            with pytest.raises(Conflict) as caught:
                subject.move(action, by=f"u{number}", at=AT)
            assert all(possible in caught.value.message for possible in actions(before))
            assert (subject.status, subject.edit_version) == (before, version)
        else:
            change = subject.move(action, by=f"u{number}", at=AT, reason="r")
            assert (change.before, change.after, change.by, change.at) == (before, target, f"u{number}", AT)
            assert (subject.status, subject.edit_version) == (target, version + 1)


def test_every_status_is_reached_from_draft() -> None:
    """The table leaves no status that an order can never have."""
    reached, new = set(), {Status.DRAFT}
    while new:
        reached |= new
        new = {to for (at, _), to in MOVES.items() if at in reached} - reached
    assert reached == set(Status)


def test_cancelled_is_final() -> None:
    """A cancelled order has no further action and takes no edits."""
    assert actions(Status.CANCELLED) == ()
    assert Status.CANCELLED not in EDITABLE


def test_speech_fills_drafts_only_and_drafts_are_no_open_work() -> None:
    """The sets of states fit together."""
    assert HEARING <= EDITABLE
    assert not HEARING & OPEN
