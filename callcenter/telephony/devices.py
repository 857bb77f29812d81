"""Which devices of a PBX are agents' phones and which are lines to the outside.

Pure: facts that the PBX listed in, a verdict with its reason out. Rules are tried in order; a device that no rule knows
is treated as a line to the outside, because a missing pop is seen at once and a pop for every outgoing call is not
understood.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from callcenter.telephony.call_book import OUTSIDE

FOLLOWED = re.compile(r"(?P<tech>PJSIP|SIP)/(?P<name>[^/@;]+)")
"""Devices whose channels we follow."""

EXTENSION = re.compile(r"\d{2,6}")
"""Internal numbers; longer ones are numbers of the public network, as some trunks are named."""

_LOCAL = re.compile(r"Local/(?P<exten>[^@/]+)@")
_HINT = re.compile(r"hint:(?P<exten>[^@]+)@")


class Kind(StrEnum):
    """What a device is to us."""

    AGENT = "agent"
    """A member of a queue."""
    EXTENSION = "extension"
    """An internal phone outside the queues: its calls are shown when somebody is logged in with it."""
    TRUNK = "trunk"
    """A line to the outside."""
    UNKNOWN = "unknown"
    """None of these for certain; not followed."""


@dataclass(frozen=True, slots=True)
class Member:
    """A queue's member: ``interface`` is what the queue dials, ``state_interface`` whose state it watches."""

    queue: str
    interface: str
    state_interface: str
    name: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the PBX told; each set may be empty because the AMI user may not ask.

    ``names``: every device (``PJSIP/1001``). ``registering``: those that register with, or log in to, somebody else.
    ``contexts``: dialplan contexts in which a device's calls were seen.
    """

    names: frozenset[str] = frozenset()
    members: tuple[Member, ...] = ()
    registering: frozenset[str] = frozenset()
    contexts: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Device:
    """A device, what it is, and the reason."""

    interface: str
    kind: Kind
    why: str


@dataclass(frozen=True, slots=True)
class Agent:
    """A queue member's phone and the user that could work at it."""

    interface: str
    username: str
    name: str
    queues: tuple[str, ...]


def member_device(member: Member, names: Iterable[str]) -> str | None:
    """The phone behind a member: itself, or for ``Local/1001@…`` the device that it watches or that has that number."""
    for candidate in (member.interface, member.state_interface):
        if FOLLOWED.fullmatch(candidate):
            return candidate
    for candidate in (member.interface, member.state_interface):
        found = _LOCAL.match(candidate) or _HINT.match(candidate)
        if found:
            numbered = (name for name in sorted(names) if name.partition("/")[2] == found["exten"])
            return next(numbered, f"PJSIP/{found['exten']}" if EXTENSION.fullmatch(found["exten"]) else None)
    return None


def guessed(facts: Facts) -> frozenset[str]:
    """Phones behind Local members that no list shows: whether they are PJSIP or SIP is not known."""
    found = {member_device(m, facts.names) for m in facts.members if not _says_itself(m)}
    return frozenset(device for device in found if device and device not in facts.names)


def _says_itself(member: Member) -> bool:
    return any(FOLLOWED.fullmatch(one) for one in (member.interface, member.state_interface))


def classify(facts: Facts) -> tuple[Device, ...]:
    """Every device with its kind, by name."""
    phones = {found for member in facts.members if (found := member_device(member, facts.names))}
    followed = {name for name in facts.names if FOLLOWED.fullmatch(name)}
    return tuple(_device(name, phones, facts) for name in sorted(followed | phones))


def _device(interface: str, phones: set[str], facts: Facts) -> Device:
    name = interface.partition("/")[2]
    seen = facts.contexts.get(interface, frozenset())
    outside = sorted(context for context in seen if OUTSIDE.search(context))
    rules: tuple[tuple[bool, Kind, str], ...] = (
        (interface in phones, Kind.AGENT, "member of a queue"),
        (interface in facts.registering, Kind.TRUNK, "registers with another system"),
        (bool(outside), Kind.TRUNK, f"its calls come in through {', '.join(outside)}"),
        (bool(OUTSIDE.search(name)), Kind.TRUNK, "its name says so"),
        (bool(EXTENSION.fullmatch(name)), Kind.EXTENSION, "an internal number"),
    )
    known = next(((kind, why) for holds, kind, why in rules if holds), (Kind.UNKNOWN, "nothing tells what it is"))
    return Device(interface, *known)


def agents(facts: Facts) -> tuple[Agent, ...]:
    """One agent per phone in a queue, in the order of their devices."""
    queues: defaultdict[str, list[str]] = defaultdict(list)
    names: dict[str, str] = {}
    for member in facts.members:
        device = member_device(member, facts.names)
        if device is not None:
            queues[device].append(member.queue)
            named = member.name if member.name not in (member.interface, member.state_interface) else ""
            names[device] = names.get(device) or named
    return tuple(
        Agent(device, _username(device), names[device] or _username(device), tuple(sorted(set(queues[device]))))
        for device in sorted(queues)
    )


def _username(device: str) -> str:
    return re.sub(r"[^a-z0-9._-]", "-", device.partition("/")[2].lower())
