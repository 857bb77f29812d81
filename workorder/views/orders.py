"""Work orders: whole, as a line of a list, and how far they are.

Frozen dataclasses with the names of the HTTP interface; ``orjson.dumps`` takes them as they are, those without slots in
a fraction of the time: so are those of which an answer has many. Times are aware UTC, dates plain dates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from workorder.fields import AlertView, FieldSpec, FieldValue, Question


@dataclass(frozen=True)
class AppointmentView:
    """A promised time slot; an open end is None."""

    start: datetime | None
    end: datetime | None


@dataclass(frozen=True)
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


@dataclass(frozen=True, kw_only=True)
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


@dataclass(frozen=True)
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
class PieceView:
    """Part of a snippet; ``hit``: it is what was searched for."""

    text: str
    hit: bool


@dataclass(frozen=True, slots=True)
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


@dataclass(frozen=True)
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


@dataclass(frozen=True)
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


@dataclass(frozen=True)
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
