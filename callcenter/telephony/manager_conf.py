"""The least-privilege AMI user of manager.conf, for a given Asterisk version.

Facts measured on Asterisk 16 and 22: these classes and events are what screen-pop, live audio and resync need. From
Asterisk 20.9 / 21.4 / 22 on filters go by event name (a hash look-up); older ones take one regular expression.
"""

from __future__ import annotations

import ipaddress
import re

from callcenter.errors import Invalid

EVENTS = (
    "Newchannel",
    "Newstate",
    "NewCallerid",
    "NewConnectedLine",
    "DialBegin",
    "DialEnd",
    "BridgeEnter",
    "BridgeLeave",
    "Hold",
    "Unhold",
    "BlindTransfer",
    "AttendedTransfer",
    "Hangup",
    "QueueCallerJoin",
    "QueueCallerLeave",
    "QueueCallerAbandon",
    "AgentCalled",
    "AgentConnect",
    "AgentComplete",
    "AgentRingNoAnswer",
    "QueueMemberAdded",
    "QueueMemberRemoved",
    "QueueMemberPause",
    "OriginateResponse",
    "FullyBooted",
    "Shutdown",
)
FILTER_BY_NAME_SINCE = 22
OLDEST = 13
_USERNAME = re.compile(r"[\w.-]{1,80}")
SECRET_HERE = "change-me"  # noqa: S105 - the words that the admin replaces


def section(*, username: str, asterisk: int, pop_only: bool = False, permit: str = "127.0.0.1/32") -> str:
    """Text for manager.conf. ``pop_only`` leaves out every write class.

    Raises Invalid for versions we do not know, and for a user or network that would not be one line of the file.
    """
    if asterisk < OLDEST:
        raise Invalid(f"Asterisk {asterisk} is too old", field="--asterisk", fix=f"{OLDEST} or newer is needed")
    if not _USERNAME.fullmatch(username):
        raise Invalid("not a name for an AMI user", field="pbx.username", fix="use letters, digits, - _ and .")
    try:
        ipaddress.ip_network(permit, strict=False)
    except ValueError as error:
        raise Invalid("not a network", field="--permit", fix="give an address or network, e.g. 10.0.0.9/32") from error
    lines = [
        f"[{username}]",
        f"secret = {SECRET_HERE}",
        "deny = 0.0.0.0/0.0.0.0",
        f"permit = {permit}",
        "read = call,agent,cdr",
        *([] if pop_only else ["write = call,agent,reporting,originate"]),
        "writetimeout = 1000",
        *_filters(asterisk),
    ]
    return "\n".join(lines) + "\n"


def _filters(asterisk: int) -> list[str]:
    if asterisk < FILTER_BY_NAME_SINCE:
        # Matched anywhere in the event's text: without its end, Hangup would let HangupRequest through too.
        return [f"eventfilter = Event: ({'|'.join(EVENTS)})[^A-Za-z]"]
    names = [f"eventfilter(name({event})) =" for event in EVENTS]
    return [*names, "eventfilter(name(DeviceStateChange),header(Device),method(starts_with)) = PJSIP/"]
