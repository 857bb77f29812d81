"""What a handler gets: one request that was authorised and decoded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.auth.sessions import Principal
from callcenter.web.services import Services

Id = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,26}$")]
"""An identifier (a ULID, or part of one that then is not found)."""


class Input(BaseModel):
    """Base of bodies and queries: immutable, unknown keys refused, text trimmed."""

    model_config = ConfigDict(extra="forbid", frozen=True, str_strip_whitespace=True)


class PageQuery(Input):
    """Which page of a list, and how long."""

    cursor: Annotated[str, StringConstraints(max_length=80)] | None = None
    limit: int = Field(default=50, ge=1, le=200)


@dataclass(slots=True, kw_only=True)
class Ask:
    """One request on its way through a handler.

    ``who`` is the logged-in user; routes that need no login must not touch it. ``rows`` is the database session of the
    route's unit of work; the endpoint commits it after the handler returns. ``after_commit`` runs then, in order, and
    ``dress`` gets the answer before it is sent (cookies).
    """

    http: web.Request
    services: Services
    principal: Principal | None = None
    session: AsyncSession | None = None
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    dress: list[Callable[[web.StreamResponse], None]] = field(default_factory=list)

    @property
    def who(self) -> Principal:
        """The user. RuntimeError on a route that is open to everybody."""
        if self.principal is None:
            raise RuntimeError("this route has no permission in the route table, so it has no user")
        return self.principal

    @property
    def rows(self) -> AsyncSession:
        """The database session. RuntimeError on a route without a unit of work."""
        if self.session is None:
            raise RuntimeError("this route declares no unit of work in the route table")
        return self.session
