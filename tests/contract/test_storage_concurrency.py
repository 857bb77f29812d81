"""Many writers at once: nothing is lost and no number is given twice, on every database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from sqlalchemy import select

from callcenter.storage.database import Database
from callcenter.storage.tables import OutboxRow
from workorder.commands import MACHINE, CreateOrder, EditOrder, OpenDraft, ReviseDraft
from workorder.errors import Conflict
from workorder.fields import FIELDS, FieldState, FieldValue, Kind, Source
from workorder.services import orders
from workorder.views.orders import OrderView

AT = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
WRITERS = 40
TEXTS = [name for name, spec in FIELDS.items() if spec.kind is Kind.TEXT]


async def open_draft(db: Database, **more: object) -> OrderView:
    async with db.write() as work:
        order = await orders.open_draft(work.session, OpenDraft(**{"by": "u1", "at": AT, **more}))
        await work.commit()
    return order


async def load(db: Database, order_id: str) -> OrderView:
    async with db.read() as work:
        return await orders.get_order(work.session, order_id)


async def test_forty_concurrent_edits_lose_none(database: Database) -> None:
    """Each edit reads the order, adds to a field and writes; every one is in the trail, the counter and the outbox."""
    order = await open_draft(database)

    async def edit(number: int) -> None:
        name = TEXTS[number % len(TEXTS)]
        async with database.write() as work:
            command = EditOrder(by=f"u{number}", at=AT, order_id=order.order_id, fields={name: f"value {number}"})
            await orders.edit_order(work.session, command)
            await work.commit()

    await asyncio.gather(*(edit(number) for number in range(WRITERS)))
    after = await load(database, order.order_id)
    async with database.read() as work:
        trail = await orders.changes_of(work.session, [order.order_id])
        events = list(await work.session.scalars(select(OutboxRow).where(OutboxRow.event_type == "OrderEdited")))
    assert after.edit_version == order.edit_version + WRITERS
    assert {line.by for line in trail if line.field != "status"} == {f"u{number}" for number in range(WRITERS)}
    assert sorted(row.body["edit_version"] for row in events) == list(range(2, WRITERS + 2))
    last = {line.field: line.after for line in trail if line.field != "status"}
    assert {name: after.fields[name].value for name in TEXTS} == last


async def test_of_many_edits_of_one_version_exactly_one_wins(database: Database) -> None:
    """With If-Match, one writer gets through and the others are told; nobody overwrites unseen work."""
    order = await open_draft(database)

    async def edit(number: int) -> bool:
        try:
            async with database.write() as work:
                command = EditOrder(
                    by="u1", at=AT, order_id=order.order_id, fields={"brand": f"b{number}"}, edit_version=1
                )
                await orders.edit_order(work.session, command)
                await work.commit()
        except Conflict:
            return False
        return True

    won = await asyncio.gather(*(edit(number) for number in range(WRITERS)))
    assert sum(won) == 1
    assert (await load(database, order.order_id)).fields["brand"].value == f"b{won.index(True)}"


async def test_speech_and_agent_at_once_keep_both(database: Database) -> None:
    """Twenty revisions and twenty edits side by side: the agent's field is the agent's, the machine's its last."""
    order = await open_draft(database)

    async def hear(number: int) -> None:
        value = FieldValue(value=f"m{number}", display="", source=Source.HEARD, state=FieldState.HEARD, confidence=0.5)
        async with database.write() as work:
            command = ReviseDraft(
                by=MACHINE, at=AT, order_id=order.order_id, fields={"brand": value, "fault": value}, summary=f"{number}"
            )
            await orders.revise_draft(work.session, command)
            await work.commit()

    async def edit(number: int) -> None:
        async with database.write() as work:
            command = EditOrder(by="u1", at=AT, order_id=order.order_id, fields={"brand": f"a{number}"})
            await orders.edit_order(work.session, command)
            await work.commit()

    await asyncio.gather(*(act(number) for number in range(WRITERS // 2) for act in (hear, edit)))
    after = await load(database, order.order_id)
    assert str(after.fields["brand"].value).startswith("a")
    assert str(after.fields["fault"].value).startswith("m")
    assert after.edit_version == 1 + WRITERS // 2


async def test_order_numbers_are_unique_and_without_holes(database: Database) -> None:
    """Forty orders created at once get the numbers 1 to 40."""
    fields = {"service_type": "enquiry", "contact_phone": "13800138000"}
    drafts = [await open_draft(database, fields=fields) for _ in range(WRITERS)]

    async def create(order: OrderView) -> str | None:
        async with database.write() as work:
            made = await orders.create_order(work.session, CreateOrder(by="u1", at=AT, order_id=order.order_id))
            await work.commit()
        return made.number

    numbers = await asyncio.gather(*(create(order) for order in drafts))
    assert sorted(map(str, numbers)) == [f"WO20261121-{n:04d}" for n in range(1, WRITERS + 1)]


async def test_drafts_opened_at_once_for_one_call_are_one_draft(database: Database) -> None:
    """However many devices ring, the call has one draft."""
    opened = await asyncio.gather(*(open_draft(database, call_id="C1") for _ in range(10)))
    assert len({order.order_id for order in opened}) == 1
