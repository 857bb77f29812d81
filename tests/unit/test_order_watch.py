"""Which facts about orders make pages look again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from callcenter.bus.local import LocalBus
from callcenter.features.order_watch import OrderWatch
from workorder.events import DraftRevised, SlaBreached, WorkOrderMoved

AT = datetime(2026, 11, 23, 10, tzinfo=UTC)


class Shown(list):
    """The frames in order."""

    def show(self, body) -> None:
        """One more."""
        self.append(body)


def event(kind: type) -> object:
    """``kind`` about order o1, its other fields empty."""
    fields = {name: "" for name in kind.__dataclass_fields__ if name != "event_id"}
    return kind(**{**fields, "at": AT, "by": "u1", "order_id": "o1", "call_id": None})


async def test_every_fact_is_named_but_what_comes_with_each_sentence() -> None:
    """Moves and breaches are told with who and when; a draft that speech fills in is not."""
    bus, shown = LocalBus(), Shown()
    OrderWatch(shown).subscribe(bus)
    for kind in (WorkOrderMoved, DraftRevised, SlaBreached):
        bus.publish(event(kind))
    await asyncio.wait_for(bus.drain(), 5)
    assert shown == [
        {"order_id": "o1", "event_type": kind, "at": "2026-11-23T10:00:00.000Z", "by": "u1"}
        for kind in ("WorkOrderMoved", "SlaBreached")
    ]
    await bus.aclose()
