"""Speech → transcript: taps both legs of every answered call and hands the audio to the media part."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Awaitable, Callable
from typing import Literal, Protocol

import structlog

from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.errors import CallcenterError
from callcenter.media.audiosocket import AudioSocketServer, LegEnd, LegStream
from callcenter.media.call_audio import CallAudio
from callcenter.media.events import Speaker, TranscriptUnavailable
from callcenter.telephony.events import (
    CallAnswered,
    CallEnded,
    CallHeld,
    CallLegEnded,
    CallPartyChanged,
    CallResumed,
)

log = structlog.get_logger(__name__)

FIRST_AUDIO_S = 5.0
"""A tap that has not connected by then is given up."""
RETAP_S = 2.0
"""A tap that ends while its channel goes on (a cut connection) is set again after this; the PBX has told of a hang-up
by then."""
TAPS = 4
"""So often at most for one channel."""
CUT = frozenset({LegEnd.EOF, LegEnd.IDLE, LegEnd.PROTOCOL, LegEnd.PEER_ERROR})
"""Ends that may be those of the connection alone."""


class Tap(Protocol):
    """Ask the PBX to send one party's voice to our AudioSocket server (``telephony.capture``)."""

    async def __call__(self, *, channel_uniqueid: str, tap_uuid: str, speaker: str) -> None:
        """Return once the PBX has taken the request; raise ``Unavailable`` when it refuses."""
        ...


class LiveAudio:
    """Keeps one ``CallAudio`` per answered call; taps follow transfers and end with the call.

    Taps are set when a call is answered, so that ring-back is never heard. While a party holds the other, its own leg
    may carry the music that its phone or PBX plays: it is recorded and not transcribed.
    """

    def __init__(
        self,
        *,
        server: AudioSocketServer,
        tap: Tap,
        new_audio: Callable[[str], CallAudio | None],
        bus: Bus,
        clock: Clock,
    ) -> None:
        self._server = server
        self._tap = tap
        self._new_audio = new_audio
        self._bus = bus
        self._clock = clock
        self._calls: dict[str, CallAudio] = {}
        self._tapped: dict[str, set[str]] = {}
        self._streams: dict[str, LegStream] = {}
        """The tap of each channel."""
        self._holding: set[str] = set()
        self._tasks: set[asyncio.Task[None]] = set()

    def subscribe(self, bus: Bus) -> None:
        """Own queue: a slow PBX delays taps only."""
        bus.subscribe(CallAnswered, self._answered, name="live_audio")
        bus.subscribe(CallPartyChanged, self._party_changed, name="live_audio")
        bus.subscribe(CallHeld, self._held, name="live_audio")
        bus.subscribe(CallResumed, self._resumed, name="live_audio")
        bus.subscribe(CallLegEnded, self._leg_ended, name="live_audio")
        bus.subscribe(CallEnded, self._ended, name="live_audio")

    async def clip(
        self, call_id: str, *, start_ms: int, end_ms: int, channel: Literal["caller", "agent", "both"]
    ) -> bytes | None:
        """A WAV file of a span of a call that goes on; None when it is over."""
        audio = self._calls.get(call_id)
        return await audio.clip(start_ms=start_ms, end_ms=end_ms, channel=channel) if audio else None

    def __len__(self) -> int:
        """Calls whose audio is open."""
        return len(self._calls)

    async def aclose(self) -> None:
        """Calls that are over are finished; those that go on are left to the next process."""
        await asyncio.gather(*(audio.suspend() for audio in list(self._calls.values())))
        self._calls.clear()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _answered(self, event: CallAnswered) -> None:
        if event.caller_uniqueid:  # A click-to-call's agent has nobody to talk to yet: CallPartyChanged follows.
            self._listen(event.call_id, event.caller_uniqueid, Speaker.CALLER)
        self._listen(event.call_id, event.uniqueid, Speaker.AGENT)

    async def _party_changed(self, event: CallPartyChanged) -> None:
        if event.moved_from is not None:
            self._listen(event.call_id, event.uniqueid, Speaker.AGENT)
        if event.caller_uniqueid:
            self._listen(event.call_id, event.caller_uniqueid, Speaker.CALLER)

    async def _held(self, event: CallHeld) -> None:
        if event.uniqueid in self._tapped.get(event.call_id, ()):
            self._holding.add(event.uniqueid)
            self._mark_hold(event.uniqueid)

    async def _resumed(self, event: CallResumed) -> None:
        self._holding.discard(event.uniqueid)
        self._mark_hold(event.uniqueid)

    def _mark_hold(self, channel: str) -> None:
        if channel in self._streams:
            self._streams[channel].on_hold = channel in self._holding

    async def _leg_ended(self, event: CallLegEnded) -> None:
        self._tapped.get(event.call_id, set()).discard(event.uniqueid)
        self._holding.discard(event.uniqueid)

    async def _ended(self, event: CallEnded) -> None:
        self._holding -= self._tapped.get(event.call_id, set())
        self._spawn(self._finish(event.call_id))

    def _listen(self, call_id: str, channel: str, speaker: Speaker) -> None:
        """Tap ``channel`` unless it is tapped already (a caller's tap survives a blind transfer)."""
        tapped = self._tapped.setdefault(call_id, set())
        if channel in tapped:
            return
        audio = self._calls.get(call_id)
        if audio is None:
            audio = self._new_audio(call_id)
            if audio is None:
                self._give_up(call_id, speaker, "overloaded")
                return
            self._calls[call_id] = audio
        tapped.add(channel)
        self._spawn(self._tap_leg(audio, call_id, channel, speaker))

    async def _tap_leg(self, audio: CallAudio, call_id: str, channel: str, speaker: Speaker) -> None:
        """Listen to a channel for as long as it is in the call, through cuts of its connection."""
        for number in range(TAPS):
            try:
                ended = await self._tap_once(audio, channel, speaker)
            except CallcenterError as error:
                log.warning("live_audio.tap_failed", call_id=call_id, speaker=speaker, reason=str(error))
                if not number:
                    self._give_up(call_id, speaker, "tap_refused")
                return
            if ended not in CUT:
                return
            await self._clock.sleep(RETAP_S)
            if channel not in self._tapped.get(call_id, ()):
                return
            log.warning("live_audio.tapped_again", call_id=call_id, speaker=speaker, ended=ended)

    async def _tap_once(self, audio: CallAudio, channel: str, speaker: Speaker) -> LegEnd | None:
        """Raises what the PBX's refusal raises; else why the tap is over."""
        tap_uuid = uuid.uuid4()
        stream = self._server.expect(tap_uuid, timeout_s=FIRST_AUDIO_S)
        try:
            await self._tap(channel_uniqueid=channel, tap_uuid=str(tap_uuid), speaker=speaker)
        except CallcenterError:
            await stream.aclose()
            raise
        self._streams[channel] = stream
        self._mark_hold(channel)
        try:
            await audio.listen(speaker, stream)
        finally:
            del self._streams[channel]
        return stream.ended

    def _give_up(self, call_id: str, speaker: Speaker, reason: str) -> None:
        self._bus.publish(TranscriptUnavailable(at=self._clock.now(), call_id=call_id, speaker=speaker, reason=reason))

    async def _finish(self, call_id: str) -> None:
        self._tapped.pop(call_id, None)
        audio = self._calls.get(call_id)
        if audio is not None:
            await audio.finish()
            self._calls.pop(call_id, None)

    def _spawn(self, work: Awaitable[None]) -> None:
        async def run() -> None:
            try:
                await work
            except Exception:
                log.exception("live_audio.failed")

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
