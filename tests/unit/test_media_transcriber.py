import asyncio

import pytest

from asr.engines.scripted import Fail, ScriptedRecognizer
from asr.events import Final, Partial, Word
from callcenter.bus.local import LocalBus
from callcenter.clock import VirtualClock
from callcenter.media.events import HeardName, SegmentHeard, Speaker, SpeechPartial, TranscriptUnavailable
from callcenter.media.transcriber import Transcriber

SECOND = bytes(16_000)


def said(text, start_ms, end_ms):
    return Final(text, start_ms, end_ms, (Word(text, start_ms, end_ms, 0.9),), 0.9)


class Desk:
    """A transcriber whose events are kept."""

    def __init__(self, recognizer, **limits):
        self.bus = LocalBus()
        self.events = []
        self.transcriber = Transcriber(recognizer, bus=self.bus, clock=VirtualClock(), **limits)
        for kind in (SpeechPartial, SegmentHeard, TranscriptUnavailable):
            self.bus.subscribe(kind, self._keep, name="test")

    async def _keep(self, event):
        self.events.append(event)

    def of(self, kind):
        return [event for event in self.events if isinstance(event, kind)]

    async def hear(self, transcript, seconds, at_s=0):
        for second in range(seconds):
            transcript.push(SECOND, (at_s + second) * 1000)
            for _ in range(5):
                await asyncio.sleep(0)


async def test_words_are_published_on_the_calls_clock():
    """A stream opened 5 s into the call gives segments 5 s later, words too; partials come before."""
    desk = Desk(ScriptedRecognizer([Partial("洗", 500), said("洗衣机", 500, 1500)]))
    transcript = desk.transcriber.transcript("call", Speaker.CALLER, 8000)
    await desk.hear(transcript, 3, at_s=5)
    await transcript.finish()
    await desk.bus.drain()
    (segment,) = desk.of(SegmentHeard)
    assert (segment.call_id, segment.speaker, segment.text) == ("call", Speaker.CALLER, "洗衣机")
    assert (segment.start_ms, segment.end_ms, segment.words[0].start_ms) == (5500, 6500, 5500)
    assert len(segment.segment_id) == 26
    assert [p.start_ms for p in desk.of(SpeechPartial)] == [5500]
    assert desk.transcriber.open_streams == 0
    await desk.bus.aclose()


async def test_names_that_are_meant_stand_beside_what_was_heard():
    """The text stays as heard; the names found in it come with it."""

    def find(call_id, text, words):
        assert call_id == "call"
        assert [word.word for word in words] == [text]
        return (HeardName(0, 3, "龙溪街"),)

    desk = Desk(ScriptedRecognizer([said("楼西街", 500, 1500)]), find_names=find)
    transcript = desk.transcriber.transcript("call", Speaker.CALLER, 8000)
    await desk.hear(transcript, 2)
    await transcript.finish()
    await desk.bus.drain()
    (segment,) = desk.of(SegmentHeard)
    assert segment.text == "楼西街"
    assert segment.names == (HeardName(0, 3, "龙溪街"),)
    await desk.bus.aclose()


async def test_finish_waits_for_the_last_words():
    """An utterance still open at hang-up is published before ``finish`` returns."""
    desk = Desk(ScriptedRecognizer([said("再见", 500, 9000)]))
    transcript = desk.transcriber.transcript("call", Speaker.AGENT, 8000)
    await desk.hear(transcript, 1)
    await transcript.finish()
    await desk.bus.drain()
    assert [s.text for s in desk.of(SegmentHeard)] == ["再见"]
    await desk.bus.aclose()


async def test_a_failing_engine_is_tried_once_more():
    """After a failure a new stream goes on at the right place of the call, and nothing is called unavailable."""
    desk = Desk(ScriptedRecognizer([Fail(1500)], [said("好", 0, 1000)]))
    transcript = desk.transcriber.transcript("call", Speaker.CALLER, 8000)
    await desk.hear(transcript, 5)
    await transcript.finish()
    await desk.bus.drain()
    assert [(s.text, s.start_ms) for s in desk.of(SegmentHeard)] == [("好", 2000)]
    assert not desk.of(TranscriptUnavailable)
    assert desk.transcriber.counts["reopened"] == 1
    assert desk.transcriber.open_streams == 0
    await desk.bus.aclose()


async def test_a_second_failure_is_said_once():
    """When the new stream fails as well, the speaker has no transcript from there on."""
    recognizer = ScriptedRecognizer([Fail(500)], [Fail(500)], [said("nie", 0, 100)])
    desk = Desk(recognizer)
    transcript = desk.transcriber.transcript("call", Speaker.CALLER, 8000)
    await desk.hear(transcript, 10)
    await transcript.finish()
    await desk.bus.drain()
    assert [u.reason for u in desk.of(TranscriptUnavailable)] == ["engine_failed"]
    assert recognizer.opened == 2
    await desk.bus.aclose()


@pytest.mark.parametrize(
    ("recognizer", "limits", "reason"),
    [(None, {}, "no_model"), (ScriptedRecognizer(), {"max_streams": 0}, "overloaded")],
)
async def test_no_stream_is_said_once_per_speaker(recognizer, limits, reason):
    """Without a model, or with too many calls, each speaker is told unavailable once and the call goes on."""
    desk = Desk(recognizer, **limits)
    for speaker in Speaker:
        transcript = desk.transcriber.transcript("call", speaker, 8000)
        await desk.hear(transcript, 3)
        await transcript.finish()
    await desk.bus.drain()
    assert [(u.speaker, u.reason) for u in desk.of(TranscriptUnavailable)] == [
        (Speaker.CALLER, reason),
        (Speaker.AGENT, reason),
    ]
    assert desk.transcriber.counts[reason] == 2
    await desk.bus.aclose()


async def test_overload_refuses_new_streams_and_keeps_the_old():
    """With the engine at its limit a new leg gets no stream and says so once; the one that runs is not touched."""
    recognizer = ScriptedRecognizer([said("好", 0, 3000)], room=1)
    desk = Desk(recognizer)
    running = desk.transcriber.transcript("one", Speaker.CALLER, 8000)
    running.push(SECOND, 0)
    await desk.hear(desk.transcriber.transcript("two", Speaker.CALLER, 8000), 3)
    await desk.hear(running, 3, at_s=1)
    await running.finish()
    await desk.bus.drain()
    assert [(u.call_id, u.reason) for u in desk.of(TranscriptUnavailable)] == [("two", "overloaded")]
    assert [s.call_id for s in desk.of(SegmentHeard)] == ["one"]
    assert desk.transcriber.counts["overloaded"] == 1
    await desk.bus.aclose()
