"""The conversation around an utterance: what the agent just asked, whether the caller agreed, what was taken back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any, NamedTuple, TypeVar

from nlp.catalogue import Catalogue
from nlp.lexicon import Hit, Lexica
from nlp.mended import mended
from nlp.normalize import Text, normalise
from nlp.types import CallContext, Segment, SlotContent, SlotState

T = TypeVar("T")


class Verdict(Enum):
    """The caller's answer to what the agent said."""

    YES = "yes"
    NO = "no"
    OPEN = "open"


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Characters [start, end) of the normalised text of turn ``turn``."""

    turn: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Found:
    """What a rule settled on. ``quality`` 0..1 says how well the words matched."""

    name: str
    value: SlotContent
    display: str
    rule: str
    state: SlotState
    spans: tuple[Span, ...]
    quality: float = 1.0
    inferred: tuple[str, ...] = ()


@dataclass(slots=True)
class Turn:
    """One utterance, normalised once. ``memo`` keeps what rules found in it, so that each text is scanned once only."""

    index: int
    segment: Segment
    text: Text
    memo: dict[str, Any] = field(default_factory=dict)
    question: Turn | None = None
    """The agent's last words before this turn."""
    reply: Turn | None = None
    """The caller's next words after this turn of the agent's."""

    @classmethod
    def of(cls, index: int, segment: Segment) -> Turn:
        """The turn of a segment."""
        return cls(index, segment, normalise(segment.text))

    def once(self, key: str, find: Callable[[str], T]) -> T:
        """``find`` of the text, computed the first time only."""
        if key not in self.memo:
            self.memo[key] = find(self.text.s)
        found: T = self.memo[key]
        return found

    @property
    def s(self) -> str:
        """The normalised text."""
        return self.text.s

    @property
    def read(self) -> str:
        """The text with misheard words of times, service and moods put right; every character keeps its place."""
        return mended(self.text.s)

    @property
    def by_agent(self) -> bool:
        """Whether the agent speaks."""
        return self.segment.speaker == "agent"


class Mention(NamedTuple):
    """``name`` (canonical) named at a place: how well it matched, and how much that says for it, or against it."""

    name: str
    span: Span
    quality: float
    weight: float
    by_agent: bool


def mention(turn: Turn, h: Hit, weight: float) -> Mention:
    """What a word of the catalogue in a turn says."""
    return Mention(h.name, Span(turn.index, h.start, h.end), h.quality, weight, turn.by_agent)


QUESTIONS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (slot, re.compile(pattern))
    for slot, pattern in (
        ("contact_phone", r"电话|手机|联系方式|号码|怎么联系|联系您|这个号|本机|尾号|固话"),
        (
            "customer_name",
            r"先生.{0,2}[吧吗？]|女士.{0,2}[吧吗？]|小姐.{0,2}[吧吗？]|贵姓|称呼|姓名|名字|联系人|收[货件]人|寄件人|尊姓|叫什么|叫[？?]|哪位|机主|姓什么|(?:联系|找|打给)(?:谁|哪个)",
        ),
        (
            "address",
            r"地址|在哪|哪里|位置|哪个区|哪个城市|住哪|什么地方|门牌|哪儿|几号楼|哪个小区|几[栋幢座室楼门]|几单元|房号|具体到",
        ),
        (
            "appointment",
            r"什么时[间候]|时间|哪天|几点|方便|上门|过去|安排|可以吗|行吗|好吗|周.{0,6}[吧吗]|上午|下午|早上|晚上|明天|后天|今天",
        ),
        ("model", r"型号|机型|哪个?型|什么型|(?:哪|什么)一?款|(?:哪个?|什么)系列"),
        ("brand", r"什么牌|品牌|牌子|哪个牌"),
        ("fault", r"什么故障|什么问题|什么现象|怎么了|什么情况|毛病|故障|问题|现象"),
        (
            "error_code",
            r"代码|报错|故障码|错误码|显示什么|(?:什么|啥)提示|提示什么|提示错误|错误提示|有没有提示|有没有(?:什么)?显示|(?:面板|屏幕|显示屏|屏)上?[^，。]{0,6}(?:显示|数字|字母|提示|有字|亮)|(?:数字|字母)[^，。]{0,4}(?:吗|没有|么)",
        ),
        ("prior_ticket", r"单号|编号|工单"),
        (
            "purchase_date",
            r"时候[采购]?[买购]|(?:哪一?天|什么时候|几时|哪一?年|啥时候|几号)[^，。？]{0,4}(?:买|购|下的?单|拍|入手|装的|订的)|购买|[买装用].{0,2}多(?:久|长时间)|买了多久|用了几年|使用[^，。]{0,3}(?:多少年|几年|多久)|用(?:了)?多少年|买了几年|机器几年|(?:购买|购机|装机|安装)(?:日期|时间|(?:是|在)?(?:哪一?天|什么时候|几号|几月|哪一?年))|哪[一]?年|用了多久|买的|安装的",
        ),
        ("appliance", r"什么产品|什么电器|哪[款种台个]产品|什么机器|哪一款"),
        (
            "onset",
            r"(?:什么时候|何时|啥时候|几时|哪一?天|几号|从什么时候)(?:又|再|才)?(?:开始|坏|炸|裂|出现|出的|发现|发生|没|变|灭|闻|不|漏|响|停|碎|这样|那样|有的|堵|跳|报(?:警|错|代码|码|故障|的?[A-Z])|冒|卡|花|犯|罢|熄|打不|关不|点不|出问题|出毛病|感觉|觉得|注意|看[到见]|听[到见]|的事)|从什么时候|从?(?:哪一?天|什么时候|几号)起|(?:啥时候|什么时候)有的|(?<![买用装购])(?<![买用装购]了)(?:多久|多长时间|几天)了|持续多久|这种?情况.{0,4}多久|怎么坏的|(?:第一次|头一[回次]|最早)[^，。？]{0,6}(?:什么时候|哪天|几号|何时)|(?:什么|啥)情况下",
        ),
        (
            "safety",
            r"燃气味|煤气味|(?:燃气|煤气)[^。？]{0,8}异味|异味[^。？]{0,6}(?:燃气|煤气)|味道|冒烟|漏电|发麻|麻不麻|[闻得]{1,2}到(?:煤|燃)气|受伤|触电|麻手|电到|着火|糊味",
        ),
    )
)
_NO = re.compile(
    r"^(?:[啊哎呃嗯喂哦诶，,。…那个我]*)(?:不是(?!光|只)|不对|不行|不用|不可以|不方便|不太方便|不一样|不好(?!意思)|没有|错了|不[，。啊了呀]|不$|不要|不成|不得|不在|不太|哪里|哪有|变了|换了(?=[，。啊呀]|$)|别的|别[，。]|NO)"
)
_YES = re.compile(
    r"^(?:[啊哎呃嗯喂哦诶，,。…那]*)(?:对|是|嗯|行|好|可以|没错|没变|没换|没问题|要得|成|妥|中[，。吧啊]|昂|就这|就是|没改|正确|一样|照旧|还是那|OK|得嘞|能行|能(?=[，。的啊呀]|$)|都行|不用改|接受|没有错|不变|同意|方便)"
)
TAKEN_BACK = re.compile(r"不对|不是|错了|说错|哦不|噢不|啊不|记错|看错|弄错|搞错|应该是|更正|等一下|等等|拉倒|算了")


def verdict(s: str) -> Verdict:
    """Yes, no or neither, from how an answer begins."""
    if _YES.match(s) and not s.startswith(("是不", "好像", "好几", "是哪", "是什么", "行不行")):
        return Verdict.YES
    if _NO.match(s):
        return Verdict.NO
    return Verdict.OPEN


@dataclass(slots=True)
class _Gathered:
    """Findings of the turns in order; those of turn i begin at ``begins[i]``."""

    items: list[Any] = field(default_factory=list)
    begins: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Talk:
    """The call so far.

    One more turn can change little: its own findings, and those of the agent's turns that it answers. ``gather`` and
    ``fold`` keep the rest, so that the work of an utterance does not grow with the call.
    """

    context: CallContext
    catalogue: Catalogue
    lexica: Lexica
    turns: list[Turn] = field(default_factory=list)
    _gathered: dict[str, _Gathered] = field(default_factory=dict)
    _folded: dict[str, list[Any]] = field(default_factory=dict)

    def append(self, segment: Segment) -> None:
        """One more utterance after the others."""
        self._add(Turn.of(len(self.turns), segment))

    def _add(self, turn: Turn) -> None:
        last = self.turns[-1] if self.turns else None
        turn.question = last if last is None or last.by_agent else last.question
        if not turn.by_agent:
            self._forget(self._answered(turn.index, turn))
        self.turns.append(turn)

    def rearrange(self, segments: Sequence[Segment]) -> None:
        """Take these utterances in this order. What was found before the first that is another stays."""
        old = {t.segment.segment_id: t for t in self.turns}
        same = (t.segment == s for t, s in zip(self.turns, segments, strict=False))
        kept = next((i for i, alike in enumerate(same) if not alike), min(len(self.turns), len(segments)))
        self._forget(self._answered(kept, None))
        del self.turns[kept:]
        for index, segment in enumerate(segments[kept:], kept):
            known = old.get(segment.segment_id)
            same_words = known is not None and known.segment == segment
            self._add(replace(known, index=index, reply=None) if known and same_words else Turn.of(index, segment))

    def _answered(self, index: int, reply: Turn | None) -> int:
        """Give the agent's turns right before ``index`` this answer; the index of the first of them."""
        while index > 0 and self.turns[index - 1].by_agent:
            index -= 1
            self.turns[index].reply = reply
        return index

    def _forget(self, index: int) -> None:
        """Drop what was found from turn ``index`` on."""
        for found in self._gathered.values():
            if index < len(found.begins):
                del found.items[found.begins[index] :]
                del found.begins[index:]
        for states in self._folded.values():
            del states[index:]

    def gather(self, key: str, find: Callable[[Talk, Turn], Iterable[T]]) -> Sequence[T]:
        """What ``find`` gives of every turn, in order.

        A turn is asked once, and once more when the caller's answer to it is heard: ``find`` may look at the turn, at
        those before it and at the answer to it, at nothing else.
        """
        found = self._gathered.setdefault(key, _Gathered())
        for turn in self.turns[len(found.begins) :]:
            found.begins.append(len(found.items))
            found.items.extend(find(self, turn))
        return found.items

    def fold(self, key: str, start: T, step: Callable[[Talk, Turn, T], T]) -> T:
        """``start`` after ``step`` has taken in every turn in order. ``step`` may look at what ``gather``'s may."""
        states = self._folded.setdefault(key, [])
        for turn in self.turns[len(states) :]:
            states.append(step(self, turn, states[-1] if states else start))
        return states[-1] if states else start

    def caller(self) -> Iterator[Turn]:
        """The caller's turns in order."""
        return (t for t in self.turns if not t.by_agent)

    def agent(self) -> Iterator[Turn]:
        """The agent's turns in order."""
        return (t for t in self.turns if t.by_agent)

    def asked(self, index: int) -> frozenset[str]:
        """Slots that the agent's last words before turn ``index`` asked for."""
        question = self.turns[index].question
        return asks(question) if question else frozenset()

    def answer(self, index: int, at: int | None = None) -> tuple[Verdict, Turn | None]:
        """The caller's next turn after the agent's turn ``index``, and whether it agrees.

        With ``at`` (an offset in the agent's text) the answer counts only if no further question came after that place:
        a caller answers the last question.
        """
        turn = self.turns[index]
        said, reply = turn.s, turn.reply
        if reply is None:
            return Verdict.OPEN, None
        if at is not None and _ANOTHER.search(said, _sentence_end(said, at)):
            at_last = False
        else:
            at_last = not _ANYTHING_ELSE.search(said)
        answered = reply.once("verdict", verdict) if at_last else Verdict.OPEN
        if answered is Verdict.NO and at is not None and not _concerns(reply.s, said, at):
            return Verdict.OPEN, reply
        return answered, reply


def _concerns(objection: str, said: str, at: int) -> bool:
    """Whether a denial regards the place ``at`` of what was ``said``: 不是付，是傅 leaves all but the 付 alone."""
    m = _NOT_THIS.match(objection)
    where = said.find(m.group("part")) if m else -1
    return m is None or where < 0 or where - 1 <= at <= where + len(m.group("part"))


_NOT_THIS = re.compile(
    r"[啊哎呃嗯喂哦诶，,。…]*(?:不对[，,])?不(?:是|姓)(?:姓|叫)?(?P<part>[^，。是的]{1,4})(?:[，。,]|是|$)"
)
_ANOTHER = re.compile(r"[？?]|吗|呢|什么|多少|哪")
_ANYTHING_ELSE = re.compile(r"还有(?:什么|其他|别的|没有)[^，。]*$")


def _sentence_end(s: str, at: int) -> int:
    ends = [p for c in "。？！?!" if (p := s.find(c, at)) >= 0]
    return min(ends, default=len(s) - 1) + 1


def asks(turn: Turn) -> frozenset[str]:
    """Slots an agent's utterance asks for."""
    found = turn.memo.get("asks")
    if found is None:
        found = turn.memo["asks"] = (
            frozenset(slot for slot, p in QUESTIONS if p.search(turn.s)) if turn.by_agent else frozenset()
        )
    return frozenset(found)
