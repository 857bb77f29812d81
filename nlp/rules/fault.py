"""fault: a label of the catalogue under the appliance; the present symptom the caller settles on."""

from __future__ import annotations

import re
from collections import defaultdict

from nlp.dialogue import Found, Span, Talk, Turn, Verdict
from nlp.lexicon import Hit
from nlp.types import SlotState

_DENIED = re.compile(r"(?:不是|没有|没|倒是|不会|并不是|也不)(?:说|什么)?$")
_ASKED = re.compile(r"吗|呢|？|\?|有没有|是不是|还是")


def settle(talk: Talk, appliance: str | None) -> Found | None:
    """The symptom with most said for it among those the appliance can have."""
    if appliance is None:
        return None
    score: dict[str, float] = defaultdict(float)
    spans: dict[str, list[tuple[int, Span]]] = defaultdict(list)
    quality: dict[str, float] = defaultdict(float)
    for turn in talk.turns:
        for h in hits(talk, turn, appliance):
            score[h.name] += weight(talk, turn, h) * h.quality
            quality[h.name] = max(quality[h.name], h.quality)
            spans[h.name].append((int(turn.by_agent), Span(turn.index, h.start, h.end)))
    if score.get("报故障码") and any(v > 0 for k, v in score.items() if k != "报故障码"):
        score["报故障码"] = 0.0
    if not score or max(score.values()) < 0.3:
        return None
    label = max(score, key=lambda n: score[n])
    state = SlotState.CONFIRMED if score[label] >= 3 else SlotState.HEARD
    return Found("fault", label, label, "fault.named", state, (min(spans[label])[1],), quality[label])


def hits(talk: Talk, turn: Turn, appliance: str) -> list[Hit]:
    key = f"faults:{appliance}"
    found = turn.memo.get(key)
    if found is None:
        found = turn.memo[key] = talk.lexica.faults(appliance).find(turn.s)
    return list(found)


def weight(talk: Talk, turn: Turn, h: Hit) -> float:
    before = turn.s[max(0, h.start - 5) : h.start]
    if _DENIED.search(before):
        return -2.0
    if not turn.by_agent:
        return 2.0
    if turn.index == 0:
        return 0.0
    answer, _ = talk.answer(turn.index)
    question = bool(_ASKED.search(turn.s[h.end :])) or "是不" in before
    if answer is Verdict.NO and question:
        return -1.5
    return (2.0 if answer is Verdict.YES else 0.3) if question else 2.0
