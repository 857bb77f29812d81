"""A live call over real TCP through the real recogniser: what the desk hears, and what stays on disk."""

import asyncio
from pathlib import Path
from uuid import uuid4

import numpy as np
import soundfile

from asr.load import load_recognizer
from asr.transcribe import transcribe
from callcenter.bus.local import LocalBus
from callcenter.clock import VirtualClock
from callcenter.ids import new_id
from callcenter.media.audiosocket import AudioSocketServer
from callcenter.media.audiosocket_frames import FrameKind, encode_frame
from callcenter.media.call_audio import CallAudio
from callcenter.media.events import HeardWord, RecordingStored, SegmentHeard, Speaker, SpeechPartial
from callcenter.media.recordings import Recordings
from callcenter.media.transcriber import Transcriber

CALL = Path(__file__).parents[2] / "callcenter" / "features" / "demo" / "calls" / "dev-003.wav"


def heard_words(words):
    return tuple(HeardWord(w.word, w.start_ms, w.end_ms, w.confidence) for w in words)


async def test_a_call_is_transcribed_and_recorded_as_its_file_would_be(tmp_path):
    """Both legs over AudioSocket give the same segments as the stored recording gives afterwards, word for word."""
    samples, _ = soundfile.read(CALL, dtype="int16", start=27_000 * 8, stop=35_500 * 8)
    clock, bus, heard = VirtualClock(), LocalBus(), []

    async def keep(event):
        heard.append(event)

    for kind in (SpeechPartial, SegmentHeard, RecordingStored):
        bus.subscribe(kind, keep, name="test")
    recognizer = load_recognizer("vosk", "zh-demo", threads=2)
    recordings = Recordings(tmp_path, min_free_mb=0)
    server = AudioSocketServer("127.0.0.1", 0, clock=clock)
    await server.start()
    audio = CallAudio(
        new_id(),
        bus=bus,
        clock=clock,
        transcriber=Transcriber(recognizer, bus=bus, clock=clock),
        recordings=recordings,
    )
    streams = {speaker: server.expect(uuid4(), 5) for speaker in Speaker}
    tasks = [asyncio.create_task(audio.listen(speaker, stream)) for speaker, stream in streams.items()]
    writers = {}
    for speaker, stream in streams.items():
        _, writers[speaker] = await asyncio.open_connection("127.0.0.1", server.port)
        writers[speaker].write(encode_frame(FrameKind.UUID, stream.uuid.bytes))
        await stream.connected.wait()
    arrived = 0
    for start in range(0, len(samples), 160):
        await clock.advance(0.02)
        for channel, speaker in enumerate(Speaker):
            frame = samples[start : start + 160, channel].astype("<i2").tobytes()
            writers[speaker].write(encode_frame(FrameKind.AUDIO_8K, frame))
        arrived += 20
        # The clock of the test must not run ahead of the sockets.
        while min(side.timeline.position_ms for side in audio._sides.values()) < arrived if audio._sides else True:
            await asyncio.sleep(0)
    for writer in writers.values():
        writer.close()
        await writer.wait_closed()
    await asyncio.gather(*tasks)
    await audio.finish()
    await bus.drain()

    segments = sorted((e for e in heard if isinstance(e, SegmentHeard)), key=lambda s: (s.start_ms, s.end_ms))
    (stored,) = [e for e in heard if isinstance(e, RecordingStored)]
    assert "北京中路" in "".join(s.text for s in segments if s.speaker is Speaker.CALLER)
    assert segments[0].speaker is Speaker.AGENT
    assert any(isinstance(e, SpeechPartial) for e in heard)
    file = recordings.file(stored.path)
    recorded, _ = soundfile.read(file, dtype="int16")
    assert np.array_equal(recorded[: len(samples)], samples)
    again = await transcribe(file, recognizer)
    assert [(s.speaker, s.start_ms, s.end_ms, s.text, s.words) for s in segments] == [
        (list(Speaker)[s.channel], s.start_ms, s.end_ms, s.text, heard_words(s.words)) for s in again.segments
    ]
    await server.aclose()
    await recognizer.aclose()
    await recordings.aclose()
    await bus.aclose()
