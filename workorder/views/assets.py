"""Appliances, their warranty, contracts and maintenance.

Frozen dataclasses with the names of the HTTP interface; ``orjson.dumps`` takes them as they are. Times are aware UTC,
dates plain dates.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class AssetView:
    """An appliance on file; ``warranty`` is "in", "extended", "out" or "unknown" on the day asked.

    ``warranty_basis`` says what that rests on: "law", "maker", "stated" or "contract".
    """

    asset_id: str
    appliance: str
    brand: str
    model: str
    serial: str
    purchased_on: date | None
    warranty_until: date | None
    warranty: str
    warranty_basis: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetRecord:
    """Everything on file about an appliance; ``edit_version`` is the ETag of a change."""

    asset_id: str
    edit_version: int
    customer_id: str
    appliance: str
    brand: str
    model: str
    serial: str
    purchased_on: date | None
    installed_on: date | None
    replaced_on: date | None
    invoice_no: str
    stated_until: date | None
    retired_on: date | None
    external_key: str | None
    notes: str
    warranty: str
    warranty_until: date | None
    warranty_basis: str | None


@dataclass(frozen=True, slots=True)
class ReasonView:
    """One step of a warranty decision: a stable code, the sentence in both languages, and where it stands."""

    code: str
    text: str
    text_en: str
    citation: str
    citation_en: str


@dataclass(frozen=True, slots=True, kw_only=True)
class WarrantyView:
    """The decision for an appliance, or one part of it, on a day.

    ``state``: "in" (保内), "extended" (延保), "out" (保外) or "unknown"; ``until``: the last day of the cover that
    counts; ``remedies``: "return", "exchange", "repair", free of charge.
    """

    on: date
    part: str | None
    state: str
    until: date | None
    basis: str | None
    remedies: tuple[str, ...]
    reasons: tuple[ReasonView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderWarrantyView:
    """What the customer claims against what is so. ``agrees`` is None while one of the two is not known."""

    order_id: str
    asset_id: str | None
    claimed: bool | None
    agrees: bool | None
    warranty: WarrantyView


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractView:
    """An extended warranty or maintenance contract."""

    contract_id: str
    number: str
    customer_id: str
    asset_id: str | None
    kind: str
    starts_on: date
    ends_on: date
    covers_repair: bool
    visits_included: int
    notes: str
    edit_version: int


@dataclass(frozen=True, slots=True)
class VisitView:
    """A visit of a maintenance plan; without an order it was overtaken by the next one."""

    due_on: date
    order_id: str | None
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanView:
    """A maintenance plan; ``next_on`` is the next due day, ``stopped_because`` says why there is none any more."""

    plan_id: str
    edit_version: int
    customer_id: str
    asset_id: str | None
    contract_id: str | None
    title: str
    interval_months: int
    lead_days: int
    first_on: date
    ends_on: date | None
    next_on: date | None
    active: bool
    stopped_because: str | None
    notes: str
    visits: tuple[VisitView, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TermsView:
    """A maker's terms."""

    brand: str
    appliance: str
    whole_months: int
    part_months: Mapping[str, int]
    from_installation: bool
    sold_from: date | None
    sold_to: date | None
    source: str
