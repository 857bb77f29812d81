"""kill -9 in the middle of work, again and again, and what must be true afterwards.

    python -m tests.crashes URL [--rounds 20] [--seed 1]

Each round forks a child that works on the database from many sides at once (orders lived through, a batch in one
transaction, customers, the relay) and is killed at a random moment. What the child was told is committed it writes to a
file. Prints one JSON object: what was done, and ``faults``, which must be empty.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import func, select, text
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.bus.local import LocalBus
from callcenter.clock import SystemClock
from callcenter.storage.database import Database
from callcenter.storage.relay import Relay
from callcenter.storage.tables import OutboxRow
from workorder.commands import CreateCustomer, CreateOrder, MoveOrder, NewPhone, OpenDraft
from workorder.errors import WorkOrderError
from workorder.events import DomainEvent
from workorder.model.customers import CustomerPhone
from workorder.model.orders import WorkOrder
from workorder.model.trail import OrderChange
from workorder.policy.lifecycle import Action, Status, actions
from workorder.services import customers, lifecycle, orders, trail
from workorder.views.orders import OrderView

FIELDS = {
    "service_type": "repair", "contact_phone": "13800138000", "appliance": "空调", "brand": "格力", "fault": "漏水",
    "address": {"city": "杭州市", "district": "西湖区", "detail": "文三路288号"},
}  # fmt: skip
STEPS = ("WorkOrderCreated", "WorkOrderCancelled", "WorkOrderMoved")
LIVES, BATCH, MOVES_EACH = 4, 5, 6
READY_S = 60.0
CHECK_EVERY = 10


# ---- the child: works until it is killed ----------------------------------------------------------------------------


class Notes:
    """What the child knows for certain, in files that survive it."""

    def __init__(self, folder: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
        self._told = os.open(folder / "told", flags)
        self._delivered = os.open(folder / "delivered", flags)

    def told(self, kind: str, key: str, version: int = 0) -> None:
        os.write(self._told, f"{kind} {key} {version}\n".encode())

    async def delivered(self, event: DomainEvent) -> None:
        os.write(self._delivered, f"{event.event_id}\n".encode())


async def work(url: str, folder: Path, seed: int) -> None:
    """From many sides at once, for ever."""
    rng, notes, database = random.Random(seed), Notes(folder), await Database.open(url)
    bus = LocalBus()
    bus.subscribe(DomainEvent, notes.delivered, name="notes")
    lives = [live(database, notes, rng) for _ in range(LIVES)]
    relay = Relay(database, bus, SystemClock())
    await asyncio.gather(relay.run(), batches(database, notes), people(database, notes), *lives)


async def live(database: Database, notes: Notes, rng: random.Random) -> None:
    """One order after another, from the draft through random steps."""
    while True:
        order = await opened(database)
        notes.told("order", order.order_id, order.edit_version)
        async with database.write() as unit:
            order = await orders.create_order(unit.session, CreateOrder(by="u1", at=now(), order_id=order.order_id))
            await unit.commit()
        notes.told("number", order.number or "", 0)
        for _ in range(MOVES_EACH):
            try:
                order = await moved(database, order, rng)
            except WorkOrderError:
                continue
            notes.told("order", order.order_id, order.edit_version)


async def opened(database: Database) -> OrderView:
    async with database.write() as unit:
        order = await orders.open_draft(unit.session, OpenDraft(by="u1", at=now(), fields=FIELDS))
        await unit.commit()
    return order


async def moved(database: Database, order: OrderView, rng: random.Random) -> OrderView:
    possible = [action for action in actions(Status(order.status)) if action is not Action.CANCEL or rng.random() < 0.2]
    if not possible:
        return order
    command = MoveOrder(
        by="u1", at=now(), order_id=order.order_id, action=rng.choice(possible), reason="x", confirmation="customer"
    )
    async with database.write() as unit:
        order = await lifecycle.move_order(unit.session, command)
        await unit.commit()
    return order


async def batches(database: Database, notes: Notes) -> None:
    """Several orders in one transaction, as an import writes them."""
    while True:
        batch = os.urandom(6).hex()
        async with database.write() as unit:
            for _ in range(BATCH):
                fields = {**FIELDS, "model": batch}
                draft = await orders.open_draft(unit.session, OpenDraft(by="import", at=now(), fields=fields))
                await orders.create_order(unit.session, CreateOrder(by="import", at=now(), order_id=draft.order_id))
            await unit.commit()
        notes.told("batch", batch)


async def people(database: Database, notes: Notes) -> None:
    """Customers with a number each."""
    while True:
        command = CreateCustomer(by="u1", at=now(), name="王芳", phones=(NewPhone(number="13800138000"),))
        async with database.write() as unit:
            card = await customers.create_customer(unit.session, command)
            await unit.commit()
        notes.told("customer", card.customer_id)


def now() -> datetime:
    return datetime.now(UTC)


# ---- what must be true ----------------------------------------------------------------------------------------------


async def faults(url: str, folder: Path) -> tuple[list[str], dict[str, int]]:
    """Everything that is not as it must be, and what there is; the relay sends the rest first."""
    database = await Database.open(url)
    try:
        bus, notes = LocalBus(), Notes(folder)
        bus.subscribe(DomainEvent, notes.delivered, name="notes")
        relay = Relay(database, bus, SystemClock())
        while await relay.send_batch():
            pass
        await bus.aclose()
        async with database.read() as unit:
            found = [fault async for fault in _faults(unit.session, folder)]
            if (
                database.url.get_backend_name() == "sqlite"
                and (said := await unit.session.scalar(text("PRAGMA quick_check"))) != "ok"
            ):
                found.append(f"the file is damaged: {said}")
            return found, await _figures(unit.session, folder)
    finally:
        await database.aclose()


async def _faults(session: AsyncSession, folder: Path) -> Any:
    for fault in (await trail.verify(session)).faults:
        yield f"trail of {fault.order_id}: {fault.problem}"
    kept = {
        row.order_id: row
        for row in await session.execute(
            select(WorkOrder.order_id, WorkOrder.edit_version, WorkOrder.number, WorkOrder.status, WorkOrder.model)
        )
    }
    numbers = Counter(row.number for row in kept.values() if row.number)
    for number, times in numbers.items():
        if times > 1:
            yield f"number {number} was given {times} times"
    for row in kept.values():
        if (row.status == Status.DRAFT) != (row.number is None) and row.status != Status.CANCELLED:
            yield f"half an order: {row.order_id} is {row.status} with number {row.number}"
    batches_found = Counter(row.model for row in kept.values() if row.model)
    for batch, size in batches_found.items():
        if size != BATCH:
            yield f"half a batch: {batch} has {size}"
    people_found = set(await session.scalars(select(CustomerPhone.customer_id)))
    known = {"order": kept, "number": numbers, "batch": batches_found, "customer": people_found}
    for kind, key, version in told(folder):
        if key not in known[kind]:
            yield f"lost: {kind} {key} was committed and is gone"
        elif kind == "order" and kept[key].edit_version < version:
            yield f"lost: version {version} of order {key}"
    for fault in await _outbox_faults(session, folder, len(kept)):
        yield fault


async def _outbox_faults(session: AsyncSession, folder: Path, order_count: int) -> list[str]:
    """Each step of a trail has its event, each event was delivered at least once."""
    found = []
    by_type = dict(
        (await session.execute(select(OutboxRow.event_type, func.count()).group_by(OutboxRow.event_type))).all()
    )
    steps = await session.scalar(
        select(func.count()).where(OrderChange.field == "status", OrderChange.before.is_not(None))
    )
    if steps != sum(by_type.get(name, 0) for name in STEPS):
        found.append(f"{steps} steps in the trails, {by_type} in the outbox")
    if by_type.get("DraftOpened", 0) != order_count:
        found.append(f"{order_count} orders, {by_type.get('DraftOpened', 0)} were opened")
    events = set(await session.scalars(select(OutboxRow.event_id)))
    missing = events - set(delivered(folder))
    if missing:
        found.append(f"{len(missing)} events were never delivered, such as {min(missing)}")
    if unknown := set(delivered(folder)) - events:
        found.append(f"{len(unknown)} events were delivered and did not happen")
    return found


async def _figures(session: AsyncSession, folder: Path) -> dict[str, int]:
    got = delivered(folder)
    return {
        "orders": await session.scalar(select(func.count()).select_from(WorkOrder)) or 0,
        "changes": await session.scalar(select(func.count()).select_from(OrderChange)) or 0,
        "events": len(set(got)),
        "delivered_again": len(got) - len(set(got)),
        "told": sum(1 for _ in told(folder)),
    }


def told(folder: Path) -> Iterator[tuple[str, str, int]]:
    """A line that the kill cut off was never told."""
    for line in _whole_lines(folder / "told"):
        kind, key, version = line.split(" ")
        yield kind, key, int(version)


def delivered(folder: Path) -> list[str]:
    return _whole_lines(folder / "delivered")


def _whole_lines(file: Path) -> list[str]:
    return file.read_text("ascii").split("\n")[:-1] if file.exists() else []


# ---- the drill ------------------------------------------------------------------------------------------------------


def drill(url: str, *, rounds: int, seed: int) -> dict[str, Any]:
    """Fork, kill, look; stops at the first fault."""
    rng = random.Random(seed)
    asyncio.run(_migrate(url))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for number in range(1, rounds + 1):
            _kill_one(url, folder, rng)
            if number % CHECK_EVERY == 0 or number == rounds:
                found, figures = asyncio.run(faults(url, folder))
                if found or number == rounds:
                    return {"rounds": number, **figures, "faults": found}
    raise ValueError("at least one round")


async def _migrate(url: str) -> None:
    database = await Database.open(url)
    await database.upgrade()
    await database.aclose()


def _kill_one(url: str, folder: Path, rng: random.Random) -> None:
    before, seed, moment_s = len(_whole_lines(folder / "told")), rng.getrandbits(32), rng.uniform(0, 0.8)
    if (child := os.fork()) == 0:
        try:
            asyncio.run(work(url, folder, seed))
        finally:
            os._exit(1)
    began = time.monotonic()
    while len(_whole_lines(folder / "told")) == before:
        if time.monotonic() - began > READY_S or os.waitpid(child, os.WNOHANG) != (0, 0):
            raise RuntimeError("the child did nothing, or ended by itself")
        time.sleep(0.002)
    time.sleep(moment_s)
    os.kill(child, signal.SIGKILL)
    _, status = os.waitpid(child, 0)
    if os.waitstatus_to_exitcode(status) != -signal.SIGKILL:
        raise RuntimeError("the child ended by itself")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url")
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    sys.stdout.write(json.dumps(drill(options.url, rounds=options.rounds, seed=options.seed)) + "\n")
