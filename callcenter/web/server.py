"""Builds the HTTP server from the route table: ``build_web(services)``.

Run it with ``aiohttp.web.AppRunner(build_web(services), access_log=None)`` (the border writes the log) and
``await runner.cleanup()``, which closes the agent sockets first.
"""

from __future__ import annotations

from aiohttp import web

from callcenter.web import static
from callcenter.web.access_log import Border
from callcenter.web.api import catalogue
from callcenter.web.endpoint import Endpoint
from callcenter.web.guard import Guard
from callcenter.web.openapi import OPENAPI, document
from callcenter.web.routes import ROUTES
from callcenter.web.services import Services

MAX_BODY = 256 * 1024


def build_web(services: Services, *, pages: static.Pages | None = None) -> web.Application:
    """The application, ready to be served. ``pages`` defaults to the page built into the package."""
    catalogue.check(services.catalogue())
    guard = Guard(services.settings.web)
    border = Border(guard, services.clock, services.metrics)
    application = web.Application(middlewares=[border.middleware()], client_max_size=MAX_BODY)
    application[OPENAPI] = document(ROUTES, cookie_name=services.auth.cookie_name)
    for route in ROUTES:
        # A GET route answers HEAD too, without body.
        methods = ("GET", "HEAD") if route.method == "GET" else (route.method,)
        for method in methods:
            application.router.add_route(method, route.path, Endpoint(route, services, guard).handle)
    application.router.add_get(static.PATTERN, (pages or static.Pages()).handle)
    application.on_response_prepare.append(static.add_headers)

    async def close_sockets(_application: web.Application) -> None:
        services.hub.close_all()

    application.on_shutdown.append(close_sockets)
    return application
