"""Which of two appliances a place of the call speaks of."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from enum import Enum

from nlp.dialogue import Span, Talk, Turn
from nlp.rules.appliance import Pair
from nlp.rules.pair import lists, two_things


class Whose(Enum):
    """What a place is about."""

    MAIN = 0
    OTHER = 1
    BOTH = 2


_OF = re.compile("牌?的?")
"""Between a word and the appliance that it belongs to: 美菱(的)冰箱."""
_BOTH = re.compile(
    "两(?:台|样|件|个(?!月|小时|钟|星期|礼拜|眼|人|师傅|孩|娃)|张|款)|(?:一起|一块儿?|一道|一并|同时|同一天|一批)(?!来)|(?:^|[，。？?])(?:它们|这俩|俩|全|反正)?(?:都|全)(?:是|在|过|有|买|还|装|没|要|用|为)(?![一两三四五六七八九十几好半快])"
)
"""Words that speak of both: 两台都是海尔的, 一起买的."""


class Focus:
    """The appliance that each place speaks of: the one named last, or both once they are listed or counted together.

    A question about one holds for the answer to it, as the agent names it last.
    """

    def __init__(self, talk: Talk, two: Pair) -> None:
        self._talk = talk
        self._named = [(span, Whose.OTHER if of_other else Whose.MAIN) for span, of_other in two.places]
        together = {b for _, b in lists(talk, two.main, two.other)}
        known = min(span.turn for span in two.other.by_caller)
        known = min([known, *two_things(talk)])
        marks = [(span, Whose.BOTH if span in together else who) for span, who in self._named]
        marks += [(span, Whose.BOTH) for span in talk.gather("both", _both) if span.turn >= known]
        self._marks = sorted(marks, key=lambda mark: mark[0])

    def of(self, span: Span) -> Whose:
        """What the place speaks of."""
        follows = bisect_left(self._named, span, key=lambda mark: mark[0])
        for named, who in self._named[follows : follows + 1]:
            if named.turn == span.turn and _OF.fullmatch(self._talk.turns[span.turn].s, span.end, named.start):
                return who
        last = bisect_left(self._marks, span, key=lambda mark: mark[0])
        if last:
            return self._marks[last - 1][1]
        return Whose.BOTH if self._before_both(span) else Whose.MAIN

    def _before_both(self, span: Span) -> bool:
        """Whether the same utterance names both of them after it: 上周五买的，一个马桶盖，一台烘干机."""
        return len({who for named, who in self._named if named.turn == span.turn}) > 1

    def main(self, span: Span) -> bool:
        """Whether it can speak of the main appliance."""
        return self.of(span) is not Whose.OTHER

    def other(self, span: Span) -> bool:
        """Whether it can speak of the other one."""
        return self.of(span) is not Whose.MAIN

    def other_alone(self, span: Span) -> bool:
        """Whether it speaks of the other one and not of both."""
        return self.of(span) is Whose.OTHER


def _both(_: Talk, turn: Turn) -> Iterator[Span]:
    return (Span(turn.index, m.start(), m.end()) for m in _BOTH.finditer(turn.s))
