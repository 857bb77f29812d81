"""Repair records on every database."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from callcenter.storage import outbox
from callcenter.storage.database import Database
from callcenter.storage.tables import OutboxRow
from workorder.commands import (
    AddAsset,
    CancelOrder,
    CreateCustomer,
    CreateWorkOrder,
    EraseCustomer,
    NewAsset,
    RecordRepair,
    SetAsset,
)
from workorder.errors import Conflict, Invalid, NotFound
from workorder.events import RepairRecorded
from workorder.fields import UsedPart
from workorder.services import assets, customer_erasure, customers, orders, repairs, reports, search, trail

AT = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
ME = {"by": "u1", "at": AT}
FORM = {"service_type": "enquiry", "contact_phone": "13800138000"}
VISIT = {"finding": "启动电容失效", "action": "更换启动电容", "minutes": 45}


@pytest.fixture
async def session(database: Database):
    async with database.write() as work:
        yield work.session
        await work.commit()


async def new_order(session, **more) -> str:
    command = CreateWorkOrder(**ME, channel="web", fields=FORM, attach=False, **more)
    return (await reports.create_work_order(session, command)).order.order_id


async def found(session, words: str) -> list[str]:
    """In the open transaction: what it wrote counts."""
    await session.flush()
    hits = await session.run_sync(lambda own: search.search_orders(own.connection(), words))
    return [hit.order_id for hit in hits.items]


async def test_a_visit_is_on_record_in_the_trail_and_found_by_its_words(session) -> None:
    """Everything comes back as it was given, visits in order; the trail stays whole and holds no words."""
    order_id = await new_order(session)
    parts = (UsedPart("启动电容", 2, "CBB65-35"), UsedPart("保险丝"))
    first = await repairs.record_repair(session, RecordRepair(**ME, order_id=order_id, parts=parts, **VISIT))
    second = await repairs.record_repair(
        session,
        RecordRepair(by="u2", at=AT + timedelta(days=1), order_id=order_id, finding="噪声", action="紧固风轮"),
    )
    assert await repairs.repairs_of(session, order_id) == (first, second)
    assert (first.finding, first.parts, first.minutes, first.by) == ("启动电容失效", parts, 45, "u1")
    assert (second.parts, second.minutes) == ((), None)
    lines = await trail.trail(session, order_id, field="repair")
    assert [(line.after, line.reason) for line in lines.items] == [(first.repair_id, None), (second.repair_id, None)]
    assert (await trail.verify(session, order_id=order_id)).faults == ()
    assert await found(session, "启动电容") == [order_id]
    assert await found(session, "紧固风轮") == [order_id]


async def test_others_hear_of_a_visit_without_its_words(database: Database) -> None:
    """One event a visit: how many kinds of parts, how long; neither finding nor action."""
    async with database.write() as work:
        order_id = await new_order(work.session)
        command = RecordRepair(**ME, order_id=order_id, parts=(UsedPart("电容", 2),), **VISIT)
        done = await repairs.record_repair(work.session, command)
        await work.commit()
    async with database.read() as work:
        rows = await work.session.scalars(select(OutboxRow).where(OutboxRow.event_type == "RepairRecorded"))
        (told,) = [(row, outbox.decode(row)) for row in rows]
    row, event = told
    assert isinstance(event, RepairRecorded)
    assert (event.repair_id, event.order_id, event.parts, event.minutes) == (done.repair_id, order_id, 1, 45)
    assert "电容" not in str(row.body)


@pytest.mark.parametrize(
    ("bad", "fields"),
    [
        ({"finding": " "}, ["finding"]),
        ({"finding": "x" * 2001, "action": ""}, ["finding", "action"]),
        ({"minutes": 0}, ["minutes"]),
        ({"minutes": 7 * 24 * 60 + 1}, ["minutes"]),
        ({"parts": (UsedPart("a"), UsedPart("", 0))}, ["parts.1.name", "parts.1.quantity"]),
        ({"parts": (UsedPart("a", 1001, "c" * 81),)}, ["parts.0.code", "parts.0.quantity"]),
        ({"parts": (UsedPart("a"),) * 51}, ["parts"]),
        ({"action": "a\x00b"}, ["action"]),
    ],
)
async def test_every_fault_is_named_and_nothing_kept(session, bad, fields) -> None:
    """An entry per fault, at its place."""
    order_id = await new_order(session)
    with pytest.raises(Invalid) as caught:
        await repairs.record_repair(session, RecordRepair(**{**ME, "order_id": order_id, **VISIT, **bad}))
    assert [problem.field for problem in caught.value.errors] == fields
    assert await repairs.repairs_of(session, order_id) == ()


async def test_nobody_visited_a_draft_or_a_cancelled_order(session) -> None:
    """Conflict that says so; an order that is not there is not found."""
    order_id = await new_order(session)
    await orders.cancel_order(session, CancelOrder(**ME, order_id=order_id, reason="x"))
    with pytest.raises(Conflict, match="cancelled"):
        await repairs.record_repair(session, RecordRepair(**ME, order_id=order_id, **VISIT))
    for ask in (
        repairs.record_repair(session, RecordRepair(**ME, order_id="nope", **VISIT)),
        repairs.repairs_of(session, "nope"),
    ):
        with pytest.raises(NotFound):
            await ask


async def test_who_erred_records_what_is_right_and_both_stay(session) -> None:
    """The correction keeps the visit's moment and is what holds; a record is corrected once, the trail says from what to what."""
    order_id = await new_order(session)
    wrong = await repairs.record_repair(session, RecordRepair(**ME, order_id=order_id, **VISIT))
    after = {"by": "u2", "at": AT + timedelta(days=3), "order_id": order_id}
    visit = {"finding": "主板损坏", "action": "更换主板", "minutes": 60}
    right = await repairs.record_repair(session, RecordRepair(**after, **visit, corrects=wrong.repair_id))
    assert (right.corrects, right.corrected_by, right.by, right.at) == (wrong.repair_id, None, "u2", AT)
    first, second = await repairs.repairs_of(session, order_id)
    assert (first.repair_id, first.corrected_by, second) == (wrong.repair_id, right.repair_id, right)
    lines = await trail.trail(session, order_id, field="repair")
    assert [(line.before, line.after) for line in lines.items][1] == (wrong.repair_id, right.repair_id)
    with pytest.raises(Conflict, match="corrected already"):
        await repairs.record_repair(session, RecordRepair(**after, **visit, corrects=wrong.repair_id))
    other = await new_order(session)
    with pytest.raises(NotFound):
        await repairs.record_repair(
            session, RecordRepair(**{**after, "order_id": other}, **visit, corrects=right.repair_id)
        )
    assert await repairs.repairs_of(session, other) == ()


async def test_what_was_repaired_is_found_by_customer_and_appliance(session) -> None:
    """The newest first, page by page, with its order; what was corrected is left out."""
    card = await customers.create_customer(session, CreateCustomer(**ME, name="王芳", phones=("13900139000",)))
    owned = NewAsset(appliance="空调", brand="格力")
    asset = await assets.add_asset(session, AddAsset(**ME, customer_id=card.customer_id, asset=owned))
    order_id = await new_order(session, customer_id=card.customer_id)
    await assets.set_asset(session, SetAsset(**ME, order_id=order_id, asset_id=asset.asset_id))
    made = [
        await repairs.record_repair(
            session, RecordRepair(by="u1", at=AT + timedelta(days=day), order_id=order_id, **VISIT)
        )
        for day in range(3)
    ]
    command = RecordRepair(**ME, order_id=order_id, **VISIT, corrects=made[1].repair_id)
    right = await repairs.record_repair(session, command)
    elsewhere = await new_order(session)
    await repairs.record_repair(session, RecordRepair(**ME, order_id=elsewhere, **VISIT))

    newest = await repairs.past_repairs(session, customer_id=card.customer_id, limit=2)
    rest = await repairs.past_repairs(session, customer_id=card.customer_id, limit=2, cursor=newest.next_cursor)
    shown = [found.repair.repair_id for found in (*newest.items, *rest.items)]
    assert shown == [made[2].repair_id, right.repair_id, made[0].repair_id]
    assert rest.next_cursor is None
    assert {found.asset_id for found in newest.items} == {asset.asset_id}
    assert newest.items[0].number == (await orders.get_order(session, order_id)).number
    of_asset = await repairs.past_repairs(session, asset_id=asset.asset_id)
    assert [found.repair.repair_id for found in of_asset.items] == shown
    assert len((await repairs.past_repairs(session)).items) == 4
    for bad in ({"cursor": "x"}, {"limit": 0}):
        with pytest.raises(Invalid):
            await repairs.past_repairs(session, **bad)


async def test_forgetting_a_person_takes_the_words_and_leaves_parts_and_minutes(session) -> None:
    """What somebody wrote about a home goes, from the search, too; what counts for statistics stays."""
    card = await customers.create_customer(session, CreateCustomer(**ME, name="王芳", phones=("13800138000",)))
    order_id = await new_order(session, customer_id=card.customer_id)
    command = RecordRepair(**ME, order_id=order_id, parts=(UsedPart("电容"),), **VISIT)
    await repairs.record_repair(session, command)
    erase = EraseCustomer(**ME, customer_id=card.customer_id, reason="asked to")
    await customer_erasure.erase_customer(session, erase)
    session.expire_all()
    (left,) = await repairs.repairs_of(session, order_id)
    assert (left.finding, left.action, left.parts, left.minutes) == ("", "", (UsedPart("电容"),), 45)
    assert await found(session, "启动电容") == []
