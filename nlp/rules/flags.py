"""Fields that single words decide: intermittent, in_warranty_claim, safety, urgency, sentiment_complaint."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nlp.dialogue import Found, Span, Talk, Turn, asks
from nlp.types import SlotContent, SlotState

_SOMETIMES = re.compile(
    r"有时候?|时[^，。时]{1,2}时(?:不|又|坏|好)|隔一会儿?就|过(?:一)?会儿?(?:又|自己|就).{0,3}好|[十几五三两][次回]里?头?有?[一二两三四五六几]{1,2}[次回]|有的时候|时好时坏|偶尔|不是每次|不一定|间歇|一阵一阵|时不时|隔三差五|不定时|有几次|十次有|没规律|三天两头|断断续续|时有时无|一会儿好一会儿坏|一会好一会坏|多的时候.{0,6}少的时候|反反复复|好一阵坏一阵|过(?:一阵|一会儿?|几天)又(?:好|行|正常)"
)
_ALWAYS = re.compile(r"每次都|次次都|回回都|一直都?是?这样|每回都|天天都|从来没好|每一次")
_IN = re.compile(
    r"在(?:质保|保修)期?[内里]|(?:还|应该|肯定|都|刚好|不是)?[在没](?:有)?(?:过)?保(?:修期)?(?:[内里]|的|吧|呢|啊|，|。|$)|(?<!过)还?没过(?:保|期)|延保.{0,4}没到期|有延保|还没到[一二三四五六七八九十两]+年|延保期?(?:内|里)|在保(?:修)?期?|保修期[内里]|没出保|还保着"
)
_SURELY = re.compile(
    r"(?<!是)不是(?:说|有|还在?|在|应该)?.{0,5}(?:保修|质保|在保|保内|保的).{0,3}[吗么嘛吧]"
    r"|(?:应该|肯定|总|还|都)(?:是|还|能|会|可以|有|给|要|得)*(?:免费)?(?:保修|质保)(?:的|期)?(?=[吧呢呀啊嘛，。]|$)|(?:^|[，。是])(?:保修|质保)的[吧呀]|(?:应该|肯定|总|还)(?:是|能|会|可以|该)*免费(?:给?修|换|上门|维修|检修)?的?[吧呢呀啊嘛]"
)
"""Questions that claim it all the same: 不是两年保修吗, 应该保修的吧."""
_OUT = re.compile(
    r"(?<!没)(?<!没有)过(?:了)?保(?:修期?)?|过了[一二两三四五六七八九十几半]+[年个]月?的?(?:保修|质保)|不在保|(?<!没)(?<!没有)出保|超(?:过)?保|超过[^，。]{0,6}保修|(?<!没)过(?:了)?保修|(?:保修|质保)(?:期)?(?:早|都|已经|肯定|应该|大概|估计|是|可能)*过(?!了?几|了?多)|(?:保修|质保)期?(?:已经|都|早|应该|是不是)*到期|脱保|没保修"
)
_ASKING = re.compile(r"是不是|有没有|吗|？|\?|能不能")
SAFETY: tuple[tuple[str, re.Pattern[str]], ...] = (
    (
        "gas_smell",
        re.compile(
            r"(?:煤气|燃气|天然气|液化气|瓦斯|臭鸡蛋)(?:的)?(?:味|气味|漏|泄)|漏(?:煤|燃|天然)气|(?:灶|热水器|炉).{0,6}漏气|一股煤气|煤气.{0,4}(?:闻|大)"
        ),
    ),
    (
        "electric_shock",
        re.compile(
            r"漏电|手麻|麻手|(?:碰|摸|挨)(?:[^，。]{0,6}，?)?(?:就|都|有点)?发?麻(?!烦)|触电|电到我|电人|带电|麻了一下|被电|电了(?:我)?一下|打手"
        ),
    ),
    ("smoke", re.compile(r"(?<!油)冒(?:黑|白|青|浓)?烟|(?:着|起)火了|烧起来|焦糊味|烧焦|糊味|冒火苗|烧糊了|黑烟")),
    (
        "water_leak",
        re.compile(
            r"(?<![桶盆缸筒])(?<![桶盆缸筒]里)(?<!衣服在)(?<!衣服都在)(?<!衣服还在)(?:水|漏)(?:(?!里头|里面|[桶盆缸筒]里|衣服|没法).){0,10}(?:往外冒|往外喷|喷出来|漫|淹|泡)|(?:地板|橱柜|墙|天花板|吊顶|家具|地毯|床).{0,6}(?:泡|湿透|淹|发霉|鼓|翘|拱起|起拱|变形)|(?:橱柜|厨房|客厅|屋子?|家|地上|一地|满地|全).{0,4}(?:里)?(?:都|全|满)(?:是|地)?(?:的)?水"
            r"|(?:漏|渗|流|滴)(?:水)?到.{0,3}楼下|楼下.{0,8}(?:漏|渗|滴|找上|湿|投诉)|水漫|发大水|关不住|止不住"
        ),
    ),
)
_OTHER_FLAT = re.compile(r"楼下.{0,8}(?:漏|渗|滴|找上|湿|水)|(?:漏|渗|流|滴)(?:水)?到.{0,3}楼下|邻居家.{0,6}(?:水|漏)")
_DENIES = re.compile(
    r"没有?(?:闻到)?(?:什么|啥|任何)?(?:味|冒烟|烟|漏电|受伤|火|积水|水)|没有没有|没闻到|没味|闻不到|没有$|没有，|没有。|没啥味|不漏"
)
_NOT = re.compile(
    r"(?:没有?|不|不是|不会|别|怕|是不是|有没有|会不会|防止|担心|要不要|有无)(?:什么|闻到|再|说|有|发现)?$"
)
_PRESSING = re.compile(
    r"(?:挺|很|太|好|特别|真|有点|比较)着?急|着急(?!的?话)|急死|急得|急用|等着用|加个?急|优先(?:给我|帮我|安排|处理|派)|(?:^|[，。])急(?=[，。])|快(?:点|些)(?:给|帮|来|啊|吧|[咯喽啰哦嘛哈呀嘞呗啦]|修|派|安排|过来|到|儿|，|。|$)|麻烦快|快快|能不能快点|快一点|早点(?:来(?!的话)|修|过来|派|安排|装|给)|(?:能不能|能否|可不可以|能)(?:再|给我)?早一?[点些天]|尽快|尽早|赶快|赶紧(?:来|派|修|过来|安排|给我修|让|叫|找)"
    r"|越[快早]越好|等(?:那么|这么)久|等不(?:了|起|及)|多快就?多快|赶紧的|赶紧(?=[，。！]|$)|(?<!不)要快(?=[，。！]|$)|今天(?:就)?(?:来不了|不能来|修不了|没人来)(?:啊|吗|呀|么)|马上(?:来|派|修|过来|安排)|立刻|立马|抓紧|火急|今天(?:能不能|可不可以|就得|必须|务必|一定要?)|能不能今天|今天就(?:来|得|要)|不能再拖|(?:热|冷|冻)(?:死|得(?:受不了|不行|要命|够呛)|坏了)|急着|催|今[天晚](?:上)?(?:就|还)?能.{0,4}(?:来|到|修|安排|上门|派)|今[天晚](?:上)?就(?:想|要)|(?:最好|争取)(?:就)?(?:是)?今[天晚]|快点(?:解决|处理|弄)"
)
_CALM = re.compile(
    r"(?:说|讲|讲话|说话|开得|跑得|转得)快[点些]|不(?:着|太|是很|怎么)?急|别(?:着)?急|先别急|不用急|不赶"
)
_ANGRY = re.compile(
    r"(?<!客人)(?<!客人都)(?<!顾客)(?<!邻居)(?<!邻居都)(?<!楼下)(?<!客户)(?<!业主)(?<!住户)(?<!客房都在)(?<!客人都在)(?<!邻居都在)投诉|什么破|什么(?:东西|玩意儿?)(?=[嘛啊呀，。！]|$)|不满意|到现在(?:都|还)?没(?:修好|人|来|解决|给)|还修不修|(?:什么|啥)质量|(?<!可能)(?<!怕)(?<!会)没人接|不专业|再也不(?:买|用)|迟到|店大欺客|不给(?:换|退|修)|欺负|打了?.{0,4}[幺一1]?[二2][三3][幺一1][五5]|幺二三幺五|一二三一五|12315|曝光|黑心|差劲|离谱|无语|忽悠|踢皮球|推卸|效率.{0,3}低|都(?:[一两二三四五六七八九几好]+)天了.{0,2}没|烦死|恼火|受够|(?:这)?算怎么回事|这算什么|什么(?:手艺|水平|素质|玩意)|难打|打不进|垃圾|骗(?:子|人)|宰人|太差|气(?:人|死)|搞什么|没人(?:管|来(?!往)|联系|理|接电话)|放.{0,2}鸽子|等了(?:一|两|三|半|好几)(?:天|个?星期|个?礼拜|周|上午|下午)|菜都?坏了|(?<!找我)(?<!找我们)(?<!要我)(?<!让我)(?<!叫我)赔|怎么还(?:没|不)|到底(?:能不能|什么时候|来不来|还)"
    r"|(?:修|来|换)了?(?:两|三|四|好几|几|多少)(?:回|次|趟)(?:了|都|还)|说话(?:不)?算|不敢(?:再)?用.{0,2}(?:你们|这个?牌)|过分|坑人|什么态度|态度.{0,3}(?:差|恶劣|不好)|失望|不负责|不认账|乱收费|还没影|(?:一直|都|还)没(?:消息|下文|人(?:来|管|联系|理))|白(?:跑|等)|拖了|推来推去|糊弄|敷衍|闹心|修一次坏一次|刚修(?:好|完)(?:没.{0,3})?(?:就)?又|烦不烦|消协|黑猫|工商局|真倒霉"
    r"|你们(?:这|就)?(?:是)?(?:什么|怎么)(?:服务|质量|东西|搞|办事|做事)|质量(?:太|这么|真|也太)|才(?:用|买)了?.{0,6}就坏|装上就(?:漏|坏|不)|才[^，。]{0,3}[天月](?:就|，(?:底下|又|里面)?(?:一直|又|就|老))|(?:这|也)太.{0,4}了吧|讨个?说法|给我?个说法|都(?:几|[一二三四五六七八九十\d]+)天了|抢钱|死板|摆设|推三阻四|(?:打|催)了?[一两三四五六七八九十几好多]+[遍通](?:了|都|还)|太不像话|不像话|忍无可忍|太慢"
)


def settle(talk: Talk, *, kind: str | None) -> list[Found]:
    """The flags the call gives proof of."""
    danger = _safety(talk)
    urgency = _urgency(talk, str(danger.value) if danger else None)
    flags = (_intermittent(talk), _warranty(talk), danger, urgency, _sentiment(talk, kind))
    return [f for f in flags if f is not None]


def _flag(name: str, value: SlotContent, display: str, rule: str, turn: Turn, m: re.Match[str]) -> Found:
    return Found(name, value, display, rule, SlotState.HEARD, (Span(turn.index, m.start(), m.end()),), 0.85)


def _caller(talk: Talk, pattern: re.Pattern[str]) -> Sequence[tuple[Turn, re.Match[str]]]:
    """The places of the pattern in the caller's words."""
    return talk.gather(
        pattern.pattern, lambda _, turn: () if turn.by_agent else ((turn, m) for m in pattern.finditer(turn.read))
    )


def _intermittent(talk: Talk) -> Found | None:
    for turn, m in _caller(talk, _SOMETIMES):
        if m.group() != "不一定" or "fault" in talk.asked(turn.index) or "每次" in talk.turns[max(0, turn.index - 1)].s:
            return _flag("intermittent", True, "偶发", "intermittent.sometimes", turn, m)
    for turn, m in _caller(talk, _ALWAYS):
        return _flag("intermittent", False, "每次都这样", "intermittent.always", turn, m)
    return None


def regularity(talk: Talk) -> Iterator[tuple[int, SlotContent]]:
    """(turn, whether it comes and goes) of everything the caller says about it."""
    yield from ((turn.index, True) for turn, m in _caller(talk, _SOMETIMES) if m.group() != "不一定")
    yield from ((turn.index, False) for turn, _ in _caller(talk, _ALWAYS))


def warranty_claims(talk: Talk) -> Iterator[tuple[int, SlotContent]]:
    """(turn, claim) of everything the caller says about the warranty before the agent answers it."""
    yield from (
        (turn.index, inside) for turn, (inside, _) in talk.gather("warranty", _claims) if not _answered_by(turn)
    )


def _answered_by(turn: Turn) -> bool:
    """Whether the agent spoke of the warranty right before, so that the caller's words give in to it."""
    return turn.question is not None and bool(re.search("保", turn.question.read))


def _warranty(talk: Talk) -> Found | None:
    claims = talk.gather("warranty", _claims)
    if not claims:
        return None
    turn, (inside, m) = claims[-1]
    shown, rule = ("在保", "warranty.in") if inside else ("已过保", "warranty.out")
    return _flag("in_warranty_claim", inside, shown, rule, turn, m)


def _claims(_: Talk, turn: Turn) -> Iterator[tuple[Turn, tuple[bool, re.Match[str]]]]:
    claim = None if turn.by_agent else _claim(turn.read) or _answered(turn)
    if claim:
        yield turn, claim


_RUN_OUT = re.compile(
    r"(?:^|[，。])(?:[啊哎呃嗯哦，那都]*)(?:早|应该|肯定|估计|可能|好像|大概|已经|刚|都)*(?:就|已经)?(?:过(?:了|期)|不在了?|没有?了|到期)"
)
_STILL = re.compile(r"^(?:[啊哎呃嗯哦，那]*)(?:对|是|应该|肯定|当然|还)*(?:在(?:的|呢|啊|吧|，|。|$)|有的|没过|没到期)")


_WARRANTY_ASKED = re.compile(r"(?:保修|质保|在保|过保|保内)[^。，]{0,6}(?:吗|[？?]|没有|还是)")
_TERM = re.compile(
    "保修?[^。]{0,8}[一二三四五六七八九十两]+年|[一二三四五六七八九十两]+年[^。]{0,4}保修|整机是?[一二三四五六七八九十两]+年"
)
"""How long the warranty runs."""
_GIVES_IN = re.compile("^(?:[啊哎呃嗯哦，对是我也]*)(?:知道|晓得|清楚)(?![，]?(?:了?吗|么))|(?:那?就是|那是)过了")
"""That the warranty is over, as the agent says, is no news to the caller."""


def _answered(turn: Turn) -> tuple[bool, re.Match[str]] | None:
    """A short answer to the question whether the warranty still runs (早过了, 还在), or giving in to the agent's no."""
    if turn.question is None:
        return None
    told = turn.question.read
    over = _OUT.search(told) or re.search("保修[^。]{0,6}过了", told)
    if over or _TERM.search(told):
        yielded = _GIVES_IN.search(turn.read) or (_RUN_OUT.search(turn.read) if over else None)
        if yielded:
            return False, yielded
    if not _WARRANTY_ASKED.search(told):
        return None
    out, still = _RUN_OUT.search(turn.read), _STILL.search(turn.read)
    return (False, out) if out else (True, still) if still else None


_NOT_YET = re.compile("(?:是不是|会不会|不然|要不|否则|快|马上|差点|等)(?:已经|就|该|要)*$")


def _claim(s: str) -> tuple[bool, re.Match[str]] | None:
    """Whether ``s`` says that the warranty still runs, and the words; None if it says or only asks nothing of it."""
    if (out := _OUT.search(s)) and not _NOT_YET.search(s[: out.start()]):
        return False, out
    if surely := _SURELY.search(s):
        return True, surely
    within = _IN.search(s)
    if within and not re.search("吗|是不是|有没有", s[max(0, within.start() - 3) : within.end() + 2]):
        return True, within
    return None


def _safety(talk: Talk) -> Found | None:
    for kind, pattern in SAFETY:
        for turn, m in _caller(talk, pattern):
            if not _NOT.search(turn.read[max(0, m.start() - 4) : m.start()]) and not re.match(
                "没有|吗", turn.read[m.end() :]
            ):
                return _flag("safety", kind, _DANGER[kind], f"safety.{kind}", turn, m)
    for reply, denied in talk.gather("safety.denied", _denials):
        return _flag("safety", "none", "无", "safety.denied", reply, denied)
    return None


def dangerous(talk: Talk) -> bool:
    """Whether the caller tells of gas, an electric shock or smoke."""
    danger = _safety(talk)
    return danger is not None and danger.value in _CRITICAL


def _denials(_: Talk, turn: Turn) -> Iterator[tuple[Turn, re.Match[str]]]:
    """The answer to a question about danger that denies it."""
    denied = _DENIES.search(turn.reply.read) if turn.by_agent and turn.reply and "safety" in asks(turn) else None
    if turn.reply and denied:
        yield turn.reply, denied


_DANGER = {"gas_smell": "燃气味", "water_leak": "漏水浸泡", "electric_shock": "漏电", "smoke": "冒烟", "none": "无"}
_CRITICAL = frozenset({"gas_smell", "electric_shock", "smoke"})


def _urgency(talk: Talk, danger: str | None) -> Found | None:
    if danger in _CRITICAL:
        for kind, pattern in SAFETY:
            for turn, m in _caller(talk, pattern):
                if kind == danger:
                    return _flag("urgency", "critical", "紧急", "urgency.danger", turn, m)
    for turn, m in _caller(talk, _OTHER_FLAT):
        return _flag("urgency", "critical", "紧急", "urgency.other_flat", turn, m)
    for turn, pressing in talk.gather("pressing", _pressed):
        return _flag("urgency", "high", "加急", "urgency.pressing", turn, pressing)
    return None


def _pressed(_: Talk, turn: Turn) -> Iterator[tuple[Turn, re.Match[str]]]:
    pressing = re.search("加急", turn.read) if turn.by_agent else _PRESSING.search(turn.read)
    if pressing and not _CALM.search(turn.read[max(0, pressing.start() - 3) : pressing.end()]):
        yield turn, pressing


_RHETORIC = re.compile("[^，。]{0,2}[吗么嘛]")
"""这不是糊弄人吗 says that it is."""


def _sentiment(talk: Talk, kind: str | None) -> Found | None:
    for turn, m in _caller(talk, _ANGRY):
        if not re.search("不(?:是|用|想|会)?$", turn.read[: m.start()]) or _RHETORIC.match(turn.read, m.end()):
            return _flag("sentiment_complaint", True, "不满", "sentiment.words", turn, m)
    if kind == "complaint":
        return Found("sentiment_complaint", True, "不满", "sentiment.kind", SlotState.INFERRED, (), 0.8)
    return None
