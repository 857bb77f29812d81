"""Logging in and out over HTTP."""

from __future__ import annotations

import pytest

from callcenter.config_sections import WebSettings
from callcenter.errors import NotFound
from callcenter.storage import audit
from tests.contract.api_people import PASSWORD
from tests.contract.api_site import Site, open_site


@pytest.fixture
async def site(tmp_path):
    async with open_site(tmp_path) as site:
        yield site


async def test_a_password_logs_in(site: Site):
    """The right password sets a strict, script-proof cookie and returns who one is and what one may."""
    async with site.browser() as browser:
        assert (await browser.get("/api/session")).status == 401
        response = await browser.log_in({"username": "Agent", "password": PASSWORD})
        assert response.status == 200
        cookie = response.headers["Set-Cookie"]
        assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"} <= set(cookie.split("; "))
        body = await (await browser.get("/api/session")).json()
        assert body["csrf_token"] == browser.csrf_token
        assert body["user"] == {
            "user_id": site.users["agent"].user_id,
            "username": "agent",
            "display_name": "Agent",
            "roles": ["agent"],
            "permissions": [
                "calls",
                "customers",
                "customers.edit",
                "desk",
                "intake",
                "orders",
                "orders.edit",
                "session",
            ],
            "interface": "PJSIP/1001",
        }
    async with site.services.database.read() as work:
        lines = await audit.lines(work.session, subject=site.users["agent"].user_id)
    assert lines[0].action == "user.logged_in"
    assert lines[0].detail == {"address": "127.0.0.1", "way": "password"}


@pytest.mark.parametrize(("username", "password"), [("agent", "wrong password"), ("ghost", PASSWORD), ("nobody", "x")])
async def test_a_wrong_login_says_not_what_was_wrong(site: Site, username, password):
    """Unknown user, wrong password and a user without password get the same answer, and no cookie."""
    async with site.browser() as browser:
        response = await browser.log_in({"username": username, "password": password})
        assert response.status == 403
        assert "Set-Cookie" not in response.headers
        problem = await response.json()
        assert (problem["code"], problem["detail"]) == ("login_failed", "user name or password is wrong")


async def test_spaces_of_a_password_count(site: Site):
    """A password is taken as typed."""
    async with site.browser() as browser:
        assert (await browser.log_in({"username": "agent", "password": f" {PASSWORD}"})).status == 403


async def test_guessing_is_braked(site: Site):
    """After five failures even the right password waits; a quarter of an hour later it works again."""
    async with site.browser() as browser:
        for _ in range(5):
            assert (await browser.log_in({"username": "agent", "password": "wrong"})).status == 403
        refused = await browser.log_in({"username": "agent", "password": PASSWORD})
        assert refused.status == 429
        assert int(refused.headers["Retry-After"]) == 901
        assert (await refused.json())["code"] == "too_many_attempts"
        assert (await browser.log_in({"username": "other", "password": PASSWORD})).status == 200
        await site.clock.advance(901)
        assert (await browser.log_in({"username": "agent", "password": PASSWORD})).status == 200


async def test_a_login_link_works_once(site: Site):
    """The first use of a token logs in, the second does not."""
    token = await site.services.auth.issue_login_token(site.users["agent"].user_id)
    async with site.browser() as browser:
        assert (await browser.log_in({"login_token": token})).status == 200
        again = await browser.log_in({"login_token": token})
        assert (again.status, (await again.json())["code"]) == (403, "login_failed")


async def test_a_login_link_ages(site: Site):
    """An hour later the link is dead."""
    token = await site.services.auth.issue_login_token(site.users["agent"].user_id)
    await site.clock.advance(3601)
    async with site.browser() as browser:
        assert (await browser.log_in({"login_token": token})).status == 403


async def test_logging_out_ends_the_session(site: Site):
    """The cookie is taken back and worthless to whoever kept it."""
    async with site.browser("agent") as browser:
        kept = next(cookie.value for cookie in browser.client.cookie_jar if cookie.key == "callcenter_session")
        response = await browser.send("DELETE", "/api/session")
        assert (response.status, await response.read()) == (204, b"")
        assert "Max-Age=0" in response.headers["Set-Cookie"]
    async with site.browser() as thief:
        assert (await thief.get("/api/session", cookies={"callcenter_session": kept})).status == 401


async def test_a_session_ends_by_time(site: Site):
    """After session_hours the cookie opens nothing."""
    async with site.browser("agent") as browser:
        await site.clock.advance(12 * 3600)
        assert (await browser.get("/api/session")).status == 401


async def test_a_disabled_user_is_out_until_enabled_again(site: Site):
    """Open logins end, the right password is refused, the trail tells who did it, and enabling undoes it."""
    auth = site.services.auth
    async with site.browser("agent") as browser:
        await auth.set_active("Agent", active=False, by="boss")
        assert (await browser.get("/api/session")).status == 401
        assert (await browser.log_in({"username": "agent", "password": PASSWORD})).status == 403
        await auth.set_active("agent", active=True)
        assert (await browser.log_in({"username": "agent", "password": PASSWORD})).status == 200
    async with site.services.database.read() as work:
        lines = await audit.lines(work.session, subject=site.users["agent"].user_id)
    assert ("boss", "user.disabled") in {(line.by, line.action) for line in lines}
    with pytest.raises(NotFound):
        await auth.set_active("ghost", active=False)


async def test_a_changed_password_ends_every_login(site: Site):
    """Whoever stole a session loses it with the password."""
    async with site.browser("agent") as browser:
        await site.services.auth.set_password("agent", "a new password")
        assert (await browser.get("/api/session")).status == 401
        assert (await browser.log_in({"username": "agent", "password": PASSWORD})).status == 403
        assert (await browser.log_in({"username": "agent", "password": "a new password"})).status == 200


async def test_no_secret_is_stored_in_clear(site: Site, tmp_path):
    """Neither cookie, link token nor password can be read from the database files."""
    token = await site.services.auth.issue_login_token(site.users["agent"].user_id)
    async with site.browser("agent") as browser:
        cookie = next(cookie.value for cookie in browser.client.cookie_jar)
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("test.db*"))
    for secret in (token, cookie, PASSWORD):
        assert secret.encode() not in stored


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": "agent"},
        {"password": PASSWORD},
        {"username": "agent", "password": PASSWORD, "login_token": "x"},
        {"username": "agent", "password": PASSWORD, "remember": True},
        {"username": "", "password": ""},
    ],
)
async def test_half_a_login_is_invalid(site: Site, body):
    """What is neither a password login nor a link is 422 and echoes no secret."""
    async with site.browser() as browser:
        response = await browser.post("/api/session", body)
        assert response.status == 422
        text = await response.text()
        assert PASSWORD not in text
        assert (await response.json())["code"] == "invalid"


async def test_behind_https_the_cookie_is_bound_to_the_host(tmp_path):
    """With cookie_secure the cookie is Secure and carries the __Host- prefix."""
    async with open_site(tmp_path, web=WebSettings(cookie_secure=True)) as site, site.browser() as browser:
        response = await browser.log_in({"username": "agent", "password": PASSWORD})
        assert response.headers["Set-Cookie"].startswith("__Host-callcenter_session=")
        assert "Secure" in response.headers["Set-Cookie"]
