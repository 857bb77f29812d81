"""Calls about something that is being worked on already: said to the agent, who decides what to make of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from workorder.fields import AlertView, FieldValue
from workorder.policy.lifecycle import STATUS_LABELS, Status
from workorder.policy.repeats import same_fault
from workorder.views.orders import OrderBrief

REPEAT = "repeat"


def repeat_alert(fields: Mapping[str, FieldValue], open_orders: Iterable[OrderBrief]) -> tuple[AlertView, ...]:
    """About the newest open order for the same appliance, with the same fault or one of the two unknown, if any."""
    appliance, fault = _said(fields, "appliance"), _said(fields, "fault")
    for order in open_orders:
        if same_fault(appliance, fault, order):
            about = "".join(filter(None, (order.brand, order.appliance, order.fault)))
            state = STATUS_LABELS[Status(order.status)]
            return (AlertView(REPEAT, f"该客户已有未完成工单 {order.number}（{state}）：{about}"),)
    return ()


def _said(fields: Mapping[str, FieldValue], name: str) -> str | None:
    value = fields[name].value if name in fields else None
    return value if isinstance(value, str) and value else None
