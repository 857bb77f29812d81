"""Two appliances of one kind: 客厅那台不制冷，卧室那台漏水.

They are two when the caller tells them apart, by where they stand or by counting, and something else of each.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from typing import NamedTuple

from nlp.dialogue import Span, Talk, Turn
from nlp.normalize import PUNCTUATION
from nlp.rules import fault
from nlp.rules.appliance import Pair, Reported
from nlp.rules.pair_words import WISHED

_ROOM = re.compile(
    "(?P<room>客厅|主卧|次卧|卧室|书房|儿童房|老人房|小孩房|餐厅|阳台|厨房|楼上|楼下|[一二三四五六七八九]楼|大厅|前台|后厨|办公室|会议室|包间|店里|仓库|大堂|东屋|西屋|里屋|外屋|[^，。一这那]{0,2}房间?|挂机|柜机|大的|小的|新的|老的|旧的)"
    "(?:里面?|里头|那边|这边|的|那间|这间)*(?P<one>(?:那|这)(?:一?[台个部])|一[台部]|(?=呢|型号|是什么))?"
)
_ANOTHER = re.compile("另(?:外)?(?:还有)?(?:一?[台个部])|还有(?:一?[台部]|一个)|第二[台个部]|再有一台|剩下那台")
_TWO_OF_THEM = re.compile("(?:两|俩|2)[台个部]")
_ONE_OF_THEM = re.compile("(?<![第另外])(?<!还有)一台(?:是)?")
ANOTHER = "另一台"
_NOT_ONE = PUNCTUATION | frozenset("两俩几多都")


class Label(NamedTuple):
    """Words that tell one of them from another: ``which``, and of what kind it is where that stands beside."""

    span: Span
    which: str
    kind: str | None


def reported(talk: Talk, ranked: list[Reported]) -> Pair | None:
    """(main, second) of one kind with the places that name each, when the caller tells of two."""
    if not ranked or not ranked[0].by_caller:
        return None
    thing = ranked[0]
    places = list(_places(talk, [x for x in talk.gather("which_one", _labels) if x.kind in (None, thing.name)]))
    others = [span for span, of_other in places if of_other]
    if not others:
        return None
    of_main = _told(talk, thing.name, places, of_other=False)
    of_other = _told(talk, thing.name, places, of_other=True)
    if not of_main or not of_other or of_main & of_other:
        return None
    other = Reported(thing.name, thing.score, thing.quality, others, others, beyond_greeting=True)
    return Pair(thing, other, tuple(places))


def _labels(talk: Talk, turn: Turn) -> Iterator[Label]:
    """Words of an utterance that tell one from another."""
    s = turn.s
    named = turn.once("appliances", talk.lexica.appliances.find)

    def kind_at(end: int) -> str | None:
        beside = (h for h in named if end <= h.start <= end + NEAR and not _NOT_ONE & set(s[end : h.start]))
        return next((h.name for h in beside), None)

    for m in _ROOM.finditer(s):
        kind = kind_at(m.end())
        if m["one"] is not None or kind:
            yield Label(Span(turn.index, m.start(), m.end()), m["room"], kind)
    for m in _ANOTHER.finditer(s):
        kind = kind_at(m.end())
        if kind or not m.group().endswith("个"):
            yield Label(Span(turn.index, m.start(), m.end()), ANOTHER, kind)
    if _TWO_OF_THEM.search(s):
        for n, m in enumerate(_ONE_OF_THEM.finditer(s)):
            yield Label(Span(turn.index, m.start(), m.end()), ANOTHER if n else m.group(), kind_at(m.end()))


NEAR = 4
"""So many characters after 客厅的 its appliance is named (客厅的格力空调)."""


def _places(talk: Talk, labels: list[Label]) -> Iterator[tuple[Span, bool]]:
    """(place, whether it names the other one). The one labelled first is the main one; the agent brings up none."""
    known: dict[str, int] = {}
    for label in sorted(labels):
        by_agent = talk.turns[label.span.turn].by_agent
        if not by_agent and label.which not in known:
            known[label.which] = 1 if label.which == ANOTHER or ANOTHER in known else len(known)
        which = known.get(label.which)
        if which in (0, 1):
            yield label.span, which == 1


def _told(talk: Talk, kind: str, places: list[tuple[Span, bool]], *, of_other: bool) -> set[str]:
    """What the caller tells is wrong with one of them, or is to be done to it."""
    told = set()
    for span, other in places:
        turn = talk.turns[span.turn]
        wish = WISHED.match(turn.s, span.end) if other is of_other and not turn.by_agent else None
        if wish:
            told.add(wish.group())
    starts = [span for span, _ in places]
    for m in fault.mentions(talk, kind):
        last = bisect_left(starts, m.span)
        other = last > 0 and places[last - 1][1]
        if other is of_other and not m.by_agent and m.weight >= 1 and m.quality > fault.WRITTEN:
            told.add(m.name)
    return told
