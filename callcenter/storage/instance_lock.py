"""One instance per data folder: a lock the operating system drops when the process ends, however it ends."""

from __future__ import annotations

import errno
import fcntl
import os
from pathlib import Path
from typing import IO

from callcenter.errors import Conflict, Unavailable


class InstanceLock:
    """Holds ``<data_dir>/lock`` while the process runs; the file names the holder for the message others see."""

    def __init__(self, data_dir: Path) -> None:
        self._path = data_dir / "lock"
        self._file: IO[str] | None = None

    def acquire(self) -> None:
        """Create the folder and take the lock. Conflict names the holder; Unavailable says why it cannot be written."""
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._path.open("a+", encoding="utf-8")
        except OSError as error:
            raise Unavailable(
                f"cannot write to the data folder: {os.strerror(error.errno or errno.EIO)}",
                field=str(self._path.parent),
                fix="make it writable for this user, or set data_dir",
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._file.seek(0)
            holder = self._file.read().strip() or "unknown"
            self._file.close()
            raise Conflict(
                f"another callcenter (process {holder}) uses this data folder",
                field=str(self._path.parent),
                fix="stop it, or give this one its own data_dir",
            ) from None
        self._file.seek(0)
        self._file.truncate()
        self._file.write(str(os.getpid()))
        self._file.flush()

    def release(self) -> None:
        """Give the lock back; safe to call twice."""
        if self._file is not None:
            self._file.close()
            self._file = None
