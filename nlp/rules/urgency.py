"""urgency: critical by danger or water in another flat, high where the caller presses or the agent marks it urgent."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlp.dialogue import Found, Talk, Turn, Verdict
from nlp.likeness import most
from nlp.rules import danger
from nlp.rules.asides import supposed
from nlp.rules.flags import flag, said, toned

_OTHER_FLAT = re.compile(
    r"楼底?下.{0,8}(?:漏|渗|滴|找上|湿|水|[敲拍]门|淹|泡)|楼底?下[^。]{0,16}(?:天花板|顶上?|吊顶|屋顶)[^，。]{0,6}(?:漏|渗|滴|湿|水|泡)|(?:漏|渗|流|滴)(?:水)?到.{0,3}楼下|邻居家.{0,6}(?:水|漏)|(?:漏|渗|流|滴|淌)到(?:了)?(?:他|人|别人|邻居|隔壁|下面)(?:们)?家"
)
_COME = "(?:来|到|修|安排|上门|派|弄好|解决|装)"
_NOW = "(?:今[天儿晚](?:上|下午|上午|中午|之内)?|现在|马上|立刻|这会儿)"
_PRESSING = re.compile(
    "|".join(
        (
            # in a hurry
            r"(?:挺|很|太|好|特别|真|有点|比较|非常)着?急|(?<![照对看拿守围盯靠顺])着急(?!的?话)|急死|急得|急需|急用|(?<!不)等着用|(?:^|[，。])急(?=[，。啊])|火急|急着(?![^，。]{0,5}没)|心急|干着急|赶着(?:出门|上班|上学|走|用|去)|赶(?:火车|飞机|高铁|车)|火上(?:了)?房|火烧眉毛|(?<!没)(?<!没有)(?<!没什么)急事|刻不容缓|十万火急",
            # be quick
            r"(?:排|弄|搞|安排|处理)快[点些]|快(?:着点|安排|派|叫人|找人)|快一[点些](?:的|行|好|来|，|。)|快(?:点|些)(?!给我[说讲]|[说讲])(?:给|帮|来|啊|吧|[咯喽啰哦嘛哈呀嘞呗啦]|修|派|安排|过来|到|儿|，|。|！|？|$)|麻烦快|快快|能不能快点|快一[点些](?!儿?的?转|[，、]?慢)|尽快|尽早|尽可能(?:早|快)|赶快(?!拔|关|断|停|跑|躲)|赶紧(?:来|派|修|过来|安排|给我修|让|叫|找|的|(?=[，。！]|$))|抓点?紧|赶一赶|求(?:求)?你们?|拜托[^，。]{0,4}(?:快|来|早|尽)|(?:今|明|后)天[^。？]{0,6}(?:能不能|可不可以|行不行)[^。？]{0,6}[？，。]拜托|最早的(?:一班|时间|师傅|那|班)|(?<!不)要快(?=[，。！]|$)|快来(?:个|一个|人|修|吧|看)|速度(?:快)?点(?=[，。！]|$)|麻溜",
            # earlier
            r"早点(?:来(?!的话)|修|过来|派|安排|装|给)|(?:能不能|能否|可不可以|能)(?:再|给我|尽量|稍微)*早一?[点些天]|(?:麻烦|帮帮?忙|尽量|能不能|可不可以|能)[^，。]{0,6}早(?:点|一?些)(?!睡|起)|(?:能不能|能否|可不可以|尽量)(?:再|给我|帮我|往前)*(?:提前|提早|往前)(?!到|联系|打|说|通知|告|给我打|预约|改)|越[快早]越好|能早(?:就)?(?:尽量)?早|多快就?多快|最快什么时候|(?:就)?不能(?:今|明)天吗",
            r"有没有(?:再)?早一?[点些]|早一?[点些](?:行不|可以不|可不可以|成不|的时间|的有)|能早就早|最快(?:几点|哪天)|太晚了?(?:吧|点|啊|太晚)|(?:想想|想个)办法(?!修|弄)|(?:往前|提前|给我)(?:插|塞)(?:一插|一下|进去)?|务必|赶在[^，。]{1,8}前|(?:能|可以)[^，。]{0,4}前(?:修|弄|装|搞)好",
            r"(?:排|安排|给我|来|当|做)[^，。]{0,3}第一[个家单位户](?!月|次)|第一[家个单](?:就)?(?:来|到|给)|(?:安排|约|派|要|给|能)[^，。]{0,3}最早(?:的|一)|能不能[^，。]{0,2}[一二三四五六七八九十]+点(?:就|之前|以前|前)|(?:就)?不能(?:再)?(?:快|早)[点些]|别让我(?:们)?等(?:太|那么|这么|很)|(?:后天|明天|大后天|下周|下礼拜|周[一二三四五六日])(?:也|就)?太(?:晚|迟|久)|化(?:了|光|完)[^，。]{0,6}(?:完了|赔|损失)|快来(?=[，。！]|$)|赶紧(?:给我(?!登记|记)|帮我|把)|马上(?:就)?(?:给我|帮我|安排|派|叫)|不能(?:今天|今晚|明天)[^，。？]{0,4}[吗么]",
            # cannot wait
            r"(?:等|耗|拖)不(?:起|下去)|坏一天|停一天|亏一天|赔一天|一天(?:亏|赔|损失)|等(?:那么|这么)久|等不(?:了|起|及|到|得)|(?<!能)(?:不能|没法|没办法)(?:再)?(?:等|拖)(?!师傅)|(?:一天|天天|一刻)[^，。]{0,3}离不[了开]|别(?:再)?(?:往后)?(?:给我)?拖|全指(?:着|望)它|等着(?:呢|用|救)(?=[，。]|$)|耽误(?:不起|事|做生意|营业|一天)",
            # first in the line
            r"加个?急(?!费)|优先(?:给我|帮我|安排|处理|派)|插个?队|排(?:在)?(?:前面|靠前)|(?<!说)(?<!帮我)(?<!给我)(?<!物业)(?<!房东)(?<!中介)(?<!妈)(?<!爸)(?<!老婆)(?<!婆婆)(?<!老公)(?<!爱干净，)(?<!家在)(?<!家还在)催(?!单|着|[^，。？?]{0,10}(?:退|款|钱))|往前(?:排|赶)",
            # today, now
            rf"今天(?:就)?(?:来不了|不能来|修不了|没人来)(?:啊|吗|呀|么)|(?:马上|立刻|立马)(?:就)?{_COME}(?!期|[一二三四五六七八九十]|年|点|保)|立刻|立马|{_NOW}(?:能不能|可不可以|就得|必须|务必|一定要?|无论如何|说什么也|非得?)|能不能{_NOW}|今天就(?:来(?!了)|得|要)|{_NOW}(?:就|还|也)?能(?!正常|用|打|开|联).{{0,4}}{_COME}|今[天晚](?:上)?就(?:想|要)|(?:最好|争取|尽量|希望)(?:能|就|是|在)*{_NOW}|能{_NOW}{_COME}|{_NOW}来得(?:了|及)|{_NOW}有(?:没有)?(?:师傅|人)(?:来|能|吗|可以|么|？)|快点(?:解决|处理|弄)",
            r"(?:这两天|明天|今天|周[一二三四五六日天末]之?前|[一二三四五六七八九十]+号之?前)(?:就)?(?:得|必须|一定要?|务必)(?:要|给我)?(?:修|装|弄|搞|来)",
            # what it does to people
            r"(?<!怕)(?<!冲下来)(?<!浇下来)(?<!出来的水)(?:热|冷|冻)(?:死|得(?:受不了|不行|要命|够呛|直|睡不)|坏了)|(?:没法|不能)(?:住人|营业|做生意|开门|用厕所)|(?:手|脚|人)[^，。]{0,3}(?:冻|热)(?:红|坏|病)|(?:客人|顾客|客户|食客)[^，。]{0,6}(?:跑了|走了|不进|等着|坐不住|投诉)|(?:人|口|张嘴)(?:都)?等着(?:吃|用|喝|洗)|(?:老人|孩子|小孩|娃儿?|宝宝|孕妇|病人|产妇|老爷子|老太太)[^。？]{0,8}(?:受不了|受不住|等不|遭罪|受罪|[扛撑熬]不[住过])",
        )
    )
)
_CALM = re.compile(
    r"(?:说|讲|讲话|说话|开得|跑得|转得|流得|掉得|走得)快[点些]|[爽痛轻凉]快[点些]|不(?:着|太|是很|怎么|算)?急|别(?:着)?急|先别急|不用急|(?:不用|不要|不需要|无需|别)加急|不赶|没(?:那么|什么|啥)急"
)
_MONEY = re.compile("(?:退货|退款|钱|款)[^。]{0,8}$")
"""What is pressed for, where it is no visit."""
_NOT_REALLY = re.compile("不是(?:很|太|那么|特别|说)?急|(?:也|倒)不(?:着)?急|不急(?=[，。]|$)")
"""Haste that is taken back at once (越早越好……也不是急)."""
_ALSO = re.compile("(?:来|过来|修|到)?(?:也|都)(?:行|可以|成|没关系)")
"""早点来也行 is leave and no wish."""
_MARKED = re.compile(
    "(?:给您|帮您)?(?:往前)?插(?:进去|个队|到前)|最急的?|优先(?:处理|安排|派|上门)|加急(?!费|的?话)|急单|特急|紧急(?:单|工单|派|处理|安排|订单)|优先(?:给您|为您|帮您)"
)
_AT_A_PRICE = re.compile("加急费")
"""What coming at night costs: urgent where the caller takes it."""
_OFFERED = re.compile("[？?吗]|需不需要|要不要|是否|需要")


def settle(talk: Talk, safety: str | None) -> Found | None:
    """The gravest urgency there are words for; ``safety``: the danger told."""
    if safety in danger.CRITICAL:
        for kind, pattern in danger.SIGNS:
            for turn, m in said(talk, pattern):
                if kind == safety:
                    return flag("urgency", "critical", "紧急", "urgency.danger", turn, m)
    for turn, m in said(talk, _OTHER_FLAT):
        if not supposed(turn.read, m.start()) and not _FEARED.search(turn.read[: m.start()]):
            return flag("urgency", "critical", "紧急", "urgency.other_flat", turn, m)
    tone = most(talk, "pressing")
    score = tone.of("pressing") if tone else DOUBTED
    for turn, m in talk.gather("pressing", _pressed):
        if turn.by_agent or score > DOUBTED:
            return flag("urgency", "high", "加急", "urgency.pressing", turn, m)
    if tone and score > SURE:
        return toned("urgency", "high", "加急", "urgency.tone", tone)
    return None


DOUBTED, SURE = -2.7, -0.4
"""Scores of nlp.likeness: a caller's words count only where something in the call sounds pressing more than DOUBTED;
what sounds more so than SURE needs no words."""


_FEARED = re.compile("(?:怕|担心|别|不要|会不会|以免|再漏就|防止|没有?)[^，。]{0,3}$")


def _pressed(talk: Talk, turn: Turn) -> Iterator[tuple[Turn, re.Match[str]]]:
    if found := _sooner(talk, turn):
        yield turn, found
    pressing = _marked(talk, turn) if turn.by_agent else _PRESSING.search(turn.read)
    if (
        pressing
        and not (pressing.group() == "催" and _MONEY.search(turn.read, 0, pressing.start()))
        and not _CALM.search(turn.read[max(0, pressing.start() - 3) : pressing.end()])
        and not _ALSO.match(turn.read, pressing.end())
        and not _NOT_REALLY.search(turn.read, pressing.end())
    ):
        yield turn, pressing


_TOO_LATE = re.compile(
    "[啊哎呃嗯哦那，]*(?:还|就|怎么|咋)?(?:得|要|非得)?(?:等|排)?(?:到)?[^，。？]{0,8}(?:后天|明天|周|礼拜|星期|号|天)[^，。？]{0,4}(?:[啊呀哪]?[？?]|(?:啊|呀)[，。！]|太晚|哪行|怎么行|不行不行|等不)"
)
"""还得等周五啊？: the visit that is offered is too late."""
_WISH = re.compile("想想|办法|快|(?<!太)早(?!上)|今天|明天|帮帮?忙|求|提前|等不|客人|跑了")


def _sooner(talk: Talk, turn: Turn) -> re.Match[str] | None:
    """The caller's dismay at the day that is offered, with a wish for an earlier one."""
    if turn.by_agent or ("appointment" not in talk.asked(turn.index) and not _OFFERED_DAY.search(_question(turn))):
        return None
    asked = _question(turn)
    earlier = _EARLIER.search(turn.read)
    if earlier and _PRESSED_BY.search(turn.read) and not _OFFERED_ALREADY[earlier.group("day")].search(asked):
        return earlier
    late = _TOO_LATE.match(turn.read)
    offered = late and any(day in asked for day in _DAY_NAMED.findall(late.group()))
    return late if late and offered and _WISH.search(turn.read, late.end()) else None


_OFFERED_ALREADY = {None: re.compile("[今明]天"), "明": re.compile("[今明]天"), "今": re.compile("今天")}
"""Offers than which the day that is asked for is no earlier."""
_EARLIER = re.compile(
    "早[点些]?(?:来)?(?:不)?行[吗不]|(?P<day>[今明])天[^，。？]{0,6}(?:行不行|行不|能不能|能来|可不可以|可以[吗不]|有没有)|(?:能不能|可不可以|有没有)[^，。？]{0,6}[今明]天"
)
"""明天来一下行不行: today or tomorrow asked for where a later day is offered; urgent with what presses for it."""
_PRESSED_BY = re.compile("早[点些]|催|等不|天天|求|孩子|小孩|宝宝|毛头|娃|孙子|孙女|外孙|满月|老人|病人|孕妇|月子")


_OFFERED_DAY = re.compile("后天|明天|周[一二三四五六日天]|礼拜|星期|[天日号]")


_DAY_NAMED = re.compile("[明后]天|(?:周|礼拜|星期)[一二三四五六日天]|[一二三四五六七八九十]+号")


def _question(turn: Turn) -> str:
    return turn.question.read if turn.question else ""


def _marked(talk: Talk, turn: Turn) -> re.Match[str] | None:
    """The agent's word that it is urgent; an offer only where the caller does not decline it."""
    costs = _AT_A_PRICE.search(turn.read)
    if costs and talk.answer(turn.index)[0] is Verdict.YES:
        return costs
    m = _MARKED.search(turn.read)
    if m is None or supposed(turn.read, m.start()):
        return None
    clause = turn.read[max(0, m.start() - 6) : m.end() + 4]
    declined = _OFFERED.search(clause) and talk.answer(turn.index)[0] is Verdict.NO
    return None if declined else m
