"""Open, read, edit, create and cancel work orders."""

from __future__ import annotations

from typing import Annotated, Any
from zoneinfo import ZoneInfo

from pydantic import Field, StringConstraints

from callcenter.features import call_log
from callcenter.web.api.calls import Moment
from callcenter.web.ask import Ask, Id, Input
from callcenter.web.errors import VersionStale
from workorder.commands import CancelOrder, CreateOrder, EditOrder, OpenDraft, SetCustomer
from workorder.policy.lifecycle import Status
from workorder.services import order_customer, orders
from workorder.services.approval_rules import rules_seen
from workorder.services.order_filters import OrderQuery
from workorder.services.order_lines import order_lines
from workorder.services.whole_orders import whole_orders
from workorder.views.orders import OrderLine, OrderView
from workorder.views.pages import Page

Text = Annotated[str, StringConstraints(max_length=2000)]
FieldName = Annotated[str, StringConstraints(max_length=40)]
Content = bool | Text | dict[FieldName, Text | None] | None
"""Text, a flag, the parts of an address or appointment, or None to empty the field."""
Fields = Annotated[dict[FieldName, Content], Field(max_length=40)]
Word = Annotated[str, StringConstraints(max_length=80)]


class OrderListQuery(Input):
    """Filters; what is not given does not filter."""

    cursor: Word | None = None
    limit: int = Field(default=50, ge=1, le=200)
    status: Status | None = None
    call_id: Id | None = None
    customer_id: Id | None = None
    number: Word | None = None
    handler: Id | None = None
    q: Word | None = None
    service_type: Word | None = None
    appliance: Word | None = None
    brand: Word | None = None
    fault: Word | None = None
    city: Word | None = None
    district: Word | None = None
    urgency: Word | None = None
    warranty: Word | None = None
    name: Word | None = None
    model: Word | None = None
    serial: Word | None = None
    since: Moment | None = None
    until: Moment | None = None


class NewOrder(Input):
    """A draft, empty or with first values."""

    call_id: Id | None = None
    customer_id: Id | None = None
    fields: Fields = Field(default_factory=dict)


class OrderEdit(Input):
    """New values by field name, and names of heard values that are right as they are."""

    fields: Fields = Field(default_factory=dict)
    accept: tuple[FieldName, ...] = Field(default=(), max_length=40)


class Owner(Input):
    """Whose order it is."""

    customer_id: Id


class Nothing(Input):
    """An empty object."""


class Cancellation(Input):
    """Why the order is not needed any more."""

    reason: Annotated[str, StringConstraints(min_length=1, max_length=500)]


async def find(ask: Ask, query: OrderListQuery) -> Page[OrderView]:
    """Whole work orders, newest first."""
    seen = rules_seen(ask.rows)
    return await ask.services.database.look(whole_orders, OrderQuery(**query.model_dump()), seen)


async def lines(ask: Ask, query: OrderListQuery) -> Page[OrderLine]:
    """Work orders, newest first, a line for each: what a list shows, at half the cost."""
    return await ask.services.database.look(order_lines, OrderQuery(**query.model_dump()))


async def read(ask: Ask, order_id: Id) -> OrderView:
    """One work order."""
    return await orders.get_order(ask.rows, order_id)


async def open_draft(ask: Ask, body: NewOrder) -> OrderView:
    """Start a draft."""
    if body.call_id is not None:
        await call_log.check_visible(ask.rows, body.call_id, ask.who)
    command = OpenDraft(**stamp(ask), call_id=body.call_id, customer_id=body.customer_id, fields=body.fields)
    return changed(ask, await orders.open_draft(ask.rows, command))


async def edit(ask: Ask, order_id: Id, edit_version: int, body: OrderEdit) -> OrderView:
    """Change fields; speech leaves them alone from then on."""
    await check_version(ask, order_id, edit_version)
    command = EditOrder(
        **stamp(ask), order_id=order_id, edit_version=edit_version, fields=body.fields, accept=body.accept
    )
    return changed(ask, await orders.edit_order(ask.rows, command))


async def set_customer(ask: Ask, order_id: Id, edit_version: int, body: Owner) -> OrderView:
    """Say whose order it is: what is known of the customer fills what is empty, the appliance and the clock follow."""
    await check_version(ask, order_id, edit_version)
    command = SetCustomer(**stamp(ask), order_id=order_id, edit_version=edit_version, customer_id=body.customer_id)
    return changed(ask, await order_customer.set_customer(ask.rows, command))


async def create(ask: Ask, order_id: Id, edit_version: int, body: Nothing) -> OrderView:  # noqa: ARG001 - the body is only checked
    """Turn the draft into an order with a number."""
    await check_version(ask, order_id, edit_version)
    command = CreateOrder(**stamp(ask), order_id=order_id, edit_version=edit_version, business_day=business_day(ask))
    return changed(ask, await orders.create_order(ask.rows, command))


async def cancel(ask: Ask, order_id: Id, edit_version: int, body: Cancellation) -> OrderView:
    """Cancel a draft or an order."""
    await check_version(ask, order_id, edit_version)
    command = CancelOrder(
        **stamp(ask), order_id=order_id, edit_version=edit_version, reason=body.reason, roles=ask.who.roles
    )
    return changed(ask, await orders.cancel_order(ask.rows, command))


def business_day(ask: Ask) -> str:
    """Today here, as it goes into an order's number."""
    return ask.services.clock.now().astimezone(ZoneInfo(ask.services.settings.timezone)).strftime("%Y%m%d")


def stamp(ask: Ask) -> dict[str, Any]:
    """Who and when, for a command."""
    return {"by": ask.who.user_id, "at": ask.services.clock.now()}


async def check_version(ask: Ask, order_id: str, edit_version: int) -> None:
    """Raise VersionStale when ``If-Match`` names another version than the order has now."""
    current = (await orders.get_order(ask.rows, order_id)).edit_version
    if current != edit_version:
        raise VersionStale(
            f"the order is at version {current}, you changed version {edit_version}",
            field="If-Match",
            fix="read the order again and repeat the change",
        )


def changed(ask: Ask, order: OrderView) -> OrderView:
    """Tell every desk that shows the order, once it is committed."""
    ask.after_commit.append(lambda: ask.services.live_orders.changed(order))
    return order
