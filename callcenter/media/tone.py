"""A test tone, and how much of a sound it is. Pure. All PCM is mono signed 16-bit little-endian at 8 kHz."""

from __future__ import annotations

import numpy as np

RATE_HZ = 8000
AMPLITUDE = 8000
"""A quarter of full scale, about the level of speech."""
SILENT = 100.0
"""Mean amplitude below which there is nothing to hear."""


def tone(hz: float, duration_s: float) -> bytes:
    """A sine."""
    phase = 2 * np.pi * hz * np.arange(int(duration_s * RATE_HZ)) / RATE_HZ
    return (AMPLITUDE * np.sin(phase)).astype("<i2").tobytes()


def tone_share(pcm: bytes, hz: float) -> float:
    """How much of the sound's energy lies within a few hertz of ``hz``: 1 a pure tone, 0 something else or silence."""
    samples = np.frombuffer(pcm[: len(pcm) // 2 * 2], dtype="<i2").astype(float)
    if not len(samples) or np.abs(samples).mean() < SILENT:
        return 0.0
    # A window keeps the tone in few bins wherever it begins; lost frames only widen it a little.
    energy = np.abs(np.fft.rfft(samples * np.hanning(len(samples)))) ** 2
    near = np.abs(np.fft.rfftfreq(len(samples), 1 / RATE_HZ) - hz) <= max(15.0, 3 * RATE_HZ / len(samples))
    return float(energy[near].sum() / energy.sum())
