"""``callcenter demo``: the whole call centre on embedded defaults, against the simulated PBX."""

from __future__ import annotations

import asyncio
import shutil
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcenter.cli.output import EXIT_FAILED, emit, reports_errors, say

if TYPE_CHECKING:
    from callcenter.app import App
    from callcenter.config import Settings
    from callcenter.features.demo.schedule import DemoCall
    from callcenter.telephony.simulator.call import PlacedCall
    from callcenter.telephony.simulator.pbx import SimulatedPbx

AGENT_INTERFACE = "PJSIP/1001"
SECRET = "simulated"  # noqa: S105 - between two parts of this process, on loopback
RING_S = 4.0
BETWEEN_CALLS_S = 8.0
LINK_S = 10.0


@click.command()
@click.option("--calls", "count", type=click.IntRange(min=1), help="Stop after so many calls (default: go on).")
@click.option("--headless", is_flag=True, help="Without a browser: walk each call from ring to replay and report it.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object per call: {call, transcript, draft, timings}.")
@click.option(
    "--port", type=click.IntRange(0, 65535), default=8080, show_default=True, help="Web port; 0: any free one."
)
@click.option("--data", type=click.Path(path_type=Path), default=Path("demo-data"), show_default=True)
@click.option("--fresh", is_flag=True, help="Forget the calls and orders of earlier demos first.")
@reports_errors
def demo(count: int | None, headless: bool, as_json: bool, port: int, data: Path, fresh: bool) -> None:
    """Real calls on a simulated PBX: screen-pop, live transcript, a draft that fills itself in, replay."""
    from callcenter import logs
    from callcenter.features.demo.walkthrough import StageFailed

    logs.configure(level="warning" if headless else "info")
    if fresh:
        shutil.rmtree(data, ignore_errors=True)
    try:
        if headless:
            asyncio.run(_headless(count or 1, data, as_json=as_json))
        else:
            asyncio.run(_interactive(count, data, port))
    except StageFailed as error:
        if as_json:
            emit({"failed_stage": error.stage, "reason": error.message})
        say(f"callcenter demo: {error}")
        sys.exit(EXIT_FAILED)


@dataclass(slots=True)
class Stage:
    """The running demo: application, PBX, and one-time login tokens of its two users."""

    app: App
    pbx: SimulatedPbx
    agent_token: str
    supervisor_token: str

    async def place(self, call: DemoCall) -> PlacedCall:
        """Let one of the recorded dialogues come in."""
        from callcenter.telephony.simulator.call import SimulatedCall

        return await self.pbx.place_call(
            SimulatedCall(number=call.number, interface=AGENT_INTERFACE, audio=call.audio, ring_s=RING_S)
        )


@asynccontextmanager
async def running(data: Path, port: int) -> AsyncIterator[Stage]:
    """Simulated PBX, application, sample customers and the two users; everything is stopped at the end."""
    from callcenter.app import App
    from callcenter.features.demo.seed import seed
    from callcenter.features.demo.users import login_tokens
    from callcenter.features.demo.walkthrough import stage
    from callcenter.telephony.simulator.pbx import SimulatedPbx

    pbx = SimulatedPbx(secret=SECRET, queues={"support": (AGENT_INTERFACE,)})
    await pbx.start()
    app = App(_settings(data, port, pbx.port))
    try:
        await stage("start", app.start())
        await seed(app.database, now=app.clock.now())
        agent, supervisor = await login_tokens(app.auth, app.database, AGENT_INTERFACE)
        await stage("pbx_link", app.link.wait_connected(LINK_S))
        yield Stage(app, pbx, agent, supervisor)
    finally:
        await app.aclose()
        await pbx.aclose()


def _settings(data: Path, port: int, ami_port: int) -> Settings:
    from callcenter.config import Settings

    return Settings.model_validate(
        {
            "data_dir": data,
            "pbx": {"port": ami_port, "secret": SECRET},
            "media": {"port": 0},
            "web": {"port": port},
        }
    )


async def _headless(count: int, data: Path, *, as_json: bool) -> None:
    from callcenter.features.demo.desk_client import open_desk
    from callcenter.features.demo.schedule import calls
    from callcenter.features.demo.walkthrough import Walk
    from callcenter.features.demo.walkthrough import as_json as walked_json

    started = time.monotonic()
    async with (
        running(data, 0) as demo_stage,
        open_desk(demo_stage.app.url, demo_stage.agent_token) as agent,
        open_desk(demo_stage.app.url, demo_stage.supervisor_token, live=False) as supervisor,
    ):
        await agent.wait(lambda frame: frame.type == "snapshot", timeout_s=LINK_S, what="snapshot")
        ready_s = time.monotonic() - started
        for call in calls(count):
            walked = await Walk(agent, supervisor, partial(demo_stage.place, call)).run()
            walked.timings["start_ms"] = round(ready_s * 1000, 1)
            if as_json:
                emit(walked_json(walked))
            else:
                say(f"{call.name}: {walked.draft['number']}, {len(walked.transcript)} utterances, {walked.timings}")


async def _interactive(count: int | None, data: Path, port: int) -> None:
    from callcenter.features.demo.schedule import calls

    stop = asyncio.Event()
    for signum in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    async with running(data, _free(port)) as demo_stage:
        url = demo_stage.app.url
        click.echo(f"\n  Agent desk   {url}/login?token={demo_stage.agent_token}")
        click.echo(f"  Supervisor   {url}/login?token={demo_stage.supervisor_token}   (another browser profile)\n")
        click.echo("  Each link logs in once. Open the desk: the first call rings a few seconds later. Ctrl-C stops.\n")
        ringing = asyncio.create_task(_ring_on(demo_stage, calls(count)))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({ringing, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if not stopping.done() and ringing.exception() is None:
            click.echo("  That was the last call; the desks stay open until Ctrl-C.")
            await stopping
        ringing.cancel()
        with suppress(asyncio.CancelledError):
            await ringing


async def _ring_on(demo_stage: Stage, schedule: Iterator[DemoCall]) -> None:
    """One call after another, while the agent's desk is open."""
    for call in schedule:
        await demo_stage.app.hub.wait_watched(AGENT_INTERFACE)
        await asyncio.sleep(3.0)
        click.echo(f"  ringing: {call.number or 'hidden number'} ({call.name})")
        placed = await demo_stage.place(call)
        await placed.ended
        await asyncio.sleep(BETWEEN_CALLS_S)


def _free(port: int) -> int:
    """``port`` if it can be had, else any free one, saying so."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            say(f"port {port} is taken; using a free one")
            return 0
    return port
