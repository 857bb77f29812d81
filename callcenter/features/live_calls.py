"""The calls on the agents' desks right now: state in memory, a frame to the desk for each change.

One ``LiveCall`` per (call, device) that was offered it; what belongs to the talk itself (customer, transcript, orders)
is shared by the devices of a call. A call that was answered stays until its agent is done with it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.features.desk import Desk
from callcenter.features.frames import Json, moment, segment_json
from callcenter.features.pop_latency import PopLatency
from callcenter.media.events import AudioStarted, SegmentHeard, Speaker, SpeechPartial, TranscriptUnavailable
from callcenter.telephony.events import (
    AgentState,
    AgentStateChanged,
    CallAnswered,
    CallEnded,
    CallHeld,
    CallLegEnded,
    CallMissed,
    CallOffered,
    CallPartyChanged,
    CallResumed,
    PbxLinkChanged,
)
from workorder.policy.phones import PhoneReader
from workorder.views.customers import CustomerCard
from workorder.views.orders import OrderView

KEEP_FINISHED = 20
"""Finished calls an agent has not put away yet; the oldest goes when there are more."""


@dataclass(slots=True)
class Talk:
    """What all devices of one call share."""

    audio_started_at: datetime | None = None
    customer: CustomerCard | None = None
    candidates: tuple[CustomerCard, ...] = ()
    chosen: bool = False
    """A person said who it is: what the number says no longer counts."""
    segments: list[SegmentHeard] = field(default_factory=list)
    partials: dict[Speaker, str] = field(default_factory=dict)
    unavailable: dict[Speaker, str] = field(default_factory=dict)
    orders: dict[str, OrderView] = field(default_factory=dict)


@dataclass(slots=True)
class LiveCall:
    """One call on one device."""

    offer: CallOffered
    number: str | None
    name: str | None
    state: str = "ringing"
    announced: bool = False
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    pop_sent_at: datetime | None = None
    painted: bool = False


class LiveCalls:
    """Feeds on call and speech events, answers snapshots, pushes frames to the desk."""

    def __init__(
        self,
        desk: Desk,
        clock: Clock,
        latency: PopLatency,
        read_phone: PhoneReader,
    ) -> None:
        self._desk = desk
        self._latency = latency
        self._clock = clock
        self._read_phone = read_phone
        self._calls: OrderedDict[tuple[str, str], LiveCall] = OrderedDict()
        self._talks: dict[str, Talk] = {}
        self._agents: dict[str, AgentState] = {}
        self._link = PbxLinkChanged(at=clock.now(), connected=False, reason="not connected yet")

    def subscribe(self, bus: Bus) -> None:
        """Take part in the bus under the name ``desk``; offers come through ``screenpop``, which calls ``offer``."""
        bus.subscribe(CallAnswered, self._answered, name="desk")
        bus.subscribe(CallMissed, self._missed, name="desk")
        bus.subscribe(CallHeld, self._held, name="desk")
        bus.subscribe(CallResumed, self._resumed, name="desk")
        bus.subscribe(CallPartyChanged, self._party_changed, name="desk")
        bus.subscribe(CallLegEnded, self._leg_ended, name="desk")
        bus.subscribe(CallEnded, self._ended, name="desk")
        bus.subscribe(AgentStateChanged, self._agent_changed, name="desk")
        bus.subscribe(PbxLinkChanged, self._link_changed, name="desk")
        bus.subscribe(AudioStarted, self._audio_started, name="desk")
        bus.subscribe(SpeechPartial, self._partial, name="desk")
        bus.subscribe(SegmentHeard, self._segment, name="desk")
        bus.subscribe(TranscriptUnavailable, self._unavailable, name="desk")

    # ---- what the desk asks -------------------------------------------------------------------------------------

    def snapshot(self, interface: str | None) -> Json:
        """The body of the ``snapshot`` frame for one device: everything it needs to draw itself."""
        now = self._clock.now()
        return {
            "server_time": moment(now),
            "agent_state": self._agents.get(interface or "", AgentState.OFFLINE),
            "pbx": {"connected": self._link.connected, "since": moment(self._link.at)},
            "calls": [self.call_json(call) for call in self._of(interface) if call.announced],
        }

    def done(self, interface: str, call_id: str) -> None:
        """The agent puts a finished call away; a call that still rings or talks stays."""
        call = self._calls.get((call_id, interface))
        if call is not None and call.state == "ended":
            self._close(call, "done")

    def talk(self, call_id: str) -> Talk | None:
        """The shared part of a call that is on some desk."""
        return self._talks.get(call_id)

    def customer(self, call_id: str) -> CustomerCard | None:
        """Who is on the other side of a call on some desk, as far as is known."""
        talk = self._talks.get(call_id)
        return talk.customer if talk else None

    def has(self, call_id: str, interface: str) -> bool:
        """Whether the device has this call on its desk."""
        return (call_id, interface) in self._calls

    def number(self, call_id: str, interface: str) -> str | None:
        """The other party's number as shown on that device."""
        call = self._calls.get((call_id, interface))
        return call.number if call else None

    def interfaces(self, call_id: str) -> list[str]:
        """The devices that have this call on their desk."""
        return [interface for known, interface in self._calls if known == call_id]

    def painted(self, interface: str, call_id: str, painted_at_ms: float) -> None:
        """A browser shows the pop since ``painted_at_ms`` (server clock, ms since the epoch).

        The first one counts: other tabs, and a page that was reloaded in the middle of the call, say it again.
        """
        call = self._calls.get((call_id, interface))
        if call is not None and not call.painted:
            call.painted = True
            self._latency.painted(call.offer.at, painted_at_ms)

    # ---- what other features tell -------------------------------------------------------------------------------

    def offer(self, offer: CallOffered) -> LiveCall:
        """A device rings: remember it. Nothing is shown until ``announce``."""
        call = LiveCall(offer, offer.number, offer.name)
        self._calls[offer.call_id, offer.interface] = call
        self._talks.setdefault(offer.call_id, Talk())
        self._forget_old(offer.interface)
        return call

    def announce(self, call: LiveCall) -> None:
        """Show the pop, once, unless the call has left the device meanwhile."""
        if call.announced or self._calls.get((call.offer.call_id, call.offer.interface)) is not call:
            return
        call.announced = True
        call.pop_sent_at = self._clock.now()
        self._desk.push(call.offer.interface, "call.offered", {"call": self.call_json(call)})
        self._latency.sent(call.offer.at, call.pop_sent_at)

    def identified(
        self, call_id: str, customer: CustomerCard | None, candidates: tuple[CustomerCard, ...] = ()
    ) -> None:
        """The customer behind the number is known (or who it may be): desks that already show the call learn it."""
        talk = self._talks.get(call_id)
        if talk is None or talk.chosen or (talk.customer, talk.candidates) == (customer, candidates):
            return
        talk.customer, talk.candidates = customer, candidates
        changes: Json = {
            "customer": customer,
            "candidates": candidates,
        }
        for call in self._on_desks(call_id):
            self._update(call, changes)

    def chosen(self, call_id: str, customer: CustomerCard) -> None:
        """A person said who it is; that holds until the other party of the call changes."""
        if talk := self._talks.get(call_id):
            talk.chosen = False
            self.identified(call_id, customer)
            talk.chosen = True

    def another_party(self, call_id: str) -> None:
        """Somebody else is on the line now: whom a person chose before is gone."""
        if talk := self._talks.get(call_id):
            talk.chosen = False

    def order_changed(self, order: OrderView) -> None:
        """A draft or order of a call changed: every desk with that call shows it."""
        if order.call_id is None or (talk := self._talks.get(order.call_id)) is None:
            return
        talk.orders[order.order_id] = order
        body: Json = {"call_id": order.call_id, "order": order}
        for call in self._on_desks(order.call_id):
            self._push(call, "order.updated", body)

    # ---- frames -------------------------------------------------------------------------------------------------

    def call_json(self, call: LiveCall) -> Json:
        """``LiveCall`` of docs/reference/api.md."""
        offer, talk = call.offer, self._talks[call.offer.call_id]
        return {
            "call_id": offer.call_id,
            "state": call.state,
            "direction": offer.direction,
            "number": call.number,
            "number_display": self._display(call.number),
            "name": call.name,
            "queue": offer.queue,
            "interface": offer.interface,
            "offered_at": moment(offer.at),
            "answered_at": moment(call.answered_at),
            "ended_at": moment(call.ended_at),
            "pop_sent_at": moment(call.pop_sent_at),
            "audio_started_at": moment(talk.audio_started_at),
            "customer": talk.customer,
            "candidates": talk.candidates,
            "segments": [segment_json(segment) for segment in talk.segments],
            "partials": {speaker.value: text for speaker, text in talk.partials.items()},
            "orders": list(talk.orders.values()),
            "transcript_unavailable": {speaker.value: reason for speaker, reason in talk.unavailable.items()},
        }

    def _display(self, number: str | None) -> str:
        key = self._read_phone(number)
        return key.display

    def _push(self, call: LiveCall, kind: str, body: Mapping[str, object]) -> None:
        if call.announced:
            self._desk.push(call.offer.interface, kind, body)

    def _update(self, call: LiveCall, changes: Json) -> None:
        self._push(call, "call.updated", {"call_id": call.offer.call_id, "changes": changes})

    def _close(self, call: LiveCall, reason: str) -> None:
        del self._calls[call.offer.call_id, call.offer.interface]
        self._push(call, "call.closed", {"call_id": call.offer.call_id, "reason": reason})
        if not self.interfaces(call.offer.call_id):
            self._talks.pop(call.offer.call_id, None)

    def _finish(self, call: LiveCall, at: datetime) -> None:
        call.state, call.ended_at = "ended", at
        self._update(call, {"state": "ended", "ended_at": moment(at)})

    def _of(self, interface: str | None) -> Iterator[LiveCall]:
        return (call for (_, device), call in self._calls.items() if device == interface)

    def _on_desks(self, call_id: str) -> list[LiveCall]:
        return [call for (known, _), call in self._calls.items() if known == call_id]

    def _talking(self, call_id: str) -> list[LiveCall]:
        return [call for call in self._on_desks(call_id) if call.state != "ringing"]

    def _forget_old(self, interface: str) -> None:
        finished = [call for call in self._of(interface) if call.state == "ended"]
        for call in finished[: max(0, len(finished) - KEEP_FINISHED)]:
            self._close(call, "done")

    # ---- events -------------------------------------------------------------------------------------------------

    async def _answered(self, event: CallAnswered) -> None:
        call = self._calls.get((event.call_id, event.interface))
        if call is not None and call.state == "ringing":
            call.state, call.answered_at = "talking", event.at
            self._update(call, {"state": "talking", "answered_at": moment(event.at)})

    async def _missed(self, event: CallMissed) -> None:
        call = self._calls.get((event.call_id, event.interface))
        if call is not None and call.state == "ringing":
            self._close(call, event.reason)

    async def _held(self, event: CallHeld) -> None:
        self._hold_changed(event.call_id, event.interface, "talking", "held")

    async def _resumed(self, event: CallResumed) -> None:
        self._hold_changed(event.call_id, event.interface, "held", "talking")

    def _hold_changed(self, call_id: str, interface: str | None, old: str, new: str) -> None:
        for call in self._on_desks(call_id):
            if call.state == old and interface in (None, call.offer.interface):
                call.state = new
                self._update(call, {"state": new})

    async def _party_changed(self, event: CallPartyChanged) -> None:
        if event.moved_from is not None:
            self._move(event.moved_from, event.call_id, event.interface)
        call = self._calls.get((event.call_id, event.interface))
        if call is not None:
            call.number, call.name = event.number, event.name
            changes: Json = {"number": event.number, "name": event.name, "number_display": self._display(event.number)}
            self._update(call, changes)

    def _move(self, old_id: str, new_id: str, interface: str) -> None:
        """An attended transfer joined two calls: the device's call lives on as the other one, with all it knows."""
        call = self._calls.get((old_id, interface))
        if call is None:
            return
        if (new_id, interface) in self._calls:
            self._close(call, "transferred")
            return
        # In its old place, so that calls keep their order; the desk is told of everything that is different now.
        self._calls = OrderedDict(
            ((new_id, interface) if known is call else key, known) for key, known in self._calls.items()
        )
        call.offer = replace(call.offer, call_id=new_id)
        self._talks.setdefault(new_id, Talk())
        self._push(call, "call.updated", {"call_id": old_id, "changes": self.call_json(call)})
        if not self.interfaces(old_id):
            self._talks.pop(old_id, None)

    async def _leg_ended(self, event: CallLegEnded) -> None:
        call = self._calls.get((event.call_id, event.interface))
        if call is not None and call.state != "ended":
            self._finish(call, event.at)

    async def _ended(self, event: CallEnded) -> None:
        for call in self._on_desks(event.call_id):
            if call.answered_at is None:
                self._close(call, "ended")
            elif call.state != "ended":
                self._finish(call, event.at)

    async def _agent_changed(self, event: AgentStateChanged) -> None:
        self._agents[event.interface] = event.state
        self._desk.push(event.interface, "agent.state", {"state": event.state})

    async def _link_changed(self, event: PbxLinkChanged) -> None:
        self._link = event
        self._desk.push(None, "pbx.link", {"connected": event.connected, "since": moment(event.at)})

    async def _audio_started(self, event: AudioStarted) -> None:
        if talk := self._talks.get(event.call_id):
            talk.audio_started_at = event.at
            for call in self._on_desks(event.call_id):
                self._update(call, {"audio_started_at": moment(event.at)})

    async def _partial(self, event: SpeechPartial) -> None:
        if talk := self._talks.get(event.call_id):
            talk.partials[event.speaker] = event.text
            body: Json = {
                "call_id": event.call_id,
                "speaker": event.speaker,
                "text": event.text,
                "start_ms": event.start_ms,
            }
            for call in self._talking(event.call_id):
                self._push(call, "transcript.partial", body)

    async def _segment(self, event: SegmentHeard) -> None:
        if talk := self._talks.get(event.call_id):
            talk.partials.pop(event.speaker, None)
            talk.segments.append(event)
            body: Json = {"call_id": event.call_id, "segment": segment_json(event)}
            for call in self._talking(event.call_id):
                self._push(call, "transcript.segment", body)

    async def _unavailable(self, event: TranscriptUnavailable) -> None:
        if talk := self._talks.get(event.call_id):
            talk.unavailable[event.speaker] = event.reason
            body: Json = {"call_id": event.call_id, "speaker": event.speaker, "reason": event.reason}
            for call in self._talking(event.call_id):
                self._push(call, "transcript.unavailable", body)
