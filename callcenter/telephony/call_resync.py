"""Bringing the state in line with the PBX after the link was down: nothing that was missed is sent again."""

from __future__ import annotations

import re
from dataclasses import dataclass

from callcenter.telephony.call_book import TrackerEvent
from callcenter.telephony.call_legs import CallLegs
from callcenter.telephony.call_state import RING, UP, Channel, is_local
from callcenter.telephony.pbx_snapshot import ChannelRow, PbxSnapshot, QueueEntry

DIALLED_BY_APP = frozenset({"AppDial", "AppDial2", "AppQueue"})
"""What CoreShowChannels names as the application of a channel that was dialled rather than calling."""

_STAMP = re.compile(r"(\d+)\.(\d+)$")


@dataclass(frozen=True, slots=True)
class Resync:
    """What a snapshot after a reconnect changed: the events to publish, and the counts for AmiGap."""

    events: list[TrackerEvent]
    calls_reconstructed: int
    calls_ended_unseen: int


class CallResync(CallLegs):
    """Takes snapshots of the PBX."""

    def resync(self, snapshot: PbxSnapshot) -> Resync:
        """Bring the state in line with the PBX after an outage, then go on with ``apply``.

        Calls no longer there end (cause 0); after an incomplete snapshot, calls that wait in a queue go on. Unknown
        ones are rebuilt: CallArrived at the time they began, then for each agent's device CallOffered and, if it is up,
        CallAnswered. Hold cannot be recovered.
        """
        self._begin(snapshot.at)
        rows = {row.uniqueid: row for row in snapshot.channels if not row.channel.startswith(self._own)}
        before = set(self._calls)
        waiting = {entry.uniqueid: entry for entry in snapshot.entries}
        for channel in [c for c in self._channels.values() if c.uniqueid not in rows]:
            if snapshot.complete or waiting.keys().isdisjoint(channel.call.channels):
                self._close(channel, 0)
        ended = len(before) - sum(call_id in self._calls for call_id in before)
        self._restore(sorted(rows.values(), key=_age_order), waiting, snapshot.at)
        for state in (*snapshot.devices, *snapshot.members):
            self._out += self.agents.apply(state)
        return Resync(self._out, len(set(self._calls) - before), ended)

    def _restore(self, rows: list[ChannelRow], waiting: dict[str, QueueEntry], at: float) -> None:
        fresh = [row for row in rows if row.uniqueid not in self._channels]
        for row in fresh:
            self._rebuild(row, at)
        for row in rows:
            channel = self._channels.get(row.uniqueid)
            if channel is not None:
                self._refresh(channel, row, waiting.get(row.uniqueid), at)
        queues = {row.uniqueid: _queue_of(row) for row in rows}
        for row in rows:
            channel = self._channels.get(row.uniqueid)
            if channel is not None and channel.interface is not None:
                self._recover_leg(channel, row, queues)

    def _rebuild(self, row: ChannelRow, at: float) -> None:
        self._at = at - row.duration_s
        self._gone.pop(row.uniqueid, None)
        channel = self._open(row.uniqueid, row.linkedid, row.channel, None)
        self._at = at
        if channel is None:
            return
        channel.number, channel.display, channel.exten = row.number, row.name, row.exten
        channel.party = row.connected_number
        # Rows of BridgeInfo name no application: the call's oldest channel called then, the others were dialled.
        called = row.application not in DIALLED_BY_APP if row.application else row.uniqueid == row.linkedid
        if called and not is_local(row.channel):
            self._called_us(channel, row.context)

    def _refresh(self, channel: Channel, row: ChannelRow, entry: QueueEntry | None, at: float) -> None:
        channel.state = row.state
        if row.linkedid not in channel.call.linkedids and row.linkedid:
            self._relink(channel, row.linkedid)
        if entry is not None:
            self._queued(channel, entry.queue, at - entry.wait_s)
        else:
            self._unqueued(channel)
            if channel.interface is None:
                channel.queue = None
        self._leave(channel)
        if row.bridge:
            channel.bridge = row.bridge
            self._bridges.setdefault(row.bridge, {})[channel.uniqueid] = None
        self._announce(channel.call)

    def _recover_leg(self, leg: Channel, row: ChannelRow, queues: dict[str, str | None]) -> None:
        other = self._opposite(leg)
        leg.rang |= row.state >= RING
        if leg.incoming:
            if row.state == UP and not leg.answered and other is not None and other.interface is None:
                self._answered(leg, other)
            return
        if not leg.offered_as:
            leg.dialler = other.uniqueid if other else ""
            leg.queue = queues.get(leg.dialler)
            self._offer(leg, row.connected_number, row.connected_name)
        elif self._new_party(leg, row.connected_number):
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


def _age_order(row: ChannelRow) -> tuple[int, int]:
    """Uniqueids are ``[system-]epoch.counter``: older channels first."""
    match = _STAMP.search(row.uniqueid)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _queue_of(row: ChannelRow) -> str | None:
    """The queue whose Queue() the channel runs."""
    return row.application_data.partition(",")[0] or None if row.application == "Queue" else None
