"""What a stream has said and nobody has read yet."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from asr.errors import AsrError
from asr.events import Final, Partial, SpeechEvent


class EventQueue:
    """Events in order until ``end``; a guess that was not read is replaced by what follows it."""

    def __init__(self) -> None:
        self._events: deque[SpeechEvent] = deque()
        self._came = asyncio.Event()
        self._error: AsrError | None = None
        self.over = False

    @property
    def has_final(self) -> bool:
        """Whether something finished waits to be read."""
        return any(isinstance(event, Final) for event in self._events)

    def put(self, event: SpeechEvent) -> None:
        """Append; nothing is taken after the end."""
        if self.over:
            return
        if self._events and isinstance(self._events[-1], Partial):
            self._events.pop()
        self._events.append(event)
        self._came.set()

    def end(self, error: AsrError | None = None) -> None:
        """Nothing follows; what waits can still be read, then ``error`` is raised. Only the first end counts."""
        if not self.over:
            self.over, self._error = True, error
        self._came.set()

    def drop(self) -> None:
        """End, and forget what waits."""
        self.end()
        self._events.clear()

    async def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        """Each event once."""
        while True:
            while self._events:
                yield self._events.popleft()
            if self.over:
                break
            self._came.clear()
            await self._came.wait()
        if self._error is not None:
            raise self._error
