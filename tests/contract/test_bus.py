"""The contract of callcenter.bus.port, run over every adapter."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import ClassVar

import pytest

from callcenter.bus.codec import Codec
from callcenter.bus.connection import NatsConnection
from callcenter.bus.local import QUEUE_LIMIT, LocalBus
from callcenter.bus.nats import NatsBus
from callcenter.clock import SystemClock
from callcenter.config_sections import BusSettings
from callcenter.ids import new_id
from tests.nats_server import NatsServer


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


@asynccontextmanager
async def node(url, name):
    """One process's bus on the NATS server."""
    connection = NatsConnection.open(BusSettings(url=url, name=name), name="test")
    bus = NatsBus(connection, Codec((Fact, SpecialFact, Guess)), clock=SystemClock(), name=name)
    await bus.start()
    try:
        yield bus
    finally:
        await bus.aclose()
        await connection.aclose()


@pytest.fixture(params=["local", "local, one first", "nats"])
async def bus(request):
    if request.param.startswith("local"):
        bus = LocalBus(first="first" if "first" in request.param else None)
        yield bus
        await bus.aclose()
        return
    async with node(request.getfixturevalue("nats_url"), new_id()) as bus:
        yield bus


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


async def test_handled_waits_for_what_was_published_and_not_for_what_follows(bus):
    """It returns though new events keep coming, and not before the slowest handler had all the earlier ones."""
    slow, gate = [], asyncio.Event()

    async def wait(event):
        await gate.wait()
        slow.append(event)

    async def answer(event):
        if event.number < 1000:
            bus.publish(Guess(event.number + 1))

    bus.subscribe(Fact, wait, name="slow")
    bus.subscribe(Guess, answer, name="endless")
    bus.publish(Guess(0))
    bus.publish(Fact(1))
    waiting = asyncio.ensure_future(bus.handled())
    await asyncio.sleep(0)
    assert not waiting.done()
    gate.set()
    await waiting
    assert slow == [Fact(1)]
    await bus.handled()


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


async def test_the_first_subscription_is_served_before_the_others():
    """With ``first`` that subscription, and what it hands on, is done before any other hears of the event."""
    bus, seen = LocalBus(first="desk"), []

    async def behind(event: Fact) -> None:
        seen.append(("record", event.number))

    async def desk(event: Fact) -> None:
        seen.append(("desk", event.number))
        asyncio.get_running_loop().call_soon(seen.append, ("socket", event.number))

    bus.subscribe(Fact, behind, name="record")
    bus.subscribe(Fact, desk, name="desk")
    await asyncio.sleep(0)  # both wait for something to happen
    bus.publish(Fact(1))
    await bus.drain()
    assert seen == [("desk", 1), ("socket", 1), ("record", 1)]
    await bus.aclose()


# ---- several processes: only the NATS adapter ---------------------------------------------------------------------


async def wait_for(got, count):
    async with asyncio.timeout(20):
        while len(got) < count:
            await asyncio.sleep(0.01)


async def test_every_process_hears_every_event_once_and_in_order(nats_url):
    """What one node publishes reaches all others in order, its own subscribers once, and another call centre never."""
    name = new_id()
    async with node(nats_url, name) as one, node(nats_url, name) as two, node(nats_url, new_id()) as stranger:
        here, there, elsewhere = [], [], []
        one.subscribe(Fact, collector(here), name="test")
        two.subscribe(Fact, collector(there), name="test")
        stranger.subscribe(Fact, collector(elsewhere), name="test")
        facts = [Fact(number) if number % 2 else SpecialFact(number) for number in range(200)]
        for fact in facts:
            one.publish(fact)
        await wait_for(there, len(facts))
        two.publish(Fact(-1))
        await wait_for(here, len(facts) + 1)
        assert there == [*facts, Fact(-1)]
        assert here == there
        assert elsewhere == []


async def test_nothing_is_lost_while_the_server_is_away():
    """Events published during an outage, by either side, arrive after it, each once and in order."""
    with NatsServer() as server:
        async with node(server.url, "outage") as one, node(server.url, "outage") as two:
            got, back = [], []
            two.subscribe(Fact, collector(got), name="test")
            one.subscribe(Fact, collector(back), name="test")
            one.publish(Fact(0))
            await wait_for(got, 1)
            server.kill()
            for number in range(1, 20):
                one.publish(Fact(number))
            two.publish(Fact(100))
            # Subscribers of the same process do not wait for the server.
            await wait_for(back, 20)
            server.start()
            await wait_for(got, 21)
            await wait_for(back, 21)
            assert [fact.number for fact in got if fact.number < 100] == list(range(20))
            assert back[-1] == Fact(100)


async def test_a_server_that_lost_its_store_is_no_end(tmp_path):
    """A new, empty server at the same address: events go on."""
    with NatsServer() as server:
        async with node(server.url, "fresh") as one, node(server.url, "fresh") as two:
            got = []
            two.subscribe(Fact, collector(got), name="test")
            one.publish(Fact(0))
            await wait_for(got, 1)
            server.kill()
            server.forget()
            server.start()
            one.publish(Fact(1))
            await wait_for(got, 2)
            assert got == [Fact(0), Fact(1)]


async def test_without_a_server_a_process_works_alone():
    """Nobody listens at the address: the start is not stopped, and the process's own events are delivered."""
    connection = NatsConnection.open(BusSettings(url="nats://127.0.0.1:1"), name="test")
    bus = NatsBus(connection, Codec((Fact,)), clock=SystemClock())
    await bus.start(wait_s=0.05)
    got = []
    bus.subscribe(Fact, collector(got), name="test")
    bus.publish(Fact(1))
    await bus.drain()
    assert got == [Fact(1)]
    assert bus.lag()["test"] == 0
    await bus.aclose()
    await connection.aclose()


@pytest.mark.parametrize(("password", "lets_in"), [("right-one", True), ("wrong-one", False)])
async def test_a_server_asks_for_the_password(tmp_path, capsys, password, lets_in):
    """The password comes from its file; a wrong one is said, never shown, and does not stop the process."""
    file = tmp_path / "password"
    file.write_text(f"{password}\n")
    with NatsServer("--user", "callcenter", "--pass", "right-one") as server:
        settings = BusSettings(url=server.url, user="callcenter", password_file=file)
        connection = NatsConnection.open(settings, name="test")
        assert await connection.wait_up(3) is lets_in
        async with asyncio.timeout(10):
            while not lets_in and not connection.last_error:
                await asyncio.sleep(0.01)
        assert lets_in or "uthorization" in connection.last_error
        await connection.aclose()
    shown = capsys.readouterr()
    assert password not in shown.out + shown.err


@pytest.mark.parametrize("url", ["http://127.0.0.1:4222", "nats://user:secret@127.0.0.1:4222", "127.0.0.1"])
def test_an_address_holds_no_secret_and_has_its_scheme(url):
    """bus.url is nats:// or tls:// and a place: credentials have keys of their own."""
    with pytest.raises(ValueError, match="url"):
        BusSettings(url=url)
