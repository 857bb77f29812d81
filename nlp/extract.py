"""From utterances to slots: the library's front door.

>>> session = Extractor().start(CallContext(started_at=...))
>>> extraction = session.push(Segment("s1", "caller", "我家格力空调不制冷"))
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from nlp.catalogue import Catalogue
from nlp.dialogue import Talk
from nlp.lexicon import Lexica
from nlp.normalize import clauses
from nlp.orders import Findings, findings
from nlp.summary import alerts, priority, summary
from nlp.types import CallContext, Extraction, Segment, SpeakerName
from nlp.values import slot_value

_EVERYTHING: tuple[tuple[SpeakerName, str], ...] = (
    ("agent", "您好，格力售后，请讲。"),
    ("caller", "我家格力空调不制冷，去年国庆买的，前天开始的，还有个美的冰箱，一直嗡嗡响，你们快点来，要投诉了。"),
    ("agent", "型号多少，报什么代码？"),
    ("caller", "K F R 三五，显示 E 六，不对，是 E 五。"),
    ("agent", "您贵姓，怎么称呼？"),
    ("caller", "免贵姓眭，眭建国，建设的建，国家的国，先生。"),
    ("agent", "眭先生，您的地址和电话？"),
    ("caller", "杭洲市西湖区文三路二百八是八号三单元五零一，不是，六零一，幺三八零零零零零零零零。"),
    ("agent", "文三路二百八十八号三单元六零一，幺三八零零零零零零零零，元旦放假前一天上午九点到十点方便吗？"),
    ("caller", "不行，下周三下午三点以后吧，大年初八也行。"),
    ("agent", "好的，下周三下午三点以后。"),
    ("caller", "对，就这个号码。"),
)
"""A call that asks every rule something, so that all is loaded and compiled after it."""


class Extractor:
    """Makes sessions that share one catalogue. Thread-safe to read; one session belongs to one call."""

    def __init__(self, catalogue: Catalogue | None = None) -> None:
        self._catalogue = catalogue or Catalogue.load()
        self._lexica = Lexica(self._catalogue)

    @property
    def catalogue(self) -> Catalogue:
        """What its sessions know by name."""
        return self._catalogue

    def warm_up(self) -> None:
        """Load and index everything now (about a second), so that no call waits for it. Safe to call from a thread."""
        for appliance_name in self._catalogue.appliances:
            self._lexica.faults(appliance_name)
        session = self.start(CallContext(datetime(2026, 1, 1, tzinfo=UTC), "13800000000"))
        for i, (speaker, text) in enumerate(_EVERYTHING):
            session.push(Segment(str(i), speaker, text))
        session.end()

    def start(self, context: CallContext) -> ExtractionSession:
        """A session for one call."""
        return ExtractionSession(Talk(context, self._catalogue, self._lexica))


class ExtractionSession:
    """One call. ``push`` each finished utterance; a segment pushed again changes nothing."""

    def __init__(self, talk: Talk) -> None:
        self._talk = talk
        self._said: dict[str, Segment] = {}
        self._timed = True
        self._last = Extraction()

    @property
    def talk(self) -> Talk:
        """The call so far: its turns and what is known around it."""
        return self._talk

    def push(self, segment: Segment) -> Extraction:
        """Take one more utterance and return everything known so far."""
        old = self._said.get(segment.segment_id)
        if old != segment:
            self._said[segment.segment_id] = segment
            self._place(segment, anew=old is not None)
            self._last = settle(self._talk)
        return self._last

    def end(self) -> Extraction:
        """What is left when the call is over: nothing of a call that turned out to be about no order.

        Until then an address or a number is taken even where no appliance was named: it may be named yet.
        """
        return self._last if findings(self._talk).order() else Extraction()

    def _place(self, segment: Segment, *, anew: bool) -> None:
        """Keep turns in the order they were spoken, whatever order they arrive in; without times in that of arrival."""
        self._timed = self._timed and segment.start_ms is not None
        last = self._talk.turns[-1].segment if self._talk.turns else None
        if anew or (self._timed and last and _spoken_at(segment) < _spoken_at(last)):
            said = list(self._said.values())
            self._talk.rearrange(sorted(said, key=_spoken_at) if self._timed else said)
        else:
            self._talk.append(segment)


def _spoken_at(segment: Segment) -> tuple[int, str]:
    return segment.start_ms or 0, segment.segment_id


def settle(talk: Talk) -> Extraction:
    """Everything that follows from the call so far."""
    found = findings(talk)
    slots = tuple(slot_value(talk, f) for f in found.main)
    second = tuple(slot_value(talk, f) for f in found.second)
    return Extraction(
        slots=slots,
        second=second,
        summary=summary(slots, _own_words(talk, found)),
        alerts=alerts((*slots, *second)),
        suggested_priority=priority(slots, second),
    )


def _own_words(talk: Talk, found: Findings) -> str:
    """The caller's clause that names the fault."""
    problem = next((f for f in found.main if f.name == "fault"), None)
    if problem is None or not problem.spans or talk.turns[problem.spans[0].turn].by_agent:
        return ""
    span = problem.spans[0]
    text = talk.turns[span.turn].text
    near = [c for c in clauses(text.s) if c[0] < span.end and c[1] > span.start]
    start, end = text.original(near[0][0], near[-1][1]) if near else text.original(span.start, span.end)
    return text.raw[start:end]


def extract(segments: Iterable[Segment], context: CallContext, extractor: Extractor | None = None) -> Extraction:
    """All segments of a call that is over."""
    session = (extractor or Extractor()).start(context)
    for segment in segments:
        session.push(segment)
    return session.end()
