"""Whether a call reports two appliances, and which; one that is only mentioned is none of them.

Two are reported when the caller counts or lists them, adds one (还有, 对了, 顺便), or tells what is wrong with each; or
when the agent takes them up one after the other (洗衣机呢？), or takes both down (两台都登记).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import product

from nlp.dialogue import Span, Talk, Turn
from nlp.rules import fault, twins
from nlp.rules.appliance import Pair, Reported, mentions
from nlp.rules.pair_words import (
    AFTER_ASIDE,
    AILING,
    ALSO,
    ASKS_MORE,
    BEFORE_ASIDE,
    COUNTS_BOTH,
    FINE,
    FIRST_UP,
    KIN,
    N_OF,
    NONE,
    ONE_MORE,
    REFUSED,
    SETTLED,
    TAKES_UP,
    TOGETHER,
    TWO_THINGS,
    WANTED,
    WISHED,
)


def reported(talk: Talk, ranked: list[Reported]) -> Pair | None:
    """The two in the order the caller reported them, when two appliances need something done."""
    wanted = [r for r in ranked if r.by_caller and r.quality > fault.WRITTEN and not _settled(talk, r, ranked)]
    wanted.sort(key=lambda r: -r.score)
    for other in wanted[1:]:
        both = sorted((wanted[0], other), key=lambda r: r.by_caller[0])
        if _both_reported(talk, both[0], both[1]):
            return Pair(both[0], both[1], _places(talk, both[0].name, both[1].name))
    return twins.reported(talk, ranked)


def _places(talk: Talk, main: str, other: str) -> tuple[tuple[Span, bool], ...]:
    """Where either is named: by the caller as his own, by the agent however it is answered."""
    said = (m for m in mentions(talk) if m.name in (main, other) and (m.by_agent or m.weight > 0))
    return tuple((m.span, m.name == other) for m in said)


def alone(talk: Talk, ranked: list[Reported]) -> Reported | None:
    """The appliance of a call about one: not the one that the agent does not do, where another is told to be broken."""
    refused = set(talk.gather("refused", _refusals))
    instead = (r for r in ranked if r.name not in refused and _troubles(talk, r))
    first = ranked[0] if ranked else None
    return next(instead, first) if first and first.name in refused else first


def _both_reported(talk: Talk, first: Reported, other: Reported) -> bool:
    spans = [span for span in other.by_caller if not _aside(talk, span)]
    if not spans or all(_aside(talk, span) for span in first.by_caller):
        return False
    return (
        _listed(talk, first, other)
        or any(_added(talk, span, kin=_kin(first, other)) for span in spans)
        or _announced(talk, spans[0])
        or _taken_up(talk, first, other)
        or _counted(talk, first, other)
        or _both_in_trouble(talk, first, other)
    )


_LIST = re.compile(
    "(?:[，、]?(?:和|跟|同|与|及|加上?|还有|以及|带|连|再加上?)[^，。是不]{0,6}|[、，]?|，[^，。是]{2,5}的)"
)
"""Between two appliances of a list: 洗碗机和西门子的烤箱, 烟机灶具."""


def listed(s: str, first: Span, other: Span) -> bool:
    """Whether the two follow each other in a list."""
    return first.end <= other.start and bool(_LIST.fullmatch(s, first.end, other.start))


def lists(talk: Talk, first: Reported, other: Reported) -> Iterator[tuple[Span, Span]]:
    """Where the caller lists the two, in either order."""
    for places in product(first.by_caller, other.by_caller):
        a, b = sorted(places)
        if a.turn == b.turn and listed(talk.turns[a.turn].s, a, b):
            yield a, b


_ONE = re.compile(f"(?:一{N_OF}|一是|一件?是?)[^，。]{{0,5}}$")
_AND_ONE = re.compile(f"[^。]{{0,4}}?(?:还有|加上|和|跟|再有|，)?(?:一{N_OF}|二是|一件?是?)[^，。]{{0,5}}")


def _listed(talk: Talk, first: Reported, other: Reported) -> bool:
    """洗碗机和烤箱都到了, and 一个空调一个热水器."""
    for a, b in lists(talk, first, other):
        s = talk.turns[a.turn].s
        if not FINE.match(s, b.end) and WANTED.search(s, b.end):
            return True
    for a, b in product(first.by_caller, other.by_caller):
        s = talk.turns[a.turn].s
        if a.turn == b.turn and _ONE.search(s[: a.start]) and _AND_ONE.fullmatch(s, a.end, b.start):
            return True
    return False


def _added(talk: Talk, span: Span, *, kin: bool) -> bool:
    """Whether the appliance is named as one more: 对了还有…, …也不转了 (unless it may be the same), …一起看看."""
    turn = talk.turns[span.turn]
    after = turn.s[span.end : span.end + AFTER]
    if FINE.match(after) or _FOR_SALE.match(after):
        return False
    asked = turn.question is not None and ASKS_MORE.search(turn.question.s) and not NONE.match(turn.s)
    also = ALSO.match(after) and not kin
    return bool(asked or also or ONE_MORE.search(turn.s[: span.start]) or TOGETHER.search(after))


AFTER = 40
"""Within so many characters after an appliance that it be done together must be said."""


_FOR_SALE = re.compile("[^。]{0,8}(?:卖|多少钱一|有货|打折|优惠|哪款好|推荐)")
"""另外你们空调怎么卖: asked after, not reported."""


def _announced(talk: Talk, span: Span) -> bool:
    """Whether the caller says before or with the appliance that there are two."""
    return any(index <= span.turn for index in two_things(talk))


def two_things(talk: Talk) -> Sequence[int]:
    """Turns in which the caller says that there are two."""
    return talk.gather("two_things", lambda _, t: () if t.by_agent or not TWO_THINGS.search(t.s) else (t.index,))


def _takes_up(talk: Talk, turn: Turn) -> Iterator[tuple[str, bool]]:
    """(appliance, whether it needs something) of each that the agent takes up, by the caller's answer."""
    if not turn.by_agent or turn.index == 0:
        return
    for h in turn.once("appliances", talk.lexica.appliances.find):
        if FIRST_UP.search(turn.s[: h.start]) or TAKES_UP.match(turn.s, h.end):
            reply = turn.reply
            yield h.name, reply is None or not (NONE.match(reply.s) or FINE.match(reply.s))


def _taken_up(talk: Talk, first: Reported, other: Reported) -> bool:
    """Whether the agent takes up the other one, which the caller has named before."""
    taken = {name for name, needed in talk.gather("taken_up", _takes_up) if needed}
    if first.name not in taken and other.name not in taken:
        return False
    return {first.name, other.name} <= taken or bool(
        _troubles(talk, first) and _troubles(talk, other) and other.name in taken
    )


def _counted(talk: Talk, first: Reported, other: Reported) -> bool:
    """Whether the agent takes down both: 空调和洗衣机都登记, or 两台一起看 after both were told."""
    told = max(first.by_caller[0].turn, other.by_caller[0].turn)
    return any(index > told for index in talk.gather("counts_both", _counts_both)) and bool(
        _troubles(talk, other) and _troubles(talk, first)
    )


def _counts_both(_: Talk, turn: Turn) -> tuple[int, ...]:
    return (turn.index,) if turn.by_agent and turn.index and COUNTS_BOTH.search(turn.s) else ()


def _both_in_trouble(talk: Talk, first: Reported, other: Reported) -> bool:
    """Whether the caller tells of each what is wrong with it, or wants something done to it."""
    return not _kin(first, other) and _troubles(talk, first) and _troubles(talk, other)


def _kin(first: Reported, other: Reported) -> bool:
    return frozenset((first.name, other.name)) in KIN


def _troubles(talk: Talk, r: Reported) -> bool:
    """Whether the caller tells right after naming it what is wrong with it, or what is to be done."""
    return any(_trouble_at(talk, r, span) for span in r.by_caller if not _aside(talk, span))


def _trouble_at(talk: Talk, r: Reported, span: Span) -> bool:
    turn = talk.turns[span.turn]
    named = turn.once("appliances", talk.lexica.appliances.find)
    end = min((h.start for h in named if h.start >= span.end and h.name != r.name), default=len(turn.s))
    if WISHED.match(turn.s, span.end, end) or AILING.match(turn.s, span.end, end):
        return True
    told = (h for h in fault.symptoms(talk, turn, r.name) if span.end <= h.start < end and h.quality > fault.WRITTEN)
    return any(fault.weight(talk, turn, h) >= 1 for h in told)


def _aside(talk: Talk, span: Span) -> bool:
    """Whether the appliance is only mentioned there: compared with, a place, one of long ago."""
    s = talk.turns[span.turn].s
    return bool(BEFORE_ASIDE.search(s[: span.start]) or AFTER_ASIDE.match(s, span.end))


def _settled(talk: Talk, r: Reported, ranked: list[Reported]) -> bool:
    """Whether nothing is to be done about it: the caller says so at last, or the agent does not do it."""
    others = [span for o in ranked if o is not r for span in o.spans]
    declined = None
    for span in r.by_caller:
        s = talk.turns[span.turn].s
        end = min((o.start for o in others if o.turn == span.turn and o.start > span.end), default=len(s))
        said = SETTLED.search(s, span.end, end)
        declined = Span(span.turn, said.end(), end) if said else declined
        if declined and _trouble_at(talk, r, declined if said else span):
            declined = None
    if declined:
        return True
    needed = [needed for name, needed in talk.gather("taken_up", _takes_up) if name == r.name]
    if needed and not any(needed):
        return True
    return any(name == r.name for name in talk.gather("refused", _refusals))


def _refusals(talk: Talk, turn: Turn) -> Iterator[str]:
    if turn.by_agent and turn.index:
        for h in turn.once("appliances", talk.lexica.appliances.find):
            if REFUSED.match(turn.s, h.end):
                yield h.name
