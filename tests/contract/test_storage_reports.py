"""Taking reports in on every database: one order for one matter, one effect for one report."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import select

from callcenter.storage import outbox
from callcenter.storage.database import Database
from callcenter.storage.tables import OutboxRow
from workorder.commands import (
    ChaseOrder,
    CreateCustomer,
    CreateWorkOrder,
    MoveOrder,
    OpenDraft,
    SeparateReport,
)
from workorder.errors import Conflict, Invalid, NotFound
from workorder.fields import FieldState, FieldValue, Source
from workorder.model.reports import OrderComment
from workorder.services import customers, lifecycle, orders, reports, trail
from workorder.services.order_filters import OrderQuery
from workorder.views.casework import IntakeView

AT = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
REPAIR = {
    "service_type": "repair",
    "contact_phone": "13800138000",
    "appliance": "空调",
    "brand": "格力",
    "fault": "漏水",
    "address": {"city": "杭州市", "district": "西湖区", "detail": "文三路1号"},
}


async def take(db: Database, channel: str = "web", *, at: datetime = AT, **more: object) -> IntakeView:
    command = CreateWorkOrder(**{"by": "u1", "at": at, "channel": channel, "fields": REPAIR, **more})
    async with db.write() as work:
        done = await reports.create_work_order(work.session, command)
        await work.commit()
    return done


async def events(db: Database) -> list[str]:
    async with db.read() as work:
        rows = await work.session.scalars(select(OutboxRow).order_by(OutboxRow.position))
        return [type(outbox.decode(row)).__name__ for row in rows]


def heard(name: str, value: str) -> dict[str, FieldValue]:
    return {
        name: FieldValue(
            value=value, display=value, source=Source.HEARD, state=FieldState.HEARD, confidence=0.9, rule="r"
        )
    }


async def test_a_complete_report_is_an_order(database: Database) -> None:
    """With its number, channel, sender's values, and the report as it was sent."""
    done = await take(database, external_id="f-1", sender="wang", payload=b'{"a":1}')
    assert (done.outcome, done.order.status, done.order.number) == ("created", "created", "WO20261121-0001")
    assert (done.order.channel, done.order.fields["brand"].source) == ("web", "customer")
    async with database.read() as work:
        (report,) = await reports.reports_of(work.session, done.order.order_id)
        assert await reports.payload_of(work.session, report.report_id) == ("application/json", b'{"a":1}')
        with pytest.raises(NotFound):
            await reports.payload_of(work.session, "nope")
    assert (report.external_id, report.sender, report.outcome, report.fields["fault"]) == (
        "f-1",
        "wang",
        "created",
        "漏水",
    )
    assert await events(database) == ["DraftOpened", "WorkOrderCreated", "ReportTaken"]


async def test_a_report_sent_again_has_one_effect(database: Database) -> None:
    """By channel and the sender's own key, whatever else it says now; another channel's same key is another report."""
    first = await take(database, external_id="f-1")
    again = await take(database, external_id="f-1", fields={"service_type": "nonsense"})
    assert (again.outcome, again.order.order_id, again.order.chase_ups) == ("repeated", first.order.order_id, 0)
    other = await take(database, "app", external_id="f-1", attach=False)
    assert (other.outcome, other.order.order_id == first.order.order_id) == ("created", False)


async def test_ten_at_once_have_one_effect(database: Database) -> None:
    """The same report sent ten times at the same moment."""
    done = await asyncio.gather(*(take(database, external_id="f-1") for _ in range(10)))
    assert len({one.order.order_id for one in done}) == 1
    assert sorted(one.outcome for one in done) == ["created"] + ["repeated"] * 9


@pytest.mark.parametrize("channel", ["web", "csv"])
async def test_whoever_can_correct_it_is_told(database: Database, channel: str) -> None:
    """An entry per missing or wrong field, and nothing is kept."""
    with pytest.raises(Invalid) as caught:
        await take(database, channel, external_id="f-1", fields={"service_type": "repair", "appliance": "空调"})
    assert [problem.field for problem in caught.value.errors] == ["brand", "fault", "address", "contact_phone"]
    with pytest.raises(Invalid) as caught:
        await take(database, channel, fields={"service_type": "dance", "colour": "red"})
    assert [problem.field for problem in caught.value.errors] == ["service_type", "colour"]
    async with database.read() as work:
        assert (await orders.list_orders(work.session, OrderQuery())).items == ()
    assert (await take(database, channel, external_id="f-1")).outcome == "created"


async def test_what_was_only_understood_waits_for_an_agent(database: Database) -> None:
    """A draft with the understood values and their confidence; what was given counts more than what was understood."""
    given = {name: value for name, value in REPAIR.items() if name != "fault"}
    done = await take(
        database, "webhook", fields=given, heard={**heard("fault", "不制冷"), **heard("brand", "海尔")}, summary="空调坏了"
    )  # fmt: skip
    assert (done.outcome, done.order.status, done.order.summary) == ("draft", "draft", "空调坏了")
    fields = done.order.fields
    assert (fields["fault"].value, fields["fault"].confidence) == ("不制冷", 0.9)
    assert (fields["brand"].value, fields["brand"].source) == ("格力", "customer")
    nonsense = await take(database, "webhook", fields=given, heard=heard("service_type", "x"), attach=False)
    assert nonsense.order.fields["service_type"].value == "repair"


async def test_a_report_about_an_open_order_chases_it(database: Database) -> None:
    """The same number and matter: a comment, a counter, an event, a line in the trail; no second order."""
    first = await take(database)
    text = {**REPAIR, "contact_phone": "+86 138 0013 8000", "description": "怎么还没来"}
    again = await take(database, "wechat", fields=text, at=AT + timedelta(days=1))
    assert (again.outcome, again.order.order_id, again.order.chase_ups) == ("chased", first.order.order_id, 1)
    assert again.order.edit_version == first.order.edit_version
    async with database.read() as work:
        (comment,) = await work.session.scalars(select(OrderComment))
        lines = await trail.trail(work.session, first.order.order_id, field="chase_ups")
        assert (await trail.verify(work.session)).faults == ()
        assert len((await orders.list_orders(work.session, OrderQuery())).items) == 1
    assert (comment.kind, comment.channel, comment.text) == ("chase_up", "wechat", "怎么还没来")
    assert [(line.before, line.after) for line in lines.items] == [("0", "1")]
    assert (await events(database))[-2:] == ["ChaseUpReceived", "ReportTaken"]


async def test_another_matter_or_a_closed_order_is_no_chase_up(database: Database) -> None:
    """Another appliance, a closed order, another customer, or when it is said to be a new one."""
    first = await take(database)
    assert (await take(database, fields={**REPAIR, "appliance": "冰箱"})).outcome == "created"
    assert (await take(database, fields={**REPAIR, "contact_phone": "13900139000"})).outcome == "created"
    assert (await take(database, attach=False)).outcome == "created"
    async with database.write() as work:
        for number in (1, 4):
            (found,) = (await orders.list_orders(work.session, OrderQuery(number=f"WO20261121-000{number}"))).items
            cancel = MoveOrder(by="u1", at=AT, order_id=found.order_id, action="cancel", reason="x")
            await lifecycle.move_order(work.session, cancel)
        await work.commit()
    assert (await take(database)).order.order_id != first.order.order_id


async def test_the_customer_is_known_by_the_number(database: Database) -> None:
    """The one customer who has it: name and address need not be sent; two who share it are left to people."""
    async with database.write() as work:
        card = await customers.create_customer(
            work.session,
            CreateCustomer(by="u1", at=AT, name="王芳", phones=("13800138000",), address={"city": "杭州市", "detail": "文三路1号"}),
        )  # fmt: skip
        await work.commit()
    given = {name: value for name, value in REPAIR.items() if name != "address"}
    done = await take(database, fields=given)
    assert (done.outcome, done.order.customer_id) == ("created", card.customer_id)
    assert done.order.fields["customer_name"].value == "王芳"
    progress = await take(database, "wechat", fields={"service_type": "progress", "contact_phone": "13800138000"})
    assert (progress.outcome, progress.order.order_id) == ("chased", done.order.order_id)


async def test_a_wrong_chase_up_gets_a_draft_of_its_own(database: Database) -> None:
    """Filled with what it said; the order's counter goes back; it cannot be done twice."""
    first = await take(database)
    again = await take(database, "wechat", fields={**REPAIR, "description": "厨房那台"})
    async with database.write() as work:
        command = SeparateReport(by="u2", at=AT, report_id=again.report.report_id)
        done = await reports.separate_report(work.session, command)
        with pytest.raises(Conflict):
            await reports.separate_report(work.session, command)
        with pytest.raises(NotFound):
            await reports.separate_report(work.session, SeparateReport(by="u2", at=AT, report_id="nope"))
        await work.commit()
        assert (await orders.get_order(work.session, first.order.order_id)).chase_ups == 0
        assert (await trail.verify(work.session)).faults == ()
    assert (done.order.status, done.order.fields["description"].value) == ("draft", "厨房那台")
    assert (done.report.order_id, done.order.channel) == (done.order.order_id, "wechat")


async def test_a_calls_draft_becomes_a_chase_up(database: Database) -> None:
    """The draft ends with the reason, the open order gets the comment; only drafts, only onto open orders."""
    first = await take(database)
    async with database.write() as work:
        opened = OpenDraft(by="machine", at=AT, call_id="c1", fields={"description": "催一下"})
        draft = await orders.open_draft(work.session, opened)
        command = ChaseOrder(by="u1", at=AT, order_id=draft.order_id, target_id=first.order.order_id, edit_version=1)
        target = await reports.chase_order(work.session, command)
        ended = await orders.get_order(work.session, draft.order_id)
        (_, report) = await reports.reports_of(work.session, target.order_id)
        with pytest.raises(Conflict):
            await reports.chase_order(work.session, ChaseOrder(by="u1", at=AT, order_id=draft.order_id, target_id="x"))
        other = await orders.open_draft(work.session, OpenDraft(by="machine", at=AT))
        wrong = ChaseOrder(by="u1", at=AT, order_id=other.order_id, target_id=draft.order_id)
        with pytest.raises(Conflict, match="cancelled"):
            await reports.chase_order(work.session, wrong)
        await work.commit()
    assert (target.order_id, target.chase_ups, ended.status) == (first.order.order_id, 1, "cancelled")
    assert (report.channel, report.outcome, report.fields["description"]) == ("call", "chased", "催一下")


@pytest.mark.parametrize(
    "bad",
    [
        {"channel": "pigeon"},
        {"external_id": ""},
        {"external_id": "x" * 201},
        {"sender": "x" * 201},
        {"payload": bytes((1 << 20) + 1)},
    ],
)
async def test_bad_envelopes_are_named(database: Database, bad: dict) -> None:
    """An unknown channel, keys and payloads beyond their length."""
    with pytest.raises(Invalid) as caught:
        await take(database, **bad)
    assert caught.value.field == next(iter(bad))
