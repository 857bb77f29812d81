"""Maintenance plans and the visits they led to."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from workorder.model.base import Base, Key
from workorder.model.customers import Asset, Customer
from workorder.model.warranty import ServiceContract


class MaintenancePlan(Base):
    """A visit every so many months to one appliance, or to a customer; within a contract, or by itself.

    ``done_on`` is the due day of the last visit that has its order (or was overtaken by time).
    """

    __tablename__ = "maintenance_plans"

    plan_id: Mapped[str] = mapped_column(Key, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Key, ForeignKey(Customer.customer_id, ondelete="CASCADE"), index=True)
    asset_id: Mapped[str | None] = mapped_column(Key, ForeignKey(Asset.asset_id, ondelete="SET NULL"), index=True)
    contract_id: Mapped[str | None] = mapped_column(
        Key, ForeignKey(ServiceContract.contract_id, ondelete="SET NULL"), index=True
    )
    title: Mapped[str] = mapped_column(String(80))
    interval_months: Mapped[int]
    lead_days: Mapped[int]
    first_on: Mapped[date]
    ends_on: Mapped[date | None]
    done_on: Mapped[date | None]
    next_on: Mapped[date | None] = mapped_column(index=True)
    active: Mapped[bool] = mapped_column(default=True)
    stopped_because: Mapped[str | None] = mapped_column(String(40))
    notes: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(40))
    edit_version: Mapped[int] = mapped_column(default=1)


class MaintenanceVisit(Base):
    """A visit of a plan: its key makes the order once. ``order_id`` None: overtaken by the next one."""

    __tablename__ = "maintenance_visits"

    plan_id: Mapped[str] = mapped_column(Key, ForeignKey(MaintenancePlan.plan_id, ondelete="CASCADE"), primary_key=True)
    due_on: Mapped[date] = mapped_column(primary_key=True)
    order_id: Mapped[str | None] = mapped_column(Key, index=True)
    at: Mapped[datetime]
