"""Mail on a real SMTP server: encrypted by STARTTLS or TLS, logged in, and never in clear or to a stranger."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import trustme
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, LoginPassword

from callcenter.channels.email import EmailChannel
from callcenter.channels.port import Message, Refused, Unreachable
from callcenter.clock import VirtualClock
from callcenter.config_channels import EmailSettings, NotifySettings
from callcenter.errors import ConfigInvalid
from callcenter.features.notify.lanes import build_lanes

LOGIN = LoginPassword(b"desk", "pässwort".encode())
MESSAGE = Message(
    delivery_id="D1", to="lin@example.com", subject="工单", text="已受理", event_type="WorkOrderCreated", event={}
)


@dataclass
class Mailbox:
    """What arrived, whether it was encrypted, and which logins were tried."""

    encrypted: list[bool] = field(default_factory=list)
    tried: list[bytes] = field(default_factory=list)
    sender_answer: str | None = None

    async def handle_MAIL(self, server: Any, session: Any, envelope: Any, address: str, options: list[str]) -> str:
        if self.sender_answer:
            return self.sender_answer
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.encrypted.append(session.ssl is not None or server.transport.get_extra_info("sslcontext") is not None)
        return "250 OK"

    def check(self, _server: Any, _session: Any, _envelope: Any, _mechanism: str, given: LoginPassword) -> AuthResult:
        self.tried.append(given.password)
        return AuthResult(success=given == LOGIN, handled=False)


@dataclass
class Place:
    """A mail server with a certificate of its own authority."""

    authority: trustme.CA
    mailbox: Mailbox
    port: int = 0

    def channel(self, *, trusted: bool = True, password: str | None = "pässwort", **settings: Any) -> EmailChannel:
        trust = ssl.create_default_context()
        if trusted:
            self.authority.configure_trust(trust)
        about = {"host": "localhost", "port": self.port, "username": "desk", "sender": "desk@example.com", **settings}
        return EmailChannel(EmailSettings(**about), password=password, trust=trust)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    return trustme.CA()


@contextmanager
def served(
    authority: trustme.CA, *, implicit: bool = False, encrypts: bool = True, name: str = "localhost"
) -> Iterator[Place]:
    """A server that wants encryption before a login, or from the start, or offers none at all."""
    place = Place(authority, Mailbox())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    secured = {"ssl_context": context} if implicit else {"tls_context": context, "require_starttls": True}
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = Controller(
        place.mailbox,
        hostname="127.0.0.1",
        port=port,
        authenticator=place.mailbox.check,
        auth_required=encrypts and not implicit,
        auth_require_tls=not implicit,
        **(secured if encrypts else {}),
    )
    server.start()
    place.port = port
    try:
        yield place
    finally:
        server.stop()


async def test_a_mail_leaves_encrypted_and_logged_in(authority: trustme.CA) -> None:
    """By STARTTLS, and by TLS from the start; a check logs in and sends nothing."""
    for implicit, security in ((False, "starttls"), (True, "tls")):
        with served(authority, implicit=implicit) as place:
            channel = place.channel(security=security)
            assert "login as desk" in await channel.check()
            assert place.mailbox.encrypted == []
            assert await channel.send(MESSAGE) == "<D1@callcenter.invalid>"
            assert place.mailbox.encrypted == [True]
            assert place.mailbox.tried == [LOGIN.password] * 2


async def test_a_wrong_password_says_which_setting_and_may_be_tried_again(authority: trustme.CA) -> None:
    """An administrator puts it right: the message waits. The password is told nobody."""
    with served(authority) as place:
        for work in (lambda c: c.send(MESSAGE), lambda c: c.check()):
            with pytest.raises(Unreachable, match="refused the login") as caught:
                await work(place.channel(password="geheim"))
            assert caught.value.field == "notify.email.password_file"
            assert "geheim" not in str(caught.value)
        assert place.mailbox.encrypted == []


async def test_a_stranger_with_a_certificate_nobody_vouches_for_gets_no_password(authority: trustme.CA) -> None:
    """Self-signed, or made out to another server: refused before the login, in words of its own."""
    with served(authority) as place:
        with pytest.raises(Unreachable, match="is not trusted") as caught:
            await place.channel(trusted=False).send(MESSAGE)
        assert (caught.value.field, place.mailbox.tried) == ("notify.email.ca_file", [])
    with served(authority, name="other.example.com") as place:
        with pytest.raises(Unreachable, match="not trusted: Hostname mismatch"):
            await place.channel().send(MESSAGE)
        assert place.mailbox.tried == []
    with served(authority, implicit=True) as place, pytest.raises(Unreachable, match="not trusted"):
        await place.channel(trusted=False, security="tls").check()


async def test_nothing_leaves_in_clear_where_encryption_is_asked_for(authority: trustme.CA) -> None:
    """A server, or somebody between, that hides STARTTLS gets neither login nor message."""
    with served(authority, encrypts=False) as place:
        with pytest.raises(Unreachable, match="no encryption by STARTTLS") as caught:
            await place.channel().send(MESSAGE)
        assert caught.value.field == "notify.email.security"
        assert (place.mailbox.tried, place.mailbox.encrypted) == ([], [])
        with pytest.raises(Unreachable, match="no login over this connection"):
            await place.channel(security="none").check()


async def test_the_wrong_kind_of_port_is_told(authority: trustme.CA) -> None:
    """TLS from the start on a port that begins in clear."""
    with served(authority) as place:
        with pytest.raises(Unreachable, match="does not speak TLS") as caught:
            await place.channel(security="tls").check()
        assert caught.value.field == "notify.email.security"


async def test_a_server_that_wants_a_login_or_another_sender_says_so(authority: trustme.CA) -> None:
    """Without a user name the login is what is missing; a sender that is not ours is refused for good."""
    with served(authority) as place:
        with pytest.raises(Unreachable, match="wants a login first") as caught:
            await place.channel(username=None).send(MESSAGE)
        assert caught.value.field == "notify.email.username"
        place.mailbox.sender_answer = "553 not yours"
        with pytest.raises(Refused, match="our address") as refused:
            await place.channel().send(MESSAGE)
        assert refused.value.field == "notify.email.sender"
        place.mailbox.sender_answer = "451 later"
        with pytest.raises(Unreachable, match="our address"):
            await place.channel().send(MESSAGE)


async def test_an_authority_of_ones_own_comes_from_the_settings(authority: trustme.CA, tmp_path: Path) -> None:
    """ca_file makes an in-house server trusted; a file that is no certificate stops the start with its key."""
    file, secret = tmp_path / "ca.pem", tmp_path / "secret"
    authority.cert_pem.write_to_path(str(file))
    secret.write_text("pässwort\n", encoding="utf-8")
    with served(authority) as place:
        email = {"host": "localhost", "port": place.port, "username": "desk", "password_file": secret, "ca_file": file}
        lane = build_lanes(NotifySettings.model_validate({"email": email}), VirtualClock())["email"]
        assert await lane.send(MESSAGE)
    for content in (None, "no certificate"):
        file.unlink(missing_ok=True)
        if content:
            file.write_text(content)
        with pytest.raises(ConfigInvalid) as caught:
            build_lanes(NotifySettings.model_validate({"email": email}), VirtualClock())
        assert caught.value.field == "notify.email.ca_file"
