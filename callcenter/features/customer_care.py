"""Merging and forgetting customers across the whole call centre: the service domain, the calls, the access trail."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.storage import answers, audit, calls, deliveries
from workorder.commands import EraseCustomer, MergeCustomers
from workorder.services.customer_erasure import erase_customer, keys_of
from workorder.services.customer_merge import merge_customers
from workorder.views.customers import CustomerRecord


async def merge(session: AsyncSession, command: MergeCustomers) -> CustomerRecord:
    """The duplicate's calls follow the rest to the kept customer. Raises Invalid, Conflict, NotFound."""
    kept = await merge_customers(session, command)
    moved = await calls.move_customer(session, before=command.duplicate_id, after=command.customer_id)
    await audit.add(
        session,
        at=command.at,
        by=command.by,
        action="customer.merged",
        subject=command.customer_id,
        detail={"duplicate_id": command.duplicate_id, "calls": moved},
    )
    return kept


async def erase(session: AsyncSession, command: EraseCustomer) -> tuple[CustomerRecord, tuple[str, ...]]:
    """Forget the person, in messages and kept answers too; the second value are recordings: the caller deletes them.

    Raises Invalid (no reason), Conflict, NotFound.
    """
    record = await erase_customer(session, command)
    recordings = await calls.forget_customer(session, command.customer_id)
    keys = await keys_of(session, command.customer_id)
    await deliveries.forget(session, keys)
    await answers.forget(session, keys)
    await audit.add(
        session,
        at=command.at,
        by=command.by,
        action="customer.erased",
        subject=command.customer_id,
        detail={"recordings": len(recordings)},
    )
    return record, recordings
