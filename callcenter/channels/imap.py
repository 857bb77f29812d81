"""A mailbox over IMAP4rev1 (RFC 3501) with TLS or STARTTLS and a login; each visit has a connection of its own."""

from __future__ import annotations

import asyncio
import imaplib
import re
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from typing import Any, TypeVar

from callcenter.channels.mailbox import Fate, Take
from callcenter.channels.port import Unreachable
from callcenter.config_channels import MailboxSettings

T = TypeVar("T")
TIMEOUT_S = 30.0
FLAGS = {Fate.KEPT: r"(\Seen)", Fate.REFUSED: r"(\Seen \Flagged)"}
_SIZE = re.compile(rb"RFC822\.SIZE (\d+)")


class ImapMailbox:
    """One folder. Blocking calls of the standard library run in a thread, one at a time.

    Mails over ``max_bytes`` are refused without being fetched: their size is asked first.
    """

    def __init__(
        self,
        settings: MailboxSettings,
        *,
        password: str,
        max_bytes: int,
        trust: ssl.SSLContext | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._settings = settings
        self._password = password
        self._max_bytes = max_bytes
        self._trust = trust
        self._timeout_s = timeout_s

    async def visit(self, take: Take, *, limit: int) -> int:
        """Hand unread mails over, oldest first."""
        async with self._opened() as server:
            keys = (await self._in_thread(_unread, server))[:limit]
            for key in keys:
                raw = await self._in_thread(_fetched, server, key, self._max_bytes)
                fate = await take(raw) if raw is not None else Fate.REFUSED
                await self._in_thread(_mark, server, key, fate)
        return len(keys)

    async def check(self) -> str:
        """Log in, open the folder, count what is unread."""
        settings = self._settings
        async with self._opened() as server:
            unread = len(await self._in_thread(_unread, server))
        login = f"login as {settings.username}"
        return f"{self._place} answers: {settings.security}, {login}, {unread} unread in {settings.folder}"

    @property
    def _place(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"

    @asynccontextmanager
    async def _opened(self) -> AsyncIterator[imaplib.IMAP4]:
        server = await self._in_thread(self._connect)
        try:
            await self._in_thread(self._log_in, server)
            yield server
        finally:
            await asyncio.to_thread(_leave, server)

    async def _in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        with self._explained():
            return await asyncio.to_thread(work, *arguments)

    def _connect(self) -> imaplib.IMAP4:
        settings, trust = self._settings, self._trust or ssl.create_default_context()
        host, port = settings.host or "", settings.port
        if settings.security == "tls":
            return imaplib.IMAP4_SSL(host, port, ssl_context=trust, timeout=self._timeout_s)
        server = imaplib.IMAP4(host, port, timeout=self._timeout_s)
        if settings.security == "starttls":
            try:
                _encrypt(server, trust)
            except BaseException:
                _close(server)
                raise
        return server

    def _log_in(self, server: imaplib.IMAP4) -> None:
        try:
            server.login(self._settings.username or "", self._password)
        except imaplib.IMAP4.abort:
            raise
        except (imaplib.IMAP4.error, UnicodeEncodeError) as error:
            raise _LoginRefused from error
        # Some providers (163.com, 126.com) let nobody open a folder who did not say who asks (RFC 2971).
        if "ID" in server.capabilities:
            server.xatom("ID", '("name" "callcenter")')
        kind, _ = server.select(_quoted(self._settings.folder))
        if kind != "OK":
            raise _NoFolder

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Failures of the library as ours: what is wrong, which setting it is about, and what to do."""
        try:
            yield
        except _NoEncryption as error:
            raise self._failed("offers no encryption by STARTTLS", "security", "tls for port 993") from error
        except _LoginRefused as error:
            raise self._failed(
                "refused the login",
                "password_file",
                "compare username and password with what the mail server knows; some want a password of their own"
                " for IMAP (授权码)",
            ) from error
        except _NoFolder as error:
            raise self._failed(
                f"has no folder {self._settings.folder}, or lets nobody open it", "folder", "INBOX is always there"
            ) from error
        except ssl.SSLCertVerificationError as error:
            raise self._failed(
                f"has a certificate that is not trusted: {error.verify_message}",
                "ca_file",
                "name the certificate of the authority that signed it there",
            ) from error
        except ssl.SSLError as error:
            raise self._failed("does not speak TLS from the start", "security", "starttls for port 143") from error
        except (imaplib.IMAP4.error, OSError, TimeoutError) as error:
            raise Unreachable(f"no mailbox at {self._place}: {type(error).__name__}", field="intake.mailbox") from error

    def _failed(self, what: str, setting: str, fix: str) -> Unreachable:
        return Unreachable(f"{self._place} {what}", field=f"intake.mailbox.{setting}", fix=fix)


class _NoEncryption(Exception):  # noqa: N818 - named for what happened
    pass


class _LoginRefused(Exception):  # noqa: N818 - named for what happened
    pass


class _NoFolder(Exception):  # noqa: N818 - named for what happened
    pass


def _encrypt(server: imaplib.IMAP4, trust: ssl.SSLContext) -> None:
    if "STARTTLS" not in server.capabilities:
        raise _NoEncryption
    server.starttls(ssl_context=trust)


def _quoted(name: str) -> str:
    """A folder as IMAP writes it."""
    return '"' + name.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _answer(found: tuple[str, list[Any]]) -> list[Any]:
    kind, parts = found
    if kind != "OK":
        raise imaplib.IMAP4.error(kind)
    return parts


def _unread(server: imaplib.IMAP4) -> list[str]:
    """Keys (UIDs) of unread mails, oldest first."""
    keys = b" ".join(filter(None, _answer(server.uid("SEARCH", "UNSEEN")))).split()
    return sorted((key.decode("ascii") for key in keys), key=int)


def _fetched(server: imaplib.IMAP4, key: str, max_bytes: int) -> bytes | None:
    """The mail, without marking it read; None for one that is too large."""
    size = _SIZE.search(b" ".join(_flat(_answer(server.uid("FETCH", key, "(RFC822.SIZE)")))))
    if size is not None and int(size[1]) > max_bytes:
        return None
    parts = _answer(server.uid("FETCH", key, "(BODY.PEEK[])"))
    return next((part[1] for part in parts if isinstance(part, tuple)), b"")


def _flat(parts: list[Any]) -> Iterator[bytes]:
    for part in parts:
        yield from part if isinstance(part, tuple) else (part,) if part else ()


def _mark(server: imaplib.IMAP4, key: str, fate: Fate) -> None:
    _answer(server.uid("STORE", key, "+FLAGS", FLAGS[fate]))


def _leave(server: imaplib.IMAP4) -> None:
    with suppress(imaplib.IMAP4.error, OSError):
        server.logout()
    # A connection that was cut is not closed by a farewell that fails.
    _close(server)


def _close(server: imaplib.IMAP4) -> None:
    with suppress(OSError):
        server.shutdown()
