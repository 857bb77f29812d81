"""``Link`` within one process, for tests: delivery in the next turn of the event loop, and cables that can be cut."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count

from asr.worker.link import Handler, NobodyAnswered, Unsubscribe


@dataclass(slots=True, eq=False)
class _Subscription:
    words: list[str]
    handler: Handler
    group: str
    link: MemoryLink

    def wants(self, subject: str) -> bool:
        words = subject.split(".")
        return len(words) == len(self.words) and all(
            own in ("*", word) for own, word in zip(self.words, words, strict=True)
        )


@dataclass(slots=True, eq=False)
class Exchange:
    """What links are plugged into."""

    subscriptions: list[_Subscription] = field(default_factory=list)
    turns: Iterator[int] = field(default_factory=count)

    def receivers(self, subject: str) -> list[_Subscription]:
        """All without a group, and of each group the next in turn."""
        wanting = [s for s in self.subscriptions if s.wants(subject) and not s.link.cut]
        chosen = [s for s in wanting if not s.group]
        for group in {s.group for s in wanting if s.group}:
            members = [s for s in wanting if s.group == group]
            chosen.append(members[next(self.turns) % len(members)])
        return chosen


class MemoryLink:
    """One process's place at the exchange; while ``cut`` nothing goes in or out."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.cut = False

    def publish(self, subject: str, payload: bytes) -> None:
        """Send to all who listen now."""
        self._send(subject, payload, "")

    async def subscribe(self, subject: str, handler: Handler, *, group: str = "") -> Unsubscribe:
        """Listen until the returned function is called."""
        subscription = _Subscription(subject.split("."), handler, group, self)
        self.exchange.subscriptions.append(subscription)

        def unsubscribe() -> None:
            if subscription in self.exchange.subscriptions:
                self.exchange.subscriptions.remove(subscription)

        return unsubscribe

    async def request(self, subject: str, payload: bytes, timeout_s: float) -> bytes:
        """The first answer."""
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        inbox = f"_inbox.{next(self.exchange.turns)}"

        def answered(message: bytes, _reply: str) -> None:
            if not answer.done():
                answer.set_result(message)

        unsubscribe = await self.subscribe(inbox, answered)
        try:
            if not self._send(subject, payload, inbox):
                raise NobodyAnswered(f"nobody listens to {subject}")
            return await asyncio.wait_for(answer, timeout_s)
        except TimeoutError:
            raise NobodyAnswered(f"no answer from {subject}") from None
        finally:
            unsubscribe()

    def _send(self, subject: str, payload: bytes, reply: str) -> bool:
        if self.cut:
            return False
        receivers = self.exchange.receivers(subject)
        for receiver in receivers:
            asyncio.get_running_loop().call_soon(self._deliver, receiver, payload, reply)
        return bool(receivers)

    def _deliver(self, receiver: _Subscription, payload: bytes, reply: str) -> None:
        if receiver in self.exchange.subscriptions and not receiver.link.cut:
            receiver.handler(payload, reply)
