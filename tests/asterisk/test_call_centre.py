"""The whole call centre beside a real Asterisk: a real SIP call with a recorded Mandarin dialogue on both phones."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import callcenter.features.demo
from callcenter.app import App
from callcenter.features.demo.desk_client import open_desk
from callcenter.features.demo.seed import seed
from callcenter.features.demo.users import login_tokens
from callcenter.features.demo.walkthrough import heard
from tests.asterisk.lab.asterisk import QUEUE_NUMBER, AsteriskLab, answering
from tests.stage import AGENT, settings

RECORDING = Path(callcenter.features.demo.__file__).parent / "calls" / "dev-001.wav"
NUMBER = "13800138000"
EMPTY_LINE = b"\xff" * 160


def voices() -> tuple[bytes, bytes]:
    """Both parties of the recorded call, mu-law 8 kHz: caller, agent."""
    raw = RECORDING.read_bytes()
    start = raw.index(b"data") + 8
    return raw[start::2], raw[start + 1 :: 2]


@pytest.fixture
async def app(asterisk: AsteriskLab, tmp_path):
    app = App(
        settings(
            tmp_path,
            asterisk.ami_port,
            pbx={"host": asterisk.host, "username": asterisk.lean_user, "secret": asterisk.secret},
        )
    )
    await app.start()
    await seed(app.database, now=app.clock.now())
    await app.link.wait_connected(10)
    yield app
    await app.aclose()


@pytest.mark.timeout(180)
async def test_a_real_call_becomes_a_draft_order(app: App, asterisk: AsteriskLab) -> None:
    """The pop reaches the agent's socket, both legs are transcribed apart, the draft is stored, hang-up ends it all."""
    caller_voice, agent_voice = voices()
    agent_token, supervisor_token = await login_tokens(app.auth, app.database, AGENT)
    await asterisk.agent(1, audio=agent_voice, on_call=answering(0.5))
    async with (
        open_desk(app.url, agent_token) as desk,
        open_desk(app.url, supervisor_token, live=False) as supervisor,
    ):
        await desk.wait(lambda f: f.type == "snapshot", timeout_s=10, what="snapshot")
        caller = await asterisk.trunk(audio=caller_voice)
        call = await caller.call(QUEUE_NUMBER, from_user=NUMBER)

        pop = await desk.wait(lambda f: f.type == "call.offered", timeout_s=10, what="pop")
        assert pop.body["call"]["customer"]["name"] == "王建国"
        call_id = pop.body["call"]["call_id"]

        for speaker in ("agent", "caller"):
            await desk.wait(
                lambda f, s=speaker: f.type == "transcript.segment" and f.body["segment"]["speaker"] == s,
                timeout_s=60,
                what=f"transcript of the {speaker}",
            )
        spoken = {"agent": "", "caller": ""}
        for frame in desk.frames:
            if frame.type == "transcript.segment":
                spoken[frame.body["segment"]["speaker"]] += frame.body["segment"]["text"]
        assert "售后服务" in spoken["agent"]
        assert "空调" in spoken["caller"]
        assert "售后服务" not in spoken["caller"]

        draft = await desk.wait(
            lambda f: f.type == "order.updated" and {"appliance", "brand"} <= heard(f.body["order"]).keys(),
            timeout_s=60,
            what="brand and appliance",
        )
        assert draft.body["order"]["fields"]["brand"]["value"] == "格力"
        await call.bye()
        await desk.wait(
            lambda f: f.type == "call.updated" and f.body["changes"].get("state") == "ended", timeout_s=10, what="end"
        )

        async with asyncio.timeout(20):
            while (detail := await supervisor.request("GET", f"/api/calls/{call_id}"))["recording"] is None:
                await asyncio.sleep(0.2)
        assert detail["outcome"] == "answered"
        assert detail["orders"][0]["fields"]["appliance"]["value"] == "空调"
        assert not detail["recording"]["partial"]
        assert {segment["speaker"] for segment in detail["segments"]} == {"agent", "caller"}
    async with asyncio.timeout(10):
        while asterisk.channels():
            await asyncio.sleep(0.1)
    assert app.tracker.size == 0
    assert len(app.live_audio) == 0
    assert app.sound.audio_server.connections == 0


async def test_pops_work_for_an_ami_user_without_any_write_class(asterisk: AsteriskLab, tmp_path) -> None:
    """Pop-only: the call pops and is on record; the agent is told that there is no transcript, and why."""
    popper = App(
        settings(
            tmp_path,
            asterisk.ami_port,
            pbx={"host": asterisk.host, "username": f"{asterisk.user}-pop", "secret": asterisk.secret},
            asr={"engine": "off"},
        )
    )
    await popper.start()
    try:
        await popper.link.wait_connected(10)
        agent_token, _ = await login_tokens(popper.auth, popper.database, AGENT)
        await asterisk.agent(1, audio=EMPTY_LINE, on_call=answering(0.2))
        async with open_desk(popper.url, agent_token) as desk:
            await desk.wait(lambda f: f.type == "snapshot", timeout_s=10, what="snapshot")
            caller = await asterisk.trunk(audio=EMPTY_LINE)
            call = await caller.call(QUEUE_NUMBER, from_user=NUMBER)
            await desk.wait(lambda f: f.type == "call.offered", timeout_s=10, what="pop")
            gone = await desk.wait(lambda f: f.type == "transcript.unavailable", timeout_s=10, what="no transcript")
            assert gone.body["reason"] == "tap_refused"
            await call.bye()
            await desk.wait(
                lambda f: f.type == "call.updated" and f.body["changes"].get("state") == "ended",
                timeout_s=10,
                what="end",
            )
    finally:
        await popper.aclose()
