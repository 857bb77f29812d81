"""Training speech from Kokoro-82M (ONNX), with the phone times that its duration predictor knows: no aligner needed.

The first 128 numbers of a style are timbre, the last 128 prosody. Timbre may come from any of Kokoro's voices, prosody
only from the Mandarin training voices: half a hundred talkers with Mandarin rhythm.
"""

from __future__ import annotations

import random
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
import orjson
from misaki.zh import ZHG2P
from scipy.signal import resample_poly

from asr.training.phones import ONSETS, SILENCE, phones_of, syllables

TRAINING = ("zf_xiaobei", "zf_xiaoxiao", "zm_yunjian", "zm_yunxi", "zm_yunyang")
HELD_OUT = ("zf_xiaoyi", "zm_yunxia")
"""Never trained on: they measure. zf_xiaoni is left out because one cannot understand it."""
DURATIONS = "/encoder/Clip_output_0"
"""Output of the duration predictor inside the graph: frames of 25 ms a token."""
FRAME = 200
"""Samples of such a frame at 8 kHz."""
PAUSES = {"，": ",", "。": ".", "？": "?", "！": "!", "、": ","}
_ASPIRATED = "ʰ"


@dataclass(frozen=True, slots=True)
class Plan:
    """``tokens`` of Kokoro, the phone each belongs to (index into ``phones``)."""

    tokens: list[int]
    owners: list[int]
    phones: list[str]


def with_durations(source: Path, target: Path) -> None:
    """Copy Kokoro's ONNX graph and make the duration predictor's output one of its own."""
    import onnx

    graph = onnx.load(str(source))
    graph.graph.output.append(onnx.helper.make_tensor_value_info(DURATIONS, onnx.TensorProto.FLOAT, None))
    onnx.save(graph, str(target))


def plan(words: Sequence[str], ids: dict[str, int]) -> Plan | None:
    """How ``words`` (pauses as punctuation) are said; None when one cannot be."""
    made = Plan([], [], [SILENCE])
    for place, word in enumerate(words):
        if word in PAUSES:
            made.phones.append(SILENCE)
            made.tokens.extend((ids[PAUSES[word]], ids[" "]))
            made.owners.extend([len(made.phones) - 1] * 2)
            continue
        read = syllables(word)
        if read is None:
            return None
        for syllable in read:
            _say(made, syllable, ids)
        if place + 1 < len(words) and words[place + 1] not in PAUSES:
            made.tokens.append(ids[" "])
            made.owners.append(len(made.phones) - 1)
    if made.phones[-1] != SILENCE:
        made.phones.append(SILENCE)
    return made


def _say(made: Plan, syllable: str, ids: dict[str, int]) -> None:
    found = phones_of(syllable)
    assert found is not None
    # The letter Q is no syllable of pinyin.
    sounds = "kʰjou↘" if syllable == "kiu4" else ZHG2P.py2ipa(syllable).replace(chr(815), "")
    tokens = [ids[sound] for sound in sounds if sound in ids]
    aspirated = len(tokens) > 1 and tokens[1] == ids[_ASPIRATED] and found[0] not in ONSETS
    head = 2 if aspirated else 1
    made.phones.extend(found)
    last = len(made.phones) - 1
    made.tokens.extend(tokens)
    made.owners.extend([last - 1] * head + [last] * (len(tokens) - head))


class Styles:
    """Draws talkers; ``pure`` speaks as the one voice does."""

    def __init__(self, folder: Path) -> None:
        self._voices = {path.stem: np.fromfile(path, np.float32).reshape(-1, 256) for path in folder.glob("*.bin")}
        self._foreign = sorted(name for name in self._voices if name[0] != "z")

    def pure(self, voice: str, length: int) -> npt.NDArray[np.float32]:
        """[1, 256] style for an utterance of ``length`` tokens."""
        return np.asarray(self._voices[voice][min(length, 509)][None])

    def draw(self, rng: random.Random, length: int) -> npt.NDArray[np.float32]:
        """[1, 256] style of a talker that may not exist."""
        timbre = self._mix(rng)
        prosody = timbre if rng.random() < 0.6 else self._mix(rng)
        if rng.random() < 0.75:
            share = rng.choice((1.0, 1.0, rng.uniform(0.4, 1)))
            timbre = {rng.choice(self._foreign): share}
            timbre[rng.choice([*TRAINING, *self._foreign])] = 1 - share
        row = min(max(length + rng.randint(-15, 25), 3), 509)
        sums = [
            sum(s * self._voices[v][row, half] for v, s in mix.items())
            for mix, half in zip((timbre, prosody), _HALVES, strict=True)
        ]
        return np.concatenate(sums)[None].astype(np.float32)

    def _mix(self, rng: random.Random) -> dict[str, float]:
        if rng.random() < 0.4:
            return {rng.choice(TRAINING): 1.0}
        first, second = rng.sample(TRAINING, 2)
        share = rng.uniform(-0.25, 1.25)
        return {first: share, second: 1 - share}


_HALVES = (slice(0, 128), slice(128, 256))


def speak(
    lines: Iterable[Sequence[str]],
    target: Path,
    *,
    graph: Path,
    styles: Styles,
    token_ids: Path,
    seconds: float,
    seed: int,
    voice: str | None = None,
) -> float:
    """Say ``lines`` into ``target``.i16 (8 kHz mono int16) and ``target``.jsonl until ``seconds`` of work are over.

    A line of the second file: {"off", "n" (samples), "w" words, "p" phones, "s" their first samples}. Both files are
    appended to. Returns hours of speech. ``voice`` takes one voice as it is, at its own speed, instead of drawing.
    """
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(graph), options, providers=["CPUExecutionProvider"])
    ids = orjson.loads(token_ids.read_bytes())["vocab"]
    rng = random.Random(seed)
    end = time.monotonic() + seconds
    said = 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.with_suffix(".i16").open("ab") as sound, target.with_suffix(".jsonl").open("ab") as marks:
        for words, made in _plans(lines, ids):
            if time.monotonic() > end:
                break
            style = styles.pure(voice, len(made.tokens)) if voice else styles.draw(rng, len(made.tokens))
            speed = 1.0 if voice else rng.uniform(0.7, 1.2)
            samples, starts = _render(session, made, style, speed)
            mark = {"off": sound.tell() // 2, "n": len(samples), "w": words, "p": made.phones, "s": starts}
            sound.write(samples.tobytes())
            marks.write(orjson.dumps(mark, option=orjson.OPT_APPEND_NEWLINE))
            said += len(samples)
    return said / 8000 / 3600


def _plans(lines: Iterable[Sequence[str]], ids: dict[str, int]) -> Iterator[tuple[list[str], Plan]]:
    for words in lines:
        made = plan(words, ids)
        if made is not None and 3 <= len(made.tokens) <= 480:
            yield list(words), made


def _render(session: Any, made: Plan, style: Any, speed: float) -> tuple[npt.NDArray[np.int16], list[int]]:
    """Samples at 8 kHz and where each phone begins (−1: it got no token of its own)."""
    feed = {"tokens": np.array([[0, *made.tokens, 0]]), "style": style, "speed": np.array([speed], np.float32)}
    audio, durations = session.run(None, feed)
    starts = [-1] * len(made.phones)
    at = 0
    for owner, duration in zip((0, *made.owners, len(made.phones) - 1), durations.ravel().astype(int), strict=True):
        if starts[owner] < 0:
            starts[owner] = at
        at += int(duration) * FRAME
    samples = np.clip(resample_poly(audio.ravel(), 1, 3) * 32768 * 0.9, -32767, 32767)
    return samples.astype(np.int16), starts
