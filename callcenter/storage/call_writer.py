"""The rows of calls, collected in memory: a fact costs a dictionary entry. ``storage.calls.save`` writes a batch.

Facts may be repeated (resync, relay): the first time of each counts. Text that comes from the network is cut to its
column and freed of NUL, which PostgreSQL does not store.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from callcenter.errors import NotFound
from callcenter.storage.tables import CallRow, LegRow
from workorder.policy.phones import PhoneKey

Row = dict[str, Any]

REMEMBERED = 5000
"""Ended calls whose late facts (last words, recording) are still taken without asking the database."""
SHORT = 80
"""Characters of names and numbers, as their columns have it."""


@dataclass(slots=True)
class Batch:
    """Rows to save together. ``strangers`` are ids of calls that the writer does not know: they must exist already."""

    calls: list[Row] = field(default_factory=list)
    legs: list[Row] = field(default_factory=list)
    events: list[Row] = field(default_factory=list)
    segments: list[Row] = field(default_factory=list)
    recordings: list[Row] = field(default_factory=list)
    late_transcripts: list[Row] = field(default_factory=list)
    gaps: list[Row] = field(default_factory=list)
    strangers: set[str] = field(default_factory=set)

    def __bool__(self) -> bool:
        """Whether there is anything to save."""
        return any(self._tables().values()) or bool(self.gaps)

    def by_call(self) -> Iterator[tuple[str, Batch]]:
        """The same rows, one batch a call; gaps, which belong to no call, under an empty id."""
        parts: dict[str, Batch] = {"": Batch(gaps=self.gaps)} if self.gaps else {}
        for table, rows in self._tables().items():
            for row in rows:
                call_id = row["call_id"]
                part = parts.setdefault(call_id, Batch(strangers=self.strangers & {call_id}))
                getattr(part, table).append(row)
        yield from parts.items()

    def _tables(self) -> dict[str, list[Row]]:
        return {
            "calls": self.calls,
            "legs": self.legs,
            "events": self.events,
            "segments": self.segments,
            "recordings": self.recordings,
            "late_transcripts": self.late_transcripts,
        }


class CallWriter:
    """Turns facts into rows. Methods that need a call raise NotFound for one that never arrived."""

    def __init__(self) -> None:
        self._calls: dict[str, Row] = {}
        self._legs: dict[str, dict[str, Row]] = {}
        self._ended: OrderedDict[str, None] = OrderedDict()
        self._late: set[str] = set()
        self._changed_calls: dict[str, Row] = {}
        self._changed_legs: dict[tuple[str, str], Row] = {}
        self._batch = Batch()

    def take(self) -> Batch:
        """What changed since the last time."""
        batch, self._batch = self._batch, Batch()
        batch.calls = [dict(row) for row in self._changed_calls.values()]
        batch.legs = [dict(row) for row in self._changed_legs.values()]
        self._changed_calls.clear()
        self._changed_legs.clear()
        return batch

    def adopt(self, call: Row, legs: Iterable[Row], *, transcribed_late: bool = False) -> None:
        """Go on with a call that is on record already, as it was written; ``transcribed_late``: from its recording."""
        if transcribed_late:
            self._late.add(call["call_id"])
        self._calls[call["call_id"]] = dict(call)
        self._legs[call["call_id"]] = {leg["uniqueid"]: dict(leg) for leg in legs}

    def started(self, call_id: str) -> bool:
        """Whether the call's arrival is known."""
        return call_id in self._calls or call_id in self._ended

    def leg(self, call_id: str, uniqueid: str) -> Row | None:
        """What is known of one device's part in a call that goes on."""
        return self._legs.get(call_id, {}).get(uniqueid)

    def audio_started_at(self, call_id: str) -> datetime | None:
        """Zero of the time line of a call that goes on."""
        call = self._calls.get(call_id)
        return call["audio_started_at"] if call else None

    def record_arrival(
        self,
        *,
        call_id: str,
        linkedid: str,
        at: datetime,
        direction: str,
        phone: PhoneKey | None = None,
        name: str | None = None,
        dialled: str | None = None,
        customer_id: str | None = None,
    ) -> None:
        """Start the call's record. ``phone`` is the other party's number as read by ``workorder.policy.phones``."""
        if call_id in self._calls or call_id in self._ended:
            return
        self._calls[call_id] = self._changed_calls[call_id] = {
            **_CALL,
            "call_id": call_id,
            "linkedid": short(linkedid),
            "direction": str(direction),
            **_number(phone),
            "name": short(name),
            "dialled": short(dialled),
            "customer_id": customer_id,
            "started_at": at,
        }

    def record_offer(
        self,
        *,
        call_id: str,
        at: datetime,
        interface: str,
        uniqueid: str,
        caller_uniqueid: str,
        queue: str | None = None,
        user_id: str | None = None,
    ) -> None:
        """The call rings at a device; without ``user_id`` it is whoever uses the device when this is saved."""
        call = self._change(call_id)
        call["queue"] = short(queue) or call["queue"]
        if call["answered_at"] is None:
            call["interface"], call["user_id"] = short(interface), user_id
        legs = self._legs.setdefault(call_id, {})
        leg = legs.setdefault(
            uniqueid,
            {
                **_LEG,
                "call_id": call_id,
                "interface": short(interface),
                "user_id": user_id,
                "queue": short(queue),
                "uniqueid": short(uniqueid),
                "caller_uniqueid": short(caller_uniqueid),
                "offered_at": at,
            },
        )
        self._changed_legs[call_id, uniqueid] = leg

    def record_answer(
        self,
        *,
        call_id: str,
        at: datetime,
        interface: str,
        user_id: str | None = None,
        uniqueid: str | None = None,
        caller_uniqueid: str = "",
    ) -> None:
        """The device picked up; a transfer's second answer changes the device, not the time of the first.

        With ``uniqueid`` a device that was not offered the call (it dialled out, or was transferred) gets its leg.
        """
        if uniqueid is not None and uniqueid not in self._legs.get(call_id, {}):
            self.record_offer(
                call_id=call_id, at=at, interface=interface, uniqueid=uniqueid, caller_uniqueid=caller_uniqueid
            )
        call = self._change(call_id)
        call["answered_at"] = call["answered_at"] or at
        if call["interface"] != short(interface):
            call["interface"], call["user_id"] = short(interface), None
        call["user_id"] = user_id or call["user_id"]
        if leg := self._change_leg(call_id, interface):
            leg["answered_at"] = leg["answered_at"] or at
            leg["user_id"] = user_id or leg["user_id"]

    def record_miss(self, *, call_id: str, at: datetime, interface: str, reason: str) -> None:
        """The device stopped ringing without getting the call."""
        if leg := self._change_leg(call_id, interface):
            leg["ended_at"], leg["miss_reason"] = leg["ended_at"] or at, str(reason)

    def record_leg_end(self, *, call_id: str, at: datetime, interface: str) -> None:
        """The device's part is over while the call may go on."""
        if leg := self._change_leg(call_id, interface):
            leg["ended_at"] = leg["ended_at"] or at

    def record_abandon(self, *, call_id: str, queue: str | None = None) -> None:
        """The caller left the queue before anybody answered."""
        call = self._change(call_id)
        call["abandoned"], call["queue"] = True, short(queue) or call["queue"]

    def record_end(self, *, call_id: str, at: datetime, cause: int | None = None) -> None:
        """The last channel is gone; ``cause`` is the Q.850 code. Closes the legs that are still open."""
        if call_id in self._ended:
            return
        call = self._change(call_id)
        call["ended_at"], call["cause"] = at, cause
        if call["transcript_state"] == "live":
            call["transcript_state"] = "waiting" if call_id in self._late else "complete"
        self._late.discard(call_id)
        for uniqueid, leg in self._legs.pop(call_id, {}).items():
            if leg["ended_at"] is None:
                leg["ended_at"] = at
                self._changed_legs[call_id, uniqueid] = leg
        del self._calls[call_id]
        self._ended[call_id] = None
        if len(self._ended) > REMEMBERED:
            self._ended.popitem(last=False)

    def record_event(
        self, *, call_id: str, at: datetime, kind: str, interface: str | None = None, text: str = ""
    ) -> None:
        """Something for the time line of the replay; ``kind`` is a stable word, ``text`` is for people."""
        self._about(call_id)
        row = {"call_id": call_id, "at": at, "type": kind, "interface": short(interface), "text": clean(text)}
        self._batch.events.append(row)

    def set_customer(self, *, call_id: str, customer_id: str | None) -> None:
        """Who is on the line, once known."""
        self._change(call_id)["customer_id"] = customer_id

    def set_number(self, *, call_id: str, phone: PhoneKey) -> None:
        """The other party changed (attended transfer)."""
        self._change(call_id).update(_number(phone))

    def start_audio(self, *, call_id: str, at: datetime) -> None:
        """Zero of the call's time line; the transcript is live from here."""
        call = self._change(call_id)
        call["audio_started_at"] = call["audio_started_at"] or at
        call["transcript_state"] = "live"

    def add_segment(
        self,
        *,
        call_id: str,
        segment_id: str,
        speaker: str,
        start_ms: int,
        end_ms: int,
        text: str,
        confidence: float,
        words: Iterable[tuple[str, int, int, float]] = (),
        names: Iterable[tuple[int, int, str]] = (),
    ) -> None:
        """A finished utterance; the same ``segment_id`` again changes nothing."""
        self._about(call_id)
        self._batch.segments.append(
            {
                "segment_id": segment_id,
                "call_id": call_id,
                "speaker": str(speaker),
                "start_ms": start_ms,
                "end_ms": end_ms,
                "text": clean(text),
                "confidence": confidence,
                "words": [list(word) for word in words],
                "names": [list(name) for name in names],
            }
        )

    def want_transcript(self, *, call_id: str, speaker: str, reason: str, at: datetime) -> None:
        """The speaker is to be recognised from the recording once the call is over."""
        self._about(call_id)
        if call_id in self._calls:
            self._late.add(call_id)
        self._batch.late_transcripts.append(
            {
                "call_id": call_id,
                "speaker": str(speaker),
                "reason": reason,
                "wanted_at": at,
                "attempts": 0,
                "next_try_at": at,
                "state": "waiting",
                "error": "",
            }
        )

    def add_recording(
        self,
        *,
        call_id: str,
        at: datetime,
        path: str,
        file_format: str,
        sample_rate_hz: int,
        duration_ms: int,
        size_bytes: int,
        sha256: str,
        partial: bool = False,
    ) -> None:
        """The stereo file of the call; a second one (after a repair) replaces the first."""
        self._about(call_id)
        self._batch.recordings.append(
            {
                "call_id": call_id,
                "path": path,
                "format": file_format,
                "sample_rate_hz": sample_rate_hz,
                "duration_ms": duration_ms,
                "size_bytes": size_bytes,
                "sha256": sha256,
                "partial": partial,
                "stored_at": at,
            }
        )

    def add_gap(
        self, *, since: datetime, until: datetime, calls_reconstructed: int = 0, calls_ended_unseen: int = 0
    ) -> None:
        """A time in which the PBX could not be heard."""
        counts = {"calls_reconstructed": calls_reconstructed, "calls_ended_unseen": calls_ended_unseen}
        self._batch.gaps.append({"since": since, "until": until, **counts})

    def _change(self, call_id: str) -> Row:
        call = self._calls.get(call_id)
        if call is None:
            raise NotFound(f"there is no call {call_id}", field="call_id")
        self._changed_calls[call_id] = call
        return call

    def _change_leg(self, call_id: str, interface: str) -> Row | None:
        """The device's latest leg of this call: a queue may offer it several times."""
        legs = self._legs.get(call_id, {})
        uniqueid = next((u for u in reversed(legs) if legs[u]["interface"] == short(interface)), None)
        if uniqueid is None:
            return None
        self._changed_legs[call_id, uniqueid] = legs[uniqueid]
        return legs[uniqueid]

    def _about(self, call_id: str) -> None:
        if call_id not in self._calls and call_id not in self._ended:
            self._batch.strangers.add(call_id)


def clean(text: str) -> str:
    """Without NUL characters."""
    return text.replace("\0", "")


def short(text: str | None) -> str | None:
    """Cut to the length of name and number columns."""
    return clean(text)[:SHORT] if text is not None else None


_CALL: Row = {column.key: None for column in CallRow.__table__.columns} | {
    "abandoned": False,
    "transcript_state": "none",
}
_LEG: Row = {column.key: None for column in LegRow.__table__.columns}


def _number(phone: PhoneKey | None) -> Row:
    return {
        "number": short(phone.raw) or None if phone else None,
        "number_lookup": short(phone.lookup) if phone else None,
    }
