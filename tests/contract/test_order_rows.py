"""Prepared statements and orders written by them, on every database: as SQLAlchemy itself would have done it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from sqlalchemy import Connection, bindparam, func, insert, select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.errors import Conflict
from callcenter.storage.database import Database, UnitOfWork
from callcenter.storage.tables import AuditRow, OutboxRow
from workorder import uow
from workorder.commands import CreateOrder, EditOrder, MoveOrder, OpenDraft
from workorder.model.orders import WorkOrder
from workorder.model.prepared import Prepared, all_of
from workorder.model.search import SearchText
from workorder.model.timers import Timer
from workorder.model.trail import OrderChange
from workorder.policy.lifecycle import Action, Status
from workorder.services import lifecycle, orders, service_level, trail

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
ME: dict[str, Any] = {"by": "u1", "at": AT}
FIELDS = {"service_type": "enquiry", "contact_phone": "13800138000", "description": "漏水"}

COLUMNS = ("timer_id", "kind", "subject", "due_at", "try_at", "body", "failures")
PUT = Prepared(insert(Timer).inline(), COLUMNS)
OF_KIND = (
    select(Timer.timer_id, Timer.due_at, Timer.body, Timer.fired_at)
    .where(Timer.kind == bindparam("kind"))
    .order_by(Timer.timer_id)
)
GOT = Prepared(OF_KIND)
COUNTED = Prepared(select(func.count(Timer.timer_id)))
TRIED = Prepared(update(Timer).where(Timer.timer_id == bindparam("one")).inline(), ["failures"])


def timer(key: str, **more: Any) -> dict[str, Any]:
    row = {"timer_id": key, "kind": "k", "subject": key, "due_at": AT, "try_at": AT, "body": None, "failures": 0}
    return row | more


async def an_order(database: Database) -> str:
    async with database.write() as work:
        draft = await orders.open_draft(work.session, OpenDraft(**ME, fields=FIELDS))
        await orders.create_order(work.session, CreateOrder(**ME, order_id=draft.order_id))
        await work.commit()
    return draft.order_id


@asynccontextmanager
async def taken_back(session: AsyncSession) -> AsyncIterator[None]:
    """A savepoint that fails after what is done in it."""
    with suppress(ZeroDivisionError):
        async with uow.savepoint(session):
            yield
            raise ZeroDivisionError


async def test_values_go_and_come_as_with_sqlalchemy(database: Database) -> None:
    """Times of any zone, JSON documents and nothing at all; one row, several, and what an UPDATE touched."""
    east = AT.astimezone(timezone(timedelta(hours=8)))
    rows = [timer("a", due_at=east, body={"字": [1, None, True]}), timer("b", body=[]), timer("c")]

    def ask(connection: Connection) -> tuple[Any, Any]:
        PUT.run(connection, rows[0])
        PUT.run_later(connection, rows[1:])
        return GOT.all(connection, {"kind": "k"}), connection.execute(OF_KIND, {"kind": "k"}).all()

    async with database.write() as work:
        ours, theirs = await uow.look(work.session, ask)
        assert [list(row) for row in ours] == [list(row) for row in theirs]
        assert [list(row) for row in ours] == [["a", AT, {"字": [1, None, True]}, None], ["b", AT, [], None],
                                               ["c", AT, None, None]]  # fmt: skip
        assert await uow.look(work.session, TRIED.run, {"one": "b", "failures": 3}) == 1
        assert await uow.look(work.session, TRIED.run, {"one": "z", "failures": 3}) == 0
        assert await uow.look(work.session, GOT.scalar, {"kind": "k"}) == "a"
        assert await uow.look(work.session, GOT.scalar, {"kind": "none"}) is None


async def test_a_forgotten_value_is_noticed(database: Database) -> None:
    """Nothing is written as NULL because its name was mistyped."""
    async with database.write() as work:
        with pytest.raises(KeyError):
            await uow.look(work.session, GOT.all, {"kin": "k"})


async def test_it_looks_without_a_transaction_of_its_own(database: Database) -> None:
    """On a connection that began nothing it begins one, which ends with the connection."""
    assert await database.look(GOT.all, {"kind": "k"}) in ([], ())
    async with database.read() as work:
        with pytest.raises(DBAPIError):
            await uow.look(work.session, PUT.run, timer("a"))


async def test_a_constraint_that_breaks_is_sqlalchemys_error(database: Database) -> None:
    """Services catch IntegrityError, and the unit of work goes on behind a savepoint."""
    async with database.write() as work:
        await uow.look(work.session, PUT.run, timer("a"))
        with pytest.raises(IntegrityError):
            async with uow.savepoint(work.session):
                await uow.look(work.session, PUT.run, timer("a"))
        assert len(await uow.look(work.session, GOT.all, {"kind": "k"})) == 1


async def test_questions_that_are_asked_together_are_answered_in_order(database: Database) -> None:
    """Each with its own values and types, after what was to be written before them."""

    def ask(connection: Connection) -> list[Any]:
        PUT.run_later(connection, [timer("a", body={"b": 1})])
        return all_of(connection, (GOT, {"kind": "none"}), (GOT, {"kind": "k"}), (COUNTED, {}))

    async with database.write() as work:
        none, one, count = await uow.look(work.session, ask)
        assert (list(none), [list(row) for row in one], count[0][0]) == ([], [["a", AT, {"b": 1}, None]], 1)
        assert await uow.look(work.session, all_of) == []
    async with database.read() as work:
        assert await uow.look(work.session, lambda rows: all_of(rows, (COUNTED, {}))[0][0][0]) == 0


async def test_an_order_that_breaks_a_constraint_is_told_when_its_savepoint_ends(database: Database) -> None:
    """Another device made the same order a moment ago: nothing of ours is left, and the unit of work goes on."""

    def of_call(key: str, sequence: int) -> WorkOrder:
        return WorkOrder(order_id=key, status="draft", call_id="C", sequence=sequence, created_at=AT, alerts=[],
                         field_values={})  # fmt: skip

    async with database.write() as work:
        work.session.add(of_call("O1", 1))
        await work.session.flush()
        with pytest.raises(IntegrityError):
            async with work.session.begin_nested():
                work.session.add(of_call("O2", 1))
        async with work.session.begin_nested():
            work.session.add(of_call("O3", 2))
        await work.commit()
    async with database.read() as work:
        assert [one.order_id for one in await orders.orders_of_call(work.session, "C")] == ["O1", "O3"]


async def test_a_clock_that_was_read_before_the_order_was_written_is_read_anew(database: Database) -> None:
    """A step goes by what was on file when its order was locked, unless something was written since."""
    key = await an_order(database)
    async with database.write() as work:
        order, before = await orders.locked_for(work.session, key, Action.DISPATCH)
        order.stamp("status", order.status, Status.DISPATCHED, **ME)
        order.status = Status.DISPATCHED
        seen = await service_level.clockwork(work.session, order, before.clock)
        await work.session.flush()
        written = await service_level.clockwork(work.session, order, before.clock)
        assert seen is not None
        assert written is not None
        assert (seen.trail, seen.touched_at) == (written.trail, written.touched_at)
        assert [status for _, status in seen.trail][-2:] == [Status.CREATED, Status.DISPATCHED]


async def test_what_is_written_later_is_seen_by_what_comes_next(database: Database) -> None:
    """By a statement of anybody's in the same transaction, and by others after the commit."""

    def later(connection: Connection, key: str) -> None:
        PUT.run_later(connection, [timer(key)])

    async with database.write() as work:
        await uow.look(work.session, later, "a")
        assert len((await work.session.scalars(select(Timer))).all()) == 1
        await uow.look(work.session, later, "b")
        await work.commit()
    assert [row[0] for row in await database.look(GOT.all, {"kind": "k"})] == ["a", "b"]


async def test_the_first_thing_in_a_unit_may_be_written_later(database: Database) -> None:
    """Then the transaction begins with it."""
    async with database.write() as work:
        await uow.look(work.session, lambda rows: PUT.run_later(rows, [timer("a"), timer("b")]))
        await work.session.commit()
    assert len(await database.look(GOT.all, {"kind": "k"})) == 2


@pytest.mark.parametrize("end", ["commit", "statement"])
async def test_a_later_write_that_fails_fails_the_unit(database: Database, end: str) -> None:
    """Nothing of the unit lasts, and the next unit works."""

    async def twice(work: UnitOfWork) -> None:
        await uow.look(work.session, lambda rows: PUT.run_later(rows, [timer("a")]))
        await (work.commit() if end == "commit" else work.session.execute(text("SELECT 1")))

    async with database.write() as work:
        await uow.look(work.session, PUT.run, timer("a"))
        with pytest.raises(IntegrityError):
            await twice(work)
    assert not await database.look(GOT.all, {"kind": "k"})
    await an_order(database)


async def test_a_savepoint_takes_back_what_was_to_be_written_in_it(database: Database) -> None:
    """What waited from before it stays."""

    def later(connection: Connection, *keys: str) -> None:
        for key in keys:
            PUT.run_later(connection, [timer(key)])

    async with database.write() as work:
        await uow.look(work.session, later, "a")
        async with taken_back(work.session):
            await uow.look(work.session, later, "b", "c")
        await uow.look(work.session, later, "d")
        await work.commit()
    assert [row[0] for row in await database.look(GOT.all, {"kind": "k"})] == ["a", "d"]


async def test_a_unit_that_rolls_back_leaves_no_later_write_to_the_next(database: Database) -> None:
    """The connection is shared by all that write."""
    async with database.write() as work:
        await uow.look(work.session, lambda rows: PUT.run_later(rows, [timer("a")]))
    async with database.write() as work:
        await uow.look(work.session, lambda rows: PUT.run_later(rows, [timer("b")]))
        await work.commit()
    assert [row[0] for row in await database.look(GOT.all, {"kind": "k"})] == ["b"]


@pytest.mark.parametrize("column", ["summary", "team"])
async def test_a_change_that_somebody_else_overtook_is_a_conflict(database: Database, column: str) -> None:
    """Whoever did not lock the order and writes what is no longer so is told; nothing of it lasts.

    Also when the write went along with a question (what else the text of the order has) or with the commit.
    """
    key = await an_order(database)
    async with database.write() as work:
        order = await work.session.get(WorkOrder, key)
        assert order is not None
        await work.session.execute(
            update(WorkOrder).values(version=WorkOrder.version + 1).execution_options(synchronize_session=False)
        )
        setattr(order, column, "overtaken")
        with pytest.raises(Conflict):
            await work.commit()
    async with database.read() as work:
        assert not getattr(await orders.get_order(work.session, key), column)
    await an_order(database)


async def test_a_savepoint_takes_an_order_back_with_its_lines(database: Database) -> None:
    """The order is as it was on file, and goes on from there: its chain holds."""
    key = await an_order(database)
    async with database.write() as work:
        for _ in range(2):
            async with taken_back(work.session):
                await lifecycle.move_order(work.session, MoveOrder(**ME, order_id=key, action="dispatch"))
        order = await orders.locked(work.session, key)
        assert (order.status, order.lines) == (Status.CREATED, ())
        await lifecycle.move_order(work.session, MoveOrder(**ME, order_id=key, action="dispatch"))
        await work.commit()
    async with database.read() as work:
        assert (await trail.verify(work.session)).faults == ()
        assert (await orders.get_order(work.session, key)).status == Status.DISPATCHED


async def test_lines_that_were_not_written_go_with_the_savepoint(database: Database) -> None:
    """What was stamped and not flushed yet is forgotten too."""
    key = await an_order(database)
    async with database.write() as work:
        order = await orders.locked(work.session, key)
        before = order.trail_head
        async with taken_back(work.session):
            order.stamp("team", None, "A", **ME)
        await work.session.refresh(order)
        assert (order.lines, order.trail_head) == ((), before)


async def test_several_orders_of_one_flush_are_all_written_with_their_defaults_and_text(database: Database) -> None:
    """New ones that name few columns, and changed ones, in any mixture."""
    key = await an_order(database)

    def bare(tag: str) -> WorkOrder:
        return WorkOrder(order_id=f"O{tag}", number=f"N{tag}", status="created", created_at=AT, alerts=[],
                         field_values={}, summary=f"冰箱{tag}")  # fmt: skip

    async with database.write() as work:
        first, second = bare("1"), bare("2")
        first.stamp("status", None, "created", **ME)
        order = await orders.locked(work.session, key)
        order.summary = "洗衣机"
        work.session.add_all([first, second])
        await work.commit()
        assert (first.edit_version, first.version, first.chase_ups, first.respond_breached) == (1, 1, 0, False)
    async with database.read() as work:
        texts = (await work.session.scalars(select(SearchText.text).order_by(SearchText.position))).all()
        assert [line.split("\n")[0] for line in texts] == ["洗衣机", "冰箱1", "冰箱2"]
        again = await work.session.get(WorkOrder, "O1")
        assert again is not None
        assert (again.version, again.suggested_priority, again.trail_head) == (1, "normal", first.trail_head)


async def test_a_write_that_changes_nothing_is_none(database: Database) -> None:
    """The version stays, so nobody else meets a conflict."""
    key = await an_order(database)
    async with database.write() as work:
        order = await orders.locked(work.session, key)
        before, order.summary = order.version, str(order.summary)
        order.alerts = list(order.alerts)
        await work.commit()
        assert order.version == before


async def test_a_locked_order_is_read_anew(database: Database) -> None:
    """Also when the session had it from before: the lock is worth nothing on old values."""
    key = await an_order(database)
    async with database.write() as work:
        seen = await work.session.get(WorkOrder, key)
        assert seen is not None
        await work.session.execute(update(WorkOrder).values(summary="new").execution_options(synchronize_session=False))
        assert (await orders.locked(work.session, key)).summary == "new"


async def test_rows_trail_and_event_of_a_change_are_one(database: Database) -> None:
    """Of an edit that fails at its very end nothing is left, of one that does not everything."""
    key = await an_order(database)

    async def counted() -> list[int]:
        async with database.read() as work:
            kinds = (OrderChange, OutboxRow, AuditRow)
            return [len((await work.session.scalars(select(kind))).all()) for kind in kinds]

    before = await counted()
    for broken in (True, False):
        async with database.write() as work:
            edit = EditOrder(**ME, order_id=key, fields={"description": f"滴水{broken}"})
            await orders.edit_order(work.session, edit)
            if broken:
                work.session.add(OutboxRow(event_id=None, event_type="x", body={}, recorded_at=AT))
                with pytest.raises(IntegrityError):
                    await work.commit()
            else:
                await work.commit()
    assert await counted() == [before[0] + 1, before[1] + 1, 0]
