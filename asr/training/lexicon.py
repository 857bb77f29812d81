"""The lexicon as a tree over transition ids: the H∘C∘L part of a Vosk graph, written as OpenFst text.

Kaldi's phones here are position dependent (_B, _I, _E; word times need that) with one emitting state each; transition
ids are 2k−1 for the self-loop of phone k and 2k for leaving. State 0 is "after a word", 1 "before a word", 2 silence.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping

from asr.training.phones import PHONES, SILENCE, Pronunciation

KALDI_PHONES = ("<eps>", SILENCE, *(phone + place for phone in PHONES[1:] for place in ("_B", "_I", "_E")))
KALDI_IDS = {phone: number for number, phone in enumerate(KALDI_PHONES)}
UNKNOWN = "[unk]"
"""Garbage word for run-time grammars: every syllable is a way to say it. It is not in the language model."""
UNKNOWN_COST = 8.0
SILENCE_SHARE = 0.25
"""How often a pause follows a word."""


def leaving(phone: str) -> int:
    """The transition id of going on to the next phone."""
    return 2 * KALDI_IDS[phone]


def staying(phone: str) -> int:
    """The transition id of the self-loop."""
    return 2 * KALDI_IDS[phone] - 1


def tree(
    lexicon: Mapping[str, Iterable[Pronunciation]], word_ids: Mapping[str, int], stays: Mapping[str, float]
) -> Iterator[str]:
    """Lines of OpenFst text; ``stays`` is the self-loop probability of each phone."""
    stay = stays.get(SILENCE, 0.5)
    yield f"0 1 0 0 {-math.log(1 - SILENCE_SHARE):.4f}"
    yield f"0 2 {leaving(SILENCE)} 0 {-math.log(SILENCE_SHARE):.4f}"
    yield f"2 2 {staying(SILENCE)} 0 {-math.log(stay):.4f}"
    yield f"2 1 0 0 {-math.log(1 - stay):.4f}"
    children: dict[tuple[int, str], int] = {}
    leave_cost = {1: 0.0}
    for word in sorted(lexicon):
        for pronunciation in sorted(lexicon[word]):
            state = 1
            for phone, placed in zip(pronunciation, _placed(pronunciation), strict=True):
                if (state, placed) not in children:
                    new = children[state, placed] = len(children) + 3
                    stay = stays.get(phone, 0.5)
                    yield f"{state} {new} {leaving(placed)} 0 {leave_cost[state]:.4f}"
                    yield f"{new} {new} {staying(placed)} 0 {-math.log(stay):.4f}"
                    leave_cost[new] = -math.log(1 - stay)
                state = children[state, placed]
            cost = leave_cost[state] + (UNKNOWN_COST if word == UNKNOWN else 0.0)
            yield f"{state} 0 0 {word_ids[word]} {cost:.4f}"
    yield from ("0 0.0", "1 0.0", "2 0.0")


def unknown_pronunciations(lexicon: Mapping[str, Iterable[Pronunciation]]) -> set[Pronunciation]:
    """Every syllable of the lexicon."""
    return {way[i : i + 2] for ways in lexicon.values() for way in ways for i in range(0, len(way), 2)}


def _placed(pronunciation: Pronunciation) -> list[str]:
    last = len(pronunciation) - 1
    return [phone + ("_B" if not i else "_E" if i == last else "_I") for i, phone in enumerate(pronunciation)]
