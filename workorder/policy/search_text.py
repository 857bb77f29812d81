"""Chinese full text without segmentation: what a text is found by, what a query asks for, and whether both fit.

Chinese characters are indexed alone and in pairs, other words by their beginnings, so a query finds every text that
holds its words literally: ``不制冷`` in ``空调不制冷了``, ``kfr`` in ``KFR-35GW``. Full and half width, capital and
small letters are the same. No dictionary decides what a word is, so new models and misspellings are found too.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

MAX_PREFIX = 16
"""Beginnings of words are indexed up to this length; the rest of a longer one is compared, not looked up."""
MAX_TERMS = 8
MAX_TERM = 40
CONTEXT = 12
"""Characters shown before the first hit of a snippet."""

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_RUN = re.compile(rf"[{_HAN}]+|[^\W_{_HAN}]+")
_IS_HAN = re.compile(rf"[{_HAN}]")
_ASKED = re.compile(r'(-?)"([^"]*)"?|(\S+)')


@dataclass(frozen=True, slots=True)
class TextQuery:
    """All of ``terms`` literally, none of ``without``; in normal form (``normal``), each at most ``MAX_TERM`` long."""

    terms: tuple[str, ...]
    without: tuple[str, ...] = ()


class Piece(NamedTuple):
    """Part of a snippet; ``hit``: it is what was asked for."""

    text: str
    hit: bool


def normal(text: str) -> str:
    """One character for each of ``text``: small, half width, everything that is no letter or digit a blank."""
    return text.translate(_NORMAL)


def parse_query(text: str) -> TextQuery:
    """Words are all required; ``"several words"`` stand together; ``-word`` must not be there. Never raises."""
    terms: dict[str, None] = {}
    without: dict[str, None] = {}
    for minus, quoted, word in _ASKED.findall(text):
        unwanted = bool(minus) or (word.startswith("-") and len(word) > 1)
        term = " ".join(normal(quoted or word).split())[:MAX_TERM].strip()
        if term:
            (without if unwanted else terms)[term] = None
    return TextQuery(tuple(terms)[:MAX_TERMS], tuple(without)[:MAX_TERMS])


def tokens_of(text: str) -> list[str]:
    """What the text is looked up by, sorted."""
    return sorted(set().union(*map(_tokens_of_line, text.split("\n"))))


@lru_cache(maxsize=4_096)
def _tokens_of_line(line: str) -> frozenset[str]:
    """Names, brands and places come again and again when an index is made."""
    found: set[str] = set()
    for run in _runs(normal(line)):
        if _IS_HAN.match(run):
            found.update(run)
            found.update(run[i : i + 2] for i in range(len(run) - 1))
        else:
            found.update(run[: length + 1] for length in range(min(len(run), MAX_PREFIX)))
    return frozenset(found)


def asked_tokens(query: TextQuery) -> list[str]:
    """Tokens that every fitting text has, sorted; empty when the query asks for nothing that can be looked up."""
    found: set[str] = set()
    for term in query.terms:
        for run in _runs(term):
            if not _IS_HAN.match(run):
                found.add(run[:MAX_PREFIX])
            elif len(run) == 1:
                found.add(run)
            else:
                found.update(run[i : i + 2] for i in range(len(run) - 1))
    return sorted(found)


def says_all(query: TextQuery) -> bool:
    """Whether every text that has the tokens of ``query`` fits it: each term is a token, and none is unwanted."""
    return not query.without and set(query.terms) <= set(asked_tokens(query))


def fits(query: TextQuery, text: str) -> bool:
    """Whether every term is in ``text`` and none of the unwanted ones; words count from their beginning."""
    searched = _searched(text)
    return all(_find(term, searched) >= 0 for term in query.terms) and not any(
        _find(term, searched) >= 0 for term in query.without
    )


def score(query: TextQuery, text: str) -> float:
    """How well a fitting text answers: earlier lines weigh more, as do more hits in less text."""
    searched = _searched(text)
    total = 0.0
    for term in query.terms:
        at = _find(term, searched)
        line = text.count("\n", 0, max(at, 0))
        total += 1.0 / (1 + line) + 0.1 * min(searched.count(term), 5)
    return total + 10.0 / (100 + len(text))


def snippet(query: TextQuery, text: str, length: int = 60) -> tuple[Piece, ...]:
    """A part of ``text`` around the first hit, cut into hits and the rest; put together it is that part."""
    searched = _searched(text)
    hits = [(at, term) for term in query.terms if (at := _find(term, searched)) >= 0]
    start = max(0, min(hits)[0] - CONTEXT) if hits else 0
    end = min(len(text), start + length)
    marked = bytearray(end - start)
    for place, term in hits:
        at = place
        while 0 <= at < end:
            last = min(at + len(term), end)
            marked[at - start : last - start] = b"\1" * (last - at)
            at = _find(term, searched, at + 1)
    return tuple(_pieces(text[start:end].replace("\n", " "), marked))


def _pieces(text: str, marked: bytearray) -> Iterator[Piece]:
    begin = 0
    while begin < len(text):
        hit = bool(marked[begin])
        end = marked.find(not hit, begin)
        end = len(text) if end < 0 else end
        yield Piece(text[begin:end], hit)
        begin = end


def _normal_character(character: str) -> str:
    if "a" <= character <= "z" or "0" <= character <= "9" or "\u4e00" <= character <= "\u9fff":
        return character
    folded = unicodedata.normalize("NFKC", character).casefold()
    # What has no form of one character (ligatures, ½) stands for itself: places in the text must not move.
    character = folded if len(folded) == 1 else character
    return character if character.isalnum() else " "


class _Normal(dict[int, str]):
    """The normal form of each character that came so far, for ``str.translate``."""

    def __missing__(self, character: int) -> str:
        found = self[character] = _normal_character(chr(character))
        return found


_NORMAL = _Normal()
_searched = lru_cache(maxsize=512)(normal)
"""A text is asked whether it fits, how well, and where."""


def _runs(text: str) -> list[str]:
    return _RUN.findall(text)


def _find(term: str, searched: str, begin: int = 0) -> int:
    """Where ``term`` stands in a normal text, its first word from the word's beginning; -1 when nowhere."""
    at = searched.find(term, begin)
    while at > 0 and searched[at - 1].isalnum() and _is_word(term) and not _IS_HAN.match(searched[at - 1]):
        at = searched.find(term, at + 1)
    return at


@lru_cache(maxsize=64)
def _is_word(term: str) -> bool:
    """Asked for every text of a window."""
    return not _IS_HAN.match(term)
