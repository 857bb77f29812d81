"""A restart in the middle of calls: they go on under their old ids, with one record, one draft and one pop.

What the database knows as open is remembered at the start. The tracker asks by the names the PBX has for a call
(``recall``), so that a call that is still up keeps its id and everything that hangs on it. After the first snapshot
the others are ended, and what was heard so far on those that go on is told again to the desk and the understanding.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.errors import CallcenterError
from callcenter.media.events import HeardName, HeardWord, SegmentHeard, Speaker
from callcenter.storage.database import Database
from callcenter.storage.open_calls import OpenCall, open_calls, segments_of

log = structlog.get_logger(__name__)

UNSEEN_S = 3600.0
"""A call that nobody has answered and that a limited AMI user cannot list is given up after this."""


class Record(Protocol):
    """The call record, as far as a restart concerns it."""

    def adopt(self, call: OpenCall) -> None:
        """Go on with this call's rows."""
        ...

    def end_unseen(self, call_id: str, at: datetime) -> None:
        """The call ended while nobody looked."""
        ...


class Resumption:
    """Knows the calls that were open at the start, until it is known which of them still are."""

    def __init__(
        self,
        *,
        database: Database,
        record: Record,
        bus: Bus,
        clock: Clock,
        salvage: Callable[[Collection[str]], Awaitable[None]],
    ) -> None:
        self._database = database
        self._record = record
        self._bus = bus
        self._clock = clock
        self._salvage = salvage
        self._open: dict[str, OpenCall] = {}
        self._names: dict[str, str] = {}
        self._settled = False
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def call_ids(self) -> Collection[str]:
        """Calls of which it is not known yet whether they go on."""
        return self._open.keys()

    async def load(self) -> None:
        """Read what was open. Raises Unavailable with the database."""
        async with self._database.read() as work:
            found = await open_calls(work.session)
        for call in found:
            self._open[call.call_id] = call
            self._names |= dict.fromkeys(call.names, call.call_id)
            self._record.adopt(call)

    def recall(self, linkedid: str, uniqueid: str) -> str | None:
        """The id of a call that was open before the start, once; None for every other."""
        call_id = self._names.get(linkedid) or self._names.get(uniqueid)
        if call_id is not None:
            self._names = {name: known for name, known in self._names.items() if known != call_id}
        return call_id

    def resynced(self, alive: Collection[str], *, complete: bool) -> None:
        """The PBX has told which calls it has; the first time decides about those that were open at the start."""
        if self._settled or not self._open:
            return
        self._settled = True
        now = self._clock.now()
        ended = [
            call for call in self._open.values() if call.call_id not in alive and (complete or self._over(call, now))
        ]
        for call in ended:
            self._record.end_unseen(call.call_id, now)
        going_on = [call_id for call_id in self._open if call_id in alive]
        gone = {call.call_id for call in ended}
        self._names = {name: call_id for name, call_id in self._names.items() if call_id not in gone}
        self._open = {}
        log.info("calls.resumed", going_on=len(going_on), ended_unseen=len(ended))
        self._spawn(self._catch_up(going_on, gone))

    async def aclose(self) -> None:
        """Stop."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _over(self, call: OpenCall, now: datetime) -> bool:
        """Whether a call missing in a list of bridged channels is over: one that only rings is never in it."""
        old = now - call.row["started_at"] > timedelta(seconds=UNSEEN_S)
        return call.row["answered_at"] is not None or old

    async def _catch_up(self, going_on: Collection[str], ended: Collection[str]) -> None:
        try:
            for call_id in going_on:
                await self._tell_again(call_id)
        except CallcenterError as error:
            log.error("calls.not_caught_up", reason=str(error))
        await self._salvage(ended)

    async def _tell_again(self, call_id: str) -> None:
        async with self._database.read() as work:
            rows = await segments_of(work.session, call_id)
        for row in rows:
            self._bus.publish(
                SegmentHeard(
                    at=self._clock.now(),
                    call_id=call_id,
                    segment_id=row["segment_id"],
                    speaker=Speaker(row["speaker"]),
                    start_ms=row["start_ms"],
                    end_ms=row["end_ms"],
                    text=row["text"],
                    confidence=row["confidence"],
                    words=tuple(HeardWord(*word) for word in row["words"]),
                    names=tuple(HeardName(*name) for name in row["names"]),
                )
            )

    def _spawn(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
