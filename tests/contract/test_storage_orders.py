"""What the domain promises about customers and orders, on every database."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from callcenter.storage.database import Database
from workorder.commands import (
    MACHINE,
    CancelOrder,
    CreateCustomer,
    CreateOrder,
    EditOrder,
    NewAsset,
    OpenDraft,
    ReviseDraft,
    SetCustomer,
)
from workorder.errors import Conflict, Invalid, NotFound
from workorder.fields import AlertView, EvidenceRef, FieldContent, FieldState, FieldValue, Source
from workorder.model.orders import WorkOrder
from workorder.policy.phones import parse_phone
from workorder.services import customers, order_customer, orders
from workorder.services.order_filters import OrderQuery
from workorder.services.order_lines import order_lines
from workorder.views.customers import CustomerCard
from workorder.views.orders import OrderLine, OrderView

AT = datetime(2026, 11, 21, 9, 30, 15, 123456, tzinfo=UTC)
COMPLETE: dict[str, FieldContent | None] = {
    "service_type": "repair",
    "contact_phone": "13800138000",
    "appliance": "空调",
    "brand": "格力",
    "fault": "漏水",
    "address": {"city": "杭州市", "district": "西湖区", "detail": "文三路288号"},
}


def heard(
    name: str, value: FieldContent, *, state: FieldState = FieldState.HEARD, confidence: float = 0.8
) -> FieldValue:
    return FieldValue(
        value=value,
        display=str(value),
        source=Source.HEARD,
        state=state,
        confidence=confidence,
        rule=f"{name}.rule",
        evidence=(EvidenceRef("seg1", 0, 2, 100, 900),),
    )


async def add_customer(db: Database, name: str = "王建国", *phones: str) -> CustomerCard:
    async with db.write() as work:
        card = await customers.create_customer(
            work.session,
            CreateCustomer(
                by="u1",
                at=AT,
                name=name,
                phones=phones or ("13800138000", "0571-8888 8888"),
                address={"province": "浙江省", "city": "杭州市", "district": "西湖区", "detail": "文三路288号"},
                assets=(
                    NewAsset(appliance="空调", brand="格力", model="KFR-35GW", warranty_until=date(2027, 1, 1)),
                    NewAsset(appliance="冰箱", warranty_until=date(2020, 1, 1), purchased_on=date(2018, 1, 1)),
                ),
            ),
        )
        await work.commit()
    return card


async def open_draft(db: Database, **changes: object) -> OrderView:
    async with db.write() as work:
        order = await orders.open_draft(work.session, OpenDraft(**{"by": "u1", "at": AT, **changes}))
        await work.commit()
    return order


async def revise(db: Database, order_id: str, fields: dict[str, FieldValue], **more: object) -> OrderView:
    async with db.write() as work:
        command = ReviseDraft(**{"by": MACHINE, "at": AT, "order_id": order_id, "fields": fields, **more})
        order = await orders.revise_draft(work.session, command)
        await work.commit()
    return order


async def edit(db: Database, order: OrderView, fields: dict[str, FieldContent | None], *accept: str) -> OrderView:
    async with db.write() as work:
        command = EditOrder(
            by="u1", at=AT, order_id=order.order_id, fields=fields, accept=accept, edit_version=order.edit_version
        )
        changed = await orders.edit_order(work.session, command)
        await work.commit()
    return changed


async def create(db: Database, order: OrderView, **more: object) -> OrderView:
    async with db.write() as work:
        created = await orders.create_order(
            work.session, CreateOrder(**{"by": "u1", "at": AT, "order_id": order.order_id, **more})
        )
        await work.commit()
    return created


async def load(db: Database, order_id: str) -> OrderView:
    async with db.read() as work:
        return await orders.get_order(work.session, order_id)


async def test_a_customer_is_found_by_any_spelling_of_any_of_his_numbers(database: Database) -> None:
    """Every way a PBX writes a customer's mobile or landline number leads to the same card."""
    made = await add_customer(database)
    for spelling in (
        "13800138000",
        "+8613800138000",
        "008613800138000",
        "013800138000",
        "0571 88888888",
        "+86-571-88888888",
    ):
        async with database.read() as work:
            found = await customers.card_by_phone(work.session, parse_phone(spelling), on=date(2026, 11, 21))
        assert found == made, spelling


async def test_a_card_shows_phones_addresses_assets_with_warranty_and_orders(database: Database) -> None:
    """The card holds everything the pop shows, drafts excluded, newest order first."""
    made = await add_customer(database)
    for minutes in (0, 1, 2):
        draft = await open_draft(
            database, customer_id=made.customer_id, fields=COMPLETE, at=AT + timedelta(minutes=minutes)
        )
        if minutes < 2:
            await create(database, draft)
    async with database.read() as work:
        card = await customers.card(work.session, made.customer_id, on=date(2026, 11, 21))
    assert [phone.e164 for phone in card.phones] == ["+8613800138000", "+8657188888888"]
    assert card.addresses[0].display == "浙江省杭州市西湖区文三路288号"
    assert [(asset.appliance, asset.warranty) for asset in card.assets] == [("空调", "in"), ("冰箱", "out")]
    assert card.assets[1].purchased_on == date(2018, 1, 1)
    assert [order.created_at for order in card.open_orders] == [AT + timedelta(minutes=1), AT]
    assert card.open_orders[0].fault == "漏水"
    assert card.past_orders == ()
    assert card.order_count == 2


async def test_cancelled_orders_are_past_orders(database: Database) -> None:
    """A cancelled order moves from the open to the past ones."""
    made = await add_customer(database)
    order = await create(database, await open_draft(database, customer_id=made.customer_id, fields=COMPLETE))
    async with database.write() as work:
        await orders.cancel_order(
            work.session, CancelOrder(by="u1", at=AT, order_id=order.order_id, reason="自己修好了")
        )
        await work.commit()
    async with database.read() as work:
        card = await customers.card(work.session, made.customer_id)
    assert card.open_orders == ()
    assert [(past.number, past.status) for past in card.past_orders] == [(order.number, "cancelled")]


async def test_a_shared_number_gives_candidates_and_no_single_card(database: Database) -> None:
    """Two customers behind one number are both offered; nobody's data is shown as the caller's."""
    first, second = await add_customer(database, "甲"), await add_customer(database, "乙")
    async with database.read() as work:
        key = parse_phone("13800138000")
        assert await customers.card_by_phone(work.session, key) is None
        found = await customers.cards_by_phone(work.session, key)
    assert {card.customer_id for card in found} == {first.customer_id, second.customer_id}


@pytest.mark.parametrize("number", [None, "", "anonymous", "<unknown>", "13911110000"])
async def test_hidden_and_unknown_numbers_find_nobody(database: Database, number: str | None) -> None:
    """No number, or one that is not on file, gives no card and no error."""
    await add_customer(database)
    async with database.read() as work:
        assert await customers.card_by_phone(work.session, parse_phone(number)) is None


async def test_customers_are_searched_by_beginning_of_name_and_by_number(database: Database) -> None:
    """A prefix of the name or any spelling of a number finds the customer; a middle part does not."""
    made = await add_customer(database)
    await add_customer(database, "李四", "13911112222")
    async with database.read() as work:
        for q in ("王", "王建国", "138 0013 8000"):
            assert [card.customer_id for card in await customers.search(work.session, q)] == [made.customer_id], q
        assert await customers.search(work.session, "建国") == ()
        assert await customers.search(work.session, "  ") == ()


async def test_a_customer_without_name_or_number_is_refused_with_every_problem(database: Database) -> None:
    """The error names each bad field."""
    async with database.write() as work:
        with pytest.raises(Invalid) as caught:
            await customers.create_customer(
                work.session, CreateCustomer(by="u1", at=AT, name=" ", phones=("x",), level="king")
            )
    assert {problem.field for problem in caught.value.errors} == {"name", "phone", "level"}


async def test_a_draft_takes_over_what_is_known_of_the_customer(database: Database) -> None:
    """Name, first phone and address come from the customer; what is given wins."""
    made = await add_customer(database)
    order = await open_draft(
        database, by=MACHINE, call_id="C1", customer_id=made.customer_id, fields={"contact_phone": "13911112222"}
    )
    assert order.fields["customer_name"].value == "王建国"
    assert order.fields["customer_name"].source is Source.CUSTOMER
    assert order.fields["contact_phone"].value == "13911112222"
    assert order.status == "draft"
    assert order.missing == ("service_type",)
    assert await load(database, order.order_id) == order


async def test_opening_the_draft_of_a_call_twice_gives_the_same_draft(database: Database) -> None:
    """One draft per (call, sequence); the second appliance has its own."""
    first = await open_draft(database, call_id="C1")
    again = await open_draft(database, call_id="C1", by=MACHINE)
    second = await open_draft(database, call_id="C1", sequence=2)
    assert again == first
    assert second.order_id != first.order_id
    async with database.read() as work:
        found = await orders.orders_of_call(work.session, "C1")
    assert [order.sequence for order in found] == [1, 2]


async def test_heard_values_arrive_with_their_evidence(database: Database) -> None:
    """Confidence, rule, evidence, alerts and summary survive the database."""
    order = await open_draft(database, call_id="C1")
    await revise(
        database,
        order.order_id,
        {"appliance": heard("appliance", "空调"), "intermittent": heard("intermittent", value=True)},
        summary="空调漏水",
        alerts=(AlertView("smoke", "冒烟"),),
        suggested_priority="high",
    )
    kept = await load(database, order.order_id)
    assert kept.fields["appliance"] == heard("appliance", "空调")
    assert kept.fields["intermittent"].value is True
    assert (kept.summary, kept.alerts, kept.suggested_priority) == ("空调漏水", (AlertView("smoke", "冒烟"),), "high")
    assert kept.edit_version == order.edit_version


async def test_the_machine_never_changes_what_a_person_typed_accepted_or_emptied(database: Database) -> None:
    """Edited, accepted and emptied fields keep the person's word through later revisions."""
    order = await open_draft(database, call_id="C1")
    names = ("appliance", "brand", "fault", "model")
    await revise(database, order.order_id, {name: heard(name, "first") for name in names})
    order = await load(database, order.order_id)
    await edit(database, order, {"appliance": "空调", "fault": None}, "brand")
    after = await revise(database, order.order_id, {name: heard(name, "second") for name in names})
    assert {name: after.fields[name].value for name in names} == {
        "appliance": "空调",
        "brand": "first",
        "fault": None,
        "model": "second",
    }
    assert after.fields["brand"].state is FieldState.ACCEPTED
    assert after.fields["appliance"].state is FieldState.EDITED


async def test_a_heard_value_that_vanishes_is_withdrawn(database: Database) -> None:
    """What the machine no longer believes loses its value, keeps its old text and its evidence, and may come back."""
    order = await open_draft(database, call_id="C1")
    await revise(database, order.order_id, {"brand": heard("brand", "美的")})
    gone = await revise(database, order.order_id, {})
    assert gone.fields["brand"].state is FieldState.WITHDRAWN
    assert (gone.fields["brand"].value, gone.fields["brand"].display) == (None, "美的")
    back = await revise(database, order.order_id, {"brand": heard("brand", "格力")})
    assert back.fields["brand"].value == "格力"


async def test_revising_with_the_same_values_writes_nothing(database: Database) -> None:
    """An unchanged revision leaves no event and no new row version."""
    order = await open_draft(database, call_id="C1")
    fields = {"brand": heard("brand", "美的"), "address": heard("address", {"detail": "文三路288号"})}
    await revise(database, order.order_id, fields)
    async with database.write() as work:
        await orders.revise_draft(work.session, ReviseDraft(by=MACHINE, at=AT, order_id=order.order_id, fields=fields))
        await work.commit()
        assert not work.wrote_events
        row = await work.session.get_one(WorkOrder, order.order_id)
    assert row.version == 2


async def test_a_created_order_is_closed_to_the_machine(database: Database) -> None:
    """Speech fills drafts only."""
    order = await create(database, await open_draft(database, call_id="C1", fields=COMPLETE))
    with pytest.raises(Conflict):
        await revise(database, order.order_id, {"brand": heard("brand", "美的")})


async def test_creating_gives_the_days_next_number(database: Database) -> None:
    """Numbers count up within the local day and start again on the next."""
    drafts = [await open_draft(database, fields=COMPLETE) for _ in range(3)]
    made = [
        await create(database, drafts[0]),
        await create(database, drafts[1]),
        await create(database, drafts[2], at=AT + timedelta(hours=7)),
    ]
    assert [order.number for order in made] == ["WO20261121-0001", "WO20261121-0002", "WO20261122-0001"]
    assert (made[0].status, made[0].saved_at, made[0].created_by) == ("created", AT, "u1")


async def test_creating_names_every_missing_field_and_leaves_the_draft(database: Database) -> None:
    """One problem per required field; the number is not used up."""
    order = await open_draft(database, fields={"service_type": "repair", "address": {"city": "杭州市"}})
    with pytest.raises(Invalid) as caught:
        await create(database, order)
    assert [problem.field for problem in caught.value.errors] == [
        "appliance",
        "brand",
        "fault",
        "address",
        "contact_phone",
    ]
    assert {problem.code for problem in caught.value.errors} == {"required"}
    assert (await load(database, order.order_id)).status == "draft"
    ready = await edit(database, order, COMPLETE)
    assert (await create(database, ready)).number == "WO20261121-0001"


async def test_a_stale_edit_is_refused_in_readable_words(database: Database) -> None:
    """Who saw an older version gets a Conflict that says so, and nothing changes."""
    order = await open_draft(database, fields=COMPLETE)
    await edit(database, order, {"brand": "美的"})
    with pytest.raises(Conflict, match="changed by somebody else"):
        await edit(database, order, {"brand": "海尔"})
    assert (await load(database, order.order_id)).fields["brand"].value == "美的"


async def test_the_machine_does_not_make_an_agents_save_fail(database: Database) -> None:
    """Revisions leave edit_version alone, so If-Match of an agent who is typing still matches."""
    order = await open_draft(database, call_id="C1")
    await revise(database, order.order_id, {"brand": heard("brand", "美的")})
    assert (await edit(database, order, {"fault": "漏水"})).fields["brand"].value == "美的"


async def test_unknown_fields_and_wrong_values_are_refused_by_name(database: Database) -> None:
    """An edit with several mistakes names them all and changes nothing."""
    order = await open_draft(database)
    with pytest.raises(Invalid) as caught:
        await edit(
            database,
            order,
            {"colour": "red", "service_type": "party", "intermittent": "yes", "appointment": {"start": "tomorrow"}},
        )
    assert {(problem.field, problem.code) for problem in caught.value.errors} == {
        ("colour", "unknown_field"),
        ("service_type", "not_allowed"),
        ("intermittent", "wrong_type"),
        ("appointment", "wrong_type"),
    }


async def test_accepting_an_empty_field_is_refused(database: Database) -> None:
    """There must be a value to accept."""
    order = await open_draft(database)
    with pytest.raises(Invalid) as caught:
        await edit(database, order, {}, "brand")
    assert caught.value.errors[0].code == "nothing_to_accept"


async def test_illegal_moves_name_the_legal_ones(database: Database) -> None:
    """Creating twice is refused with what is possible; a cancelled order takes no more edits."""
    order = await create(database, await open_draft(database, fields=COMPLETE))
    with pytest.raises(Conflict, match="possible now: dispatch, reschedule, escalate, cancel"):
        await create(database, order)
    async with database.write() as work:
        await orders.cancel_order(work.session, CancelOrder(by="u1", at=AT, order_id=order.order_id, reason="重复"))
        await work.commit()
    with pytest.raises(Conflict, match="can no longer be changed"):
        await edit(database, await load(database, order.order_id), {"brand": "美的"})


async def test_cancelling_needs_a_reason(database: Database) -> None:
    """An empty reason is refused."""
    order = await open_draft(database)
    async with database.write() as work:
        with pytest.raises(Invalid):
            await orders.cancel_order(work.session, CancelOrder(by="u1", at=AT, order_id=order.order_id, reason=" "))


async def test_every_change_leaves_an_audit_row(database: Database) -> None:
    """Who, when, from what, to what: for opening, hearing, editing and creating."""
    order = await open_draft(database, call_id="C1", by=MACHINE)
    await revise(database, order.order_id, {"brand": heard("brand", "美的")})
    order = await edit(database, order, {**COMPLETE, "brand": "格力"})
    await create(database, order)
    async with database.read() as work:
        trail = await orders.changes_of(work.session, [order.order_id])
    lines = [(line.by, line.field, line.before, line.after) for line in trail]
    assert lines[0] == (MACHINE, "status", None, "draft")
    assert (MACHINE, "brand", None, "美的") in lines
    assert ("u1", "brand", "美的", "格力") in lines
    assert lines[-1] == ("u1", "status", "draft", "created")
    assert all(line.at == AT for line in trail)


async def test_an_unknown_caller_can_be_attached_to_a_customer_later(database: Database) -> None:
    """Setting the customer fills only what is still empty."""
    made = await add_customer(database)
    order = await open_draft(database, call_id="C1", by=MACHINE, fields={"contact_phone": "13911112222"})
    async with database.write() as work:
        command = SetCustomer(by="u1", at=AT, order_id=order.order_id, customer_id=made.customer_id)
        order = await order_customer.set_customer(work.session, command)
        await work.commit()
    assert order.customer_id == made.customer_id
    assert order.fields["customer_name"].value == "王建国"
    assert order.fields["contact_phone"].value == "13911112222"


async def test_orders_are_listed_newest_first_in_pages_without_gaps(database: Database) -> None:
    """Following the cursor gives each order once, also when several share a moment."""
    made = [await open_draft(database, at=AT + timedelta(seconds=n // 2)) for n in range(7)]
    seen: list[OrderView] = []
    cursor = None
    while True:
        async with database.read() as work:
            page = await orders.list_orders(work.session, OrderQuery(cursor=cursor, limit=3))
        seen += page.items
        cursor = page.next_cursor
        if cursor is None:
            break
    assert [order.order_id for order in seen] == [
        order.order_id for order in sorted(made, key=lambda order: (order.created_at, order.order_id), reverse=True)
    ]


async def test_orders_are_filtered_by_status_call_customer_number_and_words(database: Database) -> None:
    """Each filter alone finds exactly the order it fits."""
    made = await add_customer(database)
    wanted = await create(
        database, await open_draft(database, call_id="C1", customer_id=made.customer_id, fields=COMPLETE)
    )
    await open_draft(database, call_id="C2", fields={"customer_name": "李四"})
    for query in (
        OrderQuery(status="created"),
        OrderQuery(call_id="C1"),
        OrderQuery(customer_id=made.customer_id),
        OrderQuery(number=wanted.number),
        OrderQuery(q="wo20261121-0001"),
        OrderQuery(q="+86 138 0013 8000"),
        OrderQuery(q="王"),
    ):
        async with database.read() as work:
            page = await orders.list_orders(work.session, query)
        assert [order.order_id for order in page.items] == [wanted.order_id], query


async def test_a_line_says_what_the_whole_order_says(database: Database) -> None:
    """Drafts, orders with a clock and cancelled ones; in the same order, page by page."""
    made = await add_customer(database)
    first = await create(database, await open_draft(database, customer_id=made.customer_id, fields=COMPLETE))
    await open_draft(database, call_id="C2", at=AT + timedelta(hours=1), fields={"customer_name": "李四"})
    second = await create(database, await open_draft(database, at=AT + timedelta(hours=2), fields=COMPLETE))
    async with database.write() as work:
        command = CancelOrder(by="u", at=AT + timedelta(hours=3), order_id=second.order_id, reason="买错了")
        await orders.cancel_order(work.session, command)
        await work.commit()
    async with database.read() as work:
        wholes = (await orders.list_orders(work.session, OrderQuery())).items
    lines: list[OrderLine] = []
    cursor = None
    while cursor is not None or not lines:
        page = await database.look(order_lines, OrderQuery(cursor=cursor, limit=2))
        lines += page.items
        cursor = page.next_cursor
    assert [(line.sla is None, line.status) for line in lines] == [
        (False, "cancelled"), (True, "draft"), (False, "created"),
    ]  # fmt: skip
    same = ("order_id", "number", "status", "edit_version", "call_id", "customer_id", "created_at", "chase_ups",
            "handler", "priority", "suggested_tier", "sla")  # fmt: skip
    known = ("service_type", "appliance", "brand", "fault", "customer_name")
    for line, whole in zip(lines, wholes, strict=True):
        assert [getattr(line, name) for name in same] == [getattr(whole, name) for name in same]
        said = {name: whole.fields[name].value if name in whole.fields else None for name in known}
        assert {name: getattr(line, name) for name in known} == said
    assert first.order_id == lines[-1].order_id
    assert lines[-1].contact == "+8613800138000"


@pytest.mark.parametrize("cursor", ["x", "!!", "AAAA", "MjAyNi0xMS0yMXw"])
async def test_a_foreign_cursor_is_refused(database: Database, cursor: str) -> None:
    """Only cursors we gave are taken."""
    async with database.read() as work:
        with pytest.raises(Invalid) as caught:
            await orders.list_orders(work.session, OrderQuery(cursor=cursor))
    assert caught.value.field == "cursor"


async def test_what_does_not_exist_is_not_found(database: Database) -> None:
    """Unknown customers and orders raise NotFound."""
    async with database.write() as work:
        with pytest.raises(NotFound):
            await orders.get_order(work.session, "nope")
        with pytest.raises(NotFound):
            await customers.card(work.session, "nope")
        with pytest.raises(NotFound):
            await orders.open_draft(work.session, OpenDraft(by="u1", at=AT, customer_id="nope"))
