"""The bus of a call centre of several processes: local delivery at once, and a JetStream stream between the processes.

An event is handed to this process's subscribers first and leaves for the others behind it, in order, one at a time;
what the others published comes in order too. While the server is away both directions wait: nothing but guesses
(``droppable``) is lost as long as the stream keeps an hour of events.
"""

from __future__ import annotations

import asyncio
from collections import deque

import structlog
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, DiscardPolicy, StreamConfig
from nats.js.client import JetStreamContext

from callcenter.bus.codec import Codec, EventUnreadable
from callcenter.bus.connection import NatsConnection
from callcenter.bus.local import QUEUE_LIMIT, LocalBus
from callcenter.bus.port import E, Handler
from callcenter.clock import Clock
from callcenter.ids import new_id

log = structlog.get_logger(__name__)

ORIGIN = "Callcenter-Origin"
MESSAGE_ID = "Nats-Msg-Id"
"""The server drops a second message with the same id: what is sent again after a lost answer counts once."""
KEEP_S = 3600
KEEP_BYTES = 256 << 20
CHECK_S = 2.0
FORGET_S = 30.0
"""After so long without us the server forgets that we listen; we come back and go on where we were."""
ANSWER_S = 2.0
RETRY_S = 0.5


class NatsBus:
    """Adapter of ``callcenter.bus.port.Bus``; ``name`` tells call centres apart that share a server.

    ``first``: see ``LocalBus``.
    """

    def __init__(
        self,
        connection: NatsConnection,
        codec: Codec,
        *,
        clock: Clock,
        name: str = "callcenter",
        first: str | None = None,
    ) -> None:
        self._connection = connection
        self._codec = codec
        self._clock = clock
        self._local = LocalBus(first=first)
        self._origin = new_id()
        self._stream = f"{name}-events"
        self._subject = f"{name}.events"
        self._leaving: deque[object] = deque()
        self._wake = asyncio.Event()
        self._sent = asyncio.Event()
        self._sent.set()
        self._listening = asyncio.Event()
        self._last_seen = -1
        self._taken = 0
        self._missing = False
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, *, wait_s: float = 5.0) -> None:
        """Begin to exchange events; returns when others can be heard, or after ``wait_s`` with the server away."""
        self._tasks = [
            asyncio.create_task(self._send(), name="nats:send"),
            asyncio.create_task(self._receive(), name="nats:receive"),
        ]
        try:
            await asyncio.wait_for(self._listening.wait(), wait_s)
        except TimeoutError:
            log.error("nats.away", url=self._connection.url, reason=self._connection.last_error)

    def publish(self, event: object) -> None:
        """Append to each interested subscription's queue here, and to what leaves for the others."""
        self._local.publish(event)
        if not self._codec.knows(event):
            return
        if len(self._leaving) >= QUEUE_LIMIT:
            self._drop_one()
        self._leaving.append(event)
        self._sent.clear()
        self._wake.set()

    def subscribe(self, event_type: type[E], handler: Handler[E], *, name: str) -> None:
        """Handlers under one ``name`` share one queue, whoever published."""
        self._local.subscribe(event_type, handler, name=name)

    def lag(self) -> dict[str, int]:
        """Events waiting, by subscription; ``nats``: those that have not left yet."""
        return {**self._local.lag(), "nats": len(self._leaving)}

    async def drain(self) -> None:
        """Wait until all queues here are empty at the same moment and, while the server is there, all has left."""
        await self._local.drain()
        while self._connection.up and not self._sent.is_set():
            await asyncio.wait({asyncio.ensure_future(self._sent.wait())}, timeout=RETRY_S)

    async def handled(self) -> None:
        """What was published here has been handled here; other processes have their own outbox relay or none."""
        await self._local.handled()

    async def aclose(self) -> None:
        """Drain for at most five seconds, then stop."""
        await self._local.aclose()
        try:
            await asyncio.wait_for(self.drain(), 5)
        except TimeoutError:
            log.warning("bus.closed_with_pending_events", lag=self.lag())
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _drop_one(self) -> None:
        guess = next((event for event in self._leaving if getattr(event, "droppable", False)), None)
        if guess is not None:
            self._leaving.remove(guess)

    # ---- out ----------------------------------------------------------------------------------------------------

    async def _send(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._leaving:
                await self._send_one(self._leaving.popleft())
            self._sent.set()

    async def _send_one(self, event: object) -> None:
        name, payload = self._codec.encode(event)
        headers = {ORIGIN: self._origin, MESSAGE_ID: new_id()}
        while True:
            try:
                stream = self._connection.client.jetstream(timeout=ANSWER_S)
                await stream.publish(f"{self._subject}.{name}", payload, timeout=ANSWER_S, headers=headers)
            except (NatsError, TimeoutError, OSError) as error:
                log.debug("nats.not_sent", event_type=name, reason=str(error))
                await self._clock.sleep(RETRY_S)
            else:
                return

    # ---- in -----------------------------------------------------------------------------------------------------

    async def _receive(self) -> None:
        while True:
            try:
                if await self._connection.wait_up(CHECK_S):
                    await self._listen(self._connection.client.jetstream(timeout=ANSWER_S))
            except (NatsError, TimeoutError, OSError) as error:
                log.debug("nats.listening_failed", reason=str(error))
            await self._clock.sleep(RETRY_S)

    async def _listen(self, stream: JetStreamContext) -> None:
        """Take what comes, from where the last consumer stopped, until the server or a message is missing."""
        await self._ensure_stream(stream)
        self._missing, self._taken = False, 0
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=self._last_seen + 1,
            ack_policy=AckPolicy.NONE,
            inactive_threshold=FORGET_S,
        )
        consumer = await stream.subscribe(f"{self._subject}.>", stream=self._stream, config=config, cb=self._take)
        self._listening.set()
        try:
            while not self._missing:
                before = self._last_seen
                await self._clock.sleep(CHECK_S)
                # A consumer that the server has forgotten raises; what it sent long ago and we never saw is missing.
                delivered = (await consumer.consumer_info()).delivered
                self._missing = delivered is not None and delivered.stream_seq > self._last_seen == before
        finally:
            if not self._connection.client.is_closed:
                await consumer.unsubscribe()

    async def _ensure_stream(self, stream: JetStreamContext) -> None:
        config = StreamConfig(
            name=self._stream,
            subjects=[f"{self._subject}.>"],
            max_age=KEEP_S,
            max_bytes=KEEP_BYTES,
            discard=DiscardPolicy.OLD,
        )
        last = (await stream.add_stream(config)).state.last_seq
        # Begin with what is published from now on; after a server that lost its store, with what is there.
        if self._last_seen < 0 or self._last_seen > last:
            self._last_seen = last if self._last_seen < 0 else 0

    async def _take(self, message: Msg) -> None:
        sequence = message.metadata.sequence
        # The consumer's own numbers have no holes; those of the stream have, where old events were thrown away.
        self._missing = self._missing or sequence.consumer != self._taken + 1
        if self._missing:
            return
        self._taken, self._last_seen = sequence.consumer, sequence.stream
        if (message.headers or {}).get(ORIGIN) == self._origin:
            return
        name = message.subject.removeprefix(f"{self._subject}.")
        try:
            event = self._codec.decode(name, message.data)
        except EventUnreadable as error:
            log.warning("nats.event_skipped", reason=error.message)
        else:
            self._local.publish(event)
