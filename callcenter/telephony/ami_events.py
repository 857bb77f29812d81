"""AMI from bytes to typed events: an incremental parser of the wire format and a table of the events we use.

Wire format (Asterisk manager, https://docs.asterisk.org, "AMI Specification"): a banner line, then messages of
``Key: value`` lines ended by CRLF, each message ended by an empty line. Values are UTF-8 as far as callers make them.

Two entries, both pure: ``AmiParser.feed(bytes)`` gives header mappings; ``parse(headers)`` gives one frozen dataclass
per event of the table ``EVENTS``, or None for events nobody here needs. It also takes panoramisk's ``Message``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass, field

from callcenter.errors import Invalid

MESSAGE_LIMIT = 256 * 1024
"""Bytes of one message; Asterisk's largest (a Command's output aside) are below 16 KiB."""

Headers = Mapping[str, str]

BANNER = b"Asterisk Call Manager/"
_END = b"\r\n\r\n"
_EVENT = b"Event: "
_NAME = re.compile(rb"^Event: ([^\r\n]*)", re.MULTILINE)


class AmiMalformed(Invalid):
    """The bytes are not an AMI stream, or one message is larger than the limit."""

    code = "ami_malformed"


class AmiParser:
    """Cuts a byte stream into messages, whatever the packet edges are.

    ``only`` names the events to decode: others are skipped cheaply; responses always pass. Decoding happens per whole
    message, so a UTF-8 character cut by a packet edge is safe; invalid bytes become U+FFFD.
    """

    def __init__(self, *, limit: int = MESSAGE_LIMIT, only: Container[bytes] | None = None) -> None:
        self._rest = b""
        self._limit = limit
        self._only = only
        self.version: str | None = None
        """What the banner says after its slash, once seen."""

    def feed(self, chunk: bytes) -> list[dict[str, str]]:
        """Take bytes as they came; return the headers of every message that is now complete, in order.

        A repeated key keeps its last value. Raises AmiMalformed when a message grows over the limit; the parser is
        of no use after that: close the connection.
        """
        *whole, self._rest = (self._rest + chunk).split(_END)
        if len(self._rest) > self._limit:
            raise AmiMalformed(
                f"a message of more than {self._limit} bytes",
                field="AMI stream",
                fix="check that the port is Asterisk's manager port",
            )
        return [headers for raw in whole if self._wanted(raw) and (headers := self._headers(raw))]

    @property
    def rest(self) -> bytes:
        """The incomplete message at the end."""
        return self._rest

    @property
    def pending_bytes(self) -> int:
        """Bytes of an incomplete message at the end; 0 after a stream that ended cleanly."""
        return len(self._rest)

    def _wanted(self, raw: bytes) -> bool:
        if self._only is None:
            return True
        if raw.startswith(_EVENT):  # nearly always: spares a search
            end = raw.find(b"\r", len(_EVENT))
            return raw[len(_EVENT) : end if end >= 0 else None] in self._only
        name = _NAME.search(raw)
        return name is None or name[1] in self._only

    def _headers(self, raw: bytes) -> dict[str, str]:
        if len(raw) > self._limit:
            raise AmiMalformed(f"a message of {len(raw)} bytes, more than {self._limit}", field="AMI stream")
        lines = raw.decode("utf-8", "replace").split("\r\n")
        try:
            return dict([line.split(": ", 1) for line in lines])
        except ValueError:
            return self._irregular(lines)

    def _irregular(self, lines: list[str]) -> dict[str, str]:
        """The banner, empty lines, and ``Key:`` without the space (`Cause-txt:` of some versions)."""
        headers: dict[str, str] = {}
        for line in lines:
            key, colon, value = line.partition(":")
            if colon:
                headers[key] = value.removeprefix(" ")
            elif line.startswith(BANNER.decode()):
                self.version = line.partition("/")[2].strip()
        return headers


def number(text: str) -> str | None:
    """A caller's number or name as sent, or None where the PBX writes that there is none."""
    return text if text.isdecimal() or text.lower() not in _NO_NUMBER else None


_NO_NUMBER = frozenset({"", "<unknown>", "unknown", "anonymous", "restricted", "unavailable", "private", "withheld"})


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


Get = Callable[[str, str], str]
"""How builders read a header: name, and the value when it is absent."""


def _integer(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() else 0


def _channel(
    get: Get, at: float
) -> tuple[float, str, str, str, int, str | None, str | None, str | None, str | None, str, str]:
    """The fields of ChannelEvent, in its order."""
    return (
        at,
        get("Channel", ""),
        get("Uniqueid", ""),
        get("Linkedid", ""),
        _integer(get("ChannelState", "")),
        number(get("CallerIDNum", "")),
        number(get("CallerIDName", "")),
        number(get("ConnectedLineNum", "")),
        number(get("ConnectedLineName", "")),
        get("Context", ""),
        get("Exten", ""),
    )


def _dial(
    get: Get, at: float
) -> tuple[
    float, str, str, str, str | None, str | None, str, str, str, str, str, int, str | None, str | None, str | None
]:
    """The fields of DialEvent, in its order."""
    return (
        at,
        get("Channel", ""),
        get("Uniqueid", ""),
        get("Linkedid", ""),
        number(get("CallerIDNum", "")),
        number(get("CallerIDName", "")),
        get("Context", ""),
        get("Exten", ""),
        get("DestChannel", ""),
        get("DestUniqueid", ""),
        get("DestLinkedid", ""),
        _integer(get("DestChannelState", "")),
        number(get("DestCallerIDNum", "")),
        number(get("DestConnectedLineNum", "")),
        number(get("DestConnectedLineName", "")),
    )


def _agent(get: Get) -> tuple[str, str, str]:
    return get("Queue", ""), get("Interface", ""), get("MemberName", "")


def _blind(get: Get, at: float) -> BlindTransfer | None:
    if get("Result", "") != "Success":
        return None
    return BlindTransfer(
        at,
        get("TransfererChannel", ""),
        get("TransfererUniqueid", ""),
        "",
        get("TransfereeChannel", ""),
        get("TransfereeUniqueid", ""),
        "",
        "",
        get("Extension", ""),
    )


def _attended(get: Get, at: float) -> AttendedTransfer | None:
    if get("Result", "") != "Success":
        return None
    return AttendedTransfer(
        at,
        get("OrigTransfererChannel", ""),
        get("OrigTransfererUniqueid", ""),
        get("SecondTransfererUniqueid", ""),
        get("TransfereeChannel", ""),
        get("TransfereeUniqueid", ""),
        get("TransferTargetChannel", ""),
        get("TransferTargetUniqueid", ""),
        get("SecondTransfererConnectedLineNum", ""),
    )


def _member(get: Get, at: float) -> QueueMember:
    # QueueStatus rows call the interface Location and the member Name.
    interface = get("StateInterface", "") or get("Interface", "") or get("Location", "")
    return QueueMember(
        at,
        get("Event", ""),
        get("Queue", ""),
        interface,
        get("MemberName", "") or get("Name", ""),
        _integer(get("Status", "")),
        get("Paused", "0") == "1",
        get("PausedReason", "") or None,
        get("InCall", "0") == "1",
    )


EVENTS: dict[str, Callable[[Get, float], AmiEvent | None]] = {
    "Newchannel": lambda get, at: Newchannel(*_channel(get, at)),
    "Newstate": lambda get, at: Newstate(*_channel(get, at)),
    "NewCallerid": lambda get, at: NewCallerid(*_channel(get, at)),
    "NewConnectedLine": lambda get, at: NewConnectedLine(*_channel(get, at)),
    "Hold": lambda get, at: Hold(*_channel(get, at)),
    "Unhold": lambda get, at: Unhold(*_channel(get, at)),
    "Hangup": lambda get, at: Hangup(*_channel(get, at), _integer(get("Cause", ""))),
    "BridgeEnter": lambda get, at: BridgeEnter(
        *_channel(get, at), get("BridgeUniqueid", ""), get("BridgeType", "basic")
    ),
    "BridgeLeave": lambda get, at: BridgeLeave(*_channel(get, at), get("BridgeUniqueid", "")),
    "QueueCallerJoin": lambda get, at: QueueCallerJoin(*_channel(get, at), get("Queue", "")),
    "QueueCallerLeave": lambda get, at: QueueCallerLeave(*_channel(get, at), get("Queue", "")),
    "QueueCallerAbandon": lambda get, at: QueueCallerAbandon(
        *_channel(get, at), get("Queue", ""), _integer(get("HoldTime", ""))
    ),
    "Pickup": lambda get, at: Pickup(*_channel(get, at), get("TargetChannel", ""), get("TargetUniqueid", "")),
    "DialBegin": lambda get, at: DialBegin(*_dial(get, at)),
    "DialEnd": lambda get, at: DialEnd(*_dial(get, at), get("DialStatus", ""), get("Forward", "")),
    "AgentCalled": lambda get, at: AgentCalled(*_dial(get, at), *_agent(get)),
    "AgentConnect": lambda get, at: AgentConnect(*_dial(get, at), *_agent(get)),
    "BlindTransfer": _blind,
    "AttendedTransfer": _attended,
    "DeviceStateChange": lambda get, at: DeviceStateChange(at, get("Device", ""), get("State", "")),
    "QueueMemberAdded": _member,
    "QueueMemberRemoved": _member,
    "QueueMemberPause": _member,
    "QueueMemberStatus": _member,
    "QueueMember": _member,
    "FullyBooted": lambda get, at: FullyBooted(at, _integer(get("Uptime", ""))),
    "Shutdown": lambda get, at: Shutdown(at, get("Restart", "") == "True"),
}
"""AMI event name → builder of its dataclass. The event filter we ask admins for names a subset of these."""

EVENT_NAMES = frozenset(name.encode() for name in EVENTS)
"""For ``AmiParser(only=EVENT_NAMES)``: skips the bulk of an unfiltered stream before decoding it."""


def parse(headers: Headers, arrived_s: float = 0.0) -> AmiEvent | None:
    """The typed event of one message; None for responses, unknown events and failed transfers.

    ``headers`` is what ``AmiParser.feed`` gives, or any mapping with ``get`` (panoramisk's Message, whose keys ignore
    case and whose values may be lists: the last one counts). ``arrived_s`` (seconds since the epoch) stands in for a
    Timestamp header that the PBX does not send (`timestampevents = no`).
    """
    get: Get = headers.get if type(headers) is dict else _single(headers)
    build = EVENTS.get(get("Event", ""))
    if build is None:
        return None
    stamp = get("Timestamp", "")
    try:
        at = float(stamp) if stamp else arrived_s
    except ValueError:
        at = arrived_s
    return build(get, at)


def _single(headers: Headers) -> Get:
    """Read one value per key from a mapping that may hold lists of them."""

    def get(key: str, default: str) -> str:
        value: object = headers.get(key, default)
        return str(value[-1]) if isinstance(value, list) else str(value)

    return get


@dataclass(frozen=True, slots=True)
class ChannelRow:
    """One CoreShowChannel row; ``duration_s`` since the channel was created."""

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
    application: str
    application_data: str
    bridge: str
    duration_s: int


@dataclass(frozen=True, slots=True)
class QueueEntry:
    """One caller waiting in a queue; ``wait_s`` so far."""

    queue: str
    uniqueid: str
    wait_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxSnapshot:
    """What the PBX holds at one moment: rows of CoreShowChannels and of QueueStatus. ``at``: seconds since the epoch.

    ``complete`` false: only channels in bridges are listed, a call that rings may exist unseen.
    """

    at: float
    complete: bool = True
    channels: tuple[ChannelRow, ...] = ()
    entries: tuple[QueueEntry, ...] = ()
    members: tuple[QueueMember, ...] = ()
    devices: tuple[DeviceStateChange, ...] = field(default=())

    @staticmethod
    def from_rows(rows: Iterable[Headers], *, at: float, complete: bool = True) -> PbxSnapshot:
        """Sort list rows (CoreShowChannel, QueueEntry, QueueMember, DeviceStateChange) into a snapshot, in any order.

        Other rows (QueueParams, …Complete, responses) are skipped, so the answers of several actions may be chained.
        """
        found: dict[str, list[Get]] = {name: [] for name in _ROWS}
        for row in rows:
            get: Get = _single(row)
            found.get(get("Event", ""), []).append(get)
        return PbxSnapshot(
            at=at,
            complete=complete,
            channels=tuple(_channel_row(get) for get in found["CoreShowChannel"]),
            entries=tuple(
                QueueEntry(get("Queue", ""), get("Uniqueid", ""), _integer(get("Wait", "")))
                for get in found["QueueEntry"]
            ),
            members=tuple(_member(get, at) for get in found["QueueMember"]),
            devices=tuple(
                DeviceStateChange(at, get("Device", ""), get("State", "")) for get in found["DeviceStateChange"]
            ),
        )


_ROWS = ("CoreShowChannel", "QueueEntry", "QueueMember", "DeviceStateChange")


def _channel_row(get: Get) -> ChannelRow:
    fields = _channel(get, 0.0)[1:]
    bridge = get("BridgeId", "") or get("BridgeID", "")
    return ChannelRow(
        *fields, get("Application", ""), get("ApplicationData", ""), bridge, _clock_s(get("Duration", ""))
    )


def _clock_s(text: str) -> int:
    """``HH:MM:SS`` in seconds; 0 for anything else."""
    parts = text.split(":")
    if len(parts) != 3 or not all(part.isdecimal() for part in parts):
        return 0
    hours, minutes, seconds = (int(part) for part in parts)
    return hours * 3600 + minutes * 60 + seconds
