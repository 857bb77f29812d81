"""Workers and their clients on a virtual clock, over links that can be cut."""

import asyncio
from contextlib import AsyncExitStack, suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from asr.engines.scripted import Fail, ScriptedRecognizer
from asr.errors import AsrError, EngineFailed, Overloaded
from asr.events import Final, Partial, Word
from asr.worker.client import Workers
from asr.worker.memory_link import Exchange, MemoryLink
from asr.worker.protocol import (
    Kind,
    MessageInvalid,
    Opened,
    OpenStream,
    Report,
    Status,
    decode_input,
    encode_input,
)
from asr.worker.recognizer import WorkerRecognizer
from asr.worker.resumed import KEEP_MS, PATIENCE_S, Unsettled
from asr.worker.server import Worker
from callcenter.clock import VirtualClock

SECOND = bytes(16_000)


def said(text, start_ms, end_ms):
    return Final(text, start_ms, end_ms, (Word(text, start_ms, end_ms, 0.9),), 0.9)


class Site:
    """A client and its workers, all in this process."""

    def __init__(self):
        self.clock = VirtualClock()
        self.exchange = Exchange()
        self.link = MemoryLink(self.exchange)
        self.client = Workers(self.link, self.clock, name="test", model="m")
        self.workers, self.links = {}, {}
        self.stack = AsyncExitStack()

    async def __aenter__(self):
        self.run(self.client.run())
        await self.clock.advance(0)
        return self

    async def __aexit__(self, *_):
        await self.stack.aclose()

    def run(self, work):
        task = asyncio.create_task(work)

        async def stop():
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self.stack.push_async_callback(stop)

    async def worker(self, worker_id, *scripts, **options):
        """Start a worker; returns it and its link."""
        link = MemoryLink(self.exchange)
        worker = Worker(
            ScriptedRecognizer(*scripts, **options), link, self.clock, name="test", model="m", worker_id=worker_id
        )
        self.run(worker.run())
        self.stack.push_async_callback(worker.aclose)
        await self.clock.advance(0)
        self.workers[worker_id], self.links[worker_id] = worker, link
        return worker, link

    def recognizer(self, here=None):
        recognizer = WorkerRecognizer(self.client, self.clock, here=here)
        self.stack.push_async_callback(recognizer.aclose)
        return recognizer

    def open(self, here=None):
        return Leg(self, self.recognizer(here).open(sample_rate_hz=8000))


class Leg:
    """A stream with a reader."""

    def __init__(self, site, stream):
        self.site, self.stream = site, stream
        self.heard, self.error = [], None
        site.run(self._read())

    async def _read(self):
        try:
            async for event in self.stream:
                self.heard.append(event)
        except AsrError as error:
            self.error = error

    async def play(self, seconds):
        """Live: a second of audio a second."""
        for _ in range(seconds * 10):
            self.stream.push(SECOND[:1600])
            await self.site.clock.advance(0.1)

    async def end(self):
        self.stream.end_input()
        await self.site.clock.advance(1)

    @property
    def finals(self):
        return [(e.text, e.start_ms, e.end_ms) for e in self.heard if isinstance(e, Final)]


async def test_a_leg_is_recognised_by_a_worker():
    """Partials and finals come back in order with their times, and the worker is free again at the end."""
    async with Site() as site:
        worker, _ = await site.worker("one", [Partial("你", 500), said("你好", 500, 1500), said("再见", 2500, 3000)])
        leg = site.open()
        await leg.play(4)
        await leg.end()
        assert leg.heard == [Partial("你", 500), said("你好", 500, 1500), said("再见", 2500, 3000)]
        assert leg.stream.over
        assert leg.error is None
        assert worker.streams == 0
        assert worker.counts == {"opened": 1, "finished": 1}


async def test_a_worker_that_dies_loses_nothing():
    """In the middle of an utterance its worker falls silent: another is given the audio from the utterance on."""
    async with Site() as site:
        # Each worker hears the same speech; the second is given what follows 1500 ms, where all was settled.
        _, link = await site.worker("one", [said("一", 500, 1500), said("二", 2000, 4000)])
        leg = site.open()
        await leg.play(3)
        link.cut = True
        await site.worker("two", [said("二", 500, 2500), said("三", 5500, 6500)])
        await leg.play(6)
        await leg.end()
        assert leg.finals == [("一", 500, 1500), ("二", 2500, 4500), ("三", 7500, 8500)]
        assert leg.stream.resumed == 1
        assert leg.error is None


async def test_with_no_other_worker_this_process_goes_on():
    """The last worker dies: the recogniser here takes over."""
    async with Site() as site:
        _, link = await site.worker("one", [said("一", 500, 1500)])
        leg = site.open(here=ScriptedRecognizer([said("二", 500, 2500)]))
        await leg.play(2)
        link.cut = True
        await leg.play(6)
        await leg.end()
        assert [text for text, _, _ in leg.finals] == ["一", "二"]


async def test_a_worker_that_stops_hands_over_at_once():
    """An orderly stop says so: nobody waits three seconds."""
    async with Site() as site:
        one, _ = await site.worker("one", [said("一", 500, 1500)])
        leg = site.open()
        await leg.play(2)
        await site.worker("two", [said("二", 100, 500)])
        one._leave_group()
        await one.aclose()
        await leg.play(1)
        assert [text for text, _, _ in leg.finals] == ["一", "二"]


async def test_a_lost_report_is_noticed_and_made_up_for():
    """A message that did not arrive leaves a hole in the numbers: the stream is taken up elsewhere, nothing twice."""
    async with Site() as site:
        worker, _ = await site.worker("one", [said("一", 500, 1500)], [said("一", 500, 1500), said("二", 2000, 2500)])
        leg = site.open()
        await leg.play(1)
        site.link.cut = True
        await site.clock.advance(0.3)  # the worker's tick is lost
        site.link.cut = False
        await leg.play(2)
        await leg.end()
        assert [text for text, _, _ in leg.finals] == ["一", "二"]
        assert leg.stream.resumed == 1
        assert worker.counts["opened"] == 2


async def test_a_client_that_is_gone_frees_its_stream():
    """Ten seconds without a word from the client."""
    async with Site() as site:
        worker, _ = await site.worker("one")
        leg = site.open()
        await leg.play(1)
        assert worker.streams == 1
        site.link.cut = True
        await site.clock.advance(11)
        assert worker.streams == 0
        assert worker.counts["lost"] == 1


async def test_a_quiet_client_is_not_gone():
    """A reader of files may pause: both sides say that they are there."""
    async with Site() as site:
        worker, _ = await site.worker("one", [said("一", 500, 1500)])
        leg = site.open()
        await leg.play(1)
        await site.clock.advance(60)
        await leg.play(1)
        await leg.end()
        assert leg.finals == [("一", 500, 1500)]
        assert worker.counts["opened"] == 1


async def test_a_full_worker_is_not_asked():
    """Without room a worker leaves the group; when a stream ends it is back. Nobody with room is Overloaded."""
    async with Site() as site:
        worker, _ = await site.worker("one", room=1)
        first = site.open()
        await first.play(1)
        second = site.open()
        await second.play(1)
        assert isinstance(second.error, Overloaded)
        assert worker.counts["refused"] == 0
        await first.end()
        third = site.open()
        await third.play(1)
        assert third.error is None
        assert worker.counts["opened"] == 2


async def test_two_full_and_one_free():
    """Whoever answers first may be full at this very moment: others are asked as well."""
    async with Site() as site:
        for name in ("full-1", "full-2"):
            worker, _ = await site.worker(name)
            worker._recognizer.room = 0
        free, _ = await site.worker("free")
        leg = site.open()
        await leg.play(1)
        assert leg.error is None
        assert free.streams == 1


async def test_without_workers_and_without_a_recogniser_here_nobody_waits():
    """No worker at all is said at once, as overload."""
    async with Site() as site:
        leg = site.open()
        await leg.play(1)
        assert isinstance(leg.error, Overloaded)


async def test_a_stream_in_use_looks_for_another_worker_for_a_while():
    """The only worker dies and its successor starts eight seconds later: still nothing is lost. After that it gives up."""
    async with Site() as site:
        _, link = await site.worker("one")
        leg = site.open()
        await leg.play(1)
        link.cut = True
        await leg.play(8)
        assert leg.error is None
        _, link = await site.worker("two", [said("一", 500, 8000)])
        await leg.play(3)
        assert [text for text, _, _ in leg.finals] == ["一"]
        link.cut = True
        await leg.play(3)
        await site.clock.advance(PATIENCE_S)
        await leg.play(1)
        assert isinstance(leg.error, Overloaded)


async def test_a_stream_in_use_is_taken_by_a_full_worker():
    """One of two workers dies and the other is full: the calls in progress go on there, new ones are refused."""
    async with Site() as site:
        _, link = await site.worker("one")
        legs = [site.open(), site.open()]
        for leg in legs:
            await leg.play(1)
        full, _ = await site.worker("full", [said("一", 500, 8000)], [said("二", 500, 8000)], room=0)
        link.cut = True
        await asyncio.gather(*(leg.play(9) for leg in legs))
        late = site.open()
        await late.play(1)
        assert isinstance(late.error, Overloaded)
        assert sorted(text for leg in legs for text, _, _ in leg.finals) == ["一", "二"]
        assert full.counts["opened"] == 2
        assert full.counts["refused"] == 0


async def test_a_worker_of_before_needs_room_to_go_on_with_a_stream():
    """A worker that does not know of resumed streams leaves such requests unanswered and is asked as for a new one."""
    async with Site() as site:
        _, link = await site.worker("one")
        leg = site.open()
        await leg.play(1)
        old, _ = await site.worker("old", [said("一", 500, 8000)])
        old._stop_resuming()
        link.cut = True
        await leg.play(9)
        assert [text for text, _, _ in leg.finals] == ["一"]


def test_requests_from_before_are_understood():
    """A client of before says nothing of resuming: its streams are new ones."""
    payload = orjson.dumps(
        {"version": 1, "stream_id": "a" * 20, "sample_rate_hz": 8000, "vocabulary": [], "live": True}
    )
    assert OpenStream.decode(payload) == OpenStream("a" * 20, 8000, resumed=False)


async def test_audio_that_breaks_every_worker_is_given_up():
    """Four decoders fail at the same place: the fifth is not tried, the error may be tried with later audio."""
    async with Site() as site:
        worker, _ = await site.worker("one", *([Fail(500), said("好", 0, 9000)] for _ in range(9)))
        leg = site.open()
        await leg.play(2)
        assert isinstance(leg.error, EngineFailed)
        assert leg.error.recoverable
        assert worker.counts["failed"] == 4


async def test_audio_under_way_is_bounded():
    """A worker that takes nothing is sent five seconds; the rest waits here."""
    async with Site() as site:
        worker, _ = await site.worker("one")
        held = asyncio.Event()
        sent = []

        def count(payload, _reply):
            sent.append(len(payload))

        await site.link.subscribe("test.asr.audio.*", count)
        leg = site.open()
        await site.clock.advance(0)
        (session,) = worker._sessions.values()

        async def slow(job):
            await held.wait()
            return job()

        session._stream._runner = slow
        for _ in range(20):
            leg.stream.push(SECOND)
        await site.clock.advance(1)
        assert 5 <= sum(sent) / 16_000 < 7
        held.set()
        await site.clock.advance(3)
        assert sum(sent) / 16_000 >= 20


async def test_what_a_worker_says_about_itself():
    """The client knows which workers are there, and forgets one that is silent."""
    async with Site() as site:
        _, link = await site.worker("one", room=3)
        recognizer = site.recognizer()
        await site.clock.advance(1.5)
        (status,) = site.client.alive()
        assert (status.worker_id, status.model, status.accepting) == ("one", "m", True)
        assert recognizer.load.accepting
        link.cut = True
        await site.clock.advance(5)
        assert site.client.alive() == []
        assert not recognizer.load.accepting


@given(
    pieces=st.lists(st.one_of(st.none(), st.integers(0, 400)), max_size=40),
    settles=st.lists(st.integers(0, 2000), max_size=10),
)
def test_what_is_unsettled_is_kept_to_the_sample(pieces, settles):
    """Whatever is pushed and settled: exactly the audio after the furthest settled place is replayed, marks in place."""
    unsettled = Unsettled(8000)
    sound, marks = b"", []
    for index, piece in enumerate(pieces):
        if piece is None:
            unsettled.flush()
            marks.append(len(sound))
        else:
            pcm = bytes([index % 256]) * 2 * piece
            unsettled.push(pcm)
            sound += pcm
    for until_ms in settles:
        unsettled.settle(until_ms)
    start = min(len(sound), max([0, *settles]) * 16)
    replayed = Replayed()
    unsettled.replay(replayed)
    assert unsettled.start_bytes == start
    assert replayed.sound == sound[start:]
    # An utterance that ends just where the rest begins is over either way.
    assert [mark for mark in replayed.marks if mark] == [mark - start for mark in marks if mark > start]


class Replayed:
    def __init__(self):
        self.sound, self.marks = b"", []

    def push(self, pcm):
        self.sound += pcm

    def flush(self):
        self.marks.append(len(self.sound))


def test_what_is_kept_is_bounded():
    """An hour without anything settled keeps a minute."""
    unsettled = Unsettled(8000)
    for _ in range(3600):
        unsettled.push(SECOND)
    assert unsettled.end_ms - unsettled.start_ms == KEEP_MS


EVENTS = [None, Partial("你", 5), said("你好", 5, 90)]


@pytest.mark.parametrize(
    "message",
    [
        OpenStream("a" * 20, 8000, ("空调",), live=False),
        Opened("w", refused="asr_overloaded"),
        Status("w", "m", 3, 0.5, 10, accepting=True, counts={"opened": 3}),
        *(Report(7, 100, 50, event, over=bool(event), error="x") for event in EVENTS),
    ],
)
def test_messages_come_back_as_they_were(message):
    """Encoding and decoding lose nothing."""
    assert type(message).decode(message.encode()) == message


@given(st.binary(max_size=60))
def test_rubbish_is_refused(payload):
    """Any bytes either are a message or raise MessageInvalid."""
    for decode in (OpenStream.decode, Opened.decode, Status.decode, Report.decode, decode_input):
        with suppress(MessageInvalid):
            decode(payload)


@pytest.mark.parametrize("change", [{"sample_rate_hz": 0}, {"stream_id": "a.b.*"}, {"version": 2}, {"vocabulary": 5}])
def test_requests_out_of_range_are_refused(change):
    """A rate, an id or a version that cannot be: refused before anything is opened."""
    import orjson

    tree = orjson.loads(OpenStream("a" * 20, 8000).encode()) | change
    with pytest.raises(MessageInvalid):
        OpenStream.decode(orjson.dumps(tree))


def test_inputs_carry_kind_number_and_sound():
    """What the client sends is five bytes and the sound."""
    assert decode_input(encode_input(Kind.AUDIO, 9, b"ab")) == (Kind.AUDIO, 9, b"ab")
    assert len(encode_input(Kind.END, 1)) == 5
