"""What ``doctor`` says about the ways out of messages, with a real receiver behind each."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from callcenter.config import Settings
from callcenter.features.findings import Level
from callcenter.features.notify.findings import examine_notify
from callcenter.storage import deliveries
from callcenter.storage.database import Database
from callcenter.storage.deliveries import Planned

AT = datetime(2026, 11, 21, tzinfo=UTC)
LOCAL = ["127.0.0.0/8"]


@dataclass
class Receiver:
    """An HTTP server that says what came."""

    url: str
    came: list[str] = field(default_factory=list)
    status: int = 404


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found = Receiver("")

    async def take(http: web.Request) -> web.Response:
        found.came.append(http.method)
        return web.Response(status=found.status)

    application = web.Application()
    application.router.add_route("*", "/hook", take)
    async with TestServer(application) as server:
        found.url = str(server.make_url("/hook"))
        yield found


def settings(folder: Path, **notify: object) -> Settings:
    return Settings.model_validate({"data_dir": folder, "notify": {"allow_networks": LOCAL, **notify}})


async def looked(there: Settings) -> dict[str, tuple[Level, str, str]]:
    return {one.check: (one.level, one.message, one.fix) for one in await examine_notify(there)}


async def database(folder: Path, *states: str) -> None:
    """A database with a message in each of these states."""
    opened = await Database.open(settings(folder).database_url())
    await opened.upgrade()
    async with opened.write() as work:
        for number, state in enumerate(states):
            planned = Planned(
                event_id=f"E{number}", event_type="Test", event={}, rule="r", order_id="O1", audience="customer",
                channel="sms", recipient="13800138000", subject="", text="x", at=AT, due_at=AT,
            )  # fmt: skip
            key = await deliveries.plan(work.session, planned)
            assert key is not None
            if state == "dead":
                await deliveries.bury(work.session, key, error="answered 400")
        await work.commit()
    await opened.aclose()


async def test_nothing_set_up_is_fine(tmp_path: Path) -> None:
    """Messages stay on the desks; nothing was given up."""
    await database(tmp_path)
    found = await looked(settings(tmp_path))
    assert {name: level for name, (level, _, _) in found.items()} == {"notify": Level.OK, "messages": Level.OK}


async def test_a_gateway_that_answers_is_fine_and_gets_no_message(tmp_path: Path, receiver: Receiver) -> None:
    """Whatever it says to HEAD, it lives; it is asked nothing else. A failing server is a warning."""
    await database(tmp_path)
    there = settings(tmp_path, sms={"url": receiver.url}, webhooks={"crm": {"url": receiver.url}})
    found = await looked(there)
    assert found["sms"][:2] == found["webhook:crm"][:2] == (Level.OK, "127.0.0.1 answers")
    assert receiver.came == ["HEAD", "HEAD"]
    receiver.status = 503
    level, message, fix = (await looked(there))["sms"]
    assert (level, message) == (Level.WARNING, "answered 503")
    assert "callcenter notify test sms" in fix


async def test_each_fault_says_what_to_do(tmp_path: Path, receiver: Receiver) -> None:
    """Nobody listens; a network that is not allowed; TLS where there is none; a secret that cannot be read."""
    await database(tmp_path)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = await looked(
        settings(
            tmp_path,
            sms={"url": f"http://127.0.0.1:{port}/"},
            email={"host": "127.0.0.1", "port": port},
            webhooks={"crm": {"url": receiver.url.replace("http:", "https:")}},
        )
    )
    for name, said in (("sms", "no answer"), ("email", "no mail server"), ("webhook:crm", "does not speak TLS")):
        level, message, fix = found[name]
        assert (level, bool(fix)) == (Level.WARNING, True)
        assert said in message
    inside = settings(tmp_path, sms={"url": receiver.url}, allow_networks=[])
    level, message, _ = (await looked(inside))["sms"]
    assert (level, message.partition(":")[0]) == (Level.WARNING, "notify.allow_networks")
    unread = settings(tmp_path, sms={"url": receiver.url, "secret_file": str(tmp_path / "nope")})
    level, message, fix = (await looked(unread))["notify"]
    assert (level, message.partition(":")[0]) == (Level.ERROR, "notify.sms.secret_file")


async def test_messages_that_were_given_up_are_named(tmp_path: Path) -> None:
    """How many, how many wait, and how to send them again; an old schema is told, not guessed."""
    await database(tmp_path, "dead", "queued", "dead")
    level, message, fix = (await looked(settings(tmp_path)))["messages"]
    assert (level, message) == (Level.WARNING, "2 were given up, 1 wait")
    assert "callcenter notify replay" in fix
    empty = tmp_path / "empty"
    empty.mkdir()
    level, message, fix = (await looked(settings(empty)))["messages"]
    assert (level, bool(fix)) == (Level.WARNING, True)
