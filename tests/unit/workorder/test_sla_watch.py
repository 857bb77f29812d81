"""When an order is to be looked at: against an oracle that walks the time line minute by minute."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.workorder.test_sla_trail import START, trails
from workorder.policy.lifecycle import Status
from workorder.policy.sla import Limit
from workorder.policy.sla_table import DEFAULTS, levels
from workorder.policy.sla_trail import STANDS, Trail, resolved_at, responded_at
from workorder.policy.sla_watch import NOBODY_HAS_IT, Alert, watches

LEVELS = levels(DEFAULTS)
MINUTE = timedelta(minutes=1)
ALWAYS_TIER, OFFICE_TIER = LEVELS.tiers[0], LEVELS.tiers[1]


def used_minutes(calendar_is_open, trail: Trail, until: datetime) -> int:
    """Working minutes from the creation to ``until`` with the clock running, counted one by one."""
    count, at = 0, START
    while at < until:
        count += calendar_is_open(at) and not standing_still(trail, at)
        at += MINUTE
    return count


def standing_still(trail: Trail, moment: datetime) -> bool:
    status = next(status for at, status in reversed(trail) if at <= moment)
    if status in STANDS:
        return True
    done = max((at for at, status in trail if status is Status.COMPLETED and at <= moment), default=None)
    if done is None:
        return False
    return any(status is Status.REOPENED and at > moment for at, status in trail) and not any(
        status is Status.REOPENED and done < at <= moment for at, status in trail
    )


@settings(max_examples=60)
@given(st.sampled_from([ALWAYS_TIER, OFFICE_TIER]), trails())
def test_each_limits_moment_is_where_counting_minutes_arrives(tier, trail: Trail) -> None:
    """At a warning or breach exactly that share of the limit is used up, by the oracle's count."""
    found = watches(LEVELS, tier, trail, touched_at=trail[-1][0])
    for watch in found:
        if watch.limit is not None and watch.alert is not Alert.OUTLOOK:
            limit = tier.respond if watch.limit is Limit.RESPOND else tier.resolve
            counted = used_minutes(tier.calendar.is_working, trail, watch.at)
            assert abs(counted - limit / MINUTE * watch.fraction) <= 1


@settings(max_examples=100)
@given(st.sampled_from(LEVELS.tiers), trails(), st.integers(0, 3000))
def test_what_is_watched_fits_the_state(tier, trail: Trail, minutes: int) -> None:
    """No warning of a limit that is met, a breach only where it came too late, no alert of rest for a closed order."""
    touched = trail[-1][0] + minutes * MINUTE
    found = watches(LEVELS, tier, trail, touched_at=touched)
    assert list(found) == sorted(found)
    assert len({(watch.mark, watch.since) for watch in found}) == len(found)
    met = {Limit.RESPOND: responded_at(trail), Limit.RESOLVE: resolved_at(trail)}
    for watch in found:
        if watch.alert is Alert.WARNED:
            assert met[watch.limit] is None
        if watch.alert is Alert.BREACHED and met[watch.limit] is not None:
            assert watch.at < met[watch.limit]
        if watch.alert is Alert.UNTOUCHED:
            assert trail[-1][1] in NOBODY_HAS_IT
            assert tier.calendar.between(touched, watch.at) == LEVELS.untouched
        if watch.alert is Alert.NODE_MISSED:
            assert tier.calendar.between(trail[-1][0], watch.at) == LEVELS.nodes[trail[-1][1]]
    if trail[-1][1] is Status.CANCELLED:
        assert found == ()


def test_an_accepted_order_may_rest_until_its_appointment() -> None:
    """Promised for tomorrow afternoon: nobody is alarmed tonight, but at the moment of the promise."""
    trail = [(START, Status.CREATED), (START + 10 * MINUTE, Status.ACCEPTED)]
    promised = datetime(2026, 9, 25, 6, 0, tzinfo=UTC)
    missed = [
        watch
        for watch in watches(LEVELS, ALWAYS_TIER, trail, touched_at=START, appointment=promised)
        if watch.alert is Alert.NODE_MISSED
    ]
    assert [watch.at for watch in missed] == [promised]


def test_pauses_after_a_warning_do_not_move_it() -> None:
    """What fell due stays where it was, so that dealing with each moment once is enough."""
    before = [(START, Status.CREATED), (START + 10 * MINUTE, Status.ACCEPTED)]
    after = [*before, (START + 200 * MINUTE, Status.RESCHEDULED), (START + 900 * MINUTE, Status.DISPATCHED)]
    early = [watch for watch in watches(LEVELS, ALWAYS_TIER, before, touched_at=START) if watch.at < after[2][0]]
    late = watches(LEVELS, ALWAYS_TIER, after, touched_at=START)
    assert all(watch in late for watch in early if watch.limit is not None)
