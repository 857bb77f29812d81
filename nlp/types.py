"""What extraction takes and gives."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Literal

SpeakerName = Literal["caller", "agent"]


@dataclass(frozen=True, slots=True)
class WordTime:
    """A word of a segment with its place on the call's time line (ms)."""

    word: str
    start_ms: int
    end_ms: int
    confidence: float = 1.0


@dataclass(frozen=True, slots=True)
class Segment:
    """One finished utterance. ``start_ms``/``end_ms`` are None for text that was never audio."""

    segment_id: str
    speaker: SpeakerName
    text: str
    start_ms: int | None = None
    end_ms: int | None = None
    words: tuple[WordTime, ...] = ()


@dataclass(frozen=True, slots=True)
class KnownAsset:
    """An appliance the customer has on file."""

    appliance: str
    brand: str | None = None
    model: str | None = None


@dataclass(frozen=True, slots=True)
class KnownCustomer:
    """What the pop already knows: used to repair misheard words, never to fill a field that was not spoken of."""

    names: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    assets: tuple[KnownAsset, ...] = ()


@dataclass(frozen=True, slots=True)
class CallContext:
    """The call around the words. Relative dates resolve against ``started_at`` (aware, in the call centre's zone)."""

    started_at: datetime
    caller_number: str | None = None
    customer: KnownCustomer | None = None


class SlotState(StrEnum):
    """How far a value can be trusted."""

    HEARD = "heard"
    CONFIRMED = "confirmed"
    INFERRED = "inferred"
    CONFLICTING = "conflicting"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True)
class Evidence:
    """The words a value came from: characters [start_char, end_char) of a segment, and their audio where known."""

    segment_id: str
    start_char: int
    end_char: int
    start_ms: int | None
    end_ms: int | None


SlotContent = str | bool | dict[str, str | None]
"""Text, a flag, the parts of an address (province … detail), or of an appointment (start, end in ISO 8601)."""


@dataclass(frozen=True, slots=True)
class SlotValue:
    """One field as heard: ``value`` for programs, ``display`` for people, ``rule`` the id of the rule that found it."""

    name: str
    value: SlotContent
    display: str
    confidence: float
    state: SlotState
    evidence: tuple[Evidence, ...]
    rule: str
    inferred: tuple[str, ...] = ()
    """Parts of an address that follow from others and were not said."""


@dataclass(frozen=True, slots=True)
class Alert:
    """Something to act on at once (gas smell, electric shock, smoke, flooding)."""

    kind: str
    display: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Extraction:
    """Everything known after the segments so far. ``second`` holds the slots of a second appliance's order."""

    slots: tuple[SlotValue, ...] = ()
    second: tuple[SlotValue, ...] = ()
    summary: str = ""
    alerts: tuple[Alert, ...] = ()
    suggested_priority: str = "normal"
