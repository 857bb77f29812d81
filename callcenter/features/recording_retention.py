"""Recordings are kept as long as the settings say and no longer; transcripts and records stay."""

from __future__ import annotations

from datetime import timedelta

import structlog

from callcenter.clock import Clock
from callcenter.errors import CallcenterError
from callcenter.media.recordings import Recordings
from callcenter.storage import kept_recordings
from callcenter.storage.database import Database

log = structlog.get_logger(__name__)

EVERY_S = 3600.0
BATCH = 50


class RecordingRetention:
    """Removes what is older than ``keep_days``; calls with an order keep theirs ``with_order_days`` if longer."""

    def __init__(
        self, *, database: Database, recordings: Recordings, clock: Clock, keep_days: int, with_order_days: int
    ) -> None:
        self._database = database
        self._recordings = recordings
        self._clock = clock
        self._keep = timedelta(days=keep_days)
        self._keep_with_order = timedelta(days=max(keep_days, with_order_days))

    async def run(self) -> None:
        """Until cancelled: every hour. What cannot be removed now is tried again then."""
        while True:
            try:
                await self.sweep()
            except CallcenterError as error:
                log.error("recordings.not_removed", reason=str(error), fix=error.fix)
            await self._clock.sleep(EVERY_S)

    async def sweep(self) -> int:
        """Remove every recording whose time is over; returns how many. Raises Unavailable (disk, database)."""
        removed = 0
        while batch := await self._remove_some():
            removed += batch
        if removed:
            log.info("recordings.expired", removed=removed)
        return removed

    async def _remove_some(self) -> int:
        now = self._clock.now()
        async with self._database.read() as work:
            found = await kept_recordings.expired(
                work.session,
                stored_before=now - self._keep,
                ordered_before=now - self._keep_with_order,
                limit=BATCH,
            )
        for recording in found:
            # The file first: after a crash in between the row is found again, a file without a row never would be.
            await self._recordings.remove(recording.path)
            async with self._database.write(alone=True) as work:
                await kept_recordings.forget(work.session, recording.call_id, at=now)
                await work.commit()
        return len(found)
