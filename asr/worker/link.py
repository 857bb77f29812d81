"""What workers and their clients need of the outside: a carrier of messages, and time.

Contract of ``Link`` (tests/contract/test_link.py runs over every adapter):

- ``publish`` returns at once and keeps the order. It promises nothing: while the connection is down messages are lost,
  and so are those to a subject that nobody listens to. Who needs to know numbers its messages.
- A subscription is in force when ``subscribe`` returns: what the same link publishes after that reaches it. It outlives
  losses of the connection; before the first one, ``NobodyAnswered`` is raised. Handlers
  run on the event loop, one message at a time in order, must not block and do not raise.
- Of subscriptions with the same ``group`` one, whichever, gets each message.
- ``request`` gives the first answer; ``NobodyAnswered`` when nobody listens or none comes in time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from asr.errors import AsrError

Handler = Callable[[bytes, str], None]
"""Called with a message and the subject for the answer, empty when none is wanted."""
Unsubscribe = Callable[[], None]


class NobodyAnswered(AsrError):  # noqa: N818 - named for what is wrong
    """A request had no answer."""

    code = "nobody_answered"


class Link(Protocol):
    """Carries messages between processes by subject."""

    def publish(self, subject: str, payload: bytes) -> None:
        """Send to all who listen now."""
        ...

    async def subscribe(self, subject: str, handler: Handler, *, group: str = "") -> Unsubscribe:
        """Listen; a ``*`` in the subject stands for one word. Call what is returned to stop."""
        ...

    async def request(self, subject: str, payload: bytes, timeout_s: float) -> bytes:
        """Send and wait for an answer. Raises NobodyAnswered."""
        ...


class Clock(Protocol):
    """Time that tests can jump (``callcenter.clock.Clock`` is one)."""

    def monotonic(self) -> float:
        """Seconds; only differences mean anything."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Return after ``seconds``."""
        ...
