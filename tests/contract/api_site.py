"""A running web server on a real SQLite file, and browsers that use it as the page does."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import ClientResponse, ClientSession, ClientWebSocketResponse, CookieJar, DummyCookieJar
from aiohttp.test_utils import TestServer
from argon2 import PasswordHasher
from prometheus_client import CollectorRegistry

from callcenter.auth.api_keys import ApiKeys
from callcenter.auth.passwords import Passwords
from callcenter.auth.sessions import Auth
from callcenter.clock import VirtualClock
from callcenter.config import Settings, WebSettings
from callcenter.errors import NotFound
from callcenter.features.caller_choice import ChosenCaller
from callcenter.features.mail_intake import MailIntake
from callcenter.features.readiness import Check
from callcenter.features.report_intake import ReportIntake
from callcenter.features.wall_views import (
    Quantiles,
    WallboardView,
    WallGap,
    WallLink,
    WallOrders,
    WallPops,
    WallToday,
    WallTranscripts,
)
from callcenter.storage import calls, users
from callcenter.storage.blobs import BlobStore
from callcenter.storage.call_writer import CallWriter
from callcenter.storage.database import Database
from callcenter.storage.users import User
from callcenter.web.hub import Hub
from callcenter.web.server import build_web
from callcenter.web.services import Services
from callcenter.web.static import Pages
from nlp.extract import Extractor
from workorder.commands import AddAsset, CreateCustomer, NewAsset, OpenDraft, SavePlan
from workorder.policy.phones import parse_phone
from workorder.services import assets, customers, maintenance, orders
from workorder.views.assets import AssetRecord, PlanView
from workorder.views.customers import CustomerCard
from workorder.views.orders import OrderView

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
PASSWORD = "correct horse"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)

CATALOGUE = {
    "service_types": [{"value": "repair", "label": "维修"}],
    "appliances": ["空调"],
    "brands": ["格力"],
    "faults": {"空调": ["不制冷"]},
    "english": {"空调": "air conditioner", "格力": "Gree", "不制冷": "does not cool"},
    "required": {"repair": ["service_type", "contact_phone"]},
}
FIELDS = {
    "service_type": "repair",
    "contact_phone": "13800138000",
    "appliance": "空调",
    "brand": "格力",
    "fault": "不制冷",
    "address": {"province": "浙江省", "city": "杭州市", "district": "西湖区", "detail": "文三路1号"},
}
PEOPLE = {
    "agent": (["agent"], "PJSIP/1001"),
    "other": (["agent"], "PJSIP/1002"),
    "supervisor": (["supervisor"], None),
    "admin": (["admin"], None),
    "nobody": ([], None),
}


@dataclass
class DeskCalls:
    """The live calls of a desk nobody calls; remembers what the page told."""

    done_calls: list[tuple[str, str]] = field(default_factory=list)
    painted_calls: list[tuple[str, str, float]] = field(default_factory=list)

    def snapshot(self, interface: str | None) -> Mapping[str, object]:
        return {"server_time": NOW, "agent_state": "available", "pbx": {"connected": True, "since": NOW}, "calls": []}

    def done(self, interface: str, call_id: str) -> None:
        self.done_calls.append((interface, call_id))

    def painted(self, interface: str, call_id: str, painted_at_ms: float) -> None:
        self.painted_calls.append((interface, call_id, painted_at_ms))


WALL = WallboardView(
    at=NOW,
    day=NOW.date(),
    calls=(),
    agents=(),
    today=WallToday(
        offered=3, answered=2, abandoned=1, missed=0, wait_avg_s=4.5, service_level=0.6667, service_level_s=20
    ),
    pbx=WallLink(connected=True, since=NOW, reason="connected"),
    gaps=(WallGap(NOW, NOW, 1, 0),),
    pops=WallPops(sent=Quantiles(2, 1.5, 3.0), painted=Quantiles(0, None, None)),
    transcripts=WallTranscripts(complete=2),
    orders=WallOrders(running=7, due_soon=2, late=1, paused=3),
)


class QuietWall:
    """A floor on which nothing happens."""

    def snapshot(self) -> WallboardView:
        return WALL


class QuietNotify:
    """Sends nothing."""

    def changed(self) -> None:
        """Nobody listens."""

    def lanes(self) -> tuple[str, ...]:
        return ("sms",)


@dataclass
class TriedOut:
    """One way out, that remembers what it took; ``fault`` is what it answers with."""

    sent: list[tuple[str, str, str]] = field(default_factory=list)
    fault: Exception | None = None

    async def try_out(self, lane: str, *, to: str, subject: str, text: str) -> str | None:
        if self.fault is not None:
            raise self.fault
        if lane != "sms":
            raise NotFound(f"there is no way out {lane}", field="lane")
        self.sent.append((to, subject, text))
        return "R1"


@dataclass
class DeskOrders:
    """Remembers which orders the desks were told about."""

    seen: list[OrderView] = field(default_factory=list)
    callers: list[tuple[str, ChosenCaller]] = field(default_factory=list)

    def chosen(self, call_id: str, caller: ChosenCaller) -> None:
        self.callers.append((call_id, caller))

    def changed(self, order: OrderView) -> None:
        self.seen.append(order)


@dataclass(frozen=True)
class Waveform:
    sample_rate_hz: int = 8000
    duration_ms: int = 2000
    peaks_per_s: float = 1.0
    channels: tuple[tuple[float, ...], ...] = ((0.5, 0.25), (0.0, 1.0))


@dataclass
class Sounds:
    """Recordings in a folder, and the audio of calls that go on, by call."""

    folder: Path
    live: dict[str, bytes] = field(default_factory=dict)

    def file(self, path: str) -> Path:
        if not (self.folder / path).is_file():
            raise NotFound("the recording is gone", field="call_id")
        return self.folder / path

    async def remove(self, path: str) -> None:
        (self.folder / path).unlink(missing_ok=True)

    async def peaks(self, path: str) -> Waveform:
        self.file(path)
        return Waveform()

    async def clip(self, path: str, *, start_ms: int, end_ms: int, channel: str) -> bytes:
        return f"RIFF {path} {start_ms} {end_ms} {channel}".encode()


@dataclass
class LiveSounds:
    calls: dict[str, bytes] = field(default_factory=dict)

    async def clip(self, call_id: str, *, start_ms: int, end_ms: int, channel: str) -> bytes | None:
        return self.calls.get(call_id)


@dataclass
class Site:
    """The server and what stands behind it."""

    services: Services
    server: TestServer
    users: dict[str, User]
    clock: VirtualClock
    calls: DeskCalls
    orders: DeskOrders
    live_sounds: LiveSounds
    sounds: Sounds
    checks: dict[str, Any]

    @asynccontextmanager
    async def browser(self, name: str | None = None) -> AsyncIterator[Browser]:
        """A browser with its own cookies, logged in as ``name`` by a one-time link."""
        jar = CookieJar(unsafe=True)
        async with ClientSession(self.origin, cookie_jar=jar) as client:
            browser = Browser(client, self.origin)
            if name is not None:
                token = await self.services.auth.issue_login_token(self.users[name].user_id)
                await browser.log_in({"login_token": token})
            yield browser

    @asynccontextmanager
    async def program(self, *scopes: str) -> AsyncIterator[Browser]:
        """Another program, with a key of its own that has ``scopes``."""
        async with self.services.database.write() as work:
            issued = await self.services.api_keys.add(work.session, name="program", scopes=scopes)
            await work.commit()
        headers = {"Authorization": f"Bearer {issued.token}"}
        async with ClientSession(self.origin, cookie_jar=DummyCookieJar(), headers=headers) as client:
            yield Browser(client, "")

    @property
    def origin(self) -> str:
        return f"http://{self.server.host}:{self.server.port}"

    async def customer(self, *, name: str = "王芳", phone: str = "13800138000") -> CustomerCard:
        async with self.services.database.write() as work:
            command = CreateCustomer(by="machine", at=self.clock.now(), name=name, phones=(phone,))
            card = await customers.create_customer(work.session, command)
            await work.commit()
        return card

    async def asset(self, customer_id: str, **values: Any) -> AssetRecord:
        """An appliance of the customer, bought a year before."""
        new = NewAsset(**{"appliance": "空调", "brand": "格力", "purchased_on": date(2025, 11, 21), **values})
        async with self.services.database.write() as work:
            command = AddAsset(by="machine", at=self.clock.now(), customer_id=customer_id, asset=new)
            asset = await assets.add_asset(work.session, command)
            await work.commit()
        return asset

    async def plan(self, customer_id: str) -> PlanView:
        """A yearly maintenance of the customer."""
        at = self.clock.now()
        command = SavePlan(
            by="u", at=at, customer_id=customer_id, title="年度保养", interval_months=12, first_on=date(2027, 3, 1)
        )
        async with self.services.database.write() as work:
            plan = await maintenance.save_plan(work.session, command, zone=ZoneInfo("Asia/Shanghai"))
            await work.commit()
        return plan

    async def call(self, call_id: str = "01CALL", *, interface: str = "PJSIP/1001", user: str | None = "agent") -> str:
        """A call that rang at ``interface``, was answered after 3 s, heard and ended after a minute."""
        at = self.clock.now()
        user_id = self.users[user].user_id if user else None
        writer, phone = CallWriter(), parse_phone("13800138000")
        writer.record_arrival(call_id=call_id, linkedid=f"{call_id}.1", at=at, direction="inbound", phone=phone)
        writer.record_offer(
            call_id=call_id,
            at=at,
            interface=interface,
            uniqueid=f"{call_id}.2",
            caller_uniqueid=f"{call_id}.1",
            queue="repairs",
            user_id=user_id,
        )
        writer.record_answer(call_id=call_id, at=at, interface=interface, user_id=user_id)
        writer.start_audio(call_id=call_id, at=at)
        writer.record_event(call_id=call_id, at=at, kind="answered", interface=interface, text="answered")
        writer.add_segment(
            call_id=call_id,
            segment_id=f"{call_id}S1",
            speaker="caller",
            start_ms=100,
            end_ms=900,
            text="空调 不 制冷",
            confidence=0.9,
            words=[("空调", 100, 400, 0.9)],
        )
        writer.record_end(call_id=call_id, at=at, cause=16)
        await self._save(writer)
        return call_id

    async def record(self, call_id: str, content: bytes = b"0123456789") -> None:
        """A recording of the call on disk and in the database."""
        (self.sounds.folder / f"{call_id}.flac").write_bytes(content)
        writer = CallWriter()
        writer.add_recording(
            call_id=call_id,
            at=self.clock.now(),
            path=f"{call_id}.flac",
            file_format="flac",
            sample_rate_hz=8000,
            duration_ms=60000,
            size_bytes=len(content),
            sha256="0" * 64,
        )
        await self._save(writer)

    async def _save(self, writer: CallWriter) -> None:
        async with self.services.database.write() as work:
            await calls.save(work.session, writer.take())
            await work.commit()

    async def file(self, content: bytes = b"hello") -> str:
        """A stored text; its hash."""

        async def chunks() -> AsyncIterator[bytes]:
            yield content

        kept = await self.services.blobs.keep(chunks(), judge=lambda _head: "text/plain", max_bytes=1000)
        return kept.sha256

    async def draft(self, call_id: str | None = None, **fields: Any) -> OrderView:
        async with self.services.database.write() as work:
            order = await orders.open_draft(
                work.session, OpenDraft(by="machine", at=self.clock.now(), call_id=call_id, fields=fields)
            )
            await work.commit()
        return order


@dataclass
class Browser:
    """Sends what the page sends: cookie, Origin and CSRF token."""

    client: ClientSession
    origin: str
    csrf_token: str | None = None

    async def log_in(self, body: Mapping[str, str]) -> ClientResponse:
        response = await self.post("/api/session", body)
        if response.status == 200:
            self.csrf_token = (await response.json())["csrf_token"]
        return response

    def headers(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        own = ({"Origin": self.origin} if self.origin else {}) | (
            {"X-CSRF-Token": self.csrf_token} if self.csrf_token else {}
        )
        return own | dict(extra or {})

    async def get(self, path: str, **options: Any) -> ClientResponse:
        return await self.client.get(path, **options)

    async def send(self, method: str, path: str, body: object = None, **headers: str) -> ClientResponse:
        """``headers`` are written with underscores: ``If_Match=…``."""
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self.client.request(method, path, json=body, headers=self.headers(extra))

    async def post(self, path: str, body: object, **headers: str) -> ClientResponse:
        return await self.send("POST", path, body, **headers)

    async def socket(self, **options: Any) -> ClientWebSocketResponse:
        return await self.client.ws_connect("/api/agent/socket", origin=self.origin, **options)


@asynccontextmanager
async def open_site(folder: Path, *, web: WebSettings | None = None, pages: Path | None = None) -> AsyncIterator[Site]:
    """The server on a fresh database in ``folder``; ``pages`` is the built page's folder, by default one that is empty."""
    file = folder / "test.db"
    file.write_bytes(await _template(folder))
    database = await Database.open(f"sqlite+aiosqlite:///{file}")
    try:
        async with serve(folder, database, Settings(web=web or WebSettings()), pages) as site:
            yield site
    finally:
        await database.aclose()


_TEMPLATE: list[bytes] = []


async def _template(folder: Path) -> bytes:
    """A database with the schema and the people; made once per run, for it takes longer than most tests."""
    if not _TEMPLATE:
        file = folder / "template.db"
        database = await Database.open(f"sqlite+aiosqlite:///{file}")
        try:
            await database.upgrade()
            auth = Auth(database=database, clock=VirtualClock(NOW), settings=WebSettings(), passwords=Passwords(QUICK))
            for name in PEOPLE:
                await _add(auth, database, name)
        finally:
            await database.aclose()
        _TEMPLATE.append(file.read_bytes())
        file.unlink()
    return _TEMPLATE[0]


async def add_people(database: Database) -> None:
    """Everybody of ``PEOPLE``; all but nobody have ``PASSWORD``."""
    auth = Auth(database=database, clock=VirtualClock(NOW), settings=WebSettings(), passwords=Passwords(QUICK))
    for name in PEOPLE:
        await _add(auth, database, name)


@asynccontextmanager
async def serve(folder: Path, database: Database, settings: Settings, pages: Path | None = None) -> AsyncIterator[Site]:
    """The server on a database that has its people."""
    clock, metrics = VirtualClock(NOW), CollectorRegistry()
    auth = Auth(database=database, clock=clock, settings=settings.web, passwords=Passwords(QUICK))
    desk_calls, desk_orders, live_sounds, sounds = DeskCalls(), DeskOrders(), LiveSounds(), Sounds(folder)
    checks: dict[str, Any] = {"database": _fine}
    blobs = BlobStore(folder / "attachments")
    reports = ReportIntake(extractor=_extractor, zone=ZoneInfo(settings.timezone))
    services = Services(
        settings=settings,
        clock=clock,
        database=database,
        auth=auth,
        api_keys=ApiKeys(database=database, clock=clock, per_minute=settings.web.api_key_per_minute),
        hub=Hub(queue_limit=settings.web.socket_queue, metrics=metrics),
        live_calls=desk_calls,
        live_orders=desk_orders,
        caller_choice=desk_orders,
        wallboard=QuietWall(),
        recordings=sounds,
        live_audio=live_sounds,
        blobs=blobs,
        reports=reports,
        mails=MailIntake(reports, blobs, max_bytes=1_000_000),
        notify=QuietNotify(),
        ways_out=TriedOut(),
        catalogue=lambda: CATALOGUE,
        checks=checks,
        metrics=metrics,
    )
    async with database.read() as work:
        people = {user.username: user for user in await users.list_users(work.session)}
    async with TestServer(build_web(services, pages=Pages(pages or folder / "no-page"))) as server:
        yield Site(services, server, people, clock, desk_calls, desk_orders, live_sounds, sounds, checks)


@cache
def _reader() -> Extractor:
    return Extractor()


async def _extractor() -> Extractor:
    return _reader()


async def _fine() -> Check:
    return Check(ok=True, message="fine")


async def _add(auth: Auth, database: Database, name: str) -> None:
    roles, interface = PEOPLE[name]
    if roles:
        await auth.add_user(
            username=name, display_name=name.title(), roles=roles, interface=interface, password=PASSWORD
        )
        return
    async with database.write() as work:
        await users.add_user(work.session, username=name, display_name=name, roles=(), at=NOW)
        await work.commit()
