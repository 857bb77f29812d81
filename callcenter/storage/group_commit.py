"""Units of work that come close after one another, committed together: one wait for the disk instead of one each.

A database with one writer does one unit of work after the other, in order of asking. A unit that is done need not be
committed before the next begins: the next one works in the same transaction, behind a savepoint, so that its failure
takes back nothing but itself. The transaction is committed when nobody waits for a turn (or ``AT_MOST`` units are
done), and only then is each of its units told that it lasts. ADR-0008 says why.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections import deque
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol

AT_MOST = 64
"""Units in one transaction: how long the first of them may have to wait, and how many a failing disk takes along."""

BEGIN = "BEGIN IMMEDIATE"
SAVEPOINT = "SAVEPOINT unit"
BACK_TO_SAVEPOINT = ("ROLLBACK TO unit", "RELEASE unit")


Rest = Callable[[], object]
"""The last writes of a unit, for the thread that has the connection."""

_FAILURES = (sqlite3.Error, ValueError)
"""aiosqlite says by ValueError that the connection is closed."""


def _lost() -> sqlite3.OperationalError:
    """What becomes of units whose transaction SQLite itself rolled back: the disk is full, or fails."""
    return sqlite3.OperationalError("disk I/O error: the transaction was rolled back")


class Writing(Protocol):
    """The one connection that writes."""

    async def run(self, *statements: str, rest: Rest | None = None) -> bool:
        """Run ``rest``, then them, if a transaction is open, else none; whether one was.

        Raises what the driver does, or ``rest``; then nothing after that was run.
        """
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Unit:
    """A unit of work whose turn it is; ``begin`` is the statement that it must begin with."""

    begin: str

    @property
    def shares(self) -> bool:
        """Whether units before it are part of the transaction: what ends that would hurt them."""
        return self.begin == SAVEPOINT


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    turn: asyncio.Future[None]
    alone: bool


class GroupCommit:
    """Turns on one connection. Every unit that ``enter`` gave must end by ``done`` or ``undo``, once."""

    def __init__(self, connection: Writing) -> None:
        self._connection = connection
        self._busy = False
        self._waiting: deque[_Waiting] = deque()
        self._done: list[asyncio.Future[None]] = []
        self._ending: set[asyncio.Task[None]] = set()

    async def enter(self, *, alone: bool = False) -> Unit:
        """Wait for a turn. ``alone``: those before are committed first, because this unit takes long."""
        if self._busy:
            waiting = _Waiting(asyncio.get_running_loop().create_future(), alone)
            self._waiting.append(waiting)
            try:
                await waiting.turn
            except asyncio.CancelledError:
                if waiting.turn.done() and not waiting.turn.cancelled():
                    self._pass_on()
                raise
        self._busy = True
        return Unit(SAVEPOINT if self._done else BEGIN)

    def is_last(self, unit: Unit) -> bool:
        """Whether a unit that is done now is committed at once, and nothing but it: it may leave it a ``rest``."""
        return not unit.shares and self._coming() is None

    async def done(self, unit: Unit, rest: Rest | None = None) -> None:
        """Give the turn away; returns when everything the unit did is on the disk, raises when it is lost.

        ``rest``, of one that ``is_last`` alone, is written on the way to the commit. Whoever is cancelled here does not
        know which of both, as with any commit.
        """
        if rest is not None and not self.is_last(unit):
            raise AssertionError("whoever is not the last writes its rest itself")
        committed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        committed.add_done_callback(lambda future: future.cancelled() or future.exception())
        self._done.append(committed)
        self._pass_on(rest)
        await asyncio.shield(committed)

    async def undo(self, unit: Unit) -> None:
        """Take back what the unit did and give the turn away; does so even when it is cancelled."""
        await asyncio.shield(self._in_background(self._undo(unit)))

    def _in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.get_running_loop().create_task(work)
        self._ending.add(task)
        task.add_done_callback(self._ending.discard)
        return task

    async def _undo(self, unit: Unit) -> None:
        try:
            was_open = await self._connection.run(*(BACK_TO_SAVEPOINT if unit.shares else ("ROLLBACK",)))
            if unit.shares and not was_open:
                self._settle(_lost())
        except _FAILURES as error:
            await self._give_up(error)
            raise
        finally:
            self._pass_on()

    async def _commit(self, rest: Rest | None) -> None:
        try:
            was_open = await self._connection.run("COMMIT", rest=rest)
            self._settle(None if was_open else _lost())
        except Exception as error:  # noqa: BLE001 - told to the units, whatever the rest of one found
            await self._give_up(error)
        finally:
            self._pass_on()

    async def _give_up(self, error: Exception) -> None:
        """Nothing of the group lasts."""
        self._settle(error)
        with suppress(*_FAILURES):
            await self._connection.run("ROLLBACK")

    def _settle(self, failure: Exception | None) -> None:
        done, self._done = self._done, []
        for committed in done:
            if failure is None:
                committed.set_result(None)
            else:
                committed.set_exception(failure)

    def _coming(self) -> _Waiting | None:
        while self._waiting and self._waiting[0].turn.done():
            self._waiting.popleft()
        return self._waiting[0] if self._waiting else None

    def _pass_on(self, rest: Rest | None = None) -> None:
        coming = self._coming()
        if self._done and (coming is None or coming.alone or len(self._done) >= AT_MOST):
            self._in_background(self._commit(rest))
        elif coming is not None:
            self._waiting.popleft()
            coming.turn.set_result(None)
        else:
            self._busy = False
