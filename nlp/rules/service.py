"""service_type: what the caller wants done, from weighted cues over the whole call."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from nlp.catalogue import SERVICE_TYPES
from nlp.dialogue import Found, Span, Talk, Turn
from nlp.rules.asides import supposed
from nlp.rules.fault import CURED
from nlp.rules.service_cues import BOTH, CUES
from nlp.rules.service_endings import ENDINGS
from nlp.types import SlotState


def wished(talk: Talk, least: float) -> bool:
    """Whether the caller asked for a service, in words of at least that weight."""
    return any(cue.weight >= least for cue in talk.gather("cues", _cues) if cue.wish and not cue.by_agent)


def of_second(talk: Talk, belongs: Callable[[Span], bool], *, symptom: bool) -> Found | None:
    """The kind of the second order where the words about that appliance say one, else None: then it is the first's.

    ``symptom``: whether the caller tells one of it.
    """
    score: dict[str, float] = defaultdict(float)
    spans: dict[str, Span] = {}
    for cue in talk.gather("cues", _cues):
        if not cue.by_agent and belongs(cue.span):
            score[cue.kind] += cue.weight
            spans.setdefault(cue.kind, cue.span)
    if symptom:
        score["repair"] += SYMPTOM
    kind = max(score, key=lambda k: score[k], default="")
    if not kind or score[kind] < SYMPTOM or kind in ("progress", "enquiry", "complaint"):
        return None
    proof = (spans[kind],) if kind in spans else ()
    return Found("service_type", kind, SERVICE_TYPES[kind], f"service.{kind}", SlotState.HEARD, proof, 0.8)


SYMPTOM = 2.5
"""What a symptom says for a repair."""


class Cue(NamedTuple):
    """Words that speak for a kind of service, or against it."""

    kind: str
    weight: float
    span: Span
    by_agent: bool
    wish: bool = True
    """Whether they ask for something, which a wrong number may not; a question in general and an ending do not."""


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


_BEGINNING = 5
"""The caller tells what the call is for in the first so many turns."""
_ASKS = re.compile(
    "能不能|可不可以|(?:能|可以|行|要|用|会|还|算|有|是)[^，。？]{0,12}[吗么不嘛](?=[，。？]|$)|是不是|要不要|用不用|需不需要|有没有|会不会|算不算"
    "|多(?:少|大|长|高|宽|重|久)|几(?:年|档|度|支|匹|公分|厘米|次|升|斤|种|寸|级|块钱)|怎么(?!回事|又|还|老|总|不|样|办)|咋(?!回事|又|还|老|总|不|办|样)|哪里(?:买|配|有|能)|在哪|哪个(?:好|档)|啥区别|区别"
    "|什么(?:价|区别|意思|尺寸|样的|东西)|到哪天|到什么时候|[吗呢么](?=[，。？]|$)|？"
)
_OF_WORK = re.compile(
    "来(?!得及|着|电)|上门|修(?!改)|师傅|派|怎么回事|咋回事|什么(?:问题|毛病|原因|情况)|为什么|为啥|什么时候|啥时候|几时|几点|人|单|改|约|催|退|换(?!季)|投诉|进度|到哪|看看|处理|安排|登记|装(?!饰|东西)|洗|保养|喂|听"
)
ASKED = 1.5
"""What a question about anything but work to be done says for an enquiry."""


def _asks(turn: Turn) -> Iterator[Cue]:
    """A question at the beginning that asks for no work (这个档位怎么调, 延保还能补买吗)."""
    if turn.by_agent or turn.index > _BEGINNING:
        return
    for sentence in _SENTENCE.finditer(turn.read):
        if (m := _ASKS.search(sentence.group())) and not _OF_WORK.search(sentence.group()):
            start = sentence.start() + m.start()
            yield Cue("enquiry", ASKED, Span(turn.index, start, start + len(m.group())), by_agent=False, wish=False)
            return


CURE = 4.0
"""What it says for an enquiry that the machine works again while they talk."""
_SENTENCE = re.compile("[^。？！]+[。？！]?")
_LATER_ON = re.compile("(?:以后|将来|往后|哪天)[^，。？]{0,8}$")
_ELSEWHERE = re.compile(
    "(?:联系|找|咨询|问)[^，。？]{0,8}(?:卖家|商家|平台|店家|超市|导购|卖场|京东|淘宝|物业|房东|开发商)[^，。？]{0,10}$"
)


def _of_no_work(turn: Turn, kind: str, start: int) -> bool:
    """Whether the words are a condition (以后坏了还修吗), or send the caller to somebody else (联系卖家退换)."""
    before = turn.read[:start]
    if kind == "repair" and not turn.by_agent:
        return supposed(turn.read, start) or bool(_LATER_ON.search(before))
    return turn.by_agent and kind in ("return_exchange", "repair", "install") and bool(_ELSEWHERE.search(before))


_LINES = (*((True, line) for line in CUES), *((False, line) for line in ENDINGS))


def _cues(_: Talk, turn: Turn) -> Iterator[Cue]:
    """Each cue in an utterance."""
    yield from _chosen(turn)
    yield from _declined(turn)
    yield from _asks(turn)
    if not turn.by_agent and (m := CURED.search(turn.read)):
        yield Cue("enquiry", CURE, Span(turn.index, m.start(), m.end()), by_agent=False, wish=False)
    refused = turn.by_agent and turn.reply is not None and bool(_REFUSES.match(turn.reply.read))
    for wish, (kind, weight, who, pattern) in _LINES:
        if who in (BOTH, turn.segment.speaker) and (m := pattern.search(turn.read)):
            if refused and _OFFER_ENDS.match(turn.read, m.end()):
                continue
            if _of_no_work(turn, kind, m.start()):
                continue
            yield Cue(kind, weight, Span(turn.index, m.start(), m.end()), turn.by_agent, wish)


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
HINT = 1.5
"""The least weight of one told by the way (来修一下)."""


def _number_of_something_else(wishes: Mapping[str, float]) -> bool:
    """Whether an older order's number only says what a complaint or a return is about, by the caller's own words."""
    wish = max(wishes["complaint"], wishes["return_exchange"])
    return wish >= WISH and wish > wishes["progress"]


def settle(talk: Talk, belongs: Callable[[Span], bool], *, dispatched: bool, told: Told) -> Found:
    """The kind with the highest sum of cues.

    ``dispatched``: an appointment, an address beyond the town or with a number was given, which no mere question needs.
    """
    score: dict[str, float] = defaultdict(float)
    wishes: dict[str, float] = defaultdict(float)
    spans: dict[str, Span] = {}
    number = 3.0 if told.chased else 0.0
    score["repair"] = (SYMPTOM if told.symptom else 0.5) + (2.0 if told.danger else 0.0)
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
    score["enquiry"] += -4.0 if dispatched else 1.0
    kind = max(score, key=lambda k: score[k])
    proof = (spans[kind],) if kind in spans else ()
    return Found("service_type", kind, SERVICE_TYPES[kind], f"service.{kind}", SlotState.HEARD, proof, 0.9)
