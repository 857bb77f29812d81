"""model, error_code and prior_ticket: which of the spoken codes is which."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from nlp.codes import Code, codes
from nlp.dialogue import TAKEN_BACK, Found, Span, Talk, Turn, Verdict
from nlp.normalize import PUNCTUATION
from nlp.numbers import is_phone
from nlp.types import SlotState

_TICKET_BEFORE = re.compile(r"单号|工单|订单|单子|编号|受理号")
_NUMBER_OF_ORDER = re.compile("[单编受]号|受理|工单")
"""What must be named where the model was asked for: 订单上写的 alone tells where the model was read."""
_ERROR_NEAR = re.compile(
    r"报(?![修装名])|跳(?!闸|电)|显示|闪|变成|代码|写着|错误|屏|面板|写的(?!是)|红字|亮着|出现|出(?=[A-Z])|[出亮来]个|(?<![号条])码(?!头|数)|故障灯|数字|提示"
)
_ALONE = re.compile(r"(?:嗯|呃|哦|好的?|是的|就|是|那个|这个|一个|它|对|还是|又)*")
_PAST = re.compile(r"(?:上次|以前|上一?回|上一次|[前头]一?[次回]|原来|第一次|去年).{0,6}$")
_TICKET_SHAPE = re.compile(r"[A-Z]{1,3}\d{6,}")
_CODE_IS = re.compile(
    "(?:故障码|错误码?|故障代码|代码)(?:是|显示|为|报的?是?)?$|屏幕?[上里]?[^，。]{0,3}(?:出来|蹦出|跳|闪|亮)(?:了|着|出)?一?个?$"
)
_GONE = re.compile(r"(?:报|出|显示|跳|闪)过|现在(?:又)?(?:没有?了?|不(?:报|显示|出|跳|闪)|正常|好了|消失)")
"""Told of a code that was there once."""
_NO_CODE = re.compile(r"(?:代码|报错)(?:倒)?(?:没有|没出|没报)|没有?(?:报)?(?:显示)?(?:故障|错误)?(?:代码|码|报错)")
_ERROR_SHAPE = re.compile(r"(?:[A-Z]{1,2}\d{1,2}[A-Z]?|\d{2,3}|\d{1,2}[A-Z])")
_DASHED_SHAPE = re.compile(r"[A-Z]\d{3}")
"""A code with its sub-code behind a dash: U 四杠零一."""
_ECHO = re.compile(
    "(?:^|[，。？?])(?:您说的)?(?:就)?是?[A-Z]{1,2}[零一二三四五六七八九幺十0-9]{1,3}(?:吗|么|对吧|是吧|对吗|[？?])"
)
"""The agent asks back the code just heard: 是 E 三吗？"""
_ERROR_IS = re.compile("(?:错误|故障|报错)(?:代?码)?(?:是|叫|为)?(?:一?个)?$")
_WRITTEN = re.compile("(?:机|软件|屏幕?|面板|APP)[上里]?(?:写|显示|报|跳|提示|弹)(?:的是|[的着了是出]|一?个)*$")
"""How the answer to the question for a code begins."""
_DASH = re.compile("[杠横]|-")
_LETTERS = re.compile("[A-Z]{2}")
_SHOWS = re.compile("(?:闪|显示|跳|报|代码)(?:的是|[的着了是出]|一?个)*$")
"""What two letters without a digit must stand behind to be a code (显示 F A)."""


LONG_TICKET = 5
"""An order's number of so many characters is no model either when it is read back, alone or with what follows it."""


@dataclass(frozen=True, slots=True)
class Said:
    """A code of one kind."""

    kind: str
    text: str
    span: Span
    by_agent: bool
    state: SlotState


def settle(talk: Talk, belongs: Callable[[Span], bool] = lambda _: True) -> list[Found]:
    """One value per kind: the longest reading not taken back; of equal ones the agent's, which is the checked one.

    ``belongs``: which places are about the appliance. A code is that appliance's of which it was first told, wherever
    it is read back; a number of an order is the caller's.
    """
    said = claims(talk)
    said = [c for c in said if not _two_in_one(c, said)]
    said = [c for c in said if c.kind == "prior_ticket" or belongs(_first_told(c, said))]
    tickets = {c.text for c in said if c.kind == "prior_ticket" and len(c.text) >= LONG_TICKET}
    said = [c for c in said if c.kind != "model" or not any(c.text.startswith(t) for t in tickets)]
    found = []
    shown = {c.text for c in said if c.kind == "error_code"}
    said = [c for c in said if c.kind != "model" or c.text not in shown]
    for kind, choose in (("model", _longest), ("error_code", _latest), ("prior_ticket", _longest)):
        options = [c for c in said if c.kind == kind]
        if options:
            best = choose(options)
            found.append(Found(kind, best.text, best.text, f"{kind}.spelled", best.state, (best.span,), 0.85))
    return found


def _first_told(code: Said, others: Sequence[Said]) -> Span:
    """Where the code was told first; of a model, also a part of it."""
    return next(
        c.span
        for c in others
        if c.kind == code.kind and (c.text == code.text or (c.kind == "model" and c.text in code.text))
    )


def _two_in_one(code: Said, others: Sequence[Said]) -> bool:
    """Whether a model is two that were said one after the other: those of two appliances read back together."""
    parts = {c.text for c in others if c.kind == "model" and len(c.text) > 4 and any(map(str.isalpha, c.text))}
    return code.kind == "model" and any(
        code.text[:i] in parts and code.text[i:] in parts for i in range(4, len(code.text) - 3)
    )


def claims(talk: Talk) -> Sequence[Said]:
    """Every code said and not taken back."""
    return talk.gather("codes.said", _in_turn)


def _longest(options: list[Said]) -> Said:
    size = max(len(c.text) for c in options)
    return [c for c in options if len(c.text) >= size - 1 and (len(c.text) == size or c.by_agent)][-1]


def _latest(options: list[Said]) -> Said:
    return options[-1]


def _in_turn(talk: Talk, turn: Turn) -> list[Said]:
    spoken = turn.once("codes", lambda s: list(codes(s)))
    if not spoken:
        return []
    state = SlotState.HEARD
    if turn.by_agent:
        answer, _ = talk.answer(turn.index, spoken[-1].start)
        if answer is Verdict.NO:
            return []
        state = SlotState.CONFIRMED if answer is Verdict.YES else SlotState.HEARD
    said = []
    for n, code in enumerate(spoken):
        kind = _kind(talk, turn, code)
        taken_back = n + 1 < len(spoken) and TAKEN_BACK.search(turn.s[code.end : spoken[n + 1].start])
        if kind and not taken_back:
            said.append(Said(kind, code.text, Span(turn.index, code.start, code.end), turn.by_agent, state))
    return said


def _kind(talk: Talk, turn: Turn, code: Code) -> str | None:
    asked = talk.asked(turn.index)
    before = turn.s[max(0, code.start - 14) : code.start]
    around = before + turn.s[code.end : code.end + 8]
    if _SERIAL.search(turn.question.s if turn.question and not turn.by_agent else before) or _decimal(turn.s, code):
        return None
    if is_phone(code.text) or (not code.letters and code.digits in (7, 8, 10, 11, 12) and "prior_ticket" not in asked):
        return None
    if _is_ticket(turn, code, before, asked):
        return "prior_ticket"
    of_a_kind = code.letters and code.digits and _names_before(talk, turn, code)
    if not of_a_kind and _is_error(turn, code, around, asked):
        return "error_code"
    if code.letters and code.digits and (len(code.text) >= 4 or "model" in asked or "型号" in turn.s):
        return "model" if len(code.text) >= 3 or "model" in asked or "型号" in before else None
    return "model" if of_a_kind or _answers_for_model(talk, turn, code, asked) else None


MODEL_SIZE = range(3, 7)
_LETTERS_OF_A_NAME = 4
_BEGINS = re.compile("(?:[啊哎呃嗯哦，。…]|哎呀|我?看看|等[下一]+|好像|应该|是|写的|上面|底下|就|型号|贴的|标的)*")


def _answers_for_model(talk: Talk, turn: Turn, code: Code, asked: frozenset[str]) -> bool:
    """Whether digits or letters alone begin the answer to the question for the model (八二一零，前头的字母看不清)."""
    if turn.by_agent or "model" not in asked or not _BEGINS.fullmatch(turn.s, 0, code.start):
        return False
    spelled = code.letters >= _LETTERS_OF_A_NAME and not code.digits and code.text not in talk.catalogue.brand_names
    return spelled or (not code.letters and code.digits in MODEL_SIZE)


_SERIAL = re.compile("序列号|机身号|机器码|条形?码|出厂编号")


def _decimal(s: str, code: Code) -> bool:
    """Whether it is a number with a decimal point (压力一点二) and no code."""
    return not code.letters and "点" in s[code.start : code.end]


def _names_before(talk: Talk, turn: Turn, code: Code) -> bool:
    """Whether a brand stands right before the code, so that it is the name of a product (科沃斯 X2)."""
    before = turn.s[max(0, code.start - 12) : code.start].rstrip("的")
    return not turn.by_agent and any(before.endswith(name) for name in talk.catalogue.brand_names)


def _is_ticket(turn: Turn, code: Code, before: str, asked: frozenset[str]) -> bool:
    if _TICKET_SHAPE.fullmatch(code.text) and "model" not in asked and "型号" not in turn.s:
        return True
    if "型号" in before or ("model" in asked and not _NUMBER_OF_ORDER.search(before + turn.s[: code.start][:8])):
        return False
    if turn.by_agent:
        return (
            code.digits >= 5
            and bool(code.letters or _TICKET_BEFORE.search(before))
            and ("查" in turn.s or bool(_TICKET_BEFORE.search(turn.s)))
        )
    named = "prior_ticket" in asked or bool(_TICKET_BEFORE.search(before))
    return named and code.digits >= 3 and (code.letters > 0 or code.digits >= 3)


def _is_error(turn: Turn, code: Code, around: str, asked: frozenset[str]) -> bool:
    dashed = _DASHED_SHAPE.fullmatch(code.text) and (
        _DASH.search(turn.s[code.start : code.end])
        or _ERROR_IS.search(turn.s[: code.start])
        or ("error_code" in asked and _WRITTEN.search(turn.s[: code.start]))
    )
    letters = _LETTERS.fullmatch(code.text) and (
        _SHOWS.search(turn.s[: code.start]) or ("error_code" in asked and _alone(turn.s, code))
    )
    gone = _GONE.search(turn.s) and not re.search("(?:现在|又|还|一直)(?:在)?(?:报|显示|出|跳|闪)(?!过)", turn.s)
    if (
        not (_ERROR_SHAPE.fullmatch(code.text) or dashed or letters)
        or _PAST.search(turn.s[max(0, code.start - 14) : code.start])
        or _NO_CODE.search(turn.s)
        or gone
    ):
        return False
    if not code.letters and _CODE_IS.search(turn.s[: code.start]):
        return True
    if not code.letters:
        shown = re.search("显示|代码|报|跳|错误|闪|亮着", around) or (code.digits == len("11") and _alone(turn.s, code))
        return not turn.by_agent and "error_code" in asked and bool(shown)
    if "model" in asked or "型号" in around:
        return False
    if turn.by_agent:
        return (
            bool(
                _ERROR_NEAR.search(around)
                or re.search("一般是|是.{0,6}(?:故障|问题|异常|失败)", turn.s)
                or _alone(turn.s, code)
                or _ECHO.search(turn.s)
            )
            and turn.index > 0
        )
    echoed = turn.question is not None and _ECHO.search(turn.question.s)
    return (
        bool(_ERROR_NEAR.search(turn.s) or echoed)
        or "error_code" in asked
        or ("fault" in asked and _alone(turn.s, code))
    )


def _alone(s: str, code: Code) -> bool:
    """Whether the code makes up its clause: among other words, a letter and a digit are more likely misheard ones."""
    start = max((i + 1 for i in range(code.start) if s[i] in PUNCTUATION), default=0)
    return bool(_ALONE.fullmatch(s[start : code.start])) and (s[code.end : code.end + 1] or "。") in PUNCTUATION
