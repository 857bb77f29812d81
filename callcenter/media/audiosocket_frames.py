"""AudioSocket on the wire, as Asterisk 16-22 sends it: 1 byte kind, 2 bytes big-endian length, payload. Pure."""

from __future__ import annotations

from enum import IntEnum

from callcenter.errors import Invalid

HEADER_BYTES = 3
MAX_PAYLOAD_BYTES = 8192
"""Asterisk sends 320 (20 ms at 8 kHz) or 640; a quarter of a second at 16 kHz is more than any peer needs."""


class FrameKind(IntEnum):
    """Kinds of frames a PBX sends."""

    HANGUP = 0x00
    UUID = 0x01
    DTMF = 0x03
    AUDIO_8K = 0x10
    AUDIO_16K = 0x12
    ERROR = 0xFF


AUDIO_RATE_HZ = {FrameKind.AUDIO_8K: 8000, FrameKind.AUDIO_16K: 16_000}


class FrameParser:
    """Cuts received bytes into frames, whatever the slicing by TCP."""

    def __init__(self) -> None:
        self._buffer = bytearray()

    def push(self, received: bytes) -> list[tuple[FrameKind, bytes]]:
        """Return every complete frame. Raises Invalid for an unknown kind or an oversized frame."""
        self._buffer += received
        frames: list[tuple[FrameKind, bytes]] = []
        start = 0
        while len(self._buffer) - start >= HEADER_BYTES:
            kind, length = _header(self._buffer, start)
            end = start + HEADER_BYTES + length
            if len(self._buffer) < end:
                break
            frames.append((kind, bytes(self._buffer[start + HEADER_BYTES : end])))
            start = end
        del self._buffer[:start]
        return frames


def encode_frame(kind: FrameKind, payload: bytes = b"") -> bytes:
    """One frame as bytes."""
    return bytes((kind,)) + len(payload).to_bytes(2, "big") + payload


def _header(buffer: bytearray, start: int) -> tuple[FrameKind, int]:
    length = int.from_bytes(buffer[start + 1 : start + HEADER_BYTES], "big")
    try:
        kind = FrameKind(buffer[start])
    except ValueError:
        raise Invalid(f"unknown AudioSocket frame kind 0x{buffer[start]:02x}", field="kind") from None
    if length > MAX_PAYLOAD_BYTES:
        raise Invalid(f"AudioSocket frame of {length} bytes, at most {MAX_PAYLOAD_BYTES} are taken", field="length")
    return kind, length
