"""Warranty of appliances on file: gathers what the rules need, keeps the short answer with the appliance.

The short answer (``Asset.warranty_until``, ``warranty_basis``) is what the pop shows: it is worked out again whenever
the appliance, a contract or a maker's terms change, or a repair of it is finished.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, timedelta, timezone

from sqlalchemy import or_, select
from sqlalchemy.ext.asyncio import AsyncSession

from workorder.errors import Invalid, NotFound
from workorder.model.customers import Asset
from workorder.model.orders import WorkOrder
from workorder.model.trail import OrderChange
from workorder.model.warranty import MakerTerms, ServiceContract
from workorder.policy.lifecycle import Status
from workorder.policy.sanbao_cn import Cause
from workorder.policy.warranty import (
    Basis,
    Contract,
    Cover,
    Facts,
    Repair,
    Terms,
    Verdict,
    Warranty,
    covers,
    decide,
    warranty_state,
)
from workorder.policy.warranty_citations import in_english
from workorder.views.assets import OrderWarrantyView, ReasonView, WarrantyView

_HOME_ZONE = timezone(timedelta(hours=8))
_UNDER_REPAIR = "repair"


def local_day(at: datetime) -> date:
    """The day at UTC+8, on which warranties are judged."""
    return at.astimezone(_HOME_ZONE).date()


def state_of(until: date | None, basis: str | None, *, on: date) -> str:
    """The short answer on a day: in, extended, out or unknown."""
    state = warranty_state(until=until, on=on)
    return str(Warranty.EXTENDED if state is Warranty.IN and basis == Basis.CONTRACT else state)


async def asset_warranty(
    session: AsyncSession, asset_id: str, *, on: date, part: str | None = None, cause: str | None = None
) -> WarrantyView:
    """The decision for an appliance on file, or one part of it. Raises NotFound, Invalid (no such cause)."""
    asset = await session.get(Asset, asset_id)
    if asset is None:
        raise NotFound(f"there is no asset {asset_id}", field="asset_id")
    return await _decided(session, asset, on=on, part=part, cause=cause)


async def order_warranty(
    session: AsyncSession, order_id: str, *, on: date, part: str | None = None, cause: str | None = None
) -> OrderWarrantyView:
    """What the order's customer claims against what is so, by the appliance on file or else by the order's fields.

    Raises NotFound, Invalid (no such cause).
    """
    order = await session.get(WorkOrder, order_id)
    if order is None:
        raise NotFound(f"there is no work order {order_id}", field="order_id")
    asset = await session.get(Asset, order.asset_id) if order.asset_id else None
    if asset is None:
        facts = _facts_of_order(order)
        terms = await terms_for(session, facts.brand)
        verdict = _view(decide(facts, on=on, part=part, cause=_cause(cause), terms=terms), on, part)
    else:
        verdict = await _decided(session, asset, on=on, part=part, cause=cause)
    claimed = _claim(order)
    return OrderWarrantyView(
        order_id=order_id,
        asset_id=order.asset_id,
        claimed=claimed,
        agrees=agrees(claimed, verdict.state),
        warranty=verdict,
    )


def agrees(claimed: bool | None, state: str) -> bool | None:
    """Whether the customer's word fits; None while either is not known."""
    if claimed is None or state == Warranty.UNKNOWN:
        return None
    return claimed == (state in (Warranty.IN, Warranty.EXTENDED))


async def judge_order(session: AsyncSession, order: WorkOrder, *, at: datetime) -> None:
    """At creation: find the appliance the order is about, keep its warranty, and warn when the claim is wrong."""
    if order.asset_id is None and order.customer_id is not None:
        fitting = [asset for asset in await _assets_of(session, order.customer_id) if _is_about(order, asset)]
        order.asset_id = fitting[0].asset_id if len(fitting) == 1 else None
    await note_warranty(session, order, on=local_day(at))


async def note_warranty(session: AsyncSession, order: WorkOrder, *, on: date) -> None:
    """Keep the short answer with the order; an alert says that the customer's word and the file differ."""
    asset = await session.get(Asset, order.asset_id) if order.asset_id else None
    order.warranty = state_of(asset.warranty_until, asset.warranty_basis, on=on) if asset else None
    others = [alert for alert in order.alerts if alert["kind"] != "warranty"]
    wrong = asset is not None and agrees(_claim(order), order.warranty or "unknown") is False
    text = "客户称在保，登记为保外" if _claim(order) else "客户称不在保，登记为保内"
    order.alerts = [*others, {"kind": "warranty", "display": text}] if wrong else others


async def refresh(session: AsyncSession, assets: Iterable[Asset], *, on: date) -> None:
    """Work the short answer of these appliances out again."""
    for asset in assets:
        facts = await _facts(session, asset)
        terms = await terms_for(session, asset.brand)
        contracts = await _contracts(session, asset)
        verdict = decide(facts, on=on, terms=terms, contracts=contracts)
        found = covers(facts, on=on, terms=terms, contracts=contracts)
        asset.warranty_until = _without_gap(found, verdict.until, on)
        asset.warranty_basis = str(verdict.basis) if verdict.basis else None


async def refresh_of_order(session: AsyncSession, order: WorkOrder, *, at: datetime) -> None:
    """A repair is over or goes on: its days count."""
    asset = await session.get(Asset, order.asset_id) if order.asset_id else None
    if asset is not None and order.service_type == _UNDER_REPAIR:
        await refresh(session, [asset], on=local_day(at))


async def terms_for(session: AsyncSession, brand: str) -> list[Terms]:
    """A maker's terms."""
    if not brand:
        return []
    rows = await session.scalars(select(MakerTerms).where(MakerTerms.brand == brand))
    return [
        Terms(
            brand=row.brand,
            appliance=row.appliance,
            whole_months=row.whole_months,
            part_months=tuple(row.part_months.items()),
            from_installation=row.from_installation,
            sold_from=row.sold_from,
            sold_to=row.sold_to,
            source=row.source,
        )
        for row in rows
    ]


async def _decided(
    session: AsyncSession, asset: Asset, *, on: date, part: str | None, cause: str | None
) -> WarrantyView:
    verdict = decide(
        await _facts(session, asset),
        on=on,
        part=part,
        cause=_cause(cause),
        terms=await terms_for(session, asset.brand),
        contracts=await _contracts(session, asset),
    )
    return _view(verdict, on, part)


def _view(verdict: Verdict, on: date, part: str | None) -> WarrantyView:
    return WarrantyView(
        on=on,
        part=part,
        state=str(verdict.state),
        until=verdict.until,
        basis=str(verdict.basis) if verdict.basis else None,
        remedies=tuple(map(str, verdict.remedies)),
        reasons=tuple(
            ReasonView(r.code, r.text, r.text_en, r.citation, in_english(r.citation)) for r in verdict.reasons
        ),
    )


def _cause(word: str | None) -> Cause | None:
    try:
        return Cause(word) if word else None
    except ValueError:
        raise Invalid(f"must be one of {', '.join(Cause)}", field="cause") from None


async def _facts(session: AsyncSession, asset: Asset) -> Facts:
    return Facts(
        appliance=asset.appliance,
        brand=asset.brand,
        sold_on=asset.purchased_on,
        invoice_no=asset.invoice_no or "",
        installed_on=asset.installed_on,
        replaced_on=asset.replaced_on,
        stated_until=asset.stated_until,
        repairs=await _repairs(session, asset.asset_id),
    )


def _facts_of_order(order: WorkOrder) -> Facts:
    """What was said counts as far as it goes: a purchase date that is a date."""
    value = order.fields.get("purchase_date")
    try:
        sold = date.fromisoformat(str(value.value)) if value and value.value else None
    except ValueError:
        sold = None
    return Facts(appliance=order.appliance or "", brand=order.brand or "", sold_on=sold)


def _claim(order: WorkOrder) -> bool | None:
    field = order.fields.get("in_warranty_claim")
    return field.value if field is not None and isinstance(field.value, bool) else None


async def _repairs(session: AsyncSession, asset_id: str | None) -> tuple[Repair, ...]:
    """Repair orders of the appliance: from the day they were taken down to the day they were last completed."""
    if asset_id is None:
        return ()
    rows = await session.execute(
        select(WorkOrder.order_id, WorkOrder.saved_at, WorkOrder.status).where(
            WorkOrder.asset_id == asset_id,
            WorkOrder.service_type == _UNDER_REPAIR,
            WorkOrder.saved_at.is_not(None),
            WorkOrder.status != Status.CANCELLED,
        )
    )
    orders = {order_id: (saved, status) for order_id, saved, status in rows}
    if not orders:
        return ()
    steps = await session.execute(
        select(OrderChange.order_id, OrderChange.at, OrderChange.after)
        .where(OrderChange.order_id.in_(orders), OrderChange.field == "status")
        .order_by(OrderChange.change_id)
    )
    done = {order_id: at for order_id, at, after in steps if after == Status.COMPLETED}
    finished = {Status.COMPLETED, Status.CONFIRMED, Status.FOLLOWED_UP}
    return tuple(
        Repair(local_day(saved), local_day(done[key]) if status in finished and key in done else None)
        for key, (saved, status) in sorted(orders.items())
        if saved is not None
    )


async def _contracts(session: AsyncSession, asset: Asset) -> list[Contract]:
    rows = await session.scalars(
        select(ServiceContract).where(
            ServiceContract.customer_id == asset.customer_id,
            or_(ServiceContract.asset_id.is_(None), ServiceContract.asset_id == asset.asset_id),
            ServiceContract.covers_repair,
        )
    )
    return [Contract(number=row.number, since=row.starts_on, until=row.ends_on) for row in rows]


def _without_gap(found: Sequence[Cover], until: date | None, on: date) -> date | None:
    """The last day up to which one cover follows the other from ``on`` without a day between them."""
    if until is None or until < on:
        return until
    for cover in sorted(found, key=lambda cover: cover.since):
        if cover.since <= until + timedelta(days=1):
            until = max(until, cover.until)
    return until


async def _assets_of(session: AsyncSession, customer_id: str) -> Sequence[Asset]:
    found = await session.scalars(select(Asset).where(Asset.customer_id == customer_id, Asset.retired_on.is_(None)))
    return found.all()


def _is_about(order: WorkOrder, asset: Asset) -> bool:
    """The same kind of appliance, and nothing that is known of both differs."""
    pairs = ((order.brand, asset.brand), (order.model, asset.model))
    return (
        bool(order.appliance)
        and order.appliance == asset.appliance
        and all(not said or not filed or said.casefold() == filed.casefold() for said, filed in pairs)
    )
