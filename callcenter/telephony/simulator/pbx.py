"""The simulated PBX: a real AMI peer over TCP that plays calls, for the demo, for tests and for benchmarks.

What it speaks and how far it is like Asterisk is in docs/reference/simulator.md.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping
from contextlib import suppress
from typing import Any

import structlog

from callcenter.clock import Clock, SystemClock
from callcenter.errors import Unavailable
from callcenter.telephony.simulator.ami_server import AmiSession, AmiUser
from callcenter.telephony.simulator.audio import read_stereo
from callcenter.telephony.simulator.call import PlacedCall, SimulatedCall
from callcenter.telephony.simulator.channels import Channel, Member, Queue
from callcenter.telephony.simulator.exchange import Exchange
from callcenter.telephony.simulator.originate import Originator
from callcenter.telephony.simulator.taps import AudioPump

log = structlog.get_logger(__name__)

READ_CLASSES = frozenset({"call", "agent", "cdr"})
WRITE_CLASSES = frozenset({"call", "agent", "reporting", "originate"})
DEVICES = {"PJSIP/1001": "Agent 1", "PJSIP/1002": "Agent 2", "PJSIP/1003": "Agent 3"}
QUEUES = {"support": ("PJSIP/1001", "PJSIP/1002")}


class SimulatedPbx:
    """An Asterisk-like PBX on ``host``:``port`` (0: a free one, see ``port`` after ``start``).

    ``queues`` maps a queue's name to its members' devices, ``devices`` a device to its caller id name.
    ``write`` are the rights of the AMI user; an empty set is a user without any write class. ``hidden`` are events
    that its event filter keeps back.
    ``speed`` divides ring, talk and hold times; audio is always paced by ``clock`` in real time.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        username: str = "callcenter",
        secret: str = "simulated",  # noqa: S107 - a peer on loopback that only plays
        queues: Mapping[str, Iterable[str]] = QUEUES,
        devices: Mapping[str, str] = DEVICES,
        read: frozenset[str] = READ_CLASSES,
        write: frozenset[str] = WRITE_CLASSES,
        hidden: frozenset[str] = frozenset(),
        trunk: str = "PJSIP/trunk",
        clock: Clock | None = None,
        speed: float = 1.0,
    ) -> None:
        self.host = host
        self.port = port
        self.user = AmiUser(username=username, secret=secret, read=read, write=write, hidden=hidden)
        self.devices = dict(devices)
        self.trunk = trunk
        self.clock = clock or SystemClock()
        self.speed = speed
        self.sessions: set[AmiSession] = set()
        self.login_refusal: str | None = None
        """Set it to an error text to refuse every login with it; None accepts the right secret."""
        self.calls: set[PlacedCall] = set()
        self._queues = {name: tuple(members) for name, members in queues.items()}
        self._server: asyncio.Server | None = None
        self._tasks: set[asyncio.Task[Any]] = set()
        self._mute = False
        self._boot(after_s=0)

    def _boot(self, *, after_s: int) -> None:
        """Everything that a restart forgets."""
        queues = [
            Queue(name=name, members=[Member(interface=i, name=self.devices.get(i, i)) for i in members])
            for name, members in self._queues.items()
        ]
        self.exchange = Exchange(
            clock=self.clock,
            queues=queues,
            device_names=self.devices,
            send=self._send_event,
            after_s=after_s,
            trunk=self.trunk,
        )
        self.pump = AudioPump(self.clock)
        self._originator = Originator(self)

    # Life

    async def start(self) -> None:
        """Listen; raises Unavailable when the port is taken."""
        loop = asyncio.get_running_loop()
        try:
            self._server = await loop.create_server(self._session, self.host, self.port)
        except OSError as error:
            raise Unavailable(
                f"cannot listen on {self.host}:{self.port}: {error.strerror}", fix="stop what uses the port, or use 0"
            ) from error
        self.port = self._server.sockets[0].getsockname()[1]

    async def aclose(self) -> None:
        """Stop at once; clients see the connection close."""
        for session in list(self.sessions):
            session.close()
        await self._stop()

    async def kill(self) -> None:
        """Die as by SIGKILL: connections are reset, calls vanish without a word."""
        for session in list(self.sessions):
            session.abort()
        await self._stop()

    async def shut_down(self) -> None:
        """Stop as ``core stop now`` does: a Hangup for every channel, then Shutdown, then close."""
        for channel in list(self.exchange.channels.values()):
            self.exchange.hang_up(channel, 0)
        self.exchange.emit("Shutdown", [("Shutdown", "Cleanly"), ("Restart", "False")])
        await self.aclose()

    async def restart(self, *, down_s: float = 0.0) -> None:
        """``shut_down``, wait, and come back on the same port with fresh ids."""
        await self.shut_down()
        await self.clock.sleep(down_s)
        await self.start()

    async def _stop(self) -> None:
        server, self._server = self._server, None
        if server is not None:
            server.close()
        tasks = [task for task in self._tasks if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self.pump.aclose()
        self.calls.clear()
        self._boot(after_s=self.exchange.last_id_s)

    def _session(self) -> AmiSession:
        return AmiSession(self, mute=self._mute)

    def _send_event(self, name: str, privilege: str, text: str) -> None:
        for session in list(self.sessions):
            session.send_event(name, privilege, text)

    # Calls

    async def place_call(self, spec: SimulatedCall) -> PlacedCall:
        """Let a call come in; returns when its caller's channel exists.

        Raises Invalid for an unknown queue or audio that cannot be read.
        """
        audio = await asyncio.to_thread(read_stereo, spec.audio) if spec.audio else None
        call = PlacedCall(spec, self.exchange, pause=self.pause, trunk=self.trunk, audio=audio)
        self.calls.add(call)
        self.spawn(self._play(call))
        await asyncio.sleep(0)
        return call

    async def _play(self, call: PlacedCall) -> None:
        try:
            await call.run()
        finally:
            self.calls.discard(call)

    async def pause(self, seconds: float) -> None:
        """Wait ``seconds`` of a call's time."""
        await self.clock.sleep(max(0.0, seconds) / self.speed)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run something that ends with the PBX."""
        task = asyncio.create_task(self._logged(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _logged(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except Exception:
            log.exception("simulator.failed")

    def originate(self, session: AmiSession, action: Mapping[str, str]) -> None:
        """Board: an Originate action."""
        self._originator.take(session, action)

    def hang_up(self, channel: Channel) -> None:
        """Board: end a channel by force, and with it the call it is a leg of."""
        for call in list(self.calls):
            side = call.owns(channel)
            if side is not None:
                call.hang_up(side)
                return
        self.exchange.hang_up(channel, 16)

    # Failures, for tests

    def fall_silent(self) -> None:
        """Send nothing any more, to old and new clients, but keep their connections open."""
        self._mute = True
        for session in self.sessions:
            session.mute = True

    def speak_again(self) -> None:
        """New clients are served again; the old ones stay forgotten."""
        self._mute = False

    def half_open(self) -> None:
        """Forget the present clients without closing: they see no answer and no end; new ones are served."""
        for session in self.sessions:
            session.mute = True
            session.stop_reading()

    def stop_reading(self) -> None:
        """Leave what the present clients send unread; events still go out."""
        for session in self.sessions:
            session.stop_reading()

    def cut_mid_message(self) -> None:
        """Send the first half of an event, then reset every connection."""
        for session in list(self.sessions):
            session.send("Event: Newstate\r\nPrivilege: call,all\r\nChannel: PJSIP/10")
            session.abort()

    def refuse_logins(self, message: str | None = "Authentication failed") -> None:
        """Refuse every login with this error; None stops refusing."""
        self.login_refusal = message

    async def wait_idle(self) -> None:
        """Return when no call and no originate is in progress."""
        while self._tasks:
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*self._tasks, return_exceptions=True)
