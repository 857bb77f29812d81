"""Transcript → draft: each utterance revises the call's work order, which the agent sees filling in.

Extraction runs at once on the event loop (a few milliseconds at most); writing is behind it, one write at a time per
call, always with the latest state, so a slow disk skips intermediate states instead of queueing them.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.errors import CallcenterError, Unavailable
from callcenter.features.events import CallerDescribed, CallerIdentified
from callcenter.features.heard_fields import (
    draft_changes,
    draft_view,
    known_customer,
    nlp_segment,
    order_fields,
    stored_segment,
)
from callcenter.features.live_calls import LiveCalls
from callcenter.features.repeat_calls import repeat_alert
from callcenter.media.events import SegmentHeard
from callcenter.storage import call_log
from callcenter.storage.database import Database
from callcenter.storage.journal import OFF, Journal
from callcenter.telephony.events import CallAnswered, CallEnded
from nlp.extract import Extractor
from nlp.types import CallContext, Extraction, Segment, SlotContent, SlotState, SlotValue
from workorder.commands import MACHINE, OpenDraft, ReviseDraft
from workorder.errors import Conflict, WorkOrderError
from workorder.fields import AlertView
from workorder.policy.phones import PhoneReader
from workorder.services import customers, orders
from workorder.views.customers import CustomerCard
from workorder.views.orders import OrderView

log = structlog.get_logger(__name__)

RETRY_S = 1.0
LAST_WORDS_S = 5.0
"""How long after the end of a call its last utterances are still taken."""
WHO = ("customer_name", "address", "model")
"""Slots that tell who a caller is."""


class ExtractionSession(Protocol):
    """What intake needs of ``nlp.extract``: one call's understanding, utterance by utterance."""

    def push(self, segment: Segment) -> Extraction:
        """Take one utterance, give everything known so far."""
        ...

    def end(self) -> Extraction:
        """What is left of it when the call is over."""
        ...


@dataclass(slots=True)
class _Intake:
    """One call's understanding and the state of writing it down."""

    call_id: str
    context: CallContext
    customer: CustomerCard | None
    session: ExtractionSession
    said: list[Segment] = field(default_factory=list)
    latest: Extraction = field(default_factory=Extraction)
    dirty: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False
    waiting: bool = False
    """For the database."""
    writer: asyncio.Task[None] | None = None
    journalled: dict[str, bytes] = field(default_factory=dict)
    """The draft as the journal knows it."""


class Intake:
    """Keeps one extraction session per answered call and its drafts in the database."""

    def __init__(
        self,
        *,
        database: Database,
        extractor: Callable[[], Awaitable[Extractor]],
        live: LiveCalls,
        clock: Clock,
        zone: ZoneInfo,
        read_phone: PhoneReader,
        journal: Journal = OFF,
    ) -> None:
        self._journal = journal
        self._bus: Bus | None = None
        self._database = database
        self._extractor = extractor
        self._live = live
        self._clock = clock
        self._zone = zone
        self._read_phone = read_phone
        self._intakes: dict[str, _Intake] = {}
        self._ending: set[asyncio.Task[None]] = set()
        """Waiting for the last words of calls that are over."""
        self._closing: set[asyncio.Task[None]] = set()
        """Writing down what is still to be written."""
        self._stopping = asyncio.Event()

    def subscribe(self, bus: Bus) -> None:
        """Own queue, so that understanding never delays a pop."""
        self._bus = bus
        bus.subscribe(CallAnswered, self._answered, name="intake")
        bus.subscribe(CallerIdentified, self._identified, name="intake")
        bus.subscribe(SegmentHeard, self._heard, name="intake")
        bus.subscribe(CallEnded, self._ended, name="intake")

    def changed(self, order: OrderView) -> None:
        """An order was changed by a person: show it on every desk that has its call."""
        self._live.order_changed(order)

    async def aclose(self) -> None:
        """Write down what is understood but not yet written; what cannot be written now is logged as lost."""
        self._stopping.set()
        for intake in list(self._intakes.values()):
            self._close(intake)
        for waiting in self._ending:
            waiting.cancel()
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def understand(self, call_id: str) -> None:
        """Understand a call that is over from its stored words, as if it were heard now: its draft is revised.

        A saved order stays as it is. Raises NotFound, and Unavailable when the database is away.
        """
        async with self._database.read() as work:
            detail = await call_log.call_detail(work.session, call_id)
            known = await customers.cards(work.session, [detail.customer_id] if detail.customer_id else [])
        customer = known[0] if known else None
        began = detail.summary.answered_at or detail.summary.started_at
        context = CallContext(
            started_at=began.astimezone(self._zone),
            caller_number=detail.summary.number,
            customer=known_customer(customer) if customer else None,
        )
        said = [stored_segment(view) for view in detail.segments]
        session = (await self._extractor()).start(context)
        latest = await asyncio.to_thread(_push_all, session, said, Extraction())
        intake = _Intake(call_id, context, customer, session, said, latest, over=True)
        if not await self._write(intake):
            raise Unavailable("the draft could not be written", fix="it is tried again")

    async def _answered(self, event: CallAnswered) -> None:
        if event.call_id in self._intakes:
            return
        customer = self._live.customer(event.call_id)
        context = CallContext(
            started_at=event.at.astimezone(self._zone),
            caller_number=self._live.number(event.call_id, event.interface),
            customer=known_customer(customer) if customer else None,
        )
        extractor = await self._extractor()
        self._journal.context(event.call_id, context, extractor.catalogue)
        intake = _Intake(event.call_id, context, customer, extractor.start(context))
        intake.dirty.set()
        intake.writer = asyncio.create_task(self._write_on(intake), name=f"intake:{event.call_id}")
        self._intakes[event.call_id] = intake

    async def _heard(self, event: SegmentHeard) -> None:
        intake = self._intakes.get(event.call_id)
        if intake is None:
            return
        segment, before = nlp_segment(event), intake.latest.slots
        intake.said.append(segment)
        intake.latest = intake.session.push(segment)
        intake.dirty.set()
        if self._journal.on:
            self._keep(intake, [segment])
        if intake.customer is None and _who(before) != _who(intake.latest.slots):
            self._describe(intake)

    def _describe(self, intake: _Intake) -> None:
        """What an unknown caller says about who they are has changed."""
        if self._bus is not None:
            self._bus.publish(
                CallerDescribed(
                    at=self._clock.now(),
                    call_id=intake.call_id,
                    number=intake.context.caller_number,
                    slots=intake.latest.slots,
                )
            )

    async def _identified(self, event: CallerIdentified) -> None:
        """Somebody said who it is: everything said so far is understood again, knowing that."""
        intake, customer = self._intakes.get(event.call_id), self._live.customer(event.call_id)
        if intake is None or customer is None or customer.customer_id != event.customer_id:
            return
        if intake.customer is not None and intake.customer.customer_id == customer.customer_id:
            return
        context = replace(intake.context, customer=known_customer(customer))
        extractor = await self._extractor()
        session = extractor.start(context)
        # A long call takes a few hundred milliseconds: not on the event loop.
        latest = await asyncio.to_thread(_push_all, session, tuple(intake.said), intake.latest)
        intake.customer, intake.context, intake.session, intake.latest = customer, context, session, latest
        intake.dirty.set()
        if self._journal.on:
            self._journal.context(intake.call_id, context, extractor.catalogue)
            intake.journalled = {}
            self._keep(intake, intake.said)

    def _keep(self, intake: _Intake, said: Sequence[Segment]) -> None:
        """Journal utterances and what came of them."""
        for segment in said:
            self._journal.segment(intake.call_id, segment)
        view = draft_view(intake.latest)
        self._journal.draft(intake.call_id, draft_changes(intake.journalled, view))
        intake.journalled = view

    async def _ended(self, event: CallEnded) -> None:
        intake = self._intakes.get(event.call_id)
        if intake is not None:
            task = asyncio.create_task(self._end_later(intake))
            self._ending.add(task)
            task.add_done_callback(self._ending.discard)

    async def _end_later(self, intake: _Intake) -> None:
        await self._clock.sleep(LAST_WORDS_S)
        self._close(intake)

    def _close(self, intake: _Intake) -> None:
        if self._intakes.pop(intake.call_id, None) is not None:
            self._journal.closed(intake.call_id)
        intake.over = True
        intake.dirty.set()
        if intake.writer is not None:
            self._closing.add(intake.writer)
            intake.writer.add_done_callback(self._closing.discard)

    async def _write_on(self, intake: _Intake) -> None:
        """Write until the last state of a call that is over is written, however long the database is away."""
        while True:
            await intake.dirty.wait()
            intake.dirty.clear()
            over, stopping = intake.over, self._stopping.is_set()
            written = await self._write(intake)
            if written and over:
                return
            if not written and stopping:
                log.error("intake.lost", call_id=intake.call_id)
                return
            if not written:
                intake.dirty.set()
                await self._time_to_retry()

    async def _write(self, intake: _Intake) -> bool:
        """Write the latest state; False means the database is away and a later try may work."""
        latest = intake.latest
        try:
            await self._revise(intake, 1, latest)
            if latest.second:
                await self._revise(intake, 2, latest)
        except Conflict:
            log.info("intake.order_saved_already", call_id=intake.call_id)
        except WorkOrderError as error:
            log.error("intake.value_refused", call_id=intake.call_id, field=error.field, reason=error.code)
        except CallcenterError as error:
            if not intake.waiting:  # Once: a line a second and call would help nobody, least of all a full disk.
                log.error("intake.waiting", call_id=intake.call_id, reason=str(error))
            intake.waiting = True
            return False
        except Exception:  # the border of this consumer loop: the next state of the draft is tried again
            log.exception("intake.failed", call_id=intake.call_id)
        intake.waiting = False
        return True

    async def _time_to_retry(self) -> None:
        """A while, or until we stop."""
        ways = {asyncio.ensure_future(self._clock.sleep(RETRY_S)), asyncio.ensure_future(self._stopping.wait())}
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()

    async def _revise(self, intake: _Intake, sequence: int, latest: Extraction) -> None:
        now = self._clock.now()
        async with self._database.write() as uow:
            order = await orders.open_draft(uow.session, self._draft(intake, sequence, now))
            typed = {name: value for name, value in order.fields.items() if value.touched}
            if intake.over and not typed:  # What a person works at stays an order.
                latest = intake.session.end()
            heard = order_fields(latest.slots, latest.summary) if sequence == 1 else order_fields(latest.second, "")
            known = intake.customer.open_orders if intake.customer else ()
            alerts = tuple(AlertView(alert.kind, alert.display) for alert in latest.alerts)
            revised = await orders.revise_draft(
                uow.session,
                ReviseDraft(
                    by=MACHINE,
                    at=now,
                    order_id=order.order_id,
                    fields=heard,
                    summary=latest.summary,
                    alerts=alerts + repeat_alert({**heard, **typed}, known),
                    suggested_priority=latest.suggested_priority,
                ),
            )
            await uow.commit()
        self._live.order_changed(revised)

    def _draft(self, intake: _Intake, sequence: int, now: datetime) -> OpenDraft:
        number = intake.context.caller_number
        key = self._read_phone(number)
        return OpenDraft(
            by=MACHINE,
            at=now,
            call_id=intake.call_id,
            customer_id=intake.customer.customer_id if intake.customer else None,
            sequence=sequence,
            fields={"contact_phone": number} if key.e164 else {},
        )


def _who(slots: Sequence[SlotValue]) -> list[SlotContent]:
    """What was said about who is calling."""
    return [slot.value for slot in slots if slot.name in WHO and slot.state is not SlotState.WITHDRAWN]


def _push_all(session: ExtractionSession, said: Sequence[Segment], nothing: Extraction) -> Extraction:
    """The state after the last utterance; ``nothing`` when nobody has spoken yet."""
    latest = nothing
    for segment in said:
        latest = session.push(segment)
    return latest
