"""What ``callcenter serve`` runs: the whole call centre, or an asr worker, until a signal."""

from __future__ import annotations

import asyncio
import signal
import sys

import structlog

from callcenter import logs
from callcenter.app import SWITCH_S, App
from callcenter.config import Settings
from callcenter.errors import CallcenterError
from callcenter.features import package_owner
from callcenter.features.asr_worker import AsrWorker

log = structlog.get_logger(__name__)


async def run(settings: Settings) -> None:
    """``callcenter serve``: run until SIGINT or SIGTERM. Raises CallcenterError when a part broke."""
    logs.configure(level=settings.logs.level, fmt=settings.logs.format)
    app = App(settings)
    await app.start()
    log.info("app.started", url=app.url, pbx=f"{settings.pbx.host}:{settings.pbx.port}", data=str(settings.data_dir))
    _end_on_signals(app.lifetime.over)
    await app.lifetime.over.wait()
    log.info("app.stopping")
    await app.aclose()
    if app.lifetime.broken is not None:
        raise CallcenterError(
            f"the part {app.lifetime.broken!r} broke", fix="the log has the cause; start callcenter again"
        )


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
