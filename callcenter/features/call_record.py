"""The call record: what happens on a call and what is said, written to the database behind everything else.

Facts are collected in memory and written in few statements, however many calls go on. While the database is away they
wait and are written when it is back.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime

import structlog

from callcenter.bus.port import Bus, Handler
from callcenter.clock import Clock
from callcenter.errors import NotFound, Unavailable
from callcenter.features.events import CallerIdentified
from callcenter.media.events import AudioStarted, RecordingStored, SegmentHeard, TranscriptUnavailable
from callcenter.storage import calls
from callcenter.storage.call_writer import Batch, CallWriter
from callcenter.storage.database import Database
from callcenter.storage.open_calls import OpenCall
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
    Direction,
)
from workorder.policy.phones import PhoneReader

log = structlog.get_logger(__name__)

PAUSE_S = 0.1
"""Between two transactions; facts that come meanwhile share the next."""
RETRY_S = 1.0
LATE_REASONS = frozenset({"overloaded", "engine_failed", "no_model"})
"""Why a speaker with sound has no words: another time there may be."""


class CallRecord:
    """Subscribes to calls and speech; ``aclose`` writes what still waits."""

    def __init__(
        self, database: Database, clock: Clock, read_phone: PhoneReader, *, transcribes_late: bool = False
    ) -> None:
        """``transcribes_late``: calls are recorded, so words that could not be recognised live are queued."""
        self._transcribes_late = transcribes_late
        self._database = database
        self._clock = clock
        self._read_phone = read_phone
        self._writer = CallWriter()
        self._unsaved = Batch()
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    def subscribe(self, bus: Bus) -> None:
        """Own queue; a handler only notes the fact."""
        for kind, note in self._notes().items():
            bus.subscribe(kind, self._handler(note), name="call_record")
        self._task = asyncio.create_task(self._write_on(), name="call_record")

    async def aclose(self) -> None:
        """One last try to write everything, then stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        try:
            await self._write()
            await self._write()
        except Unavailable as error:
            log.error("call_record.lost", reason=str(error))

    # ---- after a restart ----------------------------------------------------------------------------------------

    def adopt(self, call: OpenCall) -> None:
        """Go on with a call that was open when the process ended."""
        self._writer.adopt(call.row, call.legs, transcribed_late=call.transcribed_late)

    def end_unseen(self, call_id: str, at: datetime) -> None:
        """The call ended while nobody looked."""
        self._writer.record_event(call_id=call_id, at=at, kind="ended_unseen", text="the end was not observed")
        self._writer.record_end(call_id=call_id, at=at)
        self._wake.set()

    def audio_started_at(self, call_id: str) -> datetime | None:
        """Zero of the time line of a call that goes on; None before its first sound."""
        return self._writer.audio_started_at(call_id)

    # ---- facts --------------------------------------------------------------------------------------------------

    def _notes(self) -> dict[type, Callable[..., None]]:
        """What each kind of fact changes in the record."""
        return {
            CallArrived: self._arrived,
            CallerIdentified: self._identified,
            CallOffered: self._offered,
            CallAnswered: self._answered,
            CallMissed: self._missed,
            CallHeld: lambda event: self._line(event, "held", event.interface),
            CallResumed: lambda event: self._line(event, "resumed", event.interface),
            CallPartyChanged: self._party_changed,
            CallTransferred: self._transferred,
            CallLegEnded: self._leg_ended,
            CallerAbandoned: self._abandoned,
            CallEnded: self._ended,
            AmiGap: self._gap,
            AudioStarted: lambda event: self._writer.start_audio(call_id=event.call_id, at=event.at),
            SegmentHeard: self._segment,
            TranscriptUnavailable: self._no_transcript,
            RecordingStored: self._recording,
        }

    def _handler(self, note: Callable[..., None]) -> Handler[object]:
        async def handle(event: object) -> None:
            try:
                note(event)
            except NotFound as error:
                # A call that began before we listened has no record; what we hear of it has nowhere to go.
                log.info("call_record.unknown_call", fact=type(event).__name__, reason=str(error))
            self._wake.set()

        return handle

    def _line(self, event: CallEvent, kind: str, interface: str | None, text: str = "") -> None:
        """A line on the call's time line."""
        self._writer.record_event(call_id=event.call_id, at=event.at, kind=kind, interface=interface, text=text)

    def _arrived(self, event: CallArrived) -> None:
        if self._writer.started(event.call_id):
            return  # It goes on after a restart, as everything else that the PBX's snapshot tells again.
        self._writer.record_arrival(
            call_id=event.call_id,
            linkedid=event.linkedid,
            at=event.at,
            direction=event.direction,
            phone=self._read_phone(event.dialled if event.direction is Direction.OUTBOUND else event.number),
            name=event.name,
            dialled=event.dialled,
        )
        self._line(event, "arrived", None, event.dialled or "")

    def _identified(self, event: CallerIdentified) -> None:
        self._writer.set_customer(call_id=event.call_id, customer_id=event.customer_id)

    def _offered(self, event: CallOffered) -> None:
        if self._writer.leg(event.call_id, event.uniqueid) is not None:
            return
        self._writer.record_offer(
            call_id=event.call_id,
            at=event.at,
            interface=event.interface,
            uniqueid=event.uniqueid,
            caller_uniqueid=event.caller_uniqueid,
            queue=event.queue,
        )
        self._line(event, "offered", event.interface, event.queue or "")

    def _answered(self, event: CallAnswered) -> None:
        leg = self._writer.leg(event.call_id, event.uniqueid)
        if leg is not None and leg["answered_at"] is not None:
            return
        self._writer.record_answer(
            call_id=event.call_id,
            at=event.at,
            interface=event.interface,
            uniqueid=event.uniqueid,
            caller_uniqueid=event.caller_uniqueid,
        )
        self._line(event, "answered", event.interface)

    def _missed(self, event: CallMissed) -> None:
        self._writer.record_miss(call_id=event.call_id, at=event.at, interface=event.interface, reason=event.reason)
        self._line(event, "missed", event.interface, event.reason)

    def _party_changed(self, event: CallPartyChanged) -> None:
        self._writer.set_number(call_id=event.call_id, phone=self._read_phone(event.number))
        if event.moved_from is not None:
            self._writer.record_answer(
                call_id=event.call_id,
                at=event.at,
                interface=event.interface,
                uniqueid=event.uniqueid,
                caller_uniqueid=event.caller_uniqueid or "",
            )
        self._line(event, "party_changed", event.interface)

    def _transferred(self, event: CallTransferred) -> None:
        self._line(event, "transferred", event.interface, " ".join(filter(None, (event.kind, event.target))))

    def _leg_ended(self, event: CallLegEnded) -> None:
        self._writer.record_leg_end(call_id=event.call_id, at=event.at, interface=event.interface)
        self._line(event, "leg_ended", event.interface)

    def _abandoned(self, event: CallerAbandoned) -> None:
        self._writer.record_abandon(call_id=event.call_id, queue=event.queue)
        self._line(event, "abandoned", None, f"{event.wait_s:.0f} s")

    def _ended(self, event: CallEnded) -> None:
        self._line(event, "ended", None)
        self._writer.record_end(call_id=event.call_id, at=event.at, cause=event.cause)
        # The one canonical line per call.
        log.info("call.ended", call_id=event.call_id, answered=event.answered, cause=event.cause)

    def _gap(self, event: AmiGap) -> None:
        self._writer.add_gap(
            since=event.since,
            until=event.until,
            calls_reconstructed=event.calls_reconstructed,
            calls_ended_unseen=event.calls_ended_unseen,
        )

    def _segment(self, event: SegmentHeard) -> None:
        self._writer.add_segment(
            call_id=event.call_id,
            segment_id=event.segment_id,
            speaker=event.speaker,
            start_ms=event.start_ms,
            end_ms=event.end_ms,
            text=event.text,
            confidence=event.confidence,
            words=((word.word, word.start_ms, word.end_ms, word.confidence) for word in event.words),
            names=((heard.start, heard.end, heard.name) for heard in event.names),
        )

    def _no_transcript(self, event: TranscriptUnavailable) -> None:
        self._writer.record_event(
            call_id=event.call_id, at=event.at, kind="no_transcript", text=f"{event.speaker}: {event.reason}"
        )
        if self._transcribes_late and event.reason in LATE_REASONS:
            self._writer.want_transcript(call_id=event.call_id, speaker=event.speaker, reason=event.reason, at=event.at)

    def _recording(self, event: RecordingStored) -> None:
        self._writer.add_recording(
            call_id=event.call_id,
            at=event.at,
            path=event.path,
            file_format=event.path.rpartition(".")[2],
            sample_rate_hz=event.sample_rate_hz,
            duration_ms=event.duration_ms,
            size_bytes=event.size_bytes,
            sha256=event.sha256,
            partial=event.partial,
        )

    # ---- writing ------------------------------------------------------------------------------------------------

    async def _write_on(self) -> None:
        waiting = False
        while True:
            await self._wake.wait()
            self._wake.clear()
            try:
                # The first fact after a quiet time is written at once, what comes right behind it together.
                await self._write()
            except Unavailable as error:
                if not waiting:  # Once: a line a second would help nobody, least of all a full disk.
                    log.error("call_record.waiting", reason=str(error))
                waiting = True
                await self._clock.sleep(RETRY_S)
                self._wake.set()
            else:
                if waiting:
                    log.info("call_record.caught_up")
                waiting = False
                await self._clock.sleep(PAUSE_S)

    async def _write(self) -> None:
        """Save one batch; it is kept until its commit succeeded, and facts that come meanwhile make the next one."""
        if not self._unsaved:
            self._unsaved = self._writer.take()
        else:
            self._wake.set()
        if not self._unsaved:
            return
        try:
            await self._save(self._unsaved)
        except Unavailable:
            raise
        except Exception:  # the border of this consumer loop
            log.exception("call_record.batch_failed")
            await self._save_apart(self._unsaved)
        self._unsaved = Batch()

    async def _save(self, batch: Batch) -> None:
        async with self._database.write() as work:
            await calls.save(work.session, batch)
            await work.commit()

    async def _save_apart(self, batch: Batch) -> None:
        """Call by call, so that a fact which cannot be stored costs only its own call's facts of this moment."""
        for call_id, part in batch.by_call():
            try:
                await self._save(part)
            except Unavailable:
                raise
            except Exception:
                log.exception("call_record.facts_lost", call_id=call_id)
