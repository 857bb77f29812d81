"""What gathers around an order: reports, comments, files, tasks, repairs, approvals, replies.

Frozen dataclasses with the names of the HTTP interface; ``orjson.dumps`` takes them as they are. Times are aware UTC,
dates plain dates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from workorder.fields import FieldContent, Form, UsedPart
from workorder.views.orders import OrderView


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
