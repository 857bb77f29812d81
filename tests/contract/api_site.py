"""A running web server on a real SQLite file, and browsers that use it as the page does."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from aiohttp import ClientSession, CookieJar, DummyCookieJar
from aiohttp.test_utils import TestServer
from prometheus_client import CollectorRegistry

from callcenter.auth.api_keys import ApiKeys
from callcenter.auth.passwords import Passwords
from callcenter.auth.sessions import Auth
from callcenter.clock import VirtualClock
from callcenter.config import Settings
from callcenter.config_sections import WebSettings
from callcenter.features.mail_intake import MailIntake
from callcenter.features.readiness import Check
from callcenter.features.report_intake import ReportIntake
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
from tests.contract.api_browser import Browser
from tests.contract.api_people import QUICK, add_people
from tests.contract.api_stand_ins import (
    NOW,
    DeskCalls,
    DeskOrders,
    LiveSounds,
    QuietNotify,
    QuietWall,
    Sounds,
    TriedOut,
)
from workorder.commands import AddAsset, CreateCustomer, NewAsset, OpenDraft, SavePlan
from workorder.policy.phones import parse_phone
from workorder.services import assets, customers, maintenance, orders
from workorder.views.assets import AssetRecord, PlanView
from workorder.views.customers import CustomerCard
from workorder.views.orders import OrderView

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


_TEMPLATE: list[bytes] = []


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


async def _template(folder: Path) -> bytes:
    """A database with the schema and the people; made once per run, for it takes longer than most tests."""
    if not _TEMPLATE:
        file = folder / "template.db"
        database = await Database.open(f"sqlite+aiosqlite:///{file}")
        try:
            await database.upgrade()
            await add_people(database)
        finally:
            await database.aclose()
        _TEMPLATE.append(file.read_bytes())
        file.unlink()
    return _TEMPLATE[0]


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
