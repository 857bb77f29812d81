"""appliance: what the call is about; and a second one when two are reported."""

from __future__ import annotations

import re
from collections import defaultdict

from nlp.dialogue import Found, Span, Talk, Turn, Verdict
from nlp.lexicon import Hit
from nlp.types import SlotState

NOT_OURS = re.compile(r"邻居|隔壁|对门|同事|朋友|单位|别人|楼下那|楼上那|以前那|原来那|旧的那|亲戚|我姐家|我妹家")
_SETTLED = re.compile(r"不用管|不用修|自己又?好了|又好了|没事了|已经修好|不用看|先不管|正常的|没问题")


def hits(talk: Talk, turn: Turn) -> list[Hit]:
    """Appliances named in a turn."""
    found = turn.memo.get("appliances")
    if found is None:
        found = turn.memo["appliances"] = talk.lexica.appliances.find(turn.s)
    return list(found)


def settle(talk: Talk) -> Found | None:
    """The appliance with most said for it, the caller's own first words first."""
    ranked = rank(talk)
    if not ranked:
        return None
    name = max(ranked, key=lambda n: ranked[n][0])
    score, spans, quality = ranked[name]
    state = SlotState.CONFIRMED if score >= 3 else SlotState.HEARD
    return Found("appliance", name, name, "appliance.named", state, (spans[0],), min(1.0, quality))


def rank(talk: Talk) -> dict[str, tuple[float, list[Span], float]]:
    """Score, places and best match quality of each appliance named."""
    score: dict[str, float] = defaultdict(float)
    spans: dict[str, list[Span]] = defaultdict(list)
    quality: dict[str, float] = defaultdict(float)
    seen = 0
    for turn in talk.turns:
        for h in hits(talk, turn):
            weight = _weight(talk, turn, h, seen)
            if not turn.by_agent and weight > 0:
                seen += 1
            score[h.name] += weight * h.quality
            quality[h.name] = max(quality[h.name], h.quality)
            spans[h.name].insert(
                0
                if not turn.by_agent and not any(not talk.turns[x.turn].by_agent for x in spans[h.name])
                else len(spans[h.name]),
                Span(turn.index, h.start, h.end),
            )
    return {n: (score[n], spans[n], quality[n]) for n in score if score[n] > 0.4}


def _weight(talk: Talk, turn: Turn, h: Hit, seen: int) -> float:
    before = turn.s[max(0, h.start - 8) : h.start]
    if NOT_OURS.search(before):
        return 0.0
    if re.search(r"不是(?:个|我家|那个|那台)?$", before):
        return -1.5
    if turn.by_agent:
        answer, _ = talk.answer(turn.index)
        return 0.8 if turn.index else 0.5 if answer is not Verdict.NO else 0.2
    return 2.0 if seen == 0 else 0.8
