"""Maintenance plans on both databases, driven by timers on a clock that jumps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from callcenter.clock import VirtualClock
from callcenter.features.maintenance import Maintenance
from callcenter.features.timers import Timers
from callcenter.storage.database import Database
from workorder.commands import (
    AddAsset,
    CreateCustomer,
    EditAsset,
    EraseCustomer,
    MergeCustomers,
    NewAsset,
    SaveContract,
    SavePlan,
)
from workorder.errors import Conflict, Invalid
from workorder.services import customers, orders
from workorder.services.assets import add_asset, edit_asset
from workorder.services.contracts import save_contract
from workorder.services.customer_erasure import erase_customer
from workorder.services.customer_merge import merge_customers
from workorder.services.maintenance import open_visit, plan_view, plans_due, plans_of, save_plan
from workorder.services.order_filters import OrderQuery

AT = datetime(2026, 11, 20, 6, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Shanghai")
HOME = {"city": "杭州市", "district": "西湖区", "detail": "文三路1号"}


async def run(database: Database, service, command, **more):
    async with database.write() as work:
        answer = await service(work.session, command, **more)
        await work.commit()
    return answer


async def customer(database: Database, address=HOME, phone="13800138000") -> str:
    command = CreateCustomer(by="u", at=AT, name="王芳", phones=(phone,), address=address)
    return (await run(database, customers.create_customer, command)).customer_id


async def boiler(database: Database, who: str):
    new = NewAsset(appliance="壁挂炉", brand="万和", model="L1")
    return await run(database, add_asset, AddAsset(by="u", at=AT, customer_id=who, asset=new))


async def plan(database: Database, who: str, **values):
    given = {"title": "年度保养", "interval_months": 12, "first_on": date(2026, 12, 10), **values}
    return await run(database, save_plan, SavePlan(by="u", at=AT, customer_id=who, **given), zone=ZONE)


async def fire(database: Database, clock: VirtualClock, until: datetime) -> None:
    """What falls due up to ``until``, at its time."""
    timers = Timers(database, clock)
    Maintenance(zone=ZONE, clock=clock).subscribe(timers)
    while clock.now() < until:
        await clock.advance(min(timedelta(days=1), until - clock.now()).total_seconds())
        await timers.fire_due()


async def listed(database: Database, who: str):
    async with database.read() as work:
        return (await orders.list_orders(work.session, OrderQuery(customer_id=who))).items


async def test_an_order_comes_ahead_of_time_once(database):
    """At eight in the morning two weeks before, with appliance, address and number; then the next year's is planned."""
    who = await customer(database)
    asset = await boiler(database, who)
    made = await plan(database, who, asset_id=asset.asset_id)
    assert made.next_on == date(2026, 12, 10)
    clock = VirtualClock(AT)
    await fire(database, clock, datetime(2026, 11, 25, 23, 0, tzinfo=UTC))
    assert await listed(database, who) == ()
    await fire(database, clock, datetime(2026, 12, 20, tzinfo=UTC))
    (order,) = await listed(database, who)
    assert (order.status, order.fields["appliance"].value, order.asset_id) == ("created", "壁挂炉", asset.asset_id)
    assert order.fields["service_type"].value == "maintenance"
    assert "2026-12-10" in str(order.fields["description"].value)
    async with database.read() as work:
        found = await plan_view(work.session, made.plan_id)
        assert [(visit.due_on, visit.order_id) for visit in found.visits] == [(date(2026, 12, 10), order.order_id)]
        assert found.next_on == date(2027, 12, 10)
        assert (await plans_due(work.session, before=date(2027, 12, 10))).items == await plans_of(work.session, who)
        assert (await plans_due(work.session, before=date(2027, 12, 9))).items == ()
    assert await run(database, open_visit, made.plan_id, at=clock.now(), zone=ZONE) is None
    assert len(await listed(database, who)) == 1


async def test_a_long_standstill_makes_one_order_for_the_latest_visit(database):
    """Months that nobody can make any more are noted as overtaken."""
    who = await customer(database)
    asset = await boiler(database, who)
    made = await plan(database, who, asset_id=asset.asset_id, interval_months=1, lead_days=0)
    clock = VirtualClock(AT + timedelta(days=100))
    timers = Timers(database, clock)
    Maintenance(zone=ZONE, clock=clock).subscribe(timers)
    await timers.fire_due()
    assert len(await listed(database, who)) == 1
    async with database.read() as work:
        found = await plan_view(work.session, made.plan_id)
    assert [(visit.due_on, visit.order_id is not None) for visit in found.visits] == [
        (date(2027, 2, 10), True),
        (date(2027, 1, 10), False),
        (date(2026, 12, 10), False),
    ]


async def test_what_lacks_an_address_waits_as_a_draft(database):
    """An agent completes it; the visit counts."""
    who = await customer(database, address=None)
    asset = await boiler(database, who)
    await plan(database, who, asset_id=asset.asset_id, first_on=date(2026, 11, 21))
    await fire(database, VirtualClock(AT), AT + timedelta(days=1))
    (order,) = await listed(database, who)
    assert (order.status, order.missing) == ("draft", ("address",))


async def test_plans_stop_by_themselves(database):
    """A contract's visits used up, the appliance gone, the person forgotten: no order, and the plan says why."""
    who = await customer(database)
    asset, gone = await boiler(database, who), await boiler(database, who)
    contract = await run(
        database,
        save_contract,
        SaveContract(
            by="u",
            at=AT,
            number="WB-1",
            customer_id=who,
            kind="maintenance",
            starts_on=AT.date(),
            ends_on=date(2030, 1, 1),
            visits_included=1,
        ),
    )
    values = {"interval_months": 1, "first_on": date(2026, 11, 25), "lead_days": 0}
    by_contract = await plan(database, who, asset_id=asset.asset_id, contract_id=contract.contract_id, **values)
    by_asset = await plan(database, who, asset_id=gone.asset_id, **values)
    await run(
        database,
        edit_asset,
        EditAsset(by="u", at=AT, asset_id=gone.asset_id, changes={"retired_on": AT.date()}),
    )
    clock = VirtualClock(AT)
    await fire(database, clock, AT + timedelta(days=60))
    assert len(await listed(database, who)) == 1
    other = await customer(database, phone="13900139000")
    by_person = await plan(database, other, **values)
    await run(database, erase_customer, EraseCustomer(by="u", at=AT, customer_id=other, reason="letter"))
    await fire(database, clock, AT + timedelta(days=120))
    async with database.read() as work:
        states = [await plan_view(work.session, one.plan_id) for one in (by_contract, by_asset, by_person)]
    assert [(one.active, one.stopped_because, one.next_on) for one in states] == [
        (False, "visits_used_up", None),
        (False, "asset_retired", None),
        (False, "customer_gone", None),
    ]


async def test_a_changed_plan_keeps_time_anew_and_a_stopped_one_is_silent(database):
    """The old timer is replaced; If-Match protects it."""
    who = await customer(database)
    made = await plan(database, who, first_on=date(2026, 11, 25), lead_days=0)
    later = await plan(database, who, plan_id=made.plan_id, first_on=date(2027, 1, 5), lead_days=0, edit_version=1)
    assert (later.next_on, later.edit_version) == (date(2027, 1, 5), 2)
    with pytest.raises(Conflict, match="somebody else"):
        await plan(database, who, plan_id=made.plan_id, edit_version=1)
    clock = VirtualClock(AT)
    await fire(database, clock, datetime(2026, 12, 30, tzinfo=UTC))
    assert await listed(database, who) == ()
    stopped = await plan(database, who, plan_id=made.plan_id, first_on=date(2027, 1, 5), active=False)
    assert (stopped.next_on, stopped.stopped_because) == (None, "by_hand")
    await fire(database, clock, datetime(2027, 1, 10, tzinfo=UTC))
    assert await listed(database, who) == ()


async def test_plans_move_with_a_merge(database):
    """The kept customer's orders come from then on."""
    kept, twin = await customer(database), await customer(database, phone="13900139000")
    await plan(database, twin, first_on=date(2026, 11, 25), lead_days=0)
    await run(database, merge_customers, MergeCustomers(by="u", at=AT, customer_id=kept, duplicate_id=twin))
    await fire(database, VirtualClock(AT), AT + timedelta(days=10))
    assert len(await listed(database, kept)) == 1


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"title": " "}, "title"),
        ({"interval_months": 0}, "interval_months"),
        ({"lead_days": 181}, "lead_days"),
        ({"ends_on": date(2026, 1, 1)}, "ends_on"),
        ({"first_on": date(1, 1, 1)}, "first_on"),
    ],
)
async def test_a_bad_plan_is_named(database, values, field):
    """One entry per fault."""
    with pytest.raises(Invalid) as caught:
        await plan(database, await customer(database), **values)
    assert caught.value.errors[0].field == field
