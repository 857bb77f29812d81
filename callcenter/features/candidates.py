"""Callers behind hidden, shared or unknown numbers: while they speak, the customers they may be, likeliest first.

The database makes a small choice by indexes, the ranking by sound then runs in a thread; calls wait for neither.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import structlog

from callcenter.bus.port import Bus
from callcenter.errors import CallcenterError
from callcenter.features.events import CallerDescribed
from callcenter.features.heard_fields import known_customer
from callcenter.features.live_calls import LiveCalls
from callcenter.storage.database import Database
from nlp.known import rank_candidates
from nlp.types import SlotState, SlotValue
from workorder.policy.phones import PhoneReader
from workorder.services.customers import cards_by_phone
from workorder.services.lookalikes import lookalikes
from workorder.views.customers import CustomerCard

log = structlog.get_logger(__name__)

Cards = tuple[CustomerCard, ...]

SHOWN = 6
"""Candidates on the desk; those who share the number are always among them."""


class Candidates:
    """Shows on the desks who may be speaking, for the agent to pick from."""

    def __init__(self, *, database: Database, live: LiveCalls, read_phone: PhoneReader) -> None:
        self._database = database
        self._live = live
        self._read_phone = read_phone

    def subscribe(self, bus: Bus) -> None:
        """Own queue: neither pops nor understanding wait for a search."""
        bus.subscribe(CallerDescribed, self._described, name="candidates")

    async def _described(self, event: CallerDescribed) -> None:
        if not self._unknown(event.call_id):
            return
        try:
            shared, alike = await self._choose(event)
        except CallcenterError as error:
            # The desk keeps what it shows; the next words try again.
            log.warning("candidates.not_searched", call_id=event.call_id, reason=str(error))
            return
        ranked = await asyncio.to_thread(rank, event.slots, shared, alike)
        if self._unknown(event.call_id):
            self._live.identified(event.call_id, None, ranked)

    def _unknown(self, call_id: str) -> bool:
        talk = self._live.talk(call_id)
        return talk is not None and talk.customer is None

    async def _choose(self, event: CallerDescribed) -> tuple[Cards, Cards]:
        """Those who share the number, and those who sound alike."""
        name, address = spoken(event.slots, "customer_name"), spoken(event.slots, "address")
        async with self._database.read() as work:
            shared = await cards_by_phone(work.session, self._read_phone(event.number))
            alike = await lookalikes(
                work.session,
                name=name if isinstance(name, str) else None,
                address=address if isinstance(address, dict) else None,
            )
        return shared, alike


def rank(slots: Sequence[SlotValue], shared: Cards, alike: Cards) -> Cards:
    """By likeness to what was heard; those who share the number come last when nothing speaks for them, but come."""
    cards = {card.customer_id: card for card in (*shared, *alike)}
    ranked = rank_candidates(slots, [(key, known_customer(card)) for key, card in cards.items()], limit=len(cards))
    order = dict.fromkeys([candidate.customer_id for candidate in ranked] + [card.customer_id for card in shared])
    sharing = {card.customer_id for card in shared}
    room = SHOWN - len(sharing)
    others = [key for key in order if key not in sharing][: max(0, room)]
    return tuple(cards[key] for key in order if key in sharing or key in others)


def spoken(slots: Sequence[SlotValue], name: str) -> object:
    """What was heard for a slot and not taken back."""
    return next((slot.value for slot in slots if slot.name == name and slot.state is not SlotState.WITHDRAWN), None)
