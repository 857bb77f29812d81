"""Sound: recordings, the recogniser and what puts its words right, and the server that the PBX sends voices to."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable
from datetime import datetime

import structlog
from prometheus_client import CollectorRegistry

from asr.recognizer import Load
from callcenter.bus.connection import NatsConnection
from callcenter.bus.port import Bus
from callcenter.clock import Clock
from callcenter.config import Settings
from callcenter.errors import Unavailable
from callcenter.features.late_transcripts import LateTranscripts
from callcenter.features.readiness import Readiness
from callcenter.features.recording_retention import RecordingRetention
from callcenter.features.speech_engine import SpeechEngine
from callcenter.media.audiosocket import AudioSocketServer
from callcenter.media.call_audio import CallAudio
from callcenter.media.recordings import Recordings, StoredRecording
from callcenter.media.speech_metrics import SpeechMetrics
from callcenter.media.transcriber import FindNames, Transcriber
from callcenter.storage.database import Database
from callcenter.storage.journal import Journal
from callcenter.wiring.lifetime import Lifetime

log = structlog.get_logger(__name__)

RETRY_RECORDINGS_S = 60.0


class Sound:
    """``recordings``, ``transcriber``, ``audio_server``; a model or a port that is missing is told by ``readiness``."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock,
        bus: Bus,
        journal: Journal,
        readiness: Readiness,
        find_names: FindNames,
        lifetime: Lifetime,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._bus = bus
        self._readiness = readiness
        self._find_names = find_names
        self._lifetime = lifetime
        self._journal = journal
        self.recordings = Recordings(
            settings.data_dir / "recordings",
            file_format=settings.media.recording_format,
            min_free_mb=settings.media.min_free_mb,
        )
        lifetime.stack.push_async_callback(self.recordings.aclose)
        self.speech = SpeechEngine(settings, clock, readiness)
        lifetime.stack.push_async_callback(self.speech.aclose)

    async def open(self, nats: NatsConnection | None, metrics: CollectorRegistry) -> None:
        """Load the model, or look for workers; listen for the PBX's voices."""
        settings, speech = self._settings, self.speech
        speech.open(nats)
        self.transcriber = Transcriber(
            speech.recognizer,
            bus=self._bus,
            clock=self._clock,
            max_streams=2 * settings.media.max_calls,
            journal=self._journal,
            find_names=self._find_names,
        )
        SpeechMetrics(
            self.transcriber,
            load=lambda: speech.recognizer.load if speech.recognizer else Load(accepting=False),
            workers=lambda: len(speech.workers.alive()) if speech.workers else 0,
            registry=metrics,
        )
        self.audio_server = AudioSocketServer(settings.media.host, settings.media.port, clock=self._clock)
        if settings.media.tap:
            try:
                await self.audio_server.start()
            except Unavailable as error:
                self._readiness.failed("audio", error.message, error.fix or "set media.port")
                log.error("app.no_audio_server", reason=str(error))
        self._lifetime.stack.push_async_callback(self.audio_server.aclose)

    def of_call(self, call_id: str, started_at: datetime | None) -> CallAudio:
        """The sound of a call that begins, or that goes on after a restart: then ``started_at`` is when it began."""
        return CallAudio(
            call_id,
            bus=self._bus,
            clock=self._clock,
            transcriber=self.transcriber,
            recordings=self.recordings if self._settings.media.record else None,
            started_at=started_at,
        )

    def transcribe_late(self, database: Database, understand: Callable[[str], Awaitable[None]]) -> None:
        """Recognise refused calls from their recordings, when there is time to spare."""
        if self.speech.recognizer is None:
            return
        late = LateTranscripts(
            database=database,
            recordings=self.recordings,
            recognizer=self.speech.recognizer,
            understand=understand,
            bus=self._bus,
            clock=self._clock,
            done=lambda: self.transcriber.counts.update(["late"]),
            find_names=self._find_names,
        )
        self._lifetime.spawn("late-transcripts", late.run())

    async def salvage(self, ended: Callable[[str], bool]) -> None:
        """Store what an earlier process left open of calls that have ended."""
        self._announce(await self.recordings.salvage(ended))

    async def salvage_of(self, ended: Collection[str]) -> None:
        """The same of these calls."""
        await self.salvage(ended.__contains__)

    def keep_recordings(self, database: Database) -> None:
        """Store what a full disk refused when there is room again; remove what is older than the settings want."""
        self._lifetime.spawn("recordings", self._retry())
        media = self._settings.media
        if media.keep_days:
            retention = RecordingRetention(
                database=database,
                recordings=self.recordings,
                clock=self._clock,
                keep_days=media.keep_days,
                with_order_days=media.keep_days_with_order,
            )
            self._lifetime.spawn("recording-retention", retention.run())

    async def _retry(self) -> None:
        while True:
            await self._clock.sleep(RETRY_RECORDINGS_S)
            self._announce(await self.recordings.retry())

    def _announce(self, recordings: Iterable[StoredRecording]) -> None:
        for stored in recordings:
            self._bus.publish(stored.as_event(self._clock.now()))
