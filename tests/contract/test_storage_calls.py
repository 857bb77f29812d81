"""What the record of calls promises, on every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callcenter.errors import NotFound
from callcenter.storage import call_log, calls, users
from callcenter.storage.call_log import CallQuery
from callcenter.storage.call_views import AgentRef, CallDetail, CallSummary, EditView, GapView, SegmentView
from callcenter.storage.call_writer import CallWriter
from callcenter.storage.database import Database
from callcenter.storage.open_calls import open_calls
from workorder.commands import MACHINE, CreateCustomer, EditOrder, OpenDraft
from workorder.policy.phones import parse_phone
from workorder.services import customers, orders

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
FROM_MOBILE = parse_phone("013800138000")


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


@pytest.fixture
def writer() -> CallWriter:
    return CallWriter()


async def saved(db: Database, writer: CallWriter) -> None:
    """Write what the writer has collected."""
    async with db.write() as work:
        await calls.save(work.session, writer.take())
        await work.commit()


def arrive(writer: CallWriter, call_id: str = "C1", at: datetime = AT, **more: object) -> None:
    arguments = {"linkedid": f"l{call_id}", "direction": "inbound", "phone": FROM_MOBILE, **more}
    writer.record_arrival(call_id=call_id, at=at, **arguments)


def offer(
    writer: CallWriter, call_id: str = "C1", interface: str = "PJSIP/1001", at: float = 1, **more: object
) -> None:
    arguments = {"uniqueid": f"u-{call_id}-{interface}-{at}", "caller_uniqueid": "c", "queue": "support", **more}
    writer.record_offer(call_id=call_id, at=after(at), interface=interface, **arguments)


async def detail(db: Database, call_id: str = "C1") -> CallDetail:
    async with db.read() as work:
        return await call_log.call_detail(work.session, call_id)


async def listed(db: Database, **query: object) -> list[CallSummary]:
    async with db.read() as work:
        return list((await call_log.list_calls(work.session, CallQuery(**query))).items)


async def test_a_whole_call_is_read_back(database: Database, writer: CallWriter) -> None:
    """Arrival, offer, answer, speech, draft, edit, recording and end all show up in the detail, on one time line."""
    async with database.write() as work:
        agent = await users.add_user(work.session, username="li", display_name="李", roles=["agent"], at=AT)
        customer = await customers.create_customer(
            work.session, CreateCustomer(by=agent.user_id, at=AT, name="王建国", phones=("13800138000",))
        )
        await work.commit()
    arrive(writer, name="Wang", dialled="4000", customer_id=customer.customer_id)
    offer(writer, user_id=agent.user_id)
    async with database.write() as work:
        session = work.session
        writer.record_answer(call_id="C1", at=after(5), interface="PJSIP/1001", user_id=agent.user_id)
        writer.start_audio(call_id="C1", at=after(6))
        writer.record_event(call_id="C1", at=after(7.5), kind="held", interface="PJSIP/1001", text="on hold")
        for segment_id in ("s2", "s1", "s1"):
            writer.add_segment(
                call_id="C1",
                segment_id=segment_id,
                speaker="caller",
                start_ms=100 * int(segment_id[1]),
                end_ms=900,
                text="空调漏水",
                confidence=0.875,
                words=[("空调", 100, 400, 0.5)],
                names=[(0, 2, "空桥")],
            )
        draft = await orders.open_draft(session, OpenDraft(by=MACHINE, at=after(8), call_id="C1"))
        edit = EditOrder(by=agent.user_id, at=after(9), order_id=draft.order_id, fields={"brand": "格力"})
        order = await orders.edit_order(session, edit)
        writer.add_gap(since=after(10), until=after(12), calls_reconstructed=1)
        writer.add_gap(since=after(100), until=after(120))
        writer.add_recording(
            call_id="C1",
            at=after(61),
            path="2026/11/21/C1.flac",
            file_format="flac",
            sample_rate_hz=8000,
            duration_ms=54000,
            size_bytes=123456,
            sha256="a" * 64,
        )
        writer.record_end(call_id="C1", at=after(60), cause=16)
        await work.commit()
    await saved(database, writer)
    found = await detail(database)
    assert found.summary == CallSummary(
        call_id="C1",
        direction="inbound",
        number="013800138000",
        customer_name="王建国",
        queue="support",
        started_at=AT,
        answered_at=after(5),
        ended_at=after(60),
        agent=AgentRef(agent.user_id, "李"),
        interface="PJSIP/1001",
        outcome="answered",
        duration_s=55.0,
        has_recording=True,
        order_numbers=(),
    )
    assert [segment.segment_id for segment in found.segments] == ["s1", "s2"]
    assert found.segments[0] == SegmentView(
        "s1", "caller", 100, 900, "空调漏水", 0.875, (("空调", 100, 400, 0.5),), ((0, 2, "空桥"),)
    )
    assert [(event.type, event.offset_ms, event.text) for event in found.events] == [("held", 1500, "on hold")]
    assert found.orders == (order,)
    assert found.edits == (EditView(after(9), 3000, agent.user_id, "brand", None, "格力", order.order_id),)
    assert found.recording is not None
    assert (found.recording.path, found.recording.partial) == ("2026/11/21/C1.flac", False)
    assert found.gaps == (GapView(after(10), after(12)),)
    assert found.transcript_state == "complete"


async def test_outcomes_follow_what_happened(database: Database, writer: CallWriter) -> None:
    """Ringing, talking, answered, missed and abandoned are told apart."""
    for number, call_id in enumerate(("ringing", "talking", "answered", "missed", "abandoned")):
        arrive(writer, call_id, after(number))
        offer(writer, call_id)
    await saved(database, writer)
    for call_id in ("talking", "answered"):
        writer.record_answer(call_id=call_id, at=after(10), interface="PJSIP/1001")
    writer.record_abandon(call_id="abandoned")
    for call_id in ("answered", "missed", "abandoned"):
        writer.record_end(call_id=call_id, at=after(20))
    await saved(database, writer)
    assert {call.call_id: call.outcome for call in await listed(database)} == {
        name: name for name in ("ringing", "talking", "answered", "missed", "abandoned")
    }


async def test_repeating_what_was_recorded_changes_nothing(database: Database, writer: CallWriter) -> None:
    """Events that arrive twice (resync, relay) leave one call, one leg and the first times."""
    for _ in range(2):
        arrive(writer)
        offer(writer)
    for at in (5, 50):
        writer.record_answer(call_id="C1", at=after(at), interface="PJSIP/1001")
        await saved(database, writer)
    for at in (6, 51):
        writer.record_end(call_id="C1", at=after(at), cause=16)
        arrive(writer)
        await saved(database, writer)
    (call,) = await listed(database)
    assert (call.answered_at, call.ended_at) == (after(5), after(6))


async def test_calls_are_listed_newest_first_in_pages(database: Database, writer: CallWriter) -> None:
    """The cursor walks through all calls once."""
    for number in range(5):
        arrive(writer, f"C{number}", after(number))
    await saved(database, writer)
    async with database.read() as work:
        first = await call_log.list_calls(work.session, CallQuery(limit=3))
        second = await call_log.list_calls(work.session, CallQuery(limit=3, cursor=first.next_cursor))
    assert [call.call_id for call in (*first.items, *second.items)] == ["C4", "C3", "C2", "C1", "C0"]
    assert second.next_cursor is None


async def test_calls_are_filtered_by_number_time_and_who_was_offered_them(
    database: Database, writer: CallWriter
) -> None:
    """Any spelling of the number, a half-open span of time, and only one's own calls for an agent."""
    arrive(writer, "C1", after(0))
    arrive(writer, "C2", after(60), phone=parse_phone("13911112222"))
    offer(writer, "C1", "PJSIP/1001", user_id="u1")
    offer(writer, "C2", "PJSIP/1002")
    await saved(database, writer)
    for query, wanted in (
        ({"number": "+86 138 0013 8000"}, ["C1"]),
        ({"since": after(60)}, ["C2"]),
        ({"until": after(60)}, ["C1"]),
        ({"user_id": "u1"}, ["C1"]),
        ({"interface": "PJSIP/1002"}, ["C2"]),
        ({"user_id": "u2", "interface": "PJSIP/1001"}, []),
        ({"user_id": "u2", "interface": "PJSIP/1002"}, ["C2"]),
    ):
        assert [call.call_id for call in await listed(database, **query)] == wanted, query
    async with database.read() as work:
        assert await call_log.offered_to(work.session, "C1", user_id="u1", interface=None)
        assert not await call_log.offered_to(work.session, "C2", user_id="u1", interface=None)


async def test_open_calls_are_those_without_an_end(database: Database, writer: CallWriter) -> None:
    """With their legs and everything the PBX may call them; a writer that adopts them goes on where the last stood."""
    arrive(writer, "over")
    writer.record_end(call_id="over", at=after(30))
    arrive(writer, "open")
    writer.record_offer(call_id="open", at=after(5), interface="PJSIP/1001", uniqueid="1.2", caller_uniqueid="1.1")
    writer.record_answer(call_id="open", at=after(9), interface="PJSIP/1001")
    await saved(database, writer)
    async with database.read() as work:
        (found,) = await open_calls(work.session)
    assert (found.call_id, len(found.legs)) == ("open", 1)
    assert {"1.1", "1.2", found.row["linkedid"]} == set(found.names)
    again = CallWriter()
    again.adopt(found.row, found.legs)
    again.record_end(call_id="open", at=after(60))
    await saved(database, again)
    call = await detail(database, "open")
    assert (call.summary.answered_at, call.summary.ended_at) == (after(9), after(60))


async def test_an_unknown_call_is_not_found(database: Database, writer: CallWriter) -> None:
    """Reading or changing a call nobody recorded raises NotFound."""
    with pytest.raises(NotFound):
        await detail(database, "nope")
    with pytest.raises(NotFound):
        writer.record_end(call_id="nope", at=AT)


async def test_late_facts_of_an_ended_call_are_taken_and_strangers_left_out(
    database: Database, writer: CallWriter
) -> None:
    """Last words and the recording come after the end, also to a new process; those of unknown calls harm nothing."""
    arrive(writer)
    writer.record_end(call_id="C1", at=after(9))
    await saved(database, writer)
    later = CallWriter()
    for call_id in ("C1", "never-seen"):
        later.record_event(call_id=call_id, at=after(10), kind="note")
        later.add_recording(
            call_id=call_id,
            at=after(11),
            path="p",
            file_format="flac",
            sample_rate_hz=8000,
            duration_ms=1,
            size_bytes=1,
            sha256="a" * 64,
        )
    await saved(database, later)
    assert (await detail(database)).recording is not None
    with pytest.raises(NotFound):
        await detail(database, "never-seen")


async def test_the_user_of_a_device_is_found_when_saved(database: Database, writer: CallWriter) -> None:
    """An offer without a user belongs to whoever uses the device."""
    async with database.write() as work:
        agent = await users.add_user(
            work.session, username="li", display_name="李", roles=["agent"], at=AT, interface="PJSIP/1001"
        )
        await work.commit()
    arrive(writer)
    offer(writer)
    writer.record_answer(call_id="C1", at=after(2), interface="PJSIP/1001")
    await saved(database, writer)
    (call,) = await listed(database, user_id=agent.user_id)
    assert call.agent == AgentRef(agent.user_id, "李")


@pytest.mark.parametrize("hostile", ["x" * 500, "a\0b", "'; DROP TABLE calls; --", "\u202e\U0001f4a5" * 60])
async def test_hostile_text_from_the_network_is_stored_as_text(
    database: Database, writer: CallWriter, hostile: str
) -> None:
    """Over-long names, NUL, quotes and odd characters never fail the batch they are in."""
    arrive(writer, name=hostile, dialled=hostile, phone=parse_phone(hostile))
    offer(writer, interface="PJSIP/1001", queue=hostile)
    writer.record_event(call_id="C1", at=AT, kind="note", text=hostile)
    await saved(database, writer)
    assert len(await listed(database)) == 1


async def test_a_batch_can_be_saved_again_after_a_failure(database: Database, writer: CallWriter) -> None:
    """A transaction that was not committed loses nothing: the same batch is saved again."""
    arrive(writer)
    offer(writer)
    batch = writer.take()
    async with database.write() as work:
        await calls.save(work.session, batch)
    async with database.write() as work:
        await calls.save(work.session, batch)
        await work.commit()
    assert len(await listed(database)) == 1
    assert not writer.take()
