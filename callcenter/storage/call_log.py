"""Reading calls back: the list and the replay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, false, or_, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.errors import Invalid, NotFound
from callcenter.storage.call_views import (
    AgentRef,
    CallDetail,
    CallEventView,
    CallSummary,
    EditView,
    GapView,
    RecordingView,
    SegmentView,
)
from callcenter.storage.tables import CallEventRow, CallRow, GapRow, LegRow, RecordingRow, SegmentRow, UserRow
from workorder.commands import MACHINE
from workorder.model.customers import Customer
from workorder.model.orders import WorkOrder
from workorder.policy.phones import parse_phone
from workorder.services import orders
from workorder.services.paging import decode_cursor, encode_cursor
from workorder.views.pages import Page

MAX_PAGE = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class CallQuery:
    """Filters of the call list; None means any. ``user_id`` and ``interface``: only calls offered to either."""

    number: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    user_id: str | None = None
    interface: str | None = None
    customer_ids: tuple[str, ...] = ()
    """Calls of these customers, or from a number that is ``like`` this (its beginning); () and None: any."""
    like: str | None = None
    country: str = "CN"
    area_code: str | None = None
    cursor: str | None = None
    limit: int = 50


async def list_calls(session: AsyncSession, query: CallQuery) -> Page[CallSummary]:
    """Newest first, ``limit`` (1 to 200) a page. Raises Invalid for a limit or cursor that is not ours."""
    if not 1 <= query.limit <= MAX_PAGE:
        raise Invalid(f"must be between 1 and {MAX_PAGE}", field="limit")
    statement = _filtered(query).order_by(CallRow.started_at.desc(), CallRow.call_id.desc()).limit(query.limit + 1)
    rows = (await session.execute(statement)).all()
    page = rows[: query.limit]
    numbers = await _order_numbers(session, [row[0].call_id for row in page])
    items = tuple(_summary(row, numbers) for row in page)
    more = len(rows) > query.limit
    return Page(items, encode_cursor(items[-1].started_at, items[-1].call_id) if more else None)


async def call_detail(session: AsyncSession, call_id: str) -> CallDetail:
    """One call with everything heard, done and changed on it; raises NotFound."""
    row = (await session.execute(_SUMMARY.where(CallRow.call_id == call_id))).first()
    if row is None:
        raise NotFound(f"there is no call {call_id}", field="call_id")
    call: CallRow = row[0]
    its_orders = await orders.orders_of_call(session, call_id)
    numbers = {call_id: tuple(order.number for order in its_orders if order.number)}
    return CallDetail(
        summary=_summary(row, numbers),
        linkedid=call.linkedid,
        customer_id=call.customer_id,
        audio_started_at=call.audio_started_at,
        segments=await segments_of(session, call_id),
        events=await _events(session, call),
        orders=its_orders,
        edits=await _edits(session, call, [order.order_id for order in its_orders]),
        recording=await recording_of(session, call_id),
        transcript_state=call.transcript_state,
        gaps=await _gaps(session, call),
    )


async def segments_of(session: AsyncSession, call_id: str) -> tuple[SegmentView, ...]:
    """What was said, in order of time."""
    found = await session.scalars(
        select(SegmentRow).where(SegmentRow.call_id == call_id).order_by(SegmentRow.start_ms, SegmentRow.segment_id)
    )
    return tuple(
        SegmentView(
            row.segment_id,
            row.speaker,
            row.start_ms,
            row.end_ms,
            row.text,
            row.confidence,
            tuple(tuple(word) for word in row.words),
            tuple((start, end, name) for start, end, name in row.names),
        )
        for row in found
    )


async def recording_of(session: AsyncSession, call_id: str) -> RecordingView | None:
    """The call's stereo file, if it has one."""
    row = await session.get(RecordingRow, call_id)
    if row is None:
        return None
    return RecordingView(
        row.path, row.format, row.sample_rate_hz, row.duration_ms, row.size_bytes, row.sha256, row.partial
    )


async def offered_to(session: AsyncSession, call_id: str, *, user_id: str | None, interface: str | None) -> bool:
    """Whether the call ever rang for this user or device: who may see it without being a supervisor."""
    found: bool | None = await session.scalar(
        select(_offered(user_id, interface, CallRow.call_id)).where(CallRow.call_id == call_id)
    )
    return bool(found)


_SUMMARY = (
    select(CallRow, Customer.name, UserRow.display_name, RecordingRow.call_id)
    .outerjoin(Customer, Customer.customer_id == CallRow.customer_id)
    .outerjoin(UserRow, UserRow.user_id == CallRow.user_id)
    .outerjoin(RecordingRow, RecordingRow.call_id == CallRow.call_id)
)


def _filtered(query: CallQuery) -> Select[*tuple[Any, ...]]:
    statement: Select[*tuple[Any, ...]] = _SUMMARY
    if query.number:
        key = parse_phone(query.number, country=query.country, area_code=query.area_code)
        statement = statement.where(CallRow.number_lookup == key.lookup)
    if query.customer_ids or query.like:
        of_customers = CallRow.customer_id.in_(query.customer_ids)
        begins = CallRow.number_lookup.between(query.like, f"{query.like}\U0010ffff") if query.like else false()
        statement = statement.where(or_(of_customers, begins))
    if query.since:
        statement = statement.where(CallRow.started_at >= query.since)
    if query.until:
        statement = statement.where(CallRow.started_at < query.until)
    if query.user_id or query.interface:
        statement = statement.where(_offered(query.user_id, query.interface, CallRow.call_id))
    if query.cursor:
        statement = statement.where(tuple_(CallRow.started_at, CallRow.call_id) < decode_cursor(query.cursor))
    return statement


def _offered(user_id: str | None, interface: str | None, call_id: Any) -> Any:
    mine = (LegRow.user_id == user_id) if user_id else (LegRow.interface == interface)
    if user_id and interface:
        mine = mine | ((LegRow.interface == interface) & LegRow.user_id.is_(None))
    return exists().where(LegRow.call_id == call_id, mine)


def _summary(row: Sequence[Any], numbers: Mapping[str, tuple[str, ...]]) -> CallSummary:
    call, customer_name, display_name, recorded = row
    return CallSummary(
        call_id=call.call_id,
        direction=call.direction,
        number=call.number,
        customer_name=customer_name,
        queue=call.queue,
        started_at=call.started_at,
        answered_at=call.answered_at,
        ended_at=call.ended_at,
        agent=AgentRef(call.user_id, display_name) if call.user_id and display_name else None,
        interface=call.interface,
        outcome=outcome(call),
        duration_s=_duration_s(call),
        has_recording=recorded is not None,
        order_numbers=numbers.get(call.call_id, ()),
    )


def outcome(call: CallRow) -> str:
    """How the call stands or ended."""
    if call.answered_at is not None:
        return "answered" if call.ended_at else "talking"
    if call.ended_at is None:
        return "ringing"
    return "abandoned" if call.abandoned else "missed"


def _duration_s(call: CallRow) -> float | None:
    if call.ended_at is None:
        return None
    return (call.ended_at - call.answered_at).total_seconds() if call.answered_at else 0.0


async def _order_numbers(session: AsyncSession, call_ids: list[str]) -> dict[str, tuple[str, ...]]:
    rows = await session.execute(
        select(WorkOrder.call_id, WorkOrder.number)
        .where(WorkOrder.call_id.in_(call_ids), WorkOrder.number.is_not(None))
        .order_by(WorkOrder.call_id, WorkOrder.sequence)
    )
    numbers: dict[str, tuple[str, ...]] = {}
    for call_id, number in rows:
        assert call_id is not None
        assert number is not None
        numbers[call_id] = (*numbers.get(call_id, ()), number)
    return numbers


def _offset_ms(call: CallRow, at: datetime) -> int | None:
    return round((at - call.audio_started_at).total_seconds() * 1000) if call.audio_started_at else None


async def _events(session: AsyncSession, call: CallRow) -> tuple[CallEventView, ...]:
    found = await session.scalars(
        select(CallEventRow)
        .where(CallEventRow.call_id == call.call_id)
        .order_by(CallEventRow.at, CallEventRow.event_id)
    )
    return tuple(CallEventView(row.at, _offset_ms(call, row.at), row.type, row.interface, row.text) for row in found)


async def _edits(session: AsyncSession, call: CallRow, order_ids: list[str]) -> tuple[EditView, ...]:
    changes = await orders.changes_of(session, order_ids)
    return tuple(
        EditView(row.at, _offset_ms(call, row.at), row.by, row.field, row.before, row.after, row.order_id)
        for row in changes
        if row.by != MACHINE
    )


async def _gaps(session: AsyncSession, call: CallRow) -> tuple[GapView, ...]:
    overlapping = select(GapRow).where(GapRow.until >= call.started_at).order_by(GapRow.since)
    if call.ended_at is not None:
        overlapping = overlapping.where(GapRow.since <= call.ended_at)
    return tuple(GapView(row.since, row.until) for row in await session.scalars(overlapping))
