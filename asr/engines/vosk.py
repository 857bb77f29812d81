"""Vosk: the model is loaded once, each stream has its own KaldiRecognizer, decoding runs in a pool of threads.

The library releases the interpreter lock while it decodes (two threads on two cores do twice the work of one).
"""

from __future__ import annotations

import asyncio
import json
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import vosk

from asr.endpointing import EndpointingRules
from asr.errors import EngineFailed, ModelCorrupt, ModelMissing
from asr.gated import EngineWord, GatedDecoder
from asr.recognizer import Capabilities
from asr.streaming import DecodedStream, Job, SpeechEvents

vosk.SetLogLevel(-1)

DEFAULT_RATE_HZ = 16_000
"""Vosk's own default when conf/mfcc.conf names no rate."""
_RATE = re.compile(r"^--sample-frequency=(\d+)", re.MULTILINE)


class VoskRecognizer:
    """``asr.recognizer.Recognizer`` over one Vosk model."""

    def __init__(self, model: Any, *, model_rate_hz: int, threads: int, rules: EndpointingRules | None = None) -> None:
        self._model = model
        self._rate = model_rate_hz
        self._rules = rules
        self._pool = ThreadPoolExecutor(threads or os.cpu_count() or 1, thread_name_prefix="asr-vosk")
        self._streams: set[DecodedStream] = set()

    @classmethod
    def load(cls, path: Path, *, threads: int = 0, rules: EndpointingRules | None = None) -> VoskRecognizer:
        """Load the model directory ``path`` (0.03 s to several seconds); ``threads`` 0 means one per core.

        Raises ModelMissing when there is no such directory, ModelCorrupt when Vosk cannot read it.
        """
        if not (path / "am" / "final.mdl").is_file():
            raise ModelMissing(f"{path} holds no Vosk model", fix="`callcenter models list` shows what is installed")
        try:
            model = vosk.Model(str(path))
        # Vosk raises bare Exception, whatever the reason.
        except Exception as error:
            raise ModelCorrupt(f"Vosk cannot load {path}", fix="delete the directory and install it again") from error
        return cls(model, model_rate_hz=_model_rate_hz(path), threads=threads, rules=rules)

    @property
    def capabilities(self) -> Capabilities:
        """Vosk grammars restrict instead of prefer, so ``vocabulary`` is not used."""
        return Capabilities(partials=True, word_times=True, grammar=False, sample_rate_hz=self._rate)

    @property
    def backlog_ms(self) -> int:
        """The largest backlog among the open streams."""
        return max((stream.backlog_ms for stream in self._streams), default=0)

    def open(self, *, sample_rate_hz: int, vocabulary: tuple[str, ...] = ()) -> DecodedStream:  # noqa: ARG002
        """Start a stream; the 5 MB of its recogniser are taken when the first speech comes."""
        decoder = GatedDecoder(
            lambda: VoskUtterances(self._model, self._rate),
            sample_rate_hz=sample_rate_hz,
            model_rate_hz=self._rate,
            rules=self._rules,
        )
        stream = DecodedStream(decoder, self._run, sample_rate_hz=sample_rate_hz, on_end=self._streams.discard)
        self._streams.add(stream)
        return stream

    async def aclose(self) -> None:
        """Close every stream and release the model."""
        for stream in list(self._streams):
            await stream.aclose()
        self._pool.shutdown()
        self._model = None

    async def _run(self, job: Job) -> SpeechEvents:
        return await asyncio.get_running_loop().run_in_executor(self._pool, job)


class VoskUtterances:
    """``asr.gated.UtteranceEngine`` over one KaldiRecognizer."""

    def __init__(self, model: Any, rate_hz: int) -> None:
        try:
            self._recognizer = vosk.KaldiRecognizer(model, rate_hz)
        except Exception as error:
            raise EngineFailed("Vosk cannot make a recogniser") from error
        self._recognizer.SetWords(True)

    def feed(self, pcm: bytes) -> list[EngineWord]:
        """Decode; Vosk's own rules in conf/model.conf may end an utterance too."""
        return _words(self._recognizer.Result()) if self._recognizer.AcceptWaveform(pcm) else []

    def guess(self) -> str:
        """The best path so far."""
        return str(json.loads(self._recognizer.PartialResult())["partial"])

    def end_utterance(self) -> list[EngineWord]:
        """``Result`` would leave the last frames undecoded; ``FinalResult`` takes them in."""
        return _words(self._recognizer.FinalResult())


def _words(result: str) -> list[EngineWord]:
    return [EngineWord(w["word"], w["start"], w["end"], w["conf"]) for w in json.loads(result).get("result", ())]


def _model_rate_hz(path: Path) -> int:
    conf = path / "conf" / "mfcc.conf"
    found = _RATE.search(conf.read_text(encoding="utf-8")) if conf.is_file() else None
    return int(found.group(1)) if found else DEFAULT_RATE_HZ
