"""The life of an order in the database: steps, parts, audit trail and events, on every database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from callcenter.storage import outbox
from callcenter.storage.database import Database
from callcenter.storage.tables import OutboxRow
from workorder.commands import AttachPart, CancelOrder, CreateCustomer, CreateOrder, EditOrder, MoveOrder, OpenDraft
from workorder.errors import Conflict, Invalid, NotFound
from workorder.events import WorkOrderMoved
from workorder.services import customers, lifecycle, orders
from workorder.services.service_level import service_level
from workorder.views.orders import OrderView

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
FIELDS = {"service_type": "enquiry", "contact_phone": "13800138000"}
TO_COMPLETED = ("dispatch", "accept", "depart", "arrive", "begin", "complete")


async def new_order(db: Database, **more: object) -> OrderView:
    async with db.write() as work:
        draft = await orders.open_draft(work.session, OpenDraft(**{"by": "u1", "at": AT, "fields": FIELDS, **more}))
        created = CreateOrder(by="u1", at=draft.created_at, order_id=draft.order_id)
        order = await orders.create_order(work.session, created)
        await work.commit()
    return order


async def move(db: Database, order_id: str, *steps: str, at: datetime = AT, **more: object) -> OrderView:
    async with db.write() as work:
        for number, action in enumerate(steps):
            command = MoveOrder(
                **{"by": "u2", "at": at + timedelta(minutes=number), "order_id": order_id, "action": action, **more}
            )
            order = await lifecycle.move_order(work.session, command)
        await work.commit()
    return order


async def attach(db: Database, part: OrderView, whole: OrderView | None) -> OrderView:
    async with db.write() as work:
        command = AttachPart(by="u1", at=AT, order_id=part.order_id, parent_id=whole.order_id if whole else None)
        order = await lifecycle.attach_part(work.session, command)
        await work.commit()
    return order


async def test_a_whole_life_is_stamped_with_who_when_and_why(database: Database) -> None:
    """Every step is in the trail, from and to, with its reason, and leaves an event."""
    order = await new_order(database)
    await move(database, order.order_id, "dispatch", "accept", "depart", "arrive")
    await move(database, order.order_id, "wait_for_parts", at=AT + timedelta(hours=1), reason="压缩机缺货")
    await move(database, order.order_id, "begin", "complete", at=AT + timedelta(days=2))
    done = await move(
        database, order.order_id, "confirm", "follow_up", at=AT + timedelta(days=3), confirmation="customer"
    )
    assert done.status == "followed_up"
    async with database.read() as work:
        trail = [line for line in await orders.changes_of(work.session, [order.order_id]) if line.field == "status"]
        rows = await work.session.scalars(select(OutboxRow).order_by(OutboxRow.position))
        events = [event for row in rows if isinstance(event := outbox.decode(row), WorkOrderMoved)]
    steps = [(line.before, line.after) for line in trail[2:]]
    assert steps == [(event.before, event.after) for event in events]
    assert [after for _, after in steps] == [
        "dispatched", "accepted", "departed", "arrived", "waiting_parts", "working", "completed", "confirmed", "followed_up",
    ]  # fmt: skip
    assert all(before == earlier for (before, _), (_, earlier) in zip(steps[1:], steps, strict=False))
    stalled = trail[6]
    assert (stalled.after, stalled.by, stalled.at, stalled.reason) == (
        "waiting_parts",
        "u2",
        AT + timedelta(hours=1),
        "压缩机缺货",
    )


async def test_an_order_closes_only_on_somebodys_word(database: Database) -> None:
    """Confirming asks who says so; the answer is one of two."""
    order = await new_order(database)
    await move(database, order.order_id, *TO_COMPLETED)
    for word in (None, "nobody"):
        with pytest.raises(Invalid) as caught:
            await move(database, order.order_id, "confirm", confirmation=word)
        assert caught.value.field == "confirmation"
    assert (await move(database, order.order_id, "confirm", confirmation="recovery")).status == "confirmed"


async def test_an_illegal_or_unknown_step_is_refused_with_the_legal_ones(database: Database) -> None:
    """Nothing changes; the message says what can be done."""
    order = await new_order(database)
    with pytest.raises(Conflict, match="possible now: dispatch, reschedule, escalate, cancel"):
        await move(database, order.order_id, "complete")
    with pytest.raises(Invalid, match="must be one of create, dispatch"):
        await move(database, order.order_id, "fly")
    with pytest.raises(Conflict, match="it cannot create"):
        await move(database, order.order_id, "create")
    with pytest.raises(NotFound):
        await move(database, "nope", "dispatch")
    async with database.read() as work:
        assert await orders.get_order(work.session, order.order_id) == order


async def test_a_stale_step_is_refused(database: Database) -> None:
    """Who saw an older version does not move the order."""
    order = await new_order(database)
    await move(database, order.order_id, "dispatch", edit_version=order.edit_version)
    with pytest.raises(Conflict, match="changed by somebody else"):
        await move(database, order.order_id, "accept", edit_version=order.edit_version)


async def test_a_whole_closes_only_with_its_parts(database: Database) -> None:
    """Completing, confirming and cancelling wait for every part; parts go on side by side."""
    whole, one, two = [await new_order(database) for _ in range(3)]
    for part in (one, two):
        await attach(database, part, whole)
    async with database.read() as work:
        assert [part.order_id for part in (await lifecycle.parts_of(work.session, whole.order_id)).items] == [
            one.order_id,
            two.order_id,
        ]
    await move(database, whole.order_id, *TO_COMPLETED[:-1])
    await move(database, one.order_id, *TO_COMPLETED)
    await move(database, one.order_id, "confirm", confirmation="customer")
    with pytest.raises(Conflict, match=str(two.number)):
        await move(database, whole.order_id, "complete")
    with pytest.raises(Conflict, match=str(two.number)):
        await cancel(database, whole)
    await cancel(database, two)
    await move(database, whole.order_id, "complete")
    assert (await move(database, whole.order_id, "confirm", confirmation="customer")).status == "confirmed"


async def cancel(db: Database, order: OrderView) -> None:
    async with db.write() as work:
        await orders.cancel_order(work.session, CancelOrder(by="u1", at=AT, order_id=order.order_id, reason="不修了"))
        await work.commit()


async def test_a_part_opens_again_only_with_its_whole(database: Database) -> None:
    """A closed whole holds no open part: it is reopened first."""
    whole, part = await new_order(database), await new_order(database)
    await attach(database, part, whole)
    for order in (part, whole):
        await move(database, order.order_id, *TO_COMPLETED)
        await move(database, order.order_id, "confirm", confirmation="customer")
    with pytest.raises(Conflict, match=str(whole.number)):
        await move(database, part.order_id, "reopen", reason="又坏了")
    await move(database, whole.order_id, "reopen", reason="又坏了")
    assert (await move(database, part.order_id, "reopen", reason="又坏了")).status == "reopened"


async def test_an_order_is_never_a_part_of_itself(database: Database) -> None:
    """Neither directly nor round a longer circle; a closed whole takes no parts; parts can be taken out again."""
    top, middle, bottom = [await new_order(database) for _ in range(3)]
    await attach(database, middle, top)
    await attach(database, bottom, middle)
    for whole in (top, middle, bottom):
        with pytest.raises(Conflict, match="part of itself"):
            await attach(database, top, whole)
    await attach(database, bottom, None)
    await attach(database, top, bottom)
    await cancel(database, closed := await new_order(database))
    with pytest.raises(Conflict, match="cancelled"):
        await attach(database, await new_order(database), closed)


async def test_the_service_level_is_read_from_the_trail(database: Database) -> None:
    """Tier by the customer's level, limits from the moment of creation, the pause while waiting for parts."""
    async with database.write() as work:
        customer = await customers.create_customer(
            work.session, CreateCustomer(by="u1", at=AT, name="王建国", phones=("13800138000",), level="vip")
        )
        draft = await orders.open_draft(work.session, OpenDraft(by="u1", at=AT))
        with pytest.raises(Conflict, match="is a draft"):
            await service_level(work.session, draft.order_id, now=AT)
        with pytest.raises(NotFound):
            await service_level(work.session, "nope", now=AT)
        await work.commit()
    start = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)  # Monday, ten in the morning in Shanghai
    order = await new_order(database, customer_id=customer.customer_id, at=start)
    await move(database, order.order_id, "dispatch", "accept", at=start + timedelta(minutes=10))
    await move(database, order.order_id, "wait_for_parts", at=start + timedelta(hours=1), reason="缺货")
    async with database.read() as work:
        waiting = await service_level(work.session, order.order_id, now=start + timedelta(days=3))
    assert (waiting.tier, waiting.paused, waiting.resolve_by, waiting.breached) == ("vip", "parts", None, ())
    await move(database, order.order_id, "begin", at=start + timedelta(hours=5))
    async with database.read() as work:
        going = await service_level(work.session, order.order_id, now=start + timedelta(hours=5))
    # Twelve working hours of 8 to 20 h, one used before the wait, five left of that day after it.
    assert going.resolve_by == datetime(2026, 11, 24, 6, 0, tzinfo=UTC)
    assert going.responded_at == start + timedelta(minutes=11)


async def test_of_many_that_accept_one_dispatch_exactly_one_succeeds(database: Database) -> None:
    """Twenty at once: one step is taken, nineteen are told that it was."""
    order = await new_order(database)
    await move(database, order.order_id, "dispatch")

    async def accept() -> bool:
        try:
            await move(database, order.order_id, "accept")
        except Conflict:
            return False
        return True

    assert sum(await asyncio.gather(*(accept() for _ in range(20)))) == 1


async def test_the_card_follows_the_life_cycle(database: Database) -> None:
    """An order is open work until it is confirmed, then it is past; fields of a finished one stay as they are."""
    async with database.write() as work:
        customer = await customers.create_customer(
            work.session, CreateCustomer(by="u1", at=AT, name="王建国", phones=("13800138000",))
        )
        await work.commit()
    order = await new_order(database, customer_id=customer.customer_id)
    await move(database, order.order_id, *TO_COMPLETED)
    async with database.read() as work:
        card = await customers.card(work.session, customer.customer_id)
    assert [(brief.number, brief.status) for brief in card.open_orders] == [(order.number, "completed")]
    await move(database, order.order_id, "confirm", confirmation="customer")
    async with database.read() as work:
        card = await customers.card(work.session, customer.customer_id)
    assert (card.open_orders, [brief.status for brief in card.past_orders]) == ((), ["confirmed"])
    late = EditOrder(by="u1", at=AT, order_id=order.order_id, fields={"brand": "美的"})
    async with database.write() as work:
        with pytest.raises(Conflict, match="can no longer be changed"):
            await orders.edit_order(work.session, late)
