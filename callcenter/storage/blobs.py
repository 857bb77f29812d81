"""Files kept by their content: ``ab/cdef…`` is the SHA-256, so the same bytes are stored once and cannot change.

A file is written beside its place and renamed when it is whole: a crash leaves nothing half-written under its name.
"""

from __future__ import annotations

import asyncio
import errno
import os
import re
from collections.abc import AsyncIterator, Callable, Collection
from contextlib import suppress
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO
from uuid import uuid4

from callcenter.errors import Invalid, NotFound, Unavailable

HEAD = 4096
CHUNK = 1 << 20
_KEY = re.compile(r"[0-9a-f]{64}")
_FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS})
Judge = Callable[[bytes], str | None]
"""Media type by a file's first bytes; None refuses it."""


class FileTooLarge(Invalid):
    """The file is over the limit."""

    code = "file_too_large"


class FileKindRefused(Invalid):
    """Its content is of a kind that is not kept."""

    code = "file_kind_refused"


@dataclass(frozen=True, slots=True)
class Blob:
    """A stored file."""

    sha256: str
    size_bytes: int
    media_type: str


class BlobStore:
    """One folder of files. Any number of writers and readers at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def keep(self, chunks: AsyncIterator[bytes], *, judge: Judge, max_bytes: int) -> Blob:
        """Store what ``chunks`` give; memory holds a megabyte at most.

        Raises FileKindRefused (by its first bytes, before the rest is read), FileTooLarge, Unavailable (disk full).
        """
        part = self._folder / "new" / uuid4().hex
        try:
            return await self._written(part, chunks, judge, max_bytes)
        except OSError as error:
            if error.errno in _FULL:
                raise Unavailable(
                    f"the file cannot be kept: {error.strerror}", field="data_dir", fix="free some space"
                ) from error
            raise
        finally:
            with suppress(FileNotFoundError):
                part.unlink()

    def path(self, key: str) -> Path:
        """Where the file with this SHA-256 is. Raises NotFound."""
        path = self._place(key)
        if not path.is_file():
            raise NotFound(
                "the file is not on this machine's disk", field="attachment_id", fix="restore it from a backup"
            )
        return path

    def sweep(self, wanted: Collection[str], *, older_than: float) -> int:
        """Remove files that nobody wants and that are older than ``older_than`` (seconds since the epoch); how many."""
        gone = 0
        for path in self._folder.glob("[0-9a-f][0-9a-f]/*"):
            if path.parent.name + path.name not in wanted and path.stat().st_mtime < older_than:
                path.unlink()
                gone += 1
        return gone

    async def _written(self, part: Path, chunks: AsyncIterator[bytes], judge: Judge, max_bytes: int) -> Blob:
        part.parent.mkdir(parents=True, exist_ok=True)
        digest, size, waiting, kind = sha256(), 0, bytearray(), None
        with part.open("wb") as file:
            async for chunk in chunks:
                waiting += chunk
                if size + len(waiting) > max_bytes:
                    raise FileTooLarge(f"over {max_bytes // 1_000_000} MB", field="file", fix="send a smaller one")
                if kind is None and len(waiting) >= HEAD:
                    kind = _judged(judge, waiting)
                if len(waiting) >= CHUNK:
                    size += await asyncio.to_thread(_write, file, digest.update, bytes(waiting))
                    waiting.clear()
            kind = kind or _judged(judge, waiting)
            size += await asyncio.to_thread(_write, file, digest.update, bytes(waiting), last=True)
        key = digest.hexdigest()
        await asyncio.to_thread(self._place_file, part, key)
        return Blob(key, size, kind)

    def _place_file(self, part: Path, key: str) -> None:
        place = self._place(key)
        place.parent.mkdir(exist_ok=True)
        if place.exists():
            place.touch()  # A sweep must not take what somebody is just attaching again.
        else:
            part.replace(place)

    def _place(self, key: str) -> Path:
        if not _KEY.fullmatch(key):
            raise NotFound("there is no such file", field="attachment_id")
        return self._folder / key[:2] / key[2:]


def _judged(judge: Judge, waiting: bytearray) -> str:
    kind = judge(bytes(waiting[:HEAD]))
    if kind is None:
        raise FileKindRefused(
            "files of this kind are not kept", field="file", fix="send a photo, film, sound, PDF or plain text"
        )
    return kind


def _write(file: BinaryIO, hashed: Callable[[bytes], None], content: bytes, *, last: bool = False) -> int:
    hashed(content)
    file.write(content)
    if last:
        file.flush()
        os.fsync(file.fileno())
    return len(content)
