"""Is this music? Notes stand still for a tenth of a second and more; the harmonics of a voice never do.

The fine structure of the spectrum (what is left when its envelope is taken off) of one piece of 60 ms is compared with
that of the piece before. On the demo calls the mean over ten pieces of speech is 0.14 and never above 0.41; of chords
and melodies of six kinds it is 0.68 to 0.97 (docs/adr/0006-speech-gate.md).
"""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np
import numpy.typing as npt

from asr.audio import Samples
from asr.endpointing import FRAME_MS

PIECE_MS: Final = 60
BEGIN_PIECES: Final = 12
"""Music is what has stood still for so many pieces ..."""
BEGIN: Final = 0.62
END_PIECES: Final = 5
"""... until it moves for so many: whoever speaks after the music is heard from there, and from the gate's pre-roll."""
END: Final = 0.45
QUIET_FRAMES: Final = 50
"""After a second of silence everything is open again."""
_LOW_HZ, _HIGH_HZ = 150, 3400
_ENVELOPE_HZ = 250
_FLOOR: Final = 0.003
"""Share of the strongest line below which a spectrum counts as empty."""

_Structure = npt.NDArray[np.float32]


class MusicDetector:
    """Looks at the loud frames of one leg in order."""

    def __init__(self, sample_rate_hz: int) -> None:
        self.playing = False
        """Whether what sounds now is music."""
        samples = sample_rate_hz * PIECE_MS // 1000
        self._window = np.hanning(samples).astype(np.float32)
        line_hz = 1000 / PIECE_MS
        self._band = slice(round(_LOW_HZ / line_hz), round(_HIGH_HZ / line_hz))
        self._half = round(_ENVELOPE_HZ / line_hz / 2)
        self._frames: list[Samples] = []
        self._before: _Structure | None = None
        self._likeness: deque[float] = deque(maxlen=BEGIN_PIECES)
        self._quiet = 0

    def push(self, frame: Samples) -> None:
        """The next loud frame of ``FRAME_MS``, samples of any scale."""
        self._quiet = 0
        self._frames.append(frame)
        if len(self._frames) * FRAME_MS < PIECE_MS:
            return
        structure = self._structure(np.concatenate(self._frames))
        self._frames.clear()
        if self._before is not None:
            self._likeness.append(float(structure @ self._before))
            self._decide()
        self._before = structure

    def quiet(self) -> None:
        """The next frame is not loud: what comes after it does not follow on."""
        self._frames.clear()
        self._before = None
        self._quiet += 1
        if self._quiet == QUIET_FRAMES:
            self._likeness.clear()
            self.playing = False

    def _decide(self) -> None:
        lately = list(self._likeness)
        if self.playing:
            self.playing = sum(lately[-END_PIECES:]) >= END * END_PIECES
        else:
            self.playing = len(lately) == BEGIN_PIECES and sum(lately) >= BEGIN * BEGIN_PIECES

    def _structure(self, piece: Samples) -> _Structure:
        """Log spectrum without its envelope and mean, of length 1."""
        lines = np.abs(np.fft.rfft(piece * self._window))[self._band]
        log = np.log(lines + _FLOOR * lines.max() + 1e-9)
        padded = np.pad(log, (self._half + 1, self._half), mode="edge").cumsum()
        width = 2 * self._half + 1
        fine = log - (padded[width:] - padded[:-width]) / width
        fine -= fine.mean()
        return np.asarray(fine / (np.linalg.norm(fine) + 1e-9), np.float32)
