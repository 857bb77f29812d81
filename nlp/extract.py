"""From utterances to slots: the library's front door.

>>> session = Extractor().start(CallContext(started_at=...))
>>> extraction = session.push(Segment("s1", "caller", "我家格力空调不制冷"))
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

from nlp.catalogue import Catalogue
from nlp.dialogue import Found, Span, Talk, Turn
from nlp.lexicon import Lexica
from nlp.normalize import clauses
from nlp.required import missing
from nlp.rules import address, appliance, appointment, brand, codes, dates, fault, flags, name, phone, service
from nlp.summary import alerts, priority, summary
from nlp.types import CallContext, Evidence, Extraction, Segment, SlotValue


class Extractor:
    """Makes sessions that share one catalogue. Thread-safe to read; one session belongs to one call."""

    def __init__(self, catalogue: Catalogue | None = None) -> None:
        self._catalogue = catalogue or Catalogue.load()
        self._lexica = Lexica(self._catalogue)

    def warm_up(self) -> None:
        """Load and index everything now (about a second), so that no call waits for it. Safe to call from a thread."""
        for appliance_name in self._catalogue.appliances:
            self._lexica.faults(appliance_name)
        session = self.start(CallContext(datetime(2026, 1, 1, tzinfo=UTC)))
        session.push(Segment("1", "agent", "您的地址和电话？"))
        session.push(
            Segment("2", "caller", "我家格力空调不制冷，我姓王，杭州市西湖区文三路八号，幺三八零零零零零零零零")
        )

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
    ranked = appliance.rank(talk)
    pair = appliance.second(talk, ranked)
    main = pair[0] if pair else ranked[0] if ranked else None
    place, slot, number = address.settle(talk), appointment.settle(talk), phone.settle(talk)
    named = main is not None and main.beyond_greeting
    if not service.concrete(talk, named=named or place is not None or number is not None):
        return Extraction(missing=("service_type",))
    kind = service.settle(talk, concrete=True, dispatched=bool(place or slot))
    kind_name = str(kind.value) if kind else None
    regions = _regions(talk, pair)
    problem = fault.settle(talk, main.name if main else None, kind_name, regions.main)
    makers = brand.settle(talk, regions.main)
    found = [kind, name.settle(talk), number, appliance.found(main), makers, problem, place, slot]
    found += [*codes.settle(talk), dates.settle_purchase(talk), dates.settle_onset(talk) if problem else None]
    found += flags.settle(talk, kind=kind_name)
    other = _second(talk, pair, kind, makers, regions) if pair else []
    slots = tuple(_slot(talk, f) for f in found if f)
    return Extraction(
        slots=slots,
        second=tuple(_slot(talk, f) for f in other if f),
        missing=missing(slots),
        summary=summary(slots, _own_words(talk, problem)),
        alerts=alerts(slots),
        suggested_priority=priority(slots),
    )


def _own_words(talk: Talk, problem: Found | None) -> str:
    """The caller's clause that names the fault."""
    if problem is None or not problem.spans or talk.turns[problem.spans[0].turn].by_agent:
        return ""
    span = problem.spans[0]
    text = talk.turns[span.turn].text
    near = [c for c in clauses(text.s) if c[0] < span.end and c[1] > span.start]
    start, end = text.original(near[0][0], near[-1][1]) if near else text.original(span.start, span.end)
    return text.raw[start:end]


@dataclass(frozen=True, slots=True)
class _Regions:
    """Which places of the call speak of the main appliance and which of the second one."""

    main: Callable[[Span], bool]
    other: Callable[[Span], bool]


def _regions(talk: Talk, pair: tuple[appliance.Reported, appliance.Reported] | None) -> _Regions:
    if pair is None:
        return _Regions(lambda _: True, lambda _: False)
    marks = sorted((span, i) for i, r in enumerate(pair) for span in r.spans)

    def owner(span: Span) -> int:
        """The appliance named last before the place."""
        before = [i for mark, i in marks if (mark.turn, mark.start) <= (span.turn, span.start)]
        same_turn = [i for mark, i in marks if mark.turn == span.turn]
        return before[-1] if before else same_turn[0] if same_turn else 0

    return _Regions(lambda span: owner(span) == 0, lambda span: owner(span) == 1)


def _second(
    talk: Talk,
    pair: tuple[appliance.Reported, appliance.Reported],
    kind: Found | None,
    makers: Found | None,
    regions: _Regions,
) -> list[Found | None]:
    """The order of the second appliance: what is shared with the first is not repeated, but its maker is."""
    problem = fault.settle(talk, pair[1].name, str(kind.value) if kind else None, regions.other)
    maker = brand.settle(talk, regions.other)
    return [kind, appliance.found(pair[1]), maker or makers, problem]


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
