"""What the wallboard starts with, on every database."""

from __future__ import annotations

from callcenter.storage import calls, day, users
from callcenter.storage.call_writer import CallWriter
from callcenter.storage.database import Database
from tests.contract.test_storage_calls import AT, after, arrive, offer


async def test_the_calls_of_a_day_as_they_are_counted(database: Database) -> None:
    """Calls from the given moment on, with how they went and whether a transcript is missing."""
    writer = CallWriter()
    arrive(writer, "C0", at=after(-1))
    arrive(writer, "C1")
    offer(writer, "C1")
    writer.record_answer(call_id="C1", at=after(5), interface="PJSIP/1001")
    writer.start_audio(call_id="C1", at=after(6))
    writer.record_event(call_id="C1", at=after(7), kind="no_transcript", text="caller: overloaded")
    arrive(writer, "C2", at=after(1), direction="outbound")
    arrive(writer, "C3", at=after(2))
    writer.record_abandon(call_id="C3", queue="support")
    writer.record_end(call_id="C3", at=after(9), cause=16)
    async with database.write() as work:
        await calls.save(work.session, writer.take())
        await work.commit()
    async with database.read() as work:
        found = {call.linkedid: call for call in await day.calls_since(work.session, AT)}
    assert found.keys() == {"lC1", "lC2", "lC3"}
    first = found["lC1"]
    assert (first.started_at, first.answered_at, first.ended_at) == (AT, after(5), None)
    assert (first.transcript_state, first.no_transcript) == ("live", True)
    assert (found["lC2"].direction, found["lC2"].no_transcript) == ("outbound", False)
    assert (found["lC3"].abandoned, found["lC3"].ended_at) == (True, after(9))


async def test_the_newest_gaps_of_a_day(database: Database) -> None:
    """Those that ended since, oldest first, no more than asked for."""
    writer = CallWriter()
    for start in (-10, 0, 20, 40):
        writer.add_gap(since=after(start), until=after(start + 5), calls_reconstructed=1)
    async with database.write() as work:
        await calls.save(work.session, writer.take())
        await work.commit()
    async with database.read() as work:
        assert [gap.since for gap in await day.gaps_since(work.session, AT, limit=2)] == [after(20), after(40)]
        assert len(await day.gaps_since(work.session, AT, limit=9)) == 3


async def test_devices_by_the_name_of_their_user(database: Database) -> None:
    """Users without a device have none; of several at one device the first added names it."""
    async with database.write() as work:
        for username, interface in (("first", "PJSIP/1001"), ("second", "PJSIP/1001"), ("boss", None)):
            await users.add_user(
                work.session, username=username, display_name=username, roles=["agent"], interface=interface, at=AT
            )
        await work.commit()
    async with database.read() as work:
        assert await day.device_names(work.session) == {"PJSIP/1001": "first"}
