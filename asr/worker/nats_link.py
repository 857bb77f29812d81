"""``Link`` over a connected NATS client, which belongs to whoever made it."""

from __future__ import annotations

import asyncio
from collections import deque

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.errors import NoRespondersError

from asr.worker.link import Handler, NobodyAnswered, Unsubscribe

QUEUE_BYTES = 16 << 20
"""Messages that wait to be written; beyond that the newest are lost, as they are while the connection is down."""


class NatsLink:
    """Create it on the client's event loop; ``aclose`` ends it, not the client."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._waiting: deque[tuple[str, bytes]] = deque()
        self._waiting_bytes = 0
        self._wake = asyncio.Event()
        self._closing: set[asyncio.Task[None]] = set()
        self._task = asyncio.create_task(self._send(), name="nats-link")

    def publish(self, subject: str, payload: bytes) -> None:
        """Send to all who listen now."""
        if self._waiting_bytes + len(payload) > QUEUE_BYTES or not self._client.is_connected:
            return
        self._waiting.append((subject, payload))
        self._waiting_bytes += len(payload)
        self._wake.set()

    async def subscribe(self, subject: str, handler: Handler, *, group: str = "") -> Unsubscribe:
        """Listen until the returned function is called; the subscription comes back with the connection."""

        async def taken(message: Msg) -> None:
            handler(message.data, message.reply)

        try:
            subscription = await self._client.subscribe(subject, queue=group, cb=taken)
        except NatsError as error:
            raise NobodyAnswered("there is no connection to the NATS server") from error

        async def end() -> None:
            if not self._client.is_closed:
                await subscription.unsubscribe()

        def unsubscribe() -> None:
            task = asyncio.create_task(end())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)

        return unsubscribe

    async def request(self, subject: str, payload: bytes, timeout_s: float) -> bytes:
        """The first answer."""
        if not self._client.is_connected:
            raise NobodyAnswered("there is no connection to the NATS server")
        try:
            return (await self._client.request(subject, payload, timeout=timeout_s)).data
        except NoRespondersError:
            raise NobodyAnswered(f"nobody listens to {subject}") from None
        except (NatsError, TimeoutError) as error:
            raise NobodyAnswered(f"no answer from {subject}") from error

    async def aclose(self) -> None:
        """Stop sending."""
        self._task.cancel()
        await asyncio.gather(self._task, *self._closing, return_exceptions=True)

    async def _send(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._waiting:
                subject, payload = self._waiting.popleft()
                self._waiting_bytes -= len(payload)
                try:
                    await self._client.publish(subject, payload)
                except (NatsError, OSError):  # Lost, as this link may lose: the receiver's numbers tell.
                    continue
