"""The book of live calls and channels: their identity, how calls join, and what is said about them.

Channels are keyed by Uniqueid. A call is a set of channels that share a Linkedid; when a channel's Linkedid changes to
another call's, or a transfer or pickup joins two calls, they merge: the customer's call survives.
"""

from __future__ import annotations

import itertools
import re
import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from callcenter import ids
from callcenter.telephony import ami_events as ami
from callcenter.telephony.agent_tracker import AgentTracker
from callcenter.telephony.call_state import RING, Call, CallView, Channel, is_local, view
from callcenter.telephony.events import (
    AgentState,
    AgentStateChanged,
    CallArrived,
    CallEnded,
    CallEvent,
    Direction,
)

TrackerEvent = CallEvent | AgentStateChanged

DEFAULT_AGENT_PATTERN = r"^(?P<interface>(?:PJSIP|SIP)/(?!trunk)[^-/@;]+)-[0-9a-f]{8}$"
"""The default of pbx.agent_pattern: any PJSIP or chan_sip device whose name does not begin with "trunk"."""

OWN_CHANNELS = (
    "AudioSocket/", "WebSocket/", "UnicastRTP/", "MulticastRTP/", "Snoop/",
    "Surrogate/", "Message/", "Recorder/", "Announcer/", "CBAnn/", "CBRec/",
)  # fmt: skip
"""Channels that are nobody's call: our own audio taps, and what Asterisk makes for itself."""

OUTSIDE = re.compile(
    r"trunk|pstn|public|anonymous|guest|\bdid\b|inbound|incoming|external|outside|provider", re.IGNORECASE
)
"""Contexts of lines to the outside, as FreePBX, Issabel and most hand-written dialplans name them."""

INTERNAL_DIGITS = 4
"""An agent who dials at most so many digits, or a feature code, stays inside: the call's direction is internal."""


def _unknown(_linkedid: str, _uniqueid: str) -> str | None:
    return None


class CallBook(ABC):
    """Live calls and their channels, empty again after the last Hangup. Subclasses say what happens to agents' legs."""

    def __init__(
        self,
        agent_pattern: str | re.Pattern[str] = DEFAULT_AGENT_PATTERN,
        own_channels: Iterable[str] = OWN_CHANNELS,
        new_id: Callable[[], str] = ids.new_id,
        *,
        now: Callable[[], float] = time.time,
        remember: int = 10_000,
        recall: Callable[[str, str], str | None] = _unknown,
    ) -> None:
        self._pattern = re.compile(agent_pattern)
        self._own = tuple(own_channels)
        self._new_id = new_id
        self._recall = recall
        self._now = now
        self._remember = remember
        self._order = itertools.count()
        self._calls: dict[str, Call] = {}
        self._by_linkedid: dict[str, Call] = {}
        self._channels: dict[str, Channel] = {}
        self._gone: OrderedDict[str, float] = OrderedDict()  # uniqueid → when it ended
        self._bridges: dict[str, dict[str, None]] = {}  # dicts as ordered sets: replays must not differ
        self._devices: dict[str, set[Channel]] = {}
        self._out: list[TrackerEvent] = []
        self._at = 0.0
        self.agents = AgentTracker(lambda device: self._interface(f"{device}-00000000") == device)

    @property
    def live(self) -> tuple[CallView, ...]:
        """The calls that exist now, oldest first."""
        return tuple(view(call) for call in self._calls.values() if call.announced)

    @property
    def size(self) -> int:
        """How many objects are held for live calls; 0 when nothing is going on."""
        return len(self._calls) + len(self._by_linkedid) + len(self._channels) + len(self._bridges) + len(self._devices)

    def _open(self, uniqueid: str, linkedid: str, name: str, event: Any) -> Channel | None:
        """Start to track a channel; None for our own, dead and nameless ones. ``event`` is its snapshot, if any."""
        if not uniqueid or uniqueid in self._gone or name.startswith(self._own):
            return None
        call = self._by_linkedid.get(linkedid or uniqueid) or self._new_call(linkedid or uniqueid, uniqueid)
        channel = Channel(uniqueid, name, call, None, self._at)
        call.channels[uniqueid] = self._channels[uniqueid] = channel
        if event is not None:
            channel.state, channel.number, channel.display = event.state, event.number, event.name
            channel.party, channel.exten = event.connected_number, event.exten
        self._assign(channel, self._interface(name))
        if channel.state == RING and not is_local(name):
            self._called_us(channel, event.context)
            self._announce(call)
            self._line(channel)
        return channel

    def _new_call(self, linkedid: str, first: str) -> Call:
        call_id = self._recall(linkedid, first) or self._new_id()
        call = Call(call_id, linkedid, first, self._at, next(self._order), {linkedid})
        self._calls[call.call_id] = self._by_linkedid[linkedid] = call
        return call

    def _called_us(self, channel: Channel, context: str) -> None:
        channel.incoming = True
        if OUTSIDE.search(context):
            self._assign(channel, None)

    def _assign(self, channel: Channel, interface: str | None) -> None:
        """Make ``channel`` one of the device ``interface``, or of none."""
        self._unlist(channel)
        channel.interface = interface
        if interface is not None:
            self._devices.setdefault(interface, set()).add(channel)

    def _unlist(self, channel: Channel) -> None:
        devices = self._devices.get(channel.interface or "")
        if devices is not None:
            devices.discard(channel)
            if not devices:
                del self._devices[channel.interface or ""]

    def _close(self, channel: Channel, cause: int) -> None:
        call = channel.call
        del self._channels[channel.uniqueid], call.channels[channel.uniqueid]
        self._bury(channel.uniqueid)
        self._leave(channel)
        self._leg_gone(channel, cause)
        if channel.uniqueid == call.first:
            call.cause = cause
        if not call.channels:
            self._end(call)
        self._unlist(channel)
        self._line(channel)

    def _bury(self, uniqueid: str) -> None:
        self._gone[uniqueid] = self._at
        if len(self._gone) > self._remember:
            self._gone.popitem(last=False)

    def _end(self, call: Call) -> None:
        self._emit(CallEnded, call, cause=call.cause, answered=call.answered)
        del self._calls[call.call_id]
        for linkedid in call.linkedids:
            self._by_linkedid.pop(linkedid, None)

    def _touch(self, event: ami.ChannelEvent) -> Channel | None:
        """The tracked channel of an event, brought up to date; None for channels that are not tracked."""
        channel = self._channels.get(event.uniqueid)
        if channel is None:
            return None
        if event.linkedid not in channel.call.linkedids and event.linkedid:
            self._relink(channel, event.linkedid)
        return channel

    def _relink(self, channel: Channel, linkedid: str) -> None:
        other = self._by_linkedid.get(linkedid)
        if other is not None:
            self._merge(other, channel.call)
            return
        channel.call.linkedids.add(linkedid)
        channel.call.linkedid = linkedid
        self._by_linkedid[linkedid] = channel.call

    def _merge(self, one: Call, two: Call) -> None:
        """Join two calls: the customer's survives, else the older; agents' legs of the other get its party."""
        keep, lose = sorted((one, two), key=lambda call: (call.direction is Direction.INTERNAL, call.order))
        moved = list(lose.channels.values())
        for channel in moved:
            channel.call = keep
            keep.channels[channel.uniqueid] = channel
        for linkedid in lose.linkedids:
            self._by_linkedid[linkedid] = keep
        keep.linkedids |= lose.linkedids
        lose.linkedids, lose.channels = set(), {}
        keep.answered |= lose.answered
        self._joined(keep, moved, lose.call_id)
        if lose.announced:
            self._emit(CallEnded, lose, cause=lose.cause, answered=lose.answered)
        del self._calls[lose.call_id]

    def _leave(self, channel: Channel) -> None:
        members = self._bridges.get(channel.bridge)
        channel_bridge, channel.bridge = channel.bridge, ""
        if members is not None:
            members.pop(channel.uniqueid, None)
            if not members:
                del self._bridges[channel_bridge]

    def _begin(self, at: float) -> None:
        self._out = []
        self._at = at or max(self._at, self._now())

    def _interface(self, name: str) -> str | None:
        match = self._pattern.match(name)
        if match is None:
            return None
        return match.groupdict().get("interface") or name.rpartition("-")[0] or name

    def _announce(self, call: Call) -> None:
        if call.announced:
            return
        call.announced = True
        first = call.channels.get(call.first)
        call.direction = _direction(first) if first else Direction.INBOUND
        dialled = first.exten if first and first.exten not in {"", "s"} else None
        outbound = call.direction is Direction.OUTBOUND and first is not None and first.interface and dialled
        self._out.append(
            CallArrived(
                at=_moment(call.started_s),
                call_id=call.call_id,
                linkedid=call.linkedid,
                uniqueid=call.first,
                number=dialled if outbound else first.number if first else None,
                name=first.display if first and not outbound else None,
                dialled=dialled,
                direction=call.direction,
            )
        )

    def _emit(self, event: Callable[..., CallEvent], call: Call, **fields: object) -> None:
        self._announce(call)
        self._out.append(event(at=_moment(self._at), call_id=call.call_id, linkedid=call.linkedid, **fields))

    def _line(self, channel: Channel) -> None:
        """Tell the agent tracker what the device's tracked channels add up to."""
        if channel.interface is None:
            return
        channels = self._devices.get(channel.interface, ())
        state = next((state for state, holds in _LINE_STATES if any(holds(one) for one in channels)), None)
        self._out += self.agents.on_line(channel.interface, state, self._at)

    # What an agent's leg goes through is the subclass's business.

    @abstractmethod
    def _leg_gone(self, channel: Channel, cause: int) -> None:
        """``channel`` has left its call, which may still have others."""

    @abstractmethod
    def _joined(self, call: Call, moved: list[Channel], moved_from: str) -> None:
        """``moved``, until now channels of the call ``moved_from``, belong to ``call``."""


_LINE_STATES: tuple[tuple[AgentState, Callable[[Channel], bool]], ...] = (
    (AgentState.ON_CALL, lambda channel: (channel.answered or channel.incoming) and not channel.held),
    (AgentState.ON_HOLD, lambda channel: channel.held),
    (AgentState.RINGING, lambda channel: channel.ringing),
)
"""The first that holds for any channel of a device is what it is doing."""


def _direction(first: Channel) -> Direction:
    if not first.incoming:
        return Direction.OUTBOUND  # the PBX called first: click-to-call
    if first.interface is None:
        return Direction.INBOUND
    inside = first.exten[:1] in {"*", "#"} or len(first.exten) <= INTERNAL_DIGITS
    return Direction.INTERNAL if inside else Direction.OUTBOUND


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
