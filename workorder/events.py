"""Facts about work orders and customers, past tense. Written to the outbox in the transaction that made them true.

``event_id`` is a ULID: the key by which a handler recognises an event delivered twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime

from workorder.ids import new_id


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainEvent:
    """Base of all events; ``by`` is a user id or "machine"."""

    at: datetime
    by: str
    event_id: str = field(default_factory=new_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEvent(DomainEvent):
    """Base of all events of one order."""

    order_id: str
    call_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerEvent(DomainEvent):
    """Base of all events of one customer."""

    customer_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftOpened(OrderEvent):
    """An empty or pre-filled draft exists."""

    customer_id: str | None
    sequence: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DraftRevised(OrderEvent):
    """Speech changed these fields of a draft."""

    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderEdited(OrderEvent):
    """A person changed or accepted these fields."""

    fields: tuple[str, ...]
    edit_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrderCreated(OrderEvent):
    """The draft became an order and got its number."""

    number: str
    service_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrderCancelled(OrderEvent):
    """The draft or order will not be worked on; ``reason`` as the person gave it."""

    number: str | None
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkOrderMoved(OrderEvent):
    """Any other step of the life cycle, from ``before`` to ``after``; ``eta``: when who departed is expected."""

    action: str
    before: str
    after: str
    reason: str | None
    eta: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PriorityChanged(OrderEvent):
    """The work is more or less urgent than thought; ``before`` None: nobody had said."""

    before: str | None
    after: str
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderTransferred(OrderEvent):
    """Somebody else looks after the order: users by id, teams by name, None for nobody."""

    handler_before: str | None
    handler: str | None
    team: str | None
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommentAdded(OrderEvent):
    """Somebody said something about the order; ``mentions`` are ids of the users it names. The text is not in it."""

    comment_id: str
    mentions: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FileAttached(OrderEvent):
    """A file belongs to the order now."""

    attachment_id: str
    media_type: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskChanged(OrderEvent):
    """A task was added (``done`` false), done, or opened again; ``assignee`` is whose it is."""

    task_id: str
    assignee: str | None
    done: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairRecorded(OrderEvent):
    """What a visit found and did is on record, perhaps in place of ``corrects``; the words are not in the event."""

    repair_id: str
    parts: int
    minutes: int | None
    corrects: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalAsked(OrderEvent):
    """Somebody with one of ``roles`` has to decide about ``subject``."""

    approval_id: str
    subject: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDecided(OrderEvent):
    """``decision`` is ``approved`` or ``refused``; ``asked_by`` wanted to know."""

    approval_id: str
    subject: str
    decision: str
    asked_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaWarned(OrderEvent):
    """A limit (respond, resolve) of the order's service level is about to break: ``fraction`` of it is used up."""

    number: str | None
    tier: str
    limit: str
    fraction: float
    due_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SlaBreached(OrderEvent):
    """A limit broke at ``due_at``; ``priority`` is what the order's priority was raised to."""

    number: str | None
    tier: str
    limit: str
    due_at: datetime
    priority: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderUntouched(OrderEvent):
    """Nobody did anything about the order since ``since``, and nobody has it."""

    number: str | None
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeMissed(OrderEvent):
    """The order rests in ``status`` since ``since``, longer than it may."""

    number: str | None
    status: str
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DelayPredicted(OrderEvent):
    """By what similar orders took, this one will probably break its time to resolve.

    ``probability`` (0..1) of that; ``likely_at`` is when half of the similar orders would be done; ``similar`` how
    many were looked at.
    """

    number: str | None
    probability: float
    likely_at: datetime | None
    similar: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerCreated(CustomerEvent):
    """Somebody was put on file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerEdited(CustomerEvent):
    """A person changed these parts of the record; values are not in the event, they are personal."""

    fields: tuple[str, ...]
    edit_version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetChanged(CustomerEvent):
    """An appliance was put on file, or these parts of its record changed."""

    asset_id: str
    fields: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractSaved(CustomerEvent):
    """An extended warranty or maintenance contract was made or changed; ``asset_id`` None: for every appliance."""

    contract_id: str
    number: str
    asset_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class MaintenanceDue(CustomerEvent):
    """A planned visit comes near: its order exists; ``number`` None: it still lacks something and waits as a draft."""

    plan_id: str
    title: str
    due_on: date
    order_id: str
    number: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomersMerged(CustomerEvent):
    """``duplicate_id`` turned out to be this customer: its phones, assets, orders and calls are here now."""

    duplicate_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerErased(CustomerEvent):
    """Everything personal is gone, on request; copies elsewhere have to go too."""

    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportTaken(OrderEvent):
    """A report came in by ``channel`` and became (part of) this order: ``created``, ``draft`` or ``chased``."""

    report_id: str
    channel: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChaseUpReceived(OrderEvent):
    """Somebody asked again for an order that is being worked on; ``count`` times in all."""

    number: str | None
    channel: str
    count: int


EVENTS: tuple[type[DomainEvent], ...] = (
    DraftOpened,
    DraftRevised,
    OrderEdited,
    WorkOrderCreated,
    WorkOrderCancelled,
    WorkOrderMoved,
    PriorityChanged,
    ReportTaken,
    ChaseUpReceived,
    OrderTransferred,
    CommentAdded,
    FileAttached,
    TaskChanged,
    RepairRecorded,
    ApprovalAsked,
    ApprovalDecided,
    SlaWarned,
    SlaBreached,
    OrderUntouched,
    NodeMissed,
    DelayPredicted,
    CustomerCreated,
    CustomerEdited,
    CustomersMerged,
    CustomerErased,
    AssetChanged,
    ContractSaved,
    MaintenanceDue,
)
"""Every event this library records: the outbox decodes by class name from here."""
