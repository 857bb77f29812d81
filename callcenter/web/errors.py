"""Errors as ``application/problem+json`` (RFC 9457): the one place that knows which error is which HTTP status.

docs/reference/errors.md lists every code (a test compares them). An error nobody raised on purpose is a 500 that says
nothing but where to find it in the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus

from aiohttp import web
from pydantic import ValidationError

import workorder.errors
from callcenter import errors
from callcenter.auth.errors import ApiKeyInvalid, NotLoggedIn, TooManyAttempts, TooManyRequests
from callcenter.channels.port import Refused
from callcenter.storage.blobs import FileKindRefused, FileTooLarge
from callcenter.web.encode import encode
from workorder.errors import FieldProblem

PROBLEM_TYPE = "application/problem+json"


class Malformed(errors.Invalid):
    """The body is not JSON, or a header cannot be read."""

    code = "malformed"


class UnsupportedMediaType(errors.Invalid):
    """The body is not declared as JSON."""

    code = "unsupported_media_type"


class TooLarge(errors.Invalid):
    """The body is over the size limit."""

    code = "too_large"


class MethodNotAllowed(errors.Invalid):
    """The path exists, the method does not."""

    code = "method_not_allowed"


class HostUnknown(errors.Denied):
    """The request names a host that is not ours (DNS rebinding, or ``web.public_url`` is not set right)."""

    code = "host_unknown"


class OriginForeign(errors.Denied):
    """An unsafe request or a socket that does not come from our own page."""

    code = "origin_foreign"


class CsrfMissing(errors.Denied):
    """An unsafe request without the session's ``X-CSRF-Token``."""

    code = "csrf_missing"


class VersionMissing(errors.Invalid):
    """A change without ``If-Match``."""

    code = "if_match_required"


class VersionStale(errors.Conflict):
    """``If-Match`` names an older version: somebody else changed it meanwhile."""

    code = "version_stale"


class KeyReused(errors.Invalid):
    """An ``Idempotency-Key`` that was used for a different request."""

    code = "idempotency_key_reused"


class InvalidFields(errors.Invalid):
    """The request does not fit its schema; ``errors`` has one entry per field at fault."""

    code = "invalid"

    def __init__(self, problems: Iterable[FieldProblem]) -> None:
        self.errors = tuple(problems)
        first = self.errors[0]
        super().__init__(first.message, field=first.field, fix="correct the fields listed in errors")


STATUS: Mapping[type[Exception], HTTPStatus] = {
    errors.CallcenterError: HTTPStatus.INTERNAL_SERVER_ERROR,
    errors.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    errors.Denied: HTTPStatus.FORBIDDEN,
    errors.NotFound: HTTPStatus.NOT_FOUND,
    errors.Conflict: HTTPStatus.CONFLICT,
    errors.Unavailable: HTTPStatus.SERVICE_UNAVAILABLE,
    NotLoggedIn: HTTPStatus.UNAUTHORIZED,
    TooManyAttempts: HTTPStatus.TOO_MANY_REQUESTS,
    TooManyRequests: HTTPStatus.TOO_MANY_REQUESTS,
    Malformed: HTTPStatus.BAD_REQUEST,
    MethodNotAllowed: HTTPStatus.METHOD_NOT_ALLOWED,
    TooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    UnsupportedMediaType: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    HostUnknown: HTTPStatus.MISDIRECTED_REQUEST,
    VersionMissing: HTTPStatus.PRECONDITION_REQUIRED,
    VersionStale: HTTPStatus.PRECONDITION_FAILED,
    Refused: HTTPStatus.UNPROCESSABLE_ENTITY,
    workorder.errors.WorkOrderError: HTTPStatus.INTERNAL_SERVER_ERROR,
    workorder.errors.MayNotDecide: HTTPStatus.FORBIDDEN,
    FileTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    FileKindRefused: HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    workorder.errors.Invalid: HTTPStatus.UNPROCESSABLE_ENTITY,
    workorder.errors.NotFound: HTTPStatus.NOT_FOUND,
    workorder.errors.Conflict: HTTPStatus.CONFLICT,
}

FIX: Mapping[type[Exception], str] = {
    workorder.errors.ApprovalRequired: "ask: POST /api/work-orders/{order_id}/approvals; it is done when they agree",
    workorder.errors.ApprovalPending: "first decide it: POST /api/approvals/{approval_id}/decision",
}
"""How to do here what the error itself says in words that fit every interface."""


def status_of(kind: type[Exception]) -> HTTPStatus:
    """The status of the nearest class in the table; 500 for errors nobody raised on purpose."""
    return next((STATUS[base] for base in kind.__mro__ if base in STATUS), HTTPStatus.INTERNAL_SERVER_ERROR)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """The body of every error answer."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    field: str | None = None
    fix: str | None = None
    errors: tuple[FieldProblem, ...] | None = None


def problem_of(error: Exception, request_id: str) -> Problem:
    """What the client may know about ``error``."""
    status = status_of(type(error))
    if status is HTTPStatus.INTERNAL_SERVER_ERROR or not isinstance(
        error, errors.CallcenterError | workorder.errors.WorkOrderError
    ):
        fix = f"the log has the cause under request_id {request_id}"
        return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "defect", "internal error", fix=fix)
    problems = getattr(error, "errors", ()) or None
    return _problem(
        status, error.code, error.message, field=error.field, fix=FIX.get(type(error), error.fix), problems=problems
    )


def answer(error: Exception, request_id: str) -> web.Response:
    """``error`` as an HTTP answer."""
    problem = problem_of(error, request_id)
    response = web.Response(status=problem.status, body=encode(problem), content_type=PROBLEM_TYPE)
    if isinstance(error, ApiKeyInvalid):
        response.headers["WWW-Authenticate"] = "Bearer"
    if isinstance(error, TooManyAttempts | TooManyRequests):
        response.headers["Retry-After"] = str(error.retry_after_s)
    return response


def from_http(error: web.HTTPException) -> errors.CallcenterError:
    """The framework's own refusals (no such path, wrong method, body too large) as errors of ours."""
    if isinstance(error, web.HTTPMethodNotAllowed):
        return MethodNotAllowed(
            f"{error.method} is not possible here", fix=f"use {', '.join(sorted(error.allowed_methods))}"
        )
    if isinstance(error, web.HTTPRequestEntityTooLarge):
        return TooLarge("the body is too large", fix="send less at once")
    if error.status == HTTPStatus.NOT_FOUND:
        return errors.NotFound("there is nothing at this address", fix="/api/openapi.json lists every address")
    return Malformed(error.reason)


def from_validation(error: ValidationError, where: str) -> errors.CallcenterError:
    """A schema violation; ``where`` is ``body``, ``query`` or ``path``."""
    details = error.errors(include_url=False, include_context=False, include_input=False)
    if details[0]["type"] == "json_invalid":
        return Malformed(f"the body is not JSON: {details[0]['msg']}", fix="send a JSON object")
    return InvalidFields(
        FieldProblem(field=".".join(map(str, detail["loc"])) or where, code=detail["type"], message=detail["msg"])
        for detail in details
    )


def _problem(
    status: HTTPStatus,
    code: str,
    detail: str,
    *,
    field: str | None = None,
    fix: str | None = None,
    problems: tuple[FieldProblem, ...] | None = None,
) -> Problem:
    kind = f"urn:callcenter:problem:{code}"
    return Problem(
        type=kind, title=status.phrase, status=status, code=code, detail=detail, field=field, fix=fix, errors=problems
    )
