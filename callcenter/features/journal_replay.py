"""A day again, from its journal: the same parser, tracker and extraction on the recorded input, clock and ids.

``Replay.rows`` gives what comes out, in the journal's order; ``Replay.differences`` what is not as it was recorded.
"""

from __future__ import annotations

import base64
import struct
from collections import defaultdict, deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from callcenter.features.heard_fields import draft_changes, draft_view
from callcenter.features.journal_diff import Difference, compare_drafts, compare_facts, first_difference
from callcenter.storage.journal import fact_bytes
from callcenter.storage.journal_format import AT, RAW, READING, JournalFile, JournalUnreadable, Kind
from callcenter.telephony.ami_stream import AmiMalformed, AmiParser
from callcenter.telephony.call_stream import CallStream, Fact, is_unasked
from callcenter.telephony.call_tracker import CallTracker
from callcenter.telephony.checkpoint import restore
from callcenter.telephony.pbx_snapshot import PbxSnapshot
from nlp.catalogue import Brand, Catalogue
from nlp.extract import ExtractionSession, Extractor
from nlp.types import CallContext, Extraction, KnownAsset, KnownCustomer, Segment, WordTime

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of output: a domain event (``name``) or what an utterance changed in a draft (``name`` is Draft)."""

    name: str
    body: Json


@dataclass(slots=True)
class _Talk:
    """One call's understanding, as it comes out and as it was recorded."""

    session: ExtractionSession
    latest: Extraction = field(default_factory=Extraction)
    view: dict[str, bytes] = field(default_factory=dict)
    recorded: dict[str, bytes] = field(default_factory=dict)


class Replay:
    """Replays ``files`` in order. ``strict`` stops at the first difference, else all are collected per call and field.

    ``extractor`` stands in for those of the recorded catalogues. A run of the application that began in these files
    starts with nothing known, one that began before them with the checkpoint of its first file here.
    """

    def __init__(
        self, files: Sequence[JournalFile], extractor: Extractor | None = None, *, strict: bool = True
    ) -> None:
        self._files = files
        self._extractor = extractor
        self._strict = strict
        self.differences: list[Difference] = []
        self.events = 0
        """Domain events that came out."""
        self.drafts = 0
        """Draft revisions that came out."""
        self.unconfirmed = 0
        """Domain events after a crash cut the journal: they came out, and nobody knows what was decided then."""

    def rows(self) -> Iterator[Row]:
        """Everything that comes out. Raises JournalUnreadable for a file that is no journal or has bad records."""
        for chain in _chains(self._files):
            run = _Run(chain, self._extractor, strict=self._strict)
            try:
                for row in run.rows():
                    self.events += row.name != DRAFT
                    self.drafts += row.name == DRAFT
                    yield row
                    if run.differences and self._strict:
                        break
                else:
                    run.finish()
            except (KeyError, ValueError, TypeError, struct.error) as error:
                raise JournalUnreadable(f"a record makes no sense: {error!r}", field=str(run.path)) from error
            self.unconfirmed += run.unconfirmed
            self.differences += run.differences
            if self.differences and self._strict:
                return


DRAFT = "Draft"


def _chains(files: Sequence[JournalFile]) -> Iterator[list[JournalFile]]:
    """Files that go on from each other: the same run, numbered without a gap."""
    chain: list[JournalFile] = []
    last: tuple[str, int] = ("", 0)
    for file in files:
        head = file.head
        if chain and (head["run"], head["number"]) != (last[0], last[1] + 1):
            yield chain
            chain = []
        chain.append(file)
        last = head["run"], head["number"]
    if chain:
        yield chain


class _Run:
    """One run of the application, or the part of it that these files hold."""

    def __init__(self, files: list[JournalFile], extractor: Extractor | None, *, strict: bool) -> None:
        self._files = files
        self._extractor = extractor
        self._strict = strict
        self.path = files[0].path
        head = files[0].head
        self._zone = ZoneInfo(head["timezone"])
        tracker = CallTracker(head["agent_pattern"], new_id=self._next_id, now=self._next_reading)
        self._stream = CallStream(tracker)
        self._parsers: dict[int, AmiParser] = {}
        self._notes: deque[Json] = deque()
        self._stopped = False
        self._ids: dict[int, deque[str]] = defaultdict(deque)
        self._readings: dict[int, deque[float]] = defaultdict(deque)
        self._made_up = 0
        self._words = b""
        self._recorded_words: Extractor
        self._talks: dict[str, _Talk] = {}
        self._produced: list[bytes] = []
        self._recorded: list[bytes] = []
        self.unconfirmed = 0
        self.differences: list[Difference] = []
        self._read_ahead()

    def rows(self) -> Iterator[Row]:
        """What comes out of these files."""
        handlers: dict[Kind, Callable[[bytes], Iterator[Row]]] = {
            Kind.CHECKPOINT: self._checkpoint,
            Kind.CARRIED: self._carried,
            Kind.RAW: self._raw,
            Kind.LINK: self._link,
            Kind.FACT: self._fact,
            Kind.CATALOGUE: self._catalogue,
            Kind.CONTEXT: self._context,
            Kind.SEGMENT: self._segment,
            Kind.DRAFT: self._draft,
            Kind.CLOSED: self._closed,
        }
        for index, file in enumerate(self._files):
            self.path = file.path
            for kind, body in file.records():
                if index and kind in {Kind.CHECKPOINT, Kind.CARRIED}:
                    continue  # We know all that.
                handler = handlers.get(kind)
                if handler is not None:
                    yield from handler(body)

    def finish(self) -> None:
        """Compare what is left once all is read."""
        produced = self._produced
        if not self._files[-1].finished:
            self.unconfirmed = max(0, len(produced) - len(self._recorded))
            produced = produced[: len(self._recorded)]
        if produced != self._recorded:
            self.differences += compare_facts(self._recorded, produced)
        for call_id, talk in self._talks.items():
            self.differences += compare_drafts(call_id, talk.recorded, talk.view)

    # ---- what steers --------------------------------------------------------------------------------------------

    def _read_ahead(self) -> None:
        """File ids, clock readings and the link's notes by the event they came after: they may be needed earlier."""
        for file in self._files:
            for kind, body in file.records():
                if kind is Kind.LINK:
                    self._notes.append(orjson.loads(body))
                elif kind is Kind.ID:
                    self._ids[AT.unpack_from(body)[0]].append(body[AT.size :].decode())
                elif kind is Kind.READING:
                    after, seconds = READING.unpack(body)
                    self._readings[after].append(seconds)

    def _next_id(self) -> str:
        handed_out = self._ids[self._stream.taken]
        if handed_out:
            return handed_out.popleft()
        self._made_up += 1
        return f"NEW{self._made_up:023d}"

    def _next_reading(self) -> float:
        readings = self._readings[self._stream.taken]
        return readings.popleft() if readings else 0.0

    def _checkpoint(self, body: bytes) -> Iterator[Row]:
        state = orjson.loads(body)
        restore(self._stream.tracker, state["tracker"])
        self._stream.taken = state["taken"]
        self._stream.blind_since = moment(state["blind_since"]) if state["blind_since"] else None
        self._parser(state["session"]).feed(base64.b64decode(state["unparsed"]))
        yield from ()

    def _parser(self, session: int) -> AmiParser:
        if session not in self._parsers:
            self._parsers = {session: AmiParser()}
        return self._parsers[session]

    def _raw(self, body: bytes) -> Iterator[Row]:
        session, queued = RAW.unpack_from(body)
        try:
            messages = self._parser(session).feed(body[RAW.size :])
        except AmiMalformed:
            return  # As it was for the link: nothing of these bytes went on.
        for headers in [message for message in messages if is_unasked(message)][:queued]:
            yield from self._due()
            if self._stopped:
                return
            yield from self._came_out(self._stream.event(headers))

    def _link(self, _body: bytes) -> Iterator[Row]:
        yield from self._due()

    def _due(self) -> Iterator[Row]:
        """What happened on the link before the next event."""
        while self._notes and self._notes[0]["after"] <= self._stream.taken:
            yield from self._came_out(self._apply(self._notes.popleft()))

    def _apply(self, note: Json) -> Sequence[Fact]:
        what = note["what"]
        if what == "up":
            return self._stream.up(moment(note["at"]), note["version"])
        if what == "down":
            heard_at = moment(note["heard_at"]) if note["heard_at"] else None
            return self._stream.down(moment(note["at"]), note["reason"], heard_at=heard_at)
        if what == "snapshot":
            snapshot = PbxSnapshot.from_rows(note["rows"], at=note["at"], complete=note["complete"])
            return self._stream.snapshot(snapshot, moment(note["now"]))
        self._stopped = True
        return []

    # ---- what comes out -----------------------------------------------------------------------------------------

    def _came_out(self, facts: Sequence[Fact]) -> Iterator[Row]:
        for fact in facts:
            written = fact_bytes(fact)
            self._produced.append(written)
            name, body = orjson.loads(written)
            yield Row(name, body)

    def _fact(self, body: bytes) -> Iterator[Row]:
        self._recorded.append(body)
        at = len(self._recorded) - 1
        now = self._produced[at] if at < len(self._produced) else None
        if self._strict and now != body:
            self.differences += first_difference(body, now)
        yield from ()

    def _carried(self, body: bytes) -> Iterator[Row]:
        inner = {Kind.CONTEXT: self._context, Kind.SEGMENT: self._segment, Kind.DRAFT: self._draft}[Kind(body[0])]
        for _ in inner(body[1:]):
            pass  # It came out of the file before.
        yield from ()

    def _context(self, body: bytes) -> Iterator[Row]:
        record = orjson.loads(body)
        extractor = self._extractor or self._recorded_words
        self._talks[record["call_id"]] = _Talk(extractor.start(_context(record["context"], self._zone)))
        yield from ()

    def _catalogue(self, body: bytes) -> Iterator[Row]:
        if body != self._words:
            self._words, self._recorded_words = body, Extractor(_catalogue(orjson.loads(body)))
        yield from ()

    def _segment(self, body: bytes) -> Iterator[Row]:
        record = orjson.loads(body)
        talk = self._talks[record["call_id"]]
        talk.latest = talk.session.push(_segment(record["segment"]))
        yield from ()

    def _draft(self, body: bytes) -> Iterator[Row]:
        record = orjson.loads(body)
        talk = self._talks[record["call_id"]]
        view = draft_view(talk.latest)
        changes = orjson.dumps({"call_id": record["call_id"], **draft_changes(talk.view, view)})
        talk.view = view
        yield Row(DRAFT, orjson.loads(changes))
        for name in record["gone"]:
            talk.recorded.pop(name, None)
        talk.recorded.update({name: orjson.dumps(value) for name, value in record["set"].items()})
        if self._strict and changes != body:
            call_id = record["call_id"]
            found = compare_drafts(call_id, talk.recorded, talk.view)
            self.differences += found or [Difference(call_id, DRAFT, "revision", record, orjson.loads(changes))]

    def _closed(self, body: bytes) -> Iterator[Row]:
        call_id = orjson.loads(body)["call_id"]
        talk = self._talks.pop(call_id, None)
        if talk is not None:
            self.differences += compare_drafts(call_id, talk.recorded, talk.view)
        yield from ()


def moment(text: str) -> datetime:
    """A time of the journal."""
    return datetime.fromisoformat(text)


def _catalogue(record: Json) -> Catalogue:
    return Catalogue(
        appliances={name: tuple(said) for name, said in record["appliances"].items()},
        brands={name: _brand(row) for name, row in record["brands"].items()},
        faults={name: {label: tuple(said) for label, said in rows.items()} for name, rows in record["faults"].items()},
        models=tuple(record["models"]),
    )


def _brand(row: Json) -> Brand:
    known: Json = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return Brand(**known)


def _context(record: Json, zone: ZoneInfo) -> CallContext:
    known = record["customer"]
    customer = known and KnownCustomer(
        names=tuple(known["names"]),
        phones=tuple(known["phones"]),
        addresses=tuple(known["addresses"]),
        assets=tuple(KnownAsset(**asset) for asset in known["assets"]),
    )
    return CallContext(moment(record["started_at"]).astimezone(zone), record["caller_number"], customer)


def _segment(record: Json) -> Segment:
    return Segment(**{**record, "words": tuple(WordTime(**word) for word in record["words"])})
