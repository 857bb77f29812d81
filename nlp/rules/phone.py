"""contact_phone: the number the caller wants used."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from rapidfuzz.distance import Levenshtein

from nlp.dialogue import Found, Span, Talk, Turn, Verdict, asks, verdict
from nlp.numbers import SpokenNumber, exact_digit, is_phone, phones, runs
from nlp.sound import SoundIndex
from nlp.types import SlotState

_THIS_NUMBER = re.compile(
    r"(?!现在这个(?:是|号是)[^，。]{0,4}(?:单位|公司|别人|朋友|同事|座机|借))(?!打?我?这个号，?[^，。]{0,2}(?:钱|费))(?:(?:现在|目前|正在)?打(?:进来|过来|给你们?|电话|来)?的?(?:就是)?这个?|就(?:是|用|打|留|按)?(?:我)?这个?(?:号|电话|手机|就|吧|，|。|$)|就(?:是)?这个"
    r"|这个(?:号码?|电话|手机)|现在这个|(?:^|[，。])(?:就)?是这个(?=[，。吧]|$)|本机|来电(?:这个|的|号码?|显示|就(?:行|可以|好|成))|我这个|打这个|留这个|用这个|这个(?:就行|就可以|就好|就成|可以)|就这号)"
)
_REGISTERED = re.compile(
    r"这个号|本机|这个固话|现在这个|(?:电话|手机|号码|联系方式)(?:还|就|也)?是(?:不是)?(?:您|你)?(?:(?:现在|来电|打来|打进来)的?(?:这个|号|手机)|这个)"
    r"|(?:电话|号码|手机)(?:就|还)?[是用]来电|(?:[用留记]|就是)(?:您|你)?(?:现在打?|来电|打来|打进来|打过来)的|来电的?(?:号|手机|电话)|(?:现在|正在)?打(?:进来|过来|来|电话)的(?:号|手机|电话|这个)"
)
_OTHER = re.compile(r"打不通|第二个|备用|要不|或者|实在不行|也可以打|旧号|老号|以前的|原来的|不用了|停机|注销")


@dataclass(frozen=True, slots=True)
class Heard:
    """A number in the call and how much speaks for it."""

    digits: str
    span: Span
    rule: str
    state: SlotState
    quality: float


def settle(talk: Talk) -> Found | None:
    """The last number offered that was not taken back; a clean read-back that agrees makes it certain."""
    best: Heard | None = None
    said = talk.gather("phone", _in_turn)
    for heard in said:
        best = _prefer(best, heard)
    if best is None:
        return None
    state = SlotState.CONFLICTING if best.state is SlotState.HEARD and _contradicted(talk, best, said) else best.state
    return Found("contact_phone", best.digits, best.digits, best.rule, state, (best.span,), best.quality)


def _contradicted(talk: Talk, best: Heard, said: Sequence[Heard]) -> bool:
    """Whether the other speaker said nearly the same number, and nobody settled which one is right."""
    by_agent = talk.turns[best.span.turn].by_agent
    others = (h for h in said if talk.turns[h.span.turn].by_agent is not by_agent and h.rule != _TAIL)
    return any(0 < _differences(h.digits, best.digits) <= NEARLY_THE_SAME for h in others)


NEARLY_THE_SAME = 2
_ABOUT_MONEY = re.compile("(?:费用|收费|付[钱款费]|结账|多少钱|价[格钱]|报价|转账)[^。]{0,12}$")
"""费用打电话跟我说，我这个号码: whom to ring about the money, not who is there."""


def _in_turn(talk: Talk, turn: Turn) -> list[Heard]:
    return _read_back(talk, turn) if turn.by_agent else _said(talk, turn)


def _numbers(turn: Turn) -> list[SpokenNumber]:
    return turn.once("phones", phones)


def _said(talk: Talk, turn: Turn) -> list[Heard]:
    heard = []
    for n in _numbers(turn):
        before = turn.s[max(0, n.start - 12) : n.start]
        if _OTHER.search(before) and len(_numbers(turn)) > 1:
            continue
        heard.append(
            Heard(n.digits, Span(turn.index, n.start, n.end), "phone.spoken", SlotState.HEARD, 1.0 - 0.2 * n.cost)
        )
    if heard:
        return heard
    partly = _tail(turn) or _mended(talk, turn) or _completed(turn)
    if partly:
        return [partly]
    m = turn.once("this_number", _THIS_NUMBER.search)
    number = talk.context.caller_number
    if not number or (m and _ABOUT_MONEY.search(turn.s, 0, m.start())):
        return []
    if m is None:
        return _this_by_sound(turn, number) if "contact_phone" in talk.asked(turn.index) else []
    about = "contact_phone" in talk.asked(turn.index) or re.search("电[话画花哗化华]|号码|打", turn.s)
    if about and not re.match("不是|不", turn.s):
        return [Heard(number, Span(turn.index, m.start(), m.end()), "phone.this_number", SlotState.CONFIRMED, 0.95)]
    return []


@lru_cache(maxsize=1)
def _this_number() -> SoundIndex:
    ways = (
        "就这个",
        "用这个",
        "打这个",
        "是这个",
        "就用这个",
        "就打这个",
        "就是这个",
        "这个号码",
        "就这个号",
        "这个手机号",
    )
    return SoundIndex(ways, allowed=lambda length: 0.5 if length == 3 else 0.9)


def _this_by_sound(turn: Turn, number: str) -> list[Heard]:
    """The calling number by a misheard 就这个 (就着个) that answers the question for the number."""
    if turn.once("verdict", verdict) is Verdict.NO:
        return []
    found = turn.once("this_by_sound", _this_number().find)
    span = (Span(turn.index, m.start, m.end) for m in found[:1])
    return [Heard(number, s, "phone.this_by_sound", SlotState.HEARD, 0.8) for s in span]


def _digit_runs(turn: Turn) -> list[tuple[int, int]]:
    return turn.once("digit_runs", _six_digits)


def _six_digits(s: str) -> list[tuple[int, int]]:
    return list(runs(s, least=6))


def _mended(talk: Talk, turn: Turn) -> Heard | None:
    """A number heard with a digit or two missing or wrong that can only be the calling number or one on file."""
    known = [talk.context.caller_number or "", *(talk.context.customer.phones if talk.context.customer else ())]
    for start, end in _digit_runs(turn):
        digits = "".join(d for c in turn.s[start:end] if (d := exact_digit(c)) is not None)
        for number in known:
            plain = "".join(c for c in number if c.isdigit())
            if len(plain) >= 10 and 8 <= len(digits) <= 12 and _differences(digits, plain) <= 2:
                return Heard(plain, Span(turn.index, start, end), "phone.mended", SlotState.HEARD, 0.8)
    return None


_END_SAID = re.compile(r"(?:最后|尾号|末尾|后[三四]位|最后[两三四几]位)[^零〇一二三四五六七八九幺两洞拐\d]{0,4}")


def _tail(turn: Turn) -> Heard | None:
    """The last digits put right: 最后是二二，四三二二. The last group counts: it is said again in whole."""
    m = _END_SAID.search(turn.s)
    if m is None or (turn.question is None or not turn.question.once("digit_runs", _six_digits)):
        return None
    said = re.match(r"[零〇一二三四五六七八九幺两洞拐\d，,、]+", turn.s[m.end() :])
    groups = [g for g in re.split("[，,、]", said.group()) if g] if said else []
    digits = "".join(exact_digit(c) or "" for c in groups[-1]) if groups else ""
    if not said or not 2 <= len(digits) <= 6:
        return None
    return Heard(digits, Span(turn.index, m.end(), m.end() + said.end()), _TAIL, SlotState.HEARD, 0.9)


_TAIL = "phone.tail"


def _differences(a: str, b: str) -> int:
    return int(Levenshtein.distance(a, b, score_cutoff=3))


def _completed(turn: Turn) -> Heard | None:
    """A number given in two breaths: "…零零幺，后面再一个八"."""
    for start, end in _digit_runs(turn):
        digits = "".join(d for c in turn.s[start:end] if (d := exact_digit(c)) is not None)
        tail = re.match(r"[，,。.]?(?:后面|最后)?(?:再|还有)(?:来|加)?一?个", turn.s[end:])
        if tail and end + tail.end() < len(turn.s):
            extra = exact_digit(turn.s[end + tail.end()])
            if extra and is_phone(digits + extra):
                stop = end + tail.end() + 1
                return Heard(digits + extra, Span(turn.index, start, stop), "phone.completed", SlotState.HEARD, 0.9)
    return None


def _read_back(talk: Talk, turn: Turn) -> list[Heard]:
    numbers = _numbers(turn)
    m = turn.once("this_number", lambda s: _THIS_NUMBER.search(s) or _REGISTERED.search(s))
    if not numbers and m is None:
        return []
    answer, reply = talk.answer(turn.index)
    if answer is Verdict.NO and not (reply and _THIS_NUMBER.search(reply.s)):
        return []
    state = SlotState.CONFIRMED if answer is Verdict.YES else SlotState.HEARD
    heard = [
        Heard(
            n.digits,
            Span(turn.index, n.start, n.end),
            "phone.read_back",
            state,
            0.97 if state is SlotState.CONFIRMED else 0.9,
        )
        for n in numbers
    ]
    number = talk.context.caller_number
    if not heard and m and number and answer is Verdict.YES and "contact_phone" in asks(turn):
        heard.append(
            Heard(number, Span(turn.index, m.start(), m.end()), "phone.this_number", SlotState.CONFIRMED, 0.95)
        )
    return heard


def _prefer(best: Heard | None, new: Heard) -> Heard | None:
    if new.rule == _TAIL:
        if best is None:
            return None
        digits = best.digits[: -len(new.digits)] + new.digits
        return replace(new, digits=digits) if is_phone(digits) else best
    if best is None or best.digits != new.digits:
        return new
    state = (
        SlotState.CONFIRMED if SlotState.CONFIRMED in (best.state, new.state) or best.rule != new.rule else best.state
    )
    keep = best if best.quality >= new.quality else new
    return Heard(keep.digits, keep.span, keep.rule, state, max(best.quality, new.quality))
