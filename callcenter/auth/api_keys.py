"""Keys by which other programs use the interface: ``Authorization: Bearer cck_…``.

A key is 256 random bits; the database knows only their SHA-256, so it is shown once, when it is made. Its scopes are
permissions (``SCOPES``): whatever a route asks of a user it asks of a key. Browsers never send this header by
themselves, so requests with a key need neither Origin nor CSRF token, and their cookies are not looked at.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.auth.errors import ApiKeyInvalid, TooManyRequests
from callcenter.auth.permissions import SCOPES, Permission
from callcenter.auth.rate import Rate
from callcenter.auth.sessions import Principal, token_hash
from callcenter.clock import Clock
from callcenter.errors import Invalid
from callcenter.storage import api_keys, audit
from callcenter.storage.api_keys import ApiKey
from callcenter.storage.database import Database

PREFIX = "cck_"
"""Lets a person, or a scanner for leaked secrets, see what it is."""
_TOKEN = re.compile(rf"{PREFIX}[A-Za-z0-9_-]{{43}}")
NAME_LENGTH = 80
MAX_DAYS = 3650
NOTE_USE_EVERY = timedelta(minutes=1)
_FOR_GOOD = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A fresh key; ``token`` is shown to whoever asked for it and kept nowhere."""

    key: ApiKey
    token: str


class ApiKeys:
    """API keys of one deployment."""

    def __init__(self, *, database: Database, clock: Clock, per_minute: int) -> None:
        self._database = database
        self._clock = clock
        self._rate = Rate(clock, per_minute)

    async def add(
        self,
        session: AsyncSession,
        *,
        name: str,
        scopes: Iterable[str],
        by: str = "cli",
        expires_in_days: int | None = None,
    ) -> IssuedKey:
        """Make a key; it lasts with the caller's commit. Raises Invalid for a name, scope or days that cannot be."""
        label, wanted, now = _checked_name(name), _checked_scopes(scopes), self._clock.now()
        token = PREFIX + secrets.token_urlsafe(32)
        key = await api_keys.add(
            session,
            name=label,
            token_hash=token_hash(token),
            scopes=wanted,
            by=by,
            at=now,
            expires_at=now + _checked_days(expires_in_days) if expires_in_days is not None else None,
        )
        detail = {"name": label, "scopes": list(wanted)}
        await audit.add(session, at=now, by=by, action="api_key.added", subject=key.key_id, detail=detail)
        return IssuedKey(key, token)

    async def revoke(self, session: AsyncSession, key_id: str, *, by: str = "cli") -> ApiKey:
        """End a key; doing it twice is fine. It lasts with the caller's commit. Raises NotFound."""
        now = self._clock.now()
        key, fresh = await api_keys.revoke(session, key_id, at=now)
        if fresh:
            await audit.add(session, at=now, by=by, action="api_key.revoked", subject=key_id)
        return key

    async def principal(self, authorization: str) -> Principal:
        """Who sends this ``Authorization`` header. Raises ApiKeyInvalid, TooManyRequests."""
        scheme, _, token = authorization.partition(" ")
        key = await self._find(token.strip()) if scheme.lower() == "bearer" else None
        if key is None:
            raise ApiKeyInvalid(
                "there is no such API key in force",
                field="Authorization",
                fix="send Authorization: Bearer cck_…; `callcenter api-key add` makes a key",
            )
        if wait_s := self._rate.take(key.key_id):
            raise TooManyRequests(wait_s)
        await self._note_use(key)
        return _principal(key)

    async def _find(self, token: str) -> ApiKey | None:
        if not _TOKEN.fullmatch(token):
            return None
        async with self._database.read() as work:
            key = await api_keys.by_hash(work.session, token_hash(token))
        return key if key is not None and key.in_force(self._clock.now()) else None

    async def _note_use(self, key: ApiKey) -> None:
        """At most once a minute: a request that only reads shall not wait for a writer each time."""
        now = self._clock.now()
        if key.last_used_at is not None and now - key.last_used_at < NOTE_USE_EVERY:
            return
        async with self._database.write() as work:
            await api_keys.used(work.session, key.key_id, at=now)
            await work.commit()


def _principal(key: ApiKey) -> Principal:
    return Principal(
        user_id=key.key_id,
        username=key.name,
        display_name=key.name,
        roles=(),
        # A scope that this version does not know, or no longer gives to programs, grants nothing.
        permissions=frozenset(Permission(scope) for scope in key.scopes if scope in SCOPES),
        interface=None,
        session_id=key.key_id,
        csrf_token="",
        expires_at=key.expires_at or _FOR_GOOD,
    )


def _checked_name(name: str) -> str:
    label = name.strip()
    if not 0 < len(label) <= NAME_LENGTH or not label.isprintable():
        raise Invalid(
            f"must be one line of 1 to {NAME_LENGTH} characters",
            field="name",
            fix="say which program uses it, e.g. shop-website",
        )
    return label


def _checked_scopes(scopes: Iterable[str]) -> tuple[str, ...]:
    wanted = tuple(sorted(set(scopes)))
    choice = f"choose from {', '.join(sorted(SCOPES))}"
    for scope in wanted:
        if scope not in SCOPES:
            raise Invalid(f"a key cannot be given {scope}", field="scopes", fix=choice)
    if not wanted:
        raise Invalid("at least one scope is needed", field="scopes", fix=choice)
    return wanted


def _checked_days(days: int) -> timedelta:
    if not 1 <= days <= MAX_DAYS:
        raise Invalid(f"must be between 1 and {MAX_DAYS}", field="expires_in_days")
    return timedelta(days=days)
