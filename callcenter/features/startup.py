"""What every process of ours checks before it touches anything."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from callcenter.errors import Unavailable


def prepare_data_dir(data_dir: Path) -> None:
    """Create the data folder and prove that it can be written. Raises Unavailable with the remedy.

    From here on this process makes files for its own user only, also in a folder that was there before.
    """
    os.umask(0o077)
    probe = data_dir / f".probe-{os.getpid()}"
    try:
        data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        probe.write_bytes(b"x" * 4096)
        probe.unlink()
    except OSError as error:
        probe.unlink(missing_ok=True) if error.errno == errno.ENOSPC else None
        raise Unavailable(
            f"cannot write to the data folder: {os.strerror(error.errno or errno.EIO)}",
            field=str(data_dir),
            fix="free some space" if error.errno == errno.ENOSPC else "make it writable for this user, or set data_dir",
        ) from error
