"""A call centre whose decoders are full: the call goes on without words, and gets them afterwards."""

from __future__ import annotations

import asyncio
from pathlib import Path

import aiohttp
import pytest
import soundfile

from callcenter.telephony.simulator.call import SimulatedCall
from tests.stage import AGENT, running_stage

CALL = Path(__file__).parents[2] / "callcenter" / "features" / "demo" / "calls" / "dev-003.wav"


@pytest.fixture
def short_call(tmp_path):
    """Ten seconds in which the caller says an address."""
    samples, rate_hz = soundfile.read(CALL, dtype="int16", start=27_000 * 8, stop=36_000 * 8)
    file = tmp_path / "short.wav"
    soundfile.write(file, samples, rate_hz)
    return file


@pytest.mark.timeout(180)
async def test_a_refused_call_is_transcribed_when_there_is_time(tmp_path, short_call):
    """The desk says "overloaded", the record "waiting"; afterwards the words are there, and the draft has the address."""
    async with running_stage(tmp_path / "data", asr={"max_load": 0.0001}) as stage, stage.desk() as desk:
        await stage.pbx.place_call(SimulatedCall(number="13800138000", interface=AGENT, audio=short_call, ring_s=0.2))
        pop = await desk.wait(lambda f: f.type == "call.offered", timeout_s=10, what="pop")
        call_id = pop.body["call"]["call_id"]
        for speaker in ("caller", "agent"):
            gone = await desk.wait(
                lambda f, s=speaker: f.type == "transcript.unavailable" and f.body["speaker"] == s,
                timeout_s=20,
                what="no transcript",
            )
            assert gone.body["reason"] == "overloaded"
        async with aiohttp.ClientSession() as http, http.get(stage.app.url + "/metrics") as response:
            assert 'callcenter_transcripts_total{outcome="overloaded"} 2.0' in await response.text()
        states = []
        async with asyncio.timeout(120):
            while (call := await desk.request("GET", f"/api/calls/{call_id}"))["transcript_state"] != "complete":
                states.append(call["transcript_state"])
                await asyncio.sleep(0.5)
        assert states[-1] == "waiting"
        spoken = "".join(s["text"] for s in call["segments"] if s["speaker"] == "caller")
        assert "北京中路" in spoken
        address = call["orders"][0]["fields"]["address"]
        assert "北京中路" in str(address["value"])
        assert {ref["segment_id"] for ref in address["evidence"]} <= {s["segment_id"] for s in call["segments"]}
