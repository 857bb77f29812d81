"""Calls derived from AMI events: a pure reducer, event in, domain events out, in the order of the PBX.

Identity. Channels are keyed by Uniqueid. A call is a set of channels that share a Linkedid; when a channel's
Linkedid changes to another call's, or a transfer or pickup joins two calls, they merge: the customer's call survives.

Whose channel is an agent's. A channel name that matches ``agent_pattern`` (group ``interface`` names the device) counts
when it is dialled, or when it calls us from a context that does not look like a line to the outside (OUTSIDE). So a
trunk whose name happens to match is no agent when a call comes in over it, but the pattern must exclude trunks to
keep them from being offered calls that go out.

Offers. A device is offered a call at AgentCalled or DialBegin, whichever comes first, once per ringing: several phones
registered as one device ring as one. An offer ends in CallAnswered or CallMissed, an answered leg in CallLegEnded.

Memory. Everything is dropped at the last Hangup; the last ``remember`` uniqueids are kept so that late or repeated
events of dead channels change nothing.
"""

from __future__ import annotations

import itertools
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from callcenter import ids
from callcenter.telephony import ami_events as ami
from callcenter.telephony.agent_tracker import AgentTracker
from callcenter.telephony.call_state import RING, UP, Call, CallView, Channel, is_local, view
from callcenter.telephony.events import (
    AgentState,
    AgentStateChanged,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallerAbandoned,
    CallEvent,
    CallHeld,
    CallLegEnded,
    CallMissed,
    CallOffered,
    CallPartyChanged,
    CallResumed,
    CallTransferred,
    Direction,
    MissReason,
    TransferKind,
)

TrackerEvent = CallEvent | AgentStateChanged

DEFAULT_AGENT_PATTERN = r"^(?P<interface>(?:PJSIP|SIP)/(?!trunk)[^-/@;]+)-[0-9a-f]{8}$"
"""The default of pbx.agent_pattern: any PJSIP or chan_sip device whose name does not begin with "trunk"."""

OWN_CHANNELS = (
    "AudioSocket/", "WebSocket/", "UnicastRTP/", "MulticastRTP/", "Snoop/",
    "Surrogate/", "Message/", "Recorder/", "Announcer/", "CBAnn/", "CBRec/",
)  # fmt: skip
"""Channels that are nobody's call: our own audio taps, and what Asterisk makes for itself."""

OUTSIDE = re.compile(r"trunk|pstn|\bdid\b|inbound|incoming|external|outside|provider", re.IGNORECASE)
"""Contexts of lines to the outside, as FreePBX, Issabel and most hand-written dialplans name them."""

INTERNAL_DIGITS = 4
"""An agent who dials at most so many digits, or a feature code, stays inside: the call's direction is internal."""

DIALLED_BY_APP = frozenset({"AppDial", "AppDial2", "AppQueue"})
"""What CoreShowChannels names as the application of a channel that was dialled rather than calling."""

CAUSE_REASON: dict[int, MissReason] = {
    1: MissReason.UNREACHABLE,
    3: MissReason.UNREACHABLE,
    17: MissReason.BUSY,
    18: MissReason.NO_ANSWER,
    19: MissReason.NO_ANSWER,
    20: MissReason.UNREACHABLE,
    21: MissReason.REJECTED,
    26: MissReason.ANSWERED_ELSEWHERE,
    27: MissReason.UNREACHABLE,
    34: MissReason.UNREACHABLE,
    38: MissReason.UNREACHABLE,
    41: MissReason.UNREACHABLE,
    42: MissReason.UNREACHABLE,
    58: MissReason.UNREACHABLE,
}
"""Q.850 cause of the leg's Hangup → why it was missed; other causes say nothing and the dial status decides."""

STATUS_REASON: dict[str, MissReason] = {
    "NOANSWER": MissReason.NO_ANSWER,
    "BUSY": MissReason.BUSY,
    "CONGESTION": MissReason.UNREACHABLE,
    "CHANUNAVAIL": MissReason.UNREACHABLE,
    "CANCEL": MissReason.CALLER_ABANDONED,
}


@dataclass(frozen=True, slots=True)
class Resync:
    """What a snapshot after a reconnect changed: the events to publish, and the counts for AmiGap."""

    events: list[TrackerEvent]
    calls_reconstructed: int
    calls_ended_unseen: int


class CallTracker:
    """The reducer. Not thread-safe; ``apply`` never raises on any sequence of events.

    ``new_id`` makes call ids; ``now`` (seconds since the epoch) is asked only for events that carry no time.
    """

    def __init__(
        self,
        agent_pattern: str | re.Pattern[str] = DEFAULT_AGENT_PATTERN,
        own_channels: Iterable[str] = OWN_CHANNELS,
        new_id: Callable[[], str] = ids.new_id,
        *,
        now: Callable[[], float] = time.time,
        remember: int = 10_000,
    ) -> None:
        self._pattern = re.compile(agent_pattern)
        self._own = tuple(own_channels)
        self._new_id = new_id
        self._now = now
        self._remember = remember
        self._order = itertools.count()
        self._calls: dict[str, Call] = {}
        self._by_linkedid: dict[str, Call] = {}
        self._channels: dict[str, Channel] = {}
        self._gone: dict[str, None] = {}
        self._bridges: dict[str, set[str]] = {}
        self._devices: dict[str, set[Channel]] = {}
        self._out: list[TrackerEvent] = []
        self._at = 0.0
        self.agents = AgentTracker(lambda device: self._interface(f"{device}-00000000") == device)
        self._handlers: dict[type[ami.AmiEvent], Callable[[Any], None]] = {
            ami.Newchannel: self._newchannel,
            ami.Newstate: self._newstate,
            ami.NewCallerid: self._caller_id,
            ami.NewConnectedLine: self._connected_line,
            ami.Hold: self._hold,
            ami.Unhold: self._unhold,
            ami.Hangup: self._hangup,
            ami.BridgeEnter: self._bridge_enter,
            ami.BridgeLeave: self._bridge_leave,
            ami.QueueCallerJoin: self._queue_join,
            ami.QueueCallerLeave: self._queue_leave,
            ami.QueueCallerAbandon: self._queue_abandon,
            ami.DialBegin: self._dial_begin,
            ami.DialEnd: self._dial_end,
            ami.AgentCalled: self._agent_called,
            ami.AgentConnect: self._agent_connect,
            ami.BlindTransfer: self._blind_transfer,
            ami.AttendedTransfer: self._attended_transfer,
            ami.DeviceStateChange: self._agent_event,
            ami.QueueMember: self._agent_event,
            ami.FullyBooted: self._fully_booted,
            ami.Shutdown: self._shutdown,
        }

    # --- what others call -------------------------------------------------------------------------------------------

    def apply(self, event: ami.AmiEvent) -> list[TrackerEvent]:
        """Take one AMI event; return what it means, mostly nothing."""
        handler = self._handlers.get(type(event))
        if handler is None:
            return []
        # FullyBooted carries no stamp of the PBX: it happens at the last time we know of.
        self._begin(self._at if type(event) is ami.FullyBooted else event.at)
        handler(event)
        return self._out

    def resync(self, snapshot: ami.PbxSnapshot) -> Resync:
        """Bring the state in line with the PBX after an outage, then go on with ``apply``.

        Calls no longer there end (cause 0). Unknown ones are rebuilt: CallArrived at the time they began, then for each
        agent's device CallOffered and, if it is up, CallAnswered. Hold cannot be recovered.
        """
        self._begin(snapshot.at)
        rows = {row.uniqueid: row for row in snapshot.channels if not row.channel.startswith(self._own)}
        before = set(self._calls)
        for channel in [c for uniqueid, c in self._channels.items() if uniqueid not in rows]:
            self._close(channel, 0)
        ended = len(before) - sum(call_id in self._calls for call_id in before)
        waiting = {entry.uniqueid: entry for entry in snapshot.entries}
        self._restore(sorted(rows.values(), key=_age_order), waiting, snapshot.at)
        for state in (*snapshot.devices, *snapshot.members):
            self._out += self.agents.apply(state)
        return Resync(self._out, len(set(self._calls) - before), ended)

    @property
    def live(self) -> tuple[CallView, ...]:
        """The calls that exist now, oldest first."""
        return tuple(view(call) for call in self._calls.values() if call.announced)

    @property
    def size(self) -> int:
        """How many objects are held for live calls; 0 when nothing is going on."""
        return len(self._calls) + len(self._by_linkedid) + len(self._channels) + len(self._bridges) + len(self._devices)

    # --- channels come and go ---------------------------------------------------------------------------------------

    def _newchannel(self, event: ami.Newchannel) -> None:
        if event.uniqueid not in self._channels:
            self._open(event.uniqueid, event.linkedid, event.channel, event)

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

    def _called_us(self, channel: Channel, context: str) -> None:
        channel.incoming = True
        if OUTSIDE.search(context):
            self._assign(channel, None)

    def _assign(self, channel: Channel, interface: str | None) -> None:
        """Make ``channel`` one of the device ``interface``, or of none."""
        if channel.interface is not None:
            devices = self._devices[channel.interface]
            devices.discard(channel)
            if not devices:
                del self._devices[channel.interface]
        channel.interface = interface
        if interface is not None:
            self._devices.setdefault(interface, set()).add(channel)

    def _new_call(self, linkedid: str, first: str) -> Call:
        call = Call(self._new_id(), linkedid, first, self._at, next(self._order), {linkedid})
        self._calls[call.call_id] = self._by_linkedid[linkedid] = call
        return call

    def _hangup(self, event: ami.Hangup) -> None:
        channel = self._touch(event)
        if channel is not None:
            self._close(channel, event.cause)

    def _close(self, channel: Channel, cause: int) -> None:
        call = channel.call
        del self._channels[channel.uniqueid], call.channels[channel.uniqueid]
        self._bury(channel.uniqueid)
        self._leave(channel)
        self._end_leg(channel, cause)
        if channel.uniqueid == call.first:
            call.cause = cause
            self._first_left(call)
        if not call.channels:
            self._end(call)
        interface = channel.interface
        self._assign(channel, None)
        self._line_of(interface)

    def _bury(self, uniqueid: str) -> None:
        self._gone[uniqueid] = None
        if len(self._gone) > self._remember:
            del self._gone[next(iter(self._gone))]

    def _end_leg(self, channel: Channel, cause: int) -> None:
        if channel.interface is None:
            return
        if channel.answered:
            self._emit(CallLegEnded, channel.call, uniqueid=channel.uniqueid, interface=channel.interface)
        elif channel.offered_as and not any(
            leg.offered_as == channel.offered_as for leg in channel.call.legs(channel.interface)
        ):
            reason = self._miss_reason(channel, cause)
            channel.call.gave_up |= reason is MissReason.CALLER_ABANDONED
            if reason is MissReason.ANSWERED_ELSEWHERE and not channel.call.answered:
                channel.call.taken = channel
            self._emit(
                CallMissed,
                channel.call,
                uniqueid=channel.offered_as,
                interface=channel.interface,
                reason=reason,
            )

    def _miss_reason(self, channel: Channel, cause: int) -> MissReason:
        """Hangup cause first; then somebody else's answer; a device that gave no sign was unreachable; then dial status."""
        if channel.forwarded:
            return MissReason.FORWARDED
        if cause in CAUSE_REASON:
            return CAUSE_REASON[cause]
        if channel.call.answered and channel.dial_status in {"", "CANCEL"}:
            return MissReason.ANSWERED_ELSEWHERE
        if not channel.rang:
            return MissReason.UNREACHABLE
        return STATUS_REASON.get(channel.dial_status, MissReason.NO_ANSWER)

    def _first_left(self, call: Call) -> None:
        """A caller who hangs up while a device rings has abandoned, queue or not."""
        ringing = call.gave_up or any(channel.ringing for channel in call.channels.values())
        if ringing and call.direction is Direction.INBOUND and not (call.answered or call.abandoned):
            self._abandon(call, call.first, None, self._at - call.started_s)

    def _abandon(self, call: Call, uniqueid: str, queue: str | None, wait_s: float) -> None:
        call.abandoned = True
        self._emit(CallerAbandoned, call, uniqueid=uniqueid, queue=queue, wait_s=round(max(0.0, wait_s), 3))

    def _end(self, call: Call) -> None:
        self._emit(CallEnded, call, cause=call.cause, answered=call.answered)
        del self._calls[call.call_id]
        for linkedid in call.linkedids:
            self._by_linkedid.pop(linkedid, None)

    # --- a channel changes ------------------------------------------------------------------------------------------

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

    def _newstate(self, event: ami.Newstate) -> None:
        channel = self._touch(event)
        if channel is None:
            return
        channel.state = event.state
        if event.state == RING and not (
            channel.incoming or channel.dialler or channel.offered_as or is_local(channel.name)
        ):
            # chan_sip creates a channel Down and then lets it call.
            channel.number, channel.display, channel.exten = event.number, event.name, event.exten
            self._called_us(channel, event.context)
            self._announce(channel.call)
            self._line(channel)
        channel.rang |= event.state not in {0, RING}

    def _caller_id(self, event: ami.NewCallerid) -> None:
        channel = self._touch(event)
        if channel is not None:
            channel.number, channel.display = event.number, event.name

    def _connected_line(self, event: ami.NewConnectedLine) -> None:
        channel = self._touch(event)
        if channel is None or not (channel.offered_as or channel.answered) or channel.incoming:
            return
        number = event.connected_number
        if number is None or same_number(number, channel.party) or not self._shows(channel, number):
            return
        other = next((c for c in channel.call.channels.values() if c is not channel and c.number == number), None)
        self._party(channel, number, event.connected_name, other)

    def _shows(self, channel: Channel, number: str) -> bool:
        """Whether a new party is to be shown: not a colleague consulted during a customer's call, nor what we dialled."""
        call = channel.call
        if call.direction is Direction.OUTBOUND:
            return False
        colleague = any(c.interface and c.number == number for c in call.channels.values())
        return call.direction is Direction.INTERNAL or not colleague

    def _party(self, channel: Channel, number: str | None, name: str | None, other: Channel | None) -> None:
        channel.party = number
        channel.caller = other.uniqueid if other else channel.caller
        self._emit(
            CallPartyChanged,
            channel.call,
            uniqueid=channel.uniqueid,
            interface=channel.interface,
            number=number,
            name=name,
            caller_uniqueid=other.uniqueid if other else None,
        )

    def _hold(self, event: ami.Hold) -> None:
        channel = self._touch(event)
        if channel is not None and not channel.held:
            channel.held = True
            self._emit(CallHeld, channel.call, uniqueid=channel.uniqueid, interface=channel.interface)
            self._line(channel)

    def _unhold(self, event: ami.Unhold) -> None:
        channel = self._touch(event)
        if channel is not None and channel.held:
            channel.held = False
            self._emit(CallResumed, channel.call, uniqueid=channel.uniqueid, interface=channel.interface)
            self._line(channel)

    # --- ringing and answering --------------------------------------------------------------------------------------

    def _dial_begin(self, event: ami.DialBegin) -> None:
        self._dialled(event, None)

    def _agent_called(self, event: ami.AgentCalled) -> None:
        self._dialled(event, event.queue or None)

    def _dialled(self, event: ami.DialEvent, queue: str | None) -> None:
        self._ends(event)
        leg = self._channels.get(event.dest_uniqueid)
        if leg is None or leg.incoming:
            return
        leg.dialler = event.uniqueid
        leg.queue = leg.queue or queue
        if leg.interface is not None and not leg.offered_as and not leg.answered:
            self._offer(leg, event.number or event.dest_connected_number, event.name or event.dest_connected_name)

    def _ends(self, event: ami.DialEvent) -> None:
        """Open either end of a dial that began before we listened."""
        if event.uniqueid and event.uniqueid not in self._channels:
            opened = self._open(event.uniqueid, event.linkedid, event.channel, None)
            if opened is not None:
                opened.number, opened.display, opened.exten = event.number, event.name, event.exten
                self._called_us(opened, event.context)
        if event.dest_uniqueid not in self._channels:
            opened = self._open(event.dest_uniqueid, event.dest_linkedid, event.dest_channel, None)
            if opened is not None:
                opened.state, opened.number = event.dest_state, event.dest_number

    def _offer(self, leg: Channel, number: str | None, name: str | None) -> None:
        self._announce(leg.call)
        root = self._root(leg)
        if root is not None:
            number, name = root.number or number, root.display or name
            leg.queue = leg.queue or root.queue
        else:
            root = self._fallback(leg, number)
        twin = next((c for c in leg.call.legs(leg.interface or "") if c.ringing and c is not leg), None)
        leg.offered_as = twin.offered_as if twin else leg.uniqueid
        leg.party, leg.caller = number, root.uniqueid if root else ""
        if twin is None:
            self._emit(
                CallOffered,
                leg.call,
                uniqueid=leg.uniqueid,
                interface=leg.interface,
                number=number,
                name=name,
                queue=leg.queue,
                direction=leg.call.direction,
                caller_uniqueid=leg.caller,
            )
        self._line(leg)

    def _root(self, leg: Channel) -> Channel | None:
        """The party that ``leg`` is rung for: up the chain of diallers, through Local channels, to a real channel."""
        below = leg
        for _ in range(16):  # a chain is 1 to 5 long; the bound keeps a malformed stream from looping
            dialler = self._channels.get(below.dialler)
            if dialler is None or not is_local(dialler.name):
                return None if dialler is leg else dialler
            partner = dialler.call.partner(dialler)
            if partner is None:
                return None
            below = partner
        return None

    @staticmethod
    def _fallback(leg: Channel, number: str | None) -> Channel | None:
        """Where the chain is broken (a consultation by feature code dials out of nowhere): by number, else the first."""
        others = [c for c in leg.call.channels.values() if c is not leg and not is_local(c.name)]
        named = [c for c in others if number is not None and c.number == number]
        return next(iter(named + [c for c in others if c.uniqueid == leg.call.first]), None)

    def _dial_end(self, event: ami.DialEnd) -> None:
        leg = self._channels.get(event.dest_uniqueid)
        if leg is None:
            return
        if event.status == "ANSWER":
            self._answer(leg, self._channels.get(event.uniqueid))
            return
        for channel in self._below(leg):
            channel.dial_status = channel.dial_status or event.status
        if event.forward and not leg.forwarded:
            leg.forwarded = True
            self._transferred(leg, TransferKind.FORWARD, event.forward)

    @staticmethod
    def _below(leg: Channel) -> list[Channel]:
        """``leg`` and, when it is half of a Local channel, the channels dialled from its other half."""
        partner = leg.call.partner(leg)
        if partner is None:
            return [leg]
        return [leg, *(c for c in leg.call.channels.values() if c.dialler == partner.uniqueid)]

    def _agent_connect(self, event: ami.AgentConnect) -> None:
        leg = self._channels.get(event.dest_uniqueid)
        if leg is not None:
            self._answer(leg, self._channels.get(event.uniqueid), event.queue or None)

    def _answer(self, leg: Channel, dialler: Channel | None, queue: str | None = None) -> None:
        if dialler is not None:
            if dialler.call is not leg.call:
                self._picked_up(leg, dialler, queue)
            if not is_local(leg.name):
                leg.dialler = dialler.uniqueid
        leg.rang = True
        if leg.interface is not None and leg.ringing:
            self._answered(leg, self._root(leg))
        elif leg.interface is None and not is_local(leg.name):
            self._reached(leg, self._root(leg))

    def _answered(self, leg: Channel, caller: Channel | None) -> None:
        leg.answered = True
        leg.caller = caller.uniqueid if caller else leg.caller
        # An agent who took up a click-to-call talks to nobody yet.
        leg.call.answered |= bool(leg.caller)
        self._emit(
            CallAnswered,
            leg.call,
            uniqueid=leg.uniqueid,
            interface=leg.interface,
            caller_uniqueid=leg.caller,
            queue=leg.queue,
        )
        self._line(leg)

    def _reached(self, outside: Channel, agent: Channel | None) -> None:
        """Somebody outside picked up: the agent who called now has a party."""
        if agent is None or agent.interface is None:
            outside.call.answered = True
        elif not agent.answered:
            agent.party = outside.number
            self._answered(agent, outside)
        elif not agent.caller:
            agent.call.answered = True
            self._party(agent, agent.party or outside.number, outside.display, outside)

    def _picked_up(self, leg: Channel, caller: Channel, queue: str | None) -> None:
        """``leg``, which called us, took over a ringing call: offer it that call."""
        ringing = (c for c in caller.call.channels.values() if c.ringing and c.dialler == caller.uniqueid)
        taken = next(ringing, caller.call.taken)
        self._merge(caller.call, leg.call)
        if leg.interface is None or leg.answered or leg.offered_as:
            return
        if taken is not None:
            self._transferred(taken, TransferKind.PICKUP, leg.interface)
        leg.dialler, leg.incoming = caller.uniqueid, False
        leg.queue = queue or (taken.queue if taken else None)
        self._offer(leg, caller.number, caller.display)

    # --- conversations and transfers --------------------------------------------------------------------------------

    def _bridge_enter(self, event: ami.BridgeEnter) -> None:
        channel = self._touch(event)
        if channel is None:
            return
        self._leave(channel)
        channel.bridge = event.bridge
        members = self._bridges.setdefault(event.bridge, set())
        if event.kind == "basic" and members:
            other = self._channels[next(iter(members))]
            if other.call is not channel.call:
                self._merge(other.call, channel.call)
        members.add(channel.uniqueid)
        if channel.ringing and event.state == UP:
            self._answered(channel, self._root(channel))

    def _bridge_leave(self, event: ami.BridgeLeave) -> None:
        channel = self._touch(event)
        if channel is not None and channel.bridge == event.bridge:
            self._leave(channel)

    def _leave(self, channel: Channel) -> None:
        members = self._bridges.get(channel.bridge)
        channel_bridge, channel.bridge = channel.bridge, ""
        if members is not None:
            members.discard(channel.uniqueid)
            if not members:
                del self._bridges[channel_bridge]

    def _blind_transfer(self, event: ami.BlindTransfer) -> None:
        channel = self._channels.get(event.transferer_uniqueid)
        if channel is not None:
            self._transferred(channel, TransferKind.BLIND, event.target_number or None)

    def _attended_transfer(self, event: ami.AttendedTransfer) -> None:
        channel = self._channels.get(event.transferer_uniqueid)
        if channel is None:
            return
        second = self._channels.get(event.second_uniqueid)
        if second is not None and second.call is not channel.call:
            self._merge(channel.call, second.call)
        target = self._interface(event.target_channel) or event.target_number or None
        self._transferred(channel, TransferKind.ATTENDED, target)

    def _transferred(self, channel: Channel, kind: TransferKind, target: str | None) -> None:
        self._emit(
            CallTransferred,
            channel.call,
            uniqueid=channel.uniqueid,
            kind=kind,
            interface=channel.interface,
            target=target,
        )

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
        first = keep.channels.get(keep.first)
        if first is not None:
            for leg in moved:
                if leg.interface and leg.offered_as and not same_number(first.number, leg.party):
                    self._party(leg, first.number, first.display, first)
        if lose.announced:
            self._emit(CallEnded, lose, cause=lose.cause, answered=lose.answered)
        del self._calls[lose.call_id]

    # --- queues -----------------------------------------------------------------------------------------------------

    def _queue_join(self, event: ami.QueueCallerJoin) -> None:
        channel = self._touch(event)
        if channel is not None:
            channel.queue, channel.queued_s = event.queue, self._at

    def _queue_leave(self, event: ami.QueueCallerLeave) -> None:
        channel = self._touch(event)
        if channel is not None and channel.queue == event.queue:
            channel.queue = None

    def _queue_abandon(self, event: ami.QueueCallerAbandon) -> None:
        channel = self._touch(event)
        if channel is None or channel.queue != event.queue:
            return
        channel.queue = None
        wait_s = self._at - channel.queued_s if channel.queued_s else float(event.hold_s)
        self._abandon(channel.call, channel.uniqueid, event.queue, wait_s)

    # --- the PBX ----------------------------------------------------------------------------------------------------

    def _fully_booted(self, event: ami.FullyBooted) -> None:
        """Sent after each login: what began before the PBX did is gone."""
        for channel in [c for c in self._channels.values() if c.created_s < self._at - event.uptime_s - 1]:
            self._close(channel, 0)

    def _shutdown(self, _event: ami.Shutdown) -> None:
        for channel in list(self._channels.values()):
            self._close(channel, 0)

    def _agent_event(self, event: ami.AmiEvent) -> None:
        self._out += self.agents.apply(event)

    # --- rebuilding after an outage ---------------------------------------------------------------------------------

    def _restore(self, rows: list[ami.ChannelRow], waiting: dict[str, ami.QueueEntry], at: float) -> None:
        fresh = [row for row in rows if row.uniqueid not in self._channels]
        for row in fresh:
            self._rebuild(row, at)
        for row in rows:
            channel = self._channels.get(row.uniqueid)
            if channel is not None:
                self._refresh(channel, row, waiting.get(row.uniqueid), at)
        for row in rows:
            channel = self._channels.get(row.uniqueid)
            if channel is not None and channel.interface is not None:
                self._recover_leg(channel, row)

    def _rebuild(self, row: ami.ChannelRow, at: float) -> None:
        self._at = at - row.duration_s
        self._gone.pop(row.uniqueid, None)
        channel = self._open(row.uniqueid, row.linkedid, row.channel, None)
        self._at = at
        if channel is None:
            return
        channel.number, channel.display, channel.exten = row.number, row.name, row.exten
        channel.party = row.connected_number
        if row.application not in DIALLED_BY_APP and not is_local(row.channel):
            self._called_us(channel, row.context)

    def _refresh(self, channel: Channel, row: ami.ChannelRow, entry: ami.QueueEntry | None, at: float) -> None:
        channel.state, channel.bridge = row.state, ""
        if row.linkedid not in channel.call.linkedids and row.linkedid:
            self._relink(channel, row.linkedid)
        if entry is not None:
            channel.queue, channel.queued_s = entry.queue, at - entry.wait_s
        elif channel.interface is None:
            channel.queue = None
        self._leave(channel)
        if row.bridge:
            channel.bridge = row.bridge
            self._bridges.setdefault(row.bridge, set()).add(channel.uniqueid)
        self._announce(channel.call)

    def _recover_leg(self, leg: Channel, row: ami.ChannelRow) -> None:
        other = self._opposite(leg)
        leg.rang |= row.state >= RING
        if leg.incoming:
            if row.state == UP and not leg.answered and other is not None and other.interface is None:
                self._answered(leg, other)
            return
        if not leg.offered_as:
            leg.dialler = other.uniqueid if other else ""
            leg.queue = _queue_of(row) or (other.queue if other else None)
            self._offer(leg, row.connected_number, row.connected_name)
        elif not same_number(row.connected_number, leg.party) and row.connected_number is not None:
            if self._shows(leg, row.connected_number):
                self._party(leg, row.connected_number, row.connected_name, other)
        if row.state == UP and leg.ringing:
            self._answered(leg, other)

    def _opposite(self, leg: Channel) -> Channel | None:
        """Who the leg talks to: in its bridge, else the channel with its party's number, else the call's first."""
        others = [c for c in leg.call.channels.values() if c is not leg and not is_local(c.name)]
        bridged = [c for c in others if leg.bridge and c.bridge == leg.bridge]
        named = [c for c in others if c.number is not None and c.number == leg.party]
        first = [c for c in others if c.uniqueid == leg.call.first]
        return next(iter(bridged + named + first), None)

    # --- helpers ----------------------------------------------------------------------------------------------------

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
        self._line_of(channel.interface)

    def _line_of(self, interface: str | None) -> None:
        """Tell the agent tracker what the device's tracked channels add up to."""
        if interface is None:
            return
        channels = self._devices.get(interface, ())
        state = next((state for state, holds in _LINE_STATES if any(holds(channel) for channel in channels)), None)
        self._out += self.agents.on_line(interface, state, self._at)


_LINE_STATES: tuple[tuple[AgentState, Callable[[Channel], bool]], ...] = (
    (AgentState.ON_CALL, lambda channel: (channel.answered or channel.incoming) and not channel.held),
    (AgentState.ON_HOLD, lambda channel: channel.held),
    (AgentState.RINGING, lambda channel: channel.ringing),
)
"""The first that holds for any channel of a device is what it is doing."""

_STAMP = re.compile(r"(\d+)\.(\d+)$")


def same_number(one: str | None, two: str | None) -> bool:
    """Whether two numbers reach the same party: equal, or one is the other with a prefix (+86, 0) of a long number."""
    if one is None or two is None or one == two:
        return one == two
    short, long = sorted(("".join(filter(str.isdigit, text)) for text in (one, two)), key=len)
    return len(short) >= 7 and long.endswith(short)


def _direction(first: Channel) -> Direction:
    if not first.incoming:
        return Direction.OUTBOUND  # the PBX called first: click-to-call
    if first.interface is None:
        return Direction.INBOUND
    inside = first.exten[:1] in {"*", "#"} or len(first.exten) <= INTERNAL_DIGITS
    return Direction.INTERNAL if inside else Direction.OUTBOUND


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _age_order(row: ami.ChannelRow) -> tuple[int, int]:
    """Uniqueids are ``[system-]epoch.counter``: older channels first."""
    match = _STAMP.search(row.uniqueid)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _queue_of(row: ami.ChannelRow) -> str | None:
    """The queue whose Queue() the channel runs."""
    return row.application_data.partition(",")[0] or None if row.application == "Queue" else None
