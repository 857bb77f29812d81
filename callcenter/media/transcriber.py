"""From sound to segments on the bus: admission, one recogniser stream per speaker, a second try after a failure."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Literal

import structlog

from asr.errors import AsrError, Overloaded
from asr.events import Final, SpeechEvent, Word
from asr.recognizer import Recognizer, RecognizerStream
from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.ids import new_id
from callcenter.media.events import (
    HeardName,
    HeardWord,
    SegmentHeard,
    Speaker,
    SpeechPartial,
    TranscriptUnavailable,
)
from callcenter.media.journalled_stream import JournalledStream
from callcenter.storage.journal import OFF, Journal

log = structlog.get_logger(__name__)

FINISH_TIMEOUT_S = 15.0

FindNames = Callable[[str, str, Sequence[Word]], tuple[HeardName, ...]]
"""(call_id, text, words) → names that are meant by what was heard in a call, in order; the words cover the text and say
how sure it is."""


def no_names(_call_id: str, _text: str, _words: Sequence[Word]) -> tuple[HeardName, ...]:
    """Where nothing is to be put right."""
    return ()


Reason = Literal["no_model", "overloaded", "engine_failed"]


class Transcriber:
    """The recogniser with a limit. ``counts``: opened, no_model, overloaded, engine_failed, reopened (for /metrics)."""

    def __init__(
        self,
        recognizer: Recognizer | None,
        *,
        bus: Bus,
        clock: Clock,
        max_streams: int = 400,
        journal: Journal = OFF,
        find_names: FindNames = no_names,
    ) -> None:
        self._recognizer = recognizer
        self._bus = bus
        self._clock = clock
        self._max_streams = max_streams
        self._journal = journal
        self._find_names = find_names
        self._open = 0
        self.counts: Counter[str] = Counter()

    @property
    def open_streams(self) -> int:
        """Legs being transcribed now."""
        return self._open

    def transcript(self, call_id: str, speaker: Speaker, sample_rate_hz: int) -> SpeakerTranscript:
        """The transcript of one speaker of a call; a stream is opened with the first sound."""
        return SpeakerTranscript(self, call_id, speaker, sample_rate_hz)

    def open(self, call_id: str, speaker: Speaker, sample_rate_hz: int, offset_ms: int) -> RecognizerStream | Reason:
        """A stream, or why there is none. Every stream is to be given back with ``release``.

        Its first sample is at ``offset_ms`` of the call. With audio in the journal, what it is given is kept.
        """
        if self._recognizer is None:
            return "no_model"
        if self._open >= self._max_streams:
            return "overloaded"
        try:
            stream = self._recognizer.open(sample_rate_hz=sample_rate_hz)
        except Overloaded:
            return "overloaded"
        self._open += 1
        self.counts["opened"] += 1
        if not self._journal.audio:
            return stream
        about = {"call_id": call_id, "speaker": speaker, "sample_rate_hz": sample_rate_hz, "offset_ms": offset_ms}
        return JournalledStream(stream, self._journal, about)

    def release(self) -> None:
        """A stream is over."""
        self._open -= 1

    def publish(self, event: SpeechPartial | SegmentHeard) -> None:
        """Tell the bus."""
        self._bus.publish(event)

    def give_up(self, call_id: str, speaker: Speaker, reason: Reason) -> None:
        """Say that a speaker gets no (more) transcript."""
        self.counts[reason] += 1
        log.warning("transcript.unavailable", call_id=call_id, speaker=speaker, reason=reason)
        self._bus.publish(TranscriptUnavailable(at=self._clock.now(), call_id=call_id, speaker=speaker, reason=reason))

    def as_event(
        self, heard: SpeechEvent, call_id: str, speaker: Speaker, offset_ms: int
    ) -> SpeechPartial | SegmentHeard:
        """A recogniser's event on the call's clock."""
        start_ms = heard.start_ms + offset_ms
        if not isinstance(heard, Final):
            return SpeechPartial(
                at=self._clock.now(), call_id=call_id, speaker=speaker, text=heard.text, start_ms=start_ms
            )
        return SegmentHeard(
            at=self._clock.now(),
            call_id=call_id,
            segment_id=new_id(),
            speaker=speaker,
            start_ms=start_ms,
            end_ms=heard.end_ms + offset_ms,
            text=heard.text,
            confidence=heard.confidence,
            words=tuple(
                HeardWord(w.word, w.start_ms + offset_ms, w.end_ms + offset_ms, w.confidence) for w in heard.words
            ),
            names=self._find_names(call_id, heard.text, heard.words),
        )


class SpeakerTranscript:
    """One speaker through a call. ``push`` takes the gapless time line; after a failure one new stream is tried."""

    def __init__(self, transcriber: Transcriber, call_id: str, speaker: Speaker, sample_rate_hz: int) -> None:
        self._transcriber = transcriber
        self._call_id = call_id
        self._speaker = speaker
        self._rate = sample_rate_hz
        self._stream: RecognizerStream | None = None
        self._task: asyncio.Task[None] | None = None
        self._tries_left = 2
        self._started = False

    @property
    def started(self) -> bool:
        """Whether sound was pushed: from then on every bit of the time line must follow, silence too."""
        return self._started

    def push(self, pcm: bytes, at_ms: int) -> None:
        """Take the sound that starts at ``at_ms`` of the call."""
        self._started = True
        if self._stream is None and self._tries_left:
            self._start(at_ms)
        if self._stream is not None:
            self._stream.push(pcm)

    def flush(self) -> None:
        """Somebody else speaks from here on: end the utterance."""
        if self._stream is not None:
            self._stream.flush()

    async def finish(self) -> None:
        """Return when the last words are published; a decoder that hangs is left behind after ``FINISH_TIMEOUT_S``."""
        self._tries_left = 0
        stream, task = self._stream, self._task
        if stream is not None:
            stream.end_input()
        if task is not None and (await asyncio.wait({task}, timeout=FINISH_TIMEOUT_S))[1]:
            log.error("transcript.hangs", call_id=self._call_id, speaker=self._speaker)
            task.cancel()
            await asyncio.wait({task})

    def _start(self, at_ms: int) -> None:
        self._tries_left -= 1
        opened = self._transcriber.open(self._call_id, self._speaker, self._rate, at_ms)
        if isinstance(opened, str):
            self._tries_left = 0
            self._transcriber.give_up(self._call_id, self._speaker, opened)
            return
        self._stream = opened
        self._task = asyncio.create_task(self._publish_all(opened, at_ms), name=f"transcript:{self._speaker}")

    async def _publish_all(self, stream: RecognizerStream, offset_ms: int) -> None:
        try:
            async for heard in stream:
                self._transcriber.publish(self._transcriber.as_event(heard, self._call_id, self._speaker, offset_ms))
        except AsrError as error:
            self._failed(error)
        finally:
            self._stream = None
            self._transcriber.release()
            await stream.aclose()

    def _failed(self, error: AsrError) -> None:
        if isinstance(error, Overloaded):
            self._tries_left = 0
            self._transcriber.give_up(self._call_id, self._speaker, "overloaded")
            return
        log.error("transcript.engine_failed", call_id=self._call_id, speaker=self._speaker, reason=error.message)
        if error.recoverable and self._tries_left:
            self._transcriber.counts["reopened"] += 1
            return
        self._tries_left = 0
        self._transcriber.give_up(self._call_id, self._speaker, "engine_failed")
