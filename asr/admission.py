"""May one more leg be decoded? Keeps the decoders from falling behind. Pure: time and measurements in, yes or no out.

The load is the share of the decoders' time that was busy over the last seconds: the real-time factor of all legs
together, 1 meaning that not one more sample could be decoded in time. A stream that was let in is counted at once with
what a stream costs on average, and at its measured cost as that comes in. Two thresholds, each with a lower one for the
way back that has to hold for a while: first guesses stop, then new streams are refused; what runs is never cut.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from enum import IntEnum


@dataclass(frozen=True, slots=True)
class AdmissionRules:
    """Loads as shares of ``max_load``; times in s, lags in ms of audio that waits."""

    max_load: float = 0.8
    partials_stop: float = 0.85
    partials_back: float = 0.7
    spare: float = 0.5
    reopen: float = 0.9
    partials_stop_lag_ms: int = 1000
    partials_back_lag_ms: int = 300
    close_lag_ms: int = 3000
    hold_s: float = 5.0
    """What is better has to stay so for this long before it counts."""
    window_s: float = 5.0
    first_cost: float = 0.01
    """Share of the decoders that a stream is thought to take before any was measured."""


class Level(IntEnum):
    """How far the load has been cut down."""

    OPEN = 0
    FINALS_ONLY = 1
    CLOSED = 2


class LoadMeter:
    """Busy time of ``threads`` decoders within a sliding window."""

    def __init__(self, threads: int, window_s: float, now_s: float) -> None:
        self._threads = threads
        self._window_s = window_s
        self._since_s = now_s
        self._jobs: deque[tuple[float, float]] = deque()
        self._busy_s = 0.0

    def worked(self, busy_s: float, now_s: float) -> None:
        """A decoder was busy for ``busy_s`` until now."""
        self._jobs.append((now_s, busy_s))
        self._busy_s += busy_s

    def load(self, now_s: float) -> float:
        """0..1, and a little more when long jobs end together."""
        while self._jobs and self._jobs[0][0] <= now_s - self._window_s:
            self._busy_s -= self._jobs.popleft()[1]
        # In the first second one job would look like a full load.
        span_s = min(self._window_s, max(1.0, now_s - self._since_s))
        return max(0.0, self._busy_s) / (span_s * self._threads)


class Admission:
    """Decides with each measurement; ``threads`` decoders work side by side."""

    def __init__(self, threads: int, now_s: float, rules: AdmissionRules | None = None) -> None:
        self.rules = rules or AdmissionRules()
        self._meter = LoadMeter(threads, self.rules.window_s, now_s)
        self._cost = self.rules.first_cost
        self._let_in: deque[float] = deque()
        self._lag_ms = 0
        self._streams = 0
        self._level = Level.OPEN
        self._better_since_s: float | None = None

    def worked(self, busy_s: float, now_s: float) -> None:
        """A decoder was busy for ``busy_s`` until now."""
        self._meter.worked(busy_s, now_s)

    def waits(self, lag_ms: int, streams: int) -> None:
        """The longest backlog among ``streams`` open streams."""
        self._lag_ms, self._streams = lag_ms, streams

    def load(self, now_s: float) -> float:
        """Measured load, and what the streams let in just now will add to it."""
        measured, window_s = self._meter.load(now_s), self.rules.window_s
        while self._let_in and self._let_in[0] <= now_s - window_s:
            self._let_in.popleft()
        unseen = sum(1 - (now_s - since_s) / window_s for since_s in self._let_in)
        if (seen := self._streams - unseen) >= 1:
            self._cost = max(self.rules.first_cost / 2, measured / seen)
        return measured + unseen * self._cost

    def level(self, now_s: float) -> Level:
        """Up at once, down one step at a time."""
        load = self.load(now_s)
        if (worse := self._called_for(load)) > self._level:
            self._level, self._better_since_s = worse, None
        elif self._level is Level.OPEN or not self._is_better(load):
            self._better_since_s = None
        elif self._better_since_s is None:
            self._better_since_s = now_s
        elif now_s - self._better_since_s >= self.rules.hold_s:
            self._level, self._better_since_s = Level(self._level - 1), None
        return self._level

    def admit(self, now_s: float, *, resumed: bool = False) -> bool:
        """Let one more stream in if it fits, or if it was in before and lost its decoder; it counts from now on."""
        if not resumed and not self._fits(now_s):
            return False
        self._let_in.append(now_s)
        self._streams += 1
        return True

    def _fits(self, now_s: float) -> bool:
        if self.level(now_s) is Level.CLOSED:
            return False
        if self.load(now_s) + self._cost > self.rules.max_load:
            self._level, self._better_since_s = Level.CLOSED, None
            return False
        return True

    def has_spare(self, now_s: float) -> bool:
        """Whether work that nobody waits for may be done."""
        return self.level(now_s) is Level.OPEN and self.load(now_s) <= self.rules.spare * self.rules.max_load

    def _called_for(self, load: float) -> Level:
        rules = self.rules
        if load > rules.max_load or self._lag_ms > rules.close_lag_ms:
            return Level.CLOSED
        if load > rules.partials_stop * rules.max_load or self._lag_ms > rules.partials_stop_lag_ms:
            return Level.FINALS_ONLY
        return Level.OPEN

    def _is_better(self, load: float) -> bool:
        rules = self.rules
        if self._level is Level.CLOSED:
            return load <= rules.reopen * rules.max_load and self._lag_ms <= rules.partials_stop_lag_ms
        return load <= rules.partials_back * rules.max_load and self._lag_ms <= rules.partials_back_lag_ms
