"""The call list, the replay and the sound of a call over HTTP."""

from __future__ import annotations

import pytest

from callcenter.storage import audit, calls
from tests.contract.api_site import FIELDS, Site, open_site


@pytest.fixture
async def site(tmp_path):
    async with open_site(tmp_path) as site:
        yield site


async def trail(site: Site, call_id: str) -> list[tuple[str, str, object]]:
    async with site.services.database.read() as work:
        lines = await audit.lines(work.session, subject=call_id)
    return [(line.by, line.action, line.detail) for line in lines]


async def test_agents_see_their_calls_and_supervisors_all(site: Site):
    """A call is visible to whom it was offered; to others it does not exist."""
    await site.call("01MINE")
    await site.call("01YOURS", interface="PJSIP/1002", user="other")
    for name, visible in {"agent": {"01MINE"}, "other": {"01YOURS"}, "supervisor": {"01MINE", "01YOURS"}}.items():
        async with site.browser(name) as browser:
            listed = await (await browser.get("/api/calls")).json()
            assert {call["call_id"] for call in listed["items"]} == visible
            for call_id in ("01MINE", "01YOURS"):
                for path in ("", "/recording", "/peaks", "/audio?start_ms=0&end_ms=10"):
                    response = await browser.get(f"/api/calls/{call_id}{path}")
                    if call_id not in visible:
                        assert (response.status, (await response.json())["code"]) == (404, "not_found")
            assert (await browser.get(f"/api/calls/{next(iter(visible))}")).status == 200


async def test_the_list(site: Site):
    """Newest first, by number and time, page by page."""
    for number in range(3):
        await site.clock.advance(60)
        await site.call(f"01C{number}")
    async with site.browser("agent") as browser:
        first = await (await browser.get("/api/calls?limit=2")).json()
        assert [call["call_id"] for call in first["items"]] == ["01C2", "01C1"]
        rest = await (await browser.get("/api/calls", params={"cursor": first["next_cursor"]})).json()
        assert [call["call_id"] for call in rest["items"]] == ["01C0"]
        assert first["items"][0]["outcome"] == "answered"
        assert first["items"][0]["agent"] == {"user_id": site.users["agent"].user_id, "display_name": "Agent"}
        span = {"from": "2026-11-21T06:02:00Z", "to": "2026-11-21T14:03:00+08:00"}
        found = await (await browser.get("/api/calls", params=span)).json()
        assert [call["call_id"] for call in found["items"]] == ["01C1"]
        assert len((await (await browser.get("/api/calls?number=138-0013-8000")).json())["items"]) == 3
        assert (await (await browser.get("/api/calls?number=13900139000")).json())["items"] == []
        assert (await browser.get("/api/calls?from=2026-11-21T06:02:00")).status == 422


async def test_the_calls_of_one_customer(site: Site):
    """The filter leaves that customer's calls among those one may see; no call belongs to an unknown one."""
    for call_id in ("01HERS", "01NOBODYS"):
        await site.call(call_id)
    await site.call("01YOURS", interface="PJSIP/1002", user="other")
    async with site.browser("supervisor") as browser:
        sent = {"name": "王芳", "phone": "13800138000"}
        hers = (await (await browser.post("/api/customers", sent)).json())["customer_id"]
    async with site.services.database.write() as work:
        for call_id in ("01HERS", "01YOURS"):
            await calls.set_customer(work.session, call_id=call_id, customer_id=hers)
        await work.commit()
    for name, visible in {"agent": {"01HERS"}, "supervisor": {"01HERS", "01YOURS"}}.items():
        async with site.browser(name) as browser:
            found = await (await browser.get(f"/api/calls?customer_id={hers}")).json()
            assert {call["call_id"] for call in found["items"]} == visible
            assert (await (await browser.get("/api/calls?customer_id=01NOPE")).json())["items"] == []


async def test_the_replay_tells_the_whole_call(site: Site):
    """Segments, events, orders and edits come with their place on the time line."""
    call_id = await site.call()
    draft = await site.draft(call_id, **FIELDS)
    await site.record(call_id)
    await site.clock.advance(4.5)
    async with site.browser("agent") as browser:
        await browser.send("PATCH", f"/api/work-orders/{draft.order_id}", {"fields": {"brand": "美的"}}, If_Match='"1"')
        replay = await (await browser.get(f"/api/calls/{call_id}")).json()
    assert replay["call_id"] == call_id
    assert replay["segments"][0]["words"] == [["空调", 100, 400, 0.9]]
    assert (replay["events"][0]["type"], replay["events"][0]["offset_ms"]) == ("answered", 0)
    assert [order["order_id"] for order in replay["orders"]] == [draft.order_id]
    edit = replay["edits"][0]
    assert (edit["by"], edit["field"], edit["offset_ms"], edit["order_id"]) == ("Agent", "brand", 4500, draft.order_id)
    assert (edit["from"], edit["to"]) == ("格力", "美的")
    assert replay["recording"] == {"duration_ms": 60000, "sample_rate_hz": 8000, "format": "flac", "partial": False}
    assert replay["transcript_state"] == "complete"


async def test_reading_a_call_leaves_a_line(site: Site):
    """Who looked at a call's transcript is on record; a call that does not exist for the viewer leaves none."""
    call_id = await site.call()
    async with site.browser("supervisor") as browser:
        assert (await browser.get(f"/api/calls/{call_id}")).status == 200
    async with site.browser("other") as browser:
        assert (await browser.get(f"/api/calls/{call_id}")).status == 404
    assert await trail(site, call_id) == [(site.users["supervisor"].user_id, "call.viewed", None)]


async def test_the_recording_takes_ranges_and_leaves_a_line(site: Site):
    """The file comes whole or in part, typed, never cached by others, and each listening is on record."""
    call_id = await site.call()
    await site.record(call_id, b"0123456789")
    async with site.browser("supervisor") as browser:
        whole = await browser.get(f"/api/calls/{call_id}/recording")
        assert (whole.status, whole.content_type, await whole.read()) == (200, "audio/flac", b"0123456789")
        assert whole.headers["Cache-Control"] == "private, no-cache"
        assert whole.headers["X-Content-Type-Options"] == "nosniff"
        part = await browser.get(f"/api/calls/{call_id}/recording", headers={"Range": "bytes=2-4"})
        assert (part.status, part.headers["Content-Range"], await part.read()) == (206, "bytes 2-4/10", b"234")
        beyond = await browser.get(f"/api/calls/{call_id}/recording", headers={"Range": "bytes=99-"})
        assert beyond.status == 416
    supervisor = site.users["supervisor"].user_id
    assert await trail(site, call_id) == [
        (supervisor, "recording.played", {"range": "bytes=99-"}),
        (supervisor, "recording.played", {"range": "bytes=2-4"}),
        (supervisor, "recording.played", {"range": None}),
    ]


async def test_a_recording_that_is_gone_is_not_found(site: Site):
    """No recording, and a recording whose file vanished, are 404; nothing is put on record."""
    call_id = await site.call()
    async with site.browser("agent") as browser:
        assert (await browser.get(f"/api/calls/{call_id}/recording")).status == 404
        assert (await browser.get(f"/api/calls/{call_id}/peaks")).status == 404
        await site.record(call_id)
        (site.sounds.folder / f"{call_id}.flac").unlink()
        gone = await browser.get(f"/api/calls/{call_id}/recording")
        assert (gone.status, (await gone.json())["detail"]) == (404, "the recording is gone")
    assert await trail(site, call_id) == []


async def test_peaks(site: Site):
    """The waveform has one list per channel."""
    call_id = await site.call()
    await site.record(call_id)
    async with site.browser("agent") as browser:
        assert await (await browser.get(f"/api/calls/{call_id}/peaks")).json() == {
            "sample_rate_hz": 8000,
            "duration_ms": 2000,
            "peaks_per_s": 1.0,
            "channels": [[0.5, 0.25], [0.0, 1.0]],
        }


async def test_clips_come_from_the_live_call_first(site: Site):
    """Evidence plays while the call goes on, afterwards from the recording, and is on record."""
    call_id = await site.call()
    await site.record(call_id)
    site.live_sounds.calls[call_id] = b"RIFF live"
    path = f"/api/calls/{call_id}/audio?start_ms=100&end_ms=900&channel=caller"
    async with site.browser("agent") as browser:
        live = await browser.get(path)
        assert (live.status, live.content_type, await live.read()) == (200, "audio/wav", b"RIFF live")
        del site.live_sounds.calls[call_id]
        assert await (await browser.get(path)).read() == f"RIFF {call_id}.flac 100 900 caller".encode()
    span = {"start_ms": 100, "end_ms": 900, "channel": "caller"}
    assert await trail(site, call_id) == [(site.users["agent"].user_id, "recording.clip_played", span)] * 2


@pytest.mark.parametrize(
    "query",
    ["", "start_ms=5&end_ms=5", "start_ms=0&end_ms=60001", "start_ms=-1&end_ms=5", "start_ms=0&end_ms=9&channel=x"],
)
async def test_a_clip_is_a_span_of_at_most_a_minute(site: Site, query):
    """Empty, overlong and negative spans and unknown channels are 422."""
    call_id = await site.call()
    async with site.browser("agent") as browser:
        assert (await browser.get(f"/api/calls/{call_id}/audio?{query}")).status == 422
