"""service_type: what the caller wants done, from weighted cues over the whole call."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from nlp.catalogue import SERVICE_TYPES
from nlp.dialogue import Found, Span, Talk, Turn
from nlp.rules.service_cues import BOTH, CUES
from nlp.types import SlotState

_WRONG_NUMBER = re.compile(
    r"(?<!别)(?<!不要)(?<!没)(?<!会)(?<!是不是)(?:打错(?:了|电话|号)|拨错|误拨|按错(?:(?:了)?(?:号|电话)|了(?=[，。]|$))|看错(?:了)?(?:号|电话|一位|行)|记错(?:了)?(?:号码|电话)|不小心(?:按|碰|拨)[到出了])"
)
_TOLD_WRONG = re.compile(
    "(?:您|你)[^，。？]{0,8}(?:打|拨)错|(?:核对|查|看)(?:一下|清楚)?(?:一下)?号码(?:再打)?"
    "|(?:这里|这边|我们)(?:这里|这边)?是[^，。？]{0,12}(?:售后|客服|家电|服务热线|服务电话)[^，。？]{0,4}，?(?:并)?(?:不是|不送|不卖|不收)"
    "(?!销售|安装|厂家|门店|商城|总部|网点|维修|仓库|物流|电商|旗舰|您|你)"
    "|(?:这里|这边|我们)(?:这里|这边)?(?:不是|没有)(?!销售|安装|厂家|门店|商城|总部|网点|维修|仓库|物流|电商|旗舰|您|你)[^，。？]{1,10}，(?:这里|这边|我们)?是"
    "[^，。？]{0,12}(?:售后|客服|家电|热线|服务)"
)
"""The agent's word for it, which holds where the caller leaves no address and tells no trouble."""
_CHILD = re.compile("小朋友|(?:你|把电话给)[^，。？]{0,4}(?:爸爸|妈妈|大人)")
_SELLS = re.compile(
    "(?:我们?|这边|公司)[^。？]{0,14}(?:推广|代运营|贷款|融资|理财|广告(?:位|投放)?|招商|获客|短信平台|发票代开|宽带套餐|保险(?:业务|公司))[^。]{0,30}(?:需要|了解|考虑|合作|办理|优惠|感兴趣|介绍|推荐)"
    "|(?:跟|和|与)(?:你们|贵公司|贵司)[^，。？]{0,8}(?:谈|合作)|(?:向|给)(?:您|你们|贵公司)(?:推荐|介绍|推广)"
)
"""Something is offered to the service, not wanted from it."""
_NO_WISH = re.compile(
    "(?:我们?|这边|公司)是?[^，。？]{0,10}(?:调研|市场调查|问卷|民意|访问员|统计局|猎头|招聘)|(?:做|有)(?:个|一个|份)?[^，。？]{0,6}(?:调研|市场调查|问卷)"
    "|没(?:有|什么)?(?:啥|什么)?(?:别的)?(?:事儿?|业务)(?:，|要办)[^。？]{0,16}(?:就是?想?|找|听|说说话|聊)|(?:没|没有)买过(?:你们|你家|您们)"
)
"""A survey, somebody who only wants to talk, somebody who never bought anything here."""


_CALL_AGAIN = re.compile(
    r"(?:等下|等一下|一会儿?|待会儿?|回头|过会儿?|晚点|改天)(?:我)?(?:再|重新)(?:给你们?)?(?:打|拨|说)(?!来|通)|(?:看|认|搞|弄)错了.{0,14}(?:没事|不用|打扰)"
)


def concrete(talk: Talk, *, named: bool, placed: bool, given: bool, ill: bool) -> bool:
    """Whether the call is about an order at all: a wrong number, silence or abuse is not.

    ``named``: an appliance was named. ``placed``: an address or a telephone number was given; a caller who gives none
    and breaks off, or says that it was a mistake, has told no order. ``given``: they were given in words, and not
    only by 这个电话. ``ill``: a trouble of an appliance was told.
    """
    if talk.gather("wrong_number", lambda _, t: () if t.by_agent else _WRONG_NUMBER.finditer(t.read)):
        return False
    if not given and not ill and talk.gather("for_nobody_here", _for_nobody_here):
        return False
    wanted = any(c.weight >= 3 for c in talk.gather("cues", _cues) if not c.by_agent)
    if not given and not wanted and not ill and talk.gather("who_we_are", _introduced_again):
        return False
    if not placed and talk.gather("call_again", lambda _, t: () if t.by_agent else _CALL_AGAIN.finditer(t.read)):
        return False
    return named or placed or wanted


def _for_nobody_here(_: Talk, turn: Turn) -> Iterator[int]:
    """That it is no call for a service: by the agent a wrong number or a child, by the caller an offer or a survey."""
    signs = (_TOLD_WRONG, _CHILD) if turn.by_agent else (_SELLS, _NO_WISH)
    if any(sign.search(turn.read) for sign in signs):
        yield turn.index


_WE_ARE = re.compile("(?:这里|这边|我们)是[^，。]{0,10}(?:售后|客服|客户服务|服务热线)")


def _introduced_again(_: Talk, turn: Turn) -> Iterator[int]:
    """That the agent says again who they are, as the caller wants somebody else (搬家公司吗？—不是，这里是格力售后)."""
    told = turn.by_agent and turn.index > 1 and _WE_ARE.search(turn.read)
    if told:
        yield turn.index


def of_second(talk: Talk, belongs: Callable[[Span], bool]) -> Found | None:
    """The kind of the second order where the words about that appliance say one, else None: then it is the first's."""
    score: dict[str, float] = defaultdict(float)
    spans: dict[str, Span] = {}
    for cue in talk.gather("cues", _cues):
        if not cue.by_agent and belongs(cue.span):
            score[cue.kind] += cue.weight
            spans.setdefault(cue.kind, cue.span)
    kind = max(score, key=lambda k: score[k], default="")
    if not kind or score[kind] < 3 or kind in ("progress", "enquiry", "complaint"):
        return None
    return Found("service_type", kind, SERVICE_TYPES[kind], f"service.{kind}", SlotState.HEARD, (spans[kind],), 0.8)


class Cue(NamedTuple):
    """Words that speak for a kind of service, or against it."""

    kind: str
    weight: float
    span: Span
    by_agent: bool


_WHICH = re.compile(
    "(?:装|修|养|洗|投诉|退换?|退[货款钱]|换货?|咨询|查询|进度)(?:服务)?(?:呢)?[，]?(?:还是|或者?是?)[^。]{0,4}(?:装|移机|修|养|洗|投诉|退|换|咨询|查)"
)
_CHOSEN: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (
        kind,
        re.compile(f"[啊哎呃嗯哦喂，]*(?:你好，?)?(?:我?(?:是|要|想|做|来|就是|应该是|算是)?(?:要|来|做)?)(?:{words})"),
    )
    for kind, words in (
        ("install", "新?安装|装机|装(?=[，。吧的]|新)"),
        ("repair", "维修|报修|修(?=[，。吧的]|理)"),
        ("maintenance", "保养|清洗|洗(?=[，。吧的])"),
        ("complaint", "投诉"),
        ("return_exchange", "退货|换货|[退换](?=[，。吧的了一个])"),
        ("enquiry", "咨询"),
    )
)
CHOICE = 8.0
"""What the answer to 报修还是保养 weighs: more than any words by the way."""


def _chosen(turn: Turn) -> Iterator[Cue]:
    """The kind that the caller picks of those the agent asks between (请问是安装还是维修？—安装), or asks for."""
    if turn.by_agent or turn.question is None:
        return
    asked = turn.question.read
    if _WHICH.search(asked) or _WHAT_IS_WANTED.search(asked):
        for kind, words in _CHOSEN:
            if (m := words.match(turn.read)) and not _EITHER.match(turn.read, m.end()):
                yield Cue(kind, CHOICE, Span(turn.index, m.start(), m.end()), by_agent=False)


_EITHER = re.compile("[^，。]{0,6}[也都](?:中|行|可以|成|好)(?=[，。]|$)")
"""换一台也中，派个会修的也中 picks none."""
_WHAT_IS_WANTED = re.compile(
    "(?:您|你)[^，。？]{0,4}(?:希望|想|要求|诉求|打算)[^。？]{0,12}(?:怎么(?:处理|解决|弄|办)|还是|什么|是？|呢？|是$)|(?:要求|诉求)是"
)
"""您希望怎么处理？"""


_REPAIR_OFFERED = re.compile(
    "(?:需要|要不要|要|用|是)(?:来|要|想|给您|帮您|给你|为您|我们)*(?:报修|维修|检修|登记|派|安排|师傅)(?:一?个|一下|报修|维修|检修|师傅|人|上门|去|过去|过来|看看|检测|处理)*[吗呢么？?]"
)
_BOOKING_OFFERED = re.compile("(?:要|需要|现在|今天|这就)[^，。？]{0,6}(?:预约|约|下单)[^，。？]{0,6}[吗么？?]")
_NOT_NOW = re.compile("[啊哎呃嗯哦那，]*(?:今天|现在|暂时|先|我)*(?:先不|不用|不约|不预约|不急着|不了|考虑)")
_DECLINED = re.compile(
    "[，啊哦哎呃嗯那]*(?:暂时|现在|先|我|就|倒|都)*(?:不用|不需要|不是|不必|没有|没坏|没毛病|没问题|没啥|好着)"
)
DECLINED = -5.0
"""What a refused repair takes from it: the mention of it by the agent, and more."""


def _declined(turn: Turn) -> Iterator[Cue]:
    """That the caller wants no repair (需要登记维修吗？—不用，现在好好的), which leaves the question that was asked."""
    offered = not turn.by_agent and turn.question and _REPAIR_OFFERED.search(turn.question.read)
    booked = not turn.by_agent and turn.question and _BOOKING_OFFERED.search(turn.question.read)
    if booked and (m := _NOT_NOW.match(turn.read)):
        yield Cue("enquiry", 3.0, Span(turn.index, m.start(), m.end()), by_agent=False)
    if offered and (m := _DECLINED.match(turn.read)):
        span = Span(turn.index, m.start(), m.end())
        yield Cue("repair", DECLINED, span, by_agent=False)
        yield Cue("enquiry", 2.0, span, by_agent=False)


_OFFER_ENDS = re.compile("[^。？?]{0,8}(?:吗|[？?]|呢|好不好|行不行)")
_REFUSES = re.compile("[啊哎呃嗯哦那，]*(?:先不|不用|不需要|不了|不要|不约|暂时不|不必|不登记|先别)")
"""What an agent offers and the caller declines says nothing of what is wanted."""


def _cues(_: Talk, turn: Turn) -> Iterator[Cue]:
    """Each cue in an utterance."""
    yield from _chosen(turn)
    yield from _declined(turn)
    refused = turn.by_agent and turn.reply is not None and bool(_REFUSES.match(turn.reply.read))
    for kind, weight, who, pattern in CUES:
        if who in (BOTH, turn.segment.speaker) and (m := pattern.search(turn.read)):
            if refused and _OFFER_ENDS.match(turn.read, m.end()):
                continue
            yield Cue(kind, weight, Span(turn.index, m.start(), m.end()), turn.by_agent)


@dataclass(frozen=True, slots=True)
class Told:
    """What the other fields say about the kind.

    ``symptom``: the caller told one, which speaks for a repair. ``chased``: an older order's number was given.
    ``danger``: gas, shock or smoke was told, and help against it is what the call is for, however angry.
    """

    symptom: bool
    chased: bool
    danger: bool


WISH = 3.0
"""The least weight of a wish told outright."""


def _number_of_something_else(wishes: Mapping[str, float]) -> bool:
    """Whether an older order's number only says what a complaint or a return is about, by the caller's own words."""
    wish = max(wishes["complaint"], wishes["return_exchange"])
    return wish >= WISH and wish > wishes["progress"]


def settle(talk: Talk, belongs: Callable[[Span], bool], *, dispatched: bool, told: Told) -> Found:
    """The kind with the highest sum of cues.

    ``dispatched``: an address or appointment was given, which a mere question does not need.
    """
    score: dict[str, float] = defaultdict(float)
    wishes: dict[str, float] = defaultdict(float)
    spans: dict[str, Span] = {}
    number = 3.0 if told.chased else 0.0
    score["repair"] = (2.5 if told.symptom else 0.5) + (2.0 if told.danger else 0.0)
    minor: set[str] = set()
    for cue in talk.gather("cues", _cues):
        if cue.by_agent and cue.weight < 1:
            if cue.kind in minor:
                continue
            minor.add(cue.kind)
        if cue.by_agent or belongs(cue.span):
            spans.setdefault(cue.kind, cue.span)
            number += cue.weight if cue.by_agent and cue.kind == "progress" else 0.0
            score[cue.kind] += 0.0 if cue.by_agent and cue.kind == "progress" else cue.weight
            wishes[cue.kind] += 0.0 if cue.by_agent else cue.weight
    score["progress"] += 0.0 if _number_of_something_else(wishes) else number
    score["enquiry"] += -2.0 if dispatched else 1.0
    kind = max(score, key=lambda k: score[k])
    proof = (spans[kind],) if kind in spans else ()
    return Found("service_type", kind, SERVICE_TYPES[kind], f"service.{kind}", SlotState.HEARD, proof, 0.9)
