"""A finished recording through the same ears as a live call: what ``callcenter call process`` transcribes with."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from asr.errors import AudioInvalid
from asr.recognizer import Recognizer
from asr.transcribe import Progress, Transcript, TranscriptSegment, transcribe
from callcenter.ids import new_id
from callcenter.media.events import HeardWord, SegmentHeard, Speaker

CHANNEL_SPEAKERS = (Speaker.CALLER, Speaker.AGENT)


async def transcribe_call(
    path: Path, recognizer: Recognizer, *, call_id: str, at: datetime, progress: Progress | None = None
) -> list[SegmentHeard]:
    """The segments of both speakers (left caller, right agent) in speaking order; every ``at`` is the one given.

    Raises AudioInvalid when the file is not stereo or cannot be read.
    """
    found = await transcribe(path, recognizer, progress=progress)
    _require_stereo(found)
    return [_heard(segment, call_id=call_id, at=at) for segment in found.segments]


def _require_stereo(found: Transcript) -> None:
    if found.channels != len(CHANNEL_SPEAKERS):
        raise AudioInvalid(
            f"{found.file}: {found.channels} channel(s) instead of 2",
            fix="give a stereo file: left caller, right agent",
        )


def _heard(segment: TranscriptSegment, *, call_id: str, at: datetime) -> SegmentHeard:
    return SegmentHeard(
        at=at,
        call_id=call_id,
        segment_id=new_id(),
        speaker=CHANNEL_SPEAKERS[segment.channel],
        start_ms=segment.start_ms,
        end_ms=segment.end_ms,
        text=segment.text,
        confidence=segment.confidence,
        words=tuple(HeardWord(w.word, w.start_ms, w.end_ms, w.confidence) for w in segment.words),
    )
