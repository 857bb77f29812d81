"""Ring → pop: who calls is looked up as soon as the call arrives, so that the offer can be shown at once."""

from __future__ import annotations

import asyncio

import structlog

from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.errors import CallcenterError
from callcenter.features.events import CallerIdentified
from callcenter.features.live_calls import LiveCall, LiveCalls
from callcenter.storage.database import Database
from callcenter.telephony.events import (
    CallAnswered,
    CallArrived,
    CallEnded,
    CallOffered,
    CallPartyChanged,
    Direction,
)
from workorder.policy.phones import PhoneReader
from workorder.services import customers
from workorder.views import CustomerCard

log = structlog.get_logger(__name__)

Cards = tuple[CustomerCard, ...]

PATIENCE_S = 0.03
"""How long a pop waits for the customer's record before it is shown without; the record then follows."""


class ScreenPop:
    """Shows each offered call on its device, with the customer's history."""

    def __init__(self, *, database: Database, live: LiveCalls, bus: Bus, clock: Clock, read_phone: PhoneReader) -> None:
        self._database = database
        self._live = live
        self._bus = bus
        self._clock = clock
        self._read_phone = read_phone
        self._arrivals: dict[str, CallArrived] = {}
        self._lookups: dict[str, asyncio.Task[Cards]] = {}
        self._pending: set[asyncio.Task[None]] = set()

    def subscribe(self) -> None:
        """Offers go through the queue named ``desk``, in order with everything else the desk shows."""
        bus = self._bus
        bus.subscribe(CallArrived, self._arrived, name="desk")
        bus.subscribe(CallOffered, self._offered, name="desk")
        bus.subscribe(CallAnswered, self._answered, name="desk")
        bus.subscribe(CallPartyChanged, self._party_changed, name="desk")
        bus.subscribe(CallEnded, self._ended, name="desk")

    async def customers(self, number: str | None) -> Cards:
        """Everyone on file with this number; nobody for hidden and unknown numbers, and while the database is away."""
        key = self._read_phone(number)
        if key.hidden:
            return ()
        try:
            async with self._database.read() as uow:
                return await customers.cards_by_phone(uow.session, key)
        except CallcenterError as error:
            # A pop without history is worth more than no pop: the desk shows "unknown caller" and the search box.
            log.error("screenpop.lookup_failed", reason=str(error))
            return ()

    def _look_up(self, call_id: str, number: str | None) -> asyncio.Task[Cards]:
        task = self._lookups[call_id] = asyncio.create_task(self._identify(call_id, number), name=f"lookup:{call_id}")
        return task

    async def _identify(self, call_id: str, number: str | None) -> Cards:
        found = await self.customers(number)
        customer, _ = _one_or_candidates(found)
        if customer is not None:
            fact = CallerIdentified(at=self._clock.now(), call_id=call_id, customer_id=customer.customer_id)
            self._bus.publish(fact)
        return found

    async def _arrived(self, event: CallArrived) -> None:
        self._arrivals[event.call_id] = event
        self._look_up(event.call_id, _other_party(event))

    async def _offered(self, event: CallOffered) -> None:
        call = self._live.offer(event)
        lookup = self._lookups.get(event.call_id) or self._look_up(event.call_id, event.number)
        if lookup.done():
            self._show(call, lookup)
            return
        task = asyncio.create_task(self._show_soon(call, lookup), name=f"pop:{event.call_id}")
        self._pending.add(task)
        task.add_done_callback(self._pending.discard)

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

    async def _show_soon(self, call: LiveCall, lookup: asyncio.Task[Cards]) -> None:
        await asyncio.wait({lookup}, timeout=PATIENCE_S)
        if not lookup.done():
            self._live.announce(call)
        await asyncio.wait({lookup})
        self._show(call, lookup)

    def _show(self, call: LiveCall, lookup: asyncio.Task[Cards]) -> None:
        """Whatever went wrong with the look-up, the call is shown."""
        try:
            self._live.identified(call.offer.call_id, *_one_or_candidates(lookup.result()))
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
