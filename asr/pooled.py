"""The recogniser port over an engine that decodes utterances: streams behind a speech gate, decoded in a pool."""

from __future__ import annotations

from typing import Protocol

from asr.endpointing import EndpointingRules
from asr.errors import Overloaded
from asr.gated import GatedDecoder, UtteranceEngine
from asr.pool import DecodePool
from asr.recognizer import Capabilities, Load
from asr.streaming import DecodedStream


class Engine(Protocol):
    """A loaded model."""

    @property
    def capabilities(self) -> Capabilities:
        """What it can do."""
        ...

    def utterances(self, vocabulary: tuple[str, ...]) -> UtteranceEngine:
        """A recogniser of its own for one stream; made in a thread of the pool when the first speech comes."""
        ...


class PooledRecognizer:
    """``asr.recognizer.Recognizer``."""

    def __init__(self, engine: Engine, pool: DecodePool, rules: EndpointingRules | None = None) -> None:
        self.capabilities = engine.capabilities
        self._engine: Engine | None = engine
        self._pool = pool
        self._rules = rules
        self._streams: set[DecodedStream] = set()

    @property
    def load(self) -> Load:
        """How busy the decoders are."""
        return self._pool.load

    def open(
        self, *, sample_rate_hz: int, vocabulary: tuple[str, ...] = (), live: bool = True, resumed: bool = False
    ) -> DecodedStream:
        """Start a stream; the memory of its recogniser is taken when the first speech comes. Raises Overloaded."""
        engine, phrases = self._engine, vocabulary if self.capabilities.grammar else ()
        assert engine is not None
        if not self._pool.admit(live=live, resumed=resumed):
            raise Overloaded("the decoders are busy", fix="add asr workers, or a faster machine")
        decoder = GatedDecoder(
            lambda: engine.utterances(phrases),
            sample_rate_hz=sample_rate_hz,
            model_rate_hz=self.capabilities.sample_rate_hz,
            rules=self._rules,
        )
        stream = DecodedStream(
            decoder,
            self._pool.run if live else self._pool.run_slowly,
            sample_rate_hz=sample_rate_hz,
            on_end=self._ended,
            wants_partials=self._pool.wants_partials if live else _never,
        )
        self._streams.add(stream)
        if live:
            self._pool.add(stream)
        return stream

    async def aclose(self) -> None:
        """Close every stream and release the model."""
        for stream in list(self._streams):
            await stream.aclose()
        self._pool.close()
        self._engine = None

    def _ended(self, stream: DecodedStream) -> None:
        self._streams.discard(stream)
        self._pool.discard(stream)


def _never() -> bool:
    return False
