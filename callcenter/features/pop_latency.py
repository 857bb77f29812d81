"""How fast pops are, measured on every real call: from the PBX's offer to our frame, and to paint on the glass."""

from __future__ import annotations

import math
from collections import deque
from datetime import datetime

from prometheus_client import CollectorRegistry, Histogram

from callcenter.features.wall_views import Quantiles, WallPops

BUCKETS_S = (0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
CLOCK_ERROR_S = 1.0
"""By how much a page may be wrong about our clock."""
RECENT = 200
"""Pops whose latency the wallboard shows: enough for a p95, few enough to follow the hour."""


class PopLatency:
    """Two histograms of /metrics. Stage ``sent``: offer received to frame queued; ``painted``: offer to visible."""

    def __init__(self, metrics: CollectorRegistry) -> None:
        self._seconds = Histogram(
            "callcenter_pop_seconds",
            "From the offer of a call to its pop",
            ["stage"],
            buckets=BUCKETS_S,
            registry=metrics,
        )
        self._recent: dict[str, deque[float]] = {stage: deque(maxlen=RECENT) for stage in ("sent", "painted")}

    def recent(self) -> WallPops:
        """Quantiles of the last pops."""
        return WallPops(**{stage: _quantiles(values) for stage, values in self._recent.items()})

    def sent(self, offered_at: datetime, at: datetime) -> None:
        """The pop's frame is on its way."""
        self._observe("sent", (at - offered_at).total_seconds())

    def painted(self, offered_at: datetime, at_ms: float) -> None:
        """A browser says the pop is visible since ``at_ms`` (server clock, ms since the epoch)."""
        self._observe("painted", at_ms / 1000 - offered_at.timestamp())

    def _observe(self, stage: str, seconds: float) -> None:
        # A browser knows our clock by half a round trip, which on a busy machine is longer than a pop takes: a little
        # before the offer means at once. It may say anything: nonsense is left out.
        if -CLOCK_ERROR_S <= seconds < 60:
            self._seconds.labels(stage).observe(max(0.0, seconds))
            self._recent[stage].append(max(0.0, seconds))


def _quantiles(seconds: deque[float]) -> Quantiles:
    """By nearest rank: each is a latency that some pop really had."""
    ranked = sorted(seconds)
    if not ranked:
        return Quantiles(0, None, None)
    p50, p95 = (round(ranked[max(0, math.ceil(share * len(ranked)) - 1)] * 1000, 1) for share in (0.5, 0.95))
    return Quantiles(len(ranked), p50, p95)
