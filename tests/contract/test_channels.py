"""What every way out promises, on real servers: an HTTP receiver and an SMTP server of their own."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import default as mail_policy
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
import trustme
from aiohttp import web
from aiohttp.test_utils import TestServer
from aiosmtpd.controller import Controller

from callcenter.channels.email import EmailChannel
from callcenter.channels.http import HttpChannel, event_body, mapped, wechat_body
from callcenter.channels.port import Channel, Message, Refused, Unreachable
from callcenter.channels.signing import verified
from callcenter.channels.targets import Targets
from callcenter.channels.wechat import TEMPLATE, WechatChannel, WechatKind, keywords, subscribe_kind
from callcenter.clock import VirtualClock
from callcenter.config_channels import EmailSettings, NotifySettings
from callcenter.errors import ConfigInvalid
from callcenter.features.notify.lanes import build_lanes

LOCAL = ("127.0.0.0/8", "::1/128")
KINDS = ["sms", "webhook", "wechat", "email", "account", "miniprogram"]

ACCOUNTS = {"account": TEMPLATE, "miniprogram": subscribe_kind("trial")}


@dataclass
class Other:
    """The other side: what it got, and how it answers."""

    got: list[Any] = field(default_factory=list)
    answer: str = "ok"
    """ok, later (try again), never (refused), dead (nobody listens)"""


class Mailbox:
    def __init__(self, other: Other) -> None:
        self._other = other

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        if self._other.answer != "ok":
            return {"later": "451 later", "never": "554 never"}[self._other.answer]
        self._other.got.append(message_from_bytes(envelope.content, policy=mail_policy))
        return "250 OK"


@dataclass
class Account:
    """WeChat's interface of an official account, or of a mini-program, as far as messages by a template go."""

    other: Other
    kind: WechatKind = TEMPLATE
    tokens: list[str] = field(default_factory=list)
    lasts_s: int = 7200
    login_code: int = 0

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/cgi-bin/stable_token", self.log_in)
        application.router.add_post(self.kind.path, self.take)
        return application

    def channel(self, server: TestServer, clock: VirtualClock) -> WechatChannel:
        url = str(server.make_url("/"))
        return WechatChannel(url, app_id="wx1", secret="s3cret", clock=clock, targets=Targets(LOCAL), kind=self.kind)

    async def log_in(self, http: web.Request) -> web.Response:
        asked = await http.json()
        assert asked["grant_type"] == "client_credential"
        if self.login_code or (asked["appid"], asked["secret"]) != ("wx1", "s3cret"):
            return web.json_response({"errcode": self.login_code or 40125, "errmsg": "invalid appsecret"})
        self.tokens.append(f"T{len(self.tokens) + 1}")
        return web.json_response({"access_token": self.tokens[-1], "expires_in": self.lasts_s})

    async def take(self, http: web.Request) -> web.Response:
        if http.query["access_token"] != self.tokens[-1]:
            return web.json_response({"errcode": 42001, "errmsg": "access_token expired"})
        template = self.kind is TEMPLATE
        codes = {"ok": 0, "later": -1, "never": 43004 if template else 43101}
        if self.other.answer == "ok":
            self.other.got.append(await http.json())
        reference = {"msgid": 200228332} if template else {}
        return web.json_response({"errcode": codes[self.other.answer], "errmsg": "x", **reference})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def message(**more: str) -> Message:
    about = {"to": "13800138000", "subject": "工单 WO1", "text": "您好，“已受理” \\ {number}", "delivery_id": "D1"}
    return Message(**{**about, **more}, event_type="WorkOrderCreated", event={"number": "WO1"})


@dataclass
class Way:
    """An adapter with the server behind it."""

    kind: str
    channel: Channel
    other: Other

    def message(self) -> Message:
        if self.kind in ACCOUNTS:
            text = "thing1: 您好，“已受理” \\ {number}\nphrase2：很长很长的状态"
            page = "\npage: pages/order?number=WO1" if self.kind == "miniprogram" else ""
            return message(to="o6_138", subject="TEMPLATE", text=text + page)
        return message(to="lin@example.com") if self.kind == "email" else message()


@pytest_asyncio.fixture(params=KINDS)
async def way(request: pytest.FixtureRequest) -> AsyncIterator[Way]:
    other, clock = Other(), VirtualClock()
    if request.param == "email":
        server = Controller(Mailbox(other), hostname="127.0.0.1", port=free_port())
        server.start()
        settings = EmailSettings(host="127.0.0.1", port=server.port, security="none", sender="desk@example.com")
        yield Way("email", EmailChannel(settings, password=None), other)
        server.stop()
        return

    if request.param in ACCOUNTS:
        account = Account(other, ACCOUNTS[request.param])
        async with TestServer(account.application()) as receiver:
            channel = account.channel(receiver, clock)
            yield Way(request.param, channel, other)
            await channel.aclose()
        return

    async def take(http: web.Request) -> web.Response:
        if other.answer != "ok":
            return web.Response(status={"later": 503, "never": 400}[other.answer])
        other.got.append((await http.read(), dict(http.headers)))
        return web.json_response({"id": "R1"})

    application = web.Application()
    application.router.add_post("/hook", take)
    async with TestServer(application) as receiver:
        bodies = {"sms": mapped({"phone": "{to}", "parts": [{"content": "{text}"}]}), "webhook": event_body}
        channel = HttpChannel(
            str(receiver.make_url("/hook")),
            body=bodies.get(request.param, wechat_body),
            clock=clock,
            targets=Targets(LOCAL),
            secret="s3cret",
        )
        yield Way(request.param, channel, other)
        await channel.aclose()


async def test_what_is_taken_over_arrived_whole(way: Way) -> None:
    """Chinese, quotes and braces come through; the delivery's key travels with it; there is a reference."""
    sent = way.message()
    # Of a subscribe message WeChat gives no number.
    assert (await way.channel.send(sent) is None) == (way.kind == "miniprogram")
    (got,) = way.other.got
    if way.kind == "email":
        assert (got["To"], got["Subject"]) == ("lin@example.com", sent.subject)
        assert got.get_content().strip() == sent.text
        assert "D1" in got["Message-ID"]
        return
    if way.kind in ACCOUNTS:
        page = {"page": "pages/order?number=WO1", "miniprogram_state": "trial", "lang": "zh_CN"}
        assert got == {
            "touser": "o6_138",
            "template_id": "TEMPLATE",
            **({"client_msg_id": "D1"} if way.kind == "account" else page),
            "data": {"thing1": {"value": "您好，“已受理” \\ {number}"}, "phrase2": {"value": "很长很长…"}},
        }
        return
    body, headers = got
    assert verified(body, headers, secret="s3cret", now_s=VirtualClock().now().timestamp())
    assert headers["X-Callcenter-Delivery"] == "D1"
    assert sent.text.encode().replace(b"\\", b"\\\\") in body


async def test_what_may_work_later_and_what_never_will_are_told_apart(way: Way) -> None:
    """A busy other side is Unreachable, one that does not want it Refused; neither tells numbers or texts."""
    for answer, error in (("later", Unreachable), ("never", Refused)):
        way.other.answer = answer
        with pytest.raises(error) as caught:
            await way.channel.send(way.message())
        said = str(caught.value)
        assert "138" not in said
        assert "example" not in said
        assert "您好" not in said
    way.other.answer = "ok"
    await way.channel.send(way.message())
    assert len(way.other.got) == 1


async def test_a_check_leaves_nothing_with_the_other_side(way: Way) -> None:
    """It says that somebody is there, and nobody gets a message by it."""
    assert "127.0.0.1" in await way.channel.check()
    assert way.other.got == []


async def test_nobody_listening_is_unreachable() -> None:
    """A closed port, whatever the adapter, for a message and for a check."""
    port = free_port()
    http = HttpChannel(f"http://127.0.0.1:{port}/", body=event_body, clock=VirtualClock(), targets=Targets(LOCAL))
    mail = EmailChannel(EmailSettings(host="127.0.0.1", port=port, security="none"), password=None)
    for channel, to in ((http, "x"), (mail, "a@example.com")):
        with pytest.raises(Unreachable):
            await channel.send(message(to=to))
        with pytest.raises(Unreachable):
            await channel.check()
        await channel.aclose()


async def test_a_mail_address_cannot_smuggle_in_headers() -> None:
    """Line breaks and what is no address are refused before any server is asked."""
    channel = EmailChannel(EmailSettings(host="127.0.0.1", port=1, security="none"), password=None)
    for to in ("a@example.com\r\nBcc: b@example.com", "nobody", "", "a@b@c"):
        with pytest.raises(Refused):
            await channel.send(message(to=to))


@pytest.mark.parametrize("path", ["redirect", "slow"])
async def test_redirects_are_not_followed_and_slow_answers_are_given_up(path: str) -> None:
    """A redirect would lead past the check of the address; a hanging gateway costs no more than the time limit."""
    hits: list[str] = []
    released = asyncio.Event()

    async def redirect(_http: web.Request) -> web.Response:
        raise web.HTTPFound("/inside")

    async def inside(_http: web.Request) -> web.Response:
        hits.append("inside")
        return web.Response()

    async def slow(_http: web.Request) -> web.Response:
        await released.wait()
        return web.Response()

    application = web.Application()
    application.router.add_post("/redirect", redirect)
    application.router.add_post("/slow", slow)
    application.router.add_route("*", "/inside", inside)
    async with TestServer(application) as server:
        channel = HttpChannel(
            str(server.make_url(f"/{path}")),
            body=event_body,
            clock=VirtualClock(),
            targets=Targets(LOCAL),
            timeout_s=0.2,
        )
        with pytest.raises(Refused if path == "redirect" else Unreachable):
            await channel.send(message())
        released.set()
        await channel.aclose()
    assert hits == []


async def test_a_name_that_leads_into_our_network_is_refused_when_the_connection_is_made() -> None:
    """localhost resolves to loopback, which nobody allowed."""
    channel = HttpChannel(f"http://localhost:{free_port()}/", body=event_body, clock=VirtualClock(), targets=Targets())
    with pytest.raises(Refused, match="network"):
        await channel.send(message())
    await channel.aclose()


async def test_a_receiver_whose_certificate_nobody_vouches_for_gets_nothing() -> None:
    """Neither a message nor a question, and it is said why."""
    came: list[str] = []

    async def take(http: web.Request) -> web.Response:
        came.append(http.method)
        return web.Response()

    application = web.Application()
    application.router.add_route("*", "/", take)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("localhost").configure_cert(context)
    server = TestServer(application, host="localhost", scheme="https")
    await server.start_server(ssl=context)
    channel = HttpChannel(str(server.make_url("/")), body=event_body, clock=VirtualClock(), targets=Targets(LOCAL))
    for work in (channel.send(message()), channel.check()):
        with pytest.raises(Unreachable, match="certificate is not trusted"):
            await work
    await channel.aclose()
    await server.close()
    assert came == []


async def test_a_robot_that_says_200_with_an_error_code_has_not_taken_it_over() -> None:
    """WeChat Work's robots put failures into the body: the rate limit may pass, a wrong key will not."""
    answers = iter([45009, 93000])

    async def robot(_http: web.Request) -> web.Response:
        return web.json_response({"errcode": next(answers), "errmsg": "x"})

    application = web.Application()
    application.router.add_post("/", robot)
    async with TestServer(application) as server:
        channel = HttpChannel(str(server.make_url("/")), body=wechat_body, clock=VirtualClock(), targets=Targets(LOCAL))
        with pytest.raises(Unreachable):
            await channel.send(message())
        with pytest.raises(Refused):
            await channel.send(message())
        await channel.aclose()


async def test_a_token_serves_until_its_time_is_over_or_somebody_else_has_a_newer_one() -> None:
    """One login for many messages; another when it ran out, and at once when WeChat says it is old."""
    account, clock = Account(Other()), VirtualClock()
    sent = message(to="o6", subject="T", text="thing1: x")
    async with TestServer(account.application()) as server:
        channel = account.channel(server, clock)
        for _ in range(3):
            assert await channel.send(sent) == "200228332"
        assert account.tokens == ["T1"]
        await clock.advance(7200)
        await channel.send(sent)
        assert account.tokens == ["T1", "T2"]
        account.tokens.append("somebody else's")
        await channel.send(sent)
        assert len(account.tokens) == 4
        await channel.aclose()
    assert len(account.other.got) == 5


async def test_a_refused_login_is_for_an_administrator_and_messages_wait() -> None:
    """Unreachable, with the setting at fault; the secret is not told."""
    account = Account(Other(), login_code=40164)
    async with TestServer(account.application()) as server:
        channel = account.channel(server, VirtualClock())
        for work in (channel.check(), channel.send(message(to="o6", subject="T", text="thing1: x"))):
            with pytest.raises(Unreachable, match="40164") as caught:
                await work
            assert caught.value.field == "notify.wechat.secret_file"
            assert "s3cret" not in str(caught.value)
        await channel.aclose()


async def test_a_consent_that_is_missing_or_spent_is_said_in_words() -> None:
    """By WeChat's own number and what it means; the login that is refused names the mini-program's setting."""
    account = Account(Other(answer="never"), subscribe_kind("formal"))
    sent = message(to="o6", subject="T", text="thing1: x")
    async with TestServer(account.application()) as server:
        channel = account.channel(server, VirtualClock())
        with pytest.raises(Refused, match=r"43101: the customer has not agreed"):
            await channel.send(sent)
        account.other.answer = "ok"
        await channel.send(sent)
        assert account.other.got[0].keys() == {"touser", "template_id", "data", "miniprogram_state", "lang"}
        account.login_code = 40164
        with pytest.raises(Unreachable) as caught:
            await channel.check()
        assert caught.value.field == "notify.miniprogram.secret_file"
        await channel.aclose()


@pytest.mark.parametrize("text", ["", "hello", "thing1: x\nhello", "1thing: x"])
async def test_what_has_no_keywords_is_no_template_message(text: str) -> None:
    """Refused before anybody is asked."""
    assert keywords(text) is None
    channel = WechatChannel("http://127.0.0.1:1", app_id="a", secret="s", clock=VirtualClock(), targets=Targets(LOCAL))
    with pytest.raises(Refused, match="template"):
        await channel.send(message(to="o6", subject="T", text=text))
    await channel.aclose()


def test_lanes_come_from_the_settings_and_bad_ones_name_their_key(tmp_path: Path) -> None:
    """Only what is set up exists; a missing secret file or address stops the start with the key's name."""
    assert build_lanes(NotifySettings(), VirtualClock()) == {}
    secret = tmp_path / "secret"
    secret.write_text("s\n", encoding="utf-8")
    settings = NotifySettings.model_validate(
        {
            "sms": {"url": "https://sms.example.com", "secret_file": secret},
            "email": {"host": "mail.example.com"},
            "wechat": {"app_id": "wx1", "secret_file": secret},
            "miniprogram": {"app_id": "wx2", "secret_file": secret},
            "webhooks": {"crm": {"url": "https://crm.example.com"}},
        }
    )
    assert set(build_lanes(settings, VirtualClock())) == {"sms", "email", "wechat", "miniprogram", "webhook:crm"}
    for broken in (
        {"webhooks": {"crm": {}}},
        {"wechat": {"app_id": "wx1"}},
        {"miniprogram": {"app_id": "wx2"}},
        {"sms": {"url": "https://x.example.com", "secret_file": tmp_path / "nope"}},
    ):
        with pytest.raises(ConfigInvalid) as caught:
            build_lanes(NotifySettings.model_validate(broken), VirtualClock())
        assert str(caught.value.field).startswith("notify.")
