"""How good a transcript is: character error rate, the usual measure for Mandarin."""

from __future__ import annotations

import re
from dataclasses import dataclass

_NOT_COUNTED = re.compile(r"[^\u4e00-\u9fffa-z0-9]")


@dataclass(frozen=True, slots=True)
class ErrorRate:
    """``errors`` substitutions, insertions and deletions against ``characters`` of reference; adds up over texts."""

    errors: int = 0
    characters: int = 0

    @property
    def rate(self) -> float:
        """Errors per reference character; 0 for an empty pair, may exceed 1."""
        return self.errors / self.characters if self.characters else float(bool(self.errors))

    def __add__(self, other: ErrorRate) -> ErrorRate:
        return ErrorRate(self.errors + other.errors, self.characters + other.characters)


def character_errors(reference: str, heard: str) -> ErrorRate:
    """Compare two texts after ``comparable``."""
    wanted, got = comparable(reference), comparable(heard)
    return ErrorRate(edit_distance(wanted, got), len(wanted))


def comparable(text: str) -> str:
    """Only what is spoken counts: no punctuation, spaces or case; 幺 and 一 are one number."""
    return _NOT_COUNTED.sub("", text.lower()).replace("幺", "一")


def edit_distance(wanted: str, got: str) -> int:
    """Levenshtein distance: the fewest single-character substitutions, insertions and deletions."""
    row = list(range(len(got) + 1))
    for i, want in enumerate(wanted, 1):
        diagonal, row[0] = row[0], i
        for j, have in enumerate(got, 1):
            diagonal, row[j] = row[j], min(row[j] + 1, row[j - 1] + 1, diagonal + (want != have))
    return row[-1]
