"""What every engine shares: resample, judge, gate, decode utterances only, put their words on the leg's clock.

An engine implements ``UtteranceEngine`` and knows nothing of silence. The engine's clock counts only the audio it was
fed; within one utterance the two clocks run alike, so one offset per utterance maps its words.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from asr.audio import SAMPLE_BYTES, Framer, Resampler
from asr.endpointing import FRAME_MS, EndpointingRules, GateStep, SpeechGate
from asr.events import Final, Partial, SpeechEvent, Word
from asr.text import UNKNOWN_WORDS, join_words
from asr.vad import SpeechDetector

BLOCK_MS = 60
"""Engines are fed blocks of this length whatever was pushed: so a live leg and its recording give equal text."""
PARTIAL_EVERY_MS = 250
"""At most four partials a second of each utterance."""


@dataclass(frozen=True, slots=True)
class EngineWord:
    """A word on the engine's own clock (s of audio fed since it was made)."""

    word: str
    start_s: float
    end_s: float
    confidence: float


class UtteranceEngine(Protocol):
    """One recogniser of some engine; used by one thread at a time."""

    def feed(self, pcm: bytes) -> list[EngineWord]:
        """Decode a block; the words of an utterance when the engine itself found its end, else nothing."""
        ...

    def guess(self) -> str:
        """The words so far of the current utterance, separated by spaces."""
        ...

    def end_utterance(self) -> list[EngineWord]:
        """Decode to the last sample and start afresh."""
        ...


class GatedDecoder:
    """``asr.streaming.Decoder`` over an ``UtteranceEngine``, which is made when the first speech comes."""

    def __init__(
        self,
        make_engine: Callable[[], UtteranceEngine],
        *,
        sample_rate_hz: int,
        model_rate_hz: int,
        rules: EndpointingRules | None = None,
    ) -> None:
        self._make_engine = make_engine
        self._engine: UtteranceEngine | None = None
        self._resampler = Resampler(sample_rate_hz, model_rate_hz)
        self._bytes_per_ms = model_rate_hz * SAMPLE_BYTES // 1000
        self._framer = Framer(FRAME_MS * self._bytes_per_ms)
        self._detector = SpeechDetector(model_rate_hz)
        self._gate = SpeechGate(rules)
        self._block = b""
        self._heard_ms = 0
        self._fed_bytes = 0
        self._offset_ms = 0.0
        self._utterance_ms = 0
        self._guessed_at_ms = 0.0
        self._last_guess = ""
        self._settled_ms = 0

    @property
    def settled_ms(self) -> int:
        """Within an utterance where it began or its last words ended; in silence just before the pre-roll."""
        if self._gate.is_open:
            return self._settled_ms
        return max(self._settled_ms, self._heard_ms - self._gate.rules.pre_roll_ms)

    @property
    def wants_ms(self) -> int:
        """Until the first words of an utterance are out, what is missing of the block; a whole one at other times."""
        if not self._gate.is_open or self._last_guess:
            return BLOCK_MS
        return BLOCK_MS - len(self._block) // self._bytes_per_ms

    @property
    def fed_ms(self) -> float:
        """Audio the engine had to decode so far: the rest was silence."""
        return self._fed_bytes / self._bytes_per_ms

    def accept(self, pcm: bytes, *, partials: bool) -> list[SpeechEvent]:
        """Judge, gate and decode the next samples."""
        return self._frames(self._resampler.push(pcm), partials=partials)

    def flush(self) -> list[SpeechEvent]:
        """End the current utterance."""
        return self._step(self._gate.end(), partials=False)

    def finish(self) -> list[SpeechEvent]:
        """Decode what is left."""
        events = self._frames(self._resampler.finish(), partials=False)
        events += self._frames(self._framer.finish(), partials=False)
        return events + self.flush()

    def close(self) -> None:
        """Let the engine go."""
        self._engine = None

    def _frames(self, pcm: bytes, *, partials: bool) -> list[SpeechEvent]:
        events: list[SpeechEvent] = []
        for frame in self._framer.push(pcm):
            was_open = self._gate.is_open
            step = self._gate.push(frame, voiced=self._detector.is_speech(frame))
            self._heard_ms += FRAME_MS
            if self._gate.is_open and not was_open:
                self._begin(step)
            events += self._step(step, partials=partials)
        return events

    def _begin(self, step: GateStep) -> None:
        length_ms = len(step.audio) / self._bytes_per_ms
        self._offset_ms = self._heard_ms - length_ms - self.fed_ms
        self._settled_ms = max(self._settled_ms, round(self._heard_ms - length_ms))
        self._utterance_ms = max(0, self._heard_ms - self._gate.rules.open_window_ms)
        self._guessed_at_ms, self._last_guess = self.fed_ms, ""

    def _step(self, step: GateStep, *, partials: bool) -> list[SpeechEvent]:
        events: list[SpeechEvent] = []
        self._block += step.audio
        block_bytes = BLOCK_MS * self._bytes_per_ms
        while len(self._block) >= block_bytes or (step.ended and self._block):
            block, self._block = self._block[:block_bytes], self._block[block_bytes:]
            events += self._feed(block, partials=partials)
        if step.ended and self._engine is not None:
            events += self._final(self._engine.end_utterance())
        return events

    def _feed(self, block: bytes, *, partials: bool) -> list[SpeechEvent]:
        if self._engine is None:
            self._engine = self._make_engine()
        self._fed_bytes += len(block)
        words = self._engine.feed(block)
        if words:
            return self._final(words)
        # The first words of an utterance are looked for in every block: they are what the desk waits for.
        every_ms = PARTIAL_EVERY_MS if self._last_guess else BLOCK_MS
        if partials and self.fed_ms - self._guessed_at_ms >= every_ms:
            return self._partial(self._engine.guess())
        return []

    def _partial(self, guess: str) -> list[SpeechEvent]:
        self._guessed_at_ms = self.fed_ms
        text = join_words(guess.split())
        if not text or text == self._last_guess:
            return []
        self._last_guess = text
        return [Partial(text, self._utterance_ms)]

    def _final(self, found: list[EngineWord]) -> list[SpeechEvent]:
        words = tuple(
            Word(w.word, self._place(w.start_s), self._place(w.end_s), round(min(1.0, max(0.0, w.confidence)), 3))
            for w in found
            if w.word not in UNKNOWN_WORDS
        )
        self._utterance_ms = self._heard_ms
        self._last_guess = ""
        if not words:
            return []
        self._settled_ms = words[-1].end_ms
        text = join_words(w.word for w in words)
        return [Final(text, words[0].start_ms, words[-1].end_ms, words, _mean_confidence(words))]

    def _place(self, engine_s: float) -> int:
        return max(0, round(engine_s * 1000 + self._offset_ms))


def _mean_confidence(words: tuple[Word, ...]) -> float:
    lengths = [max(1, w.end_ms - w.start_ms) for w in words]
    return round(sum(w.confidence * n for w, n in zip(words, lengths, strict=True)) / sum(lengths), 3)
