"""Names of one's own world put in the place of what merely sounds like them: 楼西街 → 龙溪街.

For recognisers whose language model cannot be taught these names. Only names are put in, each where it was nearly said,
and nothing that makes sense as it was heard gives way. What was heard stays beside it: a correction is a ``Shown`` of
the same length, so places in the text stay what they are, and dropping it gives the original back.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache

from nlp.lexicon import common_words
from nlp.readable import Shown
from nlp.sound import SAME_SOUND, SoundIndex, SoundMatch, char_cost, syllable
from nlp.types import WordTime

HALF_ALIKE = 0.6
"""Two characters that share an initial or a final (龙 and 楼)."""
SURE = 0.9
"""Words heard with this confidence and more give way only to names of three characters and more that sound nearly the
same."""
AS_LIKELY = 0.1
"""Two names that differ by no more in cost are equally likely, and neither is put in."""
_LIMITS = {2: SAME_SOUND, 3: 0.46, 4: 0.61}
"""What may be misheard by length: one character of two by its tone; of more, one that is easily confused as well."""
_PLACE_LIMIT = 0.8
"""... and more where the kind of place was heard (路, 街, 小区): little else sounds like a street."""
_PLACE = re.compile("(?:路|街|道|巷|弄|里|苑|园|庭|城|府|湾|镇|村|小区|广场|公寓)$")
_NAME = re.compile("[\u4e00-\u9fff]{2,}")
_NUMERALS = frozenset("零一二三四五六七八九十百千万两幺")
_COUNTED = frozenset("栋幢号楼层座期区弄室单杠点月年")
"""What makes a number of the numeral before it: 花园六栋 is no 花园路."""
_INITIAL = re.compile("zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw]")


class SoundAlikes:
    """Finds ``names`` (Chinese characters; others are left out) in what was heard.

    ``phrases`` are never put in: what sounds more like one of them, or is one, is no misheard name.
    """

    def __init__(self, names: Iterable[str] = (), phrases: Iterable[str] = ()) -> None:
        self._names = frozenset(name for name in names if _NAME.fullmatch(name))
        words = self._names.union(phrase for phrase in phrases if _NAME.fullmatch(phrase))
        self._index = SoundIndex(words, allowed=lambda length: {2: SAME_SOUND}.get(length, 1.35))

    def corrections(self, text: str, words: Sequence[WordTime] = ()) -> tuple[Shown, ...]:
        """What to put in place of what, in order, without overlaps; ``text`` is what a recogniser heard.

        ``words`` cover it in order and say how sure it was; without them it counts as sure.
        """
        if not self._names:
            return ()
        found = [placed for match in self._index.find(text) for placed in _same_length(text, match)]
        found.sort(key=lambda match: (match.cost / len(match.word), -len(match.word), match.start))
        kept: list[SoundMatch] = []
        for match in found:
            if not any(_overlap(match, other) for other in kept):
                kept.append(match)
        names = (match for match in kept if match.cost and match.word in self._names)
        doubted = _doubted(text, words)
        good = (match for match in names if _is_misheard(text, match, found, doubted))
        return tuple(Shown(m.start, m.end, m.word) for m in sorted(good, key=lambda m: m.start))


def _same_length(text: str, match: SoundMatch) -> Iterator[SoundMatch]:
    """The match at as many characters as the word has, from its start or up to its end, at a finer cost."""
    size = len(match.word)
    for start in {match.start, match.end - size}:
        heard = text[max(0, start) : start + size]
        if len(heard) == size:
            yield SoundMatch(match.word, start, start + size, sum(map(_cost, heard, match.word)))


@lru_cache(maxsize=4096)
def _cost(heard: str, said: str) -> float:
    cost = char_cost(heard, said)
    if cost < 1.0:
        return cost
    one, other = syllable(heard), syllable(said)
    if not (one.isascii() and other.isascii()):
        return cost
    initials = [found.group() if (found := _INITIAL.match(s)) else "" for s in (one, other)]
    finals = [s.removeprefix(initial) for s, initial in zip((one, other), initials, strict=True)]
    return HALF_ALIKE if initials[0] == initials[1] or finals[0] == finals[1] else cost


def _doubted(text: str, words: Sequence[WordTime]) -> frozenset[int]:
    """Places of ``text`` that were heard with doubt."""
    places: set[int] = set()
    at = 0
    for word in words:
        found = text.find(word.word, at)
        if found < 0:
            break
        at = found + len(word.word)
        if word.confidence < SURE:
            places.update(range(found, at))
    return frozenset(places)


def _is_misheard(text: str, match: SoundMatch, found: Collection[SoundMatch], doubted: frozenset[int]) -> bool:
    """Near enough, no other name as near, and no sense in what was heard."""
    word, heard = match.word, text[match.start : match.end]
    changed = [match.start + at for at, (a, b) in enumerate(zip(heard, word, strict=True)) if a != b]
    far = len(word) == 2 or any(_cost(a, b) >= HALF_ALIKE for a, b in zip(heard, word, strict=True))
    if far and doubted.isdisjoint(changed):
        return False
    place = _PLACE.search(word)
    is_place = place is not None and len(word) >= 3 and heard.endswith(place.group())
    if match.cost > (_PLACE_LIMIT if is_place else _LIMITS.get(len(word), _LIMITS[4])):
        return False
    rivals = (m for m in found if m.word != word and _overlap(m, match))
    if any(rival.cost <= match.cost + AS_LIKELY and len(rival.word) >= len(word) for rival in rivals):
        return False
    return not any(_makes_sense(text, at) for at in changed)


def _makes_sense(text: str, at: int) -> bool:
    """Whether the character at ``at`` is part of a number or of an everyday word as it was heard."""
    pairs = [text[start : start + 2] for start in (at - 1, at) if 0 <= start < len(text) - 1]
    if text[at] in _NUMERALS:
        return text[at + 1 : at + 2] in _COUNTED or any(set(pair) <= _NUMERALS for pair in pairs)
    return any(pair in common_words() for pair in pairs)


def _overlap(one: SoundMatch, other: SoundMatch) -> bool:
    return one.start < other.end and other.start < one.end
