"""Taking reports in from every channel: one order for one matter, one effect for one report, nothing lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import delete, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from workorder import uow
from workorder.commands import ChaseOrder, Command, CreateOrder, CreateWorkOrder, OpenDraft, ReviseDraft, SeparateReport
from workorder.errors import Conflict, FieldProblem, Invalid, NotFound
from workorder.events import ChaseUpReceived, ReportTaken, WorkOrderCancelled
from workorder.fields import FIELDS, PERSONAL, FieldContent, FieldValue, Source
from workorder.ids import new_id
from workorder.model.orders import WorkOrder
from workorder.model.repairs import OrderRepair
from workorder.model.reports import OrderComment, OrderReport
from workorder.model.teamwork import OrderApproval, OrderAttachment
from workorder.policy.channels import CHANNELS, Channel, Incomplete, Outcome
from workorder.policy.forms import specs
from workorder.policy.lifecycle import OPEN, Action, Status
from workorder.policy.phones import PhoneKey, parse_phone
from workorder.policy.repeats import same_matter
from workorder.policy.values import check_all
from workorder.services import customers, openids, orders
from workorder.services.search_index import index_order
from workorder.services.templates import newest
from workorder.services.whole_orders import view
from workorder.views.casework import IntakeView, ReportView
from workorder.views.orders import OrderView

CHASE_UP = "chase_up"
LOOKED_AT = 20
"""Open orders of a customer that a report is compared with, the newest ones."""
MAX_PAYLOAD = 1 << 20
TEXTS = ("prior_ticket", "appliance", "fault", "service_type")


@dataclass(frozen=True, slots=True)
class _Report:
    """A report on its way: its row, what was given and understood, and who sent it."""

    row: OrderReport
    command: CreateWorkOrder
    values: Mapping[str, FieldContent | None]
    heard: Mapping[str, FieldValue]
    customer_id: str | None
    phone: PhoneKey


async def create_work_order(session: AsyncSession, command: CreateWorkOrder) -> IntakeView:
    """Take a report in: see CreateWorkOrder. The same (channel, external id) again gives what became of it.

    Raises Invalid with an entry per field at fault (wrong values; missing ones where the channel refuses those),
    NotFound (customer).
    """
    channel = _channel(command)
    if known := await _known(session, channel, command.external_id):
        return await _repeated(session, known)
    own = await newest(session, command.fields.get("service_type"))
    values = check_all(dict(command.fields), specs(own.fields if own else ()))
    row = OrderReport(
        report_id=new_id(),
        channel=channel,
        external_id=command.external_id,
        at=command.at,
        by=command.by,
        sender=command.sender,
        outcome="",
        fields=_said(values, command.heard),
        media_type=command.media_type,
        payload=command.payload,
    )
    try:
        async with session.begin_nested():
            session.add(row)
    except IntegrityError:
        # Sent twice at once: the other one was faster, and has committed.
        if known := await _known(session, channel, command.external_id):
            return await _repeated(session, known)
        raise
    report = await _identified(session, row, command, values)
    if report.customer_id is not None:
        await openids.keep_openid(session, report.customer_id, channel, row.sender, by=command.by, at=command.at)
    chased = await _chased(session, report) if command.attach else None
    row.order_id, row.outcome = (
        (await _chase(session, report, chased), Outcome.CHASED) if chased else await _new_order(session, report)
    )
    await session.flush()
    order = await orders.get_order(session, row.order_id)
    _tell(session, command, row, order)
    return IntakeView(row.outcome, report_view(row), order)


async def separate_report(session: AsyncSession, command: SeparateReport) -> IntakeView:
    """Give a chase-up a draft of its own, filled with what the report said. Raises Conflict (no chase-up), NotFound."""
    row = await session.get(OrderReport, command.report_id, with_for_update=True)
    if row is None:
        raise NotFound(f"there is no report {command.report_id}", field="report_id")
    if row.outcome != Outcome.CHASED or row.order_id is None:
        raise Conflict(f"it was no chase-up ({row.outcome})", field="report_id")
    chased = await orders.locked(session, row.order_id)
    chased.chase(-1, by=command.by, at=command.at, reason="not about this order")
    opened = OpenDraft(
        by=command.by,
        at=command.at,
        customer_id=chased.customer_id,
        fields=row.fields,
        source=Source.CUSTOMER,
        channel=row.channel,
    )
    order = await orders.open_draft(session, opened)
    row.order_id, row.outcome = order.order_id, Outcome.DRAFT
    await session.flush()
    _tell(session, command, row, order)
    return IntakeView(row.outcome, report_view(row), order)


async def chase_order(session: AsyncSession, command: ChaseOrder) -> OrderView:
    """A call's draft was about an open order: it ends, and the order gets the chase-up. Gives the open order.

    Raises Conflict (no draft, target not open), NotFound.
    """
    draft = await orders.locked(session, command.order_id)
    draft.check_version(command.edit_version)
    if draft.status != Status.DRAFT:
        raise Conflict(f"{draft.name} is {draft.status}: only a draft becomes a chase-up", field="status")
    target = await orders.locked(session, command.target_id)
    if target.status not in OPEN:
        raise Conflict(f"{target.name} is {target.status}", field="target_id", fix="reopen it, or create a new order")
    why = f"chase-up of {target.number or target.order_id}"
    draft.move(Action.CANCEL, by=command.by, at=command.at, reason=why)
    channel = Channel(draft.channel or (Channel.CALL if draft.call_id else Channel.DESK))
    said = {name: value.value for name, value in draft.fields.items() if value.value is not None}
    row = OrderReport(
        report_id=new_id(),
        channel=channel,
        external_id=draft.order_id,
        order_id=target.order_id,
        at=command.at,
        by=command.by,
        sender=None,
        outcome=Outcome.CHASED,
        fields=said,
        media_type="text/plain",
        payload=draft.summary.encode(),
    )
    session.add(row)
    await _note(session, target, command, channel, draft.summary or str(said.get("description") or ""))
    cancelled = WorkOrderCancelled(
        order_id=draft.order_id, call_id=draft.call_id, at=command.at, by=command.by, number=None, reason=why
    )
    uow.record(session, cancelled)
    return view(target)


async def reports_of(session: AsyncSession, order_id: str) -> tuple[ReportView, ...]:
    """What came in about the order, oldest first; raises NotFound."""
    await orders.get_order(session, order_id)
    statement = select(OrderReport).where(OrderReport.order_id == order_id)
    found = await session.scalars(statement.order_by(OrderReport.at, OrderReport.report_id))
    return tuple(report_view(row) for row in found)


async def report(session: AsyncSession, report_id: str) -> ReportView:
    """One report, without its bytes; raises NotFound."""
    row = await session.get(OrderReport, report_id)
    if row is None:
        raise NotFound(f"there is no report {report_id}", field="report_id")
    return report_view(row)


async def payload_of(session: AsyncSession, report_id: str) -> tuple[str, bytes]:
    """Media type and bytes of what was sent; raises NotFound."""
    statement = select(OrderReport.media_type, OrderReport.payload).where(OrderReport.report_id == report_id)
    row = (await session.execute(statement)).first()
    if row is None:
        raise NotFound(f"there is no report {report_id}", field="report_id")
    return row.media_type, row.payload


async def forget_sender(session: AsyncSession, order_id: str) -> None:
    """Take everything personal off what came in about the order and off what was said about it."""
    for row in await session.scalars(select(OrderReport).where(OrderReport.order_id == order_id)):
        row.fields = {name: value for name, value in row.fields.items() if name in FIELDS and name not in PERSONAL}
        row.sender, row.payload = None, b""
    await session.execute(delete(OrderAttachment).where(OrderAttachment.order_id == order_id))
    await session.execute(update(OrderComment).where(OrderComment.order_id == order_id).values(text=""))
    await session.execute(update(OrderRepair).where(OrderRepair.order_id == order_id).values(finding="", action=""))
    await index_order(session, order_id)
    asked = update(OrderApproval).where(OrderApproval.order_id == order_id)
    await session.execute(asked.values(reason="", comment=None))


def report_view(row: OrderReport) -> ReportView:
    """The report as everyone sees it, without its bytes."""
    return ReportView(
        report_id=row.report_id,
        channel=row.channel,
        external_id=row.external_id,
        order_id=row.order_id,
        at=row.at,
        by=row.by,
        sender=row.sender,
        outcome=row.outcome,
        fields=row.fields,
        media_type=row.media_type,
    )


def _channel(command: CreateWorkOrder) -> Channel:
    try:
        channel = Channel(command.channel)
    except ValueError:
        raise Invalid(f"must be one of {', '.join(Channel)}", field="channel") from None
    if command.external_id is not None and not 0 < len(command.external_id) <= 200:
        raise Invalid("must have 1 to 200 characters", field="external_id")
    if command.sender is not None and len(command.sender) > 200:
        raise Invalid("must have at most 200 characters", field="sender")
    for name in ("external_id", "sender"):
        if "\x00" in (getattr(command, name) or ""):
            raise Invalid("must not contain NUL characters", field=name, fix="leave them out")
    if len(command.payload) > MAX_PAYLOAD:
        raise Invalid(
            f"has {len(command.payload)} bytes, at most {MAX_PAYLOAD} are kept",
            field="payload",
            fix="shorten the text; files are attached, not sent within",
        )
    return channel


async def _known(session: AsyncSession, channel: Channel, external_id: str | None) -> OrderReport | None:
    if external_id is None:
        return None
    statement = select(OrderReport).where(OrderReport.channel == channel, OrderReport.external_id == external_id)
    return (await session.scalars(statement)).one_or_none()


async def _repeated(session: AsyncSession, row: OrderReport) -> IntakeView:
    order = await orders.get_order(session, row.order_id or "")
    return IntakeView(Outcome.REPEATED, report_view(row), order)


async def _identified(
    session: AsyncSession, row: OrderReport, command: CreateWorkOrder, values: Mapping[str, FieldContent | None]
) -> _Report:
    """Whose report it is: as said, else the one customer who has the number, else the openid."""
    phone = parse_phone(str(_said(values, command.heard).get("contact_phone") or ""))
    customer_id = command.customer_id
    if customer_id is None and (card := await customers.card_by_phone(session, phone)) is not None:
        customer_id = card.customer_id
    if customer_id is None:
        customer_id = await openids.customer_with(session, Channel(row.channel), row.sender)
    heard = {name: value for name, value in command.heard.items() if values.get(name) is None and _fits(name, value)}
    return _Report(row, command, values, heard, customer_id, phone)


async def _chased(session: AsyncSession, report: _Report) -> WorkOrder | None:
    """The open order that the report is about, locked."""
    of_whom = []
    if report.customer_id is not None:
        of_whom.append(WorkOrder.customer_id == report.customer_id)
    if report.phone.lookup is not None:
        of_whom.append(WorkOrder.contact_lookup == report.phone.lookup)
    if not of_whom:
        return None
    statement = select(WorkOrder).where(or_(*of_whom), WorkOrder.status.in_(OPEN))
    found = await session.scalars(statement.order_by(WorkOrder.created_at.desc()).limit(LOOKED_AT))
    said = _said(report.values, report.heard)
    match = same_matter({name: _text(said.get(name)) for name in TEXTS}, found)
    return await orders.locked(session, match.order_id) if match else None


async def _chase(session: AsyncSession, report: _Report, order: WorkOrder) -> str:
    said = _said(report.values, report.heard)
    await _note(
        session,
        order,
        report.command,
        Channel(report.row.channel),
        _text(said.get("description")) or report.command.summary,
    )
    return order.order_id


async def _note(session: AsyncSession, order: WorkOrder, command: Command, channel: Channel, said: str) -> None:
    """The chase-up on the order: comment, counter, trail, event."""
    text = said[:2000] or f"{CHANNELS[channel].label}催单"
    order.chase(1, by=command.by, at=command.at, reason=text)
    session.add(
        OrderComment(
            comment_id=new_id(),
            order_id=order.order_id,
            at=command.at,
            by=command.by,
            kind=CHASE_UP,
            channel=channel,
            text=text,
            mentions=[],
        )
    )
    await session.flush()
    received = ChaseUpReceived(
        order_id=order.order_id,
        call_id=order.call_id,
        at=command.at,
        by=command.by,
        number=order.number,
        channel=channel,
        count=order.chase_ups,
    )
    uow.record(session, received)


async def _new_order(session: AsyncSession, report: _Report) -> tuple[str, Outcome]:
    """A draft with what was given and understood; an order at once when what was given is enough."""
    command, channel = report.command, Channel(report.row.channel)
    opened = OpenDraft(
        by=command.by,
        at=command.at,
        customer_id=report.customer_id,
        fields=report.values,
        source=Source.CUSTOMER,
        channel=channel,
    )
    draft = await orders.open_draft(session, opened)
    lacking = draft.missing
    if lacking and CHANNELS[channel].incomplete is Incomplete.REFUSE:
        problems = [FieldProblem(name, "required", "is required for this service type") for name in lacking]
        raise Invalid(f"required fields are missing: {', '.join(lacking)}", errors=problems, fix="send them too")
    if report.heard or command.summary or command.alerts:
        revise = ReviseDraft(
            by=command.by,
            at=command.at,
            order_id=draft.order_id,
            fields={name: value for name, value in report.heard.items() if name not in draft.fields},
            summary=command.summary[:2000],
            alerts=command.alerts,
            suggested_priority=command.suggested_priority,
        )
        await orders.revise_draft(session, revise)
    if lacking:
        return draft.order_id, Outcome.DRAFT
    create = CreateOrder(by=command.by, at=command.at, order_id=draft.order_id, business_day=command.business_day)
    return (await orders.create_order(session, create)).order_id, Outcome.CREATED


def _tell(session: AsyncSession, command: Command, row: OrderReport, order: OrderView) -> None:
    taken = ReportTaken(
        order_id=order.order_id,
        call_id=order.call_id,
        at=command.at,
        by=command.by,
        report_id=row.report_id,
        channel=row.channel,
        outcome=row.outcome,
    )
    uow.record(session, taken)


def _said(values: Mapping[str, FieldContent | None], heard: Mapping[str, FieldValue]) -> dict[str, FieldContent | None]:
    """What the report says, whether given or understood; what was given counts."""
    understood = {name: value.value for name, value in heard.items()}
    return {**understood, **{name: value for name, value in values.items() if value is not None}}


def _fits(name: str, value: FieldValue) -> bool:
    """Whether what was understood can be a value of that field; what cannot is left to people."""
    try:
        return check_all({name: value.value})[name] is not None
    except Invalid:
        return False


def _text(value: FieldContent | None) -> str | None:
    return value if isinstance(value, str) and value else None
