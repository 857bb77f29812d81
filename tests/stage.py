"""A running call centre for tests: the real application against the simulated PBX, with the demo's customers and users."""

from __future__ import annotations

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
    async def desk(self) -> AsyncIterator[Desk]:
        """The agent's desk, logged in, with its snapshot received."""
        agent, _ = await self.tokens()
        async with open_desk(self.app.url, agent) as desk:
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
