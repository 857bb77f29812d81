"""Writes customers, appliances or orders as a sheet that an import takes back, a thousand rows at a time.

The header: first the key, then the columns of the kind and the forms' own fields, last what an import passes over.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.errors import Invalid
from callcenter.features.sheet_columns import ALSO_EXPORTED, SHEETS
from callcenter.features.sheets import write_rows
from callcenter.storage.tables import UserRow
from workorder.fields import ADDRESS_PARTS
from workorder.model.customers import Asset, Customer, CustomerAddress, CustomerPhone
from workorder.model.orders import WorkOrder
from workorder.services.templates import own_field_names

BATCH = 1000


async def export(session: AsyncSession, file: Path, *, kind: str, sheet_format: str) -> int:
    """Write all of ``kind`` to ``file``; returns how many rows without the header. Raises Invalid (kind)."""
    if kind not in SHEETS:
        raise Invalid(f"must be one of {', '.join(SHEETS)}", field="kind")
    own = await own_field_names(session) if kind == "orders" else ()
    connection = await session.connection()
    return await connection.run_sync(_export, file, kind, sheet_format, own)


def _export(connection: Connection, file: Path, kind: str, sheet_format: str, own: Sequence[str]) -> int:
    return write_rows(file, sheet_format, _rows(connection, kind, own)) - 1


def _rows(connection: Connection, kind: str, own: Sequence[str]) -> Iterator[list[str]]:
    columns = (*SHEETS[kind], *own, *ALSO_EXPORTED[kind])
    yield list(columns)
    last = ""
    while rows := _BATCHES[kind](connection, last):
        for row in rows:
            yield [_cell(row.get(column)) for column in columns]
        last = rows[-1][columns[0]]


def _customers(connection: Connection, last: str) -> list[dict[str, Any]]:
    there = Customer.merged_into.is_(None) & Customer.erased_at.is_(None)
    kept = (
        Customer.customer_id,
        Customer.external_key,
        Customer.name,
        Customer.level,
        Customer.openid,
        Customer.miniprogram_openid,
        Customer.notes,
    )
    found = connection.execute(
        select(*kept).where(Customer.customer_id > last, there).order_by(Customer.customer_id).limit(BATCH)
    )
    rows = {row.customer_id: dict(row._mapping) for row in found}  # noqa: SLF001 - SQLAlchemy's documented name
    phones = select(CustomerPhone.customer_id, CustomerPhone.position, CustomerPhone.raw)
    for key, position, raw in connection.execute(phones.where(CustomerPhone.customer_id.in_(rows))):
        if position < 2:
            rows[key]["phone" if position == 0 else "phone2"] = raw
    places = select(CustomerAddress).where(CustomerAddress.customer_id.in_(rows), CustomerAddress.position == 0)
    for place in connection.execute(places).mappings():
        rows[place["customer_id"]] |= {part: place[part] for part in ADDRESS_PARTS}
    return list(rows.values())


def _assets(connection: Connection, last: str) -> list[dict[str, Any]]:
    statement = (
        select(Asset.__table__, Customer.external_key.label("customer_key"))
        .join(Customer, Customer.customer_id == Asset.customer_id)
        .where(Asset.asset_id > last)
        .order_by(Asset.asset_id)
        .limit(BATCH)
    )
    rows = [dict(row) for row in connection.execute(statement).mappings()]
    owners = [row["customer_id"] for row in rows]
    first = select(CustomerPhone.customer_id, CustomerPhone.raw).where(
        CustomerPhone.customer_id.in_(owners), CustomerPhone.position == 0
    )
    phones = {row.customer_id: row.raw for row in connection.execute(first)}
    for row in rows:
        row |= {"warranty_until": row["stated_until"], "warranty_ends": row["warranty_until"]}
        row["phone"] = phones.get(row["customer_id"])
    return rows


def _orders(connection: Connection, last: str) -> list[dict[str, Any]]:
    found = connection.execute(
        select(WorkOrder.__table__)
        .where(WorkOrder.order_id > last, WorkOrder.number.is_not(None))
        .order_by(WorkOrder.order_id)
        .limit(BATCH)
    )
    return [_order(row) for row in found.mappings()]


def _users(connection: Connection, last: str) -> list[dict[str, Any]]:
    """Never a password, nor what one could be found by."""
    kept = (UserRow.username, UserRow.display_name, UserRow.roles, UserRow.phone, UserRow.interface, UserRow.active)
    found = connection.execute(select(*kept).where(UserRow.username > last).order_by(UserRow.username).limit(BATCH))
    return [
        {**row, "roles": ", ".join(row["roles"]), "active": "yes" if row["active"] else "no"}
        for row in found.mappings()
    ]


def _order(row: Any) -> dict[str, Any]:
    values = {name: field.get("value") for name, field in row["field_values"].items()}
    address, slot = values.pop("address", None) or {}, values.pop("appointment", None) or {}
    kept = {name: row[name] for name in ("order_id", *ALSO_EXPORTED["orders"])}
    slots = {f"appointment_{end}": slot.get(end) for end in ("start", "end")}
    return {**values, **kept, **{part: address.get(part) for part in ADDRESS_PARTS}, **slots}


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return value.isoformat() if isinstance(value, date | datetime) else str(value)


_BATCHES = {"customers": _customers, "assets": _assets, "orders": _orders, "users": _users}
