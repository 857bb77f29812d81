"""Names of the people who work here, as the users' list has them: said on calls, and known to no general model."""

from __future__ import annotations

import re
from collections.abc import Iterable

import structlog

from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.errors import CallcenterError
from callcenter.storage import users
from callcenter.storage.database import Database
from callcenter.storage.users import User
from callcenter.telephony.events import CallArrived

log = structlog.get_logger(__name__)

LOOK_AGAIN_S = 600.0
_NAME = re.compile("[\u4e00-\u9fff]{2,}")


def staff_names(listed: Iterable[User]) -> tuple[str, ...]:
    """Display names of active users that are Chinese, of two characters and more, once each, in order."""
    return tuple(sorted({one.display_name for one in listed if one.active and _NAME.fullmatch(one.display_name)}))


class StaffNames:
    """``names`` as of the last look, at most ten minutes and a call old."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._looked_at_s = float("-inf")
        self.names: tuple[str, ...] = ()

    def subscribe(self, bus: Bus) -> None:
        """Own queue: no call waits for it."""
        bus.subscribe(CallArrived, self._arrived, name="staff_names")

    async def refresh(self) -> None:
        """Look at the users' list unless that was done a moment ago; while the database is away the names stay."""
        now_s = self._clock.monotonic()
        if now_s - self._looked_at_s < LOOK_AGAIN_S:
            return
        self._looked_at_s = now_s
        try:
            async with self._database.read() as work:
                self.names = staff_names(await users.list_users(work.session))
        except CallcenterError as error:
            log.warning("staff_names.not_read", reason=str(error))

    async def _arrived(self, _event: CallArrived) -> None:
        await self.refresh()
