"""The contract of asr/worker/link.py over every adapter: within a process, and a real NATS server."""

import asyncio
from contextlib import asynccontextmanager

import pytest

from asr.worker.link import NobodyAnswered
from asr.worker.memory_link import Exchange, MemoryLink
from asr.worker.nats_link import NatsLink
from callcenter.bus.connection import NatsConnection
from callcenter.config_sections import BusSettings
from callcenter.ids import new_id


@asynccontextmanager
async def nats_link(url):
    connection = NatsConnection.open(BusSettings(url=url), name="test")
    assert await connection.wait_up(10)
    link = NatsLink(connection.client)
    yield link
    await link.aclose()
    await connection.aclose()


@pytest.fixture(params=["memory", "nats"])
async def links(request):
    """Two processes."""
    if request.param == "memory":
        exchange = Exchange()
        yield MemoryLink(exchange), MemoryLink(exchange)
        return
    url = request.getfixturevalue("nats_url")
    async with nats_link(url) as one, nats_link(url) as two:
        yield one, two


@pytest.fixture
def subject():
    return f"test.{new_id()}"


class Got:
    """What a handler was given."""

    def __init__(self):
        self.payloads = []

    def __call__(self, payload, reply):
        self.payloads.append(payload)

    async def wait(self, count):
        async with asyncio.timeout(10):
            while len(self.payloads) < count:
                await asyncio.sleep(0.001)


async def settle(link, subject):
    """What ``link`` subscribed to and sent so far has reached the server: its own message has come back."""
    echo = Got()
    unsubscribe = await link.subscribe(f"{subject}.echo", echo)
    link.publish(f"{subject}.echo", b"")
    await echo.wait(1)
    unsubscribe()


async def test_messages_arrive_in_order(links, subject):
    """Everything published is heard by every subscriber, in order."""
    one, two = links
    here, there = Got(), Got()
    await one.subscribe(subject, here)
    await two.subscribe(subject, there)
    await settle(two, subject)
    sent = [str(number).encode() for number in range(300)]
    for payload in sent:
        one.publish(subject, payload)
    await there.wait(300)
    await here.wait(300)
    assert here.payloads == there.payloads == sent


async def test_a_star_stands_for_one_word(links, subject):
    """``a.*`` hears ``a.b`` and not ``a.b.c``."""
    one, two = links
    got = Got()
    await two.subscribe(f"{subject}.*", got)
    await settle(two, subject + ".x")
    one.publish(f"{subject}.b.c", b"long")
    one.publish(f"{subject}.b", b"right")
    await got.wait(1)
    assert got.payloads == [b"right"]


async def test_one_of_a_group_gets_each_message(links, subject):
    """Members of a group share the messages; who left gets none."""
    one, two = links
    first, second = Got(), Got()
    leave = await one.subscribe(subject, first, group="g")
    await two.subscribe(subject, second, group="g")
    await settle(two, subject)
    await settle(one, subject)
    for number in range(100):
        one.publish(subject, str(number).encode())
    async with asyncio.timeout(10):
        while len(first.payloads) + len(second.payloads) < 100:
            await asyncio.sleep(0.001)
    assert first.payloads
    assert second.payloads
    assert {*first.payloads, *second.payloads} == {str(number).encode() for number in range(100)}
    leave()
    await settle(one, subject)
    before = len(first.payloads)
    for _ in range(20):
        one.publish(subject, b"later")
    async with asyncio.timeout(10):
        while second.payloads.count(b"later") < 20:
            await asyncio.sleep(0.001)
    assert len(first.payloads) == before


async def test_requests(links, subject):
    """The answer comes back to who asked."""
    one, two = links
    await two.subscribe(subject, lambda payload, reply: two.publish(reply, payload + b"!"))
    await settle(two, subject)
    assert await one.request(subject, b"there", 5) == b"there!"


async def test_a_request_that_nobody_hears(links, subject):
    """Nobody listens, or nobody answers in time: one error for both."""
    one, two = links
    with pytest.raises(NobodyAnswered):
        await one.request(subject, b"", 5)
    await two.subscribe(subject, lambda _payload, _reply: None)
    await settle(two, subject)
    with pytest.raises(NobodyAnswered):
        await one.request(subject, b"", 0.05)
