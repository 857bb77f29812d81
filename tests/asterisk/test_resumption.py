"""callcenter is killed in the middle of a real call on a real Asterisk, and comes back."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select

from callcenter.app import App
from callcenter.clock import SystemClock
from callcenter.features.demo.desk_client import open_desk
from callcenter.features.demo.seed import seed
from callcenter.features.demo.users import login_tokens
from callcenter.storage.database import Database
from callcenter.storage.tables import CallRow, LegRow, RecordingRow
from tests.asterisk.lab.asterisk import QUEUE_NUMBER, AsteriskLab, answering
from tests.stage import AGENT, killed_process, settings
from workorder.model.orders import WorkOrder

NUMBER = "13800138000"
TONE = bytes(range(256)) * 4
PATIENCE_S = 30.0


async def until(database: Database, statement) -> list:
    """The rows of ``statement``, once there are any."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            async with database.read() as work:
                if found := list((await work.session.execute(statement)).scalars()):
                    return found
            await asyncio.sleep(0.1)


@pytest.mark.timeout(180)
async def test_a_real_call_survives_kill_9_of_callcenter(asterisk: AsteriskLab, tmp_path) -> None:
    """One record, one leg, one draft, one recording over both halves; the desk shows the call once, until it ends."""
    config = settings(
        tmp_path / "data",
        asterisk.ami_port,
        pbx={"host": asterisk.host, "username": asterisk.lean_user, "secret": asterisk.secret},
        asr={"engine": "off"},
    )
    (tmp_path / "data").mkdir()
    database = await Database.open(config.database_url())
    await database.upgrade()
    await seed(database, now=SystemClock().now())
    await asterisk.agent(1, audio=TONE, on_call=answering(0.2))
    async with killed_process(config, tmp_path / "first.log"):
        async with asyncio.timeout(PATIENCE_S):
            while asterisk.lean_user not in asterisk.cli("manager show connected"):
                await asyncio.sleep(0.2)
        caller = await asterisk.trunk(audio=TONE)
        call = await caller.call(QUEUE_NUMBER, from_user=NUMBER)
        (before,) = await until(database, select(CallRow).where(CallRow.audio_started_at.is_not(None)))
        (draft,) = await until(database, select(WorkOrder.order_id).where(WorkOrder.call_id.is_not(None)))
        await asyncio.sleep(2.0)  # of sound to keep
    app = App(config)
    await app.start()
    try:
        await app.link.wait_connected(10)
        async with asyncio.timeout(PATIENCE_S):
            while not app.live_calls.snapshot(AGENT)["calls"]:
                await asyncio.sleep(0.05)
        agent_token, _ = await login_tokens(app.auth, app.database, AGENT)
        async with open_desk(app.url, agent_token) as desk:
            shown = await desk.wait(lambda f: f.type == "snapshot", timeout_s=10, what="snapshot")
            assert [(one["call_id"], one["state"]) for one in shown.body["calls"]] == [(before.call_id, "talking")]
            await asyncio.sleep(2.0)  # of sound after the restart
            await call.bye()
            await desk.wait(
                lambda f: f.type == "call.updated" and f.body["changes"].get("state") == "ended",
                timeout_s=10,
                what="end",
            )
            assert [frame for frame in desk.frames if frame.type == "call.offered"] == []
        (recording,) = await until(database, select(RecordingRow))
    finally:
        await app.aclose()
    (after,) = await until(database, select(CallRow))
    assert (after.call_id, after.started_at, after.audio_started_at) == (
        before.call_id,
        before.started_at,
        before.audio_started_at,
    )
    assert len(await until(database, select(LegRow))) == 1
    assert await until(database, select(WorkOrder.order_id).where(WorkOrder.call_id.is_not(None))) == [draft]
    talked_ms = (after.ended_at - after.audio_started_at).total_seconds() * 1000
    assert (recording.call_id, recording.duration_ms) == (before.call_id, pytest.approx(talked_ms, abs=1500))
    await database.aclose()
