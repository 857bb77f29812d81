"""Originate of the simulated PBX: live taps (ChanSpy into AudioSocket), test calls (Echo) and click-to-call."""

from __future__ import annotations

import asyncio
import itertools
import re
from collections.abc import Awaitable, Coroutine, Mapping
from typing import Any, Protocol

from callcenter.telephony.simulator.ami_server import AmiSession
from callcenter.telephony.simulator.call import PlacedCall, Side
from callcenter.telephony.simulator.channels import UNKNOWN, Channel, Headers
from callcenter.telephony.simulator.exchange import Exchange
from callcenter.telephony.simulator.taps import AudioPump, Tap, TapTarget

RING_S = 1.0
"""How long each side of a click-to-call rings before it answers."""
TALK_S = 5.0

REASON_FAILED, REASON_NO_ANSWER, REASON_ANSWERED, REASON_CONGESTION = "0", "3", "4", "8"
"""Values of OriginateResponse's Reason header."""

ECHO_EXTENSION = "9000"
"""The one extension that Local channels reach, in any context: it sends back what it hears."""

_LOCAL = re.compile(r"^Local/(?P<exten>[^@/]+)@(?P<context>[^@/]+)/n$")
_CALLER_ID = re.compile(r"^(?P<name>.*?)\s*<(?P<number>[^>]*)>$")
_SPY = re.compile(r"^(?P<uniqueid>[^,]+),(?P<options>[a-zA-Z]*)$")


class Host(Protocol):
    """What originating needs from the simulated PBX."""

    exchange: Exchange
    pump: AudioPump
    calls: set[PlacedCall]
    devices: dict[str, str]
    trunk: str

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run in the background."""
        ...

    def pause(self, seconds: float) -> Awaitable[None]:
        """Wait some of a call's time."""
        ...


class Originator:
    """Takes Originate actions of all sessions."""

    def __init__(self, host: Host) -> None:
        self._host = host
        self._x = host.exchange
        self._applications = {"ChanSpy": self._tap, "Echo": self._echo, "AudioSocket": self._extension}
        self._voices: dict[str, Tap] = {}
        """Channels whose party is a receiver that speaks."""
        self._locals = itertools.count()

    def take(self, session: AmiSession, action: Mapping[str, str]) -> None:
        """Answer the action and start what it asks for."""
        refusal = self._refusal(action)
        if refusal is not None:
            session.reply(action, "Error", ("Message", refusal))
            return
        session.reply(action, "Success", ("Message", "Originate successfully queued"))
        work = self._applications[action["Application"]] if "Application" in action else self._click
        self._host.spawn(work(action))

    def _refusal(self, action: Mapping[str, str]) -> str | None:
        if "Channel" not in action:
            return "Channel not specified"
        if "Application" in action:
            # The real one refuses a list of dangerous applications; here only these are real.
            ok = action["Application"] in self._applications
            return None if ok else "Originate Access Forbidden: app or data blacklisted"
        if "Exten" not in action or "Context" not in action or "Priority" not in action:
            return "Originate with 'Exten' requires 'Context' and 'Priority'"
        return None

    def _response(self, action: Mapping[str, str], reason: str, channel: Channel | None) -> None:
        what = ("Application", "Data") if "Application" in action else ("Context", "Exten")
        lines = [
            *([("ActionID", action["ActionID"])] if "ActionID" in action else []),
            ("Response", "Success" if channel else "Failure"),
            ("Channel", channel.name if channel else action["Channel"]),
            *((key, action.get(key, "")) for key in what),
            ("Reason", reason),
            ("Uniqueid", channel.uniqueid if channel else UNKNOWN),
            ("CallerIDNum", channel.number if channel else UNKNOWN),
            ("CallerIDName", channel.caller_name if channel else UNKNOWN),
        ]
        self._x.emit("OriginateResponse", lines)

    # Taps

    async def _tap(self, action: Mapping[str, str]) -> None:
        target = TapTarget.parse(action["Channel"])
        spy = _SPY.match(action.get("Data", ""))
        if target is None or spy is None:
            self._response(action, REASON_FAILED, None)
            return
        ended = asyncio.Event()
        try:
            tap = await self._host.pump.connect(target, on_closed=ended.set)
        except OSError:
            self._response(action, REASON_CONGESTION, None)
            return
        address = f"{target.host}:{target.port}"
        device = f"AudioSocket/{address}"
        name = f"{device}-{target.tap_uuid}"
        channel = self._ring(action, device, f"{address}/{target.tap_uuid}", "default", name=name)
        self._pick_up(channel)
        self._response(action, REASON_ANSWERED, channel)
        channel.application, channel.application_data = "ChanSpy", action["Data"]
        leg = self._x.find(spy["uniqueid"])
        found, voice = self._leg(leg), self._voices.get(spy["uniqueid"])
        try:
            if leg is not None and (found or voice):
                self._x.on_hangup.setdefault(leg.uniqueid, []).append(ended.set)
                self._x.on_hangup.setdefault(channel.uniqueid, []).append(ended.set)
                if found:
                    self._host.pump.play(tap, *found)
                elif voice:
                    voice.heard_by.append(tap.say)
                await ended.wait()
        finally:
            self._host.pump.stop(tap)
        self._x.hang_up(channel, 0)

    def _leg(self, channel: Channel | None) -> tuple[PlacedCall, Side] | None:
        if channel is None:
            return None
        for call in self._host.calls:
            side = call.owns(channel)
            if side is not None:
                return call, side
        return None

    # Test calls: the receiver is the caller, and hears itself

    async def _echo(self, action: Mapping[str, str]) -> None:
        target = TapTarget.parse(action["Channel"])
        ended = asyncio.Event()
        tap = await self._speaker(target, ended)
        if target is None or tap is None:
            self._response(action, REASON_CONGESTION if target else REASON_FAILED, None)
            return
        device = f"AudioSocket/{target.host}:{target.port}"
        dial = f"{target.host}:{target.port}/{target.tap_uuid}"
        channel = self._ring(action, device, dial, "default", name=f"{device}-{target.tap_uuid}")
        self._pick_up(channel)
        channel.application = "Echo"
        self._response(action, REASON_ANSWERED, channel)
        await self._talk(tap, ended, channel, channel)

    async def _extension(self, action: Mapping[str, str]) -> None:
        x, asked = self._x, _LOCAL.match(action["Channel"])
        target = TapTarget.from_application(action.get("Data", ""))
        if asked is None or target is None or asked["exten"] != ECHO_EXTENSION:
            self._response(action, REASON_FAILED, None)
            return
        device, context = f"Local/{asked['exten']}@{asked['context']}", asked["context"]
        name = f"{device}-{next(self._locals):08x}"
        near = x.new_channel(device, context=context, name=f"{name};1", exten=asked["exten"])
        far = x.new_channel(
            device, context=context, linkedid=near.linkedid, name=f"{name};2", exten=asked["exten"], state="Ring"
        )
        for half in (near, far):
            self._show_caller(action, half)
        x.set_state(far, "Up")
        x.emit("DialBegin", near.headers("Dest"), [("DialString", f"{asked['exten']}@{context}/n")])
        self._pick_up(near)
        near.application, far.application = "AudioSocket", "Echo"
        self._response(action, REASON_ANSWERED, near)
        ended = asyncio.Event()
        tap = await self._speaker(target, ended)
        await self._talk(tap, ended, near, far)

    async def _speaker(self, target: TapTarget | None, ended: asyncio.Event) -> Tap | None:
        """Connect to a receiver that speaks and hears itself; None when it is not there."""
        try:
            tap = await self._host.pump.connect(target, on_closed=ended.set) if target else None
        except OSError:
            return None
        if tap is not None:
            tap.heard_by.append(tap.say)
        return tap

    async def _talk(self, tap: Tap | None, ended: asyncio.Event, near: Channel, far: Channel) -> None:
        """Until the receiver closes or somebody hangs up; then both channels (or the one) end."""
        x = self._x
        try:
            if tap is not None:
                self._voices[far.uniqueid] = tap
                for channel in (near, far):
                    x.on_hangup.setdefault(channel.uniqueid, []).append(ended.set)
                await ended.wait()
        finally:
            self._voices.pop(far.uniqueid, None)
            if tap is not None:
                tap.close()
        for channel in (near, far):
            x.hang_up(channel, 0)

    # Click-to-call

    async def _click(self, action: Mapping[str, str]) -> None:
        device = action["Channel"]
        if device not in self._host.devices:
            self._response(action, REASON_FAILED, None)
            return
        number = device.rpartition("/")[2]
        agent = self._ring(action, device, number, action["Context"])
        self._x.set_state(agent, "Ringing")
        self._x.device_state(device, "RINGING")
        await self._host.pause(RING_S)
        self._pick_up(agent)
        self._x.device_state(device, "INUSE")
        agent.exten, agent.priority = action["Exten"], int(action["Priority"])
        self._response(action, REASON_ANSWERED, agent)
        await self._reach(agent, action["Exten"])

    async def _reach(self, agent: Channel, exten: str) -> None:
        """The second half: the agent is up, now the extension rings, answers, talks and hangs up."""
        x, host = self._x, self._host
        device = f"PJSIP/{exten}" if f"PJSIP/{exten}" in host.devices else host.trunk
        name = host.devices.get(device, UNKNOWN)
        callee = x.new_channel(device, context="from-internal", linkedid=agent.linkedid, number=exten, caller_name=name)
        callee.exten = exten
        callee.connect_to(agent)
        x.emit("NewConnectedLine", callee.headers())
        x.emit("DialBegin", agent.headers(), callee.headers("Dest"), [("DialString", exten)])
        agent.connect_to(callee)
        x.emit("NewConnectedLine", agent.headers())
        x.set_state(callee, "Ringing")
        x.device_state(device, "RINGING")
        await host.pause(RING_S)
        x.set_state(callee, "Up")
        x.device_state(device, "INUSE")
        callee.exten = ""
        x.emit("DialEnd", agent.headers(), callee.headers("Dest"), [("DialStatus", "ANSWER")])
        x.bridge(callee, agent)
        over = asyncio.Event()
        for channel in (agent, callee):
            x.on_hangup.setdefault(channel.uniqueid, []).append(over.set)
        with_timeout = asyncio.ensure_future(host.pause(TALK_S))
        with_hangup = asyncio.ensure_future(over.wait())
        try:
            await asyncio.wait({with_timeout, with_hangup}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            with_timeout.cancel()
            with_hangup.cancel()
        for channel in (agent, callee):
            x.leave_bridge(channel)
        for channel in (callee, agent):
            x.hang_up(channel, 16)
            x.release(channel.device)

    # Both

    def _ring(self, action: Mapping[str, str], device: str, dial: str, context: str, **fields: str) -> Channel:
        """The burst of a channel that Originate creates, up to its DialBegin."""
        x = self._x
        number = device.rpartition("/")[2]
        known = self._host.devices.get(device)
        caller_id: Headers = [("CallerIDNum", number), ("CallerIDName", known)] if known else []
        channel = x.new_channel(
            device,
            context="from-internal" if known else context,
            number=caller_id[0][1] if caller_id else UNKNOWN,
            caller_name=caller_id[1][1] if caller_id else UNKNOWN,
            **fields,
        )
        self._show_caller(action, channel)
        x.emit("DialBegin", channel.headers("Dest"), [("DialString", dial)])
        return channel

    def _show_caller(self, action: Mapping[str, str], channel: Channel) -> None:
        """The caller id that the action asks for."""
        wanted = _CALLER_ID.match(action.get("CallerID", ""))
        if wanted is not None:
            channel.number, channel.caller_name = wanted["number"], wanted["name"]
            presentation = [("CID-CallingPres", "0 (Presentation Allowed, Not Screened)")]
            self._x.emit("NewCallerid", channel.headers(), presentation)
            channel.connected_number, channel.connected_name = wanted["number"], wanted["name"]
            self._x.emit("NewConnectedLine", channel.headers())

    def _pick_up(self, channel: Channel) -> None:
        self._x.set_state(channel, "Up")
        self._x.emit("DialEnd", channel.headers("Dest"), [("DialStatus", "ANSWER")])
