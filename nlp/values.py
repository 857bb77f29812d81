"""Findings as slot values: confidence, and evidence in characters and milliseconds of the call."""

from __future__ import annotations

from collections.abc import Iterator

from nlp.calibrate import Signal, calibration
from nlp.clarity import clarity
from nlp.dialogue import Found, Span, Talk, Turn
from nlp.types import Evidence, Segment, SlotState, SlotValue, WordTime


def slot_value(talk: Talk, f: Found) -> SlotValue:
    """The value with its confidence and the words it came from."""
    confidence = 0.0 if f.state is SlotState.WITHDRAWN else calibration().confidence(signal(talk, f)) * _heard(talk, f)
    proof = tuple(evidence(talk, s) for s in f.spans)
    return SlotValue(f.name, f.value, f.display, round(confidence, 3), f.state, proof, f.rule, f.inferred)


def signal(talk: Talk, f: Found) -> Signal:
    """What the calibration knows about a value."""
    clear = [_clarity(talk.turns[span.turn]) for span in f.spans]
    total, count = talk.fold("clarity", (0.0, 0), _with_clarity)
    mean = total / count if count else 1.0
    turns = len({span.turn for span in f.spans})
    return Signal(f.name, f.rule, f.state, f.quality, min(clear, default=1.0), mean, turns)


SURE = 0.8
"""Words heard at least this surely say nothing against a value."""


def _heard(talk: Talk, f: Found) -> float:
    """Factor 0..1 for words the recogniser was not sure of: of the evidence heard worst; 1 for text without words."""
    sure = (_sureness(talk.turns[s.turn], s) for s in f.spans)
    return min(1.0, min(sure, default=1.0) / SURE)


def _sureness(turn: Turn, span: Span) -> float:
    """Mean confidence of the words of a span, 1 where the recogniser gave none."""
    start, end = turn.text.original(span.start, span.end)
    said = [w.confidence for at, w in _placed(turn.segment) if at < end and at + len(w.word) > start]
    return sum(said) / len(said) if said else 1.0


def _placed(segment: Segment) -> Iterator[tuple[int, WordTime]]:
    """The words that stand in the segment's text, each with its offset there."""
    position = 0
    for w in segment.words:
        at = segment.text.find(w.word, position)
        if at >= 0:
            position = at + len(w.word)
            yield at, w


def _clarity(turn: Turn) -> float:
    return turn.once("clarity", clarity)


def _with_clarity(_: Talk, turn: Turn, so_far: tuple[float, int]) -> tuple[float, int]:
    """Sum and number of the caller's turns' clarity."""
    return so_far if turn.by_agent else (so_far[0] + _clarity(turn), so_far[1] + 1)


def evidence(talk: Talk, span: Span) -> Evidence:
    """Where the words of a span stand in the segment's own text and in the call."""
    turn = talk.turns[span.turn]
    start, end = turn.text.original(span.start, span.end)
    return Evidence(turn.segment.segment_id, start, end, *_milliseconds(turn.segment, start, end))


def _milliseconds(segment: Segment, start: int, end: int) -> tuple[int | None, int | None]:
    """When the characters were spoken: by the words' times where known, else in proportion to the segment."""
    if segment.words:
        begin, finish = None, None
        for at, w in _placed(segment):
            if at + len(w.word) > start and begin is None:
                begin = w.start_ms
            if at < end:
                finish = w.end_ms
        if begin is not None and finish is not None and finish >= begin:
            return begin, finish
    if segment.start_ms is None or segment.end_ms is None or not segment.text:
        return segment.start_ms, segment.end_ms
    length = segment.end_ms - segment.start_ms
    return (
        segment.start_ms + length * start // len(segment.text),
        segment.start_ms + length * end // len(segment.text),
    )
