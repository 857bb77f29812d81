"""Log in, see who you are, log out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

from aiohttp import web
from pydantic import ConfigDict, Field, SecretStr, StringConstraints, model_validator

from callcenter.auth.permissions import Permission
from callcenter.auth.sessions import Login as LoggedIn
from callcenter.auth.sessions import Principal
from callcenter.web.ask import Ask, Input
from callcenter.web.guard import client_address

Secret = Annotated[SecretStr, Field(min_length=1, max_length=256)]


class Login(Input):
    """A user name with its password, or a one-time login token."""

    # A password is taken as typed, spaces included.
    model_config = ConfigDict(str_strip_whitespace=False)

    username: Annotated[str, StringConstraints(min_length=1, max_length=64)] | None = None
    password: Secret | None = None
    login_token: Secret | None = None

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        by_password = self.username is not None and self.password is not None
        by_token = self.login_token is not None
        if by_password == by_token:
            raise ValueError("give username and password, or login_token")
        return self


@dataclass(frozen=True, slots=True)
class UserView:
    """Who is logged in. ``interface`` is the phone whose calls the desk shows."""

    user_id: str
    username: str
    display_name: str
    roles: tuple[str, ...]
    permissions: tuple[Permission, ...]
    interface: str | None


@dataclass(frozen=True, slots=True)
class SessionView:
    """The session; ``csrf_token`` goes into ``X-CSRF-Token`` of every unsafe request."""

    user: UserView
    csrf_token: str


async def log_in(ask: Ask, body: Login) -> SessionView:
    """Log in; sets the session cookie."""
    auth, address = ask.services.auth, client_address(ask.http)
    if body.login_token is not None:
        login = await auth.log_in_by_token(body.login_token.get_secret_value(), address=address)
    else:
        assert body.username is not None and body.password is not None  # noqa: PT018 - the validator saw to it
        login = await auth.log_in(body.username, body.password.get_secret_value(), address=address)
    ask.dress.append(lambda response: _set_cookie(ask, response, login))
    return _view(login.principal)


async def read(ask: Ask) -> SessionView:
    """Who is logged in."""
    return _view(ask.who)


async def log_out(ask: Ask) -> None:
    """Log out; ends the session and closes its sockets."""
    await ask.services.auth.log_out(ask.who)
    ask.services.hub.close_session(ask.who.session_id)
    name, secure = ask.services.auth.cookie_name, ask.services.settings.web.cookie_secure
    # The browser forgets a __Host- cookie only when told with the attributes it was set with.
    ask.dress.append(
        lambda response: response.del_cookie(name, path="/", secure=secure, httponly=True, samesite="Strict")
    )


def _set_cookie(ask: Ask, response: web.StreamResponse, login: LoggedIn) -> None:
    settings = ask.services.settings.web
    response.set_cookie(
        ask.services.auth.cookie_name,
        login.token,
        max_age=int(settings.session_hours * 3600),
        path="/",
        httponly=True,
        samesite="Strict",
        secure=settings.cookie_secure,
    )


def _view(who: Principal) -> SessionView:
    user = UserView(
        who.user_id, who.username, who.display_name, who.roles, tuple(sorted(who.permissions)), who.interface
    )
    return SessionView(user, who.csrf_token)
