"""Which refusals a route can answer with, from what its line in the route table says: status, when, stable codes.

docs/reference/errors.md explains each code; tests/contract/test_openapi.py compares the codes with the error classes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from callcenter.auth.permissions import Permission
from callcenter.web.guard import SAFE_METHODS
from callcenter.web.route import Access, Route, Unit


@dataclass(frozen=True, slots=True)
class Refusal:
    """An error status: on which routes it can come, and under which codes."""

    when: Callable[[Route], bool]
    codes: tuple[str, ...]


def _always(_route: Route) -> bool:
    return True


def _guarded(route: Route) -> bool:
    return route.access is not Access.OPEN


def _takes_input(route: Route) -> bool:
    return bool(route.inputs) or route.own_page or _has_body(route)


def _unsafe(route: Route) -> bool:
    return route.method not in SAFE_METHODS


def _has_body(route: Route) -> bool:
    return "body" in route.inputs or route.consumes is not None


def _names_something(route: Route) -> bool:
    return bool(route.path_names) or _has_body(route) or "query" in route.inputs


def _edits(route: Route) -> bool:
    return "edit_version" in route.inputs


def _writes(route: Route) -> bool:
    return route.unit is Unit.WRITE or _unsafe(route)


def _limited(route: Route) -> bool:
    return _guarded(route) or _unsafe(route)


REFUSALS: Mapping[int, Refusal] = {
    400: Refusal(_takes_input, ("malformed",)),
    401: Refusal(_guarded, ("not_logged_in", "api_key_invalid")),
    403: Refusal(
        lambda route: _guarded(route) or _unsafe(route),
        ("permission_missing", "csrf_missing", "origin_foreign", "login_failed", "denied", "may_not_decide"),
    ),
    404: Refusal(_names_something, ("not_found",)),
    409: Refusal(lambda route: _writes(route) or bool(route.path_names), ("conflict", "approval_required")),
    412: Refusal(_edits, ("version_stale",)),
    413: Refusal(_has_body, ("too_large", "file_too_large")),
    415: Refusal(_has_body, ("unsupported_media_type", "file_kind_refused")),
    421: Refusal(_always, ("host_unknown",)),
    422: Refusal(_takes_input, ("invalid", "idempotency_key_reused")),
    428: Refusal(_edits, ("if_match_required",)),
    429: Refusal(_limited, ("too_many_requests", "too_many_attempts")),
    500: Refusal(_always, ("defect",)),
    503: Refusal(_always, ("unavailable", "schema_old")),
}


def refusals(route: Route) -> dict[int, str]:
    """Description by status, of every error the route can answer with."""
    return {status: _words(refusal) for status, refusal in REFUSALS.items() if refusal.when(route)}


def permission_words(route: Route) -> str:
    """Who may use the route, in a sentence."""
    if isinstance(route.access, Permission):
        return f"Needs the permission `{route.access.value}`."
    if route.access is Access.LOCAL:
        return f"Open on this machine; from elsewhere it needs the permission `{Permission.OPERATE.value}`."
    return "Open to everybody."


def _words(refusal: Refusal) -> str:
    return "Problem with code " + " or ".join(f"`{code}`" for code in refusal.codes)
