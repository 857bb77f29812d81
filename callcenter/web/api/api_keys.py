"""Keys by which other programs use the interface: list them, make one, end one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated

from pydantic import Field, StringConstraints

from callcenter.auth.api_keys import MAX_DAYS, NAME_LENGTH
from callcenter.storage import api_keys
from callcenter.storage.api_keys import ApiKey
from callcenter.web.ask import Ask, Id, Input, PageQuery
from workorder.views.pages import Page


class NewKey(Input):
    """Which program gets it, what it may (names of permissions), and for how many days; by default for good."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=NAME_LENGTH)]
    scopes: Annotated[tuple[str, ...], Field(min_length=1, max_length=100)]
    expires_in_days: int | None = Field(default=None, ge=1, le=MAX_DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyView:
    """A key on file, never the key itself. ``last_used_at`` is right to the minute."""

    key_id: str
    name: str
    scopes: Sequence[str]
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class IssuedKeyView:
    """A fresh key. ``token`` is in the first answer only: a repeat under the same Idempotency-Key has null."""

    key: KeyView
    token: str | None

    def without_secret(self) -> IssuedKeyView:
        """As a repeat gets it."""
        return replace(self, token=None)


async def find(ask: Ask, query: PageQuery) -> Page[KeyView]:
    """API keys, newest first, revoked ones too."""
    found = await api_keys.page(ask.rows, before=query.cursor, limit=query.limit + 1)
    shown = found[: query.limit]
    return Page(tuple(map(_view, shown)), shown[-1].key_id if len(found) > query.limit else None)


async def add(ask: Ask, body: NewKey) -> IssuedKeyView:
    """Make an API key; the answer shows it this once."""
    issued = await ask.services.api_keys.add(
        ask.rows, name=body.name, scopes=body.scopes, by=ask.who.user_id, expires_in_days=body.expires_in_days
    )
    return IssuedKeyView(_view(issued.key), issued.token)


async def revoke(ask: Ask, key_id: Id) -> None:
    """End an API key at once; repeating it is fine."""
    await ask.services.api_keys.revoke(ask.rows, key_id, by=ask.who.user_id)


def _view(key: ApiKey) -> KeyView:
    return KeyView(
        key_id=key.key_id,
        name=key.name,
        scopes=key.scopes,
        created_at=key.created_at,
        created_by=key.created_by,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
        last_used_at=key.last_used_at,
    )
