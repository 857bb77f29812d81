"""Forgetting a person on request (个人信息保护法, article 47): what tells who somebody is goes, what counts stays.

Orders keep service type, appliance, fault, district, times and their whole life cycle, so that no statistics change.
"""

from __future__ import annotations

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from workorder import uow
from workorder.commands import EraseCustomer
from workorder.errors import Invalid
from workorder.events import CustomerErased
from workorder.fields import FIELDS, PERSONAL
from workorder.model.customers import Asset, Customer, CustomerChange
from workorder.model.orders import WorkOrder
from workorder.model.outcomes import SlotOutcome
from workorder.model.warranty import ServiceContract
from workorder.policy.customers import ERASED_NAME, OPENIDS
from workorder.services.customer_file import check_version, loaded, record, touch
from workorder.services.reports import forget_sender
from workorder.services.search_index import index_customer
from workorder.services.trail import redact
from workorder.views.customers import CustomerRecord


async def erase_customer(session: AsyncSession, command: EraseCustomer) -> CustomerRecord:
    """Take everything personal off the record, its orders and their histories. There is no way back.

    Records that were merged into this customer go the same way. Raises Invalid (no reason), Conflict, NotFound.
    """
    if not command.reason.strip():
        raise Invalid("must not be empty", field="reason", fix="say how the request came, somebody may ask")
    customer = await loaded(session, command.customer_id, lock=True)
    check_version(customer, command.edit_version)
    await _forget(session, customer, command)
    merged = await session.scalars(select(Customer.customer_id).where(Customer.merged_into == customer.customer_id))
    for key in merged.all():
        await _forget(session, await loaded(session, key, lock=True), command)
    await session.flush()
    erased = CustomerErased(
        customer_id=customer.customer_id, at=command.at, by=command.by, reason=command.reason.strip()
    )
    uow.record(session, erased)
    return await record(session, customer.customer_id)


async def keys_of(session: AsyncSession, customer_id: str) -> tuple[str, ...]:
    """Keys of the customer, of the records merged into it and of all their orders: what names the person elsewhere."""
    same = (Customer.customer_id == customer_id) | (Customer.merged_into == customer_id)
    customers = list(await session.scalars(select(Customer.customer_id).where(same)))
    orders = await session.scalars(select(WorkOrder.order_id).where(WorkOrder.customer_id.in_(customers)))
    return (*customers, *orders)


async def _forget(session: AsyncSession, customer: Customer, command: EraseCustomer) -> None:
    customer.name, customer.notes, customer.external_key = ERASED_NAME, "", None
    customer.phones, customer.addresses = [], []
    for name in OPENIDS.values():
        setattr(customer, name, None)
    customer.erased_at = command.at
    touch(customer, command.at)
    owned = update(Asset).where(Asset.customer_id == customer.customer_id)
    await session.execute(owned.values(serial="", invoice_no="", notes="", external_key=None))
    contracts = update(ServiceContract).where(ServiceContract.customer_id == customer.customer_id)
    await session.execute(contracts.values(notes=""))
    index_customer(session, customer.customer_id)
    await session.execute(delete(CustomerChange).where(CustomerChange.customer_id == customer.customer_id))
    session.add(
        CustomerChange(
            customer_id=customer.customer_id,
            at=command.at,
            by=command.by,
            field="erased",
            before=None,
            after=None,
            reason=command.reason.strip(),
        )
    )
    orders = await session.scalars(
        select(WorkOrder).where(WorkOrder.customer_id == customer.customer_id).with_for_update()
    )
    for order in orders.all():
        order.forget_person()
        personal = PERSONAL | (order.specs.keys() - FIELDS.keys())
        await redact(session, order, personal, by=command.by, at=command.at, reason=command.reason.strip())
        await forget_sender(session, order.order_id)
        heard = update(SlotOutcome).where(SlotOutcome.order_id == order.order_id, SlotOutcome.field.in_(PERSONAL))
        await session.execute(heard.values(heard=None, final=None, evidence=[]))
