"""Tables of the application: calls and what was heard on them, users and their logins, audit, outbox, gaps.

They share the metadata of ``workorder.model``, so that one migration history makes the whole schema.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from workorder.model.approvals import ApprovalVersion
from workorder.model.base import Base, Counter, JsonColumn, Key, sorted_text
from workorder.model.customers import Customer
from workorder.model.maintenance import MaintenancePlan
from workorder.model.orders import WorkOrder
from workorder.model.outcomes import SlotOutcome
from workorder.model.repairs import OrderRepair
from workorder.model.reports import OrderReport
from workorder.model.search import SearchText
from workorder.model.service_levels import SlaAlert, SlaVersion
from workorder.model.teamwork import OrderTask
from workorder.model.templates import OrderTemplate
from workorder.model.timers import Timer
from workorder.model.warranty import MakerTerms, ServiceContract


class UserRow(Base):
    """Somebody who logs in. ``roles`` is a list of role names, ``interface`` the device that rings for this user."""

    __tablename__ = "users"

    user_id: Mapped[str] = mapped_column(Key, primary_key=True)
    username: Mapped[str] = mapped_column(sorted_text(60), unique=True)
    display_name: Mapped[str] = mapped_column(String(80))
    password_hash: Mapped[str | None] = mapped_column(String(200))
    roles: Mapped[list[Any]]
    interface: Mapped[str | None] = mapped_column(sorted_text(80), index=True)
    phone: Mapped[str | None] = mapped_column(String(40))
    """Where customers and colleagues reach them."""
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class SessionRow(Base):
    """A login in one browser; only the hash of its cookie is stored."""

    __tablename__ = "sessions"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(Key, ForeignKey(UserRow.user_id, ondelete="CASCADE"), index=True)
    csrf_token: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class LoginTokenRow(Base):
    """A link that logs a user in once."""

    __tablename__ = "login_tokens"

    token_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(Key, ForeignKey(UserRow.user_id, ondelete="CASCADE"), index=True)
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class ApiKeyRow(Base):
    """A key by which another program uses the interface; only its hash is stored. ``scopes`` are permissions."""

    __tablename__ = "api_keys"

    key_id: Mapped[str] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(String(80))
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(40))
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]


class IdempotencyRow(Base):
    """The first answer to a POST with this Idempotency-Key; ``user_id`` is a user's or an API key's."""

    __tablename__ = "idempotency_keys"

    user_id: Mapped[str] = mapped_column(Key, primary_key=True)
    key: Mapped[str] = mapped_column(String(80), primary_key=True)
    request_hash: Mapped[str] = mapped_column(String(64))
    status: Mapped[int]
    headers: Mapped[dict[str, Any]]
    body: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime] = mapped_column(index=True)


class CallRow(Base):
    """One call from first channel to last. ``interface`` is the device that answered, else the last that rang."""

    __tablename__ = "calls"

    call_id: Mapped[str] = mapped_column(Key, primary_key=True)
    linkedid: Mapped[str] = mapped_column(String(80), index=True)
    direction: Mapped[str] = mapped_column(String(16))
    number: Mapped[str | None] = mapped_column(String(80))
    number_lookup: Mapped[str | None] = mapped_column(sorted_text(80), index=True)
    name: Mapped[str | None] = mapped_column(String(80))
    dialled: Mapped[str | None] = mapped_column(String(80))
    queue: Mapped[str | None] = mapped_column(String(80))
    interface: Mapped[str | None] = mapped_column(String(80))
    user_id: Mapped[str | None] = mapped_column(Key)
    customer_id: Mapped[str | None] = mapped_column(Key, index=True)
    started_at: Mapped[datetime] = mapped_column(index=True)
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    abandoned: Mapped[bool] = mapped_column(default=False)
    cause: Mapped[int | None]
    audio_started_at: Mapped[datetime | None]
    """Zero of the call's time line: offsets of events and edits count from here."""
    transcript_state: Mapped[str] = mapped_column(String(16), default="none")


class LegRow(Base):
    """A call as offered to one device: rang, answered or missed, ended."""

    __tablename__ = "call_legs"

    call_id: Mapped[str] = mapped_column(Key, ForeignKey(CallRow.call_id, ondelete="CASCADE"), primary_key=True)
    uniqueid: Mapped[str] = mapped_column(String(80), primary_key=True)
    interface: Mapped[str] = mapped_column(sorted_text(80))
    user_id: Mapped[str | None] = mapped_column(Key)
    queue: Mapped[str | None] = mapped_column(String(80))
    caller_uniqueid: Mapped[str] = mapped_column(String(80))
    offered_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    ended_at: Mapped[datetime | None]
    miss_reason: Mapped[str | None] = mapped_column(String(32))

    __table_args__ = (Index(None, "interface", "call_id"), Index(None, "user_id", "call_id"))


class CallEventRow(Base):
    """Something that happened on a call, in words for the replay's time line."""

    __tablename__ = "call_events"

    event_id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    call_id: Mapped[str] = mapped_column(Key, ForeignKey(CallRow.call_id, ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    type: Mapped[str] = mapped_column(String(40))
    interface: Mapped[str | None] = mapped_column(String(80))
    text: Mapped[str] = mapped_column(Text, default="")


class SegmentRow(Base):
    """A finished utterance; ``words`` is ``[[word, start_ms, end_ms, confidence], …]``.

    ``names`` is ``[[start, end, name], …]``: places of ``text`` that are taken for a name that sounds like them.
    """

    __tablename__ = "segments"

    segment_id: Mapped[str] = mapped_column(Key, primary_key=True)
    call_id: Mapped[str] = mapped_column(Key, ForeignKey(CallRow.call_id, ondelete="CASCADE"))
    speaker: Mapped[str] = mapped_column(String(8))
    start_ms: Mapped[int]
    end_ms: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    confidence: Mapped[float]
    words: Mapped[list[Any]]
    names: Mapped[list[Any]] = mapped_column(server_default="[]")

    __table_args__ = (Index(None, "call_id", "start_ms"),)


class LateTranscriptRow(Base):
    """A speaker of a call whose words are to be recognised afterwards, from the recording."""

    __tablename__ = "late_transcripts"

    call_id: Mapped[str] = mapped_column(Key, ForeignKey(CallRow.call_id, ondelete="CASCADE"), primary_key=True)
    speaker: Mapped[str] = mapped_column(String(8), primary_key=True)
    reason: Mapped[str] = mapped_column(String(16))
    wanted_at: Mapped[datetime]
    attempts: Mapped[int] = mapped_column(default=0)
    next_try_at: Mapped[datetime]
    state: Mapped[str] = mapped_column(String(16), default="waiting")
    """waiting, done or failed."""
    error: Mapped[str] = mapped_column(String(200), default="")

    __table_args__ = (Index(None, "state", "next_try_at"),)


class RecordingRow(Base):
    """The stereo file of a call, ``path`` relative to the recordings folder."""

    __tablename__ = "recordings"

    call_id: Mapped[str] = mapped_column(Key, ForeignKey(CallRow.call_id, ondelete="CASCADE"), primary_key=True)
    path: Mapped[str] = mapped_column(String(400))
    format: Mapped[str] = mapped_column(String(8))
    sample_rate_hz: Mapped[int]
    duration_ms: Mapped[int]
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    sha256: Mapped[str] = mapped_column(String(64))
    partial: Mapped[bool] = mapped_column(default=False)
    stored_at: Mapped[datetime]


class GapRow(Base):
    """A time in which the PBX could not be heard, and what the resync found out about it."""

    __tablename__ = "pbx_gaps"

    gap_id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    since: Mapped[datetime]
    until: Mapped[datetime] = mapped_column(index=True)
    calls_reconstructed: Mapped[int]
    calls_ended_unseen: Mapped[int]


class AuditRow(Base):
    """Who did what to what: logins, listening to recordings, changes of rights. Rows are only ever added."""

    __tablename__ = "audit"

    audit_id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    at: Mapped[datetime] = mapped_column(index=True)
    by: Mapped[str] = mapped_column(String(40), index=True)
    action: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(120), index=True)
    detail: Mapped[Any | None] = mapped_column(JsonColumn)


_UNSENT = text("sent_at IS NULL")


class OutboxRow(Base):
    """A domain event waiting for the relay; written in the transaction that made it true."""

    __tablename__ = "outbox"

    position: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    event_id: Mapped[str] = mapped_column(Key)
    event_type: Mapped[str] = mapped_column(String(60))
    body: Mapped[dict[str, Any]]
    recorded_at: Mapped[datetime]
    sent_at: Mapped[datetime | None]

    __table_args__ = (
        UniqueConstraint("event_id"),
        # Only what is still to send is in this index: finding it costs the same after a million sent events.
        Index("ix_outbox_unsent", "position", sqlite_where=_UNSENT, postgresql_where=_UNSENT),
    )


class NotifyVersionRow(Base):
    """Rules of messages as somebody saved them (JSON); the last ones are in force. Rows are only ever added."""

    __tablename__ = "notify_versions"

    version: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(40))
    document: Mapped[str] = mapped_column(Text)


UNDELIVERED = text("state <> 'delivered'")
"""Few of many: as text, because only what stands in the statement itself lets a database take the index of these."""
WAITING_TO_LEAVE = text("state IN ('queued', 'sending', 'failed')")


class DeliveryRow(Base):
    """One message to one receiver. ``recipient``: a number, a mail address, a webhook's name, or a user id (in_app).

    ``state``: queued, sending, failed (to be tried again at ``due_at``), delivered, dead. One event leads to at most
    one message of a rule to a receiver, however often the event is delivered.
    """

    __tablename__ = "deliveries"

    delivery_id: Mapped[str] = mapped_column(Key, primary_key=True)
    event_id: Mapped[str] = mapped_column(Key)
    event_type: Mapped[str] = mapped_column(String(60))
    event: Mapped[dict[str, Any]]
    rule: Mapped[str] = mapped_column(String(40))
    order_id: Mapped[str | None] = mapped_column(Key, index=True)
    audience: Mapped[str] = mapped_column(String(20))
    channel: Mapped[str] = mapped_column(String(20))
    recipient: Mapped[str] = mapped_column(String(200))
    subject: Mapped[str] = mapped_column(String(600))
    text: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(12))
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime]
    due_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    read_at: Mapped[datetime | None]
    reference: Mapped[str | None] = mapped_column(String(200))
    last_error: Mapped[str | None] = mapped_column(String(500))

    __table_args__ = (
        UniqueConstraint("event_id", "rule", "recipient"),
        Index("ix_deliveries_channel_recipient", "channel", "recipient", "delivery_id"),
        Index(
            "ix_deliveries_undelivered",
            "state",
            "delivery_id",
            sqlite_where=UNDELIVERED,
            postgresql_where=UNDELIVERED,
        ),
        Index(
            "ix_deliveries_waiting",
            "channel",
            "due_at",
            "delivery_id",
            sqlite_where=WAITING_TO_LEAVE,
            postgresql_where=WAITING_TO_LEAVE,
        ),
    )


metadata = Base.metadata
DOMAIN_TABLES = (
    Customer,
    WorkOrder,
    SlotOutcome,
    Timer,
    OrderReport,
    OrderRepair,
    ServiceContract,
    MakerTerms,
    OrderTask,
    MaintenancePlan,
    OrderTemplate,
    SlaVersion,
    SlaAlert,
    ApprovalVersion,
    SearchText,
)
"""Imported so that the metadata is whole."""
