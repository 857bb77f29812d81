"""Carry tables from a source to a target, and prove that they arrived."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from callcenter.errors import CallcenterError
from callcenter.storage.transfer.canonical import Tally
from callcenter.storage.transfer.port import Source, Target
from callcenter.storage.transfer.shape import Table

Progress = Callable[[str, int], None]
"""Called with a table's name and how many of its rows are done."""


class TransferDiffers(CallcenterError):  # noqa: N818 - named for what is found
    """What was read back is not what was written, or a backup is not what its manifest says. Nothing was kept."""

    code = "transfer_differs"


async def copy(source: Source, target: Target, tables: Iterable[Table], progress: Progress) -> dict[str, Tally]:
    """Every row of every table; returns what was carried, by table."""
    done: dict[str, Tally] = {}
    for table in tables:
        tally = done[table.name] = Tally()
        async for lines in source.pages(table):
            await target.write(table, lines)
            tally.add(lines)
            progress(table.name, tally.rows)
        await target.finish(table)
    return done


async def verify(source: Source, tables: Iterable[Table], expected: Mapping[str, Tally], progress: Progress) -> None:
    """Read everything again, row by row. Raises TransferDiffers naming the first table that differs."""
    for table in tables:
        tally = Tally()
        async for lines in source.pages(table):
            tally.add(lines)
            progress(f"{table.name} (check)", tally.rows)
        agree(table.name, tally, expected[table.name])


def agree(table: str, found: Tally, expected: Tally) -> None:
    """Raise TransferDiffers unless both are the same rows."""
    if found != expected:
        raise TransferDiffers(
            f"{table} has {found.rows} rows with checksum {found.checksum[:12]}, "
            f"expected {expected.rows} with {expected.checksum[:12]}",
            field=table,
            fix="nothing was kept: check disk and memory, then start again",
        )
