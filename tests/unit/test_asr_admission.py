"""Admission on a clock of the test: measurements in, decisions out."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from asr.admission import Admission, AdmissionRules, Level, LoadMeter

RULES = AdmissionRules()
STEP_S = 0.1


class Decoders:
    """``threads`` decoders that streams of a known cost (decoder seconds per second) keep busy."""

    def __init__(self, threads=2, partials_cost=0.2):
        self.threads, self.partials_cost = threads, partials_cost
        self.now_s, self.lag_s = 0.0, 0.0
        self.admission = Admission(threads, 0.0)
        self.costs, self.levels = [], []
        self.busiest = 0.0

    def offer(self, cost):
        """A new leg; True when it was let in."""
        if let_in := self.admission.admit(self.now_s):
            self.costs.append(cost)
        return let_in

    def run(self, seconds):
        """Time goes on: the streams' work is done as far as the threads can do it."""
        for _ in range(round(seconds / STEP_S)):
            self.now_s += STEP_S
            share = 1 if self.admission.level(self.now_s) is Level.OPEN else 1 - self.partials_cost
            wanted = sum(self.costs) * share * STEP_S + self.lag_s * self.threads
            done = min(wanted, self.threads * STEP_S)
            self.lag_s = (wanted - done) / self.threads
            self.busiest = max(self.busiest, sum(self.costs) * share / self.threads)
            self.admission.worked(done, self.now_s)
            self.admission.waits(round(self.lag_s * 1000), len(self.costs))
            self.levels.append(self.admission.level(self.now_s))


@settings(max_examples=60)
@given(
    cost=st.floats(0.005, 0.2),
    threads=st.integers(1, 8),
    waves=st.lists(st.tuples(st.integers(1, 60), st.floats(0.1, 8)), min_size=1, max_size=12),
)
def test_the_load_never_passes_the_limit(cost, threads, waves):
    """However calls arrive, in bursts too, they get in only as far as the limit allows; nothing ever falls behind.

    One call has been measured before: what the first burst after a start costs can only be assumed.
    """
    decoders = Decoders(threads)
    decoders.offer(cost)
    decoders.run(10)
    for count, pause_s in waves:
        for _ in range(count):
            decoders.offer(cost)
        decoders.run(pause_s)
        # While guesses stop, a stream's average cost is known too low for a moment: by no more than two streams' worth.
        assert decoders.busiest <= RULES.max_load + 2 * cost / threads
    decoders.run(20)
    assert decoders.busiest > 1 or decoders.lag_s == 0


@settings(max_examples=60)
@given(waves=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40), st.floats(0.1, 12)), max_size=15))
def test_guesses_stop_before_calls_are_refused_and_come_back_after(waves):
    """Over any load, levels fall one at a time, not sooner than the holding time, and an open gate lets calls in."""
    decoders = Decoders()
    for come, go, pause_s in waves:
        for _ in range(come):
            decoders.offer(0.02)
        del decoders.costs[:go]
        decoders.run(pause_s)
    last_fall = -RULES.hold_s / STEP_S
    for step, (before, after) in enumerate(zip(decoders.levels, decoders.levels[1:], strict=False)):
        if after < before:
            assert before - after == 1
            assert step - last_fall >= RULES.hold_s / STEP_S - 1
            last_fall = step


def test_the_steps_of_a_rising_and_falling_load():
    """Up: first no guesses, then no new calls. Down: calls again, later guesses."""
    decoders = Decoders(threads=1, partials_cost=0)
    seen = []
    for load in (0.3, 0.7, 0.79, 0.9, 0.75, 0.6, 0.5, 0.3):
        decoders.costs = [load / 10] * 10
        decoders.run(12)
        seen.append(decoders.admission.level(decoders.now_s))
    closed, finals, free = Level.CLOSED, Level.FINALS_ONLY, Level.OPEN
    assert seen == [free, finals, finals, closed, closed, finals, free, free]


def test_a_load_that_swings_around_a_threshold_does_not_make_it_flap():
    """Up and down between 0.66 and 0.70 of the decoders every two seconds: guesses stop once and stay away."""
    decoders = Decoders(threads=1, partials_cost=0)
    for _ in range(30):
        for load in (0.64, 0.72):
            decoders.costs = [load / 10] * 10
            decoders.run(2)
    assert sum(a != b for a, b in zip(decoders.levels, decoders.levels[1:], strict=False)) <= 1


def test_a_lag_closes_at_once_whatever_the_load_says():
    """Decoders that do nothing while three seconds of audio wait (a stalled machine) take nobody in."""
    admission = Admission(2, 0.0)
    admission.waits(3500, 4)
    assert not admission.admit(1.0)
    admission.waits(0, 4)
    assert not admission.admit(1.1)
    assert admission.level(1.1) is Level.CLOSED
    assert admission.level(6.2) is Level.FINALS_ONLY
    assert admission.admit(6.3)


def test_a_burst_is_counted_before_it_is_measured():
    """A hundred calls in one moment: not more get in than their assumed cost allows."""
    admission = Admission(1, 0.0)
    let_in = sum(admission.admit(0.0) for _ in range(100))
    assert let_in == pytest.approx(RULES.max_load / RULES.first_cost, abs=1)


def test_spare_time_is_much_room():
    """Work that nobody waits for needs less than half of the limit."""
    decoders = Decoders(threads=1, partials_cost=0)
    decoders.costs = [0.02] * 10
    decoders.run(6)
    assert decoders.admission.has_spare(decoders.now_s)
    decoders.costs = [0.05] * 10
    decoders.run(6)
    assert not decoders.admission.has_spare(decoders.now_s)
    assert decoders.admission.admit(decoders.now_s)


def test_the_meter_forgets_what_is_old():
    """Busy seconds count for the window, then no more."""
    meter = LoadMeter(2, 5.0, 0.0)
    meter.worked(5.0, 5.0)
    assert meter.load(5.0) == pytest.approx(0.5)
    assert meter.load(9.9) == pytest.approx(0.5)
    assert meter.load(10.0) == 0
