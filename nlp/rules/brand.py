"""brand: the maker of the caller's appliance; a sub-brand beats its group."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator

from nlp.dialogue import Found, Mention, Span, Talk, Turn, Verdict, mention
from nlp.lexicon import Hit
from nlp.rules.appliance import NOT_OURS
from nlp.types import SlotState

_WANTED = re.compile(r"换(?:成|个|台)?(?:新的)?(?:能不能换)?$|想买|买(?:个|台)?新")
_AS_BRAND = re.compile(
    r"^(?:牌|品牌|卫厨|厨卫|厨电|厨房|卫浴|热线|官方|的|电器|家电|空调|冰箱|洗衣机|热水器|电视|油烟机|烟机|燃气灶|灶|电饭煲|净水|扫地|洗碗机|消毒柜|集成灶|科技|客服|服务|售后|集团|微波|烤箱|空气|壁挂|投影|智能|，|。|$)"
)


def settle(talk: Talk, belongs: Callable[[Span], bool]) -> Found | None:
    """The brand with most said for it at the places that are about the appliance."""
    score: dict[str, float] = defaultdict(float)
    spans: dict[str, list[tuple[int, Span]]] = defaultdict(list)
    quality: dict[str, float] = defaultdict(float)
    for m in talk.gather("brands", _mentions):
        if belongs(m.span):
            score[m.name] += m.weight * m.quality
            quality[m.name] = max(quality[m.name], m.quality)
            spans[m.name].append((int(m.by_agent), m.span))
    for brand in talk.catalogue.brands.values():
        if brand.name in score and any(score.get(sub, 0) > 0.5 for sub in brand.group_of):
            score[brand.name] = 0.0
    if not score or max(score.values()) < 0.3:
        return None
    name = max(score, key=lambda n: score[n])
    rival = max((s for n, s in score.items() if n != name), default=0.0)
    state = SlotState.CONFIRMED if score[name] >= 3 else SlotState.HEARD
    if rival >= max(2.0, CLOSE * score[name]):
        state = SlotState.CONFLICTING
    return Found("brand", name, name, "brand.named", state, (min(spans[name])[1],), quality[name])


CLOSE = 0.8
"""A brand with so much of the winner's score speaks against it."""


def _mentions(talk: Talk, turn: Turn) -> Iterator[Mention]:
    """Brands named in a turn; a brand that is an everyday word counts only where it stands like a brand."""
    found = turn.memo.get("brands")
    if found is None:
        found = turn.memo["brands"] = [h for h in talk.lexica.brands.find(turn.s) if _is_brand(talk, turn, h)]
    return (mention(turn, h, _weight(talk, turn, h)) for h in found)


def _is_brand(talk: Talk, turn: Turn, h: Hit) -> bool:
    if re.match(
        "(?:国际|大道|大街|路|街|巷|广场|大厦|城|村|小区|花园|[\u4e00-\u9fff]{0,2}(?:苑|公馆|家园|佳园|华府|名邸))",
        turn.s[h.end :],
    ):
        return False
    if not talk.catalogue.brands[h.name].everyday_word:
        return (
            h.quality == 1.0 or not _PARTICLE.search(turn.s[h.start : h.end]) or bool(_AS_BRAND.match(turn.s[h.end :]))
        )
    if (
        h.name == "老板"
        and re.search(r"[\u4e00-\u9fff]$", turn.s[: h.start])
        and not re.search("我家|的|是|个|里|台|家|呃|嗯|修|买|方|用", turn.s[max(0, h.start - 2) : h.start])
    ):
        return False
    return h.quality == 1.0 and bool(_AS_BRAND.match(turn.s[h.end :]))


_PARTICLE = re.compile("[了吧呢吗的]$")
"""A word that sounds like a brand and ends so is more likely part of a sentence (放完假了)."""


def _weight(talk: Talk, turn: Turn, h: Hit) -> float:
    before, after = turn.s[max(0, h.start - 10) : h.start], turn.s[h.end : h.end + 8]
    if NOT_OURS.search(before) or _WANTED.search(before):
        return 0.0
    if re.search(r"不是$", before):
        return -3.0
    if turn.by_agent:
        answer, _ = talk.answer(turn.index, h.start)
        if turn.index == 0:
            return 0.1 if "不好意思" in after or "抱歉" in after else 0.6
        return -0.5 if answer is Verdict.NO else 1.5 if answer is Verdict.YES else 0.8
    return 2.5 if "brand" in talk.asked(turn.index) else 2.0
