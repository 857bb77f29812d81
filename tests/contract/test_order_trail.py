"""The hash-chained audit trail on every database: whatever happens to an order it holds, and any touch is named."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from callcenter.storage.database import Database
from tests.conftest import SHARED_FIXTURE
from workorder.commands import (
    MACHINE,
    AddTask,
    AskApproval,
    AttachPart,
    DecideApproval,
    EditOrder,
    MoveOrder,
    OpenDraft,
    ReviseDraft,
    SetPriority,
    SetTaskDone,
    TransferOrder,
)
from workorder.errors import Conflict, Invalid, NotFound
from workorder.fields import FieldState, FieldValue, Source
from workorder.policy.lifecycle import CLOSED, EDITABLE, Action
from workorder.services import approvals, lifecycle, orders, teamwork, trail
from workorder.views.orders import OrderView

AT = datetime(2026, 11, 21, 6, 0, 0, 123456, tzinfo=UTC)
REPAIR = {
    "service_type": "repair",
    "contact_phone": "13800138000",
    "appliance": "空调",
    "brand": "格力",
    "fault": "漏水",
    "address": {"province": None, "city": "杭州市", "district": "西湖区", "detail": "文三路1号"},
}


async def new_order(db: Database) -> OrderView:
    async with db.write() as work:
        draft = await orders.open_draft(work.session, OpenDraft(by="u1", at=AT, fields=REPAIR))
        step = MoveOrder(by="u1", at=AT, order_id=draft.order_id, action="create")
        order = await lifecycle.move_order(work.session, step)
        await work.commit()
    return order


async def verified(db: Database, order_id: str | None = None) -> trail.TrailReport:
    async with db.read() as work:
        return await trail.verify(work.session, order_id=order_id)


async def sql(db: Database, statement: str, **values: object) -> None:
    async with db.write() as work:
        await work.session.execute(text(statement), values)
        await work.commit()


async def lines(db: Database, order_id: str) -> list[int]:
    async with db.read() as work:
        return [line.change_id for line in (await trail.trail(work.session, order_id)).items]


async def test_an_untouched_trail_holds(database: Database) -> None:
    """Every line of every order is proven, and the report says how many there were."""
    first, second = await new_order(database), await new_order(database)
    report = await verified(database)
    assert (report.orders, report.faults) == (2, ())
    assert report.changes == len(await lines(database, first.order_id)) + len(await lines(database, second.order_id))
    assert (await verified(database)).digest == report.digest
    with pytest.raises(NotFound):
        await verified(database, "nope")


@pytest.mark.parametrize(
    ("column", "value"),
    [("by", "'u9'"), ("at", "'2026-11-20 06:00:00.000000'"), ("field", "'model'"), ("reason", "'x'"), ("hash", "''")],
)
async def test_a_changed_line_is_named(database: Database, column: str, value: str) -> None:
    """Whatever is changed in a line, that line is the fault, and other orders stay clean."""
    order, other = await new_order(database), await new_order(database)
    touched = (await lines(database, order.order_id))[3]
    if database.url.get_backend_name() == "postgresql" and column == "at":
        value = "timestamptz " + value
    await sql(database, f'UPDATE work_order_changes SET "{column}" = {value} WHERE change_id = :key', key=touched)
    (fault,) = (await verified(database)).faults
    assert (fault.order_id, fault.number, fault.change_id) == (order.order_id, order.number, touched)
    assert (await verified(database, other.order_id)).faults == ()


async def test_a_line_taken_out_or_cut_off_is_noticed(database: Database) -> None:
    """From the middle: the next line does not fit. From the end: the order's head is not there."""
    order = await new_order(database)
    keys = await lines(database, order.order_id)
    await sql(database, "DELETE FROM work_order_changes WHERE change_id = :key", key=keys[-1])
    (fault,) = (await verified(database, order.order_id)).faults
    assert (fault.change_id, "missing" in fault.problem) == (None, True)
    await sql(database, "DELETE FROM work_order_changes WHERE change_id = :key", key=keys[2])
    (fault,) = (await verified(database, order.order_id)).faults
    assert fault.change_id == keys[3]


async def test_a_status_changed_without_a_line_is_noticed(database: Database) -> None:
    """The order's own row must say what its trail says."""
    order = await new_order(database)
    await sql(database, "UPDATE work_orders SET status = 'confirmed' WHERE order_id = :key", key=order.order_id)
    (fault,) = (await verified(database, order.order_id)).faults
    assert "confirmed" in fault.problem
    assert "created" in fault.problem


async def test_the_trail_comes_in_pages_and_by_field(database: Database) -> None:
    """Oldest first, each line once; ``status`` gives the steps alone; bad cursors and limits are refused."""
    order = await new_order(database)
    whole = await lines(database, order.order_id)
    seen: list[int] = []
    cursor = None
    async with database.read() as work:
        while True:
            page = await trail.trail(work.session, order.order_id, cursor=cursor, limit=3)
            seen += [line.change_id for line in page.items]
            cursor = page.next_cursor
            if cursor is None:
                break
        steps = await trail.trail(work.session, order.order_id, field="status")
        assert (seen, [step.after for step in steps.items]) == (whole, ["draft", "created"])
        for bad in ({"cursor": "x"}, {"limit": 0}):
            with pytest.raises(Invalid):
                await trail.trail(work.session, order.order_id, **bad)
        with pytest.raises(NotFound):
            await trail.trail(work.session, "nope")


async def test_priority_has_its_history(database: Database) -> None:
    """What speech suggested counts until somebody decides; each change is a line with its reason; closed ones refuse."""
    async with database.write() as work:
        draft = await orders.open_draft(work.session, OpenDraft(by=MACHINE, at=AT, fields=REPAIR))
        revise = ReviseDraft(by=MACHINE, at=AT, order_id=draft.order_id, fields={}, suggested_priority="high")
        assert (await orders.revise_draft(work.session, revise)).priority == "high"
        step = MoveOrder(by="u1", at=AT, order_id=draft.order_id, action="create")
        order = await lifecycle.move_order(work.session, step)
        assert order.priority == "high"
        urgent = SetPriority(by="u2", at=AT, order_id=order.order_id, priority="critical", reason="老人在家")
        assert (await lifecycle.set_priority(work.session, urgent)).edit_version == order.edit_version + 1
        assert (await lifecycle.set_priority(work.session, urgent)).edit_version == order.edit_version + 1
        history = await trail.trail(work.session, order.order_id, field="priority")
        assert [(line.before, line.after, line.by, line.reason) for line in history.items] == [
            (None, "high", "machine", "suggested by what was said"),
            ("high", "critical", "u2", "老人在家"),
        ]
        with pytest.raises(Invalid, match="must be one of normal, high, critical"):
            await lifecycle.set_priority(
                work.session, SetPriority(by="u2", at=AT, order_id=order.order_id, priority="low")
            )
        cancel = MoveOrder(by="u1", at=AT, order_id=order.order_id, action="cancel", reason="不修了")
        await lifecycle.move_order(work.session, cancel)
        with pytest.raises(Conflict, match="can no longer be changed"):
            await lifecycle.set_priority(
                work.session, SetPriority(by="u2", at=AT, order_id=order.order_id, priority="high")
            )


STEPS = st.one_of(
    st.tuples(st.just("move"), st.integers(0, 2), st.sampled_from(list(Action)), st.sampled_from([None, "因为"])),
    st.tuples(st.just("edit"), st.integers(0, 2), st.sampled_from(["brand", "fault"]), st.sampled_from(["美的", None])),
    st.tuples(st.just("hear"), st.integers(0, 2), st.sampled_from(["brand", "model"]), st.sampled_from(["海尔", "K1"])),
    st.tuples(st.just("urge"), st.integers(0, 2), st.sampled_from(["normal", "high"]), st.none()),
    st.tuples(st.just("task"), st.integers(0, 2), st.sampled_from(["cancel", "complete"]), st.booleans()),
    st.tuples(st.just("hand"), st.integers(0, 2), st.sampled_from(["u1", "u2"]), st.none()),
    st.tuples(st.just("ask"), st.integers(0, 2), st.sampled_from(["goodwill", "cancel"]), st.none()),
    st.tuples(st.just("decide"), st.integers(0, 2), st.booleans(), st.none()),
    st.tuples(st.just("part"), st.integers(0, 2), st.integers(0, 3), st.none()),
)


@settings(max_examples=40, suppress_health_check=SHARED_FIXTURE)
@given(script=st.lists(STEPS, max_size=25))
async def test_no_sequence_of_commands_breaks_the_rules(database: Database, script: list[tuple]) -> None:
    """Chains hold, closed orders change no field, versions only grow, a closed whole has no open part; refusals change nothing."""
    async with database.write() as work:
        session = work.session
        keys = [(await orders.open_draft(session, OpenDraft(by="u1", at=AT, fields=REPAIR))).order_id for _ in range(3)]
        for number, (kind, which, what, more) in enumerate(script):
            at = AT + timedelta(seconds=number)
            before = {key: await orders.get_order(session, key) for key in keys}
            try:
                await _do(session, keys, kind, which, what, more, at)
            except (Conflict, Invalid):
                assert before == {key: await orders.get_order(session, key) for key in keys}
            for key, old in before.items():
                new = await orders.get_order(session, key)
                assert new.edit_version >= old.edit_version
                if old.status not in EDITABLE:
                    assert new.fields == old.fields
                if old.status not in CLOSED and new.status in CLOSED:
                    assert not (await approvals.approvals(session, order_id=key, decision="pending")).items
                if new.status in CLOSED:
                    assert not await orders.open_parts(session, key)
        await session.flush()
        assert (await trail.verify(session)).faults == ()


async def _do(session, keys, kind, which, what, more, at):
    key, stamp = keys[which], {"by": "u1", "at": at}
    if kind == "move":
        command = MoveOrder(**stamp, order_id=key, action=what, reason=more, confirmation=more and "customer")
        await lifecycle.move_order(session, command)
    elif kind == "edit":
        await orders.edit_order(session, EditOrder(**stamp, order_id=key, fields={what: more}))
    elif kind == "urge":
        await lifecycle.set_priority(session, SetPriority(**stamp, order_id=key, priority=what))
    elif kind == "task":
        await _task(session, key, what, more, stamp)
    elif kind == "hand":
        await teamwork.transfer(session, TransferOrder(**stamp, order_id=key, handler=what, team=None))
    elif kind == "ask":
        amount = 100 if what == "goodwill" else None
        await approvals.ask_approval(
            session, AskApproval(**stamp, order_id=key, subject=what, reason="因为", amount_minor=amount)
        )
    elif kind == "decide":
        for one in (await approvals.approvals(session, order_id=key, decision="pending")).items[:1]:
            answer = {"by": "u9", "at": at, "approval_id": one.approval_id, "approve": what, "roles": ("supervisor",)}
            async with session.begin_nested():
                await approvals.decide_approval(session, DecideApproval(**answer))
    elif kind == "part":
        await lifecycle.attach_part(
            session, AttachPart(**stamp, order_id=key, parent_id=keys[what] if what < 3 else None)
        )
    else:
        heard = FieldValue(value=more, display=more, source=Source.HEARD, state=FieldState.HEARD, confidence=0.9)
        await orders.revise_draft(session, ReviseDraft(by=MACHINE, at=at, order_id=key, fields={what: heard}))


async def _task(session, key, blocks, done, stamp):
    """A new task, or the newest one done."""
    tasks = await teamwork.tasks_of(session, key)
    if done and tasks:
        await teamwork.set_task_done(session, SetTaskDone(**stamp, task_id=tasks[-1].task_id, done=True))
    else:
        await teamwork.add_task(session, AddTask(**stamp, order_id=key, title="x", blocks=blocks))
