"""What people and the machine do with work orders. Each change writes its audit rows and records its event."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from typing import NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Session

from workorder import uow
from workorder.commands import MACHINE, CancelOrder, CreateOrder, EditOrder, OpenDraft, ReviseDraft
from workorder.errors import NotFound
from workorder.events import DraftOpened, DraftRevised, OrderEdited, WorkOrderCancelled, WorkOrderCreated
from workorder.fields import FieldContent, FieldValue, Source
from workorder.ids import new_id
from workorder.model import order_rows
from workorder.model.orders import WorkOrder
from workorder.model.prepared import Prepared, Question, Rows, all_of, connection_of
from workorder.model.teamwork import OrderTask
from workorder.model.trail import OrderChange
from workorder.policy.forms import decoded
from workorder.policy.lifecycle import CLOSED, MOVES, Action, Status
from workorder.policy.values import check_all
from workorder.services import checkpoints, outcomes, service_level
from workorder.services.approval_rules import rules_seen
from workorder.services.customers import known_fields
from workorder.services.order_filters import OrderQuery
from workorder.services.service_level import OnFile
from workorder.services.templates import answered, asked_for, newest
from workorder.services.warranty import judge_order
from workorder.services.whole_orders import view, whole_orders
from workorder.views.orders import ChangeView, OrderView
from workorder.views.pages import Page

_HOME_ZONE = timezone(timedelta(hours=8))
_HELD = "workorder.held"
_COUNT = Prepared(
    text(
        "INSERT INTO order_counters (day, last) VALUES (:day, 1) "
        "ON CONFLICT (day) DO UPDATE SET last = order_counters.last + 1 RETURNING last"
    )
)


async def open_draft(session: AsyncSession, command: OpenDraft) -> OrderView:
    """Start a draft, or return the one this call already has for this sequence. Raises Invalid, NotFound (customer)."""
    if existing := await _of_call(session, command.call_id, command.sequence):
        return view(existing)
    order = WorkOrder(
        order_id=new_id(),
        status=Status.DRAFT,
        sequence=command.sequence,
        call_id=command.call_id,
        customer_id=command.customer_id,
        created_at=command.at,
        created_by=None if command.by == MACHINE else command.by,
        edit_version=1,
        field_values={},
        summary="",
        alerts=[],
        suggested_priority="normal",
        channel=command.channel,
        chase_ups=0,
        respond_breached=False,
        resolve_breached=False,
    )
    order.stamp("status", None, Status.DRAFT, by=command.by, at=command.at)
    questions = asked_for(command.fields.get("service_type")), service_level.level_and_table(command.customer_id)
    form, level = await uow.look(session, all_of, *questions)
    order.use_form(answered(form))
    source = command.source or (Source.CUSTOMER if command.by == MACHINE else Source.AGENT)
    order.prefill(check_all(dict(command.fields), order.specs), source, by=command.by, at=command.at)
    if command.customer_id:
        known = await known_fields(session, command.customer_id)
        order.prefill(known, Source.CUSTOMER, by=command.by, at=command.at)
    await service_level.suggest(session, order, level)
    if other := await _put_on_file(session, order):
        return view(other)
    uow.record(
        session,
        DraftOpened(
            order_id=order.order_id,
            call_id=order.call_id,
            at=command.at,
            by=command.by,
            customer_id=order.customer_id,
            sequence=order.sequence,
        ),
    )
    return view(order)


async def revise_draft(session: AsyncSession, command: ReviseDraft) -> OrderView:
    """Take over what speech is understood to say. Raises Conflict when the order is no draft any more."""
    order = await locked(session, command.order_id)
    checked = check_all({name: value.value for name, value in command.fields.items()})
    before = (order.field_values, order.summary, order.alerts, order.suggested_priority)
    service, timed_by = order.service_type, _timed_by(order)
    changes = order.hear(_with_values(command.fields, checked), by=command.by, at=command.at)
    if order.service_type != service:
        order.use_form(await newest(session, order.service_type))
    order.summary = command.summary
    order.alerts = [{"kind": alert.kind, "display": alert.display} for alert in command.alerts]
    order.suggested_priority = command.suggested_priority
    if order.suggested_tier is None or timed_by != _timed_by(order):
        await service_level.suggest(session, order)
    if before != (order.field_values, order.summary, order.alerts, order.suggested_priority):
        names = tuple(change.field for change in changes)
        uow.record(
            session,
            DraftRevised(order_id=order.order_id, call_id=order.call_id, at=command.at, by=command.by, fields=names),
        )
        await session.flush()
    return view(order)


async def edit_order(session: AsyncSession, command: EditOrder) -> OrderView:
    """A person's changes. Raises Invalid (per field), Conflict (changed meanwhile, or closed), NotFound."""
    order = await locked(session, command.order_id)
    order.check_version(command.edit_version)
    service = command.fields.get("service_type", order.service_type)
    if order.status == Status.DRAFT and service != order.service_type:
        order.use_form(await newest(session, service))
    values = check_all(dict(command.fields), order.specs)
    check_all(dict.fromkeys(command.accept), order.specs)
    before = order.fields
    order.edit(values, command.accept, by=command.by, at=command.at)
    await outcomes.judged(session, order, before, (*values, *command.accept), by=command.by, at=command.at)
    urgency = order.urgency or "normal" if "urgency" in values else None
    await service_level.refresh(session, order, at=command.at, urgency=urgency)
    await edited(session, order, (*values, *command.accept), by=command.by, at=command.at)
    return view(order)


async def create_order(session: AsyncSession, command: CreateOrder) -> OrderView:
    """Draft → created with the day's next number. Raises Invalid (an entry per missing field), Conflict, NotFound."""
    order, before = await locked_for(session, command.order_id, Action.CREATE)
    order.check_version(command.edit_version)
    with session.no_autoflush:
        return await _created(session, order, before, command)


async def _created(session: AsyncSession, order: WorkOrder, before: Before, command: CreateOrder) -> OrderView:
    if order.status == Status.DRAFT:
        await checkpoints.check(session, order, Action.CREATE, before.tasks, None)
    order.move(Action.CREATE, by=command.by, at=command.at)
    order.number = await _next_number(session, command.business_day or f"{command.at.astimezone(_HOME_ZONE):%Y%m%d}")
    order.saved_at = command.at
    order.created_by = command.by
    if order.priority is None:
        order.adopt_suggestion(by=MACHINE, at=command.at)
    await outcomes.left(session, order, by=command.by, at=command.at)
    await judge_order(session, order, at=command.at)
    session.add_all(_steps(order, command))
    await service_level.refresh(session, order, at=command.at, seen=before.clock)
    created = WorkOrderCreated(
        order_id=order.order_id,
        call_id=order.call_id,
        at=command.at,
        by=command.by,
        number=order.number,
        service_type=order.service_type or "",
    )
    uow.record(session, created)
    return view(order)


async def cancel_order(session: AsyncSession, command: CancelOrder) -> OrderView:
    """Stop a draft or an order that is not done yet. Raises Invalid (no reason), Conflict, NotFound."""
    order, before = await locked_for(session, command.order_id, Action.CANCEL)
    order.check_version(command.edit_version)
    if order.status in MOVES[Action.CANCEL].sources:
        await checkpoints.check(session, order, Action.CANCEL, before.tasks, command.roles, command.reason)
    reason = command.reason.strip()
    parts = await open_parts(session, order.order_id)
    order.move(Action.CANCEL, by=command.by, at=command.at, reason=reason, open_parts=parts)
    await service_level.refresh(session, order, at=command.at, seen=before.clock)
    await session.flush()
    cancelled = WorkOrderCancelled(
        order_id=order.order_id, call_id=order.call_id, at=command.at, by=command.by, number=order.number, reason=reason
    )
    uow.record(session, cancelled)
    return view(order)


async def get_order(session: AsyncSession, order_id: str) -> OrderView:
    """The order; raises NotFound."""
    order = await session.get(WorkOrder, order_id)
    if order is None:
        raise _unknown(order_id)
    return view(order)


async def orders_of_call(session: AsyncSession, call_id: str) -> tuple[OrderView, ...]:
    """The call's drafts and orders by sequence."""
    found = await session.scalars(select(WorkOrder).where(WorkOrder.call_id == call_id).order_by(WorkOrder.sequence))
    return tuple(view(order) for order in found)


async def list_orders(session: AsyncSession, query: OrderQuery) -> Page[OrderView]:
    """Whole orders, newest first, ``limit`` (1 to 200) a page; ``order_lines`` gives a line for each, much cheaper.

    Raises Invalid for a limit or cursor that is not ours.
    """
    return await uow.look(session, whole_orders, query, rules_seen(session))


async def changes_of(session: AsyncSession, order_ids: Iterable[str]) -> tuple[ChangeView, ...]:
    """The audit trail of these orders, oldest first."""
    found = await session.scalars(
        select(OrderChange).where(OrderChange.order_id.in_(list(order_ids))).order_by(OrderChange.change_id)
    )
    return tuple(change_view(row) for row in found)


def _timed_by(order: WorkOrder) -> tuple[str | None, ...]:
    """What its service level depends on, besides the customer."""
    return order.service_type, order.urgency, order.suggested_priority, order.appliance, order.fault


def change_view(row: OrderChange) -> ChangeView:
    """A line of the trail as everyone sees it."""
    return ChangeView(
        order_id=row.order_id,
        at=row.at,
        by=row.by,
        field=row.field,
        before=row.before,
        after=row.after,
        reason=row.reason,
        change_id=row.change_id,
        hash=row.hash,
    )


async def locked(session: AsyncSession, order_id: str) -> WorkOrder:
    """The order, locked until the end of the transaction, so that two changes follow each other and none is lost.

    Everything the session was given is written first.
    """
    return (await session.run_sync(_locked, order_id))[0]


class Before(NamedTuple):
    """What was on file of an order when it was locked for a step."""

    tasks: Rows
    """``checkpoints.open_tasks``."""
    clock: OnFile


async def locked_for(session: AsyncSession, order_id: str, action: Action) -> tuple[WorkOrder, Before]:
    """``locked``, with all that the step looks at: in one visit to the database where it takes that."""
    questions = checkpoints.open_tasks(order_id, action), service_level.on_file(order_id)
    order, (tasks, clock) = await session.run_sync(_locked, order_id, *questions)
    return order, Before(tasks, OnFile(order.version, clock))


def _locked(session: Session, order_id: str, *questions: Question) -> tuple[WorkOrder, list[Rows]]:
    session.flush()
    if (held := _held(session).get(order_id)) is not None:
        return held, all_of(connection_of(session), *questions)
    order, answers = order_rows.locked(session, order_id, *questions)
    if order is None:
        raise _unknown(order_id)
    _held(session)[order_id] = order
    return order, answers


def _held(session: Session) -> dict[str, WorkOrder]:
    """Orders that this transaction (or savepoint) locked or made: nobody else can change them before it ends."""
    transaction = session.get_nested_transaction() or session.get_transaction()
    owner, held = session.info.get(_HELD, (None, {}))
    if owner is not transaction or owner is None:
        owner, held = session.info[_HELD] = transaction, {}
    found: dict[str, WorkOrder] = held
    return found


async def open_parts(session: AsyncSession, order_id: str) -> tuple[str, ...]:
    """Numbers (or keys) of the orders that belong to this one and are not closed."""
    statement = select(func.coalesce(WorkOrder.number, WorkOrder.order_id)).where(
        WorkOrder.parent_id == order_id, WorkOrder.status.not_in(CLOSED)
    )
    return tuple(await session.scalars(statement.order_by(WorkOrder.order_id)))


def _steps(order: WorkOrder, command: CreateOrder) -> list[OrderTask]:
    """What its form says is to be done for every order of this kind, as tasks."""
    steps = decoded(order.form).steps if order.form else ()
    return [
        OrderTask(
            task_id=new_id(),
            order_id=order.order_id,
            at=command.at,
            by=MACHINE,
            title=step.title,
            blocks=step.blocks,
        )
        for step in steps
    ]


def _unknown(order_id: str) -> NotFound:
    return NotFound(f"there is no work order {order_id}", field="order_id")


async def _of_call(session: AsyncSession, call_id: str | None, sequence: int) -> WorkOrder | None:
    if call_id is None:
        return None
    statement = select(WorkOrder).where(WorkOrder.call_id == call_id, WorkOrder.sequence == sequence)
    return (await session.scalars(statement)).one_or_none()


async def _put_on_file(session: AsyncSession, order: WorkOrder) -> WorkOrder | None:
    """Add a new draft; or give the one that another device made for the same call a moment ago."""
    if order.call_id is None:
        session.add(order)
    else:
        try:
            async with session.begin_nested():
                session.add(order)
        except IntegrityError:
            if existing := await _of_call(session, order.call_id, order.sequence):
                return existing
            raise
    _held(session.sync_session)[order.order_id] = order
    return None


async def edited(session: AsyncSession, order: WorkOrder, names: tuple[str, ...], *, by: str, at: datetime) -> None:
    """Write the change down and say that these fields changed."""
    await session.flush()
    uow.record(
        session,
        OrderEdited(
            order_id=order.order_id, call_id=order.call_id, at=at, by=by, fields=names, edit_version=order.edit_version
        ),
    )


async def _next_number(session: AsyncSession, day: str) -> str:
    """``WO20261121-0001``: the counter's row stays locked until commit, so no two orders share one."""
    last = await uow.look(session, _COUNT.scalar, {"day": day})
    return f"WO{day}-{last:04d}"


def _with_values(fields: Mapping[str, FieldValue], values: Mapping[str, FieldContent | None]) -> dict[str, FieldValue]:
    return {name: replace(field, value=values[name]) for name, field in fields.items()}
