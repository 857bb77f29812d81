"""``callcenter order approval …``: questions that somebody else decides."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcenter.cli.options import BY, JSON, ORDER
from callcenter.cli.output import emit, reports_errors, say
from callcenter.cli.session import Actor, by_key, change, every, run

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from workorder.policy.approvals import ApprovalRule
    from workorder.views.casework import ApprovalView


@click.group()
def approval() -> None:
    """Questions about orders that somebody else decides."""


@approval.command("list")
@click.argument("key", metavar="ORDER", required=False)
@click.option("--decision", type=click.Choice(["pending", "approved", "refused"]), help="Only those that stand so.")
@JSON
@click.pass_obj
@reports_errors
def list_approvals(config: Path | None, key: str | None, decision: str | None, as_json: bool) -> None:
    """Questions about one order or all, oldest first."""
    from workorder.policy.approvals import Decision
    from workorder.services import approvals

    wanted = Decision(decision) if decision else None

    async def read(session: AsyncSession) -> list[ApprovalView]:
        about = await by_key(session, key) if key else None
        return await every(
            lambda cursor: approvals.approvals(session, order_id=about, decision=wanted, cursor=cursor, limit=200)
        )

    for found in run(config, read):
        _show(found, as_json=as_json)


@approval.command("rule")
@ORDER
@click.argument("subject")
@click.option("--reason", default="", help="Why it would be done: some rules look at it.")
@click.option("--amount-minor", type=int, help="For goodwill: how much, in minor units (cents).")
@JSON
@click.pass_obj
@reports_errors
def rule_for(config: Path | None, key: str, subject: str, reason: str, amount_minor: int | None, as_json: bool) -> None:
    """The rule that wants somebody's word before SUBJECT as things stand now, if any."""
    from workorder.services import approvals

    async def read(session: AsyncSession) -> ApprovalRule | None:
        order_id = await by_key(session, key)
        return await approvals.rule_for(session, order_id, subject, reason=reason, amount_minor=amount_minor)

    found = run(config, read)
    if as_json:
        emit({"rule": found.model_dump(mode="json") if found else None})
    elif found:
        click.echo(f"{found.name}  {found.label_en}: {', '.join(found.roles)}")
    else:
        say(f"nobody has to agree to {subject}")


@approval.command("ask")
@ORDER
@click.argument("subject")
@click.option("--reason", required=True, help="Why it should be done.")
@click.option("--amount-minor", type=int, help="For goodwill: how much, in minor units (cents).")
@BY
@JSON
@click.pass_obj
@reports_errors
def ask(
    config: Path | None, key: str, subject: str, reason: str, amount_minor: int | None, by: str | None, as_json: bool
) -> None:
    """Ask whether SUBJECT (a step such as cancel, or goodwill) may be done."""
    from workorder.commands import AskApproval
    from workorder.services import approvals

    async def put(session: AsyncSession, actor: Actor) -> ApprovalView:
        order_id = await by_key(session, key)
        command = AskApproval(
            **actor.stamp(), order_id=order_id, subject=subject, reason=reason, amount_minor=amount_minor
        )
        return await approvals.ask_approval(session, command)

    _show(change(config, by, put), as_json=as_json)


@approval.command("decide")
@click.argument("approval_id")
@click.argument("answer", type=click.Choice(["approve", "refuse"]))
@click.option("--by", metavar="USER", required=True, help="Who decides: one with the role, never the one who asked.")
@click.option("--comment", help="What there is to say about it.")
@JSON
@click.pass_obj
@reports_errors
def decide(config: Path | None, approval_id: str, answer: str, by: str, comment: str | None, as_json: bool) -> None:
    """Agree or refuse; a step that is agreed to is taken at once."""
    from workorder.commands import DecideApproval
    from workorder.services import approvals

    async def settle(session: AsyncSession, actor: Actor) -> ApprovalView:
        command = DecideApproval(
            **actor.stamp(),
            approval_id=approval_id,
            approve=answer == "approve",
            roles=actor.roles or (),
            comment=comment,
        )
        return await approvals.decide_approval(session, command)

    _show(change(config, by, settle), as_json=as_json)


def _show(found: ApprovalView, *, as_json: bool) -> None:
    if as_json:
        emit(found)
        return
    amount = "" if found.amount_minor is None else f" {found.amount_minor}"
    click.echo(f"{found.approval_id}  {found.decision}  {found.subject}{amount}  {found.asked_by}: {found.reason}")
