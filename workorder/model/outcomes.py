"""What people made of the machine's values: one row per field of an order that speech had filled."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column

from workorder.model.base import Base, JsonColumn, Key
from workorder.model.orders import WorkOrder


class Outcome(StrEnum):
    """What became of a heard value."""

    ACCEPTED = "accepted"
    """Found right: ticked, or typed again just so."""
    CORRECTED = "corrected"
    EMPTIED = "emptied"
    LEFT = "left"
    """The order was created with it, unlooked at for all we know."""


class SlotOutcome(Base):
    """A heard value as it stood when a person first decided about it, and what the person made of it.

    A later change of mind changes ``outcome`` and ``final``, never what was heard. The words themselves stay in the
    transcript: ``evidence`` points to them, as in ``workorder.fields.EvidenceRef``.
    """

    __tablename__ = "slot_outcomes"

    order_id: Mapped[str] = mapped_column(Key, ForeignKey(WorkOrder.order_id, ondelete="CASCADE"), primary_key=True)
    field: Mapped[str] = mapped_column(String(40), primary_key=True)
    call_id: Mapped[str | None] = mapped_column(Key)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(40))
    outcome: Mapped[str] = mapped_column(String(16))
    heard: Mapped[Any | None] = mapped_column(JsonColumn)
    final: Mapped[Any | None] = mapped_column(JsonColumn)
    rule: Mapped[str] = mapped_column(String(80))
    confidence: Mapped[float]
    state: Mapped[str] = mapped_column(String(16))
    evidence: Mapped[list[Any]]

    __table_args__ = (Index(None, "at"),)
