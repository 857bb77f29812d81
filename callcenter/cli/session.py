"""What commands on orders share: one transaction on the configured database, who acts in it, orders by key."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import orjson

from callcenter import config as settings_file
from callcenter.errors import NotFound

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from callcenter.auth.sessions import Auth
    from callcenter.storage.database import Database
    from callcenter.storage.users import User
    from workorder.views.customers import CustomerChangeView
    from workorder.views.orders import ChangeView, OrderView
    from workorder.views.pages import Page

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Actor:
    """Who does it, when, and with which roles; None: the command line, which answers for what it does."""

    by: str
    at: datetime
    roles: tuple[str, ...] | None = None

    def stamp(self) -> dict[str, Any]:
        """The ``by`` and ``at`` of a command."""
        return {"by": self.by, "at": self.at}


@asynccontextmanager
async def open_records(config: Path | None) -> AsyncIterator[tuple[Database, Auth]]:
    """The configured database, brought up to this version's schema, and the logins in it."""
    from callcenter.auth.sessions import Auth
    from callcenter.clock import SystemClock
    from callcenter.features.startup import prepare_data_dir
    from callcenter.storage.database import Database

    settings = settings_file.load(config)
    prepare_data_dir(settings.data_dir)
    database = await Database.open(settings.database_url())
    try:
        await database.upgrade()
        yield database, Auth(database=database, clock=SystemClock(), settings=settings.web)
    finally:
        await database.aclose()


def run(config: Path | None, work: Callable[[AsyncSession], Awaitable[T]], *, write: bool = False) -> T:
    """Do ``work`` in one transaction of the configured database."""

    async def go() -> T:
        async with open_records(config) as (database, _):
            async with database.write() if write else database.read() as unit:
                result = await work(unit.session)
                if write:
                    await unit.commit()
            return result

    return asyncio.run(go())


def change(config: Path | None, by: str | None, work: Callable[[AsyncSession, Actor], Awaitable[T]]) -> T:
    """Do ``work`` in one transaction as the user ``by``, or as whoever sits at the command line.

    Acting for a user leaves an audit line with the name of the one who did.
    """
    from callcenter.clock import SystemClock
    from callcenter.storage import audit

    async def act(session: AsyncSession) -> T:
        at = SystemClock().now()
        if by is None:
            return await work(session, Actor(operator(), at))
        user = await person(session, by, "--by")
        await audit.add(session, at=at, by=operator(), action="user.acted_for", subject=user.user_id)
        return await work(session, Actor(user.user_id, at, user.roles))

    return run(config, act, write=True)


async def person(session: AsyncSession, username: str, field: str) -> User:
    """The active user of this name; raises NotFound."""
    from callcenter.storage import users

    found = await users.by_username(session, username)
    if found is None or not found.active:
        raise NotFound(f"there is no user {username}", field=field, fix="`callcenter user list` shows all")
    return found


async def every(turn: Callable[[str | None], Awaitable[Page[T]]]) -> list[T]:
    """All items of a list that comes in pages; ``turn`` gives the page at a cursor."""
    items: list[T] = []
    page = await turn(None)
    items.extend(page.items)
    while page.next_cursor is not None:
        page = await turn(page.next_cursor)
        items.extend(page.items)
    return items


async def by_key(session: AsyncSession, key: str) -> str:
    """The id of the order with this number or id; raises NotFound."""
    from workorder.services import orders
    from workorder.services.order_filters import OrderQuery
    from workorder.services.order_lines import order_lines
    from workorder.uow import look

    found = await look(session, order_lines, OrderQuery(number=key.upper(), limit=1))
    if found.items:
        return found.items[0].order_id
    if len(key) > 26:
        raise NotFound(f"there is no work order {key}", field="ORDER")
    return (await orders.get_order(session, key)).order_id


def operator() -> str:
    """Who sits at the command line, for the audit trail."""
    return f"cli:{os.environ.get('USER') or os.getuid()}"[:40]


def change_line(found: ChangeView | CustomerChangeView) -> str:
    """One entry of a history in one line."""
    said = f"{found.at:%Y-%m-%d %H:%M}  {found.by}  {found.field}: {_plain(found.before)} -> {_plain(found.after)}"
    return f"{said}  {found.reason or ''}".rstrip()


def _plain(value: object) -> str:
    return "-" if value is None else value if isinstance(value, str) else orjson.dumps(value).decode()


def line(found: OrderView) -> str:
    """An order in one line."""
    fields = (found.fields.get(name) for name in ("customer_name", "brand", "appliance", "fault"))
    about = " ".join(value.display for value in fields if value and value.display)
    return f"{found.number or found.order_id}  {found.status}  {found.priority}  {about}".rstrip()
