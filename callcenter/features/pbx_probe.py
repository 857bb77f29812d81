"""A look at a PBX through the real link: one session whose events are counted and kept.

``doctor`` and ``pbx join`` share it; it changes nothing on the PBX.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress

from callcenter.clock import Clock
from callcenter.config_sections import PbxSettings
from callcenter.errors import Unavailable
from callcenter.telephony.ami_link import FIXES, AmiLink, Connected, Loss
from callcenter.telephony.event_tally import EventTally
from callcenter.telephony.probe_actions import ProbeActions

CONNECT_S = 6.0
KEEP = 50_000
"""Events kept for a closer look; all are counted."""


class Probe:
    """One logged-in AMI session whose events are counted and kept."""

    def __init__(self, link: AmiLink, clock: Clock, contexts: frozenset[str]) -> None:
        self.link = link
        self.clock = clock
        self.actions = ProbeActions(link, clock=clock, contexts=contexts)
        self.tally = EventTally()
        self.events: list[dict[str, str]] = []
        self.ended: set[str] = set()
        """Uniqueids of channels whose Hangup was seen."""
        self.ami_version = ""
        self.address = ""
        self._more = asyncio.Event()

    async def consume(self) -> None:
        """Read the link until cancelled."""
        while True:
            item = await self.link.events.get()
            if isinstance(item, Connected):
                self.ami_version = item.version
            elif isinstance(item, dict):
                self._keep(item)
            self._more.set()

    async def until(self, holds: Callable[[], bool], timeout_s: float) -> bool:
        """Whether ``holds`` became true within the time; it is looked at after each event."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                while not holds():
                    self._more.clear()
                    await self._more.wait()
        return holds()

    async def clock_skew(self) -> float | None:
        """The PBX's clock minus ours, in seconds; None when it does not tell. Half the answer's way is allowed for."""
        before = self.clock.now().timestamp()
        stamp = await self.actions.ping()
        return None if stamp is None else stamp - (before + self.clock.now().timestamp()) / 2

    def _keep(self, event: dict[str, str]) -> None:
        self.tally.add(event)
        if len(self.events) < KEEP:
            self.events.append(event)
        if event.get("Event") == "Hangup":
            self.ended.add(event.get("Uniqueid", ""))


@asynccontextmanager
async def probing(
    pbx: PbxSettings, *, secret: str, clock: Clock, contexts: frozenset[str] = frozenset()
) -> AsyncIterator[Probe]:
    """Log in for the length of the block. Raises LoginRefused or LinkDown, with what to do about it."""
    link = AmiLink.from_settings(pbx, secret=secret, clock=clock)
    probe = Probe(link, clock, contexts)
    link.start()
    consumer = asyncio.create_task(probe.consume(), name="probe")
    try:
        try:
            await link.wait_connected(CONNECT_S)
        except Unavailable as error:
            error.fix = error.fix or FIXES[Loss.UNREACHABLE]
            raise
        await probe.until(lambda: bool(probe.ami_version), CONNECT_S)
        probe.address = link.peer_address
        yield probe
    finally:
        consumer.cancel()
        await asyncio.gather(consumer, return_exceptions=True)
        await link.aclose()
