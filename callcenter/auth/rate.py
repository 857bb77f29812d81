"""How often a program may ask: a bucket of tokens per key that fills steadily, so that short bursts pass."""

from __future__ import annotations

import math
from collections import OrderedDict

from callcenter.clock import Clock

REMEMBERED = 10_000
"""Keys kept; one that is forgotten starts with a full bucket, which bounds memory."""


class Rate:
    """``per_minute`` requests a minute and key, that many at once at most. One process' memory."""

    def __init__(self, clock: Clock, per_minute: int) -> None:
        self._clock = clock
        self._capacity = float(per_minute)
        self._per_s = per_minute / 60
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str) -> int:
        """Take one token: 0 when there was one, else the whole seconds until there is one again."""
        now = self._clock.monotonic()
        level, since = self._buckets.get(key, (self._capacity, now))
        level = min(self._capacity, level + (now - since) * self._per_s)
        granted = level >= 1
        self._keep(key, level - 1 if granted else level, now)
        return 0 if granted else math.ceil((1 - level) / self._per_s)

    def _keep(self, key: str, level: float, now: float) -> None:
        self._buckets[key] = (level, now)
        self._buckets.move_to_end(key)
        if len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
