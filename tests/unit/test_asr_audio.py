import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.audio import (
    SILENCE_DB,
    Framer,
    Resampler,
    duration_ms,
    level_db,
    pcm_to_ulaw,
    samples_of,
    silence,
    ulaw_to_pcm,
)


def test_ulaw_reference_values():
    """The corner codes of G.711 decode to the values of the standard."""
    assert list(samples_of(ulaw_to_pcm(bytes([0x00, 0x7F, 0x80, 0xFF])))) == [-32124, 0, 32124, 0]


def test_ulaw_survives_a_round_trip():
    """Every mu-law code comes back (negative zero as zero)."""
    codes = bytes(range(256))
    again = pcm_to_ulaw(ulaw_to_pcm(codes))
    assert again.replace(b"\xff", b"\x7f") == codes.replace(b"\xff", b"\x7f")


def test_ulaw_agrees_with_libsndfile(tmp_path):
    """Our table and libsndfile decode a mu-law file alike."""
    import soundfile

    file = tmp_path / "all.raw"
    file.write_bytes(bytes(range(256)))
    theirs, _ = soundfile.read(file, samplerate=8000, channels=1, format="RAW", subtype="ULAW", dtype="int16")
    assert list(samples_of(ulaw_to_pcm(bytes(range(256))))) == list(theirs)


@given(st.lists(st.binary(max_size=50), max_size=30))
def test_framer_loses_nothing(chunks):
    """Whatever the slicing, the frames and the padded rest are the input, whole samples only."""
    framer = Framer(8)
    frames = [frame for chunk in chunks for frame in framer.push(chunk)]
    rest = framer.finish()
    joined = b"".join(chunks)
    assert all(len(frame) == 8 for frame in frames)
    assert (b"".join(frames) + rest).startswith(joined[: len(joined) // 2 * 2])
    assert len(rest) in (0, 8)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(16_000, 8000), (8000, 16_000), (44_100, 8000), (8000, 8000)])
def test_resampler_keeps_duration_and_pitch(from_hz, to_hz):
    """A second of tone stays a second of the same tone, also when pushed in odd-sized chunks."""
    tone = (10_000 * np.sin(2 * np.pi * 500 * np.arange(from_hz) / from_hz)).astype("<i2").tobytes()
    resampler = Resampler(from_hz, to_hz)
    out = b"".join(resampler.push(tone[i : i + 333]) for i in range(0, len(tone), 333)) + resampler.finish()
    samples = samples_of(out)
    assert abs(len(samples) - to_hz) <= 2
    assert np.argmax(np.abs(np.fft.rfft(samples))) == pytest.approx(500, abs=2)


def test_levels():
    """Full scale is 0 dB, nothing is the silence level, half the amplitude is 6 dB less."""
    full = np.full(100, -32768, np.int16)
    assert level_db(full) == pytest.approx(0)
    assert level_db(full // 2) == pytest.approx(-6.02, abs=0.01)
    assert level_db(np.zeros(100, np.int16)) == level_db(np.zeros(0, np.int16)) == SILENCE_DB


def test_lengths():
    """Durations count whole samples; negative silence is none."""
    assert duration_ms(bytes(161), 8000) == 10
    assert silence(-5) == b""
    assert len(silence(80)) == 160
