"""A small SIP and RTP phone for tests on loopback.

One ``Phone`` is one UDP SIP socket, with one RTP socket per call. It can call, ring, answer, refuse, hold, transfer
(REFER, REFER with Replaces), play raw mu-law in 20 ms packets in real time, and keep what it hears.
It is no SIP stack: no TCP, no authentication, no retransmission (loopback does not lose packets).
"""

from __future__ import annotations

import asyncio
import random
import re
import struct
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress

SILENCE = b"\xff" * 160
"""20 ms of mu-law silence."""

LONG_NAMES = {"i": "call-id", "f": "from", "t": "to", "m": "contact", "l": "content-length", "v": "via"}


def random_hex(digits: int = 8) -> str:
    return f"{random.getrandbits(digits * 4):0{digits}x}"


def uri_of(header: str) -> str:
    return re.search(r"<([^>]+)>", header)[1]


def tag_of(header: str) -> str:
    return re.search(r"tag=([^;>\s]+)", header)[1]


class Message:
    """A SIP request (``method``) or response (``code``)."""

    def __init__(self, raw: bytes) -> None:
        head, _, self.body = raw.decode("utf-8", "replace").partition("\r\n\r\n")
        start, *lines = head.split("\r\n")
        self.headers: dict[str, str] = {}
        self.vias: list[str] = []
        self.routes: list[str] = []
        for line in lines:
            name, _, value = line.partition(":")
            name, value = LONG_NAMES.get(name.strip().lower(), name.strip().lower()), value.strip()
            {"via": self.vias, "record-route": self.routes}.get(name, []).append(value)
            self.headers.setdefault(name, value)
        words = start.split(" ", 2)
        number, _, method = self.headers.get("cseq", "0 X").partition(" ")
        self.code = int(words[1]) if words[0] == "SIP/2.0" else None
        self.method = method if self.code else words[0]
        self.cseq = int(number)

    def rtp(self) -> tuple[str, int] | None:
        """Where the sender wants audio."""
        host = re.search(r"^c=IN IP4 (\S+)", self.body, re.MULTILINE)
        port = re.search(r"^m=audio (\d+)", self.body, re.MULTILINE)
        return (host[1], int(port[1])) if host and port else None


class Call(asyncio.DatagramProtocol):
    """One dialogue and its audio."""

    def __init__(self, phone: Phone, call_id: str, local: str, remote: str, target: str) -> None:
        self.phone, self.call_id, self.local, self.remote, self.target = phone, call_id, local, remote, target
        self.cseq = 1
        self.answered = asyncio.Event()
        self.ended = asyncio.Event()
        self.final: int | None = None
        """The code of the last answer to our INVITE."""
        self.invite: Message | None = None
        self.invited_at = time.monotonic()
        self.audio = phone.audio
        self.muted = False
        self.heard: list[bytes] = []
        self._replies: dict[int, asyncio.Future[int]] = {}
        self._rtp_to: tuple[str, int] | None = None
        self._playing: asyncio.Task[None] | None = None
        self._invite_text = ""

    # Audio

    async def open_rtp(self) -> None:
        loop = asyncio.get_running_loop()
        self._rtp, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self.phone.ip, 0))

    def datagram_received(self, data: bytes, addr: object) -> None:
        if len(data) > 12:
            self.heard.append(data[12:])

    async def _play(self) -> None:
        ssrc, number, position, due = random.getrandbits(32), 1, 0, time.monotonic()
        while not self.ended.is_set():
            chunk = SILENCE
            if self.audio and not self.muted:
                chunk = (self.audio + self.audio[:160])[position : position + 160]
                position = (position + 160) % len(self.audio)
            marker = 0x80 if number == 1 else 0
            header = struct.pack("!BBHII", 0x80, marker, number & 0xFFFF, (number * 160) & 0xFFFFFFFF, ssrc)
            self._rtp.sendto(header + chunk, self._rtp_to)
            number, due = number + 1, due + 0.02
            await asyncio.sleep(max(0.0, due - time.monotonic()))

    def _start_media(self, message: Message) -> None:
        self._rtp_to = message.rtp() or self._rtp_to
        if self._playing is None and self._rtp_to:
            self._playing = asyncio.ensure_future(self._play())

    def sdp(self, direction: str = "sendrecv") -> str:
        port = self._rtp.get_extra_info("sockname")[1]
        return (
            f"v=0\r\no=- 1 {self.cseq} IN IP4 {self.phone.ip}\r\ns=-\r\nc=IN IP4 {self.phone.ip}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=ptime:20\r\na={direction}\r\n"
        )

    # SIP

    def request(self, method: str, body: str = "", extra: str = "", cseq: int | None = None) -> int:
        if cseq is None:
            self.cseq += 1
            cseq = self.cseq
        phone = self.phone
        text = (
            f"{method} {self.target} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {phone.ip}:{phone.port};branch=z9hG4bK{random_hex()};rport\r\n"
            f"From: {self.local}\r\nTo: {self.remote}\r\nCall-ID: {self.call_id}\r\nCSeq: {cseq} {method}\r\n"
            f"Contact: <sip:{phone.user}@{phone.ip}:{phone.port}>\r\nMax-Forwards: 70\r\n"
            f"Allow: INVITE,ACK,BYE,CANCEL,REFER,NOTIFY,OPTIONS\r\n{extra}{_body(body)}"
        )
        phone.send(text)
        if method == "INVITE" and not self._invite_text:
            self._invite_text = text
        return cseq

    def respond(self, request: Message, code: int, reason: str, body: str = "") -> None:
        phone, headers = self.phone, request.headers
        to = headers["to"] if ";tag=" in headers["to"] else f"{headers['to']};tag={tag_of(self.local)}"
        vias = "".join(f"Via: {via}\r\n" for via in request.vias)
        routes = "".join(f"Record-Route: {route}\r\n" for route in request.routes)
        phone.send(
            f"SIP/2.0 {code} {reason}\r\n{vias}{routes}From: {headers['from']}\r\nTo: {to}\r\n"
            f"Call-ID: {headers['call-id']}\r\nCSeq: {headers['cseq']}\r\n"
            f"Contact: <sip:{phone.user}@{phone.ip}:{phone.port}>\r\n{_body(body)}"
        )

    def ring(self) -> None:
        self.respond(self.invite, 180, "Ringing")

    def answer(self) -> None:
        self.respond(self.invite, 200, "OK", self.sdp())
        self.answered.set()
        self._start_media(self.invite)

    def refuse(self, code: int = 486, reason: str = "Busy Here") -> None:
        self.respond(self.invite, code, reason)

    async def hold(self) -> int:
        self.muted = True
        return await self._reinvite("sendonly")

    async def unhold(self) -> int:
        self.muted = False
        return await self._reinvite("sendrecv")

    async def _reinvite(self, direction: str) -> int:
        number = self.request("INVITE", self.sdp(direction))
        code = await self._reply(number)
        self.request("ACK", cseq=number)
        return code

    async def refer(self, target: str, replaces: Call | None = None) -> int:
        """Blind transfer to an extension, or attended: to the peer of another call of this phone."""
        host, port = self.phone.peer
        uri = f"sip:{target}@{host}:{port}"
        if replaces is not None:
            dialogue = f"{replaces.call_id};to-tag={tag_of(replaces.remote)};from-tag={tag_of(replaces.local)}"
            uri += "?Replaces=" + dialogue.replace("@", "%40").replace(";", "%3B").replace("=", "%3D")
        extra = f"Refer-To: <{uri}>\r\nReferred-By: <sip:{self.phone.user}@{self.phone.ip}>\r\n"
        return await self._reply(self.request("REFER", extra=extra))

    async def bye(self) -> None:
        if self.ended.is_set():
            return
        number = self.request("BYE")
        with suppress(TimeoutError):  # The peer may be gone already.
            await self._reply(number, timeout_s=3)
        self.end()

    def cancel(self) -> None:
        text = self._invite_text.replace("INVITE ", "CANCEL ", 1).replace(" INVITE\r\n", " CANCEL\r\n")
        head = re.sub(r"Content-Type:.*?\r\n", "", text.split("\r\n\r\n")[0])
        self.phone.send(re.sub(r"Content-Length: \d+", "Content-Length: 0", head) + "\r\n\r\n")

    def end(self) -> None:
        """Stop the audio; the peer is told nothing."""
        self.ended.set()
        self.answered.set()
        if self._playing:
            self._playing.cancel()
        self._rtp.close()

    async def _reply(self, cseq: int, timeout_s: float = 10) -> int:
        future = self._replies.setdefault(cseq, asyncio.get_running_loop().create_future())
        return await asyncio.wait_for(future, timeout_s)

    # What arrives

    def on_request(self, message: Message) -> None:
        {"INVITE": self._on_reinvite, "ACK": self._ignore, "CANCEL": self._on_cancel, "BYE": self._on_bye}.get(
            message.method, self._on_other
        )(message)

    def _on_reinvite(self, message: Message) -> None:
        self.target = uri_of(message.headers["contact"])
        self._rtp_to = message.rtp() or self._rtp_to
        self.respond(message, 200, "OK", self.sdp())

    def _ignore(self, message: Message) -> None:
        pass

    def _on_cancel(self, message: Message) -> None:
        self.respond(message, 200, "OK")
        self.respond(self.invite, 487, "Request Terminated")
        self.end()

    def _on_bye(self, message: Message) -> None:
        self.respond(message, 200, "OK")
        self.end()

    def _on_other(self, message: Message) -> None:
        self.respond(message, 200, "OK")

    def on_response(self, message: Message) -> None:
        if message.code < 200:
            return
        if message.method == "INVITE":
            self.remote = message.headers["to"]
            if message.code < 300:
                self.target = uri_of(message.headers["contact"])
                self._start_media(message)
            if message.cseq == 1:
                self.request("ACK", cseq=1)
                self.final = message.code
                self.answered.set()
                if message.code >= 300:
                    self.end()
        future = self._replies.setdefault(message.cseq, asyncio.get_running_loop().create_future())
        if not future.done():
            future.set_result(message.code)


def _body(body: str) -> str:
    kind = "Content-Type: application/sdp\r\n" if body else ""
    return f"{kind}Content-Length: {len(body.encode())}\r\n\r\n{body}"


class Phone(asyncio.DatagramProtocol):
    """``user``@``ip``:``port`` (0: any), talking to the PBX at ``peer``; incoming calls ring and go to ``on_call``."""

    def __init__(
        self,
        user: str,
        ip: str,
        port: int,
        *,
        peer: tuple[str, int],
        audio: bytes = b"",
        on_call: Callable[[Call], Awaitable[None]] | None = None,
    ) -> None:
        self.user, self.ip, self.port, self.peer, self.audio = user, ip, port, peer, audio
        self.on_call = on_call
        self.calls: dict[str, Call] = {}
        self.incoming: asyncio.Queue[Call] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self._closed = asyncio.Event()

    async def start(self) -> Phone:
        loop = asyncio.get_running_loop()
        self._sip, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=(self.ip, self.port))
        self.port = self._sip.get_extra_info("sockname")[1]
        return self

    async def stop(self) -> None:
        """Hang up what is left and close."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for call in list(self.calls.values()):
            if call.answered.is_set():
                await call.bye()
            call.end()
        self._sip.close()
        await self._closed.wait()

    def connection_lost(self, exc: Exception | None) -> None:
        self._closed.set()

    def send(self, text: str) -> None:
        self._sip.sendto(text.encode(), self.peer)

    def datagram_received(self, data: bytes, addr: object) -> None:
        message = Message(data)
        call = self.calls.get(message.headers.get("call-id", ""))
        if call is not None:
            call.on_response(message) if message.code else call.on_request(message)
        elif message.method == "INVITE" and not message.code:
            self._tasks.append(asyncio.ensure_future(self._take(message)))

    async def _take(self, invite: Message) -> None:
        headers = invite.headers
        local = f"{headers['to']};tag={random_hex()}"
        call = Call(self, headers["call-id"], local, headers["from"], uri_of(headers["contact"]))
        call.invite = invite
        self.calls[call.call_id] = call
        await call.open_rtp()
        call.ring()
        self.incoming.put_nowait(call)
        if self.on_call:
            await self.on_call(call)

    async def call(self, number: str, *, from_user: str | None = None, display: str = "") -> Call:
        """Dial; the call is in progress when this returns."""
        user = from_user or self.user
        address = user if "@" in user else f"{user}@{self.ip}"
        name = f'"{display}" ' if display else ""
        uri = f"sip:{number}@{self.peer[0]}:{self.peer[1]}"
        local = f"{name}<sip:{address}>;tag={random_hex()}"
        call = Call(self, f"{random_hex(16)}@{self.ip}", local, f"<{uri}>", uri)
        await call.open_rtp()
        self.calls[call.call_id] = call
        call.request("INVITE", call.sdp(), cseq=1)
        return call
