"""Messages by mail over SMTP, with STARTTLS or TLS and a login where the server wants one."""

from __future__ import annotations

from email.headerregistry import Address
from email.message import EmailMessage

import aiosmtplib

from callcenter.channels.port import Message, Refused, Unreachable
from callcenter.config import EmailSettings

TIMEOUT_S = 20.0


class EmailChannel:
    """One SMTP server; each message has a connection of its own."""

    def __init__(self, settings: EmailSettings, *, password: str | None) -> None:
        self._settings = settings
        self._password = password

    async def send(self, message: Message) -> str | None:
        """Hand it to the server; the reference is the mail's Message-ID."""
        settings = self._settings
        mail = self._mail(message)
        try:
            await aiosmtplib.send(
                mail,
                hostname=settings.host,
                port=settings.port,
                username=settings.username or None,
                password=self._password,
                use_tls=settings.security == "tls",
                start_tls=settings.security == "starttls",
                timeout=TIMEOUT_S,
            )
        except aiosmtplib.SMTPRecipientsRefused as error:
            first = error.recipients[0] if error.recipients else None
            raise _error(first.code if first else 550) from error
        except aiosmtplib.SMTPResponseException as error:
            raise _error(error.code) from error
        except (aiosmtplib.SMTPException, OSError, TimeoutError) as error:
            raise Unreachable(f"no mail server: {type(error).__name__}") from error
        return str(mail["Message-ID"])

    async def aclose(self) -> None:
        """Nothing is kept open."""

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


def _error(code: int) -> Unreachable | Refused:
    """4xx of SMTP passes by itself; a refused login is for an administrator to put right, so it is tried again too."""
    if 400 <= code < 500 or code in {530, 534, 535, 538}:
        return Unreachable(f"the mail server answered {code}")
    return Refused(f"the mail server answered {code}")
