"""Units of work side by side, on every database: one that fails hurts no other, and what was told lasts."""

from __future__ import annotations

import asyncio
import sqlite3
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select

from callcenter.errors import Unavailable
from callcenter.storage import audit, sqlite_driver
from callcenter.storage.database import Database
from callcenter.storage.tables import AuditRow, OutboxRow
from workorder.commands import CreateOrder, OpenDraft
from workorder.services import orders
from workorder.services.order_filters import OrderQuery

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
FIELDS = {"service_type": "enquiry", "contact_phone": "13800138000"}


async def create(database: Database, *, fails: bool = False) -> str:
    """An order with its number, told when it is committed."""
    async with database.write() as work:
        draft = await orders.open_draft(work.session, OpenDraft(by="u", at=AT, fields=FIELDS))
        order = await orders.create_order(work.session, CreateOrder(by="u", at=AT, order_id=draft.order_id))
        if fails:
            raise ZeroDivisionError
        await work.commit()
    return str(order.number)


async def rows(database: Database, table: type) -> int:
    async with database.read() as work:
        return await work.session.scalar(select(func.count()).select_from(table)) or 0


async def test_one_that_fails_among_many_hurts_no_other(database: Database) -> None:
    """The failed ones leave nothing, not even a number; the others are all there, each with its events."""
    told = await asyncio.gather(
        *(create(database, fails=number % 3 == 1) for number in range(9)), return_exceptions=True
    )
    assert [isinstance(one, ZeroDivisionError) for one in told] == [number % 3 == 1 for number in range(9)]
    assert {one for one in told if isinstance(one, str)} == {f"WO20261121-{number:04d}" for number in range(1, 7)}
    assert await rows(database, OutboxRow) == 12


async def test_a_broken_statement_among_many_hurts_no_other(database: Database) -> None:
    """A constraint that one unit breaks is that unit's affair."""

    async def twice() -> None:
        async with database.write() as work:
            await audit.add(work.session, at=AT, by="u", action="login", subject="u")
            await work.session.flush()
            work.session.add_all(OutboxRow(event_id="same", event_type="x", body={}, recorded_at=AT) for _ in "ab")
            await work.commit()

    told = await asyncio.gather(create(database), twice(), create(database), return_exceptions=True)
    assert [type(one) is str for one in told] == [True, False, True]
    assert await rows(database, AuditRow) == 0


async def test_what_one_is_told_another_connection_can_read(database: Database) -> None:
    """Commit returns after the commit, also when many are committed together."""

    async def told_and_there() -> bool:
        number = await create(database)
        async with database.read() as work:
            page = await orders.list_orders(work.session, OrderQuery(number=number))
        return len(page.items) == 1

    assert all(await asyncio.gather(*(told_and_there() for _ in range(12))))


async def test_one_that_is_cancelled_leaves_nothing_and_the_others_go_on(database: Database) -> None:
    """Somebody closed the browser in the middle of it."""

    began = asyncio.Event()

    async def hangs() -> None:
        async with database.write() as work:
            await audit.add(work.session, at=AT, by="u", action="login", subject="u")
            await work.session.flush()
            began.set()
            await asyncio.Event().wait()

    hanging = asyncio.create_task(hangs())
    others = [asyncio.create_task(create(database)) for _ in range(4)]
    await began.wait()
    hanging.cancel()
    assert len(set(await asyncio.gather(*others))) == 4
    assert await rows(database, AuditRow) == 0


async def test_one_unit_may_commit_again(database: Database) -> None:
    """Each commit is a transaction of its own, with others in between."""

    async def two_steps() -> None:
        async with database.write() as work:
            for _ in range(2):
                await audit.add(work.session, at=AT, by="u", action="login", subject="u")
                await work.commit()

    await asyncio.gather(*(two_steps() for _ in range(5)), *(create(database) for _ in range(5)))
    assert await rows(database, AuditRow) == 10


ON_SQLITE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""PostgreSQL commits each transaction by itself, and waits for the disk once for many by itself."""


@ON_SQLITE
async def test_a_crash_before_the_commit_leaves_nothing_and_nobody_was_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the disk fails at the commit, every unit of the group gets to know."""
    run = sqlite_driver._Statements._run

    def fails(self: sqlite_driver._Statements, statements: tuple[str, ...]) -> bool:
        if statements == ("COMMIT",):
            raise sqlite3.OperationalError("disk I/O error")
        return run(self, statements)

    monkeypatch.setattr(sqlite_driver._Statements, "_run", fails)
    told = await asyncio.gather(*(create(database) for _ in range(5)), return_exceptions=True)
    assert all(isinstance(one, Unavailable) for one in told)
    monkeypatch.undo()
    assert await rows(database, OutboxRow) == 0
    assert await create(database) == "WO20261121-0001"


@ON_SQLITE
async def test_sqlite_waits_for_the_disk_once_for_many(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twenty orders at once are fewer than ten transactions."""
    commits, run = [], sqlite_driver._Statements._run

    def counted(self: sqlite_driver._Statements, statements: tuple[str, ...]) -> bool:
        commits.extend(one for one in statements if one == "COMMIT")
        return run(self, statements)

    monkeypatch.setattr(sqlite_driver._Statements, "_run", counted)
    await asyncio.gather(*(create(database) for _ in range(20)))
    assert 0 < len(commits) < 10
