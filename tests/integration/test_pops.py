"""Pops that can be trusted: they vanish, survive, follow and agree, on the real application."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest

from callcenter.errors import Unavailable
from callcenter.features.demo.desk_client import Desk
from callcenter.telephony.simulator.call import PlacedCall, SimulatedCall
from tests.stage import AGENT, running_stage

SECOND = "PJSIP/1002"
PATIENCE_S = 10.0


@pytest.fixture
async def stage(tmp_path):
    async with running_stage(tmp_path / "data", media={"tap": False}) as stage:
        yield stage


class Tab:
    """One more tab of a browser that is logged in: its own socket, which can also speak."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket
        self.frames: list[dict] = []

    async def say(self, **frame: object) -> None:
        await self.socket.send_json(frame)

    async def until(self, kind: str, **wanted: object) -> dict:
        """The next frame of this kind with these values, past or coming."""
        for frame in self.frames:
            if matches(frame, kind, wanted):
                return frame
        async with asyncio.timeout(PATIENCE_S):
            while True:
                self.frames.append(await self.socket.receive_json())
                if matches(self.frames[-1], kind, wanted):
                    return self.frames[-1]

    def orders(self) -> list[dict]:
        """The draft as it was told, each time it changed."""
        return [frame["order"] for frame in self.frames if frame["type"] == "order.updated"]

    async def until_order(self, **fields: str) -> dict:
        """The draft once its fields have these values."""
        while not (found := [one for one in self.orders() if valued(one, fields)]):
            async with asyncio.timeout(PATIENCE_S):
                self.frames.append(await self.socket.receive_json())
        return found[0]

    async def synced(self) -> list[tuple[str, str | None]]:
        """(type, call) of everything it was sent about calls until now, snapshot left out."""
        at = time.time()
        await self.say(type="ping", t=at)
        await self.until("pong", t=at)
        calls = [(frame["type"], frame.get("call", frame).get("call_id")) for frame in self.frames]
        return [(kind, call_id) for kind, call_id in calls if call_id]


def valued(order: dict, fields: dict[str, str]) -> bool:
    return all(order["fields"].get(name, {}).get("value") == value for name, value in fields.items())


def matches(frame: dict, kind: str, wanted: dict[str, object]) -> bool:
    inner = frame | frame.get("changes", {})
    return frame["type"] == kind and all(inner.get(name) == value for name, value in wanted.items())


@asynccontextmanager
async def tab(desk: Desk) -> AsyncIterator[Tab]:
    async with desk.http.ws_connect(f"{desk.base_url}/api/agent/socket", origin=desk.base_url) as socket:
        one = Tab(socket)
        await one.until("snapshot")
        yield one


async def ring(stage, **more: object) -> PlacedCall:
    """A known customer calls; the call rings until it is answered."""
    return await stage.pbx.place_call(
        SimulatedCall(number="13800138000", **{"interface": AGENT, "ring_s": None, **more})
    )


def shown(frame: dict) -> dict[str, str]:
    """Call → state in a snapshot."""
    return {call["call_id"]: call["state"] for call in frame["calls"]}


async def test_a_pop_answered_elsewhere_vanishes(stage):
    """A ringall queue: both devices pop, one answers; the other's tabs close it and a fresh tab never shows it."""
    async with (
        stage.desk(AGENT) as mine,
        stage.desk(SECOND) as hers,
        tab(mine) as one,
        tab(mine) as two,
        tab(hers) as her,
    ):
        call = await ring(stage, interface=SECOND, also_ring=(AGENT,))
        pops = [await each.until("call.offered") for each in (one, two, her)]
        call_id = pops[0]["call"]["call_id"]
        assert {pop["call"]["call_id"] for pop in pops} == {call_id}
        call.answer()
        for each in (one, two):
            closed = await each.until("call.closed", call_id=call_id)
            assert closed["reason"] == "answered_elsewhere"
        await her.until("call.updated", state="talking")
        async with tab(mine) as fresh:
            assert shown(fresh.frames[0]) == {}
        async with tab(hers) as fresh:
            assert shown(fresh.frames[0]) == {call_id: "talking"}


async def test_two_tabs_are_told_the_same(stage):
    """Through ring, answer, hold, end and putting away, both tabs get the same frames in the same order."""
    async with stage.desk() as desk, tab(desk) as one, tab(desk) as two:
        call = await ring(stage)
        call_id = (await one.until("call.offered"))["call"]["call_id"]
        call.answer()
        await one.until("call.updated", state="talking")
        call.hold()
        await one.until("call.updated", state="held")
        call.resume()
        call.hang_up()
        await two.until("call.updated", state="ended")
        await two.say(type="call.done", call_id=call_id)
        assert (await one.until("call.closed", call_id=call_id))["reason"] == "done"
        assert await one.synced() == await two.synced()


async def draft_of(desk: Desk, tab: Tab) -> dict:
    """The draft of the call that was answered, as it is stored."""
    order_id = (await tab.until("order.updated"))["order"]["order_id"]
    return await desk.request("GET", f"/api/work-orders/{order_id}")


async def test_two_computers_of_one_agent_stay_in_step(stage):
    """One agent logged in twice has the same call, draft and end on every page, a new one included."""
    async with (
        stage.desk() as office,
        stage.desk() as tablet,
        tab(office) as one,
        tab(office) as two,
        tab(tablet) as three,
    ):
        call = await ring(stage)
        pops = [(await page.until("call.offered"))["call"] for page in (one, two, three)]
        assert pops[0] == pops[1] == pops[2]
        call.answer()
        draft = await draft_of(tablet, three)
        path, typed = f"/api/work-orders/{draft['order_id']}", {"fields": {"model": "KFR-35GW"}}
        saved = await tablet.request("PATCH", path, typed, version=draft["edit_version"])
        for page in (one, two, three):
            updated = await page.until_order(model="KFR-35GW")
            assert updated["edit_version"] == saved["edit_version"]
        async with tab(office) as fresh:
            (shown_again,) = fresh.frames[0]["calls"]
            assert shown_again["state"] == "talking"
            assert shown_again["orders"] == [updated]
        call.hang_up()
        await one.until("call.updated", state="ended")
        await one.say(type="call.done", call_id=pops[0]["call_id"])
        for page in (one, two, three):
            assert (await page.until("call.closed"))["reason"] == "done"
        told = [await page.synced() for page in (one, two, three)]
        assert told[0] == told[1] == told[2]


async def test_an_edit_made_on_an_old_version_changes_no_page(stage):
    """Two pages write the same field: the later one is refused by its old version, and all pages keep the first."""
    async with stage.desk() as office, stage.desk() as tablet, tab(office) as one, tab(tablet) as two:
        (await ring(stage)).answer()
        draft = await draft_of(office, one)
        path, version = f"/api/work-orders/{draft['order_id']}", draft["edit_version"]
        await office.request("PATCH", path, {"fields": {"model": "FIRST"}}, version=version)
        with pytest.raises(Unavailable, match="412"):
            await tablet.request("PATCH", path, {"fields": {"model": "SECOND"}}, version=version)
        for page in (one, two):
            await page.until_order(model="FIRST")
            await page.synced()
            assert page.orders()[-1]["fields"]["model"]["value"] == "FIRST"


async def test_two_devices_have_their_own_calls(stage):
    """Calls at two devices at once: each desk has its own and nothing of the other's."""
    async with stage.desk(AGENT) as mine, stage.desk(SECOND) as hers, tab(mine) as one, tab(hers) as her:
        first, second = await ring(stage), await ring(stage, interface=SECOND)
        my_id = (await one.until("call.offered"))["call"]["call_id"]
        her_id = (await her.until("call.offered"))["call"]["call_id"]
        first.answer()
        second.hang_up()
        await one.until("call.updated", state="talking")
        await her.until("call.closed", call_id=her_id)
        assert {call_id for _, call_id in await one.synced()} == {my_id}
        assert {call_id for _, call_id in await her.synced()} == {her_id}


async def test_a_reload_in_the_middle_of_a_call_restores_it(stage):
    """The new page has the call as the old one had it: same call, customer, times, and still held."""
    async with stage.desk() as desk:
        async with tab(desk) as old:
            call = await ring(stage)
            offered = (await old.until("call.offered"))["call"]
            call.answer()
            answered = await old.until("call.updated", state="talking")
            call.hold()
            await old.until("call.updated", state="held")
        async with tab(desk) as new:
            (restored,) = new.frames[0]["calls"]
            same = ("call_id", "customer", "number", "queue", "offered_at", "pop_sent_at")
            assert [restored[name] for name in same] == [offered[name] for name in same]
            assert (restored["state"], restored["answered_at"]) == ("held", answered["changes"]["answered_at"])
            call.resume()
            await new.until("call.updated", state="talking")


async def test_a_tab_that_was_cut_off_learns_what_it_missed(stage):
    """Answered and over while the socket was lost: the snapshot shows the call ended, its successor ringing."""
    async with stage.desk() as desk:
        async with tab(desk) as old:
            call = await ring(stage)
            first = (await old.until("call.offered"))["call"]["call_id"]
            await old.socket.close()
        call.answer()
        call.hang_up()
        await call.ended
        await ring(stage)
        await desk.wait(
            lambda f: f.type == "call.offered" and f.body["call"]["call_id"] != first, timeout_s=10, what="pop"
        )
        async with tab(desk) as new:
            states = shown(new.frames[0])
            assert states.pop(first) == "ended"
            assert list(states.values()) == ["ringing"]


async def test_paint_is_reported_once_per_pop(stage):
    """Two tabs tell of the same pop: /metrics and the wallboard count one, with the time of the first."""
    async with stage.desk() as desk, stage.desk(None) as supervisor, tab(desk) as one, tab(desk) as two:
        await ring(stage)
        call = (await one.until("call.offered"))["call"]
        offered_ms = stage.app.live_calls.snapshot(AGENT)["calls"][0]["offered_at"]
        assert offered_ms == call["offered_at"]
        for each, after_ms in ((one, 120), (two, 450)):
            at_ms = 1000 * parse_s(call["offered_at"]) + after_ms
            await each.say(type="pop.painted", call_id=call["call_id"], painted_at=at_ms)
            await each.synced()
        pops = (await supervisor.request("GET", "/api/wallboard"))["pops"]
        assert (pops["painted"]["count"], pops["sent"]["count"]) == (1, 1)
        # The offer is shown to the millisecond and known to the microsecond.
        assert pops["painted"]["p50_ms"] == pytest.approx(120, abs=1)
        async with desk.http.get(f"{desk.base_url}/metrics") as response:
            text = await response.text()
        assert 'callcenter_pop_seconds_count{stage="painted"} 1.0' in text
        assert 'callcenter_pop_seconds_bucket{le="0.2",stage="painted"} 1.0' in text


def parse_s(iso: str) -> float:
    from datetime import datetime

    return datetime.fromisoformat(iso).timestamp()
