"""A customer's whole record: read it, change it with its history, under the version that the person saw."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import selectinload
from sqlalchemy.orm.attributes import flag_modified

from workorder import uow
from workorder.commands import EditCustomer, NewAddress, NewPhone
from workorder.errors import Conflict, NotFound
from workorder.events import CustomerEdited
from workorder.fields import ADDRESS_PARTS
from workorder.model.customers import Customer, CustomerAddress, CustomerChange, CustomerPhone
from workorder.policy.customers import OPENIDS
from workorder.policy.phones import PhoneReader, parse_phone
from workorder.services import service_level
from workorder.services.contract_views import contracts_of
from workorder.services.customer_checks import check
from workorder.services.customers import address_row, card, phone_row
from workorder.services.paging import check_limit, decode_number
from workorder.services.search_index import index_customer
from workorder.views.customers import AddressRecord, CustomerChangeView, CustomerRecord, PhoneRecord
from workorder.views.pages import Page


async def record(session: AsyncSession, customer_id: str) -> CustomerRecord:
    """Everything on file; raises NotFound."""
    customer = await loaded(session, customer_id)
    known = await card(session, customer_id)
    return CustomerRecord(
        customer_id=customer.customer_id,
        edit_version=customer.version,
        name=customer.name,
        level=customer.level,
        notes=customer.notes,
        openid=customer.openid,
        miniprogram_openid=customer.miniprogram_openid,
        external_key=customer.external_key,
        created_at=customer.created_at,
        updated_at=customer.updated_at,
        merged_into=customer.merged_into,
        erased_at=customer.erased_at,
        phones=tuple(_phone_view(phone) for phone in customer.phones),
        addresses=tuple(_address_view(address) for address in customer.addresses),
        assets=known.assets,
        contracts=await contracts_of(session, customer_id),
        open_orders=known.open_orders,
        past_orders=known.past_orders,
        order_count=known.order_count,
    )


async def edit_customer(session: AsyncSession, command: EditCustomer) -> CustomerRecord:
    """A person's changes. Raises Invalid (per field), Conflict (changed meanwhile, merged, erased), NotFound."""
    customer = await loaded(session, command.customer_id, lock=True)
    check_version(customer, command.edit_version)
    openids = {name: getattr(command, name) for name in OPENIDS.values()}
    check(
        name=command.name,
        level=command.level,
        notes=command.notes,
        openids=openids,
        phones=command.phones,
        addresses=command.addresses,
    )
    before = facts(customer)
    for part in ("name", "level", "notes"):
        if (text := getattr(command, part)) is not None:
            setattr(customer, part, text.strip())
    for name, openid in openids.items():
        if openid is not None:
            setattr(customer, name, openid.strip() or None)
    if command.phones is not None:
        reader = partial(parse_phone, country=command.country, area_code=command.area_code)
        customer.phones = _phones(customer.phones, command.phones, reader)
    if command.addresses is not None:
        customer.addresses = _addresses(customer.addresses, command.addresses)
    await note(session, customer, before, by=command.by, at=command.at)
    if command.level is not None:
        await service_level.refresh_orders_of(session, customer.customer_id, at=command.at)
    return await record(session, customer.customer_id)


async def changes_of_customer(
    session: AsyncSession, customer_id: str, *, cursor: str | None = None, limit: int = 100
) -> Page[CustomerChangeView]:
    """The record's history, oldest first, ``limit`` (1 to 200) a page. Raises NotFound, Invalid (limit, cursor)."""
    check_limit(limit)
    await loaded(session, customer_id)
    own = select(CustomerChange).where(
        CustomerChange.customer_id == customer_id, CustomerChange.change_id > decode_number(cursor)
    )
    rows = list(await session.scalars(own.order_by(CustomerChange.change_id).limit(limit + 1)))
    items = tuple(
        CustomerChangeView(row.customer_id, row.at, row.by, row.field, row.before, row.after, row.reason)
        for row in rows[:limit]
    )
    return Page(items, str(rows[limit - 1].change_id) if len(rows) > limit else None)


# ---- for the services that change customers otherwise ----------------------------------------------------------


async def loaded(session: AsyncSession, customer_id: str, *, lock: bool = False) -> Customer:
    """The customer with phones and addresses, ``lock``ed until the end of the transaction; raises NotFound."""
    statement = (
        select(Customer)
        .where(Customer.customer_id == customer_id)
        .options(selectinload(Customer.phones), selectinload(Customer.addresses))
        .execution_options(populate_existing=True)
    )
    found = await session.scalar(statement.with_for_update() if lock else statement)
    if found is None:
        raise NotFound(f"there is no customer {customer_id}", field="customer_id")
    return found


def check_version(customer: Customer, seen: int | None) -> None:
    """Raise Conflict when the record changed after the person read it, or may not change any more."""
    if customer.merged_into is not None:
        raise Conflict(
            f"customer {customer.customer_id} was merged into {customer.merged_into}",
            field="customer_id",
            fix="change that one",
        )
    if customer.erased_at is not None:
        raise Conflict(f"customer {customer.customer_id} was erased and stays so", field="customer_id")
    if seen is not None and seen != customer.version:
        raise Conflict(
            f"the customer was changed by somebody else (you saw version {seen}, it is now {customer.version})",
            field="edit_version",
            fix="load it again and repeat the change",
        )


def facts(customer: Customer) -> dict[str, object]:
    """What the history compares: plain values by part."""
    return {
        "name": customer.name,
        "level": customer.level,
        "notes": customer.notes,
        **{name: getattr(customer, name) for name in OPENIDS.values()},
        "phones": [{"number": phone.raw, "label": phone.label} for phone in customer.phones],
        "addresses": [
            {part: getattr(address, part) for part in (*ADDRESS_PARTS, "label", "division_code")}
            for address in customer.addresses
        ],
    }


async def note(
    session: AsyncSession, customer: Customer, before: dict[str, object], *, by: str, at: datetime
) -> tuple[str, ...]:
    """Write the history of what differs from ``before`` and record the event; nothing when nothing differs."""
    after = facts(customer)
    changed = tuple(part for part in after if after[part] != before[part])
    if not changed:
        return ()
    touch(customer, at)
    session.add_all(
        CustomerChange(
            customer_id=customer.customer_id, at=at, by=by, field=part, before=before[part], after=after[part]
        )
        for part in changed
    )
    index_customer(session, customer.customer_id)
    uow.record(
        session,
        CustomerEdited(customer_id=customer.customer_id, at=at, by=by, fields=changed, edit_version=customer.version),
    )
    return changed


def touch(customer: Customer, at: datetime) -> None:
    """The record has a new version even when only what belongs to it changed."""
    customer.updated_at = at
    flag_modified(customer, "updated_at")


def _phones(kept: Iterable[CustomerPhone], wanted: Sequence[NewPhone], read: PhoneReader) -> list[CustomerPhone]:
    """The new list; a number that was there keeps its row."""
    rows = {phone.lookup: phone for phone in kept}
    made: list[CustomerPhone] = []
    for position, phone in enumerate(wanted):
        fresh = phone_row(phone, position, read)
        row = rows.get(fresh.lookup)
        if row is not None:
            row.position, row.raw, row.label = position, fresh.raw, fresh.label
        made.append(row or fresh)
    return made


def _addresses(kept: Iterable[CustomerAddress], wanted: Sequence[NewAddress]) -> list[CustomerAddress]:
    """The new list; an address that was there keeps its row."""
    rows = {_place(address): address for address in kept}
    made: list[CustomerAddress] = []
    for position, address in enumerate(wanted):
        fresh = address_row(address, position)
        row = rows.pop(_place(fresh), None)
        if row is not None:
            row.position, row.label, row.division_code = position, fresh.label, fresh.division_code
        made.append(row or fresh)
    return made


def _place(address: CustomerAddress) -> tuple[str, ...]:
    return tuple(getattr(address, part) for part in ADDRESS_PARTS)


def _phone_view(phone: CustomerPhone) -> PhoneRecord:
    return PhoneRecord(phone.raw, phone.e164, parse_phone(phone.raw).display, phone.label)


def _address_view(address: CustomerAddress) -> AddressRecord:
    parts = {part: getattr(address, part) for part in ADDRESS_PARTS}
    return AddressRecord(
        address_id=address.address_id,
        label=address.label,
        division_code=address.division_code,
        **parts,
        display="".join(parts.values()),
    )
