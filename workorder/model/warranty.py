"""What covers appliances beyond the law: contracts with customers, and what makers promise."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from workorder.model.base import Base, Key, sorted_text
from workorder.model.customers import Asset, Customer


class ServiceContract(Base):
    """An extended warranty (延保) or a maintenance contract (维保) for one appliance, or all of a customer's."""

    __tablename__ = "service_contracts"

    contract_id: Mapped[str] = mapped_column(Key, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Key, ForeignKey(Customer.customer_id, ondelete="CASCADE"), index=True)
    asset_id: Mapped[str | None] = mapped_column(Key, ForeignKey(Asset.asset_id, ondelete="SET NULL"), index=True)
    """None: every appliance of the customer."""
    number: Mapped[str] = mapped_column(sorted_text(60), unique=True)
    kind: Mapped[str] = mapped_column(String(16))
    starts_on: Mapped[date]
    ends_on: Mapped[date]
    covers_repair: Mapped[bool] = mapped_column(default=True)
    visits_included: Mapped[int] = mapped_column(default=0)
    notes: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(40))
    edit_version: Mapped[int] = mapped_column(default=1)


class MakerTerms(Base):
    """What a maker promises for an appliance, as ``workorder.policy.warranty.Terms`` reads it."""

    __tablename__ = "maker_terms"

    terms_id: Mapped[str] = mapped_column(Key, primary_key=True)
    brand: Mapped[str] = mapped_column(String(60))
    appliance: Mapped[str] = mapped_column(String(60))
    whole_months: Mapped[int]
    part_months: Mapped[dict[str, Any]]
    from_installation: Mapped[bool] = mapped_column(default=False)
    sold_from: Mapped[date | None]
    sold_to: Mapped[date | None]
    source: Mapped[str] = mapped_column(String(200))

    __table_args__ = (Index(None, "brand", "appliance"),)
