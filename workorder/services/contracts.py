"""Extended warranties (延保), maintenance contracts (维保) and makers' terms: what covers beyond the law."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncSession

from workorder import uow
from workorder.commands import NewTerms, ReplaceTerms, SaveContract
from workorder.errors import Conflict, FieldProblem, Invalid
from workorder.events import ContractSaved
from workorder.ids import new_id
from workorder.model.customers import Asset
from workorder.model.warranty import MakerTerms, ServiceContract
from workorder.services.contract_views import contract_view
from workorder.services.customer_file import check_version, loaded, touch
from workorder.services.warranty import local_day, refresh
from workorder.views.assets import ContractView, TermsView

KINDS = ("extended", "maintenance")
MAX_MONTHS = 1200
MAX_TERMS = 5000


async def save_contract(session: AsyncSession, command: SaveContract) -> ContractView:
    """Make or change the contract with this number; warranties follow at once.

    Raises Invalid (per field), Conflict (the number is another customer's), NotFound.
    """
    customer = await loaded(session, command.customer_id, lock=True)
    check_version(customer, None)
    _check(command)
    assets = await _covered(session, command)
    row = await session.scalar(select(ServiceContract).where(ServiceContract.number == command.number.strip()))
    if row is not None and row.customer_id != command.customer_id:
        raise Conflict(f"contract {row.number} is another customer's", field="number", fix="use another number")
    if row is None:
        row = ServiceContract(
            contract_id=new_id(), edit_version=0, created_at=command.at, created_by=command.by, notes=""
        )
        session.add(row)
    row.number, row.customer_id = command.number.strip(), command.customer_id
    for name in ("kind", "starts_on", "ends_on", "asset_id", "covers_repair", "visits_included", "notes"):
        setattr(row, name, getattr(command, name))
    row.edit_version += 1
    touch(customer, command.at)
    await session.flush()
    await refresh(session, assets, on=local_day(command.at))
    saved = ContractSaved(
        customer_id=row.customer_id,
        at=command.at,
        by=command.by,
        contract_id=row.contract_id,
        number=row.number,
        asset_id=row.asset_id,
    )
    uow.record(session, saved)
    return contract_view(row)


async def list_terms(session: AsyncSession) -> tuple[TermsView, ...]:
    """Every maker's terms, by brand and appliance."""
    rows = await session.scalars(
        select(MakerTerms).order_by(MakerTerms.brand, MakerTerms.appliance, MakerTerms.terms_id)
    )
    return tuple(
        TermsView(
            brand=row.brand,
            appliance=row.appliance,
            whole_months=row.whole_months,
            part_months=row.part_months,
            from_installation=row.from_installation,
            sold_from=row.sold_from,
            sold_to=row.sold_to,
            source=row.source,
        )
        for row in rows
    )


async def replace_terms(session: AsyncSession, command: ReplaceTerms) -> int:
    """Take these terms instead of all there are; returns how many appliances' warranties were worked out again.

    Raises Invalid naming each bad line; then the old ones stay.
    """
    problems = [problem for number, terms in enumerate(command.terms) for problem in _bad_terms(number, terms)]
    if len(command.terms) > MAX_TERMS:
        problems.append(FieldProblem("terms", "too_many", f"at most {MAX_TERMS} are kept"))
    if problems:
        raise Invalid("; ".join(f"{p.field}: {p.message}" for p in problems[:5]), errors=problems)
    brands = {terms.brand.strip() for terms in command.terms}
    brands |= set(await session.scalars(select(MakerTerms.brand).distinct()))
    await session.execute(delete(MakerTerms))
    session.add_all(_terms_row(terms) for terms in command.terms)
    await session.flush()
    count = 0
    for brand in sorted(brands):
        assets = (await session.scalars(select(Asset).where(Asset.brand == brand))).all()
        await refresh(session, assets, on=local_day(command.at))
        count += len(assets)
    await session.flush()
    return count


def _check(command: SaveContract) -> None:
    problems = []
    if not 0 < len(command.number.strip()) <= 60:
        problems.append(FieldProblem("number", "required", "must have 1 to 60 characters"))
    if command.kind not in KINDS:
        problems.append(FieldProblem("kind", "not_allowed", f"must be one of {', '.join(KINDS)}"))
    if command.ends_on < command.starts_on:
        problems.append(FieldProblem("ends_on", "not_allowed", "ends before it starts"))
    if not 0 <= command.visits_included <= 1000:
        problems.append(FieldProblem("visits_included", "not_allowed", "must be between 0 and 1000"))
    if len(command.notes) > 2000 or "\x00" in command.notes + command.number:
        problems.append(FieldProblem("notes", "too_long", "at most 2000 characters, none of them NUL"))
    if problems:
        raise Invalid("; ".join(f"{p.field}: {p.message}" for p in problems), errors=problems)


async def _covered(session: AsyncSession, command: SaveContract) -> list[Asset]:
    mine = (await session.scalars(select(Asset).where(Asset.customer_id == command.customer_id))).all()
    if command.asset_id is None:
        return list(mine)
    if command.asset_id not in {asset.asset_id for asset in mine}:
        raise Conflict(f"the customer has no appliance {command.asset_id}", field="asset_id")
    # The contract may have been about another one until now.
    return list(mine)


def _bad_terms(number: int, terms: NewTerms) -> Iterator[FieldProblem]:
    place = f"terms.{number}"
    for name, limit in (("brand", 60), ("appliance", 60), ("source", 200)):
        text = getattr(terms, name).strip()
        if not 0 < len(text) <= limit or "\x00" in text:
            yield FieldProblem(f"{place}.{name}", "required", f"must have 1 to {limit} characters")
    for what, months in (("whole_months", terms.whole_months), *terms.part_months.items()):
        if not 0 <= months <= MAX_MONTHS:
            yield FieldProblem(f"{place}.{what}", "not_allowed", f"must be between 0 and {MAX_MONTHS} months")
    if terms.sold_from and terms.sold_to and terms.sold_to < terms.sold_from:
        yield FieldProblem(f"{place}.sold_to", "not_allowed", "ends before it starts")


def _terms_row(terms: NewTerms) -> MakerTerms:
    return MakerTerms(
        terms_id=new_id(),
        brand=terms.brand.strip(),
        appliance=terms.appliance.strip(),
        whole_months=terms.whole_months,
        part_months=dict(terms.part_months),
        from_installation=terms.from_installation,
        sold_from=terms.sold_from,
        sold_to=terms.sold_to,
        source=terms.source.strip(),
    )
