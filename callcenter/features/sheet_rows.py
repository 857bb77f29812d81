"""Rows of sheets, each by the same command as everything else: a customer, an appliance, an order, a user."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.auth.sessions import checked_roles
from callcenter.errors import Invalid, NotFound
from callcenter.features.addresses import completed
from callcenter.features.sheet_columns import ROLES, YES_OR_NO, content_of
from callcenter.storage import audit, users
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
from workorder.fields import ADDRESS_PARTS, FIELDS, FieldContent, FieldSpec
from workorder.model.customers import Asset, Customer, CustomerPhone
from workorder.model.orders import WorkOrder
from workorder.policy.phones import PhoneKey, parse_phone
from workorder.services.assets import add_asset, edit_asset
from workorder.services.customer_file import edit_customer
from workorder.services.customers import add_customer
from workorder.services.reports import create_work_order

Row = Mapping[str, str]
Forms = Mapping[str, Mapping[str, FieldSpec]]
"""Service type → every field that its form in force has."""
ReadPhone = Callable[[str | None], PhoneKey]
Filed = Mapping[str, str]
"""Key of another system → our key of what has it, among the rows that are taken together."""
Take = Callable[[AsyncSession, Row, Filed], Awaitable[bool]]
"""Takes one row; whether it made something new."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowTaker:
    """Takes single rows by order of the user ``by``; ``read_phone`` knows the country."""

    by: str
    now: Callable[[], datetime]
    read_phone: ReadPhone
    country: str

    def of(self, kind: str, forms: Forms) -> Take:
        """What takes a row of a ``kind`` of sheet; raises Invalid and the errors of the commands for a bad row."""
        takes: Mapping[str, Take] = {
            "customers": self._customers,
            "assets": self._assets,
            "orders": partial(self._orders, forms=forms),
            "users": self._users,
        }
        return takes[kind]

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


async def _own(session: AsyncSession, own: Any, own_key: str | None) -> str | None:
    """Our own key, if the row gives one: it must exist."""
    if not own_key:
        return None
    if await session.scalar(select(own).where(own == own_key)) is None:
        raise NotFound(f"there is no {own.key} {own_key}", field=own.key)
    return own_key


def phone_reader(country: str, area_code: str | None) -> ReadPhone:
    """``parse_phone`` with the settings' country and area code."""
    return partial(parse_phone, country=country, area_code=area_code)


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
