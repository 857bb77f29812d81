"""Names by which agents address callers, or read them out from the file."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlp.dialogue import Span, Talk, Turn, Verdict
from nlp.rules.name_words import HAN, NOT_GIVEN, POLITE, TITLES, Heard, by_sound, patterns

_READ_OUT = re.compile(rf"(?:是|人是?|姓名是?|叫)({HAN}{{3,8}}?)(?:先生|女士|小姐|对吗|[，？?])")
"""登记人是阿依古丽女士: a name written by sound as it is on file."""


def in_agent(talk: Talk, turn: Turn) -> Iterator[Heard]:
    """How the agent addresses the caller, unless the caller objects."""
    if not turn.by_agent:
        return
    answer, reply = talk.answer(turn.index)
    objects = answer is Verdict.NO or (
        reply is not None and re.search(r"不是|我是(?!的)", reply.s[:12]) and "？" in turn.s
    )
    if objects:
        return
    yield from _from_file(turn, agreed=answer is Verdict.YES)
    for m in re.finditer(TITLES, turn.s):
        before = turn.s[: m.start()]
        found = _before_title(before)
        if found is None or m.group() in ("师傅", "总") or re.match("电器|油烟|牌", turn.s[m.end() :]):
            continue
        family, given = found
        span = Span(turn.index, m.start() - len(family + given), m.end())
        yield Heard(family, given, POLITE.get(m.group(), m.group()), span, "name.addressed")


def _from_file(turn: Turn, *, agreed: bool) -> Iterator[Heard]:
    """Names that the agent reads out; those without 登记 or 姓名 before them only where the caller agrees."""
    for m in patterns().registered.finditer(turn.s):
        if not re.match(TITLES, m.group(2)) and not NOT_GIVEN.intersection(m.group(2)):
            yield Heard(m.group(1), m.group(2), "", Span(turn.index, m.start(1), m.end()), "name.addressed")
    if not agreed:
        return
    for m in _READ_OUT.finditer(turn.s):
        if by_sound(m.group(1)):
            yield Heard(m.group(1)[0], m.group(1)[1:], "", Span(turn.index, m.start(1), m.end(1)), "name.addressed")
    for m in patterns().told.finditer(turn.s):
        yield Heard(m.group(1), "", "", Span(turn.index, m.start(1), m.end()), "name.addressed")


def _before_title(before: str) -> tuple[str, str] | None:
    """Family and given name right before a title: 孙 in 好的孙先生, 潘立新 in 您爱人是潘立新先生."""
    m = patterns().before_title.search(before)
    if m and not NOT_GIVEN.intersection(m.group(2)):
        return m.group(1), m.group(2)
    m = patterns().last.search(before)
    return (m.group(1), "") if m else None
