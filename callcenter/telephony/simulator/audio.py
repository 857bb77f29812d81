"""The sound of a simulated call: a stereo recording cut into 20 ms frames for each party."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import soundfile

from callcenter.errors import Invalid

RATE_HZ = 8000
FRAME_S = 0.02
FRAME_BYTES = int(RATE_HZ * FRAME_S) * 2
SILENCE = bytes(FRAME_BYTES)


@dataclass(frozen=True, slots=True)
class StereoAudio:
    """Signed 16-bit little-endian PCM at 8 kHz of the caller and of the agent, equally long."""

    caller: bytes
    agent: bytes

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return len(self.caller) / (2 * RATE_HZ)


def frame(pcm: bytes, index: int) -> bytes:
    """The 20 ms from ``index`` × 20 ms on; silence before the start and after the end, 320 bytes always."""
    if index < 0:
        return SILENCE
    start = index * FRAME_BYTES
    return pcm[start : start + FRAME_BYTES].ljust(FRAME_BYTES, b"\0")


@lru_cache(maxsize=16)
def read_stereo(path: Path) -> StereoAudio:
    """Read a wav (16 bit PCM or µ-law, 8 kHz, left caller, right agent; mono is the caller alone).

    Raises Invalid naming the file.
    """
    try:
        samples, rate_hz = soundfile.read(path, dtype="int16", always_2d=True)
    except (OSError, RuntimeError) as error:
        raise Invalid(f"cannot read it as audio: {error}", field=str(path), fix="give an 8 kHz wav") from error
    if rate_hz != RATE_HZ:
        raise Invalid(f"sample rate is {rate_hz} Hz", field=str(path), fix=f"resample it to {RATE_HZ} Hz")
    left = samples[:, 0].astype("<i2").tobytes()
    right = samples[:, 1].astype("<i2").tobytes() if samples.shape[1] > 1 else bytes(len(left))
    return StereoAudio(caller=left, agent=right)
