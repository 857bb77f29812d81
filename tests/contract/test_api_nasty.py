"""Input nobody should send: every property of every route, with every nasty value, is refused or taken, never a defect."""

from __future__ import annotations

import base64
import re

import pytest

from callcenter.web.route import Route
from callcenter.web.routes import ROUTES
from tests.contract.api_site import FIELDS, open_site


def cursor(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


TEXTS = [
    "",
    " ",
    "0",
    "-1",
    "99999999999999999999",
    "x" * 3000,
    "' OR 1=1 --",
    "%",
    "\\",
    "\u202e\u200b",
    "😀",
    "2026-13-45T99:99:99Z",
    "9999-12-31T23:59:59+00:00",
    "0001-01-01T00:00:00+14:00",
    "../../etc/passwd",
    "null",
    cursor("0001-01-01T00:00:00|x"),
    cursor("0001-01-01T00:00:00+14:00|x"),
    cursor("9999-12-31T23:59:59-14:00|x"),
    cursor("2026-11-21T00:00:00+00:00|\0"),
    cursor("2026-11-21T00:00:00+00:00|"),
]
VALUES = [*TEXTS, None, True, 0, -1, 1e308, 10**30, [], {}, [[]], [None], {"a": None}, {"brand": {"a": "b"}}]
WITH_BODY = [route for route in ROUTES if "body" in route.inputs]
WITH_QUERY = [route for route in ROUTES if "query" in route.inputs]
WITH_PATH = [route for route in ROUTES if route.path_names]


def named(routes: list[Route]):
    return pytest.mark.parametrize("route", routes, ids=lambda route: f"{route.method} {route.path}")


def properties(route: Route, name: str) -> list[str]:
    return list(route.inputs[name].json_schema(by_alias=True).get("properties", {}))


@pytest.fixture
async def site(tmp_path):
    async with open_site(tmp_path) as site:
        yield site


@pytest.fixture
async def admin(site):
    async with site.browser("admin") as browser:
        yield browser


@named(WITH_BODY)
async def test_bodies(site, admin, route: Route):
    """Each property of the body, each value as the whole body, and each value in an order's fields."""
    order_id = (await site.draft(**FIELDS)).order_id
    path = route.path.replace("{order_id}", order_id)
    bodies = [{name: value} for name in properties(route, "body") for value in VALUES]
    if route.method == "PATCH":
        bodies += [{"fields": {name: value}} for name in FIELDS for value in VALUES]
    for body in [*bodies, *VALUES]:
        response = await admin.send(route.method, path, body, If_Match='"1"')
        assert response.status < 500, (body, await response.text())


@named(WITH_QUERY)
async def test_queries(site, admin, route: Route):
    """Each key of the query with each text."""
    call_id = await site.call()
    path = route.path.replace("{call_id}", call_id)
    span = {"start_ms": "0", "end_ms": "9"} if path.endswith("/audio") else {}
    for name in properties(route, "query"):
        for text in TEXTS:
            response = await admin.get(path, params={**span, name: text})
            assert response.status < 500, (name, text, await response.text())


@named(WITH_PATH)
async def test_ids(admin, route: Route):
    """Each text in place of an id."""
    for text in TEXTS:
        path = re.sub(r"{\w+}", lambda _, text=text: text.replace("/", "%2F").replace("%", "%25") or "%20", route.path)
        body = {} if "body" in route.inputs else None
        response = await admin.send(route.method, path, body, If_Match='"1"')
        assert response.status < 500, (path, await response.text())


@pytest.mark.parametrize("version", ["", '"', "W/", "-1", "*", '"1', "9" * 30, '"١"'])
async def test_versions(site, admin, version: str):
    """Each nonsense in place of an ETag."""
    order_id = (await site.draft(**FIELDS)).order_id
    response = await admin.send("PATCH", f"/api/work-orders/{order_id}", {}, If_Match=version)
    assert response.status in {200, 400, 412}
