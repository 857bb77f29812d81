"""One box for everything: customers, orders and calls by whatever somebody knows of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StringConstraints

from callcenter.auth.permissions import Permission
from callcenter.features import call_log
from callcenter.storage.call_views import CallSummary
from callcenter.web.api.calls import Moment
from callcenter.web.ask import Ask, Input, PageQuery
from workorder.services import search
from workorder.services.order_filters import OrderFilters
from workorder.uow import look
from workorder.views.customers import CustomerHit
from workorder.views.orders import OrderHit
from workorder.views.pages import Page

Words = Annotated[str, StringConstraints(max_length=200)]
Word = Annotated[str, StringConstraints(max_length=80)]


class SearchQuery(Input):
    """A number or its last four digits, a name or its pinyin, an order or serial number, or words."""

    q: Words = ""
    limit: int = Field(default=8, ge=1, le=50)


class OrderSearchQuery(PageQuery):
    """Words that are all there, "words that stand together", -words that are not; and filters."""

    q: Words = ""
    status: Word | None = None
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


@dataclass(frozen=True, slots=True)
class SearchAnswer:
    """What was found, best first; calls newest first. A group that one may not see is empty."""

    customers: tuple[CustomerHit, ...]
    orders: tuple[OrderHit, ...]
    calls: tuple[CallSummary, ...]


async def everything(ask: Ask, query: SearchQuery) -> SearchAnswer:
    """Customers, orders and calls by whatever is known of them."""
    may = ask.who.permissions
    # A reading snapshot for each group: one that is slow keeps no other waiting longer than it must.
    async with ask.services.database.read() as work:
        found = await look(work.session, search.search_customers, query.q, limit=query.limit)
        orders = (
            await look(work.session, search.orders_like, query.q, limit=query.limit) if Permission.ORDERS in may else ()
        )
        keys = [hit.customer_id for hit in found]
        calls = (
            await call_log.calls_of(work.session, query.q, keys, ask.who, ask.services.settings, limit=query.limit)
            if Permission.CALLS in may
            else ()
        )
    return SearchAnswer(found, orders, calls)


async def in_orders(ask: Ask, query: OrderSearchQuery) -> Page[OrderHit]:
    """Full text over orders: descriptions, faults, appliances, addresses, names."""
    asked = query.model_dump()
    q, cursor, limit = (asked.pop(name) for name in ("q", "cursor", "limit"))
    filters = OrderFilters(**asked)
    return await ask.services.database.look(search.search_orders, q, filters=filters, cursor=cursor, limit=limit)
