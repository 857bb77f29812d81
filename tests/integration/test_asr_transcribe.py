"""Files through the real engine with the built-in model, on short excerpts."""

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import soundfile
import soxr

from asr.engines.scripted import ScriptedRecognizer
from asr.errors import AudioInvalid
from asr.events import Final, Word
from asr.load import load_recognizer
from asr.transcribe import transcribe
from callcenter.config import Settings
from callcenter.features.process_recording import process_recording

CALL = Path(__file__).parents[2] / "callcenter" / "features" / "demo" / "calls" / "dev-003.wav"


@pytest.fixture(scope="module")
def vosk():
    return load_recognizer("vosk", "zh-demo", threads=2)


@pytest.fixture(scope="module")
def excerpt():
    """27.0–35.5 s: the agent asks for the address, the caller gives it."""
    samples, _ = soundfile.read(CALL, dtype="int16", start=27_000 * 8, stop=35_500 * 8)
    return samples


@pytest.mark.parametrize(
    ("suffix", "subtype", "channels", "rate_hz"),
    [
        (".wav", "ULAW", 2, 8000),
        (".wav", "ALAW", 2, 8000),
        (".flac", "PCM_16", 2, 8000),
        (".mp3", "MPEG_LAYER_III", 2, 16_000),
        (".ogg", "VORBIS", 2, 44_100),
        (".ulaw", "ULAW", 1, 8000),
        (".wav", "FLOAT", 2, 8000),
        (".wav", "DOUBLE", 2, 48_000),
        (".wav", "PCM_24", 2, 44_100),
        (".wav", "PCM_U8", 2, 8000),
    ],
)
async def test_formats(vosk, excerpt, tmp_path, suffix, subtype, channels, rate_hz):
    """WAV of every coding, FLAC, MP3, Ogg and raw telephone files, at any rate, all give the address."""
    file = tmp_path / f"call{suffix}"
    raw = {"format": "RAW"} if suffix == ".ulaw" else {}
    # Floats, because libsndfile 1.2.2 writes stereo MP3 from integers wrongly.
    sound = soxr.resample(excerpt / 32768, 8000, rate_hz)
    soundfile.write(file, sound[:, 0] if channels == 1 else sound, rate_hz, subtype=subtype, **raw)
    found = await transcribe(file, vosk)
    assert found.duration_ms == pytest.approx(8500, abs=150)
    assert found.channels == channels
    caller = "".join(s.text for s in found.segments if s.channel == 0)
    assert "芜湖市" in caller
    assert "北京中路" in caller


async def test_the_json_of_a_file(vosk, excerpt, tmp_path):
    """The documented keys, JSON-ready; segments of both channels in speaking order, words inside their segment."""
    file = tmp_path / "call.wav"
    soundfile.write(file, excerpt, 8000)
    printed = json.loads(json.dumps((await transcribe(file, vosk)).as_json()))
    assert printed["file"] == str(file)
    starts = [segment["start_ms"] for segment in printed["segments"]]
    assert starts == sorted(starts)
    assert {segment["channel"] for segment in printed["segments"]} == {0, 1}
    for segment in printed["segments"]:
        assert segment["start_ms"] <= segment["words"][0]["start_ms"]
        assert segment["words"][-1]["end_ms"] <= segment["end_ms"] <= printed["duration_ms"]
        assert set(segment["words"][0]) == {"word", "start_ms", "end_ms", "confidence"}


async def test_a_recording_is_processed_as_a_call(excerpt, tmp_path):
    """Left is the caller, right the agent; the agent's question comes first, and the caller's address is understood."""
    file = tmp_path / "call.wav"
    soundfile.write(file, excerpt, 8000)
    printed = await process_recording(file, Settings(), started_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert [segment["speaker"] for segment in printed["transcript"][:2]] == ["agent", "caller"]
    assert "北京中路" in printed["transcript"][1]["text"]
    assert printed["pred"]["address"]["city"] == "芜湖市"


async def test_a_mono_file_is_no_call(tmp_path):
    """Processing a call needs both speakers apart."""
    file = tmp_path / "mono.wav"
    soundfile.write(file, np.zeros(8000, np.int16), 8000)
    with pytest.raises(AudioInvalid, match="left caller, right agent"):
        await process_recording(file, Settings())


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("empty.wav", b"", "the file is empty"),
        ("text.wav", b"this is no sound at all, but long enough to be looked at", "cannot read it as audio"),
        ("none.wav", None, "No such file"),
        ("header.wav", "header", "no sound in it"),
    ],
)
async def test_bad_files_say_what_is_wrong(tmp_path, name, content, message):
    """Each bad file gives AudioInvalid with its name."""
    file = tmp_path / name
    if content == "header":
        soundfile.write(file, np.zeros(0, np.int16), 8000)
    elif content is not None:
        file.write_bytes(content)
    with pytest.raises(AudioInvalid, match=message) as caught:
        await transcribe(file, ScriptedRecognizer())
    assert name in str(caught.value)


async def test_a_file_cut_in_the_middle_gives_what_is_there(vosk, excerpt, tmp_path):
    """A recording that was never finished is transcribed as far as it goes."""
    file = tmp_path / "cut.wav"
    soundfile.write(file, excerpt, 8000)
    file.write_bytes(file.read_bytes()[: 8000 * 4 * 6])
    found = await transcribe(file, vosk)
    assert 5500 < found.duration_ms <= 6000
    assert "芜湖市" in "".join(s.text for s in found.segments)


async def test_a_long_file_is_streamed(tmp_path):
    """Three hours pass block by block with progress; the pushed audio is never far ahead of the decoder."""
    file = tmp_path / "long.flac"
    with soundfile.SoundFile(file, "w", 8000, 1, format="FLAC", subtype="PCM_16") as sound:
        for _ in range(180):
            sound.write(np.zeros(8000 * 60, np.int16))
    words = (Word("喂", 10_700_000, 10_701_000, 1.0),)
    recognizer = ScriptedRecognizer([Final("喂", 10_700_000, 10_701_000, words, 1.0)])
    seen = []
    found = await transcribe(
        file, recognizer, progress=lambda done, total: seen.append((done, total, recognizer.load.backlog_ms))
    )
    assert found.duration_ms == 10_800_000
    assert [s.start_ms for s in found.segments] == [10_700_000]
    assert seen[-1][:2] == (10_800_000, 10_800_000)
    assert max(backlog for _, _, backlog in seen) == 0
