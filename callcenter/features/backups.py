"""Back up, restore and move the whole of the records: all or nothing, checked row by row before anything is kept.

A backup reads one state of the database (a read transaction on SQLite's write-ahead log, REPEATABLE READ on
PostgreSQL) and holds up nobody; the call centre goes on meanwhile. (SQLite's own online backup starts again whenever
somebody writes, and gives a file that only SQLite reads.) Restoring and moving write in one transaction, which is
committed when everything was read back and adds up: an interrupted one leaves an empty database and is started again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from sqlalchemy import inspect, text
from sqlalchemy.engine import Connection

from callcenter.errors import Conflict
from callcenter.storage import schema
from callcenter.storage.database import Database, upgrade
from callcenter.storage.filling import put_off
from callcenter.storage.tables import metadata
from callcenter.storage.transfer.archive import ArchiveReader, KeptFile, KeptTable, Manifest, files_below, writing
from callcenter.storage.transfer.canonical import Tally
from callcenter.storage.transfer.copying import Progress, agree, copy, verify
from callcenter.storage.transfer.database_rows import rows_of
from callcenter.storage.transfer.port import Source
from callcenter.storage.transfer.shape import Table, shapes

FOLDERS = ("recordings", "attachments", "catalogue")
"""Folders of the data folder that belong to the records."""


@dataclass(frozen=True, slots=True)
class Carried:
    """What a backup holds, or what was restored or moved."""

    revision: str
    tables: Mapping[str, Tally]
    files: tuple[KeptFile, ...] = ()

    @property
    def rows(self) -> int:
        """Rows of all tables."""
        return sum(tally.rows for tally in self.tables.values())


async def back_up(
    database: Database, target: Path, *, at: datetime, progress: Progress, data_dir: Path | None = None
) -> Carried:
    """Write a backup to the new file ``target``, with the files below ``data_dir`` if it is given.

    Raises Conflict (the file is there), Unavailable (database, disk full).
    """
    tables = shapes(metadata)
    with writing(target) as archive:
        async with database.connection() as connection:
            await connection.run_sync(schema.check)
            revision = await connection.run_sync(_revision)
            tallies = await copy(rows_of(connection), archive, tables, progress)
        # After the tables: every recording that a row names is on the disk by then.
        if data_dir is not None:
            for number, path in enumerate(files_below(data_dir, FOLDERS), start=1):
                archive.add_file(data_dir, path)
                progress("files", number)
        files = tuple(archive.files)
        archive.close_with(
            Manifest(
                revision=revision,
                created_at=at,
                program=version("callcenter-desk"),
                database=database.url.get_backend_name(),
                tables=tuple(KeptTable(table, tallies[table.name]) for table in tables),
                files=files,
            )
        )
    return Carried(revision, tallies, files)


async def restore(backup: Path, database: Database, *, progress: Progress, data_dir: Path | None = None) -> Carried:
    """Fill the empty ``database`` from a backup, ``data_dir`` with its files if it is given, and upgrade the schema.

    Raises Conflict (not empty), BackupUnreadable, TransferDiffers, Unavailable.
    """
    with ArchiveReader.open(backup) as archive:
        manifest = archive.manifest
        expected = {kept.table.name: kept.tally for kept in manifest.tables}
        tables = [kept.table for kept in manifest.tables]
        with _extracted(archive, data_dir, progress):
            await _fill(database, archive, tables, manifest.revision, expected, progress)
    return Carried(manifest.revision, expected, manifest.files if data_dir is not None else ())


async def move(source: Database, target: Database, *, progress: Progress) -> Carried:
    """Copy everything from one database into another, empty one; the source stays as it is.

    Raises Conflict (not empty), Invalid (a row that the target cannot hold), TransferDiffers, Unavailable.
    """
    async with source.connection() as connection:
        await connection.run_sync(schema.check)
        revision = await connection.run_sync(_revision)
        tallies = await _fill(target, rows_of(connection), shapes(metadata), revision, None, progress)
    return Carried(revision, tallies)


async def _fill(
    database: Database,
    source: Source,
    tables: Iterable[Table],
    revision: str,
    expected: Mapping[str, Tally] | None,
    progress: Progress,
) -> dict[str, Tally]:
    """Schema, rows, proof, commit: one transaction. ``expected`` is what the source promised."""
    tables = list(tables)
    async with database.filling() as connection:
        await connection.run_sync(_refuse_filled, revision)
        await connection.run_sync(schema.upgrade, revision)
        rows = rows_of(connection)
        for table in reversed(tables):
            # What the migrations put in themselves comes from the source.
            await rows.clear(table)
        waiting = await connection.run_sync(put_off, [table.name for table in tables])
        tallies = await copy(source, rows, tables, progress)
        for name, tally in (expected or {}).items():
            agree(name, tallies[name], tally)
        await verify(rows.as_written(), tables, tallies, progress)
        for number, one in enumerate(waiting):
            progress(f"{one.name} (index)", number)
            await connection.exec_driver_sql(one.statement)
        await connection.run_sync(upgrade)
        await connection.commit()
    return tallies


def _revision(connection: Connection) -> str:
    return schema.current(connection) or ""


def _refuse_filled(connection: Connection, revision: str) -> None:
    """Nothing that is there is ever overwritten."""
    where = connection.engine.url.render_as_string()
    found = schema.current(connection)
    for name in inspect(connection).get_table_names():
        ours = name in metadata.tables
        if found is None or (ours and connection.scalar(text(f"SELECT 1 FROM {name} LIMIT 1"))):  # noqa: S608 - our own names
            raise Conflict(
                f"the database is not empty: there is something in {name}",
                field=where,
                fix="give an empty database; nothing was changed",
            )
    if found is not None and found != revision:
        raise Conflict(
            f"the database has schema {found}, the records have {revision}",
            field=where,
            fix="give a database without tables; nothing was changed",
        )


@contextmanager
def _extracted(archive: ArchiveReader, data_dir: Path | None, progress: Progress) -> Iterator[None]:
    """The backup's files, in their place when the block ends well, gone again otherwise."""
    written: list[Path] = []
    try:
        for number, kept in enumerate(archive.manifest.files if data_dir is not None else (), start=1):
            assert data_dir is not None
            archive.extract(kept, data_dir / kept.path)
            written.append(data_dir / kept.path)
            progress("files", number)
        yield
    except BaseException:
        for path in written:
            path.unlink(missing_ok=True)
        raise
