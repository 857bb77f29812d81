"""The whole floor at a glance, for a screen on the wall."""

from __future__ import annotations

from callcenter.features.wall_views import WallboardView
from callcenter.web.ask import Ask


async def read(ask: Ask) -> WallboardView:
    """Calls and agents now, and today's numbers."""
    return ask.services.wallboard.snapshot()
