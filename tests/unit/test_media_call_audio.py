import asyncio
import io
import itertools
from uuid import uuid4

import numpy as np
import pytest
import soundfile

from asr.engines.scripted import ScriptedRecognizer
from asr.events import Final
from callcenter.bus.local import LocalBus
from callcenter.clock import VirtualClock
from callcenter.ids import new_id
from callcenter.media.audiosocket import AudioFrame, LegEnd, LegStream
from callcenter.media.call_audio import CallAudio
from callcenter.media.events import AudioStarted, RecordingStored, SegmentHeard, Speaker, TranscriptUnavailable
from callcenter.media.recordings import Recordings
from callcenter.media.transcriber import Transcriber


def pcm(value, ms=20, rate=8000):
    return np.full(rate * ms // 1000, value, "<i2").tobytes()


class Call:
    """A call on a virtual clock, fed frame by frame; ``before`` is the same call in the process before a restart."""

    def __init__(self, tmp_path, *scripts, before=None):
        self.clock = before.clock if before else VirtualClock()
        self.bus = LocalBus()
        self.events = []
        self.recordings = Recordings(tmp_path, min_free_mb=0)
        self.recognizer = ScriptedRecognizer(*scripts)
        transcriber = Transcriber(self.recognizer, bus=self.bus, clock=self.clock)
        self.audio = CallAudio(
            before.audio.call_id if before else new_id(),
            bus=self.bus,
            clock=self.clock,
            transcriber=transcriber,
            recordings=self.recordings,
            started_at=before.of(AudioStarted)[0].at if before else None,
        )
        self.tasks = []
        for kind in (AudioStarted, SegmentHeard, TranscriptUnavailable, RecordingStored):
            self.bus.subscribe(kind, self._keep, name="test")

    async def _keep(self, event):
        self.events.append(event)

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    def leg(self, speaker):
        stream = LegStream(uuid4(), lambda _: None)
        self.tasks.append(asyncio.create_task(self.audio.listen(speaker, stream)))
        return stream

    async def play(self, ms, *legs, rate=8000):
        """``legs`` are (stream, sample value), each sent every 20 ms for ``ms``."""
        for _ in range(ms // 20):
            await self.clock.advance(0.02)
            for stream, value in legs:
                stream.put(AudioFrame(pcm(value, rate=rate), self.clock.monotonic(), rate))
            await asyncio.sleep(0)

    async def end(self):
        await self.audio.finish()
        await asyncio.gather(*self.tasks)
        await self.bus.drain()
        await self.bus.aclose()
        await self.recordings.aclose()

    async def stop(self):
        """The process ends in the middle of the call."""
        await self.audio.suspend()
        await asyncio.gather(*self.tasks)
        await self.bus.drain()
        await self.bus.aclose()
        await self.recordings.aclose()

    def stereo(self):
        (stored,) = self.of(RecordingStored)
        return soundfile.read(self.recordings.file(stored.path), dtype="int16")[0]


def values(side):
    """The runs of a recorded side: (value, ms) in order."""
    edges = np.flatnonzero(np.diff(side)) + 1
    bounds = [0, *edges.tolist(), len(side)]
    return [(int(side[a]), (b - a) // 8) for a, b in itertools.pairwise(bounds)]


async def test_both_speakers_share_one_clock(tmp_path):
    """The agent joins two seconds after the caller and stands two seconds later on the recording."""
    call = Call(tmp_path)
    caller = call.leg(Speaker.CALLER)
    await call.play(2000, (caller, 100))
    agent = call.leg(Speaker.AGENT)
    await call.play(1000, (caller, 100), (agent, 200))
    await call.end()
    stereo = call.stereo()
    assert values(stereo[:, 0]) == [(100, 3000)]
    assert values(stereo[:, 1]) == [(0, 2000), (200, 1000)]
    (stored,) = call.of(RecordingStored)
    assert (stored.duration_ms, stored.sample_rate_hz, stored.partial) == (3000, 8000, False)
    assert stored.path.endswith(f"/{call.audio.call_id}.flac")


async def test_a_phone_that_sends_nothing_is_silent_but_keeps_time(tmp_path):
    """A gap of five seconds (hold, silence suppression) is silence on both the recording and the recogniser's clock."""
    call = Call(tmp_path, [Final("后来", 6200, 6800, (), 1.0)])
    caller = call.leg(Speaker.CALLER)
    await call.play(1000, (caller, 100))
    await call.clock.advance(5.0)
    await call.play(1000, (caller, 300))
    await call.end()
    assert values(call.stereo()[:, 0]) == [(100, 1000), (0, 5000), (300, 1000)]
    assert [(s.text, s.start_ms) for s in call.of(SegmentHeard)] == [("后来", 6200)]


async def test_a_transfer_replaces_the_agents_leg(tmp_path):
    """The new agent's leg takes over with its first frame; frames the old one still sends are not mixed in."""
    call = Call(tmp_path)
    caller, first = call.leg(Speaker.CALLER), call.leg(Speaker.AGENT)
    await call.play(1000, (caller, 100), (first, 200))
    second = call.leg(Speaker.AGENT)
    await call.play(1000, (caller, 100), (second, 300), (first, 200))
    first.end(LegEnd.HANGUP)
    await call.play(1000, (caller, 100), (second, 300))
    await call.end()
    assert values(call.stereo()[:, 1]) == [(200, 1000), (300, 2000)]
    assert call.recognizer.opened == 2


async def test_the_words_of_two_agents_are_not_one_utterance(tmp_path):
    """When the leg changes in the middle of speech, the utterance ends there."""
    call = Call(tmp_path, [Final("我给您转", 200, 5000, (), 1.0)])
    first = call.leg(Speaker.AGENT)
    await call.play(1000, (first, 200))
    await call.play(1000, (call.leg(Speaker.AGENT), 300))
    await call.bus.drain()
    assert [s.end_ms <= 1020 for s in call.of(SegmentHeard)] == [True]
    await call.end()


async def test_the_old_leg_is_heard_again_when_the_new_one_ends(tmp_path):
    """A consultation that is given up: the first agent's leg, still alive, carries the voice again."""
    call = Call(tmp_path)
    first = call.leg(Speaker.AGENT)
    await call.play(400, (first, 200))
    second = call.leg(Speaker.AGENT)
    await call.play(400, (second, 300), (first, 200))
    second.end(LegEnd.HANGUP)
    await asyncio.sleep(0)
    await call.play(400, (first, 200))
    await call.end()
    assert values(call.stereo()[:, 1]) == [(200, 400), (300, 400), (200, 400)]


async def test_a_leg_that_never_connects_is_reported(tmp_path):
    """No audio from the agent is said once; the caller is recorded alone."""
    call = Call(tmp_path)
    caller, agent = call.leg(Speaker.CALLER), call.leg(Speaker.AGENT)
    await call.play(1000, (caller, 100))
    agent.end(LegEnd.NEVER_CONNECTED)
    await call.play(1000, (caller, 100))
    await call.end()
    assert [(u.speaker, u.reason) for u in call.of(TranscriptUnavailable)] == [(Speaker.AGENT, "no_audio")]
    assert values(call.stereo()[:, 1]) == [(0, 2000)]
    assert call.recognizer.opened == 1


async def test_a_call_without_any_sound_leaves_no_file(tmp_path):
    """Both taps failed: nothing is stored and ``finish`` is calm, twice."""
    call = Call(tmp_path)
    call.leg(Speaker.CALLER).end(LegEnd.NEVER_CONNECTED)
    await asyncio.sleep(0)
    await call.audio.finish()
    await call.end()
    assert not call.of(RecordingStored)
    assert not list(tmp_path.rglob("*.*"))


async def test_clips_of_a_live_call(tmp_path):
    """Evidence can be heard while the call goes on, up to the newest second; one side or both."""
    call = Call(tmp_path)
    caller, agent = call.leg(Speaker.CALLER), call.leg(Speaker.AGENT)
    await call.play(3000, (caller, 100), (agent, 200))
    both, rate = soundfile.read(
        io.BytesIO(await call.audio.clip(start_ms=500, end_ms=1500, channel="both")), dtype="int16"
    )
    assert (both.shape, rate, both[0].tolist()) == ((8000, 2), 8000, [100, 200])
    only, _ = soundfile.read(
        io.BytesIO(await call.audio.clip(start_ms=2900, end_ms=9000, channel="agent")), dtype="int16"
    )
    assert only.tolist() == [200] * 800
    await call.end()
    assert await call.audio.clip(start_ms=0, end_ms=10, channel="both") is None


async def test_a_leg_at_another_rate_is_brought_to_the_calls(tmp_path):
    """The first leg sets the recording's rate; a 16 kHz leg beside it keeps its time."""
    call = Call(tmp_path)
    caller, agent = call.leg(Speaker.CALLER), call.leg(Speaker.AGENT)
    for _ in range(100):
        await call.clock.advance(0.02)
        caller.put(AudioFrame(pcm(100), call.clock.monotonic(), 8000))
        agent.put(AudioFrame(pcm(200, rate=16_000), call.clock.monotonic(), 16_000))
        await asyncio.sleep(0)
    await call.end()
    stereo = call.stereo()
    assert len(stereo) == pytest.approx(16_000, abs=400)
    assert stereo[8000].tolist() == [100, pytest.approx(200, abs=2)]


async def test_both_talk_at_once(tmp_path):
    """Overlapping sentences are both heard, each with its own times, and stand on their own side of the recording."""
    call = Call(tmp_path, [Final("我家空调", 200, 1800, (), 1.0)], [Final("您请说", 1000, 1500, (), 1.0)])
    caller, agent = call.leg(Speaker.CALLER), call.leg(Speaker.AGENT)
    await call.play(2000, (caller, 100), (agent, 200))
    await call.end()
    heard = sorted(call.of(SegmentHeard), key=lambda segment: segment.start_ms)
    assert [(s.speaker, s.start_ms, s.end_ms) for s in heard] == [
        (Speaker.CALLER, 200, 1800),
        (Speaker.AGENT, 1000, 1500),
    ]
    assert [values(call.stereo()[:, side]) for side in (0, 1)] == [[(100, 2000)], [(200, 2000)]]


async def test_a_call_that_goes_on_after_a_restart_keeps_its_recording_and_its_clock(tmp_path):
    """What was heard before the restart stays, the time without us is silence, and words stand where they were said."""
    call = Call(tmp_path)
    caller = call.leg(Speaker.CALLER)
    await call.play(2000, (caller, 100))
    await call.stop()
    (part,) = tmp_path.rglob("*.part")
    with part.open("ab") as torn:
        torn.write(b"\x01\x02\x03")
    await call.clock.advance(3.0)
    again = Call(tmp_path, [Final("后来", 3200, 3800, (), 1.0)], before=call)
    caller = again.leg(Speaker.CALLER)
    await again.play(1000, (caller, 300))
    await again.end()
    assert values(again.stereo()[:, 0]) == [(100, 2000), (0, 3000), (300, 1000)]
    assert [(s.text, s.start_ms) for s in again.of(SegmentHeard)] == [("后来", 5200)]
    assert again.of(AudioStarted)[0].at == call.of(AudioStarted)[0].at
    assert call.of(RecordingStored) == []
