"""Text for the language model and for the voices: sampled templates, lines of real style, word runs, segmentation."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from pathlib import Path

import jieba

from asr.training.grammar import read_templates
from asr.training.phones import syllables
from asr.training.slots import Speaker

TEXT = Path(__file__).parent / "text"
PAUSES = "，。？！、…；,.!?;"
_NUMERALS = "零一二三四五六七八九十百千万幺两"
_RUNS = re.compile(f"[{_NUMERALS}]{{2,}}|(?:(?![{_NUMERALS}]{{2}}).)+")
_SAYABLE = re.compile("[\u4e00-\u9fff]+|[A-Z]")


class Segmenter:
    """Cuts text into words of ``vocabulary``; numbers and letters one by one, unknown words into characters."""

    def __init__(self, vocabulary: Collection[str]) -> None:
        self._vocabulary = vocabulary
        self._cutter = jieba.Tokenizer()
        self._cutter.initialize()
        for word in vocabulary:
            if len(word) > 1 and word not in self._cutter.FREQ:
                self._cutter.add_word(word)

    def words(self, text: str) -> list[str]:
        """What is neither Chinese nor a letter is dropped."""
        found: list[str] = []
        for part in _SAYABLE.findall(text.upper()):
            for run in _RUNS.findall(part):
                if len(run) > 1 and run[0] in _NUMERALS and run[1] in _NUMERALS:
                    found += run
                else:
                    cut = self._cutter.cut(run, HMM=False)
                    found += [w for word in cut for w in ([word] if word in self._vocabulary else word)]
        return [word for word in found if word in self._vocabulary]

    def paused(self, text: str) -> list[str]:
        """The words with a comma at every pause inside."""
        found: list[str] = []
        for part in re.split(f"[{PAUSES}]", text):
            words = self.words(part)
            if words:
                found += ["，", *words] if found else words
        return found


def turns(rng: random.Random, number: int) -> Iterator[str]:
    """Sampled turns of calls, with their pauses as punctuation."""
    templates = read_templates((TEXT / "turns.txt").read_text(encoding="utf-8"))
    slots = Speaker().slots
    for _ in range(number):
        yield rng.choice(templates).say(rng, slots).strip("，")


def dialogues() -> list[str]:
    """Turns written out whole."""
    lines = (TEXT / "dialogues.txt").read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def utterances(rng: random.Random, lines: Iterable[str]) -> Iterator[str]:
    """As endpointing cuts them: half of the lines whole, half of them at their pauses."""
    for line in lines:
        yield from (part for part in re.split(f"[{PAUSES}]", line) if part) if rng.random() < 0.5 else (line,)


def jieba_frequencies() -> dict[str, int]:
    """Words of jieba's dictionary and how often they stood in its sources."""
    lines = (Path(jieba.__file__).parent / "dict.txt").read_text(encoding="utf-8").splitlines()
    return {word: int(count) for word, count, _tag in map(str.split, lines)}


def word_runs(rng: random.Random, number: int) -> Iterator[list[str]]:
    """Runs of words for the voices, drawn so that every syllable of Mandarin is heard."""
    known = {w: f for w, f in jieba_frequencies().items() if len(w) <= 4 and f >= 20 and syllables(w)}
    by_syllable: dict[str, list[str]] = {}
    for word in known:
        for syllable in syllables(word) or ():
            by_syllable.setdefault(syllable, []).append(word)
    said: Counter[str] = Counter()
    names, weights = list(known), [f**0.5 for f in known.values()]
    for _ in range(number):
        line: list[str] = []
        for _ in range(rng.randint(3, 9)):
            if rng.random() < 0.35:
                rarest = min(rng.sample(list(by_syllable), 6), key=said.__getitem__)
                line.append(rng.choice(by_syllable[rarest]))
            else:
                line += rng.choices(names, weights)
            said.update(syllables(line[-1]) or ())
        yield line
