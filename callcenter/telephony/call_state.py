"""What the call tracker remembers: calls and their channels, and the frozen views of them that others may read."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from callcenter.telephony.events import Direction

LOCAL = re.compile(r"^(?P<stem>Local/.+);(?P<half>[12])$")
"""Two halves of one pseudo channel; what enters half 1 comes out of half 2."""

UP, RING = 6, 4
"""Channel states: answered, and calling us."""


def is_local(name: str) -> bool:
    """Whether a channel name is one half of a Local pseudo channel: a way through the dialplan, nobody's phone."""
    return name.startswith("Local/")


@dataclass(slots=True, eq=False)
class Channel:
    """One channel while it exists. ``interface`` is set on agents' devices only."""

    uniqueid: str
    name: str
    call: Call
    interface: str | None
    created_s: float
    state: int = 0
    number: str | None = None
    display: str | None = None
    exten: str = ""
    incoming: bool = False
    """It called us (its state was Ring); False: the PBX created it to reach somebody."""
    dialler: str = ""
    """Uniqueid of the channel that dialled this one; empty when the PBX did so itself."""
    queue: str | None = None
    """Of a caller: the queue it waits in. Of an agent's leg: the queue that offered the call."""
    queued_s: float = 0.0
    waits: bool = False
    """It is in ``queue`` now, and CallQueued has said so."""
    offered_as: str = ""
    """Uniqueid under which the device was offered the call (two phones of one device ring as one); empty: never."""
    party: str | None = None
    """The number shown to the agent on this leg."""
    caller: str = ""
    """Uniqueid of the party this leg was offered or answered for; empty while there is none."""
    answered: bool = False
    held: bool = False
    rang: bool = False
    forwarded: bool = False
    dial_status: str = ""
    bridge: str = ""

    @property
    def ringing(self) -> bool:
        """Offered to an agent who has not picked up."""
        return bool(self.offered_as) and not self.answered


@dataclass(slots=True, eq=False)
class Call:
    """One call: all channels of one linkedid, and of the linkedids joined to it by transfers."""

    call_id: str
    linkedid: str
    first: str
    started_s: float
    order: int
    linkedids: set[str] = field(default_factory=set)
    channels: dict[str, Channel] = field(default_factory=dict)
    direction: Direction = Direction.INBOUND
    announced: bool = False
    answered: bool = False
    abandoned: bool = False
    gave_up: bool = False
    """A device stopped ringing because the caller went away."""
    taken: Channel | None = None
    """The leg that stopped ringing because somebody took the call over, while nobody has answered it yet."""
    cause: int = 0

    def legs(self, interface: str) -> Iterator[Channel]:
        """The channels of an agent's device in this call that were offered or answered."""
        return (c for c in self.channels.values() if c.interface == interface and (c.offered_as or c.answered))

    def partner(self, channel: Channel) -> Channel | None:
        """The other half of a Local channel."""
        match = LOCAL.match(channel.name)
        if match is None:
            return None
        name = f"{match['stem']};{3 - int(match['half'])}"
        return next((c for c in self.channels.values() if c.name == name), None)


@dataclass(frozen=True, slots=True)
class LegView:
    """An agent's device in a live call; ``state`` is ringing, talking or held."""

    uniqueid: str
    interface: str
    state: str
    number: str | None
    caller_uniqueid: str


@dataclass(frozen=True, slots=True)
class CallView:
    """A live call as it is now; times in seconds since the epoch by the PBX's clock."""

    call_id: str
    linkedid: str
    first_uniqueid: str
    number: str | None
    name: str | None
    queue: str | None
    direction: Direction
    started_s: float
    answered: bool
    channels: int
    legs: tuple[LegView, ...]


def view(call: Call) -> CallView:
    """The frozen view of ``call``."""
    first = call.channels.get(call.first)
    return CallView(
        call.call_id,
        call.linkedid,
        call.first,
        first.number if first else None,
        first.display if first else None,
        first.queue if first else None,
        call.direction,
        call.started_s,
        call.answered,
        len(call.channels),
        tuple(_leg(c) for c in call.channels.values() if c.interface and (c.offered_as or c.answered)),
    )


def _leg(channel: Channel) -> LegView:
    state = "ringing" if channel.ringing else "held" if channel.held else "talking"
    return LegView(channel.uniqueid, channel.interface or "", state, channel.party, channel.caller)
