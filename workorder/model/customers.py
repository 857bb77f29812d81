"""Customers with their phones, addresses and appliances."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship, validates

from workorder.model.base import Base, Counter, JsonColumn, Key, sorted_text
from workorder.policy.phones import tail_of
from workorder.policy.pinyin import MAX_INITIALS, MAX_PINYIN, name_keys
from workorder.policy.sounds import MAX_HOUSE, MAX_KEY, house_number, sound_key


class Customer(Base):
    """A person or household we serve; the aggregate that owns its phones, addresses and assets."""

    __tablename__ = "customers"

    customer_id: Mapped[str] = mapped_column(Key, primary_key=True)
    name: Mapped[str] = mapped_column(sorted_text(80), index=True)
    name_sound: Mapped[str] = mapped_column(sorted_text(MAX_KEY), index=True, default="", server_default="")
    """Kept with ``name``: see ``workorder.policy.sounds``."""
    name_pinyin: Mapped[str] = mapped_column(sorted_text(MAX_PINYIN), index=True, default="", server_default="")
    name_initials: Mapped[str] = mapped_column(sorted_text(MAX_INITIALS), index=True, default="", server_default="")
    """Both kept with ``name``: see ``workorder.policy.pinyin``."""
    level: Mapped[str] = mapped_column(String(16), default="normal")
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(40))
    version: Mapped[int] = mapped_column(default=1)
    """Counts every change of the customer or what belongs to it: what If-Match compares."""
    updated_at: Mapped[datetime | None]
    external_key: Mapped[str | None] = mapped_column(sorted_text(80), index=True, unique=True)
    """The key in the system a customer was imported from."""
    openid: Mapped[str | None] = mapped_column(sorted_text(64), index=True)
    """Who this is to our WeChat account."""
    miniprogram_openid: Mapped[str | None] = mapped_column(sorted_text(64), index=True)
    """Who this is to our mini-program: an openid is of one account."""
    notes: Mapped[str] = mapped_column(Text, default="", server_default="")
    merged_into: Mapped[str | None] = mapped_column(Key, index=True)
    """The customer this one turned out to be: phones, assets, orders and calls are there."""
    erased_at: Mapped[datetime | None]
    """Since when nothing personal is left; orders and appliances stay for the statistics."""

    phones: Mapped[list[CustomerPhone]] = relationship(
        order_by="CustomerPhone.position", cascade="all, delete-orphan", lazy="raise"
    )
    addresses: Mapped[list[CustomerAddress]] = relationship(
        order_by="CustomerAddress.position", cascade="all, delete-orphan", lazy="raise"
    )
    assets: Mapped[list[Asset]] = relationship(order_by="Asset.asset_id", cascade="all, delete-orphan", lazy="raise")

    __mapper_args__ = {"version_id_col": version}  # noqa: RUF012

    @property
    def gone(self) -> bool:
        """Whether nobody can be called by this record any more."""
        return self.merged_into is not None or self.erased_at is not None

    @validates("name")
    def _sounds(self, _key: str, name: str) -> str:
        self.name_sound = sound_key(name)
        self.name_pinyin, self.name_initials = name_keys(name)
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
    tail: Mapped[str] = mapped_column(sorted_text(20), index=True, default="", server_default="")
    """Kept with ``lookup``: its digits from the end."""

    # The pop starts here: with the customer in the index the table itself is not read.
    __table_args__ = (Index(None, "lookup", "customer_id"),)

    @validates("lookup")
    def _ends(self, _key: str, lookup: str) -> str:
        self.tail = tail_of(lookup)
        return lookup


class CustomerAddress(Base):
    """One place of a customer, in the four parts of a Chinese address."""

    __tablename__ = "customer_addresses"

    address_id: Mapped[str] = mapped_column(Key, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Key, ForeignKey(Customer.customer_id, ondelete="CASCADE"), index=True)
    position: Mapped[int] = mapped_column(default=0)
    label: Mapped[str | None] = mapped_column(String(40))
    division_code: Mapped[str | None] = mapped_column(String(6))
    """GB/T 2260, of the lowest part that is known."""
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
    """An appliance a customer owns.

    ``warranty_until`` and ``warranty_basis`` are worked out by ``workorder.services.warranty`` whenever what they rest
    on changes, so that the pop reads them with the card; ``stated_until`` is what the warranty card says.
    """

    __tablename__ = "assets"

    asset_id: Mapped[str] = mapped_column(Key, primary_key=True)
    customer_id: Mapped[str] = mapped_column(Key, ForeignKey(Customer.customer_id, ondelete="CASCADE"), index=True)
    appliance: Mapped[str] = mapped_column(String(60))
    brand: Mapped[str] = mapped_column(String(60), default="")
    model: Mapped[str] = mapped_column(sorted_text(80), default="", index=True)
    serial: Mapped[str] = mapped_column(sorted_text(80), default="", index=True)
    purchased_on: Mapped[date | None]
    warranty_until: Mapped[date | None]
    warranty_basis: Mapped[str | None] = mapped_column(String(16))
    stated_until: Mapped[date | None]
    installed_on: Mapped[date | None]
    replaced_on: Mapped[date | None]
    """The day it was exchanged for this one: periods start anew then."""
    invoice_no: Mapped[str] = mapped_column(String(60), default="", server_default="")
    external_key: Mapped[str | None] = mapped_column(sorted_text(80), index=True, unique=True)
    notes: Mapped[str] = mapped_column(Text, default="", server_default="")
    retired_on: Mapped[date | None]
    """Since when it is not there any more: scrapped, sold, given back."""
    edit_version: Mapped[int] = mapped_column(default=1, server_default="1")


class CustomerChange(Base):
    """One changed part of a customer: who, when, from what, to what. Rows are only added; erasing empties them."""

    __tablename__ = "customer_changes"

    change_id: Mapped[int] = mapped_column(Counter, primary_key=True, autoincrement=True)
    customer_id: Mapped[str] = mapped_column(Key, ForeignKey(Customer.customer_id, ondelete="CASCADE"), index=True)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(40))
    field: Mapped[str] = mapped_column(String(40))
    before: Mapped[Any | None] = mapped_column(JsonColumn)
    after: Mapped[Any | None] = mapped_column(JsonColumn)
    reason: Mapped[str | None] = mapped_column(String(500))
