"""The life cycle's table, and the entity that obeys it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workorder.errors import Conflict, Invalid
from workorder.fields import Source
from workorder.model.orders import WorkOrder
from workorder.policy.lifecycle import (
    CLOSED,
    EDITABLE,
    HEARING,
    MOVES,
    OPEN,
    Action,
    Confirmation,
    Guard,
    Status,
    actions,
)

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
COMPLETE = {"service_type": "enquiry", "contact_phone": "13800138000"}

steps = st.tuples(
    st.sampled_from(Action),
    st.sampled_from([None, " ", "because"]),
    st.sampled_from([None, *Confirmation]),
    st.sampled_from([(), ("WO1",)]),
    st.sampled_from([None, "WO2"]),
)


def order(status: Status = Status.DRAFT, *, complete: bool = True) -> WorkOrder:
    made = WorkOrder(order_id="o1", status=status, edit_version=1, field_values={}, alerts=[])
    if complete:
        made.prefill(COMPLETE, Source.AGENT, by="u", at=AT)
    return made


@given(st.lists(steps, max_size=40), st.booleans())
def test_an_order_only_ever_follows_the_table(wanted: list, complete: bool) -> None:
    """Any sequence: a step is taken exactly if the table has it and its guards hold; a refused one changes nothing."""
    subject = order(complete=complete)
    for action, reason, confirmation, open_parts, closed_whole in wanted:
        before, version, word = Status(subject.status), subject.edit_version, subject.confirmation
        move = MOVES[action]
        holds = {
            Guard.FIELDS_COMPLETE: complete,
            Guard.REASON: reason == "because",
            Guard.CONFIRMATION: confirmation is not None,
            Guard.PARTS_CLOSED: not open_parts,
            Guard.WHOLE_OPEN: closed_whole is None,
        }
        arguments = {
            "by": "u1",
            "at": AT,
            "reason": reason,
            "confirmation": confirmation,
            "open_parts": open_parts,
            "closed_whole": closed_whole,
        }
        if before in move.sources and all(holds[guard] for guard in move.guards):
            change = subject.move(action, **arguments)
            assert (change.before, change.after, change.by, change.at) == (before, move.target, "u1", AT)
            assert (subject.status, subject.edit_version) == (move.target, version + 1)
        else:
            with pytest.raises((Conflict, Invalid)):
                subject.move(action, **arguments)
            assert (subject.status, subject.edit_version, subject.confirmation) == (before, version, word)


LIFE = """
draft: create cancel
created: dispatch reschedule escalate cancel
dispatched: dispatch accept reschedule escalate cancel
accepted: dispatch depart wait_for_parts reschedule escalate cancel
departed: arrive reschedule escalate cancel
arrived: begin wait_for_parts reschedule escalate cancel
working: wait_for_parts reschedule escalate complete cancel
waiting_parts: dispatch depart begin reschedule escalate cancel
rescheduled: dispatch depart escalate cancel
escalated: dispatch reschedule cancel
completed: reopen confirm
reopened: dispatch escalate cancel
confirmed: reopen follow_up
followed_up: reopen
cancelled:
"""
"""What may be done at each status, said by status, where the table says it by step."""
NEEDS = {
    "create": "fields_complete",
    "wait_for_parts": "reason",
    "reschedule": "reason",
    "escalate": "reason",
    "complete": "parts_closed",
    "reopen": "reason whole_open",
    "confirm": "parts_closed confirmation",
    "cancel": "reason parts_closed",
}


def test_the_table_says_what_was_agreed() -> None:
    """Step by step and guard by guard, against a second statement of it: no line of the table changes unnoticed."""
    agreed = dict(line.split(":") for line in LIFE.strip().splitlines())
    assert {str(status): " ".join(actions(status)) for status in Status} == {
        status: words.strip() for status, words in agreed.items()
    }
    assert {str(action): " ".join(move.guards) for action, move in MOVES.items() if move.guards} == NEEDS


@given(
    st.sampled_from(sorted(OPEN)),
    st.lists(st.tuples(st.integers(0, 9), st.sampled_from([None, *Confirmation]), st.booleans()), max_size=30),
)
def test_no_order_closes_as_done_without_confirmation(start: Status, wanted: list) -> None:
    """Whatever legal way, a confirmed or followed-up order has somebody's word for it and had no open parts then."""
    subject = order(start)
    for choice, confirmation, parts in wanted:
        possible = actions(Status(subject.status))
        if not possible:
            return
        action, open_parts = possible[choice % len(possible)], ("WO1",) if parts else ()
        try:
            subject.move(action, by="u", at=AT, reason="x", confirmation=confirmation, open_parts=open_parts)
        except (Conflict, Invalid):
            continue
        if action is Action.CONFIRM:
            assert confirmation is not None
            assert not parts
        if subject.status in {Status.CONFIRMED, Status.FOLLOWED_UP}:
            assert subject.confirmation in set(Confirmation)


@pytest.mark.parametrize("status", Status)
def test_a_refusal_names_every_legal_step(status: Status) -> None:
    """The message of an illegal step lists what can be done instead."""
    illegal = next(action for action in Action if status not in MOVES[action].sources)
    with pytest.raises(Conflict) as caught:
        order(status).move(illegal, by="u", at=AT)
    told = caught.value.message.partition("possible now: ")[2]
    assert told == (", ".join(actions(status)) or "none")


def test_every_action_is_in_the_table_with_labels() -> None:
    """Buttons exist for all steps, in both languages, each text once."""
    assert set(MOVES) == set(Action)
    for labels in ([move.label for move in MOVES.values()], [move.label_en for move in MOVES.values()]):
        assert all(labels)
        assert len(set(labels)) == len(labels)


def test_every_status_is_reached_from_draft() -> None:
    """The table leaves no status that an order can never have."""
    reached, new = set(), {Status.DRAFT}
    while new:
        reached |= new
        new = {move.target for move in MOVES.values() if move.sources & reached} - reached
    assert reached == set(Status)


def test_every_open_order_can_still_be_closed() -> None:
    """From each open status some way leads to a closed one: no dead ends."""
    for start in OPEN:
        reached, new = set(), {start}
        while new:
            reached |= new
            new = {move.target for move in MOVES.values() if move.sources & reached} - reached
        assert reached & CLOSED, start


def test_the_ordinary_way_is_in_the_table() -> None:
    """From draft to followed up in nine steps."""
    subject = order()
    way = ["create", "dispatch", "accept", "depart", "arrive", "begin", "complete", "confirm", "follow_up"]
    for action in way:
        subject.move(Action(action), by="u", at=AT, confirmation=Confirmation.CUSTOMER)
    assert subject.status == Status.FOLLOWED_UP


def test_cancelled_is_final() -> None:
    """A cancelled order has no further action and takes no edits."""
    assert actions(Status.CANCELLED) == ()
    assert Status.CANCELLED not in EDITABLE


def test_the_sets_of_states_fit_together() -> None:
    """Draft, open and closed divide all states; speech fills drafts only; nothing closed is edited."""
    assert OPEN | CLOSED | {Status.DRAFT} == set(Status)
    assert not OPEN & CLOSED
    assert HEARING <= EDITABLE - OPEN
    assert not EDITABLE & CLOSED
