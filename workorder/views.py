"""What the domain shows: frozen dataclasses with the names of the HTTP interface.

``orjson.dumps`` takes them as they are. Times are aware UTC, dates plain dates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic, TypeVar

from workorder.fields import AlertView, FieldContent, FieldSpec, FieldValue, Form, Question, UsedPart

__all__ = [
    "AddressRecord",
    "AddressView",
    "AlertView",
    "AppointmentView",
    "ApprovalView",
    "AssetView",
    "AttachmentView",
    "ChangeView",
    "CommentView",
    "CustomerCard",
    "CustomerChangeView",
    "CustomerRecord",
    "IntakeView",
    "MilestoneView",
    "MoveView",
    "OrderBrief",
    "OrderView",
    "Page",
    "PhoneRecord",
    "PhoneView",
    "ProgressView",
    "Question",
    "RepairView",
    "ReplyView",
    "ReportView",
    "SlaView",
    "TaskView",
    "TemplateView",
]

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """One page of a list; ``next_cursor`` is None on the last."""

    items: tuple[T, ...]
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class PhoneView:
    """A customer's number as typed, and in E.164 where it has such a form."""

    raw: str
    e164: str | None
    label: str | None


@dataclass(frozen=True, slots=True)
class AddressView:
    """A customer's address in parts and as one line."""

    address_id: str
    province: str
    city: str
    district: str
    detail: str
    display: str


@dataclass(frozen=True, slots=True)
class AssetView:
    """An appliance on file; ``warranty`` is "in", "extended", "out" or "unknown" on the day asked.

    ``warranty_basis`` says what that rests on: "law", "maker", "stated" or "contract".
    """

    asset_id: str
    appliance: str
    brand: str
    model: str
    serial: str
    purchased_on: date | None
    warranty_until: date | None
    warranty: str
    warranty_basis: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRecord:
    """Everything on file about an appliance; ``edit_version`` is the ETag of a change."""

    asset_id: str
    edit_version: int
    customer_id: str
    appliance: str
    brand: str
    model: str
    serial: str
    purchased_on: date | None
    installed_on: date | None
    replaced_on: date | None
    invoice_no: str
    stated_until: date | None
    retired_on: date | None
    external_key: str | None
    notes: str
    warranty: str
    warranty_until: date | None
    warranty_basis: str | None


@dataclass(frozen=True, slots=True)
class ReasonView:
    """One step of a warranty decision: a stable code, the sentence in both languages, and where it stands."""

    code: str
    text: str
    text_en: str
    citation: str
    citation_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WarrantyView:
    """The decision for an appliance, or one part of it, on a day.

    ``state``: "in" (保内), "extended" (延保), "out" (保外) or "unknown"; ``until``: the last day of the cover that
    counts; ``remedies``: "return", "exchange", "repair", free of charge.
    """

    on: date
    part: str | None
    state: str
    until: date | None
    basis: str | None
    remedies: tuple[str, ...]
    reasons: tuple[ReasonView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderWarrantyView:
    """What the customer claims against what is so. ``agrees`` is None while one of the two is not known."""

    order_id: str
    asset_id: str | None
    claimed: bool | None
    agrees: bool | None
    warranty: WarrantyView


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractView:
    """An extended warranty or maintenance contract."""

    contract_id: str
    number: str
    customer_id: str
    asset_id: str | None
    kind: str
    starts_on: date
    ends_on: date
    covers_repair: bool
    visits_included: int
    notes: str
    edit_version: int


@dataclass(frozen=True, slots=True)
class VisitView:
    """A visit of a maintenance plan; without an order it was overtaken by the next one."""

    due_on: date
    order_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A maintenance plan; ``next_on`` is the next due day, ``stopped_because`` says why there is none any more."""

    plan_id: str
    edit_version: int
    customer_id: str
    asset_id: str | None
    contract_id: str | None
    title: str
    interval_months: int
    lead_days: int
    first_on: date
    ends_on: date | None
    next_on: date | None
    active: bool
    stopped_because: str | None
    notes: str
    visits: tuple[VisitView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsView:
    """A maker's terms."""

    brand: str
    appliance: str
    whole_months: int
    part_months: Mapping[str, int]
    from_installation: bool
    sold_from: date | None
    sold_to: date | None
    source: str


@dataclass(frozen=True, slots=True)
class AppointmentView:
    """A promised time slot; an open end is None."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True, slots=True)
class OrderBrief:
    """An order in one line."""

    order_id: str
    number: str | None
    status: str
    service_type: str | None
    appliance: str | None
    brand: str | None
    fault: str | None
    created_at: datetime
    appointment: AppointmentView | None


@dataclass(frozen=True, slots=True)
class CustomerCard:
    """Everything the pop shows about a customer.

    Open and past orders come newest first, at most 20 and 5; drafts do not count as orders.
    """

    customer_id: str
    name: str
    level: str
    phones: tuple[PhoneView, ...]
    addresses: tuple[AddressView, ...]
    assets: tuple[AssetView, ...]
    open_orders: tuple[OrderBrief, ...]
    past_orders: tuple[OrderBrief, ...]
    order_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaView:
    """How an order stands against its service level.

    ``resolve_by`` is None while the clock stands (``paused``: for whom we wait) with time left; ``left_s`` are the
    working seconds that were left at the last change, below 0 when too many were used. ``breached``: limits that broke.
    """

    tier: str
    respond_by: datetime | None
    resolve_by: datetime | None
    responded_at: datetime | None
    resolved_at: datetime | None
    paused: str | None
    left_s: int
    breached: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class MoveView:
    """A step that the order's status allows: a button.

    ``needs``: names of ``workorder.policy.lifecycle.Guard``, and ``approval`` where somebody has to agree.
    """

    action: str
    target: str
    label: str
    label_en: str
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PhoneRecord:
    """A customer's number: as typed, in E.164 where it has such a form, and as people read it."""

    raw: str
    e164: str | None
    display: str
    label: str | None


@dataclass(frozen=True, slots=True)
class AddressRecord:
    """A customer's address in parts, as one line, and with its division code (GB/T 2260) where known."""

    address_id: str
    label: str | None
    division_code: str | None
    province: str
    city: str
    district: str
    detail: str
    display: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRecord:
    """Everything on file about a customer; ``edit_version`` is the ETag of a change.

    ``merged_into`` names the customer a duplicate was merged into; after ``erased_at`` nothing personal is left.
    """

    customer_id: str
    edit_version: int
    name: str
    level: str
    notes: str
    openid: str | None
    external_key: str | None
    created_at: datetime
    updated_at: datetime | None
    merged_into: str | None
    erased_at: datetime | None
    phones: tuple[PhoneRecord, ...]
    addresses: tuple[AddressRecord, ...]
    assets: tuple[AssetView, ...]
    contracts: tuple[ContractView, ...]
    open_orders: tuple[OrderBrief, ...]
    past_orders: tuple[OrderBrief, ...]
    order_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerHit:
    """A customer that was searched for. ``why``: "phone", "serial", "model", "name", "pinyin" or "text"."""

    customer_id: str
    name: str
    level: str
    phone: str | None
    about: str
    why: str


@dataclass(frozen=True, slots=True)
class PieceView:
    """Part of a snippet; ``hit``: it is what was searched for."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderHit:
    """An order that was searched for; the pieces of ``snippet`` put together are part of its text."""

    order_id: str
    number: str | None
    status: str
    customer_id: str | None
    customer_name: str | None
    service_type: str | None
    appliance: str | None
    brand: str | None
    fault: str | None
    created_at: datetime
    snippet: tuple[PieceView, ...]


@dataclass(frozen=True, slots=True)
class CustomerChangeView:
    """One line of a customer's history: who changed what, from what, to what."""

    customer_id: str
    at: datetime
    by: str
    field: str
    before: object
    after: object
    reason: str | None


@dataclass(frozen=True, slots=True)
class OrderView:
    """A draft or order with every field and its provenance."""

    order_id: str
    number: str | None
    status: str
    edit_version: int
    call_id: str | None
    customer_id: str | None
    sequence: int
    created_at: datetime
    saved_at: datetime | None
    created_by: str | None
    fields: Mapping[str, FieldValue]
    missing: tuple[str, ...]
    questions: tuple[Question, ...]
    own_fields: tuple[FieldSpec, ...]
    """Fields that its form has besides the built-in ones, in the order of the form."""
    guidance: Mapping[str, str]
    """How to ask or answer, by field, where its form says so."""
    summary: str
    alerts: tuple[AlertView, ...]
    suggested_priority: str
    suggested_tier: str | None
    """The service level that a draft would get; None for orders, whose ``sla`` has it, and before anything is known."""
    priority: str
    parent_id: str | None
    confirmation: str | None
    channel: str
    chase_ups: int
    handler: str | None
    team: str | None
    moves: tuple[MoveView, ...]
    asset_id: str | None
    warranty: str | None
    sla: SlaView | None
    """None for a draft."""
    eta: datetime | None
    """When the technician on the way is expected."""


@dataclass(frozen=True, slots=True)
class OrderLine:
    """An order or draft as a line of a list; ``OrderView`` has all of it. ``contact`` is the number in its one form."""

    order_id: str
    number: str | None
    status: str
    edit_version: int
    call_id: str | None
    customer_id: str | None
    created_at: datetime
    service_type: str | None
    appliance: str | None
    brand: str | None
    fault: str | None
    customer_name: str | None
    contact: str | None
    chase_ups: int
    handler: str | None
    priority: str
    suggested_tier: str | None
    sla: SlaView | None
    """None for a draft."""


@dataclass(frozen=True, slots=True)
class ChangeView:
    """One line of an order's audit trail: who changed what, from what, to what (``field`` "status" for its moves).

    ``change_id`` grows with time; ``hash`` chains the lines of an order (``workorder.policy.chain``).
    """

    order_id: str
    at: datetime
    by: str
    field: str
    before: object
    after: object
    reason: str | None
    change_id: int
    hash: str


@dataclass(frozen=True, slots=True)
class ReportView:
    """A report as it came in, and what became of it (``workorder.policy.channels.Outcome``)."""

    report_id: str
    channel: str
    external_id: str | None
    order_id: str | None
    at: datetime
    by: str
    sender: str | None
    outcome: str
    fields: Mapping[str, FieldContent | None]
    media_type: str


@dataclass(frozen=True, slots=True)
class IntakeView:
    """The answer to a report: what became of it now, and the order it belongs to."""

    outcome: str
    report: ReportView
    order: OrderView


@dataclass(frozen=True, slots=True)
class CommentView:
    """Something said about an order; ``kind`` is ``comment`` or ``chase_up``, ``mentions`` are user ids."""

    comment_id: str
    order_id: str
    at: datetime
    by: str
    kind: str
    channel: str | None
    text: str
    mentions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AttachmentView:
    """A file of an order."""

    attachment_id: str
    order_id: str
    at: datetime
    by: str
    sha256: str
    size_bytes: int
    media_type: str
    filename: str


@dataclass(frozen=True, slots=True)
class TaskView:
    """Something to do for an order; ``blocks``: the step that waits for it."""

    task_id: str
    order_id: str
    at: datetime
    by: str
    title: str
    assignee: str | None
    blocks: str | None
    done_at: datetime | None
    done_by: str | None


@dataclass(frozen=True, slots=True)
class RepairView:
    """The record of one visit: what was found, done and put in, and the minutes at work (None: nobody said).

    ``at`` is when the visit was put on record first, ``by`` who wrote this. ``corrects`` is the record it stands in
    for; with ``corrected_by`` it is not what holds any more.
    """

    repair_id: str
    order_id: str
    at: datetime
    by: str
    finding: str
    action: str
    parts: tuple[UsedPart, ...]
    minutes: int | None
    corrects: str | None
    corrected_by: str | None


@dataclass(frozen=True, slots=True)
class PastRepairView:
    """A visit that holds, with the order and the appliance it belongs to (``asset_id``: where it is on file)."""

    repair: RepairView
    number: str | None
    appliance: str | None
    brand: str | None
    asset_id: str | None


@dataclass(frozen=True, slots=True)
class ApprovalView:
    """A question and its answer; ``roles`` may decide, ``amount_minor`` is in minor units of the currency."""

    approval_id: str
    order_id: str
    subject: str
    roles: tuple[str, ...]
    asked_at: datetime
    asked_by: str
    reason: str
    amount_minor: int | None
    decision: str
    decided_at: datetime | None
    decided_by: str | None
    comment: str | None


@dataclass(frozen=True, slots=True)
class TemplateView:
    """A service type's form as a version: ``edit_version`` 0 is the built-in one, made by nobody."""

    service_type: str
    label: str
    edit_version: int
    at: datetime | None
    by: str | None
    form: Form


@dataclass(frozen=True, slots=True)
class ReplyView:
    """A standard answer, filled in for an order."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class MilestoneView:
    """A status that an order got, and when."""

    status: str
    label: str
    at: datetime


@dataclass(frozen=True, slots=True)
class ProgressView:
    """How an order goes, for its customer: no names of staff, no reasons, nothing internal."""

    number: str | None
    status: str
    label: str
    appliance: str
    appointment: str
    eta: datetime | None
    milestones: tuple[MilestoneView, ...]
