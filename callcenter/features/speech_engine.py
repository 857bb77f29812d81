"""The recogniser that the settings ask for: here, on asr workers, or on both."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import structlog

from asr.errors import AsrError
from asr.load import load_recognizer
from asr.recognizer import Recognizer
from asr.worker.client import Workers
from asr.worker.recognizer import WorkerRecognizer
from callcenter.bus.connection import NatsConnection
from callcenter.clock import Clock
from callcenter.config import Settings
from callcenter.features.readiness import Check, Readiness

log = structlog.get_logger(__name__)


class SpeechEngine:
    """``recognizer`` is None when there can be no transcripts; /readyz says why. ``aclose`` ends everything."""

    def __init__(self, settings: Settings, clock: Clock, readiness: Readiness) -> None:
        self._settings = settings
        self._clock = clock
        self._readiness = readiness
        self._stack = AsyncExitStack()
        self.recognizer: Recognizer | None = None
        self.workers: Workers | None = None

    def open(self, connection: NatsConnection | None) -> None:
        """Load the model where this process needs it, and look for workers where it is told to."""
        asr = self._settings.asr
        if asr.engine == "off" or not self._settings.media.tap:
            return
        here = self._load() if asr.workers != "only" else None
        if asr.workers == "off" or connection is None:
            self.recognizer = here
        else:
            self.workers = self._look_for_workers(connection)
            self.recognizer = WorkerRecognizer(self.workers, self._clock, here=here)
        if self.recognizer is not None:
            self._stack.push_async_callback(self.recognizer.aclose)

    async def aclose(self) -> None:
        """Close the streams, release the model."""
        await self._stack.aclose()

    def _load(self) -> Recognizer | None:
        asr = self._settings.asr
        try:
            return load_recognizer(asr.engine, asr.model, asr.threads, max_load=asr.max_load)
        except AsrError as error:
            self._readiness.failed("model", error.message, error.fix or "`callcenter models list`")
            log.error("app.no_model", model=asr.model, reason=str(error))
            return None

    def _look_for_workers(self, connection: NatsConnection) -> Workers:
        from asr.worker.nats_link import NatsLink

        link = NatsLink(connection.client)
        self._stack.push_async_callback(link.aclose)
        settings = self._settings
        workers = Workers(link, self._clock, name=settings.bus.name, model=settings.asr.model)

        async def watch() -> None:
            await connection.wait_first()
            await workers.run()

        task = asyncio.create_task(watch(), name="asr:workers")

        async def stop() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self._stack.push_async_callback(stop)
        self._readiness.watch("asr_workers", self._workers_there)
        return workers

    def _workers_there(self) -> Check:
        alive = self.workers.alive() if self.workers else []
        if alive:
            return Check(ok=True, message=f"{len(alive)} with {sum(s.streams for s in alive)} streams")
        needed = self._settings.asr.workers == "only"
        fix = "start `callcenter serve --role asr-worker`"
        return Check(ok=not needed, message="none; this process decodes" if not needed else "none", fix=fix)
