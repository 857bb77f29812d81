"""The recogniser as a port.

Contract (tests/contract/test_recognizer.py runs over every engine):

- A ``Recognizer`` is loaded once per process (``load`` may take seconds and memory); it opens any number of streams.
- A stream belongs to one leg of one call. ``push``, ``flush`` and ``end_input`` are called on the event loop, return at
  once and keep their order; decoding happens elsewhere and never blocks the loop.
- Audio is mono signed 16-bit little-endian PCM at ``sample_rate_hz`` given to ``open``; the engine resamples if its
  model's rate differs. Any chunk size is accepted; an odd byte at the end of a chunk is kept for the next.
- Iterating yields ``Partial`` (may be coalesced or dropped under load) and ``Final`` events in time order and ends
  after ``end_input`` once all audio is decoded, or after ``aclose``.
- ``flush`` ends the current utterance: its Final comes without waiting for silence.
- ``settled_ms`` is how far everything said has been told: nothing before it will be heard of again. A stream that has
  to be replaced is replaced by one that is given the audio from there on.
- ``drain`` lets a reader of files go no faster than the decoder; ``backlog_ms`` tells how far decoding is behind.
- ``aclose`` stops at once, drops what is pending and is safe to call twice.
- An engine at its limit refuses a new stream with ``Overloaded``, from ``open`` or from the iteration: partials are
  dropped before that, and a stream that was let in is never cut for it. ``live=False`` is for work that nobody waits
  for: no partials, decoded with the time that the live streams leave, refused while they leave little.
- ``resumed=True`` is for a stream that was let in before and lost its decoder: it is never refused for want of room.
- A failure inside the engine is raised from the iteration as ``AsrError`` (``recoverable`` says if a new stream may
  work); other streams are not affected.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Protocol

from asr.events import SpeechEvent


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What an engine can do, declared rather than discovered."""

    partials: bool
    word_times: bool
    grammar: bool
    """Accepts ``vocabulary`` at ``open``: its phrases are preferred."""
    sample_rate_hz: int
    """The model's own rate."""
    only: bool = False
    """With ``grammar``: nothing but the vocabulary is recognised, all else counts as not understood."""


@dataclass(frozen=True, slots=True)
class Load:
    """How busy an engine is. ``busy`` is the share of its decoders' time, the real-time factor of all streams."""

    streams: int = 0
    busy: float = 0.0
    backlog_ms: int = 0
    """The largest backlog among the live streams."""
    accepting: bool = True
    """Whether a new live stream would be let in."""
    partials: bool = True
    """False while guesses are left out to save time."""
    spare: bool = True
    """Whether there is room for a stream with ``live=False``."""


class RecognizerStream(Protocol):
    """One leg being recognised; see the module for the contract."""

    def push(self, pcm: bytes) -> None:
        """Take the next samples."""
        ...

    def flush(self) -> None:
        """End the current utterance now."""
        ...

    def end_input(self) -> None:
        """No more audio will come."""
        ...

    @property
    def backlog_ms(self) -> int:
        """Audio pushed and not yet decoded: the measure of overload."""
        ...

    @property
    def settled_ms(self) -> int:
        """Everything said before this place of the stream has been told."""
        ...

    async def drain(self) -> None:
        """Return when all audio pushed so far has been taken by the decoder, or the stream is over."""
        ...

    async def aclose(self) -> None:
        """Stop and free everything."""
        ...

    def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        """Partials and finals in time order."""
        ...


class Recognizer(Protocol):
    """An engine with its model loaded."""

    @property
    def capabilities(self) -> Capabilities:
        """What this engine and model can do."""
        ...

    def open(
        self, *, sample_rate_hz: int, vocabulary: tuple[str, ...] = (), live: bool = True, resumed: bool = False
    ) -> RecognizerStream:
        """Start a stream. ``vocabulary``: what may be said, ignored where ``capabilities.grammar`` is false.

        Raises Overloaded when there is no room and the stream is not ``resumed``.
        """
        ...

    @property
    def load(self) -> Load:
        """How busy it is now."""
        ...

    async def aclose(self) -> None:
        """Close every stream and release the model."""
        ...
