"""Messages: the rules that send them, what became of each, and what the application tells its users."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from callcenter.features.notify.notices import Notice, notice
from callcenter.features.notify.rules import DEFAULTS, ChannelName, NotifyTable
from callcenter.features.notify.wording import (
    OF_THE_EVENT,
    SAMPLES,
    Language,
    WordingProblem,
    filled_where_possible,
    order_values,
    problems_in,
)
from callcenter.logs import mask_receiver
from callcenter.storage import audit, deliveries, users
from callcenter.storage.tables import DeliveryRow, NotifyVersionRow
from callcenter.web.api.catalogue import check
from callcenter.web.ask import Ask, Id, Input
from workorder.services import orders
from workorder.views.pages import Page

State = Literal["queued", "sending", "failed", "delivered", "dead"]


class NewRules(Input):
    """Rules to put in force, and the version they were made from."""

    version: Annotated[int, Field(ge=0, le=2**31)]
    table: NotifyTable


class NotifyVersionQuery(Input):
    """A page of versions; ``cursor`` is the version of the last one seen."""

    cursor: Annotated[int, Field(ge=0, le=2**31)] | None = None
    limit: int = Field(default=20, ge=1, le=50)


class Words(Input):
    """A template as it is typed: it may still have problems."""

    subject: Annotated[str, Field(max_length=200)] = ""
    text: Annotated[str, Field(max_length=2000)]


class PreviewWanted(Input):
    """A template to look at, with the values of an order, or made-up ones."""

    wording: Words
    language: Language = "zh"
    order_id: Id | None = None


class TryOut(Input):
    """A message to send at once by ``lane`` (``sms``, ``email``, ``webhook:<name>``) to a number or mail address."""

    lane: Annotated[str, Field(min_length=1, max_length=60)]
    to: Annotated[str, Field(max_length=200)] = ""
    subject: Annotated[str, Field(max_length=600)] = "callcenter"
    text: Annotated[str, Field(min_length=1, max_length=2000)] = "测试消息 / test"


class DeliveryQuery(Input):
    """Filters; ``cursor`` is the key of the last message seen."""

    cursor: Id | None = None
    limit: int = Field(default=50, ge=1, le=200)
    state: State | None = None
    channel: ChannelName | None = None


class ReadNotices(Input):
    """Which notices were seen; without ``ids`` all."""

    ids: Annotated[tuple[Id, ...], Field(max_length=200)] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NotifyView:
    """The rules in force (version 0: built in) and the ways out that config.yaml sets up."""

    version: int
    at: datetime | None
    by: str | None
    table: NotifyTable
    lanes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NotifyVersion:
    """Rules as somebody put them in force; version 0, which nobody saved, is built in."""

    version: int
    at: datetime | None
    by: str | None
    table: NotifyTable


@dataclass(frozen=True, slots=True)
class Fault:
    """What keeps ``line`` (from 1) of a template from being filled in; ``name``: the unknown variable."""

    field: Literal["subject", "text"]
    line: int
    code: str
    name: str | None
    message: str


@dataclass(frozen=True, slots=True)
class Preview:
    """A message as it would leave; lines with a problem stay as they were typed."""

    subject: str
    text: str
    problems: tuple[Fault, ...]


@dataclass(frozen=True, slots=True)
class Taken:
    """The other side took the message over; ``reference`` is its own, where it gives one."""

    reference: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsent:
    """How many messages are on their way (``failed``: to be tried again), and how many were given up (``dead``)."""

    queued: int = 0
    sending: int = 0
    failed: int = 0
    dead: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryView:
    """A message and what became of it; the receiver's number is masked."""

    delivery_id: str
    order_id: str | None
    event_type: str
    rule: str
    audience: str
    channel: str
    recipient: str
    subject: str
    text: str
    state: str
    attempts: int
    created_at: datetime
    due_at: datetime
    delivered_at: datetime | None
    last_error: str | None


@dataclass(frozen=True, slots=True)
class Notices:
    """The newest notices, and how many of all are unread."""

    items: tuple[Notice, ...]
    unread: int


async def read_rules(ask: Ask) -> NotifyView:
    """The rules, templates and quiet hours in force."""
    return _rules(ask, await deliveries.rules_in_force(ask.rows))


async def versions(ask: Ask, query: NotifyVersionQuery) -> Page[NotifyVersion]:
    """What was in force when, the newest first, at last what is built in."""
    if query.cursor == 0:
        return Page(())
    rows = await deliveries.rule_versions(ask.rows, before=query.cursor, limit=query.limit)
    items = tuple(map(_version, rows))
    if len(items) == query.limit:
        return Page(items, str(items[-1].version))
    return Page((*items, NotifyVersion(0, None, None, DEFAULTS)))


async def save_rules(ask: Ask, body: NewRules) -> NotifyView:
    """Put other rules in force; they hold for what happens from now on."""
    at = ask.services.clock.now()
    row = await deliveries.save_rules(
        ask.rows, body.table.model_dump_json(), seen_version=body.version, by=ask.who.user_id, at=at
    )
    await audit.add(ask.rows, at=at, by=ask.who.user_id, action="notify.saved", subject=str(row.version))
    ask.after_commit.append(ask.services.notify.changed)
    return _rules(ask, row)


async def preview(ask: Ask, body: PreviewWanted) -> Preview:
    """A template as a message, with the values of an order or made-up ones, and what is wrong with it."""
    values = SAMPLES[body.language]
    if body.order_id is not None:
        order = await orders.get_order(ask.rows, body.order_id)
        handler = await users.by_id(ask.rows, order.handler) if order.handler else None
        zone, english = ZoneInfo(ask.services.settings.timezone), check(ask.services.catalogue()).english
        known = order_values(order, {}, zone, body.language, handler, english=english)
        values = known | {name: values[name] for name in OF_THE_EVENT}
    subject, text = body.wording.subject, body.wording.text
    problems = (
        *(_fault("subject", problem) for problem in problems_in(subject)),
        *(_fault("text", problem) for problem in problems_in(text)),
    )
    return Preview(filled_where_possible(subject, values), filled_where_possible(text, values), problems)


async def try_out(ask: Ask, body: TryOut) -> Taken:
    """Send a message at once to see that a way out works.

    It is no order's message: nothing is planned, tried again or kept but who tried which way.
    """
    who, at = ask.who.user_id, ask.services.clock.now()
    async with ask.services.database.write() as work:
        await audit.add(work.session, at=at, by=who, action="notify.tried", subject=body.lane)
        await work.commit()
    return Taken(await ask.services.ways_out.try_out(body.lane, to=body.to, subject=body.subject, text=body.text))


async def find(ask: Ask, query: DeliveryQuery) -> Page[DeliveryView]:
    """Messages, newest first."""
    rows = await deliveries.find(
        ask.rows, state=query.state, channel=query.channel, before=query.cursor, limit=query.limit + 1
    )
    items = tuple(map(_view, rows[: query.limit]))
    return Page(items, items[-1].delivery_id if len(rows) > query.limit else None)


async def unsent(ask: Ask) -> Unsent:
    """How many messages have not reached anybody yet, by state."""
    return Unsent(**await deliveries.unsent(ask.rows))


async def of_order(ask: Ask, order_id: Id) -> Page[DeliveryView]:
    """What was sent about an order, newest first."""
    await orders.get_order(ask.rows, order_id)
    return Page(tuple(map(_view, await deliveries.find(ask.rows, order_id=order_id, limit=200))))


async def replay(ask: Ask, delivery_id: Id) -> DeliveryView:
    """Send a dead message once more."""
    at = ask.services.clock.now()
    row = await deliveries.replay(ask.rows, delivery_id, at=at)
    await audit.add(ask.rows, at=at, by=ask.who.user_id, action="notify.replayed", subject=delivery_id)
    return _view(row)


async def notices(ask: Ask) -> Notices:
    """What the application told this user, newest first."""
    rows, unread = await deliveries.notices(ask.rows, ask.who.user_id)
    return Notices(tuple(map(notice, rows)), unread)


async def read_notices(ask: Ask, body: ReadNotices) -> Notices:
    """Mark notices as seen."""
    await deliveries.mark_read(ask.rows, ask.who.user_id, at=ask.services.clock.now(), ids=body.ids)
    return await notices(ask)


def _fault(field: Literal["subject", "text"], problem: WordingProblem) -> Fault:
    return Fault(field, problem.line, problem.code, problem.name, problem.message)


def _rules(ask: Ask, row: NotifyVersionRow | None) -> NotifyView:
    lanes = ask.services.notify.lanes()
    if row is None:
        return NotifyView(version=0, at=None, by=None, table=DEFAULTS, lanes=lanes)
    found = _version(row)
    return NotifyView(version=found.version, at=found.at, by=found.by, table=found.table, lanes=lanes)


def _version(row: NotifyVersionRow) -> NotifyVersion:
    return NotifyVersion(row.version, row.at, row.by, NotifyTable.model_validate_json(row.document))


def _view(row: DeliveryRow) -> DeliveryView:
    return DeliveryView(
        delivery_id=row.delivery_id,
        order_id=row.order_id,
        event_type=row.event_type,
        rule=row.rule,
        audience=row.audience,
        channel=row.channel,
        recipient=mask_receiver(row.channel, row.recipient),
        subject=row.subject,
        text=row.text,
        state=row.state,
        attempts=row.attempts,
        created_at=row.created_at,
        due_at=row.due_at,
        delivered_at=row.delivered_at,
        last_error=row.last_error,
    )
