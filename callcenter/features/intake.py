"""Transcript → draft: each utterance revises the call's work order, which the agent sees filling in.

Extraction runs at once on the event loop (a few milliseconds at most); writing is behind it, one write at a time per
call, always with the latest state, so a slow disk skips intermediate states instead of queueing them.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from zoneinfo import ZoneInfo

import structlog

from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.errors import CallcenterError
from callcenter.features.heard_fields import draft_changes, draft_view, known_customer, nlp_segment, order_fields
from callcenter.features.live_calls import LiveCalls
from callcenter.media.events import SegmentHeard
from callcenter.storage.database import Database
from callcenter.storage.journal import OFF, Journal
from callcenter.telephony.events import CallAnswered, CallEnded
from nlp.extract import Extractor
from nlp.types import CallContext, Extraction, Segment, SlotValue
from workorder.commands import MACHINE, OpenDraft, ReviseDraft
from workorder.errors import Conflict, WorkOrderError
from workorder.policy.phones import PhoneReader
from workorder.services import orders
from workorder.views import AlertView, OrderView

log = structlog.get_logger(__name__)

RETRY_S = 1.0
LAST_WORDS_S = 5.0
"""How long after the end of a call its last utterances are still taken."""


class ExtractionSession(Protocol):
    """What intake needs of ``nlp.extract``: one call's understanding, utterance by utterance."""

    def push(self, segment: Segment) -> Extraction:
        """Take one utterance, give everything known so far."""
        ...


@dataclass(slots=True)
class _Intake:
    """One call's understanding and the state of writing it down."""

    call_id: str
    customer_id: str | None
    number: str | None
    session: ExtractionSession
    latest: Extraction = field(default_factory=Extraction)
    dirty: asyncio.Event = field(default_factory=asyncio.Event)
    over: bool = False
    writer: asyncio.Task[None] | None = None
    journalled: dict[str, bytes] = field(default_factory=dict)
    """The draft as the journal knows it."""


class Intake:
    """Keeps one extraction session per answered call and its drafts in the database."""

    def __init__(
        self,
        *,
        database: Database,
        extractor: Extractor,
        live: LiveCalls,
        clock: Clock,
        zone: ZoneInfo,
        read_phone: PhoneReader,
        journal: Journal = OFF,
    ) -> None:
        self._journal = journal
        self._database = database
        self._extractor = extractor
        self._live = live
        self._clock = clock
        self._zone = zone
        self._read_phone = read_phone
        self._intakes: dict[str, _Intake] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def subscribe(self, bus: Bus) -> None:
        """Own queue, so that understanding never delays a pop."""
        bus.subscribe(CallAnswered, self._answered, name="intake")
        bus.subscribe(SegmentHeard, self._heard, name="intake")
        bus.subscribe(CallEnded, self._ended, name="intake")

    def changed(self, order: OrderView) -> None:
        """An order was changed by a person: show it on every desk that has its call."""
        self._live.order_changed(order)

    async def aclose(self) -> None:
        """Write down what is understood but not yet written."""
        for intake in list(self._intakes.values()):
            self._close(intake)
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _answered(self, event: CallAnswered) -> None:
        if event.call_id in self._intakes:
            return
        talk = self._live.talk(event.call_id)
        number = self._live.number(event.call_id, event.interface)
        context = CallContext(
            started_at=event.at.astimezone(self._zone),
            caller_number=number,
            customer=known_customer(talk.customer) if talk and talk.customer else None,
        )
        self._journal.context(event.call_id, context)
        customer_id = talk.customer.customer_id if talk and talk.customer else None
        intake = _Intake(event.call_id, customer_id, number, self._extractor.start(context))
        intake.dirty.set()
        intake.writer = asyncio.create_task(self._write_on(intake), name=f"intake:{event.call_id}")
        self._intakes[event.call_id] = intake

    async def _heard(self, event: SegmentHeard) -> None:
        intake = self._intakes.get(event.call_id)
        if intake is not None:
            intake.latest = intake.session.push(nlp_segment(event))
            intake.dirty.set()
            if self._journal.on:
                self._keep(intake, event)

    def _keep(self, intake: _Intake, event: SegmentHeard) -> None:
        """Journal the utterance and what came of it."""
        self._journal.segment(intake.call_id, nlp_segment(event))
        view = draft_view(intake.latest)
        self._journal.draft(intake.call_id, draft_changes(intake.journalled, view))
        intake.journalled = view

    async def _ended(self, event: CallEnded) -> None:
        intake = self._intakes.get(event.call_id)
        if intake is not None:
            task = asyncio.create_task(self._end_later(intake))
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

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
        """Write until the call is over and its last state is written, or cannot be written any more."""
        last = False
        while not last:
            await intake.dirty.wait()
            intake.dirty.clear()
            last = intake.over
            if not await self._write(intake) and not last:
                intake.dirty.set()
                await self._clock.sleep(RETRY_S)

    async def _write(self, intake: _Intake) -> bool:
        """Write the latest state; False means the database is away and a later try may work."""
        latest = intake.latest
        try:
            await self._revise(intake, 1, latest.slots, latest)
            if latest.second:
                await self._revise(intake, 2, latest.second, latest)
        except Conflict:
            log.info("intake.order_saved_already", call_id=intake.call_id)
        except WorkOrderError as error:
            log.error("intake.value_refused", call_id=intake.call_id, field=error.field, reason=error.code)
        except CallcenterError as error:
            log.warning("intake.not_written", call_id=intake.call_id, reason=str(error))
            return False
        return True

    async def _revise(self, intake: _Intake, sequence: int, slots: tuple[SlotValue, ...], latest: Extraction) -> None:
        now = self._clock.now()
        async with self._database.write() as uow:
            order = await orders.open_draft(uow.session, self._draft(intake, sequence, now))
            revised = await orders.revise_draft(
                uow.session,
                ReviseDraft(
                    by=MACHINE,
                    at=now,
                    order_id=order.order_id,
                    fields=order_fields(slots, latest.summary if sequence == 1 else ""),
                    summary=latest.summary,
                    alerts=tuple(AlertView(alert.kind, alert.display) for alert in latest.alerts),
                    suggested_priority=latest.suggested_priority,
                ),
            )
            await uow.commit()
        self._live.order_changed(revised)

    def _draft(self, intake: _Intake, sequence: int, now: datetime) -> OpenDraft:
        key = self._read_phone(intake.number)
        return OpenDraft(
            by=MACHINE,
            at=now,
            call_id=intake.call_id,
            customer_id=intake.customer_id,
            sequence=sequence,
            fields={"contact_phone": intake.number} if key.e164 else {},
        )
