"""The place of each frame on a leg's time line: by arrival, gaps filled with silence. Pure."""

from __future__ import annotations

from asr.audio import SAMPLE_BYTES, level_db, samples_of, silence

GAP_S = 0.2
"""A frame later than this is not jitter: silence fills the time before it."""
IDLE_S = 0.5
"""With no frame for so long, silence is written up to ``now`` less this, so that an utterance can end."""
LEAD_S = 0.3
"""Ahead of the clock by more than this (frames held up somewhere came in a burst): quiet frames are left out ..."""
MAX_LEAD_S = 2.0
"""... and from here on all are, so that no peer can run away from the clock."""
QUIET_DB = -50.0


class LegTimeline:
    """Turns frames with arrival times into one gapless run of PCM that starts at the call's first audio.

    ``start_s`` is the call's zero on the monotonic clock, ``begun_ms`` what is written already (before a restart).
    Every method returns the bytes to append.
    """

    def __init__(self, start_s: float, sample_rate_hz: int, *, begun_ms: int = 0) -> None:
        self._start_s = start_s
        self._rate = sample_rate_hz
        self._samples = begun_ms * sample_rate_hz // 1000
        self.padded_samples = 0
        self.dropped_samples = 0

    @property
    def position_ms(self) -> int:
        """Length written so far."""
        return self._samples * 1000 // self._rate

    def place(self, pcm: bytes, at_s: float) -> bytes:
        """Append a frame that arrived, complete, at ``at_s``."""
        length = len(pcm) // SAMPLE_BYTES
        lead_s = (self._samples + length - self._due(at_s)) / self._rate
        if lead_s > MAX_LEAD_S or (lead_s > LEAD_S and level_db(samples_of(pcm)) < QUIET_DB):
            self.dropped_samples += length
            return b""
        late = -lead_s > (GAP_S if self._samples else 0)
        padding = self._pad(-lead_s) if late else b""
        self._samples += length
        return padding + pcm[: length * SAMPLE_BYTES]

    def idle(self, now_s: float) -> bytes:
        """Append the silence of a leg that sends nothing."""
        behind_s = (self._due(now_s) - self._samples) / self._rate - IDLE_S
        return self._pad(behind_s) if behind_s > 0 else b""

    def pad_to(self, position_ms: int) -> bytes:
        """Append silence up to ``position_ms``, if it is ahead."""
        return self._pad((position_ms - self.position_ms) / 1000)

    def _due(self, at_s: float) -> float:
        return (at_s - self._start_s) * self._rate

    def _pad(self, length_s: float) -> bytes:
        samples = max(0, round(length_s * self._rate))
        self._samples += samples
        self.padded_samples += samples
        return silence(samples)
