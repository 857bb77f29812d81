"""The day or the hour on which the trouble began, as the caller tells it."""

from __future__ import annotations

import re
from dataclasses import replace

from nlp.dialogue import TAKEN_BACK, Found, Span, Talk, Turn
from nlp.rules.appliance import NOT_OURS
from nlp.rules.befell import AMISS, Befell, befell, trouble_in
from nlp.rules.onset_asked import VISIT_ASKED, WITHIN_ANSWER, heads
from nlp.rules.past import ahead, past_days
from nlp.times import When, hour_of_day, times
from nlp.types import SlotState

BEGAN = re.compile(
    r"开始|突然|就这样|发现|才(?!报|约|打|来|收|到|买|装|送|用|换|修|拿|拆|开箱|洗|加|下单|知道|跟|讲|说|告诉|和|[一两半几])|(?:起来|早上|回家|下班)一看|(?<!我)自己(?!又?好|恢复)|就(?:觉得|感觉|觉着|感觉到|听见|听到|闻到|闻着|发觉|有)|有(?:过|了)?一(?:下|回|点)(?!事|忙)|^.{0,3}(?:的事|来的)(?=[，。]|$)|坏(?:的|了)|^.{0,5}(?:漏|冒|滴|响|跳闸|灭|炸|闻到)|(.)着\1着|黑屏|死机|(?:就|又|还是)(?:灭|黑|报(?!了?修|过)|关|一直|不|没|老|有|是|出|停|打|开|漏|响|坏)|半夜|起来|以来|出(?:的|现)|还好好|炸|停的|这样的|不(?:热|冷|转|亮|制|凉|出|通|动|响)"
)
NO_BEGINNING = re.compile(
    r"帮我|买|签收|送到|装的|安装|报的|来装|来修|洗的(?!.候)|换的|约|联系|打(?:过|了)?电话|(?<![看听闻碰遇感])到的|[下拍]的[单货]?|付的款|用了|等了|预约|搬|保养|清洗|刚到|发货|下单|寄|退|不要了|取消"
)
SINCE = re.compile("[^，。]{0,8}(?:以后|之后|过后|完|完了)[，]?(?:就|便|开始|一直)")
"""昨天换了路由器以后就: what was done then is when it began."""


_FOUND_SO = re.compile(
    "[^。？?]{0,22}(?:一看[^。]{0,6}(?:就这样|就不|就没|全是|都是|满|[没不])|[^，。](?:一(?:按|开|打开|插|插上|碰|摸|点|通电|拧))[^，。]{0,5}就[^，。]{0,3}(?:冒|炸|跳|黑|灭|漏|响|麻|喷))"
)
"""昨晚洗的，早上起来一看满地是水: how it was found."""
_THAT_NIGHT = re.compile(
    "[^。？?]{0,6}还好(?:好的?|着)?(?:呢)?，(?:到了?)?(?:晚上|下午|夜里|半夜|傍晚|中午|后来)[^，。]{0,4}(?:就|突然)"
)
"""昨天还好好的，晚上突然就不转了: still that day."""
_MEANWHILE = re.compile("[^，。]{0,6}(?:忙(?!的)|人多|没空|没顾|没管|没当回事)")
"""过年忙没管它: why nobody saw to it."""
_BY_TURNS = re.compile("[^，。]{1,8}，?(?:明天|后天)[^，。]{0,4}(?:不|又|没|好|都)")
"""今天转明天又不转: a way of saying now and then."""
_TOLD_THEN = re.compile("[^，。]{0,3}才(?:告诉|跟|和|讲|说)")
"""他昨天才告诉我: when the caller was told of it."""
_BETTER = re.compile("[^。？?，]{0,8}(?:自己(?:又)?好|(?:又|自己|就)(?:恢复|正常|好了))")
"""今天早上它自己好了: when the trouble ended."""
_FIRST_SIGN = re.compile(
    "[^，。]{0,4}就(?:觉得|感觉|觉着|听见|听到|闻到|闻着|发觉|有点|有一?点儿?|开始)|[^，。]{0,3}有(?:过|了)?(?:一|那么)(?:下|回|点)"
)
"""昨天晚上我就觉得有点麻: the first sign, whatever happened after it."""
_AT_LAST = re.compile("[^，。]{0,4}(?:彻底|干脆|完全|索性|更|直接|连|味道?[更重浓大]|[浓重]了|厉害)")
"""今天彻底不制冷: how far it has come by now, no beginning where another day was told before it."""
_AGAIN = re.compile("[^，。]{0,6}(?:又|还是)")
"""前天又是不冷: it had begun on the day that was told before."""
_FIRST_TIME = re.compile("(?:头一?[回次]|第一[回次]|最早|最开始|一开始|最初|起初|起先)(?:是|在|就是)?$")
"""头一回是上礼拜三: when it happened first."""

_FIRST_THEN = re.compile("[^。？?，]{0,6}，(?:就|头一?[回次]|第一[回次])")
"""今天早上洗的，头一回这样: what was done when it showed first."""
_FIRST_TOLD = re.compile("(?:夜里|晚上|早上|下午)?(?:是)?(?:头一?[回次]|第一[回次])(?!来|修|报|打)")
"""前天晚上头一回: the same, said after it."""


_BEFORE_A_NUMBER = ("楼", "内", "路", "街", "巷", "弄", "院", "幢", "栋", "村", "单元")
"""二十四号楼内一号: a house, no day of the month."""
_REMEMBERED = re.compile("记得(?:就?是|在)?$")
"""我记得是六一那天: a day recalled by what it spoilt."""
_BACK_THEN = re.compile("[^，。]{0,4}才[^，。]{0,6}(?:回来|回家|到家|有空|休息|下班|放假)(?![，。]?(?:一看|发现))")
"""星期六晚上才从外地回来: when somebody will be at home."""


def _stands(s: str, first: When, later: When) -> bool:
    """Whether trouble was told of the first day already, and not taken back before the later one."""
    told = befell(s, first.start, first.end) is Befell.TROUBLE
    between = re.sub(AMISS, "", s[first.end : later.start])
    return told and not (TAKEN_BACK.search(between) or _FINE_THEN.search(between))


_FINE_THEN = re.compile("好好的|还[好行能]|没事")


def began_on(talk: Talk, turn: Turn, asked: bool) -> list[Found]:
    """The days of the turn on which trouble is said to have begun, the likeliest first."""
    told = [w for w in _candidates(talk, turn, asked) if asked or _tells(talk, turn, w)]
    best: When | None = None
    for w in told:
        if best is None or not _holds(turn.read, best, w, asked):
            best = w
    if best is None:
        return []
    best = _worse_since(talk, turn, best)
    ordered = [best, *(w for w in told if w.start != best.start)]
    return [_on(turn, w.start, w.end, w.day.isoformat()) for w in ordered if w.day]


def _on(turn: Turn, start: int, end: int, value: str, quality: float = 0.85) -> Found:
    return Found("onset", value, value, "onset.day", SlotState.HEARD, (Span(turn.index, start, end),), quality)


def _candidates(talk: Talk, turn: Turn, asked: bool) -> list[When]:
    """Days that may be the beginning: an errand's, or one on which all was well, only where nothing else answers."""
    topics = talk.asked(turn.index)
    bought = not asked and "purchase_date" in topics
    visit = not asked and turn.question is not None and VISIT_ASKED.search(turn.question.read)
    possible = [
        w
        for w in days_told(talk, turn, asked)
        if w.day
        and not (bought and w.start < WITHIN_ANSWER)
        and not (visit and (ahead(talk, turn, w) or befell(turn.read, w.start, w.end) is not Befell.TROUBLE))
        and not _ruled_out(turn.read, w)
    ]
    kinds = [befell(turn.read, w.start, w.end) for w in possible]
    sound = [w for w, kind in zip(possible, kinds, strict=True) if kind not in (Befell.ERRAND, Befell.FINE)]
    return sound or (possible if asked else [])


def days_told(talk: Talk, turn: Turn, asked: bool) -> list[When]:
    """Past days of the turn; where the beginning is asked for, a half of today too (早上起来就这样)."""
    days = past_days(talk, turn)
    if not asked:
        return days
    return sorted([*days, *(w for w in todays_halves(talk, turn) if heads(turn.read, w.start))], key=lambda w: w.start)


def todays_halves(talk: Talk, turn: Turn) -> list[When]:
    """Halves of today that are over or running (中午刚开起来)."""
    called = talk.context.started_at
    spoken = turn.once("times", lambda _: times(turn.read, called))
    return [
        replace(w, day=called.date())
        for w in spoken
        if w.day is None
        and w.part
        and (w.begin is None or hour_of_day(w.begin, w.part) <= called.hour)
        and w.part[0] <= called.hour
        and not w.relation
        and _TODAYS.match(turn.read, w.start)
        and not _BY_HABIT.search(turn.read[: w.start])
    ]


_TODAYS = re.compile("上午|[早清一]早|早[上晨]|中午|下午|午后|傍晚|晚上")
_BY_HABIT = re.compile("(?:每天?|天天|一到|到了?|一般|平时|白天|有[时的](?:候)?|老是?|总是?|[前昨]天?)[^，。]{0,2}$")
"""一到中午就: no day of its own."""


def _ruled_out(s: str, w: When) -> bool:
    """Whether the words around a day say that it is no beginning."""
    before, after = s[max(0, w.start - 4) : w.start], _to_stop(s, w.end)
    told = befell(s, w.start, w.end)
    return bool(
        NOT_OURS.search(s[max(0, w.start - 14) : w.start])
        or (NO_BEGINNING.search(after[:8]) and not any(p.match(s, w.end) for p in _LED_ON))
        or _MEANWHILE.match(s, w.end)
        or (told is not Befell.TROUBLE and _BACK_THEN.match(after))
        or before.endswith(("到", "至", "加上", "算上", "连", *_BEFORE_A_NUMBER))
        or _BY_TURNS.match(after)
        or _TOLD_THEN.match(after)
        or _BETTER.match(s, w.end)
        or _COUNTED.match(after)
        or (_TODAY_IS.fullmatch(s[w.start : w.end]) and after.startswith(("，", "了")))
        or _SOME_DAYS.fullmatch(s, w.start, w.end)
        or (_SOME_DAYS.match(after) and not _ONE_DAY.search(s[w.start : w.end]))
        or "还没" in after[:4]
        or ("还好" in after[:4] and not _THAT_NIGHT.match(s, w.end))
    )


_SOON = re.compile("[^。？?]{0,16}(?:没|不到)[一几两半][^，。]{0,4}(?:小时|钟头|会儿|分钟)[，]?就")
"""昨天修完没一个小时就又不热了."""
_LED_ON = (SINCE, _FOUND_SO, _FIRST_THEN, _SOON)
"""What was done on that day led to the trouble, or showed it."""
_COUNTED = re.compile(
    "，?才过了?[几一两三四五六七]天|不?就?是|几号|星期|礼拜|(?:都|就|是|已经)*第[一二两三四五六七八九十几]+天|[都才就]?[几一二三四五六七八九十]+号(?=了)|才?过了?[几一两三四五六七]天"
)
"""今天都第四天了, 今天才周二: a day to count from."""


_TODAY_IS = re.compile("今[天儿]个?(?:是|，)?(?:周|星期|礼拜).")
"""今天礼拜三，应该是…: a day to count from."""
_SOME_DAYS = re.compile("[^，。]{0,6}?(?:那[几两]天|期间|前后|那阵|那会儿?)")
"""国庆那几天, 国庆在家那几天: no single day."""
_ONE_DAY = re.compile("[今昨前][天儿早晚日个]|[周期拜][一二三四五六日天]|[号日]|初[一二三四五六七八九十]")
"""今天中午做饭那阵: a single day all the same."""


def _to_stop(s: str, at: int) -> str:
    """What follows a day in its sentence, a few words of it."""
    after = s[at : at + 12]
    stop = ENDS.search(after)
    return after[: stop.start()] if stop else after


ENDS = re.compile("[。？！?!]")


def _tells(talk: Talk, turn: Turn, w: When) -> bool:
    """Whether trouble is said to have begun on that day."""
    s = turn.read
    before, after = s[max(0, w.start - 4) : w.start], _to_stop(s, w.end)
    bought = "purchase_date" in talk.asked(turn.index)
    return bool(
        BEGAN.search(after)
        or _FIRST_TOLD.match(after)
        or any(p.match(s, w.end) for p in (SINCE, _FOUND_SO, _SOON))
        or _THAT_NIGHT.match(s, w.end)
        or re.match(".{0,4}的事|发生的|那天开始|那天的事", after)
        or _FIRST_TIME.search(s[: w.start])
        or (not bought and _REMEMBERED.search(s[: w.start]) and re.search("那[天晚]", s[w.start : w.end + 2]))
        or (
            before.endswith("就")
            and s.startswith("今", w.start)
            and w.day == talk.context.started_at.date()
            and re.match("[，。]|$", after)
        )
        or (re.search("从|打|自", before[-2:]) and re.search("就|开|起", after))
        or _told_last(s, w.start, w.end)
    )


def _told_last(s: str, start: int, end: int) -> bool:
    """Whether a time stands alone behind the trouble that it is told of (突然就黑了，就昨天)."""
    head = _ALONE_BEFORE.search(s, 0, start)
    return bool(head and _ALONE_AFTER.match(s, end) and trouble_in(_last_clause(s[: head.start()])))


_ALONE_BEFORE = re.compile("[，。](?:就|也就|就是|是|大概|好像|应该是?)*$")
_ALONE_AFTER = re.compile(
    "(?:的事|那天|[早晚]上|夜里|吧|啊|呢)*(?:[。！!]|$|，(?![^，。]{0,8}(?:来|修|到|装|约|送|买|能|行|可以|有空|方便|在家)))"
)


def _last_clause(s: str) -> str:
    return re.split("[，。？！?!]", s)[-1]


def _holds(s: str, best: When, later: When, asked: bool) -> bool:
    """Whether the beginning told before stands beside a later day."""
    after = _to_stop(s, later.end)
    if asked and heads(s, best.start) and _COMPLETE.match(s, best.end):
        return not (TAKEN_BACK.search(s, best.end, later.start) or _NOT_THAT.search(s, best.end, later.start))
    return bool(
        _stands(s, best, later)
        or befell(s, later.start, later.end) is Befell.FINE
        or _FIRST_TIME.search(s[: best.start])
        or _FIRST_TOLD.match(s, best.end)
        or _FIRST_SIGN.match(s, best.end)
        or _AT_LAST.match(after)
        or _AGAIN.match(after)
    )


_COMPLETE = re.compile(
    "(?:那天|那晚|[早晚]上|夜里)?(?:[吧嘛呢啊的了呀啦嗯]|开始|左右|的时候|就有)*(?:[，。]|$)|[^，。]{0,3}有(?:过|了)?(?:一|那么)(?:下|回|点)"
)
"""The day is the whole answer, or its first sign."""
_NOT_THAT = re.compile("[，。…](?:哦|噢|啊|嗯)*不[，。]|还是|来着")


def _worse_since(talk: Talk, turn: Turn, best: When) -> When:
    """The earlier day of which trouble was told already, where ``best`` only tells how bad it has become."""
    if not _AT_LAST.match(_to_stop(turn.read, best.end)):
        return best
    earlier = (w for w in past_days(talk, turn) if w.day and w.start < best.start and not _ruled_out(turn.read, w))
    return next((w for w in earlier if _stands(turn.read, w, best)), best)


_JUST_NOW = re.compile(
    "刚才|刚(?=[^，。]{1,2}着)|刚(?=起床|起来|睡醒|下班|开门|吃[^，。]{0,3}饭|回来|到家|做饭)|刚刚|方才|这会儿|(?:分钟|小时|钟头)(?:以|之)?前"
)


_STRUCK = re.compile(
    "(?!在?(?:电话|跟|和|说|讲|那|打|试|又|我?按你))[^。？?试换拔说讲又]{0,16}(?<![还也都])(?:麻了|电了|触电)"
)
"""刚才洗澡，手一碰水龙头麻了一下: somebody was struck at that time."""


_ALARM = re.compile("(?:就|突然)?(?:冒烟|着火|起火)")
"""刚刚冒烟了！: the alarm is raised, nobody asks since when."""
_OUR_WORD = re.compile("[^，。]{0,3}(?:你们|师傅|客服)[^，。]{0,3}[说讲]|[^，。]{0,10}(?:打电话|来电|短信|号码)")
"""刚才你们师傅说冒烟是正常的: what we said, no beginning."""


def just_now(talk: Talk, turn: Turn, asked: bool) -> list[Found]:
    """刚才闻到的: today."""
    for m in _JUST_NOW.finditer(turn.read):
        after = re.split("[。？！?!]", turn.read[m.end() : m.end() + 14])[0]
        ago = m.group().endswith("前") and re.match("[，。]|$", after)
        struck = m.group().startswith(("刚", "方")) and _STRUCK.match(turn.read, m.end())
        if not asked and ((m.group() == "刚" and after[1:2] != "着") or _ALARM.match(after)):
            continue
        if (
            asked
            or ago
            or _told_last(turn.read, m.start(), m.end())
            or struck
            or (BEGAN.search(after) and not NO_BEGINNING.search(after[:6]) and not _OUR_WORD.match(after))
        ):
            value = talk.context.started_at.date().isoformat()
            return [_on(turn, m.start(), m.end(), value, 0.8)]
    return []
