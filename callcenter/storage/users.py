"""Users, their logins and one-time links."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.errors import Conflict, Invalid, NotFound
from callcenter.ids import new_id
from callcenter.storage.tables import LoginTokenRow, SessionRow, UserRow

USERNAME_LENGTH = 60
PHONE_LENGTH = 40
_PHONE = re.compile(r"[+0-9][0-9 ()-]*")
SHORT = 80
"""Characters of display names and devices, as their columns have it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user as the rest of the application sees one."""

    user_id: str
    username: str
    display_name: str
    roles: tuple[str, ...]
    interface: str | None
    phone: str | None
    active: bool
    created_at: datetime
    password_hash: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """A login in one browser with its user."""

    user: User
    csrf_token: str
    created_at: datetime
    expires_at: datetime


async def add_user(
    session: AsyncSession,
    *,
    username: str,
    display_name: str,
    roles: Iterable[str],
    at: datetime,
    password_hash: str | None = None,
    interface: str | None = None,
    phone: str | None = None,
) -> User:
    """Add a user; names are compared without case. Raises Conflict for a taken name, Invalid for one that cannot be."""
    name = _one_word(username.strip().casefold(), "username", USERNAME_LENGTH)
    _check(display_name, interface, phone)
    row = UserRow(
        user_id=new_id(),
        username=name,
        display_name=display_name.strip() or name,
        password_hash=password_hash,
        roles=list(roles),
        interface=interface,
        phone=phone or None,
        active=True,
        created_at=at,
    )
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise Conflict(f"there is already a user {name}", field="username", fix="choose another name") from error
    return _user(row)


def _check(display_name: str, interface: str | None, phone: str | None) -> None:
    if phone and (len(phone) > PHONE_LENGTH or not _PHONE.fullmatch(phone)):
        raise Invalid("must be a phone number", field="phone", fix="digits, perhaps with + - ( ) and blanks")
    if interface is not None:
        _one_word(interface, "interface", SHORT)
    if len(display_name) > SHORT or not display_name.isprintable():
        raise Invalid(
            f"must be one line of at most {SHORT} characters", field="display_name", fix="choose a shorter one"
        )


async def edit_user(
    session: AsyncSession,
    user_id: str,
    *,
    display_name: str | None = None,
    roles: Iterable[str] | None = None,
    interface: str | None = None,
    phone: str | None = None,
) -> User:
    """Change what is given; whoever is logged in has the new roles at once. Raises NotFound, Invalid."""
    row = await _row(session, user_id)
    _check(display_name or "", interface, phone)
    row.display_name = (display_name or "").strip() or row.display_name
    row.roles = row.roles if roles is None else list(roles)
    row.interface = interface or row.interface
    row.phone = phone or row.phone
    await session.flush()
    return _user(row)


def _one_word(text: str, field: str, longest: int) -> str:
    if not text:
        raise Invalid("must not be empty", field=field)
    if len(text) > longest or not text.isprintable() or " " in text:
        raise Invalid(f"must be at most {longest} characters without spaces", field=field, fix="choose another one")
    return text


async def by_username(session: AsyncSession, username: str) -> User | None:
    """The user of this name, in any case."""
    return await _one(session, UserRow.username == username.strip().casefold())


async def by_id(session: AsyncSession, user_id: str) -> User | None:
    """The user with this key."""
    return await _one(session, UserRow.user_id == user_id)


async def by_interface(session: AsyncSession, interface: str) -> User | None:
    """The active user at this device; with several, the one added first."""
    return await _one(session, (UserRow.interface == interface) & UserRow.active)


async def list_users(session: AsyncSession) -> tuple[User, ...]:
    """Everyone, by name."""
    return tuple(_user(row) for row in await session.scalars(select(UserRow).order_by(UserRow.username)))


async def set_password_hash(session: AsyncSession, user_id: str, password_hash: str | None) -> None:
    """Change the password's hash and end every login of the user. Raises NotFound."""
    (await _row(session, user_id)).password_hash = password_hash
    await session.execute(delete(SessionRow).where(SessionRow.user_id == user_id))


async def set_active(session: AsyncSession, user_id: str, *, active: bool) -> None:
    """Let a user in or keep one out; keeping out ends every login. Raises NotFound."""
    (await _row(session, user_id)).active = active
    if not active:
        await session.execute(delete(SessionRow).where(SessionRow.user_id == user_id))


async def set_interface(session: AsyncSession, user_id: str, interface: str | None) -> None:
    """The device that rings for this user. Raises NotFound."""
    (await _row(session, user_id)).interface = interface


async def add_session(
    session: AsyncSession, *, token_hash: str, user_id: str, csrf_token: str, at: datetime, expires_at: datetime
) -> None:
    """Remember a login by the hash of its cookie."""
    session.add(
        SessionRow(token_hash=token_hash, user_id=user_id, csrf_token=csrf_token, created_at=at, expires_at=expires_at)
    )
    await session.flush()


async def session_by_hash(session: AsyncSession, token_hash: str, *, at: datetime) -> Login | None:
    """The login, if it has not expired and its user is active."""
    statement = select(SessionRow, UserRow).join(UserRow, UserRow.user_id == SessionRow.user_id)
    row = (
        await session.execute(
            statement.where(SessionRow.token_hash == token_hash, SessionRow.expires_at > at, UserRow.active)
        )
    ).first()
    if row is None:
        return None
    login, user = row
    return Login(
        user=_user(user), csrf_token=login.csrf_token, created_at=login.created_at, expires_at=login.expires_at
    )


async def delete_session(session: AsyncSession, token_hash: str) -> None:
    """Forget a login."""
    await session.execute(delete(SessionRow).where(SessionRow.token_hash == token_hash))


async def delete_expired(session: AsyncSession, *, at: datetime) -> None:
    """Forget logins and links whose time is over."""
    await session.execute(delete(SessionRow).where(SessionRow.expires_at <= at))
    await session.execute(delete(LoginTokenRow).where(LoginTokenRow.expires_at <= at))


async def add_login_token(session: AsyncSession, *, token_hash: str, user_id: str, expires_at: datetime) -> None:
    """Remember a one-time link by the hash of its token."""
    session.add(LoginTokenRow(token_hash=token_hash, user_id=user_id, expires_at=expires_at))
    await session.flush()


async def use_login_token(session: AsyncSession, token_hash: str, *, at: datetime) -> User | None:
    """Give the link's user, once: marking and reading are one statement, so two clicks cannot both win."""
    used = (
        update(LoginTokenRow)
        .where(LoginTokenRow.token_hash == token_hash, LoginTokenRow.used_at.is_(None), LoginTokenRow.expires_at > at)
        .values(used_at=at)
        .returning(LoginTokenRow.user_id)
    )
    user_id = await session.scalar(used)
    user = await by_id(session, user_id) if user_id else None
    return user if user and user.active else None


async def _one(session: AsyncSession, condition: object) -> User | None:
    statement = select(UserRow).where(condition).order_by(UserRow.user_id).limit(1)  # type: ignore[arg-type]
    row = await session.scalar(statement)
    return _user(row) if row else None


async def _row(session: AsyncSession, user_id: str) -> UserRow:
    row = await session.get(UserRow, user_id)
    if row is None:
        raise NotFound(f"there is no user {user_id}", field="user_id")
    return row


def _user(row: UserRow) -> User:
    return User(
        user_id=row.user_id,
        username=row.username,
        display_name=row.display_name,
        roles=tuple(row.roles),
        interface=row.interface,
        phone=row.phone,
        active=row.active,
        created_at=row.created_at,
        password_hash=row.password_hash,
    )
