"""Whether the agent asks, or guesses, when the trouble began."""

from __future__ import annotations

import re

from nlp.dialogue import Found, Span, Talk, Turn, Verdict, asks
from nlp.rules.befell import Befell, befell
from nlp.rules.past import past_days
from nlp.types import SlotState

WITHIN_ANSWER = 4
"""A day so near to the beginning of an utterance is the answer to the question before it."""


def asked(talk: Talk, turn: Turn) -> bool:
    """Whether the caller answers the question when it began, be it a guess, or asked once more (大概就行)."""
    question = turn.question
    if question is None:
        return False
    if "onset" in asks(question):
        return True
    if _GUESSED_AT.search(question.read) and not VISIT_ASKED.search(question.read) and _tells_a_time(talk, turn):
        return True
    before = question.index - 1
    if _ONCE_MORE.fullmatch(question.read) and before >= 0 and not talk.turns[before].by_agent:
        return len(talk.turns[before].read) <= A_WORD and "onset" in talk.asked(before)
    return False


VISIT_ASKED = re.compile(
    "时间[您你]定|上门|(?:哪一?天|什么时[候间]|几号|几点)[^，。？?]{0,4}(?:方便|有空|在家|合适|行|可以|过去|来)|约(?:在|个)?(?:哪|什么|几)|您定|(?:有空|方便|在家|可以|您看行|行)[吗不么]"
)
"""What the agent asks when the caller names days to come."""
A_WORD = 14
"""So short an utterance has answered nothing yet (嗯……我想想啊)."""
_ONCE_MORE = re.compile(
    "(?:[嗯好没哦啊]的?|没事|没关系|不急|不着急|您?别急|慢慢想|[，。])*(?:(?:您?(?:再|先)?(?:好好|慢慢|仔细)?(?:想想|回忆一下|想一下)|大概|大约|估计|差不多|记得)[^，。？?]{0,8}[，。？?]?)?"
)
"""大概就行: the question stands."""


def _tells_a_time(talk: Talk, turn: Turn) -> bool:
    """Whether the answer to a guess begins with a time that is no errand's (不是，昨天就有了)."""
    for w in past_days(talk, turn):
        if w.day and heads(turn.read, w.start):
            return befell(turn.read, w.start, w.end) is not Befell.ERRAND
    vague = _TIME.search(turn.read)
    return bool(vague and heads(turn.read, vague.start()))


def heads(s: str, start: int) -> bool:
    """Whether only words of an answer stand before ``start``: 没有没有，就; 租客说是."""
    return start <= WITHIN_ANSWER or bool(_HEAD.fullmatch(s, 0, start))


_HEAD = re.compile(
    "(?:(?:[^，。？?]{1,5}[，。…]+){0,2}(?:[^，。？?]{0,4}(?:说|讲)(?:呢|[，])?)?)?(?:就|也|是|从|打|自|应该|大概|可能|好像|估计|差不多|得|有|我(?:记得|想想?|看)|[，啊嗯哦呃])*"
)
_TIME = re.compile(
    "[上这]个?(?:周|星期|礼拜|月)|[前头这][一两几]?[两几些][天日]|(?:有|都|得)[^，。]{0,4}(?:天|周|星期|礼拜|个?月|年)了?|最近|[腊正冬]月|过[完了]?年"
)
"""A time that is no day."""
_WHEN = (
    "今[天早晚儿日][个早晚]?|昨[天晚儿夜日]|前[天晚儿几两日]|上(?:个?(?:周|星期|礼拜|月))|这[两几]天|最近|刚刚?|才|突然"
    "|[一二三四五六七八九十]+[号天]|(?:周|星期|礼拜)[一二三四五六日天]|头[两几]天"
)
_GUESSED_AT = re.compile(
    rf"(?:{_WHEN})[^，。？?买装约送]{{0,6}}(?:开始|发现|出现|坏|这样|有|不|漏|响|停|闻|没|跳|灭)[^，。？?]{{0,4}}(?:[吗么吧]|，?(?:是吧|对吧|是吗|对吗|是不是|对不对))?[？?]"
    "|(?:上个?(?:周|星期|礼拜).?|昨[天晚]|前[天晚]|今[早晨]|[一二三四五六七八九十]+号)(?:[早晚]上|夜里)?，?(?:对吧|是吧|对吗|是吗)[？?]"
    "|(?:今天|昨天|前天|最近|刚刚?)(?:才?的?(?:事|第一[次回]|头一?[次回])[^，。？?]{0,4}|的)?(?:[吗么吧]|是吧|对吧)[？?]"
    "|(?:以前|之前|原来|平时|从前|前些天|往常)[^，。？?]{0,3}(?:有过|有没有(?:过|出现|这样|类似)|出现过|发生过|这样过|也?这样|有类似|都?(?:正常|好的|还好))"
    "|(?:第一|头一?)[次回](?:出现|发生|这样|碰到|遇到|有|坏|用)?[^，。？?]{0,4}[吗吧？?]|一直(?:都)?(?:是)?(?:这样|如此)?[，]?还是"
    "|用[^，。？?]{0,4}还?(?:正常|好的?|可以)[吗吧]?[？?]"
)
"""今天开始的吗, 以前有过吗, 昨天用还正常?: a time in the answer is the beginning."""


def agreed(talk: Talk, turn: Turn) -> Found | None:
    """The agent's guess (今天发现的是吧, 是从昨天开始的吗) that the caller agrees to."""
    for w in past_days(talk, turn):
        if w.day and _guessed(turn.read, w.start, w.end) and _agrees(talk, turn):
            value = w.day.isoformat()
            span = Span(turn.index, w.start, w.end)
            return Found("onset", value, value, "onset.agreed", SlotState.CONFIRMED, (span,), 0.85)
    return None


def _guessed(s: str, start: int, end: int) -> bool:
    """Whether an agent's day is told as a beginning."""
    return bool(_GUESSED.match(s, end)) or bool(_CHECKED.search(s, end) and befell(s, start, end) is Befell.TROUBLE)


def _agrees(talk: Talk, turn: Turn) -> bool:
    """Whether the caller agrees, be it behind the answer to another question (是美的的吗，今天才坏的？—美的，对)."""
    verdict, reply = talk.answer(turn.index)
    return verdict is Verdict.YES or bool(verdict is Verdict.OPEN and reply and _YES_TOO.match(reply.read))


_YES_TOO = re.compile("[^，。？?]{1,6}，(?:对[头的啊嘞]?|是[的嘞]?|没错)(?=[，。]|$)")
_GUESSED = re.compile("[^，。？?]{0,4}(?:才|刚|就)?(?:发现|开始|出现|坏|这样|第一[次回]|头一?[次回])")
_CHECKED = re.compile("(?:对吧|是吧|对吗|是吗|对不对|是不是|没错吧|对)[？?]?$")
"""昨天晚上洗衣机就不转了，对吧？"""
