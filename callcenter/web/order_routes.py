"""The part of the route table that is about one work order; ``callcenter.web.routes`` takes it in."""

from __future__ import annotations

from callcenter.auth.permissions import Permission as P  # noqa: N817 - a table is read across, one line per route
from callcenter.web.api import intake, order_steps
from callcenter.web.route import Route, Unit

ORDER_ROUTES: tuple[Route, ...] = (
    Route("POST", "/api/work-orders/{order_id}/moves", P.ORDERS_EDIT, order_steps.move, Unit.WRITE, etag=True),
    Route("PUT", "/api/work-orders/{order_id}/priority", P.ORDERS_EDIT, order_steps.prioritise, Unit.WRITE, etag=True),
    Route("PUT", "/api/work-orders/{order_id}/parent", P.ORDERS_EDIT, order_steps.set_parent, Unit.WRITE, etag=True),
    Route("GET", "/api/work-orders/{order_id}/parts", P.ORDERS, order_steps.parts, Unit.READ),
    Route("GET", "/api/work-orders/{order_id}/changes", P.ORDERS, order_steps.changes, Unit.READ),
    Route("POST", "/api/intake", P.INTAKE, intake.take, Unit.WRITE, status=201),
    Route("POST", "/api/intake/webhooks/{name}", P.INTAKE, intake.webhook, Unit.WRITE, status=201),
    Route("GET", "/api/work-orders/{order_id}/reports", P.ORDERS, intake.of_order, Unit.READ),
    Route("POST", "/api/work-orders/{order_id}/chase", P.ORDERS_EDIT, intake.chase, Unit.WRITE, etag=True),
    Route("GET", "/api/reports/{report_id}/payload", P.ORDERS, intake.payload, produces=("*/*",)),
    Route("POST", "/api/reports/{report_id}/separate", P.ORDERS_EDIT, intake.separate, Unit.WRITE),
)
