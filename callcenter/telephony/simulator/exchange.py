"""The switch inside the simulated PBX: live channels, device states, queues, and the events they cause."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter
from collections.abc import Callable

from callcenter.clock import Clock
from callcenter.telephony.simulator.channels import (
    CAUSES,
    DEVICE_STATUS,
    Channel,
    Headers,
    Member,
    Queue,
    bridge_headers,
)

PRIVILEGES = dict.fromkeys(
    (
        "QueueCallerJoin",
        "QueueCallerLeave",
        "QueueCallerAbandon",
        "AgentCalled",
        "AgentConnect",
        "AgentComplete",
        "AgentRingNoAnswer",
        "QueueMemberPause",
    ),
    "agent,all",
) | {"Shutdown": "system,all", "FullyBooted": "system,all"}
"""The class of an event; all that are not here are of class call."""

Listener = Callable[[str, str, str], None]
"""Takes the name of an event, its class and its text."""


class Exchange:
    """State of one boot: a restart makes a new one, whose ids count from ``<epoch>.0`` again as Asterisk's do.

    ``after_s`` is the last epoch that the boot before it used: a simulated restart can be faster than a second.
    """

    def __init__(
        self,
        *,
        clock: Clock,
        queues: list[Queue],
        device_names: dict[str, str],
        send: Listener,
        after_s: int = 0,
        trunk: str = "",
    ) -> None:
        self.clock = clock
        self.queues = {queue.name: queue for queue in queues}
        self.device_names = device_names
        self.channels: dict[str, Channel] = {}
        self.on_hangup: dict[str, list[Callable[[], None]]] = {}
        self.booted_s = int(clock.now().timestamp())
        self.last_id_s = after_s + 1
        self._send = send
        self._ids = itertools.count()
        self._instances = itertools.count()
        # An endpoint without a contact, as a trunk that is known by its address, is unavailable until it is used.
        self._devices: dict[str, str] = {trunk: "UNAVAILABLE"} if trunk else {}
        self._busy: Counter[str] = Counter()
        self.bridges: dict[str, list[Channel]] = {}
        for member in (member for queue in queues for member in queue.members):
            member.login_time = member.login_time or self.booted_s

    # Events

    def emit(self, name: str, *groups: Headers) -> None:
        """Send one event, stamped now, to every session that may see its class."""
        privilege = PRIVILEGES.get(name, "call,all")
        head = f"Event: {name}\r\nPrivilege: {privilege}\r\nTimestamp: {self.clock.now().timestamp():.6f}\r\n"
        body = "".join(f"{key}: {value}\r\n" for group in groups for key, value in group)
        self._send(name, privilege.partition(",")[0], f"{head}{body}\r\n")

    def device_state(self, device: str, state: str) -> None:
        """Say that ``device`` changed, if it did."""
        if device.startswith("PJSIP/") and self._devices.get(device, "NOT_INUSE") != state:
            self._devices[device] = state
            self.emit("DeviceStateChange", [("Device", device), ("State", state)])

    def device_states(self) -> dict[str, str]:
        """Every device that was ever in use or is named, and its state."""
        return dict.fromkeys(self.device_names, "NOT_INUSE") | self._devices

    def member_status(self, member: Member) -> int:
        """The number QueueStatus gives for the state of a member's device."""
        return DEVICE_STATUS[self._devices.get(member.interface, "NOT_INUSE")]

    # Channels

    def new_channel(self, device: str, *, context: str, linkedid: str | None = None, **fields: object) -> Channel:
        """Create a channel of ``device`` and announce it; without ``linkedid`` it starts a call of its own."""
        self.last_id_s = max(self.last_id_s, int(self.clock.now().timestamp()))
        uniqueid = f"{self.last_id_s}.{next(self._ids)}"
        channel = Channel(
            name=f"{device}-{next(self._instances):08x}",
            device=device,
            uniqueid=uniqueid,
            linkedid=linkedid or uniqueid,
            context=context,
            created_s=self.clock.monotonic(),
        )
        for key, value in fields.items():
            setattr(channel, key, value)
        self.channels[uniqueid] = channel
        self._busy[device] += 1
        self.emit("Newchannel", channel.headers())
        return channel

    def set_state(self, channel: Channel, state: str) -> None:
        """Change the channel's state (Ringing, Up) and say so."""
        channel.state = state
        self.emit("Newstate", channel.headers())

    def hang_up(self, channel: Channel, cause: int, *, tech_cause: str | None = None) -> None:
        """End one channel; a second time does nothing. Whoever waits in ``on_hangup`` for it is told."""
        if self.channels.pop(channel.uniqueid, None) is None:
            return
        self._busy[channel.device] -= 1
        extra = [("Cause", str(cause)), ("Cause-txt", CAUSES[cause])]
        self.emit("Hangup", channel.headers(), extra, [("TechCause", tech_cause)] if tech_cause else [])
        for told in self.on_hangup.pop(channel.uniqueid, []):
            told()

    def release(self, device: str, idle: str = "NOT_INUSE") -> None:
        """The device state after a hang-up: ``idle`` unless another channel of the device lives on."""
        if not self._busy[device]:
            del self._busy[device]
            self.device_state(device, idle)

    def find(self, name_or_uniqueid: str) -> Channel | None:
        """A live channel by either of its ids."""
        by_id = self.channels.get(name_or_uniqueid)
        return by_id or next((c for c in self.channels.values() if c.name == name_or_uniqueid), None)

    # Bridges

    def bridge(self, first: Channel, second: Channel) -> None:
        """Let two channels hear each other."""
        bridge = str(uuid.uuid4())
        members = self.bridges[bridge] = []
        for channel in (first, second):
            members.append(channel)
            channel.bridge = bridge
            self.emit("BridgeEnter", bridge_headers(bridge, len(members)), channel.headers())

    def leave_bridge(self, channel: Channel) -> None:
        """Take a channel out of its bridge, if it is in one."""
        members = self.bridges.get(channel.bridge)
        if members is None or channel not in members:
            return
        members.remove(channel)
        self.emit("BridgeLeave", bridge_headers(channel.bridge, len(members)), channel.headers())
        if not members:
            del self.bridges[channel.bridge]
        channel.bridge = ""
