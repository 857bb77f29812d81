"""``callcenter serve --role asr-worker``: this process recognises the legs of calls that another one takes."""

from __future__ import annotations

import asyncio
import os
import re
import socket
from contextlib import AsyncExitStack

import structlog

from asr.errors import AsrError
from asr.load import load_recognizer
from asr.worker.server import Worker
from callcenter.bus.connection import NatsConnection
from callcenter.clock import Clock, SystemClock
from callcenter.config import Settings
from callcenter.errors import ConfigInvalid, Unavailable

log = structlog.get_logger(__name__)


class AsrWorker:
    """Needs ``bus`` and ``asr`` of the settings, no data folder, no PBX; the server may be away at the start."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.worker_id = f"{re.sub(r'[^A-Za-z0-9-]', '-', socket.gethostname())}-{os.getpid()}"
        self._stack = AsyncExitStack()
        self._serving: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Load the model, connect, and take streams. Raises ConfigInvalid or Unavailable, saying what to do."""
        asr = self.settings.asr
        if asr.engine == "off":
            raise ConfigInvalid("a worker needs an engine", field="asr.engine", fix="e.g. asr.engine: vosk")
        connection = NatsConnection.open(self.settings.bus, name=f"asr-worker {self.worker_id}")
        self._stack.push_async_callback(connection.aclose)
        try:
            recognizer = load_recognizer(asr.engine, asr.model, asr.threads, max_load=asr.max_load)
        except AsrError as error:
            await self._stack.aclose()
            raise Unavailable(error.message, field="asr.model", fix=error.fix) from error
        self._stack.push_async_callback(recognizer.aclose)
        from asr.worker.nats_link import NatsLink

        link = NatsLink(connection.client)
        self._stack.push_async_callback(link.aclose)
        self._worker = Worker(
            recognizer,
            link,
            self.clock,
            name=self.settings.bus.name,
            model=asr.model,
            worker_id=self.worker_id,
        )
        self._stack.push_async_callback(self._worker.aclose)
        self._serving = asyncio.create_task(self._serve(connection), name="asr-worker")

    @property
    def streams(self) -> int:
        """Legs being recognised now."""
        return self._worker.streams

    async def serve(self) -> None:
        """Until cancelled; a defect is raised."""
        assert self._serving is not None
        await self._serving

    async def aclose(self) -> None:
        """Take no more, hand the streams over, stop."""
        if self._serving is not None:
            self._serving.cancel()
            await asyncio.gather(self._serving, return_exceptions=True)
        await self._stack.aclose()

    async def _serve(self, connection: NatsConnection) -> None:
        await connection.wait_first()
        log.info("worker.ready", worker=self.worker_id, model=self.settings.asr.model, bus=connection.url)
        await self._worker.run()
