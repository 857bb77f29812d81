"""A link, a tracker and a bus on some PBX, with everything that was published kept in order."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from callcenter.bus.local import LocalBus
from callcenter.clock import Clock, SystemClock
from callcenter.telephony.actions import Actions
from callcenter.telephony.ami_link import AmiLink
from callcenter.telephony.call_tracker import CallTracker
from callcenter.telephony.listener import Listener

E = TypeVar("E")

PATIENCE_S = 20.0
"""When a test gives up waiting: a limit for broken code, not a measurement."""


class Listening:
    """``facts``: all events of the bus in order. ``tracker``: for its live calls."""

    def __init__(self, link: AmiLink, clock: Clock) -> None:
        self.link = link
        self.bus = LocalBus()
        self.tracker = CallTracker()
        self.listener = Listener(link, self.tracker, self.bus, clock)
        self.actions = Actions(link, clock=clock, contexts=frozenset({"from-internal"}))
        self.facts: list[Any] = []
        self._more = asyncio.Event()

    async def _keep(self, fact: object) -> None:
        self.facts.append(fact)
        self._more.set()

    def of(self, kind: type[E]) -> list[E]:
        """The facts of one kind so far."""
        return [fact for fact in self.facts if isinstance(fact, kind)]

    async def wait(self, kind: type[E], count: int = 1) -> E:
        """The ``count``-th fact of a kind, now or later."""
        async with asyncio.timeout(PATIENCE_S):
            while len(found := self.of(kind)) < count:
                self._more.clear()
                await self._more.wait()
        return found[count - 1]


@asynccontextmanager
async def listening(
    host: str, port: int, *, username: str = "callcenter", secret: str = "simulated", **settings: Any
) -> AsyncIterator[Listening]:
    """Listen to the PBX at host:port until the end of the block; ``settings`` are those of AmiLink."""
    clock = settings.pop("clock", None) or SystemClock()
    link = AmiLink(host=host, port=port, username=username, secret=secret, clock=clock, **settings)
    ear = Listening(link, clock)
    ear.bus.subscribe(object, ear._keep, name="test")
    running = asyncio.create_task(ear.listener.run())
    try:
        yield ear
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        await ear.bus.aclose()
