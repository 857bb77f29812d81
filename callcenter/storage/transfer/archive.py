"""A backup: one ZIP file that holds tables as lines of JSON, files as they are, and a manifest with every checksum.

    manifest.json              {"format": 1, "program", "revision", "created_at", "database",
                                "tables": [{"name", "columns": [[name, kind]], "key", "counter", "rows", "checksum"}],
                                "files": [{"path", "size", "sha256"}]}
    tables/<name>.jsonl        one row a line: see callcenter.storage.transfer.canonical
    files/<folder>/<path>      recordings, attachments …

It is written beside its name and renamed when it is whole and on the disk: a file under its name is a whole backup.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
import zlib
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path, PurePosixPath
from typing import IO, Any, Self

import orjson

from callcenter.errors import Conflict, Unavailable
from callcenter.storage.transfer.canonical import Line, Tally
from callcenter.storage.transfer.port import BackupUnreadable
from callcenter.storage.transfer.shape import Column, Kind, Table

FORMAT = 1
MANIFEST = "manifest.json"
CHUNK = 1 << 20


@dataclass(frozen=True, slots=True)
class KeptFile:
    """A file in a backup; ``path`` begins with its folder in the data folder, with ``/``."""

    path: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class KeptTable:
    """A table in a backup with what it must add up to."""

    table: Table
    tally: Tally


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds. ``revision`` is the schema's."""

    revision: str
    created_at: datetime
    program: str
    database: str
    tables: tuple[KeptTable, ...]
    files: tuple[KeptFile, ...]


class ArchiveWriter:
    """Takes tables and files; ``whole`` makes it last. Create with ``writing``."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self._archive = archive
        self._member: IO[bytes] | None = None
        self.files: list[KeptFile] = []

    async def write(self, table: Table, lines: Sequence[Line]) -> None:
        """Add rows of a table; all of one table before the next."""
        self._open(table).write(b"".join(line + b"\n" for line in lines))

    async def finish(self, table: Table) -> None:
        """The table is whole, also when it has no rows."""
        self._open(table)
        self.close_table()

    def close_table(self) -> None:
        """End the table that is being written, if any: the ZIP closes only then."""
        if self._member is not None:
            self._member.close()
            self._member = None

    def add_file(self, root: Path, path: PurePosixPath) -> None:
        """Add the file ``root / path``; one that vanished since it was listed is left out."""
        digest, size = hashlib.sha256(), 0
        try:
            source = (root / path).open("rb")
        except FileNotFoundError:
            return
        # Sound and pictures are compressed already.
        entry = zipfile.ZipInfo(f"files/{path}")
        with source, self._archive.open(entry, "w", force_zip64=True) as member:
            while chunk := source.read(CHUNK):
                digest.update(chunk)
                size += len(chunk)
                member.write(chunk)
        self.files.append(KeptFile(str(path), size, digest.hexdigest()))

    def close_with(self, manifest: Manifest) -> None:
        """Write the manifest, the last member."""
        self._archive.writestr(MANIFEST, orjson.dumps(_manifest_out(manifest), option=orjson.OPT_INDENT_2))

    def _open(self, table: Table) -> IO[bytes]:
        if self._member is None:
            self._member = self._archive.open(f"tables/{table.name}.jsonl", "w", force_zip64=True)
        return self._member


@contextmanager
def writing(path: Path) -> Iterator[ArchiveWriter]:
    """A new backup at ``path``; it is there when the block ends without error, and nothing is left otherwise.

    Raises Conflict when there is something under that name, Unavailable when its folder cannot be written or is full.
    """
    if path.exists():
        raise Conflict("there is a file already", field=str(path), fix="choose another name, or move it away")
    partial = path.with_name(f"{path.name}.partial-{os.getpid()}")
    try:
        with _created(partial) as raw:
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
                writer = ArchiveWriter(archive)
                try:
                    yield writer
                finally:
                    writer.close_table()
            raw.flush()
            os.fsync(raw.fileno())
        os.link(partial, path)
    except FileExistsError as error:
        raise Conflict("there is a file already", field=str(path), fix="choose another name") from error
    except OSError as error:
        if error.filename is not None:
            raise
        # Only what is written to has no name any more.
        raise Unavailable(
            f"the backup cannot be written: {error.strerror}",
            field=str(path.parent),
            fix="free space there, or choose another folder; nothing of it was kept",
        ) from error
    finally:
        partial.unlink(missing_ok=True)


def _created(path: Path) -> IO[bytes]:
    """A new file that only this user reads: it holds everything we know about people."""
    try:
        return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")
    except OSError as error:
        raise Unavailable(
            f"cannot write there: {os.strerror(error.errno or 0)}", field=str(path.parent), fix="choose another folder"
        ) from error


class ArchiveReader:
    """A backup opened for reading."""

    def __init__(self, archive: zipfile.ZipFile, manifest: Manifest) -> None:
        self._archive = archive
        self.manifest = manifest

    @classmethod
    @contextmanager
    def open(cls, path: Path) -> Iterator[Self]:
        """Raises BackupUnreadable for what is no backup, FileNotFoundError as it is."""
        try:
            archive = zipfile.ZipFile(path)
        except zipfile.BadZipFile as error:
            raise BackupUnreadable(
                "not a backup, or one that was cut",
                field=str(path),
                fix="give a file that `callcenter db backup` wrote",
            ) from error
        with archive:
            yield cls(archive, _read_manifest(archive, path))

    async def pages(self, table: Table) -> AsyncIterator[Sequence[Line]]:
        """Every row once. Raises BackupUnreadable when the file is damaged."""
        with self._guarded(), self._archive.open(f"tables/{table.name}.jsonl") as member:
            begun = b""
            while chunk := member.read(CHUNK):
                *lines, begun = (begun + chunk).split(b"\n")
                if lines:
                    yield lines
            if begun:
                raise ValueError(f"the last line of {table.name} is cut")

    def extract(self, kept: KeptFile, target: Path) -> None:
        """Write one file; it appears under its name when it is whole. Raises BackupUnreadable, Conflict (it exists)."""
        if target.exists():
            raise Conflict("there is a file already", field=str(target), fix="restore into an empty data folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(f"{target.name}.partial-{os.getpid()}")
        digest = hashlib.sha256()
        try:
            with self._guarded(), self._archive.open(f"files/{kept.path}") as member, partial.open("xb") as raw:
                while chunk := member.read(CHUNK):
                    digest.update(chunk)
                    raw.write(chunk)
                raw.flush()
                os.fsync(raw.fileno())
            if digest.hexdigest() != kept.sha256:
                raise BackupUnreadable(f"{kept.path} is not what the manifest says", fix="use another backup")
            partial.rename(target)
        finally:
            partial.unlink(missing_ok=True)

    @contextmanager
    def _guarded(self) -> Iterator[None]:
        try:
            yield
        except (zipfile.BadZipFile, zlib.error, KeyError, ValueError, EOFError) as error:
            raise BackupUnreadable(f"the backup is damaged: {error}", fix="use another backup") from error


def _manifest_out(manifest: Manifest) -> dict[str, Any]:
    tables = [
        {
            "name": kept.table.name,
            "columns": [[column.name, column.kind] for column in kept.table.columns],
            "key": kept.table.key,
            "counter": kept.table.counter,
            "rows": kept.tally.rows,
            "checksum": kept.tally.checksum,
        }
        for kept in manifest.tables
    ]
    return {
        "format": FORMAT,
        "program": manifest.program,
        "revision": manifest.revision,
        "created_at": manifest.created_at,
        "database": manifest.database,
        "tables": tables,
        "files": [asdict(kept) for kept in manifest.files],
    }


def _read_manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    try:
        tree = orjson.loads(archive.read(MANIFEST))
        if tree["format"] != FORMAT:
            raise BackupUnreadable(
                f"its format {tree['format']} is not known", field=str(path), fix="use the version that wrote it"
            )
        return Manifest(
            revision=tree["revision"],
            created_at=datetime.fromisoformat(tree["created_at"]),
            program=tree["program"],
            database=tree["database"],
            tables=tuple(map(_kept_table, tree["tables"])),
            files=tuple(_kept_file(kept) for kept in tree["files"]),
        )
    except (KeyError, ValueError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise BackupUnreadable(
            f"its manifest cannot be read: {error}", field=str(path), fix="use another backup"
        ) from error


def _kept_table(tree: Mapping[str, Any]) -> KeptTable:
    names = [tree["name"], *tree["key"], *(name for name, _ in tree["columns"])]
    if not all(isinstance(name, str) and name.isidentifier() for name in names):
        raise ValueError("a name that no table or column of ours has")
    columns = tuple(Column(name, Kind(kind)) for name, kind in tree["columns"])
    table = Table(tree["name"], columns, tuple(tree["key"]), tree["counter"])
    return KeptTable(table, Tally(tree["rows"], int(tree["checksum"], 16)))


def _kept_file(tree: Mapping[str, Any]) -> KeptFile:
    path = PurePosixPath(tree["path"])
    # A path that leads elsewhere would write wherever the author of the file likes.
    if path.is_absolute() or ".." in path.parts or len(path.parts) < 2:
        raise ValueError(f"a path that leads out of its folder: {path}")
    return KeptFile(str(path), tree["size"], tree["sha256"])


def files_below(root: Path, folders: Iterable[str]) -> Iterator[PurePosixPath]:
    """Finished files of ``folders`` in ``root``, sorted; those still being written end in ``.tmp`` or ``.part``."""
    for folder in folders:
        for path in sorted((root / folder).rglob("*")):
            if path.is_file() and not path.is_symlink() and path.suffix not in {".tmp", ".part"}:
                yield PurePosixPath(path.relative_to(root).as_posix())
