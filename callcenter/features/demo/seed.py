"""Sample customers with appliances and past orders, put on file through the same services everything else uses."""

from __future__ import annotations

import importlib.resources
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import yaml
from sqlalchemy import select

from callcenter.storage.database import Database, UnitOfWork
from workorder.commands import CreateCustomer, CreateOrder, MoveOrder, NewAsset, OpenDraft, RecordRepair
from workorder.fields import FieldContent, UsedPart
from workorder.model.customers import Customer
from workorder.policy.lifecycle import Action, Confirmation, Status
from workorder.services import customers, lifecycle, orders, repairs, service_level
from workorder.views.customers import CustomerCard

BY = "demo"
VISIT = (
    Action.DISPATCH,
    Action.ACCEPT,
    Action.DEPART,
    Action.ARRIVE,
    Action.BEGIN,
    Action.COMPLETE,
    Action.CONFIRM,
    Action.FOLLOW_UP,
)
"""What an order that was done went through; one with ``status: created`` still waits."""
YEAR = timedelta(days=365.25)
ZONE = ZoneInfo("Asia/Shanghai")


async def seed(database: Database, *, now: datetime) -> int:
    """Put the sample customers on file unless somebody is there already; returns how many were added."""
    async with database.write() as work:
        if await work.session.scalar(select(Customer.customer_id).limit(1)):
            return 0
        entries = _entries()
        for entry in entries:
            await _add(work, entry, now)
        await work.commit()
    return len(entries)


def _entries() -> list[dict[str, Any]]:
    text = importlib.resources.files(__package__).joinpath("customers.yaml").read_text("utf-8")
    entries: list[dict[str, Any]] = yaml.safe_load(text)
    return entries


async def _add(work: UnitOfWork, entry: dict[str, Any], now: datetime) -> None:
    card = await customers.create_customer(
        work.session,
        CreateCustomer(
            by=BY,
            at=now - 3 * YEAR,
            name=entry["name"],
            phones=tuple(entry["phones"]),
            address=entry["address"],
            level=entry.get("level", "normal"),
            assets=tuple(_asset(asset, now.date()) for asset in entry["assets"]),
        ),
    )
    for order in entry.get("orders", ()):
        await _past_order(work, card, order, now)


def _asset(entry: dict[str, Any], today: date) -> NewAsset:
    bought = today - entry["purchased_years_ago"] * YEAR
    return NewAsset(
        appliance=entry["appliance"],
        brand=entry["brand"],
        model=entry["model"],
        serial=entry["serial"],
        purchased_on=bought,
        warranty_until=bought + entry["warranty_years"] * YEAR,
    )


async def _past_order(work: UnitOfWork, card: CustomerCard, entry: dict[str, Any], now: datetime) -> None:
    at = _in_the_morning(now - timedelta(days=entry["days_ago"]))
    fields: dict[str, FieldContent | None] = {
        name: entry[name] for name in ("service_type", "appliance", "brand", "fault") if name in entry
    }
    if entry["service_type"] == "install":
        visit = at + timedelta(days=1)
        fields["appointment"] = {"start": visit.isoformat(), "end": (visit + timedelta(hours=2)).isoformat()}
    draft = await orders.open_draft(work.session, OpenDraft(by=BY, at=at, customer_id=card.customer_id, fields=fields))
    await orders.create_order(work.session, CreateOrder(by=BY, at=at, order_id=draft.order_id))
    if entry.get("status") == Status.CREATED:
        await _calm(work, draft.order_id, now)
        return
    for step, action in enumerate(VISIT, start=1):
        command = MoveOrder(
            by=BY,
            at=at + step * timedelta(minutes=12),
            order_id=draft.order_id,
            action=action,
            confirmation=Confirmation.CUSTOMER if action is Action.CONFIRM else None,
        )
        await lifecycle.move_order(work.session, command)
    if found := entry.get("found"):
        await _visit(work, draft.order_id, found, at + VISIT.index(Action.COMPLETE) * timedelta(minutes=12))


def _in_the_morning(moment: datetime) -> datetime:
    """When such orders come in, at whatever hour the demo is begun: visits at night take no working time."""
    return moment.astimezone(ZONE).replace(hour=9, minute=20, second=0, microsecond=0).astimezone(UTC)


async def _visit(work: UnitOfWork, order_id: str, found: dict[str, Any], at: datetime) -> None:
    parts = tuple(UsedPart(**part) for part in found.get("parts", ()))
    command = RecordRepair(
        by=BY,
        at=at,
        order_id=order_id,
        finding=found["finding"],
        action=found["action"],
        parts=parts,
        minutes=found["minutes"],
    )
    await repairs.record_repair(work.session, command)


async def _calm(work: UnitOfWork, order_id: str, now: datetime) -> None:
    """Nobody is alarmed about what fell due before the demo began; the order's clock shows it all the same."""
    order = await orders.locked(work.session, order_id)
    order.sla_checked_at = now
    await service_level.refresh(work.session, order, at=now)
