"""``callcenter order file …``: photos, films, sound, documents and logs of orders."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcenter import config as settings_file
from callcenter.cli.options import BY, JSON, ORDER
from callcenter.cli.output import NO_ROOM, emit, reports_errors, say
from callcenter.cli.session import Actor, by_key, change, run
from callcenter.errors import Conflict, Invalid

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from callcenter.config import Settings
    from callcenter.storage.blobs import BlobStore
    from workorder.views.casework import AttachmentView

CHUNK = 1 << 16
ATTACHMENT = click.argument("attachment_id")


@click.group("file")
def order_file() -> None:
    """Files of an order."""


@order_file.command("list")
@ORDER
@JSON
@click.pass_obj
@reports_errors
def list_files(config: Path | None, key: str, as_json: bool) -> None:
    """The order's files, oldest first."""
    from workorder.services import teamwork

    async def read(session: AsyncSession) -> tuple[AttachmentView, ...]:
        return await teamwork.files_of(session, await by_key(session, key))

    for found in run(config, read):
        _show(found, as_json=as_json)


@order_file.command()
@ORDER
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--name", help="What it is to be called (default: its own name).")
@BY
@JSON
@click.pass_obj
@reports_errors
def add(config: Path | None, key: str, file: Path, name: str | None, by: str | None, as_json: bool) -> None:
    """Attach FILE; its kind is told by content. The same file under the same name is attached once."""
    from workorder.commands import AttachFile
    from workorder.policy.attachments import media_type
    from workorder.services import teamwork

    settings = settings_file.load(config)
    order_id = run(config, lambda session: by_key(session, key))
    # Stored before the transaction: a long film must not keep others from writing.
    most = settings.attachments.max_mb * 1_000_000
    kept = asyncio.run(_blobs(settings).keep(_chunks(file), judge=media_type, max_bytes=most))

    async def attach(session: AsyncSession, actor: Actor) -> AttachmentView:
        command = AttachFile(
            **actor.stamp(),
            order_id=order_id,
            sha256=kept.sha256,
            size_bytes=kept.size_bytes,
            media_type=kept.media_type,
            filename=name or file.name,
        )
        return await teamwork.attach_file(session, command)

    _show(change(config, by, attach), as_json=as_json)


@order_file.command()
@ATTACHMENT
@click.argument("to", metavar="FILE", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@BY
@click.pass_obj
@reports_errors
def get(config: Path | None, attachment_id: str, to: Path, force: bool, by: str | None) -> None:
    """Copy an attachment to FILE; leaves an audit line."""
    from callcenter.storage import audit
    from workorder.services import teamwork

    if to.exists() and not force:
        raise Conflict(f"{to} exists already", field="FILE", fix="name another, or give --force")
    blobs = _blobs(settings_file.load(config))

    async def find(session: AsyncSession, actor: Actor) -> Path:
        found = await teamwork.file(session, attachment_id)
        path = blobs.path(found.sha256)
        await audit.add(session, **actor.stamp(), action="file.read", subject=attachment_id, detail=found.order_id)
        return path

    _copy(change(config, by, find), to)
    say(f"{to.stat().st_size} bytes in {to}")


@order_file.command()
@ATTACHMENT
@BY
@click.pass_obj
@reports_errors
def remove(config: Path | None, attachment_id: str, by: str | None) -> None:
    """Take a file out of sight; the trail keeps that it was there."""
    from workorder.commands import RemoveFile
    from workorder.services import teamwork

    async def take_out(session: AsyncSession, actor: Actor) -> None:
        await teamwork.remove_file(session, RemoveFile(**actor.stamp(), attachment_id=attachment_id))

    change(config, by, take_out)
    say(f"{attachment_id} is out of sight")


def _blobs(settings: Settings) -> BlobStore:
    from callcenter.storage.blobs import BlobStore

    return BlobStore(settings.data_dir / "attachments")


async def _chunks(file: Path) -> AsyncIterator[bytes]:
    with file.open("rb") as source:
        while chunk := source.read(CHUNK):
            yield chunk


def _copy(source: Path, to: Path) -> None:
    """Whole or not at all, for the one who asked and nobody else."""
    part = to.with_name(f"{to.name}.part")
    try:
        part.touch(mode=0o600)
        shutil.copyfile(source, part)
        part.replace(to)
    except OSError as error:
        if error.errno in NO_ROOM:
            raise
        raise Invalid(f"cannot be written: {error.strerror}", field="FILE") from error
    finally:
        with suppress(OSError):
            part.unlink()


def _show(found: AttachmentView, *, as_json: bool) -> None:
    if as_json:
        emit(found)
    else:
        click.echo(f"{found.attachment_id}  {found.media_type}  {found.size_bytes}  {found.filename}")
