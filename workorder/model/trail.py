"""Who changed what on an order: lines that are only ever added, each chained to the one before it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from workorder.model.base import Base, Counter, JsonColumn, Key


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailLine:
    """One changed field (or ``status``) of an order: who, when, from what, to what, and why.

    ``hash`` is ``workorder.policy.chain.link`` of the line and of the order's line before it; the order keeps the
    newest in ``trail_head``. Lines are made by ``WorkOrder.stamp`` and written with their order.
    """

    order_id: str
    at: datetime
    by: str
    field: str
    before: object
    after: object
    reason: str | None
    hash: str


class OrderChange(Base):
    """A ``TrailLine`` on file, as it is read; ``change_id`` grows with each."""

    __tablename__ = "work_order_changes"

    change_id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    order_id: Mapped[str] = mapped_column(Key, ForeignKey("work_orders.order_id", ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(40))
    field: Mapped[str] = mapped_column(String(40))
    before: Mapped[Any | None] = mapped_column(JsonColumn)
    after: Mapped[Any | None] = mapped_column(JsonColumn)
    reason: Mapped[str | None] = mapped_column(String(500))
    hash: Mapped[str] = mapped_column(String(64), default="")
