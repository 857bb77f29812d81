"""The recogniser of a call centre with workers: theirs first, one in this process where none has room."""

from __future__ import annotations

from asr.errors import Overloaded
from asr.recognizer import Capabilities, Load, Recognizer, RecognizerStream
from asr.worker.client import Workers
from asr.worker.link import Clock
from asr.worker.resumed import ResumedStream

UNKNOWN = Capabilities(partials=True, word_times=True, grammar=False, sample_rate_hz=8000)
"""Until a worker said what its model can do."""


class WorkerRecognizer:
    """``asr.recognizer.Recognizer``. ``here`` is closed with it; None: workers only."""

    def __init__(self, workers: Workers, clock: Clock, *, here: Recognizer | None) -> None:
        self._workers = workers
        self._clock = clock
        self._here = here
        self._streams: set[ResumedStream] = set()

    @property
    def capabilities(self) -> Capabilities:
        """Of the recogniser here, else what all workers can do."""
        if self._here is not None:
            return self._here.capabilities
        alive = self._workers.alive()
        if not alive:
            return UNKNOWN
        # They have the same model, by its name; whoever differs takes the common promise down.
        grammar, only = all(status.grammar for status in alive), any(status.only for status in alive)
        return Capabilities(
            partials=True, word_times=True, grammar=grammar, sample_rate_hz=alive[0].sample_rate_hz, only=only
        )

    @property
    def load(self) -> Load:
        """Of all together: there is room where anybody has some; ``busy`` is the mean."""
        self._streams = {stream for stream in self._streams if not stream.over}
        alive = self._workers.alive()
        loads = [Load(s.streams, s.busy, s.backlog_ms, s.accepting, spare=s.spare) for s in alive]
        if self._here is not None:
            loads.append(self._here.load)
        return Load(
            streams=len(self._streams),
            busy=round(sum(load.busy for load in loads) / len(loads), 4) if loads else 0.0,
            backlog_ms=max((stream.backlog_ms for stream in self._streams), default=0),
            accepting=any(load.accepting for load in loads),
            partials=any(load.partials for load in loads),
            spare=any(load.spare for load in loads),
        )

    def open(
        self, *, sample_rate_hz: int, vocabulary: tuple[str, ...] = (), live: bool = True, resumed: bool = False
    ) -> ResumedStream:
        """Start a stream; that nobody has room is raised from its iteration.

        Once it has had a decoder, the next one takes it with room or without.
        """
        had_one = resumed

        async def somewhere() -> RecognizerStream:
            nonlocal had_one
            stream = await self._open(sample_rate_hz, vocabulary, live=live, resumed=had_one)
            had_one = True
            return stream

        stream = ResumedStream(somewhere, self._clock, sample_rate_hz=sample_rate_hz)
        self._streams.add(stream)
        return stream

    async def _open(
        self, sample_rate_hz: int, vocabulary: tuple[str, ...], *, live: bool, resumed: bool
    ) -> RecognizerStream:
        try:
            return await self._workers.open(
                sample_rate_hz=sample_rate_hz, vocabulary=vocabulary, live=live, resumed=resumed
            )
        except Overloaded:
            if self._here is None:
                raise
            return self._here.open(sample_rate_hz=sample_rate_hz, vocabulary=vocabulary, live=live, resumed=resumed)

    async def aclose(self) -> None:
        """Close every stream and the recogniser here."""
        for stream in list(self._streams):
            await stream.aclose()
        if self._here is not None:
            await self._here.aclose()
