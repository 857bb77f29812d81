"""Orders as everyone sees them, whole: one that a command has just changed, or a page of a list.

A list makes its views of plain rows, below the ORM (ADR 0009), by the same rules: what is seen of an order is in its
columns and documents, not in its object.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection

from workorder.fields import AlertView
from workorder.model.json_bytes import json_bytes
from workorder.model.order_fields import Contents, pinned_form
from workorder.model.orders import WorkOrder
from workorder.policy.channels import Channel
from workorder.policy.lifecycle import MOVES, Status
from workorder.records import record
from workorder.services.approval_rules import RulesSeen, rules_seen_of
from workorder.services.newest_orders import newest_rows
from workorder.services.order_filters import OrderQuery
from workorder.services.order_lines import CLOCK, next_cursor, sla_view
from workorder.views.orders import MoveView, OrderView
from workorder.views.pages import Page

_STATUSES: Mapping[str, Status] = {status.value: status for status in Status}
_COLUMNS: tuple[Any, ...] = (
    WorkOrder.order_id, WorkOrder.number, WorkOrder.status, WorkOrder.edit_version, WorkOrder.call_id,
    WorkOrder.customer_id, WorkOrder.sequence, WorkOrder.created_at, WorkOrder.saved_at, WorkOrder.created_by,
    WorkOrder.service_type, WorkOrder.suggested_priority, WorkOrder.suggested_tier, WorkOrder.summary,
    WorkOrder.alerts, json_bytes(WorkOrder.field_values).label("field_values"), WorkOrder.parent_id,
    WorkOrder.confirmation, WorkOrder.priority, WorkOrder.channel, WorkOrder.chase_ups, WorkOrder.asset_id,
    WorkOrder.warranty, WorkOrder.form, WorkOrder.handler, WorkOrder.team, *CLOCK, WorkOrder.eta,
)  # fmt: skip
_NAMES = tuple(column.key for column in _COLUMNS)


class _Row:
    """The columns of an order, as attributes."""


def whole_orders(rows: Connection, query: OrderQuery, seen: RulesSeen) -> Page[OrderView]:
    """Newest first, ``limit`` (1 to 200) a page; buttons by the rules ``seen``.

    Raises Invalid for a limit or cursor that is not ours.
    """
    found, more = newest_rows(rows, _COLUMNS, query)
    items = tuple([_row_view(record(_Row, dict(zip(_NAMES, row, strict=True))), seen) for row in found])
    return Page(items, next_cursor(items, more=more))


def view(order: WorkOrder) -> OrderView:
    """The order as everyone sees it."""
    return _view(order, order.contents, rules_seen_of(order))


def _row_view(row: Any, seen: RulesSeen) -> OrderView:
    return _view(row, Contents(row.field_values, pinned_form(row.form)), seen)


def _view(order: Any, contents: Contents, seen: RulesSeen) -> OrderView:
    """``order`` is one, or has the same columns."""
    status, form = _STATUSES[order.status], contents.form
    questions, missing = contents.asked()
    values = {
        "order_id": order.order_id,
        "number": order.number,
        "status": status.value,
        "edit_version": order.edit_version,
        "call_id": order.call_id,
        "customer_id": order.customer_id,
        "sequence": order.sequence,
        "created_at": order.created_at,
        "saved_at": order.saved_at,
        "created_by": order.created_by,
        "fields": dict(contents.fields),
        "missing": missing,
        "questions": questions,
        "own_fields": form.own_fields,
        "guidance": form.guidance,
        "summary": order.summary,
        "alerts": tuple([AlertView(**alert) for alert in order.alerts]),
        "suggested_priority": order.suggested_priority,
        "suggested_tier": order.suggested_tier if status is Status.DRAFT else None,
        "priority": order.priority or order.suggested_priority,
        "parent_id": order.parent_id,
        "confirmation": order.confirmation,
        "channel": order.channel or (Channel.CALL if order.call_id else Channel.DESK),
        "chase_ups": order.chase_ups,
        "handler": order.handler,
        "team": order.team,
        "moves": _buttons(status, seen.needing(status, order.service_type)),
        "asset_id": order.asset_id,
        "warranty": order.warranty,
        "sla": sla_view(order),
        "eta": order.eta,
    }
    return record(OrderView, values)


@lru_cache(maxsize=1024)
def _buttons(status: Status, asked: frozenset[str]) -> tuple[MoveView, ...]:
    """What can be done to an order, and what each step needs; ``asked`` are those that need somebody's word."""
    return tuple(
        MoveView(
            move.action,
            move.target,
            move.label,
            move.label_en,
            (*map(str, move.guards), *(["approval"] if move.action in asked else [])),
        )
        for move in MOVES.values()
        if status in move.sources
    )
