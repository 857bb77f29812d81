"""Customers with their phones, addresses and appliances."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from workorder.model.base import Base, Key, sorted_text
from workorder.policy.sounds import MAX_HOUSE, MAX_KEY, house_number, sound_key


class Customer(Base):
    """A person or household we serve; the aggregate that owns its phones, addresses and assets."""

    __tablename__ = "customers"

    customer_id: Mapped[str] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(sorted_text(80), index=True)
    name_sound: Mapped[str] = mapped_column(sorted_text(MAX_KEY), index=True, default="", server_default="")
    """Kept with ``name``: see ``workorder.policy.sounds``."""
    level: Mapped[str] = mapped_column(String(16), default="normal")
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(default=1)

    phones: Mapped[list[CustomerPhone]] = relationship(
        order_by="CustomerPhone.position", cascade="all, delete-orphan", lazy="raise"
    )
    addresses: Mapped[list[CustomerAddress]] = relationship(
        order_by="CustomerAddress.position", cascade="all, delete-orphan", lazy="raise"
    )
    assets: Mapped[list[Asset]] = relationship(order_by="Asset.asset_id", cascade="all, delete-orphan", lazy="raise")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @validates("name")
    def _sounds(self, _key: str, name: str) -> str:
        self.name_sound = sound_key(name)
        return name


class CustomerPhone(Base):
    """One number of a customer; several customers may share a ``lookup`` (see ``workorder.policy.phones``)."""

    __tablename__ = "customer_phones"

    phone_id: Mapped[str] = mapped_column(Key, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Key, ForeignKey(Customer.customer_id, ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    raw: Mapped[str] = mapped_column(String(40))
    e164: Mapped[str | None] = mapped_column(String(20))
    lookup: Mapped[str] = mapped_column(sorted_text(40))
    label: Mapped[str | None] = mapped_column(String(40))

    # The pop starts here: with the customer in the index the table itself is not read.
    __table_args__ = (Index(None, "lookup", "customer_id"),)


class CustomerAddress(Base):
    """One place of a customer, in the four parts of a Chinese address."""

    __tablename__ = "customer_addresses"

    address_id: Mapped[str] = mapped_column(Key, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Key, ForeignKey(Customer.customer_id, ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    province: Mapped[str] = mapped_column(String(200), default="")
    city: Mapped[str] = mapped_column(String(200), default="")
    district: Mapped[str] = mapped_column(String(200), default="")
    detail: Mapped[str] = mapped_column(String(200), default="")
    house: Mapped[str] = mapped_column(String(MAX_HOUSE), default="", server_default="")
    """Kept with ``detail``: its first number."""

    __table_args__ = (Index(None, "district", "house"),)

    @validates("detail")
    def _numbered(self, _key: str, detail: str) -> str:
        self.house = house_number(detail)
        return detail


class Asset(Base):
    """An appliance a customer owns."""

    __tablename__ = "assets"

    asset_id: Mapped[str] = mapped_column(Key, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Key, ForeignKey(Customer.customer_id, ondelete="CASCADE"), index=True)
    appliance: Mapped[str] = mapped_column(String(60))
    brand: Mapped[str] = mapped_column(String(60), default="")
    model: Mapped[str] = mapped_column(String(80), default="")
    serial: Mapped[str] = mapped_column(sorted_text(80), default="", index=True)
    purchased_on: Mapped[date | None]
    warranty_until: Mapped[date | None]
