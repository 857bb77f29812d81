"""What a unit of work, the outbox and the relay promise, on every database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import Connection, delete, func, select, text
from sqlalchemy.exc import DBAPIError, StatementError

from callcenter.bus.local import LocalBus
from callcenter.clock import VirtualClock
from callcenter.errors import CallcenterError
from callcenter.storage import audit
from callcenter.storage.database import Database
from callcenter.storage.relay import PATIENCE_S, Relay
from callcenter.storage.tables import AuditRow, OutboxRow
from workorder.commands import CreateOrder, EditOrder, OpenDraft
from workorder.events import DraftOpened, OrderEdited, OrderEvent, WorkOrderCreated
from workorder.services import orders

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)


class RecordingBus:
    """Keeps what is published, and fails when told to."""

    def __init__(self) -> None:
        self.published: list[Any] = []
        self.fail_after: int | None = None

    def publish(self, event: object) -> None:
        if self.fail_after is not None and len(self.published) >= self.fail_after:
            raise KeyboardInterrupt  # as abrupt as a kill: nothing in between may swallow it
        self.published.append(event)

    async def handled(self) -> None:
        """Nobody listens."""


async def add_line(db: Database, *, commit: bool) -> None:
    async with db.write() as work:
        await audit.add(work.session, at=AT, by="u1", action="login", subject="u1")
        if commit:
            await work.commit()


async def add_line_and_fail(db: Database) -> None:
    async with db.write() as work:
        await audit.add(work.session, at=AT, by="u1", action="login", subject="u1")
        await work.session.flush()
        raise ZeroDivisionError


async def count(db: Database, table: type) -> int:
    async with db.read() as work:
        return await work.session.scalar(select(func.count()).select_from(table)) or 0


async def make_order(db: Database) -> None:
    async with db.write() as work:
        order = await orders.open_draft(work.session, OpenDraft(by="u1", at=AT))
        fields = {"service_type": "enquiry", "contact_phone": "13800138000"}
        await orders.edit_order(work.session, EditOrder(by="u1", at=AT, order_id=order.order_id, fields=fields))
        await orders.create_order(work.session, CreateOrder(by="u1", at=AT, order_id=order.order_id))
        await work.commit()


async def test_nothing_lasts_without_commit(database: Database) -> None:
    """Leaving without commit, or by an exception, leaves no row."""
    await add_line(database, commit=False)
    with pytest.raises(ZeroDivisionError):
        await add_line_and_fail(database)
    assert await count(database, AuditRow) == 0
    await add_line(database, commit=True)
    assert await count(database, AuditRow) == 1


async def test_a_reading_unit_cannot_write(database: Database) -> None:
    """The database itself refuses, whatever the code does."""
    with pytest.raises((DBAPIError, CallcenterError)):
        await write_in_reading_unit(database)
    assert await count(database, AuditRow) == 0


async def write_in_reading_unit(database: Database) -> None:
    async with database.read() as work:
        await audit.add(work.session, at=AT, by="u1", action="login", subject="u1")
        await work.commit()


async def test_a_look_sees_what_was_committed_and_cannot_write(database: Database) -> None:
    """One snapshot for all its statements; writing is refused by the database itself."""
    counted = select(func.count()).select_from(AuditRow)

    def twice(rows: Connection) -> tuple[int, int]:
        return rows.execute(counted).scalar_one(), rows.execute(counted).scalar_one()

    assert await database.look(twice) == (0, 0)
    await add_line(database, commit=True)
    assert await database.look(twice) == (1, 1)

    def remove(rows: Connection) -> None:
        rows.execute(delete(AuditRow))
        rows.commit()

    with pytest.raises((DBAPIError, CallcenterError)):
        await database.look(remove)
    assert await database.look(twice) == (1, 1)


async def test_a_cancelled_look_blocks_nobody(database: Database) -> None:
    """More often than there are connections to look with; then the next look has its answer."""
    slow = text(SLOW[database.url.get_backend_name()])
    for _ in range(6):
        task = asyncio.create_task(database.look(lambda rows: rows.execute(slow).all()))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await database.look(lambda rows: rows.execute(text("SELECT 1")).scalar_one()) == 1


async def test_a_reader_keeps_one_view_and_never_waits_for_a_writer(database: Database) -> None:
    """A commit in between is not seen by a reader that has begun, and an open writer does not stop it."""
    async with database.read() as reader:
        before = await reader.session.scalar(select(func.count()).select_from(AuditRow))
        await add_line(database, commit=True)
        async with database.write() as writer:
            await audit.add(writer.session, at=AT, by="u1", action="login", subject="u1")
            assert await reader.session.scalar(select(func.count()).select_from(AuditRow)) == before == 0
    assert await count(database, AuditRow) == 1


async def test_times_come_back_aware_and_naive_ones_are_refused(database: Database) -> None:
    """UTC in, UTC out, to the microsecond; a time without a zone does not get in."""
    async with database.write() as work:
        precise = datetime.fromisoformat("2026-11-21T17:00:00.123456+08:00")
        await audit.add(work.session, at=precise, by="u1", action="login", subject="u1")
        await work.commit()
    async with database.read() as work:
        (line,) = await audit.lines(work.session)
    assert line.at == precise
    assert line.at.utcoffset() == AT.utcoffset()
    async with database.write() as work:
        with pytest.raises(StatementError, match="naive"):
            await audit.add(work.session, at=datetime(2026, 1, 1), by="u1", action="login", subject="u1")


async def test_events_are_written_with_the_change_and_relayed_in_order_once(database: Database) -> None:
    """A rolled-back change leaves no event; a committed one is published in order, equal to what was recorded."""
    async with database.write() as work:
        await orders.open_draft(work.session, OpenDraft(by="u1", at=AT))
    assert await count(database, OutboxRow) == 0
    await make_order(database)
    bus = RecordingBus()
    relay = Relay(database, bus, VirtualClock())
    assert await relay.send_batch() == 3
    assert [type(event) for event in bus.published] == [DraftOpened, OrderEdited, WorkOrderCreated]
    created = bus.published[-1]
    assert (created.number, created.at, created.by) == ("WO20261121-0001", AT, "u1")
    assert await relay.send_batch() == 0
    assert len(bus.published) == 3


async def test_a_crash_between_publishing_and_marking_sends_again_with_the_same_key(database: Database) -> None:
    """At least once: the repeat carries the event_id that a handler knows already."""
    await make_order(database)
    bus = RecordingBus()
    bus.fail_after = 2
    with pytest.raises(KeyboardInterrupt):
        await Relay(database, bus, VirtualClock()).send_batch()
    bus.fail_after = None
    await Relay(database, bus, VirtualClock()).send_batch()
    keys = [event.event_id for event in bus.published]
    assert len(keys) == 5
    assert keys[:2] == keys[2:4]


async def test_an_event_counts_as_sent_when_its_handler_had_it(database: Database) -> None:
    """While a handler is busy the row waits: a crash in this moment sends it again. Handlers can write meanwhile."""
    await make_order(database)
    bus, gate, handled = LocalBus(), asyncio.Event(), asyncio.Event()

    async def slow(_event: OrderEvent) -> None:
        await gate.wait()
        await add_line(database, commit=True)
        handled.set()

    bus.subscribe(WorkOrderCreated, slow, name="slow")
    sending = asyncio.create_task(Relay(database, bus, VirtualClock()).send_batch())
    while not bus.lag().get("slow"):
        await asyncio.sleep(0)
    async with database.read() as work:
        assert await work.session.scalar(select(func.count()).where(OutboxRow.sent_at.is_not(None))) == 0
    gate.set()
    assert await sending == 3
    assert handled.is_set()
    async with database.read() as work:
        assert await work.session.scalar(select(func.count()).where(OutboxRow.sent_at.is_(None))) == 0
    await bus.aclose()


async def test_a_handler_that_hangs_does_not_stop_the_relay(database: Database) -> None:
    """After half a minute the events count as sent, with a line in the log, and the next ones follow."""
    await make_order(database)
    bus, clock = LocalBus(), VirtualClock()

    async def hang(_event: OrderEvent) -> None:
        await asyncio.Event().wait()

    bus.subscribe(OrderEvent, hang, name="hanging")
    sending = asyncio.create_task(Relay(database, bus, clock).send_batch())
    while not bus.lag().get("hanging"):
        await asyncio.sleep(0)
    while not sending.done():
        await clock.advance(PATIENCE_S)
        await asyncio.sleep(0.01)
    assert await sending == 3
    for task in bus._tasks:
        task.cancel()


async def test_the_relay_wakes_at_a_commit_and_delivers_to_subscribers(database: Database) -> None:
    """No clock moves, yet the subscriber gets the events: the commit itself wakes the relay."""
    bus = LocalBus()
    got: list[OrderEvent] = []
    done = asyncio.Event()

    async def keep(event: OrderEvent) -> None:
        got.append(event)
        if isinstance(event, WorkOrderCreated):
            done.set()

    bus.subscribe(OrderEvent, keep, name="test")
    running = asyncio.create_task(Relay(database, bus, VirtualClock()).run())
    await make_order(database)
    await asyncio.wait_for(done.wait(), 10)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    await bus.aclose()
    assert [type(event).__name__ for event in got] == ["DraftOpened", "OrderEdited", "WorkOrderCreated"]


SLOW = {
    "sqlite": "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 20000000) SELECT max(i) FROM n",
    "postgresql": "SELECT pg_sleep(30)",
}


@pytest.mark.parametrize("unit", ["read", "write"])
async def test_a_cancelled_unit_leaves_nothing_and_blocks_nobody(database: Database, unit: str) -> None:
    """A request that is given up in the middle of a statement: its rows are gone, the next unit works."""
    begun = asyncio.Event()

    async def work_slowly() -> None:
        async with getattr(database, unit)() as work:
            if unit == "write":
                await audit.add(work.session, at=AT, by="u1", action="login", subject="u1")
            begun.set()
            await work.session.execute(text(SLOW[database.url.get_backend_name()]))

    for _ in range(5):
        begun.clear()
        task = asyncio.create_task(work_slowly())
        await begun.wait()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await add_line(database, commit=True)
    assert await count(database, AuditRow) == 1


async def test_check_proves_the_schema_and_upgrade_is_repeatable(database: Database) -> None:
    """A current database passes; upgrading it again does nothing."""
    await database.check()
    await database.upgrade()
    await database.check()


async def test_foreign_keys_are_enforced(database: Database) -> None:
    """A segment of no call is refused by the database."""
    with pytest.raises(DBAPIError):
        async with database.write() as work:
            await work.session.execute(
                text(
                    "INSERT INTO call_events (call_id, at, type, text) VALUES ('nope', '2026-11-21 00:00:00', 'x', '')"
                )
            )
