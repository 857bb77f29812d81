"""An engine for tests: says what it was told to say, when that much audio has been pushed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from asr.audio import SAMPLE_BYTES
from asr.errors import EngineFailed, Overloaded
from asr.events import Final, Partial, SpeechEvent
from asr.recognizer import Capabilities, Load
from asr.streaming import BATCH_MS, DecodedStream, run_inline


@dataclass(frozen=True, slots=True)
class Fail:
    """Make the engine fail once ``at_ms`` of audio have been pushed."""

    at_ms: int
    message: str = "scripted failure"


Script = Sequence[SpeechEvent | Fail]
"""In time order: a Partial is said at its ``start_ms``, a Final at its ``end_ms``."""


class ScriptedRecognizer:
    """``asr.recognizer.Recognizer``: the n-th stream opened speaks the n-th script, later ones say nothing."""

    def __init__(self, *scripts: Script, room: int | None = None) -> None:
        """``room``: streams at once, None for any number."""
        self._scripts = list(scripts)
        self.room = room
        self._streams: set[DecodedStream] = set()
        self.opened = 0

    @property
    def capabilities(self) -> Capabilities:
        """8 kHz with everything but grammars."""
        return Capabilities(partials=True, word_times=True, grammar=False, sample_rate_hz=8000)

    @property
    def load(self) -> Load:
        """Busy is all or nothing: whether there is room."""
        backlog_ms = max((stream.backlog_ms for stream in self._streams), default=0)
        free = self.room is None or len(self._streams) < self.room
        return Load(len(self._streams), 0.0 if free else 1.0, backlog_ms, accepting=free, spare=free)

    def open(
        self,
        *,
        sample_rate_hz: int,
        vocabulary: tuple[str, ...] = (),  # noqa: ARG002
        live: bool = True,
        resumed: bool = False,
    ) -> DecodedStream:
        """Start the next script. Raises Overloaded without room, unless ``resumed``."""
        if not (resumed or self.load.accepting):
            raise Overloaded("scripted overload")
        script = self._scripts.pop(0) if self._scripts else ()
        self.opened += 1
        stream = DecodedStream(
            _ScriptedDecoder(script, sample_rate_hz),
            run_inline,
            sample_rate_hz=sample_rate_hz,
            on_end=self._streams.discard,
            wants_partials=lambda: live,
        )
        self._streams.add(stream)
        return stream

    async def aclose(self) -> None:
        """Close every stream."""
        for stream in list(self._streams):
            await stream.aclose()


class _ScriptedDecoder:
    def __init__(self, script: Script, sample_rate_hz: int) -> None:
        self._script = list(script)
        self._rate = sample_rate_hz
        self._bytes = 0

    @property
    def _now_ms(self) -> int:
        return self._bytes // SAMPLE_BYTES * 1000 // self._rate

    def accept(self, pcm: bytes, *, partials: bool) -> list[SpeechEvent]:
        self._bytes += len(pcm)
        said = []
        while self._script and _due_ms(self._script[0]) <= self._now_ms:
            item = self._script.pop(0)
            if isinstance(item, Fail):
                raise EngineFailed(item.message)
            if partials or not isinstance(item, Partial):
                said.append(item)
        return said

    def flush(self) -> list[SpeechEvent]:
        begun = [e for e in self._script if isinstance(e, Final) and e.start_ms < self._now_ms]
        self._script = [e for e in self._script if e not in begun]
        return [replace(e, end_ms=min(e.end_ms, self._now_ms)) for e in begun]

    def finish(self) -> list[SpeechEvent]:
        return self.flush()

    def close(self) -> None:
        self._script.clear()

    wants_ms = BATCH_MS

    @property
    def settled_ms(self) -> int:
        """Up to the utterance that is being said."""
        begun = [item.start_ms for item in self._script if isinstance(item, Final)]
        return min([self._now_ms, *begun])


def _due_ms(item: SpeechEvent | Fail) -> int:
    if isinstance(item, Fail):
        return item.at_ms
    return item.end_ms if isinstance(item, Final) else item.start_ms
