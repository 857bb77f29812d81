"""The AudioSocket client of the simulated PBX: what Asterisk does for ``Originate`` of ChanSpy into AudioSocket.

Frames: one byte kind, two bytes big-endian length, payload. 0x01 the tap's uuid (16 bytes, first), 0x10 signed linear
16 bit 8 kHz (320 bytes each 20 ms). The end of the tapped leg is the end of the connection, as with Asterisk.
"""

from __future__ import annotations

import asyncio
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass

from callcenter.clock import Clock
from callcenter.telephony.simulator.audio import FRAME_S, SILENCE, frame
from callcenter.telephony.simulator.call import PlacedCall, Side

UUID_FRAME = b"\x01\x00\x10"
SLIN_FRAME = b"\x10\x01\x40"
BACKLOG_BYTES = 64 * 1024
"""What may wait for a receiver that does not read; frames beyond it are lost, as on a PBX."""

_TARGET = re.compile(r"^AudioSocket/(?P<host>[^:/]+):(?P<port>\d{1,5})/(?P<uuid>[0-9a-f-]{36})$")


@dataclass(frozen=True, slots=True)
class TapTarget:
    """Where a tap's audio goes, read from the Channel header of its Originate."""

    host: str
    port: int
    tap_uuid: uuid.UUID

    @classmethod
    def parse(cls, channel: str) -> TapTarget | None:
        """None when it is not ``AudioSocket/host:port/uuid``."""
        found = _TARGET.match(channel)
        if found is None:
            return None
        return cls(found["host"], int(found["port"]), uuid.UUID(found["uuid"]))

    @classmethod
    def from_application(cls, data: str) -> TapTarget | None:
        """The same from the arguments of the application AudioSocket: ``uuid,host:port``."""
        tap_uuid, _, address = data.partition(",")
        return cls.parse(f"AudioSocket/{address}/{tap_uuid}")


class Tap(asyncio.Protocol):
    """One connection to a receiver, fed by the pump."""

    def __init__(self, on_closed: Callable[[], None]) -> None:
        self._on_closed = on_closed
        self._transport: asyncio.Transport | None = None
        self.call: PlacedCall | None = None
        self.side = Side.CALLER
        self.started = 0.0
        self.sent = 0
        self.heard_by: list[Callable[[bytes], None]] = []
        """Who gets what the receiver itself says: it speaks in test calls only."""
        self._position: int | None = None
        """The recording's next frame, once it plays; counted, because rounding moments would skip and repeat some."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Connected to the receiver."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def connection_lost(self, _exc: Exception | None) -> None:
        """Either side closed it."""
        self._transport = None
        self._on_closed()

    def data_received(self, data: bytes) -> None:
        """Pass on what the receiver says, as it comes: whole frames are cut by those who read it."""
        for hear in tuple(self.heard_by):
            hear(data)

    def say(self, frames: bytes) -> None:
        """Send frames to the receiver as they are."""
        if self._transport is not None:
            self._transport.write(frames)

    def greet(self, tap_uuid: uuid.UUID) -> None:
        """Say which tap this is: the first frame."""
        if self._transport is not None:
            self._transport.write(UUID_FRAME + tap_uuid.bytes)

    def close(self) -> None:
        """End the stream."""
        if self._transport is not None:
            self._transport.close()

    def feed(self, now: float) -> None:
        """Send every frame that is due at ``now``."""
        due = int((now - self.started) / FRAME_S)
        chunks = []
        while self.sent < due:
            pcm = self._pcm(self.started + self.sent * FRAME_S)
            self.sent += 1
            if pcm is not None:
                chunks.append(SLIN_FRAME + pcm)
        transport = self._transport
        if chunks and transport is not None and transport.get_write_buffer_size() < BACKLOG_BYTES:
            transport.write(b"".join(chunks))

    def _pcm(self, at: float) -> bytes | None:
        """The leg's sound at a moment; a phone that has not answered sends nothing."""
        call = self.call
        if call is None or call.answered_at is None or at < call.answered_at:
            return SILENCE if self.side is Side.CALLER else None
        position = int((at - call.answered_at) / FRAME_S) if self._position is None else self._position
        self._position = position + 1
        if call.audio is None or (self.side is Side.AGENT and call.agent is not None and call.agent.on_hold):
            return SILENCE
        pcm = call.audio.caller if self.side is Side.CALLER else call.audio.agent
        return frame(pcm, position)


class AudioPump:
    """One task that feeds all taps every 20 ms, so that hundreds of legs cost one timer."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._taps: set[Tap] = set()
        self._task: asyncio.Task[None] | None = None

    async def connect(self, target: TapTarget, *, on_closed: Callable[[], None]) -> Tap:
        """Open the connection and send the uuid; raises OSError when nobody listens there."""
        loop = asyncio.get_running_loop()
        _, tap = await loop.create_connection(lambda: Tap(on_closed), target.host, target.port)
        tap.greet(target.tap_uuid)
        return tap

    def play(self, tap: Tap, call: PlacedCall, side: Side) -> None:
        """Start sending that side of the call."""
        tap.call, tap.side, tap.started = call, side, self._clock.monotonic()
        self._taps.add(tap)
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="simulator-audio")

    def stop(self, tap: Tap) -> None:
        """Send what is due still, then close the connection."""
        if tap in self._taps:
            self._taps.discard(tap)
            tap.feed(self._clock.monotonic())
        tap.close()

    async def aclose(self) -> None:
        """Close every tap."""
        for tap in list(self._taps):
            self.stop(tap)
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _run(self) -> None:
        while True:
            now = self._clock.monotonic()
            for tap in list(self._taps):
                tap.feed(now)
            await self._clock.sleep(FRAME_S)
