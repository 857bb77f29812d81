"""Maintenance plans: kept with the customer, and turned into orders ahead of time, each visit once."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, tzinfo

from sqlalchemy import func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from workorder import uow
from workorder.commands import MACHINE, CreateOrder, OpenDraft, SavePlan, SetAsset
from workorder.errors import Conflict, FieldProblem, Invalid, NotFound
from workorder.events import MaintenanceDue
from workorder.fields import FieldContent
from workorder.ids import new_id
from workorder.model.customers import Asset, Customer
from workorder.model.maintenance import MaintenancePlan, MaintenanceVisit
from workorder.model.warranty import ServiceContract
from workorder.policy.maintenance import Rhythm
from workorder.services import orders
from workorder.services.assets import set_asset
from workorder.services.customer_file import check_version, loaded, touch
from workorder.services.paging import check_limit, decode_cursor, encode_cursor
from workorder.services.timers import clear_timer, set_timer
from workorder.views.assets import PlanView, VisitView
from workorder.views.pages import Page

TIMER = "maintenance"
MAX_INTERVAL, MAX_LEAD = 120, 180


async def save_plan(session: AsyncSession, command: SavePlan, *, zone: tzinfo) -> PlanView:
    """Make a plan, or change the one named. Raises Invalid (per field), Conflict (changed meanwhile), NotFound."""
    plan = await _plan(session, command.plan_id, lock=True) if command.plan_id else None
    customer = await loaded(session, plan.customer_id if plan else command.customer_id, lock=True)
    check_version(customer, None)
    _check(command)
    await _check_owner(session, customer.customer_id, command)
    if plan is None:
        plan = MaintenancePlan(
            plan_id=new_id(),
            customer_id=customer.customer_id,
            created_at=command.at,
            created_by=command.by,
            edit_version=0,
        )
        session.add(plan)
    elif command.edit_version is not None and command.edit_version != plan.edit_version:
        raise Conflict(
            f"the plan was changed by somebody else (you saw version {command.edit_version}, "
            f"it is now {plan.edit_version})",
            field="edit_version",
            fix="load it again and repeat the change",
        )
    for name in (
        "asset_id", "contract_id", "title", "interval_months", "lead_days", "first_on", "ends_on", "active", "notes",
    ):  # fmt: skip
        setattr(plan, name, getattr(command, name))
    plan.stopped_because = None if plan.active else "by_hand"
    plan.edit_version += 1
    touch(customer, command.at)
    await session.flush()
    await _wind_up(session, plan, zone)
    return await plan_view(session, plan.plan_id)


async def plan_view(session: AsyncSession, plan_id: str) -> PlanView:
    """The plan with its visits, the newest first. Raises NotFound."""
    plan = await _plan(session, plan_id)
    rows = await session.scalars(
        select(MaintenanceVisit).where(MaintenanceVisit.plan_id == plan_id).order_by(MaintenanceVisit.due_on.desc())
    )
    return _view(plan, tuple(VisitView(row.due_on, row.order_id, row.at) for row in rows))


async def plans_of(session: AsyncSession, customer_id: str) -> tuple[PlanView, ...]:
    """A customer's plans, oldest first, without their visits."""
    rows = await session.scalars(
        select(MaintenancePlan).where(MaintenancePlan.customer_id == customer_id).order_by(MaintenancePlan.plan_id)
    )
    return tuple(_view(row, ()) for row in rows)


async def plans_due(
    session: AsyncSession, *, before: date, cursor: str | None = None, limit: int = 100
) -> Page[PlanView]:
    """Plans with a visit due on or before a day, the most urgent first. Raises Invalid (limit, cursor)."""
    check_limit(limit)
    place = (MaintenancePlan.next_on, MaintenancePlan.plan_id)
    statement = select(MaintenancePlan).where(MaintenancePlan.active, MaintenancePlan.next_on <= before)
    if cursor is not None:
        at, key = decode_cursor(cursor)
        statement = statement.where(tuple_(*place) > (at.date(), key))
    rows = (await session.scalars(statement.order_by(*place).limit(limit + 1))).all()
    items = tuple(_view(row, ()) for row in rows[:limit])
    last = items[-1].next_on if len(rows) > limit else None
    return Page(items, encode_cursor(datetime.combine(last, time(), UTC), items[-1].plan_id) if last else None)


async def open_visit(session: AsyncSession, plan_id: str, *, at: datetime, zone: tzinfo) -> str | None:
    """Create the order of the visit that is open at ``at``, once however often this is asked; returns its id.

    None when nothing is to do. A plan whose contract is used up, whose appliance is gone or whose customer asked to be
    forgotten stops, and says why. An order that lacks what it needs (an address) stays a draft for an agent.
    """
    plan = await _plan(session, plan_id, lock=True)
    if not plan.active:
        return None
    plan.stopped_because = await _over(session, plan)
    if plan.stopped_because is not None:
        plan.active = False
        await _wind_up(session, plan, zone)
        return None
    due, overtaken = _rhythm(plan).open_at(plan.done_on, at, zone)
    session.add_all(MaintenanceVisit(plan_id=plan_id, due_on=day, order_id=None, at=at) for day in overtaken)
    order_id = None
    if due is not None:
        order_id = await _order(session, plan, due, at=at, zone=zone)
        session.add(MaintenanceVisit(plan_id=plan_id, due_on=due, order_id=order_id, at=at))
        plan.done_on = due
    await session.flush()
    await _wind_up(session, plan, zone)
    return order_id


async def _order(session: AsyncSession, plan: MaintenancePlan, due: date, *, at: datetime, zone: tzinfo) -> str:
    asset = await session.get(Asset, plan.asset_id) if plan.asset_id else None
    fields: dict[str, FieldContent | None] = {
        "service_type": "maintenance",
        "description": f"{plan.title}：计划上门日 {due.isoformat()}",
    }
    if asset is not None:
        known = {"appliance": asset.appliance, "brand": asset.brand, "model": asset.model}
        fields |= {name: text for name, text in known.items() if text}
    draft = await orders.open_draft(session, OpenDraft(by=MACHINE, at=at, customer_id=plan.customer_id, fields=fields))
    if plan.asset_id is not None:
        await set_asset(session, SetAsset(by=MACHINE, at=at, order_id=draft.order_id, asset_id=plan.asset_id))
    number = None
    if not draft.missing:
        day = f"{at.astimezone(zone):%Y%m%d}"
        command = CreateOrder(by=MACHINE, at=at, order_id=draft.order_id, business_day=day)
        number = (await orders.create_order(session, command)).number
    uow.record(
        session,
        MaintenanceDue(
            customer_id=plan.customer_id,
            at=at,
            by=MACHINE,
            plan_id=plan.plan_id,
            title=plan.title,
            due_on=due,
            order_id=draft.order_id,
            number=number,
        ),
    )
    return draft.order_id


async def _over(session: AsyncSession, plan: MaintenancePlan) -> str | None:
    """Why the plan makes no more orders."""
    customer = await session.get(Customer, plan.customer_id)
    asset = await session.get(Asset, plan.asset_id) if plan.asset_id else None
    contract = await session.get(ServiceContract, plan.contract_id) if plan.contract_id else None
    if customer is None or customer.gone:
        return "customer_gone"
    if asset is not None and asset.retired_on is not None:
        return "asset_retired"
    if contract is not None and 0 < contract.visits_included <= await _used(session, plan):
        return "visits_used_up"
    return None


async def _used(session: AsyncSession, plan: MaintenancePlan) -> int:
    visits = (
        select(func.count())
        .select_from(MaintenanceVisit)
        .join(MaintenancePlan, MaintenancePlan.plan_id == MaintenanceVisit.plan_id)
    )
    counted = visits.where(MaintenancePlan.contract_id == plan.contract_id, MaintenanceVisit.order_id.is_not(None))
    return int(await session.scalar(counted) or 0)


async def _wind_up(session: AsyncSession, plan: MaintenancePlan, zone: tzinfo) -> None:
    """Keep the next due day, and the timer that will make its order."""
    rhythm = _rhythm(plan)
    plan.next_on = rhythm.after(plan.done_on) if plan.active else None
    await session.flush()
    if plan.next_on is None:
        await clear_timer(session, kind=TIMER, subject=plan.plan_id)
    else:
        await set_timer(session, kind=TIMER, subject=plan.plan_id, due_at=rhythm.opens(plan.next_on, zone))


async def _plan(session: AsyncSession, plan_id: str, *, lock: bool = False) -> MaintenancePlan:
    found = await session.get(MaintenancePlan, plan_id, with_for_update=lock or None)
    if found is None:
        raise NotFound(f"there is no maintenance plan {plan_id}", field="plan_id")
    return found


def _rhythm(plan: MaintenancePlan) -> Rhythm:
    return Rhythm(
        interval_months=plan.interval_months,
        first_on=plan.first_on,
        lead_days=plan.lead_days,
        ends_on=plan.ends_on,
    )


def _check(command: SavePlan) -> None:
    problems = list(_problems(command))
    if problems:
        raise Invalid("; ".join(f"{p.field}: {p.message}" for p in problems), errors=problems)


def _problems(command: SavePlan) -> Iterator[FieldProblem]:
    if not 0 < len(command.title.strip()) <= 80 or "\x00" in command.title + command.notes:
        yield FieldProblem("title", "required", "must have 1 to 80 characters, none of them NUL")
    if not 1 <= command.interval_months <= MAX_INTERVAL:
        yield FieldProblem("interval_months", "not_allowed", f"must be between 1 and {MAX_INTERVAL}")
    if not 0 <= command.lead_days <= MAX_LEAD:
        yield FieldProblem("lead_days", "not_allowed", f"must be between 0 and {MAX_LEAD}")
    if not date(2000, 1, 1) <= command.first_on <= date(2200, 1, 1):
        yield FieldProblem("first_on", "not_allowed", "must be a day of our time")
    if command.ends_on is not None and command.ends_on < command.first_on:
        yield FieldProblem("ends_on", "not_allowed", "ends before it starts")
    if len(command.notes) > 2000:
        yield FieldProblem("notes", "too_long", "at most 2000 characters are kept")


async def _check_owner(session: AsyncSession, customer_id: str, command: SavePlan) -> None:
    """The appliance and the contract have to be the customer's own."""
    asset = await session.get(Asset, command.asset_id) if command.asset_id else None
    if command.asset_id and (asset is None or asset.customer_id != customer_id):
        raise Conflict(f"the customer has no appliance {command.asset_id}", field="asset_id")
    contract = await session.get(ServiceContract, command.contract_id) if command.contract_id else None
    if command.contract_id and (contract is None or contract.customer_id != customer_id):
        raise Conflict(f"the customer has no contract {command.contract_id}", field="contract_id")


def _view(plan: MaintenancePlan, visits: tuple[VisitView, ...]) -> PlanView:
    return PlanView(
        plan_id=plan.plan_id,
        edit_version=plan.edit_version,
        customer_id=plan.customer_id,
        asset_id=plan.asset_id,
        contract_id=plan.contract_id,
        title=plan.title,
        interval_months=plan.interval_months,
        lead_days=plan.lead_days,
        first_on=plan.first_on,
        ends_on=plan.ends_on,
        next_on=plan.next_on,
        active=plan.active,
        stopped_because=plan.stopped_because,
        notes=plan.notes,
        visits=visits,
    )
