"""``callcenter order comment|task|hand-over``: people working on an order together."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcenter.cli.options import BY, JSON, ORDER
from callcenter.cli.output import emit, reports_errors
from callcenter.cli.session import Actor, by_key, change, every, line, person, run

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from workorder.views.casework import CommentView, TaskView
    from workorder.views.orders import OrderView

TASK = click.argument("task_id")


@click.group()
def comment() -> None:
    """What is said about an order."""


@comment.command("list")
@ORDER
@JSON
@click.pass_obj
@reports_errors
def list_comments(config: Path | None, key: str, as_json: bool) -> None:
    """Comments and chase-ups, oldest first."""
    from workorder.services import teamwork

    async def read(session: AsyncSession) -> list[CommentView]:
        order_id = await by_key(session, key)
        return await every(lambda cursor: teamwork.comments_of(session, order_id, cursor=cursor, limit=200))

    for found in run(config, read):
        emit(found) if as_json else click.echo(_said(found))


@comment.command("add")
@ORDER
@click.argument("text")
@BY
@JSON
@click.pass_obj
@reports_errors
def add_comment(config: Path | None, key: str, text: str, by: str | None, as_json: bool) -> None:
    """Say something about the order; @name names a user, who hears of it."""
    from callcenter.features.people import named_in
    from workorder.commands import AddComment
    from workorder.services import teamwork

    async def add(session: AsyncSession, actor: Actor) -> CommentView:
        named = await named_in(session, text)
        order_id = await by_key(session, key)
        return await teamwork.add_comment(
            session, AddComment(**actor.stamp(), order_id=order_id, text=text, mentions=named)
        )

    added = change(config, by, add)
    emit(added) if as_json else click.echo(_said(added))


@click.group()
def task() -> None:
    """What is to be done for an order beside its steps."""


@task.command("list")
@ORDER
@JSON
@click.pass_obj
@reports_errors
def list_tasks(config: Path | None, key: str, as_json: bool) -> None:
    """The order's tasks, oldest first."""
    from workorder.services import teamwork

    async def read(session: AsyncSession) -> tuple[TaskView, ...]:
        return await teamwork.tasks_of(session, await by_key(session, key))

    for found in run(config, read):
        _show_task(found, as_json=as_json)


@task.command("add")
@ORDER
@click.argument("title")
@click.option("--assignee", metavar="USER", help="Who is to do it.")
@click.option("--blocks", metavar="ACTION", help="The step of the life cycle that waits for it, e.g. complete.")
@BY
@JSON
@click.pass_obj
@reports_errors
def add_task(
    config: Path | None, key: str, title: str, assignee: str | None, blocks: str | None, by: str | None, as_json: bool
) -> None:
    """Add something to do; several go on side by side."""
    from workorder.commands import AddTask
    from workorder.services import teamwork

    async def add(session: AsyncSession, actor: Actor) -> TaskView:
        command = AddTask(
            **actor.stamp(),
            order_id=await by_key(session, key),
            title=title,
            assignee=(await person(session, assignee, "--assignee")).user_id if assignee else None,
            blocks=blocks,
        )
        return await teamwork.add_task(session, command)

    _show_task(change(config, by, add), as_json=as_json)


@task.command("done")
@TASK
@BY
@JSON
@click.pass_obj
@reports_errors
def task_done(config: Path | None, task_id: str, by: str | None, as_json: bool) -> None:
    """Tick a task off."""
    _show_task(_ticked(config, task_id, by, done=True), as_json=as_json)


@task.command("reopen")
@TASK
@BY
@JSON
@click.pass_obj
@reports_errors
def task_reopen(config: Path | None, task_id: str, by: str | None, as_json: bool) -> None:
    """Open a task again that was ticked off."""
    _show_task(_ticked(config, task_id, by, done=False), as_json=as_json)


@click.command("hand-over")
@ORDER
@click.option("--to", metavar="USER", help="The user who looks after it from now on.")
@click.option("--team", help="The team that does.")
@click.option("--nobody", is_flag=True, help="Neither; instead of --to and --team.")
@click.option("--reason", help="Why; kept in the trail.")
@BY
@JSON
@click.pass_obj
@reports_errors
def hand_over(
    config: Path | None,
    key: str,
    to: str | None,
    team: str | None,
    nobody: bool,
    reason: str | None,
    by: str | None,
    as_json: bool,
) -> None:
    """Give the order to a user, a team or both; history, files and comments stay with it."""
    from workorder.commands import TransferOrder
    from workorder.services import teamwork

    if nobody == bool(to or team):
        raise click.UsageError("say --to, --team or both, or --nobody")

    async def transfer(session: AsyncSession, actor: Actor) -> OrderView:
        command = TransferOrder(
            **actor.stamp(),
            order_id=await by_key(session, key),
            handler=(await person(session, to, "--to")).user_id if to else None,
            team=team or None,
            reason=reason,
        )
        return await teamwork.transfer(session, command)

    moved = change(config, by, transfer)
    emit(moved) if as_json else click.echo(line(moved))


def _ticked(config: Path | None, task_id: str, by: str | None, *, done: bool) -> TaskView:
    from workorder.commands import SetTaskDone
    from workorder.services import teamwork

    async def tick(session: AsyncSession, actor: Actor) -> TaskView:
        return await teamwork.set_task_done(session, SetTaskDone(**actor.stamp(), task_id=task_id, done=done))

    return change(config, by, tick)


def _said(found: CommentView) -> str:
    return f"{found.at:%Y-%m-%d %H:%M}  {found.by}  {found.kind}  {found.text}"


def _show_task(found: TaskView, *, as_json: bool) -> None:
    if as_json:
        emit(found)
        return
    waits = f"  blocks {found.blocks}" if found.blocks else ""
    click.echo(f"{found.task_id}  {'done' if found.done_at else 'open'}  {found.title}{waits}")
