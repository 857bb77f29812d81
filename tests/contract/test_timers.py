"""What timers promise, on every database: once, in order, at their moment, whatever restarts in between."""

from __future__ import annotations

import asyncio
import shutil
import signal
import sys
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.clock import VirtualClock
from callcenter.features.timers import LOOK_S, REST_S, RETRY_S, Timers
from callcenter.storage import audit
from callcenter.storage.database import Database
from callcenter.storage.spent_rows import remove_some
from tests.conftest import SHARED_FIXTURE
from workorder.ids import new_id
from workorder.model.timers import Timer
from workorder.services import timers

START = VirtualClock().now()


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


async def set_timer(db: Database, subject: str, seconds: float, kind: str = "warn", body: object = None) -> None:
    async with db.write() as work:
        await timers.set_timer(work.session, kind=kind, subject=subject, due_at=at(seconds), body=body)
        await work.commit()


async def clear(db: Database, subject: str, kind: str = "warn") -> bool:
    async with db.write() as work:
        found = await timers.clear_timer(work.session, kind=kind, subject=subject)
        await work.commit()
    return found


async def fired(db: Database) -> list[str]:
    """Subjects in the order in which their handler's row was committed."""
    async with db.read() as work:
        return [line.subject for line in reversed(await audit.lines(work.session, limit=1000))]


def writes_a_row(clock: VirtualClock) -> Callable[[AsyncSession, Timer], Awaitable[None]]:
    """A handler whose effect is a row of the same transaction."""

    async def handle(session: AsyncSession, timer: Timer) -> None:
        await audit.add(session, at=clock.now(), by="machine", action=timer.kind, subject=timer.subject)

    return handle


def firing(db: Database, clock: VirtualClock) -> Timers:
    running = Timers(db, clock)
    running.on("warn", writes_a_row(clock))
    return running


async def test_a_timer_fires_once_at_its_moment_and_never_before(database: Database) -> None:
    """Nothing a second before; at the moment the handler runs; later nothing more."""
    clock = VirtualClock()
    running = firing(database, clock)
    await set_timer(database, "a", 60)
    await clock.advance(59)
    assert await running.fire_due() == 0
    await clock.advance(1)
    assert await running.fire_due() == 1
    await clock.advance(3600)
    assert await running.fire_due() == 0
    assert await fired(database) == ["a"]


async def test_those_that_fell_due_while_nobody_ran_fire_in_order_of_time(database: Database) -> None:
    """Whatever the order in which they were set."""
    clock = VirtualClock()
    for subject, seconds in (("c", 30), ("a", 10), ("b", 20)):
        await set_timer(database, subject, seconds)
    await clock.advance(100)
    await firing(database, clock).fire_due()
    assert await fired(database) == ["a", "b", "c"]


async def test_setting_again_replaces_what_is_pending_and_clearing_leaves_nothing(database: Database) -> None:
    """One pending timer for each (kind, subject), with the last moment and body."""
    clock = VirtualClock()
    await set_timer(database, "a", 10, body={"n": 1})
    await set_timer(database, "a", 50, body={"n": 2})
    await set_timer(database, "b", 10)
    async with database.read() as work:
        (kept,) = await timers.pending(work.session, "a")
    assert (kept.due_at, kept.body) == (at(50), {"n": 2})
    assert await clear(database, "b") is True
    assert await clear(database, "b") is False
    await clock.advance(20)
    assert await firing(database, clock).fire_due() == 0


async def test_nothing_is_set_by_a_transaction_that_rolls_back(database: Database) -> None:
    """A timer lasts with the change it belongs to, or not at all."""
    async with database.write() as work:
        await timers.set_timer(work.session, kind="warn", subject="a", due_at=at(0))
    async with database.read() as work:
        assert await timers.due(work.session, at(100)) == ()


async def test_a_failing_handler_leaves_nothing_is_tried_again_later_and_does_not_hold_up_others(
    database: Database,
) -> None:
    """Its rows are rolled back; the wait doubles; the next timer fires at once; the failures are counted."""
    clock, metrics = VirtualClock(), CollectorRegistry()
    tried: list[float] = []

    async def fail_twice(session: AsyncSession, timer: Timer) -> None:
        tried.append(clock.monotonic())
        await audit.add(session, at=clock.now(), by="machine", action=timer.kind, subject="shaky")
        if len(tried) < 3:
            raise ZeroDivisionError

    running = Timers(database, clock, metrics)
    running.on("shaky", fail_twice)
    running.on("warn", writes_a_row(clock))
    await set_timer(database, "a", 1, kind="shaky")
    await set_timer(database, "b", 2)
    for _ in range(12):
        await clock.advance(RETRY_S / 2)
        await running.fire_due()
    assert tried == [2.5, 7.5, 17.5]
    assert await fired(database) == ["b", "shaky"]
    assert metrics.get_sample_value("callcenter_timers_total", {"kind": "shaky", "outcome": "failed"}) == 2
    assert metrics.get_sample_value("callcenter_timers_total", {"kind": "shaky", "outcome": "fired"}) == 1


async def test_a_handler_may_set_its_own_timer_again(database: Database) -> None:
    """The fired one is no longer pending when its handler runs, so the new one does not collide."""
    clock = VirtualClock()

    async def hourly(session: AsyncSession, timer: Timer) -> None:
        await audit.add(session, at=clock.now(), by="machine", action=timer.kind, subject=timer.subject)
        due_at = timer.due_at + timedelta(hours=1)
        await timers.set_timer(session, kind=timer.kind, subject=timer.subject, due_at=due_at)

    running = Timers(database, clock)
    running.on("hourly", hourly)
    await set_timer(database, "a", 0, kind="hourly")
    await clock.advance(2 * 3600 + 1)
    assert await running.fire_due() == 3


async def test_a_kind_nobody_handles_waits_for_somebody_who_does(database: Database) -> None:
    """A timer of a newer version, or of another role, is left alone and does not block."""
    clock = VirtualClock()
    await set_timer(database, "a", 1, kind="unknown")
    await set_timer(database, "b", 2)
    await clock.advance(5)
    assert await firing(database, clock).fire_due() == 1
    async with database.read() as work:
        (left,) = await timers.due(work.session, clock.now())
    assert left.kind == "unknown"


async def test_two_nodes_share_the_work_and_none_fires_twice(database_url: str) -> None:
    """Both look at the same moment: each timer has one row of effect."""
    clock = VirtualClock()
    nodes = [await Database.open(database_url) for _ in range(2)]
    try:
        for number in range(20):
            await set_timer(nodes[0], f"s{number:02}", number)
        await clock.advance(100)
        tried = await asyncio.gather(*(firing(node, clock).fire_due() for node in nodes))
        assert sum(tried) == 20
        assert sorted(await fired(nodes[0])) == [f"s{number:02}" for number in range(20)]
    finally:
        for node in nodes:
            await node.aclose()


async def test_an_abrupt_end_inside_a_handler_leaves_the_timer_to_the_next_start(database: Database) -> None:
    """Cancelled in the middle, as by a kill: no effect, still pending; the next run does it once."""
    clock = VirtualClock()
    begun = asyncio.Event()

    async def hang(session: AsyncSession, timer: Timer) -> None:
        await audit.add(session, at=clock.now(), by="machine", action=timer.kind, subject="half")
        await session.flush()
        begun.set()
        await asyncio.Event().wait()

    killed = Timers(database, clock)
    killed.on("warn", hang)
    await set_timer(database, "a", 0)
    task = asyncio.create_task(killed.fire_due())
    await begun.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await firing(database, clock).fire_due()
    assert await fired(database) == ["a"]


KILLED = """
import asyncio, os, signal, sys
from callcenter.clock import SystemClock
from callcenter.features.timers import Timers
from callcenter.storage import audit
from callcenter.storage.database import Database

async def main():
    database, clock = await Database.open(sys.argv[1]), SystemClock()
    running = Timers(database, clock)

    async def handle(session, timer):
        await audit.add(session, at=clock.now(), by="machine", action=timer.kind, subject=timer.subject)
        await session.flush()
        if timer.subject == "c":
            os.kill(os.getpid(), signal.SIGKILL)

    running.on("warn", handle)
    await running.fire_due()

asyncio.run(main())
"""


async def test_a_killed_process_loses_nothing_and_the_next_start_repeats_nothing(
    database: Database, database_url: str
) -> None:
    """kill -9 inside the third handler: two are done for good, the third and fourth fire once after the restart."""
    for number, subject in enumerate("abcd"):
        await set_timer(database, subject, number)
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", KILLED, database_url)
    assert await process.wait() == -signal.SIGKILL
    assert await fired(database) == ["a", "b"]
    clock = VirtualClock()
    await clock.advance(10)
    await firing(database, clock).fire_due()
    assert await fired(database) == ["a", "b", "c", "d"]


class CountingClock(VirtualClock):
    """Says when somebody sleeps on it, and for how long."""

    def __init__(self) -> None:
        super().__init__()
        self.naps: list[float] = []
        self.asleep = asyncio.Event()

    async def sleep(self, seconds: float) -> None:
        self.naps.append(seconds)
        self.asleep.set()
        await super().sleep(seconds)


async def test_it_sleeps_exactly_until_the_next_is_due_and_wakes_for_an_earlier_one(database: Database) -> None:
    """No polling: one sleep for each reason, of just the length that is left."""
    clock = CountingClock()
    running = asyncio.create_task(firing(database, clock).run())

    async def nap() -> float:
        await asyncio.wait_for(clock.asleep.wait(), 20)
        clock.asleep.clear()
        return clock.naps[-1]

    try:
        assert await nap() == LOOK_S
        await set_timer(database, "late", 20)
        assert await nap() == 20
        await set_timer(database, "early", 5)
        assert await nap() == 5
        await clock.advance(5)
        assert await nap() == 15
        assert await fired(database) == ["early"]
        await clock.advance(15)
        assert await nap() == LOOK_S
        assert await fired(database) == ["early", "late"]
        assert len(clock.naps) == 5
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_between_two_that_are_due_it_rests(database: Database) -> None:
    """After a downtime thousands may be due: each fires with a rest before it, in which calls get their turn."""
    clock = CountingClock()
    for subject in ("a", "b", "c"):
        await set_timer(database, subject, -5)
    running = asyncio.create_task(firing(database, clock).run())
    try:
        for done in (["a"], ["a", "b"], ["a", "b", "c"]):
            await asyncio.wait_for(clock.asleep.wait(), 20)
            clock.asleep.clear()
            assert await fired(database) == done
            await clock.advance(REST_S)
        assert clock.naps == [REST_S, REST_S, LOOK_S]
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_the_records_of_fired_timers_can_be_purged(database: Database) -> None:
    """The sweep of spent rows takes them; what is pending stays."""
    clock = VirtualClock()
    await set_timer(database, "a", 0)
    await set_timer(database, "b", 500)
    await firing(database, clock).fire_due()
    async with database.write() as work:
        assert await remove_some(work.session, "timers", over_before=at(0)) == 0
        assert await remove_some(work.session, "timers", over_before=at(1)) == 1
        assert len(await timers.due(work.session, at(501))) == 1


STEPS = st.one_of(
    st.tuples(st.just("set"), st.sampled_from("abcd"), st.integers(-5, 60)),
    st.tuples(st.just("clear"), st.sampled_from("abcd"), st.just(0)),
    st.tuples(st.just("advance"), st.just(""), st.integers(0, 40)),
    st.tuples(st.just("restart"), st.just(""), st.just(0)),
)


@pytest.fixture(params=["sqlite", "postgresql"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[], Awaitable[Database]]:
    """Opens an empty database; subjects are made unique by the test, so that PostgreSQL need not be emptied."""

    async def open_one() -> Database:
        if request.param == "postgresql":
            return await Database.open(request.getfixturevalue("postgres_database"))
        file = tmp_path / f"{len(list(tmp_path.iterdir()))}.db"
        shutil.copy(request.getfixturevalue("sqlite_template"), file)
        return await Database.open(f"sqlite+aiosqlite:///{file}")

    return open_one


@settings(max_examples=40, suppress_health_check=SHARED_FIXTURE)
@given(steps=st.lists(STEPS, max_size=25))
def test_any_run_of_sets_clears_and_restarts_fires_what_a_list_in_memory_would(
    opened: Callable[[], Awaitable[Database]], steps: list[tuple[str, str, int]]
) -> None:
    """The oracle is a dict: set replaces, clear removes, time passing fires what is due in order of time."""
    asyncio.run(run_against_oracle(opened, steps))


async def run_against_oracle(opened: Callable[[], Awaitable[Database]], steps: list[tuple[str, str, int]]) -> None:
    database, clock = await opened(), VirtualClock(datetime(2026, 1, 5, tzinfo=UTC))
    kind = new_id()
    got: list[tuple[str, datetime]] = []
    expected: list[tuple[str, datetime]] = []
    waiting: dict[str, tuple[datetime, int]] = {}

    async def keep(_: AsyncSession, timer: Timer) -> None:
        got.append((timer.subject, timer.due_at))

    def started() -> Timers:
        running = Timers(database, clock)
        running.on(kind, keep)
        return running

    running = started()
    for order, (step, subject, seconds) in enumerate(steps):
        async with database.write() as work:
            if step == "set":
                due_at = clock.now() + timedelta(seconds=seconds)
                waiting[subject] = (due_at, order)
                await timers.set_timer(work.session, kind=kind, subject=subject, due_at=due_at)
            elif step == "clear":
                found = await timers.clear_timer(work.session, kind=kind, subject=subject)
                assert found == (waiting.pop(subject, None) is not None)
            await work.commit()
        if step == "restart":
            running = started()
        if step in {"advance", "restart"}:
            await clock.advance(seconds)
            await running.fire_due()
            due = sorted((moment, order, name) for name, (moment, order) in waiting.items() if moment <= clock.now())
            expected += [(name, moment) for moment, _, name in due]
            for _, _, name in due:
                del waiting[name]
            assert sorted(got) == sorted(expected)
            assert [moment for _, moment in got] == [moment for _, moment in expected]
    await database.aclose()
