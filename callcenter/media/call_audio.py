"""The sound of one live call: legs that come and go, both speakers on one clock, recorded and transcribed."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog

from asr.audio import Resampler
from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.errors import Unavailable
from callcenter.media.audiosocket import AudioFrame, LegEnd, LegStream
from callcenter.media.events import AudioStarted, Speaker, TranscriptUnavailable
from callcenter.media.recorder import StereoRecorder
from callcenter.media.recording_files import Channel
from callcenter.media.recordings import Recordings
from callcenter.media.timeline import LegTimeline
from callcenter.media.transcriber import SpeakerTranscript, Transcriber

log = structlog.get_logger(__name__)

TICK_S = 0.25
"""How often legs that send nothing are filled up with silence, so that utterances end and the recording goes on."""
SIDES = {Speaker.CALLER: 0, Speaker.AGENT: 1}


class _Side:
    """One speaker: the legs that carry the voice, newest last; the newest that has sent sound is the one heard."""

    def __init__(self, speaker: Speaker, timeline: LegTimeline, transcript: SpeakerTranscript) -> None:
        self.number = SIDES[speaker]
        self.timeline = timeline
        self.transcript = transcript
        self.heard: LegStream | None = None
        self.resampler: Resampler | None = None


class CallAudio:
    """Everything about a call's sound from its first tap to the stored recording.

    Zero of the call's clock is the start of the first frame of either leg; of a call that goes on after a restart it is
    ``started_at``, as it was before.
    """

    def __init__(
        self,
        call_id: str,
        *,
        bus: Bus,
        clock: Clock,
        transcriber: Transcriber,
        recordings: Recordings | None,
        started_at: datetime | None = None,
    ) -> None:
        self._started_at = started_at
        self.call_id = call_id
        self._bus = bus
        self._clock = clock
        self._transcriber = transcriber
        self._recordings = recordings
        self._recorder: StereoRecorder | None = None
        self._rate = 0
        self._sides: dict[Speaker, _Side] = {}
        self._legs: dict[Speaker, list[LegStream]] = {speaker: [] for speaker in Speaker}
        self._listeners: set[asyncio.Future[None]] = set()
        self._ticker: asyncio.Task[None] | None = None
        self._finishing: asyncio.Task[None] | None = None

    @property
    def length_ms(self) -> int:
        """The call's clock: sound so far, 0 before the first frame."""
        return max((side.timeline.position_ms for side in self._sides.values()), default=0)

    async def listen(self, speaker: Speaker, stream: LegStream) -> None:
        """Take a leg's sound until it ends. A newer leg of the same speaker (transfer) takes over with its first frame.

        A leg that never connects is reported as TranscriptUnavailable(no_audio), unless that speaker was heard before.
        """
        if self._finishing is not None:
            await stream.aclose()
            return
        self._legs[speaker].append(stream)
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._listeners.add(done)
        try:
            async for frame in stream:
                self._hear(speaker, stream, frame)
        finally:
            self._left(speaker, stream)
            self._listeners.discard(done)
            done.set_result(None)

    async def clip(self, *, start_ms: int, end_ms: int, channel: Channel) -> bytes | None:
        """A WAV of that span of what was heard so far, at most a minute; None when nothing is recorded (any more)."""
        if self._recorder is None or (self._finishing is not None and self._finishing.done()):
            return None
        return await self._recorder.clip(start_ms=start_ms, end_ms=end_ms, channel=channel)

    async def finish(self) -> None:
        """End every leg, wait for the last words, store the recording. Safe to call twice."""
        await self._end(store=True)

    async def suspend(self) -> None:
        """The process ends while the call goes on: as ``finish``, but the recording stays open for the next process."""
        await self._end(store=False)

    async def _end(self, *, store: bool) -> None:
        if self._finishing is None:
            self._finishing = asyncio.create_task(self._finish(store=store), name=f"call_audio:finish:{self.call_id}")
        await asyncio.shield(self._finishing)

    def _hear(self, speaker: Speaker, stream: LegStream, frame: AudioFrame) -> None:
        if not self._sides:
            self._begin(frame)
        side = self._sides[speaker]
        if stream is not side.heard and not self._take_over(speaker, side, stream, frame):
            return
        pcm = side.resampler.push(frame.pcm) if side.resampler else frame.pcm
        self._append(side, side.timeline.position_ms, side.timeline.place(pcm, frame.at_monotonic))

    def _take_over(self, speaker: Speaker, side: _Side, stream: LegStream, frame: AudioFrame) -> bool:
        legs = self._legs[speaker]
        if side.heard is not None and legs.index(stream) < legs.index(side.heard):
            return False
        if side.transcript.started:
            side.transcript.flush()
        side.heard = stream
        side.resampler = Resampler(frame.sample_rate_hz, self._rate)
        return True

    def _begin(self, frame: AudioFrame) -> None:
        self._rate = frame.sample_rate_hz
        start_s = frame.at_monotonic - len(frame.pcm) // 2 / self._rate
        began = self._clock.now() - timedelta(seconds=self._clock.monotonic() - start_s)
        offset_s = max(0.0, (began - (self._started_at or began)).total_seconds())
        self._bus.publish(AudioStarted(at=began - timedelta(seconds=offset_s), call_id=self.call_id))
        begun_ms = round(offset_s * 1000)
        if self._recordings is not None:
            self._recorder = self._recordings.recorder(self.call_id, self._rate)
            begun_ms = self._recorder.length_ms
        for speaker in Speaker:
            timeline = LegTimeline(start_s - offset_s, self._rate, begun_ms=begun_ms)
            transcript = self._transcriber.transcript(self.call_id, speaker, self._rate)
            self._sides[speaker] = _Side(speaker, timeline, transcript)
        self._ticker = asyncio.create_task(self._tick(), name=f"call_audio:tick:{self.call_id}")

    def _append(self, side: _Side, at_ms: int, pcm: bytes) -> None:
        """``at_ms`` is the side's position before ``pcm`` was placed (arguments are evaluated from left to right)."""
        if not pcm:
            return
        if self._recorder is not None:
            self._recorder.push(side.number, pcm)
        # A side without a leg so far is recorded as silence and needs no recogniser.
        if side.heard is not None or side.transcript.started:
            on_hold = side.heard is not None and side.heard.on_hold
            side.transcript.push(bytes(len(pcm)) if on_hold else pcm, at_ms)

    async def _tick(self) -> None:
        while True:
            await self._clock.sleep(TICK_S)
            now = self._clock.monotonic()
            for side in self._sides.values():
                self._append(side, side.timeline.position_ms, side.timeline.idle(now))

    def _left(self, speaker: Speaker, stream: LegStream) -> None:
        self._legs[speaker].remove(stream)
        side = self._sides.get(speaker)
        if side is not None and side.heard is stream:
            side.heard = None
            side.transcript.flush()
        never_heard = side is None or not side.transcript.started
        if stream.ended is LegEnd.NEVER_CONNECTED and never_heard and not self._legs[speaker]:
            self._bus.publish(
                TranscriptUnavailable(at=self._clock.now(), call_id=self.call_id, speaker=speaker, reason="no_audio")
            )

    async def _finish(self, *, store: bool) -> None:
        for stream in [leg for legs in self._legs.values() for leg in legs]:
            await stream.aclose()
        if self._listeners:
            await asyncio.wait(self._listeners)
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.wait({self._ticker})
        length_ms = self.length_ms
        for side in self._sides.values():
            self._append(side, side.timeline.position_ms, side.timeline.pad_to(length_ms))
        await asyncio.gather(*(side.transcript.finish() for side in self._sides.values()))
        if store:
            await self._store()
        elif self._recorder is not None:
            await self._recorder.close()

    async def _store(self) -> None:
        if self._recorder is None or self._recordings is None:
            return
        try:
            stored = await self._recordings.store(self._recorder)
        except Unavailable as error:
            log.error("recording.not_stored", call_id=self.call_id, reason=error.message, fix=error.fix)
            return
        if stored is not None:
            log.info("recording.stored", call_id=self.call_id, duration_ms=stored.duration_ms, partial=stored.partial)
            self._bus.publish(stored.as_event(self._clock.now()))
