"""sherpa-onnx: streaming transducer, CTC and Paraformer models as its releases lay them out in a folder.

The model is loaded once; each utterance gets a stream of its own in the library, decoded in a pool of threads (the
library releases the interpreter lock). The folder's files say which kind it is; where quantised (int8) files lie beside
full ones they are taken, as they decode in about half the time.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import sherpa_onnx

from asr.engines.sherpa_layout import layout_of
from asr.errors import EngineFailed, ModelCorrupt
from asr.gated import EngineWord
from asr.recognizer import Capabilities

MODEL_RATE_HZ = 16_000
"""What the published Mandarin models were trained on; telephone audio is resampled."""
TAIL_S = 0.5
"""Silence after an utterance, so that the model's look-ahead reaches the last word."""
LONGEST_WORD_S = 0.4
"""The library tells when a token begins; it ends with the next one, or after this."""
PLAIN_CONFIDENCE = 0.8
"""For models that tell no probabilities (CTC, Paraformer): neither trusted blindly nor doubted."""


class SherpaEngine:
    """``asr.pooled.Engine`` over one sherpa-onnx model."""

    def __init__(self, path: Path) -> None:
        """Load the model folder ``path`` (seconds).

        Raises ModelMissing when there is none, ModelCorrupt when the library cannot read it.
        """
        layout, files = layout_of(path)
        make = getattr(sherpa_onnx.OnlineRecognizer, f"from_{layout.kind}")
        # Hot words need the beam; without them greedy search is quicker and as good.
        more = {"decoding_method": "modified_beam_search"} if layout.hot_words else {}
        try:
            self._model = make(
                tokens=str(path / "tokens.txt"), num_threads=1, sample_rate=MODEL_RATE_HZ, **files, **more
            )
        # The library raises RuntimeError, ValueError or AssertionError, whatever the reason.
        except Exception as error:
            raise ModelCorrupt(
                f"sherpa-onnx cannot load {path}", fix="delete the directory and install it again"
            ) from error
        # Transducers prefer the phrases of a vocabulary; the other kinds have no hot words.
        self.capabilities = Capabilities(
            partials=True, word_times=True, grammar=layout.hot_words, sample_rate_hz=MODEL_RATE_HZ
        )

    def utterances(self, vocabulary: tuple[str, ...]) -> SherpaUtterances:
        """A stream of the library for each utterance."""
        return SherpaUtterances(self._model, vocabulary)


class SherpaUtterances:
    """``asr.gated.UtteranceEngine``: a stream of the library per utterance."""

    def __init__(self, engine: Any, phrases: Sequence[str]) -> None:
        self._engine = engine
        # The library splits phrases at "/"; within one, Chinese characters are its tokens.
        self._hot_words = "/".join(phrase.replace("/", " ") for phrase in phrases)
        self._stream = self._new_stream()
        self._fed = self._began = 0

    def feed(self, pcm: bytes) -> list[EngineWord]:
        """Decode; the library's own endpoint rules are off, the gate in front finds the ends."""
        samples = np.frombuffer(pcm, "<i2").astype(np.float32) / 32768
        self._fed += len(samples)
        self._accept(samples)
        return []

    def guess(self) -> str:
        """The best path so far."""
        return " ".join(word for word, _, _ in words_of(*self._heard()))

    def end_utterance(self) -> list[EngineWord]:
        """Push the look-ahead through, and begin a new stream."""
        self._accept(np.zeros(int(TAIL_S * MODEL_RATE_HZ), np.float32))
        self._stream.input_finished()
        self._decode()
        start_s, length_s = self._began / MODEL_RATE_HZ, (self._fed - self._began) / MODEL_RATE_HZ
        tokens, times, probabilities = self._heard()
        found = words_of(tokens, times, probabilities)
        self._stream, self._began = self._new_stream(), self._fed
        begins = [min(time, length_s) for _, time, _ in found]
        ends = [*begins[1:], length_s][: len(begins)]
        return [
            EngineWord(word, start_s + begin, start_s + min(end, begin + LONGEST_WORD_S), confidence)
            for (word, _, confidence), begin, end in zip(found, begins, ends, strict=True)
        ]

    def _new_stream(self) -> Any:
        return self._engine.create_stream(self._hot_words) if self._hot_words else self._engine.create_stream()

    def _accept(self, samples: Any) -> None:
        self._stream.accept_waveform(MODEL_RATE_HZ, samples)
        self._decode()

    def _decode(self) -> None:
        try:
            while self._engine.is_ready(self._stream):
                self._engine.decode_stream(self._stream)
        except RuntimeError as error:
            raise EngineFailed(f"sherpa-onnx failed while decoding: {error}") from error

    def _heard(self) -> tuple[list[str], list[float], list[float]]:
        stream = self._stream
        return self._engine.tokens(stream), self._engine.timestamps(stream), self._engine.ys_probs(stream)


def words_of(
    tokens: Sequence[str], times: Sequence[float], log_probabilities: Sequence[float]
) -> list[tuple[str, float, float]]:
    """(word, begin in s, confidence 0..1): each Chinese character is a word, pieces of a Latin word are joined.

    SentencePiece begins a word with "▁", others put "@@" where it goes on. A word is as sure as its worst piece.
    """
    sure = [math.exp(min(0.0, value)) for value in log_probabilities]
    confidences = sure if len(sure) == len(tokens) else [PLAIN_CONFIDENCE] * len(tokens)
    found: list[tuple[str, float, float]] = []
    goes_on = pieces = False
    for token, time, certain in zip(tokens, times, confidences, strict=False):
        text = token.replace("▁", "").removesuffix("@@").strip()
        latin = text.isascii() and text.isalpha()
        if found and latin and (goes_on or (pieces and not token.startswith("▁"))):
            word, begin, worst = found[-1]
            found[-1] = (word + text, begin, min(worst, certain))
        elif text:
            found.append((text, time, certain))
        goes_on = token.endswith("@@")
        pieces = latin and (pieces or token.startswith("▁"))
    return found
