"""The clocks of orders in the database: due times, alerts by timers, priority, outlook and reports, on every database."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import delete, select, update

from callcenter.clock import VirtualClock
from callcenter.features.order_clock import OrderClock
from callcenter.features.timers import Timers
from callcenter.storage import outbox
from callcenter.storage.database import Database
from callcenter.storage.tables import OutboxRow
from tests.contract.test_storage_life_cycle import move
from workorder.commands import (
    CreateCustomer,
    CreateOrder,
    EditCustomer,
    EditOrder,
    OpenDraft,
    ReviseDraft,
    SetPriority,
)
from workorder.errors import Conflict, Invalid
from workorder.events import (
    DelayPredicted,
    NodeMissed,
    OrderEvent,
    OrderUntouched,
    PriorityChanged,
    SlaBreached,
    SlaWarned,
    WorkOrderMoved,
)
from workorder.fields import FieldState, FieldValue, Source
from workorder.model.orders import WorkOrder
from workorder.model.timers import Timer
from workorder.model.trail import OrderChange
from workorder.policy.sla import Case, Tier, tier_of
from workorder.policy.sla_table import DEFAULTS, SlaTable, stored_levels
from workorder.policy.sla_watch import Alert
from workorder.services import customer_file, customers, lifecycle, orders, service_level, sla_alerts, sla_report, trail
from workorder.services.forecast import forecast
from workorder.uow import look
from workorder.views.orders import OrderView

MONDAY = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
"""Ten in the morning in Shanghai, on a working day."""
FIELDS = {"service_type": "enquiry", "contact_phone": "13800138000"}


def after(**span: float) -> datetime:
    return MONDAY + timedelta(**span)


def heard_value(value: str) -> FieldValue:
    return FieldValue(value=value, display=value, source=Source.HEARD, state=FieldState.HEARD, confidence=0.9)


def stored_tiers() -> tuple[Tier, ...]:
    return tuple(stored_levels(DEFAULTS.model_dump_json()).tiers)


async def new_order(db: Database, at: datetime = MONDAY, *, customer_id: str | None = None, **fields: Any) -> OrderView:
    async with db.write() as work:
        draft = await orders.open_draft(
            work.session, OpenDraft(by="u1", at=at, fields={**FIELDS, **fields}, customer_id=customer_id)
        )
        order = await orders.create_order(work.session, CreateOrder(by="u1", at=at, order_id=draft.order_id))
        await work.commit()
    return order


async def read(db: Database, order_id: str) -> OrderView:
    async with db.read() as work:
        return await orders.get_order(work.session, order_id)


async def events(db: Database, *kinds: type[OrderEvent]) -> list[Any]:
    async with db.read() as work:
        rows = await work.session.scalars(select(OutboxRow).order_by(OutboxRow.position))
        return [event for event in map(outbox.decode, rows) if isinstance(event, kinds)]


async def timer_at(db: Database, order_id: str) -> datetime | None:
    async with db.read() as work:
        return await work.session.scalar(
            select(Timer.due_at).where(Timer.subject == order_id, Timer.fired_at.is_(None))
        )


class Watchman:
    """The application's part: fires timers on a clock that the test moves."""

    def __init__(self, database: Database, start: datetime = MONDAY) -> None:
        self.clock = VirtualClock(start)
        self.timers = Timers(database, self.clock)
        self.order_clock = OrderClock(database, self.clock)
        self.order_clock.register(self.timers)

    async def until(self, moment: datetime) -> None:
        """Step by minutes, as time does: each alert is raised at its own moment."""
        while self.clock.now() < moment:
            await self.clock.advance(min(60.0, (moment - self.clock.now()).total_seconds()))
            await self.timers.fire_due()


async def test_due_times_are_there_from_the_creation_on_and_drafts_have_none(database: Database) -> None:
    """Standard tier: two hours to respond, 24 working hours (8 to 20) to resolve; the first alert is timed."""
    async with database.write() as work:
        draft = await orders.open_draft(work.session, OpenDraft(by="u1", at=MONDAY, fields=FIELDS))
        await work.commit()
    assert draft.sla is None
    order = await new_order(database)
    assert order.sla is not None
    assert (order.sla.tier, order.sla.respond_by) == ("standard", after(hours=2))
    assert order.sla.resolve_by == after(days=2)
    assert order.sla.left_s == 24 * 3600
    assert await timer_at(database, order.order_id) == MONDAY
    assert await timer_at(database, draft.order_id) is None


async def test_a_draft_says_which_service_level_it_would_get(database: Database) -> None:
    """From the first words on, by urgency, customer and kind of service; the order has it, and the draft's word is gone."""
    async with database.write() as work:
        draft = await orders.open_draft(work.session, OpenDraft(by="u1", at=MONDAY, fields=FIELDS))
        heard = {"service_type": heard_value("complaint")}
        revised = await orders.revise_draft(
            work.session,
            ReviseDraft(by="machine", at=MONDAY, order_id=draft.order_id, fields=heard, suggested_priority="critical"),
        )
        typed = EditOrder(by="u1", at=MONDAY, order_id=draft.order_id, fields={"urgency": "critical"})
        edited = await orders.edit_order(work.session, typed)
        order = await orders.create_order(work.session, CreateOrder(by="u1", at=MONDAY, order_id=draft.order_id))
        await work.commit()
    tiers = [
        tier_of(stored_tiers(), Case(urgency=urgency, service_type="enquiry")).name
        for urgency in ("normal", "critical")
    ]
    assert [draft.suggested_tier, revised.suggested_tier, edited.suggested_tier] == [tiers[0], tiers[1], tiers[1]]
    assert tiers[0] != tiers[1]
    assert order.sla is not None
    assert (order.suggested_tier, order.sla.tier) == (None, tiers[1])


async def test_waiting_for_parts_stops_the_clock_and_going_on_moves_the_due_time(database: Database) -> None:
    """While the order waits it has no due time; the working time it waited is added afterwards."""
    order = await new_order(database)
    await move(database, order.order_id, "dispatch", "accept", at=after(minutes=10))
    waiting = await move(database, order.order_id, "wait_for_parts", at=after(hours=1), reason="缺压缩机")
    assert waiting.sla is not None
    assert (waiting.sla.resolve_by, waiting.sla.paused, waiting.sla.left_s) == (None, "parts", 23 * 3600)
    going_on = await move(database, order.order_id, "begin", at=after(hours=4))
    assert going_on.sla is not None
    assert (going_on.sla.resolve_by, going_on.sla.paused) == (after(days=2, hours=3), None)
    done = await move(database, order.order_id, "complete", at=after(hours=5))
    assert done.sla is not None
    assert (done.sla.resolved_at, done.sla.left_s, done.sla.breached) == (after(hours=5), 22 * 3600, ())


async def test_priority_and_level_change_the_tier_at_once(database: Database) -> None:
    """A person says it is urgent; the customer turns out to be a VIP: other limits, counted from the creation."""
    async with database.write() as work:
        command = CreateCustomer(by="u1", at=MONDAY, name="王芳", phones=("13800138000",))
        card = await customers.create_customer(work.session, command)
        await work.commit()
    order = await new_order(database, customer_id=card.customer_id)
    async with database.write() as work:
        urgent = await lifecycle.set_priority(
            work.session,
            SetPriority(by="u1", at=after(minutes=5), order_id=order.order_id, priority="high", reason="哭"),
        )
        await work.commit()
    assert urgent.sla is not None
    assert (urgent.sla.tier, urgent.sla.respond_by) == ("urgent", after(hours=1))
    async with database.write() as work:
        edit = EditOrder(by="u1", at=after(minutes=6), order_id=order.order_id, fields={"urgency": "critical"})
        danger = await orders.edit_order(work.session, edit)
        await work.commit()
    assert danger.sla is not None
    assert danger.sla.tier == "danger"
    async with database.write() as work:
        edit = EditOrder(by="u1", at=after(minutes=7), order_id=order.order_id, fields={"urgency": "normal"})
        await orders.edit_order(work.session, edit)
        vip_now = EditCustomer(by="u1", at=after(minutes=8), customer_id=card.customer_id, level="vip")
        await customer_file.edit_customer(work.session, vip_now)
        await work.commit()
    vip = await read(database, order.order_id)
    assert vip.sla is not None
    assert (vip.sla.tier, vip.sla.respond_by) == ("vip", after(minutes=30))


async def test_what_is_broken_decides_about_the_tier_and_another_fault_changes_it(database: Database) -> None:
    """A tier for one appliance's fault: draft and order have it, and lose it when the fault turns out to be another."""
    standard = DEFAULTS.tiers[-1].model_dump()
    quick = {**standard, "name": "no_cold", "appliance": ["空调"], "fault": ["不制冷"], "resolve_min": 240}
    table = SlaTable.model_validate({**DEFAULTS.model_dump(), "tiers": [quick, standard]})
    async with database.write() as work:
        await service_level.save_table(work.session, table, seen_version=0, by="u1", at=MONDAY)
        given = {**FIELDS, "appliance": "空调", "fault": "不制冷"}
        draft = await orders.open_draft(work.session, OpenDraft(by="u1", at=MONDAY, fields=given))
        order = await orders.create_order(work.session, CreateOrder(by="u1", at=MONDAY, order_id=draft.order_id))
        edit = EditOrder(by="u1", at=after(minutes=5), order_id=draft.order_id, fields={"fault": "噪音大"})
        edited = await orders.edit_order(work.session, edit)
        await work.commit()
    assert order.sla is not None
    assert edited.sla is not None
    assert (draft.suggested_tier, order.sla.tier, edited.sla.tier) == ("no_cold", "no_cold", "standard")


async def test_an_order_nobody_touches_is_announced_step_by_step(database: Database) -> None:
    """Untouched and node after an hour, warning at 90 minutes, breach at two hours with priority and escalation."""
    order = await new_order(database)
    watchman = Watchman(database)
    await watchman.until(after(hours=1, minutes=59))
    (warned,) = await events(database, SlaWarned)
    assert (warned.at, warned.limit, warned.fraction, warned.due_at) == (
        after(minutes=90),
        "respond",
        0.75,
        after(hours=2),
    )
    (untouched,) = await events(database, OrderUntouched)
    assert (untouched.at, untouched.since) == (after(hours=1), MONDAY)
    (node,) = await events(database, NodeMissed)
    assert (node.at, node.status) == (after(hours=1), "created")
    assert await events(database, SlaBreached, WorkOrderMoved) == []
    await watchman.until(after(hours=2))
    breached, moved = await events(database, SlaBreached, WorkOrderMoved)
    assert (breached.at, breached.limit, breached.priority) == (after(hours=2), "respond", "high")
    assert (moved.after, moved.by) == ("escalated", "machine")
    now = await read(database, order.order_id)
    assert (now.status, now.priority) == ("escalated", "high")
    assert now.sla is not None
    assert (now.sla.tier, now.sla.breached) == ("standard", ("respond",))
    async with database.read() as work:
        raised = await sla_alerts.alerts_of(work.session, order.order_id)
        lines = await trail.trail(work.session, order.order_id, field="priority", limit=10)
        report = await trail.verify(work.session)
    assert [alert.mark for alert in raised] == ["node.created", "untouched", "respond.0.750", "respond.1.000"]
    assert [(line.before, line.after, line.by) for line in lines.items] == [("normal", "high", "machine")]
    assert report.faults == ()


async def test_a_broken_time_to_resolve_raises_the_priority_again_but_takes_the_work_from_nobody(
    database: Database,
) -> None:
    """The technician who is at it keeps the order; its tier stays what it was, or the limits would break in a row."""
    order = await new_order(database)
    await move(database, order.order_id, "dispatch", "accept", "depart", "arrive", "begin", at=after(minutes=1))
    watchman = Watchman(database)
    await watchman.until(after(days=2, minutes=5))
    (breached,) = await events(database, SlaBreached)
    assert (breached.at, breached.limit, breached.priority) == (after(days=2), "resolve", "high")
    now = await read(database, order.order_id)
    assert (now.status, now.priority, now.sla and now.sla.tier) == ("working", "high", "standard")
    assert len(await events(database, PriorityChanged)) == 1


async def test_a_met_limit_is_not_warned_of_and_a_late_answer_is_a_breach(database: Database) -> None:
    """Down from before the warning until after a late answer: no stale warning, but the breach is on record."""
    order = await new_order(database)
    await move(database, order.order_id, "dispatch", "accept", at=after(hours=2, minutes=30))
    watchman = Watchman(database, after(hours=3))
    await watchman.timers.fire_due()
    assert [event.limit for event in await events(database, SlaBreached)] == ["respond"]
    assert await events(database, SlaWarned) == []
    assert (await read(database, order.order_id)).status == "accepted"


async def test_what_was_raised_is_not_raised_again_whatever_restarts_or_changes(database: Database) -> None:
    """A new process, an edit, and time going by: each alert once, untouched again only after a new touch."""
    order = await new_order(database)
    await Watchman(database).until(after(minutes=100))
    async with database.write() as work:
        edit = EditOrder(by="u1", at=after(minutes=100), order_id=order.order_id, fields={"description": "急"})
        await orders.edit_order(work.session, edit)
        await work.commit()
    second = Watchman(database, after(minutes=100))
    await second.until(after(minutes=119))
    assert len(await events(database, SlaWarned)) == 1
    assert [event.since for event in await events(database, OrderUntouched)] == [MONDAY]
    await second.until(after(minutes=161))
    assert [event.since for event in await events(database, OrderUntouched)] == [MONDAY, after(minutes=100)]


async def test_a_process_that_starts_anew_every_few_minutes_raises_what_one_that_never_stops_does(
    database: Database,
) -> None:
    """Twenty starts: every alert once, in order, at its moment or at the first start after it."""
    order = await new_order(database)
    for start in range(0, 133, 7):
        restarted = Watchman(database, after(minutes=start))
        await restarted.timers.fire_due()
        await restarted.until(after(minutes=start + 5))
    async with database.read() as work:
        raised = await sla_alerts.alerts_of(work.session, order.order_id)
    assert [(one.mark, one.due_at) for one in raised] == [
        ("node.created", after(hours=1)),
        ("untouched", after(hours=1)),
        ("respond.0.750", after(minutes=90)),
        ("respond.1.000", after(hours=2)),
    ]
    assert all(one.due_at <= one.at <= one.due_at + timedelta(minutes=2) for one in raised)


async def test_the_list_of_alerts_has_pages_and_kinds(database: Database) -> None:
    """The newest first, of all orders or of those still open, of every kind or of one; a strange cursor is refused."""
    first, second = await new_order(database), await new_order(database)
    await Watchman(database).until(after(hours=1))
    await move(database, second.order_id, "cancel", at=after(hours=1), reason="客户取消")
    async with database.read() as work:
        found = await sla_alerts.all_alerts(work.session, limit=3)
        rest = await sla_alerts.all_alerts(work.session, limit=3, cursor=found.next_cursor)
        untouched = await sla_alerts.all_alerts(work.session, alert=Alert.UNTOUCHED)
        still_open = await sla_alerts.all_alerts(work.session, still_open=True)
        with pytest.raises(Invalid):
            await sla_alerts.all_alerts(work.session, cursor="x")
    assert (len(found.items), len(rest.items), rest.next_cursor) == (3, 1, None)
    assert sorted(one.alert.mark for one in (*found.items, *rest.items)) == ["node.created"] * 2 + ["untouched"] * 2
    assert {one.order_id for one in untouched.items} == {first.order_id, second.order_id}
    assert {(one.order_id, one.number, one.status) for one in still_open.items} == {
        (first.order_id, first.number, "created")
    }


async def test_a_closed_or_cancelled_order_has_no_timer_left(database: Database) -> None:
    """Nothing more is to be looked at, and nothing runs in the lists of due orders."""
    cancelled, confirmed = await new_order(database), await new_order(database)
    await move(database, cancelled.order_id, "cancel", at=after(minutes=5), reason="客户取消")
    steps = ("dispatch", "accept", "depart", "arrive", "begin", "complete")
    await move(database, confirmed.order_id, *steps, at=after(minutes=5))
    await move(database, confirmed.order_id, "confirm", at=after(minutes=30), confirmation="customer")
    await Watchman(database, after(hours=1)).timers.fire_due()
    assert await timer_at(database, cancelled.order_id) is None
    assert await timer_at(database, confirmed.order_id) is None
    async with database.read() as work:
        running = await look(work.session, sla_report.running_orders, now=after(hours=1))
    assert (running.running, running.late, running.paused) == (0, 0, 0)


async def test_another_table_is_followed_from_the_next_change_on_and_versions_are_kept(database: Database) -> None:
    """Half an hour to respond for everybody: new orders at once, older ones when they change; stale saves are refused."""
    old = await new_order(database)
    tiers = tuple(tier.model_copy(update={"respond_min": 30}) for tier in DEFAULTS.tiers)
    table = DEFAULTS.model_copy(update={"tiers": tiers})
    async with database.write() as work:
        assert (await service_level.table_in_force(work.session)).version == 0
        saved = await service_level.save_table(work.session, table, seen_version=0, by="u9", at=MONDAY)
        with pytest.raises(Conflict):
            await service_level.save_table(work.session, DEFAULTS, seen_version=0, by="u9", at=MONDAY)
        await work.commit()
    fresh = await new_order(database)
    assert fresh.sla is not None
    assert fresh.sla.respond_by == after(minutes=30)
    assert (await read(database, old.order_id)).sla == old.sla
    touched = await move(database, old.order_id, "dispatch", at=after(minutes=1))
    assert touched.sla is not None
    assert touched.sla.respond_by == after(minutes=30)
    async with database.read() as work:
        (version,) = await service_level.table_versions(work.session)
    assert (version.version, version.by, version.table) == (saved.version, "u9", table)


async def test_orders_without_a_clock_are_adopted_without_an_alarm_for_what_is_past(database: Database) -> None:
    """As after an import or an upgrade: due times are there, the next alert is timed, the missed ones stay silent."""
    order = await new_order(database)
    async with database.write() as work:
        await work.session.execute(update(WorkOrder).values(sla_tier=None, respond_by=None, resolve_by=None))
        await service_level.clear_timer(work.session, kind=service_level.TIMER, subject=order.order_id)
        await work.commit()
    watchman = Watchman(database, after(minutes=100))
    await watchman.order_clock.adopt()
    await watchman.timers.fire_due()
    adopted = await read(database, order.order_id)
    assert adopted.sla is not None
    assert adopted.sla.respond_by == after(hours=2)
    assert await events(database, SlaWarned, OrderUntouched) == []
    assert await timer_at(database, order.order_id) == after(hours=2)


async def test_an_order_without_a_beginning_stays_without_a_clock(database: Database) -> None:
    """Rows that came in without their changes neither stop the process nor keep it busy for ever; others are adopted."""
    bare, other = await new_order(database), await new_order(database)
    async with database.write() as work:
        await work.session.execute(update(WorkOrder).values(sla_tier=None, respond_by=None, resolve_by=None))
        await work.session.execute(delete(OrderChange).where(OrderChange.order_id == bare.order_id))
        await work.commit()
    await Watchman(database, after(minutes=100)).order_clock.adopt()
    assert (await read(database, bare.order_id)).sla is None
    assert (await read(database, other.order_id)).sla is not None


async def test_an_order_whose_creation_was_not_written_down_stays_without_a_clock(database: Database) -> None:
    """Changes of status without the creation are no beginning either: the search for clockless orders still ends."""
    headless, other = await new_order(database), await new_order(database)
    await move(database, headless.order_id, "dispatch", at=after(minutes=5))
    async with database.write() as work:
        await work.session.execute(update(WorkOrder).values(sla_tier=None, respond_by=None, resolve_by=None))
        creation = OrderChange.order_id == headless.order_id, OrderChange.at == MONDAY
        await work.session.execute(delete(OrderChange).where(*creation))
        await work.commit()
    async with asyncio.timeout(20):  # only ever reached by a search without end
        await Watchman(database, after(minutes=100)).order_clock.adopt()
    assert (await read(database, headless.order_id)).sla is None
    assert (await read(database, other.order_id)).sla is not None


async def finish(db: Database, start: datetime, hours: float, **fields: Any) -> OrderView:
    order = await new_order(db, start, **fields)
    steps = ("dispatch", "accept", "depart", "arrive", "begin")
    await move(db, order.order_id, *steps, at=start + timedelta(minutes=1))
    return await move(db, order.order_id, "complete", at=start + timedelta(hours=hours))


async def test_the_outlook_comes_from_similar_orders_and_warns_early(database: Database) -> None:
    """Fridges of this fault took three days each time: a new one is announced as probably late on the day it comes."""
    fridge = {"appliance": "冰箱", "fault": "不制冷"}
    for number in range(12):
        await finish(database, after(days=-60 + number), 72, **fridge)
        await finish(database, after(days=-60 + number), 2, appliance="风扇")
    order, fan = await new_order(database, **fridge), await new_order(database, appliance="风扇")
    await Watchman(database).until(after(minutes=1))
    (predicted,) = await events(database, DelayPredicted)
    assert (predicted.order_id, predicted.similar) == (order.order_id, 24)
    assert 0.6 < predicted.probability < 0.9
    async with database.read() as work:
        row = await work.session.get(WorkOrder, fan.order_id)
        assert row is not None
        clock = await service_level.clockwork(work.session, row)
        assert clock is not None
        seen = await forecast(work.session, row, clock, now=MONDAY)
        tried = await sla_report.backtest(work.session, since=after(days=-50), until=MONDAY)
    assert seen.probability is not None
    assert seen.probability < 0.4
    assert [(past.alike, past.took_s) for past in seen.yardstick] == [(2, 2 * 3600)] * 5
    assert seen.likely_at == after(hours=2)
    assert tried.orders == 5 + 2
    assert [judged.count for judged in tried.checkpoints.values()] == [7, 5]
    assert tried.all.brier is not None


async def test_reports_count_what_a_loop_over_the_orders_counts(database: Database) -> None:
    """Attainment by tier and by appliance, and where the time went."""
    lives = [("空调", 1.0), ("空调", 30.0), ("冰箱", 100.0), ("冰箱", 3.0), ("冰箱", 60.0)]
    made = [await finish(database, after(days=-10), hours, appliance=appliance) for appliance, hours in lives]
    await new_order(database, after(days=-1), appliance="空调")
    async with database.read() as work:
        span = {"since": after(days=-20), "until": MONDAY}
        (tier,) = await sla_report.attainment(work.session, **span)
        groups = await sla_report.attainment(work.session, **span, by="appliance")
        stages = await sla_report.stage_times(work.session, **span)
        nothing = await sla_report.attainment(work.session, since=MONDAY, until=after(days=1))
    broken = [order.sla.breached for order in made if order.sla]
    assert (tier.group, tier.orders, tier.responded, tier.resolved) == ("standard", 6, 5, 5)
    assert broken == [(), (), ("resolve",), (), ("resolve",)]
    assert (tier.resolve_broken, tier.resolve_rate) == (2, 0.6)
    assert tier.respond_rate == 1.0
    assert {(group.group, group.orders) for group in groups} == {("冰箱", 3), ("空调", 3)}
    assert {stage.status: stage.visits for stage in stages}["working"] == 5
    assert nothing == ()


async def test_a_table_that_cannot_be_meant_never_gets_in(database: Database) -> None:
    """Checked whole before anything is written."""
    from workorder.policy.sla_table import read as read_table

    with pytest.raises(Invalid):
        read_table('{"calendars": {}, "tiers": []}')
    async with database.read() as work:
        assert await service_level.table_versions(work.session) == ()
