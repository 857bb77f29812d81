"""The service levels in force with their history, and what became of each order's."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from workorder.model.base import Base, Counter, Key
from workorder.model.orders import WorkOrder


class SlaVersion(Base):
    """A table of service levels as somebody saved it; the last one is in force. Rows are only ever added."""

    __tablename__ = "sla_versions"

    version: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(40))
    document: Mapped[str] = mapped_column(Text)
    """JSON of ``workorder.policy.sla_table.SlaTable``."""


class SlaAlert(Base):
    """An alert that was raised for an order: ``workorder.policy.sla_watch.Alert`` and what it was about."""

    __tablename__ = "sla_alerts"

    alert_id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    order_id: Mapped[str] = mapped_column(Key, ForeignKey(WorkOrder.order_id, ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    due_at: Mapped[datetime]
    alert: Mapped[str] = mapped_column(String(20))
    mark: Mapped[str] = mapped_column(String(40))
    tier: Mapped[str] = mapped_column(String(40))
    probability: Mapped[float | None]
