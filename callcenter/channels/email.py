"""Messages by mail over SMTP, with STARTTLS or TLS and a login where the server wants one."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from email.headerregistry import Address
from email.message import EmailMessage

import aiosmtplib

from callcenter.channels.port import Message, Refused, Unreachable
from callcenter.config_channels import EmailSettings

TIMEOUT_S = 20.0
LOGIN_REFUSED = frozenset({530, 534, 535, 538})


class EmailChannel:
    """One SMTP server; each message has a connection of its own.

    ``trust`` decides which certificates are right (by default those of the system's authorities); a connection whose
    certificate is not, or that cannot be encrypted as the settings ask, never carries the login or a message.
    """

    def __init__(
        self,
        settings: EmailSettings,
        *,
        password: str | None,
        trust: ssl.SSLContext | None = None,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        self._settings = settings
        self._password = password
        self._trust = trust
        self._timeout_s = timeout_s

    async def send(self, message: Message) -> str | None:
        """Hand it to the server; the reference is the mail's Message-ID."""
        mail = self._mail(message)
        with self._explained():
            async with self._connected() as server:
                await server.send_message(mail)
        return str(mail["Message-ID"])

    async def check(self) -> str:
        """Connect, encrypt and log in, and send nothing; says what was found. Raises Unreachable, with what to do."""
        settings = self._settings
        with self._explained():
            async with self._connected() as server:
                await server.noop()
        login = f", login as {settings.username}" if settings.username else ", no login"
        return f"{self._place} answers: {settings.security}{login}"

    async def aclose(self) -> None:
        """Nothing is kept open."""

    @property
    def _place(self) -> str:
        return f"{self._settings.host}:{self._settings.port}"

    @asynccontextmanager
    async def _connected(self) -> AsyncIterator[aiosmtplib.SMTP]:
        settings = self._settings
        encrypts = settings.security != "none"
        server = aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            use_tls=settings.security == "tls",
            start_tls=False,
            tls_context=(self._trust or ssl.create_default_context()) if encrypts else None,
            timeout=self._timeout_s,
        )
        await server.connect()
        try:
            if settings.security == "starttls":
                await self._encrypt(server)
            if settings.username:
                await self._log_in(server)
            yield server
            await server.quit()
        finally:
            server.close()

    async def _encrypt(self, server: aiosmtplib.SMTP) -> None:
        await server.ehlo()
        if not server.supports_extension("starttls"):
            raise Unreachable(
                f"{self._place} offers no encryption by STARTTLS",
                field="notify.email.security",
                fix="tls for port 465; none only inside a network you trust",
            )
        await server.starttls()

    async def _log_in(self, server: aiosmtplib.SMTP) -> None:
        await server.ehlo()
        if not server.supports_extension("auth"):
            raise Unreachable(
                f"{self._place} takes no login over this connection",
                field="notify.email.username",
                fix="leave username out, or set security to what the server wants before a login",
            )
        await server.login(self._settings.username or "", self._password or "")

    @contextmanager
    def _explained(self) -> Iterator[None]:
        """Failures of the library as ours: what is wrong, which setting it is about, and what to do."""
        try:
            yield
        except aiosmtplib.SMTPRecipientsRefused as error:
            first = error.recipients[0] if error.recipients else None
            raise self._answered(first.code if first else 550) from error
        except aiosmtplib.SMTPSenderRefused as error:
            raise self._sender_refused(error.code) from error
        except aiosmtplib.SMTPResponseException as error:
            raise self._answered(error.code) from error
        except (aiosmtplib.SMTPException, ssl.SSLError, OSError, TimeoutError) as error:
            raise self._not_connected(error) from error

    def _answered(self, code: int) -> Unreachable | Refused:
        """4xx passes by itself; a refused login is for an administrator to put right, so it is tried again, too."""
        if code in LOGIN_REFUSED:
            return Unreachable(
                f"the mail server refused the login ({code})",
                field="notify.email.password_file",
                fix="compare notify.email.username and the password with what the mail server knows",
            )
        if 400 <= code < 500:
            return Unreachable(f"the mail server answered {code}")
        return Refused(f"the mail server answered {code}")

    def _sender_refused(self, code: int) -> Unreachable | Refused:
        if code in LOGIN_REFUSED:
            return Unreachable(
                f"the mail server wants a login first ({code})",
                field="notify.email.username",
                fix="set notify.email.username and password_file",
            )
        kind = Unreachable if 400 <= code < 500 else Refused
        return kind(
            f"the mail server does not send for our address ({code})",
            field="notify.email.sender",
            fix="set it to an address that the login may send from",
        )

    def _not_connected(self, error: BaseException) -> Unreachable:
        chain = list(_causes(error))
        untrusted = next((one for one in chain if isinstance(one, ssl.SSLCertVerificationError)), None)
        if untrusted is not None:
            return Unreachable(
                f"the certificate of {self._place} is not trusted: {untrusted.verify_message}",
                field="notify.email.ca_file",
                fix="name the certificate of the authority that signed it there, and the server as it is named in it",
            )
        if any(isinstance(one, ssl.SSLError) for one in chain):
            return Unreachable(
                f"{self._place} does not speak TLS from the start",
                field="notify.email.security",
                fix="tls is for port 465, starttls for 587 and 25",
            )
        return Unreachable(f"no mail server at {self._place}: {type(error).__name__}")

    def _mail(self, message: Message) -> EmailMessage:
        mail = EmailMessage()
        try:
            mail["To"] = Address(addr_spec=message.to)
            mail["From"] = self._settings.sender
            mail["Subject"] = " ".join(message.subject.split())
        except Exception as error:
            # The parser of the standard library raises many kinds for what is no address.
            raise Refused("not a mail address") from error
        mail["Message-ID"] = f"<{message.delivery_id}@callcenter.invalid>"
        mail.set_content(message.text)
        return mail


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__
