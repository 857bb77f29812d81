"""Who may do what, from where: generated from the route table, so that no route is forgotten."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
import pytest_asyncio

from callcenter.auth.permissions import GRANTS, SCOPES, Permission, Role
from callcenter.config_sections import WebSettings
from callcenter.web.guard import SAFE_METHODS
from callcenter.web.route import Access, Route
from callcenter.web.routes import ROUTES
from tests.contract.api_browser import Browser
from tests.contract.api_site import Site, open_site

ROLES: dict[str, frozenset[Permission]] = {"nobody": frozenset(), **{role.value: GRANTS[role] for role in Role}}
NAMED = pytest.mark.parametrize("route", ROUTES, ids=lambda route: f"{route.method} {route.path}")
GUARDED = [route for route in ROUTES if isinstance(route.access, Permission)]
UNSAFE = [route for route in ROUTES if route.method not in SAFE_METHODS]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def site(tmp_path_factory) -> AsyncIterator[Site]:
    async with open_site(tmp_path_factory.mktemp("site")) as site:
        yield site


pytestmark = pytest.mark.asyncio(loop_scope="module")


async def ask(browser: Browser, route: Route, **headers: str):
    """The route with made-up ids and an empty body: enough to see whether it lets one in."""
    path = re.sub(r"{\w+}", "01NOPE", route.path)
    sent = browser.headers() | {name.replace("_", "-"): value for name, value in headers.items()}
    sent = {name: value for name, value in sent.items() if value}
    body = {} if route.method in {"POST", "PATCH", "PUT"} else None
    response = await browser.client.request(route.method, path, json=body, headers=sent)
    await response.read()  # A long answer that nobody reads would keep its connection for ever.
    return response


async def code(response) -> str | None:
    is_problem = response.content_type == "application/problem+json"
    return (await response.json())["code"] if is_problem else None


@NAMED
async def test_without_a_login_only_open_routes_answer(site: Site, route: Route):
    """Every route with a permission says not_logged_in to a stranger."""
    async with site.browser() as browser:
        refused = await code(await ask(browser, route)) == "not_logged_in"
        assert refused == isinstance(route.access, Permission)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
async def test_every_route_as_every_role(site: Site, route: Route, role: str):
    """A role gets in where the table grants the permission and nowhere else."""
    async with site.browser(role) as browser:
        refused = await code(await ask(browser, route)) == "permission_missing"
        assert refused == (route.access not in ROLES[role])


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def programs(site: Site) -> AsyncIterator[dict[str, Browser]]:
    """A program for each scope, with a key that has this scope alone."""
    async with AsyncExitStack() as stack:
        yield {scope: await stack.enter_async_context(site.program(scope)) for scope in sorted(SCOPES)}


@pytest.mark.parametrize("route", GUARDED, ids=lambda route: f"{route.method} {route.path}")
async def test_every_route_with_every_scope(programs: dict[str, Browser], route: Route):
    """A key gets in where its scope is what the route asks for, without Origin or CSRF token, and nowhere else."""
    for scope, program in programs.items():
        refused = await code(await ask(program, route)) == "permission_missing"
        assert refused == (route.access != scope), scope


@pytest.mark.parametrize("route", UNSAFE, ids=lambda route: f"{route.method} {route.path}")
@pytest.mark.parametrize("origin", ["", "http://evil.example", "null", "https://127.0.0.1.evil.example"])
async def test_a_foreign_page_changes_nothing(site: Site, route: Route, origin: str):
    """Every unsafe route refuses requests without our own Origin, cookie or not."""
    async with site.browser("agent") as browser:
        response = await ask(browser, route, Origin=origin)
        assert (response.status, await code(response)) == (403, "origin_foreign")


@pytest.mark.parametrize("token", ["", "wrong", "ünïcode"])
@pytest.mark.parametrize(
    "route", [route for route in UNSAFE if route in GUARDED], ids=lambda route: f"{route.method} {route.path}"
)
async def test_a_change_needs_the_csrf_token(site: Site, route: Route, token: str):
    """Every unsafe route of a login refuses a missing or wrong X-CSRF-Token."""
    async with site.browser("agent") as browser:
        response = await ask(browser, route, X_CSRF_Token=token)
        assert (response.status, await code(response)) == (403, "csrf_missing")


@pytest.mark.parametrize("path", ["/healthz", "/api/session", "/", "/api/nothing"])
async def test_a_foreign_host_name_is_refused(site: Site, path: str):
    """A name that is not ours (DNS rebinding) reaches nothing; our names and literal addresses do."""
    async with site.browser() as browser:
        for host in ("evil.example", "evil.example:8080", "127.0.0.1.evil.example", "[::1", "a b"):
            response = await browser.get(path, headers={"Host": host})
            assert (response.status, await code(response)) == (421, "host_unknown")
        for host in ("localhost:1", "127.0.0.1", "10.0.0.5:8080", "[::1]:8080"):
            assert (await browser.get("/healthz", headers={"Host": host})).status == 200


@pytest.mark.asyncio(loop_scope="function")
async def test_behind_a_proxy_only_the_public_address_is_ours(tmp_path):
    """With public_url set, that origin is the only one, whatever Host says."""
    settings = WebSettings(public_url="https://desk.example.com")
    async with open_site(tmp_path, web=settings) as site, site.browser() as browser:
        token = await site.services.auth.issue_login_token(site.users["agent"].user_id)
        own = await browser.post("/api/session", {"login_token": token})
        assert (await own.json())["code"] == "origin_foreign"
        browser.origin = "https://desk.example.com"
        public = await browser.post("/api/session", {"login_token": token}, Host="desk.example.com")
        assert public.status == 200
        assert (await browser.get("/healthz", headers={"Host": "another.example.com"})).status == 421


@pytest.mark.parametrize("path", ["/metrics", "/readyz"])
async def test_operation_is_for_this_machine_and_administrators(site: Site, path: str):
    """On loopback it answers at once; through a proxy or under another name it asks for permission ``operate``."""
    elsewhere = {"X-Forwarded-For": "203.0.113.9"}
    async with site.browser() as stranger:
        assert (await stranger.get(path)).status == 200
        assert (await stranger.get(path, headers=elsewhere)).status == 401
        assert (await stranger.get(path, headers={"Host": "10.0.0.5"})).status == 401
    async with site.browser("supervisor") as supervisor:
        assert (await supervisor.get(path, headers=elsewhere)).status == 403
    async with site.browser("admin") as admin:
        assert (await admin.get(path, headers=elsewhere)).status == 200


async def test_every_route_says_who_may():
    """No route is open by accident: these and no others need no login."""
    opened = {f"{route.method} {route.path}": route.access for route in ROUTES if isinstance(route.access, Access)}
    assert opened == {
        "POST /api/session": Access.OPEN,
        "GET /api/openapi.json": Access.OPEN,
        "GET /healthz": Access.OPEN,
        "GET /readyz": Access.LOCAL,
        "GET /metrics": Access.LOCAL,
    }


async def test_the_reference_shows_the_permissions_as_they_are():
    """The table in docs/reference/api.md and the one in the code are the same."""
    text = (Path(__file__).parents[2] / "docs/reference/api.md").read_text(encoding="utf-8")
    section = text.partition("## Permissions")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| `([a-z._]+)` \|[^|]*\|([^|]*)\|([^|]*)\|([^|]*)\|$", section, re.MULTILINE)
    shown = {name: {role for role, mark in zip(Role, marks, strict=True) if mark.strip()} for name, *marks in rows}
    assert shown == {
        permission.value: {role for role in Role if permission in GRANTS[role]} for permission in Permission
    }
