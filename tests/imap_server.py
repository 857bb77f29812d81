"""A small mail server that speaks IMAP4rev1 (RFC 3501) as far as a client needs that fetches unread mail."""

from __future__ import annotations

import asyncio
import re
import ssl
from dataclasses import dataclass, field
from typing import Self


@dataclass
class Letter:
    """A mail in the folder, and its flags."""

    content: bytes
    flags: set[str] = field(default_factory=set)


@dataclass
class ImapServer:
    """One user with one folder. ``wants_id`` as 163.com does: no folder before the client said who it is.

    ``cut_after`` closes the connection after so many fetches, as a network does.
    """

    username: str = "desk"
    password: str = "s3cret"
    folder: str = "INBOX"
    letters: dict[int, Letter] = field(default_factory=dict)
    tls: ssl.SSLContext | None = None
    starttls: bool = False
    wants_id: bool = False
    cut_after: int | None = None
    logins: list[tuple[str, str]] = field(default_factory=list)
    encrypted_logins: list[bool] = field(default_factory=list)
    port: int = 0

    async def __aenter__(self) -> Self:
        implicit = self.tls if not self.starttls else None
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=implicit)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        await self._server.wait_closed()

    def post(self, *contents: bytes) -> None:
        """Put mails into the folder."""
        for content in contents:
            self.letters[max(self.letters, default=100) + 1] = Letter(content)

    def flags(self) -> list[set[str]]:
        """Of all mails, oldest first."""
        return [self.letters[uid].flags for uid in sorted(self.letters)]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        talk = _Talk(self, reader, writer, encrypted=self.tls is not None and not self.starttls)
        try:
            await talk.run()
        except (ConnectionError, ssl.SSLError):
            pass
        finally:
            writer.close()


class _Talk:
    def __init__(
        self, server: ImapServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, encrypted: bool
    ) -> None:
        self._server, self._reader, self._writer = server, reader, writer
        self._encrypted = encrypted
        self._introduced = False
        self._selected = False
        self._fetches = 0

    async def run(self) -> None:
        await self._say(b"* OK ready")
        while line := await self._reader.readline():
            tag, _, rest = line.strip().decode().partition(" ")
            name, _, arguments = rest.partition(" ")
            answer = await getattr(self, f"_{name.lower()}", self._unknown)(arguments)
            await self._say(f"{tag} {answer}".encode())
            if name.upper() == "STARTTLS":
                await self._encrypt()
                self._encrypted = True
            if name.upper() == "LOGOUT":
                return

    async def _encrypt(self) -> None:
        try:
            await self._writer.start_tls(self._server.tls)
        except BaseException:
            self._writer.transport.abort()
            raise

    async def _say(self, line: bytes) -> None:
        self._writer.write(line + b"\r\n")
        await self._writer.drain()

    async def _unknown(self, _arguments: str) -> str:
        return "BAD what?"

    async def _capability(self, _arguments: str) -> str:
        more = " STARTTLS" if self._server.starttls and not self._encrypted else ""
        await self._say(f"* CAPABILITY IMAP4rev1 ID{more}".encode())
        return "OK done"

    async def _starttls(self, _arguments: str) -> str:
        return "OK begin"

    async def _login(self, arguments: str) -> str:
        username, password = (part.strip('"') for part in arguments.split(" "))
        self._server.logins.append((username, password))
        self._server.encrypted_logins.append(self._encrypted)
        right = (username, password) == (self._server.username, self._server.password)
        return "OK in" if right else "NO [AUTHENTICATIONFAILED] wrong"

    async def _id(self, arguments: str) -> str:
        self._introduced = "callcenter" in arguments
        await self._say(b"* ID NIL")
        return "OK done"

    async def _select(self, arguments: str) -> str:
        if arguments != f'"{self._server.folder}"':
            return "NO no such folder"
        if self._server.wants_id and not self._introduced:
            return "NO SELECT Unsafe Login"
        self._selected = True
        await self._say(f"* {len(self._server.letters)} EXISTS".encode())
        return "OK [READ-WRITE] done"

    async def _uid(self, arguments: str) -> str:
        assert self._selected
        verb, _, rest = arguments.partition(" ")
        return await getattr(self, f"_uid_{verb.lower()}")(rest)

    async def _uid_search(self, arguments: str) -> str:
        assert arguments == "UNSEEN"
        unread = [str(uid) for uid, letter in self._server.letters.items() if r"\Seen" not in letter.flags]
        # In no order: the standard promises none.
        await self._say(f"* SEARCH {' '.join(reversed(unread))}".rstrip().encode())
        return "OK done"

    async def _uid_fetch(self, arguments: str) -> str:
        uid, _, what = arguments.partition(" ")
        content = self._server.letters[int(uid)].content
        if what == "(RFC822.SIZE)":
            await self._say(f"* 1 FETCH (UID {uid} RFC822.SIZE {len(content)})".encode())
            return "OK done"
        assert what == "(BODY.PEEK[])", "anything else would mark it read"
        self._fetches += 1
        if self._server.cut_after is not None and self._fetches > self._server.cut_after:
            raise ConnectionResetError
        self._writer.write(f"* 1 FETCH (UID {uid} BODY[] {{{len(content)}}}\r\n".encode() + content)
        await self._say(b")")
        return "OK done"

    async def _uid_store(self, arguments: str) -> str:
        uid, flags = re.fullmatch(r"(\d+) \+FLAGS \((.*)\)", arguments).groups()  # type: ignore[union-attr]
        self._server.letters[int(uid)].flags |= set(flags.split())
        return "OK done"

    async def _logout(self, _arguments: str) -> str:
        await self._say(b"* BYE")
        return "OK bye"
