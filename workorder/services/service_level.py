"""The clock of an order: its tier, due times and next alert, computed again in the transaction of each change.

Everything comes from the audit trail and the levels in force, so there is nothing to keep in step; the columns of the
order are what lists and screens read. One timer an order waits for the next alert (``sla_alerts`` raises it).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from sqlalchemy import ScalarSelect, String, and_, bindparam, cast, exists, func, literal_column, select
from sqlalchemy.ext.asyncio import AsyncSession

from workorder.commands import MACHINE
from workorder.errors import Conflict, NotFound
from workorder.model.customers import Customer
from workorder.model.orders import WorkOrder
from workorder.model.prepared import Prepared, Question, Rows, all_of
from workorder.model.service_levels import SlaVersion
from workorder.model.trail import OrderChange
from workorder.policy.lifecycle import CLOSED, Priority, Status
from workorder.policy.sla import Case, Limit, Milestone, Tier, tier_of
from workorder.policy.sla_table import DEFAULTS, ServiceLevels, SlaTable, stored_levels
from workorder.policy.sla_trail import Standing, Trail, marks, standing
from workorder.policy.sla_watch import Watch, watches
from workorder.services.timers import clear_timer, set_timer
from workorder.uow import look

TIMER = "order.sla"
"""Kind of the timer that waits for an order's next alert; its subject is the order's key."""
_LADDER = tuple(Priority)
_CREATED = f'"{Status.CREATED}"'
"""The status as the trail's JSON has it."""
_DEFAULT_DOCUMENT = DEFAULTS.model_dump_json()
_LEVEL = select(Customer.level).where(Customer.customer_id == bindparam("customer")).scalar_subquery()
_LEVEL_ON_FILE = (
    select(Customer.level)
    .join(WorkOrder, WorkOrder.customer_id == Customer.customer_id)
    .where(WorkOrder.order_id == bindparam("order"))
    .scalar_subquery()
)
_TABLE = select(SlaVersion.document).order_by(SlaVersion.version.desc()).limit(1).scalar_subquery()
_LEVEL_AND_TABLE = Prepared(select(_LEVEL, _TABLE))
_TOUCHED = (
    select(func.max(OrderChange.at))
    .where(OrderChange.order_id == bindparam("order"), OrderChange.by != MACHINE)
    .scalar_subquery()
)
_STEPS = and_(OrderChange.order_id == bindparam("order"), OrderChange.field == "status")


def _clock(level: ScalarSelect[str]) -> Prepared:
    """All that a clock is read from, in one statement: one row without any step, else one for each."""
    begin = select(literal_column("1")).subquery().outerjoin(OrderChange.__table__, _STEPS)
    return Prepared(
        select(level, _TABLE, _TOUCHED, OrderChange.at, OrderChange.after)
        .select_from(begin)
        .order_by(OrderChange.change_id)
    )


_CLOCK, _CLOCK_ON_FILE = _clock(_LEVEL), _clock(_LEVEL_ON_FILE)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaTableView:
    """The table in force. ``version`` 0 is the built-in one."""

    version: int
    at: datetime | None
    by: str | None
    table: SlaTable


@dataclass(frozen=True, slots=True)
class Clockwork:
    """All that is to be known of one order's clock."""

    levels: ServiceLevels
    tier: Tier
    trail: Trail
    touched_at: datetime
    appointment: datetime | None
    marks: tuple[Milestone, ...]

    def standing(self, now: datetime) -> Standing:
        """How it stands at ``now``."""
        return standing(self.tier, self.trail, now, self.marks)

    def watches(self) -> tuple[Watch, ...]:
        """All that falls due if nothing changes, in order of time."""
        return watches(
            self.levels,
            self.tier,
            self.trail,
            touched_at=self.touched_at,
            appointment=self.appointment,
            known=self.marks,
        )


class OnFile(NamedTuple):
    """What an order's clock is read from, as it was on file when the order had ``version``."""

    version: int
    rows: Rows


def on_file(order_id: str) -> Question:
    """What the clock of an order is read from, its customer included."""
    return _CLOCK_ON_FILE, {"order": order_id}


async def table_in_force(session: AsyncSession) -> SlaTableView:
    """What new orders are timed by."""
    row = await session.scalar(select(SlaVersion).order_by(SlaVersion.version.desc()).limit(1))
    return _table_view(row) if row else SlaTableView(version=0, at=None, by=None, table=DEFAULTS)


async def table_versions(session: AsyncSession, limit: int = 50) -> tuple[SlaTableView, ...]:
    """What was in force when, the newest first, without the built-in one."""
    rows = await session.scalars(select(SlaVersion).order_by(SlaVersion.version.desc()).limit(limit))
    return tuple(_table_view(row) for row in rows)


async def save_table(
    session: AsyncSession, table: SlaTable, *, seen_version: int | None, by: str, at: datetime
) -> SlaTableView:
    """Put ``table`` in force. Orders take it over when they change next; their clocks go on meanwhile.

    Raises Conflict when somebody else saved one after the person read version ``seen_version``.
    """
    current = await table_in_force(session)
    if seen_version is not None and seen_version != current.version:
        raise Conflict(
            f"somebody else saved version {current.version} (you saw {seen_version})",
            field="version",
            fix="load the table again and repeat the change",
        )
    row = SlaVersion(at=at, by=by, document=table.model_dump_json())
    session.add(row)
    await session.flush()
    return _table_view(row)


async def service_level(session: AsyncSession, order_id: str, *, now: datetime) -> Standing:
    """The order's tier, due times, breaches and next milestone at ``now``. Raises Conflict for a draft, NotFound."""
    order = await session.get(WorkOrder, order_id)
    if order is None:
        raise NotFound(f"there is no work order {order_id}", field="order_id")
    clock = await clockwork(session, order)
    if clock is None:
        raise Conflict(f"order {order_id} is a draft: its clock starts when it is created", field="status")
    return clock.standing(now)


async def refresh(
    session: AsyncSession, order: WorkOrder, *, at: datetime, urgency: str | None = None, seen: OnFile | None = None
) -> None:
    """After a change of ``order``: compute its columns and its next alert again. A draft has no clock, only a tier.

    ``urgency``: what a person just said it is to be timed by; None: as before, at first what the order says. ``seen``:
    what was read before the change, unless that was of the customer.
    """
    if order.status == Status.DRAFT:
        await suggest(session, order)
        return
    order.sla_urgency = urgency or order.sla_urgency or higher(order.priority, order.urgency)
    clock = await clockwork(session, order, seen)
    if clock is not None:
        show(order, clock, at)
        await set_next_alert(session, order, clock)


def level_and_table(customer_id: str | None) -> Question:
    """What a draft of the customer is judged by."""
    return _LEVEL_AND_TABLE, {"customer": customer_id}


async def suggest(session: AsyncSession, draft: WorkOrder, seen: Rows | None = None) -> None:
    """Say which service level the draft would get if it were created as it is.

    ``seen``: the answer to ``level_and_table``, where it was asked already.
    """
    if seen is None:
        (seen,) = await look(session, all_of, level_and_table(draft.customer_id))
    (level, document), *_ = seen
    urgency = higher(draft.priority or draft.suggested_priority, draft.urgency)
    draft.suggested_tier = _tier(stored_levels(document or _DEFAULT_DOCUMENT), draft, urgency, level).name


async def refresh_orders_of(session: AsyncSession, customer_id: str, *, at: datetime) -> int:
    """After a change of the customer's level: all open orders of the customer; returns how many."""
    statement = select(WorkOrder).where(WorkOrder.customer_id == customer_id, WorkOrder.sla_tier.is_not(None))
    orders = list(await session.scalars(statement.where(WorkOrder.status.not_in(CLOSED)).with_for_update()))
    for order in orders:
        await refresh(session, order, at=at)
    return len(orders)


async def adopt(session: AsyncSession, *, at: datetime, limit: int = 100) -> int:
    """Start the clocks of open orders that have none (imported, or older than clocks); returns how many were left.

    An order whose creation nobody wrote down has no beginning to time it from, and stays without a clock.
    """
    open_ones = WorkOrder.status.not_in([*CLOSED, Status.DRAFT])
    began = exists().where(
        OrderChange.order_id == WorkOrder.order_id,
        OrderChange.field == "status",
        cast(OrderChange.after, String) == _CREATED,
    )
    timeless = WorkOrder.sla_tier.is_(None)
    statement = select(WorkOrder).where(open_ones, timeless, began).order_by(WorkOrder.created_at)
    orders = list(await session.scalars(statement.limit(limit).with_for_update(skip_locked=True)))
    for order in orders:
        # What fell due before anybody watched is shown, but nobody is alarmed about it afterwards.
        order.sla_checked_at = at
        await refresh(session, order, at=at)
    return len(orders)


async def clockwork(session: AsyncSession, order: WorkOrder, seen: OnFile | None = None) -> Clockwork | None:
    """The order's clock; None when it was never created. What was ``seen`` of a version before this one is no use."""
    if seen is not None and seen.version == order.version:
        found = seen.rows
    else:
        with session.no_autoflush:
            asked = {"customer": order.customer_id, "order": order.order_id}
            found = await look(session, _CLOCK.all, asked)
    level, document, touched, *_ = found[0]
    steps = [(at, after) for _, _, _, at, after in found if at is not None]
    steps += [(line.at, line.after) for line in order.lines if line.field == "status"]
    trail = [(at, Status(str(after))) for at, after in steps]
    if not any(status is Status.CREATED for _, status in trail):
        return None
    touches = [line.at for line in order.lines if line.by != MACHINE]
    touched_at = _touched_at(trail, touches if touched is None else [touched, *touches])
    levels = stored_levels(document or _DEFAULT_DOCUMENT)
    tier = _tier(levels, order, order.sla_urgency, level)
    return Clockwork(levels, tier, trail, touched_at, order.appointment_start, marks(tier, trail))


def _tier(levels: ServiceLevels, order: WorkOrder, urgency: str | None, level: str | None) -> Tier:
    case = Case(
        urgency=urgency or "normal",
        level=level or "normal",
        service_type=order.service_type,
        appliance=order.appliance,
        fault=order.fault,
    )
    return tier_of(levels.tiers, case)


def show(order: WorkOrder, clock: Clockwork, now: datetime) -> None:
    """Write the clock's state into the order's columns."""
    stands, tier = clock.standing(now), clock.tier
    if order.sla_tier is not None and tier.name != order.sla_tier:
        # Another service level has other limits: its alerts are due anew.
        order.sla_checked_at = None
    order.sla_tier = tier.name
    order.respond_by = stands.respond_by
    order.resolve_by = None if order.status == Status.CANCELLED else stands.resolve_by
    order.responded_at, order.resolved_at = stands.responded_at, stands.resolved_at
    order.sla_paused = stands.paused
    order.sla_used_s = round(stands.used * tier.resolve.total_seconds())
    order.sla_left_s = round((1 - stands.used) * tier.resolve.total_seconds())
    order.respond_breached = Limit.RESPOND in stands.breached
    order.resolve_breached = Limit.RESOLVE in stands.breached


def higher(priority: str | None, urgency: str | None) -> Priority:
    """The higher of both; an unknown word counts as normal."""
    ranks = [_LADDER.index(Priority(word)) if word in _LADDER else 0 for word in (priority, urgency)]
    return _LADDER[max(ranks)]


def next_higher(priority: str | None) -> Priority:
    """One step up, the highest stays."""
    return _LADDER[min(_LADDER.index(higher(priority, None)) + 1, len(_LADDER) - 1)]


async def set_next_alert(session: AsyncSession, order: WorkOrder, clock: Clockwork) -> None:
    """Let the one timer of the order wait for the first alert that was not dealt with."""
    checked = order.sla_checked_at
    ahead = (watch.at for watch in clock.watches() if checked is None or watch.at > checked)
    if (due_at := next(ahead, None)) is None:
        await clear_timer(session, kind=TIMER, subject=order.order_id)
    else:
        await set_timer(session, kind=TIMER, subject=order.order_id, due_at=due_at)


def _touched_at(trail: Trail, touches: Iterable[datetime]) -> datetime:
    """When a person last did something; the creation counts, whoever did it."""
    return max([*touches, *(at for at, status in trail if status is Status.CREATED)])


def _table_view(row: SlaVersion) -> SlaTableView:
    table = SlaTable.model_validate_json(row.document)
    return SlaTableView(version=row.version, at=row.at, by=row.by, table=table)
