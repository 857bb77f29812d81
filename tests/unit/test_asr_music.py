"""Music is not decoded; speech is, before, over and after it."""

import numpy as np
import pytest
import soundfile

from tests.unit.test_asr_vad import CALLS, RATE_HZ, decoded_ms, noise, seconds

SCALE_HZ = (262, 294, 330, 392, 440, 523, 587, 659)
BEFORE_MS = 3000
"""So much of the beginning of music is decoded at most, before it is known for what it is."""


def piano(frequency, length_s):
    t = seconds(length_s)
    return sum(np.sin(2 * np.pi * frequency * k * t) / k**1.3 * np.exp(-t * (2 + k)) for k in range(1, 7))


def strings(frequency, length_s):
    t = seconds(length_s)
    vibrato = 0.8 * np.sin(2 * np.pi * 5.5 * t)
    sound = sum(np.sin(2 * np.pi * frequency * k * t + vibrato) / k for k in range(1, 8))
    return sound * np.minimum(1, t / 0.08) * np.minimum(1, (length_s - t) / 0.08)


def flute(frequency, length_s):
    t = seconds(length_s)
    sound = np.sin(2 * np.pi * frequency * t + 0.5 * np.sin(2 * np.pi * 5 * t)) + 0.2 * np.sin(
        4 * np.pi * frequency * t
    )
    return sound * np.minimum(1, t / 0.05) * np.minimum(1, (length_s - t) / 0.05)


def melody(instrument, length_s=20):
    rng = np.random.default_rng(1)
    notes = [instrument(rng.choice(SCALE_HZ), rng.choice((0.2, 0.4, 0.4, 0.8))) for _ in range(length_s * 5)]
    return loud(np.concatenate(notes)[: length_s * RATE_HZ])


def chords(instrument, length_s=20):
    rng = np.random.default_rng(2)
    roots = [rng.choice((131, 147, 165, 196)) for _ in range(length_s)]
    return loud(
        np.concatenate([sum(instrument(root * m, 1.6) for m in (1, 1.26, 1.5, 2)) for root in roots])[
            : length_s * RATE_HZ
        ]
    )


def drums(length_s=20):
    return noise(length_s, -10) * np.exp(-(seconds(length_s) % 0.5) * 40)


def loud(sound):
    return sound / np.abs(sound).max() * 9000


def words():
    samples, _ = soundfile.read(CALLS / "dev-003.wav", dtype="int16")
    return samples[29_964 * 8 : 34_653 * 8, 0].astype(float)


@pytest.mark.parametrize(
    "music",
    [
        pytest.param(melody(strings), id="melody on strings"),
        pytest.param(melody(piano), id="melody on a piano"),
        pytest.param(melody(flute), id="melody on a flute"),
        pytest.param(chords(strings), id="chords on strings"),
        pytest.param(chords(piano), id="chords on a piano"),
        pytest.param(chords(strings) * 0.5 + melody(flute) * 0.7 + drums() * 0.5, id="a band with drums"),
    ],
)
def test_hold_music_is_not_decoded(music):
    """Of twenty seconds of music the recogniser gets the first three seconds at most."""
    assert decoded_ms(music) <= BEFORE_MS


def test_words_after_music_are_heard():
    """Who comes back from hold is understood: at most a syllable is lost when nothing lies between, none after a pause."""
    said = words()
    alone, music = decoded_ms(said), melody(strings)
    assert decoded_ms(np.concatenate([music, said])) >= alone + 200
    assert decoded_ms(np.concatenate([music, np.zeros(2 * RATE_HZ), said])) >= decoded_ms(music) + alone - 100


def test_a_speaker_with_music_in_the_room_is_heard():
    """Music 15 dB below the voice does not keep the voice from being decoded."""
    said = words()
    behind = chords(piano)[: len(said)]
    behind *= np.sqrt(np.mean(said**2) / np.mean(behind**2)) * 10 ** (-15 / 20)
    assert decoded_ms(said + behind) >= 0.95 * decoded_ms(said)
