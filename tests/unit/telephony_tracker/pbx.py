"""A few lines of PBX: writes the AMI events of made-up calls, for what no capture covers."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

STATES = {0: "Down", 4: "Ring", 5: "Ringing", 6: "Up"}


@dataclass
class Line:
    """A channel of the made-up PBX."""

    channel: str
    uniqueid: str
    linkedid: str
    number: str
    state: int = 0
    connected: str = "<unknown>"
    context: str = "from-internal"
    exten: str = "s"

    def headers(self, prefix: str = "") -> dict[str, str]:
        return {
            f"{prefix}Channel": self.channel,
            f"{prefix}ChannelState": str(self.state),
            f"{prefix}CallerIDNum": self.number,
            f"{prefix}CallerIDName": "<unknown>",
            f"{prefix}ConnectedLineNum": self.connected,
            f"{prefix}ConnectedLineName": "<unknown>",
            f"{prefix}Context": self.context,
            f"{prefix}Exten": self.exten,
            f"{prefix}Uniqueid": self.uniqueid,
            f"{prefix}Linkedid": self.linkedid,
        }


class Pbx:
    """Each method returns the headers of the events it causes; time goes on by 10 ms an event."""

    def __init__(self, technology: str = "PJSIP", system: str = "") -> None:
        self.technology = technology
        self.system = system
        self._count = itertools.count()
        self._time = itertools.count(1)

    def event(self, name: str, **headers: str) -> dict[str, str]:
        return {"Event": name, "Timestamp": f"{1795300000 + next(self._time) / 100:.6f}", **headers}

    def about(self, name: str, line: Line, **more: str) -> dict[str, str]:
        return self.event(name, **line.headers(), **more)

    def line(self, device: str, number: str, linkedid: str | None = None, **fields: str | int) -> Line:
        count = next(self._count)
        uniqueid = f"{self.system}1795300000.{count}"
        return Line(
            f"{self.technology}/{device}-{count:08x}", uniqueid, linkedid or uniqueid, number, **fields  # type: ignore[arg-type]
        )  # fmt: skip

    def call_in(self, number: str, did: str = "4000", device: str = "trunk", context: str = "from-trunk"):
        """A caller arrives over ``device``."""
        line = self.line(device, number, state=4, context=context, exten=did)
        return line, [self.about("Newchannel", line)]

    def dial(self, caller: Line, device: str):
        """``caller`` rings a device."""
        leg = self.line(device, device, caller.linkedid, connected=caller.number)
        events = [self.about("Newchannel", leg), self.dial_begin(caller, leg)]
        leg.state = 5
        return leg, [*events, self.about("Newstate", leg)]

    def dial_begin(self, caller: Line | None, leg: Line) -> dict[str, str]:
        return self.event("DialBegin", **(caller.headers() if caller else {}), **leg.headers("Dest"))

    def dial_end(self, caller: Line, leg: Line, status: str, **more: str) -> dict[str, str]:
        return self.event("DialEnd", **caller.headers(), **leg.headers("Dest"), DialStatus=status, **more)

    def answer(self, caller: Line, leg: Line, bridge: str = "bridge-1"):
        """``leg`` picks up and talks to ``caller``."""
        leg.state = 6
        events = [self.about("Newstate", leg), self.dial_end(caller, leg, "ANSWER")]
        return [*events, self.enter(leg, bridge), self.enter(caller, bridge)]

    def enter(self, line: Line, bridge: str, kind: str = "basic") -> dict[str, str]:
        return self.about("BridgeEnter", line, BridgeUniqueid=bridge, BridgeType=kind)

    def hangup(self, line: Line, cause: int = 16) -> dict[str, str]:
        return self.about("Hangup", line, Cause=str(cause))
