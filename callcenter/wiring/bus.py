"""The bus: in this process alone, or through a NATS server for all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from callcenter.bus.connection import NatsConnection
from callcenter.bus.local import LocalBus
from callcenter.clock import Clock
from callcenter.config import Settings
from callcenter.features.readiness import Check, Readiness
from callcenter.features.shared_events import codec
from callcenter.wiring.lifetime import Lifetime

if TYPE_CHECKING:
    from callcenter.bus.nats import NatsBus

FIRST = "desk"
"""Whom the bus serves first: a person waits for the pop."""
WAIT_S = 2.0
"""How long the start waits for the NATS server."""


async def open_bus(
    settings: Settings, clock: Clock, readiness: Readiness, lifetime: Lifetime
) -> tuple[LocalBus | NatsBus, NatsConnection | None]:
    """The bus, and the connection where there is one; that the server is away stops nothing here."""
    if settings.bus.url is None:
        bus = LocalBus(first=FIRST)
        lifetime.stack.push_async_callback(bus.aclose)
        return bus, None
    nats = NatsConnection.open(settings.bus, name="callcenter")
    lifetime.stack.push_async_callback(nats.aclose)
    readiness.watch("bus", lambda: _stands(nats))
    from callcenter.bus.nats import NatsBus

    shared = NatsBus(nats, codec(), clock=clock, name=settings.bus.name, first=FIRST)
    await shared.start(wait_s=WAIT_S)
    lifetime.stack.push_async_callback(shared.aclose)
    return shared, nats


def _stands(nats: NatsConnection) -> Check:
    if nats.up:
        return Check(ok=True, message="connected")
    return Check(ok=False, message=nats.last_error or "not connected", fix="start the server in bus.url")
