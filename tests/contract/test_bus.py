"""The contract of callcenter.bus.port, run over every adapter."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import ClassVar

import pytest

from callcenter.bus.local import QUEUE_LIMIT, LocalBus

ADAPTERS = {"local": LocalBus}


@dataclass(frozen=True)
class Fact:
    number: int


@dataclass(frozen=True)
class SpecialFact(Fact):
    pass


@dataclass(frozen=True)
class Guess:
    droppable: ClassVar[bool] = True
    number: int


@pytest.fixture(params=ADAPTERS)
async def bus(request):
    bus = ADAPTERS[request.param]()
    yield bus
    await bus.aclose()


def collector(into):
    async def handler(event):
        into.append(event)

    return handler


async def test_every_subscriber_gets_every_event_in_order(bus):
    """Each subscription sees all events of its type in publish order."""
    first, second = [], []
    bus.subscribe(Fact, collector(first), name="first")
    bus.subscribe(Fact, collector(second), name="second")
    for number in range(50):
        bus.publish(Fact(number))
    await bus.drain()
    assert first == second == [Fact(number) for number in range(50)]


async def test_a_base_class_receives_its_subclasses(bus):
    """Subscribing to a base class receives derived events, once each."""
    got = []
    bus.subscribe(Fact, collector(got), name="all")
    bus.publish(SpecialFact(1))
    await bus.drain()
    assert got == [SpecialFact(1)]


async def test_handlers_of_one_name_share_one_order(bus):
    """Two event types under one name are handled in the order they were published."""
    got = []
    bus.subscribe(Fact, collector(got), name="one")
    bus.subscribe(Guess, collector(got), name="one")
    events = [Fact(1), Guess(2), Fact(3), Guess(4)]
    for event in events:
        bus.publish(event)
    await bus.drain()
    assert got == events


async def test_a_failing_handler_does_not_stop_the_stream(bus):
    """An exception is logged and the next event follows; other subscriptions notice nothing."""
    got, other = [], []

    async def fails_on_two(event):
        if event.number == 2:
            raise RuntimeError("boom")
        got.append(event.number)

    bus.subscribe(Fact, fails_on_two, name="fragile")
    bus.subscribe(Fact, collector(other), name="sturdy")
    for number in (1, 2, 3):
        bus.publish(Fact(number))
    await bus.drain()
    assert got == [1, 3]
    assert len(other) == 3


async def test_a_slow_handler_delays_only_itself(bus):
    """While one subscription waits, another gets its events."""
    gate, slow, quick = asyncio.Event(), [], []

    async def waits(event):
        await gate.wait()
        slow.append(event)

    bus.subscribe(Fact, waits, name="slow")
    bus.subscribe(Fact, collector(quick), name="quick")
    bus.publish(Fact(1))
    while not quick:
        await asyncio.sleep(0)
    assert slow == []
    gate.set()
    await bus.drain()
    assert slow == [Fact(1)]


async def test_overflow_drops_guesses_and_never_facts(bus):
    """A full queue gives up droppable events, oldest first; facts all arrive."""
    gate, got = asyncio.Event(), []

    async def waits(event):
        await gate.wait()
        got.append(event)

    bus.subscribe(Fact, waits, name="slow")
    bus.subscribe(Guess, waits, name="slow")
    for number in range(10):
        bus.publish(Guess(number))
    for number in range(QUEUE_LIMIT):
        bus.publish(Fact(number))
    gate.set()
    await bus.drain()
    assert [e for e in got if isinstance(e, Fact)] == [Fact(number) for number in range(QUEUE_LIMIT)]
    assert len([e for e in got if isinstance(e, Guess)]) < 10


async def test_drain_covers_what_events_lead_to(bus):
    """``drain`` also waits for events that handlers published."""
    got = []

    async def leads_on(event):
        await asyncio.sleep(0)
        bus.publish(Guess(event.number))

    bus.subscribe(Fact, leads_on, name="first")
    bus.subscribe(Guess, collector(got), name="second")
    bus.publish(Fact(7))
    await bus.drain()
    assert got == [Guess(7)]
