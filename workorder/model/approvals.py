"""The approval rules in force with their history."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import String, Text
from sqlalchemy.orm import Mapped, mapped_column

from workorder.model.base import Base, Counter


class ApprovalVersion(Base):
    """The rules as somebody saved them; the last ones are in force. Rows are only ever added."""

    __tablename__ = "approval_versions"

    version: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(40))
    document: Mapped[str] = mapped_column(Text)
    """JSON of ``workorder.policy.approvals.ApprovalTable``."""
