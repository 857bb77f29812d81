"""The parts of an address after the district: told apart, put in digits, and put together from several readings."""

from __future__ import annotations

import re

from nlp.normalize import DIGIT, arabic, spoken_digits, spoken_int
from nlp.sound import alike

N = r"[零〇一二三四五六七八九十百千幺两\d]+"
"""A spoken or written number."""
L = r"[A-Z甲乙丙丁东西南北中]"
"""A letter or direction that names a building or unit."""
_FILLER = re.compile(r"呃|嗯|额|啊|哦|噢|那个(?=小区|院|楼|大厦|家属|小卖部|超市|店)|就是")
_COMPONENT = re.compile(
    r"(?P<town>[\u4e00-\u9fff]{1,7}?(?:街道|镇|乡|苏木))(?!路|街|大道)|(?P<group>\d+(?:组(?!团)|队|社(?!区)))"
    rf"|(?P<road>[\u4e00-\u9fff]{{1,8}}?(?:大道|大街|路|街|胡同|巷|道)(?:[东南西北中]段|[东南西北中](?!户|单元|座|边|塔|区))?(?:[一二三四五六七八九十\d]+段)?)(?!道)"
    rf"|(?P<number>(?:甲|乙)?\d+号院?(?!楼|房|商铺|门面))|(?P<lane>\d+弄)|(?P<building>(?:{L}|\d|[A-Z])+(?:栋|幢|座|号楼|塔))"
    rf"|(?P<unit>(?:{L}|\d)+(?:单元|门|梯))|(?P<floor>\d+(?:楼|层)(?!店|商))|(?P<room>\d{{1,5}}(?:-\d+)+室?|\d{{3,5}}(?:室|号房)?|\d+(?:室|号房)|\d{{2}}(?=$)|[A-Z](?=$))"
    r"|(?P<side>东户|西户|中户|左手|右手|左边|右边|对门|东边|西边|[东西南北](?=$))"
)
_NUMBER_OF_ROAD = re.compile(
    rf"(?<=[路街道巷段])({N})(?=[\u4e00-\u9fff]{{2}})(?![号弄栋幢座单元楼层室组队门梯院期户塔段区经纬马条环村])"
)
_TALL = re.compile(r"([二三四五六七八九]?十[一二三四五六七八九]?)([零〇][一二三四五六七八九])")
"""A room above the ninth floor said as floor and room: 十二零一 is 1201."""
ORDER = ("town", "group", "road", "lane", "number", "estate", "building", "unit", "floor", "room", "side")


def tidy(s: str) -> str:
    """Numerals before a unit and room numbers in digits; names keep theirs (文三路, 三元里)."""
    s = _FILLER.sub("", s)
    s = re.sub(rf"({N})(?:杠|-|之)({N})(?!一)", lambda m: f"{arabic(m.group(1))}-{arabic(m.group(2))}", s)
    s = re.sub(rf"({N})(?=号|弄|栋|幢|座|单元|楼|层|室|组|队|门|梯|院|期|户|塔|街坊|村民)", _in_digits, s)
    s = re.sub(rf"(?<=[座栋幢元楼层门号室塔院A-Z\d期区])({N})(?![路街道巷里段])", _in_digits, s)
    s = re.sub(rf"(?<![经纬第])({N})$", _in_digits, s)
    s = re.sub(r"(\d+(?:号楼|号|栋|幢|单元|组))\1(?!楼)", r"\1", s)
    s = numbered(s)
    s = re.sub(r"(?<=[\d室号楼])(?:了|啊|哈|哦)$", "", s)
    return re.sub(r"(?:的|那家|那边|那个|这边|这里|吧|呢|呀|嘛|啦)+$|那边(?=[A-Z\d])", "", s)


def numbered(s: str) -> str:
    """``s`` with 号 after a number that stands between a road and a name: 剑门路西段180富临苑."""
    return _NUMBER_OF_ROAD.sub(_numbered, s)


def _numbered(m: re.Match[str]) -> str:
    word = m.group(1)
    return f"{_in_digits(m)}号" if word.isdigit() or any(c in "十百千" for c in word) or len(word) > 1 else word


def _in_digits(m: re.Match[str]) -> str:
    word = m.group(1)
    if tall := _TALL.fullmatch(word):
        return f"{spoken_int(tall.group(1))}{spoken_digits(tall.group(2))}"
    if any(c in "十百千" for c in word):
        value = spoken_int(word)
        return word if value is None else str(value)
    return "".join(DIGIT.get(c, c) for c in word)


def components(detail: str) -> list[tuple[str, str]]:
    """(kind, text) of a tidied detail in order; what fits no kind is the estate."""
    found: list[tuple[str, str]] = []
    pos = 0
    for m in _COMPONENT.finditer(detail):
        if m.start() > pos:
            found.append(("estate", detail[pos : m.start()]))
        kind = str(m.lastgroup)
        if kind == "number" and any(k in ("number", "lane", "building") for k, _ in found):
            kind = "building" if not any(k == "building" for k, _ in found) else "room"
        found.append((kind, m.group()))
        pos = m.end()
    if pos < len(detail):
        found.append(("estate", detail[pos:]))
    return found


def merge_detail(old: str, new: str) -> str:
    """``old`` with what ``new`` says anew: same kinds are replaced, others go where they belong."""
    if not old or not new or new in old:
        return old or new
    kept = components(old)
    for kind, text in components(new):
        same = [i for i, (k, _) in enumerate(kept) if k == kind]
        if kind == "estate" and same:
            best = max(same, key=lambda i: alike(kept[i][1], text))
            if alike(kept[best][1], text) < 0.34 and len(same) > 1:
                continue
            kept[best] = (kind, text)
        elif same:
            kept[same[-1]] = (kind, text)
        else:
            at = next((i for i, (k, _) in enumerate(kept) if ORDER.index(k) > ORDER.index(kind)), len(kept))
            kept.insert(at, (kind, text))
    return "".join(text for _, text in kept)


def read_back(old: str, new: str) -> str:
    """``old`` corrected by what the agent read back: the agent's levels count, levels beyond them stay."""
    if not old or not new:
        return old or new
    fresh = components(new)
    ranks = [ORDER.index(k) for k, _ in fresh]
    said = {k for k, _ in fresh}
    kept = components(old)
    before = [text for k, text in kept if ORDER.index(k) < min(ranks)]
    between = [
        (k, text)
        for k, text in kept
        if min(ranks) < ORDER.index(k) < max(ranks)
        and k not in said
        and k in ("unit", "floor", "building", "lane", "number")
    ]
    after = [text for k, text in kept if ORDER.index(k) > max(ranks)]
    for kind, text in between:
        at = next((i for i, (k, _) in enumerate(fresh) if ORDER.index(k) > ORDER.index(kind)), len(fresh))
        fresh.insert(at, (kind, text))
    return "".join([*before, *(text for _, text in fresh), *after])
