"""appliance: what the call is about. Whether a second one is reported: ``pair.py``."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from nlp.dialogue import Found, Mention, Span, Talk, Turn, Verdict, mention
from nlp.lexicon import Hit
from nlp.rules.introductions import introduces
from nlp.types import SlotState

NOT_OURS = re.compile(r"邻居|隔壁|对门|同事|朋友|单位|别人|楼下那|楼上那|以前那|原来那|旧的那|亲戚|我姐家|我妹家")
_REFERENCE = re.compile(
    r"^(?:旁边|专线|插座|位(?!置)|的位置|(?:那边|那个|是|都|也|倒是?)*(?:能打|能用|正常|好好的|好的|没问题|没事|可以打|是好的))"
)
_HUNG_UP = re.compile(r"(?:已|不要|别|先|请|勿|后|再|不|您|对方|我|就)挂机$|电话机$")
IMPLIES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern))
    for name, pattern in (
        ("冰箱", r"冷藏|冷冻|保鲜室|冰格"),
        ("空调", r"外机|内机|室外机|加氟|制热|吹.{0,3}风|出风口"),
        ("洗衣机", r"脱水|甩干|甩不干|衣服.{0,4}湿|洗衣"),
        ("热水器", r"洗澡|花洒|忽冷忽热|点火"),
        ("电视", r"屏幕|遥控.{0,4}频道|竖线|花屏|黑屏|开机画面|背光"),
        ("油烟机", r"油杯|吸烟|油烟|抽烟机"),
        ("燃气灶", r"灶眼|左边.{0,3}火|打不燃|火苗|熄火"),
        ("净水器", r"滤芯|废水|净水"),
        ("扫地机器人", r"拖布|基站|回充|充电座"),
        ("壁挂炉", r"地暖|暖气片|掉压"),
        ("马桶盖", r"座圈|坐圈"),
        ("微波炉", r"转盘"),
        ("电饭煲", r"夹生|煮饭"),
    )
)


@dataclass(slots=True)
class Reported:
    """An appliance of the call: score, where it was named, how well it matched, and by whom."""

    name: str
    score: float = 0.0
    quality: float = 0.0
    spans: list[Span] = field(default_factory=list)
    by_caller: list[Span] = field(default_factory=list)
    beyond_greeting: bool = False
    implied: bool = False


class Pair(NamedTuple):
    """Two appliances that something is to be done about, and the places that name each of them."""

    main: Reported
    other: Reported
    places: tuple[tuple[Span, bool], ...]
    """(place, whether it names the other one), in order."""


def mentions(talk: Talk) -> Sequence[Mention]:
    """Every appliance named in the call, in order."""
    return talk.gather("appliances", _mentions)


def _mentions(talk: Talk, turn: Turn) -> Iterator[Mention]:
    """Appliances named in a turn."""
    for h in turn.once("appliances", talk.lexica.appliances.find):
        if not _HUNG_UP.search(turn.s[: h.end]):
            yield mention(turn, h, _weight(talk, turn, h))


def found(reported: Reported | None, rivals: Sequence[Reported] = ()) -> Found | None:
    """The slot of an appliance; ``rivals``: others of the call that it is not about."""
    if reported is None:
        return None
    state = SlotState.INFERRED if reported.implied else SlotState.CONFIRMED if reported.score >= 3 else SlotState.HEARD
    rule = "appliance.implied" if reported.implied else "appliance.caller" if reported.by_caller else "appliance.agent"
    span = (reported.by_caller or reported.spans)[0]
    if state is SlotState.HEARD and any(_against(reported, rival) for rival in rivals):
        state = SlotState.CONFLICTING
    return Found("appliance", reported.name, reported.name, rule, state, (span,), reported.quality)


def _against(chosen: Reported, rival: Reported) -> bool:
    """Whether the agent names another appliance after the caller named this one, and the caller neither one again."""
    only_agent = not rival.by_caller and rival.score >= 1 and bool(rival.spans)
    return only_agent and bool(chosen.by_caller) and rival.spans[-1] > chosen.spans[-1]


def rank(talk: Talk) -> list[Reported]:
    """Appliances of the call, the one it is about first."""
    seen: dict[str, Reported] = {}
    by_caller = False
    for m in mentions(talk):
        _note(m, seen.setdefault(m.name, Reported(m.name)), first=not by_caller)
        by_caller = by_caller or (not m.by_agent and m.weight > 0)
    ranked = sorted((r for r in seen.values() if r.score > 0.4), key=lambda r: (-r.score, r.spans[0]))
    return ranked or _implied(talk)


def _implied(talk: Talk) -> list[Reported]:
    """The appliance that the words of the call belong to when nobody names it (冷藏冷冻 → 冰箱)."""
    seen: dict[str, Reported] = {}
    for name, span in implied(talk):
        r = seen.setdefault(name, Reported(name, quality=0.6, implied=True))
        r.score += 1
        r.spans.append(span)
    return sorted(seen.values(), key=lambda r: (-r.score, r.spans[0]))


def implied(talk: Talk) -> Sequence[tuple[str, Span]]:
    """Appliances that words of the call belong to, and those words."""
    return talk.gather("appliances.implied", _implications)


def _implications(_: Talk, turn: Turn) -> Iterator[tuple[str, Span]]:
    if turn.index > 0:
        for name, pattern in IMPLIES:
            for m in pattern.finditer(turn.s):
                yield name, Span(turn.index, m.start(), m.end())


def _note(m: Mention, r: Reported, *, first: bool) -> None:
    weight = FIRST_NAMED if first and not m.by_agent and m.weight > 0 else m.weight
    r.score += weight * m.quality
    if weight <= 0:
        return
    r.quality = max(r.quality, m.quality)
    r.spans.append(m.span)
    r.beyond_greeting = r.beyond_greeting or not m.by_agent or m.weight > GREETED
    if not m.by_agent:
        r.by_caller.append(m.span)


_TAKEN_BACK = re.compile(r"^[，,。…]?(?:哦|啊|呃|噢|哎)?(?:不是|不对|说错了?|错了)[，,。是]")
GREETED = 0.5
"""What the agent names in saying who they are."""
FIRST_NAMED = 2.0
"""What the caller names first is what the call is about."""


def _weight(talk: Talk, turn: Turn, h: Hit) -> float:
    before, after = turn.s[max(0, h.start - 8) : h.start], turn.s[h.end : h.end + 4]
    if NOT_OURS.search(before) or _REFERENCE.match(after):
        return 0.0
    if re.search(r"不是(?:个|我家|那个|那台)?$", before) or _TAKEN_BACK.match(turn.s[h.end : h.end + 8]):
        return -1.5
    if turn.by_agent:
        answer, _ = talk.answer(turn.index, h.start)
        if turn.index == 0 or introduces(turn.s, h.start):
            return GREETED
        return 0.0 if answer is Verdict.NO else 1.0
    return 0.8


def of_unknown_maker(talk: Talk, r: Reported) -> bool:
    """Whether the caller names a maker that the catalogue does not know: 消毒柜康宝的."""
    said = (_MAKER.match(talk.turns[span.turn].s, span.end) for span in r.by_caller)
    return any(m is not None and m.group("maker") not in talk.catalogue.brand_names for m in said)


_MAKER = re.compile(
    r"(?:是)?(?!我|你|他|一|家|坏|新|旧|老|同样|也)(?P<maker>[\u4e00-\u9fff]{2,3})(?<!一样)(?<!牌子)的(?=[，。,]|$)"
)
