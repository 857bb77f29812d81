"""A mail as a report: who wrote what, and the files that came with it. Pure; the bytes may be anything."""

from __future__ import annotations

import re
from dataclasses import dataclass
from email import policy
from email.message import EmailMessage, MIMEPart
from email.parser import BytesParser
from email.utils import parseaddr
from hashlib import sha256
from html.parser import HTMLParser

MOST_FILES = 20
_QUOTED = re.compile(
    r"^\s*(?:>|-{2,} ?(?:Original Message|原始邮件|原邮件)|On .{1,200} wrote:|发件人[:：]|From: )", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class MailFile:
    """A file that came with a mail; its name as the sender gave it, without any path."""

    filename: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """``message_id`` is the mail's own, or made of its bytes: the same mail has the same one."""

    message_id: str
    sender: str | None
    text: str
    files: tuple[MailFile, ...]


def read_mail(raw: bytes) -> Mail:
    """Subject and body as one text, without what it quotes; charsets that lie are read as far as they go."""
    message = BytesParser(policy=policy.default).parsebytes(raw)
    subject, sender = _header(message, "Subject"), parseaddr(_header(message, "From"))[1]
    body = _body(message)
    text = "\n".join(filter(None, (subject, _own_words(body))))
    key = _one_line(_header(message, "Message-ID")) or f"sha256:{sha256(raw).hexdigest()}"
    return Mail(key[:200], _one_line(sender)[:200] or None, text.replace("\x00", ""), tuple(_files(message)))


def _header(message: EmailMessage, name: str) -> str:
    try:
        return str(message[name] or "").strip()
    except (ValueError, IndexError, LookupError, AttributeError):
        # The parser of the standard library breaks on some malformed headers.
        return ""


def _one_line(text: str) -> str:
    """Without what cannot be printed: names and keys go into headers, lists and file names."""
    return "".join(letter for letter in text if letter.isprintable()).strip()


def _body(message: EmailMessage) -> str:
    part = message.get_body(("plain", "html"))
    if part is None:
        return ""
    text = _decoded(part)
    return _without_tags(text) if part.get_content_type() == "text/html" else text


def _decoded(part: MIMEPart) -> str:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    for charset in (part.get_content_charset() or "utf-8", "gb18030"):
        try:
            return raw.decode(charset)
        except (LookupError, UnicodeDecodeError):
            continue
    return raw.decode("utf-8", errors="replace")


def _own_words(body: str) -> str:
    """Up to the first quoted line."""
    quoted = _QUOTED.search(body)
    return (body[: quoted.start()] if quoted and quoted.start() else body).strip()


def _files(message: EmailMessage) -> list[MailFile]:
    found: list[MailFile] = []
    for part in message.walk():
        if part.is_multipart() or (part.get_content_disposition() != "attachment" and not part.get_filename()):
            continue
        content = part.get_payload(decode=True)
        if isinstance(content, bytes) and content and len(found) < MOST_FILES:
            name = _one_line(re.split(r"[\\/]", part.get_filename() or "")[-1]) or f"file-{len(found) + 1}"
            found.append(MailFile(name[-200:], content))
    return found


class _Words(HTMLParser):
    """The words of a page, a line for each block."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []
        self._silent = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002 - the parser's signature
        self._silent += tag in {"script", "style", "head"}
        if tag in {"p", "div", "br", "tr", "li"}:
            self.words.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self._silent -= tag in {"script", "style", "head"} and self._silent > 0

    def handle_data(self, data: str) -> None:
        if not self._silent:
            self.words.append(data)


def _without_tags(page: str) -> str:
    words = _Words()
    words.feed(page)
    lines = (line.strip() for line in "".join(words.words).splitlines())
    return "\n".join(line for line in lines if line)
