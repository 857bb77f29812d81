"""People working on an order together: comments, tasks, handing over, questions that somebody else decides."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StringConstraints

from callcenter.features.people import named_in
from callcenter.storage import users
from callcenter.web.api.order_steps import Reason
from callcenter.web.api.work_orders import Word, changed, check_version, stamp
from callcenter.web.ask import Ask, Id, Input
from workorder.commands import AddComment, AddTask, AskApproval, DecideApproval, SetTaskDone, TransferOrder
from workorder.errors import Invalid
from workorder.policy.approvals import ApprovalRule, Decision
from workorder.policy.lifecycle import Action
from workorder.services import approvals, orders, teamwork
from workorder.views.casework import ApprovalView, CommentView, TaskView
from workorder.views.orders import OrderView
from workorder.views.pages import Page

Said = Annotated[str, StringConstraints(min_length=1, max_length=2000)]
Title = Annotated[str, StringConstraints(min_length=1, max_length=200)]
Why = Annotated[str, StringConstraints(min_length=1, max_length=500)]


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who can be named, given a task or handed an order."""

    user_id: str
    username: str
    display_name: str
    roles: tuple[str, ...]
    phone: str | None


class TeamworkQuery(Input):
    """A page of a list."""

    cursor: Word | None = None
    limit: int = Field(default=100, ge=1, le=200)


class NewComment(Input):
    """What is to be said; ``@name`` names a user by user name or display name."""

    text: Said


class NewTask(Input):
    """Something to do beside other things; ``blocks`` is the step that waits for it."""

    title: Title
    assignee: Id | None = None
    blocks: Action | None = None


class TaskState(Input):
    """Whether it is done."""

    done: bool


class Handover(Input):
    """Who looks after the order from now on: a user, a team, both or nobody."""

    user_id: Id | None = None
    team: Word | None = None
    reason: Reason | None = None


class Wish(Input):
    """What somebody is about to ask for, or to do."""

    subject: Word
    reason: Annotated[str, StringConstraints(max_length=500)] = ""
    amount_minor: Annotated[int, Field(ge=1, le=10**12)] | None = None


@dataclass(frozen=True, slots=True)
class RuleMet:
    """The rule that asks for somebody's word; null: nobody has to agree."""

    rule: ApprovalRule | None


class Question(Input):
    """What somebody has to agree to: a step, or goodwill with its amount in minor units (cents)."""

    subject: Word
    reason: Why
    amount_minor: Annotated[int, Field(gt=0, le=10**12)] | None = None


class Answer(Input):
    """Yes or no, and what there is to say about it."""

    approve: bool
    comment: Reason | None = None


class ApprovalQuery(TeamworkQuery):
    """A page of questions; ``decision`` pending for those that wait."""

    order_id: Id | None = None
    decision: Decision | None = None


async def people(ask: Ask) -> Page[Person]:
    """Everyone who can be named in a comment, given a task or handed an order."""
    found = await users.list_users(ask.rows)
    return Page(
        tuple(Person(one.user_id, one.username, one.display_name, one.roles, one.phone) for one in found if one.active)
    )


async def comments(ask: Ask, order_id: Id, query: TeamworkQuery) -> Page[CommentView]:
    """Comments and chase-ups, oldest first."""
    return await teamwork.comments_of(ask.rows, order_id, cursor=query.cursor, limit=query.limit)


async def comment(ask: Ask, order_id: Id, body: NewComment) -> CommentView:
    """Say something about the order; whoever is named hears of it."""
    named = await named_in(ask.rows, body.text)
    return await teamwork.add_comment(
        ask.rows, AddComment(**stamp(ask), order_id=order_id, text=body.text, mentions=named)
    )


async def tasks(ask: Ask, order_id: Id) -> Page[TaskView]:
    """The order's tasks, oldest first."""
    return Page(await teamwork.tasks_of(ask.rows, order_id))


async def add_task(ask: Ask, order_id: Id, body: NewTask) -> TaskView:
    """Add something to do; several go on side by side."""
    await _check_person(ask, body.assignee, "assignee")
    command = AddTask(**stamp(ask), order_id=order_id, title=body.title, assignee=body.assignee, blocks=body.blocks)
    return await teamwork.add_task(ask.rows, command)


async def set_task(ask: Ask, task_id: Id, body: TaskState) -> TaskView:
    """Tick a task off, or open it again."""
    return await teamwork.set_task_done(ask.rows, SetTaskDone(**stamp(ask), task_id=task_id, done=body.done))


async def hand_over(ask: Ask, order_id: Id, edit_version: int, body: Handover) -> OrderView:
    """Give the order to somebody else; history, files and comments stay with it."""
    await check_version(ask, order_id, edit_version)
    await _check_person(ask, body.user_id, "user_id")
    command = TransferOrder(
        **stamp(ask),
        order_id=order_id,
        handler=body.user_id,
        team=body.team or None,
        reason=body.reason,
        edit_version=edit_version,
    )
    return changed(ask, await teamwork.transfer(ask.rows, command))


async def questions(ask: Ask, query: ApprovalQuery) -> Page[ApprovalView]:
    """Questions that somebody decides or has decided, oldest first."""
    return await approvals.approvals(
        ask.rows, order_id=query.order_id, decision=query.decision, cursor=query.cursor, limit=query.limit
    )


async def rule_for(ask: Ask, order_id: Id, query: Wish) -> RuleMet:
    """The rule that wants somebody's word before a step or goodwill, as things stand; null: it may just be done."""
    rule = await approvals.rule_for(
        ask.rows, order_id, query.subject, reason=query.reason, amount_minor=query.amount_minor
    )
    return RuleMet(rule)


async def ask_for(ask: Ask, order_id: Id, body: Question) -> ApprovalView:
    """Ask somebody with the role to agree."""
    command = AskApproval(
        **stamp(ask), order_id=order_id, subject=body.subject, reason=body.reason, amount_minor=body.amount_minor
    )
    return await approvals.ask_approval(ask.rows, command)


async def decide(ask: Ask, approval_id: Id, body: Answer) -> ApprovalView:
    """Agree or refuse; a step that is agreed to is taken at once. Nobody decides their own question."""
    command = DecideApproval(
        **stamp(ask),
        approval_id=approval_id,
        approve=body.approve,
        roles=ask.who.roles,
        comment=body.comment,
    )
    decided = await approvals.decide_approval(ask.rows, command)
    changed(ask, await orders.get_order(ask.rows, decided.order_id))
    return decided


async def _check_person(ask: Ask, user_id: str | None, field: str) -> None:
    if user_id is None:
        return
    found = await users.by_id(ask.rows, user_id)
    if found is None or not found.active:
        raise Invalid("there is no such user", field=field, fix="GET /api/people lists them")
