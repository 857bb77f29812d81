"""The part of the route table that is about one work order; ``callcenter.web.routes`` takes it in."""

from __future__ import annotations

from callcenter.auth.permissions import Permission as P  # noqa: N817 - a table is read across, one line per route
from callcenter.web.api import order_steps
from callcenter.web.route import Route, Unit

ORDER_ROUTES: tuple[Route, ...] = (
    Route("POST", "/api/work-orders/{order_id}/moves", P.ORDERS_EDIT, order_steps.move, Unit.WRITE, etag=True),
    Route("PUT", "/api/work-orders/{order_id}/priority", P.ORDERS_EDIT, order_steps.prioritise, Unit.WRITE, etag=True),
    Route("PUT", "/api/work-orders/{order_id}/parent", P.ORDERS_EDIT, order_steps.set_parent, Unit.WRITE, etag=True),
    Route("GET", "/api/work-orders/{order_id}/parts", P.ORDERS, order_steps.parts, Unit.READ),
    Route("GET", "/api/work-orders/{order_id}/changes", P.ORDERS, order_steps.changes, Unit.READ),
)
