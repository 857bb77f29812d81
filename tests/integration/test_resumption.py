"""callcenter itself is killed in the middle of calls and comes back: one record, one draft, one pop each."""

from __future__ import annotations

import asyncio
from collections import Counter
from contextlib import asynccontextmanager

import pytest
from sqlalchemy import func, select

from callcenter.app import App
from callcenter.clock import SystemClock
from callcenter.config import Settings
from callcenter.features.demo.seed import seed
from callcenter.storage.database import Database
from callcenter.storage.tables import CallEventRow, CallRow, LegRow
from callcenter.telephony.simulator.call import SimulatedCall
from callcenter.telephony.simulator.pbx import SimulatedPbx
from tests.stage import AGENT, SECRET, Stage, killed_process, settings
from workorder.model.orders import WorkOrder

SECOND = "PJSIP/1002"
QUIET = {"tap": False}
PATIENCE_S = 20.0


@pytest.fixture
async def pbx():
    pbx = SimulatedPbx(secret=SECRET, queues={"support": (AGENT, SECOND)})
    await pbx.start()
    yield pbx
    await pbx.aclose()


@asynccontextmanager
async def second_process(config: Settings, pbx: SimulatedPbx):
    app = App(config)
    await app.start()
    try:
        await app.link.wait_connected(10)
        yield Stage(app, pbx)
    finally:
        await app.aclose()


async def until(database: Database, statement, wanted) -> None:
    """Wait until the first value of ``statement`` is ``wanted``."""
    found = None
    async with asyncio.timeout(PATIENCE_S):
        while found != wanted:
            await asyncio.sleep(0.05)
            async with database.read() as work:
                found = (await work.session.execute(statement)).scalar()


async def rows(database: Database, statement) -> list:
    async with database.read() as work:
        return list((await work.session.execute(statement)).scalars())


@pytest.fixture
async def plan(tmp_path, pbx, database_url):
    """The settings of both processes, and the database as the test reads it."""
    config = settings(tmp_path / "data", pbx.port, media=QUIET, storage={"url": database_url})
    database = await Database.open(database_url)
    await seed(database, now=SystemClock().now())
    yield config, database
    await database.aclose()


async def listening(pbx: SimulatedPbx) -> None:
    """A process has logged in."""
    async with asyncio.timeout(PATIENCE_S):
        while not any(session.logged_in for session in pbx.sessions):
            await asyncio.sleep(0.02)


async def on_desk(app: App) -> list[dict]:
    """The agent's calls, once the PBX has told them."""
    async with asyncio.timeout(PATIENCE_S):
        while not (calls := app.live_calls.snapshot(AGENT)["calls"]):
            await asyncio.sleep(0.02)
    return calls


ENDED = select(func.count()).select_from(CallRow).where(CallRow.ended_at.is_not(None))
ANSWERED = select(func.count()).select_from(LegRow).where(LegRow.answered_at.is_not(None))
DRAFTS = select(func.count()).select_from(WorkOrder).where(WorkOrder.call_id.is_not(None))
OFFERS = select(func.count()).select_from(LegRow)


async def test_a_call_goes_on_under_its_id_after_kill_9(plan, pbx, tmp_path):
    """The agent talks while callcenter dies and comes back: same record, same draft, the pop once, the end on record."""
    config, database = plan
    async with killed_process(config, tmp_path / "first.log"):
        await listening(pbx)
        call = await pbx.place_call(SimulatedCall(number="13800138000", interface=AGENT, ring_s=0.1))
        await call.answered.wait()
        await until(database, DRAFTS, 1)
        await until(database, ANSWERED, 1)
    (before,) = await rows(database, select(CallRow))
    (draft,) = await rows(database, select(WorkOrder).where(WorkOrder.call_id.is_not(None)))
    async with second_process(config, pbx) as stage:
        (shown,) = await on_desk(stage.app)
        async with stage.desk() as desk:
            await until(database, DRAFTS, 1)
            call.hang_up()
            await desk.wait(ended, timeout_s=PATIENCE_S, what="the end on the desk")
            assert [frame for frame in desk.frames if frame.type == "call.offered"] == []
        await until(database, ENDED, 1)
    assert (shown["call_id"], shown["customer"].name) == (before.call_id, "王建国")
    (after,) = await rows(database, select(CallRow))
    assert (after.call_id, after.linkedid) == (before.call_id, before.linkedid)
    assert (after.started_at, after.answered_at) == (before.started_at, before.answered_at)
    assert len(await rows(database, select(LegRow))) == 1
    (kept,) = await rows(database, select(WorkOrder).where(WorkOrder.call_id.is_not(None)))
    assert kept.order_id == draft.order_id
    told = Counter(await rows(database, select(CallEventRow.type)))
    assert [told[kind] for kind in ("arrived", "offered", "answered", "ended")] == [1, 1, 1, 1]


def ended(frame) -> bool:
    return frame.type == "call.updated" and frame.body["changes"].get("state") == "ended"


async def test_a_call_that_rings_pops_again_and_can_be_answered(plan, pbx, tmp_path):
    """Killed while it rings: after the restart the pop is there once, and answer and end belong to the same record."""
    config, database = plan
    async with killed_process(config, tmp_path / "first.log"):
        await listening(pbx)
        call = await pbx.place_call(SimulatedCall(number="13800138000", interface=AGENT, ring_s=None))
        await until(database, OFFERS, 1)
    (before,) = await rows(database, select(CallRow))
    async with second_process(config, pbx) as stage:
        (shown,) = await on_desk(stage.app)
        call.answer()
        await until(database, ANSWERED, 1)
        await until(database, DRAFTS, 1)
        call.hang_up()
        await until(database, ENDED, 1)
    assert (shown["call_id"], shown["state"]) == (before.call_id, "ringing")
    (after,) = await rows(database, select(CallRow))
    assert after.call_id == before.call_id
    (leg,) = await rows(database, select(LegRow))
    assert leg.answered_at is not None


async def test_a_call_that_ended_meanwhile_is_closed(plan, pbx, tmp_path):
    """Nobody saw its end: after the first look at the PBX it is ended and the time line says that nobody saw it."""
    config, database = plan
    async with killed_process(config, tmp_path / "first.log"):
        await listening(pbx)
        call = await pbx.place_call(SimulatedCall(number="13800138000", interface=AGENT, ring_s=0.1))
        await until(database, ANSWERED, 1)
    call.hang_up()
    await call.ended
    async with second_process(config, pbx) as stage:
        await until(database, ENDED, 1)
        assert stage.app.live_calls.snapshot(AGENT)["calls"] == []
    assert "ended_unseen" in await rows(database, select(CallEventRow.type))
    (leg,) = await rows(database, select(LegRow))
    assert leg.ended_at is not None


async def test_a_planned_restart_changes_nothing_either(plan, pbx):
    """The service is restarted (SIGTERM) in the middle of a call: the same as after a crash."""
    config, database = plan
    async with second_process(config, pbx):
        call = await pbx.place_call(SimulatedCall(number="13800138000", interface=AGENT, ring_s=0.1))
        await until(database, ANSWERED, 1)
        await until(database, DRAFTS, 1)
    (before,) = await rows(database, select(CallRow))
    async with second_process(config, pbx) as stage:
        await on_desk(stage.app)
        call.hang_up()
        await until(database, ENDED, 1)
    (after,) = await rows(database, select(CallRow))
    assert (after.call_id, after.started_at) == (before.call_id, before.started_at)
    assert len(await rows(database, select(WorkOrder.order_id).where(WorkOrder.call_id.is_not(None)))) == 1
