"""What came in: every report as it was sent, whatever became of it, and what people say about an order."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from workorder.model.base import Base, Key
from workorder.model.orders import WorkOrder


class OrderReport(Base):
    """A report as it came in. The same (channel, external id) is the same report and has one effect."""

    __tablename__ = "order_reports"

    report_id: Mapped[str] = mapped_column(Key, primary_key=True)
    channel: Mapped[str] = mapped_column(String(16))
    external_id: Mapped[str | None] = mapped_column(String(200))
    order_id: Mapped[str | None] = mapped_column(Key, ForeignKey(WorkOrder.order_id, ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(40))
    sender: Mapped[str | None] = mapped_column(String(200))
    """Who sent it in the channel's own words: a mail address, an openid."""
    outcome: Mapped[str] = mapped_column(String(16))
    fields: Mapped[dict[str, Any]]
    media_type: Mapped[str] = mapped_column(String(80))
    payload: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    """What was sent, byte by byte."""

    __table_args__ = (UniqueConstraint("channel", "external_id"),)


class OrderComment(Base):
    """Something said about an order; ``kind``: a comment, or a chase-up with the channel it came by."""

    __tablename__ = "order_comments"

    comment_id: Mapped[str] = mapped_column(Key, primary_key=True)
    order_id: Mapped[str] = mapped_column(Key, ForeignKey(WorkOrder.order_id, ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(16))
    channel: Mapped[str | None] = mapped_column(String(16))
    text: Mapped[str] = mapped_column(String(2000))
    mentions: Mapped[list[Any]]
    """Ids of the users whom it names."""
