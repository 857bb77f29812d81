"""What can be asked of the domain: one frozen dataclass per intention.

``by`` is a user id, or "machine" for what speech recognition does; ``at`` is the aware time of the intention.
``edit_version`` is the version the person saw (If-Match); None skips the check.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from workorder.fields import AlertView, Ask, FieldContent, FieldSpec, FieldValue, Reply, Source, Step, UsedPart

MACHINE = "machine"


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """Who wants it, and when."""

    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDraft(Command):
    """Start a draft. The same (call, sequence) again returns the draft that is already there.

    ``fields`` are plain values: they count as typed by ``by``, or as known of the customer when ``by`` is "machine".
    With a ``customer_id`` the customer's name, first phone and first address fill the fields that are not given.
    ``source`` says otherwise who gave the values, ``channel`` (``workorder.policy.channels``) how they came.
    """

    call_id: str | None = None
    customer_id: str | None = None
    sequence: int = 1
    fields: Mapping[str, FieldContent | None] = field(default_factory=dict)
    source: Source | None = None
    channel: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateWorkOrder(Command):
    """A report from any channel: becomes an order, a draft, or a chase-up of the order it is about.

    ``fields`` are what the sender gave, checked like typed ones; ``heard`` is what extraction understood of free text.
    An order is created only from what was given: what was merely understood waits for an agent. ``external_id`` is the
    sender's own key; ``payload`` is kept as it came, at most 1 MiB. ``attach`` False makes a new order in any case.
    """

    channel: str
    fields: Mapping[str, FieldContent | None] = field(default_factory=dict)
    heard: Mapping[str, FieldValue] = field(default_factory=dict)
    summary: str = ""
    alerts: tuple[AlertView, ...] = ()
    suggested_priority: str = "normal"
    external_id: str | None = None
    sender: str | None = None
    customer_id: str | None = None
    payload: bytes = b""
    media_type: str = "application/json"
    attach: bool = True
    business_day: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SeparateReport(Command):
    """A report was put to an order as a chase-up by mistake: give it a draft of its own."""

    report_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaseOrder(Command):
    """The draft ``order_id`` (a call) is about the open order ``target_id``: a chase-up there, no order of its own."""

    order_id: str
    target_id: str
    edit_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReviseDraft(Command):
    """Everything the machine knows now: heard values that are absent from ``fields`` are withdrawn."""

    order_id: str
    fields: Mapping[str, FieldValue]
    summary: str = ""
    alerts: tuple[AlertView, ...] = ()
    suggested_priority: str = "normal"


@dataclass(frozen=True, slots=True, kw_only=True)
class EditOrder(Command):
    """A person's changes: new values by name (None empties the field) and names of heard values found right."""

    order_id: str
    fields: Mapping[str, FieldContent | None] = field(default_factory=dict)
    accept: tuple[str, ...] = ()
    edit_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateOrder(Command):
    """Turn the draft into an order.

    ``business_day`` (YYYYMMDD, local) goes into its number; by default the day of ``at`` at UTC+8.
    """

    order_id: str
    edit_version: int | None = None
    business_day: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelOrder(Command):
    """Stop the draft or order; ``reason`` must not be empty. ``roles`` as in MoveOrder."""

    order_id: str
    reason: str
    edit_version: int | None = None
    roles: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MoveOrder(Command):
    """A step of the life cycle by the names of ``workorder.policy.lifecycle``, whose MOVES say what a step needs.

    ``business_day`` matters for ``create`` alone, as in CreateOrder. ``roles`` are those of who wants it, for steps
    that need somebody's word (``workorder.policy.approvals``); None: whoever gives the command answers for it.
    ``eta`` belongs to ``depart``: when the technician is expected.
    """

    order_id: str
    action: str
    reason: str | None = None
    confirmation: str | None = None
    eta: datetime | None = None
    edit_version: int | None = None
    business_day: str | None = None
    roles: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTemplate(Command):
    """A new version of a service type's form (``workorder.policy.forms``); orders that are there keep theirs."""

    service_type: str
    questions: Sequence[Ask]
    fields: Sequence[FieldSpec] = ()
    replies: Sequence[Reply] = ()
    steps: Sequence[Step] = ()
    edit_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferOrder(Command):
    """Somebody else looks after the order now: a user, a team, or both; everything stays with it."""

    order_id: str
    handler: str | None
    team: str | None
    reason: str | None = None
    edit_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddComment(Command):
    """Say something about an order; ``mentions`` are ids of the users whom it names."""

    order_id: str
    text: str
    mentions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachFile(Command):
    """A stored file belongs to an order; the same file under the same name is attached once."""

    order_id: str
    sha256: str
    size_bytes: int
    media_type: str
    filename: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveFile(Command):
    """Take a file out of sight; the bytes and the trail stay."""

    attachment_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AddTask(Command):
    """Something to do beside other things; ``blocks`` names the step that waits for it."""

    order_id: str
    title: str
    assignee: str | None = None
    blocks: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetTaskDone(Command):
    """The task is done, or not after all."""

    task_id: str
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordRepair(Command):
    """What a visit found, what was done about it, what went in, and how long it took (minutes at work).

    ``corrects``: the record of the same visit that this one stands in for.
    """

    order_id: str
    finding: str
    action: str
    parts: tuple[UsedPart, ...] = ()
    minutes: int | None = None
    corrects: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AskApproval(Command):
    """Ask somebody with the role to agree: ``subject`` is a step or ``goodwill`` (with its amount in minor units)."""

    order_id: str
    subject: str
    reason: str
    amount_minor: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideApproval(Command):
    """Agree or refuse, with one's roles; a step that is agreed to is taken at once."""

    approval_id: str
    approve: bool
    roles: tuple[str, ...]
    comment: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetPriority(Command):
    """Say how urgent the work is: ``normal``, ``high`` or ``critical``."""

    order_id: str
    priority: str
    reason: str | None = None
    edit_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AttachPart(Command):
    """Make an order a part of another; None takes it out."""

    order_id: str
    parent_id: str | None
    edit_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCustomer(Command):
    """Attach the order to a customer (an unknown caller was identified); empty fields are filled from the customer.

    With an ``edit_version`` it counts as a change of the order like any other; without, as for all orders of a call,
    whoever edits the order meanwhile is not disturbed.
    """

    order_id: str
    customer_id: str
    edit_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAsset:
    """An appliance to put on file; ``warranty_until`` is the last day that its warranty card names."""

    appliance: str
    brand: str = ""
    model: str = ""
    serial: str = ""
    purchased_on: date | None = None
    warranty_until: date | None = None
    installed_on: date | None = None
    replaced_on: date | None = None
    invoice_no: str = ""
    notes: str = ""
    external_key: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddAsset(Command):
    """Put an appliance on a customer's file."""

    customer_id: str
    asset: NewAsset


@dataclass(frozen=True, slots=True, kw_only=True)
class EditAsset(Command):
    """New values by name: those of NewAsset, ``retired_on``, and ``customer_id`` when it changed hands."""

    asset_id: str
    changes: Mapping[str, str | date | None]
    edit_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SaveContract(Command):
    """A contract with a customer, by its number: made when there is none, changed when there is.

    ``kind`` is ``extended`` (延保) or ``maintenance`` (维保); without ``asset_id`` it is about every appliance.
    """

    number: str
    customer_id: str
    kind: str
    starts_on: date
    ends_on: date
    asset_id: str | None = None
    covers_repair: bool = True
    visits_included: int = 0
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavePlan(Command):
    """Maintenance every so many months: a new plan of the customer, or new values of the plan named."""

    customer_id: str
    title: str
    interval_months: int
    first_on: date
    lead_days: int = 14
    ends_on: date | None = None
    asset_id: str | None = None
    contract_id: str | None = None
    active: bool = True
    notes: str = ""
    plan_id: str | None = None
    edit_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewTerms:
    """What a maker promises: months for the whole appliance and for named parts, from the invoice or installation."""

    brand: str
    appliance: str
    whole_months: int
    source: str
    part_months: Mapping[str, int] = field(default_factory=dict)
    from_installation: bool = False
    sold_from: date | None = None
    sold_to: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceTerms(Command):
    """Every maker's terms there are from now on."""

    terms: tuple[NewTerms, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAsset(Command):
    """Say which appliance on file an order is about; None: none of them."""

    order_id: str
    asset_id: str | None
    edit_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewPhone:
    """A number as typed, and what it is for (``手机``, ``公司``, ``邻居``)."""

    number: str
    label: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewAddress:
    """A place of a customer. ``division_code`` is GB/T 2260's, of the lowest part that is known."""

    province: str = ""
    city: str = ""
    district: str = ""
    detail: str = ""
    label: str | None = None
    division_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EditCustomer(Command):
    """A person's changes; None leaves a part as it is, an empty openid takes it away.

    ``phones`` and ``addresses`` are the whole new lists, the most important first.
    """

    customer_id: str
    edit_version: int | None = None
    name: str | None = None
    level: str | None = None
    notes: str | None = None
    openid: str | None = None
    miniprogram_openid: str | None = None
    phones: tuple[NewPhone, ...] | None = None
    addresses: tuple[NewAddress, ...] | None = None
    country: str = "CN"
    area_code: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeCustomers(Command):
    """``duplicate_id`` is the same person as ``customer_id``, which is kept."""

    customer_id: str
    duplicate_id: str
    edit_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseCustomer(Command):
    """The person asked to be forgotten; ``reason`` (how the request came) must not be empty."""

    customer_id: str
    reason: str
    edit_version: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CreateCustomer(Command):
    """Put a customer on file; numbers are read by the plan of ``country``.

    ``address`` has the parts province, city, district, detail; ``addresses`` are further ones. ``openid`` and
    ``miniprogram_openid``: who this is to our WeChat account, and to our mini-program.
    """

    name: str
    phones: tuple[str | NewPhone, ...]
    address: Mapping[str, str | None] | None = None
    addresses: tuple[NewAddress, ...] = ()
    level: str = "normal"
    notes: str = ""
    openid: str = ""
    miniprogram_openid: str = ""
    external_key: str | None = None
    assets: tuple[NewAsset, ...] = ()
    country: str = "CN"
    area_code: str | None = None
