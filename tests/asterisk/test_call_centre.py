"""The whole call centre beside a real Asterisk: a real SIP call with a recorded Mandarin dialogue on both phones."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

import callcenter.features.demo
from callcenter.app import App
from callcenter.features.demo.desk_client import Frame, open_desk
from callcenter.features.demo.seed import seed
from callcenter.features.demo.users import login_tokens
from callcenter.features.demo.walkthrough import heard
from tests.asterisk.lab.asterisk import QUEUE_NUMBER, AsteriskLab, answering
from tests.nats_server import NatsServer
from tests.stage import AGENT, settings

RECORDING = Path(callcenter.features.demo.__file__).parent / "calls" / "dev-001.wav"
NUMBER = "13800138000"
EMPTY_LINE = b"\xff" * 160
PROGRAM = Path(sys.executable).with_name("callcenter")


def voices() -> tuple[bytes, bytes]:
    """Both parties of the recorded call, mu-law 8 kHz: caller, agent."""
    raw = RECORDING.read_bytes()
    start = raw.index(b"data") + 8
    return raw[start::2], raw[start + 1 :: 2]


def heard_from(speaker: str, after_ms: int = -1) -> Callable[[Frame], bool]:
    """Whether a frame is words of ``speaker`` that begin after ``after_ms`` of the call."""
    return lambda frame: (
        frame.type == "transcript.segment"
        and frame.body["segment"]["speaker"] == speaker
        and frame.body["segment"]["start_ms"] > after_ms
    )


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
            await desk.wait(heard_from(speaker), timeout_s=60, what=f"transcript of the {speaker}")
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


@pytest.fixture
def asr_workers(tmp_path):
    """Two asr workers as an admin starts them, on a real NATS server; gives its address and the processes by id."""
    with NatsServer() as server, (tmp_path / "workers.log").open("wb") as log:
        environment = {"CALLCENTER_BUS__URL": server.url, "PATH": os.environ["PATH"]}
        started = [
            subprocess.Popen([PROGRAM, "asr", "worker"], env=environment, cwd=tmp_path, stdout=log, stderr=log)
            for _ in range(2)
        ]
        yield server.url, {worker.pid: worker for worker in started}
        for worker in started:
            worker.kill()
            worker.wait()


@pytest.mark.timeout(180)
async def test_the_asr_worker_of_a_real_call_is_killed(asterisk: AsteriskLab, asr_workers, tmp_path) -> None:
    """Workers alone decode; kill -9 on the one that has the caller: the call and its transcript go on with the other."""
    url, processes = asr_workers
    app = App(
        settings(
            tmp_path,
            asterisk.ami_port,
            pbx={"host": asterisk.host, "username": asterisk.lean_user, "secret": asterisk.secret},
            bus={"url": url},
            asr={"workers": "only"},
        )
    )
    await app.start()
    try:
        await app.link.wait_connected(10)
        workers = app.sound.speech.workers
        async with asyncio.timeout(60):
            while len(workers.alive()) < 2:
                await asyncio.sleep(0.1)
        caller_voice, agent_voice = voices()
        agent_token, _ = await login_tokens(app.auth, app.database, AGENT)
        await asterisk.agent(1, audio=agent_voice, on_call=answering(0.5))
        async with open_desk(app.url, agent_token) as desk:
            caller = await asterisk.trunk(audio=caller_voice)
            call = await caller.call(QUEUE_NUMBER, from_user=NUMBER)
            await desk.wait(heard_from("caller"), timeout_s=60, what="transcript of the caller")

            busiest = max(workers.alive(), key=lambda status: status.streams)
            assert busiest.streams
            victim = processes[int(busiest.worker_id.rpartition("-")[2])]
            victim.kill()
            victim.wait()
            said_ms = max(f.body["segment"]["end_ms"] for f in desk.frames if f.type == "transcript.segment")
            for speaker in ("caller", "agent"):
                later = heard_from(speaker, after_ms=said_ms)
                await desk.wait(later, timeout_s=60, what=f"the {speaker}'s words of later")
            assert busiest.worker_id not in {status.worker_id for status in workers.alive()}
            assert not any(frame.type == "transcript.unavailable" for frame in desk.frames)
            await call.bye()
    finally:
        await app.aclose()
