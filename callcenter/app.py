"""The composition root: the only place that chooses adapters and wires features together.

``App.start`` brings the parts up in the order in which they need each other; ``aclose`` takes them down in reverse.
A PBX that is away, a missing model or a taken AudioSocket port degrade the service and are reported by /readyz; a data
folder or database that cannot be used, a second instance and a taken web port stop the start with their own message.
"""

from __future__ import annotations

import asyncio
import gc
import signal
import sys
from collections.abc import Collection, Coroutine, Iterable
from contextlib import AsyncExitStack
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from asr.recognizer import Load
from callcenter import logs
from callcenter.auth.api_keys import ApiKeys
from callcenter.auth.sessions import Auth
from callcenter.bus.connection import NatsConnection
from callcenter.bus.local import LocalBus
from callcenter.clock import Clock, SystemClock
from callcenter.config import Settings
from callcenter.errors import CallcenterError, ConfigInvalid, Unavailable
from callcenter.features import package_owner
from callcenter.features.asr_worker import AsrWorker
from callcenter.features.attachment_files import AttachmentFiles
from callcenter.features.call_record import CallRecord
from callcenter.features.caller_choice import CallerChoice
from callcenter.features.caller_names import CallerNames
from callcenter.features.candidates import Candidates
from callcenter.features.intake import Intake
from callcenter.features.late_transcripts import LateTranscripts
from callcenter.features.live_audio import LiveAudio
from callcenter.features.live_calls import LiveCalls
from callcenter.features.live_catalogue import LiveCatalogue
from callcenter.features.mail_intake import MailIntake
from callcenter.features.mailbox_poll import MailboxPoll, open_mailbox
from callcenter.features.maintenance import Maintenance
from callcenter.features.notify.lanes import build_lanes
from callcenter.features.notify.planner import Planner
from callcenter.features.notify.sender import Sender
from callcenter.features.order_clock import OrderClock
from callcenter.features.order_watch import OrderWatch
from callcenter.features.own_words import wants_sound_alikes
from callcenter.features.pop_latency import PopLatency
from callcenter.features.readiness import Check, Readiness
from callcenter.features.recording_retention import RecordingRetention
from callcenter.features.report_intake import ReportIntake
from callcenter.features.resumption import Resumption
from callcenter.features.screenpop import ScreenPop
from callcenter.features.shared_events import codec
from callcenter.features.speech_engine import SpeechEngine
from callcenter.features.spent_rows import SpentRows
from callcenter.features.staff_names import StaffNames
from callcenter.features.startup import prepare_data_dir
from callcenter.features.timers import Timers
from callcenter.features.wallboard import Wallboard
from callcenter.media.audiosocket import AudioSocketServer
from callcenter.media.call_audio import CallAudio
from callcenter.media.recordings import Recordings, StoredRecording
from callcenter.media.speech_metrics import SpeechMetrics
from callcenter.media.transcriber import FindNames, Transcriber, no_names
from callcenter.storage.blobs import BlobStore
from callcenter.storage.caller_cards import open_caller_cards
from callcenter.storage.database import Database
from callcenter.storage.instance_lock import InstanceLock
from callcenter.storage.journal import OFF, DayJournal, Journal
from callcenter.storage.relay import Relay
from callcenter.telephony.actions import Actions
from callcenter.telephony.ami_link import AmiLink
from callcenter.telephony.call_tracker import CallTracker
from callcenter.telephony.capture import Capture
from callcenter.telephony.listener import Listener
from callcenter.web.hub import Hub, OrderLists, UserNotices, WallScreens
from callcenter.web.server import build_web
from callcenter.web.services import Services
from workorder.policy.phones import parse_phone
from workorder.services import approval_rules

if TYPE_CHECKING:
    from callcenter.bus.nats import NatsBus

log = structlog.get_logger(__name__)

SWITCH_S = 0.0005
FIRST = "desk"
"""Whom the bus serves first: a person waits for the pop."""
RETRY_RECORDINGS_S = 60.0
BUS_S = 2.0
"""How long the start waits for the NATS server."""
CLOSE_S = 15.0
"""Longest wait for recordings and records to be finished at the end."""


class App:
    """One running call centre. ``clock`` is injected so that tests can jump it."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.metrics = CollectorRegistry()
        self.over = asyncio.Event()
        """Set when the process should end: by a signal, or because a part broke that everything depends on."""
        self.broken: str | None = None
        self._stack = AsyncExitStack()

    async def start(self) -> None:
        """Bring everything up; on failure what is up already is taken down again and the error goes on."""
        try:
            await self._start()
        except BaseException:
            await self._stack.aclose()
            raise

    async def aclose(self) -> None:
        """Finish recordings and records, then stop."""
        try:
            async with asyncio.timeout(CLOSE_S):
                await self._stack.aclose()
        except TimeoutError:
            log.error("app.closed_late", waited_s=CLOSE_S)

    @property
    def url(self) -> str:
        """Where the desks are."""
        return self.settings.web.public_url or f"http://{self.settings.web.host}:{self.port}"

    async def _start(self) -> None:
        # A database or decoder thread that is done waits for the interpreter until the event loop yields it: with
        # Python's 5 ms a pop under load waits several times that, with half a millisecond it does not notice.
        sys.setswitchinterval(SWITCH_S)
        package_owner.check()
        await self._open_storage()
        self.journal = self._open_journal()
        self._stack.push_async_callback(self.journal.aclose)
        self.readiness = Readiness()
        await self._open_bus()
        self.auth = Auth(database=self.database, clock=self.clock, settings=self.settings.web)
        self.hub = Hub(queue_limit=self.settings.web.socket_queue, metrics=self.metrics)
        settings = self.settings
        self.read_phone = partial(parse_phone, country=settings.country, area_code=settings.area_code)
        self.latency = PopLatency(self.metrics)
        self.live_calls = LiveCalls(self.hub, self.clock, self.latency, self.read_phone)
        await self._open_media()
        self._subscribe_features()
        await self.resumption.load()
        await self._start_wallboard()
        self._start_telephony()
        # Last but the web: every feature has registered its handlers.
        self._spawn("timers", self.timers.run())
        await self._start_web()
        self._announce(await self.recordings.salvage(lambda call_id: call_id not in self.resumption.call_ids))
        self._spawn("recordings", self._retry_recordings())
        self._keep_recordings_their_time()
        # What stands now stays: the collector need not look through it again while a pop waits.
        gc.collect()
        gc.freeze()

    # ---- storage ------------------------------------------------------------------------------------------------

    async def _open_storage(self) -> None:
        settings = self.settings
        prepare_data_dir(settings.data_dir)
        lock = InstanceLock(settings.data_dir)
        lock.acquire()
        self._stack.callback(lock.release)
        self.database = await Database.open(settings.database_url())
        self._stack.push_async_callback(self.database.aclose)
        await self.database.upgrade()
        async with self.database.read() as work:
            await approval_rules.rules_in_force(work.session)
        self.caller_cards = await open_caller_cards(self.database)
        self._stack.push_async_callback(self.caller_cards.aclose)

    def _open_journal(self) -> Journal:
        settings = self.settings
        if not settings.journal.enabled:
            return OFF
        return DayJournal(
            settings.journal_dir(),
            clock=self.clock,
            zone=zone(settings.timezone),
            audio=settings.journal.audio,
            keep_days=settings.journal.keep_days,
            max_bytes=settings.journal.max_mb * 2**20,
            about={
                "agent_pattern": settings.pbx.agent_pattern,
                "timezone": settings.timezone,
                "engine": settings.asr.engine,
                "model": settings.asr.model,
            },
        )

    # ---- other processes ----------------------------------------------------------------------------------------

    async def _open_bus(self) -> None:
        """In this process alone, or through a NATS server for all; that it is away stops nothing here."""
        self.bus: LocalBus | NatsBus = LocalBus(first=FIRST)
        self.nats: NatsConnection | None = None
        if self.settings.bus.url is not None:
            self.nats = NatsConnection.open(self.settings.bus, name="callcenter")
            self._stack.push_async_callback(self.nats.aclose)
            self.readiness.watch("bus", self._bus_stands)
            from callcenter.bus.nats import NatsBus

            bus = NatsBus(self.nats, codec(), clock=self.clock, name=self.settings.bus.name, first=FIRST)
            await bus.start(wait_s=BUS_S)
            self.bus = bus
        self._stack.push_async_callback(self.bus.aclose)

    def _bus_stands(self) -> Check:
        assert self.nats is not None
        if self.nats.up:
            return Check(ok=True, message="connected")
        return Check(ok=False, message=self.nats.last_error or "not connected", fix="start the server in bus.url")

    # ---- sound --------------------------------------------------------------------------------------------------

    async def _open_media(self) -> None:
        settings = self.settings
        self.recordings = Recordings(
            settings.data_dir / "recordings",
            file_format=settings.media.recording_format,
            min_free_mb=settings.media.min_free_mb,
        )
        self._stack.push_async_callback(self.recordings.aclose)
        self.staff = StaffNames(self.database, self.clock)
        await self.staff.refresh()
        self.catalogue = LiveCatalogue(settings.data_dir / "catalogue", staff=lambda: self.staff.names)
        self.speech = SpeechEngine(settings, self.clock, self.readiness)
        self._stack.push_async_callback(self.speech.aclose)
        self.speech.open(self.nats)
        recognizer, workers = self.speech.recognizer, self.speech.workers
        streams = 2 * settings.media.max_calls
        self.transcriber = Transcriber(
            recognizer,
            bus=self.bus,
            clock=self.clock,
            max_streams=streams,
            journal=self.journal,
            find_names=self._find_names(),
        )
        SpeechMetrics(
            self.transcriber,
            load=lambda: recognizer.load if recognizer else Load(accepting=False),
            workers=lambda: len(workers.alive()) if workers else 0,
            registry=self.metrics,
        )
        self.audio_server = AudioSocketServer(settings.media.host, settings.media.port, clock=self.clock)
        if settings.media.tap:
            try:
                await self.audio_server.start()
            except Unavailable as error:
                self.readiness.failed("audio", error.message, error.fix or "set media.port")
                log.error("app.no_audio_server", reason=str(error))
        self._stack.push_async_callback(self.audio_server.aclose)

    def _new_audio(self, call_id: str) -> CallAudio | None:
        """Audio of a new call; None when there are too many at once."""
        if len(self.live_audio) >= self.settings.media.max_calls:
            return None
        return CallAudio(
            call_id,
            bus=self.bus,
            clock=self.clock,
            transcriber=self.transcriber,
            recordings=self.recordings if self.settings.media.record else None,
            started_at=self.call_record.audio_started_at(call_id),
        )

    async def _retry_recordings(self) -> None:
        """A disk that was full when a call ended gets its recording when there is room again."""
        while True:
            await self.clock.sleep(RETRY_RECORDINGS_S)
            self._announce(await self.recordings.retry())

    def _keep_recordings_their_time(self) -> None:
        media = self.settings.media
        if media.keep_days:
            retention = RecordingRetention(
                database=self.database,
                recordings=self.recordings,
                clock=self.clock,
                keep_days=media.keep_days,
                with_order_days=media.keep_days_with_order,
            )
            self._spawn("recording-retention", retention.run())

    async def _salvage(self, ended: Collection[str]) -> None:
        self._announce(await self.recordings.salvage(ended.__contains__))

    def _announce(self, recordings: Iterable[StoredRecording]) -> None:
        for stored in recordings:
            self.bus.publish(stored.as_event(self.clock.now()))

    # ---- features -----------------------------------------------------------------------------------------------

    def _subscribe_features(self) -> None:
        settings, database, clock = self.settings, self.database, self.clock
        self.timers = Timers(database, clock, self.metrics)
        Maintenance(zone=zone(settings.timezone), clock=clock).subscribe(self.timers)
        order_clock = OrderClock(database, clock)
        order_clock.register(self.timers)
        self._spawn("order_clock", order_clock.adopt())
        self._start_notify()
        # Screen-pop first: within one queue its handlers run before those that only update what it shows.
        ScreenPop(
            cards=self.caller_cards, live=self.live_calls, bus=self.bus, clock=clock, read_phone=self.read_phone
        ).subscribe()
        self.live_calls.subscribe(self.bus)
        self.call_record = CallRecord(
            database, clock, self.read_phone, transcribes_late=settings.media.record and settings.asr.engine != "off"
        )
        self.call_record.subscribe(self.bus)
        self._stack.push_async_callback(self.call_record.aclose)
        self.resumption = Resumption(
            database=database, record=self.call_record, bus=self.bus, clock=clock, salvage=self._salvage
        )
        self._stack.push_async_callback(self.resumption.aclose)
        self.staff.subscribe(self.bus)
        self.catalogue.subscribe(self.bus)
        self._stack.push_async_callback(self.catalogue.aclose)
        self._spawn("catalogue", self.catalogue.refresh())
        self.intake = Intake(
            database=database,
            extractor=self.catalogue.extractor,
            live=self.live_calls,
            clock=clock,
            zone=zone(settings.timezone),
            read_phone=self.read_phone,
            journal=self.journal,
        )
        self.intake.subscribe(self.bus)
        self._stack.push_async_callback(self.intake.aclose)
        Candidates(database=database, live=self.live_calls, read_phone=self.read_phone).subscribe(self.bus)
        self._transcribe_late()
        self.blobs = BlobStore(settings.data_dir / "attachments")
        self.reports = ReportIntake(extractor=self.catalogue.extractor, zone=zone(settings.timezone))
        self.mails = MailIntake(self.reports, self.blobs, max_bytes=settings.attachments.max_mb * 1_000_000)
        self._look_into_mailbox()
        files = AttachmentFiles(database=database, blobs=self.blobs, clock=clock)
        files.subscribe(self.bus)
        self._spawn("attachment-files", files.run())
        OrderWatch(OrderLists(self.hub)).subscribe(self.bus)
        self._spawn("relay", Relay(database, self.bus, clock).run())
        spent = SpentRows(database=database, clock=clock, keep_days=settings.storage.keep_sent_days)
        self._spawn("spent-rows", spent.run())

    def _look_into_mailbox(self) -> None:
        mailbox = open_mailbox(self.settings)
        if mailbox is not None:
            poll = MailboxPoll(
                mailbox=mailbox,
                mails=self.mails,
                database=self.database,
                clock=self.clock,
                every_s=self.settings.intake.mailbox.every_s,
            )
            self.readiness.watch("mailbox", poll.check)
            self._spawn("mailbox", poll.run())

    def _transcribe_late(self) -> None:
        recognizer = self.speech.recognizer
        if recognizer is not None:
            late = LateTranscripts(
                database=self.database,
                recordings=self.recordings,
                recognizer=recognizer,
                understand=self.intake.understand,
                bus=self.bus,
                clock=self.clock,
                done=lambda: self.transcriber.counts.update(["late"]),
                find_names=self._find_names(),
            )
            self._spawn("late-transcripts", late.run())

    def _find_names(self) -> FindNames:
        asr = self.settings.asr
        if asr.sound_alikes == "off":
            return no_names
        others = self.catalogue.find_names if wants_sound_alikes(asr) else no_names
        return CallerNames(self.live_calls.customer, others).find_names

    def _start_notify(self) -> None:
        settings = self.settings
        lanes = build_lanes(settings.notify, self.clock)
        self.planner = Planner(
            database=self.database,
            clock=self.clock,
            zone=zone(settings.timezone),
            notices=UserNotices(self.hub),
            lanes=lanes,
            language=settings.notify.language,
            read_phone=self.read_phone,
        )
        self.planner.subscribe(self.bus)
        self.sender = Sender(
            database=self.database,
            clock=self.clock,
            channels=lanes,
            max_attempts=settings.notify.max_attempts,
            metrics=self.metrics,
        )
        self.sender.register(self.timers)
        self.readiness.watch("notify", self.sender.check)
        self._stack.push_async_callback(self.sender.aclose)
        self._spawn("notify", self.sender.run())
        self._spawn("notify_sweep", self.planner.sweep())

    async def _start_wallboard(self) -> None:
        self.wallboard = Wallboard(
            database=self.database,
            clock=self.clock,
            zone=zone(self.settings.timezone),
            latency=self.latency,
            screens=WallScreens(self.hub),
        )
        await self.wallboard.seed()
        self.wallboard.subscribe(self.bus)
        self._spawn("wallboard", self.wallboard.run())

    # ---- telephony ----------------------------------------------------------------------------------------------

    def _start_telephony(self) -> None:
        settings = self.settings
        secret = settings.pbx_secret()
        if secret is None:
            raise ConfigInvalid(
                "the AMI secret is not set",
                field="pbx.secret_file",
                fix="put the secret of the AMI user into a file and name it there",
            )
        self.link = AmiLink.from_settings(settings.pbx, secret=secret, clock=self.clock, journal=self.journal)
        actions = Actions(
            self.link,
            clock=self.clock,
            originate_per_s=settings.pbx.originate_per_s,
            contexts=frozenset(settings.pbx.click_to_call_contexts),
        )
        capture = Capture.from_settings(actions, settings.media, listening_port=self.audio_server.port)
        self.live_audio = LiveAudio(
            server=self.audio_server, tap=capture.tap, new_audio=self._new_audio, bus=self.bus, clock=self.clock
        )
        if settings.media.tap:
            self.live_audio.subscribe(self.bus)
        # Backwards at the end: last words and recordings are published, then handled, then the record is closed.
        self._stack.push_async_callback(self.bus.drain)
        self._stack.push_async_callback(self.live_audio.aclose)
        self.tracker = CallTracker(
            settings.pbx.agent_pattern,
            new_id=self.journal.new_id,
            now=lambda: self.journal.reading(self.clock.now().timestamp()),
            recall=self._recall,
        )
        self.listener = Listener(
            self.link, self.tracker, self.bus, self.clock, self.journal, on_resync=self.resumption.resynced
        )
        self._spawn("listener", self.listener.run())

    def _recall(self, linkedid: str, uniqueid: str) -> str | None:
        known = self.resumption.recall(linkedid, uniqueid)
        return self.journal.new_id(known) if known else None

    # ---- web ----------------------------------------------------------------------------------------------------

    async def _start_web(self) -> None:
        host, port = self.settings.web.host, self.settings.web.port
        # A browser that downloads slowly must not hold the end for aiohttp's whole minute.
        runner = web.AppRunner(build_web(self._services()), access_log=None, shutdown_timeout=5.0)
        await runner.setup()
        self._stack.push_async_callback(runner.cleanup)
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise Unavailable(
                f"cannot listen on {host}:{port}: {error.strerror}",
                field="web.port",
                fix="stop what uses the port, or set web.port",
            ) from error
        self.port = int(runner.addresses[0][1])

    def _services(self) -> Services:
        return Services(
            settings=self.settings,
            clock=self.clock,
            database=self.database,
            auth=self.auth,
            api_keys=ApiKeys(database=self.database, clock=self.clock, per_minute=self.settings.web.api_key_per_minute),
            hub=self.hub,
            live_calls=self.live_calls,
            live_orders=self.intake,
            caller_choice=CallerChoice(live=self.live_calls, bus=self.bus, clock=self.clock),
            wallboard=self.wallboard,
            recordings=self.recordings,
            live_audio=self.live_audio,
            blobs=self.blobs,
            reports=self.reports,
            mails=self.mails,
            notify=self.planner,
            ways_out=self.sender,
            catalogue=self.catalogue.view,
            checks=self.readiness.checks(
                database=self.database,
                link=self.link,
                data_dir=self.settings.data_dir,
                min_free_mb=self.settings.media.min_free_mb,
            ),
            metrics=self.metrics,
        )

    def _spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._part_ended)

        async def stop() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self._stack.push_async_callback(stop)

    def _part_ended(self, task: asyncio.Task[None]) -> None:
        """A defect in a part that runs for ever must not leave a process that looks alive: it ends, to be restarted."""
        if not task.cancelled() and (defect := task.exception()) is not None:
            self.broken = self.broken or task.get_name()
            log.critical("app.part_broke", part=task.get_name(), exc_info=defect)
            self.over.set()


def zone(name: str) -> ZoneInfo:
    """The zone of ``timezone`` in config.yaml."""
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError) as error:
        raise ConfigInvalid(f"unknown zone {name!r}", field="timezone", fix="e.g. Asia/Shanghai") from error


async def run(settings: Settings) -> None:
    """``callcenter serve``: run until SIGINT or SIGTERM. Raises CallcenterError when a part broke."""
    logs.configure(level=settings.logs.level, fmt=settings.logs.format)
    app = App(settings)
    await app.start()
    log.info("app.started", url=app.url, pbx=f"{settings.pbx.host}:{settings.pbx.port}", data=str(settings.data_dir))
    _end_on_signals(app.over)
    await app.over.wait()
    log.info("app.stopping")
    await app.aclose()
    if app.broken is not None:
        raise CallcenterError(f"the part {app.broken!r} broke", fix="the log has the cause; start callcenter again")


async def run_asr_worker(settings: Settings) -> None:
    """``callcenter serve --role asr-worker``: run until SIGINT or SIGTERM. Raises what broke."""
    logs.configure(level=settings.logs.level, fmt=settings.logs.format)
    sys.setswitchinterval(SWITCH_S)
    package_owner.check()
    worker, over = AsrWorker(settings), asyncio.Event()
    await worker.start()
    _end_on_signals(over)
    ends = {asyncio.ensure_future(over.wait()), asyncio.ensure_future(worker.serve())}
    done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    await worker.aclose()
    for end in ends:
        end.cancel()
    for end in done:
        end.result()


def _end_on_signals(over: asyncio.Event) -> None:
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, over.set)
