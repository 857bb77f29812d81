"""What the record of calls promises, on every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from callcenter.errors import NotFound
from callcenter.storage import call_log, calls, users
from callcenter.storage.call_log import CallQuery
from callcenter.storage.call_views import AgentRef, CallDetail, CallSummary, EditView, GapView, SegmentView
from callcenter.storage.database import Database
from workorder.commands import MACHINE, CreateCustomer, EditOrder, OpenDraft
from workorder.policy.phones import parse_phone
from workorder.services import customers, orders

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
FROM_MOBILE = parse_phone("013800138000")


def after(seconds: float) -> datetime:
    return AT + timedelta(seconds=seconds)


async def arrive(db: Database, call_id: str = "C1", at: datetime = AT, **more: object) -> None:
    async with db.write() as work:
        arguments = {"linkedid": f"l{call_id}", "direction": "inbound", "phone": FROM_MOBILE, **more}
        await calls.record_arrival(work.session, call_id=call_id, at=at, **arguments)
        await work.commit()


async def offer(
    db: Database, call_id: str = "C1", interface: str = "PJSIP/1001", at: float = 1, **more: object
) -> None:
    async with db.write() as work:
        arguments = {"uniqueid": f"u-{call_id}-{interface}-{at}", "caller_uniqueid": "c", "queue": "support", **more}
        await calls.record_offer(work.session, call_id=call_id, at=after(at), interface=interface, **arguments)
        await work.commit()


async def detail(db: Database, call_id: str = "C1") -> CallDetail:
    async with db.read() as work:
        return await call_log.call_detail(work.session, call_id)


async def listed(db: Database, **query: object) -> list[CallSummary]:
    async with db.read() as work:
        return list((await call_log.list_calls(work.session, CallQuery(**query))).items)


async def test_a_whole_call_is_read_back(database: Database) -> None:
    """Arrival, offer, answer, speech, draft, edit, recording and end all show up in the detail, on one time line."""
    async with database.write() as work:
        agent = await users.add_user(work.session, username="li", display_name="李", roles=["agent"], at=AT)
        customer = await customers.create_customer(
            work.session, CreateCustomer(by=agent.user_id, at=AT, name="王建国", phones=("13800138000",))
        )
        await work.commit()
    await arrive(database, name="Wang", dialled="4000", customer_id=customer.customer_id)
    await offer(database, user_id=agent.user_id)
    async with database.write() as work:
        session = work.session
        await calls.record_answer(session, call_id="C1", at=after(5), interface="PJSIP/1001", user_id=agent.user_id)
        await calls.start_audio(session, call_id="C1", at=after(6))
        await calls.record_event(
            session, call_id="C1", at=after(7.5), kind="held", interface="PJSIP/1001", text="on hold"
        )
        for segment_id in ("s2", "s1", "s1"):
            await calls.add_segment(
                session,
                call_id="C1",
                segment_id=segment_id,
                speaker="caller",
                start_ms=100 * int(segment_id[1]),
                end_ms=900,
                text="空调漏水",
                confidence=0.875,
                words=[("空调", 100, 400, 0.5)],
            )
        draft = await orders.open_draft(session, OpenDraft(by=MACHINE, at=after(8), call_id="C1"))
        edit = EditOrder(by=agent.user_id, at=after(9), order_id=draft.order_id, fields={"brand": "格力"})
        order = await orders.edit_order(session, edit)
        await calls.add_gap(session, since=after(10), until=after(12), calls_reconstructed=1)
        await calls.add_gap(session, since=after(100), until=after(120))
        await calls.add_recording(
            session,
            call_id="C1",
            at=after(61),
            path="2026/11/21/C1.flac",
            file_format="flac",
            sample_rate_hz=8000,
            duration_ms=54000,
            size_bytes=123456,
            sha256="a" * 64,
        )
        await calls.record_end(session, call_id="C1", at=after(60), cause=16)
        await work.commit()
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
    assert found.segments[0] == SegmentView("s1", "caller", 100, 900, "空调漏水", 0.875, (("空调", 100, 400, 0.5),))
    assert [(event.type, event.offset_ms, event.text) for event in found.events] == [("held", 1500, "on hold")]
    assert found.orders == (order,)
    assert found.edits == (EditView(after(9), 3000, agent.user_id, "brand", None, "格力", order.order_id),)
    assert found.recording is not None
    assert (found.recording.path, found.recording.partial) == ("2026/11/21/C1.flac", False)
    assert found.gaps == (GapView(after(10), after(12)),)
    assert found.transcript_state == "complete"


async def test_outcomes_follow_what_happened(database: Database) -> None:
    """Ringing, talking, answered, missed and abandoned are told apart."""
    for number, call_id in enumerate(("ringing", "talking", "answered", "missed", "abandoned")):
        await arrive(database, call_id, after(number))
        await offer(database, call_id)
    async with database.write() as work:
        for call_id in ("talking", "answered"):
            await calls.record_answer(work.session, call_id=call_id, at=after(10), interface="PJSIP/1001")
        await calls.record_abandon(work.session, call_id="abandoned")
        for call_id in ("answered", "missed", "abandoned"):
            await calls.record_end(work.session, call_id=call_id, at=after(20))
        await work.commit()
    assert {call.call_id: call.outcome for call in await listed(database)} == {
        name: name for name in ("ringing", "talking", "answered", "missed", "abandoned")
    }


async def test_repeating_what_was_recorded_changes_nothing(database: Database) -> None:
    """Events that arrive twice (resync, relay) leave one call, one leg and the first times."""
    for _ in range(2):
        await arrive(database)
        await offer(database)
    for at in (5, 50):
        async with database.write() as work:
            await calls.record_answer(work.session, call_id="C1", at=after(at), interface="PJSIP/1001")
            await calls.record_end(work.session, call_id="C1", at=after(at + 1), cause=16)
            await work.commit()
    (call,) = await listed(database)
    assert (call.answered_at, call.ended_at) == (after(5), after(6))


async def test_calls_are_listed_newest_first_in_pages(database: Database) -> None:
    """The cursor walks through all calls once."""
    for number in range(5):
        await arrive(database, f"C{number}", after(number))
    async with database.read() as work:
        first = await call_log.list_calls(work.session, CallQuery(limit=3))
        second = await call_log.list_calls(work.session, CallQuery(limit=3, cursor=first.next_cursor))
    assert [call.call_id for call in (*first.items, *second.items)] == ["C4", "C3", "C2", "C1", "C0"]
    assert second.next_cursor is None


async def test_calls_are_filtered_by_number_time_and_who_was_offered_them(database: Database) -> None:
    """Any spelling of the number, a half-open span of time, and only one's own calls for an agent."""
    await arrive(database, "C1", after(0))
    await arrive(database, "C2", after(60), phone=parse_phone("13911112222"))
    await offer(database, "C1", "PJSIP/1001", user_id="u1")
    await offer(database, "C2", "PJSIP/1002")
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


async def test_calls_left_open_by_a_crash_are_closed_at_the_next_start(database: Database) -> None:
    """Orphans end, calls still alive on the PBX do not."""
    await arrive(database, "dead")
    await arrive(database, "alive")
    async with database.write() as work:
        assert await calls.close_orphans(work.session, at=after(90), alive=["alive"]) == 1
        await work.commit()
    assert (await detail(database, "dead")).summary.ended_at == after(90)
    assert (await detail(database, "dead")).events[0].type == "ended_unseen"
    assert (await detail(database, "alive")).summary.ended_at is None


async def test_an_unknown_call_is_not_found(database: Database) -> None:
    """Reading or changing a call nobody recorded raises NotFound."""
    with pytest.raises(NotFound):
        await detail(database, "nope")
    async with database.write() as work:
        with pytest.raises(NotFound):
            await calls.record_end(work.session, call_id="nope", at=AT)
