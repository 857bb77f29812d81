"""A look at a PBX through the real link: what it sends, whether its voices reach us, and calls that prove it.

``doctor`` and ``pbx join`` share it. Nothing here changes the PBX, and test calls end with the probe.
"""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass

from callcenter.clock import Clock
from callcenter.config import MediaSettings, PbxSettings
from callcenter.errors import CallcenterError, Unavailable
from callcenter.features.findings import Finding, Level
from callcenter.media.audiosocket import AudioSocketServer, LegStream
from callcenter.media.tone import RATE_HZ, tone, tone_share
from callcenter.telephony.ami_events import parse
from callcenter.telephony.ami_link import FIXES, AmiLink, Connected, Loss
from callcenter.telephony.call_tracker import CallTracker
from callcenter.telephony.event_tally import EventTally
from callcenter.telephony.events import CallOffered
from callcenter.telephony.probe_actions import ANSWER_S, ProbeActions, Up

CONNECT_S = 6.0
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


class Probe:
    """One logged-in AMI session whose events are counted and kept."""

    def __init__(self, link: AmiLink, clock: Clock, contexts: frozenset[str]) -> None:
        self.link = link
        self.clock = clock
        self.actions = ProbeActions(link, clock=clock, contexts=contexts)
        self.tally = EventTally()
        self.events: list[dict[str, str]] = []
        self.ami_version = ""
        self.address = ""
        self._more = asyncio.Event()

    async def consume(self) -> None:
        """Read the link until cancelled."""
        while True:
            item = await self.link.events.get()
            if isinstance(item, Connected):
                self.ami_version = item.version
            elif isinstance(item, dict):
                self.tally.add(item)
                self.events.append(item)
            self._more.set()

    async def until(self, holds: Callable[[], bool], timeout_s: float) -> bool:
        """Whether ``holds`` became true within the time; it is looked at after each event."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not holds():
                    self._more.clear()
                    await self._more.wait()
        return holds()

    def hung_up(self, uniqueid: str) -> bool:
        """Whether that channel's end was seen."""
        return any(event["Event"] == "Hangup" and event.get("Uniqueid") == uniqueid for event in self.events)


@asynccontextmanager
async def probing(
    pbx: PbxSettings, *, secret: str, clock: Clock, contexts: frozenset[str] = frozenset()
) -> AsyncIterator[Probe]:
    """Log in for the length of the block. Raises LoginRefused or LinkDown, with what to do about it."""
    link = AmiLink.from_settings(pbx, secret=secret, clock=clock)
    probe = Probe(link, clock, contexts)
    link.start()
    consumer = asyncio.create_task(probe.consume(), name="probe")
    try:
        try:
            await link.wait_connected(CONNECT_S)
        except Unavailable as error:
            error.fix = error.fix or FIXES[Loss.UNREACHABLE]
            raise
        await probe.until(lambda: bool(probe.ami_version), CONNECT_S)
        probe.address = link.peer_address
        yield probe
    finally:
        consumer.cancel()
        await asyncio.gather(consumer, return_exceptions=True)
        await link.aclose()


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
    await probe.until(lambda: probe.hung_up(up.uniqueid), PATIENCE_S)
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
    async with _speaking(caller, probe.clock):
        try:
            up = await probe.actions.call_extension(
                exten=exten, context=context, test_uuid=str(caller.uuid), host=ear.host, port=ear.port
            )
        except CallcenterError as error:
            fix = error.fix or f"does {exten} exist in [{context}], and does somebody answer it?"
            return [Finding("test_call", Level.ERROR, error.message, fix), *offers(probe, agent_pattern)]
        findings = [await _answered(caller, f"{exten} in [{context}]"), await _tap_far_end(probe, ear, up)]
        if await probe.until(lambda: bool(queues(probe)), QUEUED_S):
            await probe.until(lambda: bool(offered(probe, agent_pattern)), OFFER_S)
    return [*findings, *offers(probe, agent_pattern), await _ended(probe, up)]


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


async def clock_skew(probe: Probe) -> float | None:
    """The PBX's clock minus ours, in seconds; None when it does not tell. Half the answer's way is allowed for."""
    before = probe.clock.now().timestamp()
    stamp = await probe.actions.ping()
    return None if stamp is None else stamp - (before + probe.clock.now().timestamp()) / 2


def queues(probe: Probe) -> list[str]:
    """The queues that callers joined while we watched."""
    return sorted({e["Queue"] for e in probe.events if e["Event"] == "QueueCallerJoin" and "Queue" in e})


def offered(probe: Probe, agent_pattern: str) -> list[str]:
    """The agents' devices that the application would have popped for, given what was sent so far."""
    tracker = CallTracker(agent_pattern)
    facts = [fact for headers in probe.events if (event := parse(headers)) for fact in tracker.apply(event)]
    return sorted({fact.interface for fact in facts if isinstance(fact, CallOffered)})


def offers(probe: Probe, agent_pattern: str) -> list[Finding]:
    """Whom the test call was offered to, if it went through a queue or rang somebody."""
    rung = offered(probe, agent_pattern)
    if rung:
        return [Finding("test_offer", Level.OK, f"the call would have popped for {', '.join(rung)}")]
    if queues(probe):
        message = f"the call waited in {', '.join(queues(probe))}, but no phone of the pattern rang"
        fix = "is an agent of that queue free, and does its phone match pbx.agent_pattern?"
        return [Finding("test_offer", Level.WARNING, message, fix)]
    return []


async def _ended(probe: Probe, up: Up) -> Finding:
    if await probe.until(lambda: probe.hung_up(up.uniqueid), PATIENCE_S):
        return Finding("test_end", Level.OK, "the test call is over on the PBX")
    fix = "add Hangup to the event filter; the PBX itself ends test calls after 45 s"
    return Finding("test_end", Level.WARNING, "the end of the test call was not seen", fix)
