"""Days of maintenance visits."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from workorder.policy.maintenance import Rhythm

ZONE = ZoneInfo("Asia/Shanghai")
DAYS = st.dates(date(2020, 1, 1), date(2030, 12, 31))
RHYTHMS = st.builds(
    Rhythm,
    interval_months=st.integers(1, 24),
    first_on=DAYS,
    lead_days=st.integers(0, 60),
    ends_on=st.none() | st.dates(date(2031, 1, 1), date(2035, 1, 1)),
)


def test_the_31st_comes_back_after_a_short_month():
    """Each visit is counted from the first one."""
    rhythm = Rhythm(interval_months=1, first_on=date(2026, 1, 31), ends_on=date(2026, 5, 1))
    assert list(rhythm.visits()) == [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 30)]


def test_an_order_comes_at_eight_local_time_so_many_days_earlier():
    """14 days before, in the zone of the settings."""
    rhythm = Rhythm(interval_months=6, first_on=date(2026, 12, 1))
    assert rhythm.opens(date(2026, 12, 1), ZONE).isoformat() == "2026-11-17T08:00:00+08:00"


@given(RHYTHMS)
def test_visits_come_in_order_and_none_after_the_end(rhythm):
    """Strictly later each time; ``after`` walks through the same days."""
    visits = list(islice(rhythm.visits(), 20))
    assert all(first < second for first, second in pairwise(visits))
    assert all(rhythm.ends_on is None or visit <= rhythm.ends_on for visit in visits)
    walked, day = [], None
    while len(walked) < len(visits) and (day := rhythm.after(day)) is not None:
        walked.append(day)
    assert walked == visits


@given(RHYTHMS, st.lists(st.integers(0, 2000), min_size=1, max_size=8))
def test_every_visit_is_made_or_overtaken_once_however_time_jumps(rhythm, jumps):
    """Looking at any moments, in any steps, no visit comes twice and none that has opened is forgotten."""
    now = datetime.combine(rhythm.first_on, datetime.min.time(), ZONE) - timedelta(days=90)
    done, seen = None, []
    for days in jumps:
        now += timedelta(days=days)
        due, overtaken = rhythm.open_at(done, now, ZONE)
        seen += overtaken
        if due is not None:
            seen.append(due)
            done = due
            assert rhythm.opens(due, ZONE) <= now
        upcoming = rhythm.after(done)
        assert upcoming is None or rhythm.opens(upcoming, ZONE) > now
    assert seen == [visit for visit in islice(rhythm.visits(), len(seen) + 1) if done is not None and visit <= done]
