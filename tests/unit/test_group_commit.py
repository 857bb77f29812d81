"""Turns on one writing connection: what each unit of work may rely on, whoever else works and whatever fails."""

from __future__ import annotations

import asyncio
import sqlite3
from functools import partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.storage.group_commit import AT_MOST, GroupCommit, Rest


class Table:
    """A connection with a set of rows: what is committed, and what the open transaction would add."""

    def __init__(self) -> None:
        self.rows: tuple[str, ...] = ()
        self.open: tuple[str, ...] | None = None
        self.savepoints: list[tuple[str, ...]] = []
        self.commits = 0
        self.broken = ""
        self.gate = asyncio.Event()
        self.gate.set()

    async def begin(self, statement: str) -> None:
        if statement.startswith("BEGIN"):
            assert self.open is None, "a transaction within a transaction"
            self.open, self.savepoints = self.rows, []
        else:
            assert self.open is not None, "a savepoint of nothing"
            self.savepoints.append(self.open)

    async def run(self, *statements: str, rest: Rest | None = None) -> bool:
        await self.gate.wait()
        if self.open is None:
            return False
        if rest is not None:
            rest()
        for statement in statements:
            if self.broken and statement.startswith(self.broken):
                raise sqlite3.OperationalError("database or disk is full")
            self._one(statement)
        return True

    def _one(self, statement: str) -> None:
        assert self.open is not None
        if statement == "COMMIT":
            self.rows, self.open, self.commits = self.open, None, self.commits + 1
        elif statement == "ROLLBACK":
            self.open = None
        elif statement.startswith("ROLLBACK TO"):
            self.open = self.savepoints[-1]
        else:
            self.savepoints.pop()

    def add(self, name: str, *, fails: bool = False) -> None:
        assert self.open is not None
        self.open = (*self.open, name)
        if fails:
            raise ZeroDivisionError


async def write(table: Table, group: GroupCommit, name: str, *, fails: bool = False, alone: bool = False) -> None:
    """A unit that writes a row, on the way to the commit if it may; returns when it is told that the row lasts."""
    unit = await group.enter(alone=alone)
    rest = partial(table.add, name, fails=fails)
    try:
        await table.begin(unit.begin)
        await asyncio.sleep(0)
        last = group.is_last(unit)
        if not last:
            rest()
    except BaseException:
        await group.undo(unit)
        raise
    await group.done(unit, rest if last else None)
    assert name in table.rows, "told before it was committed"


async def together(*units: object) -> list[object]:
    return await asyncio.gather(*units, return_exceptions=True)  # type: ignore[call-overload, no-any-return]


async def test_units_that_come_together_are_committed_together_in_order_of_asking() -> None:
    """One commit for all that wait; alone one has its own."""
    table = Table()
    group = GroupCommit(table)
    await write(table, group, "first")
    assert table.commits == 1
    assert await together(*(write(table, group, str(number)) for number in range(8))) == [None] * 8
    assert table.rows == ("first", *map(str, range(8)))
    assert table.commits == 2


async def test_a_unit_that_fails_takes_back_nothing_but_itself() -> None:
    """Before it, after it and instead of it: the others stay."""
    table = Table()
    group = GroupCommit(table)
    fails = {0, 3, 7}
    told = await together(*(write(table, group, str(number), fails=number in fails) for number in range(8)))
    assert [type(one) for one in told] == [ZeroDivisionError if number in fails else type(None) for number in range(8)]
    assert table.rows == ("1", "2", "4", "5", "6")


async def test_what_fails_on_the_way_to_the_commit_is_told_and_leaves_nothing() -> None:
    """Whatever it is that fails; the next unit begins anew. One that others came after writes its rest by itself."""
    table = Table()
    group = GroupCommit(table)
    assert [type(one) for one in await together(write(table, group, "a", fails=True))] == [ZeroDivisionError]
    assert (table.rows, table.open) == ((), None)
    first = await group.enter()
    await table.begin(first.begin)
    assert group.is_last(first)
    second = asyncio.create_task(write(table, group, "b"))
    await asyncio.sleep(0)
    assert not group.is_last(first), "who waits shall not wait for the disk"
    await group.done(first)
    await second
    assert [*table.rows, table.commits] == ["b", 1]


async def test_when_the_commit_fails_nobody_is_told_that_it_lasts() -> None:
    """Each gets the database's own error, nothing is there, and the next unit finds the connection usable."""
    table = Table()
    group = GroupCommit(table)
    table.broken = "COMMIT"
    told = await together(*(write(table, group, str(number)) for number in range(4)))
    assert [str(one) for one in told] == ["database or disk is full"] * 4
    assert table.rows == ()
    table.broken = ""
    await write(table, group, "later")
    assert table.rows == ("later",)


async def test_a_transaction_that_sqlite_ended_by_itself_is_lost_for_all_and_said_so() -> None:
    """A full disk in one unit rolls back those before it: they are told, and it goes on."""
    table = Table()
    group = GroupCommit(table)

    async def fills_the_disk() -> None:
        unit = await group.enter()
        await table.begin(unit.begin)
        table.open = None
        await group.undo(unit)

    told = await together(write(table, group, "a"), fills_the_disk(), write(table, group, "b"))
    assert isinstance(told[0], sqlite3.OperationalError)
    assert told[1:] == [None, None]
    assert table.rows == ("b",)


async def test_a_long_unit_does_not_keep_those_before_it_waiting() -> None:
    """``alone``: they are committed before it begins."""
    table = Table()
    group = GroupCommit(table)
    told = await together(write(table, group, "a"), write(table, group, "b"), write(table, group, "long", alone=True))
    assert told == [None] * 3
    assert table.commits == 2


async def test_a_group_is_not_longer_than_told() -> None:
    """However many come, after ``AT_MOST`` units there is a commit."""
    table = Table()
    group = GroupCommit(table)
    await together(*(write(table, group, str(number)) for number in range(2 * AT_MOST + 1)))
    assert table.commits == 3


async def test_whoever_gives_up_waiting_leaves_the_turn_to_the_next() -> None:
    """Cancelled while waiting for a turn, with the turn just given, or for the commit: the others go on."""
    table = Table()
    group = GroupCommit(table)
    table.gate.clear()
    tasks = [asyncio.create_task(write(table, group, str(number))) for number in range(4)]
    for _ in range(3):
        await asyncio.sleep(0)
    tasks[2].cancel()
    for _ in range(20):
        await asyncio.sleep(0)
    tasks[1].cancel()
    table.gate.set()
    told = await together(*tasks)
    assert [type(one) for one in told] == [type(None), asyncio.CancelledError, asyncio.CancelledError, type(None)]
    assert table.rows == ("0", "1", "3"), "a commit under way cannot be taken back"
    await write(table, group, "next")


@given(
    st.lists(st.tuples(st.booleans(), st.booleans(), st.integers(0, 6), st.sampled_from([0, 0, 0, 1, 4, 9]))),
)
def test_what_lasts_is_exactly_what_was_told(units: list[tuple[bool, bool, int, int]]) -> None:
    """Whatever fails, waits and gives up: told rows are there in order, failed ones are not, and nobody waits for ever."""

    async def run() -> None:
        table = Table()
        group = GroupCommit(table)

        async def one(name: int, fails: bool, alone: bool, pause: int) -> None:
            for _ in range(pause):
                await asyncio.sleep(0)
            await write(table, group, str(name), fails=fails, alone=alone)

        tasks = [asyncio.create_task(one(name, *unit[:3])) for name, unit in enumerate(units)]
        for turn in range(10):
            for task, unit in zip(tasks, units, strict=True):
                if unit[3] and unit[3] == turn:
                    task.cancel()
            await asyncio.sleep(0)
        told = await asyncio.wait_for(asyncio.gather(*tasks, return_exceptions=True), 5)
        by_name = {str(name): one for name, one in enumerate(told)}
        assert {name for name, one in by_name.items() if one is None} <= set(table.rows)
        assert not any(isinstance(by_name[name], ZeroDivisionError) for name in table.rows)
        assert len(set(table.rows)) == len(table.rows)
        await write(table, group, "after")
        assert table.open is None

    asyncio.run(run())


@pytest.mark.parametrize("statement", ["ROLLBACK TO", "ROLLBACK"])
async def test_a_failing_rollback_is_told_to_the_group(statement: str) -> None:
    """Nothing of a transaction lasts that cannot be put in order."""
    table = Table()
    group = GroupCommit(table)
    table.broken = statement
    told = await together(write(table, group, "a"), write(table, group, "b", fails=True))
    assert all(isinstance(one, sqlite3.OperationalError) for one in told)
    assert "a" not in table.rows
