"""What is up: taken down in reverse, and missed when it breaks."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from typing import Any

import structlog

log = structlog.get_logger(__name__)


class Lifetime:
    """The parts of one running call centre, in the order in which they came up. ``stack`` takes what ends each."""

    def __init__(self) -> None:
        self.stack = AsyncExitStack()
        self.over = asyncio.Event()
        """Set when the process should end: by a signal, or because a part broke that everything depends on."""
        self.broken: str | None = None
        """The part that broke first."""

    def spawn(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """Run a part that goes on until the end."""
        task = asyncio.create_task(work, name=name)
        task.add_done_callback(self._part_ended)

        async def stop() -> None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        self.stack.push_async_callback(stop)

    def _part_ended(self, task: asyncio.Task[None]) -> None:
        """A defect in a part that runs for ever must not leave a process that looks alive: it ends, to be restarted."""
        if not task.cancelled() and (defect := task.exception()) is not None:
            self.broken = self.broken or task.get_name()
            log.critical("app.part_broke", part=task.get_name(), exc_info=defect)
            self.over.set()
