"""Service levels: the table that orders are timed by, one order's clock with its outlook, and reports over many."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Self

from pydantic import Field, model_validator

from callcenter.web.api.calls import Moment
from callcenter.web.ask import Ask, Id, Input, PageQuery
from workorder.policy.sla_table import SlaTable
from workorder.policy.sla_watch import Alert
from workorder.policy.stages import Stage
from workorder.services import service_level, sla_report
from workorder.services.order_clock import OrderClockView, order_clock
from workorder.services.service_level import SlaTableView
from workorder.services.sla_alerts import RaisedAlert, all_alerts
from workorder.services.sla_report import Attainment, Backtest, GroupBy
from workorder.views.pages import Page


class NewTable(Input):
    """A table to put in force, and the version it was made from."""

    version: Annotated[int, Field(ge=0, le=2**31)]
    table: SlaTable


class Period(Input):
    """Orders of which time; by default the last 30 days."""

    since: Moment | None = Field(default=None, alias="from")
    until: Moment | None = Field(default=None, alias="to")

    @model_validator(mode="after")
    def _span(self) -> Self:
        if self.since and self.until and self.until <= self.since:
            raise ValueError("to must lie after from")
        return self

    def span(self, now: datetime) -> dict[str, datetime]:
        """Both ends."""
        until = self.until or now
        return {"since": self.since or until - timedelta(days=30), "until": until}


class GroupedPeriod(Period):
    """And by what orders are grouped."""

    by: GroupBy = "tier"


class AlertQuery(PageQuery):
    """A page of alerts, perhaps of one kind, or only of orders that are still open."""

    alert: Alert | None = None
    still_open: bool = False


async def read_table(ask: Ask) -> SlaTableView:
    """The service levels in force."""
    return await service_level.table_in_force(ask.rows)


async def save_table(ask: Ask, body: NewTable) -> SlaTableView:
    """Put other service levels in force; orders take them over when they change next."""
    at = ask.services.clock.now()
    return await service_level.save_table(ask.rows, body.table, seen_version=body.version, by=ask.who.user_id, at=at)


async def versions(ask: Ask) -> Page[SlaTableView]:
    """What was in force when, the newest first."""
    return Page(await service_level.table_versions(ask.rows))


async def of_order(ask: Ask, order_id: Id) -> OrderClockView:
    """One order's clock, its alerts, and its outlook by similar orders."""
    return await order_clock(ask.rows, order_id, now=ask.services.clock.now())


async def alerts(ask: Ask, query: AlertQuery) -> Page[RaisedAlert]:
    """Alerts of all orders, the newest first: untouched, missed steps, warnings, breaches, predicted delays."""
    return await all_alerts(
        ask.rows, alert=query.alert, still_open=query.still_open, cursor=query.cursor, limit=query.limit
    )


async def attainment(ask: Ask, query: GroupedPeriod) -> Page[Attainment]:
    """How often limits were kept, by group."""
    span = query.span(ask.services.clock.now())
    return Page(await sla_report.attainment(ask.rows, **span, by=query.by))


async def stage_times(ask: Ask, query: Period) -> Page[Stage]:
    """How long orders rest at each step, and where a plan needs slack."""
    return Page(await sla_report.stage_times(ask.rows, **query.span(ask.services.clock.now())))


async def outlook(ask: Ask, query: Period) -> Backtest:
    """Whether outlooks came true: the prediction tried on orders that are done."""
    return await sla_report.backtest(ask.rows, **query.span(ask.services.clock.now()))
