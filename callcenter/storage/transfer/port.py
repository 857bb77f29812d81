"""Where rows come from and go to: a database or a backup file."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from callcenter.storage.transfer.shape import Row, Table

PAGE = 5000
"""Rows in memory at a time."""


class Source(Protocol):
    """One state of a set of tables; nothing that is written meanwhile shows."""

    def pages(self, table: Table) -> AsyncIterator[Sequence[Row]]:
        """Every row once, in any order, at most ``PAGE`` at a time."""
        ...


class Target(Protocol):
    """Takes rows; nothing of it lasts until its owner commits or closes it."""

    async def write(self, table: Table, rows: Sequence[Row]) -> None:
        """Add rows. Raises Invalid (naming the table) when the database cannot hold one of them."""
        ...

    async def finish(self, table: Table) -> None:
        """All rows of the table are there: counters go on from the highest value."""
        ...
