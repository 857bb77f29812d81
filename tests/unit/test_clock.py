"""The clock that tests jump."""

from __future__ import annotations

import asyncio

from callcenter.clock import SystemClock, VirtualClock


async def test_sleepers_wake_in_order_of_their_time():
    """Advancing wakes every sleeper at its own moment, earlier ones first, also those that sleep again."""
    clock, woken = VirtualClock(), []

    async def sleeper(name, *naps):
        for nap in naps:
            await clock.sleep(nap)
            woken.append((name, clock.monotonic()))

    tasks = [asyncio.create_task(sleeper("a", 3, 3)), asyncio.create_task(sleeper("b", 1, 4))]
    await clock.advance(10)
    assert woken == [("b", 1), ("a", 3), ("b", 5), ("a", 6)]
    await asyncio.gather(*tasks)


async def test_wall_time_moves_with_it():
    """``now`` is aware and advances by the same amount as ``monotonic``."""
    clock = VirtualClock()
    before = clock.now()
    await clock.advance(90)
    assert (clock.now() - before).total_seconds() == 90
    assert SystemClock().now().tzinfo is not None
