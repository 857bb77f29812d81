"""The bus inside one process: a queue and a task per subscription."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from callcenter.bus.port import E, Handler

log = structlog.get_logger(__name__)

QUEUE_LIMIT = 10_000
ASIDE_S = 0.003
"""How long the others leave the event loop to the ``first`` subscription and to what the network sends meanwhile."""


class _Subscription:
    def __init__(self, name: str, *, steps_aside: bool) -> None:
        self.name = name
        self.steps_aside = steps_aside
        self.routes: dict[type, list[Callable[[Any], Awaitable[None]]]] = {}
        self.pending: deque[object] = deque()
        self.wake = asyncio.Event()
        self.idle = asyncio.Event()
        self.idle.set()

    def handlers(self, event: object) -> list[Callable[[Any], Awaitable[None]]]:
        return [handler for kind in type(event).__mro__ for handler in self.routes.get(kind, ())]

    def put(self, event: object) -> None:
        if len(self.pending) >= QUEUE_LIMIT:
            self._drop_one()
        self.pending.append(event)
        self.idle.clear()
        self.wake.set()

    def _drop_one(self) -> None:
        for index, event in enumerate(self.pending):
            if getattr(event, "droppable", False):
                del self.pending[index]
                return

    async def run(self) -> None:
        while True:
            if not self.pending:
                self.idle.set()
                self.wake.clear()
                await self.wake.wait()
                if self.steps_aside:
                    await asyncio.sleep(ASIDE_S)
            event = self.pending.popleft()
            if isinstance(event, asyncio.Future):
                # A mark: everything before it has been handled. Whoever waited for it may be gone.
                if not event.cancelled():
                    event.set_result(None)
                continue
            for handler in self.handlers(event):
                try:
                    await handler(event)
                except Exception:
                    log.exception("bus.handler_failed", subscription=self.name, event_type=type(event).__name__)


class LocalBus:
    """In-process adapter of ``callcenter.bus.port.Bus``; create and use it on one event loop.

    ``first`` names the subscription that a person waits for. It takes an event in the next turn of the loop, the others
    a moment later: what they do about a call's arrival shall not stand between the PBX's next bytes and the pop.
    """

    def __init__(self, *, first: str | None = None) -> None:
        self._first = first
        self._subscriptions: dict[str, _Subscription] = {}
        self._tasks: list[asyncio.Task[None]] = []
        self._interested: dict[type, list[_Subscription]] = {}

    def publish(self, event: object) -> None:
        """Append to each interested subscription's queue."""
        kind = type(event)
        interested = self._interested.get(kind)
        if interested is None:
            interested = [s for s in self._subscriptions.values() if s.handlers(event)]
            self._interested[kind] = interested
        for subscription in interested:
            subscription.put(event)

    def subscribe(self, event_type: type[E], handler: Handler[E], *, name: str) -> None:
        """Start the subscription's task on first use of ``name``; later calls add routes to it."""
        subscription = self._subscriptions.get(name)
        if subscription is None:
            subscription = self._subscriptions[name] = _Subscription(name, steps_aside=self._first not in (None, name))
            self._tasks.append(asyncio.create_task(subscription.run(), name=f"bus:{name}"))
        subscription.routes.setdefault(event_type, []).append(handler)
        self._interested.clear()

    def lag(self) -> dict[str, int]:
        """Events waiting, by subscription: the back-pressure gauge of /metrics."""
        return {name: len(s.pending) for name, s in self._subscriptions.items()}

    async def drain(self) -> None:
        """Wait until all queues are empty at the same moment."""
        while any(not s.idle.is_set() for s in self._subscriptions.values()):
            for subscription in list(self._subscriptions.values()):
                await subscription.idle.wait()

    async def handled(self) -> None:
        """Wait until each queue has come to where it ends now."""
        marks: list[asyncio.Future[None]] = []
        for subscription in self._subscriptions.values():
            if not subscription.idle.is_set():
                marks.append(asyncio.get_running_loop().create_future())
                subscription.put(marks[-1])
        await asyncio.gather(*marks)

    async def aclose(self) -> None:
        """Drain for at most five seconds, then cancel the tasks."""
        try:
            await asyncio.wait_for(self.drain(), 5)
        except TimeoutError:
            log.warning("bus.closed_with_pending_events", lag=self.lag())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks.clear()
        self._subscriptions.clear()
