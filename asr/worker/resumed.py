"""A stream that outlives its decoder: what is not settled yet is kept, and given to the next decoder."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace

import structlog

from asr.audio import SAMPLE_BYTES
from asr.errors import AsrError, EngineFailed, Overloaded
from asr.event_queue import EventQueue
from asr.events import Final, SpeechEvent
from asr.recognizer import RecognizerStream
from asr.worker.link import Clock

log = structlog.get_logger(__name__)

KEEP_MS = 60_000
"""Audio kept for a next decoder; utterances are half as long at most."""
PATIENCE_S = 10.0
"""So long a stream whose decoder is gone looks for another."""
RETRY_S = 0.5
TRIES = 3
"""Decoders that may fail one after another at the same place: it may be the audio that breaks them."""

OpenStream = Callable[[], Awaitable[RecognizerStream]]


class Unsettled:
    """Audio and ends of utterances from the settled place on. Pure; places in bytes from the first sample."""

    def __init__(self, sample_rate_hz: int) -> None:
        self._rate = sample_rate_hz
        self._pieces: deque[bytes | None] = deque()
        """None: the utterance ends here."""
        self.start_bytes = self.end_bytes = 0

    @property
    def start_ms(self) -> int:
        """Where what is kept begins, rounded down."""
        return self.start_bytes * 500 // self._rate

    @property
    def end_ms(self) -> int:
        """Audio pushed so far."""
        return self.end_bytes * 500 // self._rate

    def push(self, pcm: bytes) -> None:
        """Keep the next samples, and forget what is too old."""
        self._pieces.append(pcm)
        self.end_bytes += len(pcm)
        self.settle(self.end_ms - KEEP_MS)

    def flush(self) -> None:
        """The utterance ends here."""
        self._pieces.append(None)

    def settle(self, until_ms: int) -> None:
        """Forget what is before ``until_ms``."""
        until = min(self.end_bytes, until_ms * self._rate // 1000 * SAMPLE_BYTES)
        while self._pieces and self.start_bytes < until:
            piece = self._pieces.popleft()
            if piece is None:
                continue
            if self.start_bytes + len(piece) > until:
                self._pieces.appendleft(piece[until - self.start_bytes :])
                self.start_bytes = until
            else:
                self.start_bytes += len(piece)

    def replay(self, stream: RecognizerStream) -> None:
        """Give everything kept to ``stream``."""
        for piece in self._pieces:
            if piece is None:
                stream.flush()
            else:
                stream.push(piece)


class ResumedStream:
    """``RecognizerStream`` over decoders that ``open_stream`` makes one after another, as they are lost."""

    def __init__(self, open_stream: OpenStream, clock: Clock, *, sample_rate_hz: int) -> None:
        self._open_stream = open_stream
        self._clock = clock
        self._unsettled = Unsettled(sample_rate_hz)
        self._events = EventQueue()
        self._stream: RecognizerStream | None = None
        self._base_ms = self._told_ms = 0
        self._input_ended = False
        self._changed = asyncio.Event()
        self.resumed = 0
        self._task = asyncio.create_task(self._run(), name="asr:resumed")

    def push(self, pcm: bytes) -> None:
        """Take the next samples."""
        if not pcm or self._input_ended or self._events.over:
            return
        self._unsettled.push(pcm)
        if self._stream is not None:
            self._stream.push(pcm)
            self._unsettled.settle(self._base_ms + self._stream.settled_ms)

    def flush(self) -> None:
        """End the current utterance now."""
        if not self._input_ended and not self._events.over:
            self._unsettled.flush()
            if self._stream is not None:
                self._stream.flush()

    def end_input(self) -> None:
        """No more audio will come."""
        if not self._input_ended:
            self._input_ended = True
            if self._stream is not None:
                self._stream.end_input()

    @property
    def backlog_ms(self) -> int:
        """Audio pushed and not decoded, as far as is known."""
        if self._events.over:
            return 0
        if self._stream is None:
            return self._unsettled.end_ms - self._unsettled.start_ms
        return self._stream.backlog_ms

    @property
    def settled_ms(self) -> int:
        """Everything said before this place has been told, and read."""
        if not self._events.has_final:
            self._told_ms = self._unsettled.start_ms
        return self._told_ms

    @property
    def over(self) -> bool:
        """Nothing more will be heard of it."""
        return self._events.over

    async def drain(self) -> None:
        """Return when all audio pushed so far has been decoded, by whichever decoder, or the stream is over."""
        while self.backlog_ms > 0:
            self._changed.clear()
            if self._stream is None:
                await self._changed.wait()
            else:
                await self._stream.drain()
                await asyncio.sleep(0)

    async def aclose(self) -> None:
        """Stop at once."""
        self._input_ended = True
        self._events.drop()
        self._task.cancel()
        await asyncio.wait({self._task})

    def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        """Partials and finals in time order."""
        return aiter(self._events)

    async def _run(self) -> None:
        try:
            stream = await self._open_stream()
            failures = 0
            while (lost := await self._read(stream)) is not None:
                before_ms = self._base_ms
                log.warning("asr.resumed", reason=lost.message, from_ms=self._unsettled.start_ms)
                stream = await self._open_again()
                self.resumed += 1
                failures = failures + 1 if self._unsettled.start_ms == before_ms else 1
                if failures > TRIES:
                    await stream.aclose()
                    raise EngineFailed(f"{failures} decoders failed at the same place: {lost.message}") from lost
        except AsrError as error:
            self._events.end(error)
        finally:
            self._events.end()
            self._changed.set()

    async def _read(self, stream: RecognizerStream) -> AsrError | None:
        """Pass on what a decoder says until its end: None, or the error after which another may go on."""
        self._base_ms = self._unsettled.start_ms
        self._stream = stream
        self._unsettled.replay(stream)
        if self._input_ended:
            stream.end_input()
        self._changed.set()
        try:
            async for event in stream:
                self._events.put(self._on_our_clock(event))
                self._unsettled.settle(self._base_ms + stream.settled_ms)
        except AsrError as error:
            if not error.recoverable:
                raise
            return error
        finally:
            self._stream = None
            await stream.aclose()
        return None

    async def _open_again(self) -> RecognizerStream:
        """Raises Overloaded when nobody had room for ``PATIENCE_S``."""
        until_s = self._clock.monotonic() + PATIENCE_S
        while True:
            try:
                return await self._open_stream()
            except Overloaded:
                if self._clock.monotonic() >= until_s:
                    raise
            await self._clock.sleep(RETRY_S)

    def _on_our_clock(self, event: SpeechEvent) -> SpeechEvent:
        by_ms = self._base_ms
        if not by_ms:
            return event
        if not isinstance(event, Final):
            return replace(event, start_ms=event.start_ms + by_ms)
        words = tuple(replace(w, start_ms=w.start_ms + by_ms, end_ms=w.end_ms + by_ms) for w in event.words)
        return replace(event, start_ms=event.start_ms + by_ms, end_ms=event.end_ms + by_ms, words=words)
