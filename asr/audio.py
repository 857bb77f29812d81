"""Audio as the recogniser takes it: mono signed 16-bit little-endian PCM. Pure functions and small stateful filters."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import soxr

SAMPLE_BYTES = 2
SILENCE_DB = -100.0
"""Level given to digital silence, which has no logarithm."""

Samples = npt.NDArray[np.int16]

# ITU-T G.711: sign, 3 bits of segment, 4 bits of step, all inverted on the wire; the bias makes the segments double.
_ULAW_BIAS = 0x84
_ULAW_CLIP = 32635


def _ulaw_table() -> Samples:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    size = ((((code & 0x0F) << 3) + _ULAW_BIAS) << ((code & 0x70) >> 4)) - _ULAW_BIAS
    return np.where(code & 0x80, -size, size).astype("<i2")


_FROM_ULAW = _ulaw_table()


def ulaw_to_pcm(ulaw: bytes) -> bytes:
    """8-bit mu-law (G.711) to 16-bit PCM: one byte in, two out."""
    return bytes(_FROM_ULAW[np.frombuffer(ulaw, np.uint8)].tobytes())


def pcm_to_ulaw(pcm: bytes) -> bytes:
    """16-bit PCM to 8-bit mu-law (G.711): two bytes in, one out."""
    samples = samples_of(pcm).astype(np.int32)
    sign = np.where(samples < 0, 0x80, 0)
    size = np.minimum(np.abs(samples), _ULAW_CLIP) + _ULAW_BIAS
    segment = np.floor(np.log2(size)).astype(np.int32) - 7
    step = (size >> (segment + 3)) & 0x0F
    return bytes((~(sign | (segment << 4) | step) & 0xFF).astype(np.uint8).tobytes())


def samples_of(pcm: bytes) -> Samples:
    """A read-only view of whole samples; a trailing odd byte is left out."""
    return np.frombuffer(pcm, "<i2", count=len(pcm) // SAMPLE_BYTES)


def duration_ms(pcm: bytes, sample_rate_hz: int) -> int:
    """Length of mono PCM, rounded down."""
    return len(pcm) // SAMPLE_BYTES * 1000 // sample_rate_hz


def silence(samples: int) -> bytes:
    """``samples`` of digital silence."""
    return bytes(max(0, samples) * SAMPLE_BYTES)


def level_db(samples: Samples) -> float:
    """Mean level in dB below full scale, ``SILENCE_DB`` for none."""
    if not samples.size:
        return SILENCE_DB
    wide = samples.astype(np.float32)
    # A dot product and math.log10 cost a fifth of numpy's mean and log10 on 20 ms; this runs 50 times a second per leg.
    mean_square = float(wide.dot(wide)) / samples.size
    return max(SILENCE_DB, 10 * math.log10(mean_square / 2**30)) if mean_square else SILENCE_DB


class Framer:
    """Cuts a stream of any chunk sizes into frames of equal length; keeps the rest, odd bytes too."""

    def __init__(self, frame_bytes: int) -> None:
        self.frame_bytes = frame_bytes
        self._rest = b""

    def push(self, pcm: bytes) -> Iterator[bytes]:
        """Yield each frame that is complete."""
        joined = self._rest + pcm
        whole = len(joined) - len(joined) % self.frame_bytes
        self._rest = joined[whole:]
        for start in range(0, whole, self.frame_bytes):
            yield joined[start : start + self.frame_bytes]

    def finish(self) -> bytes:
        """The last frame filled up with silence, or nothing when no whole sample is left."""
        rest, self._rest = self._rest, b""
        rest = rest[: len(rest) - len(rest) % SAMPLE_BYTES]
        return rest.ljust(self.frame_bytes, b"\0") if rest else b""


class Resampler:
    """Streaming conversion of the sample rate (soxr); passes audio through unchanged when the rates are equal."""

    def __init__(self, from_hz: int, to_hz: int) -> None:
        self._soxr = None if from_hz == to_hz else soxr.ResampleStream(from_hz, to_hz, 1, dtype="int16")
        self._odd = b""

    def push(self, pcm: bytes) -> bytes:
        """The output that is ready; soxr holds back a few ms."""
        if self._soxr is None:
            return pcm
        joined = self._odd + pcm
        self._odd = joined[len(joined) - len(joined) % SAMPLE_BYTES :]
        return bytes(self._soxr.resample_chunk(samples_of(joined)).tobytes())

    def finish(self) -> bytes:
        """The held-back tail; nothing can be pushed after it."""
        if self._soxr is None:
            return b""
        return bytes(self._soxr.resample_chunk(np.zeros(0, np.int16), last=True).tobytes())
