"""The folder of recordings: ``YYYY/MM/DD/<call_id>.flac``, the day being that of the call id (UTC)."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import structlog
from ulid import ULID

from callcenter.errors import NotFound, Unavailable
from callcenter.media.events import RecordingStored
from callcenter.media.recorder import StereoRecorder
from callcenter.media.recording_files import (
    STEREO_FRAME_BYTES,
    Channel,
    Peaks,
    clip_of_file,
    encode,
    peaks_path,
    read_peaks,
)

log = structlog.get_logger(__name__)

# Crockford base 32 without I, L, O, U; the first character holds three bits only.
_CALL_ID = re.compile(r"[0-7][0-9A-HJKMNP-TV-Z]{25}")
_PART = re.compile(rf"({_CALL_ID.pattern})\.(\d{{4,6}})\.part")


@dataclass(frozen=True, slots=True)
class StoredRecording:
    """A finished recording; ``path`` is relative to the folder."""

    call_id: str
    path: str
    sample_rate_hz: int
    duration_ms: int
    size_bytes: int
    sha256: str
    partial: bool

    def as_event(self, at: datetime) -> RecordingStored:
        """The fact to publish."""
        return RecordingStored(
            at=at,
            call_id=self.call_id,
            path=self.path,
            sample_rate_hz=self.sample_rate_hz,
            duration_ms=self.duration_ms,
            size_bytes=self.size_bytes,
            sha256=self.sha256,
            partial=self.partial,
        )


class Recordings:
    """Makes, finds and rescues recordings under ``root``."""

    def __init__(self, root: Path, *, file_format: Literal["flac", "wav"] = "flac", min_free_mb: int = 200) -> None:
        self._root = root
        self._format = file_format
        self._min_free_bytes = min_free_mb << 20
        self._unfinished: dict[Path, bool] = {}
        """Part files of ended calls that could not be stored, and whether sound is missing in them."""
        # One thread keeps the writes of every call in order; each is a few kB into the page cache.
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="recordings")

    def recorder(self, call_id: str, sample_rate_hz: int) -> StereoRecorder:
        """Start recording a call; nothing touches the disk before there is sound."""
        part = self._folder(call_id) / f"{call_id}.{sample_rate_hz}.part"
        return StereoRecorder(part, sample_rate_hz, writer=self._writer, min_free_bytes=self._min_free_bytes)

    async def store(self, recorder: StereoRecorder) -> StoredRecording | None:
        """End a recording and give it its final form; None when there was no sound.

        Raises Unavailable when it cannot be written: the part file stays, ``retry`` and ``salvage`` try again.
        """
        await recorder.close()
        try:
            return await asyncio.to_thread(self._finish, recorder.part, partial=recorder.partial)
        except Unavailable:
            self._unfinished[recorder.part] = recorder.partial
            raise

    async def retry(self) -> list[StoredRecording]:
        """Try once more what could not be stored; what still cannot waits on."""
        finished = []
        for part, partial in list(self._unfinished.items()):
            try:
                stored = await asyncio.to_thread(self._finish, part, partial=partial)
            except Unavailable:
                continue
            del self._unfinished[part]
            if stored is not None:
                log.info("recording.stored", call_id=stored.call_id, duration_ms=stored.duration_ms, partial=partial)
                finished.append(stored)
        return finished

    async def salvage(self, wanted: Callable[[str], bool] = lambda _call_id: True) -> list[StoredRecording]:
        """After a start: finish what the process before left behind of ``wanted`` calls, marked partial.

        What cannot be written is logged and stays.
        """
        return await asyncio.to_thread(self._salvage, wanted)

    def file(self, path: str) -> Path:
        """The file on disk. Raises NotFound when it is gone or ``path`` leads outside the folder."""
        found = self._place(path)
        if not found.is_file():
            raise NotFound("there is no such recording", field="path")
        return found

    async def peaks(self, path: str) -> Peaks:
        """Peaks of both channels. Raises NotFound."""
        return await asyncio.to_thread(read_peaks, self.file(path))

    async def clip(self, path: str, *, start_ms: int, end_ms: int, channel: Channel) -> bytes:
        """A WAV file of that span, cut to what exists and to a minute; ``both`` is stereo. Raises NotFound."""
        file = self.file(path)
        return await asyncio.to_thread(clip_of_file, file, start_ms=start_ms, end_ms=end_ms, channel=channel)

    async def remove(self, path: str) -> None:
        """Delete the file, its peaks and folders that are empty then; nothing happens when it is gone already.

        Raises Unavailable when the disk refuses, NotFound when ``path`` leads outside the folder.
        """
        await asyncio.to_thread(self._remove, path)

    async def aclose(self) -> None:
        """Let the last writes finish."""
        await asyncio.to_thread(self._writer.shutdown)

    def _folder(self, call_id: str) -> Path:
        if not _CALL_ID.fullmatch(call_id):
            raise NotFound("not a call id", field="call_id")
        return self._root / ULID.from_str(call_id).datetime.strftime("%Y/%m/%d")

    def _place(self, path: str) -> Path:
        root = self._root.resolve()
        place = (root / path).resolve()
        if not place.is_relative_to(root) or place.suffix not in (".flac", ".wav"):
            raise NotFound("there is no such recording", field="path")
        return place

    def _remove(self, path: str) -> None:
        file = self._place(path)
        try:
            peaks_path(file).unlink(missing_ok=True)
            file.unlink(missing_ok=True)
            for folder in list(file.parents)[:3]:
                if folder.is_dir() and not any(folder.iterdir()):
                    folder.rmdir()
        except OSError as error:
            raise Unavailable(
                f"cannot remove the recording: {error.strerror or error}",
                field=str(file),
                fix="check the rights of the recordings folder; it is tried again every hour",
            ) from error

    def _finish(self, part: Path, *, partial: bool) -> StoredRecording | None:
        name = _PART.fullmatch(part.name)
        assert name is not None
        if not part.exists():
            return None
        if part.stat().st_size < STEREO_FRAME_BYTES:  # A disk that was full from the first block on.
            part.unlink()
            return None
        call_id, rate = name[1], int(name[2])
        target = part.with_name(f"{call_id}.{self._format}")
        try:
            encoded = encode(part, target, rate)
            part.unlink()
        except OSError as error:
            raise Unavailable(
                f"cannot store the recording: {error.strerror or error}",
                field=str(target),
                fix="free disk space; it is tried again every minute",
            ) from error
        path = target.relative_to(self._root).as_posix()
        return StoredRecording(
            call_id, path, rate, encoded.duration_ms, encoded.size_bytes, encoded.sha256, partial=partial
        )

    def _salvage(self, wanted: Callable[[str], bool]) -> list[StoredRecording]:
        rescued = []
        for part in sorted(self._root.glob("[0-9]*/[0-9]*/[0-9]*/*.part")):
            name = _PART.fullmatch(part.name)
            if name is None or not wanted(name[1]):
                continue
            try:
                stored = self._finish(part, partial=True)
            except Unavailable as error:
                log.error("recording.not_salvaged", part=part.name, reason=error.message, fix=error.fix)
                continue
            if stored is not None:
                log.warning("recording.salvaged", call_id=stored.call_id, duration_ms=stored.duration_ms)
                rescued.append(stored)
        return rescued
