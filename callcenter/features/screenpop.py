"""Ring → pop: who calls is looked up as soon as the call arrives, so that the offer can be shown at once."""

from __future__ import annotations

import asyncio
from functools import partial

import structlog

from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.errors import CallcenterError
from callcenter.features.events import CallerIdentified
from callcenter.features.live_calls import LiveCall, LiveCalls
from callcenter.storage.caller_cards import CallerCards, Cards
from callcenter.telephony.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallOffered,
    CallPartyChanged,
    Direction,
)
from workorder.policy.phones import PhoneKey, PhoneReader
from workorder.views.customers import CustomerCard

log = structlog.get_logger(__name__)

PATIENCE_S = 0.03
"""How long a pop waits for the customer's record before it is shown without; the record then follows."""


class ScreenPop:
    """Shows each offered call on its device, with the customer's history."""

    def __init__(self, *, cards: CallerCards, live: LiveCalls, bus: Bus, clock: Clock, read_phone: PhoneReader) -> None:
        self._cards = cards
        self._live = live
        self._bus = bus
        self._clock = clock
        self._read_phone = read_phone
        self._arrivals: dict[str, CallArrived] = {}
        self._lookups: dict[str, asyncio.Future[Cards]] = {}

    def subscribe(self) -> None:
        """Offers go through the queue named ``desk``, in order with everything else the desk shows."""
        bus = self._bus
        bus.subscribe(CallArrived, self._arrived, name="desk")
        bus.subscribe(CallOffered, self._offered, name="desk")
        bus.subscribe(CallAnswered, self._answered, name="desk")
        bus.subscribe(CallPartyChanged, self._party_changed, name="desk")
        bus.subscribe(CallEnded, self._ended, name="desk")

    def _look_up(self, call_id: str, number: str | None) -> asyncio.Future[Cards]:
        """Everyone on file with the number: already there where the database can tell at once, else under way."""
        key = self._read_phone(number)
        found = self._cards.at_hand(key)
        lookup: asyncio.Future[Cards]
        if found is None:
            lookup = asyncio.create_task(self._ask(call_id, key), name=f"lookup:{call_id}")
        else:
            lookup = asyncio.get_running_loop().create_future()
            lookup.set_result(found)
            self._identified(call_id, found)
        self._lookups[call_id] = lookup
        return lookup

    async def _ask(self, call_id: str, key: PhoneKey) -> Cards:
        """Nobody while the database is away."""
        try:
            found = await self._cards.by_phone(key)
        except CallcenterError as error:
            # A pop without history is worth more than no pop: the desk shows "unknown caller" and the search box.
            log.error("screenpop.lookup_failed", reason=str(error))
            return ()
        self._identified(call_id, found)
        return found

    def _identified(self, call_id: str, found: Cards) -> None:
        customer, _ = _one_or_candidates(found)
        if customer is not None:
            fact = CallerIdentified(at=self._clock.now(), call_id=call_id, customer_id=customer.customer_id)
            self._bus.publish(fact)

    async def _arrived(self, event: CallArrived) -> None:
        self._arrivals[event.call_id] = event
        self._look_up(event.call_id, _other_party(event))

    async def _offered(self, event: CallOffered) -> None:
        call = self._live.offer(event)
        try:
            lookup = self._lookups.get(event.call_id) or self._look_up(event.call_id, event.number)
        except BaseException:
            self._live.announce(call)  # Whatever went wrong with the look-up, the call is shown.
            raise
        if lookup.done():
            self._show(call, lookup)
            return
        late = asyncio.get_running_loop().call_later(PATIENCE_S, self._live.announce, call)
        lookup.add_done_callback(lambda _: late.cancel())
        lookup.add_done_callback(partial(self._show, call))

    async def _answered(self, event: CallAnswered) -> None:
        """A call that the agent dialled was offered to nobody: its pop comes with the answer."""
        arrived = self._arrivals.get(event.call_id)
        if arrived is None or arrived.direction is not Direction.OUTBOUND:
            return
        if not self._live.has(event.call_id, event.interface):
            await self._offered(
                CallOffered(
                    at=event.at,
                    call_id=event.call_id,
                    linkedid=event.linkedid,
                    uniqueid=event.uniqueid,
                    interface=event.interface,
                    number=_other_party(arrived),
                    name=None,
                    queue=event.queue,
                    direction=arrived.direction,
                    caller_uniqueid=event.caller_uniqueid,
                )
            )

    def _show(self, call: LiveCall, lookup: asyncio.Future[Cards]) -> None:
        """Whatever went wrong with the look-up, the call is shown."""
        try:
            found = () if lookup.cancelled() else lookup.result()
            self._live.identified(call.offer.call_id, *_one_or_candidates(found))
        finally:
            self._live.announce(call)

    async def _party_changed(self, event: CallPartyChanged) -> None:
        found = await self._look_up(event.call_id, event.number)
        self._live.another_party(event.call_id)
        self._live.identified(event.call_id, *_one_or_candidates(found))

    async def _ended(self, event: CallEnded) -> None:
        self._lookups.pop(event.call_id, None)
        self._arrivals.pop(event.call_id, None)


def _one_or_candidates(found: Cards) -> tuple[CustomerCard | None, Cards]:
    """Several customers may share a number: then the agent picks."""
    return (found[0], ()) if len(found) == 1 else (None, found)


def _other_party(event: CallArrived) -> str | None:
    """The outside number: who calls, or whom the agent dialled."""
    return event.dialled if event.direction is Direction.OUTBOUND else event.number
