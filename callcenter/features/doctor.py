"""Checks of an installation, one function each: what was found and, where it is not right, what to do.

Nothing here changes anything outside the data folder, and every check runs whatever the others found.
"""

from __future__ import annotations

import asyncio
import shutil
import socket
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime

from asr.errors import AsrError
from asr.load import find_model
from callcenter.config import Settings
from callcenter.errors import CallcenterError, Unavailable
from callcenter.features import package_owner
from callcenter.features.bus_check import asr_workers, bus
from callcenter.features.findings import Finding, Level, Problem
from callcenter.features.mailbox_poll import open_mailbox
from callcenter.features.startup import prepare_data_dir
from callcenter.storage.database import Database
from callcenter.storage.schema import SchemaOld
from workorder.services import trail

NEWEST = 1000
"""Orders whose audit trail is proven; `callcenter order verify` proves all."""
Check = Callable[[Settings], Awaitable[str]]


async def packages(_settings: Settings) -> str:
    """Nobody else owns our package names in this environment."""
    package_owner.check()
    return "the packages callcenter, asr, nlp and workorder are ours alone"


async def data_folder(settings: Settings) -> str:
    """The data folder can be written."""
    prepare_data_dir(settings.data_dir)
    return f"{settings.data_dir.absolute()} can be written"


async def disk(settings: Settings) -> str:
    """There is room for recordings."""
    prepare_data_dir(settings.data_dir)
    free_mb = shutil.disk_usage(settings.data_dir).free // 1_000_000
    if free_mb < settings.media.min_free_mb:
        raise Problem(
            Level.ERROR,
            f"{free_mb} MB free, less than media.min_free_mb ({settings.media.min_free_mb})",
            "free some space: recordings stop below that",
        )
    return f"{free_mb} MB free"


async def database(settings: Settings) -> str:
    """The database answers and has this version's schema."""
    opened = await Database.open(settings.database_url())
    try:
        await opened.check()
    except SchemaOld as error:
        raise Problem(
            Level.WARNING, error.message, "the next start brings it up, or `callcenter db upgrade` now"
        ) from error
    finally:
        await opened.aclose()
    return f"{opened.url.get_backend_name()} answers and has this version's schema"


async def audit_trail(settings: Settings) -> str:
    """Nobody touched the audit trails of the newest orders behind the application's back."""
    opened = await Database.open(settings.database_url())
    try:
        await opened.check()
        async with opened.read() as work:
            report = await trail.verify(work.session, newest=NEWEST)
    except SchemaOld as error:
        raise Problem(Level.WARNING, "not looked at: the schema is old", "`callcenter db upgrade`") from error
    finally:
        await opened.aclose()
    if report.faults:
        first = report.faults[0]
        where = f"{first.number or first.order_id}, {f'line {first.change_id}' if first.change_id else 'its end'}"
        raise Problem(
            Level.ERROR,
            f"{len(report.faults)} were touched, the first is {where}: {first.problem}",
            "`callcenter order verify` names every one; compare with a backup",
        )
    return f"the trails of the newest {report.orders} orders are whole"


async def model(settings: Settings) -> str:
    """The speech model is there and whole."""
    if settings.asr.engine == "off":
        return "speech to text is off (asr.engine)"
    try:
        path = find_model(settings.asr.engine, settings.asr.model)
    except AsrError as error:
        raise Problem(Level.ERROR, error.message, error.fix or "`callcenter models list`") from error
    if settings.asr.model == "zh-demo":
        raise Problem(
            Level.WARNING,
            "zh-demo is a demonstration model, trained on synthetic voices",
            "for real callers: `callcenter models get zh-small` and asr.model: zh-small",
        )
    return f"{settings.asr.model} in {path}"


async def page(_settings: Settings) -> str:
    """The desks' page was built."""
    from importlib.resources import files

    if not files("callcenter.web").joinpath("static", "index.html").is_file():
        raise Problem(Level.ERROR, "the page is not built", "`make build`, or install the wheel")
    return "the page is built"


async def web_port(settings: Settings) -> str:
    """The web server's port is free (or callcenter runs already)."""
    return _port("web", settings.web.host, settings.web.port)


async def audio_port(settings: Settings) -> str:
    """The AudioSocket server's port is free."""
    return _port("media", settings.media.host, settings.media.port)


def _port(section: str, host: str, port: int) -> str:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise Problem(
                Level.WARNING,
                f"cannot listen on {host}:{port}: {error.strerror}",
                f"fine while callcenter runs; otherwise stop what uses it, or set {section}.host and {section}.port",
            ) from error
    return f"{host}:{port} is free"


async def exposure(settings: Settings) -> str:
    """A server that is reachable from outside speaks HTTPS through a proxy."""
    if settings.web.host not in ("127.0.0.1", "::1", "localhost") and not settings.web.cookie_secure:
        raise Problem(
            Level.WARNING,
            f"web.host {settings.web.host} is reachable from outside, and the session cookie may travel in clear",
            "put an HTTPS proxy in front, set web.public_url and web.cookie_secure: true (docs/admin.md)",
        )
    return "not reachable from outside, or behind HTTPS"


async def clock(_settings: Settings) -> str:
    """The clock is plausible."""
    now = datetime.now(UTC)
    if now.year < 2026:
        raise Problem(Level.ERROR, f"the clock says {now:%Y-%m-%d}", "set the clock, and run a time service")
    return f"{now:%Y-%m-%d %H:%M:%S} UTC"


async def mailbox(settings: Settings) -> str:
    """The mailbox lets us in; nothing is taken."""
    box = open_mailbox(settings)
    if box is None:
        return "no mailbox is set up (intake.mailbox)"
    return await box.check()


CHECKS: Mapping[str, Check] = {
    "packages": packages,
    "clock": clock,
    "data_folder": data_folder,
    "disk": disk,
    "database": database,
    "audit_trail": audit_trail,
    "model": model,
    "bus": bus,
    "asr_workers": asr_workers,
    "mailbox": mailbox,
    "page": page,
    "web_port": web_port,
    "audio_port": audio_port,
    "exposure": exposure,
}
"""In the order they are reported. The PBX check needs the application's adapters and is added by the command."""


async def examine(settings: Settings, checks: Mapping[str, Check] = CHECKS) -> list[Finding]:
    """Run every check, one after another."""
    return [await _run(name, check, settings) for name, check in checks.items()]


async def _run(name: str, check: Check, settings: Settings) -> Finding:
    try:
        async with asyncio.timeout(20):
            return Finding(name, Level.OK, await check(settings))
    except Problem as found:
        return Finding(name, found.level, found.message, found.fix)
    except CallcenterError as error:
        return Finding(name, Level.ERROR, str(error), error.fix or "")
    except TimeoutError:
        late = Unavailable("no answer within 20 s")
        return Finding(name, Level.ERROR, late.message, "see docs/admin.md")
