"""Calls whose words could not be recognised live are recognised from their recording, when there is time to spare.

The queue is in the database (``callcenter.storage.late_transcripts``). A call is done when its words are stored and
understood; a process that ends in between starts it again, and stores no word twice.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta

import structlog

from asr.errors import AsrError, Overloaded
from asr.recognizer import Recognizer
from asr.transcribe import TranscriptSegment, transcribe
from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.errors import CallcenterError, NotFound
from callcenter.ids import new_id
from callcenter.media.events import HeardWord, SegmentHeard, Speaker
from callcenter.media.recordings import Recordings
from callcenter.media.transcriber import FindNames, no_names
from callcenter.storage import calls, late_transcripts
from callcenter.storage.call_writer import CallWriter
from callcenter.storage.database import Database
from callcenter.storage.late_transcripts import LateCall

log = structlog.get_logger(__name__)

LOOK_S = 5.0
RETRY = timedelta(minutes=1)
TRIES = 5
SIDES = (Speaker.CALLER, Speaker.AGENT)
"""Left and right channel of a recording."""

Understand = Callable[[str], Awaitable[None]]
"""Fill the draft of a call from its stored words; raises Unavailable when that has to be tried again."""


class LateTranscripts:
    """One call at a time, and only while the recogniser has spare capacity."""

    def __init__(
        self,
        *,
        database: Database,
        recordings: Recordings,
        recognizer: Recognizer,
        understand: Understand,
        bus: Bus,
        clock: Clock,
        done: Callable[[], None] = lambda: None,
        find_names: FindNames = no_names,
    ) -> None:
        self._database = database
        self._recordings = recordings
        self._recognizer = recognizer
        self._understand = understand
        self._bus = bus
        self._clock = clock
        self._done = done
        self._find_names = find_names

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            try:
                while self._recognizer.load.spare and await self.next():
                    pass
            except CallcenterError as error:
                log.error("late_transcript.waits", reason=str(error), fix=error.fix)
            await self._clock.sleep(LOOK_S)

    async def next(self) -> bool:
        """Recognise the call that has waited longest; False when none is due, or there is no time for it now."""
        now = self._clock.now()
        async with self._database.read() as work:
            vain = await late_transcripts.without_recording(work.session, now)
            call = await late_transcripts.next_call(work.session, now)
        for call_id in vain:
            await self._give_up(call_id, "there is no recording")
        return call is not None and await self._transcribe(call)

    async def _transcribe(self, call: LateCall) -> bool:
        try:
            file = self._recordings.file(call.path)
            transcript = await transcribe(file, self._recognizer, live=False)
        except Overloaded:
            return False
        except NotFound as error:
            await self._give_up(call.call_id, error.message)
        except AsrError as error:
            await self._failed(call, error.message)
        else:
            await self._keep(call, [s for s in transcript.segments if _is_new(call, s)])
        return True

    async def _keep(self, call: LateCall, heard: list[TranscriptSegment]) -> None:
        """Store the words, understand them, then cross the call off: in this order, each step can be repeated."""
        events = [self._event(call.call_id, segment) for segment in heard]
        writer = CallWriter()
        for event in events:
            writer.add_segment(
                call_id=call.call_id,
                segment_id=event.segment_id,
                speaker=event.speaker,
                start_ms=event.start_ms,
                end_ms=event.end_ms,
                text=event.text,
                confidence=event.confidence,
                words=((word.word, word.start_ms, word.end_ms, word.confidence) for word in event.words),
                names=((heard.start, heard.end, heard.name) for heard in event.names),
            )
        async with self._database.write() as work:
            await calls.save(work.session, writer.take())
            await work.commit()
        for event in events:  # For a desk that still has the call; the record knows them by their id.
            self._bus.publish(event)
        await self._understand(call.call_id)
        async with self._database.write() as work:
            await late_transcripts.finish(work.session, call.call_id, at=self._clock.now())
            await work.commit()
        self._done()
        log.info("late_transcript.done", call_id=call.call_id, segments=len(events))

    async def _failed(self, call: LateCall, reason: str) -> None:
        if call.attempts + 1 >= TRIES:
            await self._give_up(call.call_id, reason)
            return
        log.warning("late_transcript.failed", call_id=call.call_id, reason=reason)
        until = self._clock.now() + RETRY * 2**call.attempts
        async with self._database.write() as work:
            await late_transcripts.postpone(work.session, call.call_id, until=until, error=reason)
            await work.commit()

    async def _give_up(self, call_id: str, reason: str) -> None:
        log.error("late_transcript.given_up", call_id=call_id, reason=reason)
        async with self._database.write() as work:
            await late_transcripts.give_up(work.session, call_id, error=reason)
            await work.commit()

    def _event(self, call_id: str, heard: TranscriptSegment) -> SegmentHeard:
        return SegmentHeard(
            at=self._clock.now(),
            call_id=call_id,
            segment_id=new_id(),
            speaker=SIDES[heard.channel],
            start_ms=heard.start_ms,
            end_ms=heard.end_ms,
            text=heard.text,
            confidence=heard.confidence,
            words=tuple(HeardWord(w.word, w.start_ms, w.end_ms, w.confidence) for w in heard.words),
            names=self._find_names(call_id, heard.text, heard.words),
        )


def _is_new(call: LateCall, heard: TranscriptSegment) -> bool:
    """Of a speaker who is missing, and behind what was heard of that speaker before."""
    told_until_ms = call.told_until_ms.get(SIDES[heard.channel])
    return told_until_ms is not None and heard.start_ms >= told_until_ms
