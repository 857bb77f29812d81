"""Time as a port: everything timed takes a clock, so tests can jump it."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import time
from datetime import UTC, datetime, timedelta
from typing import Protocol


class Clock(Protocol):
    """Wall time for records, monotonic time for intervals, and sleeping on the latter."""

    def now(self) -> datetime:
        """Aware UTC wall time."""
        ...

    def monotonic(self) -> float:
        """Seconds that never run backwards; only differences mean anything."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds`` of this clock's time; 0 or less yields once."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        """Aware UTC wall time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """``time.monotonic``."""
        return time.monotonic()

    async def sleep(self, seconds: float) -> None:
        """``asyncio.sleep``."""
        await asyncio.sleep(max(0.0, seconds))


class VirtualClock:
    """A clock that stands still until ``advance`` moves it; sleepers wake in order of their due time."""

    def __init__(self, start: datetime | None = None) -> None:
        self._now = start or datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
        self._elapsed_s = 0.0
        self._order = itertools.count()
        self._sleepers: list[tuple[float, int, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        """Aware UTC wall time of this clock."""
        return self._now + timedelta(seconds=self._elapsed_s)

    def monotonic(self) -> float:
        """Seconds this clock has been advanced."""
        return self._elapsed_s

    async def sleep(self, seconds: float) -> None:
        """Wait until ``advance`` has passed the due time."""
        if seconds <= 0:
            await asyncio.sleep(0)
            return
        due: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        heapq.heappush(self._sleepers, (self._elapsed_s + seconds, next(self._order), due))
        await due

    async def advance(self, seconds: float) -> None:
        """Move time forward, waking each sleeper at its own moment and letting it run before the next."""
        target = self._elapsed_s + seconds
        await _settle()
        while self._sleepers and self._sleepers[0][0] <= target:
            self._elapsed_s, _, due = heapq.heappop(self._sleepers)
            if not due.done():
                due.set_result(None)
            await _settle()
        self._elapsed_s = target
        await _settle()


async def _settle() -> None:
    """Let every task that is ready run; ten turns cover chains of queues and events."""
    for _ in range(10):
        await asyncio.sleep(0)
