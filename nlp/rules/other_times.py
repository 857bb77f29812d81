"""Times that belong to no visit: the caller's errands, calling again, validity, opening hours, what a machine does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlp.dialogue import Talk, Turn
from nlp.normalize import PUNCTUATION
from nlp.rules.befell import Befell, befell
from nlp.times import When

_FOLK = (
    "(?:我|俺|咱|我们|咱们|家里|家人|他|她|他们|老人|孩子们?|小孩|我?(?:妈|爸|老公|老婆|爱人|媳妇"
    "|对象|儿子|女儿|闺女|哥|姐|弟|妹|婆婆|公公|室友|奶奶|爷爷))"
)
_FILLERS = (
    "(?:的时候|那会儿?|那天|左右|以后|之后|再|就|先|也|还|又|自己|会|要|得|准备|打算|想|可能|应该"
    "|抽空|有空|有时间|没事|顺路|直接|给|下班|吃完饭|一)*"
)
_AGAIN = (
    "(?:说|看|打|拨|联系|定|考虑|商量|问|咨询|决定|来电|来问|找|报|约|讲|聊|试|观察|弄|研究|琢磨|合计|查|确认|想|买|换)"
)
_CALLS = "(?:打(?:电话|过来|过去|给|吧|$)|打(?!不|孔|火|开|针)|来电|致电|回电|联系|问[问一下你]|咨询|请教|反馈)"
_MANAGES = (
    "(?:看[看一下情结]|试[试一下]|弄[一下]?[弄下好]?|搞|定(?!的|了)|设[置定]|调(?!货)|擦|清(?!洗服)|晾|买|下单|拍|订|抢|领|注册|激活|绑定?|申请|填|扫|查|翻|找|量|考虑|商量|决定"
    "|琢磨|想想|合计|寄|拿|取|搬|搓|刷|泡|做饭|煮|煲|炖|用|开(?!始)|按|重启|升级|连|下载|交|付|转给?|发(?!现|生)|配|比较?|对比|了解|学|教|拆|装上|换上|把[^，。]{1,10}|在(?!家|的)[^，。]{1,6}[上里]|(?:送|拉|带|搬|扛|背)(?:过|到|去|回)|回(?:去|家|来|老家|学校|国)|到(?:家|店|网点|你们|门店|柜台))"
)
_SHOP = (
    "(?:店|网点|门店|商场|超市|卖场|专柜|柜台|五金|市场|苏宁|国美|京东|你们(?:那|店|网点)|总部|仓库"
    "|看看|看一|买|问|拿|取|配|逛|选|挑)"
)
_AWAY = (
    "(?:回(?:来|去|家|国|老家)|到家|放假|出院|出差|旅游|毕业|开学|搬家|入住|交房|进场|装修|结婚"
    "|过生日|满月|高考|发工资|开工资|休假|请客|待客|聚餐|过来住)"
)
_ERRAND = re.compile(
    f"[，]?{_FOLK}?{_FILLERS}{_FOLK}?{_FILLERS}(?:[^，。]{{0,8}}再{_AGAIN}|{_CALLS}|{_AWAY}|去[^，。]{{0,4}}{_SHOP}|(?<=自己){_MANAGES}|(?<=我){_MANAGES})"
)
"""明天我去店里看看, 白天再打, 礼拜天回去: what somebody will do on their own."""
_MINE = re.compile("(?:我|俺|咱|我们|咱们|自己)(?:自己|就|再|先|还是|准备|打算|等|还|也)*$")
_MY_ERRAND = re.compile(f"{_FILLERS}(?:去|洗|刷|{_MANAGES})")
"""我晚上定: after the time, where who speaks stands before it."""
_HELD = re.compile(f"{_FILLERS}再(?:自己)?{_AGAIN}")
_COMES_THEN = re.compile(
    "(?<![回起出下原本打再过])来(?!得及|不及|电|着|问|咨询|说)|(?<!打)(?<!电话)(?<!拿)(?<!送)(?<!寄)(?<!拉)过来|上门|师傅|派|安排|在家(?!里?(?:休息|自己))"
)
"""What makes a visit of it after all (周六回去，你们那天来)."""
_VALID_UNTIL = re.compile(
    "(?:保修?|质保|延保|维保|三包|有效期?|活动|优惠|补贴|国补|券|会员|合同|滤芯|促销|发票|价保|试用)[^，。？]{0,6}(?:到|至|截止|是|过)(?:了|到)?[^，。？]{0,3}$"
)
_VALID = re.compile(
    "[^，。？]{0,3}(?:到期|截止|为止|有效|过期|过保|结束|停止|来得及|够用|脱保|出保|失效)|[^，。？]{0,3}(?:是|有|就|还)[^，。？]{0,8}(?:小时|钟头|分钟|[一二三四五六七八九十几]天)(?!内)|(?:之?前|以前)?[^，。？]{0,4}(?:买|领|申请|注册|激活|下单)"
)
_TILL = re.compile("(?:一?直到|管到|保到|用到|延到|免费到|到了?)$")
_ON_OFFER = re.compile("[^。？]{0,10}(?:活动|优惠|打折|折扣|降价|促销|特价|便宜|涨价|百|块|元)")
_SALE = re.compile("[^，。？]{0,4}(?:活动|优惠|打折|降价|促销|特价)")
_OPEN = re.compile(
    "[^，。？]{0,4}(?:开门|关门|营业|开业|开放|有人值班|人工服务|开到|都开|不开|上新|直播)|[^，。？师傅]{0,3}(?:上班|休息)(?=[，。的]|$)"
)
_SHOP_BEFORE = re.compile("(?:店|网点|门店|柜台|专柜|客服|热线|人工|电话|商场|仓库|营业时间|上班时间)[^，。？]{0,6}$")
_SENT = re.compile(
    "[^，。？]{0,4}(?:发货|发出|寄|配送|派送|出库|到货|到齐|补货|上架|有货|生效|扣费|推送|更新|上线|开票|开发票|审核|录入|到账|入账|发(?=[，。]|$)|给您(?:发|寄|开))"
)
_SETTING = re.compile(
    "(?:定时|预约(?:键|功能|模式|洗|煮|煲|做)?|设[成定置到]?|峰谷|谷电|低谷|谷价|电价)[^，。？]{0,3}$"
)
_SET = re.compile("[^，。？]{0,6}(?:吃饭|做好|煮好|洗完|洗好|开饭|自动|启动|起床|谷电|电费|低谷|半价|关机)")
_HABIT = re.compile("(?:每[天到个]?|天天|平时|平常|一般(?:都|是|来说)?|有时候?|经常|往常|偶尔|(?<![天日])[大整一]|半)$")
_IN_USE = re.compile("(?:上|里)?(?:用|开|洗|睡觉?|起来|做饭|洗澡|烧水?|开机|关机)[^，。]{0,4}(?:的时候|时候|时)")
_QUIZ = re.compile(
    "到(?:了|货|齐)[^，。]{0,8}(?:打|通知|联系|告诉)|(?:[是都]?(?:多少|几)号|(?:一|才)(?:看|查|发现|打开)|看到|收到|才知道|听说)"
)


def apart(turn: Turn, when: When) -> bool:
    """Whether the time is told of something else than a visit."""
    s = turn.read
    before, after = _before(s, when.start), s[when.end : _sentence_end(s, when.end)]
    said = _of_both(before, after) or (_by_agent(before, after) if turn.by_agent else _by_caller(before, after))
    said = said or (not turn.by_agent and (_ails(s, when) or _put_off(s, when)))
    return said and not _COMES_THEN.search(after.partition("，")[0] if turn.by_agent else after)


def _of_both(before: str, after: str) -> bool:
    lasts = _VALID_UNTIL.search(before) or _VALID.match(after)
    return bool(lasts or _HELD.match(after) or _SETTING.search(before) or _SET.match(after) or _HABIT.search(before))


def _by_caller(before: str, after: str) -> bool:
    mine = _MINE.search(before) and _MY_ERRAND.match(after)
    return bool(
        mine
        or _ERRAND.match(after)
        or _IN_USE.match(after)
        or _QUIZ.match(after)
        or _SALE.match(after)
        or _TILL.search(before)
    )


def _by_agent(before: str, after: str) -> bool:
    shop = _SHOP_BEFORE.search(before) and not re.search("师傅|上门", before)
    return bool(shop or _ON_OFFER.match(after) or _OPEN.match(after) or _SENT.match(after))


_PUT_OFF = re.compile("再(?:说|考虑|看看?|联系|打|商量|讲|琢磨)")


def _put_off(s: str, when: When) -> bool:
    """Whether the sentence has put it off before (过完年再说吧，年前手头紧)."""
    begins = max((s.rfind(c, 0, when.start) for c in "。？！?!"), default=-1) + 1
    return _PUT_OFF.search(s, begins, when.start) is not None


def _ails(s: str, when: When) -> bool:
    """Whether trouble is what befalls at that time (晚上响得厉害)."""
    ends = [p for c in PUNCTUATION if (p := s.find(c, when.end)) >= 0]
    return befell(s[: min(ends, default=len(s))], when.start, when.end) is Befell.TROUBLE


def _before(s: str, start: int) -> str:
    """The words between the last mark and the time."""
    return s[max((s.rfind(c, 0, start) for c in PUNCTUATION), default=-1) + 1 : start]


def _sentence_end(s: str, at: int) -> int:
    return min((p for c in "。？！?!" if (p := s.find(c, at)) >= 0), default=len(s))


_VISIT = re.compile(
    "上门|师傅|工程师|(?<!保)(?<!送)修(?!正)|装|取件|来取|预约|安排|派|(?<!打)(?<!打电话)(?<!电话)(?<!发)(?<!送)(?<!拿)(?<!买)过来|登记|约|地址|过去|来人|来看|改[到成]|(?<![回起出下本原打再])来(?=[，。吗吧？])|洗|保养|检测"
)


_WHEN_ASKED = re.compile(
    "什么时[间候]|哪天|几点|方便(?!让)|有空|最早|最快|(?:可以|行|好|成|中|在家|怎么样)[吗不么]|[天午号点上一二三四五六日末][吗吧]?[？?]"
)
"""The agent asks when, or offers a time."""


def visit_spoken_of(talk: Talk) -> bool:
    """Whether anybody speaks of somebody's coming, or when, taking the call as a whole."""
    return bool(talk.gather("visits", _visits))


def _visits(_: Talk, turn: Turn) -> Iterator[int]:
    greets = turn.by_agent and turn.index == 0
    if not greets and (_VISIT.search(turn.read) or (turn.by_agent and _WHEN_ASKED.search(turn.read))):
        yield turn.index
