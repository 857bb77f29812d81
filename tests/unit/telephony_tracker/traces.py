"""The captured calls: where they lie, how to run them through parser and tracker, how events are written in tests."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from pathlib import Path

from callcenter.telephony import events
from callcenter.telephony.ami_reading import parse
from callcenter.telephony.ami_stream import AmiParser
from callcenter.telephony.call_book import DEFAULT_AGENT_PATTERN, TrackerEvent
from callcenter.telephony.call_tracker import CallTracker

TRACES = Path(__file__).parents[2] / "fixtures" / "ami"


def found(folder: str) -> list[Path]:
    """The captures of one folder, by name."""
    return sorted((TRACES / folder).glob("*.txt"))


def numbered_ids() -> Callable[[], str]:
    """Call ids A, B, C … in order of arrival."""
    names = (chr(letter) for letter in itertools.count(ord("A")))
    return lambda: next(names)


def tracker(pattern: str = DEFAULT_AGENT_PATTERN) -> CallTracker:
    """A tracker whose calls are named A, B, …, that never asks the clock."""
    return CallTracker(pattern, new_id=numbered_ids(), now=lambda: 0.0)


def headers_of(path: Path) -> list[dict[str, str]]:
    """Every message of a capture."""
    return AmiParser().feed(path.read_bytes())


def run(messages: Iterable[dict[str, str]], into: CallTracker) -> list[TrackerEvent]:
    """Feed messages to the tracker; all events it derives."""
    parsed = (parse(headers) for headers in messages)
    return [fact for event in parsed if event is not None for fact in into.apply(event)]


QUEUE_EVENTS = {events.CallQueued: "into", events.CallUnqueued: "out of"}
"""Written down apart: every queue call has them, whatever else happens to it."""


def queue_stays(facts: Iterable[TrackerEvent]) -> list[str]:
    """Who went into which queue and out of it, with the seconds since the first event."""
    facts = list(facts)
    begun = next((fact.at for fact in facts if isinstance(fact, events.CallEvent)), None)
    return [
        f"{fact.call_id} {QUEUE_EVENTS[type(fact)]} {fact.queue} at {(fact.at - begun).total_seconds():.1f}"
        for fact in facts
        if begun is not None and type(fact) in QUEUE_EVENTS
    ]


def calls(facts: Iterable[TrackerEvent]) -> list[str]:
    """The events about calls, one short line each, as the expectations are written."""
    first: dict[str, str] = {}
    lines = []
    for fact in facts:
        if isinstance(fact, events.CallArrived):
            first[fact.call_id] = fact.uniqueid
        if isinstance(fact, events.CallEvent) and type(fact) not in QUEUE_EVENTS:
            lines.append(f"{fact.call_id} {_WRITE[type(fact)](fact, first)}")
    return lines


def agents(facts: Iterable[TrackerEvent]) -> dict[str, list[str]]:
    """The states each device went through."""
    states: dict[str, list[str]] = {}
    for fact in facts:
        if isinstance(fact, events.AgentStateChanged):
            states.setdefault(fact.interface.removeprefix("PJSIP/"), []).append(fact.state.value)
    return states


def _device(interface: str | None) -> str:
    return (interface or "nobody").removeprefix("PJSIP/").removeprefix("SIP/")


def _name(fact) -> str:
    return f" ({fact.name})" if fact.name else ""


def _caller(uniqueid: str | None, fact, first: dict[str, str]) -> str:
    """Which channel carries the other party's voice: the call's first, another one, or none yet."""
    return "the first channel" if uniqueid == first[fact.call_id] else "another channel" if uniqueid else "no channel"


def _queue(fact) -> str:
    return f" from queue {fact.queue}" if fact.queue else ""


_WRITE = {
    events.CallArrived: lambda fact, _: f"arrived {fact.direction}: {fact.number}{_name(fact)} for {fact.dialled}",
    events.CallOffered: lambda fact, first: (
        f"offered to {_device(fact.interface)}: {fact.number}{_name(fact)}{_queue(fact)}, "
        f"{_caller(fact.caller_uniqueid, fact, first)}"
    ),
    events.CallAnswered: lambda fact, first: (
        f"answered by {_device(fact.interface)}{_queue(fact)}, {_caller(fact.caller_uniqueid, fact, first)}"
    ),
    events.CallMissed: lambda fact, _: f"missed by {_device(fact.interface)}: {fact.reason}",
    events.CallHeld: lambda fact, _: f"held by {_device(fact.interface)}",
    events.CallResumed: lambda fact, _: f"resumed by {_device(fact.interface)}",
    events.CallPartyChanged: lambda fact, first: (
        f"{_device(fact.interface)} now has {fact.number}{_name(fact)}, {_caller(fact.caller_uniqueid, fact, first)}"
        + (f", moved from {fact.moved_from}" if fact.moved_from else "")
    ),
    events.CallTransferred: lambda fact, _: f"{fact.kind} transfer by {_device(fact.interface)} to {fact.target}",
    events.CallLegEnded: lambda fact, _: f"left by {_device(fact.interface)}",
    events.CallerAbandoned: lambda fact, _: f"abandoned{_queue(fact)} after {fact.wait_s:.1f} s",
    events.CallEnded: lambda fact, _: f"ended {fact.cause} {'answered' if fact.answered else 'unanswered'}",
}
