"""model, error_code and prior_ticket: which of the spoken codes is which."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from nlp.codes import Code
from nlp.dialogue import TAKEN_BACK, Found, Span, Talk, Turn, Verdict
from nlp.normalize import PUNCTUATION
from nlp.rules.code_kinds import kind, named, spoken, without_maker
from nlp.types import SlotState

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
    sure: bool = False
    """Whether the words around it can mean nothing else: 型号 A 五, 海尔 A 五."""


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
    sure = {c.text for c in said if c.sure}
    said = [c for c in said if c.kind != "error_code" or c.text not in sure]
    shown = {c.text for c in said if c.kind == "error_code"}
    said = [c for c in said if c.kind != "model" or c.text not in shown]
    for name, choose in (("model", _longest), ("error_code", _latest), ("prior_ticket", _longest)):
        options = [c for c in said if c.kind == name]
        if options:
            best = choose(options)
            found.append(Found(name, best.text, best.text, f"{name}.spelled", best.state, (best.span,), 0.85))
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
    told = spoken(turn)
    if not told:
        return []
    state = SlotState.HEARD
    if turn.by_agent:
        answer, _ = talk.answer(turn.index, told[-1].start)
        if answer is Verdict.NO:
            return []
        state = SlotState.CONFIRMED if answer is Verdict.YES else SlotState.HEARD
    said = []
    for code in _put_right(turn, _continued(talk, turn, told)):
        what = kind(talk, turn, code)
        if what:
            sure = what == "model" and named(talk, turn, code)
            text = without_maker(talk, code.text) if what == "model" else code.text
            said.append(Said(what, text, Span(turn.index, code.start, code.end), turn.by_agent, state, sure))
    return said


_GO_ON = re.compile(
    "[，。]*(?:嗯+|哦|好的?|对|是|行|继续|接着|然后|后面|还有|之后|您|请|慢慢|接着说|再|往下|说|念|讲|呢|吗|的|[，。？])*"
)
_BEGINS = re.compile("[，。啊呃嗯哦对是后面头边然再就还有]*")


def _continued(talk: Talk, turn: Turn, told: list[Code]) -> list[Code]:
    """The first code behind the part of it that was told before the agent only said 嗯，继续, or repeated it."""
    part = _begun(talk, turn)
    if not part or not told or part in told[0].text or not _BEGINS.fullmatch(turn.s, 0, told[0].start):
        return told
    return [replace(told[0], text=part + told[0].text), *told[1:]]


def _begun(talk: Talk, turn: Turn) -> str:
    """The part of a model that the caller's last utterance ended with, if the agent only waited for the rest."""
    asked = turn.question
    if turn.by_agent or asked is None or asked.index != turn.index - 1 or asked.index == 0:
        return ""
    before = talk.turns[asked.index - 1]
    told = spoken(before)
    if before.by_agent or not told or before.s[told[-1].end :].strip(_PUNCTUATION):
        return ""
    text = _continued(talk, before, told)[-1].text
    rest = asked.s
    for echo in spoken(asked)[:1]:
        rest = rest[: echo.start] + rest[echo.end :] if echo.text in (text, told[-1].text) else rest
    of_model = text != told[-1].text or "model" in talk.asked(before.index)
    return text if of_model and _GO_ON.fullmatch(rest) else ""


_PUNCTUATION = "".join(PUNCTUATION)


_NOT = re.compile("[，。]?(?:并|可|才)?不是个?")
_DENIED = re.compile("[啊哎呃嗯哦]*(?:不是|不对|错了|反了)(?:的|啊|哦)?[，。](?!不是)")
"""How the caller denies what was read back before saying it: 不对，三二."""
_BUT = re.compile("的?[，。]?(?:而|应该)?是")


def _put_right(turn: Turn, told: Sequence[Code]) -> list[Code]:
    """The codes without those that are denied or taken back; where only a part is, the rest of the whole stands.

    不是三五，是三二 after the agent's K F R 三五 G W is KFR32GW, and so is K F R 三五，不对，三二 G W.
    """
    s = turn.s
    wholes = [] if turn.by_agent or turn.question is None else [c.text for c in spoken(turn.question)]
    kept: list[Code] = []
    wrong = wholes[-1] if wholes and _DENIED.match(s) else ""
    for code, after in zip_longest(told, told[1:]):
        between = s[code.end : after.start] if after else ""
        if _NOT.fullmatch(s, max(0, code.start - 2), code.start):
            if kept and _NOT.fullmatch(s, kept[-1].end, code.start) and not _BUT.fullmatch(between):
                kept[-1] = _mended(wholes, code.text, kept[-1])
            else:
                wrong = code.text
            continue
        right, wrong = _mended(wholes, wrong, code) if wrong else code, ""
        wholes.append(right.text)
        if after and TAKEN_BACK.search(between) and not _NOT.fullmatch(between):
            wrong = right.text
        else:
            kept.append(right)
    return kept


def _mended(wholes: Sequence[str], wrong: str, right: Code) -> Code:
    """``right`` in the place of ``wrong`` within the last of ``wholes`` that has it."""
    whole = next((w for w in reversed(wholes) if wrong in w), "")
    if len(right.text) >= len(whole) - 1:
        return right
    if whole != wrong:
        start = whole.rindex(wrong)
        return replace(right, text=whole[:start] + right.text + whole[start + len(wrong) :])
    parts, new = _RUNS.findall(whole), _RUNS.findall(right.text)
    alike = [i for i, part in enumerate(parts) if part[0].isalpha() == new[0][0].isalpha()]
    return replace(right, text="".join([*parts[: alike[-1]], *new, *parts[alike[-1] + len(new) :]])) if alike else right


_RUNS = re.compile("[A-Z]+|[0-9]+")
