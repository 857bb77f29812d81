"""Something that is to happen at a moment, kept with the rows it is about: it outlives the process."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index, String, text
from sqlalchemy.orm import Mapped, mapped_column

from workorder.model.base import Base, JsonColumn, Key

PENDING = text("fired_at IS NULL")


class Timer(Base):
    """``kind`` says what is to happen, ``subject`` to what (an order's key): of each pair at most one is pending.

    ``try_at`` is ``due_at`` until an attempt failed. A timer that fired is only a record.
    """

    __tablename__ = "timers"

    timer_id: Mapped[str] = mapped_column(Key, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    subject: Mapped[str] = mapped_column(String(120))
    due_at: Mapped[datetime]
    try_at: Mapped[datetime]
    body: Mapped[Any | None] = mapped_column(JsonColumn)
    fired_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    last_error: Mapped[str | None] = mapped_column(String(500))

    __table_args__ = (
        Index("uq_timers_pending", "kind", "subject", unique=True, sqlite_where=PENDING, postgresql_where=PENDING),
        # Only pending timers are in these two indexes: finding the next one costs the same after a million fired ones.
        Index("ix_timers_pending", "try_at", "timer_id", sqlite_where=PENDING, postgresql_where=PENDING),
    )
