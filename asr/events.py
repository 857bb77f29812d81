"""What a recogniser says: one frozen dataclass per message. Times are ms from the first sample pushed."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """A recognised word; ``confidence`` in 0..1."""

    word: str
    start_ms: int
    end_ms: int
    confidence: float


@dataclass(frozen=True, slots=True)
class Partial:
    """The current guess at an unfinished utterance; replaces the guess before it."""

    text: str
    start_ms: int


@dataclass(frozen=True, slots=True)
class Final:
    """A finished utterance. Chinese text has no spaces between characters; ``words`` cover ``text`` in order."""

    text: str
    start_ms: int
    end_ms: int
    words: tuple[Word, ...]
    confidence: float
    """Mean word confidence weighted by duration, 0..1."""


SpeechEvent = Partial | Final
