"""Which audio is worth decoding, and where an utterance ends. Pure: frames and yes/no judgements in, audio out.

Silence is held back instead of decoded, but nothing near speech is lost: the frames held back last are decoded first
when speech starts (pre-roll), and after speech a short tail is decoded so that the engine sees the last word end.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

FRAME_MS = 20


@dataclass(frozen=True, slots=True)
class EndpointingRules:
    """Times in ms, used as whole frames."""

    open_voiced_ms: int = 60
    """So much voiced audio within ``open_window_ms`` opens the gate: shorter clicks do not."""
    open_window_ms: int = 100
    pre_roll_ms: int = 420
    """Audio from before the gate opened that is decoded as well. Engines decode in chunks: this much puts the place at
    which one has heard enough for first words on the end of a chunk of zh-demo (240 ms), see docs/training.md."""
    tail_ms: int = 100
    """Silence after speech that is decoded at once, so that the last word comes out whole."""
    end_silence_ms: int = 600
    """Silence that ends an utterance."""
    long_utterance_ms: int = 15_000
    """From here on a pause of ``long_end_silence_ms`` is enough."""
    long_end_silence_ms: int = 200
    max_utterance_ms: int = 30_000
    """Cut here even in the middle of a word."""


@dataclass(frozen=True, slots=True)
class GateStep:
    """What to do after a frame: decode ``audio`` (may be empty), then end the utterance if ``ended``."""

    audio: bytes = b""
    skipped_frames: int = 0
    """Frames that were dropped for good just before ``audio``."""
    ended: bool = False


_NOTHING = GateStep()


class SpeechGate:
    """Lets utterances through and holds silence back."""

    def __init__(self, rules: EndpointingRules | None = None) -> None:
        self.rules = rules or EndpointingRules()
        self.is_open = False
        self._held: deque[bytes] = deque()
        self._recent: deque[bool] = deque(maxlen=self.rules.open_window_ms // FRAME_MS)
        self._quiet_ms = 0
        self._utterance_ms = 0
        self._skipped = 0

    def push(self, frame: bytes, *, voiced: bool) -> GateStep:
        """Take the next ``FRAME_MS`` of audio."""
        self._held.append(frame)
        return self._inside(voiced=voiced) if self.is_open else self._outside(voiced=voiced)

    def end(self) -> GateStep:
        """End the utterance now, if there is one."""
        if not self.is_open:
            return _NOTHING
        step = self._release()
        self._close()
        return GateStep(step.audio, step.skipped_frames, ended=True)

    def _outside(self, *, voiced: bool) -> GateStep:
        self._recent.append(voiced)
        if sum(self._recent) * FRAME_MS < self.rules.open_voiced_ms:
            self._trim(self.rules.pre_roll_ms)
            return _NOTHING
        self.is_open, self._quiet_ms = True, 0
        return self._release()

    def _inside(self, *, voiced: bool) -> GateStep:
        rules = self.rules
        self._utterance_ms += FRAME_MS
        self._quiet_ms = 0 if voiced else self._quiet_ms + FRAME_MS
        if self._utterance_ms >= rules.max_utterance_ms:
            return self.end()
        if self._quiet_ms >= self._end_silence_ms():
            audio = self._release() if self._quiet_ms <= rules.tail_ms else _NOTHING
            self._close()
            return GateStep(audio.audio, audio.skipped_frames, ended=True)
        return self._release() if self._quiet_ms <= rules.tail_ms else _NOTHING

    def _end_silence_ms(self) -> int:
        rules = self.rules
        return rules.long_end_silence_ms if self._utterance_ms >= rules.long_utterance_ms else rules.end_silence_ms

    def _release(self) -> GateStep:
        step = GateStep(b"".join(self._held), self._skipped)
        self._held.clear()
        self._skipped = 0
        return step

    def _close(self) -> None:
        self.is_open, self._quiet_ms, self._utterance_ms = False, 0, 0
        self._recent.clear()
        self._trim(self.rules.pre_roll_ms)

    def _trim(self, keep_ms: int) -> None:
        while len(self._held) * FRAME_MS > keep_ms:
            self._held.popleft()
            self._skipped += 1
