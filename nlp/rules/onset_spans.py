"""How long the trouble has lasted, and beginnings that are told without a day: 有半个月了, 过完年就这样, 搬进来以后."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

from nlp.dialogue import Found, Span, Talk, Turn
from nlp.normalize import spoken_int
from nlp.rules.appliance import NOT_OURS
from nlp.rules.befell import Befell, befell
from nlp.rules.onset_asked import WITHIN_ANSWER, heads
from nlp.rules.onset_days import BEGAN, ENDS, NO_BEGINNING, SINCE
from nlp.rules.past import months_back, past_days
from nlp.types import SlotState

_HEDGE = "头(?=[十二])|大概其?|差不多|大约|约莫|应该|可能|估计|好像|怕是?|将近|接近|也就|起码|少说|顶多|满打满算"
_LASTED = re.compile(
    rf"(?:有|{_HEDGE}|都|快|已经|得有|能有|断断续续|持续|得)*(?<![这那前后每第一两二三四五六七八九十几])(?<!头(?=[一两几三]))(?P<span>(?:个把|一个多|两个多|半个多|[一二两三四五六七八九十]个半|[一二两三四五六七八九十几好\d]+个?(?:多|来)?|(?:小|大)?半(?:个|拉)?(?:多|来)?|小[一半]?个?)(?:星期|礼拜|月|周|天|年)(?:多(?!了[好几两一二三四五六七八九十百]))?)(?P<about>左右|上下|出头|不到|的?(?:样子|光景))?(?P<end>有?了|前|以前|之前|的事|来(?=[，。]|$)|(?=[，。吧啊]|$))"
)
_HEDGED = re.compile(f"(?:[啊哎呃嗯哦那这，]|{_HEDGE}|得有|能有|有|就|得|都|快|已经|断断续续|持续)*[，]?")
_MONTHS = re.compile("星期|礼拜|月|周|天")
_HOURS = re.compile(
    rf"(?P<hedge>(?:[啊哎呃嗯哦那，]|{_HEDGE}|得有|能有|有|就|都|快|得)*)(?P<span>(?:(?:[一二两三四五六七八九十]|十[一二三])?个?(?:多|把)?半?个?多?(?:小时|钟头)|半天|[一二两三四五六七八九十几\d]+来?分钟))(?:左右|多)?(?:[了吧啊]|[以之]?前)*(?=[，。]|$)"
)
"""半个钟头了: it began today."""
_CHASED = re.compile(
    "(?:啥时候|什么时候|哪天|几时|何时)[^，。？]{0,4}(?:修|来|装|上门|送|退)|催|没人|没消息|没动静|没[个有]?(?:信儿?|音信?|下文|回音)(?!号)|没到账|(?<![没想未])报的?修|报了|寄修|退给|客服[^。]{0,6}说|修得怎么样|等了|你们[^，。]{0,6}还"
)
"""Who says so counts the days since he called."""
_NOT_LASTED = re.compile(
    "第|用|买|装|住|保|修了|等|送|报|没洗|洗了|拖|过去|打了|签收|收到|收货|寄|退|申请|开业|结婚|出差|在外|旅游|老家|请假|请了|休了|没用|没开|没在|停了|关了|[放晾晒试找跑泡锁]了|[在里]面$"
)
_FEAST = (
    "国庆|中秋|五一|十一|元旦|春节|过年|端午|清明|开学|入伏|立[春夏秋冬]|[夏冬]至|[春秋]分|霜降|[处大小]暑|[白寒]露"
    "|降温|寒潮|下大?[雪雨]|台风|停[电水]|打雷|供暖|搬家|装修|放?[暑寒]假|中考|高考|双十一|放假"
)
_VAGUE = re.compile(
    rf"(?P<word>这(?P<span>半|[一两三](?:[两三四])|[一两几三])个?(?:多)?(?:月|星期|礼拜|周)(?:以?来)?|(?:这个?|本)月(?:(?P<part>[底初]|中旬?|上旬)|(?=[吧才就，。]))|(?<![一二三四五六七八九十个这那本上下每])月(?:[初底]|中旬?)(?=[吧就，。那]|$)|(?:{_FEAST})(?:(?:放假|长假|节|那[几两]?天|假期)?(?:以后|之后|过后|过?完|前后|回来(?=，?(?:就|便|开始|发现)))|(?:那(?:[几两]天|天|次)|期间|那会儿?|那阵子?|那时候|前几天|放假那[几两]天))|近(?:半个?月|几天)|(?<!\d)(?P<month>[一二三四五六七八九十]{{1,2}})月(?:份|[初底末]|中旬?|[上下]旬|(?=供暖|就|开始|起|[，。吧那]))(?!\d)|上(?:个)?(?:周|星期|礼拜)(?![一二三四五六日天末])|上上?个?周末|上个?月(?:[底初]|中旬?|下旬|上旬)?|这几天|最近|前[几两些][天日]|头[几两]天|早几天|前些(?:日子|天)|近来|前阵子|这(?:[两些]|[一二两三][两三四])天|前段时间|前一阵子?|这阵子|这段时间|(?:[去前今]年)(?:冬天|夏天|春天|秋天|年底|年初|[春夏秋冬]里|下半年|上半年)|[腊正冬]月(?:头上|里头?|初头?|底|末|中旬?|份)|(?:一?入[春夏秋冬伏]|开春|立[春夏秋冬]|天[一转]?[冷热凉]了?|过完年|上冻|(?<![一二三四五六七八九十几多半])年前(?!头)|来暖气?|供暖|供上暖)(?:以后|之后|后|那会儿|起)?|入[春夏秋冬](?:以后|之后|后)?|一(?:供暖|降温|变天)(?=就)|天一冷|一?开春|过年(?!家|前|[^，。]{{0,6}}都在))"
)


def lasted(talk: Talk, turn: Turn, asked: bool) -> list[Found]:
    """How long it has been so: a date for so many days, else the words (约半个月前)."""
    if asked and (m := _HOURS.match(turn.read)):
        return [_found(turn, m.start("span"), m.end(), _days_ago(talk, 0), "onset.lasted", 0.75)]
    if asked and (m := _NTH_DAY.search(turn.read)) and (nth := _number(m.group("n"))):
        return [_found(turn, m.start(), m.end(), _days_ago(talk, nth - 1), "onset.lasted", 0.75)]
    if (m := _WITHOUT.search(turn.read)) and (nth := _number(m.group("n"))):
        return [_found(turn, m.start("n"), m.end(), _days_ago(talk, nth), "onset.lasted", 0.75)]
    return list(_lasted(talk, turn, asked))


def _lasted(talk: Talk, turn: Turn, asked: bool) -> Iterator[Found]:
    s = turn.read
    for m in _LASTED.finditer(s):
        if not (_is_answer(s, m) if asked and not m.group("end") else m.group("end")):
            continue
        if _NOT_LASTED.search(re.split("[，。]", s[max(0, m.start() - 5) : m.start("span")])[-1]) or re.search(
            "没洗|没换|没人|没修|^.?[买装购]|^.?过[了]?[保期]|^.?到期", s[m.end() : m.end() + 5]
        ):
            continue
        if asked or _lasts(talk, turn, m):
            yield _found(turn, m.start("span"), m.end(), _since(talk, s, m), "onset.lasted", 0.75)


def _is_answer(s: str, m: re.Match[str]) -> bool:
    """Whether a bare stretch (三四天吧) is all of an answer so far."""
    return bool(_HEDGED.fullmatch(s, 0, m.start("span"))) or heads(s, m.start())


def _lasts(talk: Talk, turn: Turn, m: re.Match[str]) -> bool:
    """Whether a stretch that nobody asked for is that of the trouble."""
    s = turn.read
    owned = m.start() < WITHIN_ANSWER or m.group("end").endswith("前")
    if re.search("(?<!半)年", m.group("span")):  # so long one owns a thing
        return False
    if (owned and "purchase_date" in talk.asked(turn.index)) or _CHASED.search(s):
        return False
    if m.group("end").endswith("前") and befell(s, m.start(), m.end()) is Befell.ERRAND:
        return False
    if m.group("end") != "了":
        return True
    done = re.match("[，。,.！]|$", s[m.end() : m.end() + 1])
    return bool(BEGAN.search(s) or (_MONTHS.search(m.group("span")) and done))


_WITHOUT = re.compile(
    "(?P<n>[一二两三四五六七八九])天(?:都|全|就)?(?:不(?:制冷|制热|热|冷|凉|转|亮|通电|出|工作|好使)|没(?:热水|电|法用|水|声音|图像|信号|[凉暖冷]气))[^，。]{0,3}了"
)
"""都三天不制冷了."""
_NTH_DAY = re.compile("今[天儿]个?(?:都|已经|是|就|，)*第(?P<n>[一二两三四五六七八九十]{1,3})天")
_EXACT = re.compile("(?P<n>[一二两三四五六七八九十]{1,3})天")


def _since(talk: Talk, s: str, m: re.Match[str]) -> str:
    """The day that many days ago; about so long ago where weeks and months are told, or the number is not sure."""
    span = m.group("span")
    exact = _EXACT.fullmatch(span)
    vague = m.group("about") or re.search(_HEDGE, s[m.start() : m.start("span")])
    if exact and not vague and (days := _number(exact.group("n"))) and days % ROUND:
        return _days_ago(talk, days - bool(_TODAY_TOO.search(s)))
    said = re.sub("来(?=星期|礼拜|周)", "", span.replace("半拉", "半个"))
    return f"{said}前" if _VAGUE_ITSELF.search(said) else f"约{said}前"


_TODAY_TOO = re.compile("(?:加上|算上|连|连上|包括)今[天儿]")
"""四天了，加上今天: today is the fourth."""
ROUND = 10
"""十天 is about so many days."""
_VAGUE_ITSELF = re.compile("把|多|来|几|好|小|大半|[一两三四五六七八九][两三四五六七八九]")


def _number(said: str) -> int:
    """三 and 十五, not 三四."""
    return 0 if re.fullmatch("[一二两三四五六七八九]{2,}", said) else spoken_int(said) or 0


def _days_ago(talk: Talk, days: int) -> str:
    return (talk.context.started_at.date() - timedelta(days=days)).isoformat()


def _found(turn: Turn, start: int, end: int, value: str, rule: str, quality: float) -> Found:
    return Found("onset", value, value, rule, SlotState.HEARD, (Span(turn.index, start, end),), quality)


def _month(said: str, today: date, years_ago: int | None) -> str | None:
    """That month of the year that was named, else the last time it was that month (七月中旬)."""
    month = spoken_int(said)
    if not month or month > 12:
        return None
    if years_ago is not None:
        return f"{today.year - years_ago}-{month:02d}"
    return f"{months_back(today, (today.month - month) % 12):%Y-%m}"


_YEARS = {"今年": 0, "去年": 1, "前年": 2}
_VAGUELY_BEGAN = re.compile(r".{0,4}(?:开始|就(?!是?来)|突然|坏|出现|发现|才(?!能)|起|老)")
_TROUBLE = re.compile(
    r"[^。？?！来能空约修]{0,20}?(?:滴|漏|响|坏|停|跳|闪|老是|总是?|越来越|经常|没法|(?<!能)(?<!行)不(?:热|冷|凉|转|亮|制|出|通|动|太|怎么|灵|工作|好使|好用))"
)
"""What a stretch of days up to now is said to have brought: 这半个月炒菜的时候油往下滴."""


def _that_day(talk: Talk, turn: Turn, after: int) -> date | None:
    """The day told behind a vague beginning, in the same sentence (从入冬第一次开就这样，十四号那天开的)."""
    stop = ENDS.search(turn.read, after)
    end = stop.start() if stop else len(turn.read)
    days = (w.day for w in past_days(talk, turn) if after <= w.start < end and turn.read.startswith("那天", w.end))
    return next(days, None)


def vague_times(s: str) -> Iterator[re.Match[str]]:
    """Times told without a day, those first that can be dated."""
    return iter(sorted(_VAGUE.finditer(s), key=lambda m: not (m.group("month") or _IN_MONTH.match(m.group("word")))))


_IN_MONTH = re.compile("上个?月|(?:这个?|本)月|月[初底中]")


def vaguely(talk: Talk, turn: Turn, asked: bool) -> list[Found]:
    """A beginning told without a day: 过完年就这样, 上个礼拜吧; or by what happened then, where it is asked for."""
    found = next(_vaguely(talk, turn, asked), None) or _after_event(turn, asked) or (_a_while(turn) if asked else None)
    return [found] if found else []


def _vaguely(talk: Talk, turn: Turn, asked: bool) -> Iterator[Found]:
    s = turn.read
    for m in vague_times(s):
        after, word = s[m.end() : m.end() + 6], m.group("word")
        if NOT_OURS.search(s[max(0, m.start() - 10) : m.start()]) or _NOT_NOW.search(s[: m.start()]):
            continue
        kind = befell(s, m.start(), m.end())
        if kind is Befell.ERRAND and not asked:
            continue
        told = (
            asked
            or _VAGUELY_BEGAN.match(after)
            or SINCE.match(s, m.end())
            or (word[0] in "这近最" and _TROUBLE.match(s, m.end()))
            or (m.group("month") and kind is Befell.TROUBLE)
        )
        if told and not ((NO_BEGINNING.search(after) and not SINCE.match(s, m.end())) or _RAN_OUT.match(after)):
            yield _found(turn, m.start(), m.end(), told_as(talk, turn, m), "onset.vague", 0.8)


_RAN_OUT = re.compile("就?(?:到期?了|过了?保|过期|满了?)")
"""去年十一月就到了: the warranty."""
_NOT_NOW = re.compile("还没(?:有|到)?$|[快等]$")


def told_as(talk: Talk, turn: Turn, m: re.Match[str]) -> str:
    """A day or a month where it follows from the words, else the words."""
    if day := _that_day(talk, turn, m.end()):
        return day.isoformat()
    word, today = m.group("word"), talk.context.started_at.date()
    year = _YEARS.get(turn.read[max(0, m.start() - 2) : m.start()])
    month = _month(m.group("month"), today, year) if m.group("month") else _this_or_last(word, today)
    if month:
        return month
    if m.group("span"):
        return f"约{re.sub('^这|以?来$', '', word)}前"
    return "上周" if _LAST_WEEK.match(word) else re.sub("(?<=.)过完$", "以后", _ONCE.sub(r"\1后", word))


def _this_or_last(word: str, today: date) -> str | None:
    """The month of 上个月 and of 月初."""
    if not _IN_MONTH.match(word):
        return None
    last = word.startswith("上") or (word.endswith("底") and today.day < MONTHS_END)
    return f"{months_back(today, int(last)):%Y-%m}"


_LAST_WEEK = re.compile("上个?(?:周|星期|礼拜)(?!末)")
_ONCE = re.compile("^一(.*?)(?:以后|之后|后)?$")
"""一入冬."""
MONTHS_END = 25
"""月底 said from this day on is the end of this month, before it that of the last."""


_EVENT = re.compile(
    "(?:[啊哎呃嗯哦，]|那(?![次回时])|大概|应该|好像|可能|就|是|也就)*(?:自从|自打|打从|从|打|自)?(?P<word>(?!(?:昨|今|前|大前)[天晚儿])(?:[^，。？?！我]|我[^，。？?！]){1,11}?(?:以后|之后|过后|[回过]来(?=就)|(?<!没)完(?:(?!没多久|没几天|不久)[^，。就没以]){0,2}|那[次回]))(?=[，就便开一老总经又吧也。没住]|不久|$)"
)
_FROM_THE_START = re.compile(
    "(?:[啊哎呃嗯哦那，]|就|是|它?)*(?:自从|打|从)?(?P<word>(?:一?(?:买|装|拿|搬)(?:回|过)?(?:来|上|好|完)|第一[次回天]用?|头一?[次回]用|刚(?:买|装)(?:回|过)?(?:来|上|好)|新?买来|开始用)(?:的时候|那天|以后)?)(?:起)?(?:就|开始|便)"
)


def _after_event(turn: Turn, asked: bool) -> Found | None:
    """搬进来以后, 上回修完: what the answer dates the beginning by."""
    s = turn.read
    m = ((_EVENT.match(s) or _FROM_THE_START.match(s)) if asked else None) or _SINCE_EVENT.search(s)
    if m is None or (not asked and befell(s, m.end("word"), m.end("word")) is not Befell.TROUBLE):
        return None
    return _found(turn, m.start("word"), m.end("word"), m.group("word"), "onset.event", 0.7)


def _a_while(turn: Turn) -> Found | None:
    """有一阵子了, 好久了: all that is known."""
    m = _A_WHILE.search(turn.read)
    if m is None or not heads(turn.read, m.start()):
        return None
    return _found(turn, m.start(), m.end(), m.group(), "onset.vague", 0.6)


_A_WHILE = re.compile(
    "(?:有(?:好)?(?:一?阵子?|一?段(?:时间|日子)|些?(?:日子|时候|时间|天)|年头)|(?:好|老|很|挺)(?:久|长(?:时间|一段时间)|些日子|一阵子?|一段时间))(?=了|[，。吧]|$)"
)
_SINCE_EVENT = re.compile(
    "(?:自从|自打|打从)(?P<word>[^，。？?！]{2,12}?(?:(?:以后|之后|过后|起|完|回来)(?=，?[^，。]{0,5}?(?:就|便|开始|一直|老|总))|(?=就|便|开始|一直)))"
)
