"""Whether a spoken code is a model, a fault code or the number of an order."""

from __future__ import annotations

import re
from string import ascii_uppercase

from nlp.codes import Code, codes
from nlp.dialogue import Talk, Turn
from nlp.normalize import PUNCTUATION
from nlp.numbers import is_phone

BEFORE = 14
"""So many characters before a code tell what it is."""
_TICKET_BEFORE = re.compile(r"单号|工单|订单|单子|编号|受理号")
_NUMBER_OF_ORDER = re.compile("[单编受]号|受理|工单")
"""What must be named where the model was asked for: 订单上写的 alone tells where the model was read."""
_ERROR_NEAR = re.compile(
    r"报(?![修装名])|跳(?!闸|电)|显示|闪|变成|停在|一会儿|轮着|代码|写着|错误|屏|面板|写的(?!是)|红字|亮着|出现|出(?=[A-Z])|[出亮来]个|(?<![号条])码(?!头|数)|故障灯|数字|提示"
)
_TOLD = re.compile("显示|代码|报|跳|错误|闪|亮着")
_MEANS = re.compile("一般是|是.{0,6}(?:故障|问题|异常|失败)")
"""The agent says what a code means."""
_ALONE = re.compile(r"(?:嗯|呃|哦|好的?|是的|就|是|那个|这个|一个|它|对|还是|又)*")
_PAST = re.compile(r"(?:上次|以前|之前|先前|前几天|上一?回|上一次|[前头]一?[次回]|原来|第一次|去年).{0,6}$")
_TICKET_SHAPE = re.compile(r"[A-Z]{1,3}\d{6,}")
_CODE_IS = re.compile(
    "(?:故障码|错误码?|故障代码|代码)(?:是|显示|为|报的?是?)?，?$|屏幕?[上里]?[^，。]{0,3}(?:出来|蹦出|跳|闪|亮)(?:了|着|出)?一?个?$"
)
_SCREEN = "(?:屏幕?|面板|显示屏|线控器|控制器)(?:上面?|里面?)?"
_SHOWN = re.compile(
    f"(?:报|跳|显示|闪|蹦|弹|代码|故障码|错误码?|{_SCREEN}(?:就|只|都|一直|还|老|总|现在)*(?:有|写|是|出|一个))(?:[的了着出来过是个一，就只]|错误|故障|代码|码|字母|数字)*$"
)
"""What stands right before a code that is shown, whatever was asked."""
_SHOWN_SHAPE = re.compile(r"[A-Z]{1,2}\d{1,3}[A-Z]?|\d{1,2}[A-Z]")
_SHOWN_DIGITS = re.compile(f"{_SCREEN}[^，。]{{0,4}}(?:显示|跳|报|闪|出现?|有|是)(?:[的了着出是个一]|数字)*$")
"""What stands before a code without letters that begins like none but a code does: 屏上显示幺幺."""
_GONE = re.compile(
    r"(?:报|出|显示|跳|闪)过|不(?:报|显示|跳|闪)了|现在(?:又)?(?:没有?了?|不(?:报|显示|出|跳|闪)|正常|好了|消失)"
)
"""Told of a code that was there once."""
_AGAIN = re.compile("(?:现在|又|还|一直)(?:在)?(?:报|显示|出|跳|闪)(?!过)")
_NO_CODE = re.compile(r"(?:代码|报错)(?:倒)?(?:没有|没出|没报)|没有?(?:报)?(?:显示)?(?:故障|错误)?(?:代码|码|报错)")
_ERROR_SHAPE = re.compile(r"(?:[A-Z]{1,2}\d{1,2}[A-Z]?|\d{2,3}|\d{1,2}[A-Z])")
_DASHED_SHAPE = re.compile(r"[A-Z]\d{3}")
"""A code with its sub-code behind a dash: U 四杠零一."""
_ECHO = re.compile(
    "(?:^|[，。？?]|显示|报|跳|闪|代码)(?:您说的)?(?:就)?是?[A-Z]{1,2}[零一二三四五六七八九幺十0-9]{1,3}(?:吗|么|对吧|是吧|对吗|[？?])"
)
"""The agent asks back the code just heard: 是 E 三吗？"""
_ERROR_IS = re.compile("(?:错误|故障|报错)(?:代?码)?(?:是|叫|为)?(?:一?个)?$")
_WRITTEN = re.compile("(?:机|软件|屏幕?|面板|APP)[上里]?(?:写|显示|报|跳|提示|弹|就|是)(?:的是|[的着了是出]|一?个)*$")
"""How the answer to the question for a code begins."""
_DASH = re.compile("[杠横]|-")
_LETTERS = re.compile("[A-Z]{2}")
_SHOWS = re.compile("(?:闪|显示|跳|报|代码)(?:的是|[的着了是出]|一?个)*$")
"""What two letters without a digit must stand behind to be a code (显示 F A)."""


def spoken(turn: Turn) -> list[Code]:
    """What is spelled in an utterance."""
    return turn.once("codes", lambda s: list(codes(s)))


def without_maker(talk: Talk, model: str) -> str:
    """The model without the maker's letters that were said right before it: T C L 七五 V 八 H."""
    maker = model[: len(model) - len(model.lstrip(ascii_uppercase))]
    return model[len(maker) :] if maker in talk.catalogue.brand_names else model


def kind(talk: Talk, turn: Turn, code: Code) -> str | None:
    """model, error_code or prior_ticket, by question, words around and shape; None if it is none of them."""
    asked = talk.asked(turn.index)
    before = turn.s[max(0, code.start - BEFORE) : code.start]
    around = before + turn.s[code.end : code.end + 8]
    if _SERIAL.search(turn.question.s if turn.question and not turn.by_agent else before) or _decimal(turn.s, code):
        return None
    if is_phone(code.text) or (not code.letters and code.digits in (7, 8, 10, 11, 12) and "prior_ticket" not in asked):
        return None
    if _is_ticket(turn, code, before, asked):
        return "prior_ticket"
    of_a_kind = named(talk, turn, code)
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


def named(talk: Talk, turn: Turn, code: Code) -> bool:
    """Whether it is called a model: after a brand (科沃斯 X2), after 型号是, before 那款."""
    before = turn.s[max(0, code.start - 12) : code.start]
    if _MODEL_IS.search(before):
        return bool(code.letters and code.digits) or (not code.letters and code.digits in MODEL_SIZE)
    if not (code.letters and code.digits):
        return False
    made_by = before.rstrip("的")
    return bool(_THAT_ONE.match(turn.s, code.end)) or any(made_by.endswith(b) for b in talk.catalogue.brand_names)


_MODEL_IS = re.compile("(?:型号|机型)(?:就|也)?(?:是|叫|为|写着?|写的是?)?[，：]?$")
_THAT_ONE = re.compile("(?:的)?(?:那|这)?个?(?:款|系列|型号|机型)")


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
    before = turn.s[: code.start]
    shown = bool(_SHOWN.search(before) and _SHOWN_SHAPE.fullmatch(code.text))
    if not (shown or _looks_like_one(turn, code, asked)) or _told_of_the_past(turn, code):
        return False
    if shown or not code.letters:
        return shown or _digits_are_one(turn, code, around, asked)
    if "model" in asked or "型号" in turn.s[max(0, code.start - BEFORE) : _clause_end(turn.s, code.end)]:
        return False
    if turn.by_agent:
        return turn.index > 0 and bool(
            _ERROR_NEAR.search(around) or _MEANS.search(turn.s) or _alone(turn.s, code) or _ECHO.search(turn.s)
        )
    echoed = turn.question is not None and _ECHO.search(turn.question.s)
    return (
        bool(_ERROR_NEAR.search(_near(turn, code)) or echoed)
        or "error_code" in asked
        or ("fault" in asked and _alone(turn.s, code))
    )


def _looks_like_one(turn: Turn, code: Code, asked: frozenset[str]) -> bool:
    """Whether it has the shape of a fault code, or a rarer one and stands where only a code does."""
    before = turn.s[: code.start]
    answers = "error_code" in asked and _WRITTEN.search(before)
    if _ERROR_SHAPE.fullmatch(code.text):
        return True
    if _DASHED_SHAPE.fullmatch(code.text):
        return bool(_DASH.search(turn.s[code.start : code.end]) or _ERROR_IS.search(before) or answers)
    alone = "error_code" in asked and _alone(turn.s, code)
    return bool(_LETTERS.fullmatch(code.text) and (_SHOWS.search(before) or alone or answers))


def _told_of_the_past(turn: Turn, code: Code) -> bool:
    """Whether there is no code, or is none any more."""
    gone = _GONE.search(turn.s) and not _AGAIN.search(turn.s)
    return bool(gone or _NO_CODE.search(turn.s) or _PAST.search(turn.s[max(0, code.start - BEFORE) : code.start]))


def _digits_are_one(turn: Turn, code: Code, around: str, asked: frozenset[str]) -> bool:
    """Whether digits alone are a code: after words of a code, or shown, or the answer to the question for it."""
    before = turn.s[: code.start]
    if _CODE_IS.search(before):
        return True
    if turn.by_agent:
        return False
    if turn.s[code.start] in "零幺" and _SHOWN_DIGITS.search(before):
        return True
    told = _TOLD.search(around) or (code.digits == len("11") and _alone(turn.s, code))
    return "error_code" in asked and bool(told)


def _clause_end(s: str, at: int) -> int:
    return next((i for i in range(at, len(s)) if s[i] in PUNCTUATION), len(s))


def _near(turn: Turn, code: Code) -> str:
    """The words before the code and after it, without those that stand right before the next one."""
    after = min((c.start for c in spoken(turn) if c.start >= code.end), default=None)
    if after is None:
        return turn.s
    ends = [i for i in range(code.end, after) if turn.s[i] in PUNCTUATION]
    return turn.s[: ends[-1] if ends else code.end]


def _alone(s: str, code: Code) -> bool:
    """Whether the code makes up its clause: among other words, a letter and a digit are more likely misheard ones."""
    start = max((i + 1 for i in range(code.start) if s[i] in PUNCTUATION), default=0)
    return bool(_ALONE.fullmatch(s[start : code.start])) and (s[code.end : code.end + 1] or "。") in PUNCTUATION
