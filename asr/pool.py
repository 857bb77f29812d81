"""Where decoding happens: threads sized to the cores, measured; and a slow lane for work that nobody waits for."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from asr.admission import Admission, AdmissionRules, Level
from asr.recognizer import Load
from asr.streaming import DecodedStream, Job, SpeechEvents

LOWEST_PRIORITY = 19
"""Nice value of the slow lane: beside busy decoders it gets a hundredth of a core."""


class DecodePool:
    """Runs jobs in threads. With ``max_load`` it says when there are too many streams; without, it takes all."""

    def __init__(self, threads: int = 0, *, max_load: float | None = None) -> None:
        self._threads = threads or os.cpu_count() or 1
        self._live = ThreadPoolExecutor(self._threads, thread_name_prefix="asr-live")
        self._slow = ThreadPoolExecutor(1, thread_name_prefix="asr-slow", initializer=_yield_to_others)
        self._streams: set[DecodedStream] = set()
        rules = AdmissionRules() if max_load is None else AdmissionRules(max_load=max_load)
        self._admission = Admission(self._threads, time.monotonic(), rules)
        self._limited = max_load is not None

    def admit(self, *, live: bool, resumed: bool = False) -> bool:
        """Whether a stream fits: a live one below ``max_load``, another while there is plenty of room.

        One that goes on after its decoder was lost (``resumed``) always fits.
        """
        if not self._limited:
            return True
        now_s = self._look()
        if not live:
            return resumed or self._admission.has_spare(now_s)
        return self._admission.admit(now_s, resumed=resumed)

    def add(self, stream: DecodedStream) -> None:
        """Count a live stream until ``discard``."""
        self._streams.add(stream)

    def discard(self, stream: DecodedStream) -> None:
        """The stream is over."""
        self._streams.discard(stream)

    @property
    def backlog_ms(self) -> int:
        """The largest backlog among the live streams."""
        return max((stream.backlog_ms for stream in self._streams), default=0)

    @property
    def load(self) -> Load:
        """How busy the decoders are."""
        now_s = self._look()
        level = self._admission.level(now_s) if self._limited else Level.OPEN
        return Load(
            streams=len(self._streams),
            busy=round(self._admission.load(now_s), 4),
            backlog_ms=self.backlog_ms,
            accepting=level is not Level.CLOSED,
            partials=level is Level.OPEN,
            spare=not self._limited or self._admission.has_spare(now_s),
        )

    def wants_partials(self) -> bool:
        """False while guesses are too expensive."""
        return not self._limited or self._admission.level(self._look()) is Level.OPEN

    async def run(self, job: Job) -> SpeechEvents:
        """Decode for somebody who waits."""
        events, busy_s = await asyncio.get_running_loop().run_in_executor(self._live, _timed, job)
        self._admission.worked(busy_s, time.monotonic())
        return events

    async def run_slowly(self, job: Job) -> SpeechEvents:
        """Decode with the time that is left over; not measured."""
        return await asyncio.get_running_loop().run_in_executor(self._slow, job)

    def close(self) -> None:
        """Let the threads end with what they do."""
        self._live.shutdown()
        self._slow.shutdown()

    def _look(self) -> float:
        self._admission.waits(self.backlog_ms, len(self._streams))
        return time.monotonic()


def _timed(job: Job) -> tuple[SpeechEvents, float]:
    began_s = time.perf_counter()
    events = job()
    return events, time.perf_counter() - began_s


def _yield_to_others() -> None:
    if hasattr(os, "setpriority"):  # On Linux a thread has a priority of its own.
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), LOWEST_PRIORITY)
