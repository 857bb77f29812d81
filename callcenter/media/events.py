"""What was heard on a call. Times in ms count from the start of the call's audio (its first tap)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import ClassVar


class Speaker(StrEnum):
    """Whose voice: the left and the right channel of a recording."""

    CALLER = "caller"
    AGENT = "agent"


@dataclass(frozen=True, slots=True)
class HeardWord:
    """One recognised word with its place on the call's time line and the engine's confidence (0..1)."""

    word: str
    start_ms: int
    end_ms: int
    confidence: float


@dataclass(frozen=True, slots=True)
class HeardName:
    """``text[start:end]`` of a segment sounds like ``name``, of the same length, and is taken for it."""

    start: int
    end: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AudioStarted:
    """The call's first audio came in: ``at`` is zero of its time line."""

    at: datetime
    call_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeechPartial:
    """What the recogniser thinks is being said right now; replaces the previous partial of the same speaker."""

    droppable: ClassVar[bool] = True
    at: datetime
    call_id: str
    speaker: Speaker
    text: str
    start_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SegmentHeard:
    """A finished utterance. ``segment_id`` is a ULID; segments of one speaker come in speaking order.

    ``text`` is what was heard; ``names`` says what is taken for a name of the catalogue that sounds like it.
    """

    at: datetime
    call_id: str
    segment_id: str
    speaker: Speaker
    start_ms: int
    end_ms: int
    text: str
    confidence: float
    words: tuple[HeardWord, ...] = field(default=())
    names: tuple[HeardName, ...] = field(default=())


@dataclass(frozen=True, slots=True, kw_only=True)
class TranscriptUnavailable:
    """This leg gets no (more) transcript.

    ``reason`` is a stable word: no_model, overloaded, no_audio, engine_failed, tap_refused.
    """

    at: datetime
    call_id: str
    speaker: Speaker
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingStored:
    """The stereo recording (left caller, right agent) is complete on disk."""

    at: datetime
    call_id: str
    path: str
    """Relative to the recordings directory."""
    sample_rate_hz: int
    duration_ms: int
    size_bytes: int
    sha256: str
    partial: bool
    """True when audio was lost (disk full, process ended)."""
