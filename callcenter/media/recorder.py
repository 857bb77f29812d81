"""Writes the sound of one live call to disk as it comes, without ever holding up the call."""

from __future__ import annotations

import asyncio
import shutil
from concurrent.futures import Executor
from pathlib import Path
from typing import BinaryIO

import numpy as np
import structlog

from callcenter.media.recording_files import STEREO_FRAME_BYTES, Channel, clip_of_part

log = structlog.get_logger(__name__)

WRITE_EVERY_S = 1.0
"""A crash loses at most this much sound."""
DISK_CHECK_S = 5.0
WAITING_MAX_S = 60.0
"""A disk that falls behind by more loses the rest of the recording, not our memory."""


class StereoRecorder:
    """Appends both sides of a call to its part file; ``partial`` turns true when sound could not be kept."""

    def __init__(self, part: Path, sample_rate_hz: int, *, writer: Executor, min_free_bytes: int) -> None:
        self.part = part
        self.sample_rate_hz = sample_rate_hz
        self.partial = False
        self._writer = writer
        self._min_free_bytes = min_free_bytes
        self._sides: tuple[bytearray, bytearray] = (bytearray(), bytearray())
        self._second_bytes = sample_rate_hz * STEREO_FRAME_BYTES
        self._pending = bytearray()
        self._waiting_bytes = 0
        self._since_check_bytes = 0
        # A call that goes on after a restart is recorded behind what was written before.
        self._begun_bytes = part.stat().st_size // STEREO_FRAME_BYTES * STEREO_FRAME_BYTES if part.exists() else 0
        self._file_bytes = self._begun_bytes
        self._file: BinaryIO | None = None
        self._writes: set[asyncio.Future[None]] = set()

    @property
    def length_ms(self) -> int:
        """Sound taken from both sides so far."""
        written = self._file_bytes + self._waiting_bytes + len(self._pending)
        return written * 1000 // self._second_bytes

    def push(self, side: int, pcm: bytes) -> None:
        """Take the next sound of the caller (0) or the agent (1); what both sides have is written."""
        if self.partial:
            return
        self._sides[side].extend(pcm)
        ready = min(len(one) for one in self._sides) & ~1
        if ready:
            self._pending += _interleave(*(bytes(one[:ready]) for one in self._sides))
            for one in self._sides:
                del one[:ready]
        if len(self._pending) >= WRITE_EVERY_S * self._second_bytes:
            self._start_write()

    async def clip(self, *, start_ms: int, end_ms: int, channel: Channel) -> bytes:
        """A WAV of that span of what was heard so far."""
        await self.flush()
        return await asyncio.get_running_loop().run_in_executor(
            None,
            lambda: clip_of_part(self.part, self.sample_rate_hz, start_ms=start_ms, end_ms=end_ms, channel=channel),
        )

    async def flush(self) -> None:
        """Bring everything taken so far to disk."""
        if self._pending:
            self._start_write()
        while self._writes:
            await asyncio.wait(self._writes)

    async def close(self) -> None:
        """Write the rest and close the part file."""
        await self.flush()
        if self._file is not None:
            file, self._file = self._file, None
            await asyncio.get_running_loop().run_in_executor(self._writer, file.close)

    def _start_write(self) -> None:
        block, self._pending = bytes(self._pending), bytearray()
        if self._waiting_bytes > WAITING_MAX_S * self._second_bytes:
            self._give_up("the disk is too slow")
        if self.partial:
            return
        self._waiting_bytes += len(block)
        write = asyncio.get_running_loop().run_in_executor(self._writer, self._write, block)
        self._writes.add(write)
        write.add_done_callback(lambda done: self._wrote(done, len(block)))

    def _wrote(self, write: asyncio.Future[None], size: int) -> None:
        self._writes.discard(write)
        self._waiting_bytes -= size
        error = write.exception()
        if error is None:
            self._file_bytes += size
        elif isinstance(error, OSError):
            self._give_up(error.strerror or str(error))
        else:
            raise error

    def _write(self, block: bytes) -> None:
        """Runs in the writer's thread."""
        if self._file is None:
            self.part.parent.mkdir(parents=True, exist_ok=True)
            self._check_space()
            self._file = self.part.open("ab", buffering=0)
            self._file.truncate(self._begun_bytes)  # A process that was killed may have left half a sample.
        self._since_check_bytes += len(block)
        if self._since_check_bytes >= DISK_CHECK_S * self._second_bytes:
            self._since_check_bytes = 0
            self._check_space()
        rest = memoryview(block)
        while rest:
            rest = rest[self._file.write(rest) :]

    def _check_space(self) -> None:
        if shutil.disk_usage(self.part.parent).free < self._min_free_bytes:
            raise OSError(f"less than {self._min_free_bytes >> 20} MB free")

    def _give_up(self, reason: str) -> None:
        if not self.partial:
            self.partial = True
            log.error("recording.stopped", part=self.part.name, reason=reason, fix="free disk space; the call goes on")


def _interleave(left: bytes, right: bytes) -> bytes:
    stereo = np.empty((len(left) // 2, 2), "<i2")
    stereo[:, 0] = np.frombuffer(left, "<i2")
    stereo[:, 1] = np.frombuffer(right, "<i2")
    return stereo.tobytes()
