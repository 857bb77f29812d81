"""Logging in and out: passwords and one-time links in, a session cookie out.

Cookies and links are 256 random bits; the database knows only their SHA-256, so a stolen copy of it opens no session.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.auth.attempts import Attempts
from callcenter.auth.errors import LoginFailed
from callcenter.auth.passwords import MIN_LENGTH, Passwords
from callcenter.auth.permissions import Permission, Role, permissions_of
from callcenter.clock import Clock
from callcenter.config_sections import WebSettings
from callcenter.errors import Invalid, NotFound
from callcenter.storage import audit, users
from callcenter.storage.database import Database
from callcenter.storage.users import User

log = structlog.get_logger(__name__)

COOKIE = "callcenter_session"
LINK_LIFETIME = timedelta(hours=1)
TOKEN_LENGTH = 43
"""Characters of 256 bits in URL-safe base64: anything else is not worth a look into the database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """Who makes a request: a user, or a program by its API key (``user_id`` is then the key's).

    ``session_id`` names the login (it is no secret); ``expires_at`` is when it ends.
    """

    user_id: str
    username: str
    display_name: str
    roles: tuple[str, ...]
    permissions: frozenset[Permission]
    interface: str | None
    session_id: str
    csrf_token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Login:
    """A fresh login; ``token`` goes into the cookie and nowhere else."""

    principal: Principal
    token: str


class Auth:
    """Logins of one deployment."""

    def __init__(
        self, *, database: Database, clock: Clock, settings: WebSettings, passwords: Passwords | None = None
    ) -> None:
        self._database = database
        self._clock = clock
        self._lifetime = timedelta(hours=settings.session_hours)
        self._passwords = passwords or Passwords()
        self._attempts = Attempts(clock)
        # A browser takes a __Host- cookie only over HTTPS and from this very host: no neighbour can plant one.
        self.cookie_name = f"__Host-{COOKIE}" if settings.cookie_secure else COOKIE

    async def log_in(self, username: str, password: str, *, address: str) -> Login:
        """Check the password. Raises LoginFailed, TooManyAttempts (after repeated failures from ``address``)."""
        name = username.strip().casefold()
        self._attempts.check(name, address)
        self._attempts.failed(name, address)
        async with self._database.read() as work:
            user = await users.by_username(work.session, name)
        known = user if user is not None and user.active else None
        if not await self._passwords.verify(known.password_hash if known else None, password) or known is None:
            # What is no user's name may be a password typed into the wrong box.
            log.warning("auth.login_failed", user_id=user.user_id if user else None, client=address)
            raise LoginFailed(
                "user name or password is wrong", fix="try again, or ask an administrator for a login link"
            )
        self._attempts.succeeded(name, address)
        return await self._open(known, address, "password")

    async def log_in_by_token(self, token: str, *, address: str) -> Login:
        """Use a one-time link. Raises LoginFailed when it is unknown, used or over."""
        now = self._clock.now()
        async with self._database.write() as work:
            user = await users.use_login_token(work.session, token_hash(token), at=now)
            await work.commit()
        if user is None:
            log.warning("auth.link_failed", client=address)
            raise LoginFailed("this login link was used already or is too old", fix="ask for a new one")
        return await self._open(user, address, "link")

    async def lookup(self, token: str | None) -> Principal | None:
        """Whose cookie this is; None when it is nobody's, or the login is over."""
        if token is None or len(token) != TOKEN_LENGTH:
            return None
        session_id = token_hash(token)
        async with self._database.read() as work:
            login = await users.session_by_hash(work.session, session_id, at=self._clock.now())
        return _principal(login.user, session_id, login.csrf_token, login.expires_at) if login else None

    async def log_out(self, principal: Principal) -> None:
        """End the login; doing it twice is fine."""
        async with self._database.write() as work:
            await users.delete_session(work.session, principal.session_id)
            await work.commit()

    async def issue_login_token(self, user_id: str) -> str:
        """A token for ``/login?token=…`` that logs the user in once, within an hour. Raises NotFound."""
        token = secrets.token_urlsafe(32)
        async with self._database.write() as work:
            if await users.by_id(work.session, user_id) is None:
                raise NotFound(f"there is no user {user_id}", field="user_id")
            expires_at = self._clock.now() + LINK_LIFETIME
            await users.add_login_token(
                work.session, token_hash=token_hash(token), user_id=user_id, expires_at=expires_at
            )
            await work.commit()
        return token

    async def add_user(
        self,
        *,
        username: str,
        display_name: str,
        roles: Iterable[str],
        interface: str | None = None,
        phone: str | None = None,
        password: str | None = None,
        by: str = "cli",
    ) -> User:
        """A new user; without ``password`` only links log in. Raises Invalid (role, password), Conflict (name)."""
        names = checked_roles(roles)
        password_hash = await self._passwords.hash(_checked(password)) if password is not None else None
        now = self._clock.now()
        async with self._database.write() as work:
            user = await users.add_user(
                work.session,
                username=username,
                display_name=display_name,
                roles=names,
                at=now,
                password_hash=password_hash,
                interface=interface,
                phone=phone,
            )
            await audit.add(work.session, at=now, by=by, action="user.added", subject=user.user_id, detail=list(names))
            await work.commit()
        return user

    async def set_password(self, username: str, password: str, *, by: str = "cli") -> None:
        """Change a password; ends every login of the user. Raises NotFound, Invalid."""
        password_hash = await self._passwords.hash(_checked(password))
        async with self._database.write() as work:
            user = await users.by_username(work.session, username)
            if user is None:
                raise NotFound(f"there is no user {username}", field="username", fix="`callcenter user list` shows all")
            await users.set_password_hash(work.session, user.user_id, password_hash)
            await self._note(work.session, by, "user.password_changed", user)
            await work.commit()

    async def set_active(self, username: str, *, active: bool, by: str = "cli") -> None:
        """Let a user in, or keep one out, which ends every login of the user. Raises NotFound."""
        async with self._database.write() as work:
            user = await users.by_username(work.session, username)
            if user is None:
                raise NotFound(f"there is no user {username}", field="username", fix="`callcenter user list` shows all")
            await users.set_active(work.session, user.user_id, active=active)
            await self._note(work.session, by, "user.enabled" if active else "user.disabled", user)
            await work.commit()

    async def _open(self, user: User, address: str, way: str) -> Login:
        token, csrf_token, now = secrets.token_urlsafe(32), secrets.token_urlsafe(32), self._clock.now()
        session_id, expires_at = token_hash(token), now + self._lifetime
        async with self._database.write() as work:
            await users.delete_expired(work.session, at=now)
            await users.add_session(
                work.session,
                token_hash=session_id,
                user_id=user.user_id,
                csrf_token=csrf_token,
                at=now,
                expires_at=expires_at,
            )
            await self._note(work.session, user.user_id, "user.logged_in", user, {"address": address, "way": way})
            await work.commit()
        log.info("auth.logged_in", user_id=user.user_id, client=address, way=way)
        return Login(_principal(user, session_id, csrf_token, expires_at), token)

    async def _note(
        self, session: AsyncSession, by: str, action: str, user: User, detail: dict[str, str] | None = None
    ) -> None:
        await audit.add(session, at=self._clock.now(), by=by, action=action, subject=user.user_id, detail=detail)


def _principal(user: User, session_id: str, csrf_token: str, expires_at: datetime) -> Principal:
    return Principal(
        user_id=user.user_id,
        username=user.username,
        display_name=user.display_name,
        roles=user.roles,
        permissions=permissions_of(user.roles),
        interface=user.interface,
        session_id=session_id,
        csrf_token=csrf_token,
        expires_at=expires_at,
    )


def token_hash(token: str) -> str:
    """What the database keeps of a cookie, link or key."""
    return hashlib.sha256(token.encode()).hexdigest()


def _checked(password: str) -> str:
    if len(password) < MIN_LENGTH:
        raise Invalid(f"must have at least {MIN_LENGTH} characters", field="password", fix="choose a longer one")
    return password


def checked_roles(roles: Iterable[str]) -> tuple[str, ...]:
    """Each role once, in the order given. Raises Invalid for one that there is not, and for none."""
    names = tuple(dict.fromkeys(roles))
    known = [role.value for role in Role]
    for name in names:
        if name not in known:
            raise Invalid(f"there is no role {name}", field="roles", fix=f"choose from {', '.join(known)}")
    if not names:
        raise Invalid("at least one role is needed", field="roles", fix=f"choose from {', '.join(known)}")
    return names
