"""Questions that somebody else decides: asking, deciding, and taking the step that was agreed to."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from workorder import uow
from workorder.commands import AskApproval, DecideApproval, MoveOrder
from workorder.errors import Conflict, Invalid, MayNotDecide, NotFound
from workorder.events import ApprovalAsked, ApprovalDecided
from workorder.ids import new_id
from workorder.model.orders import WorkOrder
from workorder.model.teamwork import OrderApproval
from workorder.policy.approvals import GOODWILL, SUBJECTS, ApprovalRule, Decision, may_decide
from workorder.policy.lifecycle import Action
from workorder.services import lifecycle
from workorder.services.approval_rules import rule_met
from workorder.services.orders import locked
from workorder.services.paging import check_limit
from workorder.views.casework import ApprovalView
from workorder.views.pages import Page


async def rule_for(
    session: AsyncSession, order_id: str, subject: str, *, reason: str = "", amount_minor: int | None = None
) -> ApprovalRule | None:
    """The rule that wants somebody's word before ``subject``, as the order is now; None: it may just be done.

    Raises Invalid (no such subject), NotFound.
    """
    if subject not in SUBJECTS:
        raise Invalid(f"must be one of {', '.join(SUBJECTS)}", field="subject")
    order = await session.get(WorkOrder, order_id)
    if order is None:
        raise NotFound(f"there is no order {order_id}", field="order_id")
    return await rule_met(session, order, subject, reason=reason, amount_minor=amount_minor)


async def ask_approval(session: AsyncSession, command: AskApproval) -> ApprovalView:
    """Ask. The same open question again is the one that is there.

    Raises Invalid (no such subject, no reason, amount), Conflict (nobody needs to agree to that now), NotFound.
    """
    reason = command.reason.strip()
    if not 0 < len(reason) <= 500:
        raise Invalid("must have 1 to 500 characters", field="reason", fix="say why it should be done")
    if command.subject not in SUBJECTS:
        raise Invalid(f"must be one of {', '.join(SUBJECTS)}", field="subject")
    if (command.subject == GOODWILL) != (command.amount_minor is not None) or (command.amount_minor or 1) <= 0:
        raise Invalid("goodwill needs an amount above 0, nothing else has one", field="amount_minor")
    order = await locked(session, command.order_id)
    rule = await rule_met(session, order, command.subject, reason=reason, amount_minor=command.amount_minor)
    if rule is None:
        raise Conflict(
            f"{order.name} is {order.status}: nobody has to agree to {command.subject}",
            field="subject",
            fix="just do it",
        )
    if there := await _pending(session, order, command.subject):
        return _view(there)
    row = OrderApproval(
        approval_id=new_id(),
        order_id=order.order_id,
        subject=command.subject,
        roles=list(rule.roles),
        asked_at=command.at,
        asked_by=command.by,
        reason=reason,
        amount_minor=command.amount_minor,
        decision=Decision.PENDING,
    )
    asked = f"{command.subject} {command.amount_minor}" if command.amount_minor else command.subject
    session.add(row)
    order.stamp("approval", None, asked, by=command.by, at=command.at, reason=reason)
    await session.flush()
    event = ApprovalAsked(
        order_id=order.order_id,
        call_id=order.call_id,
        at=command.at,
        by=command.by,
        approval_id=row.approval_id,
        subject=row.subject,
        roles=rule.roles,
    )
    uow.record(session, event)
    return _view(row)


async def decide_approval(session: AsyncSession, command: DecideApproval) -> ApprovalView:
    """Agree or refuse; four eyes: nobody decides their own question. A step that is agreed to is taken with it.

    Raises MayNotDecide, Conflict (decided already; the step is not possible any more), NotFound.
    """
    row = await session.get(OrderApproval, command.approval_id)
    if row is None:
        raise NotFound(f"there is no question {command.approval_id}", field="approval_id")
    order = await locked(session, row.order_id)
    await session.refresh(row)
    if row.decision != Decision.PENDING:
        raise Conflict(f"it is {row.decision} already", field="decision")
    if not may_decide(row.roles, command.roles) or row.asked_by == command.by:
        raise MayNotDecide(f"somebody else with one of {', '.join(row.roles)} has to decide", field="approval_id")
    row.decision = Decision.APPROVED if command.approve else Decision.REFUSED
    row.decided_at, row.decided_by, row.comment = command.at, command.by, command.comment
    order.stamp("approval", row.subject, row.decision, by=command.by, at=command.at, reason=command.comment)
    await session.flush()
    if command.approve and row.subject in set(Action):
        step = MoveOrder(by=command.by, at=command.at, order_id=order.order_id, action=row.subject, reason=row.reason)
        await lifecycle.move_order(session, step)
    event = ApprovalDecided(
        order_id=order.order_id,
        call_id=order.call_id,
        at=command.at,
        by=command.by,
        approval_id=row.approval_id,
        subject=row.subject,
        decision=row.decision,
        asked_by=row.asked_by,
    )
    uow.record(session, event)
    return _view(row)


async def approvals(
    session: AsyncSession,
    *,
    order_id: str | None = None,
    decision: Decision | None = None,
    cursor: str | None = None,
    limit: int = 100,
) -> Page[ApprovalView]:
    """Questions about one order or all, oldest first, ``limit`` (1 to 200) a page. Raises Invalid."""
    check_limit(limit)
    statement = select(OrderApproval).where(OrderApproval.approval_id > (cursor or ""))
    if order_id is not None:
        statement = statement.where(OrderApproval.order_id == order_id)
    if decision is not None:
        statement = statement.where(OrderApproval.decision == decision)
    rows = list(await session.scalars(statement.order_by(OrderApproval.approval_id).limit(limit + 1)))
    items = tuple(map(_view, rows[:limit]))
    return Page(items, items[-1].approval_id if len(rows) > limit else None)


async def _pending(session: AsyncSession, order: WorkOrder, subject: str) -> OrderApproval | None:
    statement = select(OrderApproval).where(
        OrderApproval.order_id == order.order_id,
        OrderApproval.subject == subject,
        OrderApproval.decision == Decision.PENDING,
    )
    return (await session.scalars(statement)).first()


def _view(row: OrderApproval) -> ApprovalView:
    return ApprovalView(
        approval_id=row.approval_id,
        order_id=row.order_id,
        subject=row.subject,
        roles=tuple(row.roles),
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        reason=row.reason,
        amount_minor=row.amount_minor,
        decision=row.decision,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        comment=row.comment,
    )
