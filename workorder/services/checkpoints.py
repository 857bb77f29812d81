"""What a step has to wait for besides its own guards: tasks that block it, and somebody's word."""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncSession

from workorder.errors import ApprovalPending, ApprovalRequired, Conflict
from workorder.model.orders import WorkOrder
from workorder.model.prepared import Prepared, Question, Rows
from workorder.model.teamwork import OrderApproval, OrderTask
from workorder.policy.approvals import Decision, may_decide, waits_for_decisions
from workorder.policy.lifecycle import Action
from workorder.services.approval_rules import rule_met

_OPEN_TASKS = Prepared(
    select(OrderTask.title)
    .where(
        OrderTask.order_id == bindparam("order"), OrderTask.blocks == bindparam("action"), OrderTask.done_at.is_(None)
    )
    .order_by(OrderTask.task_id)
)


def open_tasks(order_id: str, action: Action) -> Question:
    """Titles of the tasks that block the step."""
    return _OPEN_TASKS, {"order": order_id, "action": action}


async def check(
    session: AsyncSession,
    order: WorkOrder,
    action: Action,
    tasks: Rows,
    roles: Iterable[str] | None,
    reason: str | None = None,
) -> None:
    """Raise Conflict that names the open tasks, ApprovalPending, or ApprovalRequired that says who has to agree.

    ``tasks``: the answer to ``open_tasks``. ``roles`` None: whoever gives the command answers for it, as a decision or
    the command line does.
    """
    if tasks:
        titles = ", ".join(title for (title,) in tasks)
        raise Conflict(f"still to do before: {titles}", field="tasks", fix="do them first")
    if waits_for_decisions(action):
        await _refuse_undecided(session, order, action)
    if roles is None:
        return
    rule = await rule_met(session, order, action, reason=reason)
    if rule is not None and not may_decide(rule.roles, roles):
        raise ApprovalRequired(
            f"{rule.label_en} needs the word of: {', '.join(rule.roles)}",
            field="action",
            fix="ask for it; it is done when they agree",
        )


async def _refuse_undecided(session: AsyncSession, order: WorkOrder, action: Action) -> None:
    pending = select(OrderApproval.subject).where(
        OrderApproval.order_id == order.order_id,
        OrderApproval.decision == Decision.PENDING,
        OrderApproval.subject != action,
    )
    if subjects := list(await session.scalars(pending.order_by(OrderApproval.approval_id))):
        raise ApprovalPending(f"not decided yet: {', '.join(subjects)}", field="approvals", fix="decide it first")
