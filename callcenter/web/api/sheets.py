"""Customers, appliances and orders as sheets: CSV and XLSX in and out."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Literal

from aiohttp import web

from callcenter.features.sheet_export import export as write_sheet
from callcenter.features.sheet_import import Importer, ImportReport
from callcenter.features.sheet_rows import phone_reader
from callcenter.storage import audit
from callcenter.web.ask import Ask, Input
from callcenter.web.errors import TooLarge

Kind = Literal["customers", "assets", "orders"]
Format = Literal["csv", "xlsx"]
MAX_BYTES = 64 * 2**20
CHUNK = 1 << 16
TYPES = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
PRODUCES = tuple(TYPES.values())


class ImportQuery(Input):
    """How to take the file: every row or none (``all``), or the rows that are right (``good``)."""

    format: Format = "csv"
    mode: Literal["all", "good"] = "all"
    dry_run: bool = False


class ExportQuery(Input):
    """What the file is to be."""

    format: Format = "csv"


async def take(ask: Ask, kind: Kind, query: ImportQuery) -> ImportReport:
    """Import a sheet; the body is the file, at most 64 MiB. Every bad row is named with column and reason.

    Orders come by the same command as from any other channel. Big files are for the command line.
    """
    settings = ask.services.settings
    importer = Importer(
        database=ask.services.database,
        by=ask.who.user_id,
        now=ask.services.clock.now,
        read_phone=phone_reader(settings.country, settings.area_code),
        country=settings.country,
    )
    with tempfile.TemporaryDirectory(prefix="callcenter-import-") as folder:
        file = await _received(ask, Path(folder) / f"sheet.{query.format}")
        report = await importer.run(file, kind=kind, sheet_format=query.format, mode=query.mode, dry_run=query.dry_run)
    detail = {"rows": report.rows, "created": report.created, "updated": report.updated, "taken": report.taken}
    await _note(ask, f"{kind}.imported", kind, detail)
    return report


async def give(ask: Ask, kind: Kind, query: ExportQuery) -> web.StreamResponse:
    """Export a sheet that an import takes back. Leaves an audit line."""
    with tempfile.TemporaryDirectory(prefix="callcenter-export-") as folder:
        file = Path(folder) / f"{kind}.{query.format}"
        async with ask.services.database.read() as work:
            rows = await write_sheet(work.session, file, kind=kind, sheet_format=query.format)
        await _note(ask, f"{kind}.exported", kind, {"rows": rows})
        response = web.StreamResponse(headers={"Content-Disposition": f'attachment; filename="{file.name}"'})
        response.content_type = TYPES[query.format]
        await response.prepare(ask.http)
        if ask.http.method == "HEAD":
            return response
        with file.open("rb") as stream:
            while chunk := stream.read(CHUNK):
                await response.write(chunk)
        await response.write_eof()
    return response


async def _received(ask: Ask, file: Path) -> Path:
    size = 0
    with file.open("wb") as stream:
        async for chunk in ask.http.content.iter_chunked(CHUNK):
            size += len(chunk)
            if size > MAX_BYTES:
                raise TooLarge(f"more than {MAX_BYTES} bytes", fix="use `callcenter import`, or send it in parts")
            stream.write(chunk)
    return file


async def _note(ask: Ask, action: str, subject: str, detail: object) -> None:
    async with ask.services.database.write() as work:
        at = ask.services.clock.now()
        await audit.add(work.session, at=at, by=ask.who.user_id, action=action, subject=subject, detail=detail)
        await work.commit()
