"""An order's service level read from its trail, against an oracle that walks minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from workorder.policy.lifecycle import MOVES, Status, actions
from workorder.policy.sla import Limit, Milestone, Tier, WaitingFor
from workorder.policy.sla_table import DEFAULTS
from workorder.policy.sla_trail import ENDS, STANDS, Trail, pauses, resolved_at, responded_at, standing

START = datetime(2026, 9, 24, 2, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
ALWAYS, OFFICE = (DEFAULTS.calendars[name].calendar() for name in ("always", "office"))
TIERS = [
    Tier(name="short", respond=timedelta(hours=1), resolve=timedelta(hours=6), calendar=ALWAYS),
    Tier(name="office", respond=timedelta(hours=2), resolve=timedelta(hours=12), calendar=OFFICE, warn_at=(0.5, 0.75)),
]


@st.composite
def trails(draw: st.DrawFn) -> Trail:
    """A legal life of an order from its creation on, a few hours between the steps."""
    at, status = START, Status.CREATED
    trail = [(START - timedelta(minutes=5), Status.DRAFT), (at, status)]
    for _ in range(draw(st.integers(0, 9))):
        possible = actions(status)
        if not possible:
            break
        at += draw(st.integers(1, 700)) * MINUTE
        status = MOVES[draw(st.sampled_from(possible))].target
        trail.append((at, status))
    return trail


def status_at(trail: Trail, moment: datetime) -> Status:
    return next(status for at, status in reversed(trail) if at <= moment)


def stands(trail: Trail, moment: datetime) -> bool:
    """The oracle: waiting, or done with a reopening still to come and no new work before it."""
    if status_at(trail, moment) in STANDS:
        return True
    done = max((at for at, status in trail if status is Status.COMPLETED and at <= moment), default=None)
    if done is None:
        return False
    later = [status for at, status in trail if done < at]
    return Status.REOPENED in later and Status.REOPENED not in [status for at, status in trail if done < at <= moment]


@settings(max_examples=120)
@given(st.sampled_from(TIERS), trails(), st.integers(0, 4000))
def test_time_used_is_what_walking_the_trail_counts(tier: Tier, trail: Trail, minutes: int) -> None:
    """Working minutes in which nobody was waited for, up to the resolution, the end, or now."""
    now = max(trail[-1][0], START + minutes * MINUTE)
    found = standing(tier, trail, now)
    ended = next((at for at, status in trail if status in ENDS), None)
    until = resolved_at(trail) or ended or now
    total = int((until - START) / MINUTE)
    counted = sum(
        tier.calendar.is_working(at) and not stands(trail, at) for at in (START + n * MINUTE for n in range(total))
    )
    assert round(found.used * tier.resolve / MINUTE) == counted
    assert (Limit.RESOLVE in found.breached) == (counted * MINUTE > tier.resolve)


@settings(max_examples=80)
@given(st.sampled_from(TIERS), trails())
def test_milestones_ahead_are_real(tier: Tier, trail: Trail) -> None:
    """The next milestone lies in the future of an unmet limit; a standing clock or a finished order has none."""
    now = trail[-1][0]
    found = standing(tier, trail, now)
    if found.next is not None:
        assert found.next.at > now
        assert {Limit.RESPOND: found.responded_at, Limit.RESOLVE: found.resolved_at}[found.next.limit] is None
    if trail[-1][1] is Status.CANCELLED or (found.responded_at and found.resolved_at):
        assert found.next is None
    if trail[-1][1] in STANDS:
        assert found.paused is STANDS[trail[-1][1]]


def test_an_ordinary_order_meets_both_limits() -> None:
    """Accepted after half an hour, done after five: nothing is broken, nothing is ahead."""
    trail = [
        (START, Status.CREATED),
        (START + 20 * MINUTE, Status.DISPATCHED),
        (START + 30 * MINUTE, Status.ACCEPTED),
        (START + 300 * MINUTE, Status.COMPLETED),
    ]
    found = standing(TIERS[0], trail, START + 999 * MINUTE)
    assert (found.responded_at, found.resolved_at) == (START + 30 * MINUTE, START + 300 * MINUTE)
    assert (found.respond_by, found.resolve_by) == (START + 60 * MINUTE, START + 360 * MINUTE)
    assert (found.breached, found.next, found.paused) == ((), None, None)
    assert found.used == 300 / 360


def test_an_untouched_order_breaks_first_one_limit_then_the_other() -> None:
    """The warnings and breaches come one after the other as time goes on."""
    trail = [(START, Status.CREATED)]
    ahead = [standing(TIERS[0], trail, START + n * MINUTE).next for n in (0, 45, 60, 270, 360)]
    assert ahead == [
        Milestone(START + 45 * MINUTE, Limit.RESPOND, 0.75),
        Milestone(START + 60 * MINUTE, Limit.RESPOND, 1.0),
        Milestone(START + 270 * MINUTE, Limit.RESOLVE, 0.75),
        Milestone(START + 360 * MINUTE, Limit.RESOLVE, 1.0),
        None,
    ]
    assert standing(TIERS[0], trail, START + 361 * MINUTE).breached == (Limit.RESPOND, Limit.RESOLVE)


def test_a_repair_that_did_not_hold_goes_on_where_it_was() -> None:
    """From completion to reopening the clock stood; the first response stays what it was."""
    trail = [
        (START, Status.CREATED),
        (START + 30 * MINUTE, Status.ACCEPTED),
        (START + 100 * MINUTE, Status.COMPLETED),
        (START + 200 * MINUTE, Status.CONFIRMED),
        (START + 5000 * MINUTE, Status.REOPENED),
    ]
    assert [(stop.since, stop.until) for stop in pauses(trail)] == [(START + 100 * MINUTE, START + 5000 * MINUTE)]
    found = standing(TIERS[0], trail, START + 5060 * MINUTE)
    assert found.used == 160 / 360
    assert (responded_at(trail), resolved_at(trail)) == (START + 30 * MINUTE, None)
    assert found.resolve_by == START + 5260 * MINUTE


def test_waiting_for_parts_stops_the_clock() -> None:
    """While the order waits there is no due time to resolve; the cause is named."""
    trail = [
        (START, Status.CREATED),
        (START + 10 * MINUTE, Status.ACCEPTED),
        (START + 60 * MINUTE, Status.WAITING_PARTS),
    ]
    found = standing(TIERS[0], trail, START + 6000 * MINUTE)
    assert (found.resolve_by, found.paused, found.next) == (None, WaitingFor.PARTS, None)
    assert found.used == 60 / 360
