"""Taps of a call on a virtual clock: cut, set again, refused, moved."""

import asyncio
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
import pytest

from asr.engines.scripted import ScriptedRecognizer
from asr.events import Final
from callcenter.bus.local import LocalBus
from callcenter.clock import VirtualClock
from callcenter.errors import Unavailable
from callcenter.features.live_audio import RETAP_S, TAPS, LiveAudio
from callcenter.media.audiosocket import AudioFrame, LegEnd, LegStream
from callcenter.media.call_audio import CallAudio
from callcenter.media.events import SegmentHeard, TranscriptUnavailable
from callcenter.media.transcriber import Transcriber
from callcenter.telephony.events import (
    CallAnswered,
    CallEnded,
    CallHeld,
    CallLegEnded,
    CallPartyChanged,
    CallResumed,
)

AT = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
CALL = {"at": AT, "call_id": "call", "linkedid": "l"}


class Listening(ScriptedRecognizer):
    """Keeps what each of its streams was given."""

    def __init__(self, *scripts):
        super().__init__(*scripts)
        self.given = []

    def open(self, **wanted):
        stream, given = super().open(**wanted), []
        push = stream.push

        def keep(pcm):
            given.append(pcm)
            push(pcm)

        stream.push = keep
        self.given.append(given)
        return stream

    def heard_s(self, number):
        """Seconds of sound that were not silence, of the stream opened as number ``number``."""
        return np.count_nonzero(np.frombuffer(b"".join(self.given[number]), "<i2")) / 8000


class Exchange:
    """A PBX that sends the voice of each channel it is asked for; ``legs`` has the streams by channel, newest last."""

    def __init__(self, *scripts):
        self.clock, self.bus = VirtualClock(), LocalBus()
        self.expected, self.legs, self.events = {}, {}, []
        self.refuses = set()
        self.recognizer = Listening(*scripts)
        transcriber = Transcriber(self.recognizer, bus=self.bus, clock=self.clock)
        self.live = LiveAudio(
            server=self,
            tap=self.tap,
            new_audio=lambda call_id: CallAudio(
                call_id, bus=self.bus, clock=self.clock, transcriber=transcriber, recordings=None
            ),
            bus=self.bus,
            clock=self.clock,
        )
        self.live.subscribe(self.bus)
        for kind in (SegmentHeard, TranscriptUnavailable):
            self.bus.subscribe(kind, self._keep, name="test")

    async def _keep(self, event):
        self.events.append(event)

    def expect(self, tap_uuid, timeout_s):
        self.expected[tap_uuid] = LegStream(tap_uuid, lambda _: None)
        return self.expected[tap_uuid]

    async def tap(self, *, channel_uniqueid, tap_uuid, speaker):
        if channel_uniqueid in self.refuses:
            raise Unavailable("no such channel")
        self.legs.setdefault(channel_uniqueid, []).append(self.expected[UUID(tap_uuid)])

    async def happens(self, event):
        self.bus.publish(event)
        await self.clock.advance(0)

    async def answered(self):
        await self.happens(CallAnswered(**CALL, uniqueid="a1", interface="PJSIP/1", caller_uniqueid="c1"))

    async def talk(self, seconds, *channels):
        """Both voices, until now, for so long."""
        for _ in range(round(seconds * 50)):
            await self.clock.advance(0.02)
            for channel in channels:
                pcm = np.full(160, 500, "<i2").tobytes()
                self.legs[channel][-1].put(AudioFrame(pcm, self.clock.monotonic()))
            await asyncio.sleep(0)

    async def close(self):
        await self.happens(CallEnded(**CALL, cause=16, answered=True))
        await self.live.aclose()
        await self.bus.aclose()


@pytest.mark.parametrize("why", [LegEnd.EOF, LegEnd.PEER_ERROR, LegEnd.IDLE])
async def test_a_tap_that_is_cut_is_set_again(why):
    """The connection breaks in mid-call: two seconds later the channel is tapped again, and its words go on in place."""
    caller = [Final("一", 500, 1500, (), 1.0), Final("二", 4500, 5500, (), 1.0)]
    exchange = Exchange(caller)
    await exchange.answered()
    await exchange.talk(2, "c1", "a1")
    exchange.legs["c1"][0].end(why)
    await exchange.talk(RETAP_S, "a1")
    assert len(exchange.legs["c1"]) == 2
    await exchange.talk(3, "c1", "a1")
    await exchange.close()
    assert [(e.text, e.start_ms) for e in exchange.events] == [("一", 500), ("二", 4500)]
    assert len(exchange.legs["a1"]) == 1


async def test_a_leg_that_hung_up_is_not_tapped_again():
    """An agent who left, or a call that ended: the channel is gone, and nobody asks for it."""
    exchange = Exchange()
    await exchange.answered()
    await exchange.talk(1, "c1", "a1")
    exchange.legs["a1"][0].end(LegEnd.EOF)
    await exchange.happens(CallLegEnded(**CALL, uniqueid="a1", interface="PJSIP/1"))
    await exchange.talk(RETAP_S + 1, "c1")
    exchange.legs["c1"][0].end(LegEnd.EOF)
    await exchange.happens(CallEnded(**CALL, cause=16, answered=True))
    await exchange.clock.advance(10)
    assert {channel: len(legs) for channel, legs in exchange.legs.items()} == {"c1": 1, "a1": 1}
    await exchange.close()


async def test_a_channel_whose_taps_never_last_is_left_alone():
    """After the fourth cut no more is tried; a refusal afterwards is no "no transcript": words were heard."""
    exchange = Exchange()
    await exchange.answered()
    for _ in range(TAPS + 2):
        await exchange.talk(0.2, "c1", "a1")
        exchange.legs["c1"][-1].end(LegEnd.EOF)
        await exchange.clock.advance(RETAP_S)
    assert len(exchange.legs["c1"]) == TAPS
    exchange.refuses.add("a1")
    exchange.legs["a1"][0].end(LegEnd.EOF)
    await exchange.clock.advance(RETAP_S)
    await exchange.close()
    assert exchange.events == []


async def test_a_transfer_in_mid_sentence_follows_the_voice():
    """Blind transfer while the agent speaks: the new agent's leg is tapped, the caller's tap stays, both are heard."""
    first = [Final("我帮您转接", 200, 5000, (), 1.0), Final("您好", 2500, 3000, (), 1.0)]
    exchange = Exchange([], first)
    await exchange.answered()
    await exchange.talk(1, "c1", "a1")
    exchange.legs["a1"][0].end(LegEnd.EOF)
    await exchange.happens(CallLegEnded(**CALL, uniqueid="a1", interface="PJSIP/1"))
    party = {"number": None, "name": None, "caller_uniqueid": "c1", "moved_from": "other"}
    await exchange.happens(CallPartyChanged(**CALL, uniqueid="a2", interface="PJSIP/2", **party))
    await exchange.talk(3, "c1", "a2")
    await exchange.close()
    assert [e.text for e in exchange.events] == ["我帮您转接", "您好"]
    assert exchange.events[0].end_ms <= 1100
    assert len(exchange.legs["c1"]) == 1


async def test_who_holds_the_other_is_not_heard_until_they_come_back():
    """The agent's leg carries music while it holds, also through a cut of its tap; the caller's voice goes on."""
    exchange = Exchange()
    await exchange.answered()
    await exchange.talk(1, "c1", "a1")
    await exchange.happens(CallHeld(**CALL, uniqueid="a1", interface="PJSIP/1"))
    await exchange.talk(2, "c1", "a1")
    exchange.legs["a1"][0].end(LegEnd.EOF)
    await exchange.talk(RETAP_S, "c1")
    await exchange.talk(2, "c1", "a1")
    await exchange.happens(CallResumed(**CALL, uniqueid="a1", interface="PJSIP/1"))
    await exchange.talk(1, "c1", "a1")
    await exchange.close()
    given = exchange.recognizer
    assert given.heard_s(0) == pytest.approx(6 + RETAP_S, abs=0.1)
    assert given.heard_s(1) == pytest.approx(2, abs=0.1)
    assert sum(map(len, given.given[1])) == pytest.approx(sum(map(len, given.given[0])), abs=8000)


async def test_an_agent_who_takes_over_is_heard_while_the_first_one_holds():
    """Attended transfer: the first agent holds the caller, the second one takes the call: hold stays with the first leg."""
    exchange = Exchange()
    await exchange.answered()
    await exchange.talk(1, "c1", "a1")
    await exchange.happens(CallHeld(**CALL, uniqueid="a1", interface="PJSIP/1"))
    await exchange.talk(1, "c1", "a1")
    party = {"number": None, "name": None, "caller_uniqueid": "c1", "moved_from": "other"}
    await exchange.happens(CallPartyChanged(**CALL, uniqueid="a2", interface="PJSIP/2", **party))
    await exchange.happens(CallLegEnded(**CALL, uniqueid="a1", interface="PJSIP/1"))
    await exchange.talk(2, "c1", "a2")
    await exchange.close()
    assert exchange.recognizer.heard_s(1) == pytest.approx(3, abs=0.1)
