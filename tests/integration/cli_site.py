"""A data folder as the command line finds it: users, a customer, an order that was created."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

from click.testing import CliRunner, Result
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.cli.main import main
from callcenter.config import Settings
from callcenter.storage import users
from callcenter.storage.database import Database
from workorder.commands import CreateCustomer, CreateOrder, OpenDraft
from workorder.services import customers, orders

AT = datetime(2026, 11, 21, tzinfo=UTC)
T = TypeVar("T")


@dataclass(frozen=True)
class Site:
    """What the folder holds."""

    folder: Path
    user_ids: dict[str, str]
    customer_id: str
    number: str

    def call(self, *arguments: str, code: int = 0) -> Result:
        """Run ``callcenter`` with ``arguments`` and check its exit code."""
        result = CliRunner().invoke(main, list(arguments))
        assert result.exit_code == code, (arguments, result.output, result.exception)
        return result

    def json(self, *arguments: str) -> list[Any]:
        """The JSON lines that a command prints."""
        return [json.loads(line) for line in self.call(*arguments, "--json").stdout.splitlines()]

    def read(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        """Look into the database."""
        return asyncio.run(_on(self.folder, work))


async def _on(folder: Path, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
    database = await Database.open(Settings(data_dir=folder).database_url())
    try:
        await database.upgrade()
        async with database.write() as unit:
            done = await work(unit.session)
            await unit.commit()
        return done
    finally:
        await database.aclose()


def site(folder: Path) -> Site:
    """Fill the folder: li (agent), chen (supervisor), zhao (agent, kept out)."""

    async def fill(session: AsyncSession) -> Site:
        ids = {}
        for name, display, role in (("li", "李雷", "agent"), ("chen", "陈主管", "supervisor"), ("zhao", "赵", "agent")):
            added = await users.add_user(session, username=name, display_name=display, roles=(role,), at=AT)
            ids[name] = added.user_id
        await users.set_active(session, ids["zhao"], active=False)
        who = await customers.create_customer(
            session, CreateCustomer(by="t", at=AT, name="王芳", phones=("13800138000",))
        )
        return Site(folder, ids, who.customer_id, await created(session))

    return asyncio.run(_on(folder, fill))


async def created(session: AsyncSession) -> str:
    """One more created order; its number."""
    form = {"service_type": "enquiry", "contact_phone": "13800138000", "customer_name": "王芳"}
    draft = await orders.open_draft(session, OpenDraft(by="u1", at=AT, fields=form))
    made = await orders.create_order(
        session, CreateOrder(by="u1", at=AT, order_id=draft.order_id, business_day="20261121")
    )
    assert made.number is not None
    return made.number
