"""Telephone sound in half its size without loss: samples that came from a G.711 line go back to its 8-bit codes."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from asr.audio import ulaw_to_pcm


class Coding(IntEnum):
    """How samples are kept."""

    PCM = 0
    """As they are, 16 bits little-endian."""
    ULAW = 1
    ALAW = 2


Decoded = npt.NDArray[np.int16]


def _alaw_table() -> Decoded:
    """ITU-T G.711 A-law: sign, 3 bits of segment, 4 bits of step, every other bit inverted on the wire."""
    code = np.arange(256, dtype=np.int32) ^ 0x55
    segment, step = (code & 0x70) >> 4, (code & 0x0F) << 4
    size = np.where(segment == 0, step + 8, (step + 0x108) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, size, -size).astype("<i2")


_DECODED: dict[Coding, Decoded] = {
    Coding.ULAW: np.frombuffer(ulaw_to_pcm(bytes(range(256))), "<i2"),
    Coding.ALAW: _alaw_table(),
}


def _codes(decoded: Decoded) -> npt.NDArray[np.int16]:
    """For each of the 65 536 samples its code, or -1 where it has none."""
    codes = np.full(65536, -1, np.int16)
    codes[decoded.view(np.uint16)] = np.arange(256)
    return codes


_CODES = {coding: _codes(decoded) for coding, decoded in _DECODED.items()}


def encode(pcm: bytes) -> tuple[Coding, bytes]:
    """The smallest form that gives exactly ``pcm`` back."""
    if len(pcm) % 2 == 0:
        samples = np.frombuffer(pcm, "<u2")
        for coding, table in _CODES.items():
            codes = table[samples]
            if codes.min(initial=0) >= 0:
                return coding, codes.astype(np.uint8).tobytes()
    return Coding.PCM, pcm


def decode(coding: int, kept: bytes) -> bytes:
    """The samples that ``encode`` was given."""
    table = _DECODED.get(Coding(coding))
    return kept if table is None else table[np.frombuffer(kept, np.uint8)].tobytes()
