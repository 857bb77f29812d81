"""onset and purchase_date: since when, and when bought or installed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import date, timedelta

from nlp.dialogue import TAKEN_BACK, Found, Span, Talk, Turn, Verdict
from nlp.festivals import festival_at
from nlp.holidays import FESTIVALS
from nlp.normalize import spoken_int
from nlp.rules.appliance import NOT_OURS
from nlp.times import When, times
from nlp.types import SlotState

_N = r"[零〇一二三四五六七八九十两\d]+"
_PART_OF_YEAR = {"年底": "12", "年末": "12", "底": "12", "末": "12", "年初": "01", "初": "01", "年中": "06"}
_YEAR = re.compile(
    r"(?P<rel>大前年|前年|去年|今年|上年)|(?P<abs>(?:二零|20)[零一二三四五六七八九幺\d]{2}|[零一二三四五六七八九幺\d]{2})年(?!了|多|级)"
)
_MONTH = re.compile(rf"^(?:的)?(?P<month>{_N}|元)月(?:份|底|初)?(?:(?P<day>{_N})(?:[号日]|(?=[，。吧呢]|$)))?")
_BOUGHT = re.compile(
    r"买|购|开的?票|发票|验收|交付|装的|装上|就装|装了(?![一两二三四五六七八九十几])|入手|下单|安装|拿的|换的新|提的|保修卡|单子?上|(?:送|发)的(?=，|。|$)|(?:拍|抢|淘|订)的|换的这?台|换的(?=热水器|空调|冰箱|冰柜|洗衣机|电视|油?烟机|灶|壁挂炉|净水器|洗碗机|马桶)"
)
_NOT_BOUGHT = re.compile(r"滤芯|洗过|清洗|修过|换过|保养|检修|搬(?!家(?:那|的?时|之?后))|开始|坏|买的房")
_BEGAN = re.compile(
    r"开始|突然|就这样|发现|才(?!报|约|打|来|收|到|买|装|送|用|换|修|拿|洗|加|下单|知道|跟|讲|说|告诉|和|[一两半几])|(?:起来|早上|回家|下班)一看|(?<!我)自己(?!又?好|恢复)|就(?:觉得|感觉|觉着|感觉到|听见|听到|闻到|发觉)|坏(?:的|了)|^.{0,5}(?:漏|冒|滴|响|跳闸|灭|炸|闻到)|(.)着\1着|黑屏|死机|(?:就|又|还是)(?:灭|黑|报(?!了?修|过)|关|一直|不|没|老|有|是|出|停|打|开|漏|响|坏)|半夜|起来|以来|出(?:的|现)|还好好|炸|停的|这样的|不(?:热|冷|转|亮|制|凉|出|通|动|响)"
)
_ONSET_NOT = re.compile(
    r"帮我|买|签收|送到|装的|安装|报的|来装|来修|洗的|换的|约|联系|打(?:过|了)?电话|到的|[下拍]的[单货]?|付的款|用了|等了|预约|搬|保养|清洗|刚到|发货|下单|寄|退|不要了|取消"
)
_LASTED = re.compile(
    r"(?:有|大概|差不多|大约|都|快|已经|得有|能有|断断续续|持续|好像|约)*(?P<span>(?:一个多|两个多|半个多|[一二两三四五六七八九十]个半|[一二两三四五六七八九十几好\d]+个?(?:多|来)?|半个?(?:多|来)?|小)(?:星期|礼拜|月|周|天|年)(?:多)?)(?P<about>左右)?(?P<end>了|前|以前|之前|的事|来(?=[，。]|$)|(?=[，。吧啊]|$))"
)
_HEDGED = re.compile("[啊哎呃嗯哦，]*(?:大概|差不多|大约|应该|可能|得有|有)*[，]?")
_MONTHS = re.compile("星期|礼拜|月|周|天")
_VAGUE = re.compile(
    r"(?P<word>这(?:半|[一两几]|[一两三]四?)个?(?:多)?(?:月|星期|礼拜|周)(?:以?来)?|(?:这个?|本)月(?:[底初]|中旬?|上旬)|(?:国庆|中秋|五一|十一|元旦|春节|过年|端午|清明|开学|入伏|立[春夏秋冬]|[夏冬]至|[春秋]分|霜降|[处大小]暑|[白寒]露|供暖|搬家|装修)(?:放假|长假|节|那[几两]?天|假期)?(?:以后|之后|过后|完|前后|回来(?=，?(?:就|便|开始|发现)))|近(?:半个?月|几天)|(?<!\d)(?P<month>[一二三四五六七八九十]{1,2})月(?:份|[初底末]|中旬?|[上下]旬)(?!\d)|上(?:个)?(?:周|星期|礼拜)(?![一二三四五六日天末])|上个?月(?:[底初]|中旬?|下旬|上旬)?|这几天|最近|前[几两些]天|头[几两]天|早几天|前些日子|近来|前阵子|这[两些]天|前段时间|这阵子|(?:去|前)年(?:冬天|夏天|春天|秋天|年底|年初)|入[春夏秋冬](?:以后|之后|后)?|开春(?:以后|之后|后)?|过完年(?:以后|之后|后)?|一(?:供暖|降温|变天)(?=就)|天一冷|一?开春|过年(?!家|[^，。]{0,6}都在))"
)


def settle_purchase(talk: Talk, belongs: Callable[[Span], bool] = lambda _: True) -> Found | None:
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


def onsets(talk: Talk) -> list[Found]:
    """Every beginning of the trouble said."""
    return [found for _, found in talk.gather("onset", _onsets)]


def _purchases(talk: Talk, turn: Turn) -> Iterator[Found]:
    agreed = turn.by_agent and talk.answer(turn.index)[0] is Verdict.YES and _TOLD_BACK.search(turn.read)
    if agreed or not turn.by_agent:
        asked = bool(agreed) or "purchase_date" in talk.asked(turn.index)
        days = list(_by_year(talk, turn, asked)) or list(_by_day(talk, turn, asked))
        found = days[:1]
        for day in days[1:]:
            finer = str(day.value).startswith(f"{found[0].value}-")
            if finer or TAKEN_BACK.search(turn.read[found[0].spans[0].end : day.spans[0].start]):
                found = [day]
        yield from found


_TOLD_BACK = re.compile("(?:[号年月日底初份]|双十一|六一八)[^，。]{0,4}(?:购买|买|安装|下单|购入)的")
"""The agent reads the date of purchase back: 系统里是二四年九月买的，对吗？"""


def _by_year(talk: Talk, turn: Turn, asked: bool) -> Iterator[Found]:
    s, today = turn.read, talk.context.started_at.date()
    for m in _YEAR.finditer(s):
        year = _year(m, today)
        if year is None or year > today.year or year < today.year - 30 or _of_something_else(s[: m.start()]):
            continue
        rest = s[m.end() :]
        value, used = str(year), 0
        month = _MONTH.match(rest)
        skipped = len(rest) - len(rest.lstrip("的那会儿"))
        dated = month is not None and month.group("day")
        festival = None if dated else festival_at(s, m.end() + skipped)
        if festival and re.match("之?以?前", s[festival[1] :]):
            festival = None
        part = re.match("年?[底末初]|年中", rest)
        if part:
            value, used = f"{value}-{_PART_OF_YEAR[part.group()]}", part.end()
        elif festival and (day := FESTIVALS[festival[0]].day(year)):
            value, used = day.isoformat(), festival[1] - m.end()
        elif rest and not month and (later := _LATER_MONTH.search(rest)) and _month_of(later):
            value = f"{value}-{_month_of(later):02d}"
        elif month and (other := _OTHER_MONTH.match(rest, month.end())) and _month_of(other):
            value = f"{value}-{_month_of(other):02d}"
        elif month and (number := spoken_int(month.group("month").replace("元", "一"))) and 1 <= number <= 12:
            value, used = f"{value}-{number:02d}", month.end()
            number = spoken_int(month.group("day") or "")
            value += f"-{number:02d}" if number and number <= 31 else ""
        end = m.end() + used
        near = s[max(0, m.start() - 6) : end + 14]
        if _NOT_BOUGHT.search(re.split("[，。]", s[end : end + 5])[0]) or not (
            _BOUGHT.search(near) or asked or re.match("的", s[end:])
        ):
            continue
        yield Found(
            "purchase_date", value, value, "purchase.year", SlotState.HEARD, (Span(turn.index, m.start(), end),), 0.9
        )


_LATER_MONTH = re.compile(
    rf"^[^。？?]{{0,9}}?(?:(?:买|装|购|换)[^。？?，]{{0,4}}|前|之后|后|[春夏秋冬]天?[^，。？?]{{0,6}})，(?:大概|好像|应该|是|也就是)*(?P<month>{_N})月"
)


_OTHER_MONTH = re.compile(
    rf"[^。？?]{{0,2}}，?(?:[啊哎哦噢，]*)(?:不对|不是|不|错了|说错了?|记错了?)[^。？?]{{0,5}}?(?P<month>{_N})月"
)
"""去年七月，哦不，八月份: another month of that year."""
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
    for w in sorted(
        _past_days(talk, turn), key=lambda w: not re.match("[^。是，]{0,8}?买", turn.read[w.end : w.end + 10])
    ):
        after = turn.read[w.end : w.end + 10]
        if (
            w.day is not None
            and (asked or _GOT.match(after))
            and not _DONE_TO_IT.match(after)
            and not _of_something_else(turn.read[: w.start])
        ):
            value = w.day.isoformat()
            yield Found(
                "purchase_date", value, value, "purchase.day", SlotState.HEARD, (Span(turn.index, w.start, w.end),), 0.9
            )
            found = True
    if not found and (month := _by_month(talk, turn, asked)):
        yield month


_DONE_TO_IT = re.compile(r".{0,3}(?:修|洗(?![衣碗烘])|坏|开始)")
_GOT = re.compile(
    r"[^。是]{0,8}?(?:买(?!了?[一个根块瓶卷条点些几]*(?:电池|软?管|滤|胶|配件|零件|插座|插排|遥控|灯|线|阀|芯|清洁))|购|下单|入手|(?:拍|抢|提|订|淘)的)"
    r"|[^。]{0,6}(?:当天|第二天)[^，。]{0,3}装"
    r"|[^。是，修]{0,7}?装(?:的(?!师傅|人|时候)|好|上|完)"
)
"""What follows the day on which it was bought or installed."""
_IN_MONTH = re.compile(
    rf"(?<=[买装]的，)(?P<after>{_N})月份?(?=[，。吧]|$)|(?<![{_N[1:-2]}])(?P<month>{_N}|上个?|这个?|本)月(?:份|底|初|[中上下]旬|[二三]?十?几号|[二三]?十[来多]号)?(?:才|刚|新)?(?=(?:在[^，。]{{1,6}})?(?P<bought>买|装|换|购|入手|下单))"
)


_MONTH_ALONE = re.compile(
    rf"(?:^|[，。])(?:[啊哎呃嗯哦，]*)(?:大概|好像|应该|可能|就|是|在|也就|差不多|今年)*(?P<month>{_N}|上个?|这个?)月(?:份|底|初|[中上下]旬)?(?:吧|那会儿?|左右|的时候|，|。|$)(?P<after>)"
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
            or re.search("滤|芯", around)
            or (back is None and not (number and 1 <= number <= 12))
        ):
            continue
        first = _months_back(today, back if back is not None else (today.month - (number or 0)) % 12)
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


def _months_back(today: date, months: int) -> date:
    first = today.replace(day=1)
    for _ in range(months):
        first = (first - timedelta(days=1)).replace(day=1)
    return first


def _past_days(talk: Talk, turn: Turn) -> list[When]:
    """Days in the past: a bare weekday (打礼拜天) means the last one."""
    today = talk.context.started_at.date()
    spoken = turn.once("times", lambda _: times(turn.read, talk.context.started_at))
    past: list[When] = []
    for w in spoken:
        if w.day is None or (w.past and w.relation) or (w.day != w.last_day and not w.past):
            continue
        day: date = w.past or w.day
        if turn.read.startswith("当天", w.start):
            if not past or past[-1].day is None:
                continue
            day = past[-1].day
        elif w.past is None and w.weekday and not w.calendar and day > today:
            day -= timedelta(days=7)
        elif w.past is None and w.calendar and day > today:
            day = _last_occurrence(day, today, in_month="月" in turn.read[w.start : w.end])
        if day <= today:
            past.append(When(w.start, w.end, day, day, w.part))
    return past


def _last_occurrence(day: date, today: date, *, in_month: bool) -> date:
    """The last time it was that day: of that month where it was named, else of any."""
    if in_month:
        return _years_back(day, 1 if day.replace(year=today.year) > today else day.year - today.year)
    month = today.month if day.day <= today.day else today.month - 1
    year = today.year if month else today.year - 1
    try:
        return date(year, month or 12, day.day)
    except ValueError:
        return day


def _years_back(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year - years)
    except ValueError:
        return day


def settle_onset(
    talk: Talk, symptoms: Iterable[Span] = (), belongs: Callable[[Span], bool] = lambda _: True
) -> Found | None:
    """Since when: an ISO date where it follows from the words, else the words; else the day told with a symptom.

    ``symptoms``: where the caller names what is wrong; ``belongs``: which places are about the appliance.
    """
    said = (f for f in talk.gather("onset", _onsets) if belongs(f[1].spans[0]))
    told = min(said, key=lambda f: f[0], default=(0, None))[1]
    return told or next((f for span in symptoms if belongs(span) and (f := _with_symptom(talk, span))), None)


def _with_symptom(talk: Talk, symptom: Span) -> Found | None:
    """The day named last before a symptom in the same sentence (昨天洗到一半，底下往外流水)."""
    turn = talk.turns[symptom.turn]
    for w in reversed(_past_days(talk, turn)):
        between = turn.read[w.end : symptom.start]
        if w.end > symptom.start or len(between) > NEAR:
            continue
        if _ENDS.search(between) or _NOT_SINCE.search(between) or NOT_OURS.search(turn.read[: w.start]):
            return None
        value = w.day.isoformat() if w.day else ""
        span = Span(turn.index, w.start, w.end)
        return Found("onset", value, value, "onset.with_symptom", SlotState.HEARD, (span,), 0.75)
    return None


_ENDS = re.compile("[。？！?!]")
NEAR = 18
"""At most so many characters stand between a day and the symptom that is told of it."""
_NOT_SINCE = re.compile(
    rf"{_ONSET_NOT.pattern}|还(?:好|能|是|行|没)|又|更|也|正常|好好的|来了|师傅|不是|说好|再|拆箱?|开箱|收到|到货"
)


def _onsets(talk: Talk, turn: Turn) -> Iterator[tuple[int, Found]]:
    """(how far from the best way to tell it, what was told)."""
    if turn.by_agent:
        agreed = _agreed(talk, turn)
        if agreed:
            yield 0, agreed
        return
    asked = "onset" in talk.asked(turn.index)
    for order, rule in enumerate((_began_on, _just_now, _lasted, _vaguely)):
        if one := rule(talk, turn, asked):
            said = turn.read[one.spans[0].end :].startswith(("开始", "就开始"))
            yield (-1 if said else order), one


def _agreed(talk: Talk, turn: Turn) -> Found | None:
    """The agent's guess (今天发现的是吧) that the caller agrees to."""
    m = re.search("今天(?:才|刚)?(?:发现|开始|出现|坏)", turn.read)
    if m is None or talk.answer(turn.index)[0] is not Verdict.YES:
        return None
    value = talk.context.started_at.date().isoformat()
    span = Span(turn.index, m.start(), m.end())
    return Found("onset", value, value, "onset.agreed", SlotState.CONFIRMED, (span,), 0.85)


_SINCE = re.compile("[^，。]{0,8}(?:以后|之后|过后|完|完了)[，]?(?:就|便|开始|一直)")
"""昨天换了路由器以后就: what was done then is when it began."""


_FOUND_SO = re.compile(
    "[^。？?]{0,22}(?:一看[^。]{0,6}(?:就这样|就不|就没|全是|都是|满|[没不])|[^，。](?:一(?:按|开|打开|插|插上|碰|摸|点|通电|拧))[^，。]{0,5}就[^，。]{0,3}(?:冒|炸|跳|黑|灭|漏|响|麻|喷))"
)
"""昨晚洗的，早上起来一看满地是水: how it was found."""
_THAT_NIGHT = re.compile(
    "[^。？?]{0,6}还好(?:好的?|着)?(?:呢)?，(?:到了?)?(?:晚上|下午|夜里|半夜|傍晚|中午|后来)[^，。]{0,4}(?:就|突然)"
)
"""昨天还好好的，晚上突然就不转了: still that day."""
_BY_TURNS = re.compile("[^，。]{1,8}，?(?:明天|后天)[^，。]{0,4}(?:不|又|没|好|都)")
"""今天转明天又不转: a way of saying now and then."""
_TOLD_THEN = re.compile("[^，。]{0,3}才(?:告诉|跟|和|讲|说)")
"""他昨天才告诉我: when the caller was told of it."""
_BETTER = re.compile("[^。？?，]{0,8}(?:自己(?:又)?好|(?:又|自己|就)(?:恢复|正常|好了))")
"""今天早上它自己好了: when the trouble ended."""
_FIRST_SIGN = re.compile("[^，。]{0,4}就(?:觉得|感觉|觉着|听见|听到|闻到|发觉|有点|开始)")
"""昨天晚上我就觉得有点麻: the first sign, whatever happened after it."""
_AT_LAST = re.compile("[^，。]{0,4}(?:彻底|干脆|完全|索性|更)")
"""今天彻底不制冷: how far it has come by now, no beginning where another day was told before it."""
WITHIN_ANSWER = 4
"""A day so near to the beginning of an utterance is the answer to the question before it."""
_FIRST_TIME = re.compile("(?:头一?[回次]|第一[回次]|最早|最开始|一开始|最初|起初|起先)(?:是|在|就是)?$")
"""头一回是上礼拜三: when it happened first."""

_FIRST_TOLD = re.compile("(?:夜里|晚上|早上|下午)?(?:是)?(?:头一?[回次]|第一[回次])(?!来|修|报|打)")
"""前天晚上头一回: the same, said after it."""


def _began_on(talk: Talk, turn: Turn, asked: bool) -> Found | None:
    best = None
    bought = not asked and "purchase_date" in talk.asked(turn.index)
    for w in _past_days(talk, turn):
        if bought and w.start < WITHIN_ANSWER:
            continue
        before, after = turn.read[max(0, w.start - 4) : w.start], turn.read[w.end : w.end + 12]
        stop = re.search("[。？！?!]", after)
        after = after[: stop.start()] if stop else after
        if (
            NOT_OURS.search(turn.read[max(0, w.start - 14) : w.start])
            or (_ONSET_NOT.search(after[:8]) and not _SINCE.match(after) and not _FOUND_SO.match(turn.read, w.end))
            or _BY_TURNS.match(after)
            or _TOLD_THEN.match(after)
            or _BETTER.match(turn.read, w.end)
            or re.match("不?就?是|几号|星期|礼拜|过[几一两三四五六七]天", after)
            or "还没" in after[:4]
            or ("还好" in after[:4] and not _THAT_NIGHT.match(turn.read, w.end))
        ):
            continue
        if best and (
            _FIRST_TIME.search(turn.read[: best.start])
            or _FIRST_TOLD.match(turn.read, best.end)
            or _FIRST_SIGN.match(turn.read, best.end)
            or _AT_LAST.match(after)
        ):
            continue
        if (
            asked
            or _BEGAN.search(after)
            or _FIRST_TOLD.match(after)
            or _SINCE.match(after)
            or _FOUND_SO.match(turn.read, w.end)
            or _THAT_NIGHT.match(turn.read, w.end)
            or re.match(".{0,4}的事|发生的|那天开始|那天的事", after)
            or _FIRST_TIME.search(turn.read[: w.start])
            or (
                before.endswith("就")
                and turn.read.startswith("今", w.start)
                and w.day == talk.context.started_at.date()
                and re.match("[，。]|$", after)
            )
            or (re.search("从|打|自", before[-2:]) and re.search("就|开|起", after))
        ):
            best = w
    if best is None or best.day is None:
        return None
    value = best.day.isoformat()
    return Found("onset", value, value, "onset.day", SlotState.HEARD, (Span(turn.index, best.start, best.end),), 0.85)


_JUST_NOW = re.compile("刚才|刚刚|方才|这会儿|(?:分钟|小时|钟头)(?:以|之)?前")


def _just_now(talk: Talk, turn: Turn, asked: bool) -> Found | None:
    """刚才闻到的: today."""
    for m in _JUST_NOW.finditer(turn.read):
        after = re.split("[。？！?!]", turn.read[m.end() : m.end() + 14])[0]
        ago = m.group().endswith("前") and re.match("[，。]|$", after)
        if asked or ago or (_BEGAN.search(after) and not _ONSET_NOT.search(after[:6])):
            value = talk.context.started_at.date().isoformat()
            span = Span(turn.index, m.start(), m.end())
            return Found("onset", value, value, "onset.day", SlotState.HEARD, (span,), 0.8)
    return None


def _lasted(talk: Talk, turn: Turn, asked: bool) -> Found | None:
    for m in _LASTED.finditer(turn.read):
        before, after = turn.read[max(0, m.start() - 5) : m.start()], turn.read[m.end() : m.end() + 5]
        owned = "purchase_date" in talk.asked(turn.index) and m.start() < 4
        if not m.group("end") and not (asked and _HEDGED.fullmatch(turn.read[: m.start()])):
            continue
        if not asked and (owned or re.search("催|没人|没消息|没动静", turn.read)):
            continue
        if re.search(
            r"第|用|买|装|住|保|修了|等|送|报|没洗|洗了|拖|过去|打了|签收|收到|收货|寄|退|申请",
            before + turn.read[m.start() : m.start("span")],
        ) or re.search("没洗|没换|没人|没修|^.?[买装购]", after):
            continue
        if (
            asked
            or m.group("end") != "了"
            or _BEGAN.search(turn.read)
            or (_MONTHS.search(m.group("span")) and re.match("[，。,.！]|$", after))
        ):
            span = re.sub("礼拜", "星期", m.group("span"))
            value = f"{span}前"
            return Found(
                "onset",
                value,
                value,
                "onset.lasted",
                SlotState.HEARD,
                (Span(turn.index, m.start("span"), m.end()),),
                0.75,
            )
    return None


def _last_month(said: str, today: date) -> str | None:
    """The last time it was that month (七月中旬)."""
    month = spoken_int(said)
    return f"{_months_back(today, (today.month - month) % 12):%Y-%m}" if month and month <= 12 else None


_VAGUE_BEGAN = re.compile(r".{0,4}(?:开始|就(?!是?来)|突然|坏|出现|发现|才(?!能|有)|起|老)")
_TROUBLE = re.compile(
    r"[^。？?！来能空约修]{0,20}?(?:滴|漏|响|坏|停|跳|闪|老是|总是?|越来越|经常|没法|(?<!能)(?<!行)不(?:热|冷|凉|转|亮|制|出|通|动|太|怎么|灵|工作|好使|好用))"
)
"""What a stretch of days up to now is said to have brought: 这半个月炒菜的时候油往下滴."""


def _vaguely(talk: Talk, turn: Turn, asked: bool) -> Found | None:
    for m in sorted(_VAGUE.finditer(turn.read), key=lambda m: not m.group("month")):
        if NOT_OURS.search(turn.read[max(0, m.start() - 10) : m.start()]):
            continue
        after = turn.read[m.end() : m.end() + 6]
        word = m.group("word")
        told = asked or _VAGUE_BEGAN.match(after) or (word[0] in "这近最" and _TROUBLE.match(turn.read, m.end()))
        if told and not _ONSET_NOT.search(after):
            value = word
            if m.group("month"):
                value = _last_month(m.group("month"), talk.context.started_at.date()) or word
            elif re.match("上个?月", word):
                last = talk.context.started_at.date().replace(day=1) - timedelta(days=1)
                value = f"{last:%Y-%m}"
            elif re.match("上个?(?:周|星期|礼拜)", word):
                value = "上周"
            return Found(
                "onset", value, value, "onset.vague", SlotState.HEARD, (Span(turn.index, m.start(), m.end()),), 0.8
            )
    return None
