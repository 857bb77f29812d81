"""What the tables of users, logins and audit promise, on every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callcenter.errors import Conflict, Invalid, NotFound
from callcenter.storage import audit, users
from callcenter.storage.database import Database
from callcenter.storage.users import User

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
LATER = AT + timedelta(hours=12)


async def add(db: Database, username: str = "Li", **more: object) -> User:
    async with db.write() as work:
        user = await users.add_user(
            work.session, **{"username": username, "display_name": "李", "roles": ["agent"], "at": AT, **more}
        )
        await work.commit()
    return user


async def test_a_user_is_found_by_name_in_any_case_by_key_and_by_device(database: Database) -> None:
    """The same user comes back each way, with roles and device."""
    user = await add(database, interface="PJSIP/1001", roles=["agent", "supervisor"])
    async with database.read() as work:
        assert await users.by_username(work.session, " LI ") == user
        assert await users.by_id(work.session, user.user_id) == user
        assert await users.by_interface(work.session, "PJSIP/1001") == user
        assert await users.by_username(work.session, "nobody") is None
        assert await users.list_users(work.session) == (user,)
    assert user.roles == ("agent", "supervisor")


async def test_a_name_is_given_once(database: Database) -> None:
    """A taken name (in any case) and an empty one are refused; the transaction goes on."""
    await add(database, "Li")
    async with database.write() as work:
        with pytest.raises(Conflict):
            await users.add_user(work.session, username="lI", display_name="", roles=[], at=AT)
        with pytest.raises(Invalid):
            await users.add_user(work.session, username=" ", display_name="", roles=[], at=AT)
        await users.add_user(work.session, username="wang", display_name="", roles=[], at=AT)
        await work.commit()
    async with database.read() as work:
        assert [user.username for user in await users.list_users(work.session)] == ["li", "wang"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "x" * 61),
        ("username", "li wang"),
        ("username", "li\nwang"),
        ("display_name", "李" * 81),
        ("display_name", "李\x00"),
        ("interface", ""),
        ("interface", "PJSIP/1001\n"),
        ("interface", "P" * 81),
    ],
)
async def test_a_user_that_could_never_log_in_or_be_rung_is_refused(database: Database, field: str, value: str) -> None:
    """Names and devices that fit no column, or no line, are refused by their field."""
    with pytest.raises(Invalid) as error:
        await add(database, **{"username": "li", field: value})
    assert error.value.field == field


async def test_a_login_lasts_until_it_expires_is_deleted_or_its_user_is_kept_out(database: Database) -> None:
    """Four ways a cookie stops to work."""
    user = await add(database)

    async def log_in(token_hash: str) -> None:
        async with database.write() as work:
            await users.add_session(
                work.session, token_hash=token_hash, user_id=user.user_id, csrf_token="c", at=AT, expires_at=LATER
            )
            await work.commit()

    async def works(token_hash: str, at: datetime = AT) -> bool:
        async with database.read() as work:
            return await users.session_by_hash(work.session, token_hash, at=at) is not None

    for token_hash in ("t1", "t2"):
        await log_in(token_hash)
    assert await works("t1")
    assert not await works("t1", LATER)
    assert not await works("other")
    async with database.write() as work:
        await users.delete_session(work.session, "t1")
        await work.commit()
    assert not await works("t1")
    assert await works("t2")
    async with database.write() as work:
        await users.set_password_hash(work.session, user.user_id, "new")
        await work.commit()
    assert not await works("t2")
    await log_in("t3")
    async with database.write() as work:
        await users.set_active(work.session, user.user_id, active=False)
        await work.commit()
    assert not await works("t3")


async def test_a_login_link_works_once_and_in_time(database: Database) -> None:
    """The second use, an expired link and an unknown one give nobody."""
    user = await add(database)
    async with database.write() as work:
        await users.add_login_token(work.session, token_hash="t1", user_id=user.user_id, expires_at=LATER)
        await users.add_login_token(work.session, token_hash="t2", user_id=user.user_id, expires_at=AT)
        await work.commit()
    async with database.write() as work:
        assert await users.use_login_token(work.session, "t1", at=AT) == user
        await work.commit()
    async with database.write() as work:
        for token_hash in ("t1", "t2", "t3"):
            assert await users.use_login_token(work.session, token_hash, at=AT) is None


async def test_expired_logins_and_links_are_swept(database: Database) -> None:
    """What is over is gone from the tables, what is not stays."""
    user = await add(database)
    async with database.write() as work:
        for token_hash, expires_at in (("old", AT), ("new", LATER)):
            await users.add_session(
                work.session, token_hash=token_hash, user_id=user.user_id, csrf_token="c", at=AT, expires_at=expires_at
            )
        await users.delete_expired(work.session, at=AT)
        await work.commit()
    async with database.read() as work:
        assert await users.session_by_hash(work.session, "new", at=AT - timedelta(days=1)) is not None
        assert await users.session_by_hash(work.session, "old", at=AT - timedelta(days=1)) is None


async def test_changing_an_unknown_user_is_not_found(database: Database) -> None:
    """There is no silent success."""
    async with database.write() as work:
        with pytest.raises(NotFound):
            await users.set_interface(work.session, "nope", "PJSIP/1")


async def test_audit_lines_come_back_newest_first(database: Database) -> None:
    """Who, what, about what, with any detail; filtered by subject."""
    async with database.write() as work:
        await audit.add(work.session, at=AT, by="u1", action="recording.played", subject="C1", detail={"from_ms": 5})
        await audit.add(work.session, at=LATER, by="u2", action="login", subject="u2")
        await work.commit()
    async with database.read() as work:
        assert [line.action for line in await audit.lines(work.session)] == ["login", "recording.played"]
        (line,) = await audit.lines(work.session, subject="C1")
    assert (line.at, line.by, line.detail) == (AT, "u1", {"from_ms": 5})
