"""address: province, city, district as said; road, estate, building, unit and room in digits."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from nlp.dialogue import Found, Span, Talk, Turn, Verdict
from nlp.divisions import MUNICIPALITIES, Place, divisions, matches
from nlp.normalize import DIGIT, PUNCTUATION, arabic, spoken_int
from nlp.types import SlotState

_N = r"[零〇一二三四五六七八九十百千幺两\d]+"
_ROOMY = re.compile(
    rf"(?:路|街|道|巷|弄|胡同|里|大街|大道)(?:{_N}|$)|{_N}(?:号|弄|栋|幢|座|单元|楼|层|室|组|村|队|门|梯|院|区|期|户|杠)|[A-Z甲乙丙丁东西南北](?:座|栋|幢|区|塔|单元|馆)"
    r"|(?:镇|乡|村|屯|组|街道|苏木|嘎查|社|庄|营|堡|家园|花园|小区|新村|苑|广场|大厦|公寓|城|府|庭|公馆|中心|家属院|大院|宿舍|佳苑|名邸|国际|湾|郡|居|市场|商场|店|超市|小卖部|工业园|产业园|创意园|学校|医院)"
)
_STOP = re.compile(
    r"电话|手机|姓名|我姓|我叫|我的|没有?电梯|得爬|楼下有|村口有|门口有|对面有|旁边有|附近|谢谢|师傅|联系|打我|上门|好找|不好找|知道|快点|明天|后天|今天|下午|上午"
    r"|没有?名字|没门牌|没有门牌|怎么|什么|可以|能不能|麻烦|记一下|对吧|对吗|是吗|是吧|，对|地址|就是说|最好|可能|进小区|进来|导航|停车|保安"
)
_LEAD = re.compile(
    r"^(?:嗯|呃|啊|哦|额|那个|就是|我|住|在|是|家|地址|家里|我们|这边|这里|送到|寄到|来|到|你|记|一下|您|的|新的|现在|[，。,、：:…]|好的?|还)+"
)
_FILLER = re.compile(r"(?:呃|嗯|额|啊|哦|那个(?=小区|院|楼|大厦|家属)|的那个|就是)")
_CORRECTION = re.compile(
    r"(?:[，。,…]|哦|啊|呃|噢)*(?:不对|哦不是|不是|说错了|错了|哦不)(?:不对|，|,|啊|了|、)*(?:是|应该是)?"
)
_UNITS = "号弄栋幢座单楼层室组队门梯院区期户杠村巷社米"


@dataclass(frozen=True, slots=True)
class Spoken:
    """An address as far as one turn tells it."""

    province: str | None
    city: str | None
    district: str | None
    detail: str
    span: Span
    quality: float
    inferred: tuple[str, ...] = ()


def settle(talk: Talk) -> Found | None:
    """Put together what the caller said and what the agent read out and was not corrected."""
    whole: Spoken | None = None
    spans: list[Span] = []
    state = SlotState.HEARD
    for turn in talk.turns:
        part = _part(talk, turn)
        if part is None:
            continue
        if turn.by_agent:
            answer, _ = talk.answer(turn.index)
            if answer is Verdict.NO and whole is not None:
                continue
            if answer is Verdict.YES:
                state = SlotState.CONFIRMED
        merged = _merge(whole, part)
        if merged != whole:
            spans.append(part.span)
            whole = merged
    if whole is None:
        return None
    return _found(_completed(whole), tuple(spans), state)


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
    key = "address"
    asked = "address" in talk.asked(turn.index) if not turn.by_agent else False
    memo = turn.memo.get(f"{key}{asked}")
    if memo is None:
        memo = turn.memo[f"{key}{asked}"] = (parse(turn, asked=asked),)
    return memo[0]


def parse(turn: Turn, *, asked: bool) -> Spoken | None:
    """The address of one utterance, None if there is none."""
    s = turn.s
    head = _head(s, by_sound=asked)
    start = head.span.end if head else 0
    if head is None and not asked and not _looks_like_address(s):
        return None
    if head is not None and not (asked or _looks_like_address(s[start:])):
        return None
    detail, d_start, d_end = _detail(s, start, loose=asked or head is not None)
    if head is None and not detail:
        return None
    first = head.span.start if head else d_start
    end = max(d_end, head.span.end if head else 0)
    base = head or Spoken(None, None, None, "", Span(0, 0, 0), 1.0)
    return replace(base, detail=detail, span=Span(turn.index, first, end))


def _looks_like_address(s: str) -> bool:
    return (
        bool(re.search(rf"{_N}(?:号|弄|栋|幢|座|单元|室|组)(?!线|码|下午|上午|晚上|早)", s))
        and len(_ROOMY.findall(s)) >= 2
    )


def _head(s: str, *, by_sound: bool) -> Spoken | None:
    """The division chain at the front of an address; the last chain of the utterance counts."""
    chains = list(_chains(s, by_sound=by_sound))
    if not chains:
        return None
    return max(chains, key=lambda c: (bool(c.district) + bool(c.city) + bool(c.province) + c.quality, c.span.start))


def _chains(s: str, *, by_sound: bool) -> Iterator[Spoken]:
    table = divisions()
    found = sorted(matches(s, by_sound=by_sound), key=lambda m: (m.start, m.cost, -len(m.word)))
    for first in found:
        for place in table.said[first.word]:
            yield from _extend(s, place, first.start, first.end, first.cost, len(first.word), found)


def _extend(s: str, place: Place, start: int, end: int, cost: float, size: int, found: list) -> Iterator[Spoken]:  # type: ignore[type-arg]
    table = divisions()
    yield _spoken(place, {place.level}, start, end, cost, size)
    for nxt in found:
        gap = s[end : nxt.start]
        if nxt.start < end or len(gap) > 1 or (gap and gap not in PUNCTUATION and gap not in "的市"):
            continue
        for lower in table.said[nxt.word]:
            if lower.level > place.level and _inside(lower, place):
                for more in _extend(s, lower, start, nxt.end, cost + nxt.cost, size + len(nxt.word), found):
                    yield _with(more, place)


def _inside(lower: Place, upper: Place) -> bool:
    if upper.level == 0:
        return lower.province == upper.name
    return lower.city == upper.name


def _spoken(place: Place, _: set[int], start: int, end: int, cost: float, size: int) -> Spoken:
    parts: dict[str, str | None] = {"province": None, "city": None, "district": None}
    parts[("province", "city", "district")[place.level]] = place.name
    if place.level == 0 and place.name in MUNICIPALITIES:
        parts = {"province": None, "city": place.name, "district": None}
    return Spoken(parts["province"], parts["city"], parts["district"], "", Span(0, start, end), 1.0 - cost / size)


def _with(chain: Spoken, upper: Place) -> Spoken:
    if upper.level == 0 and upper.name not in MUNICIPALITIES:
        return replace(chain, province=upper.name)
    return replace(chain, city=chain.city or upper.name)


def _detail(s: str, start: int, *, loose: bool) -> tuple[str, int, int]:
    """Road to room from ``start`` on: clause by clause as long as it reads like an address."""
    rest = s[start:]
    corrected = _CORRECTION.search(rest)
    pieces: list[str] = []
    first = last = start
    pos = start
    for clause in re.split(r"([，。,、；！!？?…：:]+)", rest):
        begin, pos = pos, pos + len(clause)
        if not clause or clause[0] in PUNCTUATION:
            continue
        text = clause if begin == start and start else _LEAD.sub("", clause)
        stop = _STOP.search(text)
        text = text[: stop.start()] if stop else text
        if not text or not (_ROOMY.search(text) or re.fullmatch(_N, text) or (begin == start and start)):
            if pieces:
                break
            continue
        if re.fullmatch(_N, text) and len(text) >= 7:
            break
        pieces.append(_CORRECTION.sub("", text))
        first = begin if len(pieces) == 1 else first
        last = begin + clause.find(text[:1]) + len(text)
        if stop:
            break
    del corrected
    return tidy("".join(pieces)), first, last


def tidy(s: str) -> str:
    """Numerals before a unit and room numbers in digits; names keep theirs (文三路, 三元里)."""
    s = _FILLER.sub("", s)
    s = re.sub(rf"({_N})杠({_N})", lambda m: f"{arabic(m.group(1))}-{arabic(m.group(2))}", s)
    s = re.sub(rf"({_N})(?=[{_UNITS}])", lambda m: _number(m.group(1)), s)
    s = re.sub(rf"(?<=[座栋幢元楼层梯门号室塔区院A-Z\d])({_N})(?![路街道巷里])", lambda m: _number(m.group(1)), s)
    return re.sub(r"的$|那家$|那边$", "", s)


def _number(word: str) -> str:
    if any(c in "十百千" for c in word):
        value = spoken_int(word)
        return word if value is None else str(value)
    return "".join(DIGIT.get(c, c) for c in word)


def _merge(whole: Spoken | None, part: Spoken) -> Spoken:
    if whole is None:
        return part
    if part.city or part.district:
        same = (part.city in (None, whole.city)) and (part.district in (None, whole.district))
        if not same:
            return part
        detail = part.detail if len(part.detail) >= len(whole.detail) else whole.detail
        return replace(
            whole,
            province=whole.province or part.province,
            city=whole.city or part.city,
            district=whole.district or part.district,
            detail=detail,
        )
    return replace(whole, detail=_joined(whole.detail, part.detail))


def _joined(old: str, new: str) -> str:
    """A later piece of an address: replaces the same levels, or goes to the end."""
    if not new or new in old:
        return old
    unit = re.match(r"[\dA-Z]+(栋|幢|座|单元|号楼|楼|层|室|组)", new)
    if unit:
        m = re.search(rf"[\dA-Z]+{unit.group(1)}", old)
        if m:
            return old[: m.start()] + new + (old[m.end() :] if len(new) == unit.end() else "")
    if old and new.startswith(old[:4]):
        return new
    return (
        old + new
        if not re.search(r"路|街|道", new) or not re.search(r"路|街|道", old)
        else (new if len(new) > len(old) else old)
    )


def _completed(a: Spoken) -> Spoken:
    """Infer the levels that follow from what was said."""
    inferred: list[str] = []
    city, province = a.city, a.province
    if a.district and not city:
        options = {p.city for p in divisions().said.get(a.district, ()) if p.level == 2 and p.name == a.district}
        if len(options) == 1:
            city = options.pop()
            inferred.append("city")
    if city and not province and city not in MUNICIPALITIES:
        places = [p for p in divisions().said.get(city, ()) if p.level == 1 and p.name == city]
        if places:
            province = places[0].province
            inferred.append("province")
    return replace(a, city=city, province=province, inferred=tuple(inferred))
