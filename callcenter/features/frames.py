"""Small pieces of the JSON of docs/reference/api.md. Views (customer, order) are serialised as they are, by orjson."""

from __future__ import annotations

from datetime import datetime

from callcenter.media.events import SegmentHeard
from nlp.readable import Shown, readable
from nlp.types import WordTime

Json = dict[str, object]


def moment(at: datetime | None) -> str | None:
    """ISO 8601 in UTC with milliseconds."""
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z") if at else None


def segment_json(segment: SegmentHeard) -> Json:
    """``Segment``: words as compact rows, ``shown`` and ``names`` as rows too."""
    words = [WordTime(word.word, word.start_ms, word.end_ms, word.confidence) for word in segment.words]
    names = [Shown(heard.start, heard.end, heard.name) for heard in segment.names]
    return {
        "segment_id": segment.segment_id,
        "speaker": segment.speaker.value,
        "start_ms": segment.start_ms,
        "end_ms": segment.end_ms,
        "text": segment.text,
        "shown": [[shown.start, shown.end, shown.text] for shown in readable(segment.text, words, names)],
        "names": [[heard.start, heard.end, heard.name] for heard in segment.names],
        "confidence": segment.confidence,
        "words": [[word.word, word.start_ms, word.end_ms, word.confidence] for word in segment.words],
    }
