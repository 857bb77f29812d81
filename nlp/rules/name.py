"""customer_name: full name when given, else surname and title."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from nlp.dialogue import Found, Talk, Turn
from nlp.rules.name_words import HAN, Heard
from nlp.rules.names_addressed import in_agent
from nlp.rules.names_said import in_caller
from nlp.sound import char_cost
from nlp.surnames import surnames
from nlp.types import SlotState


def settle(talk: Talk) -> Found | None:
    """Full name said by the caller, else the surname with the title by which the agent addresses them."""
    said = talk.gather("names.said", in_caller)
    addressed = talk.gather("names.addressed", in_agent)
    full = _last(said, given=True) or _last(addressed, given=True)
    short = _last(said, given=False)
    agent = addressed[-1] if addressed else None
    if (
        full
        and short
        and full.rule == "name.answer"
        and char_cost(full.family[0], short.family[0]) == 1.0
        and short.span > full.span
    ):
        full = None
    if full:
        return _full(talk, full, short, agent)
    chosen = short or agent
    if chosen is None:
        return None
    if short and agent and agent.span > short.span and not short.title:
        chosen = agent
    family = chosen.family if chosen is agent else _family(talk, chosen.family, short, agent)
    title = chosen.title or (agent.title if agent and _alike(agent.family, family) else "")
    name = family + title
    state = SlotState.CONFIRMED if agent and short and agent.family == family else SlotState.HEARD
    rule = "name.surname" if chosen is short else "name.addressed"
    return Found("customer_name", name, name, rule, state, (chosen.span,), 0.9 if chosen is short else 0.8)


def claims(talk: Talk) -> list[Heard]:
    """Every name the caller gave, and every form of address that was not objected to."""
    return [*talk.gather("names.said", in_caller), *talk.gather("names.addressed", in_agent)]


def _full(talk: Talk, full: Heard, short: Heard | None, agent: Heard | None) -> Found:
    family = _family(talk, full.family, short, agent)
    given = "".join(_spelled(talk, full.span.turn, c) for c in full.given)
    name = family + given
    state = SlotState.CONFIRMED if agent and agent.family == family else SlotState.HEARD
    return Found(
        "customer_name", name, name, full.rule, state, (full.span,), 0.9 if name == full.family + full.given else 0.7
    )


def _last(heard: Sequence[Heard], *, given: bool) -> Heard | None:
    fitting = [h for h in heard if bool(h.given) == given]
    if given:
        third = [h for h in fitting if h.rule == "name.third"]
        return third[-1] if third else fitting[-1] if fitting else None
    third = [h for h in fitting if h.rule == "name.third"]
    if third:
        return third[-1]
    titled = [h for h in fitting if h.title]
    best = titled or fitting
    return best[-1] if best else None


def _alike(a: str, b: str) -> bool:
    return len(a) == len(b) and all(char_cost(x, y) < 1 for x, y in zip(a, b, strict=True))


def _family(talk: Talk, heard: str, short: Heard | None, agent: Heard | None) -> str:
    """The surname as the agent wrote it down, or as it was explained, where it sounds like what was heard."""
    if agent and _alike(agent.family, heard):
        return agent.family
    for _how, family in talk.gather("names.explained", _explained):
        if char_cost(family, heard) < 1:
            return family
    if short and _alike(short.family, heard):
        return short.family
    return heard if len(heard) > 1 or heard in surnames().single else _spelled_any(talk, heard)


def _spelled_any(talk: Talk, c: str) -> str:
    for turn in talk.caller():
        spelled = _spelled(talk, turn.index, c)
        if spelled != c:
            return spelled
    return c


def _spelled(talk: Talk, index: int, c: str) -> str:
    """The character meant when it was explained (``拂晓的晓``): the one said twice that sounds like ``c``."""
    s = talk.turns[index].s
    for m in re.finditer(rf"({HAN}{{1,4}})的({HAN})", s):
        word, again = m.group(1), m.group(2)
        if c in word and char_cost(c, again) < 0.2:
            return c
        if again in word and char_cost(again, c) < 0.2:
            return again
    return c


def _explained(_: Talk, turn: Turn) -> Iterator[tuple[str, str]]:
    """(how, surname) of each explanation the caller gives: 立早 章."""
    if turn.by_agent:
        return
    for how, family in surnames().explained.items():
        if how + family in turn.s and "不是" + how not in turn.s:
            yield how, family
