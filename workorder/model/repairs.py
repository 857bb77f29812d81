"""What technicians found and did, visit by visit."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from workorder.model.base import Base, Key
from workorder.model.orders import WorkOrder


class OrderRepair(Base):
    """The record of one visit. Rows are only added: whoever erred records what is right, naming what it corrects."""

    __tablename__ = "order_repairs"

    repair_id: Mapped[str] = mapped_column(Key, primary_key=True)
    order_id: Mapped[str] = mapped_column(Key, ForeignKey(WorkOrder.order_id, ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    """When the visit was put on record first; a correction keeps it, the trail has its own moment."""
    by: Mapped[str] = mapped_column(String(40))
    finding: Mapped[str] = mapped_column(String(2000))
    action: Mapped[str] = mapped_column(String(2000))
    parts: Mapped[list[Any]]
    """``workorder.fields.UsedPart`` as JSON."""
    minutes: Mapped[int | None]
    """At work on this visit."""
    corrects: Mapped[str | None] = mapped_column(Key, index=True, unique=True)
    """The record of the same visit that this one stands in for."""
