"""What `callcenter doctor` says about the NATS server and the asr workers behind it; it only listens."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from asr.worker.client import Workers
from asr.worker.protocol import SILENT_S
from callcenter.bus.connection import NatsConnection
from callcenter.clock import SystemClock
from callcenter.config import Settings
from callcenter.features.findings import Level, Problem

CONNECT_S = 5.0


async def bus(settings: Settings) -> str:
    """The NATS server answers, where one is named."""
    if settings.bus.url is None:
        return "one process, no NATS server (bus.url)"
    connection = NatsConnection.open(settings.bus, name="callcenter-doctor")
    try:
        await _connected(connection)
    finally:
        await connection.aclose()
    return f"{settings.bus.url} answers"


async def asr_workers(settings: Settings) -> str:
    """Somebody recognises speech where other processes are to do it."""
    if settings.asr.workers == "off":
        return "speech is recognised in the server itself (asr.workers)"
    from asr.worker.nats_link import NatsLink

    connection = NatsConnection.open(settings.bus, name="callcenter-doctor")
    try:
        await _connected(connection)
        link = NatsLink(connection.client)
        workers = Workers(link, SystemClock(), name=settings.bus.name, model=settings.asr.model)
        with suppress(TimeoutError):
            await asyncio.wait_for(workers.run(), SILENT_S)
        alive = len(workers.alive())
        await link.aclose()
    finally:
        await connection.aclose()
    if not alive:
        raise Problem(
            Level.ERROR if settings.asr.workers == "only" else Level.WARNING,
            f"no asr worker of {settings.bus.name!r} was heard in {SILENT_S:g} s",
            "start `callcenter serve --role asr-worker` with the same bus.name and asr.model",
        )
    return f"{alive} there"


async def _connected(connection: NatsConnection) -> None:
    if not await connection.wait_up(CONNECT_S):
        raise Problem(
            Level.ERROR,
            f"no NATS server at {connection.url}: {connection.last_error or 'no answer'}",
            "start it, or set bus.url; without it this process works alone",
        )
