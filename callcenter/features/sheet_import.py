"""Takes a sheet in, row by row, through the same commands as everything else; every bad row is named with its reason.

``all`` takes every row or none, in one transaction (which keeps other writers waiting on SQLite); ``good`` takes the
rows that are right, some hundred at a time, and goes on past the others. Rows with an ``external_key`` that was taken
in before (users: their name) change what is there instead of doubling it, so the same file may be sent again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.errors import CallcenterError, Invalid
from callcenter.features.sheet_columns import ALSO_EXPORTED, SHEETS, column_of
from callcenter.features.sheet_rows import Filed, Forms, ReadPhone, Row, RowTaker, Take
from callcenter.features.sheets import read_rows
from callcenter.storage.database import Database
from workorder import uow
from workorder.errors import FieldProblem, WorkOrderError
from workorder.fields import FIELDS
from workorder.model.customers import Asset, Customer
from workorder.policy.forms import specs
from workorder.services.search_index import write_customers
from workorder.services.templates import templates

TAKEN_AT_ONCE = 200
MAX_FAULTS = 1000
"""Faults that are told; more are counted."""

_KEYS: Mapping[str, tuple[Any, Any]] = {
    "customers": (Customer.customer_id, Customer.external_key),
    "assets": (Asset.asset_id, Asset.external_key),
}


@dataclass(frozen=True, slots=True)
class RowFault:
    """What is wrong with one cell, and what to do: ``row`` counts from 1 with the header, ``column`` is ours."""

    row: int
    column: str | None
    message: str
    fix: str | None = None


@dataclass(slots=True, kw_only=True)
class ImportReport:
    """What became of the rows. ``taken`` is false when nothing was kept: a dry run, or one bad row in mode ``all``."""

    kind: str
    rows: int = 0
    created: int = 0
    updated: int = 0
    bad: int = 0
    taken: bool = False
    passed_over: tuple[str, ...] = ()
    faults: tuple[RowFault, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Importer:
    """Imports sheets by order of the user ``by``; ``read_phone`` knows the country."""

    database: Database
    by: str
    now: Callable[[], datetime]
    read_phone: ReadPhone
    country: str = "CN"

    async def run(
        self,
        file: Path,
        *,
        kind: str,
        sheet_format: str,
        mode: str = "all",
        dry_run: bool = False,
        progress: Callable[[int], None] = lambda _rows: None,
    ) -> ImportReport:
        """Take the file in. Raises Invalid for a file, header, kind or mode that cannot be used at all."""
        rows = read_rows(file, sheet_format)
        forms = await self._forms() if kind == "orders" else {}
        columns, passed_over = _header(kind, await asyncio.to_thread(next, rows, []), forms)
        taker = RowTaker(by=self.by, now=self.now, read_phone=self.read_phone, country=self.country)
        take = taker.of(kind, forms)
        report = ImportReport(kind=kind, passed_over=passed_over)
        faults: list[RowFault] = []
        numbered = ((number, _named(columns, cells)) for number, cells in enumerate(rows, start=2) if any(cells))
        whole = mode == "all" or dry_run
        more = True
        while more:
            async with self.database.write(alone=True) as work:
                more = await self._take(work.session, take, numbered, report, faults, whole=whole, progress=progress)
                if not dry_run and not (mode == "all" and report.bad):
                    await work.commit()
                    report.taken = True
        report.faults = tuple(faults)
        if not report.taken and not dry_run:
            report.created = report.updated = 0
        return report

    async def _take(
        self,
        session: AsyncSession,
        take: Take,
        rows: Iterator[tuple[int, Row]],
        report: ImportReport,
        faults: list[RowFault],
        *,
        whole: bool,
        progress: Callable[[int], None],
    ) -> bool:
        """Rows into one transaction: all, or the next few hundred; whether more may follow."""
        # Reading and unpacking happen beside the event loop: calls go on meanwhile.
        while batch := await asyncio.to_thread(lambda: list(islice(rows, TAKEN_AT_ONCE))):
            report.rows += len(batch)
            made = await _together(session, take, report.kind, batch)
            if made is None:
                made = [await self._one(session, take, number, row, report, faults) for number, row in batch]
            report.created += made.count(True)
            report.updated += made.count(False)
            await session.run_sync(write_customers)
            # Rows that are written are needed no more: the memory stays the same however long the file.
            session.expunge_all()
            progress(report.rows)
            if not whole:
                return True
        return False

    async def _one(
        self, session: AsyncSession, take: Take, number: int, row: Row, report: ImportReport, faults: list[RowFault]
    ) -> bool | None:
        """Take a row by itself; None: it is bad, and nothing of it stays."""
        try:
            async with uow.savepoint(session):
                return await take(session, row, await _filed_among(session, report.kind, [row]))
        except (WorkOrderError, CallcenterError) as error:
            report.bad += 1
            faults += _faults(number, error)[: max(0, MAX_FAULTS - len(faults))]
            return None

    async def _forms(self) -> Forms:
        async with self.database.read() as work:
            return {found.form.service_type: specs(found.form.fields) for found in await templates(work.session)}


async def _together(
    session: AsyncSession, take: Take, kind: str, batch: list[tuple[int, Row]]
) -> list[bool | None] | None:
    """Take the rows behind one savepoint, written by one statement a table; None: one is bad, and none was taken.

    Which one that is shows when each is taken by itself. So is what has one key twice: the second changes the first.
    """
    rows = [row for _, row in batch]
    keys = [key for row in rows if (key := row.get("external_key"))]
    if kind in _KEYS and len(set(keys)) < len(keys):
        return None
    try:
        async with uow.savepoint(session):
            filed = await _filed_among(session, kind, rows)
            return [await take(session, row, filed) for row in rows]
    except (WorkOrderError, CallcenterError, IntegrityError):
        return None


async def _filed_among(session: AsyncSession, kind: str, rows: Sequence[Row]) -> Filed:
    """What the rows' external keys are on file as, in one statement: asking row by row would write row by row."""
    own, other = _KEYS.get(kind, (None, None))
    keys = {key for row in rows if (key := row.get("external_key"))} if other is not None else ()
    if not keys:
        return {}
    return dict((await session.execute(select(other, own).where(other.in_(keys)))).all())


def _header(kind: str, cells: list[str], forms: Forms) -> tuple[list[str | None], tuple[str, ...]]:
    if kind not in SHEETS:
        raise Invalid(f"must be one of {', '.join(SHEETS)}", field="kind")
    own = [spec for form in forms.values() for spec in form.values() if spec.name not in FIELDS]
    columns = [column_of(kind, cell, own) for cell in cells]
    known = [column for column in columns if column is not None]
    if not known:
        raise Invalid(
            "the first row has no header that is known", field="file", fix=f"name columns {', '.join(SHEETS[kind])}"
        )
    twice = {column for column in known if known.count(column) > 1}
    if twice:
        raise Invalid(f"several columns mean {', '.join(sorted(twice))}", field="file", fix="keep one of each")
    unknown = [cell for cell, column in zip(cells, columns, strict=True) if column is None and cell]
    return columns, tuple(cell for cell in unknown if cell not in ALSO_EXPORTED[kind])


def _named(columns: list[str | None], cells: list[str]) -> dict[str, str]:
    return {column: cell for column, cell in zip(columns, cells, strict=False) if column is not None}


def _faults(number: int, error: WorkOrderError | CallcenterError) -> list[RowFault]:
    problems: tuple[FieldProblem, ...] = tuple(getattr(error, "errors", ()))
    if problems:
        return [RowFault(number, problem.field, problem.message, error.fix) for problem in problems]
    return [RowFault(number, error.field, error.message, error.fix)]
