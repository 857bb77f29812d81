"""What follows the divisions of an address: road, number, estate, building, unit and room, clause by clause."""

from __future__ import annotations

import re

from nlp.address_parts import L, N, merge_detail, numbered, tidy

HOUSE = re.compile(
    rf"{N}(?:号院|号楼|号|弄|栋|幢|座|单元|室|组|门|梯|塔|杠{N})(?!线|下午|上午|晚上|早|码|钟)|{L}(?:座|栋|幢|塔|单元)"
)
"""A counted part of an address: number, building, unit, room."""
NAMED = re.compile(
    r"(?:路|街|大道|巷|弄|胡同|镇|乡|村|屯|街道|苏木|嘎查|庄|家园|花园|小区|新村|苑|广场|大厦|公寓|城|府|庭|公馆|中心|家属院|大院|宿舍|名邸|国际"
    r"|湾|郡|居|市场|商场|店|超市|小卖部|园区|产业园|创意园|学校|小学|中学|医院|厂|所|里|东户|西户|中户|东边|西边|左手|右手|对门|那边|门面|商铺|院|水产|五金|烟酒|餐馆|饭馆|饭庄|酒楼|宾馆|旅馆|民宿|客栈|理发|美发|药房|诊所|粮油|批发部|百货|网吧|茶[楼馆]|幼儿园|面馆|火锅|烧烤|驿站|招待所|养老院|棋牌室|干洗|汽修"
    r"|包子铺|铺子?|造型|工作室|面包|蛋糕|烘焙|奶茶|咖啡|小吃|早餐|卤味|沙龙|会所|美容|美甲|眼镜|服装|建材|家具|仓库|门市|档口|食堂"
    r"|(?:汽车|火车|高铁|客运|地铁|加油|供电|公交)站|派出所|村委会|居委会|政府|[务电育]局|斜对面|正对面|后院|[饭面菜茶水公图饺鱼肉店]馆|[饺包馄饨]{2}[^，。]{0,2}|牛肉面|拉面|米线|米粉|麻辣烫|串店|串串|旅社|酒店|饭店|商行|公司|药店|书店|早点|冷饮|洗车)"
)
"""How a named part of an address ends: a road, an estate, a shop."""
_END = re.compile(
    r"电话|手机|姓名|名字|我姓|我叫|^叫|姓[\u4e00-\u9fff]|没有?电梯|得爬|楼下有|村口(?!第|左|右|[东南西北])|门口有|对面有|旁边有|附近|谢谢|师傅|联系|打我|上门|好找|知道|快点|明天|后天|今天"
    r"|下午|上午|晚上|没有?名|没门牌|没有门牌|怎么|什么|可以|能不能|麻烦|记一下|对吧|对吗|是吗|是吧|最好|进小区|进来|进村|进去|移到|挪到|导航|停车|保安|几幢|几室|几单元|几栋|还是以前"
    r"|这里没有|就行|行吗|行不|方便|随时|在家|到了|过来|你们|您看|我们|有个|有人|这个号|给您|安排|登记|收到|来取|要是|如果|因为|不过|然后|我在|人在|的?[\u4e00-\u9fff]{1,2}(?:先生|女士|小姐)|不行|号吧|原预约|原约|预约|改到|周[一二三四五六日]|星期|住着|哈$"
)
_CLAUSE = re.compile(
    r"(?:(?!不是|不对|说错|错了|记错|说岔)[^，。,、；！!？?…：:.])+|(?:不是|不对|说错|错了|记错|说岔)(?:(?!不是|不对|说错|错了|记错|说岔)[^，。,、；！!？?…：:.])*"
)
_NUMERAL = re.compile(r"[零〇一二三四五六七八九十千幺两\d]")
_LEAD = re.compile(
    r"^(?:嗯|呃|啊|哦|额|哎|那个|就是|我家?|住在?|在|是|家里?|地址|我们这?|这边|这里|送到|寄到|来|到|你|您|记一下|新的|现在|好的?|还|搬到|从|的|对了?|写|要|给|放|[装寄送]到|装在)+"
)
_SKIP = re.compile(
    r"^(?:对|嗯|啊|哦|呃|是的?|好的?|没有?名字|没名|哦对了|对了|对对|那个|[\u4e00-\u9fff]{0,2}是[\u4e00-\u9fff]{1,5}的[\u4e00-\u9fff]?|.{0,4}(?:念|读|写).{0,4}|我看看|等一下|等下|.{1,6}几来着)+$"
)
_TAKEN_BACK = re.compile(r"^(?:哦|啊|呃|噢|哎|不|是)*(?:不对|不是|错了|说[错岔]了?|记错了?)+(?:应该)?是?")
_WING_ROOM = re.compile(rf"[东南西北中主副前后大塔][楼座栋幢塔]{N}$")
_FLOOR_AND_DOOR = re.compile(r"(\d+)楼(\d+)号")
"""六楼四号 is 六杠四 said again."""


def detail_from(s: str, start: int, *, by_agent: bool, headed: bool) -> tuple[str, int, int, bool]:
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
    if leading or HOUSE.search(text) or (NAMED.search(text) and len(text) <= 16):
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
