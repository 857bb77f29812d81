"""When a new report is about an order that is being worked on already."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol, TypeVar

PROGRESS = "progress"
"""The service type of somebody who asks how it goes."""


class Matter(Protocol):
    """What is looked at of an open order."""

    @property
    def number(self) -> str | None: ...  # noqa: D102
    @property
    def service_type(self) -> str | None: ...  # noqa: D102
    @property
    def appliance(self) -> str | None: ...  # noqa: D102
    @property
    def fault(self) -> str | None: ...  # noqa: D102


M = TypeVar("M", bound=Matter)


def same_fault(appliance: str | None, fault: str | None, order: Matter) -> bool:
    """The same appliance, with the same fault or one of the two unknown."""
    return appliance is not None and order.appliance == appliance and (fault is None or order.fault in (None, fault))


def same_matter(said: Mapping[str, str | None], open_orders: Iterable[M]) -> M | None:
    """The open order of this customer that the report chases, if any; ``open_orders`` come newest first.

    It is the order whose number was told; else the newest for the same appliance and fault that asks for the same
    service; for somebody who asks how it goes without saying for what, the newest of all.
    """
    orders = tuple(open_orders)
    number = (said.get("prior_ticket") or "").strip().upper()
    if number and (told := next((order for order in orders if order.number == number), None)):
        return told
    appliance, fault, service = said.get("appliance"), said.get("fault"), said.get("service_type")
    if appliance is None:
        return next(iter(orders), None) if service == PROGRESS else None
    for order in orders:
        if service in (None, PROGRESS, order.service_type) and same_fault(appliance, fault, order):
            return order
    return None
