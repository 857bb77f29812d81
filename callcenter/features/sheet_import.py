"""Takes a sheet in, row by row, through the same commands as everything else; every bad row is named with its reason.

``all`` takes every row or none, in one transaction (which keeps other writers waiting on SQLite); ``good`` takes the
rows that are right, some hundred at a time, and goes on past the others. Rows with an ``external_key`` that was taken
in before (users: their name) change what is there instead of doubling it, so the same file may be sent again.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.auth.sessions import checked_roles
from callcenter.errors import CallcenterError, Invalid, NotFound
from callcenter.features.addresses import completed
from callcenter.features.sheet_columns import ALSO_EXPORTED, ROLES, SHEETS, YES_OR_NO, column_of, content_of
from callcenter.features.sheets import read_rows
from callcenter.storage import audit, users
from callcenter.storage.database import Database
from workorder import uow
from workorder.commands import (
    AddAsset,
    CreateCustomer,
    CreateWorkOrder,
    EditAsset,
    EditCustomer,
    NewAddress,
    NewAsset,
    NewPhone,
)
from workorder.errors import FieldProblem, WorkOrderError
from workorder.fields import ADDRESS_PARTS, FIELDS, FieldContent, FieldSpec
from workorder.model.customers import Asset, Customer, CustomerPhone
from workorder.model.orders import WorkOrder
from workorder.policy.forms import specs
from workorder.policy.phones import PhoneKey
from workorder.services.assets import add_asset, edit_asset
from workorder.services.customer_file import edit_customer
from workorder.services.customers import add_customer
from workorder.services.reports import create_work_order
from workorder.services.search_index import write_customers
from workorder.services.templates import templates

MODES = ("all", "good")
TAKEN_AT_ONCE = 200
MAX_FAULTS = 1000
"""Faults that are told; more are counted."""

Row = Mapping[str, str]
Forms = Mapping[str, Mapping[str, FieldSpec]]
"""Service type → every field that its form in force has."""
ReadPhone = Callable[[str | None], PhoneKey]
Filed = Mapping[str, str]
"""Key of another system → our key of what has it, among the rows that are taken together."""
Take = Callable[[AsyncSession, Row, Filed], Awaitable[bool]]
"""Takes one row; whether it made something new."""
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
        take = partial(self._orders, forms=forms) if kind == "orders" else getattr(self, f"_{kind}")
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

    # ---- one row ------------------------------------------------------------------------------------------------

    async def _customers(self, session: AsyncSession, row: Row, filed: Filed) -> bool:
        key = row.get("external_key") or None
        found = await _own(session, Customer.customer_id, row.get("customer_id")) or filed.get(key or "")
        phones = tuple(NewPhone(number=row[name]) for name in ("phone", "phone2") if row.get(name))
        places = tuple([_address(row)] if any(row.get(part) for part in ADDRESS_PARTS) else [])
        if found is None:
            command = CreateCustomer(
                by=self.by,
                at=self.now(),
                name=row.get("name", ""),
                phones=phones,
                addresses=places,
                level=row.get("level") or "normal",
                notes=row.get("notes", ""),
                openid=row.get("openid", ""),
                miniprogram_openid=row.get("miniprogram_openid", ""),
                external_key=key,
                country=self.country,
            )
            await add_customer(session, command)
            return True
        changes = EditCustomer(
            by=self.by,
            at=self.now(),
            customer_id=found,
            name=row.get("name") or None,
            level=row.get("level") or None,
            notes=row.get("notes") or None,
            openid=row.get("openid") or None,
            miniprogram_openid=row.get("miniprogram_openid") or None,
            phones=phones or None,
            addresses=places or None,
            country=self.country,
        )
        await edit_customer(session, changes)
        return False

    async def _assets(self, session: AsyncSession, row: Row, filed: Filed) -> bool:
        key = row.get("external_key") or None
        found = await _own(session, Asset.asset_id, row.get("asset_id")) or filed.get(key or "")
        values: dict[str, str | date | None] = {
            name: row[name]
            for name in ("appliance", "brand", "model", "serial", "invoice_no", "notes")
            if row.get(name)
        }
        values |= {
            name: _day(name, row[name]) for name in ("purchased_on", "installed_on", "warranty_until") if row.get(name)
        }
        if found is not None:
            await edit_asset(session, EditAsset(by=self.by, at=self.now(), asset_id=found, changes=values))
            return False
        owner = await self._owner(session, row)
        asset = NewAsset(**{"appliance": "", **values, "external_key": key})  # type: ignore[arg-type]
        await add_asset(session, AddAsset(by=self.by, at=self.now(), customer_id=owner, asset=asset))
        return True

    async def _owner(self, session: AsyncSession, row: Row) -> str:
        """By the customer's key, or by a phone number that one customer has."""
        if row.get("customer_key"):
            condition, column = Customer.external_key == row["customer_key"], "customer_key"
        else:
            lookup = self.read_phone(row.get("phone")).lookup
            with_number = select(CustomerPhone.customer_id).where(CustomerPhone.lookup == (lookup or ""))
            condition, column = Customer.customer_id.in_(with_number), "phone"
        found = (await session.scalars(select(Customer.customer_id).where(condition).limit(2))).all()
        if len(found) != 1:
            many = "several customers have it" if found else "there is no such customer"
            raise Invalid(many, field=column, fix="give customer_key, or a phone number that one customer has")
        return found[0]

    async def _forms(self) -> Forms:
        async with self.database.read() as work:
            return {found.form.service_type: specs(found.form.fields) for found in await templates(work.session)}

    async def _orders(self, session: AsyncSession, row: Row, _filed: Filed, *, forms: Forms) -> bool:
        if await _own(session, WorkOrder.order_id, row.get("order_id")):
            # Orders change by their own steps, never by a sheet.
            return False
        apart = {*ADDRESS_PARTS, "order_id", "external_key", "appointment_start", "appointment_end"}
        service = content_of(FIELDS["service_type"], row.get("service_type", ""))
        known = forms.get(str(service), FIELDS)
        fields: dict[str, FieldContent | None] = {
            name: content_of(known.get(name), text) for name, text in row.items() if text and name not in apart
        }
        if any(row.get(part) for part in ADDRESS_PARTS):
            fields["address"] = {part: getattr(_address(row), part) or None for part in ADDRESS_PARTS}
        if row.get("appointment_start") or row.get("appointment_end"):
            fields["appointment"] = {end: row.get(f"appointment_{end}") or None for end in ("start", "end")}
        command = CreateWorkOrder(
            by=self.by,
            at=self.now(),
            channel="csv",
            fields=fields,
            external_id=row.get("external_key") or None,
            attach=False,
        )
        taken = await create_work_order(session, command)
        return str(taken.outcome) != "repeated"

    async def _users(self, session: AsyncSession, row: Row, _filed: Filed) -> bool:
        """By user name; a new user has no password until `user passwd` gives one or a link."""
        name, at = row.get("username", ""), self.now()
        roles = checked_roles(_roles(row["roles"])) if row.get("roles") else None
        display_name, interface = row.get("display_name") or None, row.get("interface") or None
        phone = row.get("phone") or None
        active = _yes_or_no("active", row["active"]) if row.get("active") else None
        found = await users.by_username(session, name) if name else None
        if found is None:
            done = await users.add_user(
                session,
                username=name,
                display_name=display_name or name,
                roles=roles or checked_roles(()),
                at=at,
                interface=interface,
                phone=phone,
            )
        else:
            done = await users.edit_user(
                session, found.user_id, display_name=display_name, roles=roles, interface=interface, phone=phone
            )
        if active is not None and active != done.active:
            await users.set_active(session, done.user_id, active=active)
        detail = {"roles": list(done.roles), "active": done.active if active is None else active}
        action = "user.added" if found is None else "user.changed"
        await audit.add(session, at=at, by=self.by, action=action, subject=done.user_id, detail=detail)
        return found is None


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


async def _own(session: AsyncSession, own: Any, own_key: str | None) -> str | None:
    """Our own key, if the row gives one: it must exist."""
    if not own_key:
        return None
    if await session.scalar(select(own).where(own == own_key)) is None:
        raise NotFound(f"there is no {own.key} {own_key}", field=own.key)
    return own_key


def phone_reader(country: str, area_code: str | None) -> ReadPhone:
    """``parse_phone`` with the settings' country and area code."""
    from workorder.policy.phones import parse_phone

    return partial(parse_phone, country=country, area_code=area_code)


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


def _address(row: Row) -> NewAddress:
    return completed(NewAddress(**{part: row.get(part, "") for part in ADDRESS_PARTS}))


def _day(name: str, text: str) -> date:
    """``2026-03-05``, ``2026/3/5``, ``2026年3月5日``, ``20260305``."""
    plain = text.replace("年", "-").replace("月", "-").replace("日", "").replace("/", "-").replace(".", "-")
    parts = plain.partition("T")[0].split("-")
    try:
        return date(*map(int, parts)) if len(parts) == 3 else date.fromisoformat(plain)
    except ValueError:
        raise Invalid(f"{text!r} is no day", field=name, fix="write it like 2026-03-05") from None


def _roles(text: str) -> list[str]:
    """``agent, supervisor``, ``坐席、班长``."""
    return [ROLES.get(word, word) for word in re.split(r"[\s,，、;；|]+", text.casefold()) if word]


def _yes_or_no(name: str, text: str) -> bool:
    try:
        return YES_OR_NO[text.casefold()]
    except KeyError:
        raise Invalid(f"{text!r} is neither yes nor no", field=name, fix="write yes or no") from None


def _faults(number: int, error: WorkOrderError | CallcenterError) -> list[RowFault]:
    problems: tuple[FieldProblem, ...] = tuple(getattr(error, "errors", ()))
    if problems:
        return [RowFault(number, problem.field, problem.message, error.fix) for problem in problems]
    return [RowFault(number, error.field, error.message, error.fix)]
