"""Two records of one person become one: nothing that belongs to either is lost."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from workorder import uow
from workorder.commands import MergeCustomers, NewAddress, NewPhone
from workorder.errors import Invalid
from workorder.events import CustomersMerged
from workorder.fields import ADDRESS_PARTS
from workorder.model.customers import Asset, Customer, CustomerChange
from workorder.model.maintenance import MaintenancePlan
from workorder.model.orders import WorkOrder
from workorder.model.warranty import ServiceContract
from workorder.policy.customers import LEVELS, OPENIDS
from workorder.policy.phones import parse_phone
from workorder.services import service_level
from workorder.services.customer_file import check_version, facts, loaded, note, record, touch
from workorder.services.customers import address_row, phone_row
from workorder.services.search_index import index_customer
from workorder.views.customers import CustomerRecord


async def merge_customers(session: AsyncSession, command: MergeCustomers) -> CustomerRecord:
    """Move everything of the duplicate to the kept customer, whose record comes back.

    The duplicate's row stays, empty, and says where it went. Raises Invalid (one and the same), Conflict, NotFound.
    """
    if command.customer_id == command.duplicate_id:
        raise Invalid("a customer is no duplicate of itself", field="duplicate_id", fix="name another customer")
    kept, duplicate = await _both(session, command)
    check_version(kept, command.edit_version)
    check_version(duplicate, None)
    before = facts(kept)
    _take_over(kept, duplicate)
    duplicate.phones, duplicate.addresses = [], []
    duplicate.merged_into = kept.customer_id
    await _move_orders(session, kept, duplicate, command)
    await session.execute(
        update(Asset).where(Asset.customer_id == duplicate.customer_id).values(customer_id=kept.customer_id)
    )
    await session.execute(
        update(ServiceContract)
        .where(ServiceContract.customer_id == duplicate.customer_id)
        .values(customer_id=kept.customer_id)
    )
    await session.execute(
        update(MaintenancePlan)
        .where(MaintenancePlan.customer_id == duplicate.customer_id)
        .values(customer_id=kept.customer_id)
    )
    session.add_all(_history(kept, duplicate, command))
    touch(duplicate, command.at)
    touch(kept, command.at)
    await note(session, kept, before, by=command.by, at=command.at)
    await session.flush()
    await service_level.refresh_orders_of(session, kept.customer_id, at=command.at)
    index_customer(session, duplicate.customer_id)
    index_customer(session, kept.customer_id)
    uow.record(
        session,
        CustomersMerged(customer_id=kept.customer_id, at=command.at, by=command.by, duplicate_id=duplicate.customer_id),
    )
    return await record(session, kept.customer_id)


async def _both(session: AsyncSession, command: MergeCustomers) -> tuple[Customer, Customer]:
    """Locked in one order whatever the direction, so that two merges never wait for each other."""
    pair = sorted((command.customer_id, command.duplicate_id))
    found = {key: await loaded(session, key, lock=True) for key in pair}
    return found[command.customer_id], found[command.duplicate_id]


def _take_over(kept: Customer, duplicate: Customer) -> None:
    """Phones, addresses and notes the kept record lacks come after its own; openids move, the higher level stays."""
    known = {phone.lookup for phone in kept.phones}
    for phone in duplicate.phones:
        if phone.lookup not in known:
            moved = phone_row(NewPhone(number=phone.raw, label=phone.label), len(kept.phones), parse_phone)
            moved.e164, moved.lookup = phone.e164, phone.lookup
            kept.phones.append(moved)
    places = {tuple(getattr(address, part) for part in ADDRESS_PARTS) for address in kept.addresses}
    for address in duplicate.addresses:
        parts = {part: getattr(address, part) for part in ADDRESS_PARTS}
        if tuple(parts.values()) not in places:
            moved_to = NewAddress(**parts, label=address.label, division_code=address.division_code)
            kept.addresses.append(address_row(moved_to, len(kept.addresses)))
    kept.notes = "\n".join(dict.fromkeys(text for text in (kept.notes, duplicate.notes) if text))
    for name in OPENIDS.values():
        setattr(kept, name, getattr(kept, name) or getattr(duplicate, name))
        setattr(duplicate, name, None)
    order = list(LEVELS)
    kept.level = max(kept.level, duplicate.level, key=order.index)


async def _move_orders(session: AsyncSession, kept: Customer, duplicate: Customer, command: MergeCustomers) -> None:
    """Every order follows and says so in its own trail."""
    found = await session.scalars(
        select(WorkOrder).where(WorkOrder.customer_id == duplicate.customer_id).with_for_update()
    )
    for order in found:
        order.stamp(
            "customer_id",
            order.customer_id,
            kept.customer_id,
            by=command.by,
            at=command.at,
            reason="the two customers are one person",
        )
        order.customer_id = kept.customer_id


def _history(kept: Customer, duplicate: Customer, command: MergeCustomers) -> list[CustomerChange]:
    return [
        CustomerChange(
            customer_id=customer.customer_id, at=command.at, by=command.by, field=field, before=None, after=other
        )
        for customer, field, other in (
            (kept, "merged", duplicate.customer_id),
            (duplicate, "merged_into", kept.customer_id),
        )
    ]
