"""What a mailbox promises, on a server that speaks IMAP; and that each mail in it becomes one report."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import trustme

from callcenter.channels.imap import ImapMailbox
from callcenter.channels.mailbox import Fate
from callcenter.channels.port import Unreachable
from callcenter.clock import VirtualClock
from callcenter.config import Settings
from callcenter.config_channels import MailboxSettings
from callcenter.errors import ConfigInvalid, Unavailable
from callcenter.features.doctor import mailbox as doctor_mailbox
from callcenter.features.mail_intake import MailIntake
from callcenter.features.mailbox_poll import MailboxPoll, open_mailbox
from callcenter.features.report_intake import ReportIntake
from callcenter.storage.blobs import BlobStore
from callcenter.storage.database import Database
from nlp.extract import Extractor
from tests.imap_server import ImapServer
from workorder.services import orders, reports, teamwork
from workorder.services.orders import OrderQuery
from workorder.views.orders import OrderView

EXTRACTOR = Extractor()
SEEN, FLAGGED = {r"\Seen"}, {r"\Seen", r"\Flagged"}


def mail(number: int, text: str = "我家格力空调不制冷，电话13800138000") -> bytes:
    head = f"From: wang@example.com\r\nSubject: =?utf-8?b?5oql5L+u?=\r\nMessage-ID: <m{number}@example.com>\r\n"
    return f"{head}Content-Type: text/plain; charset=utf-8\r\n\r\n{text}\r\n".encode()


def mailbox_of(server: ImapServer, *, max_bytes: int = 100_000, trust: ssl.SSLContext | None = None, **more: Any):
    about = {"host": "localhost" if trust else "127.0.0.1", "port": server.port, "username": "desk", "security": "none"}
    password = more.pop("password", "s3cret")
    settings = MailboxSettings.model_validate({**about, **more})
    return ImapMailbox(settings, password=password, max_bytes=max_bytes, trust=trust, timeout_s=10)


@pytest.fixture
async def server() -> AsyncIterator[ImapServer]:
    async with ImapServer() as server:
        yield server


def poll_of(server: ImapServer, database: Database, folder: Path, **more: Any) -> MailboxPoll:
    async def extractor() -> Extractor:
        return EXTRACTOR

    intake = ReportIntake(extractor=extractor, zone=ZoneInfo("Asia/Shanghai"))
    mails = MailIntake(intake, BlobStore(folder / "files"), max_bytes=100_000)
    options = {"mailbox": mailbox_of(server), "mails": mails, "clock": VirtualClock(), **more}
    return MailboxPoll(database=database, every_s=60, **options)


async def taken_in(database: Database) -> list[OrderView]:
    async with database.read() as work:
        return list((await orders.list_orders(work.session, OrderQuery())).items)


# ---- the port -------------------------------------------------------------------------------------------------------


async def test_unread_mails_come_whole_oldest_first_and_are_marked_by_their_fate(server: ImapServer) -> None:
    """Byte by byte; read ones not at all; nothing is unread afterwards, nothing is deleted."""
    contents = [mail(1), b"Subject: x\r\n\r\n" + bytes(range(1, 256)), mail(3)]
    server.post(b"read before", *contents)
    server.letters[101].flags = set(SEEN)
    got: list[bytes] = []

    async def take(raw: bytes) -> Fate:
        assert server.letters[101 + len(got) + 1].flags == set(), "marked before anybody said what became of it"
        got.append(raw)
        return Fate.REFUSED if len(got) == 2 else Fate.KEPT

    box = mailbox_of(server)
    assert await box.check() == f"127.0.0.1:{server.port} answers: none, login as desk, 3 unread in INBOX"
    assert await box.visit(take, limit=2) == 2
    assert await box.visit(take, limit=9) == 1
    assert await box.visit(take, limit=9) == 0
    assert got == contents
    assert server.flags() == [SEEN, SEEN, FLAGGED, SEEN]


async def test_a_mail_that_is_too_large_is_flagged_without_being_fetched(server: ImapServer) -> None:
    """Nobody fills our memory by mail."""
    server.post(mail(1, "x" * 5000), mail(2))
    got: list[bytes] = []

    async def take(raw: bytes) -> Fate:
        got.append(raw)
        return Fate.KEPT

    assert await mailbox_of(server, max_bytes=4000).visit(take, limit=9) == 2
    assert (got, server.flags()) == ([mail(2)], [FLAGGED, SEEN])


@pytest.mark.parametrize(
    ("change", "setting"),
    [
        ({"password": "geheim"}, "password_file"),
        ({"password": "pässwort"}, "password_file"),
        ({"folder": "Reports"}, "folder"),
        ({"security": "starttls"}, "security"),
        ({"security": "tls"}, "security"),
    ],
)
async def test_what_is_wrong_is_named_by_its_setting(server: ImapServer, change: dict[str, str], setting: str) -> None:
    """For an administrator to put right: Unreachable, so mails wait. The password is told nobody."""
    with pytest.raises(Unreachable) as caught:
        await mailbox_of(server, **change).check()
    assert caught.value.field == f"intake.mailbox.{setting}"
    assert caught.value.fix
    assert "geheim" not in str(caught.value)
    if setting == "security":
        assert server.logins == []


async def test_nobody_listening_is_unreachable(server: ImapServer) -> None:
    """A port on which nobody answers."""
    box = mailbox_of(server)
    await server.__aexit__()
    with pytest.raises(Unreachable, match="no mailbox at"):
        await box.check()


@pytest.mark.parametrize("security", ["tls", "starttls"])
async def test_the_login_goes_over_an_encrypted_connection_to_a_server_we_trust(security: str) -> None:
    """With the authority's certificate; without it no password leaves."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    trusted, stranger = ssl.create_default_context(), ssl.create_default_context()
    authority.configure_trust(trusted)
    async with ImapServer(tls=context, starttls=security == "starttls") as server:
        with pytest.raises(Unreachable, match="not trusted") as caught:
            await mailbox_of(server, trust=stranger, security=security).check()
        assert (caught.value.field, server.logins) == ("intake.mailbox.ca_file", [])
        assert "0 unread" in await mailbox_of(server, trust=trusted, security=security).check()
        assert (server.logins, server.encrypted_logins) == ([("desk", "s3cret")], [True])


async def test_a_provider_that_wants_to_know_who_asks_is_told() -> None:
    """As 163.com does: no folder before ID."""
    async with ImapServer(wants_id=True) as server:
        assert "0 unread" in await mailbox_of(server).check()


# ---- the poll -------------------------------------------------------------------------------------------------------


async def test_each_mail_becomes_one_report_also_after_a_cut_or_a_lost_mark(
    database: Database, server: ImapServer, tmp_path: Path
) -> None:
    """A cut leaves the rest for the next visit; a mail whose mark was lost has no second effect."""
    server.post(mail(1), mail(2, "美的热水器漏水，电话13900139000"))
    server.cut_after = 1
    poll = poll_of(server, database, tmp_path)
    with pytest.raises(Unavailable):
        await poll.look()
    assert server.flags() == [SEEN, set()]
    server.cut_after = None
    server.letters[101].flags.clear()
    assert await poll.look() == 2
    assert server.flags() == [SEEN, SEEN]
    found = await taken_in(database)
    assert [one.fields["appliance"].value for one in reversed(found)] == ["空调", "热水器"]
    async with database.read() as work:
        (report,) = await reports.reports_of(work.session, found[-1].order_id)
        (file,) = await teamwork.files_of(work.session, found[-1].order_id)
    assert (report.channel, report.external_id, report.sender) == ("email", "<m1@example.com>", "wang@example.com")
    assert (file.media_type, file.by) == ("message/rfc822", "machine")


async def test_a_mail_that_cannot_be_taken_is_flagged_and_the_next_one_taken(
    database: Database, server: ImapServer, tmp_path: Path
) -> None:
    """Nothing in it; or one on which we break: a defect costs one mail, not the mailbox."""
    server.post(b"From: a@example.com\r\n\r\n", b"poison", mail(3))
    poll = poll_of(server, database, tmp_path)
    whole = poll._mails.take

    async def breaks(session: Any, raw: bytes, **stamp: Any) -> Any:
        if raw == b"poison":
            raise RuntimeError("a defect")
        return await whole(session, raw, **stamp)

    poll._mails.take = breaks  # type: ignore[method-assign]
    assert await poll.look() == 3
    assert server.flags() == [FLAGGED, FLAGGED, SEEN]
    assert len(await taken_in(database)) == 1


async def test_while_the_database_is_away_mails_stay_unread(server: ImapServer, tmp_path: Path) -> None:
    """They come when it is back."""

    class Away:
        def write(self) -> Any:
            raise Unavailable("the database is away")

    server.post(mail(1))
    poll = poll_of(server, Away(), tmp_path)  # type: ignore[arg-type]
    with pytest.raises(Unavailable):
        await poll.look()
    assert server.flags() == [set()]


async def test_a_mailbox_is_looked_into_again_and_again_and_named_while_it_is_away(
    database: Database, server: ImapServer, tmp_path: Path
) -> None:
    """Every minute by the clock; /readyz says what is wrong, and that it is right again."""
    import asyncio

    looked: list[int] = []

    class Sometimes:
        async def visit(self, _take: Any, *, limit: int) -> int:
            looked.append(limit)
            if len(looked) == 1:
                raise Unreachable("no mailbox at mail.example.com:993")
            return 0

    clock = VirtualClock()
    poll = poll_of(server, database, tmp_path, mailbox=Sometimes(), clock=clock)
    task = asyncio.create_task(poll.run())
    await clock.advance(0)
    assert (poll.check().ok, poll.check().message) == (True, "no mailbox at mail.example.com:993")
    await clock.advance(60)
    assert (len(looked), poll.check().message) == (2, "looked into")
    task.cancel()


# ---- setting it up --------------------------------------------------------------------------------------------------


def settings_of(**mailbox: Any) -> Settings:
    return Settings.model_validate({"intake": {"mailbox": mailbox}})


def test_a_mailbox_without_a_login_is_a_mistake_in_the_settings(tmp_path: Path) -> None:
    """None without a host; a user name and the password's file belong to one."""
    assert open_mailbox(Settings()) is None
    for mailbox in ({"username": "desk"}, {"username": "desk", "password_file": tmp_path / "nope"}):
        with pytest.raises(ConfigInvalid) as caught:
            open_mailbox(settings_of(host="mail.example.com", **mailbox))
        assert str(caught.value.field).startswith("intake.mailbox")


async def test_doctor_looks_into_the_mailbox_and_takes_nothing(server: ImapServer, tmp_path: Path) -> None:
    """Counts what waits; says so when none is set up."""
    assert "no mailbox is set up" in await doctor_mailbox(Settings())
    (tmp_path / "password").write_text("s3cret\n", encoding="utf-8")
    server.post(mail(1))
    about = {"port": server.port, "security": "none", "username": "desk", "password_file": tmp_path / "password"}
    said = await doctor_mailbox(settings_of(host="127.0.0.1", **about))
    assert said.endswith("login as desk, 1 unread in INBOX")
    assert server.flags() == [set()]
