"""Whole files to text: any WAV, FLAC, MP3, Ogg or raw telephone file; every channel is a speaker of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import soundfile

from asr.errors import AudioInvalid
from asr.events import Final, Word
from asr.recognizer import Recognizer, RecognizerStream

BLOCK_S = 4
MAX_CHANNELS = 8

RAW_FORMATS: dict[str, tuple[int, str]] = {
    ".ulaw": (8000, "ULAW"),
    ".ul": (8000, "ULAW"),
    ".pcmu": (8000, "ULAW"),
    ".alaw": (8000, "ALAW"),
    ".al": (8000, "ALAW"),
    ".pcma": (8000, "ALAW"),
    ".sln": (8000, "PCM_16"),
    ".slin": (8000, "PCM_16"),
    ".sln16": (16_000, "PCM_16"),
}
"""Headerless mono files of telephone systems, by suffix: sample rate (Hz) and coding."""


@dataclass(frozen=True, slots=True)
class TranscriptSegment:
    """A finished utterance on one channel; times in ms from the start of the file."""

    channel: int
    start_ms: int
    end_ms: int
    text: str
    confidence: float
    words: tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class Transcript:
    """All that was said in a file, both speakers in speaking order (overlaps kept)."""

    file: str
    duration_ms: int
    channels: int
    segments: tuple[TranscriptSegment, ...]

    def as_json(self) -> dict[str, Any]:
        """The object that ``callcenter asr transcribe --json`` prints for a file."""
        return {
            "file": self.file,
            "duration_ms": self.duration_ms,
            "segments": [
                {
                    "channel": s.channel,
                    "start_ms": s.start_ms,
                    "end_ms": s.end_ms,
                    "text": s.text,
                    "confidence": s.confidence,
                    "words": [
                        {"word": w.word, "start_ms": w.start_ms, "end_ms": w.end_ms, "confidence": w.confidence}
                        for w in s.words
                    ],
                }
                for s in self.segments
            ],
        }


Progress = Callable[[int, int], None]
"""Called with (ms decoded, ms in all) every few seconds of audio."""


async def transcribe(
    path: Path, recognizer: Recognizer, *, progress: Progress | None = None, live: bool = True
) -> Transcript:
    """Read and recognise ``path`` block by block: a file of hours takes no more memory than one of seconds.

    ``live=False`` uses only the time that live streams leave; Overloaded when they leave too little.
    Raises AudioInvalid for a file that is empty, cut short or of no known kind, and AsrError from the engine.
    """
    with _open(path) as sound:
        rate, total = sound.samplerate, sound.frames
        if not total:
            raise AudioInvalid(f"{path}: no sound in it", fix="check that the recording was finished")
        if sound.channels > MAX_CHANNELS:
            raise AudioInvalid(f"{path}: {sound.channels} channels", fix=f"give at most {MAX_CHANNELS}")
        streams: list[RecognizerStream] = []
        listeners: list[asyncio.Task[list[Final]]] = []
        try:
            for _ in range(sound.channels):
                streams.append(recognizer.open(sample_rate_hz=rate, live=live))
                listeners.append(asyncio.create_task(_finals(streams[-1])))
            frames = await _feed(path, sound, streams, progress)
            found = await asyncio.gather(*listeners)
        finally:
            await asyncio.gather(*(stream.aclose() for stream in streams))
            await asyncio.gather(*listeners, return_exceptions=True)
    segments = [
        TranscriptSegment(channel, f.start_ms, f.end_ms, f.text, f.confidence, f.words)
        for channel, finals in enumerate(found)
        for f in finals
    ]
    return Transcript(str(path), frames * 1000 // rate, len(streams), tuple(sorted(segments, key=speaking_order)))


def speaking_order(segment: TranscriptSegment) -> tuple[int, int, int]:
    """Sort key of segments of several speakers: by start, then end, then channel."""
    return segment.start_ms, segment.end_ms, segment.channel


def _open(path: Path) -> soundfile.SoundFile:
    raw = RAW_FORMATS.get(path.suffix.lower())
    try:
        if not path.stat().st_size:
            raise AudioInvalid(f"{path}: the file is empty", fix="check that the recording was finished")
        if raw:
            return soundfile.SoundFile(path, samplerate=raw[0], channels=1, format="RAW", subtype=raw[1])
        return soundfile.SoundFile(path)
    except OSError as error:
        raise AudioInvalid(f"{path}: {error.strerror}", fix="check the name and the rights") from error
    except soundfile.LibsndfileError as error:
        # libsndfile says so of MP3 files with no frame in them, too.
        reason = "damaged" if "does not exist" in error.error_string else error.error_string
        raise AudioInvalid(f"{path}: cannot read it as audio ({reason})", fix="convert it to WAV") from error


async def _feed(
    path: Path, sound: soundfile.SoundFile, streams: list[RecognizerStream], progress: Progress | None
) -> int:
    frames = 0
    async for block in _blocks(path, sound):
        for channel, stream in enumerate(streams):
            stream.push(block[:, channel].tobytes())
        frames += len(block)
        await asyncio.gather(*(stream.drain() for stream in streams))
        if progress is not None:
            progress(frames * 1000 // sound.samplerate, max(frames, sound.frames) * 1000 // sound.samplerate)
    for stream in streams:
        stream.end_input()
    if not frames:
        raise AudioInvalid(
            f"{path}: no sound could be read from it", fix="the file is damaged; record or copy it again"
        )
    return frames


async def _blocks(path: Path, sound: soundfile.SoundFile) -> AsyncIterator[npt.NDArray[np.int16]]:
    while True:
        try:
            block = await asyncio.to_thread(sound.read, BLOCK_S * sound.samplerate, dtype="float32", always_2d=True)
        except soundfile.LibsndfileError as error:
            raise AudioInvalid(
                f"{path}: damaged after {sound.tell() / sound.samplerate:.1f} s ({error.error_string})",
                fix="record or copy it again",
            ) from error
        if not len(block):
            return
        # Read as int16, the library would cut the samples of float files to 0 and ±1.
        yield np.clip(np.rint(np.nan_to_num(block) * 32768), -32768, 32767).astype("<i2")


async def _finals(stream: RecognizerStream) -> list[Final]:
    return [event async for event in stream if isinstance(event, Final)]
