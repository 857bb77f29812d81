"""``callcenter db``: the schema, backups, and moving to another database."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from callcenter import config as settings_file
from callcenter.cli.options import JSON
from callcenter.cli.output import emit, reports_errors, say
from callcenter.cli.session import open_records

if TYPE_CHECKING:
    from callcenter.features.backups import Carried
    from callcenter.storage.database import Database

SAY_EVERY_S = 2.0
REPORT_EACH = 100_000
"""Texts between two lines of progress."""


@click.group()
def db() -> None:
    """The database."""


@db.command()
@click.pass_obj
@reports_errors
def upgrade(config: Path | None) -> None:
    """Create the schema, or bring it up to this version; safe to repeat."""

    async def run() -> None:
        async with open_records(config):
            say("the database has this version's schema")

    asyncio.run(run())


@db.command()
@click.pass_obj
@reports_errors
def reindex(config: Path | None) -> None:
    """Make the full-text index of orders and customers anew; nothing else may write meanwhile."""

    async def run() -> None:
        counted: list[int] = [0]

        def progress(done: int) -> None:
            counted.append(done)
            if done // REPORT_EACH > counted[-2] // REPORT_EACH:
                say(f"{done} texts")

        async with open_records(config) as (database, _):
            await database.reindex(progress)
        say(f"indexed {counted[-1]} texts")

    asyncio.run(run())


@db.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--with-files", is_flag=True, help="Recordings, attachments and the edited catalogue, too.")
@JSON
@click.pass_obj
@reports_errors
def backup(config: Path | None, file: Path, with_files: bool, as_json: bool) -> None:
    """Write everything to the new FILE while the call centre goes on."""

    async def run() -> Carried:
        from callcenter.clock import SystemClock
        from callcenter.features import backups

        settings = settings_file.load(config)
        async with _opened(settings.database_url()) as database:
            return await backups.back_up(
                database,
                file,
                at=SystemClock().now(),
                progress=_progress(),
                data_dir=settings.data_dir if with_files else None,
            )

    _report(asyncio.run(run()), as_json, f"backed up to {file}", size=file.stat().st_size)


@db.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--with-files", is_flag=True, help="Put the files of the backup into the data folder, too.")
@JSON
@click.pass_obj
@reports_errors
def restore(config: Path | None, file: Path, with_files: bool, as_json: bool) -> None:
    """Fill the configured, empty database from a backup: checked row by row, all or nothing."""

    async def run() -> Carried:
        from callcenter.features import backups
        from callcenter.features.startup import prepare_data_dir

        settings = settings_file.load(config)
        prepare_data_dir(settings.data_dir)
        async with _opened(settings.database_url()) as database:
            return await backups.restore(
                file, database, progress=_progress(), data_dir=settings.data_dir if with_files else None
            )

    _report(asyncio.run(run()), as_json, f"restored {file}", size=file.stat().st_size)


@db.command()
@click.option("--to", "url", help="URL of the empty database, e.g. postgresql+asyncpg://user@host/name.")
@click.option(
    "--to-file",
    "url_file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="File that holds the URL.",
)
@JSON
@click.pass_obj
@reports_errors
def move(config: Path | None, url: str | None, url_file: Path | None, as_json: bool) -> None:
    """Copy everything into another, empty database (SQLite to PostgreSQL or back), checked row by row.

    The configured database stays as it is; set storage.url when the copy is there.
    """
    if (url is None) == (url_file is None):
        raise click.UsageError("give --to or --to-file")
    target_url = url or (url_file.read_text("utf-8").strip() if url_file else "")

    async def run() -> Carried:
        from callcenter.features import backups

        settings = settings_file.load(config)
        async with _alone(settings.data_dir), _opened(settings.database_url()) as source, _opened(target_url) as target:
            return await backups.move(source, target, progress=_progress())

    _report(asyncio.run(run()), as_json, "moved; now set storage.url and start callcenter")


@asynccontextmanager
async def _opened(url: str) -> AsyncIterator[Database]:
    from callcenter.storage.database import Database

    database = await Database.open(url)
    try:
        yield database
    finally:
        await database.aclose()


@asynccontextmanager
async def _alone(data_dir: Path) -> AsyncIterator[None]:
    """What a running call centre writes after the copy began would be missing from it."""
    from callcenter.storage.instance_lock import InstanceLock

    lock = InstanceLock(data_dir)
    lock.acquire()
    try:
        yield
    finally:
        lock.release()


def _progress() -> Callable[[str, int], None]:
    """A line on standard error every two seconds."""
    said = time.monotonic()

    def show(what: str, count: int) -> None:
        nonlocal said
        if time.monotonic() - said >= SAY_EVERY_S:
            said = time.monotonic()
            say(f"{what}: {count}")

    return show


def _report(carried: Carried, as_json: bool, words: str, **more: Any) -> None:
    if as_json:
        tables = {name: {"rows": tally.rows, "checksum": tally.checksum} for name, tally in carried.tables.items()}
        emit(
            {"revision": carried.revision, "rows": carried.rows, "tables": tables, "files": len(carried.files), **more}
        )
    else:
        say(f"{words}: {carried.rows} rows, {len(carried.files)} files")
