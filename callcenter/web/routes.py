"""The route table: every address of the interface, who may use it, and what answers.

From this one table come the authorisation and decoding of each request (web.endpoint), the OpenAPI document
(web.openapi) and the test that tries every route as every role. What is not here does not exist.
"""

from __future__ import annotations

from callcenter.auth.permissions import Permission as P  # noqa: N817 - a table is read across, one line per route
from callcenter.web.agent_socket import agent_socket
from callcenter.web.api import (
    api_keys,
    assets,
    calls,
    catalogue,
    customers,
    maintenance,
    operation,
    search,
    session,
    sheets,
    wallboard,
    work_orders,
)
from callcenter.web.order_routes import ORDER_ROUTES
from callcenter.web.route import Access, Route, Unit
from callcenter.web.service_routes import SERVICE_ROUTES

ROUTES: tuple[Route, ...] = (
    Route("POST", "/api/session", Access.OPEN, session.log_in),
    Route("GET", "/api/session", P.SESSION, session.read),
    Route("DELETE", "/api/session", P.SESSION, session.log_out, status=204),
    Route("GET", "/api/calls", P.CALLS, calls.find, Unit.READ),
    Route("GET", "/api/calls/{call_id}", P.CALLS, calls.read),
    Route(
        "GET",
        "/api/calls/{call_id}/recording",
        P.CALLS,
        calls.recording,
        also=(206, 416),
        produces=("audio/flac", "audio/wav"),
    ),
    Route("GET", "/api/calls/{call_id}/peaks", P.CALLS, calls.peaks),
    Route("GET", "/api/calls/{call_id}/audio", P.CALLS, calls.audio, produces=("audio/wav",)),
    Route("POST", "/api/calls/{call_id}/customer", P.CUSTOMERS_EDIT, calls.set_customer, Unit.WRITE),
    Route("GET", "/api/customers", P.CUSTOMERS, customers.find, Unit.READ),
    Route("POST", "/api/customers", P.CUSTOMERS_EDIT, customers.create, Unit.WRITE, status=201),
    Route("GET", "/api/customers/{customer_id}", P.CUSTOMERS, customers.read, Unit.READ, etag=True),
    Route("PATCH", "/api/customers/{customer_id}", P.CUSTOMERS_EDIT, customers.edit, Unit.WRITE, etag=True),
    Route("GET", "/api/customers/{customer_id}/changes", P.CUSTOMERS, customers.changes, Unit.READ),
    Route("POST", "/api/customers/{customer_id}/merge", P.CUSTOMERS_MERGE, customers.merge, Unit.WRITE, etag=True),
    Route("POST", "/api/customers/{customer_id}/erase", P.CUSTOMERS_MERGE, customers.erase, Unit.WRITE, etag=True),
    Route("POST", "/api/import/{kind}", P.IMPORT, sheets.take, consumes="application/octet-stream"),
    Route("GET", "/api/export/{kind}", P.EXPORT, sheets.give, produces=sheets.PRODUCES),
    Route("GET", "/api/search", P.CUSTOMERS, search.everything),
    Route("GET", "/api/search/orders", P.ORDERS, search.in_orders),
    Route("GET", "/api/divisions", P.CUSTOMERS, customers.divisions),
    Route("POST", "/api/customers/{customer_id}/assets", P.CUSTOMERS_EDIT, assets.add, Unit.WRITE, status=201),
    Route("POST", "/api/customers/{customer_id}/contracts", P.CUSTOMERS_EDIT, assets.save_contract, Unit.WRITE),
    Route("GET", "/api/assets", P.CUSTOMERS, assets.find, Unit.READ),
    Route("GET", "/api/assets/{asset_id}", P.CUSTOMERS, assets.read, Unit.READ, etag=True),
    Route("PATCH", "/api/assets/{asset_id}", P.CUSTOMERS_EDIT, assets.edit, Unit.WRITE, etag=True),
    Route("GET", "/api/assets/{asset_id}/warranty", P.CUSTOMERS, assets.warranty, Unit.READ),
    Route("GET", "/api/customers/{customer_id}/maintenance-plans", P.CUSTOMERS, maintenance.of_customer, Unit.READ),
    Route(
        "POST",
        "/api/customers/{customer_id}/maintenance-plans",
        P.CUSTOMERS_EDIT,
        maintenance.add,
        Unit.WRITE,
        status=201,
    ),
    Route("GET", "/api/maintenance-plans", P.CUSTOMERS, maintenance.due, Unit.READ),
    Route("GET", "/api/maintenance-plans/{plan_id}", P.CUSTOMERS, maintenance.read, Unit.READ, etag=True),
    Route("PUT", "/api/maintenance-plans/{plan_id}", P.CUSTOMERS_EDIT, maintenance.edit, Unit.WRITE, etag=True),
    Route("GET", "/api/warranty-terms", P.CUSTOMERS, assets.terms, Unit.READ),
    Route("POST", "/api/warranty-terms", P.TERMS_EDIT, assets.replace_terms, Unit.WRITE),
    Route("GET", "/api/work-orders/{order_id}/warranty", P.ORDERS, assets.order_warranty, Unit.READ),
    Route("POST", "/api/work-orders/{order_id}/asset", P.ORDERS_EDIT, assets.set_asset, Unit.WRITE, etag=True),
    Route("GET", "/api/work-orders", P.ORDERS, work_orders.find, Unit.READ),
    Route("GET", "/api/order-lines", P.ORDERS, work_orders.lines),
    Route("POST", "/api/work-orders", P.ORDERS_EDIT, work_orders.open_draft, Unit.WRITE, status=201, etag=True),
    Route("GET", "/api/work-orders/{order_id}", P.ORDERS, work_orders.read, Unit.READ, etag=True),
    Route("PATCH", "/api/work-orders/{order_id}", P.ORDERS_EDIT, work_orders.edit, Unit.WRITE, etag=True),
    Route("POST", "/api/work-orders/{order_id}/create", P.ORDERS_EDIT, work_orders.create, Unit.WRITE, etag=True),
    *ORDER_ROUTES,
    *SERVICE_ROUTES,
    Route("POST", "/api/work-orders/{order_id}/cancel", P.ORDERS_EDIT, work_orders.cancel, Unit.WRITE, etag=True),
    Route("GET", "/api/catalogue", P.ORDERS, catalogue.read),
    Route("GET", "/api/wallboard", P.WALLBOARD, wallboard.read),
    Route("GET", "/api/api-keys", P.API_KEYS, api_keys.find, Unit.READ),
    Route("POST", "/api/api-keys", P.API_KEYS, api_keys.add, Unit.WRITE, status=201),
    Route("DELETE", "/api/api-keys/{key_id}", P.API_KEYS, api_keys.revoke, Unit.WRITE, status=204),
    Route("GET", "/api/agent/socket", P.DESK, agent_socket, status=101, own_page=True, produces=()),
    Route("GET", "/api/openapi.json", Access.OPEN, operation.openapi),
    Route("GET", "/healthz", Access.OPEN, operation.healthz),
    Route("GET", "/readyz", Access.LOCAL, operation.readyz, also=(503,)),
    Route("GET", "/metrics", Access.LOCAL, operation.metrics, produces=("text/plain",)),
)
