"""onset: since when the trouble is there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta

from nlp.dialogue import TAKEN_BACK, Found, Span, Talk, Turn, Verdict, asks
from nlp.normalize import spoken_int
from nlp.rules.appliance import NOT_OURS
from nlp.rules.befell import AMISS, Befell, befell
from nlp.rules.past import months_back, past_days
from nlp.times import When, times
from nlp.types import SlotState

_BEGAN = re.compile(
    r"开始|突然|就这样|发现|才(?!报|约|打|来|收|到|买|装|送|用|换|修|拿|拆|开箱|洗|加|下单|知道|跟|讲|说|告诉|和|[一两半几])|(?:起来|早上|回家|下班)一看|(?<!我)自己(?!又?好|恢复)|就(?:觉得|感觉|觉着|感觉到|听见|听到|闻到|发觉)|坏(?:的|了)|^.{0,5}(?:漏|冒|滴|响|跳闸|灭|炸|闻到)|(.)着\1着|黑屏|死机|(?:就|又|还是)(?:灭|黑|报(?!了?修|过)|关|一直|不|没|老|有|是|出|停|打|开|漏|响|坏)|半夜|起来|以来|出(?:的|现)|还好好|炸|停的|这样的|不(?:热|冷|转|亮|制|凉|出|通|动|响)"
)
_ONSET_NOT = re.compile(
    r"帮我|买|签收|送到|装的|安装|报的|来装|来修|洗的(?!.候)|换的|约|联系|打(?:过|了)?电话|(?<![看听闻碰遇感])到的|[下拍]的[单货]?|付的款|用了|等了|预约|搬|保养|清洗|刚到|发货|下单|寄|退|不要了|取消"
)
_LASTED = re.compile(
    r"(?:有|大概|差不多|大约|都|快|已经|得有|能有|断断续续|持续|好像|约)*(?P<span>(?:个把|一个多|两个多|半个多|[一二两三四五六七八九十]个半|[一二两三四五六七八九十几好\d]+个?(?:多|来)?|半[个拉]?(?:多|来)?|小[一半]?个?)(?:星期|礼拜|月|周|天|年)(?:多(?!了[好几两一二三四五六七八九十百]))?)(?P<about>左右|上下|的?(?:样子|光景))?(?P<end>了|前|以前|之前|的事|来(?=[，。]|$)|(?=[，。吧啊]|$))"
)
_HEDGED = re.compile("[啊哎呃嗯哦，]*(?:大概|差不多|大约|应该|可能|得有|有|也就|就)*[，]?")
_MONTHS = re.compile("星期|礼拜|月|周|天")
_VAGUE = re.compile(
    r"(?P<word>这(?:半|[一两几]|[一两三]四?)个?(?:多)?(?:月|星期|礼拜|周)(?:以?来)?|(?:这个?|本)月(?:[底初]|中旬?|上旬)|(?:国庆|中秋|五一|十一|元旦|春节|过年|端午|清明|开学|入伏|立[春夏秋冬]|[夏冬]至|[春秋]分|霜降|[处大小]暑|[白寒]露|供暖|搬家|装修)(?:放假|长假|节|那[几两]?天|假期)?(?:以后|之后|过后|过?完|前后|回来(?=，?(?:就|便|开始|发现)))|近(?:半个?月|几天)|(?<!\d)(?P<month>[一二三四五六七八九十]{1,2})月(?:份|[初底末]|中旬?|[上下]旬)(?!\d)|上(?:个)?(?:周|星期|礼拜)(?![一二三四五六日天末])|上个?月(?:[底初]|中旬?|下旬|上旬)?|这几天|最近|前[几两些]天|头[几两]天|早几天|前些日子|近来|前阵子|这[两些]天|前段时间|这阵子|(?:去|前)年(?:冬天|夏天|春天|秋天|年底|年初)|入[春夏秋冬](?:以后|之后|后)?|开春(?:以后|之后|后)?|过完年(?:以后|之后|后)?|一(?:供暖|降温|变天)(?=就)|天一冷|一?开春|过年(?!家|[^，。]{0,6}都在))"
)


def onsets(talk: Talk) -> list[Found]:
    """Every beginning of the trouble said."""
    return [found for _, found in talk.gather("onset", _onsets)]


def settle(talk: Talk, symptoms: Iterable[Span] = (), belongs: Callable[[Span], bool] = lambda _: True) -> Found | None:
    """Since when: an ISO date where it follows from the words, else the words; else the day told with a symptom.

    ``symptoms``: where the caller names what is wrong; ``belongs``: which places are about the appliance.
    """
    said = (f for f in talk.gather("onset", _onsets) if belongs(f[1].spans[0]))
    told = min(said, key=lambda f: f[0], default=(0, None))[1]
    beside = told or next((f for span in symptoms if belongs(span) and (f := _with_symptom(talk, span))), None)
    return beside or next((f for f in talk.gather("onset.troubled", _troubled) if belongs(f.spans[0])), None)


def _with_symptom(talk: Talk, symptom: Span) -> Found | None:
    """The day named last before a symptom in the same sentence (昨天洗到一半，底下往外流水)."""
    turn = talk.turns[symptom.turn]
    for w in reversed(past_days(talk, turn)):
        between = turn.read[w.end : symptom.start]
        if w.end > symptom.start or len(between) > NEAR:
            continue
        other = befell(turn.read, w.start, w.end) in (Befell.ERRAND, Befell.FINE)
        if other or _ENDS.search(between) or _NOT_SINCE.search(between) or NOT_OURS.search(turn.read[: w.start]):
            return None
        value = w.day.isoformat() if w.day else ""
        span = Span(turn.index, w.start, w.end)
        return Found("onset", value, value, "onset.with_symptom", SlotState.HEARD, (span,), 0.75)
    return None


def _troubled(_talk: Talk, turn: Turn) -> Iterator[Found]:
    """The first past day, or half of today, that a trouble is told of in the same sentence."""
    if turn.by_agent or (turn.question and _ANOTHER_MATTER & asks(turn.question)):
        return
    for w in _days_and_halves(_talk, turn):
        if befell(turn.read, w.start, w.end) is Befell.TROUBLE and not NOT_OURS.search(
            turn.read[max(0, w.start - 14) : w.start]
        ):
            value = w.day.isoformat() if w.day else ""
            span = Span(turn.index, w.start, w.end)
            yield Found("onset", value, value, "onset.troubled", SlotState.HEARD, (span,), 0.7)
            return


_ANOTHER_MATTER = frozenset({"appointment", "purchase_date"})
"""Questions whose answer names other days."""


def _days_and_halves(talk: Talk, turn: Turn) -> list[When]:
    """Past days, and the half of today that is over or running (中午刚开起来)."""
    called = talk.context.started_at
    spoken = turn.once("times", lambda _: times(turn.read, called))
    halves = [
        replace(w, day=called.date())
        for w in spoken
        if w.day is None
        and w.part
        and w.begin is None
        and w.part[0] <= called.hour
        and not w.relation
        and _TODAYS.match(turn.read, w.start)
        and not _BY_HABIT.search(turn.read[: w.start])
    ]
    return sorted([*past_days(talk, turn), *halves], key=lambda w: w.start)


_TODAYS = re.compile("上午|[早清一]早|早[上晨]|中午|下午|午后|傍晚|晚上")
_BY_HABIT = re.compile("(?:每天?|天天|一到|到了?|一般|平时|白天|有[时的](?:候)?|老是?|总是?|[前昨]天?)[^，。]{0,2}$")
"""一到中午就: no day of its own."""
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
    asked = "onset" in talk.asked(turn.index) or _answers_a_guess(talk, turn)
    for order, rule in enumerate((_began_on, _just_now, _lasted, _vaguely)):
        if one := rule(talk, turn, asked):
            said = turn.read[one.spans[0].end :].startswith(("开始", "就开始"))
            answered = "onset" in talk.asked(turn.index) and one.spans[0].start <= WITHIN_ANSWER
            yield (-1 if (said or answered) and rule is not _vaguely else order), one


def _agreed(talk: Talk, turn: Turn) -> Found | None:
    """The agent's guess (今天发现的是吧, 是从昨天开始的吗) that the caller agrees to."""
    for w in past_days(talk, turn):
        if w.day and _GUESSED.match(turn.read, w.end) and _agrees(talk, turn):
            value = w.day.isoformat()
            span = Span(turn.index, w.start, w.end)
            return Found("onset", value, value, "onset.agreed", SlotState.CONFIRMED, (span,), 0.85)
    return None


def _agrees(talk: Talk, turn: Turn) -> bool:
    """Whether the caller agrees, be it behind the answer to another question (是美的的吗，今天才坏的？—美的，对)."""
    verdict, reply = talk.answer(turn.index)
    return verdict is Verdict.YES or bool(verdict is Verdict.OPEN and reply and _YES_TOO.match(reply.read))


_YES_TOO = re.compile("[^，。？?]{1,6}，(?:对|是的?|没错)(?=[，。]|$)")
_GUESSED = re.compile("[^，。？?]{0,4}(?:才|刚|就)?(?:发现|开始|出现|坏)")


def _answers_a_guess(talk: Talk, turn: Turn) -> bool:
    """Whether the caller answers a guess at the beginning (今天开始的吗, 以前有过吗) with a day."""
    question = turn.question
    if question is None or not _GUESS_ASKED.search(question.read):
        return False
    days = (w for w in past_days(talk, turn) if w.start <= WITHIN_ANSWER and w.day)
    return any(befell(turn.read, w.start, w.end) is not Befell.ERRAND for w in days)


_GUESS_ASKED = re.compile(
    "(?:今[天早晚]|昨[天晚]|前[天晚]|最近|刚刚?|才|突然)[^，。？?买装]{0,4}(?:开始|发现|出现|坏|这样)的?(?:[吗么吧]|是吧|对吧)?[？?]"
    "|(?:以前|之前|原来|平时)[^，。？?]{0,3}(?:有过|有没有(?:过|出现)|出现过|发生过|这样过)"
    "|一直(?:都)?(?:是)?这样[，]?还是"
)


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
_MEANWHILE = re.compile("[^，。]{0,6}(?:忙(?!的)|人多|没空|没顾|没管|没当回事)")
"""过年忙没管它: why nobody saw to it."""
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
_AGAIN = re.compile("[^，。]{0,6}(?:又|还是)")
"""前天又是不冷: it had begun on the day that was told before."""
WITHIN_ANSWER = 4
"""A day so near to the beginning of an utterance is the answer to the question before it."""
_FIRST_TIME = re.compile("(?:头一?[回次]|第一[回次]|最早|最开始|一开始|最初|起初|起先)(?:是|在|就是)?$")
"""头一回是上礼拜三: when it happened first."""

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


def _began_on(talk: Talk, turn: Turn, asked: bool) -> Found | None:
    best = None
    bought = not asked and "purchase_date" in talk.asked(turn.index)
    for w in past_days(talk, turn):
        if bought and w.start < WITHIN_ANSWER:
            continue
        before, after = turn.read[max(0, w.start - 4) : w.start], turn.read[w.end : w.end + 12]
        told = befell(turn.read, w.start, w.end)
        stop = re.search("[。？！?!]", after)
        after = after[: stop.start()] if stop else after
        if (
            NOT_OURS.search(turn.read[max(0, w.start - 14) : w.start])
            or (_ONSET_NOT.search(after[:8]) and not _SINCE.match(after) and not _FOUND_SO.match(turn.read, w.end))
            or (told in (Befell.ERRAND, Befell.FINE) and not asked)
            or (told is Befell.FINE and best)
            or _MEANWHILE.match(turn.read, w.end)
            or (told is not Befell.TROUBLE and _BACK_THEN.match(after))
            or before.endswith(("到", "至", "加上", "算上", "连"))
            or before.endswith(_BEFORE_A_NUMBER)
            or _BY_TURNS.match(after)
            or _TOLD_THEN.match(after)
            or _BETTER.match(turn.read, w.end)
            or re.match("不?就?是|几号|星期|礼拜|过[几一两三四五六七]天", after)
            or "还没" in after[:4]
            or ("还好" in after[:4] and not _THAT_NIGHT.match(turn.read, w.end))
        ):
            continue
        if best and (
            _stands(turn.read, best, w)
            or _FIRST_TIME.search(turn.read[: best.start])
            or _FIRST_TOLD.match(turn.read, best.end)
            or _FIRST_SIGN.match(turn.read, best.end)
            or _AT_LAST.match(after)
            or _AGAIN.match(after)
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
                not bought
                and _REMEMBERED.search(turn.read[: w.start])
                and re.search("那[天晚]", turn.read[w.start : w.end + 2])
            )
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


_STRUCK = re.compile(
    "(?!在?(?:电话|跟|和|说|讲|那|打|试|又|我?按你))[^。？?试换拔说讲又]{0,16}(?<![还也都])(?:麻了|电了|触电)"
)
"""刚才洗澡，手一碰水龙头麻了一下: somebody was struck at that time."""


_OUR_WORD = re.compile("[^，。]{0,3}(?:你们|师傅|客服)[^，。]{0,3}[说讲]")
"""刚才你们师傅说冒烟是正常的: what we said, no beginning."""


def _just_now(talk: Talk, turn: Turn, asked: bool) -> Found | None:
    """刚才闻到的: today."""
    for m in _JUST_NOW.finditer(turn.read):
        after = re.split("[。？！?!]", turn.read[m.end() : m.end() + 14])[0]
        ago = m.group().endswith("前") and re.match("[，。]|$", after)
        struck = m.group().startswith(("刚", "方")) and _STRUCK.match(turn.read, m.end())
        if (
            asked
            or ago
            or struck
            or (_BEGAN.search(after) and not _ONSET_NOT.search(after[:6]) and not _OUR_WORD.match(after))
        ):
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
        if not asked and (
            owned
            or re.search(
                "(?:啥时候|什么时候|哪天|几时|何时)[^，。？]{0,4}(?:修|来|装|上门|送|退)|催|没人|没消息|没动静|没[个有]?(?:信儿?|音信?|下文|回音)(?!号)|没到账|报的修|退给|客服[^。]{0,6}说",
                turn.read,
            )
        ):
            continue
        if not asked and befell(turn.read, m.start(), m.end()) is Befell.ERRAND and m.group("end").endswith("前"):
            continue
        if re.search(
            r"第|用|买|装|住|保|修了|等|送|报|没洗|洗了|拖|过去|打了|签收|收到|收货|寄|退|申请|[放晾晒试找跑]了",
            before + turn.read[m.start() : m.start("span")],
        ) or re.search("没洗|没换|没人|没修|^.?[买装购]", after):
            continue
        if (
            asked
            or m.group("end") != "了"
            or _BEGAN.search(turn.read)
            or (_MONTHS.search(m.group("span")) and re.match("[，。,.！]|$", after))
        ):
            span = m.group("span").replace("礼拜", "星期").replace("半拉", "半个")
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
    return f"{months_back(today, (today.month - month) % 12):%Y-%m}" if month and month <= 12 else None


_VAGUE_BEGAN = re.compile(r".{0,4}(?:开始|就(?!是?来)|突然|坏|出现|发现|才(?!能|有)|起|老)")
_TROUBLE = re.compile(
    r"[^。？?！来能空约修]{0,20}?(?:滴|漏|响|坏|停|跳|闪|老是|总是?|越来越|经常|没法|(?<!能)(?<!行)不(?:热|冷|凉|转|亮|制|出|通|动|太|怎么|灵|工作|好使|好用))"
)
"""What a stretch of days up to now is said to have brought: 这半个月炒菜的时候油往下滴."""


def _that_day(talk: Talk, turn: Turn, after: int) -> date | None:
    """The day told behind a vague beginning, in the same sentence (从入冬第一次开就这样，十四号那天开的)."""
    stop = _ENDS.search(turn.read, after)
    end = stop.start() if stop else len(turn.read)
    days = (w.day for w in past_days(talk, turn) if after <= w.start < end and turn.read.startswith("那天", w.end))
    return next(days, None)


def _vaguely(talk: Talk, turn: Turn, asked: bool) -> Found | None:
    for m in sorted(_VAGUE.finditer(turn.read), key=lambda m: not m.group("month")):
        if NOT_OURS.search(turn.read[max(0, m.start() - 10) : m.start()]):
            continue
        after = turn.read[m.end() : m.end() + 6]
        if not asked and befell(turn.read, m.start(), m.end()) is Befell.ERRAND:
            continue
        word = m.group("word")
        told = (
            asked
            or _VAGUE_BEGAN.match(after)
            or (word[0] in "这近最" and _TROUBLE.match(turn.read, m.end()))
            or (m.group("month") and befell(turn.read, m.start(), m.end()) is Befell.TROUBLE)
        )
        if told and not _ONSET_NOT.search(after):
            value = re.sub("(?<=.)过完$", "以后", word)
            if day := _that_day(talk, turn, m.end()):
                value = day.isoformat()
            elif m.group("month"):
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
