"""The event bus as a port.

Contract (tests/contract/test_bus.py runs over every adapter):

- ``publish`` is called on the event loop, never blocks and never raises because of a subscriber.
- Each subscription has its own ordered queue and its own task: events reach a handler one at a time, in publish order;
  a slow handler delays only itself.
- An exception of a handler is logged with the event's type and the subscription's name, and the next event follows.
- A subscription's queue is bounded. When it is full the oldest *droppable* event (see ``droppable``) is dropped first;
  with none, ``publish`` still accepts the event and the overflow is counted in ``lag``: facts are never lost.
- Events are frozen dataclasses. Subscribing to a base class receives its subclasses.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

E = TypeVar("E")

Handler = Callable[[E], Awaitable[None]]


class Bus(Protocol):
    """Typed publish and subscribe inside one deployment."""

    def publish(self, event: object) -> None:
        """Hand ``event`` to every subscription of its type or a base of it."""
        ...

    def subscribe(self, event_type: type[E], handler: Handler[E], *, name: str) -> None:
        """Call ``handler`` for each ``event_type``; handlers under one ``name`` share one queue and keep one order."""
        ...

    async def drain(self) -> None:
        """Return when every event published so far, and every event those led to, has been handled."""
        ...

    async def handled(self) -> None:
        """Return when every event published so far has been handled here; what comes later does not count."""
        ...

    async def aclose(self) -> None:
        """Stop delivering; pending events are handled first for at most five seconds."""
        ...
