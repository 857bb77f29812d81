"""Calls that could not be recognised live are recognised later, once, on every database."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
import soundfile

from asr.engines.scripted import Fail, ScriptedRecognizer
from asr.events import Final, Word
from callcenter.bus.local import LocalBus
from callcenter.clock import VirtualClock
from callcenter.errors import Unavailable
from callcenter.features.late_transcripts import TRIES, LateTranscripts
from callcenter.ids import new_id
from callcenter.media.events import SegmentHeard
from callcenter.media.recordings import Recordings
from callcenter.storage import call_log, calls, late_transcripts
from callcenter.storage.call_writer import CallWriter
from callcenter.storage.open_calls import open_calls
from callcenter.storage.tables import LateTranscriptRow

PATH = "2026/01/05/call.wav"


def said(text, start_ms, end_ms):
    return Final(text, start_ms, end_ms, (Word(text, start_ms, end_ms, 0.9),), 0.9)


class Office:
    """A call centre in which one call is over; its recording is four seconds long."""

    def __init__(self, database, folder):
        self.database = database
        self.folder = folder
        self.clock = VirtualClock()
        self.bus = LocalBus()
        self.call_id = new_id()
        self.understood, self.heard = [], []
        self.away = 0
        self.writer = CallWriter()
        self.bus.subscribe(SegmentHeard, self._hear, name="test")

    async def _hear(self, event):
        self.heard.append(event.text)

    async def _understand(self, call_id):
        if self.away:
            self.away -= 1
            raise Unavailable("the database is away")
        async with self.database.read() as work:
            self.understood.append([s.text for s in await call_log.segments_of(work.session, call_id)])

    async def save(self):
        async with self.database.write() as work:
            await calls.save(work.session, self.writer.take())
            await work.commit()

    async def talk(self, *refused, told=(), ends=True, recorded=True):
        """A call; ``refused`` are (speaker, reason), ``told`` the (speaker, text, start, end) that was heard live."""
        now = self.clock.now()
        self.writer.record_arrival(call_id=self.call_id, linkedid="l", at=now, direction="inbound")
        self.writer.start_audio(call_id=self.call_id, at=now)
        await self.save()
        for speaker, reason in refused:
            self.writer.want_transcript(call_id=self.call_id, speaker=speaker, reason=reason, at=now)
        for speaker, text, start_ms, end_ms in told:
            segment = {"speaker": speaker, "text": text, "start_ms": start_ms, "end_ms": end_ms}
            self.writer.add_segment(call_id=self.call_id, segment_id=new_id(), confidence=0.9, **segment)
        if ends:
            self.writer.record_end(call_id=self.call_id, at=now)
        if recorded:
            self.record()
        await self.save()
        await self.clock.advance(20)

    def record(self):
        file = self.folder / PATH
        file.parent.mkdir(parents=True)
        soundfile.write(file, np.zeros((32_000, 2), np.int16), 8000)
        about = {"sample_rate_hz": 8000, "duration_ms": 4000, "size_bytes": 1, "sha256": "x"}
        self.writer.add_recording(call_id=self.call_id, at=self.clock.now(), path=PATH, file_format="wav", **about)

    def late(self, *scripts, **options):
        return LateTranscripts(
            database=self.database,
            recordings=Recordings(self.folder),
            recognizer=ScriptedRecognizer(*scripts, **options),
            understand=self._understand,
            bus=self.bus,
            clock=self.clock,
        )

    async def call(self):
        async with self.database.read() as work:
            return await call_log.call_detail(work.session, self.call_id)

    async def waiting(self):
        async with self.database.read() as work:
            return await late_transcripts.count_waiting(work.session)


@pytest.fixture
async def office(database, tmp_path):
    office = Office(database, tmp_path / "recordings")
    yield office
    await office.bus.aclose()


BOTH = (("caller", "overloaded"), ("agent", "overloaded"))
CALLER = [said("洗衣机漏水", 500, 1500), said("好的", 2500, 3000)]
AGENT = [said("您好", 100, 400)]


async def test_a_refused_call_gets_its_words(office):
    """Both sides come from their channel in speaking order; then the call is understood and off the queue."""
    await office.talk(*BOTH)
    assert ((await office.call()).transcript_state, await office.waiting()) == ("waiting", 1)
    late = office.late(CALLER, AGENT)
    assert await late.next()
    await office.bus.drain()
    call = await office.call()
    assert [(s.speaker, s.text, s.start_ms) for s in call.segments] == [
        ("agent", "您好", 100),
        ("caller", "洗衣机漏水", 500),
        ("caller", "好的", 2500),
    ]
    assert call.transcript_state == "complete"
    assert [event.type for event in call.events] == ["transcribed_late"]
    assert office.understood == [["您好", "洗衣机漏水", "好的"]]
    assert office.heard == ["您好", "洗衣机漏水", "好的"]
    assert (await office.waiting(), await late.next()) == (0, False)


async def test_only_what_is_missing_is_added(office):
    """The agent was heard live; the caller's engine broke after the first words: those that follow are added."""
    told = [("agent", "您好", 100, 400), ("caller", "洗衣机漏水", 500, 1500)]
    await office.talk(("caller", "engine_failed"), told=told)
    assert await office.late(CALLER, AGENT).next()
    assert [s.text for s in (await office.call()).segments] == ["您好", "洗衣机漏水", "好的"]


async def test_a_break_in_between_stores_nothing_twice(office):
    """The words are stored, then the process ends: the next one does it again, and each word is there once."""
    await office.talk(*BOTH)
    office.away = 1
    with pytest.raises(Unavailable):
        await office.late(CALLER, AGENT).next()
    assert (await office.call()).transcript_state == "waiting"
    assert await office.late(CALLER, AGENT).next()
    call = await office.call()
    assert [s.text for s in call.segments] == ["您好", "洗衣机漏水", "好的"]
    assert (call.transcript_state, len(office.understood)) == ("complete", 1)


@pytest.mark.parametrize("missing", [{"ends": False}, {"recorded": False}])
async def test_a_call_waits_for_its_end_and_its_recording(office, missing):
    """Nothing is done with a call that goes on, or whose file is not stored yet."""
    await office.talk(*BOTH, **missing)
    assert not await office.late(CALLER, AGENT).next()
    assert await office.waiting() == 1


async def test_without_a_recording_it_is_given_up_after_a_day(office):
    """A recording that never came: the call says that words are missing."""
    await office.talk(*BOTH, recorded=False)
    await office.clock.advance(timedelta(days=1).total_seconds())
    assert not await office.late(CALLER, AGENT).next()
    assert ((await office.call()).transcript_state, await office.waiting()) == ("failed", 0)


async def test_without_room_it_waits(office):
    """The recogniser has no spare time: not an attempt."""
    await office.talk(*BOTH)
    assert not await office.late(room=0).next()
    async with office.database.read() as work:
        row = await work.session.get(LateTranscriptRow, (office.call_id, "caller"))
        assert (row.state, row.attempts) == ("waiting", 0)
    # The second channel finds no room either: the first is freed again.
    late = office.late(CALLER, AGENT, room=1)
    assert not await late.next()
    assert late._recognizer.load.streams == 0


async def test_a_recording_that_breaks_the_engine_is_given_up_in_the_end(office):
    """Each try comes later than the one before; after the last the call is marked, and others are not held up."""
    await office.talk(*BOTH)
    late = office.late(*([Fail(500)] for _ in range(2 * TRIES)))
    tries = 0
    while await office.waiting():
        tries += await late.next()
        await office.clock.advance(60)
    assert tries == TRIES
    assert (await office.call()).transcript_state == "failed"
    assert office.clock.monotonic() > 60 * (1 + 2 + 4 + 8)


async def test_a_call_that_a_crash_left_open_is_still_transcribed(office):
    """The process ended in mid-call: at the next start the call is closed as waiting, not as complete."""
    await office.talk(*BOTH, ends=False)
    async with office.database.write() as work:
        (left,) = await open_calls(work.session)
        writer = CallWriter()
        writer.adopt(left.row, left.legs, transcribed_late=left.transcribed_late)
        writer.record_end(call_id=left.call_id, at=office.clock.now())
        await calls.save(work.session, writer.take())
        await work.commit()
    assert (await office.call()).transcript_state == "waiting"
    await office.clock.advance(20)
    assert await office.late(CALLER, AGENT).next()
    assert (await office.call()).transcript_state == "complete"


async def test_the_queue_runs_by_itself(office):
    """``run`` looks every few seconds, and goes on after the database was away."""
    import asyncio

    await office.talk(*BOTH)
    office.away = 1
    task = asyncio.create_task(office.late(CALLER, AGENT, CALLER, AGENT).run())
    async with asyncio.timeout(20):
        while await office.waiting():
            await office.clock.advance(5)
            await asyncio.sleep(0.01)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(office.understood) == 1
