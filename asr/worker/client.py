"""The client's side: finds a worker with room, sends a leg's audio there, and notices when it is gone."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import structlog

from asr.errors import AsrError, Overloaded
from asr.event_queue import EventQueue
from asr.events import SpeechEvent
from asr.streaming import BATCH_MS
from asr.worker.link import Clock, Link, NobodyAnswered, Unsubscribe
from asr.worker.protocol import (
    ALIVE_EVERY_S,
    SILENT_S,
    Kind,
    MessageInvalid,
    Opened,
    OpenStream,
    Report,
    Status,
    Subjects,
    encode_input,
)

log = structlog.get_logger(__name__)

ANSWER_S = 1.0
ASK = 3
"""Workers asked: one that is full may not have left the group yet."""
WATCH_S = 0.5
WINDOW_MS = 5000
"""Audio under way to a worker; more waits here until the worker has taken some."""


class WorkerLost(AsrError):  # noqa: N818 - named for what is wrong
    """The worker died, or messages were lost: another stream, given the audio from the settled place on, goes on."""

    code = "worker_lost"
    recoverable = True


class Workers:
    """All workers of a call centre that have ``model``."""

    def __init__(self, link: Link, clock: Clock, *, name: str, model: str) -> None:
        self._link = link
        self._clock = clock
        self._subjects = Subjects(name)
        self._model = model
        self._statuses: dict[str, tuple[float, Status]] = {}
        self._streams: set[WorkerStream] = set()

    async def run(self) -> None:
        """Listen to the workers and watch over the streams until cancelled."""
        unsubscribe = await self._link.subscribe(self._subjects.status("*"), self._heard_status)
        try:
            while True:
                await self._clock.sleep(WATCH_S)
                for stream in list(self._streams):
                    stream.watch(self._clock.monotonic())
        finally:
            unsubscribe()

    def alive(self) -> list[Status]:
        """Workers that said lately how they are."""
        since_s = self._clock.monotonic() - SILENT_S
        return [status for heard_s, status in self._statuses.values() if heard_s >= since_s]

    async def open(
        self, *, sample_rate_hz: int, vocabulary: tuple[str, ...], live: bool, resumed: bool = False
    ) -> WorkerStream:
        """A stream on whichever worker answers first; one that is ``resumed`` goes to a full worker if it must.

        Raises Overloaded when none has room, or none is there.
        """
        wanted = OpenStream("", sample_rate_hz, vocabulary, live, resumed)
        subjects = [self._subjects.open(self._model)] * ASK
        if resumed:
            subjects.append(self._subjects.resume(self._model))
        gone: set[str] = set()
        for subject in subjects:
            if subject in gone:
                continue
            stream, answer = await self._ask(subject, replace(wanted, stream_id=secrets.token_hex(10)))
            if answer is not None and not answer.refused:
                stream.worker_id = answer.worker_id
                self._streams.add(stream)
                return stream
            await stream.aclose()
            if answer is None:
                gone.add(subject)
        raise Overloaded("no asr worker has room", fix="start one more `callcenter serve --role asr-worker`")

    async def _ask(self, subject: str, wanted: OpenStream) -> tuple[WorkerStream, Opened | None]:
        """A stream that listens, and what a worker says; None when there is none that takes streams."""
        audio = self._subjects.audio(wanted.stream_id)
        stream = WorkerStream(self._link, audio, wanted.sample_rate_hz, self._clock.monotonic)
        try:
            await stream.listen(self._subjects.heard(wanted.stream_id), self._streams.discard)
            return stream, Opened.decode(await self._link.request(subject, wanted.encode(), ANSWER_S))
        except (NobodyAnswered, MessageInvalid) as error:
            log.debug("worker.no_answer", reason=error.message)
            return stream, None

    def _heard_status(self, payload: bytes, _reply: str) -> None:
        try:
            status = Status.decode(payload)
        except MessageInvalid as error:
            log.warning("worker.status_unreadable", reason=error.message)
            return
        if status.model == self._model:
            self._statuses[status.worker_id] = (self._clock.monotonic(), status)


class WorkerStream:
    """``RecognizerStream`` on one worker. Its loss is raised as WorkerLost."""

    def __init__(self, link: Link, subject: str, sample_rate_hz: int, now_s: Callable[[], float]) -> None:
        self.worker_id = ""
        self._link = link
        self._subject = subject
        self._rate = sample_rate_hz
        self._now_s = now_s
        self._events = EventQueue()
        self._batch = bytearray()
        self._outgoing: deque[tuple[Kind, bytes]] = deque()
        self._pushed_bytes = self._sent_bytes = 0
        self._numbered = self._reported = 0
        self._taken_ms = self._settled_ms = self._told_ms = 0
        self._input_ended = False
        self._progress = asyncio.Event()
        self._heard_at_s = self._said_at_s = now_s()
        self._unsubscribe: Unsubscribe | None = None
        self._on_end: Callable[[WorkerStream], None] = lambda _stream: None

    async def listen(self, subject: str, on_end: Callable[[WorkerStream], None]) -> None:
        """Take the worker's reports from now on; ``on_end`` is called once, when the stream is over."""
        self._on_end = on_end
        self._unsubscribe = await self._link.subscribe(subject, self._report)

    # ---- RecognizerStream ---------------------------------------------------------------------------------------

    def push(self, pcm: bytes) -> None:
        """Take the next samples."""
        if self._input_ended or self._events.over:
            return
        self._batch += pcm
        self._pushed_bytes += len(pcm)
        if len(self._batch) * 500 // self._rate >= BATCH_MS:
            self._put_batch()

    def flush(self) -> None:
        """End the current utterance now."""
        self._mark(Kind.FLUSH)

    def end_input(self) -> None:
        """No more audio will come."""
        self._mark(Kind.END)
        self._input_ended = True

    @property
    def backlog_ms(self) -> int:
        """Audio pushed that the worker has not decoded, as far as we know."""
        return 0 if self._events.over else max(0, self._pushed_bytes * 500 // self._rate - self._taken_ms)

    @property
    def settled_ms(self) -> int:
        """Everything said before this place has been told, and read."""
        if not self._events.has_final:
            self._told_ms = self._settled_ms
        return self._told_ms

    async def drain(self) -> None:
        """Return when the worker has decoded all audio pushed so far, or the stream is over."""
        self._mark(Kind.DRAIN)
        while self.backlog_ms > 0:
            self._progress.clear()
            await self._progress.wait()

    async def aclose(self) -> None:
        """Stop, and let the worker free the stream."""
        if not self._events.over:
            self._send(Kind.CLOSE)
        self._events.drop()
        self._end()

    def __aiter__(self) -> AsyncIterator[SpeechEvent]:
        """Partials and finals in time order."""
        return aiter(self._events)

    # ---- to the worker ------------------------------------------------------------------------------------------

    def watch(self, now_s: float) -> None:
        """Once in a while: say that we are there, and give up a worker that does not."""
        if now_s - self._heard_at_s > SILENT_S:
            self._lose(f"worker {self.worker_id} has been silent for {SILENT_S:.0f} s")
        elif now_s - self._said_at_s >= ALIVE_EVERY_S:
            self._send(Kind.ALIVE)

    def _mark(self, kind: Kind) -> None:
        if not self._input_ended and not self._events.over:
            self._put_batch()
            self._outgoing.append((kind, b""))
            self._send_waiting()

    def _put_batch(self) -> None:
        if self._batch:
            self._outgoing.append((Kind.AUDIO, bytes(self._batch)))
            self._batch.clear()
            self._send_waiting()

    def _send_waiting(self) -> None:
        while self._outgoing and self._sent_bytes * 500 // self._rate - self._taken_ms < WINDOW_MS:
            kind, pcm = self._outgoing.popleft()
            self._sent_bytes += len(pcm)
            self._send(kind, pcm)

    def _send(self, kind: Kind, pcm: bytes = b"") -> None:
        self._numbered += 1
        self._said_at_s = self._now_s()
        self._link.publish(self._subject, encode_input(kind, self._numbered, pcm))

    # ---- from the worker ----------------------------------------------------------------------------------------

    def _report(self, payload: bytes, _reply: str) -> None:
        if self._events.over:
            return
        try:
            report = Report.decode(payload)
        except MessageInvalid:
            self._lose("a report could not be read")
            return
        if report.number != self._reported + 1:
            self._lose(f"report {self._reported + 1} is missing")
            return
        self._reported, self._heard_at_s = report.number, self._now_s()
        if report.event is not None:
            self._events.put(report.event)
        self._taken_ms, self._settled_ms = report.taken_ms, report.settled_ms
        if report.error:
            self._lose(f"worker {self.worker_id}: {report.error}")
        elif report.over:
            self._events.end()
            self._end()
        else:
            self._send_waiting()
            self._progress.set()

    def _lose(self, reason: str) -> None:
        self._send(Kind.CLOSE)
        self._events.end(WorkerLost(reason))
        self._end()

    def _end(self) -> None:
        self._outgoing.clear()
        self._progress.set()
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        self._on_end(self)
