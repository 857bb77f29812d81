"""purchase_date: when the appliance was bought or installed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import date

from nlp.dialogue import TAKEN_BACK, Found, Span, Talk, Turn, Verdict
from nlp.festivals import festival_at
from nlp.holidays import FESTIVALS
from nlp.normalize import spoken_int
from nlp.rules.appliance import NOT_OURS
from nlp.rules.past import NUMERALS, months_back, past_days
from nlp.types import SlotState

_PART_OF_YEAR = {"年底": "12", "年末": "12", "底": "12", "末": "12", "年初": "01", "初": "01", "年中": "06"}
_YEAR = re.compile(
    r"(?P<rel>大前年|前年|去年|今年|上年)|(?P<abs>(?:二零|20)[零一二三四五六七八九幺\d]{2}|[零一二三四五六七八九幺\d]{2})年(?!了|多|级)"
)
_MONTH = re.compile(
    rf"^(?:的)?(?P<month>{NUMERALS}|元)月(?:份|底|初)?(?:(?P<day>{NUMERALS})(?:[号日]|(?=[，。吧呢]|$)))?"
)
_BOUGHT = re.compile(
    r"买|购|开的?票|发票|验收|交付|装的|装上|就装|装了(?![一两二三四五六七八九十几])|入手|下单|安装|拿的|换的新|提的|保修卡|单子?上|(?:送|发)的(?=，|。|$)|(?:拍|抢|淘|订)的|换的这?台|换的(?=热水器|空调|冰箱|冰柜|洗衣机|电视|油?烟机|灶|壁挂炉|净水器|洗碗机|马桶)"
)
_NOT_BOUGHT = re.compile(r"滤芯|洗过|清洗|修过|换过|保养|检修|搬(?!家(?:那|的?时|之?后))|开始|坏|买的房")


def settle(talk: Talk, belongs: Callable[[Span], bool] = lambda _: True) -> Found | None:
    """Purchase or installation date said by the caller; "used for three years" is none.

    ``belongs``: which places are about the appliance.
    """
    best: Found | None = None
    for found in (f for f in purchases(talk) if belongs(f.spans[0])):
        finer = best is not None and str(found.value).startswith(str(best.value))
        if best is None or finer or TAKEN_BACK.search(talk.turns[found.spans[0].turn].s[: found.spans[0].start]):
            best = found
    return best


def purchases(talk: Talk) -> Sequence[Found]:
    """Every date of purchase said."""
    return talk.gather("purchase", _purchases)


def _purchases(talk: Talk, turn: Turn) -> Iterator[Found]:
    told = turn.by_agent and _TOLD_BACK.search(turn.read)
    answer = talk.answer(turn.index)[0] if told else Verdict.OPEN
    agreed = (
        told
        if answer is Verdict.YES or (answer is Verdict.OPEN and turn.reply and _ON_FILE.search(turn.read))
        else None
    )
    if agreed or not (turn.by_agent or (turn.question and _ROOM_ASKED.search(turn.question.read))):
        asked = bool(agreed) or "purchase_date" in talk.asked(turn.index)
        days = list(_by_year(talk, turn, asked)) or list(_by_day(talk, turn, asked))
        found = days[:1]
        for day in days[1:]:
            finer = str(day.value).startswith(f"{found[0].value}-")
            if finer or TAKEN_BACK.search(turn.read[found[0].spans[0].end : day.spans[0].start]):
                found = [day]
        yield from found


_ROOM_ASKED = re.compile("(?:橱柜|台面|吊顶|水电|房子|装修)[^，。？?买]{0,8}(?:什么时候|哪天|几时|好了?[吗没])")
"""The agent asks whether the room is ready: what was fitted then is no appliance."""
_TOLD_BACK = re.compile(
    "(?:购[买机入]|安装|装机)(?:时间|日期)[^，。？]{0,6}[是为在的][^，。？]*[号年月日底初份]|(?:[号年月日底初份]|双十一|六一八)[^，。]{0,4}(?:购买|买|安装|下单|购入)(?:的|(?=，))"
)
_ON_FILE = re.compile("系统|显示|记录|登记|查到|保修|在保")
"""Whose date the caller does not contradict.

The agent reads the date of purchase back: 系统里是二四年九月买的，对吗？"""


def _by_year(talk: Talk, turn: Turn, asked: bool) -> Iterator[Found]:
    s, today = turn.read, talk.context.started_at.date()
    for m in _YEAR.finditer(s):
        year = _year(m, today)
        if year is None or year > today.year or year < today.year - 30 or _of_something_else(s[: m.start()]):
            continue
        rest = s[m.end() :]
        value, used = str(year), 0
        month = _month_after(rest)
        skipped = len(rest) - len(rest.lstrip("的那会儿"))
        dated = month is not None and month.group("day")
        festival = None if dated else festival_at(s, m.end() + skipped)
        if festival and re.match("之?以?前", s[festival[1] :]):
            festival = None
        part = re.match("年?[底末初]|年中|的?这(?:个月|时候)", rest)
        if part:
            value, used = f"{value}-{_PART_OF_YEAR.get(part.group(), f'{today.month:02d}')}", part.end()
        elif festival and (day := FESTIVALS[festival[0]].day(year)):
            value, used = _exactly(s, festival[1], year) or day.isoformat(), festival[1] - m.end()
        elif rest and not month and (later := _LATER_MONTH.search(rest)) and _month_of(later):
            value = f"{value}-{_month_of(later):02d}"
            number = spoken_int(later.group("day") or "")
            value += f"-{number:02d}" if number and number <= 31 else ""
        elif month and (other := _OTHER_MONTH.match(rest, month.end())) and _month_of(other):
            value = f"{value}-{_month_of(other):02d}"
        elif month and (number := spoken_int(month.group("month").replace("元", "一"))) and 1 <= number <= 12:
            value, used = f"{value}-{number:02d}", month.end()
            number = spoken_int(month.group("day") or "")
            value += f"-{number:02d}" if number and number <= 31 else ""
        end = m.end() + used
        near = s[max(0, m.start() - 6) : end + 14]
        other = _NOT_BOUGHT.search(re.split("[，。]", s[end : end + 10])[0])
        if (other and other.start() < WITHIN) or not (_BOUGHT.search(near) or asked or re.match("的", s[end:])):
            continue
        yield Found(
            "purchase_date", value, value, "purchase.year", SlotState.HEARD, (Span(turn.index, m.start(), end),), 0.9
        )


WITHIN = 5
"""What so few characters behind a year tell is what happened then."""
_LATER_MONTH = re.compile(
    rf"^[^。？?]{{0,9}}?(?:(?:买|装|购|换)[^。？?，]{{0,4}}|前|之后|后|(?:[春夏秋冬]天?|[暑寒]假)[^，。？?]{{0,6}})，(?:大概|好像|应该|是|也就是)*(?P<month>{NUMERALS})月(?:(?P<day>{NUMERALS})[号日])?"
)


_OTHER_MONTH = re.compile(
    rf"[^。？?]{{0,2}}，?(?:[啊哎哦噢，]*)(?:不对|不是|不|错了|说错了?|记错了?)[^。？?]{{0,5}}?(?P<month>{NUMERALS})月"
)
"""去年七月，哦不，八月份: another month of that year."""
_EXACT_DAY = re.compile(
    rf"[^。？?，]{{0,6}}，(?:大概|好像|应该|是|也就是|就是)*(?P<month>{NUMERALS})月(?P<day>{NUMERALS})[号日]"
)


def _exactly(s: str, end: int, year: int) -> str | None:
    """The day of that year told behind a festival (去年国庆买的，十月三号)."""
    m = _EXACT_DAY.match(s, end)
    month, day = (spoken_int(m.group(name)) or 0 for name in ("month", "day")) if m else (0, 0)
    return f"{year}-{month:02d}-{day:02d}" if 1 <= month <= 12 and 1 <= day <= 31 else None


_SAME_MONTH = re.compile(rf"，(?:是|就是|大概|好像|应该是?)?(?P<month>{NUMERALS})月(?P<day>{NUMERALS})[号日]")
"""去年四月，四月二十号: the day of that month."""


def _month_after(rest: str) -> re.Match[str] | None:
    """The month, with its day if one is told, at the beginning of ``rest``."""
    month = _MONTH.match(rest)
    again = _SAME_MONTH.match(rest, month.end()) if month and not month.group("day") else None
    return again if month and again and again.group("month") == month.group("month") else month


_CLAUSES = re.compile("[，。？！?]")
_SOMETHING_ELSE = re.compile("(?:房子?|车子?|楼盘?|小区|商铺|店面?)(?:也|都|就)?(?:是|在)?$")


def _of_something_else(before: str) -> bool:
    """Whether a date after ``before`` is that of a house, or of somebody else's appliance."""
    return bool(_SOMETHING_ELSE.search(before) or NOT_OURS.search(_CLAUSES.split(before)[-1]))


def _month_of(m: re.Match[str]) -> int:
    """The month said after the year (一九年买的，五月份), 0 if it is none."""
    month = spoken_int(m.group("month")) or 0
    return month if 1 <= month <= 12 else 0


def _year(m: re.Match[str], today: date) -> int | None:
    if m.group("rel"):
        return today.year - {"大前年": 3, "前年": 2, "去年": 1, "上年": 1, "今年": 0}[m.group("rel")]
    year = spoken_int(m.group("abs"))
    if year is None:
        return None
    return year if year > 1000 else 2000 + year


def _by_day(talk: Talk, turn: Turn, asked: bool) -> Iterator[Found]:
    found = False
    today = talk.context.started_at.date()
    received = bool(turn.question and "签收" in turn.question.read)  # delivered today is the delivery at hand
    for w in sorted(
        past_days(talk, turn), key=lambda w: not re.match("[^。是，]{0,8}?买", turn.read[w.end : w.end + 10])
    ):
        after = turn.read[w.end : w.end + 10]
        if (
            w.day is not None
            and (asked or (received and w.day < today) or _GOT.match(after))
            and not _DONE_TO_IT.match(after)
            and not _COMING.match(after)
            and not _WISHED.match(after)
            and not _AGREED.search(turn.read, 0, w.start)
            and not _of_something_else(turn.read[: w.start])
        ):
            value = w.day.isoformat()
            yield Found(
                "purchase_date", value, value, "purchase.day", SlotState.HEARD, (Span(turn.index, w.start, w.end),), 0.9
            )
            found = True
    if not found and (month := _by_month(talk, turn, asked)):
        yield month


_COMING = re.compile("(?:节|当天|那天)?(?:我?家里?|我们?|亲戚|儿子|孩子)?(?:就?要|得|准备|打算|马上|快到|快要|想)")
"""五一要来客，买了一台: a day to come."""
_DONE_TO_IT = re.compile(r".{0,3}(?:修|洗(?![衣碗烘])|坏|开始)")
_WISHED = re.compile("[^，。]{0,4}(?:能|可以|可不可以|想|最好)[^，。]{0,6}(?:装|来|修|上门)")
"""今天能不能给我装上: a wish."""
_AGREED = re.compile("(?:(?:说|约|讲|定|排)(?:好|定)?(?:了|的)?(?:是|在)?|答应)$")
"""说好昨天来装的: what was to be on that day, and was not."""
_GOT = re.compile(
    r"[^。是]{0,8}?(?:买(?!了?[一个根块瓶卷条点些几]*(?:电池|软?管|滤|胶|配件|零件|插座|插排|遥控|灯|线|阀|芯|清洁))|购|下单|入手|(?:拍|抢|提|订|淘)的(?!蛋糕|菜|饭|餐|酒|花|房|票|货)(?!蛋糕|菜|饭|餐|酒|花|房|票|货))"
    r"|[^。]{0,6}(?:当天|第二天)[^，。]{0,3}装"
    r"|[^。是，修]{0,7}?装(?:的(?!师傅|人|时候)|好|上|完)(?!台面|橱柜|柜|吊顶|地板|门|窗|水电|家具|灯)"
)
"""What follows the day on which it was bought or installed."""
_IN_MONTH = re.compile(
    rf"(?<=[买装]的，)(?P<after>{NUMERALS})月份?(?=[，。吧]|$)|(?<![{NUMERALS[1:-2]}])(?P<month>{NUMERALS}|上个?|这个?|本)月(?:份|底|初|[中上下]旬|[二三]?十?几号|[二三]?十[来多]号)?(?:才|刚|新)?(?=(?:在[^，。]{{1,6}})?(?P<bought>买|装|换|购|入手|下单))"
)


_MONTH_ALONE = re.compile(
    rf"(?:^|[，。])(?:[啊哎呃嗯哦，]*)(?:大概|好像|应该|可能|就|是|在|也就|差不多|今年)*(?P<month>{NUMERALS}|上个?|这个?)月(?:份|底|初|[中上下]旬)?(?:吧|那会儿?|左右|的时候|，|。|$)(?P<after>)"
)
"""The month that answers the question when it was bought."""


def _by_month(talk: Talk, turn: Turn, asked: bool) -> Found | None:
    """四月份买的, 上个月换的热水器: the last time it was that month."""
    today = talk.context.started_at.date()
    months = [*_IN_MONTH.finditer(turn.read), *(_MONTH_ALONE.finditer(turn.read) if asked else ())]
    for m in months:
        said = m.group("month") or m.group("after")
        back = {"上": 1, "这": 0, "本": 0}.get(said[0])
        number = spoken_int(said)
        around = turn.read[max(0, m.start() - 6) : m.end() + 5]
        wanted = (turn.question.read if turn.question else "")[-10:]
        if (
            _NOT_BOUGHT.search(around)
            or re.search("滤|芯|洗|修过|换过|保养", wanted)
            or _of_something_else(turn.read[: m.start()])
            or re.search("滤|芯|上[次回]", around)
            or (back is None and not (number and 1 <= number <= 12))
        ):
            continue
        first = months_back(today, back if back is not None else (today.month - (number or 0)) % 12)
        value = f"{first:%Y-%m}"
        return Found(
            "purchase_date",
            value,
            value,
            "purchase.month",
            SlotState.HEARD,
            (Span(turn.index, m.start(), m.end()),),
            0.8,
        )
    return None
