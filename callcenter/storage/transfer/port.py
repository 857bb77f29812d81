"""Where rows come from and go to: a database or a backup file. A row travels as its line, which is what is checked."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Protocol

from callcenter.errors import Invalid
from callcenter.storage.transfer.canonical import Line
from callcenter.storage.transfer.shape import Table

PAGE = 2000
"""Rows in memory at a time."""


class BackupUnreadable(Invalid):
    """The file is no backup, one of a later format, or damaged."""

    code = "backup_unreadable"


class Source(Protocol):
    """One state of a set of tables; nothing that is written meanwhile shows."""

    def pages(self, table: Table) -> AsyncIterator[Sequence[Line]]:
        """Every row once, in any order, about ``PAGE`` at a time."""
        ...


class Target(Protocol):
    """Takes rows; nothing of it lasts until its owner commits or closes it."""

    async def write(self, table: Table, lines: Sequence[Line]) -> None:
        """Add rows. Raises Invalid (naming the table) when the database cannot hold one of them.

        Raises BackupUnreadable for lines that are no rows of the table.
        """
        ...

    async def finish(self, table: Table) -> None:
        """All rows of the table are there: counters go on from the highest value."""
        ...
