"""Fields that single words decide; here intermittent, and what the modules of the others share."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from nlp.dialogue import Found, Span, Talk, Turn, Verdict
from nlp.likeness import Heard
from nlp.types import SlotContent, SlotState

_SOMETIMES = re.compile(
    r"有时候?(?!候?[^，。]{0,7}(?:在家|加班|上班|出差|接不|没接|听不|没听|静音|开会|上课|值班|夜班|没空|在忙))|(?:停|关|歇|拔)[^，。]{0,5}(?:一?会儿?|一阵|重[开启插])[^，。]{0,4}又(?:好|行|能|有|正常|凉|热|转|出)|隔(?:个|上)?[一两三几十][^，。]{0,4}(?:天|小时|分钟|钟头|会儿?)[^，。]{0,3}(?:来|犯|响|停|跳|闪|漏)?一?[次回下]|看(?:它|他)?(?:的)?(?:心情|运气)|[碰凭]运气|没个准|(?:没准儿?|(?<!我也)(?<!哪天)说不准)的?(?=[，。]|$)|抽风|有好的时候|拍[^，。]{0,5}又(?:好|行|有|亮|出)|好[一两三几](?:天|会儿|阵|下)[，]?坏[一两三几]|今天好[^，。]{0,2}，?明天[^，。]{0,2}坏|(?:下雨天?|阴天|潮天)[^，。]{0,6}，(?:晴天|天好|天晴)[^，。]{0,4}(?:不|没|好)|一[下会]儿?有[，]?一[下会]儿?(?:没|不)|三五天[^，。]{0,3}一[次回]|十天半[个拉]?月[^，。]{0,3}[次回]|大部分时候[^，。]{0,3}好|时[^，。时]{1,2}时(?:不|又|坏|好)|隔一会儿?就|过(?:一)?会儿?(?:又|自己|就).{0,3}好|[十几五三两][次回]里?头?有?个?[一二两三四五六七八几]{1,2}[次回]|(?:不是|没有?)(?:回回|次次|每[次回]|一直)|有的时候|时好时坏|(?<!不是)(?<!不)偶尔|不是每次|不一定|间歇|一阵一阵|(?<![了过])(?<!等)(?<!打)[响停好坏亮灭叫歇转热冷有通漏抖闪]一阵[，]?[又]?[响停好坏亮灭叫歇转热冷没不断]一阵|时不时|隔三差五|不定时|有几次|十次有|没规律|三天两头|断断续续|有的(?:晚上|早上|时候|天|日子|回)[^，。]{1,8}，?有的(?:晚上|早上|时候|天|日子|回)|时有时无|一阵(?:有|好|行|热|冷|响)[^，。]{0,3}一阵|一会儿好一会儿坏|一会好一会坏|多的时候.{0,6}少的时候|反反复复|好一阵坏一阵|过(?:一阵|一会儿?|几天)又(?:好|行|正常)"
)
_ALWAYS = re.compile(r"每次都|次次都|回回都|一直都?是?这样|每回都|天天都|从来没好|每一次")


def flag(name: str, value: SlotContent, display: str, rule: str, turn: Turn, m: re.Match[str]) -> Found:
    """The field with the words that decided it."""
    return Found(name, value, display, rule, SlotState.HEARD, (Span(turn.index, m.start(), m.end()),), 0.85)


def toned(name: str, value: SlotContent, display: str, rule: str, h: Heard) -> Found:
    """The field with the words that sound like it, though no word of them decides."""
    return Found(name, value, display, rule, SlotState.HEARD, (h.span,), 0.8)


def said(talk: Talk, pattern: re.Pattern[str]) -> Sequence[tuple[Turn, re.Match[str]]]:
    """The places of the pattern in the caller's words."""
    return talk.gather(
        pattern.pattern, lambda _, turn: () if turn.by_agent else ((turn, m) for m in pattern.finditer(turn.read))
    )


def settle(talk: Talk, belongs: Callable[[Span], bool] = lambda _: True) -> Found | None:
    """Whether the trouble comes and goes. ``belongs``: which places are about the appliance."""
    found = (flag("intermittent", *told) for told in _told(talk))
    return next((f for f in found if belongs(f.spans[0])), None)


def _told(talk: Talk) -> Iterator[tuple[bool, str, str, Turn, re.Match[str]]]:
    """That it comes and goes, and only then that it does not."""
    for turn, m in said(talk, _SOMETIMES):
        if m.group() != "不一定" or "fault" in talk.asked(turn.index) or "每次" in talk.turns[max(0, turn.index - 1)].s:
            yield True, "偶发", "intermittent.sometimes", turn, m
    for turn, m in (*talk.gather("intermittent.denied", _not_always), *talk.gather("intermittent.agent", _summed_up)):
        yield True, "偶发", "intermittent.sometimes", turn, m
    for turn, m in said(talk, _ALWAYS):
        yield False, "每次都这样", "intermittent.always", turn, m


_EVERY_TIME = re.compile("每[次回](?!.{0,4}(?:用|洗)完)|一直都?(?:这样|是|不)|次次|回回|天天(?:都)?这样")
_NOT_SO = re.compile("[啊哎呃嗯哦，那倒]*(?:也)?(?:不是|不一定|不会|没有)(?=[，。]|$|每|回|次)")


def _not_always(_: Talk, turn: Turn) -> Iterator[tuple[Turn, re.Match[str]]]:
    """每次都这样吗？—也不是."""
    asked = not turn.by_agent and turn.question and _EVERY_TIME.search(turn.question.read)
    if asked and (m := _NOT_SO.match(turn.read)):
        yield turn, m


_SUM = re.compile("间歇性?|时不时|偶尔(?!还是)|偶发|断断续续|时好时坏|不定时|有时候?|一阵一阵")
_ASKS = re.compile("[？?]|还是|吗|是不是|如果|建议|可能|以后")


def _summed_up(talk: Talk, turn: Turn) -> Iterator[tuple[Turn, re.Match[str]]]:
    """明白，时不时打火: what the agent makes of it, and the caller does not deny."""
    verdict = talk.answer(turn.index)[0]
    if not turn.by_agent or verdict is Verdict.NO:
        return
    for m in _SUM.finditer(turn.read):
        sentence = turn.read[m.start() :].split("。")[0]
        agreed = verdict is Verdict.YES and _CHECKED.search(sentence)
        if (agreed or not _ASKS.search(sentence)) and _UNDERSTOOD.search(turn.read, 0, m.start()):
            yield turn, m


_CHECKED = re.compile("[，](?:对|是)(?:吗|吧|不对|不是)[？?]?$")
_UNDERSTOOD = re.compile(
    "(?:明白|理解|了解|知道了|清楚|好的|记下|记录|收到|也就是|那就是|就是说|哦|嗯|^)[^。？?]{0,8}$"
)


def regularity(talk: Talk) -> Iterator[tuple[int, SlotContent]]:
    """(turn, whether it comes and goes) of everything the caller says about it."""
    yield from ((turn.index, True) for turn, m in said(talk, _SOMETIMES) if m.group() != "不一定")
    yield from ((turn.index, False) for turn, _ in said(talk, _ALWAYS))
