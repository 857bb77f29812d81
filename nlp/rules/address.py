"""address: what the caller said and what the agent read out without being corrected, put together."""

from __future__ import annotations

import re

from nlp.addresses import Spoken, completed, echoes, merge, parse
from nlp.dialogue import Found, Span, Talk, Turn, Verdict
from nlp.types import SlotState

_OUR_PLACE = re.compile(r"网点|服务站|门店|维修点|专卖店|我们仓库")


def settle(talk: Talk) -> Found | None:
    """The address so far; parts that follow from others are named in ``inferred``."""
    whole: Spoken | None = None
    spans: list[Span] = []
    state = SlotState.HEARD
    for turn in talk.turns:
        part = _part(talk, turn) or (_echo(turn, whole) if turn.by_agent and whole else None)
        if part is None:
            continue
        if turn.by_agent:
            if _OUR_PLACE.search(turn.s):
                continue
            answer, _ = talk.answer(turn.index, max(part.start, part.end - 1))
            if answer is Verdict.NO:
                continue
            state = SlotState.CONFIRMED if answer is Verdict.YES else state
        merged = merge(whole, part, asked="address" in talk.asked(turn.index), by_agent=turn.by_agent)
        if merged != whole:
            spans.append(Span(turn.index, part.start, part.end))
            whole = merged
    if whole is None:
        return None
    return _found(completed(whole), tuple(spans), state)


def _echo(turn: Turn, whole: Spoken) -> Spoken | None:
    """An agent's short repetition of the address (三单元六零二), known by its likeness to what was said."""
    part = turn.once("address:True", lambda s: parse(s, asked=True, by_agent=True))
    return part if part is not None and part.detail and echoes(part, whole) else None


def _found(a: Spoken, spans: tuple[Span, ...], state: SlotState) -> Found:
    value: dict[str, str | None] = {
        "province": a.province,
        "city": a.city,
        "district": a.district,
        "detail": a.detail or None,
    }
    display = "".join(dict.fromkeys(v for v in value.values() if v))
    return Found("address", value, display, "address.spoken", state, spans, a.quality, a.inferred)


def _part(talk: Talk, turn: Turn) -> Spoken | None:
    asked = not turn.by_agent and "address" in talk.asked(turn.index)
    key = f"address:{asked}"
    if key not in turn.memo:
        turn.memo[key] = parse(turn.s, asked=asked, by_agent=turn.by_agent)
    found: Spoken | None = turn.memo[key]
    return found
