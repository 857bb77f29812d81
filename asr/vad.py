"""Is this frame speech? Cheap looks: louder than the line's noise, WebRTC agrees, no signalling tone, no music."""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
import webrtcvad

from asr.audio import Samples, level_db, samples_of
from asr.endpointing import FRAME_MS
from asr.music import MusicDetector

ABSOLUTE_FLOOR_DB: Final = -55.0
"""Quieter than this is never speech on a telephone line."""
FLOOR_MARGIN_DB: Final = 6.0
"""Speech stands out of the noise floor by so much."""
FLOOR_WINDOW_FRAMES: Final = 150
"""The floor is the lowest level of the last three seconds: even fluent speech has a pause in them."""
FLOOR_MAX_DB: Final = -35.0
"""A louder floor would mean that speech without pauses is taken for noise."""
TONE_SHARE: Final = 0.97
"""Share of the energy within two narrow peaks that makes a frame a tone (DTMF, ring-back, busy)."""
TONE_FRAMES: Final = 3
"""A vowel may look like a tone for a frame or two; a signal lasts."""


class SpeechDetector:
    """Judges 20 ms frames of one leg in order; 8, 16, 32 or 48 kHz."""

    def __init__(self, sample_rate_hz: int, *, aggressiveness: int = 2) -> None:
        self._rate = sample_rate_hz
        self._webrtc = webrtcvad.Vad(aggressiveness)
        self._levels: deque[float] = deque(maxlen=FLOOR_WINDOW_FRAMES)
        self._tone_run = 0
        self._music = MusicDetector(sample_rate_hz)
        self._window = np.hanning(sample_rate_hz * FRAME_MS // 1000).astype(np.float32)

    def is_speech(self, frame: bytes) -> bool:
        """True when the frame should count as voiced."""
        samples = samples_of(frame)
        level = level_db(samples)
        self._levels.append(level)
        # WebRTC sees only what is loud enough: fed with silence too, it is slower to hear the next first syllable.
        if level < self._threshold_db() or not self._webrtc.is_speech(frame, self._rate):
            self._tone_run = 0
            self._music.quiet()
            return False
        self._music.push(samples)
        self._tone_run = self._tone_run + 1 if self._is_tone(samples) else 0
        return self._tone_run < TONE_FRAMES and not self._music.playing

    def _threshold_db(self) -> float:
        return max(ABSOLUTE_FLOOR_DB, min(min(self._levels) + FLOOR_MARGIN_DB, FLOOR_MAX_DB))

    def _is_tone(self, samples: Samples) -> bool:
        power = np.square(np.abs(np.fft.rfft(samples * self._window)))
        total = float(power.sum())
        peaks = 0.0
        for _ in range(2):
            top = int(power.argmax())
            near = slice(max(0, top - 2), top + 3)
            peaks += float(power[near].sum())
            power[near] = 0
        return peaks >= TONE_SHARE * total
