"""Sums of archives for which nobody publishes one: the first that came is kept, and asked of every later one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import orjson

from asr.errors import ModelCorrupt

FILE = "archive-sums.json"
"""Beside the models: ``{url: sha256}``. It outlives the models, so that a second download is compared too."""

Basis = Literal["listed", "given", "kept", "first"]
"""What a sum was compared with: the list of models, the command line, an earlier download, nothing."""


@dataclass(frozen=True, slots=True)
class ArchiveSum:
    """The sum of an archive that was installed and what it was compared with."""

    sha256: str
    basis: Basis


class ArchiveSums:
    """The sums kept in ``directory``."""

    def __init__(self, directory: Path) -> None:
        self._file = directory / FILE

    def kept(self, url: str) -> str | None:
        """The sum of an earlier download from ``url``. Raises ModelCorrupt when the file cannot be read."""
        return self._read().get(url)

    def keep(self, url: str, sha256: str) -> None:
        """Ask ``sha256`` of whatever comes from ``url`` later."""
        sums = self._read() | {url: sha256}
        fresh = self._file.with_name(FILE + ".new")
        fresh.write_bytes(orjson.dumps(sums, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))
        fresh.replace(self._file)

    def _read(self) -> dict[str, str]:
        if not self._file.is_file():
            return {}
        try:
            sums = orjson.loads(self._file.read_bytes())
        except ValueError as error:
            raise ModelCorrupt(f"{self._file} cannot be read", fix="delete it, and compare the sums by hand") from error
        return {str(url): str(sha256) for url, sha256 in dict(sums).items()}
