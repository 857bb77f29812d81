"""Replay of raw AMI captures: the same parser and tracker as the live link, from files, as rows to print.

A capture is the byte stream of one AMI connection as received (`nc` into a file will do). A file that begins with
AMI's banner starts afresh; one that does not goes on where the file before it stopped. Captures whose line ends were
turned into bare LF on the way are read as well.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from callcenter import ids
from callcenter.telephony.ami_reading import EVENT_NAMES, parse
from callcenter.telephony.ami_stream import BANNER, AmiMalformed, AmiParser
from callcenter.telephony.call_book import DEFAULT_AGENT_PATTERN, TrackerEvent
from callcenter.telephony.call_tracker import CallTracker
from callcenter.telephony.events import (
    AgentStateChanged,
    CallEnded,
    CallEvent,
    CallMissed,
    CallQueued,
    CallTransferred,
    CallUnqueued,
)

CHUNK = 64 * 1024

MESSAGE_KEYS = frozenset({"Event", "Response", "Action"})
"""Every AMI message has one of these."""

Row = dict[str, str | float | None]

FIELDS = (
    "event", "t", "call_id", "linkedid", "uniqueid", "interface", "number", "queue", "direction", "reason",
)  # fmt: skip
"""Keys of a row. ``t``: seconds since the first event of the capture. ``uniqueid``: the agent's channel.

``reason``: of a miss; kind of a transfer (whose ``number`` is the target); cause code of an end; an agent's new state.
"""


UNTOLD = (CallQueued, CallUnqueued)
"""No rows: they tell what calls and devices go through; the queue stands in the row of each offer."""


class TraceUnreadable(AmiMalformed):
    """A capture cannot be opened or holds no AMI messages."""

    code = "trace_unreadable"


def rows(
    paths: Iterable[Path], agent_pattern: str = DEFAULT_AGENT_PATTERN, *, new_id: Callable[[], str] = ids.new_id
) -> Iterator[Row]:
    """The domain events in the captures ``paths``, in order, as rows with the keys ``FIELDS`` (None: not applicable).

    Raises TraceUnreadable naming the file when it is no capture.
    """
    session: _Session | None = None
    for path in paths:
        chunks = _chunks(path)
        head = next(chunks)
        if session is None or head.startswith(BANNER):
            session = _Session(CallTracker(agent_pattern, new_id=new_id, now=lambda: 0.0))
        yield from session.replay(path, head, chunks)


def replay_trace(
    capture: bytes, agent_pattern: str = DEFAULT_AGENT_PATTERN, *, new_id: Callable[[], str] = ids.new_id
) -> Iterator[TrackerEvent]:
    """The domain events of one capture held in memory."""
    tracker = CallTracker(agent_pattern, new_id=new_id, now=lambda: 0.0)
    for headers in AmiParser(only=EVENT_NAMES).feed(capture):
        event = parse(headers)
        if event is not None:
            yield from tracker.apply(event)


@dataclass(slots=True)
class _Session:
    """One AMI connection: parser and tracker, when its first event happened, whether it is AMI at all."""

    tracker: CallTracker
    parser: AmiParser = field(default_factory=lambda: AmiParser(only=EVENT_NAMES))
    began_s: float | None = None
    is_ami: bool = False

    def replay(self, path: Path, head: bytes, rest: Iterator[bytes]) -> Iterator[Row]:
        bare = b"\r\n" not in head
        self.is_ami |= head.startswith(BANNER)
        for chunk in itertools.chain([head], rest):
            for headers in self._feed(path, chunk.replace(b"\n", b"\r\n") if bare else chunk):
                self.is_ami |= not MESSAGE_KEYS.isdisjoint(headers)
                yield from self._one(headers)
        if not self.is_ami:
            raise TraceUnreadable(
                "no AMI message in it", field=str(path), fix="give a raw capture of an AMI connection"
            )

    def _feed(self, path: Path, chunk: bytes) -> list[dict[str, str]]:
        try:
            return self.parser.feed(chunk)
        except AmiMalformed as error:
            raise TraceUnreadable(error.message, field=str(path), fix=error.fix) from None

    def _one(self, headers: dict[str, str]) -> Iterator[Row]:
        event = parse(headers)
        if event is None:
            return
        for fact in self.tracker.apply(event):
            if isinstance(fact, UNTOLD):
                continue
            if self.began_s is None:
                self.began_s = fact.at.timestamp()
            yield _row(fact, self.began_s)


def _chunks(path: Path) -> Iterator[bytes]:
    try:
        with path.open("rb") as file:
            head = file.read(CHUNK)
            if not head:
                raise TraceUnreadable("the file is empty", field=str(path))
            yield head
            while chunk := file.read(CHUNK):
                yield chunk
    except OSError as error:
        raise TraceUnreadable(f"cannot read it: {error.strerror}", field=str(path)) from error


def _row(fact: TrackerEvent, began_s: float) -> Row:
    interface = getattr(fact, "interface", None)
    return {
        "event": type(fact).__name__,
        "t": round(fact.at.timestamp() - began_s, 6),
        "call_id": fact.call_id if isinstance(fact, CallEvent) else None,
        "linkedid": fact.linkedid if isinstance(fact, CallEvent) else None,
        "uniqueid": getattr(fact, "uniqueid", None) if interface else None,
        "interface": interface,
        "number": fact.target if isinstance(fact, CallTransferred) else getattr(fact, "number", None),
        "queue": getattr(fact, "queue", None),
        "direction": getattr(fact, "direction", None),
        "reason": _reason(fact),
    }


def _reason(fact: TrackerEvent) -> str | None:
    if isinstance(fact, CallMissed):
        return fact.reason.value
    if isinstance(fact, CallTransferred):
        return fact.kind.value
    if isinstance(fact, CallEnded):
        return str(fact.cause)
    if isinstance(fact, AgentStateChanged):
        return f"{fact.state.value}: {fact.reason}" if fact.reason else fact.state.value
    return None
