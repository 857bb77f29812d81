"""Tells the pages of everybody who may see orders that an order has changed, so that lists stay live without asking."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from callcenter.bus.port import Bus
from callcenter.features.frames import moment
from workorder.events import DraftRevised, OrderEvent

TOO_OFTEN: tuple[type[OrderEvent], ...] = (DraftRevised,)
"""Comes with every sentence of a call; the desk of that call has its own frame, and a list has no use for it."""


class Lists(Protocol):
    """The pages of those who may see orders."""

    def show(self, body: Mapping[str, object]) -> None:
        """Queue one ``order.changed`` frame; returns at once."""
        ...


class OrderWatch:
    """Subscribes to orders' events and names the order; what it is now the page asks for if it shows it."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists

    def subscribe(self, bus: Bus) -> None:
        """Own queue; no database, so nothing here can be slow."""
        bus.subscribe(OrderEvent, self.handle, name="order-watch")

    async def handle(self, event: OrderEvent) -> None:
        """One frame for one fact."""
        if isinstance(event, TOO_OFTEN):
            return
        self._lists.show(
            {
                "order_id": event.order_id,
                "event_type": type(event).__name__,
                "at": moment(event.at),
                "by": event.by,
            }
        )
