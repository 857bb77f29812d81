"""Messages on their way: planned once per event, rule and receiver, claimed by whoever sends, kept with their fate."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.errors import Conflict, NotFound
from callcenter.ids import new_id
from callcenter.storage.tables import UNDELIVERED, WAITING_TO_LEAVE, DeliveryRow, NotifyVersionRow, OutboxRow
from workorder.services.timers import set_timer

TIMER = "notify.due"
"""Kind of the timer that wakes the sender; its subject is the delivery's key."""
LEASE = timedelta(seconds=60)
"""After this long a message that is being sent counts as not sent: its sender is gone."""
DELIVERED = "delivered"
WAITING = ("queued", "sending", "failed")
_INSERT: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A message that is to leave at ``due_at``; ``delivered``: it is there already (in_app)."""

    event_id: str
    event_type: str
    event: dict[str, Any]
    rule: str
    order_id: str
    audience: str
    channel: str
    recipient: str
    subject: str
    text: str
    at: datetime
    due_at: datetime
    delivered: bool = False


async def plan(session: AsyncSession, planned: Planned) -> str | None:
    """Keep the message and wake the sender when it is due; its key, or None when it was planned before."""
    row = {
        "delivery_id": new_id(),
        **{
            name: getattr(planned, name)
            for name in ("event_id", "event_type", "event", "rule", "order_id", "audience", "channel", "recipient")
        },
        "subject": planned.subject[:600],
        "text": planned.text,
        "state": "delivered" if planned.delivered else "queued",
        "attempts": 0,
        "created_at": planned.at,
        "due_at": planned.due_at,
        "delivered_at": planned.at if planned.delivered else None,
    }
    insert = _INSERT[session.get_bind().dialect.name](DeliveryRow).values(row)
    done = await session.execute(insert.on_conflict_do_nothing(index_elements=["event_id", "rule", "recipient"]))
    if not cast("CursorResult[Any]", done).rowcount:
        return None
    if not planned.delivered:
        await set_timer(session, kind=TIMER, subject=str(row["delivery_id"]), due_at=planned.due_at)
    return str(row["delivery_id"])


async def told_since(session: AsyncSession, *, rule: str, recipient: str, order_id: str, since: datetime) -> bool:
    """Whether the receiver heard of the rule and order after ``since``."""
    statement = select(func.count()).where(
        DeliveryRow.order_id == order_id,
        DeliveryRow.rule == rule,
        DeliveryRow.recipient == recipient,
        DeliveryRow.created_at > since,
    )
    return bool(await session.scalar(statement))


async def claim(
    session: AsyncSession, *, channel: str, recipient: str | None, now: datetime, limit: int = 20
) -> list[DeliveryRow]:
    """Take due messages of a channel (of one receiver of it) for sending; others' fresh claims are left alone."""
    statement = select(DeliveryRow).where(WAITING_TO_LEAVE, DeliveryRow.due_at <= now, DeliveryRow.channel == channel)
    if recipient is not None:
        # No index of receivers: a webhook's name is on every message it ever got, and few of all wait.
        statement = statement.where(DeliveryRow.recipient.concat("") == recipient)
    rows = list(
        await session.scalars(
            statement.order_by(DeliveryRow.due_at, DeliveryRow.delivery_id)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )
    for row in rows:
        row.state, row.due_at, row.attempts = "sending", now + LEASE, row.attempts + 1
    return rows


async def sent(session: AsyncSession, delivery_id: str, *, at: datetime, reference: str | None) -> None:
    """It was taken over by the other side."""
    await _set(session, delivery_id, state="delivered", delivered_at=at, reference=reference, last_error=None)


async def put_off(session: AsyncSession, row: DeliveryRow, *, until: datetime, error: str, tried: bool) -> None:
    """Try again at ``until``; ``tried`` false: it was not even sent, and that try does not count."""
    attempts = row.attempts if tried else row.attempts - 1
    await _set(
        session,
        row.delivery_id,
        state="failed" if tried else "queued",
        due_at=until,
        last_error=error[:500],
        attempts=attempts,
    )
    await set_timer(session, kind=TIMER, subject=row.delivery_id, due_at=until)


async def bury(session: AsyncSession, delivery_id: str, *, error: str) -> None:
    """It will not be tried again unless somebody says so."""
    await _set(session, delivery_id, state="dead", last_error=error[:500])


async def replay(session: AsyncSession, delivery_id: str, *, at: datetime) -> DeliveryRow:
    """Send a dead message once more. Raises NotFound, Conflict when it is not dead."""
    row = await session.get(DeliveryRow, delivery_id, with_for_update=True)
    if row is None:
        raise NotFound(f"there is no message {delivery_id}", field="delivery_id")
    if row.state != "dead":
        raise Conflict(f"the message is {row.state}: only dead ones are sent again", field="delivery_id")
    row.state, row.attempts, row.due_at = "queued", 0, at
    await session.flush()
    await set_timer(session, kind=TIMER, subject=delivery_id, due_at=at)
    return row


async def find(
    session: AsyncSession,
    *,
    order_id: str | None = None,
    state: str | None = None,
    channel: str | None = None,
    before: str | None = None,
    limit: int = 50,
) -> Sequence[DeliveryRow]:
    """The newest first; ``before`` is the key of the last one seen."""
    statement = select(DeliveryRow).order_by(DeliveryRow.delivery_id.desc()).limit(limit)
    if state is not None and state != DELIVERED:
        statement = statement.where(UNDELIVERED)
    wanted = {DeliveryRow.order_id: order_id, DeliveryRow.state: state, DeliveryRow.channel: channel}
    for column, value in wanted.items():
        if value is not None:
            statement = statement.where(column == value)
    if before is not None:
        statement = statement.where(DeliveryRow.delivery_id < before)
    return (await session.scalars(statement)).all()


async def notices(session: AsyncSession, user_id: str, *, limit: int = 50) -> tuple[Sequence[DeliveryRow], int]:
    """What the application told a user, the newest first, and how many of all are unread."""
    mine = (DeliveryRow.channel == "in_app", DeliveryRow.recipient == user_id)
    rows = await session.scalars(select(DeliveryRow).where(*mine).order_by(DeliveryRow.delivery_id.desc()).limit(limit))
    unread = await session.scalar(select(func.count()).where(*mine, DeliveryRow.read_at.is_(None)))
    return rows.all(), unread or 0


async def mark_read(session: AsyncSession, user_id: str, *, at: datetime, ids: Collection[str] | None = None) -> None:
    """The user has seen these (or all)."""
    statement = update(DeliveryRow).where(
        DeliveryRow.channel == "in_app", DeliveryRow.recipient == user_id, DeliveryRow.read_at.is_(None)
    )
    if ids is not None:
        statement = statement.where(DeliveryRow.delivery_id.in_(list(ids)))
    await session.execute(statement.values(read_at=at).execution_options(synchronize_session=False))


async def counts(session: AsyncSession) -> dict[str, int]:
    """Messages by state."""
    rows = await session.execute(select(DeliveryRow.state, func.count()).group_by(DeliveryRow.state))
    return {row[0]: row[1] for row in rows}


async def unsent(session: AsyncSession) -> dict[str, int]:
    """Messages that nobody got yet, by state; those that arrived are not read."""
    statement = select(DeliveryRow.state, func.count()).where(UNDELIVERED).group_by(DeliveryRow.state)
    return {row[0]: row[1] for row in await session.execute(statement)}


async def forget(session: AsyncSession, order_ids: Collection[str]) -> None:
    """Remove all messages about these orders: they tell who somebody is, and those on their way are not to arrive."""
    statement = delete(DeliveryRow).where(DeliveryRow.order_id.in_(list(order_ids)))
    await session.execute(statement.execution_options(synchronize_session=False))


async def rules_in_force(session: AsyncSession) -> NotifyVersionRow | None:
    """The newest saved rules; None: the built-in ones."""
    return await session.scalar(select(NotifyVersionRow).order_by(NotifyVersionRow.version.desc()).limit(1))


async def rule_versions(session: AsyncSession, *, before: int | None = None, limit: int = 50) -> list[NotifyVersionRow]:
    """Rules as they were saved, the newest first, those older than version ``before``."""
    statement = select(NotifyVersionRow).order_by(NotifyVersionRow.version.desc()).limit(limit)
    if before is not None:
        statement = statement.where(NotifyVersionRow.version < before)
    return list(await session.scalars(statement))


async def save_rules(
    session: AsyncSession, document: str, *, seen_version: int | None, by: str, at: datetime
) -> NotifyVersionRow:
    """Put rules in force. Raises Conflict when somebody else saved some after version ``seen_version`` was read."""
    current = await rules_in_force(session)
    version = current.version if current else 0
    if seen_version is not None and seen_version != version:
        raise Conflict(
            f"somebody else saved version {version} (you saw {seen_version})",
            field="version",
            fix="load the rules again and repeat the change",
        )
    row = NotifyVersionRow(at=at, by=by, document=document)
    session.add(row)
    await session.flush()
    return row


async def events_since(
    session: AsyncSession, since: datetime, kinds: Collection[str], *, after: int, limit: int
) -> Sequence[OutboxRow]:
    """The first events of these types behind position ``after``, in order: what a process relayed but never planned."""
    statement = select(OutboxRow).where(
        OutboxRow.position > after, OutboxRow.recorded_at >= since, OutboxRow.event_type.in_(sorted(kinds))
    )
    return (await session.scalars(statement.order_by(OutboxRow.position).limit(limit))).all()


async def _set(session: AsyncSession, delivery_id: str, **values: Any) -> None:
    statement = update(DeliveryRow).where(DeliveryRow.delivery_id == delivery_id).values(values)
    await session.execute(statement.execution_options(synchronize_session=False))
