"""appointment: the slot that was agreed or asked for last, by the conventions of the desk."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from nlp.dialogue import Found, Span, Talk, Turn, Verdict
from nlp.times import When, times
from nlp.types import SlotState

_CALL_BACK = re.compile(r"回电|回电话|给您打电话|联系您|回复您|答复|到账|寄出|发货|小时内|之前一定联系|没电话|到货")
_VISIT = re.compile(r"上门|师傅|过去|过来|安排|登记|来|取|到|送|装|修|可以吗|行吗|好吗|方便|约|吧|行|都|最早|最快|改到")
_PAST = re.compile(r"买|签收|开始|报的修|坏|洗的|换过|送到|刚|说好|预约了|约的|原来|之前|以前|用了")
_CANCEL = re.compile(r"取消|时间先空着|先不约|到时候再约|再打过?来约|说不准|不用来了|不用上门")
_REFUSED = re.compile(r"不行|不在|没空|上班|值班|不方便|有事|不可以|满了|来不了|忙")


@dataclass(frozen=True, slots=True)
class Offer:
    """A slot somebody named."""

    start: datetime
    end: datetime
    span: Span
    state: SlotState
    by_agent: bool


def settle(talk: Talk) -> Found | None:
    """The last slot named that was not refused or cancelled."""
    current: Offer | None = None
    for turn in talk.turns:
        if _CANCEL.search(turn.s):
            current = None
            continue
        for offer in _offers(talk, turn):
            current = _next(current, offer)
    if current is None:
        return None
    value: dict[str, str | None] = {"start": current.start.isoformat(), "end": current.end.isoformat()}
    display = f"{current.start:%Y-%m-%d %H:%M}–{current.end:%H:%M}"
    return Found("appointment", value, display, "appointment.named", current.state, (current.span,), 0.9)


def _heard(talk: Talk, turn: Turn) -> list[When]:
    found = turn.memo.get("times")
    if found is None:
        found = turn.memo["times"] = times(turn.s, talk.context.started_at)
    return list(found)


def _offers(talk: Talk, turn: Turn) -> list[Offer]:
    offers = []
    for w in _heard(talk, turn):
        clause = _around(turn.s, w)
        if _CALL_BACK.search(clause) or _PAST.search(turn.s[max(0, w.start - 2) : w.end + 6]):
            continue
        if _REFUSED.search(turn.s[w.end : w.end + 8]) and not turn.by_agent:
            continue
        slot = w.slot(talk.context.started_at)
        if slot is None or slot[1] < talk.context.started_at:
            continue
        asked = "appointment" in talk.asked(turn.index)
        if not (asked or _VISIT.search(clause)):
            continue
        state = SlotState.HEARD
        if turn.by_agent:
            answer, reply = talk.answer(turn.index)
            if answer is Verdict.NO:
                continue
            state = SlotState.CONFIRMED if answer is Verdict.YES else SlotState.HEARD
        offers.append(Offer(slot[0], slot[1], Span(turn.index, w.start, w.end), state, turn.by_agent))
    return offers


def _around(s: str, w: When) -> str:
    left = max((s.rfind(c, 0, w.start) for c in "。？！，"), default=-1) + 1
    rights = [p for c in "。？！" if (p := s.find(c, w.end)) >= 0]
    return s[left : min(rights, default=len(s))]


def _next(current: Offer | None, new: Offer) -> Offer:
    if (
        current
        and new.start.date() == current.start.date()
        and not new.by_agent
        and current.end - current.start < new.end - new.start
        and new.start.hour == 8
    ):
        return current
    return new
