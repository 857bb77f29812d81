"""Calls derived from AMI events: a pure reducer, event in, domain events out, in the order of the PBX.

Layers: ``call_book`` knows calls and channels, ``call_legs`` what agents' devices go through, ``call_resync`` how to
catch up after an outage; this module maps each AMI event to them.

Whose channel is an agent's. A channel name that matches ``agent_pattern`` (group ``interface`` names the device) counts
when it is dialled, or when it calls us from a context that does not look like a line to the outside (OUTSIDE). So a
trunk whose name happens to match is no agent when a call comes in over it, but the pattern must exclude trunks to
keep them from being offered calls that go out.

Memory. Everything is dropped at the last Hangup; the last ``remember`` uniqueids are kept so that late or repeated
events of dead channels change nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable
from typing import Any

from callcenter import ids
from callcenter.telephony import ami_events as ami
from callcenter.telephony.call_book import DEFAULT_AGENT_PATTERN, OWN_CHANNELS, TrackerEvent
from callcenter.telephony.call_resync import CallResync, Resync
from callcenter.telephony.call_state import RING, UP, is_local
from callcenter.telephony.events import CallHeld, CallResumed, TransferKind

__all__ = ["DEFAULT_AGENT_PATTERN", "OWN_CHANNELS", "CallTracker", "Resync", "TrackerEvent"]


class CallTracker(CallResync):
    """The reducer. Not thread-safe; ``apply`` never raises on any sequence of events.

    ``new_id`` makes call ids, unless ``recall`` (given linkedid and uniqueid) knows the call from before a restart;
    ``now`` (seconds since the epoch) is asked only for events that carry no time.
    """

    def __init__(
        self,
        agent_pattern: str | re.Pattern[str] = DEFAULT_AGENT_PATTERN,
        own_channels: Iterable[str] = OWN_CHANNELS,
        new_id: Callable[[], str] = ids.new_id,
        *,
        now: Callable[[], float] = time.time,
        remember: int = 10_000,
        recall: Callable[[str, str], str | None] = lambda _linkedid, _uniqueid: None,
    ) -> None:
        super().__init__(agent_pattern, own_channels, new_id, now=now, remember=remember, recall=recall)
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

    def apply(self, event: ami.AmiEvent) -> list[TrackerEvent]:
        """Take one AMI event; return what it means, mostly nothing."""
        handler = self._handlers.get(type(event))
        if handler is None:
            return []
        # FullyBooted carries no stamp of the PBX: it happens at the last time we know of.
        self._begin(self._at if type(event) is ami.FullyBooted else event.at)
        handler(event)
        return self._out

    def _newchannel(self, event: ami.Newchannel) -> None:
        ended = self._gone.get(event.uniqueid)
        if ended is not None and event.at > ended:
            # Not a repetition: an Asterisk that is back within a second gives the ids of that second again.
            del self._gone[event.uniqueid]
        if event.uniqueid not in self._channels:
            self._open(event.uniqueid, event.linkedid, event.channel, event)

    def _hangup(self, event: ami.Hangup) -> None:
        channel = self._touch(event)
        if channel is not None:
            self._close(channel, event.cause)

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
        if self._new_party(channel, number):
            other = next((c for c in channel.call.channels.values() if c is not channel and c.number == number), None)
            self._party(channel, number, event.connected_name, other)

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

    def _agent_connect(self, event: ami.AgentConnect) -> None:
        leg = self._channels.get(event.dest_uniqueid)
        if leg is not None:
            self._answer(leg, self._channels.get(event.uniqueid), event.queue or None)

    def _bridge_enter(self, event: ami.BridgeEnter) -> None:
        channel = self._touch(event)
        if channel is None:
            return
        self._leave(channel)
        channel.bridge = event.bridge
        members = self._bridges.setdefault(event.bridge, {})
        if event.kind == "basic" and members:
            other = self._channels[next(iter(members))]
            if other.call is not channel.call:
                self._merge(other.call, channel.call)
        members[channel.uniqueid] = None
        if event.kind == "basic" and len(members) > 1:
            self._met([self._channels[uniqueid] for uniqueid in members])
        if channel.ringing and event.state == UP:
            self._answered(channel, self._root(channel))

    def _bridge_leave(self, event: ami.BridgeLeave) -> None:
        channel = self._touch(event)
        if channel is not None and channel.bridge == event.bridge:
            self._leave(channel)

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

    def _queue_join(self, event: ami.QueueCallerJoin) -> None:
        channel = self._touch(event)
        if channel is not None:
            self._queued(channel, event.queue, self._at)

    def _queue_leave(self, event: ami.QueueCallerLeave) -> None:
        channel = self._touch(event)
        if channel is not None and channel.queue == event.queue:
            self._unqueued(channel)
            channel.queue = None

    def _queue_abandon(self, event: ami.QueueCallerAbandon) -> None:
        channel = self._touch(event)
        if channel is None or channel.queue != event.queue:
            return
        self._unqueued(channel)
        channel.queue = None
        wait_s = self._at - channel.queued_s if channel.queued_s else float(event.hold_s)
        self._abandon(channel.call, channel.uniqueid, event.queue, wait_s)

    def _fully_booted(self, event: ami.FullyBooted) -> None:
        """Sent after each login: what began before the PBX did is gone."""
        for channel in [c for c in self._channels.values() if c.created_s < self._at - event.uptime_s - 1]:
            self._close(channel, 0)

    def _shutdown(self, _event: ami.Shutdown) -> None:
        for channel in list(self._channels.values()):
            self._close(channel, 0)

    def _agent_event(self, event: ami.AmiEvent) -> None:
        self._out += self.agents.apply(event)
