"""Today's numbers as counters: a fact costs an addition, however many calls the day had."""

from __future__ import annotations

from collections import Counter, deque
from dataclasses import dataclass, field
from datetime import date, datetime

from callcenter.features.wall_views import SERVICE_LEVEL_S, WallGap, WallToday, WallTranscripts

KEEP_GAPS = 100
"""Of the newest gaps; a link that breaks more often than that a day has nothing to show but that."""


@dataclass(slots=True)
class DayNumbers:
    """Counts of the calls that arrived on ``day``, which began at ``began_at``."""

    day: date
    began_at: datetime
    counts: Counter[str] = field(default_factory=Counter)
    """offered, answered, abandoned, missed; timed: answers whose wait is known; in_time: of these."""
    transcripts: Counter[str] = field(default_factory=Counter)
    wait_s: float = 0.0
    gaps: deque[WallGap] = field(default_factory=lambda: deque(maxlen=KEEP_GAPS))

    def answered(self, wait_s: float | None) -> None:
        """An agent took a call after ``wait_s``; None when we did not see it arrive."""
        self.counts["answered"] += 1
        if wait_s is not None:
            self.counts["timed"] += 1
            self.counts["in_time"] += wait_s <= SERVICE_LEVEL_S
            self.wait_s += wait_s

    def transcript(self, before: str | None, now: str) -> None:
        """A call's transcript went from one state to another; ``before`` None: the call is new."""
        if before is not None:
            self.transcripts[before] -= 1
        self.transcripts[now] += 1

    def today(self) -> WallToday:
        """The counts as shown."""
        counts = self.counts
        decided = counts["timed"] + counts["abandoned"] + counts["missed"]
        return WallToday(
            offered=counts["offered"],
            answered=counts["answered"],
            abandoned=counts["abandoned"],
            missed=counts["missed"],
            wait_avg_s=round(self.wait_s / counts["timed"], 3) if counts["timed"] else None,
            service_level=round(counts["in_time"] / decided, 4) if decided else None,
            service_level_s=SERVICE_LEVEL_S,
        )

    def transcripts_view(self) -> WallTranscripts:
        """The transcript counts as shown."""
        return WallTranscripts(**{state: self.transcripts[state] for state in ("live", "complete", "failed", "none")})
