"""address: what the caller said and what the agent read out without being corrected, put together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from nlp.address_parts import merge_detail, tidy
from nlp.addresses import parse
from nlp.dialogue import Found, Span, Talk, Turn, Verdict
from nlp.divisions import CITY, divisions
from nlp.spoken_address import Spoken, completed, contradicts, echoes, merge, of_same_city
from nlp.types import SlotState

_OUR_PLACE = re.compile(r"网点|服务站|门店|维修点|专卖店|我们仓库")


def settle(talk: Talk) -> Found | None:
    """The address so far; parts that follow from others are named in ``inferred``."""
    known = talk.fold("address", _Known(), _with)
    if known.whole is None:
        return None
    whole = known.whole
    for city in talk.gather("address.served", _served_from):
        whole = of_same_city(replace(whole, city=city), whole)
    return _found(completed(whole), known.spans, known.state)


_OURS_IN = re.compile(rf"([一-龥]{{2,8}}?)(?:这边|那边|本地|当地|的)*(?:{_OUR_PLACE.pattern}|服务点|站点)")


def _served_from(_: Talk, turn: Turn) -> Iterator[str]:
    """Cities in which the agent says that our people are (配件到邯郸网点了): the customer's, if the district fits."""
    for m in _OURS_IN.finditer(turn.s) if turn.by_agent else ():
        before = m.group(1)
        for length in range(2, len(before) + 1):
            yield from (p.name for p in divisions().said.get(before[-length:], ()) if p.level == CITY)


@dataclass(frozen=True, slots=True)
class _Known:
    """The address after some turns."""

    whole: Spoken | None = None
    spans: tuple[Span, ...] = ()
    state: SlotState = SlotState.HEARD


def _with(talk: Talk, turn: Turn, known: _Known) -> _Known:
    """The address after one more turn."""
    whole, state = known.whole, known.state
    part = _cleared(turn, part_of(talk, turn) or (_echo(turn, whole) if turn.by_agent and whole else None))
    if part is None:
        return known
    if turn.by_agent:
        if _OUR_PLACE.search(turn.s, 0, part.end) or _OUR_PLACE.match(turn.s, part.end) or _names_ours(talk, turn):
            return known
        answer, reply = talk.answer(turn.index, max(part.start, part.end - 1))
        if whole and reply and answer is not Verdict.YES and _says_another_room(part, reply):
            return known
        if answer is Verdict.NO:
            mended = _put_right(talk, part, reply) if whole is None else None
            if mended is None:
                return known
            part = mended
        state = SlotState.CONFIRMED if answer is Verdict.YES else state
    merged = merge(whole, part, asked="address" in talk.asked(turn.index), by_agent=turn.by_agent)
    if turn.by_agent and whole and contradicts(whole, part) and state is not SlotState.CONFIRMED:
        state = SlotState.CONFLICTING
    elif state is SlotState.CONFLICTING and (not turn.by_agent or not contradicts(merged, part)):
        state = state if turn.by_agent else SlotState.HEARD
    if merged == whole:
        return replace(known, state=state)
    return _Known(merged, (*known.spans, Span(turn.index, part.start, part.end)), state)


_NO_PLACE = re.compile("(?P<verb>.)1(?P=verb)$|有没有|怎么|能不能|问一下|有货|多少钱")
_OF_A_DOOR = re.compile("[单双一二两三四五六十]门(?:的(?=[，。]|$)|的?(?:冰箱|冰柜)|对开|款|式)")


def _cleared(turn: Turn, part: Spoken | None) -> Spoken | None:
    """``part`` without what only reads like a road or a house (弄一弄, 三门的, 网点仓库有没有货)."""
    if part is None or not (_OF_A_DOOR.match(turn.s, part.start) or _NO_PLACE.search(part.detail)):
        return part
    return replace(part, detail="") if part.levels else None


_WHERE_YOURS = re.compile(
    "(?:网点|服务站|门店|维修[点部站]|专卖店|售后点|实体店)[^。]{0,8}(?:哪|远不远|地址|位置|近)|[哪最][^。]{0,4}(?:网点|服务站|门店|维修[点部站])"
)
_ONE_IS = re.compile("有(?:一?[个家处])|最近的|离您|就在")
ASKED_LATELY = 4


def _names_ours(talk: Talk, turn: Turn) -> bool:
    """Whether the agent tells where our own place is, which the caller asked for (西峰区有一个，在南大街)."""
    if not _ONE_IS.search(turn.s):
        return False
    before = talk.turns[max(0, turn.index - ASKED_LATELY) : turn.index]
    return any(_WHERE_YOURS.search(t.s) for t in before if not t.by_agent)


def _put_right(talk: Talk, read: Spoken, reply: Turn | None) -> Spoken | None:
    """An address read out that the answer corrects in a piece (不对，是十五栋; 是三零二), so that the rest stands."""
    said = part_of(talk, reply) if reply else None
    if said is not None and said.detail and said.levels == 0:
        return read
    room = _ROOM.search(reply.s) if reply and said is None else None
    return replace(read, detail=merge_detail(read.detail, tidy(room.group(1)))) if room else None


def _says_another_room(read: Spoken, reply: Turn) -> bool:
    """Whether the answer begins with a room that is not the one read out (一八零三？—幺八零二，二)."""
    room = _ROOM.match(reply.s)
    said = tidy(room.group(1)) if room else ""
    last = _LAST_NUMBER.search(read.detail)
    return bool(said and last) and len(said) == len(last.group() if last else "") and not read.detail.endswith(said)


_LAST_NUMBER = re.compile(r"\d+$")


_ROOM = re.compile(r"(?:^|[，。是])([零〇一二三四五六七八九幺\d]{3,4})(?=[，。室]|$)")


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


_NEW_PLACE = re.compile(
    "(?:老|旧|原来的?)(?:房子?|家|地址).{8,60}?[，。](?:新(?:房子?|家|地址)|现在的?(?:房子?|家))(?:是|在)+"
)
"""Where the appliance goes to, of two places that are told."""


def _moved_to(s: str, asked: bool) -> Spoken | None:
    """The second of two addresses, to which something is moved."""
    m = _NEW_PLACE.search(s)
    found = parse(s[m.end() :], asked=asked) if m else None
    if m is None or found is None:
        return None
    old = parse(s[: m.end()], asked=asked)
    city = found.city or (old.city if old and not old.inferred else None)
    return replace(found, city=city, start=found.start + m.end(), end=found.end + m.end())


def part_of(talk: Talk, turn: Turn) -> Spoken | None:
    """The address as far as a turn tells it."""
    asked = not turn.by_agent and "address" in talk.asked(turn.index)
    key = f"address:{asked}"
    if key not in turn.memo:
        turn.memo[key] = _moved_to(turn.s, asked) or parse(turn.s, asked=asked, by_agent=turn.by_agent)
    found: Spoken | None = turn.memo[key]
    return found
