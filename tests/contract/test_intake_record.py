"""What was understood of a call reaches the database, whatever happens to the database meanwhile."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from datetime import UTC, datetime
from typing import cast
from zoneinfo import ZoneInfo

import pytest
from prometheus_client import CollectorRegistry

from callcenter.bus.local import LocalBus
from callcenter.clock import VirtualClock
from callcenter.errors import Unavailable
from callcenter.features.intake import Intake
from callcenter.features.live_calls import LiveCalls
from callcenter.features.pop_latency import PopLatency
from callcenter.media.events import SegmentHeard, Speaker
from callcenter.storage.database import Database, UnitOfWork
from callcenter.telephony.events import CallAnswered, CallEnded
from nlp.catalogue import Catalogue
from nlp.extract import Extractor
from workorder.commands import EditOrder
from workorder.policy.phones import parse_phone
from workorder.services import orders
from workorder.views.orders import OrderView

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class NoDesk:
    """Nobody looks."""

    def push(self, interface: str | None, kind: str, body: object) -> None:
        """Nothing to show."""


class AwayDatabase:
    """A database that refuses every write while ``away``, as a full disk does."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.away = True
        self.refused = 0

    def write(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """A unit of work, or Unavailable."""
        if self.away:
            self.refused += 1
            raise Unavailable("disk full")
        return self._database.write()


@pytest.fixture(scope="module")
def extractor() -> Extractor:
    return Extractor(Catalogue.load())


def listening(database: Database, extractor: Extractor, clock: VirtualClock, bus: LocalBus) -> Intake:
    """Intake that hears the calls of ``bus``."""

    async def in_force() -> Extractor:
        return extractor

    intake = Intake(
        database=database,
        extractor=in_force,
        live=LiveCalls(NoDesk(), clock, PopLatency(CollectorRegistry()), parse_phone),
        clock=clock,
        zone=ZoneInfo("Asia/Shanghai"),
        read_phone=parse_phone,
    )
    intake.subscribe(bus)
    return intake


async def call_begun(bus: LocalBus, text: str) -> None:
    """A call in which one sentence was said so far."""
    bus.publish(
        CallAnswered(at=AT, call_id="C1", linkedid="l1", uniqueid="u1", interface="PJSIP/1001", caller_uniqueid="c1")
    )
    bus.publish(
        SegmentHeard(
            at=AT, call_id="C1", segment_id="S1", speaker=Speaker.CALLER, start_ms=0, end_ms=900, text=text,
            confidence=1.0,
        )
    )  # fmt: skip
    await bus.drain()


async def call_over(bus: LocalBus, clock: VirtualClock) -> None:
    """The end of that call, and the time for last words."""
    bus.publish(CallEnded(at=AT, call_id="C1", linkedid="l1", cause=16, answered=True))
    await bus.drain()
    await clock.advance(30)


async def drafted(database: Database) -> OrderView:
    """The draft of that call, once it is there."""
    while True:
        async with database.read() as work:
            found = await orders.orders_of_call(work.session, "C1")
        if found and "address" in found[0].fields:
            return found[0]
        await asyncio.sleep(0)


async def test_a_draft_of_a_call_that_ended_while_the_disk_was_full_is_written_later(
    database: Database, extractor: Extractor
) -> None:
    """The last state waits for the database, also after the call, and is written at the latest when we stop."""
    clock, bus, away = VirtualClock(AT), LocalBus(), AwayDatabase(database)
    intake = listening(cast("Database", away), extractor, clock, bus)
    await call_begun(bus, "我家的格力空调不制冷")
    await call_over(bus, clock)
    assert away.refused > 5
    away.away = False
    await intake.aclose()
    await bus.aclose()
    async with database.read() as work:
        (draft,) = await orders.orders_of_call(work.session, "C1")
    assert {"appliance", "brand"} <= set(draft.fields)


@pytest.mark.parametrize("worked_at", [False, True])
async def test_a_call_in_which_no_appliance_came_up_leaves_an_empty_draft(
    database: Database, extractor: Extractor, worked_at: bool
) -> None:
    """When it is over, what was heard is taken back, unless the agent filled in something: then it is an order."""
    clock, bus = VirtualClock(AT), LocalBus()
    intake = listening(database, extractor, clock, bus)
    await call_begun(bus, "我在杭州市西湖区文三路八号三单元五零一")
    draft = await drafted(database)
    assert draft.fields["address"].value
    if worked_at:
        async with database.write() as work:
            await orders.edit_order(
                work.session,
                EditOrder(by="agent", at=AT, order_id=draft.order_id, fields={"appliance": "冰箱"}),
            )
            await work.commit()
    await call_over(bus, clock)
    await intake.aclose()
    await bus.aclose()
    async with database.read() as work:
        (draft,) = await orders.orders_of_call(work.session, "C1")
    assert bool(draft.fields["address"].value) is worked_at
