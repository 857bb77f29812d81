"""Who is calling, and whether it is about something in hand: the application with words put on its bus."""

from __future__ import annotations

import asyncio
import json

import pytest

from asr.events import Final, Word
from callcenter.features.live_catalogue import export
from callcenter.ids import new_id
from callcenter.media.events import SegmentHeard, Speaker
from callcenter.storage import call_log
from callcenter.telephony.simulator.call import SimulatedCall
from tests.stage import AGENT, running_stage

QUIET = {"media": {"tap": False}, "asr": {"engine": "off"}}
INTRODUCTION = (
    (Speaker.CALLER, "你好，空调坏了"),
    (Speaker.AGENT, "请问您贵姓？"),
    (Speaker.CALLER, "免贵姓汪，叫汪剑国"),
    (Speaker.AGENT, "地址是哪里？"),
    (Speaker.CALLER, "杭州市西湖区文三路二百八十八号"),
)


@pytest.fixture
async def stage(tmp_path):
    async with running_stage(tmp_path / "data", **QUIET) as stage:
        yield stage


class Line:
    """An answered call on the agent's desk, and words put into the caller's mouth."""

    def __init__(self, stage, desk, call):
        self.stage, self.desk, self.call, self.said = stage, desk, call, 0

    @property
    def call_id(self):
        return self.call["call_id"]

    async def say(self, text, speaker=Speaker.CALLER):
        self.said += 2000
        self.stage.app.bus.publish(
            SegmentHeard(
                at=self.stage.app.clock.now(),
                call_id=self.call_id,
                segment_id=new_id(),
                speaker=speaker,
                start_ms=self.said,
                end_ms=self.said + 1500,
                text=text,
                confidence=0.9,
            )
        )
        await self.stage.app.bus.drain()

    async def order(self, wanted, what):
        """The first state of the call's order that ``wanted`` accepts."""
        frame = await self.desk.wait(
            lambda f: f.type == "order.updated" and wanted(f.body["order"]), timeout_s=15, what=what
        )
        return frame.body["order"]

    async def update(self, wanted, what):
        """The first change of the call that ``wanted`` accepts."""
        frame = await self.desk.wait(
            lambda f: f.type == "call.updated" and wanted(f.body["changes"]), timeout_s=15, what=what
        )
        return frame.body["changes"]


async def answered(stage, desk, number):
    await stage.pbx.place_call(SimulatedCall(number=number, interface=AGENT, ring_s=0.05, talk_s=120))
    call = (await desk.wait(lambda f: f.type == "call.offered", timeout_s=10, what="pop")).body["call"]
    line = Line(stage, desk, call)
    await line.update(lambda changes: changes.get("state") == "talking", "answer")
    await recorded(stage, line.call_id)
    return line


async def recorded(stage, call_id):
    """Return once the answered call is in the database: people are slower than its writer, this test is not."""
    async with asyncio.timeout(10):
        while True:
            async with stage.app.database.read() as work:
                if await call_log.offered_to(work.session, call_id, user_id=None, interface=AGENT):
                    return
            await asyncio.sleep(0.02)


async def test_a_hidden_caller_is_found_by_what_they_say(stage):
    """Name and address heard with other characters bring the customer up; picked, they own call and draft."""
    async with stage.desk() as desk:
        line = await answered(stage, desk, None)
        assert line.call["candidates"] == []
        for speaker, words in INTRODUCTION:
            await line.say(words, speaker)
        changes = await line.update(lambda changes: changes.get("candidates"), "candidates")
        best = changes["candidates"][0]
        assert (changes["customer"], best["name"]) == (None, "王建国")
        await line.order(lambda order: "address" in order["fields"], "draft")

        answer = await desk.request("POST", f"/api/calls/{line.call_id}/customer", {"customer_id": best["customer_id"]})
        assert [order["customer_id"] for order in answer["orders"]] == [best["customer_id"]]
        known = await line.update(lambda changes: changes.get("customer"), "customer")
        assert (known["customer"]["name"], known["candidates"]) == ("王建国", [])
        repaired = await line.order(
            lambda order: order["fields"].get("customer_name", {}).get("value") == "王建国", "the name as on file"
        )
        assert repaired["customer_id"] == best["customer_id"]
        # The call's record is written behind the call, in batches.
        async with asyncio.timeout(10):
            while (await desk.request("GET", f"/api/calls/{line.call_id}"))["customer_name"] != "王建国":
                await asyncio.sleep(0.1)


async def test_a_call_about_an_open_order_says_so(stage):
    """The same appliance as an order in hand raises an alert with number and status; what to make of it is the agent's."""
    async with stage.desk() as desk:
        line = await answered(stage, desk, "18012340018")
        open_order = line.call["customer"]["open_orders"][0]
        await line.say("你好，我家苏泊尔电饭煲不加热，想报修")
        order = await line.order(lambda order: order["alerts"], "alert")
        assert [alert["kind"] for alert in order["alerts"]] == ["repeat"]
        assert f"{open_order['number']}（已建单）" in order["alerts"][0]["display"]
        assert order["fields"]["service_type"]["value"] != "progress"


async def test_names_in_the_record_of_a_known_caller_are_put_right_in_their_call(stage):
    """闻三路 is the 文三路 of the caller whom the pop knows; in another call it stays what was heard."""
    words = tuple(Word(c, i * 300, i * 300 + 300, 0.6) for i, c in enumerate("住在闻三路"))
    street = Final("住在闻三路", 0, 1500, words, 0.6)
    async with stage.desk() as desk:
        line = await answered(stage, desk, "13800138000")
        heard = stage.app.sound.transcriber.as_event(street, line.call_id, Speaker.CALLER, 0)
        assert [name.name for name in heard.names] == ["文三路"]
        assert heard.text == street.text
        assert stage.app.sound.transcriber.as_event(street, "another call", Speaker.CALLER, 0).names == ()


async def test_an_edited_catalogue_is_in_force_for_the_next_call(stage):
    """A new brand in data_dir/catalogue is heard on the next call; a broken file changes nothing."""
    folder = stage.app.settings.data_dir / "catalogue"
    export(folder)
    brands = json.loads((folder / "brands.json").read_text("utf-8"))
    (folder / "brands.json").write_text(json.dumps({**brands, "晨星": {"aliases": ["晨星牌"]}}), "utf-8")
    async with stage.desk() as desk:
        line = await answered(stage, desk, None)
        await line.say("我家晨星牌冰箱不制冷")
        await line.order(lambda order: order["fields"].get("brand", {}).get("value") == "晨星", "the new brand")
        assert "晨星" in (await desk.request("GET", "/api/catalogue"))["brands"]
    (folder / "brands.json").write_text("{", "utf-8")
    await stage.app.catalogue.refresh()
    assert "晨星" in stage.app.catalogue.view()["brands"]
