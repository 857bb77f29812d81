"""Which steps, and which goodwill, need whose word."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from callcenter.auth.permissions import Role
from callcenter.storage import audit
from callcenter.web.ask import Ask, Input
from workorder.policy.approvals import ApprovalTable
from workorder.services import approval_rules
from workorder.services.approval_rules import ApprovalTableView
from workorder.views.pages import Page


class NewApprovalRules(Input):
    """Rules to put in force, and the version they were made from."""

    version: Annotated[int, Field(ge=0, le=2**31)]
    table: ApprovalTable


async def read(ask: Ask) -> ApprovalTableView:
    """The approval rules in force."""
    return await approval_rules.rules_in_force(ask.rows)


async def save(ask: Ask, body: NewApprovalRules) -> ApprovalTableView:
    """Put other approval rules in force; questions that were asked keep the roles they were put to."""
    at, by = ask.services.clock.now(), ask.who.user_id
    saved = await approval_rules.save_rules(
        ask.rows, body.table, seen_version=body.version, roles=tuple(Role), by=by, at=at
    )
    await audit.add(ask.rows, at=at, by=by, action="approval_rules.saved", subject=str(saved.version))
    ask.after_commit.append(lambda: approval_rules.remember(ask.rows, saved.table))
    return saved


async def versions(ask: Ask) -> Page[ApprovalTableView]:
    """What was in force when, the newest first."""
    return Page(await approval_rules.rule_versions(ask.rows))
