"""Calls as the pages show them; field names are those of docs/reference/api.md."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from workorder.views.orders import OrderView


@dataclass(frozen=True, slots=True)
class AgentRef:
    """Who took a call."""

    user_id: str
    display_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSummary:
    """One line of the call list. ``outcome``: ringing, talking, answered, missed or abandoned."""

    call_id: str
    direction: str
    number: str | None
    customer_name: str | None
    queue: str | None
    started_at: datetime
    answered_at: datetime | None
    ended_at: datetime | None
    agent: AgentRef | None
    interface: str | None
    outcome: str
    duration_s: float | None
    """Talking time; None until the call is over, 0 when it was never answered."""
    has_recording: bool
    order_numbers: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SegmentView:
    """A finished utterance; ``words`` is ``[[word, start_ms, end_ms, confidence], …]``.

    ``names`` is ``[[start, end, name], …]``: places of ``text`` that are taken for a name that sounds like them.
    """

    segment_id: str
    speaker: str
    start_ms: int
    end_ms: int
    text: str
    confidence: float
    words: tuple[tuple[Any, ...], ...]
    names: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, slots=True)
class CallEventView:
    """Something on the call's time line; ``offset_ms`` is None for calls without audio."""

    at: datetime
    offset_ms: int | None
    type: str
    interface: str | None
    text: str


@dataclass(frozen=True, slots=True)
class EditView:
    """A person's change of a field; ``before`` and ``after`` are called "from" and "to" over HTTP."""

    at: datetime
    offset_ms: int | None
    by: str
    field: str
    before: object
    after: object
    order_id: str


@dataclass(frozen=True, slots=True)
class RecordingView:
    """The stereo file of a call; ``path`` is relative to the recordings folder and not for the outside."""

    path: str
    format: str
    sample_rate_hz: int
    duration_ms: int
    size_bytes: int
    sha256: str
    partial: bool


@dataclass(frozen=True, slots=True)
class GapView:
    """A time in which the PBX could not be heard."""

    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDetail:
    """Everything the replay needs. ``summary`` is flattened into the same object over HTTP."""

    summary: CallSummary
    linkedid: str
    customer_id: str | None
    audio_started_at: datetime | None
    segments: tuple[SegmentView, ...]
    events: tuple[CallEventView, ...]
    orders: tuple[OrderView, ...]
    edits: tuple[EditView, ...]
    recording: RecordingView | None
    transcript_state: str
    gaps: tuple[GapView, ...]
