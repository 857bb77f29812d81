"""Customers: what a pop shows, and the whole record.

Frozen dataclasses with the names of the HTTP interface; ``orjson.dumps`` takes them as they are. Times are aware UTC,
dates plain dates.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from workorder.views.assets import AssetView, ContractView
from workorder.views.orders import OrderBrief


@dataclass(frozen=True, slots=True)
class PhoneView:
    """A customer's number as typed, and in E.164 where it has such a form."""

    raw: str
    e164: str | None
    label: str | None


@dataclass(frozen=True, slots=True)
class AddressView:
    """A customer's address in parts and as one line."""

    address_id: str
    province: str
    city: str
    district: str
    detail: str
    display: str


@dataclass(frozen=True, slots=True)
class CustomerCard:
    """Everything the pop shows about a customer.

    Open and past orders come newest first, at most 20 and 5; drafts do not count as orders.
    """

    customer_id: str
    name: str
    level: str
    phones: tuple[PhoneView, ...]
    addresses: tuple[AddressView, ...]
    assets: tuple[AssetView, ...]
    open_orders: tuple[OrderBrief, ...]
    past_orders: tuple[OrderBrief, ...]
    order_count: int


@dataclass(frozen=True, slots=True)
class PhoneRecord:
    """A customer's number: as typed, in E.164 where it has such a form, and as people read it."""

    raw: str
    e164: str | None
    display: str
    label: str | None


@dataclass(frozen=True, slots=True)
class AddressRecord:
    """A customer's address in parts, as one line, and with its division code (GB/T 2260) where known."""

    address_id: str
    label: str | None
    division_code: str | None
    province: str
    city: str
    district: str
    detail: str
    display: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerRecord:
    """Everything on file about a customer; ``edit_version`` is the ETag of a change.

    ``merged_into`` names the customer a duplicate was merged into; after ``erased_at`` nothing personal is left.
    """

    customer_id: str
    edit_version: int
    name: str
    level: str
    notes: str
    openid: str | None
    miniprogram_openid: str | None
    external_key: str | None
    created_at: datetime
    updated_at: datetime | None
    merged_into: str | None
    erased_at: datetime | None
    phones: tuple[PhoneRecord, ...]
    addresses: tuple[AddressRecord, ...]
    assets: tuple[AssetView, ...]
    contracts: tuple[ContractView, ...]
    open_orders: tuple[OrderBrief, ...]
    past_orders: tuple[OrderBrief, ...]
    order_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CustomerHit:
    """A customer that was searched for. ``why``: "phone", "serial", "model", "name", "pinyin" or "text"."""

    customer_id: str
    name: str
    level: str
    phone: str | None
    about: str
    why: str


@dataclass(frozen=True, slots=True)
class CustomerChangeView:
    """One line of a customer's history: who changed what, from what, to what."""

    customer_id: str
    at: datetime
    by: str
    field: str
    before: object
    after: object
    reason: str | None
