"""The journal: everything that came in and everything decided on it, appended to a file per day.

The event loop only appends to a list; a thread compresses and writes, once a second or when enough has come. Nothing in
here ever raises into a call: when the disk fails, the journal says so once and stops until the next start.
``Journal`` itself keeps nothing: it is what parts are given when the journal is off.
"""

from __future__ import annotations

import asyncio
import os
import re
import threading
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import date, timedelta
from pathlib import Path
from queue import SimpleQueue
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

import orjson
import structlog

from callcenter.clock import Clock
from callcenter.ids import new_id
from callcenter.storage import journal_samples
from callcenter.storage.journal_format import (
    AT,
    MAGIC,
    PCM,
    RAW,
    READING,
    STREAM,
    SUFFIX,
    BlockWriter,
    Kind,
    record,
)

log = structlog.get_logger(__name__)

FLUSH_S = 1.0
"""What a crash of the process can lose."""
BATCH_BYTES = 256 * 1024
BACKLOG_BYTES = 64 * 2**20
"""With so much waiting for the disk the journal stops rather than fill the memory."""
RETRY_S = 30.0
"""After a stop it is tried again so often."""
FILE_SHARE = 8
"""A file is at most this part of all that may be kept, so that whole old files can make room."""

_NAME = re.compile(rf"(\d{{4}}-\d\d-\d\d)-(\d{{4}}){re.escape(SUFFIX)}")

Json = Mapping[str, object]


class Journal:
    """What is told to a journal, in the order it happens; this one is off. All methods are for the event loop only."""

    on = False
    audio = False
    rotation_due = False
    """Set when a new file should begin: then the listener calls ``rotate`` at its next quiet moment."""
    position = 0
    """Events that the tracker has taken, kept by the listener; ids and clock readings are filed under it."""

    def raw(self, session: int, queued: int, received: bytes) -> None:
        """Bytes of link ``session``, of which ``queued`` events went on to the tracker."""

    def link(self, what: str, body: Json) -> None:
        """``what`` is up, down, snapshot or stopped."""

    def new_id(self, known: str | None = None) -> str:
        """A fresh id for a call, or the ``known`` one of a call that goes on after a restart."""
        return known or new_id()

    def reading(self, seconds: float) -> float:
        """A clock reading, handed through."""
        return seconds

    def facts(self, facts: Iterable[object]) -> None:
        """Domain events in the order of their publication."""

    def context(self, call_id: str, context: object, catalogue: Any) -> None:
        """A call's understanding begins, or begins anew, with the words of ``catalogue`` (a dataclass)."""

    def segment(self, call_id: str, segment: object) -> None:
        """An utterance is understood."""

    def draft(self, call_id: str, changes: Json) -> None:
        """And this is what it changed."""

    def closed(self, call_id: str) -> None:
        """A call's understanding is over."""

    def stream(self, about: Json) -> int:
        """The recogniser is opened for one speaker; returns the stream's number."""
        del about
        return 0

    def pcm(self, stream: int, pcm: bytes) -> None:
        """It is given samples."""

    def flush(self, stream: int) -> None:
        """Its utterance is ended."""

    def final(self, stream: int, final: object) -> None:
        """It recognised an utterance."""

    def stream_end(self, stream: int) -> None:
        """It gets no more samples."""

    def rotate(self, checkpoint: Json) -> None:
        """Begin the next file with what the tracker knows."""

    async def aclose(self) -> None:
        """Write what waits and finish the file."""


OFF = Journal()


class DayJournal(Journal):
    """The journal in ``folder``: one file per day in ``zone`` and more when one grows too large.

    ``about`` goes into the head of each file. Days before the last ``keep_days`` and the oldest files beyond
    ``max_bytes`` in all are deleted whenever a file begins.
    """

    on = True

    def __init__(
        self,
        folder: Path,
        *,
        clock: Clock,
        zone: ZoneInfo,
        audio: bool,
        keep_days: int,
        max_bytes: int,
        about: Json,
    ) -> None:
        self.audio = audio
        self._clock = clock
        self._zone = zone
        self._about = about
        self._run = new_id()
        self._number = 0
        self._streams = 0
        self._file_bytes = max(2**20, max_bytes // FILE_SHARE)
        self._catalogue: Any = None
        self._open_calls: dict[str, tuple[Any, list[bytes]]] = {}
        self._pending: list[bytes | tuple[int, bytes]] = []
        self._pending_bytes = 0
        self._handed_bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._retry_at_s = 0.0
        self._writer = _Writer(folder, keep_days=keep_days, max_bytes=max_bytes)
        self._day = self._today()
        self._begin(None)

    @property
    def written_bytes(self) -> int:
        """Bytes in files by now, compressed."""
        return self._writer.written_bytes

    def raw(self, session: int, queued: int, received: bytes) -> None:
        """Bytes of link ``session``, of which ``queued`` events went on to the tracker."""
        self._put(Kind.RAW, RAW.pack(session, queued) + received)

    def link(self, what: str, body: Json) -> None:
        """``what`` is up, down, snapshot or stopped."""
        self._json(Kind.LINK, {"what": what, "after": self.position, **body})

    def new_id(self, known: str | None = None) -> str:
        """A fresh id for a call, or the ``known`` one of a call that goes on after a restart."""
        made = known or new_id()
        self._put(Kind.ID, AT.pack(self.position) + made.encode())
        return made

    def reading(self, seconds: float) -> float:
        """A clock reading, handed through."""
        self._put(Kind.READING, READING.pack(self.position, seconds))
        return seconds

    def facts(self, facts: Iterable[object]) -> None:
        """Domain events in the order of their publication."""
        for fact in facts:
            self._put(Kind.FACT, fact_bytes(fact))

    def context(self, call_id: str, context: object, catalogue: Any) -> None:
        """A call's understanding begins, or begins anew, with the words of ``catalogue`` (a dataclass)."""
        self._words(catalogue)
        self._open_calls[call_id] = catalogue, []
        self._of_call(Kind.CONTEXT, call_id, {"context": context})

    def segment(self, call_id: str, segment: object) -> None:
        """An utterance is understood."""
        self._of_call(Kind.SEGMENT, call_id, {"segment": segment})

    def draft(self, call_id: str, changes: Json) -> None:
        """And this is what it changed."""
        self._of_call(Kind.DRAFT, call_id, changes)

    def closed(self, call_id: str) -> None:
        """A call's understanding is over."""
        self._open_calls.pop(call_id, None)
        self._json(Kind.CLOSED, {"call_id": call_id})

    def stream(self, about: Json) -> int:
        """The recogniser is opened for one speaker; returns the stream's number."""
        self._streams += 1
        self._put(Kind.STREAM, STREAM.pack(self._streams) + orjson.dumps(about))
        return self._streams

    def pcm(self, stream: int, pcm: bytes) -> None:
        """It is given samples; the writing thread makes them small."""
        self._add((stream, pcm), len(pcm))

    def flush(self, stream: int) -> None:
        """Its utterance is ended."""
        self._put(Kind.FLUSH, STREAM.pack(stream))

    def final(self, stream: int, final: object) -> None:
        """It recognised an utterance."""
        self._put(Kind.FINAL, STREAM.pack(stream) + orjson.dumps(final))

    def stream_end(self, stream: int) -> None:
        """It gets no more samples."""
        self._put(Kind.STREAM_END, STREAM.pack(stream))

    def rotate(self, checkpoint: Json) -> None:
        """Begin the next file with what the tracker knows, and with the calls that are being understood."""
        self.rotation_due = False
        self._day = self._today()
        if self._writer.stopped:
            # What came meanwhile is in no file: a number is left out, so that a replay begins anew with the checkpoint.
            self._number += 1
            self._writer.try_again()
        else:
            self._json(Kind.END, {"why": "rotated"})
        self._begin(checkpoint)

    async def aclose(self) -> None:
        """Write what waits and finish the file."""
        self._json(Kind.END, {"why": "closed"})
        self._hand_over()
        await asyncio.to_thread(self._writer.close)

    def _today(self) -> date:
        return self._clock.now().astimezone(self._zone).date()

    def _begin(self, checkpoint: Json | None) -> None:
        self._hand_over()
        self._writer.tell(self._day)
        self._number += 1
        head = {
            "run": self._run,
            "number": self._number,
            "day": self._day,
            "at": self._clock.now(),
            "audio": self.audio,
            **self._about,
        }
        self._json(Kind.HEAD, head)
        self._catalogue = None
        if checkpoint is not None:
            self._json(Kind.CHECKPOINT, checkpoint)
            for catalogue, records in self._open_calls.values():
                self._words(catalogue)
                for body in records:
                    self._put(Kind.CARRIED, body)

    def _words(self, catalogue: Any) -> None:
        """The catalogue, unless it is the last one in this file."""
        if catalogue is not self._catalogue:
            self._catalogue = catalogue
            self._json(Kind.CATALOGUE, {part.name: getattr(catalogue, part.name) for part in fields(catalogue)})

    def _of_call(self, kind: Kind, call_id: str, body: Json) -> None:
        encoded = orjson.dumps({"call_id": call_id, **body})
        if call_id in self._open_calls:
            self._open_calls[call_id][1].append(bytes((kind,)) + encoded)
        self._put(kind, encoded)

    def _json(self, kind: Kind, body: Json) -> None:
        self._put(kind, orjson.dumps(body))

    def _put(self, kind: Kind, body: bytes) -> None:
        item = record(kind, body)
        self._add(item, len(item))

    def _add(self, item: bytes | tuple[int, bytes], size: int) -> None:
        if self._writer.stopped:
            self.rotation_due = self._writer.idle and self._clock.monotonic() >= self._retry_at_s
            return
        self._retry_at_s = self._clock.monotonic() + RETRY_S
        self._pending.append(item)
        self._pending_bytes += size
        if self._pending_bytes >= BATCH_BYTES:
            self._hand_over()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FLUSH_S, self._hand_over)

    def _hand_over(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._pending:
            self._writer.tell(self._pending, self._pending_bytes)
            self._pending, self._pending_bytes = [], 0
        self.rotation_due = self._writer.file_bytes > self._file_bytes or self._today() != self._day


class _Writer:
    """The thread that compresses, writes, begins files and deletes old ones."""

    def __init__(self, folder: Path, *, keep_days: int, max_bytes: int) -> None:
        self._folder = folder
        self._keep_days = keep_days
        self._max_bytes = max_bytes
        self._work: SimpleQueue[list[bytes | tuple[int, bytes]] | date | None] = SimpleQueue()
        self._file: BinaryIO | None = None
        self._blocks = BlockWriter()
        self._told_bytes = 0
        self._done_bytes = 0
        self.stopped = False
        self._failed = False
        self.file_bytes = 0
        self.written_bytes = 0
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)
        self._thread.start()

    def tell(self, work: list[bytes | tuple[int, bytes]] | date, size: int = 0) -> None:
        """Records to write, or the day whose next file begins."""
        self._told_bytes += size
        if self._told_bytes - self._done_bytes > BACKLOG_BYTES:
            self._stop("the disk is too slow", "put data_dir on a faster disk, or set journal.enabled: false")
        self._work.put(work)

    @property
    def idle(self) -> bool:
        """Nothing waits to be written or dropped."""
        return self._work.empty()

    def try_again(self) -> None:
        """After a stop: take records again, beginning with a new file. It stops again, silently, if that fails too."""
        self._told_bytes = self._done_bytes = 0
        self.stopped = False

    def close(self) -> None:
        """Return when all is written."""
        self._work.put(None)
        self._thread.join()

    def _run(self) -> None:
        while (work := self._work.get()) is not None:
            if self.stopped:
                continue
            try:
                if isinstance(work, date):
                    self._begin(work)
                else:
                    self._write(work)
            except OSError as error:
                self._stop(os.strerror(error.errno or 0), "make room in data_dir; the journal then goes on by itself")
        if self._file is not None:
            self._file.close()

    def _stop(self, why: str, fix: str) -> None:
        if not self._failed:
            log.warning("journal.stopped", why=why, fix=fix, folder=str(self._folder))
        self._failed = self.stopped = True

    def _write(self, work: list[bytes | tuple[int, bytes]]) -> None:
        records = b"".join(item if isinstance(item, bytes) else _samples(*item) for item in work)
        block = self._blocks.block(records)
        self._append(block)
        self._done_bytes += sum(len(item) if isinstance(item, bytes) else len(item[1]) for item in work)
        self.file_bytes += len(block)
        self.written_bytes += len(block)

    def _append(self, block: bytes) -> None:
        """Unbuffered: what was written is with the system when the process dies. A full disk may take a part first."""
        assert self._file is not None
        rest = memoryview(block)
        while rest:
            rest = rest[self._file.write(rest) or 0 :]

    def _begin(self, day: date) -> None:
        if self._file is not None:
            self._file.close()
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._make_room(day)
        last = max((number for of, number, _ in self._kept() if of == day), default=0)
        path = self._folder / f"{day.isoformat()}-{last + 1:04d}{SUFFIX}"
        self._file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb", buffering=0)
        try:
            self._append(MAGIC)
        except OSError:
            path.unlink()  # Each try would leave an empty file behind.
            raise
        self._blocks = BlockWriter()
        self.file_bytes = len(MAGIC)
        if self._failed:
            self._failed = False
            log.info("journal.goes_on", file=path.name)

    def _kept(self) -> list[tuple[date, int, Path]]:
        named = ((_NAME.fullmatch(path.name), path) for path in self._folder.iterdir())
        return sorted((date.fromisoformat(name[1]), int(name[2]), path) for name, path in named if name)

    def _make_room(self, today: date) -> None:
        kept = self._kept()
        first = today - timedelta(days=self._keep_days - 1)
        total = sum(path.stat().st_size for _, _, path in kept)
        for day, _, path in kept:
            if day >= first and total <= self._max_bytes - self._max_bytes // FILE_SHARE:
                break
            total -= path.stat().st_size
            path.unlink()


def _samples(stream: int, pcm: bytes) -> bytes:
    coding, kept = journal_samples.encode(pcm)
    return record(Kind.PCM, PCM.pack(stream, coding) + kept)


def fact_bytes(fact: object) -> bytes:
    """A domain event as it stands in the journal: its name and its fields."""
    return orjson.dumps([type(fact).__name__, fact], default=_plain)


def _plain(value: Any) -> Any:
    """What orjson cannot write by itself."""
    if isinstance(value, set | frozenset):
        return sorted(value)
    raise TypeError(type(value).__name__)
