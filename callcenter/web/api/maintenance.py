"""Maintenance plans: what is to be serviced, how often, and the orders that came of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from callcenter.web.ask import Ask, Id, Input, PageQuery
from callcenter.web.errors import VersionStale
from workorder.commands import SavePlan
from workorder.services import maintenance
from workorder.views.assets import PlanView
from workorder.views.pages import Page


class PlanInput(Input):
    """A visit every ``interval_months`` from ``first_on`` on; its order comes ``lead_days`` earlier."""

    title: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    interval_months: Annotated[int, Field(ge=1, le=maintenance.MAX_INTERVAL)]
    first_on: date
    lead_days: Annotated[int, Field(ge=0, le=maintenance.MAX_LEAD)] = 14
    ends_on: date | None = None
    asset_id: Id | None = None
    contract_id: Id | None = None
    active: bool = True
    notes: Annotated[str, StringConstraints(max_length=2000)] = ""


class DueQuery(PageQuery):
    """Plans with a visit due on or before a day; without one all that go on."""

    before: date = date.max


@dataclass(frozen=True, slots=True)
class PlanList:
    """Plans, the oldest first."""

    items: tuple[PlanView, ...]


async def of_customer(ask: Ask, customer_id: Id) -> PlanList:
    """A customer's maintenance plans, oldest first."""
    return PlanList(await maintenance.plans_of(ask.rows, customer_id))


async def due(ask: Ask, query: DueQuery) -> Page[PlanView]:
    """Plans with a visit due on or before a day, the most urgent first."""
    return await maintenance.plans_due(ask.rows, before=query.before, cursor=query.cursor, limit=query.limit)


async def read(ask: Ask, plan_id: Id) -> PlanView:
    """One plan with its visits and their orders."""
    return await maintenance.plan_view(ask.rows, plan_id)


async def add(ask: Ask, customer_id: Id, body: PlanInput) -> PlanView:
    """Plan regular maintenance for a customer or one of its appliances."""
    return await _save(ask, SavePlan(**_by(ask), customer_id=customer_id, **body.model_dump()))


async def edit(ask: Ask, plan_id: Id, edit_version: int, body: PlanInput) -> PlanView:
    """Change a plan, or stop it by ``active`` false."""
    plan = await maintenance.plan_view(ask.rows, plan_id)
    if plan.edit_version != edit_version:
        raise VersionStale(
            f"the plan is at version {plan.edit_version}, you changed version {edit_version}",
            field="If-Match",
            fix="read the plan again and repeat the change",
        )
    command = SavePlan(
        **_by(ask), plan_id=plan_id, customer_id=plan.customer_id, edit_version=edit_version, **body.model_dump()
    )
    return await _save(ask, command)


async def _save(ask: Ask, command: SavePlan) -> PlanView:
    return await maintenance.save_plan(ask.rows, command, zone=ZoneInfo(ask.services.settings.timezone))


def _by(ask: Ask) -> dict[str, Any]:
    return {"by": ask.who.user_id, "at": ask.services.clock.now()}
