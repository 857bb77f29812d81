"""Unpacking what came from elsewhere: zip and tar files of one top directory, nothing of which may land outside."""

from __future__ import annotations

import shutil
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from asr.errors import ModelCorrupt

_CHUNK_BYTES = 1 << 18
Member = tuple[str, IO[bytes] | None]
"""A name inside the archive and its content; None for a directory."""


def unpack(archive: Path, target: Path) -> None:
    """Every member below the single top directory of ``archive`` into the new directory ``target``.

    Raises ModelCorrupt for what is no archive or is cut short, and for links and names that lead outside.
    """
    target.mkdir()
    try:
        for name, content in _tar_members(archive) if tarfile.is_tarfile(archive) else _zip_members(archive):
            _put(archive, target, name, content)
    # RuntimeError is how zipfile refuses encrypted members and unknown compression.
    except (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, OSError, RuntimeError) as error:
        raise ModelCorrupt(f"cannot unpack {archive}: {error}", fix="delete it and get it again") from error


def _put(archive: Path, target: Path, name: str, content: IO[bytes] | None) -> None:
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if ".." in parts or (parts and (parts[0] == "/" or ":" in parts[0])):
        raise _unsafe(archive, name)
    inside = target.joinpath(*parts[1:])
    if content is None or len(parts) < 2:
        inside.mkdir(parents=True, exist_ok=True)
        return
    inside.parent.mkdir(parents=True, exist_ok=True)
    with content, inside.open("wb") as copy:
        shutil.copyfileobj(content, copy, _CHUNK_BYTES)


def _zip_members(archive: Path) -> Iterator[Member]:
    with zipfile.ZipFile(archive) as opened:
        for member in opened.infolist():
            if stat.S_ISLNK(member.external_attr >> 16):
                raise _unsafe(archive, member.filename)
            yield member.filename, None if member.is_dir() else opened.open(member)


def _tar_members(archive: Path) -> Iterator[Member]:
    with tarfile.open(archive) as opened:
        for member in opened:
            if not (member.isfile() or member.isdir()):
                raise _unsafe(archive, member.name)
            yield member.name, opened.extractfile(member) if member.isfile() else None


def _unsafe(archive: Path, name: str) -> ModelCorrupt:
    return ModelCorrupt(f"{archive} holds an unsafe member {name!r}", fix="do not use it")
