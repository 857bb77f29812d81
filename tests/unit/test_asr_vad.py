import json
from pathlib import Path

import numpy as np
import pytest
import soundfile

from asr.audio import Framer
from asr.endpointing import FRAME_MS, SpeechGate
from asr.vad import SpeechDetector

CALLS = Path(__file__).parents[2] / "callcenter" / "features" / "demo" / "calls"
RATE_HZ = 8000


def decoded_ms(samples):
    """Audio that the gate lets through to the recogniser."""
    detector, gate = SpeechDetector(RATE_HZ), SpeechGate()
    passed = 0
    for frame in Framer(RATE_HZ * FRAME_MS // 1000 * 2).push(samples.astype("<i2").tobytes()):
        passed += len(gate.push(frame, voiced=detector.is_speech(frame)).audio)
    return (passed + len(gate.end().audio)) // 2 * 1000 // RATE_HZ


def seconds(n):
    return np.arange(int(n * RATE_HZ)) / RATE_HZ


def tones(t, *frequencies, level=8000):
    return sum(level * np.sin(2 * np.pi * f * t) for f in frequencies)


def noise(n, db):
    rng = np.random.default_rng(7)
    return rng.normal(0, 32768 * 10 ** (db / 20), int(n * RATE_HZ))


@pytest.mark.parametrize(
    "sound",
    [
        pytest.param(np.zeros(8000 * 10), id="digital silence"),
        pytest.param(noise(10, -60), id="comfort noise"),
        pytest.param(noise(10, -45), id="line noise"),
        pytest.param(noise(10, -70) + 20 * np.sin(2 * np.pi * 50 * seconds(10)), id="hum"),
        pytest.param(tones(seconds(10), 450) * (seconds(10) % 5 < 1), id="ring-back"),
        pytest.param(tones(seconds(10), 450) * (seconds(10) % 0.7 < 0.35), id="busy"),
        pytest.param(tones(seconds(10), 697, 1209) * (seconds(10) % 0.2 < 0.1), id="dtmf 1"),
        pytest.param(tones(seconds(10), 941, 1336) * (seconds(10) % 0.5 < 0.3) + noise(10, -50), id="dtmf 0 on a line"),
        pytest.param(tones(seconds(10), 440, 480) * (seconds(10) % 6 < 2), id="ring-back, America"),
    ],
)
def test_what_is_not_speech_is_not_decoded(sound):
    """Ten seconds of silence, noise or signalling cost no decoding at all."""
    assert decoded_ms(sound) == 0


def test_every_turn_of_a_call_reaches_the_recogniser():
    """All eight calls: of each turn, first and last syllable included, nothing but pauses is held back."""
    for wav in sorted(CALLS.glob("*.wav")):
        samples, _ = soundfile.read(wav, dtype="int16")
        turns = json.loads(wav.with_suffix(".json").read_text(encoding="utf-8"))["turns"]
        for channel, speaker in enumerate(("caller", "agent")):
            passed = passed_mask(samples[:, channel])
            for turn in turns:
                if turn["speaker"] == speaker:
                    inside = passed[turn["start_ms"] // FRAME_MS : turn["end_ms"] // FRAME_MS]
                    assert inside.mean() > 0.7, (wav.name, turn["text"])
                    assert inside[3:8].all(), (wav.name, turn["text"])


def passed_mask(samples):
    """Per frame of a leg: was it decoded? The gate is given the frames' numbers in place of their sound."""
    detector, gate = SpeechDetector(RATE_HZ), SpeechGate()
    order, frames = [], list(Framer(RATE_HZ * FRAME_MS // 1000 * 2).push(samples.tobytes()))
    for number, frame in enumerate(frames):
        step = gate.push(number.to_bytes(4, "big"), voiced=detector.is_speech(frame))
        order += [int.from_bytes(step.audio[i : i + 4], "big") for i in range(0, len(step.audio), 4)]
    mask = np.zeros(len(frames), bool)
    mask[order] = True
    return mask


def test_speech_is_found_again_after_a_long_silence_and_in_noise():
    """After a minute of silence, or on a noisy line, the same words get through."""
    samples, _ = soundfile.read(CALLS / "dev-003.wav", dtype="int16")
    words = samples[29_964 * 8 : 34_653 * 8, 0]
    alone = decoded_ms(words)
    assert decoded_ms(np.concatenate([np.zeros(RATE_HZ * 60), words])) >= alone - 100
    assert decoded_ms(np.concatenate([noise(10, -45), words + noise(len(words) / RATE_HZ, -45)])) >= 0.8 * alone
