"""A recorded call through transcript and extraction, as a live call would go."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from asr.errors import AudioInvalid
from asr.load import load_recognizer
from asr.transcribe import Progress, TranscriptSegment, transcribe
from callcenter.config import Settings
from callcenter.features.own_words import sound_alikes, wants_sound_alikes, words_file
from nlp.catalogue import Catalogue
from nlp.extract import Extractor
from nlp.gold import to_gold
from nlp.readable import Shown, apply, readable
from nlp.sound_alikes import SoundAlikes
from nlp.types import CallContext, Segment, SpeakerName, WordTime

SPEAKERS: tuple[SpeakerName, ...] = ("caller", "agent")
"""Left and right channel."""


async def process_recording(
    file: Path,
    settings: Settings,
    *,
    started_at: datetime | None = None,
    caller_number: str | None = None,
    model: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """{"transcript", "pred" (the order in the corpus' format), "slots"} of a stereo file (left caller, right agent).

    ``started_at`` resolves "tomorrow"; without a zone it is local time of ``settings.timezone``, default now. Raises
    AudioInvalid for a file that is not stereo, and AsrError.
    """
    recognizer = load_recognizer(settings.asr.engine, model or settings.asr.model, settings.asr.threads)
    try:
        transcript = await transcribe(file, recognizer, progress=progress)
    finally:
        await recognizer.aclose()
    if transcript.channels != len(SPEAKERS):
        raise AudioInvalid(
            f"{file}: {transcript.channels} channel(s)", fix="give a stereo file: left caller, right agent"
        )
    zone = ZoneInfo(settings.timezone)
    began = started_at or datetime.now(UTC)
    local = began.replace(tzinfo=zone) if began.tzinfo is None else began.astimezone(zone)
    folder = settings.data_dir / "catalogue"
    catalogue = Catalogue.load(folder)
    session = Extractor(catalogue).start(CallContext(started_at=local, caller_number=caller_number))
    find = sound_alikes(catalogue, words_file(folder)) if wants_sound_alikes(settings.asr, model) else SoundAlikes()
    segments = [_segment(index, heard) for index, heard in enumerate(transcript.segments)]
    names = [find.corrections(segment.text, segment.words) for segment in segments]
    for segment, meant in zip(segments, names, strict=True):
        session.push(replace(segment, text=apply(segment.text, meant)))
    extraction = session.end()
    return {
        "transcript": [_json(*row) for row in zip(segments, transcript.segments, names, strict=True)],
        "pred": to_gold(extraction),
        "slots": [*extraction.slots, *extraction.second],
    }


def _segment(index: int, heard: TranscriptSegment) -> Segment:
    return Segment(
        segment_id=str(index),
        speaker=SPEAKERS[heard.channel],
        text=heard.text,
        start_ms=heard.start_ms,
        end_ms=heard.end_ms,
        words=tuple(WordTime(w.word, w.start_ms, w.end_ms, w.confidence) for w in heard.words),
    )


def _json(segment: Segment, heard: TranscriptSegment, names: tuple[Shown, ...]) -> dict[str, Any]:
    return {
        "segment_id": segment.segment_id,
        "speaker": segment.speaker,
        "start_ms": segment.start_ms,
        "end_ms": segment.end_ms,
        "text": segment.text,
        "display": apply(segment.text, readable(segment.text, segment.words, names)),
        "confidence": heard.confidence,
        "words": [[w.word, w.start_ms, w.end_ms, w.confidence] for w in heard.words],
    }
