"""Finding customers and putting them on file."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, bindparam, func, or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from workorder import uow
from workorder.commands import CreateCustomer, NewAddress, NewPhone
from workorder.errors import FieldProblem, Invalid, NotFound
from workorder.events import CustomerCreated
from workorder.fields import ADDRESS_PARTS, FieldContent
from workorder.ids import new_id
from workorder.model.customers import Asset, Customer, CustomerAddress, CustomerPhone
from workorder.model.json_rows import json_rows
from workorder.model.orders import WorkOrder
from workorder.policy.customers import OPENIDS
from workorder.policy.lifecycle import CLOSED, Status
from workorder.policy.phones import PhoneKey, PhoneReader, parse_phone
from workorder.services.asset_rows import asset_row
from workorder.services.customer_checks import check
from workorder.services.search_index import index_customer
from workorder.services.warranty import local_day, refresh, state_of
from workorder.views.assets import AssetView
from workorder.views.customers import AddressView, CustomerCard, PhoneView
from workorder.views.orders import AppointmentView, OrderBrief

OPEN_SHOWN, PAST_SHOWN, CANDIDATES = 20, 5, 6
_HOME_ZONE = timezone(timedelta(hours=8))
ON_FILE = and_(Customer.merged_into.is_(None), Customer.erased_at.is_(None))
"""Neither merged into another customer nor erased."""


def cards_of_phone(rows: Connection, key: PhoneKey, *, on: date | None = None) -> tuple[CustomerCard, ...]:
    """Everyone on file with this number (at most six, oldest customer first), in one indexed SELECT; () when hidden.

    ``on`` is the day on which warranties are judged, today (UTC+8) by default.
    """
    if key.lookup is None:
        return ()
    found = rows.execute(CARDS_BY_PHONE, {"lookup": key.lookup})
    return tuple(sorted((_card(row, on) for row in found), key=lambda card: card.customer_id))


async def cards_by_phone(session: AsyncSession, key: PhoneKey, *, on: date | None = None) -> tuple[CustomerCard, ...]:
    """``cards_of_phone`` inside a session's transaction."""
    return await uow.look(session, cards_of_phone, key, on=on)


def cards_of_json(rows: Iterable[Sequence[Any]], *, on: date | None = None) -> tuple[CustomerCard, ...]:
    """``cards_of_phone`` of rows that a bare driver gave for ``CARDS_BY_PHONE``: groups of children are JSON text."""
    decoded = ((*row[:3], *json.loads(f"[{','.join(row[3:8])}]"), row[8]) for row in rows)
    return tuple(sorted((_card(row, on) for row in decoded), key=lambda card: card.customer_id))


async def card_by_phone(session: AsyncSession, key: PhoneKey, *, on: date | None = None) -> CustomerCard | None:
    """The one customer with this number; None when there is none, or several share it (see ``cards_by_phone``)."""
    cards = await cards_by_phone(session, key, on=on)
    return cards[0] if len(cards) == 1 else None


async def card(session: AsyncSession, customer_id: str, *, on: date | None = None) -> CustomerCard:
    """The customer's card; raises NotFound."""
    row = (await session.execute(_CARD_BY_ID, {"wanted": customer_id})).first()
    if row is None:
        raise NotFound(f"there is no customer {customer_id}", field="customer_id")
    return _card(row, on)


async def cards(
    session: AsyncSession, customer_ids: Sequence[str], *, on: date | None = None
) -> tuple[CustomerCard, ...]:
    """The cards of those of ``customer_ids`` that are on file, in that order."""
    if not customer_ids:
        return ()
    rows = await session.execute(_CARD.where(Customer.customer_id.in_(customer_ids)))
    found = {row.customer_id: _card(row, on) for row in rows}
    return tuple(found[customer_id] for customer_id in customer_ids if customer_id in found)


async def search(session: AsyncSession, q: str, *, limit: int = 20, country: str = "CN") -> tuple[CustomerCard, ...]:
    """Customers whose name begins with ``q`` or who have the number ``q``, by name."""
    text = q.strip()
    if not text:
        return ()
    names = select(Customer.customer_id).where(Customer.name >= text, Customer.name < text + "\U0010ffff")
    numbers = select(CustomerPhone.customer_id).where(CustomerPhone.lookup == parse_phone(text, country=country).lookup)
    found = or_(Customer.customer_id.in_(names), Customer.customer_id.in_(numbers))
    rows = await session.execute(_CARD.where(found, ON_FILE).order_by(Customer.name, Customer.customer_id).limit(limit))
    return tuple(_card(row, None) for row in rows)


async def create_customer(session: AsyncSession, command: CreateCustomer) -> CustomerCard:
    """Put a customer on file. Raises Invalid naming every bad field."""
    customer = await add_customer(session, command)
    return await card(session, customer.customer_id, on=command.at.date())


async def add_customer(session: AsyncSession, command: CreateCustomer) -> Customer:
    """The same for whoever adds many: the rows are written when the session is next asked for something."""
    phones = [phone if isinstance(phone, NewPhone) else NewPhone(number=phone) for phone in command.phones]
    addresses = [*_first_address(command.address), *command.addresses]
    check(
        name=command.name,
        level=command.level,
        notes=command.notes,
        openids={name: getattr(command, name) for name in OPENIDS.values()},
        phones=phones,
        addresses=addresses,
    )
    customer = Customer(
        customer_id=new_id(),
        name=command.name.strip(),
        level=command.level,
        notes=command.notes.strip(),
        **{name: getattr(command, name).strip() or None for name in OPENIDS.values()},
        external_key=command.external_key,
        created_at=command.at,
        created_by=command.by,
    )
    reader = partial(parse_phone, country=command.country, area_code=command.area_code)
    customer.phones = [phone_row(phone, position, reader) for position, phone in enumerate(phones)]
    customer.addresses = [address_row(address, position) for position, address in enumerate(addresses)]
    customer.assets = [asset_row(asset) for asset in command.assets]
    session.add(customer)
    if customer.assets:
        await session.flush()
        await refresh(session, customer.assets, on=local_day(command.at))
        await session.flush()
    index_customer(session, customer.customer_id)
    uow.record(session, CustomerCreated(customer_id=customer.customer_id, at=command.at, by=command.by))
    return customer


async def known_fields(session: AsyncSession, customer_id: str) -> dict[str, FieldContent | None]:
    """What an order can take over from the customer: name, first phone, first address. Raises NotFound."""
    known = await card(session, customer_id)
    address = known.addresses[0] if known.addresses else None
    return {
        "customer_name": known.name,
        "contact_phone": known.phones[0].raw if known.phones else None,
        "address": {part: getattr(address, part) or None for part in ADDRESS_PARTS} if address else None,
    }


def phone_row(phone: NewPhone, position: int, read: PhoneReader) -> CustomerPhone:
    """A number to keep, read by ``read``."""
    key = read(phone.number)
    return CustomerPhone(
        phone_id=new_id(),
        position=position,
        raw=phone.number.strip(),
        e164=key.e164,
        lookup=key.lookup,
        label=(phone.label or "").strip() or None,
    )


def address_row(address: NewAddress, position: int) -> CustomerAddress:
    """An address to keep."""
    return CustomerAddress(
        address_id=new_id(),
        position=position,
        label=(address.label or "").strip() or None,
        division_code=address.division_code,
        **{part: getattr(address, part).strip() for part in ADDRESS_PARTS},
    )


def _first_address(parts: Mapping[str, str | None] | None) -> list[NewAddress]:
    if not parts or not any(parts.values()):
        return []
    unknown = set(parts) - set(ADDRESS_PARTS)
    if unknown:
        problem = FieldProblem("address", "not_allowed", f"has unknown parts {', '.join(sorted(unknown))}")
        raise Invalid(f"address: {problem.message}", errors=[problem])
    return [NewAddress(**{part: parts.get(part) or "" for part in ADDRESS_PARTS})]


def _statement() -> Select[*tuple[Any, ...]]:
    """One SELECT for a whole card: each group of children is one JSON column."""
    return select(
        Customer.customer_id,
        Customer.name,
        Customer.level,
        _children(CustomerPhone, CustomerPhone.position, CustomerPhone.raw, CustomerPhone.e164, CustomerPhone.label),
        _children(
            CustomerAddress,
            CustomerAddress.position,
            CustomerAddress.address_id,
            CustomerAddress.province,
            CustomerAddress.city,
            CustomerAddress.district,
            CustomerAddress.detail,
        ),
        _children(
            Asset,
            Asset.asset_id,
            Asset.appliance,
            Asset.brand,
            Asset.model,
            Asset.serial,
            Asset.purchased_on,
            Asset.warranty_until,
            Asset.warranty_basis,
        ),
        _orders(and_(*(WorkOrder.status != status for status in (Status.DRAFT, *sorted(CLOSED)))), OPEN_SHOWN),
        _orders(or_(*(WorkOrder.status == status for status in sorted(CLOSED))), PAST_SHOWN),
        select(func.count())
        .where(WorkOrder.customer_id == Customer.customer_id, WorkOrder.status != Status.DRAFT)
        .scalar_subquery(),
    )


def _children(owned: type[CustomerPhone | CustomerAddress | Asset], *columns: Any) -> Any:
    return select(json_rows(*columns)).where(owned.customer_id == Customer.customer_id).scalar_subquery()


_BRIEF = (
    WorkOrder.order_id,
    WorkOrder.number,
    WorkOrder.status,
    WorkOrder.service_type,
    WorkOrder.appliance,
    WorkOrder.brand,
    WorkOrder.fault,
    WorkOrder.created_at,
    WorkOrder.appointment_start,
    WorkOrder.appointment_end,
)


def _orders(condition: ColumnElement[bool], limit: int) -> Any:
    newest = (
        select(*_BRIEF)
        .where(WorkOrder.customer_id == Customer.customer_id, condition)
        .order_by(WorkOrder.created_at.desc())
        .limit(limit)
        .correlate(Customer)
        .subquery()
    )
    return select(json_rows(*newest.c)).scalar_subquery()


def _card(row: Sequence[Any], on: date | None) -> CustomerCard:
    customer_id, name, level, phones, addresses, assets, open_orders, past_orders, order_count = row
    day = on or datetime.now(_HOME_ZONE).date()
    return CustomerCard(
        customer_id=customer_id,
        name=name,
        level=level,
        phones=tuple(PhoneView(*columns[1:]) for columns in sorted(phones)),
        addresses=tuple(_address_view(columns) for columns in sorted(addresses)),
        assets=tuple(_asset_view(columns, day) for columns in sorted(assets)),
        open_orders=_briefs(open_orders),
        past_orders=_briefs(past_orders),
        order_count=order_count,
    )


def _address_view(columns: Sequence[Any]) -> AddressView:
    _, address_id, province, city, district, detail = columns
    return AddressView(address_id, province, city, district, detail, f"{province}{city}{district}{detail}")


def _asset_view(columns: Sequence[Any], day: date) -> AssetView:
    asset_id, appliance, brand, model, serial, purchased, until, basis = columns
    end = date.fromisoformat(until) if until else None
    bought = date.fromisoformat(purchased) if purchased else None
    return AssetView(asset_id, appliance, brand, model, serial, bought, end, state_of(end, basis, on=day), basis)


def _briefs(rows: Sequence[Sequence[Any]]) -> tuple[OrderBrief, ...]:
    newest_first = sorted(rows, key=lambda columns: (columns[7], columns[0]), reverse=True)
    return tuple(_brief(columns) for columns in newest_first)


def _brief(columns: Sequence[Any]) -> OrderBrief:
    order_id, number, status, service_type, appliance, brand, fault, created, start, end = columns
    slot = AppointmentView(_moment(start), _moment(end)) if start or end else None
    return OrderBrief(
        order_id, number, status, service_type, appliance, brand, fault, _utc(datetime.fromisoformat(created)), slot
    )


def _moment(text: str | None) -> datetime | None:
    return _utc(datetime.fromisoformat(text)) if text else None


def _utc(moment: datetime) -> datetime:
    """Times inside JSON columns: SQLite writes them without a zone, meaning UTC, PostgreSQL with the session's."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


# Built once: the pop pays for running a statement, not for putting it together.
_CARD = _statement()
_CARD_BY_ID = _CARD.where(Customer.customer_id == bindparam("wanted"))
CARDS_BY_PHONE = _CARD.where(
    Customer.customer_id.in_(
        select(CustomerPhone.customer_id).where(CustomerPhone.lookup == bindparam("lookup")).distinct()
    )
).limit(CANDIDATES)
