"""The border of every request: one log line, metrics, and errors turned into answers."""

from __future__ import annotations

from http import HTTPStatus

import structlog
from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from prometheus_client import CollectorRegistry, Counter, Histogram

import workorder.errors
from callcenter.clock import Clock
from callcenter.errors import CallcenterError
from callcenter.ids import new_id
from callcenter.web import errors
from callcenter.web.guard import Guard, client_address

log = structlog.get_logger(__name__)

QUIET = frozenset({"/healthz", "/readyz", "/metrics"})
"""Asked every few seconds by machines: logged only when they fail."""
UNMATCHED = "unmatched"
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Border:
    """The outermost middleware. Logs a path's pattern and no query: both may hold personal data."""

    def __init__(self, guard: Guard, clock: Clock, metrics: CollectorRegistry) -> None:
        self._guard = guard
        self._clock = clock
        self._requests = Counter(
            "callcenter_http_requests", "Requests answered", ["method", "route", "status"], registry=metrics
        )
        self._seconds = Histogram(
            "callcenter_http_seconds", "Time to answer a request", ["method", "route"], registry=metrics
        )

    def middleware(self) -> Middleware:
        """For ``aiohttp.web.Application(middlewares=[…])``."""

        @web.middleware
        async def border(request: web.Request, handler: Handler) -> web.StreamResponse:
            return await self._run(request, handler)

        return border

    async def _run(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        request_id, began = new_id(), self._clock.monotonic()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response, code = await self._answer(request, handler, request_id)
        if not response.prepared:
            response.headers["X-Request-Id"] = request_id
        self._note(request, response.status, code, self._clock.monotonic() - began)
        return response

    async def _answer(
        self, request: web.Request, handler: Handler, request_id: str
    ) -> tuple[web.StreamResponse, str | None]:
        try:
            self._guard.check_host(request.host)
            return await handler(request), None
        except web.HTTPException as refusal:
            if refusal.status < HTTPStatus.BAD_REQUEST:
                raise
            error: Exception = errors.from_http(refusal)
        except (CallcenterError, workorder.errors.WorkOrderError) as refusal:
            error = refusal
        except Exception as defect:  # noqa: BLE001 - this is the border of the request
            error = defect
        if errors.status_of(type(error)) is HTTPStatus.INTERNAL_SERVER_ERROR:
            log.error("http.defect", exc_info=error)
        return errors.answer(error, request_id), getattr(error, "code", "defect")

    def _note(self, request: web.Request, status: int, code: str | None, seconds: float) -> None:
        route = _pattern(request)
        # Anybody can invent a method; a label must not grow with it.
        method = request.method if request.method in METHODS else "other"
        self._requests.labels(method, route, str(status)).inc()
        self._seconds.labels(method, route).observe(seconds)
        if route in QUIET and status < HTTPStatus.BAD_REQUEST:
            return
        log.info(
            "http.request",
            method=method,
            route=route,
            status=status,
            code=code,
            duration_ms=round(seconds * 1000, 1),
            client=client_address(request),
        )


def _pattern(request: web.Request) -> str:
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else UNMATCHED
