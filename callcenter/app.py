"""The composition root: the only place that chooses adapters and wires features together.

``App.start`` brings the parts up in the order in which they need each other; ``aclose`` takes them down in reverse.
A PBX that is away, a missing model or a taken AudioSocket port degrade the service and are reported by /readyz; a data
folder or database that cannot be used, a second instance and a taken web port stop the start with their own message.
"""

from __future__ import annotations

import asyncio
import gc
import sys
from functools import partial

import structlog
from aiohttp import web
from prometheus_client import CollectorRegistry

from callcenter.auth.api_keys import ApiKeys
from callcenter.auth.sessions import Auth
from callcenter.clock import Clock, SystemClock
from callcenter.config import Settings, zone
from callcenter.errors import ConfigInvalid, Unavailable
from callcenter.features import package_owner
from callcenter.features.attachment_files import AttachmentFiles
from callcenter.features.call_record import CallRecord
from callcenter.features.caller_choice import CallerChoice
from callcenter.features.caller_names import CallerNames
from callcenter.features.candidates import Candidates
from callcenter.features.intake import Intake
from callcenter.features.live_audio import LiveAudio
from callcenter.features.live_calls import LiveCalls
from callcenter.features.live_catalogue import LiveCatalogue
from callcenter.features.mail_intake import MailIntake
from callcenter.features.mailbox_poll import MailboxPoll, open_mailbox
from callcenter.features.maintenance import Maintenance
from callcenter.features.order_clock import OrderClock
from callcenter.features.order_watch import OrderWatch
from callcenter.features.own_words import wants_sound_alikes
from callcenter.features.pop_latency import PopLatency
from callcenter.features.readiness import Readiness
from callcenter.features.report_intake import ReportIntake
from callcenter.features.resumption import Resumption
from callcenter.features.screenpop import ScreenPop
from callcenter.features.spent_rows import SpentRows
from callcenter.features.staff_names import StaffNames
from callcenter.features.timers import Timers
from callcenter.features.wallboard import Wallboard
from callcenter.media.call_audio import CallAudio
from callcenter.media.transcriber import FindNames, no_names
from callcenter.storage.blobs import BlobStore
from callcenter.storage.caller_cards import open_caller_cards
from callcenter.storage.relay import Relay
from callcenter.telephony.actions import Actions
from callcenter.telephony.ami_link import AmiLink
from callcenter.telephony.call_tracker import CallTracker
from callcenter.telephony.capture import Capture
from callcenter.telephony.listener import Listener
from callcenter.web.hub import Hub, OrderLists, WallScreens
from callcenter.web.server import build_web
from callcenter.web.services import Services
from callcenter.wiring.bus import open_bus
from callcenter.wiring.lifetime import Lifetime
from callcenter.wiring.notices import Notices
from callcenter.wiring.sound import Sound
from callcenter.wiring.storage import open_database, open_journal
from workorder.policy.phones import parse_phone

log = structlog.get_logger(__name__)

SWITCH_S = 0.0005
"""Of a process with threads, see ``App.start``."""
CLOSE_S = 15.0
"""Longest wait for recordings and records to be finished at the end."""


class App:
    """One running call centre. ``clock`` is injected so that tests can jump it."""

    def __init__(self, settings: Settings, *, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock = clock or SystemClock()
        self.metrics = CollectorRegistry()
        self.lifetime = Lifetime()

    async def start(self) -> None:
        """Bring everything up; on failure what is up already is taken down again and the error goes on."""
        try:
            await self._start()
        except BaseException:
            await self.lifetime.stack.aclose()
            raise

    async def aclose(self) -> None:
        """Finish recordings and records, then stop."""
        try:
            async with asyncio.timeout(CLOSE_S):
                await self.lifetime.stack.aclose()
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
        self.database = await open_database(self.settings, self.lifetime)
        self.caller_cards = await open_caller_cards(self.database)
        self.lifetime.stack.push_async_callback(self.caller_cards.aclose)
        self.journal = open_journal(self.settings, self.clock, self.lifetime)
        self.readiness = Readiness()
        self.bus, self.nats = await open_bus(self.settings, self.clock, self.readiness, self.lifetime)
        self.auth = Auth(database=self.database, clock=self.clock, settings=self.settings.web)
        self.hub = Hub(queue_limit=self.settings.web.socket_queue, metrics=self.metrics)
        settings = self.settings
        self.read_phone = partial(parse_phone, country=settings.country, area_code=settings.area_code)
        self.latency = PopLatency(self.metrics)
        self.live_calls = LiveCalls(self.hub, self.clock, self.latency, self.read_phone)
        await self._open_sound()
        self._subscribe_features()
        await self.resumption.load()
        await self._start_wallboard()
        self._start_telephony()
        # Last but the web: every feature has registered its handlers.
        self.lifetime.spawn("timers", self.timers.run())
        await self._start_web()
        await self.sound.salvage(lambda call_id: call_id not in self.resumption.call_ids)
        self.sound.keep_recordings(self.database)
        # What stands now stays: the collector need not look through it again while a pop waits.
        gc.collect()
        gc.freeze()

    # ---- sound ------------------------------------------------------------------------------------------------

    async def _open_sound(self) -> None:
        settings = self.settings
        self.staff = StaffNames(self.database, self.clock)
        await self.staff.refresh()
        self.catalogue = LiveCatalogue(settings.data_dir / "catalogue", staff=lambda: self.staff.names)
        self.sound = Sound(
            settings,
            clock=self.clock,
            bus=self.bus,
            journal=self.journal,
            readiness=self.readiness,
            find_names=self._find_names(),
            lifetime=self.lifetime,
        )
        await self.sound.open(self.nats, self.metrics)

    def _find_names(self) -> FindNames:
        asr = self.settings.asr
        if asr.sound_alikes == "off":
            return no_names
        others = self.catalogue.find_names if wants_sound_alikes(asr) else no_names
        return CallerNames(self.live_calls.customer, others).find_names

    def _new_audio(self, call_id: str) -> CallAudio | None:
        """Audio of a new call; None when there are too many at once."""
        if len(self.live_audio) >= self.settings.media.max_calls:
            return None
        return self.sound.of_call(call_id, self.call_record.audio_started_at(call_id))

    # ---- features -----------------------------------------------------------------------------------------------

    def _subscribe_features(self) -> None:
        settings, database, clock = self.settings, self.database, self.clock
        self.timers = Timers(database, clock, self.metrics)
        Maintenance(zone=zone(settings.timezone), clock=clock).subscribe(self.timers)
        order_clock = OrderClock(database, clock)
        order_clock.register(self.timers)
        self.lifetime.spawn("order_clock", order_clock.adopt())
        self.notices = Notices(
            settings,
            database=database,
            clock=clock,
            hub=self.hub,
            read_phone=self.read_phone,
            english=self.catalogue.english,
            metrics=self.metrics,
            lifetime=self.lifetime,
        )
        self.notices.start(self.bus, self.timers, self.readiness)
        # Screen-pop first: within one queue its handlers run before those that only update what it shows.
        ScreenPop(
            cards=self.caller_cards, live=self.live_calls, bus=self.bus, clock=clock, read_phone=self.read_phone
        ).subscribe()
        self.live_calls.subscribe(self.bus)
        self.call_record = CallRecord(
            database, clock, self.read_phone, transcribes_late=settings.media.record and settings.asr.engine != "off"
        )
        self.call_record.subscribe(self.bus)
        self.lifetime.stack.push_async_callback(self.call_record.aclose)
        self.resumption = Resumption(
            database=database, record=self.call_record, bus=self.bus, clock=clock, salvage=self.sound.salvage_of
        )
        self.lifetime.stack.push_async_callback(self.resumption.aclose)
        self.staff.subscribe(self.bus)
        self.catalogue.subscribe(self.bus)
        self.lifetime.stack.push_async_callback(self.catalogue.aclose)
        self.lifetime.spawn("catalogue", self.catalogue.refresh())
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
        self.lifetime.stack.push_async_callback(self.intake.aclose)
        Candidates(database=database, live=self.live_calls, read_phone=self.read_phone).subscribe(self.bus)
        self.sound.transcribe_late(database, self.intake.understand)
        self.blobs = BlobStore(settings.data_dir / "attachments")
        self.reports = ReportIntake(extractor=self.catalogue.extractor, zone=zone(settings.timezone))
        self.mails = MailIntake(self.reports, self.blobs, max_bytes=settings.attachments.max_mb * 1_000_000)
        self._look_into_mailbox()
        files = AttachmentFiles(database=database, blobs=self.blobs, clock=clock)
        files.subscribe(self.bus)
        self.lifetime.spawn("attachment-files", files.run())
        OrderWatch(OrderLists(self.hub)).subscribe(self.bus)
        self.lifetime.spawn("relay", Relay(database, self.bus, clock).run())
        spent = SpentRows(database=database, clock=clock, keep_days=settings.storage.keep_sent_days)
        self.lifetime.spawn("spent-rows", spent.run())

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
            self.lifetime.spawn("mailbox", poll.run())

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
        self.lifetime.spawn("wallboard", self.wallboard.run())

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
        capture = Capture.from_settings(actions, settings.media, listening_port=self.sound.audio_server.port)
        self.live_audio = LiveAudio(
            server=self.sound.audio_server, tap=capture.tap, new_audio=self._new_audio, bus=self.bus, clock=self.clock
        )
        if settings.media.tap:
            self.live_audio.subscribe(self.bus)
        # Backwards at the end: last words and recordings are published, then handled, then the record is closed.
        self.lifetime.stack.push_async_callback(self.bus.drain)
        self.lifetime.stack.push_async_callback(self.live_audio.aclose)
        self.tracker = CallTracker(
            settings.pbx.agent_pattern,
            new_id=self.journal.new_id,
            now=lambda: self.journal.reading(self.clock.now().timestamp()),
            recall=self._recall,
        )
        self.listener = Listener(
            self.link, self.tracker, self.bus, self.clock, self.journal, on_resync=self.resumption.resynced
        )
        self.lifetime.spawn("listener", self.listener.run())

    def _recall(self, linkedid: str, uniqueid: str) -> str | None:
        known = self.resumption.recall(linkedid, uniqueid)
        return self.journal.new_id(known) if known else None

    # ---- web ----------------------------------------------------------------------------------------------------

    async def _start_web(self) -> None:
        host, port = self.settings.web.host, self.settings.web.port
        # A browser that downloads slowly must not hold the end for aiohttp's whole minute.
        runner = web.AppRunner(build_web(self._services()), access_log=None, shutdown_timeout=5.0)
        await runner.setup()
        self.lifetime.stack.push_async_callback(runner.cleanup)
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
            recordings=self.sound.recordings,
            live_audio=self.live_audio,
            blobs=self.blobs,
            reports=self.reports,
            mails=self.mails,
            notify=self.notices.planner,
            ways_out=self.notices.sender,
            catalogue=self.catalogue.view,
            checks=self.readiness.checks(
                database=self.database,
                link=self.link,
                data_dir=self.settings.data_dir,
                min_free_mb=self.settings.media.min_free_mb,
            ),
            metrics=self.metrics,
        )
