"""Headers of AMI messages read as typed events: a table of the events we use, and ``parse`` over it. Pure.

Headers are what ``ami_stream.AmiParser`` gives; panoramisk's ``Message`` is taken as well.
"""

from __future__ import annotations

from collections.abc import Callable

from callcenter.telephony.ami_events import (
    AgentCalled,
    AgentConnect,
    AmiEvent,
    AttendedTransfer,
    BlindTransfer,
    BridgeEnter,
    BridgeLeave,
    DeviceStateChange,
    DialBegin,
    DialEnd,
    FullyBooted,
    Hangup,
    Hold,
    NewCallerid,
    Newchannel,
    NewConnectedLine,
    Newstate,
    Pickup,
    QueueCallerAbandon,
    QueueCallerJoin,
    QueueCallerLeave,
    QueueMember,
    Shutdown,
    Unhold,
)
from callcenter.telephony.ami_stream import Headers

Get = Callable[[str, str], str]
"""How builders read a header: name, and the value when it is absent."""


def number(text: str) -> str | None:
    """A caller's number or name as sent, or None where the PBX writes that there is none."""
    return text if text.isdecimal() or text.lower() not in _NO_NUMBER else None


_NO_NUMBER = frozenset({"", "<unknown>", "unknown", "anonymous", "restricted", "unavailable", "private", "withheld"})


def integer(text: str) -> int:
    """A count as sent; 0 for anything else."""
    return int(text) if text.isascii() and text.isdecimal() else 0


def channel_fields(
    get: Get, at: float
) -> tuple[float, str, str, str, int, str | None, str | None, str | None, str | None, str, str]:
    """The fields of ChannelEvent, in its order."""
    return (
        at,
        get("Channel", ""),
        get("Uniqueid", ""),
        get("Linkedid", ""),
        integer(get("ChannelState", "")),
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
        integer(get("DestChannelState", "")),
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


def queue_member(get: Get, at: float) -> QueueMember:
    """The member of an event or of a QueueStatus row."""
    # QueueStatus rows call the interface Location and the member Name.
    interface = get("StateInterface", "") or get("Interface", "") or get("Location", "")
    return QueueMember(
        at,
        get("Event", ""),
        get("Queue", ""),
        interface,
        get("MemberName", "") or get("Name", ""),
        integer(get("Status", "")),
        get("Paused", "0") == "1",
        get("PausedReason", "") or None,
        get("InCall", "0") == "1",
    )


EVENTS: dict[str, Callable[[Get, float], AmiEvent | None]] = {
    "Newchannel": lambda get, at: Newchannel(*channel_fields(get, at)),
    "Newstate": lambda get, at: Newstate(*channel_fields(get, at)),
    "NewCallerid": lambda get, at: NewCallerid(*channel_fields(get, at)),
    "NewConnectedLine": lambda get, at: NewConnectedLine(*channel_fields(get, at)),
    "Hold": lambda get, at: Hold(*channel_fields(get, at)),
    "Unhold": lambda get, at: Unhold(*channel_fields(get, at)),
    "Hangup": lambda get, at: Hangup(*channel_fields(get, at), integer(get("Cause", ""))),
    "BridgeEnter": lambda get, at: BridgeEnter(
        *channel_fields(get, at), get("BridgeUniqueid", ""), get("BridgeType", "basic")
    ),
    "BridgeLeave": lambda get, at: BridgeLeave(*channel_fields(get, at), get("BridgeUniqueid", "")),
    "QueueCallerJoin": lambda get, at: QueueCallerJoin(*channel_fields(get, at), get("Queue", "")),
    "QueueCallerLeave": lambda get, at: QueueCallerLeave(*channel_fields(get, at), get("Queue", "")),
    "QueueCallerAbandon": lambda get, at: QueueCallerAbandon(
        *channel_fields(get, at), get("Queue", ""), integer(get("HoldTime", ""))
    ),
    "Pickup": lambda get, at: Pickup(*channel_fields(get, at), get("TargetChannel", ""), get("TargetUniqueid", "")),
    "DialBegin": lambda get, at: DialBegin(*_dial(get, at)),
    "DialEnd": lambda get, at: DialEnd(*_dial(get, at), get("DialStatus", ""), get("Forward", "")),
    "AgentCalled": lambda get, at: AgentCalled(*_dial(get, at), *_agent(get)),
    "AgentConnect": lambda get, at: AgentConnect(*_dial(get, at), *_agent(get)),
    "BlindTransfer": _blind,
    "AttendedTransfer": _attended,
    "DeviceStateChange": lambda get, at: DeviceStateChange(at, get("Device", ""), get("State", "")),
    "QueueMemberAdded": queue_member,
    "QueueMemberRemoved": queue_member,
    "QueueMemberPause": queue_member,
    "QueueMemberStatus": queue_member,
    "QueueMember": queue_member,
    "FullyBooted": lambda get, at: FullyBooted(at, integer(get("Uptime", ""))),
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
    get: Get = headers.get if type(headers) is dict else single(headers)
    build = EVENTS.get(get("Event", ""))
    if build is None:
        return None
    stamp = get("Timestamp", "")
    try:
        at = float(stamp) if stamp else arrived_s
    except ValueError:
        at = arrived_s
    return build(get, at)


def single(headers: Headers) -> Get:
    """Read one value per key from a mapping that may hold lists of them."""

    def get(key: str, default: str) -> str:
        value: object = headers.get(key, default)
        return str(value[-1]) if isinstance(value, list) else str(value)

    return get
