"""What agents' devices go through in a call: offered, answered, missed, taken over, given another party.

A device is offered a call once per ringing: several phones registered as one device ring as one. An offer ends in
CallAnswered or CallMissed, an answered leg in CallLegEnded.
"""

from __future__ import annotations

from callcenter.telephony.call_book import CallBook
from callcenter.telephony.call_state import Call, Channel, is_local
from callcenter.telephony.events import (
    CallAnswered,
    CallerAbandoned,
    CallLegEnded,
    CallMissed,
    CallOffered,
    CallPartyChanged,
    CallQueued,
    CallTransferred,
    CallUnqueued,
    Direction,
    MissReason,
    TransferKind,
)

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


class CallLegs(CallBook):
    """The life of agents' legs."""

    def _offer(self, leg: Channel, number: str | None, name: str | None) -> None:
        self._announce(leg.call)
        root = self._root(leg)
        if root is not None:
            number, name = root.number or number, root.display or name
            # An agent's leg keeps the queue it came from, but those it dials are not called by that queue.
            leg.queue = leg.queue or (None if root.offered_as else root.queue)
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
        """Where the chain is broken (feature codes dial out of nowhere): by number, else the first party."""
        others = [c for c in leg.call.channels.values() if c is not leg and not is_local(c.name)]
        named = [c for c in others if number is not None and c.number == number]
        return next(iter(named + [c for c in others if c.uniqueid == leg.call.first]), None)

    @staticmethod
    def _below(leg: Channel) -> list[Channel]:
        """``leg`` and, when it is half of a Local channel, the channels dialled from its other half."""
        partner = leg.call.partner(leg)
        if partner is None:
            return [leg]
        return [leg, *(c for c in leg.call.channels.values() if c.dialler == partner.uniqueid)]

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
        self._take_up(leg, caller, queue or (taken.queue if taken else None))

    def _met(self, channels: list[Channel]) -> None:
        """``channels`` talk: an agent who called in and has a customer there took that call up (from a parking lot)."""
        agent = next((c for c in channels if c.interface and c.incoming and not (c.answered or c.offered_as)), None)
        outside = next((c for c in channels if c.interface is None and not is_local(c.name)), None)
        if agent is None or outside is None:
            return
        if outside.dialler == agent.uniqueid:
            self._reached(outside, agent)
            return
        self._take_up(agent, outside, None)
        self._answered(agent, outside)

    def _take_up(self, leg: Channel, caller: Channel, queue: str | None) -> None:
        """``leg``, which called us, has the caller: it is offered the call as if it had rung."""
        leg.dialler, leg.incoming, leg.queue = caller.uniqueid, False, queue
        self._offer(leg, caller.number, caller.display)

    def _new_party(self, leg: Channel, number: str | None) -> bool:
        """Whether ``number`` on the leg's display means another party that the agent's desk should show."""
        return number is not None and not same_number(number, leg.party) and self._shows(leg, number)

    @staticmethod
    def _shows(channel: Channel, number: str) -> bool:
        """Whether to show a new party: not a colleague consulted about a customer, nor what we dialled."""
        call = channel.call
        if call.direction is Direction.OUTBOUND:
            return False
        colleague = any(c.interface and c.number == number for c in call.channels.values())
        return call.direction is Direction.INTERNAL or not colleague

    def _party(
        self,
        channel: Channel,
        number: str | None,
        name: str | None,
        other: Channel | None,
        moved_from: str | None = None,
    ) -> None:
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
            moved_from=moved_from,
        )

    def _transferred(self, channel: Channel, kind: TransferKind, target: str | None) -> None:
        self._emit(
            CallTransferred,
            channel.call,
            uniqueid=channel.uniqueid,
            kind=kind,
            interface=channel.interface,
            target=target,
        )

    def _leg_gone(self, channel: Channel, cause: int) -> None:
        self._unqueued(channel)
        if channel.interface is not None:
            self._leg_ended(channel, channel.interface, cause)
        if channel.uniqueid == channel.call.first:
            self._first_left(channel.call)

    def _leg_ended(self, channel: Channel, interface: str, cause: int) -> None:
        if channel.answered:
            self._emit(CallLegEnded, channel.call, uniqueid=channel.uniqueid, interface=interface)
        elif channel.offered_as and all(leg.offered_as != channel.offered_as for leg in channel.call.legs(interface)):
            reason = self._miss_reason(channel, cause)
            channel.call.gave_up |= reason is MissReason.CALLER_ABANDONED
            if reason is MissReason.ANSWERED_ELSEWHERE and not channel.call.answered:
                channel.call.taken = channel
            self._emit(
                CallMissed,
                channel.call,
                uniqueid=channel.offered_as,
                interface=interface,
                reason=reason,
            )

    def _queued(self, channel: Channel, queue: str, since_s: float) -> None:
        """``channel`` waits in ``queue``."""
        if channel.waits and channel.queue == queue:
            return
        self._unqueued(channel)
        channel.waits, channel.queue, channel.queued_s = True, queue, since_s
        self._tell_queued(channel)

    def _tell_queued(self, channel: Channel) -> None:
        waited_s = round(max(0.0, self._at - channel.queued_s), 3)
        self._emit(CallQueued, channel.call, uniqueid=channel.uniqueid, queue=channel.queue, waited_s=waited_s)

    def _unqueued(self, channel: Channel) -> None:
        """``channel`` is in no queue; what it may have been offered from is the caller's business."""
        if channel.waits:
            channel.waits = False
            self._emit(CallUnqueued, channel.call, uniqueid=channel.uniqueid, queue=channel.queue)

    def _joined(self, call: Call, moved: list[Channel], moved_from: str) -> None:
        """Agents who came along from the other call now have this call's first party."""
        first = call.channels.get(call.first)
        for leg in moved:
            if leg.waits:
                self._tell_queued(leg)
            if leg.interface is None or not (leg.offered_as or leg.answered):
                continue
            number, name = (first.number, first.display) if first else (leg.party, None)
            self._party(leg, number, name, first, moved_from)

    def _miss_reason(self, channel: Channel, cause: int) -> MissReason:
        """Hangup cause, then another's answer, then no sign of life (unreachable), then dial status."""
        if channel.forwarded:
            return MissReason.TRANSFERRED
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


def same_number(one: str | None, two: str | None) -> bool:
    """Whether two numbers reach the same party: equal, or one is the other with a prefix (+86, 0) of a long number."""
    if one is None or two is None or one == two:
        return one == two
    short, long = sorted(("".join(filter(str.isdigit, text)) for text in (one, two)), key=len)
    return len(short) >= 7 and long.endswith(short)
