"""The wallboard over HTTP and over the agent socket."""

from __future__ import annotations

import asyncio

import pytest

from callcenter.auth.permissions import Permission
from callcenter.web.encode import encode
from tests.contract.api_site import Site, open_site
from tests.contract.api_stand_ins import WALL


@pytest.fixture
async def site(tmp_path):
    async with open_site(tmp_path) as site:
        yield site


async def test_the_wallboard_is_read_as_documented(site: Site):
    """A supervisor gets every part that the reference names."""
    async with site.browser("supervisor") as browser:
        wall = await (await browser.get("/api/wallboard")).json()
    assert wall["today"] == {
        "offered": 3, "answered": 2, "abandoned": 1, "missed": 0,
        "wait_avg_s": 4.5, "service_level": 0.6667, "service_level_s": 20,
    }  # fmt: skip
    assert (wall["day"], wall["pbx"]["connected"], wall["gaps"][0]["calls_reconstructed"]) == ("2026-11-21", True, 1)
    assert wall["pops"]["sent"] == {"count": 2, "p50_ms": 1.5, "p95_ms": 3.0}
    assert wall["transcripts"] == {"live": 0, "complete": 2, "failed": 0, "none": 0}
    assert wall["orders"] == {"running": 7, "due_soon": 2, "late": 1, "paused": 3}


async def test_a_wall_screen_starts_with_the_whole_floor(site: Site):
    """The second frame of a supervisor's socket is what GET /api/wallboard answers."""
    async with site.browser("supervisor") as browser, await browser.socket() as socket:
        await socket.receive_json()
        frame = await socket.receive_json()
        wall = await (await browser.get("/api/wallboard")).json()
        assert frame == {"seq": 2, "type": "wallboard", **wall}


async def test_an_agents_socket_gets_no_wallboard(site: Site):
    """A frame for those with the permission passes by everybody else."""
    async with site.browser("agent") as browser, await browser.socket() as socket:
        await socket.receive_json()
        site.services.hub.push_permitted(Permission.WALLBOARD, "wallboard", {"at": None})
        site.services.hub.push("PJSIP/1001", "agent.state", {"state": "ringing"})
        assert (await socket.receive_json())["type"] == "agent.state"


async def test_a_socket_that_left_gets_no_more(site: Site):
    """After the supervisor's socket is closed nobody watches."""
    async with site.browser("supervisor") as browser:
        async with await browser.socket() as socket:
            await socket.receive_json()
        while site.services.metrics.get_sample_value("callcenter_desk_sockets"):
            await asyncio.sleep(0)
        site.services.hub.push_permitted(Permission.WALLBOARD, "wallboard", {"at": None})
    assert site.services.metrics.get_sample_value("callcenter_desk_frames_total", {"type": "wallboard"}) is None


def test_the_floor_has_a_json_form():
    """Every part of the view can be sent."""
    assert encode(WALL).startswith(b"{")
