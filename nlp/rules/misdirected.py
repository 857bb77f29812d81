"""Calls that are about no order: wrong numbers, silence, offers, surveys, and those meant for somebody else."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from nlp.dialogue import Found, Span, Talk, Turn
from nlp.purpose import NOTHING, purpose
from nlp.rules import appliance, fault, service
from nlp.rules.introductions import introduces

_WRONG_NUMBER = re.compile(
    r"(?<!别)(?<!不要)(?<!没)(?<!会)(?<!是不是)(?:打错(?:了|电话|号)|拨错|误拨|按错(?:(?:了)?(?:号|电话)|了(?=[，。]|$))|看错(?:了)?(?:号|电话|一位|行)|记错(?:了)?(?:号码|电话)|不小心(?:按|碰|拨)[到出了]|存错(?:了)?(?=[，。号电]|$)|[少多][按看拨打]了?[一个几]|点[成错]了?[^，。？]{0,6}(?:通话记录|电话|号))"
)
_TOLD_WRONG = re.compile(
    "(?:您|你)[^，。？]{0,8}(?:打|拨)错|(?:核对|查|看)(?:一下|清楚)?(?:一下)?号码(?:再打)?"
    "|(?:这里|这边|我们)(?:这里|这边)?是[^，。？]{0,12}(?:售后|客服|家电|服务热线|服务电话)[^，。？]{0,4}，?(?:并)?(?:不是|不送|不卖|不收)"
    "(?!销售|安装|厂家|门店|商城|总部|网点|维修|仓库|物流|电商|旗舰|您|你)"
    "|(?:这里|这边|我们)(?:这里|这边)?(?:不是|没有)(?!销售|安装|厂家|门店|商城|总部|网点|维修|仓库|物流|电商|旗舰|您|你)[^，。？]{1,10}，(?:这里|这边|我们)?是"
    "[^，。？]{0,12}(?:售后|客服|家电|热线|服务)"
)
"""The agent's word for it, which holds where the caller leaves no address and tells no trouble."""
_CHILD = re.compile("小朋友|宝宝拿|(?:你|把电话给)[^，。？]{0,4}(?:爸爸|妈妈|大人)")
_HANGS_UP = re.compile(
    "(?:没|无)(?:有)?人?(?:应答|回应|说话)|听不到您(?:的声音|说话)|没(?:有)?听到您|(?:先|要|这边)(?:就)?(?:挂断|挂机|挂了)|占用(?:热线|线路)|不陪您|别再打"
)
"""The agent gives up somebody who is not there, or wants nothing."""
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


_THIS_NUMBER = "phone.this_number"


@dataclass(frozen=True, slots=True)
class Heard:
    """What a call is about so far: the appliance, an address, a telephone number; each None if there is none."""

    main: appliance.Reported | None
    place: Found | None
    number: Found | None

    @property
    def named(self) -> bool:
        """Whether an appliance was named by more than a greeting."""
        return self.main is not None and self.main.beyond_greeting

    @property
    def given(self) -> bool:
        """Whether address or number were given in words, and not only by 这个电话."""
        return self.place is not None or (self.number is not None and self.number.rule != _THIS_NUMBER)

    @property
    def placed(self) -> bool:
        """Whether there is an address or a number."""
        return self.place is not None or self.number is not None

    def ill(self, talk: Talk) -> bool:
        """Whether a trouble of the appliance was told."""
        return self.main is not None and fault.told(talk, self.main.name)


def concrete(talk: Talk, heard: Heard) -> bool:
    """Whether the call is about an order at all: a wrong number, silence or abuse is not.

    A caller who gives neither address nor number and breaks off, or says that it was a mistake, has told no order.
    """
    ill, wished = heard.ill(talk), service.wished(talk, service.WISH)
    if _sent_away(talk, heard) or (not heard.given and not ill and talk.gather("nobody_there", _nobody_there)):
        return False
    if not ill and talk.gather("work_sought", _work_sought):
        return False
    if not heard.given and not ill and talk.gather("for_nobody_here", _for_nobody_here):
        return False
    if not heard.placed and talk.gather("call_again", lambda _, t: () if t.by_agent else _CALL_AGAIN.finditer(t.read)):
        return False
    return heard.named or heard.placed or wished


def order(talk: Talk, heard: Heard, found: Collection[str]) -> bool:
    """Whether a call that is over was about an order. ``found``: the fields that are known.

    Something was told that one tells only a service for appliances; and by all its words it is no call about nothing,
    unless the caller told what ails their appliance and where, or the call comes from somebody known.
    """
    if not _about_appliance(talk, heard, found):
        return False
    return _reported(talk, heard, found) or purpose().nothing(talk.turns) < NOTHING


def _reported(talk: Talk, heard: Heard, found: Collection[str]) -> bool:
    """Whether it is told whose it is and what ails their own appliance, or which it is: no sum of signs loses that."""
    ill = heard.main is not None and bool(heard.main.by_caller) and heard.ill(talk)
    return (heard.given or talk.context.customer is not None) and (ill or not _ON_ITS_PLATE.isdisjoint(found))


def _about_appliance(talk: Talk, heard: Heard, found: Iterable[str]) -> bool:
    """Whether something was told that one tells only a service for appliances, even where the name was misheard."""
    if heard.named or not _OF_APPLIANCES.isdisjoint(found) or _implied(talk, heard):
        return True
    return heard.placed and (service.wished(talk, service.HINT) or bool(talk.gather("booked", _booked)))


_ON_ITS_PLATE = frozenset({"model", "error_code"})
_OF_APPLIANCES = _ON_ITS_PLATE | {"fault", "safety", "in_warranty_claim"}


def _implied(talk: Talk, heard: Heard) -> bool:
    """Whether the caller's words belong to the appliance, even if only the greeting named it (滤芯多少钱)."""
    main = heard.main
    return main is not None and any(
        name == main.name and not talk.turns[span.turn].by_agent for name, span in appliance.implied(talk)
    )


def _for_nobody_here(_: Talk, turn: Turn) -> Iterator[int]:
    """That it is no call for a service: by the agent a wrong number, by the caller an offer or a survey."""
    signs = (_TOLD_WRONG,) if turn.by_agent else (_SELLS, _NO_WISH)
    if any(sign.search(turn.read) for sign in signs):
        yield turn.index


def _nobody_there(_: Talk, turn: Turn) -> Iterator[int]:
    """That the agent hears nobody, or only a child, and gives up."""
    if turn.by_agent and (_CHILD.search(turn.read) or _HANGS_UP.search(turn.read)):
        yield turn.index


_NOT_OUR_LINE = (
    "(?!销售|安装|厂家|门店|商城|总部|网点|维修|仓库|物流|电商|旗舰|您|你|这个意思|免费|一定|马上|每|我们|很|太|不)"
)
_MISTAKEN = re.compile(
    "(?<!我)(?<!我刚)(?<!刚才)(?:打|拨)[错串](?!过|字|了?一?个?字)|(?:您|你|可能|他|号码?|数字)[^，。？]{0,8}(?:按|存|输|查|给|记|看|点)您?留?[错串](?!过)|打到我们这|(?:是|找)别家|核对[^，。？]{0,4}号码|再核对|多按了|不是一家|不是我们(?:负责|管|这|公司|单位)?的?(?:[，。的]|$)"
    f"|(?:我们|这里|这边|您(?:现在)?(?:打|拨|拨打)的(?:这个)?(?:号码?|电话)?)(?:这里|这边|真的|也|并|可)*不是{_NOT_OUR_LINE}[^，。？的]{{1,8}}(?=[，。！]|$)"
    f"|(?:我们|这里|这边|您(?:现在)?(?:打|拨|拨打)的(?:这个)?(?:号码?|电话)?)(?:真的)?是[^。？]{{1,14}}，(?:可)?不是{_NOT_OUR_LINE}[^，。？的]{{1,8}}(?=[，。！]|$)"
)
"""The agent tells that the caller has the wrong number."""
_WE_ARE = re.compile(
    "(?:这里|这边|我们|您(?:现在)?(?:打|拨|拨打)的(?:这个)?(?:号码?|电话)?|这(?=是))(?:这里|这边|真的|就|只|其实|确实|也)*(?:是|做|卖)"
    "[^，。？]{0,12}(?:售后|客服|客户服务|热线|服务电话|电器|家电|厨电|科技|公司|厂家)"
)
"""The agent says again whom the caller has reached."""
_NOT_OURS = re.compile(
    "(?:我们|这里|这边|客服)[^，。？]{0,4}(?:不负责|不修|不维修|不做|管不[了着]|没有这个(?:业务|服务)|没(?:有)?点)"
    "|不归我们|不在(?:我们|(?![^，。？]{0,4}保)[^，。？]{0,8}(?:范围|受理))|没有这[项个种](?:业务|服务|权限)|提供不了|不提供|(?:跟|和|与)我们(?:没|无)|(?:登记|受理|处理|办理?)不了|没(?:办)?法登记"
)
"""The agent says that it is none of their business."""
_WORK = re.compile("招聘|应聘|找个?工作|招[^，。？]{0,8}(?:师傅|工|人)")
_BOOKED = re.compile("(?<!不)(?<!没)(?:安排|预约|登记|报修|派|上门|师傅)(?!不)(?![^，。？]{0,6}(?:应聘|吗|？))")
_STANDS_BY_IT = re.compile("[啊哎呃嗯哦，]*(?:没有?(?:啊|呀|打错|拨错|错)|怎么会|不会吧?，)")
"""没打错啊: the caller does want this service."""
_SEES_IT = re.compile(
    "(?:你|你们|您)(?:那边|那儿|那里|这)?不是[^，。？]{0,12}(?:[吗啊呀嘛么？]|$)|(?:你|你们)(?:是不是|不管)[^，。？]{0,10}(?:[吗啊？]|$)"
    "|(?:^|[，。？])不是[^，。？]{1,10}？|不是一家|莫名其妙|我以为|(?:重新|再|去)(?:打|找|问|查|搜|拨)(?!过来|进来)|搞错|弄错|重拨|怪不得|难怪|糊涂|我说(?:呢|咋|怎么)|打扰|对不住|抱歉|不好意思|(?:那|就)算了"
)
"""The caller sees whom they have reached (你不是物业啊？—哎，我再打)."""


class _Refusal(NamedTuple):
    """A word that the call belongs elsewhere; ``plain`` when it leaves no doubt."""

    turn: int
    plain: bool


def _refusals(talk: Talk, turn: Turn) -> Iterator[_Refusal]:
    if not turn.by_agent and _WRONG_NUMBER.search(turn.read):
        yield _Refusal(turn.index, plain=True)
    if turn.by_agent and turn.index > 1 and not (turn.reply and _STANDS_BY_IT.match(turn.reply.read)):
        if _MISTAKEN.search(turn.read):
            yield _Refusal(turn.index, plain=True)
        elif _WE_ARE.search(turn.read) or _NOT_OURS.search(turn.read) or _introduced(talk, turn):
            yield _Refusal(turn.index, plain=False)


def _introduced(talk: Talk, turn: Turn) -> bool:
    """Whether the agent says their brand or appliance again (我们是安吉尔，做净水器的)."""
    named = [*turn.once("appliances", talk.lexica.appliances.find), *turn.once("brand names", talk.lexica.brands.find)]
    return any(introduces(turn.s, hit.start) for hit in named)


def _sent_away(talk: Talk, heard: Heard) -> bool:
    """Whether one of them said that it is the wrong number, and neither went on with an order after it.

    Who they are and what they do not do is said to customers too: then it counts only where the caller has named no
    appliance of theirs, or sees the mistake.
    """
    refusals = talk.gather("refusals", _refusals)
    if not refusals:
        return False
    first, last = refusals[0].turn, refusals[-1].turn
    if any(at > last for at in _goes_on(talk, heard)):
        return False
    return (
        any(refusal.plain for refusal in refusals)
        or not any(_theirs(talk, span) for span in (heard.main.by_caller if heard.main else ()))
        or any(at >= first - 1 for at in talk.gather("sees_it", _sees_it))
    )


def _goes_on(talk: Talk, heard: Heard) -> Iterator[int]:
    """Turns that belong to an order: a place, a number, a trouble, a visit that the agent books.

    That an appliance is named is not enough: who dialled wrong tells where the number stood (灶台上贴的).
    """
    for found in (heard.place, heard.number):
        if found is not None and found.rule != _THIS_NUMBER:
            yield from (span.turn for span in found.spans)
    if heard.main is not None:
        said = fault.mentions(talk, heard.main.name)
        yield from (m.span.turn for m in said if not m.by_agent and m.weight >= 2 and m.quality > 0.8)
    yield from talk.gather("booked", _booked)


def _booked(_: Talk, turn: Turn) -> Iterator[int]:
    """That the agent books a visit."""
    if turn.by_agent and _BOOKED.search(turn.read):
        yield turn.index


def _sees_it(_: Talk, turn: Turn) -> Iterator[int]:
    if not turn.by_agent and _SEES_IT.search(turn.read):
        yield turn.index


def _work_sought(_: Talk, turn: Turn) -> Iterator[int]:
    """That the caller is after work."""
    if _WORK.search(turn.read):
        yield turn.index


_NONE_OF_THEIRS = re.compile("(?:没有?|什么|啥|哪来的?|不是|哪有|你说)$")
_BY_THE_WAY = re.compile(
    "？|[^，。？]{0,6}上面?(?:说|讲|天天|演|看|放|广告|[^，。？]{0,6}[贴号牌])|下乡|的?说明书|是好的|那个[^，。？]{0,6}啊|安装|维修(?:工|师傅)|吗|啊？|是房东的|(?:又|都|也)?(?:没坏|没问题|没毛病|好好的|好看|没事)"
)


def _theirs(talk: Talk, span: Span) -> bool:
    """Whether the caller names an appliance that they have, not one they lack (没电视) or that comes up by the way."""
    said = talk.turns[span.turn].s
    return not _NONE_OF_THEIRS.search(said[: span.start]) and not _BY_THE_WAY.match(said, span.end)
