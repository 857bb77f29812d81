"""Writing down calls as they happen. Every function takes the session of a unit of work and is safe to repeat."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.errors import NotFound
from callcenter.storage.tables import CallEventRow, CallRow, GapRow, LegRow, RecordingRow, SegmentRow
from workorder.policy.phones import PhoneKey


async def record_arrival(
    session: AsyncSession,
    *,
    call_id: str,
    linkedid: str,
    at: datetime,
    direction: str,
    phone: PhoneKey | None = None,
    name: str | None = None,
    dialled: str | None = None,
    customer_id: str | None = None,
) -> None:
    """Start the call's record. ``phone`` is the other party's number as read by ``workorder.policy.phones``."""
    if await session.get(CallRow, call_id) is not None:
        return
    session.add(
        CallRow(
            call_id=call_id,
            linkedid=linkedid,
            direction=direction,
            number=(phone.raw or None) if phone else None,
            number_lookup=phone.lookup if phone else None,
            name=name,
            dialled=dialled,
            customer_id=customer_id,
            started_at=at,
            abandoned=False,
            transcript_state="none",
        )
    )
    await session.flush()


async def record_offer(
    session: AsyncSession,
    *,
    call_id: str,
    at: datetime,
    interface: str,
    uniqueid: str,
    caller_uniqueid: str,
    queue: str | None = None,
    user_id: str | None = None,
) -> None:
    """The call rings at a device; ``user_id`` whoever uses it now. The agents a call was offered to may see it."""
    call = await _call(session, call_id)
    call.queue = queue or call.queue
    if call.answered_at is None:
        call.interface, call.user_id = interface, user_id
    known = await session.scalar(select(LegRow.leg_id).where(LegRow.call_id == call_id, LegRow.uniqueid == uniqueid))
    if known is None:
        session.add(
            LegRow(
                call_id=call_id,
                interface=interface,
                user_id=user_id,
                queue=queue,
                uniqueid=uniqueid,
                caller_uniqueid=caller_uniqueid,
                offered_at=at,
            )
        )
    await session.flush()


async def record_answer(
    session: AsyncSession, *, call_id: str, at: datetime, interface: str, user_id: str | None = None
) -> None:
    """The device picked up; a transfer's second answer changes the device, not the time of the first."""
    call = await _call(session, call_id)
    call.answered_at = call.answered_at or at
    call.interface, call.user_id = interface, user_id or call.user_id
    if leg := await _leg(session, call_id, interface):
        leg.answered_at = leg.answered_at or at
        leg.user_id = user_id or leg.user_id
    await session.flush()


async def record_miss(session: AsyncSession, *, call_id: str, at: datetime, interface: str, reason: str) -> None:
    """The device stopped ringing without getting the call."""
    if leg := await _leg(session, call_id, interface):
        leg.ended_at, leg.miss_reason = leg.ended_at or at, reason
        await session.flush()


async def record_leg_end(session: AsyncSession, *, call_id: str, at: datetime, interface: str) -> None:
    """The device's part is over while the call may go on."""
    if leg := await _leg(session, call_id, interface):
        leg.ended_at = leg.ended_at or at
        await session.flush()


async def record_abandon(session: AsyncSession, *, call_id: str, queue: str | None = None) -> None:
    """The caller left the queue before anybody answered."""
    call = await _call(session, call_id)
    call.abandoned, call.queue = True, queue or call.queue
    await session.flush()


async def record_end(session: AsyncSession, *, call_id: str, at: datetime, cause: int | None = None) -> None:
    """The last channel is gone; ``cause`` is the Q.850 code. Closes the legs that are still open."""
    call = await _call(session, call_id)
    call.ended_at = call.ended_at or at
    call.cause = cause if call.cause is None else call.cause
    if call.transcript_state == "live":
        call.transcript_state = "complete"
    for leg in await session.scalars(select(LegRow).where(LegRow.call_id == call_id, LegRow.ended_at.is_(None))):
        leg.ended_at = at
    await session.flush()


async def record_event(
    session: AsyncSession, *, call_id: str, at: datetime, kind: str, interface: str | None = None, text: str = ""
) -> None:
    """Something for the time line of the replay; ``kind`` is a stable word, ``text`` is for people."""
    session.add(CallEventRow(call_id=call_id, at=at, type=kind, interface=interface, text=text))
    await session.flush()


async def set_customer(session: AsyncSession, *, call_id: str, customer_id: str | None) -> None:
    """Who was on the line, once known."""
    (await _call(session, call_id)).customer_id = customer_id
    await session.flush()


async def set_number(session: AsyncSession, *, call_id: str, phone: PhoneKey) -> None:
    """The other party changed (attended transfer)."""
    call = await _call(session, call_id)
    call.number, call.number_lookup = phone.raw or None, phone.lookup
    await session.flush()


async def start_audio(session: AsyncSession, *, call_id: str, at: datetime) -> None:
    """Zero of the call's time line; the transcript is live from here."""
    call = await _call(session, call_id)
    call.audio_started_at = call.audio_started_at or at
    if call.ended_at is None:
        call.transcript_state = "live"
    await session.flush()


async def set_transcript_state(session: AsyncSession, *, call_id: str, state: str) -> None:
    """``live``, ``complete`` or ``none``."""
    (await _call(session, call_id)).transcript_state = state
    await session.flush()


async def add_segment(
    session: AsyncSession,
    *,
    call_id: str,
    segment_id: str,
    speaker: str,
    start_ms: int,
    end_ms: int,
    text: str,
    confidence: float,
    words: Iterable[tuple[str, int, int, float]] = (),
) -> None:
    """A finished utterance; the same ``segment_id`` again changes nothing."""
    if await session.get(SegmentRow, segment_id) is not None:
        return
    session.add(
        SegmentRow(
            segment_id=segment_id,
            call_id=call_id,
            speaker=speaker,
            start_ms=start_ms,
            end_ms=end_ms,
            text=text,
            confidence=confidence,
            words=[list(word) for word in words],
        )
    )
    await session.flush()


async def add_recording(
    session: AsyncSession,
    *,
    call_id: str,
    at: datetime,
    path: str,
    file_format: str,
    sample_rate_hz: int,
    duration_ms: int,
    size_bytes: int,
    sha256: str,
    partial: bool = False,
) -> None:
    """The stereo file of the call; a second one (after a repair) replaces the first."""
    await session.merge(
        RecordingRow(
            call_id=call_id,
            path=path,
            format=file_format,
            sample_rate_hz=sample_rate_hz,
            duration_ms=duration_ms,
            size_bytes=size_bytes,
            sha256=sha256,
            partial=partial,
            stored_at=at,
        )
    )
    await session.flush()


async def add_gap(
    session: AsyncSession,
    *,
    since: datetime,
    until: datetime,
    calls_reconstructed: int = 0,
    calls_ended_unseen: int = 0,
) -> None:
    """A time in which the PBX could not be heard."""
    session.add(
        GapRow(since=since, until=until, calls_reconstructed=calls_reconstructed, calls_ended_unseen=calls_ended_unseen)
    )
    await session.flush()


async def close_orphans(session: AsyncSession, *, at: datetime, alive: Iterable[str] = ()) -> int:
    """End the calls a crash left open, except those still ``alive`` on the PBX; returns how many."""
    open_calls = await session.scalars(select(CallRow).where(CallRow.ended_at.is_(None)))
    orphans = [call for call in open_calls if call.call_id not in set(alive)]
    for call in orphans:
        await record_end(session, call_id=call.call_id, at=at)
        await record_event(session, call_id=call.call_id, at=at, kind="ended_unseen", text="the end was not observed")
    return len(orphans)


async def _call(session: AsyncSession, call_id: str) -> CallRow:
    call = await session.get(CallRow, call_id, with_for_update=True)
    if call is None:
        raise NotFound(f"there is no call {call_id}", field="call_id")
    return call


async def _leg(session: AsyncSession, call_id: str, interface: str) -> LegRow | None:
    """The device's latest leg of this call: a queue may offer it several times."""
    statement: Any = select(LegRow).where(LegRow.call_id == call_id, LegRow.interface == interface)
    found: LegRow | None = await session.scalar(statement.order_by(LegRow.leg_id.desc()).limit(1))
    return found
