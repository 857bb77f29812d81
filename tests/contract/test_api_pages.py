"""The built page, the headers of every answer, errors and the log."""

from __future__ import annotations

from http import HTTPStatus
from io import StringIO
from pathlib import Path

import pytest
from aiohttp import web

from callcenter import logs
from callcenter.errors import Unavailable
from callcenter.features.readiness import Check
from callcenter.web.server import build_web
from callcenter.web.static import Pages
from tests.contract.api_site import Site, open_site

INDEX = "<!doctype html><script type=module src=/assets/index-abc123.js></script>"


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "static"
    (folder / "assets").mkdir(parents=True)
    (folder / "index.html").write_text(INDEX)
    (folder / "favicon.svg").write_text("<svg/>")
    (folder / "assets" / "index-abc123.js").write_text("export {}")
    (tmp_path / "secret.txt").write_text("secret")
    return folder


@pytest.fixture
async def site(tmp_path, built):
    async with open_site(tmp_path, pages=built) as site:
        yield site


@pytest.mark.parametrize("path", ["/", "/login", "/desk", "/calls/01CALL", "/apiary"])
async def test_every_page_route_gets_the_page(site: Site, path: str):
    """Routes of the page itself are answered with index.html, revalidated each time, under a strict policy."""
    async with site.browser() as browser:
        response = await browser.get(path)
        assert (response.status, response.content_type, await response.text()) == (200, "text/html", INDEX)
        assert response.headers["Cache-Control"] == "no-cache"
        policy = dict(part.split(" ", 1) for part in response.headers["Content-Security-Policy"].split("; "))
        assert policy["script-src"] == "'self'"
        assert policy["default-src"] == "'self'"
        assert policy["frame-ancestors"] == policy["base-uri"] == policy["object-src"] == "'none'"
        again = await browser.get(path, headers={"If-None-Match": response.headers["ETag"]})
        assert again.status == 304
        # A browser would put it over the page's own policy.
        assert "Content-Security-Policy" not in again.headers


async def test_hashed_assets_may_be_kept(site: Site):
    """A file whose name holds its hash is immutable; others are revalidated."""
    async with site.browser() as browser:
        asset = await browser.get("/assets/index-abc123.js")
        assert asset.status == 200
        assert asset.content_type in {"text/javascript", "application/javascript"}
        assert asset.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert (await browser.get("/favicon.svg")).headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path", ["/assets/gone-123.js", "/../secret.txt", "/%2e%2e/secret.txt", "/assets/..%2f..%2fsecret.txt"]
)
async def test_only_built_files_are_served(site: Site, path: str):
    """A missing file and a path that climbs out are 404, never the page and never the file."""
    async with site.browser() as browser:
        response = await browser.client.get(f"{site.origin}{path}")
        assert response.status in {200, 404}
        assert "secret" not in await response.text()
        if response.status == 200:
            assert await response.text() == INDEX


async def test_without_a_built_page_it_says_how_to_build(tmp_path):
    """``/`` is a clear 503, and the interface still works."""
    async with open_site(tmp_path) as site, site.browser() as browser:
        response = await browser.get("/")
        assert (response.status, "make build" in await response.text()) == (503, True)
        assert (await browser.get("/healthz")).status == 200


@pytest.mark.parametrize("path", ["/api", "/api/", "/api/nothing", "/api/calls/01C/nothing"])
async def test_an_unknown_address_of_the_interface_is_a_problem(site: Site, path: str):
    """Inside /api an unknown path is 404 problem+json, not the page."""
    async with site.browser("agent") as browser:
        response = await browser.get(path)
        assert (response.status, response.content_type) == (404, "application/problem+json")
        problem = await response.json()
        assert problem["code"] == "not_found"
        assert problem["type"] == "urn:callcenter:problem:not_found"


async def test_a_wrong_method_says_which_would_do(site: Site):
    """405 with the methods that exist."""
    async with site.browser("agent") as browser:
        response = await browser.send("PUT", "/api/catalogue", {})
        problem = await response.json()
        assert (response.status, problem["code"], problem["fix"]) == (405, "method_not_allowed", "use GET, HEAD")


@pytest.mark.parametrize("path", ["/", "/api/session", "/api/nothing", "/healthz", "/assets/index-abc123.js"])
async def test_every_answer_carries_the_safety_headers(site: Site, path: str):
    """Pages, JSON and errors alike: nosniff, no framing, no referrer, a policy, a request id."""
    async with site.browser() as browser:
        headers = (await browser.get(path)).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
        assert len(headers["X-Request-Id"]) == 26
        assert "Cache-Control" in headers
        assert headers["Server"] == "callcenter"


@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{", {"Content-Type": "application/json"}, 400, "malformed"),
        (b"\xff", {"Content-Type": "application/json"}, 400, "malformed"),
        (b'"text"', {"Content-Type": "application/json"}, 422, "invalid"),
        (b'{"name":"a\\u0000","phone":"1"}', {"Content-Type": "application/json"}, 400, "malformed"),
        (b'{"name":"\\ud800","phone":"1"}', {"Content-Type": "application/json"}, 400, "malformed"),
        (b"name=a", {"Content-Type": "application/x-www-form-urlencoded"}, 415, "unsupported_media_type"),
        (b"{}", {"Content-Type": "text/plain"}, 415, "unsupported_media_type"),
        (b'{"name":"' + b"x" * 300_000 + b'"}', {"Content-Type": "application/json"}, 413, "too_large"),
    ],
)
async def test_bodies_that_cannot_be_read(site: Site, body, headers, status, code):
    """Broken, mistyped and oversized bodies are told apart."""
    async with site.browser("agent") as browser:
        response = await browser.client.post("/api/customers", data=body, headers=browser.headers(headers))
        assert (response.status, (await response.json())["code"]) == (status, code)


async def test_nul_in_a_query_is_refused(site: Site):
    """A NUL character never reaches the database."""
    async with site.browser("agent") as browser:
        assert (await browser.get("/api/customers?q=%00")).status == 400


async def test_readiness_names_what_is_wrong(site: Site):
    """One failing check makes /readyz 503 and says what to do; a check that breaks is a failed check."""

    async def down() -> Check:
        return Check(ok=False, message="not connected", fix="start the PBX")

    async def refuses() -> Check:
        raise Unavailable("the model is missing", fix="get it")

    async def broken() -> Check:
        raise ZeroDivisionError

    async with site.browser() as browser:
        good = await browser.get("/readyz")
        assert (good.status, await good.json()) == (
            200,
            {"checks": {"database": {"ok": True, "message": "fine", "fix": None}}},
        )
        site.checks.update(pbx=down, model=refuses, bus=broken)
        bad = await browser.get("/readyz")
        checks = (await bad.json())["checks"]
        assert (bad.status, checks["database"]["ok"]) == (503, True)
        assert checks["pbx"] == {"ok": False, "message": "not connected", "fix": "start the PBX"}
        assert checks["model"] == {"ok": False, "message": "the model is missing", "fix": "get it"}
        assert checks["bus"]["ok"] is False


async def test_metrics_count_requests_by_route(site: Site):
    """/metrics is Prometheus text; a route's pattern is the label, never an id."""
    async with site.browser("agent") as browser:
        await browser.get("/api/calls/01SECRET")
        await browser.client.request("PROPFIND", "/api/calls", headers=browser.headers())
        response = await browser.get("/metrics")
        text = await response.text()
    assert response.content_type == "text/plain"
    line = 'callcenter_http_requests_total{method="GET",route="/api/calls/{call_id}",status="404"} 1.0'
    assert line in text
    assert "01SECRET" not in text
    assert 'method="other"' in text
    assert "PROPFIND" not in text


async def test_a_defect_leaks_nothing_and_is_logged(tmp_path):
    """A bug is a 500 with a request id and nothing else; the log has its cause under that id, masked."""

    stream = StringIO()
    logs.configure(fmt="json", stream=stream)
    async with open_site(tmp_path) as site:

        def explode(_order: object) -> None:
            raise RuntimeError("cannot dial 13800138000")

        site.orders.changed = explode
        async with site.browser("agent") as browser:
            response = await browser.post("/api/work-orders", {})
            problem = await response.json()
            text = await response.text()
    assert (response.status, problem["code"], problem["detail"]) == (500, "defect", "internal error")
    assert response.headers["X-Request-Id"] in problem["fix"]
    assert "dial" not in text
    assert "Traceback" not in text
    log = stream.getvalue()
    assert "cannot dial 138******00" in log
    assert "13800138000" not in log
    assert response.headers["X-Request-Id"] in log


async def test_one_line_per_request_without_personal_data(tmp_path):
    """The log tells route, status, user and duration; numbers, names, queries and secrets stay out of it."""
    stream = StringIO()
    logs.configure(fmt="json", stream=stream)
    async with open_site(tmp_path) as site, site.browser("agent") as browser:
        await site.customer()
        await browser.get("/api/customers?phone=13800138000")
        await browser.post("/api/customers", {"name": "赵六", "phone": "13900139000"})
        await browser.get("/healthz")
        log = stream.getvalue()
        user_id = site.users["agent"].user_id
        token = browser.csrf_token
    lines = [line for line in log.splitlines() if "http.request" in line]
    assert len(lines) == 3
    assert all(f'"user_id": "{user_id}"' in line for line in lines[1:])
    assert '"route": "/api/customers"' in lines[1]
    assert '"client": "127.0.0.1"' in lines[1]
    for secret in ("13800138000", "13900139000", "赵六", token):
        assert secret not in log


async def test_a_catalogue_of_the_wrong_shape_stops_the_start(site: Site):
    """What the page could not show is found before the first request."""
    from dataclasses import replace

    with pytest.raises(ValueError, match="service_types"):
        build_web(replace(site.services, catalogue=lambda: {"brands": []}), pages=Pages(Path("nowhere")))


def test_errors_of_the_framework_are_ours():
    """Every refusal of the framework that can reach a client has a code."""
    from callcenter.web.errors import from_http, status_of

    assert status_of(type(from_http(web.HTTPBadRequest()))) is HTTPStatus.BAD_REQUEST
    assert status_of(type(from_http(web.HTTPNotFound()))) is HTTPStatus.NOT_FOUND
