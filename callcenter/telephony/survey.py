"""What a PBX is and has, asked through AMI as far as the user's rights go."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass

from callcenter.telephony.actions import NoRight, Refused
from callcenter.telephony.devices import FOLLOWED, Facts, Member
from callcenter.telephony.probe_actions import ProbeActions
from callcenter.telephony.rights import Rights, read_rights

Rows = tuple[Mapping[str, str], ...]

_CHANNEL = re.compile(r"(?P<device>(?:PJSIP|SIP)/.+)-[0-9a-f]{8}")

AMI_TO_ASTERISK = 11
"""AMI 5 is Asterisk 16, AMI 11 is Asterisk 22: since AMI 3 the two have grown together."""
OLDEST = 13


@dataclass(frozen=True, slots=True)
class Survey:
    """``version``: of Asterisk, e.g. ``22.10.1``, empty where the user may not ask; ``major`` is then told by AMI's.

    ``limits``: sentences on what could not be read, and the class that would let us.
    """

    version: str
    major: int
    queues: tuple[str, ...]
    facts: Facts
    rights: Rights
    limits: tuple[str, ...]


async def take_survey(actions: ProbeActions, *, ami_version: str) -> Survey:
    """Ask for everything once. Raises LinkDown and NoAnswer; a refusal only limits what is known."""
    limits: list[str] = []
    rights = read_rights(await actions.list_commands())

    async def rows(what: str, ask: Callable[[], Awaitable[Rows]]) -> Rows:
        try:
            return await ask()
        except NoRight as error:
            limits.append(f"{what} cannot be read: {error.fix or error.message}")
        except Refused:
            pass  # The PBX lacks that module, so it has none of them.
        return ()

    version = ""
    if rights.may("CoreSettings"):
        version = await actions.asterisk_version()
    else:
        limits.append("the exact version cannot be read: add reporting to the user's write in manager.conf")
    status = await rows("queues", actions.queue_status)
    found = {
        "states": await rows("device states", actions.device_states),
        "channels": await rows("live calls", actions.core_show_channels),
        "registrations": await rows("registrations with providers", actions.pjsip_registrations),
        "endpoints": await rows("PJSIP endpoints", actions.pjsip_endpoints) if rights.may("PJSIPShowEndpoints") else (),
        "peers": await rows("chan_sip peers", actions.sip_peers) if rights.may("SIPpeers") else (),
    }
    return Survey(
        version=version,
        major=major(version, ami_version),
        queues=tuple(sorted({row["Queue"] for row in status if row.get("Event") == "QueueParams"})),
        facts=facts(status=status, **found),
        rights=rights,
        limits=tuple(limits),
    )


def major(version: str, ami_version: str) -> int:
    """Asterisk's major version from ``22.10.1``, else from AMI's ``11.0.0``; the oldest we know when neither tells."""
    for text, offset in ((version, 0), (ami_version, AMI_TO_ASTERISK)):
        number = re.match(r"\D*(\d+)\.", text)
        if number and int(number[1]) + offset >= OLDEST:
            return int(number[1]) + offset
    return OLDEST


def facts(*, status: Rows, states: Rows, channels: Rows, registrations: Rows, endpoints: Rows, peers: Rows) -> Facts:
    """Put the rows of the list actions together."""
    names = {row.get("Device", "") for row in states}
    names |= {f"PJSIP/{row['ObjectName']}" for row in endpoints if "ObjectName" in row}
    names |= {f"SIP/{row['ObjectName']}" for row in peers if "ObjectName" in row}
    contexts = _contexts(channels)
    return Facts(
        names=frozenset(name for name in names | contexts.keys() if FOLLOWED.fullmatch(name)),
        members=tuple(_member(row) for row in status if row.get("Event") == "QueueMember"),
        registering=frozenset(_registering(registrations, endpoints)),
        contexts={device: frozenset(seen) for device, seen in contexts.items()},
    )


def _member(row: Mapping[str, str]) -> Member:
    interface = row.get("Location") or row.get("Interface", "")
    name = row.get("Name") or row.get("MemberName", "")
    return Member(row.get("Queue", ""), interface, row.get("StateInterface", ""), name)


def _registering(registrations: Rows, endpoints: Rows) -> Iterable[str]:
    for row in registrations:
        # A registration is linked to its endpoint by name only where "line" is set; FreePBX names both alike.
        for key in ("Endpoint", "ObjectName"):
            if row.get(key):
                yield f"PJSIP/{row[key]}"
    for row in endpoints:
        if row.get("OutboundAuths") and "ObjectName" in row:
            yield f"PJSIP/{row['ObjectName']}"


def _contexts(channels: Rows) -> Mapping[str, set[str]]:
    seen: defaultdict[str, set[str]] = defaultdict(set)
    for row in channels:
        found = _CHANNEL.fullmatch(row.get("Channel", ""))
        if found:
            seen[found["device"]].add(row.get("Context", ""))
    return seen
