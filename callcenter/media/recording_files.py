"""The files of a recording: raw PCM during the call, then FLAC or WAV with its peaks. Blocking: run in a thread.

While a call is live its sound is appended to ``<call_id>.<rate>.part`` (interleaved 16-bit stereo, no header), which
can be read and rescued at any moment. At the end it becomes ``<call_id>.flac`` in one atomic step.
"""

from __future__ import annotations

import hashlib
import io
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import orjson
import soundfile

from callcenter.errors import NotFound

Channel = Literal["caller", "agent", "both"]
CHANNELS: dict[Channel, slice] = {"caller": slice(0, 1), "agent": slice(1, 2), "both": slice(0, 2)}

STEREO_FRAME_BYTES = 4
PEAKS_PER_S = 20
CLIP_MAX_MS = 60_000
_BLOCK_S = 10

Stereo = npt.NDArray[np.int16]
"""Shape (samples, 2): caller, agent."""


@dataclass(frozen=True, slots=True)
class Peaks:
    """The loudest sample of each slice, for a waveform: one tuple of 0..1 per channel (caller, agent)."""

    sample_rate_hz: int
    duration_ms: int
    peaks_per_s: float
    channels: tuple[tuple[float, ...], ...]


@dataclass(frozen=True, slots=True)
class Encoded:
    """What ``encode`` made."""

    duration_ms: int
    size_bytes: int
    sha256: str


def peaks_path(recording: Path) -> Path:
    """Where the peaks of a recording are kept."""
    return recording.with_suffix(".peaks.json")


def encode(part: Path, target: Path, sample_rate_hz: int) -> Encoded:
    """Turn the raw ``part`` into ``target`` (.flac or .wav) and its peaks file; ``part`` stays.

    Raises OSError (disk full) and leaves no half-written target then.
    """
    temporary = target.with_name(target.name + ".tmp")
    try:
        samples, peaks = _write(part, temporary, target.suffix[1:].upper(), sample_rate_hz)
        with temporary.open("rb") as written:
            os.fsync(written.fileno())
            digest = hashlib.file_digest(written, "sha256").hexdigest()
        duration_ms = samples * 1000 // sample_rate_hz
        size = temporary.stat().st_size
        _write_peaks(peaks_path(target), Peaks(sample_rate_hz, duration_ms, PEAKS_PER_S, peaks))
        temporary.replace(target)
    except soundfile.LibsndfileError as error:
        raise OSError(f"cannot write {temporary}: {error}") from error
    finally:
        temporary.unlink(missing_ok=True)
    return Encoded(duration_ms, size, digest)


def read_peaks(recording: Path) -> Peaks:
    """The peaks file of a recording. Raises NotFound."""
    try:
        stored = orjson.loads(peaks_path(recording).read_bytes())
    except FileNotFoundError:
        raise NotFound("this recording has no peaks file", field=recording.name) from None
    channels = tuple(tuple(channel) for channel in stored["channels"])
    return Peaks(stored["sample_rate_hz"], stored["duration_ms"], stored["peaks_per_s"], channels)


def clip_of_file(recording: Path, *, start_ms: int, end_ms: int, channel: Channel) -> bytes:
    """A WAV of that span of a finished recording, cut to what exists and to ``CLIP_MAX_MS``. Raises NotFound."""
    try:
        with soundfile.SoundFile(recording) as file:
            first, count = _span(start_ms, end_ms, file.samplerate, file.frames)
            file.seek(first)
            return wav_of(file.read(count, dtype="int16", always_2d=True), file.samplerate, channel)
    except soundfile.LibsndfileError:
        raise NotFound("the recording is gone or cannot be read", field=recording.name) from None


def clip_of_part(part: Path, sample_rate_hz: int, *, start_ms: int, end_ms: int, channel: Channel) -> bytes:
    """The same from the raw file of a live call; an empty WAV when nothing is on disk yet."""
    if not part.exists():
        return wav_of(np.zeros((0, 2), np.int16), sample_rate_hz, channel)
    with part.open("rb") as file:
        first, count = _span(start_ms, end_ms, sample_rate_hz, part.stat().st_size // STEREO_FRAME_BYTES)
        file.seek(first * STEREO_FRAME_BYTES)
        raw = file.read(count * STEREO_FRAME_BYTES)
    return wav_of(np.frombuffer(raw, "<i2").reshape(-1, 2), sample_rate_hz, channel)


def wav_of(stereo: Stereo, sample_rate_hz: int, channel: Channel) -> bytes:
    """A 16-bit WAV of one or both channels."""
    wav = io.BytesIO()
    soundfile.write(wav, stereo[:, CHANNELS[channel]], sample_rate_hz, format="WAV", subtype="PCM_16")
    return wav.getvalue()


def _span(start_ms: int, end_ms: int, sample_rate_hz: int, available: int) -> tuple[int, int]:
    start_ms = max(0, start_ms)
    end_ms = min(end_ms, start_ms + CLIP_MAX_MS)
    first = min(available, start_ms * sample_rate_hz // 1000)
    return first, max(0, min(available, end_ms * sample_rate_hz // 1000) - first)


def _blocks(part: Path, sample_rate_hz: int) -> Iterator[Stereo]:
    """Ten seconds at a time; a frame that was cut by a crash is left out."""
    with part.open("rb") as file:
        while raw := file.read(_BLOCK_S * sample_rate_hz * STEREO_FRAME_BYTES):
            whole = len(raw) - len(raw) % STEREO_FRAME_BYTES
            yield np.frombuffer(raw[:whole], "<i2").reshape(-1, 2)


def _write(
    part: Path, target: Path, file_format: str, sample_rate_hz: int
) -> tuple[int, tuple[tuple[float, ...], ...]]:
    samples = 0
    peaks: list[npt.NDArray[np.float32]] = []
    with soundfile.SoundFile(target, "w", sample_rate_hz, 2, format=file_format, subtype="PCM_16") as file:
        for block in _blocks(part, sample_rate_hz):
            file.write(block)
            samples += len(block)
            peaks.append(_peaks(block, sample_rate_hz // PEAKS_PER_S))
    joined = np.concatenate(peaks) if peaks else np.zeros((0, 2), np.float32)
    return samples, tuple(tuple(round(float(peak), 3) for peak in joined[:, side]) for side in (0, 1))


def _peaks(block: Stereo, slice_samples: int) -> npt.NDArray[np.float32]:
    slices = -(-len(block) // slice_samples)
    padded = np.zeros((slices * slice_samples, 2), np.int32)
    padded[: len(block)] = block
    loudest: npt.NDArray[np.float32] = (
        np.abs(padded).reshape(slices, slice_samples, 2).max(axis=1).astype(np.float32) / 32768
    )
    return loudest


def _write_peaks(path: Path, peaks: Peaks) -> None:
    temporary = path.with_name(path.name + ".tmp")
    temporary.write_bytes(orjson.dumps(peaks))
    temporary.replace(path)
