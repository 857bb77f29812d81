"""The wire format of AMI: bytes in, headers of whole messages out.

Asterisk manager, https://docs.asterisk.org, "AMI Specification": a banner line, then messages of ``Key: value`` lines
ended by CRLF, each message ended by an empty line. Values are UTF-8 as far as callers make them.
"""

from __future__ import annotations

import re
from collections.abc import Container, Mapping

from callcenter.errors import Invalid

MESSAGE_LIMIT = 256 * 1024
"""Bytes of one message; Asterisk's largest (a Command's output aside) are below 16 KiB."""

Headers = Mapping[str, str]

BANNER = b"Asterisk Call Manager/"
_END = b"\r\n\r\n"
_EVENT = b"Event: "
_NAME = re.compile(rb"^Event: ([^\r\n]*)", re.MULTILINE)


class AmiMalformed(Invalid):
    """The bytes are not an AMI stream, or one message is larger than the limit."""

    code = "ami_malformed"


class AmiParser:
    """Cuts a byte stream into messages, whatever the packet edges are.

    ``only`` names the events to decode: others are skipped cheaply; responses always pass. Decoding happens per whole
    message, so a UTF-8 character cut by a packet edge is safe; invalid bytes become U+FFFD.
    """

    def __init__(self, *, limit: int = MESSAGE_LIMIT, only: Container[bytes] | None = None) -> None:
        self._rest = b""
        self._limit = limit
        self._only = only
        self.version: str | None = None
        """What the banner says after its slash, once seen."""

    def feed(self, chunk: bytes) -> list[dict[str, str]]:
        """Take bytes as they came; return the headers of every message that is now complete, in order.

        A repeated key keeps its last value. Raises AmiMalformed when a message grows over the limit; the parser is
        of no use after that: close the connection.
        """
        *whole, self._rest = (self._rest + chunk).split(_END)
        if len(self._rest) > self._limit:
            raise AmiMalformed(
                f"a message of more than {self._limit} bytes",
                field="AMI stream",
                fix="check that the port is Asterisk's manager port",
            )
        return [headers for raw in whole if self._wanted(raw) and (headers := self._headers(raw))]

    @property
    def rest(self) -> bytes:
        """The incomplete message at the end."""
        return self._rest

    @property
    def pending_bytes(self) -> int:
        """Bytes of an incomplete message at the end; 0 after a stream that ended cleanly."""
        return len(self._rest)

    def _wanted(self, raw: bytes) -> bool:
        if self._only is None:
            return True
        if raw.startswith(_EVENT):  # nearly always: spares a search
            end = raw.find(b"\r", len(_EVENT))
            return raw[len(_EVENT) : end if end >= 0 else None] in self._only
        name = _NAME.search(raw)
        return name is None or name[1] in self._only

    def _headers(self, raw: bytes) -> dict[str, str]:
        if len(raw) > self._limit:
            raise AmiMalformed(f"a message of {len(raw)} bytes, more than {self._limit}", field="AMI stream")
        lines = raw.decode("utf-8", "replace").split("\r\n")
        try:
            return dict([line.split(": ", 1) for line in lines])
        except ValueError:
            return self._irregular(lines)

    def _irregular(self, lines: list[str]) -> dict[str, str]:
        """The banner, empty lines, and ``Key:`` without the space (`Cause-txt:` of some versions)."""
        headers: dict[str, str] = {}
        for line in lines:
            key, colon, value = line.partition(":")
            if colon:
                headers[key] = value.removeprefix(" ")
            elif line.startswith(BANNER.decode()):
                self.version = line.partition("/")[2].strip()
        return headers
