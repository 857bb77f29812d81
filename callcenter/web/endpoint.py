"""Runs one route for one request: authorise, decode, do the work in its unit of work, encode."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from contextlib import AbstractAsyncContextManager, nullcontext
from typing import Any

import structlog
from aiohttp import web
from pydantic import ValidationError

from callcenter.auth.errors import NotLoggedIn, PermissionMissing
from callcenter.auth.permissions import Permission
from callcenter.auth.sessions import Principal
from callcenter.storage.database import UnitOfWork
from callcenter.web import errors, idempotency
from callcenter.web.ask import Ask
from callcenter.web.encode import encode
from callcenter.web.guard import SAFE_METHODS, Guard
from callcenter.web.idempotency import KeptAnswer
from callcenter.web.route import Access, HoldsSecret, Route, Unit
from callcenter.web.services import Services

KEY_LENGTH = 80
JSON_TYPE = "application/json"


class Endpoint:
    """The aiohttp handler of a route."""

    def __init__(self, route: Route, services: Services, guard: Guard) -> None:
        self.route = route
        self._services = services
        self._guard = guard

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Answer ``request``; refusals are raised as errors and become problem+json in the server's middleware."""
        principal = await self._authorise(request)
        arguments = {name: await self._decode(request, name) for name in self.route.inputs}
        ask = Ask(http=request, services=self._services, principal=principal)
        response = await self._work(ask, arguments)
        for dress in ask.dress:
            dress(response)
        return response

    # ---- who ----------------------------------------------------------------------------------------------------

    async def _authorise(self, request: web.Request) -> Principal | None:
        authorization = request.headers.get("Authorization")
        by_key = authorization is not None and self.route.access is not Access.OPEN
        unsafe = request.method not in SAFE_METHODS
        if (unsafe or self.route.own_page) and not by_key:
            self._guard.check_origin(request.headers, request.host)
        if self.route.access is Access.OPEN or (self.route.access is Access.LOCAL and self._guard.local(request)):
            return None
        if authorization is not None:
            # A browser never sends this header by itself, so there is nothing to forge: no Origin, no CSRF token.
            principal = await self._services.api_keys.principal(authorization)
        else:
            principal = await self._logged_in(request, unsafe=unsafe)
        structlog.contextvars.bind_contextvars(user_id=principal.user_id)
        needed = self.route.access if isinstance(self.route.access, Permission) else Permission.OPERATE
        if needed not in principal.permissions:
            raise PermissionMissing(
                f"this needs the permission {needed}",
                fix="ask an administrator for a role, or an API key with a scope, that has it",
            )
        return principal

    async def _logged_in(self, request: web.Request, *, unsafe: bool) -> Principal:
        principal = await self._services.auth.lookup(request.cookies.get(self._services.auth.cookie_name))
        if principal is None:
            raise NotLoggedIn("log in first", fix="POST /api/session, or send Authorization: Bearer with an API key")
        if unsafe:
            _check_csrf(request, principal)
        return principal

    # ---- what ---------------------------------------------------------------------------------------------------

    async def _decode(self, request: web.Request, name: str) -> Any:
        adapter = self.route.inputs[name]
        try:
            if name == "body":
                return adapter.validate_json(await _json_body(request))
            if name == "query":
                return adapter.validate_python(_query(request))
            if name == "edit_version":
                return _edit_version(request)
            return adapter.validate_python(request.match_info[name])
        except ValidationError as error:
            raise errors.from_validation(error, name) from None

    # ---- work ---------------------------------------------------------------------------------------------------

    async def _work(self, ask: Ask, arguments: Mapping[str, Any]) -> web.StreamResponse:
        async with self._unit() as unit:
            if unit is None:
                return self._encode(await self.route.handler(ask, **arguments))
            ask.session = unit.session
            if self.route.unit is Unit.READ:
                return self._encode(await self.route.handler(ask, **arguments))
            response = await self._once(ask, arguments)
            await unit.commit()
        for effect in ask.after_commit:
            effect()
        return response

    def _unit(self) -> AbstractAsyncContextManager[UnitOfWork | None]:
        if self.route.unit is Unit.NONE:
            return nullcontext()
        return self._services.database.read() if self.route.unit is Unit.READ else self._services.database.write()

    async def _once(self, ask: Ask, arguments: Mapping[str, Any]) -> web.StreamResponse:
        """Run the handler unless this Idempotency-Key has an answer already; the answer lasts with the effect."""
        key = ask.http.headers.get("Idempotency-Key")
        if key is None or ask.http.method != "POST":
            return self._encode(await self.route.handler(ask, **arguments))
        if not 0 < len(key) <= KEY_LENGTH or "\x00" in key:
            raise errors.Malformed(f"must have 1 to {KEY_LENGTH} characters", field="Idempotency-Key")
        claim = idempotency.Claim(ask.who.user_id, key, await _fingerprint(ask.http))
        if first := await idempotency.claim(ask.rows, claim, at=ask.services.clock.now()):
            response = _response(first)
            response.headers["Idempotency-Replayed"] = "true"
            return response
        content = await self.route.handler(ask, **arguments)
        kept = content.without_secret() if isinstance(content, HoldsSecret) else content
        await idempotency.store(ask.rows, claim, self._answer(kept))
        return _response(self._answer(content))

    # ---- answer -------------------------------------------------------------------------------------------------

    def _encode(self, content: object) -> web.StreamResponse:
        return content if isinstance(content, web.StreamResponse) else _response(self._answer(content))

    def _answer(self, content: object) -> KeptAnswer:
        headers = {"Content-Type": JSON_TYPE} if content is not None else {}
        if self.route.etag and (edit_version := getattr(content, "edit_version", None)) is not None:
            headers["ETag"] = f'"{edit_version}"'
        body = b"" if content is None else encode(content)
        return KeptAnswer(status=self.route.status, headers=headers, body=body)


def _response(answer: KeptAnswer) -> web.Response:
    return web.Response(status=answer.status, body=answer.body, headers=answer.headers)


def _check_csrf(request: web.Request, principal: Principal) -> None:
    sent = request.headers.get("X-CSRF-Token", "")
    if not hmac.compare_digest(sent.encode(errors="replace"), principal.csrf_token.encode()):
        raise errors.CsrfMissing(
            "wrong or no CSRF token", field="X-CSRF-Token", fix="send csrf_token of GET /api/session"
        )


async def _json_body(request: web.Request) -> bytes:
    if request.content_type != JSON_TYPE:
        raise errors.UnsupportedMediaType("the body must be JSON", field="Content-Type", fix=f"send {JSON_TYPE}")
    body = await request.read()
    if b"\\u0000" in body:
        raise errors.Malformed("text must not hold NUL characters", fix="remove \\u0000")
    return body


def _query(request: web.Request) -> dict[str, str]:
    # An empty value means "not asked", as forms send it.
    values = {name: value for name, value in request.query.items() if value}
    if any("\x00" in value for value in values.values()):
        raise errors.Malformed("text must not hold NUL characters", fix="remove %00")
    return values


def _edit_version(request: web.Request) -> int:
    header = request.headers.get("If-Match")
    if header is None:
        raise errors.VersionMissing(
            "a change must say which version it changes",
            field="If-Match",
            fix="send the ETag of the order as you read it",
        )
    digits = header.strip().removeprefix("W/").strip('"')
    if not (digits.isascii() and digits.isdigit() and len(digits) < 10):
        raise errors.Malformed("not an ETag of ours", field="If-Match", fix='send it as you got it, e.g. "3"')
    return int(digits)


async def _fingerprint(request: web.Request) -> str:
    """What tells two requests apart that carry the same key."""
    target = f"{request.method} {request.path_qs}\n".encode()
    return hashlib.sha256(target + await request.read()).hexdigest()
