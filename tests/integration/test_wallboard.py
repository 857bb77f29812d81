"""The wallboard on the real application against the simulated PBX."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict

import pytest

from callcenter.features.demo.desk_client import Desk
from callcenter.telephony.simulator.call import SimulatedCall
from tests.stage import AGENT, Stage, running_stage
from workorder.services.sla_report import RunningOrders, running_orders
from workorder.uow import look

QUIET = {"media": {"tap": False}}


@pytest.fixture
async def stage(tmp_path):
    async with running_stage(tmp_path / "data", **QUIET) as stage:
        yield stage


async def wall(desk: Desk, wanted: Callable[[dict], bool], what: str) -> dict:
    """The first wallboard frame like that, past or coming."""
    frame = await desk.wait(lambda f: f.type == "wallboard" and wanted(f.body), timeout_s=10, what=what)
    return frame.body


def states(body: dict) -> list[str]:
    return [call["state"] for call in body["calls"]]


async def test_the_wall_follows_a_call(stage):
    """Ringing, talking with its agent named, over and counted: all pushed, none of it to the agent's own desk."""
    async with stage.desk() as agent, stage.desk(None) as supervisor:
        call = await stage.pbx.place_call(SimulatedCall(number="13800138000", interface=AGENT, ring_s=None))
        ringing = await wall(supervisor, lambda w: states(w) == ["ringing"], "ringing call")
        assert (ringing["calls"][0]["queue"], ringing["calls"][0]["interfaces"]) == ("support", [AGENT])
        call.answer()
        talking = await wall(supervisor, lambda w: states(w) == ["talking"], "talking call")
        busy = next(one for one in talking["agents"] if one["interface"] == AGENT)
        assert (busy["state"], busy["call_id"]) == ("on_call", talking["calls"][0]["call_id"])
        call.hang_up()
        over = await wall(supervisor, lambda w: w["today"]["answered"] == 1 and not w["calls"], "end")
        assert (over["today"]["offered"], over["today"]["service_level"]) == (1, 1.0)
        assert over["pbx"]["connected"] is True
        assert "wallboard" not in {frame.type for frame in agent.frames}


async def test_agents_get_their_names(stage):
    """Users added while we run are named on the wall without a restart."""
    async with stage.desk(None) as supervisor, stage.desk("PJSIP/1002"):
        wanted = {"PJSIP/1001": "陈静", "PJSIP/1002": "Agent 1002"}
        await wall(supervisor, lambda w: wanted.items() <= names(w).items(), "named agents")


def names(body: dict) -> dict[str, str | None]:
    return {one["interface"]: one["display_name"] for one in body["agents"]}


async def test_a_gap_is_on_the_wall_and_in_the_calls_it_touched(tmp_path):
    """The link is cut under a call that goes on: wall and call detail show the outage, and nobody pops twice."""
    patient = {"pbx": {"reconnect_min_s": 1.0, "reconnect_max_s": 1.0}, **QUIET}
    async with running_stage(tmp_path, **patient) as stage, stage.desk() as agent, stage.desk(None) as supervisor:
        call = await stage.pbx.place_call(SimulatedCall(number="13800138000", interface=AGENT, ring_s=None))
        call.answer()
        await wall(supervisor, lambda w: states(w) == ["talking"], "talking call")
        stage.pbx.cut_mid_message()
        down = await wall(supervisor, lambda w: not w["pbx"]["connected"] and w["calls"], "link down")
        assert states(down) == ["talking"]
        begun = await stage.pbx.place_call(SimulatedCall(number="13900001111", interface="PJSIP/1002", ring_s=0))
        await begun.answered.wait()
        back = await wall(supervisor, lambda w: w["gaps"] and len(w["calls"]) == 2, "gap")
        (gap,) = back["gaps"]
        assert gap["since"] < gap["until"]
        assert (gap["calls_reconstructed"], gap["calls_ended_unseen"]) == (1, 0)
        assert (back["pbx"]["connected"], states(back)) == (True, ["talking", "talking"])
        call.hang_up()
        begun.hang_up()
        over = await wall(supervisor, lambda w: w["gaps"] and not w["calls"], "end")
        assert over["today"]["answered"] == 2
        pops = [frame.body["call"]["call_id"] for frame in agent.frames if frame.type == "call.offered"]
        assert len(pops) == 1
        detail = await ended(supervisor, pops[0])
        assert len(detail["gaps"]) == 1


async def ended(desk: Desk, call_id: str) -> dict:
    """The call's detail once its end is written."""
    async with asyncio.timeout(10):
        while not (detail := await desk.request("GET", f"/api/calls/{call_id}"))["ended_at"] or not detail["gaps"]:
            await asyncio.sleep(0.05)
    return detail


async def test_today_goes_on_after_a_restart(tmp_path):
    """Counts, gaps and transcripts of before are read once at the start, and new calls add to them."""
    async with running_stage(tmp_path, **QUIET) as stage:
        for abandon_after_s in (None, 0.1):
            ring_s = 0.1 if abandon_after_s is None else 30
            spec = SimulatedCall(number=None, ring_s=ring_s, talk_s=0.1, abandon_after_s=abandon_after_s)
            await (await stage.pbx.place_call(spec)).ended
        await stage.pbx.restart()
        async with stage.desk(None) as supervisor:
            before = await wall(supervisor, lambda w: w["gaps"], "gap")
    assert (before["today"]["offered"], before["today"]["answered"], before["today"]["abandoned"]) == (2, 1, 1)
    async with running_stage(tmp_path, **QUIET) as stage, stage.desk(None) as supervisor:
        after = await wall(supervisor, lambda w: w["today"]["offered"] == 2, "snapshot")
        assert (after["today"]["answered"], after["today"]["abandoned"]) == (1, 1)
        assert after["gaps"] == before["gaps"]
        assert after["transcripts"] == {"live": 0, "complete": 0, "failed": 0, "none": 1}
        call = await stage.pbx.place_call(SimulatedCall(number="13800138000", interface=AGENT, ring_s=0.1, talk_s=0.1))
        await call.ended
        await wall(supervisor, lambda w: w["today"]["answered"] == 2, "one more")


async def test_the_wall_counts_orders_by_their_clock(stage):
    """A new order is on the clock; when it waits for parts it is among the paused ones: both without a reload."""
    async with stage.desk(None) as supervisor:
        listed = await supervisor.request("GET", "/api/work-orders?status=created")
        before = await counted(stage)
        for action in ("dispatch", "accept", "wait_for_parts"):
            await move(supervisor, listed["items"][0]["order_id"], action)
        after = await counted(stage)
        assert (after.running, after.paused) == (before.running - 1, before.paused + 1)
        await wall(supervisor, lambda w: w["orders"] == asdict(after), "orders as they are in the database")


async def counted(stage: Stage) -> RunningOrders:
    async with stage.app.database.read() as work:
        return await look(work.session, running_orders, now=stage.app.clock.now())


async def move(desk: Desk, order_id: str, action: str) -> None:
    path = f"/api/work-orders/{order_id}"
    order = await desk.request("GET", path)
    body = {"action": action, "reason": "缺压缩机"}
    await desk.request("POST", f"{path}/moves", body, version=order["edit_version"])
