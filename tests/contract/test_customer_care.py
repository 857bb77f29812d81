"""Forgetting a person across the whole call centre: messages, kept answers, reasons; on every database."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, text

from callcenter.features import customer_care
from callcenter.storage import deliveries
from callcenter.storage.database import Database
from callcenter.storage.deliveries import Planned
from callcenter.storage.tables import DeliveryRow, IdempotencyRow
from tests.contract.test_storage_customers import AT, HOME, created, order_of
from workorder.commands import EraseCustomer, MoveOrder
from workorder.model.base import Base
from workorder.model.trail import OrderChange
from workorder.services import lifecycle, trail

MESSAGE = Planned(
    event_id="E1",
    event_type="WorkOrderCreated",
    event={"note": "欧阳震华"},
    rule="sms_created",
    order_id="",
    audience="customer",
    channel="sms",
    recipient="13800138000",
    subject="",
    text="欧阳震华您好",
    at=AT,
    due_at=AT,
)


def answer(key: str, body: str) -> IdempotencyRow:
    return IdempotencyRow(
        user_id="U", key=key, request_hash="h", status=201, headers={}, body=body.encode(), created_at=AT
    )


async def test_messages_answers_and_reasons_name_a_forgotten_person_no_more(database: Database) -> None:
    """Sent and waiting messages, the answer to the order's POST and what staff wrote go; others' stay."""
    found = await created(database, name="欧阳震华", addresses=(HOME,))
    other = await created(database, name="李四", phones=("13900139000",), addresses=(HOME,))
    order, others = await order_of(database, found.customer_id), await order_of(database, other.customer_id)
    async with database.write() as work:
        planned = replace(MESSAGE, order_id=order.order_id)
        await deliveries.plan(work.session, planned)
        await deliveries.plan(work.session, replace(planned, event_id="E2", delivered=True))
        await deliveries.plan(
            work.session, replace(planned, event_id="E3", order_id=others.order_id, text="李四您好", event={})
        )
        work.session.add_all(
            [answer("1", f'{{"order_id":"{order.order_id}","name":"欧阳震华"}}'),
             answer("2", f'{{"customer_id":"{found.customer_id}","name":"欧阳震华"}}'),
             answer("3", f'{{"order_id":"{others.order_id}"}}')]
        )  # fmt: skip
        cancel = MoveOrder(by="u1", at=AT, order_id=order.order_id, action="cancel", reason="欧阳震华说不修了")
        await lifecycle.move_order(work.session, cancel)
        await work.commit()
    async with database.write() as work:
        command = EraseCustomer(by="s1", at=AT, customer_id=found.customer_id, reason="书面申请")
        await customer_care.erase(work.session, command)
        await work.commit()
    async with database.write() as work:
        kept = Base.metadata.tables.keys() - {"outbox"}
        rows = [str(row) for table in kept for row in await work.session.execute(text(f"SELECT * FROM {table}"))]
        assert not [row for row in rows if "欧阳" in row]
        assert [row.text for row in await work.session.scalars(select(DeliveryRow))] == ["李四您好"]
        assert list(await work.session.scalars(select(IdempotencyRow.key))) == ["3"]
        claimed = await deliveries.claim(work.session, channel="sms", recipient=None, now=AT + timedelta(days=1))
        assert [row.order_id for row in claimed] == [others.order_id]
        assert (await trail.verify(work.session)).faults == ()
        lines = await work.session.scalars(select(OrderChange).where(OrderChange.order_id == order.order_id))
        assert [line.reason for line in lines if line.reason] == ["书面申请"]
