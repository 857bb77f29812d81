"""A vocabulary as a grammar of Vosk: phrases cut into words that the model knows."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from pathlib import Path

UNKNOWN = "[unk]"
LONGEST = 8
"""Characters of the longest words looked for; word lists of Chinese models hold few longer ones."""


def known_words(model: Path) -> frozenset[str]:
    """The words of a Vosk model (graph/words.txt: a word and its number a line)."""
    lines = (model / "graph" / "words.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(line.split(" ", 1)[0] for line in lines)


def grammar(vocabulary: Sequence[str], words: Collection[str]) -> str | None:
    """The grammar as Vosk takes it, with a place for everything else; None when the model knows none of it."""
    phrases = [" ".join(cut) for phrase in vocabulary if (cut := in_words(phrase, words))]
    return json.dumps([*phrases, UNKNOWN], ensure_ascii=False) if phrases else None


def in_words(phrase: str, words: Collection[str]) -> list[str]:
    """``phrase`` as words of the model, the longest first at each place; empty when some part is in none."""
    found: list[str] = []
    for part in phrase.split():
        at = 0
        while at < len(part):
            ends = range(min(len(part), at + max(LONGEST, len(part) if part.isascii() else 0)), at, -1)
            end = next((end for end in ends if part[at:end] in words), None)
            if end is None:
                return []
            found.append(part[at:end])
            at = end
    return found
