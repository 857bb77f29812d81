"""What has done its work goes after its time; what is still needed, and the audit, stay."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from callcenter.clock import VirtualClock
from callcenter.features.spent_rows import EVERY_S, SpentRows
from callcenter.storage.database import Database
from callcenter.storage.deliveries import WAITING
from callcenter.storage.spent_rows import BATCH, SPENT
from callcenter.storage.tables import (
    AuditRow,
    DeliveryRow,
    IdempotencyRow,
    LoginTokenRow,
    OutboxRow,
    SessionRow,
    UserRow,
)
from workorder.model.orders import WorkOrder
from workorder.model.service_levels import SlaAlert
from workorder.model.timers import Timer

NOW = datetime(2026, 11, 27, 9, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def message(tag: str, at: datetime, state: str) -> DeliveryRow:
    return DeliveryRow(
        delivery_id=f"D{tag}", event_id=f"E{tag}", event_type="X", event={}, rule="r", order_id=None, audience="customer",
        channel="sms", recipient="1", subject="", text="", state=state, attempts=1, created_at=at, due_at=at,
    )  # fmt: skip


def order(tag: str, status: str, at: datetime) -> WorkOrder:
    return WorkOrder(
        order_id=f"O{tag}", number=f"N{tag}", status=status, created_at=at, created_by="u", alerts=[], field_values={}
    )


def alert(tag: str, at: datetime) -> SlaAlert:
    return SlaAlert(order_id=f"O{tag}", at=at, due_at=at, alert="warned", mark="resolve", tier="standard")


async def fill(database: Database, *, ago: timedelta, tag: str) -> None:
    """One row of every kind that was over ``ago``, and one audit line of then."""
    over = NOW - ago
    async with database.write() as work:
        work.session.add(UserRow(user_id=f"U{tag}", username=f"u{tag}", display_name="u", roles=[], created_at=over))
        await work.session.flush()
        work.session.add_all(
            [
                Timer(timer_id=f"T{tag}", kind="x", subject=tag, due_at=over, try_at=over, fired_at=over),
                message(tag, over, "delivered"),
                order(tag, "confirmed", over),
                order(f"open{tag}", "created", over),
                OutboxRow(event_id=f"E{tag}", event_type="X", body={}, recorded_at=over, sent_at=over),
                IdempotencyRow(
                    user_id=f"U{tag}", key="k", request_hash="h", status=200, headers={}, body=b"", created_at=over
                ),
                SessionRow(token_hash=f"S{tag}", user_id=f"U{tag}", csrf_token="c", created_at=over, expires_at=over),
                LoginTokenRow(token_hash=f"L{tag}", user_id=f"U{tag}", expires_at=over),
                AuditRow(at=over, by="u", action="x", subject=tag, detail=None),
            ]
        )
        await work.session.flush()
        work.session.add_all([alert(tag, over), alert(f"open{tag}", over)])
        await work.commit()


async def counts(database: Database) -> dict[str, int]:
    async with database.read() as work:
        found = {
            kind: await work.session.scalar(select(func.count()).select_from(spent.table)) or 0
            for kind, spent in SPENT.items()
        }
        return {**found, "audit": await work.session.scalar(select(func.count()).select_from(AuditRow)) or 0}


async def test_rows_go_when_their_time_is_over(database: Database):
    """What shows what happened after the days of the setting, the rest a day after its end; the audit stays whole.

    Alerts go with closed orders only.
    """
    for number, ago in enumerate((timedelta(0), 2 * DAY, 29 * DAY, 31 * DAY)):
        await fill(database, ago=ago, tag=str(number))
    removed = await SpentRows(database=database, clock=VirtualClock(NOW), keep_days=30).sweep()
    assert removed == {
        "events": 1, "timers": 1, "deliveries": 1, "sla_alerts": 1, "idempotency_keys": 3, "sessions": 3, "login_tokens": 3,
    }  # fmt: skip
    assert await counts(database) == {
        "events": 3, "timers": 3, "deliveries": 3, "sla_alerts": 7, "idempotency_keys": 1, "sessions": 1, "login_tokens": 1,
        "audit": 4,
    }  # fmt: skip


async def test_what_is_not_over_stays(database: Database):
    """An event or a message that was never sent and a timer that did not fire are needed, however old they are."""
    old = NOW - 1000 * DAY
    async with database.write() as work:
        work.session.add(OutboxRow(event_id="E", event_type="X", body={}, recorded_at=old, sent_at=None))
        work.session.add_all(message(state, old, state) for state in WAITING)
        work.session.add(Timer(timer_id="T", kind="x", subject="s", due_at=old, try_at=old, body={}))
        await work.commit()
    removed = await SpentRows(database=database, clock=VirtualClock(NOW), keep_days=1).sweep()
    assert not any(removed.values())
    assert (await counts(database))["events"] == 1


async def test_many_rows_go_in_small_transactions(database: Database):
    """More than one batch goes in one sweep."""
    async with database.write() as work:
        work.session.add_all(
            OutboxRow(event_id=f"E{n}", event_type="X", body={}, recorded_at=NOW, sent_at=NOW - 90 * DAY)
            for n in range(BATCH + 3)
        )
        await work.commit()
    removed = await SpentRows(database=database, clock=VirtualClock(NOW), keep_days=30).sweep()
    assert removed["events"] == BATCH + 3
    assert EVERY_S >= 60
