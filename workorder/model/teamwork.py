"""What people do together on an order: files, tasks side by side, and questions somebody else decides."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ForeignKey, Index, String, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from workorder.model.base import Base, Key
from workorder.model.orders import WorkOrder


def _order() -> Mapped[str]:
    return mapped_column(Key, ForeignKey(WorkOrder.order_id, ondelete="CASCADE"), index=True)


class OrderAttachment(Base):
    """A file of an order. The bytes are kept by their SHA-256: the same file is stored once, whoever attaches it."""

    __tablename__ = "order_attachments"

    attachment_id: Mapped[str] = mapped_column(Key, primary_key=True)
    order_id: Mapped[str] = _order()
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(40))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    size_bytes: Mapped[int] = mapped_column(BigInteger)
    media_type: Mapped[str] = mapped_column(String(80))
    filename: Mapped[str] = mapped_column(String(200))
    removed_at: Mapped[datetime | None]
    """Taken out of sight; the trail says by whom."""

    __table_args__ = (UniqueConstraint("order_id", "sha256", "filename"),)


class OrderTask(Base):
    """Something to do for an order beside other things; ``blocks``: the step that waits for it, None for none."""

    __tablename__ = "order_tasks"

    task_id: Mapped[str] = mapped_column(Key, primary_key=True)
    order_id: Mapped[str] = _order()
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(40))
    title: Mapped[str] = mapped_column(String(200))
    assignee: Mapped[str | None] = mapped_column(String(40), index=True)
    blocks: Mapped[str | None] = mapped_column(String(20))
    done_at: Mapped[datetime | None]
    done_by: Mapped[str | None] = mapped_column(String(40))


class OrderApproval(Base):
    """A question whether something may be done, and who decided what."""

    __tablename__ = "order_approvals"

    approval_id: Mapped[str] = mapped_column(Key, primary_key=True)
    order_id: Mapped[str] = _order()
    subject: Mapped[str] = mapped_column(String(20))
    roles: Mapped[list[Any]] = mapped_column(server_default=text("""'["supervisor", "admin"]'"""))
    """Who can decide: as the rule said when it was asked, whatever rules are saved afterwards."""
    asked_at: Mapped[datetime]
    asked_by: Mapped[str] = mapped_column(String(40))
    reason: Mapped[str] = mapped_column(String(500))
    amount_minor: Mapped[int | None] = mapped_column(BigInteger)
    decision: Mapped[str] = mapped_column(String(16))
    decided_at: Mapped[datetime | None]
    decided_by: Mapped[str | None] = mapped_column(String(40))
    comment: Mapped[str | None] = mapped_column(String(500))

    __table_args__ = (Index(None, "decision", "asked_at"),)
