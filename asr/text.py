"""Text as people write it, from the words of an engine."""

from __future__ import annotations

from collections.abc import Iterable

UNKNOWN_WORDS = frozenset({"[unk]", "<unk>", "<UNK>", "<SPOKEN_NOISE>"})


def join_words(words: Iterable[str]) -> str:
    """Join without spaces, as Chinese is written; a space stays only between two Latin words.

    Single letters are spelling (``K F R``) and are joined as well; words that mean "not understood" are left out.
    """
    text = ""
    last = ""
    for word in words:
        if word in UNKNOWN_WORDS:
            continue
        text += f" {word}" if _is_latin_word(last) and _is_latin_word(word) else word
        last = word
    return text


def _is_latin_word(word: str) -> bool:
    return len(word) > 1 and word.isascii() and word.isalpha()
