"""Files of work orders: photos, films, sound, documents, logs."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated
from urllib.parse import quote

from aiohttp import web
from pydantic import StringConstraints

from callcenter.storage import audit
from callcenter.web.api.work_orders import stamp
from callcenter.web.ask import Ask, Id, Input
from workorder.commands import AttachFile, RemoveFile
from workorder.policy.attachments import media_type
from workorder.services import orders, teamwork
from workorder.views.casework import AttachmentView
from workorder.views.pages import Page

CHUNK = 1 << 16
KINDS = tuple(sorted(teamwork.KEPT))


class FileQuery(Input):
    """What the file is called."""

    filename: Annotated[str, StringConstraints(min_length=1, max_length=200)]


async def upload(ask: Ask, order_id: Id, query: FileQuery) -> AttachmentView:
    """Attach a file; the body is its content. Kinds are told by content: photo, film, sound, PDF, plain text.

    The same content under the same name is attached once.
    """
    async with ask.services.database.read() as work:
        await orders.get_order(work.session, order_id)
    return await kept(ask, order_id, query.filename)


async def kept(ask: Ask, order_id: str, filename: str) -> AttachmentView:
    """The body of the request as a file of the order."""
    limit = ask.services.settings.attachments.max_mb * 1_000_000
    blob = await ask.services.blobs.keep(chunks(ask), judge=media_type, max_bytes=limit)
    command = AttachFile(
        **stamp(ask),
        order_id=order_id,
        sha256=blob.sha256,
        size_bytes=blob.size_bytes,
        media_type=blob.media_type,
        filename=filename,
    )
    async with ask.services.database.write() as work:
        attached = await teamwork.attach_file(work.session, command)
        await work.commit()
    return attached


async def find(ask: Ask, order_id: Id) -> Page[AttachmentView]:
    """The order's files, oldest first."""
    return Page(await teamwork.files_of(ask.rows, order_id))


async def download(ask: Ask, attachment_id: Id) -> web.StreamResponse:
    """The file; HTTP Range. Leaves an audit line."""
    async with ask.services.database.write() as work:
        found = await teamwork.file(work.session, attachment_id)
        path = ask.services.blobs.path(found.sha256)
        await audit.add(work.session, **stamp(ask), action="file.read", subject=attachment_id, detail=found.order_id)
        await work.commit()
    # Photos are shown in the page; everything else is saved. No browser may take it for something that runs.
    shown = "inline" if found.media_type.startswith("image/") else "attachment"
    headers = {
        "Content-Disposition": f"{shown}; filename*=UTF-8''{quote(found.filename, safe='')}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "private, no-cache",
    }
    response = web.FileResponse(path, headers=headers)
    response.content_type = found.media_type
    return response


async def remove(ask: Ask, attachment_id: Id) -> None:
    """Take a file out of sight; the trail keeps that it was there."""
    await teamwork.remove_file(ask.rows, RemoveFile(**stamp(ask), attachment_id=attachment_id))


async def chunks(ask: Ask) -> AsyncIterator[bytes]:
    """The request's body as it comes in."""
    async for chunk in ask.http.content.iter_chunked(CHUNK):
        yield chunk
