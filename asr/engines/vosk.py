"""Vosk: the model is loaded once, each stream has its own KaldiRecognizer, decoding runs in a pool of threads.

The library releases the interpreter lock while it decodes (two threads on two cores do twice the work of one).
"""

from __future__ import annotations

import json
import re
from functools import cached_property
from pathlib import Path
from typing import Any

import vosk

from asr.engines.vosk_grammar import grammar, known_words
from asr.errors import EngineFailed, ModelCorrupt, ModelMissing
from asr.gated import EngineWord
from asr.recognizer import Capabilities

vosk.SetLogLevel(-1)

DEFAULT_RATE_HZ = 16_000
"""Vosk's own default when conf/mfcc.conf names no rate."""
_RATE = re.compile(r"^--sample-frequency=(\d+)", re.MULTILINE)


class VoskEngine:
    """``asr.pooled.Engine`` over one Vosk model."""

    def __init__(self, path: Path) -> None:
        """Load the model directory ``path`` (0.03 s to several seconds).

        Raises ModelMissing when there is no such directory, ModelCorrupt when Vosk cannot read it.
        """
        if not (path / "am" / "final.mdl").is_file():
            raise ModelMissing(f"{path} holds no Vosk model", fix="`callcenter models list` shows what is installed")
        try:
            self._model = vosk.Model(str(path))
        # Vosk raises bare Exception, whatever the reason.
        except Exception as error:
            raise ModelCorrupt(f"Vosk cannot load {path}", fix="delete the directory and install it again") from error
        self._path = path
        # A graph that is put together at run time (Gr.fst apart from HCLr.fst) takes a grammar in its place.
        grammar = (path / "graph" / "Gr.fst").is_file()
        self.capabilities = Capabilities(
            partials=True, word_times=True, grammar=grammar, sample_rate_hz=_model_rate_hz(path), only=grammar
        )

    def utterances(self, vocabulary: tuple[str, ...]) -> VoskUtterances:
        """A KaldiRecognizer takes 5 MB."""
        only = grammar(vocabulary, self._words) if vocabulary else None
        return VoskUtterances(self._model, self.capabilities.sample_rate_hz, only)

    @cached_property
    def _words(self) -> frozenset[str]:
        return known_words(self._path)


class VoskUtterances:
    """``asr.gated.UtteranceEngine`` over one KaldiRecognizer."""

    def __init__(self, model: Any, rate_hz: int, only: str | None = None) -> None:
        """``only``: a grammar as JSON; anything else said comes out as not understood."""
        try:
            self._recognizer = vosk.KaldiRecognizer(model, rate_hz, *([only] if only else []))
        except Exception as error:
            raise EngineFailed("Vosk cannot make a recogniser") from error
        self._recognizer.SetWords(True)

    def feed(self, pcm: bytes) -> list[EngineWord]:
        """Decode; Vosk's own rules in conf/model.conf may end an utterance too."""
        return _words(self._recognizer.Result()) if self._recognizer.AcceptWaveform(pcm) else []

    def guess(self) -> str:
        """The best path so far; nothing where Vosk has just ended five seconds without a word by its own rules."""
        return str(json.loads(self._recognizer.PartialResult()).get("partial", ""))

    def end_utterance(self) -> list[EngineWord]:
        """``Result`` would leave the last frames undecoded; ``FinalResult`` takes them in."""
        return _words(self._recognizer.FinalResult())


def _words(result: str) -> list[EngineWord]:
    return [EngineWord(w["word"], w["start"], w["end"], w["conf"]) for w in json.loads(result).get("result", ())]


def _model_rate_hz(path: Path) -> int:
    conf = path / "conf" / "mfcc.conf"
    found = _RATE.search(conf.read_text(encoding="utf-8")) if conf.is_file() else None
    return int(found.group(1)) if found else DEFAULT_RATE_HZ
