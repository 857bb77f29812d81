"""The agent socket."""

from __future__ import annotations

import asyncio

import pytest
from aiohttp import WSMsgType, WSServerHandshakeError

from callcenter.config_sections import WebSettings
from callcenter.storage import users
from callcenter.web import agent_socket
from tests.contract.api_site import Site, open_site


@pytest.fixture
async def site(tmp_path):
    async with open_site(tmp_path, web=WebSettings(socket_queue=16)) as site:
        yield site


async def closed(socket) -> int | None:
    """Read until the server closes; the close code."""
    async for _ in socket:
        pass
    return socket.close_code


async def test_a_snapshot_then_the_stream(site: Site):
    """The first frame is the whole desk, every later one has the next number."""
    async with site.browser("agent") as browser, await browser.socket() as socket:
        snapshot = await socket.receive_json()
        assert (snapshot["seq"], snapshot["type"], snapshot["pbx"]["connected"]) == (1, "snapshot", True)
        site.services.hub.push("PJSIP/1001", "agent.state", {"state": "ringing"})
        site.services.hub.push("PJSIP/1002", "agent.state", {"state": "paused"})
        site.services.hub.push("PJSIP/1001", "agent.state", {"state": "on_call"})
        assert await socket.receive_json() == {"seq": 2, "type": "agent.state", "state": "ringing"}
        assert await socket.receive_json() == {"seq": 3, "type": "agent.state", "state": "on_call"}


async def test_frames_of_every_length_arrive_whole(site: Site):
    """The three forms of a frame's length (RFC 6455, 5.2) are written right, at once or through the queue."""
    async with site.browser("agent") as browser, await browser.socket() as socket:
        await socket.receive_json()
        for length in (0, 60, 125, 126, 65_000, 65_535, 65_536, 3_000_000, 1):
            site.services.hub.push("PJSIP/1001", "agent.state", {"state": "x" * length})
            assert len((await socket.receive_json())["state"]) == length


async def test_every_tab_has_its_own_numbers(site: Site):
    """Two tabs of one user get the same frames, each counted from its own snapshot."""
    async with site.browser("agent") as browser, await browser.socket() as one:
        await one.receive_json()
        site.services.hub.push("PJSIP/1001", "agent.state", {"state": "ringing"})
        async with await browser.socket() as two:
            await two.receive_json()
            site.services.hub.push("PJSIP/1001", "agent.state", {"state": "on_call"})
            assert [(await one.receive_json())["seq"] for _ in range(2)] == [2, 3]
            assert await two.receive_json() == {"seq": 2, "type": "agent.state", "state": "on_call"}


async def test_ping_is_answered_with_both_clocks(site: Site):
    """``pong`` returns the page's own time and the server's."""
    async with site.browser("agent") as browser, await browser.socket() as socket:
        await socket.receive_json()
        await socket.send_json({"type": "ping", "t": 12.5})
        pong = await socket.receive_json()
        assert pong == {"seq": 2, "type": "pong", "t": 12.5, "server_time": "2026-11-21T06:00:00Z"}


async def test_the_page_tells_painted_and_done(site: Site):
    """``pop.painted`` and ``call.done`` reach the live calls with the user's device."""
    async with site.browser("agent") as browser, await browser.socket() as socket:
        await socket.receive_json()
        await socket.send_json({"type": "pop.painted", "call_id": "01C", "painted_at": 1000.5})
        await socket.send_json({"type": "call.done", "call_id": "01C"})
        await socket.send_json({"type": "ping", "t": 1})
        await socket.receive_json()
    assert site.calls.painted_calls == [("PJSIP/1001", "01C", 1000.5)]
    assert site.calls.done_calls == [("PJSIP/1001", "01C")]


async def test_a_supervisor_without_a_phone_watches(site: Site):
    """A user without device gets the snapshot and what concerns all; call.done of theirs means nothing."""
    async with site.browser("supervisor") as browser, await browser.socket() as socket:
        assert [(await socket.receive_json())["type"] for _ in range(2)] == ["snapshot", "wallboard"]
        await socket.send_json({"type": "call.done", "call_id": "01C"})
        site.services.hub.push(None, "pbx.link", {"connected": False, "since": None})
        assert (await socket.receive_json())["type"] == "pbx.link"
    assert site.calls.done_calls == []


@pytest.mark.parametrize(
    "frame", ["no json", "{}", '{"type":"dance"}', '{"type":"ping","t":"x"}', '{"type":"call.done"}']
)
async def test_a_frame_that_makes_no_sense_closes_with_4400(site: Site, frame):
    """A broken page is told so, not guessed at."""
    async with site.browser("agent") as browser, await browser.socket() as socket:
        await socket.receive_json()
        await socket.send_str(frame)
        assert await closed(socket) == 4400


async def test_binary_frames_are_refused(site: Site):
    """The protocol is text."""
    async with site.browser("agent") as browser, await browser.socket() as socket:
        await socket.receive_json()
        await socket.send_bytes(b"{}")
        assert await closed(socket) == 4400


async def test_a_browser_that_does_not_read_is_cut_with_4408(site: Site):
    """Its queue is bounded; the neighbour's frames keep coming, and it may come back."""
    async with site.browser("agent") as browser:
        slow = await browser.socket(autoping=False)
        quick = await browser.socket()
        await quick.receive_json()
        # The slow client's transport stops reading: the server's socket buffers fill, then its outbox.
        slow._conn.transport.pause_reading()
        for number in range(200):
            site.services.hub.push("PJSIP/1001", "order.updated", {"number": number, "filler": "x" * 100_000})
            assert (await quick.receive_json())["number"] == number
        metric = "callcenter_desk_sockets"
        slow._conn.transport.resume_reading()
        assert await closed(slow) == 4408
        while site.services.metrics.get_sample_value(metric) != 1:
            await asyncio.sleep(0)
        assert site.services.metrics.get_sample_value("callcenter_desk_cut_total") == 1
        async with await browser.socket() as again:
            assert (await again.receive_json())["seq"] == 1
        await quick.close()


async def test_a_defect_behind_the_socket_closes_it_alone(site: Site):
    """A bug in a feature closes the socket that met it with 1011; others go on."""

    def explode(*_: object) -> None:
        raise RuntimeError("bug")

    async with site.browser("agent") as browser, await browser.socket() as one, await browser.socket() as two:
        await one.receive_json()
        await two.receive_json()
        site.calls.done = explode
        await one.send_json({"type": "call.done", "call_id": "01C"})
        assert await closed(one) == 1011
        await two.send_json({"type": "ping", "t": 1})
        assert (await two.receive_json())["type"] == "pong"


async def test_a_browser_that_never_reads_again_loses_its_connection(site: Site, monkeypatch):
    """When not even the close frame is taken, the connection is dropped and its memory is free."""
    monkeypatch.setattr(agent_socket, "CLOSE_WAIT_S", 0.05)
    async with site.browser("agent") as browser:
        stuck = await browser.socket(autoping=False)
        stuck._conn.transport.pause_reading()
        (connection,) = site.server.runner.server.connections
        transport = connection.transport
        for number in range(200):
            site.services.hub.push("PJSIP/1001", "order.updated", {"number": number, "filler": "x" * 100_000})
            await asyncio.sleep(0)
        assert transport.get_write_buffer_size() > 0
        while connection.transport is not None:
            await asyncio.sleep(0.01)
        assert transport.get_write_buffer_size() == 0
        assert site.services.metrics.get_sample_value("callcenter_desk_sockets") == 0
        stuck._conn.transport.resume_reading()
        assert await closed(stuck) in {4408, 1006}


async def test_without_a_login_there_is_no_socket(site: Site):
    """401 without cookie, 403 without the permission."""
    for name, status in ((None, 401), ("nobody", 403)):
        async with site.browser(name) as browser:
            with pytest.raises(WSServerHandshakeError) as refused:
                await browser.socket()
            assert refused.value.status == status


@pytest.mark.parametrize("origin", [None, "http://evil.example", "null", "http://127.0.0.1:1"])
async def test_only_our_own_page_opens_a_socket(site: Site, origin):
    """A page of another site, even with the cookie, is refused before the upgrade."""
    async with site.browser("agent") as browser:
        with pytest.raises(WSServerHandshakeError) as refused:
            await browser.client.ws_connect("/api/agent/socket", **({"origin": origin} if origin else {}))
        assert refused.value.status == 403


async def test_logging_out_closes_the_sockets(site: Site):
    """Every tab of the login closes with 4401."""
    async with site.browser("agent") as browser, await browser.socket() as socket:
        await socket.receive_json()
        await browser.send("DELETE", "/api/session")
        assert await closed(socket) == 4401


async def test_a_user_who_is_kept_out_loses_the_desk(site: Site):
    """A login ended elsewhere (another process disabled the user) closes the socket with 4401 within half a minute."""
    async with site.browser("agent") as browser, await browser.socket() as socket:
        await socket.receive_json()
        async with site.services.database.write() as work:
            await users.set_active(work.session, site.users["agent"].user_id, active=False)
            await work.commit()
        await site.clock.advance(30)
        assert await closed(socket) == 4401


async def test_the_socket_ends_with_the_session(site: Site):
    """When session_hours are over the socket closes with 4401."""
    async with site.browser("agent") as browser, await browser.socket() as socket:
        await socket.receive_json()
        await site.clock.advance(12 * 3600)
        assert await closed(socket) == 4401


async def test_a_stopping_server_says_goodbye(site: Site):
    """On shutdown sockets close with 1001 at once."""
    async with site.browser("agent") as browser, await browser.socket() as socket:
        await socket.receive_json()
        stopping = asyncio.create_task(site.server.close())
        message = await socket.receive()
        assert (message.type, message.data) == (WSMsgType.CLOSE, 1001)
        await stopping


async def test_a_plain_request_is_told_to_upgrade(site: Site):
    """GET without upgrade headers is a 400 problem."""
    async with site.browser("agent") as browser:
        response = await browser.get("/api/agent/socket", headers={"Origin": browser.origin})
        assert (response.status, (await response.json())["code"]) == (400, "malformed")
