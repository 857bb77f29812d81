"""Comments, files, tasks, handing over and questions on every database."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from callcenter.storage import outbox
from callcenter.storage.database import Database
from callcenter.storage.tables import OutboxRow
from workorder.commands import (
    AddComment,
    AddTask,
    AskApproval,
    AttachFile,
    CreateWorkOrder,
    DecideApproval,
    MoveOrder,
    RemoveFile,
    SetTaskDone,
    TransferOrder,
)
from workorder.errors import ApprovalRequired, Conflict, Invalid, MayNotDecide, NotFound
from workorder.services import approvals, lifecycle, orders, reports, teamwork, trail

AT = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
ME = {"by": "u1", "at": AT}
BOSS = {"by": "u9", "at": AT}
ENQUIRY = {"service_type": "enquiry", "contact_phone": "13800138000"}
AGENT, SUPERVISOR = ("agent",), ("agent", "supervisor")


@pytest.fixture
async def session(database: Database):
    async with database.write() as work:
        yield work.session
        await work.commit()


async def new_order(session) -> str:
    command = CreateWorkOrder(**ME, channel="web", fields=ENQUIRY, attach=False)
    return (await reports.create_work_order(session, command)).order.order_id


async def move(session, order_id: str, *actions: str, **more: object) -> str:
    for action in actions:
        command = MoveOrder(**{**ME, "order_id": order_id, "action": action, "reason": "因为", **more})
        status = (await lifecycle.move_order(session, command)).status
    return status


async def status(session, order_id: str) -> str:
    return (await orders.get_order(session, order_id)).status


async def test_comments_come_in_order_and_name_people(session) -> None:
    """Each with who and when; pages; closed orders take them too."""
    order_id = await new_order(session)
    await move(session, order_id, "cancel")
    said = [await teamwork.add_comment(session, AddComment(**ME, order_id=order_id, text=f" {n} ", mentions=("u2",))) for n in "12345"]  # fmt: skip
    page = await teamwork.comments_of(session, order_id, limit=3)
    rest = await teamwork.comments_of(session, order_id, limit=3, cursor=page.next_cursor)
    assert {one.comment_id for one in (*page.items, *rest.items)} == {one.comment_id for one in said}
    assert (said[0].text, said[0].mentions, rest.next_cursor) == ("1", ("u2",), None)
    for bad in ("", "  ", "x" * 2001):
        with pytest.raises(Invalid):
            await teamwork.add_comment(session, AddComment(**ME, order_id=order_id, text=bad))
    with pytest.raises(NotFound):
        await teamwork.add_comment(session, AddComment(**ME, order_id="nope", text="x"))


async def test_a_file_is_attached_once_and_can_be_taken_out(session) -> None:
    """The same content under one name is one file; taken out it is out of sight and stays in the trail."""
    order_id = await new_order(session)
    command = AttachFile(
        **ME, order_id=order_id, sha256="a" * 64, size_bytes=9, media_type="image/jpeg", filename="a.jpg"
    )
    one = await teamwork.attach_file(session, command)
    assert await teamwork.attach_file(session, command) == one
    assert await teamwork.files_of(session, order_id) == (one,)
    assert await teamwork.kept_files(session) == {"a" * 64}
    for _ in range(2):
        await teamwork.remove_file(session, RemoveFile(**ME, attachment_id=one.attachment_id))
    assert await teamwork.files_of(session, order_id) == ()
    with pytest.raises(NotFound):
        await teamwork.file(session, one.attachment_id)
    assert (await teamwork.attach_file(session, command)).attachment_id == one.attachment_id
    lines = await trail.trail(session, order_id, field="attachment")
    assert [(line.before, line.after) for line in lines.items] == [(None, "a.jpg"), ("a.jpg", None), (None, "a.jpg")]
    with pytest.raises(Invalid):
        await teamwork.attach_file(
            session,
            AttachFile(**ME, order_id=order_id, sha256="b" * 64, size_bytes=9, media_type="text/html", filename="x"),
        )


async def test_a_handover_keeps_everything(session) -> None:
    """Handler and team change with their lines and an event; a stale or closed order refuses."""
    order_id = await new_order(session)
    await teamwork.add_comment(session, AddComment(**ME, order_id=order_id, text="x"))
    version = (await orders.get_order(session, order_id)).edit_version
    command = TransferOrder(**ME, order_id=order_id, handler="u2", team="二线", reason="休假", edit_version=version)
    order = await teamwork.transfer(session, command)
    assert (order.handler, order.team, order.edit_version) == ("u2", "二线", version + 1)
    assert len((await teamwork.comments_of(session, order_id)).items) == 1
    with pytest.raises(Conflict):
        await teamwork.transfer(
            session, TransferOrder(**ME, order_id=order_id, handler="u3", team=None, edit_version=version)
        )
    lines = await trail.trail(session, order_id, field="handler")
    assert [(line.before, line.after, line.reason) for line in lines.items] == [(None, "u2", "休假")]
    await move(session, order_id, "cancel")
    with pytest.raises(Conflict):
        await teamwork.transfer(session, TransferOrder(**ME, order_id=order_id, handler=None, team=None))


async def test_a_step_waits_for_the_tasks_that_block_it(session) -> None:
    """Other steps and other tasks do not; done it goes on; the message names what is open."""
    order_id = await new_order(session)
    check = await teamwork.add_task(session, AddTask(**ME, order_id=order_id, title="核对序列号", blocks="complete"))
    await teamwork.add_task(session, AddTask(**ME, order_id=order_id, title="拍照", assignee="u2"))
    await move(session, order_id, "dispatch", "accept", "depart", "arrive", "begin")
    with pytest.raises(Conflict, match="核对序列号"):
        await move(session, order_id, "complete")
    done = await teamwork.set_task_done(session, SetTaskDone(**BOSS, task_id=check.task_id, done=True))
    assert (done.done_by, done.done_at) == ("u9", AT)
    again = await teamwork.set_task_done(session, SetTaskDone(**ME, task_id=check.task_id, done=True))
    assert again.done_by == "u9"
    assert await move(session, order_id, "complete") == "completed"
    with pytest.raises(Conflict):
        await teamwork.set_task_done(session, SetTaskDone(**ME, task_id=check.task_id, done=False))
    with pytest.raises(Conflict):
        await teamwork.add_task(session, AddTask(**ME, order_id=order_id, title="x"))
    with pytest.raises(Invalid):
        await teamwork.add_task(session, AddTask(**ME, order_id=order_id, title="x", blocks="fly"))
    with pytest.raises(NotFound):
        await teamwork.set_task_done(session, SetTaskDone(**ME, task_id="nope", done=True))
    assert {task.title for task in await teamwork.tasks_of(session, order_id)} == {"核对序列号", "拍照"}


async def test_cancelling_after_dispatch_needs_a_supervisors_word(session) -> None:
    """Before dispatch anybody may; after it an agent asks, somebody else with the role agrees, and it is done."""
    early, late = await new_order(session), await new_order(session)
    assert await move(session, early, "cancel", roles=AGENT) == "cancelled"
    await move(session, late, "dispatch")
    needs = {one.action: one.needs for one in (await orders.get_order(session, late)).moves}
    assert "approval" in needs["cancel"]
    assert "approval" not in needs["accept"]
    with pytest.raises(ApprovalRequired, match="supervisor"):
        await move(session, late, "cancel", roles=AGENT)
    asked = AskApproval(**ME, order_id=late, subject="cancel", reason="客户换了新机")
    question = await approvals.ask_approval(session, asked)
    assert await approvals.ask_approval(session, asked) == question
    for who, roles in ((BOSS, AGENT), (ME, SUPERVISOR)):
        answer = DecideApproval(**who, approval_id=question.approval_id, approve=True, roles=roles)
        with pytest.raises(MayNotDecide):
            await approvals.decide_approval(session, answer)
    answer = DecideApproval(**BOSS, approval_id=question.approval_id, approve=True, roles=SUPERVISOR, comment="好")
    decided = await approvals.decide_approval(session, answer)
    assert (decided.decision, decided.decided_by, await status(session, late)) == ("approved", "u9", "cancelled")
    with pytest.raises(Conflict, match="approved already"):
        await approvals.decide_approval(session, answer)
    steps = (await trail.trail(session, late, field="status")).items
    assert (steps[-1].by, steps[-1].reason) == ("u9", "客户换了新机")


async def test_a_refusal_changes_nothing_and_the_role_needs_no_question(session) -> None:
    """Refused, the order goes on; whoever has the role just does it."""
    order_id = await new_order(session)
    await move(session, order_id, "dispatch")
    question = await approvals.ask_approval(session, AskApproval(**ME, order_id=order_id, subject="cancel", reason="x"))
    answer = DecideApproval(**BOSS, approval_id=question.approval_id, approve=False, roles=SUPERVISOR)
    assert (await approvals.decide_approval(session, answer)).decision == "refused"
    assert await status(session, order_id) == "dispatched"
    assert await move(session, order_id, "cancel", roles=SUPERVISOR) == "cancelled"


async def test_an_order_does_not_close_over_an_open_question(session) -> None:
    """Goodwill is decided before the customer's confirmation is taken."""
    order_id = await new_order(session)
    await move(session, order_id, "dispatch", "accept", "depart", "arrive", "begin", "complete")
    asked = AskApproval(**ME, order_id=order_id, subject="goodwill", reason="三次上门", amount_minor=5000)
    question = await approvals.ask_approval(session, asked)
    with pytest.raises(ApprovalRequired, match="goodwill"):
        await move(session, order_id, "confirm", confirmation="customer")
    answer = DecideApproval(**BOSS, approval_id=question.approval_id, approve=True, roles=SUPERVISOR)
    await approvals.decide_approval(session, answer)
    assert await move(session, order_id, "confirm", confirmation="customer") == "confirmed"


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        ({"subject": "fly"}, "subject"),
        ({"reason": " "}, "reason"),
        ({"amount_minor": None}, "amount_minor"),
        ({"amount_minor": -1}, "amount_minor"),
        ({"subject": "cancel"}, "amount_minor"),
    ],
)
async def test_bad_questions_are_named(session, bad: dict, field: str) -> None:
    """Unknown subjects, no reason, amounts where there are none."""
    order_id = await new_order(session)
    asked = {**ME, "order_id": order_id, "subject": "goodwill", "reason": "x", "amount_minor": 1, **bad}
    with pytest.raises(Invalid) as caught:
        await approvals.ask_approval(session, AskApproval(**asked))
    assert caught.value.field == field


async def test_nobody_is_asked_in_vain(session) -> None:
    """A question about what may just be done is refused; questions are listed by order and by decision."""
    order_id = await new_order(session)
    with pytest.raises(Conflict, match="nobody has to agree"):
        await approvals.ask_approval(session, AskApproval(**ME, order_id=order_id, subject="cancel", reason="x"))
    asked = AskApproval(**ME, order_id=order_id, subject="goodwill", reason="x", amount_minor=1)
    question = await approvals.ask_approval(session, asked)
    assert (await approvals.approvals(session, order_id=order_id)).items == (question,)
    assert (await approvals.approvals(session, decision="pending")).items == (question,)
    assert (await approvals.approvals(session, decision="approved")).items == ()
    with pytest.raises(NotFound):
        await approvals.decide_approval(
            session, DecideApproval(**BOSS, approval_id="nope", approve=True, roles=SUPERVISOR)
        )


async def test_everything_leaves_an_event_and_an_unbroken_trail(database: Database) -> None:
    """Whoever listens hears of comments, files, tasks, handovers and questions."""
    async with database.write() as work:
        session = work.session
        order_id = await new_order(session)
        await teamwork.add_comment(session, AddComment(**ME, order_id=order_id, text="x"))
        await teamwork.add_task(session, AddTask(**ME, order_id=order_id, title="x"))
        await teamwork.transfer(session, TransferOrder(**ME, order_id=order_id, handler="u2", team=None))
        asked = AskApproval(**ME, order_id=order_id, subject="goodwill", reason="x", amount_minor=1)
        question = await approvals.ask_approval(session, asked)
        answer = DecideApproval(**BOSS, approval_id=question.approval_id, approve=True, roles=SUPERVISOR)
        await approvals.decide_approval(session, answer)
        await work.commit()
    async with database.read() as work:
        rows = await work.session.scalars(select(OutboxRow).order_by(OutboxRow.position))
        names = [type(outbox.decode(row)).__name__ for row in rows]
        assert (await trail.verify(work.session)).faults == ()
    assert names[3:] == ["CommentAdded", "TaskChanged", "OrderTransferred", "ApprovalAsked", "ApprovalDecided"]
