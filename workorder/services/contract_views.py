"""A customer's contracts as everyone sees them."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from workorder.model.warranty import ServiceContract
from workorder.views.assets import ContractView


async def contracts_of(session: AsyncSession, customer_id: str) -> tuple[ContractView, ...]:
    """The customer's contracts, the one that ends last first."""
    rows = await session.scalars(
        select(ServiceContract)
        .where(ServiceContract.customer_id == customer_id)
        .order_by(ServiceContract.ends_on.desc(), ServiceContract.contract_id)
    )
    return tuple(contract_view(row) for row in rows)


def contract_view(row: ServiceContract) -> ContractView:
    """A contract."""
    return ContractView(
        contract_id=row.contract_id,
        number=row.number,
        customer_id=row.customer_id,
        asset_id=row.asset_id,
        kind=row.kind,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        covers_repair=row.covers_repair,
        visits_included=row.visits_included,
        notes=row.notes,
        edit_version=row.edit_version,
    )
