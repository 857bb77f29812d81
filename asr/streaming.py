"""A recogniser stream around a plain decoder: keeps the order, decodes elsewhere, coalesces partials.

Engines implement ``Decoder`` (synchronous, one thread at a time) and get the asynchronous contract of
``asr.recognizer`` from ``DecodedStream``.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from typing import Protocol

from asr.audio import duration_ms
from asr.errors import AsrError, EngineFailed
from asr.event_queue import EventQueue
from asr.events import SpeechEvent

BATCH_MS = 60
"""Audio goes to the decoder in pieces of at least this length: a thread hop per 20 ms costs more than it gives. One
that is cut shorter by ``Decoder.wants_ms`` puts the following ones in step with the decoder."""
SLICE_MS = 1000
"""... and at most this, so that streams share the threads fairly."""
PARTIALS_UNTIL_MS = 1000
"""With a larger backlog no partials are computed: under overload they are the first thing to go."""


class Decoder(Protocol):
    """Speech to text for one stream, in the caller's thread; never entered by two threads at once."""

    def accept(self, pcm: bytes, *, partials: bool) -> list[SpeechEvent]:
        """Take the next samples; return what they led to, partials only if wanted."""
        ...

    def flush(self) -> list[SpeechEvent]:
        """End the current utterance."""
        ...

    def finish(self) -> list[SpeechEvent]:
        """All audio has been given; nothing follows."""
        ...

    def close(self) -> None:
        """Free what the engine holds."""
        ...

    @property
    def settled_ms(self) -> int:
        """Everything said before this place has been returned."""
        ...

    @property
    def wants_ms(self) -> int:
        """So much more audio is worth a call of ``accept``: less would only be kept for the next."""
        ...


SpeechEvents = list[SpeechEvent]
Job = Callable[[], SpeechEvents]
Runner = Callable[[Job], Awaitable[SpeechEvents]]
"""Runs a job somewhere and gives its result: in a thread pool, or right here."""


async def run_inline(job: Job) -> SpeechEvents:
    """A runner without threads."""
    return job()


def always() -> bool:
    """Nothing has to be saved."""
    return True


@dataclass(frozen=True, slots=True)
class _Flush:
    last: bool


class DecodedStream:
    """``RecognizerStream`` over a ``Decoder``; create it on a running event loop."""

    def __init__(
        self,
        decoder: Decoder,
        runner: Runner,
        *,
        sample_rate_hz: int,
        on_end: Callable[[DecodedStream], None] = lambda _stream: None,
        wants_partials: Callable[[], bool] = always,
    ) -> None:
        self._decoder = decoder
        self._runner = runner
        self._rate = sample_rate_hz
        self._on_end = on_end
        self._wants_partials = wants_partials
        self._settled_ms = self._told_ms = 0
        self._batch_ms = decoder.wants_ms
        self._work: deque[bytes | _Flush] = deque()
        self._pending_bytes = 0
        self._input_ended = False
        self._events = EventQueue()
        self._work_came = asyncio.Event()
        self._drained = asyncio.Event()
        self._drained.set()
        self._task = asyncio.create_task(self._decode_all(), name="asr:stream")

    def push(self, pcm: bytes) -> None:
        """Take the next samples."""
        if not pcm or self._input_ended or self._events.over:
            return
        self._work.append(pcm)
        self._pending_bytes += len(pcm)
        self._drained.clear()
        if self.backlog_ms >= self._batch_ms:
            self._work_came.set()

    def flush(self) -> None:
        """End the current utterance now."""
        if not self._input_ended:
            self._mark(_Flush(last=False))

    def end_input(self) -> None:
        """No more audio will come."""
        if not self._input_ended:
            self._input_ended = True
            self._mark(_Flush(last=True))

    @property
    def backlog_ms(self) -> int:
        """Audio pushed and not yet decoded."""
        return self._pending_bytes * 500 // self._rate

    @property
    def settled_ms(self) -> int:
        """Everything said before this place has been told, and read."""
        if not self._events.has_final:
            self._told_ms = self._settled_ms
        return self._told_ms

    async def drain(self) -> None:
        """Return when all audio pushed so far has been decoded, or the stream is over."""
        if not self._drained.is_set():
            self._work_came.set()
            await self._drained.wait()

    async def aclose(self) -> None:
        """Stop at once; what is being decoded in a thread at this moment is waited for and dropped."""
        self._input_ended = True
        self._work.clear()
        self._events.drop()
        self._work_came.set()
        await asyncio.wait({self._task})

    def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        """Partials and finals in time order."""
        return aiter(self._events)

    def _mark(self, mark: _Flush) -> None:
        self._work.append(mark)
        self._work_came.set()

    async def _decode_all(self) -> None:
        failure: AsrError | None = None
        try:
            while not self._events.over:
                await self._work_came.wait()
                self._work_came.clear()
                while self._work and not self._events.over:
                    await self._decode_next()
        except AsrError as error:
            failure = error
        # The border to foreign code: whatever an engine raises ends this stream and no other.
        except Exception as error:  # noqa: BLE001
            failure = EngineFailed(f"the engine failed while decoding: {error!r}")
            failure.__cause__ = error
        finally:
            self._end(failure)

    async def _decode_next(self) -> None:
        first = self._work[0]
        if isinstance(first, _Flush):
            self._work.popleft()
            self._emit(await self._runner(self._decoder.finish if first.last else self._decoder.flush))
            if first.last:
                self._events.end()
            return
        partials = (self.backlog_ms <= PARTIALS_UNTIL_MS or self._input_ended) and self._wants_partials()
        pcm = self._take_slice()
        self._emit(await self._runner(lambda: self._decoder.accept(pcm, partials=partials)))
        self._pending_bytes = max(0, self._pending_bytes - len(pcm))
        if not self._pending_bytes:
            self._drained.set()

    def _take_slice(self) -> bytes:
        pieces: list[bytes] = []
        taken_ms = 0
        while self._work and taken_ms < SLICE_MS:
            piece = self._work[0]
            if isinstance(piece, _Flush):
                break
            pieces.append(piece)
            taken_ms += duration_ms(piece, self._rate)
            self._work.popleft()
        return b"".join(pieces)

    def _emit(self, events: SpeechEvents) -> None:
        self._settled_ms, self._batch_ms = self._decoder.settled_ms, self._decoder.wants_ms
        for event in events:
            self._events.put(event)

    def _end(self, failure: AsrError | None) -> None:
        self._events.end(failure)
        self._work.clear()
        self._pending_bytes = 0
        self._decoder.close()
        self._drained.set()
        self._on_end(self)
