"""Addresses in speech: the chain province, city, district, then road, number, estate, building, unit and room."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

from nlp.address_parts import L, N, components, merge_detail, numbered, read_back, tidy
from nlp.divisions import DISTRICT, MUNICIPALITIES, Place, districts_of, divisions, matches
from nlp.heal import heal
from nlp.normalize import spoken_int
from nlp.numbers import phones
from nlp.sound import SoundMatch, alike

HOUSE = re.compile(
    rf"{N}(?:号院|号楼|号|弄|栋|幢|座|单元|室|组|门|梯|塔|杠{N})(?!线|下午|上午|晚上|早|码|钟)|{L}(?:座|栋|幢|塔|单元)"
)
_NAMED = re.compile(
    r"(?:路|街|大道|巷|弄|胡同|镇|乡|村|屯|街道|苏木|嘎查|庄|家园|花园|小区|新村|苑|广场|大厦|公寓|城|府|庭|公馆|中心|家属院|大院|宿舍|名邸|国际"
    r"|湾|郡|居|市场|商场|店|超市|小卖部|园区|产业园|创意园|学校|小学|中学|医院|厂|所|里|东户|西户|中户|东边|西边|左手|右手|对门|那边|门面|商铺|院|水产|五金|烟酒|餐馆|饭馆|饭庄|酒楼|宾馆|旅馆|民宿|客栈|理发|美发|药房|诊所|粮油|批发部|百货|网吧|茶[楼馆]|幼儿园|面馆|火锅|烧烤|驿站|招待所|养老院|棋牌室|干洗|汽修"
    r"|包子铺|铺子?|造型|工作室|面包|蛋糕|烘焙|奶茶|咖啡|小吃|早餐|卤味|沙龙|会所|美容|美甲|眼镜|服装|建材|家具|仓库|门市|档口|食堂"
    r"|(?:汽车|火车|高铁|客运|地铁|加油|供电|公交)站|派出所|村委会|居委会|政府|[务电育]局|斜对面|正对面|后院|[饭面菜茶水公图饺鱼肉店]馆|[饺包馄饨]{2}[^，。]{0,2}|牛肉面|拉面|米线|米粉|麻辣烫|串店|串串|旅社|酒店|饭店|商行|公司|药店|书店|早点|冷饮|洗车)"
)
_END = re.compile(
    r"电话|手机|姓名|名字|我姓|我叫|^叫|姓[\u4e00-\u9fff]|没有?电梯|得爬|楼下有|村口(?!第|左|右|[东南西北])|门口有|对面有|旁边有|附近|谢谢|师傅|联系|打我|上门|好找|知道|快点|明天|后天|今天"
    r"|下午|上午|晚上|没有?名|没门牌|没有门牌|怎么|什么|可以|能不能|麻烦|记一下|对吧|对吗|是吗|是吧|最好|进小区|进来|进村|进去|移到|挪到|导航|停车|保安|几幢|几室|几单元|几栋|还是以前"
    r"|这里没有|就行|行吗|行不|方便|随时|在家|到了|过来|你们|您看|我们|有个|有人|这个号|给您|安排|登记|收到|来取|要是|如果|因为|不过|然后|我在|人在|的?[\u4e00-\u9fff]{1,2}(?:先生|女士|小姐)|不行|号吧|原预约|原约|预约|改到|周[一二三四五六日]|星期|住着|哈$"
)
_BUILDING = re.compile(rf"{N}(?:栋|幢|单元|室|弄|组|号楼|号院)|{L}座")
_CLAUSE = re.compile(
    r"(?:(?!不是|不对|说错|错了|记错|说岔)[^，。,、；！!？?…：:.])+|(?:不是|不对|说错|错了|记错|说岔)(?:(?!不是|不对|说错|错了|记错|说岔)[^，。,、；！!？?…：:.])*"
)
_NUMERAL = re.compile(r"[零〇一二三四五六七八九十千幺两\d]")
_PHONE = re.compile(r"(?:[零〇一二三四五六七八九幺两\d][，,、。\s]?){9,}")
_EMPTY = re.compile(r"小区|院|楼|大厦|家属|号|地方|超市|店|村|小卖部|电话")
_LEAD = re.compile(
    r"^(?:嗯|呃|啊|哦|额|哎|那个|就是|我家?|住在?|在|是|家里?|地址|我们这?|这边|这里|送到|寄到|来|到|你|您|记一下|新的|现在|好的?|还|搬到|从|的|对了?|写|要|给|放|[装寄送]到|装在)+"
)
_SKIP = re.compile(
    r"^(?:对|嗯|啊|哦|呃|是的?|好的?|没有?名字|没名|哦对了|对了|对对|那个|[\u4e00-\u9fff]{0,2}是[\u4e00-\u9fff]{1,5}的[\u4e00-\u9fff]?|.{0,4}(?:念|读|写).{0,4}|我看看|等一下|等下|.{1,6}几来着)+$"
)
_TAKEN_BACK = re.compile(r"^(?:哦|啊|呃|噢|哎|不|是)*(?:不对|不是|错了|说[错岔]了?|记错了?)+(?:应该)?是?")
_WING_ROOM = re.compile(rf"[东南西北中主副前后大塔][楼座栋幢塔]{N}$")
_LATER_ROAD = re.compile(
    r"^(?![\u4e00-\u9fff]{2}街道)(?:[东南西北中]|[一二三四五六七八九])?(?:路|街|大道|大街|巷|桥|村|镇|乡|大厦|花园|小区|国际|广场|公寓|城|家园|饭店|酒店|银行|苑|府|新村|中心|[东南西北中]路)"
)


@dataclass(frozen=True, slots=True)
class Spoken:
    """An address as far as one utterance tells it: [start, end) in the text, ``detail`` with Arabic digits."""

    province: str | None
    city: str | None
    district: str | None
    detail: str
    start: int
    end: int
    quality: float
    inferred: tuple[str, ...] = ()
    correction: bool = False

    @property
    def levels(self) -> int:
        """How many divisions were said, 0..3."""
        return sum(1 for v in (self.province, self.city, self.district) if v)


def parse(raw: str, *, asked: bool, by_agent: bool = False) -> Spoken | None:
    """The address in an utterance. ``asked``: the agent had just asked for it, so less proof is needed."""
    s, at = prepared(raw)
    found = _parse(s, asked=asked, by_agent=by_agent)
    if found is None or not at:
        return None
    return replace(found, start=at[min(found.start, len(at) - 1)], end=at[min(max(found.end, 1), len(at)) - 1] + 1)


_FILLED = re.compile("[呃嗯啊哦噢]|额(?!尔古纳|济纳|敏)")
"""Sounds of hesitation; 额 begins the names of three places too."""


_NO_DISTRICT = re.compile("(?:我们)?这?[里边儿]?没有区的?[啊嘛呀哦]?")
"""What callers of Zhongshan and Dongguan say to the question for a district."""


def prepared(raw: str) -> tuple[str, list[int]]:
    """The text without hesitations and telephone numbers, numbers put right, and where each character stood."""
    twice = _said_twice(raw)
    kept = [i for i in range(len(raw)) if not _FILLED.match(raw, i) and i not in twice and not _hesitation(raw, i)]
    chars = [raw[i] for i in kept]
    text = "".join(chars)
    for m in _NO_DISTRICT.finditer(text):
        chars[m.start() : m.end()] = "，" * (m.end() - m.start())
    whole = [(n.start, n.end) for n in phones(text)]
    for start, end in whole or [m.span() for m in _PHONE.finditer(text)]:
        chars[start:end] = "。" * (end - start)
    return _healed("".join(chars)), kept


def _healed(text: str) -> str:
    """The text with numbers put right, whole names of districts left alone."""
    healed = heal(text)
    for m in _like_numbers().finditer(text):
        healed = healed[: m.start()] + m.group() + healed[m.end() :]
    return healed


@lru_cache(maxsize=1)
def _like_numbers() -> re.Pattern[str]:
    """Districts whose whole names would be taken for house numbers: 三义乡, 千山区."""
    names = {p.name for places in divisions().said.values() for p in places if p.level == DISTRICT}
    return re.compile("|".join(sorted(name for name in names if heal(name) != name)))


_AGAIN = re.compile(
    r"([零〇一二三四五六七八九幺两\d]{2,4})[，,、]?(?:也?就是?|对)[，,]?([零〇一二三四五六七八九幺两十百千\d]{2,})"
)


def _said_twice(s: str) -> frozenset[int]:
    """Where a number stands that is said again as it is counted: 一二三，就一百二十三号."""
    return frozenset(
        i
        for m in _AGAIN.finditer(s)
        if spoken_int(m.group(1)) == spoken_int(m.group(2))
        for i in range(m.start(), m.start(2))
    )


def _hesitation(s: str, i: int) -> bool:
    """Whether the character belongs to a 这个 or 那个 that means nothing."""
    return any(s[j : j + 2] in ("这个", "那个") and _EMPTY.match(s[j + 2 :]) is None for j in (i - 1, i) if j >= 0)


def _parse(s: str, *, asked: bool, by_agent: bool) -> Spoken | None:
    return _begun_anew(s, asked=asked, by_agent=by_agent) or _in_one(s, asked=asked, by_agent=by_agent)


_ANEW = re.compile(r"(?:不是|不对|说错了?|错了)[，,。]")


def _begun_anew(s: str, *, asked: bool, by_agent: bool) -> Spoken | None:
    """An address that is taken back for another with its own district: 高新区…不是，那是公司，家里是武侯区…."""
    for m in reversed(list(_ANEW.finditer(s))):
        last = _in_one(s[m.end() :], asked=asked, by_agent=by_agent)
        if last is None or not last.detail or not last.district or last.quality < 1.0:
            continue
        last = replace(last, start=last.start + m.end(), end=last.end + m.end())
        return _of_same_city(_in_one(s[: m.start()], asked=asked, by_agent=by_agent), last)
    return None


def _of_same_city(before: Spoken | None, part: Spoken) -> Spoken:
    """``part`` with the city that was named before it, where its district lies in that city."""
    if before is None or part.city or not before.city:
        return part
    cities = {p.city for p in divisions().said.get(part.district or "", ()) if p.level == DISTRICT}
    return replace(part, city=before.city, province=part.province or before.province) if before.city in cities else part


def _in_one(s: str, *, asked: bool, by_agent: bool) -> Spoken | None:
    bare = s.strip("，。,.！!？?…啊吧的呢")
    if asked and (place := _only_place(bare)):
        return _single(place, SoundMatch(bare, 0, len(bare), 0.0))
    head = _head(s, by_sound=asked or bool(HOUSE.search(s)))
    start = head.end if head else 0
    if head is None and not (asked or (len(HOUSE.findall(s)) >= 2 and _BUILDING.search(s)) or _road_number(s)):
        return None
    if head is not None:
        head = _with_garbled_district(s, head)
        start = head.end
    detail, first, last, corrected = _detail(s, start, by_agent=by_agent, headed=head is not None)
    if head is None and (not detail or not (HOUSE.search(s) or _NAMED.search(detail))):
        return None
    if head is not None and not _worth(head, detail, asked=asked):
        return None
    base = (
        _with_late_city(s[last:], _with_garbled_city(s, _with_earlier_city(s, head)))
        if head
        else Spoken(None, None, None, "", first, last, 1.0)
    )
    return replace(base, detail=detail, end=max(base.end, last), correction=corrected)


def _with_earlier_city(s: str, head: Spoken) -> Spoken:
    """The city of the district that was named before it and apart (都在三亚，旧的在天涯区…，新的在吉阳区)."""
    if head.city or not head.district or not head.start:
        return head
    cities = {p.city for p in divisions().said.get(head.district, ()) if p.level == DISTRICT}
    before = (p.name for m in matches(s[: head.start]) if not m.cost for p in divisions().said[m.word] if p.level == 1)
    city = next((name for name in before if name in cities), None)
    return replace(head, city=city) if city else head


_LATE_CITY = re.compile(r"[，。]([\u4e00-\u9fff]{2,4}市)(?=[，。？]|对|是|吧|$)")


def _with_late_city(rest: str, head: Spoken) -> Spoken:
    """The city of the district that is named only after the rest (芝罘区…六零一，烟台市)."""
    cities = {p.city for p in divisions().said.get(head.district or "", ()) if p.level == DISTRICT}
    said = next((m.group(1) for m in _LATE_CITY.finditer(rest) if m.group(1) in cities), None)
    return replace(head, city=said) if said and not head.city else head


def _only_place(bare: str) -> Place | None:
    """The one city or district that has this name: an answer of just 义乌."""
    places = [p for p in divisions().said.get(bare, ()) if p.level > 0]
    return places[0] if len(places) == 1 else None


def _with_garbled_city(s: str, head: Spoken) -> Spoken:
    """A district tells which of its cities the garbled word before it was (唐杉 丰润区, 京市 鼓楼区)."""
    if head.city or not head.district:
        return head
    places = [p for p in divisions().said.get(head.district, ()) if p.level == DISTRICT and p.name == head.district]
    before = s[: head.start].rstrip("，,、的")
    city = _most_alike(
        {p.city: _ends_like(before, p.city) for p in places if p.city}, 0.42 if len(places) == 1 else 0.6
    )
    return replace(head, city=city, quality=0.7) if city else head


def _ends_like(s: str, city: str) -> float:
    """How much the end of ``s`` sounds like the city's name, said with 市 or without."""
    names = {city, city.removesuffix("市")}
    return max((alike(s[-n:], name) for name in names for n in (len(name), len(name) - 1) if s and n), default=0.0)


def _most_alike(likeness: dict[str, float], least: float) -> str | None:
    """The likeliest name, if it is likely enough and no other is nearly as likely."""
    ranked = sorted(likeness, key=lambda name: -likeness[name])
    if not ranked or likeness[ranked[0]] < least:
        return None
    return ranked[0] if len(ranked) == 1 or likeness[ranked[0]] - likeness[ranked[1]] > MARGIN else None


MARGIN = 0.1


def _with_garbled_district(s: str, head: Spoken) -> Spoken:
    """The district of the city that the word after it sounds like, a character lost or not (杭州市 湖区)."""
    m = _DISTRICT.match(s, head.end) if head.city and not head.district else None
    if m is None or head.city is None:
        return head
    likeness = {name: alike(m.group(1), name) for name in districts_of(head.city)}
    district = _most_alike(likeness, 0.6)
    unsure = max(likeness.values(), default=0.0) >= 0.6
    return replace(head, district=district, end=m.end(), quality=0.6) if district or unsure else head


_DISTRICT = re.compile(r"[，,的]?([\u4e00-\u9fff]{1,3}[区县市旗])(?![\u4e00-\u9fff]?[路街道])")


def _worth(head: Spoken, detail: str, *, asked: bool) -> bool:
    """A place named in passing (沈阳的沈, 我在苏州打工) is no address."""
    if HOUSE.search(detail) or _NAMED.search(detail):
        return head.quality == 1.0 or head.levels > 1 or asked
    whole = asked and head.levels > 1 and head.quality == 1.0 and bool(head.district)
    return whole or ((head.levels > 1 or asked) and len(detail) < 3 and head.quality > 0.6)


def _road_number(s: str) -> bool:
    return bool(re.search(rf"(?:路|街|道|巷){N}号", s))


def _head(s: str, *, by_sound: bool) -> Spoken | None:
    """The most complete chain of divisions; of equal ones the one with most address after it, then the later.

    Misheard names are looked for only where the written ones make no chain down to a district.
    """
    exact = _best_chain(s, matches(s))
    if not by_sound:
        return exact
    if exact is not None and exact.levels >= 2 and exact.district:
        unread = 0 if exact.province or exact.start < 2 else exact.start
        return exact if unread == 0 else _best_chain(s, matches(s, heard_to=unread))
    return _best_chain(s, matches(s, heard_to=_names_end(s)))


def _names_end(s: str) -> int:
    """Divisions are said before the first house number."""
    house = HOUSE.search(s)
    return house.start() if house else min(len(s), 30)


def _best_chain(s: str, found: list[SoundMatch]) -> Spoken | None:
    whole = [k for k in found if k.cost == 0]
    found = sorted(found, key=lambda m: (m.start, m.cost, -len(m.word)))
    found = [m for m in found if not _LATER_ROAD.match(s[m.end :]) or _OF_ITSELF.search(m.word)]
    found = [m for m in found if not (len(m.word) == len("东区") and s.startswith("街道", m.end))]
    starts = [m for m in found if not any(k.start < m.start and m.end <= k.end for k in whole)]
    chains = [c for m in starts for c in _starting(s, m, found)]
    if not chains:
        return None
    return max(chains, key=lambda c: (c.levels + 2 * (c.quality - 1), bool(_followed(s[c.end :])), c.start))


_OF_ITSELF = re.compile("[省市区县旗盟]$|自治州$")
"""How a division ends that no road is named after without more: 惠州街 and 杭州西路 are roads elsewhere."""


def _followed(rest: str) -> bool:
    return bool(HOUSE.search(rest[:30]) or _NAMED.search(rest[:14]))


def _starting(s: str, m: SoundMatch, found: list[SoundMatch]) -> Iterator[Spoken]:
    for place in divisions().said[m.word]:
        if _county_town(s, m, place):
            yield from _extended(s, _single(place, m), place, found)
            continue
        short = place.level == 2 and m.word != place.name and not m.word.endswith(("区", "县", "旗", "市"))
        if short or (place.level == 2 and m.cost and len(m.word) < 3):
            continue
        if place.level == 1 and m.word != place.name and m.cost:
            continue
        yield from _extended(s, _single(place, m), place, found)


def _county_town(s: str, m: SoundMatch, place: Place) -> bool:
    """Whether a county-level city stands alone by its short name: 昆山，花桥镇."""
    only = len(divisions().said[m.word]) == 1
    return place.level == 2 and place.name == m.word + "市" and only and m.cost == 0 and s[m.end : m.end + 1] in "，,"


def _single(place: Place, m: SoundMatch) -> Spoken:
    quality = 1.0 - m.cost / len(m.word)
    if place.level == 0 and place.name not in MUNICIPALITIES:
        return Spoken(place.name, None, None, "", m.start, m.end, quality)
    if place.level < 2:
        return Spoken(None, place.name, None, "", m.start, m.end, quality)
    return Spoken(None, None, place.name, "", m.start, m.end, quality)


def _extended(s: str, chain: Spoken, place: Place, found: list[SoundMatch]) -> Iterator[Spoken]:
    yield chain
    for m in found:
        if m.start < chain.end or not _linked(s[chain.end : m.start]):
            continue
        for lower in divisions().said[m.word]:
            if lower.level > place.level and _inside(lower, place) and _stands(s, m, lower):
                longer = replace(
                    chain,
                    city=chain.city or (lower.name if lower.level == 1 else None),
                    district=lower.name if lower.level == 2 else None,
                    end=m.end,
                    quality=min(chain.quality, 1.0 - m.cost / len(m.word)),
                )
                yield from _extended(s, longer, lower, found)


def _linked(gap: str) -> bool:
    return _LINK.fullmatch(gap) is not None


_LINK = re.compile("(?:[市州省]|那个|这边|那边)?(?:的|啊|呢|吧|嘛)?[，,、。]?")


def _stands(s: str, m: SoundMatch, place: Place) -> bool:
    """A short district name counts only where it is not the beginning of another name (解放 路, 新华 联家园)."""
    return (
        m.word[-1] in "区县旗市州"
        or (m.cost == 0 and m.word == place.name)
        or (m.cost == 0 and place.level < 2)
        or (m.cost == 0 and not _LATER_ROAD.match(s[m.end :]))
    )


def _inside(lower: Place, upper: Place) -> bool:
    if upper.level == 0:
        return lower.province == upper.name
    return lower.city == upper.name


def _detail(s: str, start: int, *, by_agent: bool, headed: bool) -> tuple[str, int, int, bool]:
    """(detail, first, last, corrected) from ``start`` on: clause by clause while it reads like an address."""
    parts = [(m.start() + start, m.group()) for m in _CLAUSE.finditer(s[start:])]
    detail = ""
    first, last = start, start
    corrected = retract = False
    skipped = 0
    for n, (at, clause) in enumerate(parts):
        leading = headed and at == start
        if _SKIP.match(clause) and not leading:
            continue
        back = _TAKEN_BACK.match(clause)
        taken = back.end() if back else 0
        retract, corrected = retract or bool(back), corrected or bool(back)
        text, offset, ended = _clean(clause[taken:], leading=leading, by_agent=by_agent)
        begin = at + taken
        following = parts[n + 1][1] if n + 1 < len(parts) else ""
        if text and _is_piece(text, detail, following, leading=leading):
            piece = tidy(text)
            detail = merge_detail(detail, piece) if retract else _append(detail, piece)
            first = begin + offset if first == last else first
            last = begin + offset + len(text)
            retract, skipped = False, 0
        elif not back and not _SKIP.match(clause):
            skipped += 1
        if (ended and (text or detail)) or (detail and skipped >= 2) or _other_number(clause):
            break
    return numbered(detail), first, last, corrected


def _other_number(clause: str) -> bool:
    """A long row of digits that is no part of an address."""
    return len(_NUMERAL.findall(clause)) >= 8 and "百" not in clause and not HOUSE.search(clause)


def _clean(clause: str, *, leading: bool, by_agent: bool) -> tuple[str, int, bool]:
    """The address part of a clause, where it begins, and whether something else follows it."""
    lead = None if leading else _LEAD.match(clause)
    offset = lead.end() if lead else 0
    text = clause[offset:]
    stop = _END.search(text)
    explained = re.search("就是|也就是", text) if by_agent else None
    cut = min((m.start() for m in (stop, explained) if m), default=len(text))
    return text[:cut], offset, cut < len(text)


def _is_piece(text: str, detail: str, following: str, *, leading: bool) -> bool:
    if _SKIP.match(text) or re.search(r"来着|几号$", text):
        return False
    if leading or HOUSE.search(text) or (_NAMED.search(text) and len(text) <= 16):
        return True
    if re.fullmatch(N, text):
        return len(text) < 7 and bool(detail)
    if re.fullmatch(rf"(?:{N}[楼层栋幢号室])+.{{0,4}}", text):
        return True
    if re.search(rf"{N}[层楼]$", text) or (detail and _WING_ROOM.search(text)):
        return True
    return bool(detail) and len(text) <= 8 and bool(HOUSE.match(following))


def _append(detail: str, piece: str) -> str:
    """Put the next piece on, unless it says again what stands there."""
    if not piece or detail.endswith(piece):
        return detail
    room = _FLOOR_AND_DOOR.fullmatch(piece)
    return detail if room and detail.endswith("{}-{}".format(*room.groups())) else detail + piece


_FLOOR_AND_DOOR = re.compile(r"(\d+)楼(\d+)号")
"""六楼四号 is 六杠四 said again."""


def echoes(part: Spoken, whole: Spoken) -> bool:
    """Whether ``part`` sounds like a piece of the address so far, so that it is a reading back of it."""
    old = components(whole.detail)
    return any(k == kind and _same(text, t) for kind, text in components(part.detail) for k, t in old)


def contradicts(whole: Spoken, part: Spoken) -> bool:
    """Whether ``part`` names another city, district, building, unit or room than the address so far."""
    if any(a and b and a != b for a, b in ((whole.city, part.city), (whole.district, part.district))):
        return True
    said = dict(components(whole.detail))
    return any(kind in _EXACT and kind in said and said[kind] != text for kind, text in components(part.detail))


_EXACT = frozenset({"number", "lane", "building", "unit", "room"})


def _same(a: str, b: str) -> bool:
    """Names by sound, numbers exactly."""
    return a == b if any(c.isdigit() for c in a + b) else alike(a, b) >= 0.5


def merge(whole: Spoken | None, part: Spoken, *, asked: bool = True, by_agent: bool = False) -> Spoken:
    """The address so far with one more part; a different city or district starts over."""
    if whole is None:
        return part
    other = (part.city and whole.city and part.city != whole.city) or (
        part.district and whole.district and part.district != whole.district
    )
    if other:
        anew = (asked and not by_agent) or (part.levels >= whole.levels and len(part.detail) >= len(whole.detail))
        return _of_same_city(whole, part) if anew else whole
    return replace(
        whole,
        province=whole.province or part.province,
        city=whole.city or part.city,
        district=whole.district or part.district,
        detail=(read_back if by_agent else merge_detail)(whole.detail, part.detail),
        quality=min(whole.quality, part.quality),
    )


def completed(a: Spoken) -> Spoken:
    """Infer the levels that follow from what was said: the city of a district that only one city has, its province."""
    inferred: list[str] = []
    city, province = a.city, a.province
    if a.district and not city:
        options = {
            p.city
            for p in divisions().said.get(a.district, ())
            if p.level == 2 and p.name == a.district and province in (None, p.province)
        }
        if len(options) == 1:
            city = options.pop()
            inferred.append("city")
    if city and not province and city not in MUNICIPALITIES:
        places = [p for p in divisions().said.get(city, ()) if p.level == 1 and p.name == city]
        if places:
            province = places[0].province
            inferred.append("province")
    return replace(a, city=city, province=province, inferred=tuple(inferred))
