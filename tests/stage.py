"""A running call centre for tests: the real application against the simulated PBX, with the demo's customers and users."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from callcenter.app import App
from callcenter.config import Settings
from callcenter.features.demo.desk_client import Desk, open_desk
from callcenter.features.demo.seed import seed
from callcenter.features.demo.users import login_tokens
from callcenter.storage import users
from callcenter.telephony.simulator.pbx import SimulatedPbx

AGENT = "PJSIP/1001"
SECRET = "simulated"


def settings(data_dir: Path, ami_port: int, **changes: Any) -> Settings:
    """Defaults on free ports; ``changes`` are sections, e.g. ``media={"tap": False}``."""
    tree: dict[str, Any] = {
        "data_dir": data_dir,
        "pbx": {"port": ami_port, "secret": SECRET, "reconnect_min_s": 0.05, "reconnect_max_s": 0.2},
        "media": {"port": 0},
        "web": {"port": 0},
    }
    for section, values in changes.items():
        tree[section] = {**tree[section], **values} if isinstance(tree.get(section), dict) else values
    return Settings.model_validate(tree)


@dataclass(slots=True)
class Stage:
    """The application, its PBX, and fresh one-time logins of an agent (PJSIP/1001) and a supervisor."""

    app: App
    pbx: SimulatedPbx

    async def tokens(self) -> tuple[str, str]:
        """Agent's and supervisor's one-time login tokens."""
        return await login_tokens(self.app.auth, self.app.database, AGENT)

    @asynccontextmanager
    async def desk(self, interface: str | None = AGENT) -> AsyncIterator[Desk]:
        """The desk of the agent at ``interface`` (None: of the supervisor), logged in, with its snapshot received."""
        agent, supervisor = await self.tokens()
        tokens = {AGENT: agent, None: supervisor}
        async with desk_of(self.app, tokens.get(interface) or await agent_token(self.app, interface)) as desk:
            yield desk


async def agent_token(app: App, interface: str) -> str:
    """A one-time login of an agent at ``interface``; the user is added the first time."""
    username = interface.rpartition("/")[2]
    async with app.database.read() as work:
        user = await users.by_username(work.session, username)
    if user is None:
        user = await app.auth.add_user(
            username=username, display_name=f"Agent {username}", roles=["agent"], interface=interface, by="test"
        )
    return await app.auth.issue_login_token(user.user_id)


@asynccontextmanager
async def desk_of(app: App, token: str) -> AsyncIterator[Desk]:
    """A desk logged in by ``token``, with its snapshot received."""
    async with open_desk(app.url, token) as desk:
        await desk.wait(lambda frame: frame.type == "snapshot", timeout_s=10, what="snapshot")
        yield desk


@asynccontextmanager
async def running_stage(data_dir: Path, **changes: Any) -> AsyncIterator[Stage]:
    """Start everything, linked to the PBX; stop it at the end."""
    pbx = SimulatedPbx(secret=SECRET, queues={"support": (AGENT, "PJSIP/1002")})
    await pbx.start()
    app = App(settings(data_dir, pbx.port, **changes))
    try:
        await app.start()
        try:
            await seed(app.database, now=app.clock.now())
            await app.link.wait_connected(10)
            yield Stage(app, pbx)
        finally:
            await app.aclose()
    finally:
        await pbx.aclose()


SERVE = """
import asyncio, json, sys
from callcenter.processes import run
from callcenter.config import Settings
asyncio.run(run(Settings.model_validate(json.loads(sys.argv[1]))))
"""


@asynccontextmanager
async def killed_process(config: Settings, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """callcenter in a process of its own, killed by ``kill -9`` at the end of the block; it writes to ``log``."""
    tree = config.model_dump(mode="json")
    tree["pbx"]["secret"] = config.pbx_secret()
    tree["storage"]["url"] = config.database_url()
    with log.open("w") as said:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", SERVE, json.dumps(tree), stdout=said, stderr=said
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGKILL)
            await process.wait()
