"""Files that no order has any more go: after somebody was forgotten, and what an upload left that never ended."""

from __future__ import annotations

import asyncio

import structlog

from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.errors import CallcenterError
from callcenter.storage.blobs import BlobStore
from callcenter.storage.database import Database
from workorder.events import CustomerErased
from workorder.services import teamwork

log = structlog.get_logger(__name__)

EVERY_S = 3600.0
SPARED_S = 3600.0
"""A file is stored before its row is: younger ones may be about to get theirs."""


class AttachmentFiles:
    """Sweeps every hour, and at once when a customer was forgotten."""

    def __init__(self, *, database: Database, blobs: BlobStore, clock: Clock) -> None:
        self._database = database
        self._blobs = blobs
        self._clock = clock

    def subscribe(self, bus: Bus) -> None:
        """Own queue: a slow disk delays nobody else."""
        bus.subscribe(CustomerErased, self._erased, name="attachment-files")

    async def run(self) -> None:
        """Until cancelled. What cannot be removed now is tried again an hour later."""
        while True:
            try:
                await self.sweep()
            except (CallcenterError, OSError) as error:
                log.error("attachments.not_swept", reason=str(error))
            await self._clock.sleep(EVERY_S)

    async def sweep(self) -> int:
        """Remove the files that no order has; returns how many. Raises Unavailable (database), OSError (disk)."""
        async with self._database.read() as work:
            wanted = await teamwork.kept_files(work.session)
        older_than = self._clock.now().timestamp() - SPARED_S
        gone = await asyncio.to_thread(self._blobs.sweep, wanted, older_than=older_than)
        if gone:
            log.info("attachments.swept", removed=gone)
        return gone

    async def _erased(self, _event: CustomerErased) -> None:
        await self.sweep()
