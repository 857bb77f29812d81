"""The agent says who is on the line: the call, its orders, the desks and the understanding of the call follow."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.features.events import CallerIdentified
from callcenter.features.live_calls import LiveCalls
from callcenter.storage import audit, calls
from workorder.commands import SetCustomer
from workorder.policy.lifecycle import CLOSED
from workorder.services import customers, order_customer, orders
from workorder.views.customers import CustomerCard
from workorder.views.orders import OrderView


@dataclass(frozen=True, slots=True)
class ChosenCaller:
    """The customer now behind the call, and the call's orders, attached to the customer."""

    customer: CustomerCard
    orders: tuple[OrderView, ...]


async def choose(session: AsyncSession, *, call_id: str, customer_id: str, by: str, at: datetime) -> ChosenCaller:
    """Attach the call and its orders that are still open to the customer. Raises NotFound."""
    card = await customers.card(session, customer_id)
    await calls.set_customer(session, call_id=call_id, customer_id=customer_id)
    attached = [
        await order_customer.set_customer(
            session, SetCustomer(by=by, at=at, order_id=order.order_id, customer_id=customer_id)
        )
        for order in await orders.orders_of_call(session, call_id)
        if order.status not in CLOSED
    ]
    detail = {"customer_id": customer_id}
    await audit.add(session, at=at, by=by, action="call.customer_chosen", subject=call_id, detail=detail)
    return ChosenCaller(card, tuple(attached))


class CallerChoice:
    """Tells everybody about a choice that was committed."""

    def __init__(self, *, live: LiveCalls, bus: Bus, clock: Clock) -> None:
        self._live = live
        self._bus = bus
        self._clock = clock

    def chosen(self, call_id: str, caller: ChosenCaller) -> None:
        """The desks show the customer and the orders; the rest of the call is understood knowing who speaks."""
        self._live.chosen(call_id, caller.customer)
        for order in caller.orders:
            self._live.order_changed(order)
        fact = CallerIdentified(at=self._clock.now(), call_id=call_id, customer_id=caller.customer.customer_id)
        self._bus.publish(fact)
