"""Clears away what has done its work: events, timers, messages, alerts, answered keys, logins and links."""

from __future__ import annotations

from datetime import timedelta

import structlog

from callcenter.clock import Clock
from callcenter.errors import CallcenterError
from callcenter.storage.database import Database
from callcenter.storage.spent_rows import BATCH, SPENT, remove_some

log = structlog.get_logger(__name__)

EVERY_S = 3600.0
KEPT_FOR_PROOF = frozenset({"events", "timers", "deliveries", "sla_alerts"})
"""Kept for ``storage.keep_sent_days``, so that one can see what happened; the others go a day after they are over."""
OTHERS_KEPT = timedelta(days=1)


class SpentRows:
    """Sweeps every hour, in small transactions. Audit rows and trails stay for ever."""

    def __init__(self, *, database: Database, clock: Clock, keep_days: int) -> None:
        self._database = database
        self._clock = clock
        self._keep = timedelta(days=keep_days)

    async def run(self) -> None:
        """Until cancelled. What cannot be removed now is tried again an hour later."""
        while True:
            try:
                await self.sweep()
            except CallcenterError as error:
                log.error("rows.not_removed", reason=str(error), fix=error.fix)
            await self._clock.sleep(EVERY_S)

    async def sweep(self) -> dict[str, int]:
        """Remove everything whose time is over; returns how many by kind. Raises Unavailable."""
        removed = {kind: await self._sweep_one(kind) for kind in SPENT}
        if any(removed.values()):
            log.info("rows.removed", **removed)
        return removed

    async def _sweep_one(self, kind: str) -> int:
        before = self._clock.now() - (self._keep if kind in KEPT_FOR_PROOF else OTHERS_KEPT)
        total = 0
        while True:
            async with self._database.write(alone=True) as work:
                count = await remove_some(work.session, kind, over_before=before)
                await work.commit()
            total += count
            if count < BATCH:
                return total
