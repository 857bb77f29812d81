"""The call list and the replay of one call, within what the viewer may see.

Agents see the calls that rang for them, supervisors all. A call outside that is "not found": nobody learns that it
exists.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from typing_extensions import TypedDict

from callcenter.auth.permissions import Permission
from callcenter.auth.sessions import Principal
from callcenter.config import Settings
from callcenter.errors import NotFound
from callcenter.storage import call_log, users
from callcenter.storage.call_log import CallQuery
from callcenter.storage.call_views import (
    CallDetail,
    CallEventView,
    CallSummary,
    EditView,
    GapView,
    RecordingView,
    SegmentView,
)
from callcenter.storage.tables import CallRow
from nlp.readable import Shown, readable
from nlp.types import WordTime
from workorder.policy.phones import parse_phone
from workorder.views.orders import OrderView
from workorder.views.pages import Page

SHORTEST_NUMBER = 4
"""Digits that tell a number."""

Edit = TypedDict(
    "Edit",
    {
        "at": datetime,
        "offset_ms": int | None,
        "by": str,
        "field": str,
        "from": object,
        "to": object,
        "order_id": str,
    },
)
Edit.__doc__ = "A person's change of a field during or after the call; ``by`` is the person's display name."


@dataclass(frozen=True, slots=True)
class ReadableSegment(SegmentView):
    """A finished utterance and how to show it: ``text[start:end]`` appears as the row's text (nlp.readable)."""

    shown: tuple[tuple[int, int, str], ...]


@dataclass(frozen=True, slots=True)
class RecordingFacts:
    """What a player needs to know about the stereo file (left caller, right agent)."""

    duration_ms: int
    sample_rate_hz: int
    format: str
    partial: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay(CallSummary):
    """One call with its time line; ``offset_ms`` counts from the start of the audio, None without audio."""

    linkedid: str
    segments: tuple[ReadableSegment, ...]
    events: tuple[CallEventView, ...]
    orders: tuple[OrderView, ...]
    edits: tuple[Edit, ...]
    recording: RecordingFacts | None
    transcript_state: str
    gaps: tuple[GapView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls; None means any. ``number`` is read by the plan of ``country`` and ``area_code``."""

    number: str | None = None
    customer_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    country: str = "CN"
    area_code: str | None = None
    cursor: str | None = None
    limit: int = 50


async def find_calls(session: AsyncSession, wanted: CallFilter, who: Principal) -> Page[CallSummary]:
    """Calls the viewer may see, newest first. Raises Invalid for a cursor that is not ours."""
    own = Permission.CALLS_ALL not in who.permissions
    query = CallQuery(
        number=wanted.number,
        customer_ids=(wanted.customer_id,) if wanted.customer_id else (),
        since=wanted.since,
        until=wanted.until,
        country=wanted.country,
        area_code=wanted.area_code,
        cursor=wanted.cursor,
        limit=wanted.limit,
        user_id=who.user_id if own else None,
        interface=who.interface if own else None,
    )
    return await call_log.list_calls(session, query)


async def calls_of(
    session: AsyncSession, q: str, customer_ids: Sequence[str], who: Principal, settings: Settings, *, limit: int
) -> tuple[CallSummary, ...]:
    """Calls of these customers, and from numbers that begin as ``q`` does, as far as the viewer may see them."""
    key = parse_phone(q, country=settings.country, area_code=settings.area_code)
    number = key.lookup if sum(character.isdigit() for character in q) >= SHORTEST_NUMBER else None
    if not customer_ids and number is None:
        return ()
    own = Permission.CALLS_ALL not in who.permissions
    query = CallQuery(
        customer_ids=tuple(customer_ids),
        like=number,
        limit=limit,
        user_id=who.user_id if own else None,
        interface=who.interface if own else None,
    )
    return (await call_log.list_calls(session, query)).items


async def replay(session: AsyncSession, call_id: str, who: Principal) -> Replay:
    """One call. Raises NotFound, also for a call the viewer may not see."""
    await check_visible(session, call_id, who)
    detail = await call_log.call_detail(session, call_id)
    names = await _display_names(session, {edit.by for edit in detail.edits})
    return Replay(
        **{field.name: getattr(detail.summary, field.name) for field in fields(CallSummary)},
        linkedid=detail.linkedid,
        segments=tuple(_readable(segment) for segment in detail.segments),
        events=detail.events,
        orders=detail.orders,
        edits=tuple(_edit(edit, names) for edit in detail.edits),
        recording=_facts(detail),
        transcript_state=detail.transcript_state,
        gaps=detail.gaps,
    )


async def recording(session: AsyncSession, call_id: str, who: Principal) -> RecordingView:
    """Where the call's stereo file is. Raises NotFound when there is none, or the viewer may not see the call."""
    await check_visible(session, call_id, who)
    found = await call_log.recording_of(session, call_id)
    if found is None:
        raise NotFound("this call has no recording", field="call_id", fix="it is stored when the call is over")
    return found


async def check_visible(session: AsyncSession, call_id: str, who: Principal) -> None:
    """Raise NotFound unless the call exists and the viewer may see it."""
    if Permission.CALLS_ALL in who.permissions:
        visible = await session.get(CallRow, call_id) is not None
    else:
        visible = await call_log.offered_to(session, call_id, user_id=who.user_id, interface=who.interface)
    if not visible:
        raise NotFound(f"there is no call {call_id}", field="call_id")


async def _display_names(session: AsyncSession, user_ids: Iterable[str]) -> dict[str, str]:
    found = [await users.by_id(session, user_id) for user_id in user_ids]
    return {user.user_id: user.display_name for user in found if user is not None}


def _edit(edit: EditView, names: dict[str, str]) -> Edit:
    return {
        "at": edit.at,
        "offset_ms": edit.offset_ms,
        "by": names.get(edit.by, edit.by),
        "field": edit.field,
        "from": edit.before,
        "to": edit.after,
        "order_id": edit.order_id,
    }


def _facts(detail: CallDetail) -> RecordingFacts | None:
    stored = detail.recording
    return RecordingFacts(stored.duration_ms, stored.sample_rate_hz, stored.format, stored.partial) if stored else None


def _readable(segment: SegmentView) -> ReadableSegment:
    words = [WordTime(*word) for word in segment.words]
    names = [Shown(*name) for name in segment.names]
    facts = {field.name: getattr(segment, field.name) for field in fields(SegmentView)}
    shown = tuple((one.start, one.end, one.text) for one in readable(segment.text, words, names))
    return ReadableSegment(**facts, shown=shown)
