"""API keys: what another program may, and what a stolen database or a careless browser may not."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from callcenter.auth.api_keys import PREFIX
from callcenter.auth.permissions import SCOPES
from callcenter.config_sections import WebSettings
from callcenter.storage import audit
from callcenter.storage.tables import ApiKeyRow, IdempotencyRow
from tests.contract.api_site import Site, open_site


@pytest.fixture
async def site(tmp_path):
    async with open_site(tmp_path) as site:
        yield site


async def issue(site: Site, *scopes: str, **more: object) -> dict:
    async with site.browser("admin") as admin:
        body = {"name": "shop website", "scopes": scopes or ["orders"], **more}
        response = await admin.post("/api/api-keys", body)
        assert response.status == 201, await response.text()
        return await response.json()


async def get(site: Site, path: str, authorization: str | None, **headers: str):
    async with site.browser() as browser:
        sent = headers | ({"Authorization": authorization} if authorization else {})
        response = await browser.get(path, headers=sent)
        body = await response.json()
        return response.status, body.get("code"), response.headers


async def test_a_program_works_with_its_key_alone(site: Site):
    """Without cookie, Origin and CSRF token it opens a draft and reads it; the order says whose key it was."""
    async with site.program("orders", "orders.edit") as program:
        opened = await program.post("/api/work-orders", {"fields": {"brand": "格力"}}, Idempotency_Key="a")
        assert opened.status == 201, await opened.text()
        order = await opened.json()
        assert (await (await program.get(f"/api/work-orders/{order['order_id']}")).json())["order_id"] == order[
            "order_id"
        ]
        again = await program.post("/api/work-orders", {"fields": {"brand": "格力"}}, Idempotency_Key="a")
        assert (await again.json())["order_id"] == order["order_id"]
        assert (await program.get("/api/customers")).status == 403


async def test_the_key_is_shown_once_and_stored_nowhere(site: Site):
    """A repeat under the same Idempotency-Key makes no second key and shows none; no row holds the key."""
    body = {"name": "erp", "scopes": ["orders"]}
    async with site.browser("admin") as admin:
        first, second = [await (await admin.post("/api/api-keys", body, Idempotency_Key="k")).json() for _ in range(2)]
        listed = await (await admin.get("/api/api-keys")).json()
    assert first["token"].startswith(PREFIX)
    assert second == {"key": first["key"], "token": None}
    assert [key["name"] for key in listed["items"]] == ["erp"]
    assert first["token"] not in str(listed)
    async with site.services.database.read() as work:
        rows = [*await work.session.scalars(select(ApiKeyRow)), *await work.session.scalars(select(IdempotencyRow))]
        lines = await audit.lines(work.session, subject=first["key"]["key_id"])
    assert len(rows) == 2
    assert not any(first["token"] in str(vars(row)) for row in rows)
    assert [(line.action, line.by) for line in lines] == [("api_key.added", site.users["admin"].user_id)]


async def test_a_revoked_or_expired_key_is_nobodys(site: Site):
    """Both are refused like an unknown key, with the scheme to use; the list still shows them."""
    revoked, expiring = await issue(site), await issue(site, expires_in_days=1)
    for issued in (revoked, expiring):
        assert (await get(site, "/api/work-orders", f"Bearer {issued['token']}"))[0] == 200
    async with site.browser("admin") as admin:
        for _ in range(2):
            assert (await admin.send("DELETE", f"/api/api-keys/{revoked['key']['key_id']}")).status == 204
        assert (await admin.send("DELETE", "/api/api-keys/01NOPE")).status == 404
    await site.clock.advance(timedelta(days=1).total_seconds())
    for issued in (revoked, expiring):
        status, code, headers = await get(site, "/api/work-orders", f"bearer {issued['token']}")
        assert (status, code, headers["WWW-Authenticate"]) == (401, "api_key_invalid", "Bearer")
    async with site.services.database.read() as work:
        lines = await audit.lines(work.session, subject=revoked["key"]["key_id"])
    assert [line.action for line in lines] == ["api_key.revoked", "api_key.added"]


@pytest.mark.parametrize(
    "header", ["", "Bearer", "Bearer ", "Basic YTpi", f"Bearer {PREFIX}short", f"Bearer {PREFIX}{'x' * 43}", "é"]
)
async def test_what_is_no_key_lets_nobody_in(site: Site, header: str):
    """A bad Authorization header is refused even beside the cookie of a login that could."""
    async with site.browser("admin") as admin:
        response = await admin.get("/api/work-orders", headers={"Authorization": header})
        assert (response.status, (await response.json())["code"]) == (401, "api_key_invalid")


async def test_cookies_beside_a_key_do_not_count(site: Site):
    """An administrator's cookie adds nothing to a key that may only read orders."""
    issued = await issue(site, "orders")
    async with site.browser("admin") as admin:
        key = {"Authorization": f"Bearer {issued['token']}"}
        assert (await admin.get("/api/work-orders", headers=key)).status == 200
        assert (await admin.get("/api/api-keys", headers=key)).status == 403
        assert (await admin.get("/api/session", headers=key)).status == 403


async def test_scopes_are_checked_when_a_key_is_made_and_when_it_is_used(site: Site):
    """No key gets a person's desk or the making of keys; one that a later version took away grants nothing."""
    async with site.browser("admin") as admin:
        for scopes in (["api_keys"], ["desk"], ["session"], ["wizard"], []):
            response = await admin.post("/api/api-keys", {"name": "x", "scopes": scopes})
            assert (response.status, (await response.json())["code"]) == (422, "invalid"), scopes
    issued = await issue(site)
    async with site.services.database.write() as work:
        await work.session.execute(update(ApiKeyRow).values(scopes=["api_keys", "gone"]))
        await work.commit()
    for path in ("/api/work-orders", "/api/api-keys"):
        assert (await get(site, path, f"Bearer {issued['token']}"))[1] == "permission_missing"


async def test_a_key_that_asks_too_often_has_to_wait(tmp_path):
    """Beyond the limit 429 with Retry-After; after that time it may again, and other keys never noticed."""
    async with open_site(tmp_path, web=WebSettings(api_key_per_minute=3)) as site:
        eager, calm = [f"Bearer {(await issue(site))['token']}" for _ in range(2)]
        seen = [await get(site, "/api/work-orders", eager) for _ in range(4)]
        assert [status for status, _, _ in seen] == [200, 200, 200, 429]
        assert (seen[-1][1], seen[-1][2]["Retry-After"]) == ("too_many_requests", "20")
        assert (await get(site, "/api/work-orders", calm))[0] == 200
        await site.clock.advance(20)
        assert (await get(site, "/api/work-orders", eager))[0] == 200


async def test_last_use_is_noted_to_the_minute(site: Site):
    """The list says when a key was last used, without a write for every request."""
    issued = await issue(site)

    async def last_used() -> str | None:
        async with site.browser("admin") as admin:
            return (await (await admin.get("/api/api-keys")).json())["items"][0]["last_used_at"]

    assert await last_used() is None
    await get(site, "/api/work-orders", f"Bearer {issued['token']}")
    first = await last_used()
    await site.clock.advance(59)
    await get(site, "/api/work-orders", f"Bearer {issued['token']}")
    assert await last_used() == first
    await site.clock.advance(1)
    await get(site, "/api/work-orders", f"Bearer {issued['token']}")
    assert await last_used() != first


async def test_keys_come_in_pages(site: Site):
    """Every key once, newest first."""
    made = [(await issue(site))["key"]["key_id"] for _ in range(3)]
    seen, cursor = [], ""
    async with site.browser("admin") as admin:
        while cursor is not None:
            page = await (await admin.get(f"/api/api-keys?limit=2&cursor={cursor}")).json()
            seen += [key["key_id"] for key in page["items"]]
            cursor = page["next_cursor"]
    assert seen == made[::-1]


async def test_metrics_from_another_machine_by_key(site: Site):
    """A monitoring system needs no login: scope ``operate`` opens /metrics and /readyz."""
    async with site.program("operate") as monitor, site.program("orders") as other:
        elsewhere = {"X-Forwarded-For": "203.0.113.9"}
        assert (await monitor.get("/metrics", headers=elsewhere)).status == 200
        assert (await other.get("/metrics", headers=elsewhere)).status == 403


def test_no_key_makes_keys():
    """Neither a person's desk nor the keys themselves are scopes."""
    assert not SCOPES & {"session", "desk", "api_keys"}
