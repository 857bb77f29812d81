"""People working on an order together: comments, files, tasks, handing over."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from workorder import uow
from workorder.commands import AddComment, AddTask, AttachFile, Command, RemoveFile, SetTaskDone, TransferOrder
from workorder.errors import Invalid, NotFound
from workorder.events import CommentAdded, FileAttached, OrderTransferred, TaskChanged
from workorder.ids import new_id
from workorder.model.orders import WorkOrder
from workorder.model.reports import OrderComment
from workorder.model.teamwork import OrderAttachment, OrderTask
from workorder.policy.attachments import ALLOWED
from workorder.policy.lifecycle import Action
from workorder.services.lifecycle import word
from workorder.services.orders import get_order, locked
from workorder.services.paging import check_limit
from workorder.services.whole_orders import view
from workorder.views.casework import AttachmentView, CommentView, TaskView
from workorder.views.orders import OrderView
from workorder.views.pages import Page

COMMENT = "comment"
KEPT = frozenset({*ALLOWED, "message/rfc822"})


async def transfer(session: AsyncSession, command: TransferOrder) -> OrderView:
    """Hand the order over; history, files and comments stay with it. Raises Conflict (closed, stale), NotFound."""
    order = await locked(session, command.order_id)
    order.check_version(command.edit_version)
    if (order.handler, order.team) == (command.handler, command.team):
        return view(order)
    order.check_editable()
    before = order.handler
    for name, after in (("handler", command.handler), ("team", command.team)):
        if getattr(order, name) != after:
            now = getattr(order, name)
            order.stamp(name, now, after, by=command.by, at=command.at, reason=command.reason)
            setattr(order, name, after)
    order.edit_version += 1
    await session.flush()
    moved = OrderTransferred(
        **_about(order, command), handler_before=before, handler=order.handler, team=order.team, reason=command.reason
    )
    uow.record(session, moved)
    return view(order)


async def add_comment(session: AsyncSession, command: AddComment) -> CommentView:
    """Say something, also about an order that is closed. Raises Invalid, NotFound."""
    text = _text(command.text, "text", 2000)
    order = await _order(session, command.order_id)
    row = OrderComment(
        comment_id=new_id(),
        order_id=order.order_id,
        at=command.at,
        by=command.by,
        kind=COMMENT,
        channel=None,
        text=text,
        mentions=list(command.mentions),
    )
    session.add(row)
    await session.flush()
    uow.record(session, CommentAdded(**_about(order, command), comment_id=row.comment_id, mentions=command.mentions))
    return _comment(row)


async def comments_of(
    session: AsyncSession, order_id: str, *, cursor: str | None = None, limit: int = 100
) -> Page[CommentView]:
    """Comments and chase-ups, oldest first, ``limit`` (1 to 200) a page. Raises NotFound, Invalid."""
    check_limit(limit)
    await get_order(session, order_id)
    statement = select(OrderComment).where(OrderComment.order_id == order_id, OrderComment.comment_id > (cursor or ""))
    rows = list(await session.scalars(statement.order_by(OrderComment.comment_id).limit(limit + 1)))
    items = tuple(_comment(row) for row in rows[:limit])
    return Page(items, items[-1].comment_id if len(rows) > limit else None)


async def attach_file(session: AsyncSession, command: AttachFile) -> AttachmentView:
    """A stored file belongs to the order; one that was taken out is there again. Raises Invalid, NotFound."""
    if command.media_type not in KEPT:
        raise Invalid(f"must be one of {', '.join(ALLOWED)}", field="media_type")
    name = _text(command.filename, "filename", 200)
    order = await locked(session, command.order_id)
    there = await _attached(session, order, command.sha256, name)
    if there is not None and there.removed_at is None:
        return _attachment(there)
    row = there or OrderAttachment(
        attachment_id=new_id(),
        order_id=order.order_id,
        at=command.at,
        by=command.by,
        sha256=command.sha256,
        size_bytes=command.size_bytes,
        media_type=command.media_type,
        filename=name,
    )
    row.removed_at = None
    session.add(row)
    order.stamp("attachment", None, name, by=command.by, at=command.at, reason=command.sha256)
    await session.flush()
    attached = FileAttached(**_about(order, command), attachment_id=row.attachment_id, media_type=row.media_type)
    uow.record(session, attached)
    return _attachment(row)


async def remove_file(session: AsyncSession, command: RemoveFile) -> None:
    """Take a file out of sight. Nothing happens when it is already. Raises NotFound."""
    row = await session.get(OrderAttachment, command.attachment_id)
    if row is None:
        raise NotFound(f"there is no file {command.attachment_id}", field="attachment_id")
    if row.removed_at is not None:
        return
    order = await locked(session, row.order_id)
    row.removed_at = command.at
    order.stamp("attachment", row.filename, None, by=command.by, at=command.at, reason=row.sha256)
    await session.flush()


async def files_of(session: AsyncSession, order_id: str) -> tuple[AttachmentView, ...]:
    """The files in sight, oldest first. Raises NotFound."""
    await get_order(session, order_id)
    statement = select(OrderAttachment).where(
        OrderAttachment.order_id == order_id, OrderAttachment.removed_at.is_(None)
    )
    return tuple(_attachment(row) for row in await session.scalars(statement.order_by(OrderAttachment.attachment_id)))


async def file(session: AsyncSession, attachment_id: str) -> AttachmentView:
    """A file in sight. Raises NotFound."""
    row = await session.get(OrderAttachment, attachment_id)
    if row is None or row.removed_at is not None:
        raise NotFound(f"there is no file {attachment_id}", field="attachment_id")
    return _attachment(row)


async def kept_files(session: AsyncSession) -> frozenset[str]:
    """Hashes of all files that some order has."""
    return frozenset(await session.scalars(select(OrderAttachment.sha256).distinct()))


async def add_task(session: AsyncSession, command: AddTask) -> TaskView:
    """Something to do beside other things. Raises Invalid, Conflict (the order is done), NotFound."""
    title = _text(command.title, "title", 200)
    blocks = word(Action, command.blocks, "blocks") if command.blocks else None
    order = await locked(session, command.order_id)
    order.check_editable()
    row = OrderTask(
        task_id=new_id(),
        order_id=order.order_id,
        at=command.at,
        by=command.by,
        title=title,
        assignee=command.assignee,
        blocks=blocks,
    )
    session.add(row)
    order.stamp("task", None, title, by=command.by, at=command.at)
    await session.flush()
    uow.record(session, TaskChanged(**_about(order, command), task_id=row.task_id, assignee=row.assignee, done=False))
    return _task(row)


async def set_task_done(session: AsyncSession, command: SetTaskDone) -> TaskView:
    """Tick a task off, or open it again. Raises Conflict (the order is done), NotFound."""
    row = await session.get(OrderTask, command.task_id, with_for_update=True)
    if row is None:
        raise NotFound(f"there is no task {command.task_id}", field="task_id")
    if (row.done_at is not None) == command.done:
        return _task(row)
    order = await locked(session, row.order_id)
    order.check_editable()
    row.done_at, row.done_by = (command.at, command.by) if command.done else (None, None)
    words = ("open", "done") if command.done else ("done", "open")
    order.stamp("task", *words, by=command.by, at=command.at, reason=row.title)
    await session.flush()
    uow.record(
        session, TaskChanged(**_about(order, command), task_id=row.task_id, assignee=row.assignee, done=command.done)
    )
    return _task(row)


async def tasks_of(session: AsyncSession, order_id: str) -> tuple[TaskView, ...]:
    """The order's tasks, oldest first. Raises NotFound."""
    await get_order(session, order_id)
    statement = select(OrderTask).where(OrderTask.order_id == order_id).order_by(OrderTask.task_id)
    return tuple(_task(row) for row in await session.scalars(statement))


async def _order(session: AsyncSession, order_id: str) -> WorkOrder:
    order = await session.get(WorkOrder, order_id)
    if order is None:
        raise NotFound(f"there is no work order {order_id}", field="order_id")
    return order


async def _attached(session: AsyncSession, order: WorkOrder, sha256: str, name: str) -> OrderAttachment | None:
    statement = select(OrderAttachment).where(
        OrderAttachment.order_id == order.order_id, OrderAttachment.sha256 == sha256, OrderAttachment.filename == name
    )
    return (await session.scalars(statement)).one_or_none()


def _about(order: WorkOrder, command: Command) -> dict[str, Any]:
    return {"order_id": order.order_id, "call_id": order.call_id, "at": command.at, "by": command.by}


def _text(text: str, field: str, longest: int) -> str:
    trimmed = text.strip()
    if not 0 < len(trimmed) <= longest or "\x00" in trimmed:
        raise Invalid(f"must have 1 to {longest} characters", field=field)
    return trimmed


def _comment(row: OrderComment) -> CommentView:
    return CommentView(
        row.comment_id, row.order_id, row.at, row.by, row.kind, row.channel, row.text, tuple(row.mentions)
    )


def _attachment(row: OrderAttachment) -> AttachmentView:
    return AttachmentView(
        row.attachment_id, row.order_id, row.at, row.by, row.sha256, row.size_bytes, row.media_type, row.filename
    )


def _task(row: OrderTask) -> TaskView:
    return TaskView(
        row.task_id, row.order_id, row.at, row.by, row.title, row.assignee, row.blocks, row.done_at, row.done_by
    )
