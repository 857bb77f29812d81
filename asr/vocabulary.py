"""A Vosk model that prefers words of one's own: its grammar gets paths for them. Pure Python, no Kaldi, no OpenFst.

A look-ahead Vosk model holds its language model apart, as an acceptor over word ids (``graph/Gr.fst``). A phrase that
is to be heard gets a path of its own from the state without history, spelt in words the model can pronounce (character
by character if need be), at the cost of a share of all that is said. Nothing else of the model changes, so texts
without these phrases are heard as before.
"""

from __future__ import annotations

import math
import os
import re
import shutil
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from asr.errors import ModelCorrupt, ModelMissing
from asr.fst import ROW, ConstFst, acceptor, read_const, rows_of, write_const
from asr.models import MANIFEST, check_files, write_manifest

GRAMMAR = Path("graph") / "Gr.fst"
WORDS = Path("graph") / "words.txt"
SHARE = 0.02
"""Of all that is said, the part that is one of the phrases; 0.1 heard one word in 57 more, see docs/training.md."""
MAX_PIECES = 12
_OWN_FILES = shutil.ignore_patterns(MANIFEST, GRAMMAR.name)
_PIECES = re.compile(r"[\u4e00-\u9fff]+|[A-Z]|[0-9]")
_DIGITS = dict(zip("0123456789", "零一二三四五六七八九", strict=True))


@dataclass(frozen=True, slots=True)
class Adaptation:
    """What ``adapt`` made: phrases that got a path, and those that could not be spelt in words of the model."""

    path: Path
    phrases: tuple[str, ...]
    skipped: tuple[str, ...]


def adapt(source: Path, target: Path, phrases: Iterable[str], *, share: float = SHARE) -> Adaptation:
    """Write a copy of the model ``source`` to ``target`` (which must not exist) that prefers ``phrases``.

    Raises ModelMissing where there is no model or ``target`` is taken, ModelCorrupt where its grammar is of a kind
    that cannot be changed. Nothing is left behind on failure.
    """
    check_files(source, {})
    if target.exists():
        raise ModelMissing(f"{target} is there already", fix="name a folder that does not exist yet")
    grammar, words = _grammar(source), read_words(source / WORDS)
    spelt: dict[str, list[int]] = {}
    skipped: list[str] = []
    for phrase in dict.fromkeys(phrases):
        pieces = spell(phrase, words)
        if pieces:
            spelt[phrase] = pieces
        else:
            skipped.append(phrase)
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as temporary:
        copy = Path(temporary) / "model"
        # The manifest and the grammar are written anew: they must not be links to the source's.
        shutil.copytree(source, copy, copy_function=_link_or_copy, ignore=_OWN_FILES)
        write_const(prefer(grammar, list(spelt.values()), share=share), copy / GRAMMAR)
        write_manifest(copy)
        copy.replace(target)
    return Adaptation(target, tuple(spelt), tuple(skipped))


def can_adapt(model: Path) -> bool:
    """Whether the grammar of ``model`` is of the kind that ``adapt`` changes."""
    try:
        read_const(model / GRAMMAR)
    except (OSError, ValueError):
        return False
    return True


def spell(phrase: str, words: Mapping[str, int]) -> list[int]:
    """The fewest words of the model that make up ``phrase``; empty when it has letters the model cannot say."""
    text = "".join(_DIGITS.get(piece, piece) for piece in _PIECES.findall(phrase.upper()))
    best: list[list[int] | None] = [[]]
    for end in range(1, len(text) + 1):
        ways = [
            [*before, words[text[start:end]]]
            for start in range(max(0, end - 8), end)
            if (before := best[start]) is not None and text[start:end] in words
        ]
        best.append(min(ways, key=len, default=None))
    found = best[-1]
    return found if found and len(found) <= MAX_PIECES else []


def prefer(grammar: ConstFst, phrases: Sequence[Sequence[int]], *, share: float) -> ConstFst:
    """The grammar with a path for every phrase (word ids), which together take ``share`` of the probability."""
    if not phrases:
        return grammar
    home = _without_history(grammar)
    rows = rows_of(grammar)
    after = {int(row["label"]): int(row["next"]) for row in rows[rows["state"] == home]}
    cost = -math.log(share / len(phrases))
    added: list[tuple[int, int, float, int]] = []
    count = len(grammar.states)
    for phrase in phrases:
        here, price = home, cost
        for word in phrase[:-1]:
            added.append((here, word, price, count))
            here, price, count = count, 0.0, count + 1
        added.append((here, phrase[-1], price, after.get(phrase[-1], home)))
    finals = np.full(count, np.inf, np.float32)
    finals[: len(grammar.states)] = grammar.states["final"]
    return acceptor(grammar.start, finals, np.concatenate((rows, np.array(added, ROW))))


def read_words(path: Path) -> dict[str, int]:
    """The words of a model and their ids; markers such as ``<eps>`` and ``[unk]`` are left out."""
    table = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return {word: int(number) for word, number in table if word[0] not in "<[#"}


def _without_history(grammar: ConstFst) -> int:
    """Where back-off ends: follow the epsilons from the start."""
    state = grammar.start
    while grammar.states["in_eps"][state]:
        # Labels are sorted, so the epsilon comes first.
        state = int(grammar.arcs["next"][grammar.states["first"][state]])
    return state


def _grammar(model: Path) -> ConstFst:
    try:
        return read_const(model / GRAMMAR)
    except FileNotFoundError as error:
        raise ModelCorrupt(f"{model} has no graph/Gr.fst", fix="only look-ahead models can be adapted") from error
    except ValueError as error:
        raise ModelCorrupt(
            f"the grammar of {model} cannot be changed: {error}", fix="adapt zh-demo or a model trained by asr.training"
        ) from error


def _link_or_copy(source: str, target: str) -> None:
    """Unchanged files are shared where the file system can."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
