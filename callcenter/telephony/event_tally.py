"""Which AMI events a user is sent, and how that compares with what we need.

Too few is an error: pops go missing. Too many is a cost: with everything on a queue call is 113 events instead of 25.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from callcenter.telephony.manager_conf import EVENTS

TEST_CALL_EVENTS = ("Newchannel", "Newstate", "DialBegin", "DialEnd", "Hangup")
"""What a test call into AudioSocket must cause; the outcome of its Originate is the answer to the action itself."""

HARMLESS = frozenset({*EVENTS, "DeviceStateChange"})
"""Events that are no sign of a filter that is too wide."""


class EventTally:
    """Counts a stream of AMI events by name."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def add(self, headers: Mapping[str, str]) -> None:
        """One event more."""
        self.counts[headers.get("Event", "")] += 1

    @property
    def total(self) -> int:
        """Events so far."""
        return self.counts.total()

    def missing(self, wanted: Iterable[str] = TEST_CALL_EVENTS) -> tuple[str, ...]:
        """Those of ``wanted`` that never came."""
        return tuple(name for name in wanted if not self.counts[name])

    @property
    def seen(self) -> tuple[str, ...]:
        """The events of ours that came."""
        return tuple(name for name in EVENTS if self.counts[name])

    @property
    def unwanted(self) -> tuple[tuple[str, int], ...]:
        """Events that we never use, most frequent first."""
        return tuple((name, count) for name, count in self.counts.most_common() if name not in HARMLESS)
