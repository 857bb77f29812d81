"""Channels, bridges and queue members of the simulated PBX, and the AMI headers each contributes to an event.

Header names, their order and their values when unknown are those of Asterisk 22 (docs/reference/simulator.md).
"""

from __future__ import annotations

from dataclasses import dataclass, field

Headers = list[tuple[str, str]]

UNKNOWN = "<unknown>"

STATE_NUMBERS = {"Down": 0, "Ring": 4, "Ringing": 5, "Up": 6}

CAUSES = {
    0: "Unknown",
    16: "Normal Clearing",
    17: "User busy",
    19: "User alerting, no answer",
    26: "Answered elsewhere",
    127: "Interworking, unspecified",
}
"""Q.850 causes that simulated calls end with, in Asterisk's words."""

DEVICE_STATUS = {"NOT_INUSE": 1, "INUSE": 2, "BUSY": 3, "UNAVAILABLE": 5, "RINGING": 6, "ONHOLD": 8}
"""The Status header of a queue member, by its device's state."""


@dataclass(slots=True, kw_only=True, eq=False)
class Channel:
    """One leg. ``device`` is its endpoint (``PJSIP/1001``); ``name`` adds the instance number."""

    name: str
    device: str
    uniqueid: str
    linkedid: str
    context: str
    exten: str = "s"
    priority: int = 1
    state: str = "Down"
    number: str = UNKNOWN
    caller_name: str = UNKNOWN
    connected_number: str = UNKNOWN
    connected_name: str = UNKNOWN
    application: str = ""
    application_data: str = ""
    bridge: str = ""
    created_s: float = 0.0
    on_hold: bool = False

    def headers(self, prefix: str = "") -> Headers:
        """The snapshot that most events carry; ``prefix`` is "" or "Dest"."""
        return [
            (f"{prefix}Channel", self.name),
            (f"{prefix}ChannelState", str(STATE_NUMBERS[self.state])),
            (f"{prefix}ChannelStateDesc", self.state),
            (f"{prefix}CallerIDNum", self.number),
            (f"{prefix}CallerIDName", self.caller_name),
            (f"{prefix}ConnectedLineNum", self.connected_number),
            (f"{prefix}ConnectedLineName", self.connected_name),
            (f"{prefix}Language", "en"),
            (f"{prefix}AccountCode", ""),
            (f"{prefix}Context", self.context),
            (f"{prefix}Exten", self.exten),
            (f"{prefix}Priority", str(self.priority)),
            (f"{prefix}Uniqueid", self.uniqueid),
            (f"{prefix}Linkedid", self.linkedid),
        ]

    def connect_to(self, other: Channel) -> None:
        """Show ``other`` as the connected line."""
        self.connected_number, self.connected_name = other.number, other.caller_name


def bridge_headers(bridge: str, members: int) -> Headers:
    """A two-party bridge that ``members`` channels are in."""
    return [
        ("BridgeUniqueid", bridge),
        ("BridgeType", "basic"),
        ("BridgeTechnology", "simple_bridge"),
        ("BridgeCreator", UNKNOWN),
        ("BridgeName", UNKNOWN),
        ("BridgeNumChannels", str(members)),
        ("BridgeVideoSourceMode", "none"),
    ]


@dataclass(slots=True, kw_only=True)
class Member:
    """An agent's device in a queue."""

    interface: str
    name: str
    paused: bool = False
    paused_reason: str = ""
    calls_taken: int = 0
    last_call: int = 0
    last_pause: int = 0
    login_time: int = 0
    in_call: bool = False

    def headers(self, queue: str, status: int, *, as_list_item: bool) -> Headers:
        """QueueStatus and the QueueMember… events name the same things differently."""
        names = ("Name", "Location") if as_list_item else ("MemberName", "Interface")
        ring_in_use = [] if as_list_item else [("Ringinuse", "0")]
        return [
            ("Queue", queue),
            (names[0], self.name),
            (names[1], self.interface),
            ("StateInterface", self.interface),
            ("Membership", "static"),
            ("Penalty", "0"),
            ("CallsTaken", str(self.calls_taken)),
            ("LastCall", str(self.last_call)),
            ("LastPause", str(self.last_pause)),
            ("LoginTime", str(self.login_time)),
            ("InCall", str(int(self.in_call))),
            ("Status", str(status)),
            ("Paused", str(int(self.paused))),
            ("PausedReason", self.paused_reason),
            *ring_in_use,
            ("Wrapuptime", "0"),
        ]


@dataclass(slots=True, kw_only=True)
class Queue:
    """A queue: its members in ringing order and the callers that wait, first come first."""

    name: str
    strategy: str = "linear"
    members: list[Member] = field(default_factory=list)
    waiting: list[Channel] = field(default_factory=list)
    completed: int = 0
    abandoned: int = 0

    def params(self) -> Headers:
        """The QueueParams item of QueueStatus."""
        return [
            ("Queue", self.name),
            ("Max", "0"),
            ("Strategy", self.strategy),
            ("Calls", str(len(self.waiting))),
            ("Holdtime", "0"),
            ("TalkTime", "0"),
            ("Completed", str(self.completed)),
            ("Abandoned", str(self.abandoned)),
            ("ServiceLevel", "0"),
            ("ServicelevelPerf", "0.0"),
            ("ServicelevelPerf2", "0.0"),
            ("Weight", "0"),
        ]

    def position(self, caller: Channel) -> int:
        """1 for the caller at the head."""
        return self.waiting.index(caller) + 1

    def member(self, interface: str) -> Member | None:
        """The member with this device."""
        return next((member for member in self.members if member.interface == interface), None)
