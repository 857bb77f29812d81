"""From a fact to the messages it calls for: rules, receivers, words, quiet hours, and each of them once.

Planning a message is a row in one transaction; sending it is somebody else's work (``sender``). An event that comes
twice, or again after a crash, plans nothing new.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any, Protocol
from zoneinfo import ZoneInfo

import orjson
import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from callcenter.auth.permissions import Role
from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.errors import CallcenterError
from callcenter.features.notify.rules import DEFAULTS, KEYED, MessageRule, NotifyTable, filled, sendable_at
from callcenter.features.notify.wording import Language, order_values
from callcenter.storage import deliveries, outbox, users
from callcenter.storage.database import Database
from callcenter.storage.tables import OutboxRow
from workorder.errors import NotFound
from workorder.events import OrderEvent
from workorder.policy.channels import Channel
from workorder.policy.phones import PhoneReader
from workorder.services import orders
from workorder.services.openids import openid_of
from workorder.views.orders import OrderView

log = structlog.get_logger(__name__)

SWEEP_BACK = timedelta(hours=24)
"""How far back a start looks for events that nobody planned."""
SWEEP_PAGE = 20
"""Events that are read and planned before calls, which cannot wait, get a rest."""
REST_S = 0.05
CACHE_S = 15.0
"""How old the rules may be that another process saved."""


class Notices(Protocol):
    """Shows users what the application tells them, where they are logged in."""

    def told(self, user_id: str, body: Mapping[str, object]) -> None:
        """Queue one ``notice`` frame; returns at once."""
        ...


class Planner:
    """Subscribes to orders' events; ``lanes`` are the ways out that are set up (``sms``, ``webhook:crm`` …).

    ``english`` gives the English names of the catalogue in force.
    """

    def __init__(
        self,
        *,
        database: Database,
        clock: Clock,
        zone: ZoneInfo,
        notices: Notices,
        lanes: Collection[str],
        language: Language,
        read_phone: PhoneReader,
        english: Callable[[], Mapping[str, str]],
    ) -> None:
        self._database = database
        self._clock = clock
        self._zone = zone
        self._notices = notices
        self._lanes = frozenset(lanes)
        self._language = language
        self._read_phone = read_phone
        self._english = english
        self._table: tuple[NotifyTable, datetime | None] = (DEFAULTS, None)
        self._read_at: float | None = None

    def subscribe(self, bus: Bus) -> None:
        """Own queue: a slow database delays messages, nothing else."""
        bus.subscribe(OrderEvent, self.handle, name="notify")

    def changed(self) -> None:
        """The rules were saved: look again."""
        self._read_at = None

    def lanes(self) -> tuple[str, ...]:
        """The ways out that are set up."""
        return tuple(sorted(self._lanes))

    async def handle(self, event: OrderEvent) -> None:
        """Plan what ``event`` calls for."""
        table, _ = await self._rules()
        content = orjson.loads(orjson.dumps(asdict(event)))
        rules = [rule for rule in table.rules if rule.fits(type(event).__name__, content)]
        if not rules:
            return
        told: list[tuple[str, Mapping[str, object]]] = []
        async with self._database.write() as work:
            try:
                order = await orders.get_order(work.session, event.order_id)
            except NotFound:
                return
            for rule in rules:
                told += await self._plan(work.session, table, rule, event, content, order)
            await work.commit()
        for user_id, body in told:
            self._notices.told(user_id, body)

    async def sweep(self) -> None:
        """Once at the start: events that a process relayed but died before planning, a page at a time."""
        try:
            table, saved_at = await self._rules()
            since = max(self._clock.now() - SWEEP_BACK, saved_at or datetime.min.replace(tzinfo=self._zone))
            kinds = {rule.event for rule in table.rules}
            rows = await self._unplanned(since, kinds, 0)
            while rows:
                for row in rows:
                    event = outbox.decode(row)
                    if isinstance(event, OrderEvent):
                        await self.handle(event)
                if len(rows) == SWEEP_PAGE:
                    await self._clock.sleep(REST_S)
                rows = await self._unplanned(since, kinds, rows[-1].position)
        except CallcenterError as error:
            log.error("notify.sweep_failed", reason=str(error))

    async def _unplanned(self, since: datetime, kinds: Collection[str], after: int) -> Sequence[OutboxRow]:
        async with self._database.read() as work:
            return await deliveries.events_since(work.session, since, kinds, after=after, limit=SWEEP_PAGE)

    async def _rules(self) -> tuple[NotifyTable, datetime | None]:
        if self._read_at is None or self._clock.monotonic() - self._read_at > CACHE_S:
            async with self._database.read() as work:
                row = await deliveries.rules_in_force(work.session)
            self._table = (NotifyTable.model_validate_json(row.document), row.at) if row else (DEFAULTS, None)
            self._read_at = self._clock.monotonic()
        return self._table

    async def _plan(
        self,
        session: AsyncSession,
        table: NotifyTable,
        rule: MessageRule,
        event: OrderEvent,
        content: dict[str, Any],
        order: OrderView,
    ) -> list[tuple[str, Mapping[str, object]]]:
        """Plan a rule's messages; those that are there at once are returned by user."""
        lane = f"webhook:{rule.to}" if rule.channel == "webhook" else rule.channel
        if rule.channel != "in_app" and lane not in self._lanes:
            return []
        now = self._clock.now()
        quiet = None if rule.critical or rule.channel == "in_app" else table.quiet_hours.get(rule.audience)
        language, wording = table.wording(rule, self._language)
        handler = await users.by_id(session, order.handler) if order.handler else None
        values = order_values(order, content, self._zone, language, handler, english=self._english())
        if rule.channel in KEYED:
            # A line is a keyword there.
            values = {name: " ".join(value.split()) for name, value in values.items()}
        subject, text = filled(wording, values)
        told: list[tuple[str, Mapping[str, object]]] = []
        for recipient in await self._receivers(session, rule, content, order):
            if rule.dedupe_min and await deliveries.told_since(
                session,
                rule=rule.name,
                recipient=recipient,
                order_id=order.order_id,
                since=now - timedelta(minutes=rule.dedupe_min),
            ):
                continue
            planned = deliveries.Planned(
                event_id=event.event_id,
                event_type=type(event).__name__,
                event=content,
                rule=rule.name,
                order_id=order.order_id,
                audience=rule.audience,
                channel=rule.channel,
                recipient=recipient,
                subject=subject,
                text=text,
                at=now,
                due_at=sendable_at(quiet, now.astimezone(self._zone)),
                delivered=rule.channel == "in_app",
            )
            key = await deliveries.plan(session, planned)
            if key is not None and planned.delivered:
                about = {"order_id": order.order_id, "event_type": planned.event_type, "critical": rule.critical}
                told.append((recipient, {"notice_id": key, "at": now, "subject": subject, "text": text, **about}))
        return told

    async def _receivers(
        self, session: AsyncSession, rule: MessageRule, content: Mapping[str, Any], order: OrderView
    ) -> Sequence[str]:
        match rule.audience:
            case "address":
                return (rule.to or "",)
            case "handler":
                return (order.handler,) if order.handler else ()
            case "mentioned":
                return tuple(content.get("mentions") or ())
            case "asked_by":
                return (str(content["asked_by"]),) if content.get("asked_by") else ()
            case "supervisors":
                found = await users.list_users(session)
                bosses = {Role.SUPERVISOR.value, Role.ADMIN.value}
                return tuple(user.user_id for user in found if user.active and bosses & set(user.roles))
            case "customer":
                address = await self._customer(session, rule, order)
                return (address,) if address else ()

    async def _customer(self, session: AsyncSession, rule: MessageRule, order: OrderView) -> str | None:
        if rule.channel in KEYED:
            return await openid_of(session, order, Channel(rule.channel))
        phone = order.fields.get("contact_phone")
        number = self._read_phone(phone.value) if phone and isinstance(phone.value, str) else None
        return number.lookup if number is not None else None
