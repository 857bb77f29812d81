"""From text to the graph of a model: vocabulary, lexicon, language model, and the files that Vosk reads."""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import orjson

from asr.fst import write_const
from asr.training.corpus import Segmenter, dialogues, jieba_frequencies, turns, utterances
from asr.training.grammar_fst import grammar
from asr.training.lexicon import UNKNOWN, tree, unknown_pronunciations
from asr.training.lm import Counts, estimate
from asr.training.numbers import DIGITS
from asr.training.phones import LETTERS, pronunciations
from asr.training.slots import Speaker
from asr.vocabulary import read_words

SIZE = 23_500
"""Words of the lexicon."""
CHARACTERS = 7_000
"""So many single characters are always in it: whatever is rare is spelt with them."""
TURNS = 200_000
WEIGHTS = {"turns": 0.08, "dialogues": 2.0, "general": 0.06}
"""What a sentence counts; chosen by the perplexity of calls kept out, see docs/training.md."""
PRUNE = 1.9e-7
"""As much as 20 MB hold: the grammar has 9.5 MB."""
REPEATED = 0.5
"""Share of "the same again" after two digits. Runs of a digit (五五五五) are what is swallowed most in numbers."""
WORD_BONUS, DIGIT_BONUS = 1.0, 1.6
"""Taken off the cost of a word: with acoustic-scale 0.7 short words would be swallowed, digits most of all."""
_FST = {**os.environ, "LD_LIBRARY_PATH": "/usr/lib/x86_64-linux-gnu/fst/22"}
"""Where Debian's libfst22-plugins-base keeps olabel_lookahead."""


def vocabulary() -> list[str]:
    """Domain words first, then the most frequent of jieba's dictionary."""
    lists = Speaker().lists
    words = {word for words in lists.values() for word in words} | set(LETTERS)
    words |= {name for place in Speaker().places for name in place if name}
    frequencies = sorted(jieba_frequencies().items(), key=lambda item: -item[1])
    words |= {word for word, _ in [item for item in frequencies if len(item[0]) == 1][:CHARACTERS]}
    for word, _ in frequencies:
        if len(words) >= SIZE:
            break
        words.add(word)
    return sorted(word for word in words if pronunciations(word))


def build_lexicon(model: Path, work: Path, words: Iterable[str]) -> None:
    """Write graph/HCLr.fst, words.txt and disambig_tid.int of ``model``. Needs Debian's OpenFst tools."""
    lexicon = {word: pronunciations(word) for word in words}
    lexicon[UNKNOWN] = unknown_pronunciations(lexicon)
    ids = {word: number for number, word in enumerate(sorted(lexicon), 1)}
    stays = orjson.loads((model / "am" / "self_loop.json").read_bytes())
    text, pairs, graph = work / "hcl.txt", work / "relabel", model / "graph"
    text.write_text("\n".join(tree(lexicon, ids, stays)) + "\n", encoding="utf-8")
    subprocess.run(  # noqa: S602 - a pipe of fixed programs over our own paths
        f"fstcompile {text} | fstarcsort --sort_type=olabel | "
        f"fstconvert --fst_type=olabel_lookahead --save_relabel_opairs={pairs} - > {graph / 'HCLr.fst'}",
        shell=True,
        check=True,
        env=_FST,
    )
    # The look-ahead type numbers the words anew; words.txt and the grammar have to follow.
    renumbered = {int(old): int(new) for old, new in map(str.split, pairs.read_text().splitlines())}
    table = sorted((renumbered.get(number, number), word) for word, number in ids.items())
    lines = ["<eps> 0", *(f"{word} {number}" for number, word in table)]
    (graph / "words.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (graph / "disambig_tid.int").write_text("")


def build_grammar(model: Path, general: Iterable[Path], *, seed: int = 1, turn_count: int = TURNS) -> None:
    """Write graph/Gr.fst of ``model`` over its words.txt; ``general`` are files of colloquial Chinese."""
    ids = read_words(model / "graph" / "words.txt")
    rng = random.Random(seed)
    segmenter = Segmenter(ids)
    counts = Counts()
    for line in utterances(rng, turns(rng, turn_count)):
        counts.add(segmenter.words(line), WEIGHTS["turns"])
    for line in dialogues():
        for text in (line, *_parts(line)):
            counts.add(segmenter.words(text), WEIGHTS["dialogues"])
    for file in general:
        for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
            for part in _parts(line):
                words = segmenter.words(part)
                if len(words) > 1:
                    counts.add(words, WEIGHTS["general"])
    repeat_digits(counts, REPEATED)
    model_ = estimate(counts, prior(ids), prune=PRUNE)
    bonus = dict.fromkeys(ids, WORD_BONUS) | dict.fromkeys((*DIGITS, "幺"), DIGIT_BONUS)
    write_const(grammar(model_, ids, bonus), model / "graph" / "Gr.fst")


def repeat_digits(counts: Counts, share: float) -> None:
    """Raise the count of every digit after itself until it is at least ``share`` of what follows those two digits."""
    digits = (*DIGITS, "幺")
    following: Counter[tuple[str, ...]] = Counter()
    for gram, count in counts.grams.items():
        if len(gram) == 3 and gram[0] in digits and gram[1] in digits:
            following[gram[:2]] += count
    for (before, digit), total in following.items():
        again = (before, digit, digit)
        others = total - counts.grams[again]
        counts.grams[again] = max(counts.grams[again], others * share / (1 - share))  # type: ignore[assignment]


def prior(words: Mapping[str, int]) -> dict[str, float]:
    """How often a word is said that no text has: its frequency in jieba's dictionary, flattened."""
    frequencies = Counter(jieba_frequencies())
    return {word: frequencies[word] ** 0.9 + 1 for word in words}


def _parts(line: str) -> list[str]:
    return [part for part in re.split(r"[，。？！、…；,.!?;\s~～]+", line) if part]
