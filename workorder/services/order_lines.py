"""Lists of orders, a line for each: read below the ORM, by statements that are made once (ADR 0009)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, case, func

from workorder.model.orders import WorkOrder
from workorder.policy.lifecycle import Status
from workorder.policy.sla import Limit
from workorder.records import record
from workorder.services.newest_orders import newest_rows
from workorder.services.order_filters import OrderQuery
from workorder.services.paging import encode_cursor
from workorder.views.orders import OrderLine, SlaView
from workorder.views.pages import Page

_SHOWN: tuple[Any, ...] = (
    WorkOrder.order_id, WorkOrder.number, WorkOrder.status, WorkOrder.edit_version, WorkOrder.call_id,
    WorkOrder.customer_id, WorkOrder.created_at, WorkOrder.service_type, WorkOrder.appliance, WorkOrder.brand,
    WorkOrder.fault, WorkOrder.customer_name, WorkOrder.contact_lookup.label("contact"), WorkOrder.chase_ups,
    WorkOrder.handler, func.coalesce(WorkOrder.priority, WorkOrder.suggested_priority).label("priority"),
    case((WorkOrder.status == Status.DRAFT, WorkOrder.suggested_tier)).label("suggested_tier"),
)  # fmt: skip
CLOCK: tuple[Any, ...] = (
    WorkOrder.sla_tier, WorkOrder.respond_by, WorkOrder.resolve_by, WorkOrder.responded_at, WorkOrder.resolved_at,
    WorkOrder.sla_paused, WorkOrder.sla_left_s, WorkOrder.respond_breached, WorkOrder.resolve_breached,
)  # fmt: skip
"""What ``sla_view`` shows."""
_COLUMNS = (*_SHOWN, *CLOCK)
_BREACHED: Mapping[tuple[bool, bool], tuple[str, ...]] = {
    (respond, resolve): tuple(limit.value for limit, broken in zip(Limit, (respond, resolve), strict=True) if broken)
    for respond in (False, True)
    for resolve in (False, True)
}
"""Limits that broke, by whether that to respond and that to resolve did."""


def order_lines(rows: Connection, query: OrderQuery) -> Page[OrderLine]:
    """Newest first, ``limit`` (1 to 200) a page. Raises Invalid for a limit or cursor that is not ours."""
    found, more = newest_rows(rows, _COLUMNS, query)
    items = tuple(map(_row, found))
    return Page(items, next_cursor(items, more=more))


def next_cursor(items: tuple[Any, ...], *, more: bool) -> str | None:
    """Where the next page begins; None when there is none."""
    return encode_cursor(items[-1].created_at, items[-1].order_id) if more else None


def sla_view(order: Any) -> SlaView | None:
    """How an order (or its columns) stands against its service level; None while it has none."""
    if order.sla_tier is None:
        return None
    values = {
        "tier": order.sla_tier,
        "respond_by": order.respond_by,
        "resolve_by": order.resolve_by,
        "responded_at": order.responded_at,
        "resolved_at": order.resolved_at,
        "paused": order.sla_paused,
        "left_s": order.sla_left_s or 0,
        "breached": _BREACHED[order.respond_breached, order.resolve_breached],
    }
    return record(SlaView, values)


def _row(row: Row[Any]) -> OrderLine:
    return OrderLine(*row[: len(_SHOWN)], sla_view(row))  # type: ignore[call-arg]
