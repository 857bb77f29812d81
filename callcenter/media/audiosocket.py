"""Where the PBX sends the voices of a call: one TCP connection per leg, only for UUIDs that were asked for."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

import structlog

from callcenter.clock import Clock, SystemClock
from callcenter.errors import Invalid, Unavailable
from callcenter.media.audiosocket_frames import AUDIO_RATE_HZ, FrameKind, FrameParser, encode_frame

log = structlog.get_logger(__name__)

HELLO_TIMEOUT_S = 5.0
"""A peer that has not named its UUID by then is cut."""
IDLE_TIMEOUT_S = 900.0
"""A phone on hold or with silence suppression sends nothing for minutes; a PBX that vanished sends nothing for ever."""
SWEEP_S = 1.0
QUEUE_FRAMES = 1500
"""Frames kept for a consumer that is late (30 s); older ones are dropped, and the time line fills their place."""
LATE_UUIDS = 1000


class LegEnd(StrEnum):
    """Why a leg's audio is over."""

    HANGUP = "hangup"
    EOF = "eof"
    NEVER_CONNECTED = "never_connected"
    IDLE = "idle"
    PROTOCOL = "protocol"
    PEER_ERROR = "peer_error"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class AudioFrame:
    """Mono signed 16-bit PCM and when it arrived (the clock's monotonic seconds)."""

    pcm: bytes
    at_monotonic: float
    sample_rate_hz: int = 8000


class LegStream:
    """One leg's audio: iterate to get frames in order; the iteration ends with the leg (``ended`` then says why)."""

    def __init__(self, uuid: UUID, on_close: Callable[[LegStream], None]) -> None:
        self.uuid = uuid
        self.connected = asyncio.Event()
        self.ended: LegEnd | None = None
        self.dropped_frames = 0
        self.on_hold = False
        """Its party put the other on hold: what comes is music for them, not a voice."""
        self._on_close = on_close
        self._send: Callable[[bytes], None] | None = None
        self._frames: deque[AudioFrame] = deque()
        self._wake = asyncio.Event()

    def put(self, frame: AudioFrame) -> None:
        """Add a frame; the oldest one goes when the consumer is too far behind."""
        if self.ended is not None:
            return
        if len(self._frames) >= QUEUE_FRAMES:
            self._frames.popleft()
            self.dropped_frames += 1
        self._frames.append(frame)
        self._wake.set()

    def connect(self, send: Callable[[bytes], None]) -> None:
        """The PBX is there; ``send`` takes PCM to it."""
        self._send = send
        self.connected.set()

    def send(self, pcm: bytes) -> None:
        """Let the PBX hear mono signed 16-bit 8 kHz PCM; only test calls do. Lost while nobody is connected."""
        if self._send is not None and self.ended is None:
            self._send(pcm)

    def end(self, why: LegEnd) -> None:
        """No more frames; those that came are still delivered. The first reason stays."""
        if self.ended is None:
            self.ended = why
        self._wake.set()

    async def aclose(self) -> None:
        """Stop listening: the connection is cut, a PBX that comes later is refused."""
        self.end(LegEnd.CLOSED)
        self._frames.clear()
        self._on_close(self)

    async def __aiter__(self) -> AsyncIterator[AudioFrame]:
        """Frames in order of arrival."""
        while True:
            while self._frames:
                yield self._frames.popleft()
            if self.ended is not None:
                return
            self._wake.clear()
            await self._wake.wait()


@dataclass(slots=True)
class _Expected:
    stream: LegStream
    until: float
    connection: _Connection | None = None


class AudioSocketServer:
    """Accepts the PBX's audio connections. ``counts`` tells what was refused and why (for /metrics).

    Keys of ``counts``: accepted, unknown_uuid, late_uuid, duplicate_uuid, too_many, no_hello, bad_frame, idle.
    """

    def __init__(self, host: str, port: int, *, clock: Clock | None = None, max_connections: int = 800) -> None:
        self._host = host
        self._port = port
        self._clock = clock or SystemClock()
        self._max_connections = max_connections
        self._server: asyncio.Server | None = None
        self._sweeper: asyncio.Task[None] | None = None
        self._expected: dict[UUID, _Expected] = {}
        self._late: deque[UUID] = deque(maxlen=LATE_UUIDS)
        self._connections: set[_Connection] = set()
        self.counts: Counter[str] = Counter()

    @property
    def port(self) -> int:
        """The port in use, also when 0 was asked for."""
        if self._server is None:
            return self._port
        return int(self._server.sockets[0].getsockname()[1])

    @property
    def connections(self) -> int:
        """Connections open now."""
        return len(self._connections)

    async def start(self) -> None:
        """Listen. Raises Unavailable when the port is taken."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(lambda: _Connection(self), self._host, self._port)
        except OSError as error:
            raise Unavailable(
                f"cannot listen on {self._host}:{self._port}: {error.strerror or error}",
                field="media.port",
                fix="choose a free port, or stop the program that holds it",
            ) from error
        self._sweeper = asyncio.create_task(self._sweep_forever(), name="audiosocket:sweep")

    def expect(self, uuid: UUID, timeout_s: float = 10.0) -> LegStream:
        """Accept one connection that says ``uuid`` within ``timeout_s``; after that it is refused as late."""
        stream = LegStream(uuid, self._closed_by_consumer)
        self._expected[uuid] = _Expected(stream, self._clock.monotonic() + timeout_s)
        return stream

    async def aclose(self) -> None:
        """Stop listening and end every leg."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
            self._sweeper = None
        for uuid in list(self._expected):
            self._forget(uuid, LegEnd.CLOSED)
        for connection in list(self._connections):
            connection.cut()
        if self._server is not None:
            self._server.close()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._server.wait_closed(), 1)
            self._server = None

    def sweep(self) -> None:
        """Give up legs that never came and connections that say nothing; called every second."""
        now = self._clock.monotonic()
        for uuid, expected in list(self._expected.items()):
            if expected.connection is None and now >= expected.until:
                self._late.append(uuid)
                self._forget(uuid, LegEnd.NEVER_CONNECTED)
        for connection in list(self._connections):
            connection.check_idle(now)

    async def _sweep_forever(self) -> None:
        while True:
            await self._clock.sleep(SWEEP_S)
            self.sweep()

    def _closed_by_consumer(self, stream: LegStream) -> None:
        expected = self._expected.get(stream.uuid)
        if expected is None or expected.stream is not stream:
            return
        self._late.append(stream.uuid)
        self._forget(stream.uuid, LegEnd.CLOSED)
        if expected.connection is not None:
            expected.connection.cut()

    def _forget(self, uuid: UUID, why: LegEnd) -> None:
        expected = self._expected.pop(uuid, None)
        if expected is not None:
            expected.stream.end(why)

    # -- called by connections ------------------------------------------------------------------------------------

    def opened(self, connection: _Connection) -> bool:
        """Count a connection in; False when there are too many."""
        if len(self._connections) >= self._max_connections:
            self.counts["too_many"] += 1
            return False
        self._connections.add(connection)
        return True

    def claim(self, uuid: UUID, connection: _Connection) -> LegStream | None:
        """The stream that waits for ``uuid``, or None when nobody asked for it (any more)."""
        expected = self._expected.get(uuid)
        if expected is None or expected.connection is not None:
            reason = "duplicate_uuid" if expected else "late_uuid" if uuid in self._late else "unknown_uuid"
            self.refuse(reason)
            return None
        expected.connection = connection
        self.counts["accepted"] += 1
        expected.stream.connect(connection.send)
        return expected.stream

    def refuse(self, reason: str) -> None:
        """Count and log a refusal."""
        self.counts[reason] += 1
        log.warning("audiosocket.refused", reason=reason)

    def closed(self, connection: _Connection, stream: LegStream | None, why: LegEnd) -> None:
        """Forget a connection and end its leg."""
        self._connections.discard(connection)
        if stream is not None:
            self._late.append(stream.uuid)
            self._forget(stream.uuid, why)

    def now(self) -> float:
        """The clock's monotonic seconds."""
        return self._clock.monotonic()


class _Connection(asyncio.Protocol):
    """One peer: first frame its UUID, then audio until hang-up, error or EOF."""

    def __init__(self, server: AudioSocketServer) -> None:
        self._server = server
        self._parser = FrameParser()
        self._transport: asyncio.Transport | None = None
        self._stream: LegStream | None = None
        self._why = LegEnd.EOF
        self._last_at = server.now()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if not self._server.opened(self):
            transport.abort()

    def data_received(self, received: bytes) -> None:
        self._last_at = self._server.now()
        try:
            for kind, payload in self._parser.push(received):
                self._frame(kind, payload)
        except Invalid as error:
            log.warning("audiosocket.bad_frame", reason=error.message)
            self._server.counts["bad_frame"] += 1
            self._cut(LegEnd.PROTOCOL)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - a reset is an end like any other
        self._server.closed(self, self._stream, self._why)

    def check_idle(self, now: float) -> None:
        """Cut a peer that has been silent for too long."""
        if self._stream is None and now - self._last_at >= HELLO_TIMEOUT_S:
            self._server.refuse("no_hello")
            self._cut(LegEnd.IDLE)
        elif now - self._last_at >= IDLE_TIMEOUT_S:
            self._server.counts["idle"] += 1
            self._cut(LegEnd.IDLE)

    def send(self, pcm: bytes) -> None:
        """One audio frame to the peer."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(encode_frame(FrameKind.AUDIO_8K, pcm))

    def cut(self) -> None:
        """Close at once."""
        self._cut(LegEnd.CLOSED)

    def _cut(self, why: LegEnd) -> None:
        self._why = why
        if self._transport is not None:
            self._transport.abort()

    def _frame(self, kind: FrameKind, payload: bytes) -> None:
        if self._transport is None or self._transport.is_closing():
            return
        if self._stream is None:
            self._hello(kind, payload)
        elif kind in AUDIO_RATE_HZ:
            if payload:
                self._stream.put(AudioFrame(payload, self._last_at, AUDIO_RATE_HZ[kind]))
        elif kind is FrameKind.HANGUP:
            self._cut(LegEnd.HANGUP)
        elif kind is FrameKind.ERROR:
            self._cut(LegEnd.PEER_ERROR)
        elif kind is FrameKind.UUID:
            raise Invalid("a second UUID on one connection", field="kind")
        # DTMF is neither speech nor ours to keep: keyed digits may be a card number.

    def _hello(self, kind: FrameKind, payload: bytes) -> None:
        if kind is not FrameKind.UUID or len(payload) != 16:
            raise Invalid("the first frame must be a UUID of 16 bytes", field="kind")
        self._stream = self._server.claim(UUID(bytes=payload), self)
        if self._stream is None:
            self._cut(LegEnd.PROTOCOL)
