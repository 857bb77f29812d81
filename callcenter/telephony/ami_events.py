"""What Asterisk tells over AMI, as far as we use it: one frozen dataclass per event. ``ami_reading`` makes them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AmiEvent:
    """Base of all events. ``at``: seconds since the epoch by the PBX's clock, 0.0 where it does not stamp events."""

    at: float


@dataclass(frozen=True, slots=True)
class ChannelEvent(AmiEvent):
    """Something about one channel, with the snapshot of it that every such event carries.

    ``state`` is Asterisk's number: 0 Down, 3 Dialing, 4 Ring (it calls us), 5 Ringing (we call it), 6 Up.
    """

    channel: str
    uniqueid: str
    linkedid: str
    state: int
    number: str | None
    name: str | None
    connected_number: str | None
    connected_name: str | None
    context: str
    exten: str


@dataclass(frozen=True, slots=True)
class Newchannel(ChannelEvent):
    """A channel was created."""


@dataclass(frozen=True, slots=True)
class Newstate(ChannelEvent):
    """Its state changed."""


@dataclass(frozen=True, slots=True)
class NewCallerid(ChannelEvent):
    """Its own number or name changed."""


@dataclass(frozen=True, slots=True)
class NewConnectedLine(ChannelEvent):
    """The party it talks to changed."""


@dataclass(frozen=True, slots=True)
class Hold(ChannelEvent):
    """Its user pressed hold."""


@dataclass(frozen=True, slots=True)
class Unhold(ChannelEvent):
    """Its user ended hold; may come without Hold."""


@dataclass(frozen=True, slots=True)
class Hangup(ChannelEvent):
    """The channel is gone; ``cause`` by Q.850, 0 unknown."""

    cause: int


@dataclass(frozen=True, slots=True)
class BridgeEnter(ChannelEvent):
    """It joined the conversation ``bridge``; ``kind`` "basic" between parties, others for parking and announcements."""

    bridge: str
    kind: str


@dataclass(frozen=True, slots=True)
class BridgeLeave(ChannelEvent):
    """It left the conversation ``bridge``."""

    bridge: str


@dataclass(frozen=True, slots=True)
class QueueCallerJoin(ChannelEvent):
    """The caller waits in ``queue``."""

    queue: str


@dataclass(frozen=True, slots=True)
class QueueCallerLeave(ChannelEvent):
    """The caller no longer waits, for whatever reason."""

    queue: str


@dataclass(frozen=True, slots=True)
class QueueCallerAbandon(ChannelEvent):
    """The caller left unanswered: hung up, or the queue's time was over. ``hold_s`` whole seconds waited."""

    queue: str
    hold_s: int


@dataclass(frozen=True, slots=True)
class Pickup(ChannelEvent):
    """The channel took over the ringing channel ``target_uniqueid``."""

    target_channel: str
    target_uniqueid: str


@dataclass(frozen=True, slots=True)
class DialEvent(AmiEvent):
    """Something between a dialling channel (all fields empty when the PBX itself dials) and the one it dials."""

    channel: str
    uniqueid: str
    linkedid: str
    number: str | None
    name: str | None
    context: str
    exten: str
    dest_channel: str
    dest_uniqueid: str
    dest_linkedid: str
    dest_state: int
    dest_number: str | None
    dest_connected_number: str | None
    dest_connected_name: str | None


@dataclass(frozen=True, slots=True)
class DialBegin(DialEvent):
    """Dialling starts."""


@dataclass(frozen=True, slots=True)
class DialEnd(DialEvent):
    """Dialling is over: ``status`` ANSWER, BUSY, NOANSWER, CANCEL …; ``forward`` the extension it was sent on to."""

    status: str
    forward: str


@dataclass(frozen=True, slots=True)
class AgentEvent(DialEvent):
    """A queue and one of its members; ``interface`` as configured there (may be a Local channel)."""

    queue: str
    interface: str
    member: str


@dataclass(frozen=True, slots=True)
class AgentCalled(AgentEvent):
    """The queue calls the member: the earliest sign of a ring."""


@dataclass(frozen=True, slots=True)
class AgentConnect(AgentEvent):
    """The member has the caller."""


@dataclass(frozen=True, slots=True)
class Transfer(AmiEvent):
    """A successful hand-over; empty strings where the PBX names no channel (three-way and multi-party)."""

    transferer_channel: str
    transferer_uniqueid: str
    second_uniqueid: str
    transferee_channel: str
    transferee_uniqueid: str
    target_channel: str
    target_uniqueid: str
    target_number: str


@dataclass(frozen=True, slots=True)
class BlindTransfer(Transfer):
    """The transferer sent the transferee to extension ``target_number``."""


@dataclass(frozen=True, slots=True)
class AttendedTransfer(Transfer):
    """The transferer joined its two calls; ``second_uniqueid`` is its channel in the consultation call."""


@dataclass(frozen=True, slots=True)
class DeviceStateChange(AmiEvent):
    """A device by name, e.g. PJSIP/1001, is now in ``state``: NOT_INUSE, INUSE, UNAVAILABLE, RINGING, ONHOLD ….

    ``device`` may also name queues, hints and the like: they are nobody's phone.
    """

    device: str
    state: str


@dataclass(frozen=True, slots=True)
class QueueMember(AmiEvent):
    """A queue's member as it is now; ``event`` tells what made the PBX say so. ``status`` numbers device states."""

    event: str
    queue: str
    interface: str
    member: str
    status: int
    paused: bool
    reason: str | None
    in_call: bool


@dataclass(frozen=True, slots=True)
class FullyBooted(AmiEvent):
    """The PBX is up: sent after each login, without a time stamp. ``uptime_s`` tells whether it is the same run."""

    uptime_s: int


@dataclass(frozen=True, slots=True)
class Shutdown(AmiEvent):
    """The PBX stops; nothing of its state survives. ``restart`` true when it says that it comes back."""

    restart: bool
