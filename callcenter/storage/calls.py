"""Calls written down: what ``call_writer`` collected, one statement a table however many calls, and whose they are."""

from __future__ import annotations

from functools import cache

from sqlalchemy import Executable, delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.errors import NotFound
from callcenter.storage.call_writer import Batch, Row
from callcenter.storage.tables import (
    CallEventRow,
    CallRow,
    GapRow,
    LateTranscriptRow,
    LegRow,
    RecordingRow,
    SegmentRow,
    UserRow,
)
from workorder.model.base import Base


async def save(session: AsyncSession, batch: Batch) -> None:
    """Write a batch; safe to repeat after a failure. What belongs to a call that nobody recorded is left out."""
    await _find_users(session, batch)
    await _leave_out_unknown(session, batch)
    await _upsert(session, CallRow, batch.calls, ("call_id",))
    await _upsert(session, LegRow, batch.legs, ("call_id", "uniqueid"))
    await _add(session, CallEventRow, batch.events)
    await _upsert(session, SegmentRow, batch.segments, ("segment_id",))
    await _upsert(session, RecordingRow, batch.recordings, ("call_id",))
    await _upsert(session, LateTranscriptRow, batch.late_transcripts, ("call_id", "speaker"))
    await _add(session, GapRow, batch.gaps)


async def set_customer(session: AsyncSession, *, call_id: str, customer_id: str) -> None:
    """Somebody said who is on the line. Raises NotFound."""
    changed = await session.execute(
        update(CallRow).where(CallRow.call_id == call_id).values(customer_id=customer_id).returning(CallRow.call_id)
    )
    if changed.first() is None:
        raise NotFound(f"there is no call {call_id}", field="call_id")


async def move_customer(session: AsyncSession, *, before: str, after: str) -> int:
    """Calls of the customer ``before`` belong to ``after``; returns how many."""
    moved = update(CallRow).where(CallRow.customer_id == before).values(customer_id=after).returning(CallRow.call_id)
    return len((await session.execute(moved)).all())


async def forget_customer(session: AsyncSession, customer_id: str) -> tuple[str, ...]:
    """Empty what calls of a customer tell about the person; times and outcomes stay for the statistics.

    Returns the paths of the recordings, whose rows are gone: the files are the caller's to remove.
    """
    mine = list(await session.scalars(select(CallRow.call_id).where(CallRow.customer_id == customer_id)))
    if not mine:
        return ()
    nobody: Row = {"number": None, "number_lookup": None, "name": None, "dialled": None}
    await session.execute(update(CallRow).where(CallRow.call_id.in_(mine)).values(nobody))
    await session.execute(update(CallEventRow).where(CallEventRow.call_id.in_(mine)).values(text=""))
    await session.execute(update(SegmentRow).where(SegmentRow.call_id.in_(mine)).values(text="", words=[], names=[]))
    gone = delete(RecordingRow).where(RecordingRow.call_id.in_(mine)).returning(RecordingRow.path)
    return tuple(await session.scalars(gone))


async def _find_users(session: AsyncSession, batch: Batch) -> None:
    """Fill in who uses a device, in one statement; the user added first when several do."""
    wanted = {row["interface"] for row in (*batch.calls, *batch.legs) if row["user_id"] is None and row["interface"]}
    if not wanted:
        return
    found = await session.execute(
        select(UserRow.interface, UserRow.user_id)
        .where(UserRow.interface.in_(wanted), UserRow.active)
        .order_by(UserRow.user_id.desc())
    )
    users = {row.interface: row.user_id for row in found}
    for row in (*batch.calls, *batch.legs):
        row["user_id"] = row["user_id"] or users.get(row["interface"])


async def _leave_out_unknown(session: AsyncSession, batch: Batch) -> None:
    if not batch.strangers:
        return
    known = set(await session.scalars(select(CallRow.call_id).where(CallRow.call_id.in_(batch.strangers))))
    unknown = batch.strangers - known
    batch.events = [row for row in batch.events if row["call_id"] not in unknown]
    batch.segments = [row for row in batch.segments if row["call_id"] not in unknown]
    batch.recordings = [row for row in batch.recordings if row["call_id"] not in unknown]
    batch.late_transcripts = [row for row in batch.late_transcripts if row["call_id"] not in unknown]


async def _upsert(session: AsyncSession, table: type[Base], rows: list[Row], key: tuple[str, ...]) -> None:
    """Insert, or replace the row with the same key."""
    if rows:
        # One statement must not touch a row twice: the last state of a key counts.
        latest = {tuple(row[name] for name in key): row for row in rows}
        dialect = session.get_bind().dialect.name
        await _run(session, _replacing(dialect, table, key, tuple(rows[0])), list(latest.values()))


async def _add(session: AsyncSession, table: type[Base], rows: list[Row]) -> None:
    if rows:
        await _run(session, insert(table), rows)


async def _run(session: AsyncSession, statement: Executable, rows: list[Row]) -> None:
    """On the bare connection: these are rows, and mapping them to objects costs more than writing them."""
    await (await session.connection()).execute(statement, rows)


@cache
def _replacing(dialect: str, table: type[Base], key: tuple[str, ...], columns: tuple[str, ...]) -> Executable:
    """Made once: building the statement costs more than running it."""
    statement = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    changed = {name: statement.excluded[name] for name in columns if name not in key}
    upsert: Executable = statement.on_conflict_do_update(index_elements=key, set_=changed)
    return upsert
