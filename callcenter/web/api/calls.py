"""The call list, one call with its time line, and its sound."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Self

from aiohttp import web
from pydantic import AwareDatetime, Field, StringConstraints, model_validator

from callcenter.features import call_log, caller_choice
from callcenter.features.call_log import CallFilter, Replay
from callcenter.features.caller_choice import ChosenCaller
from callcenter.storage import audit
from callcenter.storage.call_views import CallSummary, RecordingView
from callcenter.web.ask import Ask, Id, Input
from callcenter.web.services import Channel
from workorder.views.pages import Page

MAX_CLIP_MS = 60_000
MEDIA_TYPES = {"flac": "audio/flac", "wav": "audio/wav"}

Millis = Annotated[int, Field(ge=0, le=86_400_000)]
# Beyond these years an offset from UTC may lead outside of what a date can be.
Moment = Annotated[AwareDatetime, Field(ge=datetime(1970, 1, 1, tzinfo=UTC), le=datetime(2200, 1, 1, tzinfo=UTC))]
Word = Annotated[str, StringConstraints(max_length=80)]


class CallListQuery(Input):
    """Filters; what is not given does not filter. Times need an offset from UTC."""

    cursor: Annotated[str, StringConstraints(max_length=200)] | None = None
    limit: int = Field(default=50, ge=1, le=200)
    number: Word | None = None
    customer_id: Id | None = None
    since: Moment | None = Field(default=None, alias="from")
    until: Moment | None = Field(default=None, alias="to")


class ClipQuery(Input):
    """A span of the call's audio, at most a minute."""

    start_ms: Millis
    end_ms: Millis
    channel: Channel = "both"

    @model_validator(mode="after")
    def _span(self) -> Self:
        if not 0 < self.end_ms - self.start_ms <= MAX_CLIP_MS:
            raise ValueError(f"end_ms must lie 1 to {MAX_CLIP_MS} ms after start_ms")
        return self


class Caller(Input):
    """Who is on the line."""

    customer_id: Id


@dataclass(frozen=True, slots=True)
class PeaksView:
    """A waveform: the loudest sample of each slice, 0..1, one list per channel (caller, agent)."""

    sample_rate_hz: int
    duration_ms: int
    peaks_per_s: float
    channels: tuple[tuple[float, ...], ...]


async def find(ask: Ask, query: CallListQuery) -> Page[CallSummary]:
    """Calls, newest first: the own ones, or everybody's with ``calls.all``."""
    settings = ask.services.settings
    wanted = CallFilter(**query.model_dump(), country=settings.country, area_code=settings.area_code)
    return await call_log.find_calls(ask.rows, wanted, ask.who)


async def read(ask: Ask, call_id: Id) -> Replay:
    """One call with transcript, events, orders and edits."""
    async with ask.services.database.read() as work:
        replay = await call_log.replay(work.session, call_id, ask.who)
    await _note(ask, call_id, "call.viewed", None)
    return replay


async def set_customer(ask: Ask, call_id: Id, body: Caller) -> ChosenCaller:
    """Say who is on the line; the call's open orders follow."""
    await call_log.check_visible(ask.rows, call_id, ask.who)
    caller = await caller_choice.choose(
        ask.rows, call_id=call_id, customer_id=body.customer_id, by=ask.who.user_id, at=ask.services.clock.now()
    )
    ask.after_commit.append(lambda: ask.services.caller_choice.chosen(call_id, caller))
    return caller


async def recording(ask: Ask, call_id: Id) -> web.FileResponse:
    """The stereo recording (left caller, right agent); takes Range."""
    stored = await _stored(ask, call_id)
    path = ask.services.recordings.file(stored.path)
    await _note(ask, call_id, "recording.played", {"range": ask.http.headers.get("Range")})
    headers = {
        "Content-Disposition": f'inline; filename="{call_id}.{stored.format}"',
        "Cache-Control": "private, no-cache",
    }
    response = web.FileResponse(path, headers=headers)
    response.content_type = MEDIA_TYPES[stored.format]
    return response


async def peaks(ask: Ask, call_id: Id) -> PeaksView:
    """The recording's waveform."""
    found = await ask.services.recordings.peaks((await _stored(ask, call_id)).path)
    return PeaksView(found.sample_rate_hz, found.duration_ms, found.peaks_per_s, found.channels)


async def audio(ask: Ask, call_id: Id, query: ClipQuery) -> web.Response:
    """A span of the audio as WAV, also while the call goes on."""
    async with ask.services.database.read() as work:
        await call_log.check_visible(work.session, call_id, ask.who)
    clip = await ask.services.live_audio.clip(
        call_id, start_ms=query.start_ms, end_ms=query.end_ms, channel=query.channel
    )
    if clip is None:
        stored = await _stored(ask, call_id)
        clip = await ask.services.recordings.clip(
            stored.path, start_ms=query.start_ms, end_ms=query.end_ms, channel=query.channel
        )
    await _note(ask, call_id, "recording.clip_played", query.model_dump())
    return web.Response(body=clip, content_type="audio/wav")


async def _stored(ask: Ask, call_id: str) -> RecordingView:
    async with ask.services.database.read() as work:
        return await call_log.recording(work.session, call_id, ask.who)


async def _note(ask: Ask, call_id: str, action: str, detail: object) -> None:
    """Reading or hearing what a customer said leaves a line in the audit trail, before the first byte is sent."""
    async with ask.services.database.write() as work:
        at = ask.services.clock.now()
        await audit.add(work.session, at=at, by=ask.who.user_id, action=action, subject=call_id, detail=detail)
        await work.commit()
