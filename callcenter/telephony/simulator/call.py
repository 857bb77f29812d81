"""One simulated call: what is wanted of it (``SimulatedCall``) and the script that plays it (``PlacedCall``).

The order of events is that of real calls through a linear queue, recorded on Asterisk 22 (docs/reference/simulator.md).
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from callcenter.errors import Invalid
from callcenter.telephony.simulator.audio import StereoAudio
from callcenter.telephony.simulator.channels import Channel, Headers, Queue
from callcenter.telephony.simulator.exchange import Exchange


class Side(StrEnum):
    """A party of the call, and the channel of a stereo recording that is its voice (left, right)."""

    CALLER = "caller"
    AGENT = "agent"


class Miss(StrEnum):
    """How a device that is tried first does not take the call."""

    NO_ANSWER = "no_answer"
    BUSY = "busy"


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """The agent holds the caller, ``after_s`` seconds into the talk, for ``for_s`` seconds."""

    after_s: float
    for_s: float


@dataclass(frozen=True, slots=True, kw_only=True)
class SimulatedCall:
    """A call to place.

    ``number`` None hides the caller. ``queue`` None dials the device directly. ``interface`` is the device that
    answers, after ``ring_s`` seconds (None: when ``PlacedCall.answer`` is called). ``missed_by`` are devices tried
    before it, each for ``ring_s`` seconds; ``also_ring`` are devices that ring together with it and lose. The call
    ends ``talk_s`` seconds after the answer (None: when the audio ends; without audio: when ``hang_up`` is called).
    ``abandon_after_s`` lets the caller give up that long after the first ring. ``audio``: 8 kHz wav, 16 bit or µ-law,
    left caller, right agent. ``wait_s`` passes between the caller's channel and the first ring: a real PBX answers and
    plays its greeting then.
    """

    number: str | None
    name: str | None = None
    queue: str | None = "support"
    wait_s: float = 0.0
    interface: str = "PJSIP/1001"
    audio: Path | None = None
    ring_s: float | None = 2.0
    talk_s: float | None = None
    hangup_by: Side = Side.CALLER
    dialled: str = "4000"
    missed_by: tuple[tuple[str, Miss], ...] = ()
    also_ring: tuple[str, ...] = ()
    abandon_after_s: float | None = None
    holds: tuple[Hold, ...] = ()


NO_ANSWER_RING_S = 5.0
"""How long a device rings that is to miss the call when the call itself has no ring time."""

QUEUE_RETRY_S = 1.0
"""The pause of a queue after a member that did not answer; after a busy one there is none."""


class PlacedCall:
    """A call in progress. ``await call.ended`` gives the Q.850 cause of its end; the properties are its live state."""

    def __init__(
        self,
        spec: SimulatedCall,
        exchange: Exchange,
        *,
        pause: Callable[[float], Awaitable[None]],
        trunk: str,
        audio: StereoAudio | None = None,
    ) -> None:
        loop = asyncio.get_running_loop()
        self.spec = spec
        self.audio = audio
        self.caller: Channel | None = None
        self.agent: Channel | None = None
        self.answered_at: float | None = None
        """Monotonic time of the answer, by the simulator's clock: where the audio starts."""
        self.ended: asyncio.Future[int] = loop.create_future()
        self.ringing = asyncio.Event()
        self.answered = asyncio.Event()
        self._x = exchange
        self._pause = pause
        self._trunk = trunk
        self._queue: Queue | None = self._find_queue(spec, exchange)
        self._answer = asyncio.Event()
        self._hangup: asyncio.Future[Side] = loop.create_future()
        self._others: list[Channel] = []
        self._joined_s = 0.0

    @staticmethod
    def _find_queue(spec: SimulatedCall, exchange: Exchange) -> Queue | None:
        if spec.queue is None:
            return None
        try:
            return exchange.queues[spec.queue]
        except KeyError:
            known = ", ".join(exchange.queues)
            raise Invalid(f"no queue {spec.queue}", field="queue", fix=f"one of: {known}") from None

    # What a test or the demo does to a call

    def answer(self) -> None:
        """The agent picks up, however long the call was to ring."""
        self._answer.set()

    def hang_up(self, by: Side = Side.CALLER) -> None:
        """Either party ends the call; before the answer only the caller can."""
        if not self._hangup.done():
            self._hangup.set_result(by)

    def hold(self) -> None:
        """The agent holds the caller."""
        self._hold(on=True)

    def resume(self) -> None:
        """The agent takes the caller back."""
        self._hold(on=False)

    def owns(self, channel: Channel) -> Side | None:
        """Whose leg ``channel`` is, if it is one of this call's."""
        return {id(self.caller): Side.CALLER, id(self.agent): Side.AGENT}.get(id(channel))

    # The script

    async def run(self) -> None:
        """Play the call to its end; cancelled (the PBX goes away) it just stops, without events."""
        cause = 16
        try:
            cause = await self._play()
        finally:
            if not self.ended.done():
                self.ended.set_result(cause)

    async def _play(self) -> int:
        self._arrive()
        talk = asyncio.ensure_future(self._ring_and_talk())
        try:
            await asyncio.wait({talk, self._hangup}, return_when=asyncio.FIRST_COMPLETED)
            if talk.done() and not self._hangup.done():
                self._hangup.set_result(await talk)
        finally:
            talk.cancel()
            with suppress(asyncio.CancelledError):
                await talk
        return self._end(self._hangup.result())

    async def _ring_and_talk(self) -> Side:
        """Return who hangs up, when the call is over of itself."""
        giving_up = None
        if self.spec.abandon_after_s is not None:
            giving_up = asyncio.ensure_future(self._give_up(self.spec.abandon_after_s))
        try:
            await self._pause(self.spec.wait_s)
            for interface, how in self.spec.missed_by:
                await self._miss(interface, how)
            await self._offer()
        finally:
            if giving_up is not None:
                giving_up.cancel()
        self._connect()
        await self._talk()
        return self.spec.hangup_by

    async def _give_up(self, after_s: float) -> None:
        await self.ringing.wait()
        await self._pause(after_s)
        self.hang_up(Side.CALLER)

    def _arrive(self) -> None:
        number = self.spec.number or "anonymous"
        name = self.spec.name or ("<unknown>" if self.spec.number else "Anonymous")
        self.caller = caller = self._x.new_channel(
            self._trunk, context="from-trunk", exten=self.spec.dialled, state="Ring", number=number, caller_name=name
        )
        self._joined_s = self._x.clock.monotonic()
        if self._queue is None:
            caller.application, caller.application_data = "Dial", f"{self.spec.interface},20,tT"
            return
        self._x.set_state(caller, "Up")
        self._x.device_state(self._trunk, "INUSE")
        caller.priority, caller.application = 2, "Queue"
        caller.application_data = f"{self._queue.name},tT,,,60"
        self._queue.waiting.append(caller)
        self._x.emit("QueueCallerJoin", caller.headers(), self._place(), self._count())

    def _place(self) -> Headers:
        assert self._queue is not None
        assert self.caller is not None
        return [("Queue", self._queue.name), ("Position", str(self._queue.position(self.caller)))]

    def _count(self) -> Headers:
        assert self._queue is not None
        return [("Count", str(len(self._queue.waiting)))]

    def _call_device(self, interface: str) -> Channel:
        """Ring one device: the burst from Newchannel to RINGING."""
        assert self.caller is not None
        x, caller = self._x, self.caller
        number = interface.rpartition("/")[2]
        leg = x.new_channel(
            interface,
            context="from-internal",
            linkedid=caller.linkedid,
            number=number,
            caller_name=x.device_names.get(interface, number),
            application="AppQueue" if self._queue else "AppDial",
            application_data="(Outgoing Line)",
        )
        before = leg.headers("Dest")
        leg.exten = caller.exten
        leg.connect_to(caller)
        if self._queue:
            # DialBegin carries the leg as it was before AgentCalled set its connected line: so does Asterisk.
            x.emit("AgentCalled", caller.headers(), leg.headers("Dest"), self._member_headers(leg))
        else:
            x.emit("NewConnectedLine", leg.headers())
            before = leg.headers("Dest")
        dial = interface if self._queue else number
        x.emit("DialBegin", caller.headers(), before, [("DialString", dial)])
        caller.connect_to(leg)
        x.emit("NewConnectedLine", caller.headers())
        x.set_state(leg, "Ringing")
        if self._queue:
            x.emit("NewConnectedLine", leg.headers())
        x.device_state(interface, "RINGING")
        if not self._queue:
            x.device_state(self._trunk, "INUSE")
        self.ringing.set()
        return leg

    def _member_headers(self, leg: Channel) -> Headers:
        assert self._queue is not None
        member = self._queue.member(leg.device)
        return [
            ("Queue", self._queue.name),
            ("Interface", leg.device),
            ("MemberName", member.name if member else leg.caller_name),
        ]

    def _dial_end(self, leg: Channel, status: str) -> None:
        assert self.caller is not None
        self._x.emit("DialEnd", self.caller.headers(), leg.headers("Dest"), [("DialStatus", status)])

    async def _miss(self, interface: str, how: Miss) -> None:
        ring_s = self.spec.ring_s or NO_ANSWER_RING_S
        self.agent = leg = self._call_device(interface)
        if how is Miss.BUSY:
            await self._pause(0.2)
            self._dial_end(leg, "NOANSWER")
            self._ring_no_answer(leg, 1000)
            self._x.hang_up(leg, 17, tech_cause="486")
            self._x.release(leg.device)
            return
        await self._pause(ring_s)
        self._ring_no_answer(leg, int(ring_s * 1000))
        self._dial_end(leg, "NOANSWER")
        self._dial_end(leg, "CANCEL")
        self._x.hang_up(leg, 0)
        self._x.release(leg.device)
        await self._pause(QUEUE_RETRY_S)

    def _ring_no_answer(self, leg: Channel, ring_ms: int) -> None:
        assert self.caller is not None
        if self._queue:
            ring = [("RingTime", str(ring_ms))]
            self._x.emit(
                "AgentRingNoAnswer", self.caller.headers(), leg.headers("Dest"), self._member_headers(leg), ring
            )

    async def _offer(self) -> None:
        self._others = [self._call_device(interface) for interface in self.spec.also_ring]
        self.agent = self._call_device(self.spec.interface)
        if self.spec.ring_s is None:
            await self._answer.wait()
            return
        ringing = asyncio.ensure_future(self._pause(self.spec.ring_s))
        answering = asyncio.ensure_future(self._answer.wait())
        try:
            await asyncio.wait({ringing, answering}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            ringing.cancel()
            answering.cancel()

    def _connect(self) -> None:
        assert self.caller is not None
        assert self.agent is not None
        x, caller, leg = self._x, self.caller, self.agent
        x.set_state(leg, "Up")
        if self._queue is None:
            leg.exten = ""
        self._dial_end(leg, "ANSWER")
        self._cancel_others()
        if self._queue is None:
            x.set_state(caller, "Up")
            x.device_state(leg.device, "INUSE")
        else:
            x.device_state(leg.device, "INUSE")
            place = self._place()
            self._queue.waiting.remove(caller)
            x.emit("QueueCallerLeave", caller.headers(), place, self._count())
            held = str(int(x.clock.monotonic() - self._joined_s))
            times = [("HoldTime", held), ("RingTime", held)]
            x.emit("AgentConnect", caller.headers(), leg.headers("Dest"), self._member_headers(leg), times)
            self._mark_in_call(True)
        self.answered_at = x.clock.monotonic()
        x.bridge(leg, caller)
        self.answered.set()

    def _cancel_others(self) -> None:
        for other in self._others:
            self._dial_end(other, "CANCEL")
            self._x.hang_up(other, 26)
            self._x.release(other.device)
        self._others = []

    def _mark_in_call(self, in_call: bool) -> None:
        member = self._queue.member(self.agent.device) if self._queue and self.agent else None
        if member is None:
            return
        member.in_call = in_call
        if not in_call:
            member.calls_taken += 1
            member.last_call = int(self._x.clock.now().timestamp())

    async def _talk(self) -> None:
        holds = asyncio.ensure_future(self._hold_as_planned())
        try:
            seconds = self.spec.talk_s
            if seconds is not None:
                await self._pause(seconds)
            elif self.audio is not None:
                # Never scaled: the audio plays in real time.
                await self._x.clock.sleep(self.audio.duration_s)
            else:
                await asyncio.Event().wait()
        finally:
            holds.cancel()

    async def _hold_as_planned(self) -> None:
        at = 0.0
        for hold in self.spec.holds:
            await self._pause(hold.after_s - at)
            self.hold()
            await self._pause(hold.for_s)
            self.resume()
            at = hold.after_s + hold.for_s

    def _hold(self, *, on: bool) -> None:
        leg = self.agent
        if leg is None or not self.answered.is_set() or leg.on_hold == on:
            return
        leg.on_hold = on
        self._x.emit("Hold" if on else "Unhold", leg.headers(), [("MusicClass", "default")] if on else [])
        self._x.device_state(self._trunk, "ONHOLD" if on else "INUSE")

    # The end

    def _end(self, by: Side) -> int:
        return self._part(by) if self.answered.is_set() else self._abandon()

    def _part(self, by: Side) -> int:
        assert self.caller is not None
        assert self.agent is not None
        x, caller, leg = self._x, self.caller, self.agent
        if self._queue is not None:
            self._complete(by)
        first, second = (caller, leg) if by is Side.CALLER else (leg, caller)
        x.leave_bridge(first)
        x.leave_bridge(second)
        x.hang_up(leg, 16)
        x.release(leg.device)
        x.hang_up(caller, 16)
        x.release(self._trunk, "UNAVAILABLE")
        return 16

    def _complete(self, by: Side) -> None:
        assert self.caller is not None
        assert self.agent is not None
        assert self._queue is not None
        assert self.answered_at is not None
        self._queue.completed += 1
        self._mark_in_call(False)
        held = str(int(self.answered_at - self._joined_s))
        talked = str(int(self._x.clock.monotonic() - self.answered_at))
        outcome = [("HoldTime", held), ("TalkTime", talked), ("Reason", by.value)]
        leg = self.agent
        self._x.emit("AgentComplete", self.caller.headers(), leg.headers("Dest"), self._member_headers(leg), outcome)

    def _abandon(self) -> int:
        assert self.caller is not None
        x, caller = self._x, self.caller
        cause = 0 if self._queue else 127
        legs = [leg for leg in (*self._others, self.agent) if leg and leg.uniqueid in x.channels]
        for leg in legs:
            for _ in range(2 if self._queue else 1):
                self._dial_end(leg, "CANCEL")
            x.hang_up(leg, cause, tech_cause=None if self._queue else "500")
        if self._queue is not None:
            self._leave_queue_unanswered()
        for leg in legs:
            x.release(leg.device)
        x.hang_up(caller, cause, tech_cause=None if self._queue else "487")
        x.release(self._trunk, "UNAVAILABLE")
        return cause

    def _leave_queue_unanswered(self) -> None:
        assert self.caller is not None
        assert self._queue is not None
        place = self._place()
        held = str(int(self._x.clock.monotonic() - self._joined_s))
        times = [("OriginalPosition", place[1][1]), ("HoldTime", held)]
        self._x.emit("QueueCallerAbandon", self.caller.headers(), place, times)
        self._queue.waiting.remove(self.caller)
        self._queue.abandoned += 1
        self._x.emit("QueueCallerLeave", self.caller.headers(), place, self._count())
