"""Messages to customers, staff and programs: what is to be sent to whom, and the sending."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry

from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.config import Settings, zone
from callcenter.features.notify.lanes import build_lanes
from callcenter.features.notify.planner import Planner
from callcenter.features.notify.sender import Sender
from callcenter.features.readiness import Readiness
from callcenter.features.timers import Timers
from callcenter.storage.database import Database
from callcenter.web.hub import Hub, UserNotices
from callcenter.wiring.lifetime import Lifetime
from workorder.policy.phones import PhoneReader


class Notices:
    """``planner`` decides, ``sender`` sends through the lanes that the settings open."""

    def __init__(
        self,
        settings: Settings,
        *,
        database: Database,
        clock: Clock,
        hub: Hub,
        read_phone: PhoneReader,
        english: Callable[[], Mapping[str, str]],
        metrics: CollectorRegistry,
        lifetime: Lifetime,
    ) -> None:
        lanes = build_lanes(settings.notify, clock)
        self._lifetime = lifetime
        self.planner = Planner(
            database=database,
            clock=clock,
            zone=zone(settings.timezone),
            notices=UserNotices(hub),
            lanes=lanes,
            language=settings.notify.language,
            read_phone=read_phone,
            english=english,
        )
        self.sender = Sender(
            database=database,
            clock=clock,
            channels=lanes,
            max_attempts=settings.notify.max_attempts,
            metrics=metrics,
        )

    def start(self, bus: Bus, timers: Timers, readiness: Readiness) -> None:
        """Listen for what happens, and send what is due."""
        self.planner.subscribe(bus)
        self.sender.register(timers)
        readiness.watch("notify", self.sender.check)
        self._lifetime.stack.push_async_callback(self.sender.aclose)
        self._lifetime.spawn("notify", self.sender.run())
        self._lifetime.spawn("notify_sweep", self.planner.sweep())
