"""A worker: recognises streams that clients send, with a recogniser of its own."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Coroutine
from itertools import count
from typing import Any

import structlog

from asr.errors import AsrError, Overloaded
from asr.events import SpeechEvent
from asr.recognizer import Recognizer, RecognizerStream
from asr.worker.link import Clock, Link, Unsubscribe
from asr.worker.protocol import (
    ALIVE_EVERY_S,
    Kind,
    MessageInvalid,
    Opened,
    OpenStream,
    Report,
    Status,
    Subjects,
    decode_input,
)

log = structlog.get_logger(__name__)

TICK_S = 0.2
TICKS_A_STATUS = round(ALIVE_EVERY_S / TICK_S)
CLIENT_SILENT_S = 10.0
"""A client that says nothing for so long is gone: its stream is freed. Longer than a client waits for us."""
GROUP = "workers"


class Worker:
    """Takes streams while its recogniser accepts them: without room it leaves the group, and others are asked.

    Streams that lost their worker it takes always: their calls were promised a transcript.
    """

    def __init__(
        self, recognizer: Recognizer, link: Link, clock: Clock, *, name: str, model: str, worker_id: str
    ) -> None:
        self.worker_id = worker_id
        self.subjects = Subjects(name)
        self.counts: Counter[str] = Counter()
        """Streams by what became of them: opened, finished, refused, failed, closed, lost."""
        self._recognizer = recognizer
        self._link = link
        self._clock = clock
        self._model = model
        self._sessions: dict[str, Session] = {}
        self._leave_group: Unsubscribe | None = None
        self._stop_resuming: Unsubscribe | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def now_s(self) -> float:
        """The worker's clock."""
        return self._clock.monotonic()

    @property
    def streams(self) -> int:
        """Legs being recognised now."""
        return len(self._sessions)

    async def run(self) -> None:
        """Serve until cancelled."""
        try:
            for tick in count():
                await self._keep_membership()
                for session in list(self._sessions.values()):
                    session.tick(self.now_s)
                if tick % TICKS_A_STATUS == 0:
                    self._link.publish(self.subjects.status(self.worker_id), self._status().encode())
                await self._clock.sleep(TICK_S)
        finally:
            for leave in (self._leave_group, self._stop_resuming):
                if leave is not None:
                    leave()

    async def aclose(self) -> None:
        """End every stream: its client goes on elsewhere at once."""
        for session in list(self._sessions.values()):
            session.fail("the worker stops")
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run until done or ``aclose``."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def ended(self, session: Session, outcome: str) -> None:
        """A stream is over."""
        if self._sessions.pop(session.stream_id, None) is not None:
            self.counts[outcome] += 1

    async def _keep_membership(self) -> None:
        if self._stop_resuming is None:
            subject = self.subjects.resume(self._model)
            self._stop_resuming = await self._link.subscribe(subject, self._asked, group=GROUP)
        accepting = self._recognizer.load.accepting
        if accepting and self._leave_group is None:
            subject = self.subjects.open(self._model)
            self._leave_group = await self._link.subscribe(subject, self._asked, group=GROUP)
        elif not accepting and self._leave_group is not None:
            self._leave_group()
            self._leave_group = None

    def _asked(self, payload: bytes, reply: str) -> None:
        self.spawn(self._open(payload, reply))

    async def _open(self, payload: bytes, reply: str) -> None:
        try:
            wanted = OpenStream.decode(payload)
            stream = self._recognizer.open(
                sample_rate_hz=wanted.sample_rate_hz,
                vocabulary=wanted.vocabulary,
                live=wanted.live,
                resumed=wanted.resumed,
            )
        except (MessageInvalid, Overloaded) as error:
            self.counts["refused"] += 1
            self._link.publish(reply, Opened(self.worker_id, refused=error.code).encode())
            return
        session = Session(self, wanted, stream, self._link)
        self._sessions[wanted.stream_id] = session
        self.counts["opened"] += 1
        await session.listen()
        self._link.publish(reply, Opened(self.worker_id).encode())
        await session.tell()

    def _status(self) -> Status:
        load, can = self._recognizer.load, self._recognizer.capabilities
        return Status(
            self.worker_id,
            self._model,
            load.streams,
            load.busy,
            load.backlog_ms,
            load.accepting,
            load.spare,
            can.grammar,
            can.only,
            can.sample_rate_hz,
            dict(self.counts),
        )


class Session:
    """One stream of one client."""

    def __init__(self, worker: Worker, wanted: OpenStream, stream: RecognizerStream, link: Link) -> None:
        self.stream_id = wanted.stream_id
        self._worker = worker
        self._stream = stream
        self._link = link
        self._rate = wanted.sample_rate_hz
        self._received_bytes = 0
        self._taken = 0
        self._reported = 0
        self._position = (0, 0)
        self._said_at_s = self._heard_at_s = worker.now_s
        self._over = False
        self._unsubscribe: Unsubscribe | None = None

    async def listen(self) -> None:
        """Take the client's messages from now on."""
        self._unsubscribe = await self._link.subscribe(self._worker.subjects.audio(self.stream_id), self._take)

    async def tell(self) -> None:
        """Report what is heard until the stream is over."""
        try:
            async for event in self._stream:
                self._report(event)
            self._finish("finished")
        except AsrError as error:
            log.error("worker.stream_failed", stream=self.stream_id, reason=error.message)
            self.fail(error.message)
        finally:
            await self._stream.aclose()

    def tick(self, now_s: float) -> None:
        """Tell where the stream stands, and give up a client that is gone."""
        if now_s - self._heard_at_s > CLIENT_SILENT_S:
            self._close("lost")
        elif self._where() != self._position or now_s - self._said_at_s >= ALIVE_EVERY_S:
            self._report()

    def fail(self, reason: str) -> None:
        """Over before its end."""
        self._finish("failed", reason)

    def _take(self, payload: bytes, _reply: str) -> None:
        if self._over:
            return
        try:
            kind, number, pcm = decode_input(payload)
        except MessageInvalid as error:
            self.fail(error.message)
            return
        self._heard_at_s = self._worker.now_s
        if kind is Kind.CLOSE:
            self._close("closed")
        elif number != self._taken + 1:
            self.fail(f"message {self._taken + 1} is missing")
        else:
            self._taken = number
            self._do(kind, pcm)

    def _do(self, kind: Kind, pcm: bytes) -> None:
        if kind is Kind.AUDIO:
            self._received_bytes += len(pcm)
            self._stream.push(pcm)
        elif kind is Kind.FLUSH:
            self._stream.flush()
        elif kind is Kind.END:
            self._stream.end_input()
        elif kind is Kind.DRAIN:
            self._worker.spawn(self._drain())

    async def _drain(self) -> None:
        """The client waits for this: tell it at once."""
        await self._stream.drain()
        if not self._over:
            self._report()

    def _where(self) -> tuple[int, int]:
        """Taken and settled ms."""
        received_ms = self._received_bytes * 500 // self._rate
        return max(0, received_ms - self._stream.backlog_ms), self._stream.settled_ms

    def _report(self, event: SpeechEvent | None = None, *, over: bool = False, error: str = "") -> None:
        self._reported += 1
        self._position = self._where()
        self._said_at_s = self._worker.now_s
        report = Report(self._reported, *self._position, event, over, error)
        self._link.publish(self._worker.subjects.heard(self.stream_id), report.encode())

    def _finish(self, outcome: str, reason: str = "") -> None:
        if not self._over:
            self._report(over=True, error=reason)
            self._close(outcome)

    def _close(self, outcome: str) -> None:
        self._over = True
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self._worker.ended(self, outcome)
        self._worker.spawn(self._stream.aclose())
