"""Calls that prove a PBX: its voices reach us, a live tap hears them, and the dialplan offers calls to agents.

They ring nobody, except an extension of the admin's choice whose dialplan does, and end with the test.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from callcenter.clock import Clock
from callcenter.config_sections import MediaSettings
from callcenter.errors import CallcenterError, Unavailable
from callcenter.features.findings import Finding, Level
from callcenter.features.pbx_probe import Probe
from callcenter.media.audiosocket import AudioSocketServer, LegStream
from callcenter.media.tone import RATE_HZ, tone, tone_share
from callcenter.telephony.ami_reading import parse
from callcenter.telephony.call_tracker import CallTracker
from callcenter.telephony.events import CallOffered
from callcenter.telephony.probe_actions import ANSWER_S, Up

HEAR_S = 0.6
"""So much sound decides whether a tone is heard."""
PATIENCE_S = 4.0
"""How long sound, an event or the end of a test call may take."""
QUEUED_S = 0.5
"""How long after the sound a call may take to enter a queue."""
OFFER_S = 6.0
"""How long a queue may take to ring somebody."""
FRAME_S = 0.02
TEST_HZ = 440
ENOUGH = 0.5
"""Share of the tone in what is heard."""

WILDCARDS = ("0.0.0.0", "::")
NO_AUDIO_FIX = (
    "open media.port (TCP) from the PBX to this machine, set media.advertise_host to the address under which the PBX "
    "reaches it; `asterisk -rx 'module show like audiosocket'` must list chan_audiosocket (else media.tap: false)"
)


@dataclass(slots=True)
class Ear:
    """Our AudioSocket server as the PBX reaches it."""

    server: AudioSocketServer
    host: str
    port: int

    def expect(self, timeout_s: float) -> LegStream:
        """A stream for a new leg that the PBX connects within the time."""
        return self.server.expect(uuid.uuid4(), timeout_s)


@asynccontextmanager
async def listening(media: MediaSettings, clock: Clock) -> AsyncIterator[Ear]:
    """Listen where config.yaml says. Raises Unavailable when the port is taken."""
    server = AudioSocketServer(media.host, media.port, clock=clock)
    await server.start()
    try:
        yield Ear(server, media.advertise_host or media.host, media.advertise_port or server.port)
    finally:
        await server.aclose()


async def with_ear(
    media: MediaSettings, clock: Clock, test: Callable[[Ear], Awaitable[list[Finding]]]
) -> list[Finding]:
    """Run an audio test, or say why it cannot be run."""
    if media.advertise_host is None and media.host in WILDCARDS:
        message = f"media.host {media.host} is no address that the PBX could call back"
        fix = "set media.advertise_host to this machine's address as the PBX sees it"
        return [Finding("audio_path", Level.ERROR, message, fix)]
    async with AsyncExitStack() as stack:
        try:
            ear = await stack.enter_async_context(listening(media, clock))
        except Unavailable as error:
            message = f"not tested: {error.message}"
            fix = "fine while callcenter runs (its own calls show it); else stop what uses the port, or set media.port"
            return [Finding("audio_path", Level.WARNING, message, fix)]
        return await test(ear)


async def hear(stream: LegStream) -> bool:
    """Whether the test tone is in the sound of a leg."""
    pcm = bytearray()
    with suppress(TimeoutError):
        async with asyncio.timeout(PATIENCE_S):
            async for frame in stream:
                pcm += frame.pcm
                last = bytes(pcm[-int(HEAR_S * RATE_HZ) * 2 :])
                if len(last) >= HEAR_S * RATE_HZ * 2 and tone_share(last, TEST_HZ) >= ENOUGH:
                    return True
    return False


@asynccontextmanager
async def _speaking(stream: LegStream, clock: Clock) -> AsyncIterator[None]:
    """Play the tone to a leg; at the end the leg is closed, which ends its call."""
    playing = asyncio.create_task(_play(stream, clock))
    try:
        yield
    finally:
        playing.cancel()
        await stream.aclose()


async def _play(stream: LegStream, clock: Clock) -> None:
    sound = tone(TEST_HZ, 1.0)
    step = int(FRAME_S * RATE_HZ) * 2
    while True:
        for start in range(0, len(sound), step):
            stream.send(sound[start : start + step])
            await clock.sleep(FRAME_S)


async def echo_test(probe: Probe, ear: Ear) -> list[Finding]:
    """The PBX calls our audio port, we hear ourselves back, and a tap hears us too; no phone rings."""
    caller = ear.expect(PATIENCE_S)
    async with _speaking(caller, probe.clock):
        try:
            up = await probe.actions.call_echo(test_uuid=str(caller.uuid), host=ear.host, port=ear.port)
        except CallcenterError as error:
            return [Finding("audio_path", Level.ERROR, error.message, error.fix or NO_AUDIO_FIX)]
        findings = [await _path(ear, caller), await _tapped(probe, ear, up.uniqueid, check="audio_tap")]
    await probe.until(lambda: up.uniqueid in probe.ended, PATIENCE_S)
    return findings


async def _path(ear: Ear, caller: LegStream) -> Finding:
    where = f"{ear.host}:{ear.port}"
    if await hear(caller):
        return Finding("audio_path", Level.OK, f"the PBX reaches {where}, and sound goes both ways")
    return Finding("audio_path", Level.ERROR, f"the PBX was to call {where}, but no sound came", NO_AUDIO_FIX)


async def _tapped(probe: Probe, ear: Ear, uniqueid: str, *, check: str) -> Finding:
    tap = ear.expect(PATIENCE_S)
    try:
        await probe.actions.originate_tap(
            channel_uniqueid=uniqueid, tap_uuid=str(tap.uuid), host=ear.host, port=ear.port
        )
        heard = await hear(tap)
    except CallcenterError as error:
        return Finding(check, Level.ERROR, error.message, error.fix or NO_AUDIO_FIX)
    finally:
        await tap.aclose()
    if heard:
        return Finding(check, Level.OK, "a live tap (ChanSpy into AudioSocket) hears the caller")
    what = "was connected but is silent" if tap.connected.is_set() else "never connected"
    return Finding(check, Level.ERROR, f"the live tap {what}", NO_AUDIO_FIX)


async def extension_test(probe: Probe, ear: Ear, exten: str, context: str, agent_pattern: str) -> list[Finding]:
    """A call through the dialplan: answered, tapped and heard, offered to whom, and over again."""
    caller = ear.expect(ANSWER_S + PATIENCE_S)
    watch = Watch(probe, f"Local/{exten}@{context}-", agent_pattern)
    async with _speaking(caller, probe.clock):
        try:
            up = await probe.actions.call_extension(
                exten=exten, context=context, test_uuid=str(caller.uuid), host=ear.host, port=ear.port
            )
        except CallcenterError as error:
            fix = error.fix or f"does {exten} exist in [{context}], and does somebody answer it?"
            return [Finding("test_call", Level.ERROR, error.message, fix), *_offers(watch)]
        findings = [await _answered(caller, f"{exten} in [{context}]"), await _tap_far_end(probe, ear, up)]
        if await probe.until(lambda: bool(watch.look().queues), QUEUED_S):
            await probe.until(lambda: bool(watch.look().offered), OFFER_S)
    return [*findings, *_offers(watch), await _ended(probe, up)]


async def _answered(caller: LegStream, extension: str) -> Finding:
    with suppress(TimeoutError):
        await asyncio.wait_for(caller.connected.wait(), PATIENCE_S)
    if caller.connected.is_set():
        return Finding("test_call", Level.OK, f"{extension} answered")
    fix = "`asterisk -rx 'module load app_audiosocket.so'`: the test call's caller speaks through it"
    return Finding("test_call", Level.ERROR, f"{extension} answered, but its caller did not reach us", fix)


async def _tap_far_end(probe: Probe, ear: Ear, up: Up) -> Finding:
    """Tap the half of the Local channel that is in the dialplan: it says what the other half plays."""
    far = f"{up.channel.removesuffix('1')}2"

    def uniqueid() -> str:
        born = (event for event in probe.events if event["Event"] == "Newchannel" and event.get("Channel") == far)
        return next(born, {}).get("Uniqueid", "")

    if not await probe.until(lambda: bool(uniqueid()), PATIENCE_S):
        fix = "add Newchannel to the event filter, as `callcenter pbx manager-conf` prints it"
        return Finding("test_tap", Level.ERROR, "the test call's channel was never announced", fix)
    return await _tapped(probe, ear, uniqueid(), check="test_tap")


class Watch:
    """What becomes of one test call among all that the PBX does: ``queues`` it joined, devices it was ``offered`` to.

    It is told by the name of its Local channel, and by the Linkedid that its legs inherit.
    """

    def __init__(self, probe: Probe, local: str, agent_pattern: str) -> None:
        self.queues: set[str] = set()
        self.offered: set[str] = set()
        self._probe = probe
        self._local = local
        self._tracker = CallTracker(agent_pattern)
        self._linkedid = ""
        self._next = len(probe.events)

    def look(self) -> Watch:
        """Take in what came since the last look."""
        fresh, self._next = self._probe.events[self._next :], len(self._probe.events)
        for headers in fresh:
            self._take(headers)
        return self

    def _take(self, headers: dict[str, str]) -> None:
        linkedid = headers.get("Linkedid", "")
        if headers.get("Event") == "Newchannel" and headers.get("Channel", "").startswith(self._local):
            self._linkedid = self._linkedid or linkedid
        if headers.get("Event") == "QueueCallerJoin" and linkedid == self._linkedid:
            self.queues.add(headers.get("Queue", ""))
        event = parse(headers)
        for fact in self._tracker.apply(event) if event else ():
            if isinstance(fact, CallOffered) and fact.linkedid == self._linkedid:
                self.offered.add(fact.interface)


def _offers(watch: Watch) -> list[Finding]:
    """Whom the test call was offered to, if it went through a queue or rang somebody."""
    watch.look()
    if watch.offered:
        message = f"the call would have popped for {', '.join(sorted(watch.offered))}"
        return [Finding("test_offer", Level.OK, message)]
    if watch.queues:
        message = f"the call waited in {', '.join(sorted(watch.queues))}, but no phone of the pattern rang"
        fix = "is an agent of that queue free, and does its phone match pbx.agent_pattern?"
        return [Finding("test_offer", Level.WARNING, message, fix)]
    return []


async def _ended(probe: Probe, up: Up) -> Finding:
    if await probe.until(lambda: up.uniqueid in probe.ended, PATIENCE_S):
        return Finding("test_end", Level.OK, "the test call is over on the PBX")
    fix = "add Hangup to the event filter; the PBX itself ends test calls after 45 s"
    return Finding("test_end", Level.WARNING, "the end of the test call was not seen", fix)
