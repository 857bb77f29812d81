"""The approval rules in force: reading, putting others in force, and which one an order meets."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import object_session

from workorder.errors import Conflict
from workorder.model.approvals import ApprovalVersion
from workorder.model.customers import Customer
from workorder.model.orders import WorkOrder
from workorder.policy.approvals import DEFAULTS, ApprovalRule, ApprovalTable, Facts, check_roles, stored
from workorder.policy.lifecycle import Status

SEEN = "workorder.approvals"
"""Key of the ``RulesSeen`` in a session's ``info``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalTableView:
    """The rules in force. ``version`` 0 is the built-in ones."""

    version: int
    at: datetime | None
    by: str | None
    table: ApprovalTable


class RulesSeen:
    """The rules as they were last read from one database: what the buttons of its orders say beforehand.

    Shared by all sessions of the database, so that lists of orders need no statement for it. Whether a step needs
    somebody's word when it is taken is always read in its own transaction.
    """

    def __init__(self) -> None:
        self._table = DEFAULTS
        self._needing: dict[tuple[Status, str | None], frozenset[str]] = {}

    def see(self, table: ApprovalTable) -> None:
        """Go by ``table`` from now on."""
        if table is not self._table:
            self._table, self._needing = table, {}

    def needing(self, status: Status, service_type: str | None) -> frozenset[str]:
        """``ApprovalTable.needing``, worked out once for each kind of order."""
        kind = status, service_type
        if kind not in self._needing:
            self._needing[kind] = self._table.needing(status, service_type)
        return self._needing[kind]


_BUILT_IN = RulesSeen()


async def rules_in_force(session: AsyncSession) -> ApprovalTableView:
    """The rules that hold now."""
    row = await session.scalar(select(ApprovalVersion).order_by(ApprovalVersion.version.desc()).limit(1))
    found = _view(row) if row else ApprovalTableView(version=0, at=None, by=None, table=DEFAULTS)
    remember(session, found.table)
    return found


async def rule_versions(session: AsyncSession, limit: int = 50) -> tuple[ApprovalTableView, ...]:
    """What was in force when, the newest first, without the built-in ones."""
    rows = await session.scalars(select(ApprovalVersion).order_by(ApprovalVersion.version.desc()).limit(limit))
    return tuple(map(_view, rows))


async def save_rules(
    session: AsyncSession,
    table: ApprovalTable,
    *,
    seen_version: int | None,
    roles: Iterable[str],
    by: str,
    at: datetime,
) -> ApprovalTableView:
    """Put ``table`` in force, for questions asked and steps taken from now on; ``roles`` are those that users can have.

    Raises Invalid (an unknown role), Conflict when somebody else saved one after the person read ``seen_version``.
    """
    check_roles(table, roles)
    current = await rules_in_force(session)
    if seen_version is not None and seen_version != current.version:
        raise _changed(current.version)
    row = ApprovalVersion(version=current.version + 1, at=at, by=by, document=table.model_dump_json())
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError as error:
        raise _changed(row.version) from error
    return _view(row)


async def rule_met(
    session: AsyncSession, order: WorkOrder, subject: str, *, reason: str | None = None, amount_minor: int | None = None
) -> ApprovalRule | None:
    """The rule in force that asks for somebody's word before ``subject``; None: it may just be done."""
    table = (await rules_in_force(session)).table
    if not any(rule.subject == subject for rule in table.rules):
        return None
    level = await session.scalar(select(Customer.level).where(Customer.customer_id == order.customer_id))
    facts = Facts(
        status=Status(order.status),
        service_type=order.service_type,
        level=level or "normal",
        reason=reason or "",
        amount_minor=amount_minor,
    )
    return table.rule_for(subject, facts)


def remember(session: AsyncSession, table: ApprovalTable) -> None:
    """Let the buttons of orders go by ``table`` from now on."""
    if (seen := session.info.get(SEEN)) is not None:
        seen.see(table)


def rules_seen(session: AsyncSession) -> RulesSeen:
    """What the buttons of orders go by."""
    seen: RulesSeen = session.info.get(SEEN, _BUILT_IN)
    return seen


def rules_seen_of(order: WorkOrder) -> RulesSeen:
    """The same of the order's own database."""
    session = object_session(order)
    seen: RulesSeen = session.info.get(SEEN, _BUILT_IN) if session else _BUILT_IN
    return seen


def _view(row: ApprovalVersion) -> ApprovalTableView:
    return ApprovalTableView(version=row.version, at=row.at, by=row.by, table=stored(row.document))


def _changed(version: int) -> Conflict:
    return Conflict(
        f"somebody else saved version {version}", field="version", fix="load the rules again and repeat the change"
    )
