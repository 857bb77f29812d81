"""appointment: the slot that was agreed or asked for last, by the conventions of the desk."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache

from nlp.dialogue import Found, Span, Talk, Turn, Verdict, verdict
from nlp.normalize import PUNCTUATION
from nlp.rules import other_times
from nlp.times import When, hour_of_day, times
from nlp.types import SlotState

_CALL_BACK = re.compile(
    r"回电|回个?电话|给您回|回复|答复|到账|寄出|发货|到货(?!.{0,4}上门)|退款|小时[之以]?内|(?:主管|专员|客服|网点|领导|经理|我们|后台).{0,14}(?:联系|致电|打给|打电话|处理结果)"
    r"|之前一定联系|配件.{0,4}到(?!.{0,6}上门)|没电话"
)
_BY_AGENT = re.compile(
    r"上门|师傅|工程师|过去|过来|安排|取件|来取|[取送装修]|派|给您|约|可以吗|行吗|好吗|可以吧|好不好|行不行|方便|时间|登记|有空|最早|最快|改到|预计|您看|怎么样|合适|到|[？?]|好的|好，|可以[。，]|没问题"
)
_BY_CALLER = re.compile(
    r"(?<![十百几])来|上门|安排|约|方便|有空|行|可以|吧|在家|过来|取|改|成|随时|白天|以后|之后|都行|都可以|都在"
)
_PAST = re.compile(
    r"买|签收|开始|报的修|坏了|洗的|换过|换的|送到|刚|说好|预约了|约的|.{0,2}那会儿|用了|装的|修的|拆(?:的|开|箱)|发现|收到|闻到|停了|来过|来修过|查|[就都]?(?:这样|不行了)|打的|装好|到期|到的|没来|寄"
)
_PAST_BEFORE = re.compile(
    r"上次|之前约|原来约|说好|本来|原先|约了|约的|报修|预约了|之前|还是|一?直到|昨|从|打|上个?$|保修?到$"
)
_CANCEL = re.compile(
    r"取消(?!不)|时间先空着|先不约|到时候再约|再打?过?来约|说不准|不用来了|不用上门|改天再(?:说|约)|等.{0,8}再(?:约|打|联系|说)|师傅.{0,6}打电话(?:跟|和|给)?.{0,4}约"
)
_COMES = re.compile("上门|师傅|取件|来取|取货|取走|来修|来装|送新|送[^，。]{0,4}过[来去]")
_OWN_DAY = re.compile(
    r"客人|不是(?:来)?报修|点(?:半|钟)?我?(?:就|还)?(?:要|得)(?:去|走|送|出门|赶)|退房|遛弯|散步|跳完?舞|买菜|晨练|锻炼|打针|体检|上客|开业|营业|开席|开饭|吃饭|睡觉|午睡|交班|值班|收工|打烊|关门|开门(?=[，。])|开店|收摊(?!之?前)|接孩子|接娃|下班(?!前|之前|以前)|下课|放学|起床|都?几号|星期几|周几|礼拜几"
)
_REFUSED = re.compile(
    r"(?<!行)不行|不在|没空|没时间|(?<!不)(?<!不用)(?<!不要)(?<!没)(?<!不用去)要?上班|(?<!师傅)值班|不方便|有事|(?<!可)不可以|满了?|来不了|来不及|太?忙|(?<!我)(?<!我们)(?<!刚好)(?<!正好)(?<!轮到)休息|(?<!成)不成|开会|出差|去不了|赶不[到过及]|不得空|排不|没有师傅|太晚|太早|太赶|不算|(?<!师傅)(?<!工程师)(?<!不)出门(?!前|之前|以前)|(?<!不)(?<!不用)加班|不要了|取消"
)
_TAKEN = re.compile(r"^(?:吧|可以|都行|都可以)(?![，。]?(?:不|没))")
_HANDED_OVER = re.compile(
    r"(?:放|搁|交给?|给)(?:在|到|我)*[^，。]{0,4}(?:前台|门卫|保安|物业|门口|邻居|驿站|柜台)|(?:家里?|屋里)(?:有|还有|是)[^，。]{0,2}人(?!吗)"
    r"|(?:老人|我妈|我爸|我?爱人|我?老公|我?老婆|孩子|阿姨|保姆|室友|我?婆婆|奶奶|爷爷|店员|同事)(?:会|都|就|一直|也|能)*在(?!上班|外)"
)
"""明天上午开会，放前台就行: away, and the visit stands all the same."""
_NOTED = re.compile(r"^(?:好|行|嗯|可以|没问题|收到|明白|了解|那)")
_ANOTHER_OFFER = re.compile("[？?]|吗|但|不过|只|改|还是|或者|要不")
_GOODS = re.compile("配件|零件|备件|在途|缺货|没货|调货|主板|货")
_ARRIVES = re.compile("^(?:能|会|才|就|应该|可以)*(?:到货|到齐|到(?![您你家府场我门])|发货|寄)")
_AVOID = re.compile(r"(?:别|不要|不能|除了|别到|避开|不是|才|刚)$")


_REFUND = re.compile("(?<!还是)(?<!还是直接)退款(?!还是|，?或)|到账|打款|退钱|寄出|寄回")


@dataclass(frozen=True, slots=True)
class Offer:
    """A slot somebody named."""

    when: When
    start: datetime
    end: datetime | None
    span: Span
    state: SlotState


def settle(talk: Talk, *, placed: bool) -> Found | None:
    """The last slot named that was not refused or cancelled. ``placed``: whether an address was given to come to."""
    current, cancelled = talk.fold("appointment", _NOTHING, _after)
    final = current or cancelled
    if final is None or not (placed or other_times.visit_spoken_of(talk)):
        return None
    state = final.state if current else SlotState.WITHDRAWN
    value = {"start": final.start.isoformat(), "end": final.end.isoformat() if final.end else None}
    return Found("appointment", value, _display(final), _rule(final), state, (final.span,), 0.9)


_Offers = tuple[Offer | None, Offer | None]
"""The slot agreed on so far, and the one cancelled last."""
_NOTHING: _Offers = (None, None)


def _after(talk: Talk, turn: Turn, offers: _Offers) -> _Offers:
    """The offers after one more turn."""
    current, cancelled = offers
    cancels = _CANCEL.search(turn.read) and not _another_cancelled(talk, turn, current)
    if cancels and not (turn.by_agent and talk.answer(turn.index)[0] is Verdict.NO):
        return None, current or cancelled
    wanted = current if current and turn.by_agent and not talk.turns[current.span.turn].by_agent else None
    for when in _heard(talk, turn):
        if (wanted and _garbled(talk, turn, when, wanted)) or _cannot_be(turn, when):
            continue
        current = _considered(talk, turn, when, current)
    if current and not turn.by_agent:
        current = _confirmed(talk, turn, current)
    return current, cancelled


def _another_cancelled(talk: Talk, turn: Turn, current: Offer | None) -> bool:
    """Whether it is the visit of another day than the one agreed on that is cancelled (礼拜六那个就取消吧)."""
    said = _CANCEL.search(turn.read)
    if _FORMER.search(turn.read) and (current or _heard(talk, turn)):
        return True
    days = [w.day for w in _heard(talk, turn) if said and w.end <= said.start() <= w.end + NEAR]
    return current is not None and bool(days) and current.start.date() not in days


_FORMER = re.compile("(?:原来|之前|原先|先前)(?:的|那个|约的)[^，。？?]{0,6}取消")
"""原来的时间就取消了，改成…: the visit that was moved."""
NEAR = 5
"""At most so many characters stand between a day and 取消."""


def _rule(o: Offer) -> str:
    return (
        "appointment.day"
        if o.when.vague
        else "appointment.hours"
        if o.when.begin is not None
        else "appointment.half_day"
    )


def _display(o: Offer) -> str:
    if o.end is None:
        return f"{o.start:%Y-%m-%d %H:%M} 以后"
    last = f"{o.end:%H:%M}" if o.end.date() == o.start.date() else f"{o.end:%Y-%m-%d %H:%M}"
    return f"{o.start:%Y-%m-%d %H:%M}–{last}"


def _heard(talk: Talk, turn: Turn) -> list[When]:
    return turn.once("times", lambda _: times(turn.read, talk.context.started_at))


def _considered(talk: Talk, turn: Turn, when: When, current: Offer | None) -> Offer | None:
    """``current`` after hearing ``when``: replaced, narrowed, dropped or kept."""
    called = talk.context.started_at
    before = turn.read[max(0, when.start - 4) : when.start]
    after = _rest(talk, turn, when)
    if (_REFUSED.search(after) and not _TAKEN.match(after)) or _AVOID.search(before):
        return _after_refusal(talk, turn, when, current, after)
    if not _is_visit(talk, turn, when, before, after):
        return current
    if when.day is None:
        when = _dated(when, current, _day_spoken_of(talk, turn, when) or called.date())
    when = _narrowed(_same_weekday(turn, when, current), current)
    slot = _evening(when, called).slot(called)
    if slot is None or (slot[1] is not None and slot[1] <= called):
        return current
    if turn.by_agent and talk.answer(turn.index)[0] is Verdict.NO:
        return current
    same_day = current is not None and current.when.day == when.day == when.last_day
    again = same_day and when.vague and when.relation == ""
    less = current is not None and _says_less(turn, when, current, slot)
    if again or less or (current and _agrees_in_wider_words(talk, turn, when, current, slot)):
        return current
    return _offered(talk, turn, when, current, slot)


def _after_refusal(talk: Talk, turn: Turn, when: When, current: Offer | None, after: str) -> Offer | None:
    """``current`` where ``when`` suits the other speaker not; it stands if somebody else will be there."""
    if current is None or (not turn.by_agent and _HANDED_OVER.search(turn.read, when.end)):
        return current
    others = turn.segment.speaker != talk.turns[current.span.turn].segment.speaker
    refused = others and when.day == current.start.date() and when.vague is False and _REFUSED.search(after)
    return None if refused else current


_CANNOT_BY_THEN = re.compile("赶不[到过及]|来不了|都(?:在外面|排满|约满)")
"""中午赶不到嗦？—中午师傅都在外面: says nothing of the slot that stands."""


_NOBODY_WORKS = re.compile("[^，。？?]{0,5}(?:不(?:上班|派|营业|送|接单|出车|干活)|放假)")
"""周末物流不上班: by the agent, no offer."""


def _cannot_be(turn: Turn, when: When) -> bool:
    s = turn.read
    ends = [p for c in "。？！" if (p := s.find(c, when.end)) >= 0]
    if turn.by_agent and _NOBODY_WORKS.match(s, when.end):
        return True
    return bool(_CANNOT_BY_THEN.search(s, when.end, min(ends, default=len(s))))


def _offered(
    talk: Talk, turn: Turn, when: When, current: Offer | None, slot: tuple[datetime, datetime | None]
) -> Offer:
    """The slot as an offer, against ``current`` if it contradicts that."""
    new = Offer(when, slot[0], slot[1], Span(turn.index, when.start, when.end), SlotState.HEARD)
    return replace(new, state=SlotState.CONFLICTING) if _against(talk, turn, current, new) else new


def _says_less(turn: Turn, when: When, current: Offer, slot: tuple[datetime, datetime | None]) -> bool:
    """Whether the agent names only the half-day around the hours that stand (好的，今天下午给您修)."""
    if not turn.by_agent or when.begin is not None or current.when.begin is None or not _noted(turn.read):
        return False
    return slot[1] is not None and current.end is not None and slot[0] <= current.start and current.end <= slot[1]


def _agrees_in_wider_words(
    talk: Talk, turn: Turn, when: When, current: Offer, slot: tuple[datetime, datetime | None]
) -> bool:
    """Whether the caller takes the agent's hours by naming the half-day around them (三点到五点可以吗？—下午行)."""
    if turn.by_agent or when.begin is not None or talk.turns[current.span.turn] is not turn.question:
        return False
    inside = slot[1] is not None and current.end is not None and slot[0] <= current.start and current.end <= slot[1]
    taken = _TAKES.match(turn.read, when.end) or verdict(turn.read) is Verdict.YES
    return inside and bool(taken)


_TAKES = re.compile("(?:我)?(?:也|就)?(?:行|可以|好|没问题|中(?!午)|成|要得|得|在家|有空|有人|方便|吧|OK)(?!吗|不)")


def _against(talk: Talk, turn: Turn, current: Offer | None, new: Offer) -> bool:
    """Whether the agent states a slot apart from the one the caller asked for, and the caller has not agreed."""
    if not turn.by_agent or current is None or _ANOTHER_OFFER.search(turn.read):
        return False
    said = talk.turns[current.span.turn]
    days = {w.day for w in _heard(talk, said)} | {current.start.date(), current.end and current.end.date()}
    hours = None not in (current.when.begin, new.when.begin) and current.end is not None and new.start > current.end
    apart = new.start.date() not in days or hours
    return not said.by_agent and apart and talk.answer(turn.index)[0] is not Verdict.YES


def _same_weekday(turn: Turn, when: When, current: Offer | None) -> When:
    """A bare weekday is the one under discussion where the slot's day is that weekday (二月七号，周六。—周六可以)."""
    bare = when.weekday and turn.read[when.start] in "周星礼"
    agreed = current.start.date() if current else None
    if not (bare and agreed and when.day and agreed > when.day and agreed.weekday() == when.day.weekday()):
        return when
    last = when.last_day and when.last_day + (agreed - when.day)
    return replace(when, day=agreed, last_day=last)


def _narrowed(when: When, current: Offer | None) -> When:
    """The hours between where one says from when and the other until when (六点半以后。—八点前到就行)."""
    known = current.when if current else None
    if known is None or known.day != when.day or None in (known.begin, when.begin):
        return when
    if {known.relation, when.relation} != {"after", "before"}:
        return when
    after, before = (known, when) if known.relation == "after" else (when, known)
    begin = hour_of_day(after.begin or 0.0, after.part)
    finish = hour_of_day(before.begin or 0.0, before.part or after.part)
    return replace(when, part=None, begin=begin, finish=finish, relation="") if begin < finish else when


def _evening(when: When, called: datetime) -> When:
    """An hour of today that is over by now is one of the evening (九点之前, said at eight)."""
    slot = when.slot(called)
    over = slot is not None and slot[1] is not None and slot[1] <= called and when.day == called.date()
    if not over or when.part or when.begin is None or when.begin > 9:
        return when
    return replace(when, part=(18, 21))


def _garbled(talk: Talk, turn: Turn, when: When, wanted: Offer) -> bool:
    """Whether the agent, noting down what the caller asked for, seems to say something else or less.

    The caller's own words win: over a second day beside the one agreed to, and over the bare half-day of agreed hours.
    """
    if not turn.once("noted", _noted):
        return False
    less = when.begin is None and wanted.when.begin is not None and when.day in (None, wanted.when.day)
    repeated = any(w.day == wanted.when.day for w in _heard(talk, turn))
    return less or (repeated and when.day not in (None, wanted.when.day))


def _noted(s: str) -> bool:
    """Whether an agent's utterance takes something down and offers nothing else."""
    return bool(_NOTED.match(s)) and not _ANOTHER_OFFER.search(s) and not _REFUSED.search(s)


def _day_spoken_of(talk: Talk, turn: Turn, when: When) -> date | None:
    """The day named before in the same breath, refused or not (明天下午不行，早上可以)."""
    days = [w.day for w in _heard(talk, turn) if w.end <= when.start and w.day]
    return days[-1] if days else None


def _dated(when: When, current: Offer | None, day: date) -> When:
    """An hour or half-day without a day belongs to the day under discussion, else to ``day``."""
    day = current.start.date() if current else day
    inherited = current.when.part if current and when.part is None and current.when.begin is None else when.part
    if (
        when.begin is not None
        and inherited
        and not inherited[0] <= when.begin % 12 + (12 if inherited[0] >= 12 else 0) <= inherited[1]
    ):
        inherited = when.part
    last = current.when.last_day if current and current.when.vague and when.begin is None else day
    return replace(when, day=day, last_day=last, part=inherited)


def _rest(talk: Talk, turn: Turn, when: When) -> str:
    """What is said about ``when``: up to the next time, at most eight characters, and past one comma at most."""
    following = [w.start for w in _heard(talk, turn) if w.start >= when.end]
    rest = turn.read[when.end : min([when.end + 8, *following])]
    stop = next((i for i, c in enumerate(rest) if c in "。？！?!"), len(rest))
    return rest[:stop] if rest[:1] in PUNCTUATION or not rest else rest[: _comma(rest, stop)]


def _comma(rest: str, stop: int) -> int:
    comma = rest.find("，")
    return stop if comma < 0 or "不行" in rest[:stop] else min(comma, stop)


def _is_visit(talk: Talk, turn: Turn, when: When, before: str, after: str) -> bool:
    clause = _clause(turn.read, when.start, when.end)
    if (
        _CALL_BACK.search(_part(turn.read, when.start, when.end))
        or _OWN_DAY.search(_part(turn.read, when.start, when.end))
        or _PAST_BEFORE.search(before)
        or _PAST.search(turn.read[when.end : when.end + 4])
        or after.startswith("了")
        or _TELEPHONED.match(turn.read, when.end)
        or other_times.apart(turn, when)
    ):
        return False
    rest = turn.read[when.end :]
    if _GOODS.search(clause) and _ARRIVES.match(rest) and not _COMES.search(_part(turn.read, when.start, when.end)):
        return False
    fetched = turn.question is not None and _COMES.search(turn.question.read)
    if _money_back(talk, turn.index) and not _COMES.search(clause) and not fetched:
        return False
    if turn.by_agent:
        return bool(_BY_AGENT.search(clause)) or talk.answer(turn.index, when.start)[0] is Verdict.YES
    topics = talk.asked(turn.index)
    asked_of_purchase = "purchase_date" in topics and "买" in (turn.question.read if turn.question else "")
    if (when.day is not None and asked_of_purchase) or _AS_YOU_SAY.match(turn.read, when.start):
        return False
    asked = "appointment" in topics and "onset" not in topics and not _promises_a_call(turn.question)
    of_that_day = when.day is None and _day_spoken_of(talk, turn, when) is not None
    return asked or of_that_day or bool(when.day and _BY_CALLER.search(clause))


_AS_YOU_SAY = re.compile("(?P<hour>.{1,6}?)就(?P=hour)")
"""两点就两点 takes what was offered."""
_TELEPHONED = re.compile(
    "(?:都|就|也|可以|请)?打(?:我|他|她|这个?|那个?)(?:的|[^，。来修]{0,3}电话|[^，。]{0,4}(?:吧|$))"
)
"""白天打我爱人的: when to ring up, no visit."""


def _promises_a_call(question: Turn | None) -> bool:
    """Whether the agent spoke of calling back and of no visit."""
    s = question.read if question else ""
    return bool(_CALL_BACK.search(s)) and not _COMES.search(s) and not re.search("[？?]|吗", s)


def _money_back(talk: Talk, index: int) -> bool:
    """Whether the talk is about when money comes back."""
    spoken = talk.gather("refund", lambda _, t: (t.index,) if _REFUND.search(t.read) else ())
    return bool(spoken) and spoken[0] <= index


@lru_cache(maxsize=1024)
def _part(s: str, start: int, end: int) -> str:
    """The words between two commas around a time."""
    left = max((s.rfind(c, 0, start) for c in PUNCTUATION), default=-1) + 1
    rights = [p for c in PUNCTUATION if (p := s.find(c, end)) >= 0]
    return s[left : min(rights, default=len(s))]


@lru_cache(maxsize=1024)
def _clause(s: str, start: int, end: int) -> str:
    left = max((s.rfind(c, 0, start) for c in "。？！?!"), default=-1) + 1
    rights = [p for c in "。？！?!" if (p := s.find(c, end)) >= 0]
    return s[left : min(rights, default=len(s)) + 1]


def _confirmed(talk: Talk, turn: Turn, current: Offer) -> Offer:
    """The caller's yes to the agent's words that named the slot."""
    if talk.turns[current.span.turn].by_agent:
        answer, reply = talk.answer(current.span.turn)
        if answer is Verdict.YES and reply is turn:
            return replace(current, state=SlotState.CONFIRMED)
    return current
