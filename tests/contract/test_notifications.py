"""From a fact to a message that arrived, on every database: once, in its time, without anybody waiting for it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError
from sqlalchemy.event import listen, remove

from callcenter.bus.local import LocalBus
from callcenter.channels.port import Message, Refused, Unreachable
from callcenter.clock import VirtualClock
from callcenter.errors import NotFound
from callcenter.features.notify import planner
from callcenter.features.notify.planner import Planner
from callcenter.features.notify.rules import DEFAULTS, NotifyTable
from callcenter.features.notify.sender import Sender
from callcenter.features.timers import Timers
from callcenter.storage import deliveries, users
from callcenter.storage.database import Database
from callcenter.storage.relay import Relay
from callcenter.storage.tables import DeliveryRow
from nlp.catalogue import Catalogue
from tests.contract.test_service_levels import MONDAY, Watchman, after, events, new_order
from tests.contract.test_storage_life_cycle import move
from workorder.commands import CreateCustomer, CreateWorkOrder, MoveOrder, TransferOrder
from workorder.events import OrderEvent, SlaWarned, WorkOrderCreated, WorkOrderMoved
from workorder.policy.channels import Channel
from workorder.policy.phones import parse_phone
from workorder.services import customers, lifecycle, openids, reports, teamwork

SHANGHAI = ZoneInfo("Asia/Shanghai")
DOCS = Path(__file__).parents[2] / "docs" / "notifications.md"
ENGLISH = Catalogue.load().english
OF_A_CUSTOMER = {
    "customer_name": "王芳",
    "appliance": "空调",
    "brand": "格力",
    "fault": "不制冷",
    "address": {"province": "浙江省", "city": "杭州市", "district": "西湖区", "detail": "文三路1号"},
}
NIGHT = MONDAY + timedelta(hours=13)
"""Eleven in the evening in Shanghai."""


@dataclass
class Gateway:
    """A way out that answers as told and remembers what it took."""

    got: list[Message] = field(default_factory=list)
    tries: int = 0
    fault: Exception | None = None

    async def send(self, message: Message) -> str | None:
        self.tries += 1
        if self.fault is not None:
            raise self.fault
        self.got.append(message)
        return f"R{self.tries}"

    async def check(self) -> str:
        return "answers"

    async def waited_for(self, tries: int) -> None:
        """Return once so many were tried."""
        async with asyncio.timeout(20):
            while self.tries < tries:
                await asyncio.sleep(0.01)

    async def aclose(self) -> None:
        """Nothing to close."""


@dataclass
class Screens:
    shown: list[tuple[str, Mapping[str, object]]] = field(default_factory=list)

    def told(self, user_id: str, body: Mapping[str, object]) -> None:
        self.shown.append((user_id, body))


class Office:
    """Planner and sender of one process, on a clock that the test moves."""

    def __init__(
        self, database: Database, *, start: datetime = MONDAY, max_attempts: int = 3, set_up: bool = True
    ) -> None:
        self.database, self.clock = database, VirtualClock(start)
        self.sms, self.crm, self.wechat, self.mini = Gateway(), Gateway(), Gateway(), Gateway()
        self.screens = Screens()
        ways = {"sms": self.sms, "wechat": self.wechat, "miniprogram": self.mini, "webhook:crm": self.crm}
        lanes = ways if set_up else {}
        self.planner = Planner(
            database=database,
            clock=self.clock,
            zone=SHANGHAI,
            notices=self.screens,
            lanes=lanes,
            language="zh",
            read_phone=partial(parse_phone, country="CN", area_code=None),
            english=lambda: ENGLISH,
        )
        self.sender = Sender(database=database, clock=self.clock, channels=lanes, max_attempts=max_attempts)

    async def deliver(self) -> None:
        """What the relay does: every event of the outbox to the planner."""
        for event in await events(self.database, OrderEvent):
            await self.planner.handle(event)

    async def later(self, seconds: float) -> None:
        await self.clock.advance(seconds)
        await self.sender.send_due()

    async def rows(self, channel: str = "sms") -> list[DeliveryRow]:
        async with self.database.read() as work:
            found = await deliveries.find(work.session, limit=200)
        return [row for row in found if row.channel == channel]


async def add_user(db: Database, username: str, *roles: str) -> str:
    async with db.write() as work:
        user = await users.add_user(
            work.session, username=username, display_name=username, roles=roles, at=MONDAY, password_hash=None
        )
        await work.commit()
    return user.user_id


async def put_rules(db: Database, **changes: object) -> None:
    table = NotifyTable.model_validate({**DEFAULTS.model_dump(mode="json"), **changes})
    async with db.write() as work:
        await deliveries.save_rules(work.session, table.model_dump_json(), seen_version=None, by="u", at=MONDAY)
        await work.commit()


async def test_a_created_order_tells_its_customer_once_however_often_the_event_comes(database: Database) -> None:
    """The words are filled in; the same event again, also after a restart, plans nothing new."""
    order = await new_order(database, customer_name="王芳")
    office = Office(database)
    for _ in range(2):
        await office.deliver()
    restarted = Office(database)
    await restarted.planner.sweep()
    await office.later(1)
    await office.later(1)
    (message,) = office.sms.got
    assert message.to == "+8613800138000"
    assert message.text == f"王芳您好，服务单 {order.number} 已受理，我们会尽快安排工程师。"
    (row,) = await office.rows()
    assert (row.state, row.attempts, row.reference, row.order_id) == ("delivered", 1, "R1", order.order_id)


async def test_what_a_process_relayed_but_did_not_plan_is_found_by_the_next_start(database: Database) -> None:
    """The event is marked as sent, its message was never planned: the sweep makes up for it."""
    await new_order(database)
    await Relay(database, LocalBus(), VirtualClock(MONDAY)).send_batch()
    office = Office(database)
    await office.planner.sweep()
    await office.later(1)
    assert len(office.sms.got) == 1


async def test_a_start_plans_all_of_a_long_downtime_and_rests_between(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many events nobody planned, each is; between pages of them the sweep waits."""
    monkeypatch.setattr(planner, "SWEEP_PAGE", 2)
    for _ in range(5):
        await new_order(database)
    office, rests = Office(database), []

    async def rest(_: float) -> None:
        rests.append(len(await office.rows()))

    monkeypatch.setattr(office.clock, "sleep", rest)
    await office.planner.sweep()
    assert rests == [2, 4]
    assert len(await office.rows()) == 5


async def test_at_night_customers_wait_for_the_morning_but_what_is_critical_goes_out(database: Database) -> None:
    """Quiet from nine to eight: planned at eleven, sent at eight and not a minute before."""
    await new_order(database, NIGHT)
    office = Office(database, start=NIGHT)
    await office.deliver()
    await office.later(9 * 3600 - 60)
    assert office.sms.got == []
    await office.later(60)
    assert len(office.sms.got) == 1
    critical = [rule.model_dump(mode="json") | {"critical": True} for rule in DEFAULTS.rules]
    await put_rules(database, rules=critical)
    await new_order(database, NIGHT)
    urgent = Office(database, start=NIGHT)
    await urgent.deliver()
    await urgent.later(1)
    assert len(urgent.sms.got) == 1


async def test_a_dead_gateway_is_tried_again_with_growing_waits_then_buried_and_replayed(database: Database) -> None:
    """Three tries at 0, 30 and 90 seconds; dead; somebody says so: it arrives. The order never waited."""
    order = await new_order(database)
    office = Office(database)
    office.sms.fault = Unreachable("no answer")
    await office.deliver()
    tried_at = []
    for _ in range(40):
        before = office.sms.tries
        await office.later(5)
        if office.sms.tries > before:
            tried_at.append(office.clock.monotonic())
    assert tried_at == [5, 35, 95]
    (row,) = await office.rows()
    assert (row.state, row.attempts, row.last_error) == ("dead", 3, "no answer")
    await move(database, order.order_id, "dispatch", at=after(minutes=5))
    office.sms.fault = None
    async with database.write() as work:
        await deliveries.replay(work.session, row.delivery_id, at=office.clock.now())
        await work.commit()
    await office.later(1)
    assert [message.delivery_id for message in office.sms.got] == [row.delivery_id]
    assert (await office.rows())[0].state == "delivered"


async def test_a_refused_message_is_not_tried_again_and_does_not_close_the_way_for_others(database: Database) -> None:
    """A bad number is the message's own fault."""
    for _ in range(6):
        await new_order(database)
    office = Office(database)
    office.sms.fault = Refused("answered 400")
    await office.deliver()
    await office.later(1)
    assert office.sms.tries == 6
    assert {row.state for row in await office.rows()} == {"dead"}
    assert office.sender.check().message == "sms, wechat, miniprogram, webhook:crm"


async def test_after_five_failures_a_lane_rests_and_the_other_lane_does_not_notice(database: Database) -> None:
    """The circuit opens: no more tries, none is used up, readiness names it; webhooks go out meanwhile."""
    rules = [
        *(rule.model_dump(mode="json") for rule in DEFAULTS.rules),
        {
            "name": "crm",
            "event": "WorkOrderCreated",
            "audience": "address",
            "channel": "webhook",
            "to": "crm",
            "template": "accepted",
        },
    ]
    await put_rules(database, rules=rules)
    for _ in range(8):
        await new_order(database)
    office = Office(database, max_attempts=50)
    office.sms.fault = Unreachable("no answer")
    await office.deliver()
    await office.later(1)
    assert (office.sms.tries, len(office.crm.got)) == (5, 8)
    assert office.sender.check().message.startswith("sms rests until")
    assert sorted(row.attempts for row in await office.rows()) == [0, 0, 0, 1, 1, 1, 1, 1]
    office.sms.fault = None
    for _ in range(10):
        await office.later(30)
    assert len(office.sms.got) == 8
    assert {message.event["number"] for message in office.crm.got} == {
        event.number for event in await events(database, WorkOrderCreated)
    }


async def test_a_sender_that_died_leaves_its_claim_to_the_next_after_a_minute(database: Database) -> None:
    """Claimed and gone: nobody touches it for the lease, then it is sent, with the same key."""
    await new_order(database)
    office = Office(database)
    await office.deliver()
    async with database.write() as work:
        (claimed,) = await deliveries.claim(work.session, channel="sms", recipient=None, now=office.clock.now())
        await work.commit()
    await office.later(59)
    assert office.sms.got == []
    await office.later(2)
    assert [message.delivery_id for message in office.sms.got] == [claimed.delivery_id]


@pytest.mark.parametrize("recipient", [None, "crm"])
async def test_a_claim_looks_at_what_waits_alone(database: Database, recipient: str | None) -> None:
    """However many messages were ever sent, on a channel or to a webhook: none of them is looked at, none sorted."""
    sent: list[tuple[str, Any]] = []
    engine = database._engines.write.sync_engine

    def note(_connection: object, _cursor: object, statement: str, parameters: Any, *_: object) -> None:
        sent.append((statement, parameters))

    listen(engine, "before_cursor_execute", note)
    async with database.write() as work:
        await deliveries.claim(work.session, channel="webhook", recipient=recipient, now=MONDAY)
        remove(engine, "before_cursor_execute", note)
        connection = await work.session.connection()
        if database.url.get_backend_name() == "postgresql":
            await connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            explain = "EXPLAIN"
        else:
            explain = "EXPLAIN QUERY PLAN"
        plan = [str(row) for row in await connection.exec_driver_sql(f"{explain} {sent[-1][0]}", sent[-1][1])]
    assert any("ix_deliveries_waiting" in line for line in plan), plan
    assert not any("TEMP B-TREE" in line or "Sort" in line for line in plan), plan


async def test_the_same_receiver_hears_of_the_same_thing_once_in_the_window(database: Database) -> None:
    """Two events of one kind within the hour: one message; after the hour another."""
    order = await new_order(database)
    office = Office(database)
    (created,) = await events(database, WorkOrderCreated)
    again = {name: getattr(created, name) for name in ("order_id", "call_id", "by", "number", "service_type")}
    await office.planner.handle(created)
    await office.clock.advance(600)
    await office.planner.handle(WorkOrderCreated(**again, at=after(minutes=10)))
    assert len(await office.rows()) == 1
    await office.clock.advance(3600)
    await office.planner.handle(WorkOrderCreated(**again, at=after(minutes=70)))
    assert [row.order_id for row in await office.rows()] == [order.order_id] * 2


async def test_supervisors_see_a_breach_on_their_screen_and_agents_do_not(database: Database) -> None:
    """In-app notices are there at once, are pushed, counted as unread, and seen by their owner alone."""
    boss, agent = await add_user(database, "boss", "supervisor"), await add_user(database, "lin", "agent")
    order = await new_order(database)
    office = Office(database)
    await Watchman(database).until(after(hours=2))
    await office.deliver()
    told = [body["event_type"] for user, body in office.screens.shown if user == boss]
    assert {"SlaWarned", "SlaBreached", "OrderUntouched", "NodeMissed"} <= set(told)
    assert agent not in {user for user, _ in office.screens.shown}
    async with database.write() as work:
        rows, unread = await deliveries.notices(work.session, boss)
        assert (len(rows), unread) == (len(told), len(told))
        assert f"{order.number} 已超时" in [row.subject for row in rows]
        await deliveries.mark_read(work.session, agent, at=MONDAY)
        await deliveries.mark_read(work.session, boss, at=MONDAY, ids=[rows[0].delivery_id])
        assert (await deliveries.notices(work.session, boss))[1] == len(told) - 1
        await deliveries.mark_read(work.session, boss, at=MONDAY)
        assert (await deliveries.notices(work.session, boss))[1] == 0


async def test_a_customer_hears_when_somebody_comes_and_whom_to_call_as_far_as_it_is_known(database: Database) -> None:
    """With time, name and number; without them the sentence is whole, too."""
    known, unknown = [await new_order(database) for _ in range(2)]
    soon = MONDAY + timedelta(hours=1)
    async with database.write() as work:
        user = await users.add_user(
            work.session, username="li", display_name="李雷", roles=["agent"], at=MONDAY, phone="13900139000"
        )
        hand_over = TransferOrder(by="u", at=MONDAY, order_id=known.order_id, handler=user.user_id, team=None)
        await teamwork.transfer(work.session, hand_over)
        for order in (known, unknown):
            for action in ("dispatch", "accept", "depart"):
                eta = soon if action == "depart" and order is known else None
                step = MoveOrder(by="u", at=MONDAY, order_id=order.order_id, action=action, eta=eta)
                await lifecycle.move_order(work.session, step)
        await work.commit()
    office = Office(database)
    await office.deliver()
    await office.later(1)
    assert {one.text.partition("您好，")[2] for one in office.sms.got if "已出发" in one.text} == {
        f"{known.number} 的工程师已出发，预计 {soon.astimezone(SHANGHAI):%H:%M} 到达，李雷 13900139000。",
        f"{unknown.number} 的工程师已出发。",
    }


async def test_an_english_message_is_english_in_every_variable_that_is_ours(database: Database) -> None:
    """Catalogue, status, priority, limit and times; what people wrote, and names of people and places, stay as they are."""
    listed = re.search(r"Templates use `([^`]+)`", DOCS.read_text(encoding="utf-8"))
    assert listed is not None
    variables = re.findall(r"\{(\w+)\}", listed[1])
    wording = {"text": "\n".join(f"{name}={{{name}}}" for name in variables)}
    rule = {"audience": "customer", "channel": "sms", "template": "all"}
    rules = [
        {**rule, "name": f"all_{language}_{event}".lower(), "event": event, "language": language}
        for language in ("en", "zh")
        for event in ("WorkOrderMoved", "SlaWarned")
    ]
    await put_rules(database, templates={"all": {"en": wording, "zh": wording}}, rules=rules)
    appointment = {"start": "2026-11-24T14:00:00+08:00", "end": "2026-11-24T16:00:00+08:00"}
    order = await new_order(database, **OF_A_CUSTOMER, appointment=appointment)
    async with database.write() as work:
        user = await users.add_user(
            work.session, username="li", display_name="李雷", roles=["agent"], at=MONDAY, phone="13900139000"
        )
        hand_over = TransferOrder(by="u", at=MONDAY, order_id=order.order_id, handler=user.user_id, team=None)
        await teamwork.transfer(work.session, hand_over)
        await work.commit()
    await move(database, order.order_id, "dispatch", "accept", at=MONDAY)
    await move(database, order.order_id, "depart", at=MONDAY, eta=MONDAY + timedelta(hours=1), reason="客户在家等")
    office = Office(database)
    for event in (await events(database, WorkOrderMoved))[-1:]:
        await office.planner.handle(event)
    told = {"order_id": order.order_id, "call_id": None, "by": "machine", "at": MONDAY, "number": order.number}
    warned = SlaWarned(**told, tier="standard", limit="resolve", fraction=0.8, due_at=MONDAY + timedelta(hours=9))
    await office.planner.handle(warned)
    await office.later(1)
    said: dict[str, dict[str, str]] = {"en": {}, "zh": {}}
    for row in await office.rows():
        lines = (line.partition("=") for line in row.text.split("\n"))
        said["en" if "_en_" in row.rule else "zh"].update({name: text for name, _, text in lines if text})
    assert set(said["en"]) == set(said["zh"]) == set(variables)
    chinese = {name for name, text in said["en"].items() if re.search(r"[\u3000-\u9fff]", text)}
    assert chinese == {"customer_name", "district", "reason", "handler"}
    kept = {name for name in variables if said["en"][name] == said["zh"][name]}
    assert kept == set(variables) - {"appliance", "brand", "fault", "status", "priority", "limit"}
    assert (said["en"]["brand"], said["en"]["appliance"], said["en"]["fault"]) == (
        "Gree",
        "air conditioner",
        "does not cool",
    )


WECHAT = {
    "templates": {
        **DEFAULTS.model_dump(mode="json")["templates"],
        "keyed": {"zh": {"subject": "TM1", "text": "character_string1: {number}\nthing2: {customer_name}{reason}"}},
    },
    "rules": [
        {
            "name": "wechat_created",
            "event": "WorkOrderCreated",
            "audience": "customer",
            "channel": "wechat",
            "template": "keyed",
        }
    ],
}


async def test_the_mini_program_reaches_who_reported_there_else_who_is_on_file_and_nobody_by_other_openids(
    database: Database,
) -> None:
    """The first reporter was put on file; an order's own report wins; openids of the official account are none of its."""
    rule = {**WECHAT["rules"][0], "channel": "miniprogram"}
    await put_rules(database, **{**WECHAT, "rules": [rule]})
    known, other = "13800138000", "13900139000"
    async with database.write() as work:
        await customers.create_customer(
            work.session, CreateCustomer(by="u", at=MONDAY, name="王芳", phones=(known,), openid="o6_file")
        )
        for minute, (channel, sender, phone) in enumerate(
            (
                ("web", None, known),
                ("miniprogram", "oM_first", known),
                ("miniprogram", "oM_second", known),
                ("wechat", "o6_sent", known),
                ("wechat", "o6_sent", other),
            )
        ):
            form = {"service_type": "enquiry", "contact_phone": phone, "customer_name": "王芳"}
            command = CreateWorkOrder(
                by="u", at=after(minutes=minute), channel=channel, sender=sender, fields=form, attach=False
            )
            await reports.create_work_order(work.session, command)
        await work.commit()
    office = Office(database)
    await office.deliver()
    await office.later(1)
    # Planned once all are there: the orders by other channels go to whom the first report put on file.
    assert sorted(one.to for one in office.mini.got) == ["oM_first", "oM_first", "oM_first", "oM_second"]
    assert office.wechat.got == []


async def test_wechat_reaches_who_reported_there_else_who_is_on_file_else_nobody(database: Database) -> None:
    """The reporter's openid wins over the customer's; each value is one line; an order of nobody's gets none."""
    await put_rules(database, **WECHAT)
    form = {"service_type": "enquiry", "contact_phone": "13800138000", "customer_name": "王\n芳"}
    async with database.write() as work:
        card = await customers.create_customer(
            work.session,
            CreateCustomer(by="u", at=MONDAY, name="王芳", phones=("13800138000",), openid="o6_file"),
        )
        numbers = []
        for channel, sender, phone in (
            ("wechat", "o6_sent", "13800138000"),
            ("web", None, "13800138000"),
            ("web", None, "13900139000"),
        ):
            taken = await reports.create_work_order(
                work.session,
                CreateWorkOrder(
                    by="u",
                    at=MONDAY,
                    channel=channel,
                    sender=sender,
                    fields={**form, "contact_phone": phone},
                    attach=False,
                ),
            )
            numbers.append(taken.order.number)
        assert card.customer_id == (await openids.customer_with(work.session, Channel.WECHAT, "o6_file"))
        await work.commit()
    office = Office(database)
    await office.deliver()
    await office.later(1)
    assert {(one.to, one.subject, one.text) for one in office.wechat.got} == {
        ("o6_sent", "TM1", f"character_string1: {numbers[0]}\nthing2: 王 芳"),
        ("o6_file", "TM1", f"character_string1: {numbers[1]}\nthing2: 王 芳"),
    }


@pytest.mark.parametrize("wording", [{"subject": "", "text": "thing1: x"}, {"subject": "TM1", "text": "您好"}])
def test_a_wording_that_wechat_could_not_send_is_refused_when_it_is_saved(wording: dict[str, str]) -> None:
    """Without a template's id, or with a line that is no keyword."""
    table = {**DEFAULTS.model_dump(mode="json"), **WECHAT, "templates": {"keyed": {"zh": wording}}}
    with pytest.raises(ValidationError, match="the text lines like thing1"):
        NotifyTable.model_validate(table)


async def test_a_way_that_is_not_set_up_plans_nothing(database: Database) -> None:
    """Without a gateway no message waits for one."""
    await new_order(database)
    office = Office(database, set_up=False)
    await office.deliver()
    assert await office.rows() == []


async def test_a_timer_wakes_the_sender(database: Database) -> None:
    """The first try fails; nothing but the message's timer brings the second."""
    await new_order(database)
    office = Office(database)
    office.sms.fault = Unreachable("no answer")
    timers = Timers(database, office.clock)
    office.sender.register(timers)
    await office.deliver()
    running = asyncio.create_task(office.sender.run())
    await office.sms.waited_for(1)
    office.sms.fault = None
    await office.clock.advance(30)
    assert await timers.fire_due() >= 1
    await office.sms.waited_for(2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_way_out_is_tried_once_and_nothing_is_planned(database: Database) -> None:
    """What it answers comes back; a lane that is not set up is named; a refusal is not tried again."""
    office = Office(database)
    assert await office.sender.try_out("sms", to="13800138000", subject="", text="您好") == "R1"
    assert [(message.to, message.text) for message in office.sms.got] == [("13800138000", "您好")]
    with pytest.raises(NotFound, match="email"):
        await office.sender.try_out("email", to="a@example.com", subject="", text="x")
    office.sms.fault = Refused("answered 400")
    with pytest.raises(Refused):
        await office.sender.try_out("sms", to="13800138000", subject="", text="x")
    await office.later(3600)
    assert (office.sms.tries, await office.rows()) == (2, [])
