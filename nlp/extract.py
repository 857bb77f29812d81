"""From utterances to slots: the library's front door.

>>> session = Extractor().start(CallContext(started_at=...))
>>> extraction = session.push(Segment("s1", "caller", "我家格力空调不制冷"))
"""

from __future__ import annotations

from collections.abc import Iterable

from nlp.catalogue import Catalogue
from nlp.dialogue import Found, Span, Talk, Turn
from nlp.lexicon import Lexica
from nlp.rules import address, appliance, appointment, brand, codes, dates, fault, flags, name, phone, service
from nlp.types import CallContext, Evidence, Extraction, Segment, SlotValue


class Extractor:
    """Makes sessions that share one catalogue. Thread-safe to read; one session belongs to one call."""

    def __init__(self, catalogue: Catalogue | None = None) -> None:
        self._catalogue = catalogue or Catalogue.load()
        self._lexica = Lexica(self._catalogue)

    def start(self, context: CallContext) -> ExtractionSession:
        """A session for one call."""
        return ExtractionSession(Talk(context, self._catalogue, self._lexica))


class ExtractionSession:
    """One call. ``push`` each finished utterance; a segment pushed again changes nothing."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._last = Extraction()

    def push(self, segment: Segment) -> Extraction:
        """Take one more utterance and return everything known so far."""
        known = {t.segment.segment_id: t for t in self._talk.turns}
        old = known.get(segment.segment_id)
        if old is None or old.segment != segment:
            self._place(segment, old)
            self._last = settle(self._talk)
        return self._last

    def _place(self, segment: Segment, old: Turn | None) -> None:
        """Keep turns in the order they were spoken, whatever order they arrive in."""
        turns = [t for t in self._talk.turns if t is not old]
        turns.append(Turn.of(len(turns), segment))
        if all(t.segment.start_ms is not None for t in turns):
            turns.sort(key=lambda t: (t.segment.start_ms or 0, t.segment.segment_id))
        self._talk.turns = [_renumbered(i, t) for i, t in enumerate(turns)]


def _renumbered(index: int, turn: Turn) -> Turn:
    return turn if turn.index == index else Turn.of(index, turn.segment)


def settle(talk: Talk) -> Extraction:
    """Ask every rule."""
    found: list[Found] = []
    main = appliance.settle(talk)
    kind = service.settle(talk, concrete=main is not None)
    found += [f for f in (kind, name.settle(talk), phone.settle(talk), main, brand.settle(talk)) if f]
    problem = fault.settle(talk, str(main.value) if main else None)
    found += [f for f in (problem, address.settle(talk), appointment.settle(talk)) if f]
    found += codes.settle(talk)
    found += [f for f in (dates.settle_purchase(talk), dates.settle_onset(talk) if problem else None) if f]
    found += flags.settle(talk, kind=str(kind.value) if kind else None)
    if kind is None:
        found = []
    return Extraction(slots=tuple(_slot(talk, f) for f in found))


def _slot(talk: Talk, f: Found) -> SlotValue:
    return SlotValue(
        f.name,
        f.value,
        f.display,
        round(f.quality, 3),
        f.state,
        tuple(_evidence(talk, s) for s in f.spans),
        f.rule,
        f.inferred,
    )


def _evidence(talk: Talk, span: Span) -> Evidence:
    turn = talk.turns[span.turn]
    start, end = turn.text.original(span.start, span.end)
    return Evidence(turn.segment.segment_id, start, end, *_milliseconds(turn.segment, start, end))


def _milliseconds(segment: Segment, start: int, end: int) -> tuple[int | None, int | None]:
    """When the characters were spoken: by the words' times where known, else in proportion to the segment."""
    if segment.words:
        position, begin, finish = 0, None, None
        for w in segment.words:
            at = segment.text.find(w.word, position)
            if at < 0:
                continue
            position = at + len(w.word)
            if position > start and begin is None:
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


def extract(segments: Iterable[Segment], context: CallContext, extractor: Extractor | None = None) -> Extraction:
    """All segments of a call at once."""
    session = (extractor or Extractor()).start(context)
    result = Extraction()
    for segment in segments:
        result = session.push(segment)
    return result
