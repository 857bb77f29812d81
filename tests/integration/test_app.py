"""The whole application against the simulated PBX: pops, and what happens when something is missing or broken."""

from __future__ import annotations

import asyncio
import shutil
import socket
from pathlib import Path

import pytest

from asr.models import Registry
from callcenter.app import App
from callcenter.errors import CallcenterError, Conflict, Unavailable
from callcenter.features.demo.schedule import CALLS
from callcenter.processes import run
from callcenter.storage.caller_cards import SqliteCards
from callcenter.storage.relay import Relay
from callcenter.telephony.simulator.call import SimulatedCall
from callcenter.telephony.simulator.pbx import SimulatedPbx
from tests.imap_server import ImapServer
from tests.stage import AGENT, SECRET, running_stage, settings

QUIET = {"media": {"tap": False}}


def offered(frame):
    return frame.type == "call.offered"


def closed(frame):
    return frame.type == "call.closed"


@pytest.fixture
async def stage(tmp_path):
    async with running_stage(tmp_path / "data", **QUIET) as stage:
        yield stage


async def test_a_known_caller_pops_with_everything_on_file(stage):
    """The pop has name, level, address, appliances with warranty, and orders."""
    async with stage.desk() as desk:
        await stage.pbx.place_call(SimulatedCall(number="13800138000", interface=AGENT, ring_s=30))
        call = (await desk.wait(offered, timeout_s=5, what="pop")).body["call"]
        card = call["customer"]
        assert (card["name"], card["level"]) == ("王建国", "vip")
        assert "西湖区" in card["addresses"][0]["display"]
        assert {(asset["appliance"], asset["warranty"]) for asset in card["assets"]} == {
            ("空调", "in"),
            ("冰箱", "out"),
        }
        assert card["order_count"] == 4
        assert [order["status"] for order in card["open_orders"]] == ["created"]
        assert len(card["past_orders"]) == 3


@pytest.mark.parametrize(
    "number", [None, "13900001111", "anonymous", "12345678901234567890", "'; DROP TABLE calls; --"]
)
async def test_hidden_unknown_and_hostile_numbers_pop_as_unknown(stage, number):
    """Whatever the caller ID is, the agent gets a pop without a customer, and the call is on record."""
    async with stage.desk() as desk:
        placed = await stage.pbx.place_call(
            SimulatedCall(number=number, interface=AGENT, ring_s=30, abandon_after_s=0.3)
        )
        call = (await desk.wait(offered, timeout_s=5, what="pop")).body["call"]
        assert call["customer"] is None
        await placed.ended
        assert (await desk.wait(closed, timeout_s=5, what="close")).body["reason"] == "caller_abandoned"
        await stage.app.bus.drain()
        async with asyncio.timeout(5):
            while not (page := await desk.request("GET", "/api/calls"))["items"]:
                await asyncio.sleep(0.05)
        assert page["items"][0]["call_id"] == call["call_id"]


async def test_quick_create_makes_the_next_call_known(stage):
    """A customer put on file during a call is recognised when calling again."""
    async with stage.desk() as desk:
        await desk.request("POST", "/api/customers", {"name": "新客户", "phone": "139 0000 1111"})
        await stage.pbx.place_call(SimulatedCall(number="13900001111", interface=AGENT, ring_s=30))
        call = (await desk.wait(offered, timeout_s=5, what="pop")).body["call"]
        assert call["customer"]["name"] == "新客户"


async def test_a_reloaded_desk_still_shows_the_call(stage):
    """A second login of the same agent gets the ringing call in its snapshot."""
    async with stage.desk() as first:
        await stage.pbx.place_call(SimulatedCall(number="13800138000", interface=AGENT, ring_s=30))
        call_id = (await first.wait(offered, timeout_s=5, what="pop")).body["call"]["call_id"]
        async with stage.desk() as second:
            assert [call["call_id"] for call in second.frames[0].body["calls"]] == [call_id]


async def test_calls_go_on_when_the_pbx_restarts(stage):
    """After the PBX came back the next call pops; the outage is on record as a gap."""
    async with stage.desk() as desk:
        await stage.pbx.restart()
        await desk.wait(lambda f: f.type == "pbx.link" and not f.body["connected"], timeout_s=5, what="link lost")
        await stage.app.link.wait_connected(10)
        await stage.pbx.place_call(SimulatedCall(number="13800138000", interface=AGENT, ring_s=30))
        await desk.wait(offered, timeout_s=5, what="pop")


async def test_saved_orders_are_there_after_a_restart(tmp_path):
    """An order created before the end of the process is in the list of the next one."""
    async with running_stage(tmp_path, **QUIET) as stage, stage.desk() as desk:
        fields = {"service_type": "enquiry", "contact_phone": "13800138000"}
        draft = await desk.request("POST", "/api/work-orders", {"fields": fields})
        saved = await desk.request(
            "POST", f"/api/work-orders/{draft['order_id']}/create", {}, version=draft["edit_version"]
        )
    async with running_stage(tmp_path, **QUIET) as stage, stage.desk() as desk:
        found = await desk.request("GET", f"/api/work-orders?number={saved['number']}")
        assert [order["order_id"] for order in found["items"]] == [saved["order_id"]]


async def ready(app: App, checked: str) -> dict:
    import aiohttp

    async with aiohttp.ClientSession() as http, http.get(app.url + "/readyz") as response:
        body = await response.json()
        assert response.status == (200 if all(c["ok"] for c in body["checks"].values()) else 503)
        return body["checks"][checked]


async def started(data: Path, **changes) -> App:
    app = App(settings(data, changes.pop("ami_port", 1), **changes))
    await app.start()
    return app


async def test_a_pbx_that_is_down_at_start_degrades(tmp_path):
    """The desks are served, /readyz names the PBX, and when it comes up the link is there by itself."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    app = await started(tmp_path, ami_port=port, **QUIET)
    pbx = SimulatedPbx(port=port, secret=SECRET)
    try:
        assert not (await ready(app, "pbx"))["ok"]
        await pbx.start()
        await app.link.wait_connected(10)
        assert (await ready(app, "pbx"))["ok"]
    finally:
        await app.aclose()
        await pbx.aclose()


async def test_a_wrong_secret_is_said_as_such(tmp_path):
    """/readyz repeats the PBX's refusal, without the secret."""
    pbx = SimulatedPbx(secret="right")
    await pbx.start()
    app = await started(tmp_path, ami_port=pbx.port, pbx={"secret": "wrong-one"}, **QUIET)
    try:
        async with asyncio.timeout(10):
            while "login" not in (check := await ready(app, "pbx"))["message"]:
                await asyncio.sleep(0.05)
        assert "Authentication failed" in check["message"]
        assert "wrong-one" not in str(check)
    finally:
        await app.aclose()
        await pbx.aclose()


async def by_mail(desk) -> list[dict]:
    found = await desk.request("GET", "/api/work-orders")
    return [order for order in found["items"] if order["channel"] == "email"]


async def test_unread_mails_become_reports_and_a_mailbox_that_is_away_stops_nothing(tmp_path):
    """The running call centre takes them by itself; a refused login is named by /readyz, and the desks are served."""
    (tmp_path / "password").write_text("s3cret", encoding="utf-8")
    text = (
        "From: wang@example.com\r\nMessage-ID: <m1@x>\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n空调不制冷\r\n"
    )
    async with ImapServer() as server:
        server.post(text.encode())
        mailbox = {"host": "127.0.0.1", "port": server.port, "security": "none", "username": "desk"}
        intake = {"mailbox": {**mailbox, "password_file": tmp_path / "password"}}
        async with running_stage(tmp_path / "data", intake=intake, **QUIET) as stage, stage.desk() as desk:
            async with asyncio.timeout(10):
                while server.flags() != [{r"\Seen"}]:
                    await asyncio.sleep(0.05)
            (order,) = await by_mail(desk)
            assert (order["status"], order["fields"]["appliance"]["value"]) == ("draft", "空调")
        server.password = "another"
        async with running_stage(tmp_path / "data", intake=intake, **QUIET) as stage, stage.desk() as desk:
            async with asyncio.timeout(10):
                while "login" not in (check := await ready(stage.app, "mailbox"))["message"]:
                    await asyncio.sleep(0.05)
            assert check["ok"]
            assert len(await by_mail(desk)) == 1


@pytest.mark.parametrize("broken", ["missing", "corrupt"])
async def test_without_a_usable_model_calls_pop_without_transcript(tmp_path, broken):
    """A missing or cut model: /readyz says what to do, the agent is told that there is no transcript, the call goes on."""
    model = tmp_path / "models" / "zh-broken"
    if broken == "corrupt":
        shutil.copytree(Registry().path("zh-demo"), model)
        (model / "am" / "final.mdl").write_bytes(b"cut")
    async with running_stage(tmp_path / "data", asr={"model": str(model)}) as stage:
        check = await ready(stage.app, "model")
        assert not check["ok"]
        assert check["fix"]
        async with stage.desk() as desk:
            await stage.pbx.place_call(
                SimulatedCall(number="13800138000", interface=AGENT, ring_s=0.2, talk_s=3, audio=CALLS[0].audio)
            )
            await desk.wait(offered, timeout_s=5, what="pop")
            gone = await desk.wait(lambda f: f.type == "transcript.unavailable", timeout_s=10, what="no transcript")
            assert gone.body["reason"] == "no_model"


async def test_a_taken_web_port_stops_the_start(tmp_path):
    """The message names the port and what to set."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Unavailable, match=r"web\.port"):
            await started(tmp_path, web={"port": taken.getsockname()[1]}, **QUIET)


async def test_a_taken_audio_port_degrades(tmp_path):
    """Without its AudioSocket port there are pops and no transcripts, and /readyz says so."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        app = await started(tmp_path, media={"port": taken.getsockname()[1]}, asr={"engine": "off"})
        try:
            assert not (await ready(app, "audio"))["ok"]
        finally:
            await app.aclose()


async def test_a_disk_that_runs_full_is_said_as_such(tmp_path):
    """With less disk left than recordings need, /readyz says how much there is and what to do."""
    app = await started(tmp_path, media={"tap": False, "min_free_mb": 1 << 40})
    try:
        check = await ready(app, "disk")
        assert not check["ok"]
        assert "free some space" in check["fix"]
    finally:
        await app.aclose()


async def test_a_second_instance_on_the_same_folder_is_refused(stage, tmp_path):
    """It names the first one's process and changes nothing."""
    with pytest.raises(Conflict, match="another callcenter"):
        await started(tmp_path / "data", **QUIET)


async def test_a_failed_start_leaves_nothing_behind(tmp_path):
    """After a refused start the folder is free for the next try."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(Unavailable):
            await started(tmp_path, web={"port": taken.getsockname()[1]}, **QUIET)
    app = await started(tmp_path, **QUIET)
    await app.aclose()


async def test_a_part_that_breaks_ends_the_process(tmp_path, monkeypatch):
    """A defect in a part that all depends on is not hidden behind a process that looks alive: it says which and ends."""

    async def broken(self: Relay) -> None:
        raise RuntimeError("defect")

    monkeypatch.setattr(Relay, "run", broken)
    with pytest.raises(CallcenterError, match="relay"):
        await run(settings(tmp_path, 1, **QUIET))


async def test_a_defect_in_the_look_up_costs_the_history_not_the_pop(stage, monkeypatch):
    """Whatever happens while the customer is looked up, the call pops."""

    def broken(*_: object) -> None:
        raise RuntimeError("defect")

    monkeypatch.setattr(SqliteCards, "at_hand", broken)
    async with stage.desk() as desk:
        await stage.pbx.place_call(SimulatedCall(number="13800138000", interface=AGENT, ring_s=30))
        call = (await desk.wait(offered, timeout_s=5, what="pop")).body["call"]
        assert (call["number"], call["customer"]) == ("13800138000", None)
