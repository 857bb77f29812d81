"""What a live tap delivers, received and taken apart by the test itself."""

from __future__ import annotations

import asyncio
import uuid
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import numpy as np

MULAW = np.array(
    [
        (1 if byte & 0x80 else -1) * ((((~byte & 0x0F) << 3) + 0x84 << ((~byte & 0x70) >> 4)) - 0x84)
        for byte in range(256)
    ],
    dtype=np.int16,
)
"""G.711: linear value of each mu-law byte."""


class TapReceiver:
    """``pcm[uuid]`` grows with each tap's audio (16 bit, 8 kHz); ``closed[uuid]`` is set at its end."""

    def __init__(self) -> None:
        self.pcm: defaultdict[uuid.UUID, bytearray] = defaultdict(bytearray)
        self.closed: defaultdict[uuid.UUID, asyncio.Event] = defaultdict(asyncio.Event)
        self.port = 0
        self._more = asyncio.Event()
        self._writers: set[asyncio.StreamWriter] = set()

    async def wait(self, tap: uuid.UUID, count: int) -> None:
        """Return when a tap has delivered ``count`` bytes of audio."""
        while len(self.pcm[tap]) < count:
            self._more.clear()
            await self._more.wait()

    def close(self) -> None:
        """Drop what is still connected."""
        for writer in self._writers:
            writer.close()

    async def take(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        tap = uuid.UUID(int=0)
        try:
            while True:
                kind, *size = await reader.readexactly(3)
                payload = await reader.readexactly(int.from_bytes(bytes(size), "big"))
                if kind == 0x01:
                    tap = uuid.UUID(bytes=payload)
                elif kind == 0x10:
                    self.pcm[tap] += payload
                    self._more.set()
        except asyncio.IncompleteReadError:
            self.closed[tap].set()
        finally:
            self._writers.discard(writer)
            writer.close()


@asynccontextmanager
async def tap_receiver() -> AsyncIterator[TapReceiver]:
    """An AudioSocket server on a free port."""
    receiver = TapReceiver()
    server = await asyncio.start_server(receiver.take, "127.0.0.1", 0)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        receiver.close()
        await asyncio.sleep(0)


def likeness(heard: bytes, spoken_mulaw: bytes) -> float:
    """How much of ``spoken`` is in ``heard`` at the best offset: 1 all of it, near 0 something else."""
    one = np.frombuffer(bytes(heard), dtype="<i2").astype(float)
    two = MULAW[np.frombuffer(spoken_mulaw, dtype=np.uint8)].astype(float)
    size = 1 << int(np.ceil(np.log2(len(one) + len(two))))
    match = np.fft.irfft(np.fft.rfft(one, size) * np.conj(np.fft.rfft(two, size)), size)
    return float(match.max() / (np.linalg.norm(two) ** 2))
