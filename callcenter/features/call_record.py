"""The call record: what happens on a call and what is said, written to the database behind everything else.

Facts are written in their order, many in one transaction. While the database is away they wait in memory (bounded) and
are written when it is back; a single fact that cannot be written is logged and never holds up the next.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.errors import CallcenterError, NotFound, Unavailable
from callcenter.media.events import AudioStarted, RecordingStored, SegmentHeard, TranscriptUnavailable
from callcenter.storage import calls, users
from callcenter.storage.database import Database
from callcenter.telephony.events import (
    AmiGap,
    CallAnswered,
    CallArrived,
    CallEnded,
    CallerAbandoned,
    CallEvent,
    CallHeld,
    CallLegEnded,
    CallMissed,
    CallOffered,
    CallPartyChanged,
    CallResumed,
    CallTransferred,
)
from workorder.policy.phones import PhoneReader
from workorder.services import customers

log = structlog.get_logger(__name__)

Write = Callable[[AsyncSession], Awaitable[None]]

BATCH = 200
PAUSE_S = 0.05
"""Facts of this span share a transaction."""
RETRY_S = 1.0
WAITING_LIMIT = 100_000


class CallRecord:
    """Subscribes to calls and speech; ``aclose`` writes what still waits."""

    def __init__(self, database: Database, clock: Clock, read_phone: PhoneReader) -> None:
        self._database = database
        self._clock = clock
        self._read_phone = read_phone
        self._waiting: deque[tuple[str, Write]] = deque()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def subscribe(self, bus: Bus) -> None:
        """Own queue; handlers only put facts in line."""
        name = "call_record"
        bus.subscribe(CallArrived, self._arrived, name=name)
        bus.subscribe(CallOffered, self._offered, name=name)
        bus.subscribe(CallAnswered, self._answered, name=name)
        bus.subscribe(CallMissed, self._missed, name=name)
        bus.subscribe(CallHeld, self._held, name=name)
        bus.subscribe(CallResumed, self._resumed, name=name)
        bus.subscribe(CallPartyChanged, self._party_changed, name=name)
        bus.subscribe(CallTransferred, self._transferred, name=name)
        bus.subscribe(CallLegEnded, self._leg_ended, name=name)
        bus.subscribe(CallerAbandoned, self._abandoned, name=name)
        bus.subscribe(CallEnded, self._ended, name=name)
        bus.subscribe(AmiGap, self._gap, name=name)
        bus.subscribe(AudioStarted, self._audio_started, name=name)
        bus.subscribe(SegmentHeard, self._segment, name=name)
        bus.subscribe(TranscriptUnavailable, self._no_transcript, name=name)
        bus.subscribe(RecordingStored, self._recording, name=name)
        self._task = asyncio.create_task(self._write_on(), name=name)

    async def aclose(self) -> None:
        """One last try to write everything, then stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            while self._waiting:
                await self._write_batch()
        except Unavailable as error:
            log.error("call_record.lost", facts=len(self._waiting), reason=str(error))

    # ---- facts --------------------------------------------------------------------------------------------------

    async def _arrived(self, event: CallArrived) -> None:
        phone = self._read_phone(event.number)

        async def write(session: AsyncSession) -> None:
            known = await customers.card_by_phone(session, phone)
            await calls.record_arrival(
                session,
                call_id=event.call_id,
                linkedid=event.linkedid,
                at=event.at,
                direction=event.direction,
                phone=phone,
                name=event.name,
                dialled=event.dialled,
                customer_id=known.customer_id if known else None,
            )

        self._put(event, write)
        self._note(event, "arrived", None, event.dialled or "")

    async def _offered(self, event: CallOffered) -> None:
        async def write(session: AsyncSession) -> None:
            user = await users.by_interface(session, event.interface)
            await calls.record_offer(
                session,
                call_id=event.call_id,
                at=event.at,
                interface=event.interface,
                uniqueid=event.uniqueid,
                caller_uniqueid=event.caller_uniqueid,
                queue=event.queue,
                user_id=user.user_id if user else None,
            )

        self._put(event, write)
        self._note(event, "offered", event.interface, event.queue or "")

    async def _answered(self, event: CallAnswered) -> None:
        async def write(session: AsyncSession) -> None:
            user = await users.by_interface(session, event.interface)
            await calls.record_answer(
                session,
                call_id=event.call_id,
                at=event.at,
                interface=event.interface,
                user_id=user.user_id if user else None,
            )

        self._put(event, write)
        self._note(event, "answered", event.interface)

    async def _missed(self, event: CallMissed) -> None:
        self._put(
            event,
            lambda session: calls.record_miss(
                session, call_id=event.call_id, at=event.at, interface=event.interface, reason=event.reason
            ),
        )
        self._note(event, "missed", event.interface, event.reason)

    async def _held(self, event: CallHeld) -> None:
        self._note(event, "held", event.interface)

    async def _resumed(self, event: CallResumed) -> None:
        self._note(event, "resumed", event.interface)

    async def _party_changed(self, event: CallPartyChanged) -> None:
        phone = self._read_phone(event.number)
        self._put(event, lambda session: calls.set_number(session, call_id=event.call_id, phone=phone))
        self._note(event, "party_changed", event.interface)

    async def _transferred(self, event: CallTransferred) -> None:
        self._note(event, "transferred", event.interface, " ".join(filter(None, (event.kind, event.target))))

    async def _leg_ended(self, event: CallLegEnded) -> None:
        self._put(
            event,
            lambda session: calls.record_leg_end(
                session, call_id=event.call_id, at=event.at, interface=event.interface
            ),
        )
        self._note(event, "leg_ended", event.interface)

    async def _abandoned(self, event: CallerAbandoned) -> None:
        self._put(
            event,
            lambda session: calls.record_abandon(session, call_id=event.call_id, queue=event.queue),
        )
        self._note(event, "abandoned", None, f"{event.wait_s:.0f} s")

    async def _ended(self, event: CallEnded) -> None:
        self._note(event, "ended", None)
        self._put(
            event,
            lambda session: calls.record_end(session, call_id=event.call_id, at=event.at, cause=event.cause),
        )
        # The one canonical line per call.
        log.info("call.ended", call_id=event.call_id, answered=event.answered, cause=event.cause)

    async def _gap(self, event: AmiGap) -> None:
        self._put_named(
            "AmiGap",
            lambda session: calls.add_gap(
                session,
                since=event.since,
                until=event.until,
                calls_reconstructed=event.calls_reconstructed,
                calls_ended_unseen=event.calls_ended_unseen,
            ),
        )

    async def _audio_started(self, event: AudioStarted) -> None:
        self._put_named("AudioStarted", lambda session: calls.start_audio(session, call_id=event.call_id, at=event.at))

    async def _segment(self, event: SegmentHeard) -> None:
        async def write(session: AsyncSession) -> None:
            await calls.add_segment(
                session,
                call_id=event.call_id,
                segment_id=event.segment_id,
                speaker=event.speaker,
                start_ms=event.start_ms,
                end_ms=event.end_ms,
                text=event.text,
                confidence=event.confidence,
                words=((word.word, word.start_ms, word.end_ms, word.confidence) for word in event.words),
            )

        self._put_named("SegmentHeard", write)

    async def _no_transcript(self, event: TranscriptUnavailable) -> None:
        self._put_named(
            "TranscriptUnavailable",
            lambda session: calls.record_event(
                session,
                call_id=event.call_id,
                at=event.at,
                kind="no_transcript",
                text=f"{event.speaker}: {event.reason}",
            ),
        )

    async def _recording(self, event: RecordingStored) -> None:
        self._put_named(
            "RecordingStored",
            lambda session: calls.add_recording(
                session,
                call_id=event.call_id,
                at=event.at,
                path=event.path,
                file_format=event.path.rpartition(".")[2],
                sample_rate_hz=event.sample_rate_hz,
                duration_ms=event.duration_ms,
                size_bytes=event.size_bytes,
                sha256=event.sha256,
                partial=event.partial,
            ),
        )

    # ---- writing ------------------------------------------------------------------------------------------------

    def _note(self, event: CallEvent, kind: str, interface: str | None, text: str = "") -> None:
        """A line on the call's time line."""
        self._put(
            event,
            lambda session: calls.record_event(
                session, call_id=event.call_id, at=event.at, kind=kind, interface=interface, text=text
            ),
        )

    def _put(self, event: CallEvent, write: Write) -> None:
        self._put_named(type(event).__name__, write)

    def _put_named(self, name: str, write: Write) -> None:
        if len(self._waiting) >= WAITING_LIMIT:
            log.error("call_record.full", dropped=self._waiting.popleft()[0])
        self._waiting.append((name, write))
        self._wake.set()

    async def _write_on(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            await self._clock.sleep(PAUSE_S)
            try:
                while self._waiting:
                    await self._write_batch()
            except Unavailable as error:
                log.warning("call_record.waiting", facts=len(self._waiting), reason=str(error))
                await self._clock.sleep(RETRY_S)
                self._wake.set()

    async def _write_batch(self) -> None:
        """Write up to ``BATCH`` facts in one transaction; they leave the line only after the commit."""
        batch = [self._waiting[index] for index in range(min(BATCH, len(self._waiting)))]
        async with self._database.write() as uow:
            for name, write in batch:
                await self._write_one(uow.session, name, write)
            await uow.commit()
        for _ in batch:
            self._waiting.popleft()

    async def _write_one(self, session: AsyncSession, name: str, write: Write) -> None:
        try:
            async with session.begin_nested():
                await write(session)
        except NotFound as error:
            # A call that began before we listened has no record; what we hear of it has nowhere to go.
            log.info("call_record.unknown_call", fact=name, reason=str(error))
        except Unavailable:
            raise
        except CallcenterError as error:
            log.error("call_record.refused", fact=name, reason=str(error))
