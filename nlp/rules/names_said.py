"""Names as callers give them: called, answered, explained, by surname and title, or written by sound."""

from __future__ import annotations

import re
from collections.abc import Iterator

from nlp.dialogue import TAKEN_BACK, Span, Talk, Turn
from nlp.rules.address import part_of
from nlp.rules.name_words import HAN, NOT_GIVEN, POLITE, TITLES, Heard, by_sound, introduced, patterns
from nlp.sound import char_cost
from nlp.surnames import surnames

_ALL_HAN = re.compile(f"{HAN}+")
_OF_A_WORD = re.compile(rf"({HAN}{{2,4}})的({HAN})")
"""拂晓的晓: the word that a character is of."""
_BREATH = re.compile(rf"(?:^|[，。,])(?:我叫|叫|我是|是)?({HAN}{{3,10}})(?=[，。,]|$)")
_SURE_TITLE = re.compile(rf"(?:^|[，。,])(?:我姓|姓|我是|是|找.{{0,4}})?({HAN})(先生|女士|小姐)(?=[，。,]|$)")
_AFTER_NAME = re.compile(
    r"$|[，。,.！!？?…、]|[零一二三四五六七八九幺\d]{3}|电话|手机|号码|就行|就可以|就好|就[打这用找]"
)
_DIGIT = re.compile(r"[零一二三四五六七八九幺\d]")
_NUMBER_END = re.compile(r"(?:[零〇一二三四五六七八九幺两洞拐\d][，,、]?){4}$")
_THIRD = re.compile(r"他|她|父亲|母亲|爸|妈|儿子|女儿|老公|爱人|弟|哥|姐|老人")
_ASKED_OF_ANOTHER = re.compile(
    "(?:您|你)?(?:的)?(?:母亲|妈妈?|父亲|爸爸?|爱人|老公|老婆|先生|太太|儿子|女儿|婆婆|岳父|岳母|租客|房客|同事|邻居|老人家?)(?:那边)?(?:怎么称呼|贵姓|姓什么|叫(?:什么|[？?])|的?名字|的?姓名)"
)
"""The agent asks for the name of the one who will be there."""
_ALSO_YOURS = re.compile("您(?:这边|本人|自己)?也(?:留|报|说)")
"""The name of who calls, besides that of whom to call on."""
_SAYS_WHICH = re.compile("就?是|字")
_EXPLAINS_GIVEN = re.compile(
    rf"[女三草木金火土竹绞单双走][字子人点立]|{HAN}{{1,2}}的|[那哪]个|电话|手机|号码|[零一二三四五六七八九幺\d]|[，。,.]|$"
)
_PARTS_OF_IT = re.compile(
    "[草竹]字头|宝盖头?|病字[旁头]?|[绞单双左右金木火王女言][丝人耳字]?旁?边?|[三两]点水|走之[旁边底]?|提手旁?|门字|[上左][面边]"
)
"""How a character is told by what it is made of."""


def in_caller(talk: Talk, turn: Turn) -> Iterator[Heard]:
    """Every name in a caller's turn; more ways of giving one count where it was asked for."""
    if turn.by_agent:
        return
    if turn.question and _ALSO_YOURS.search(turn.question.s):
        return
    asked = talk.asked(turn.index)
    by_name = "customer_name" in asked or bool(re.search("收件人|收货人|联系人", turn.s))
    p = patterns()
    for m in p.called.finditer(introduced(turn.s)):
        family, given = turn.s[m.start(2) : m.end(2)], turn.s[m.start(3) : m.end(3)]
        given = _given(turn.s, family, given, m.end())
        if given:
            third = m.group("who") in ("他", "她") or bool(_THIRD.search(turn.s[max(0, m.start() - 4) : m.start()]))
            yield Heard(
                family,
                given,
                "",
                Span(turn.index, m.start(2), m.start(3) + len(given)),
                "name.third" if third and by_name else "name.called",
            )
    of_another = turn.question is not None and bool(_ASKED_OF_ANOTHER.search(turn.question.s))
    if by_name or "姓" in turn.s:
        yield from _openings(talk, turn, 1, "name.third" if of_another else "name.answer")
    elif asked & {"contact_phone", "address"}:
        yield from _openings(talk, turn, 2, "name.after_number")
    for m in p.surname.finditer(turn.s):
        rest = turn.s[m.end() : m.end() + 8]
        tail = re.match(TITLES, (rest[1:] if rest[:1] in "，," else rest).removeprefix(m.group(1)))
        yield Heard(
            m.group(1),
            "",
            POLITE.get(tail.group(), tail.group()) if tail else "",
            Span(turn.index, m.start(1), m.end()),
            "name.third" if of_another else "name.surname",
        )
    if by_name:
        yield from _after_explanation(turn)
        yield from _alone(turn)
        yield from _by_explanation(turn)
        yield from _by_parts(turn)
        yield from _foreign(turn)
    if by_name or "电话" in turn.s:
        yield from _titled(turn)


def _openings(talk: Talk, turn: Turn, least: int, rule: str) -> Iterator[Heard]:
    """Names that stand where an answer begins (刘晓燕，拂晓的晓; 幺三九…，马秀兰), and are no part of an address."""
    p, text = patterns(), introduced(turn.s)
    place = part_of(talk, turn)
    where = range(place.start, place.end) if place else range(0)
    named = ""
    for m in p.opening.finditer(text):
        begins = p.family.match(text, m.end())
        if begins is None or (least == 2 and m.start() == 0) or _house_number(turn.s, m):
            continue
        if turn.s.startswith("单元", m.end()) or m.end() in where:
            continue
        family = turn.s[begins.start() : begins.end()]
        given = _bounded(turn.s, family, begins.end())
        if surnames().explained.get((family + given)[:-1]) == given[-1:] != "":
            continue
        if named and set(named) & set(family + given) and not TAKEN_BACK.search(turn.s[: m.start()]):
            continue
        if len(given) >= least:
            named = family + given
            yield Heard(family, given, "", Span(turn.index, m.end(), begins.end() + len(given)), rule)


def _house_number(s: str, opening: re.Match[str]) -> bool:
    """Whether digits right before are too few for a telephone number, so that they are a house's (二 单元)."""
    return bool(_DIGIT.match(opening.group()[-1:])) and not _NUMBER_END.search(s[: opening.end()])


def _bounded(s: str, family: str, at: int) -> str:
    """The one or two characters of a given name that end where a name can end."""
    for size in (2, 1):
        given, rest = s[at : at + size], s[at + size :]
        if len(given) < size or not _ALL_HAN.fullmatch(given):
            continue
        if NOT_GIVEN.intersection(given) and not _explains(rest.lstrip("，,"), family + given):
            continue
        if (
            given.endswith("的")
            or given[0] == family
            or re.match(TITLES, given)
            or re.search("旁|头|字|底|单人", given)
            or re.match(TITLES, rest)
        ):
            continue
        if _AFTER_NAME.match(rest) or _explains(rest, family + given):
            return given
    return ""


def _explains(rest: str, name: str) -> bool:
    """Whether an explanation of a character of the name follows (拂晓的晓, 郝就是…, 甜蜜的甜)."""
    m = _OF_A_WORD.match(rest)
    if m and m.group(2) in name and any(char_cost(m.group(2), c) < 1 for c in m.group(1)):
        return True
    if any(rest.startswith(how + family) for how, family in surnames().explained.items() if family == name[0]):
        return True
    return bool(rest) and rest[0] in name and bool(_SAYS_WHICH.match(rest, 1))


def _given(s: str, family: str, given: str, end: int) -> str:
    """The given name without what follows it: 郝敏郝就是… → 敏."""
    if re.match(TITLES, family + given):
        return ""
    for i, c in enumerate(given):
        if c in NOT_GIVEN or (i == 1 and c == family):
            return given[:i]
    return "" if re.fullmatch(TITLES, given) or s[end : end + 1] == "吗" else given


def _foreign(turn: Turn) -> Iterator[Heard]:
    """Names written by sound that stand by themselves."""
    for m in _BREATH.finditer(turn.s):
        word = m.group(1)
        if by_sound(word):
            yield Heard(word[0], word[1:], "", Span(turn.index, m.start(1), m.end()), "name.by_sound")


def _alone(turn: Turn) -> Iterator[Heard]:
    """A surname by itself and its explanation: 隋，隋朝的隋."""
    for m in re.finditer(rf"(?:^|[，。,])(?:我?姓)?({HAN})[，,](?={HAN}{{0,3}}\1{HAN}{{0,3}}的\1)", turn.s):
        yield Heard(m.group(1), "", "", Span(turn.index, m.start(1), m.end(1)), "name.surname")


def _after_explanation(turn: Turn) -> Iterator[Heard]:
    """The whole name after its surname was explained in one breath: 姓温温度的温温晓婷."""
    for m in patterns().explained.finditer(turn.s):
        given = m.group(2)
        for size in (2, 1):
            if (
                len(given) >= size
                and _EXPLAINS_GIVEN.match(turn.s, m.start(2) + size)
                and not NOT_GIVEN & set(given[:size])
            ):
                span = Span(turn.index, m.start(1), m.start(2) + size)
                yield Heard(m.group(1), given[:size], "", span, "name.answer")
                break


def _by_explanation(turn: Turn) -> Iterator[Heard]:
    """立早章 tells the surname even where nothing else was understood."""
    for how, family in surnames().explained.items():
        at = turn.s.find(how + family)
        if at >= 0 and not turn.s[:at].endswith("不是"):
            yield Heard(family, "", "", Span(turn.index, at, at + len(how + family)), "name.explained")


def _by_parts(turn: Turn) -> Iterator[Heard]:
    """A surname by itself and what it is made of: 缑，绞丝旁加一个侯."""
    m = re.match(rf"(?:[啊哎呃嗯哦，]|我?姓|免贵)*({patterns().family.pattern})[，,](?:就是)?", turn.s)
    if m and _PARTS_OF_IT.match(turn.s, m.end()):
        yield Heard(m.group(1), "", "", Span(turn.index, m.start(1), m.end(1)), "name.surname")


def _titled(turn: Turn) -> Iterator[Heard]:
    for m in _SURE_TITLE.finditer(turn.s):
        if m.group(1) not in NOT_GIVEN:
            yield Heard(
                m.group(1),
                "",
                POLITE.get(m.group(2), m.group(2)),
                Span(turn.index, m.start(1), m.end()),
                "name.surname",
            )
    for m in patterns().titled.finditer(turn.s):
        if m.group(2) or re.match("老板(?:电器|油烟|牌|的|家)", turn.s[m.start(3) :]):
            continue
        yield Heard(
            m.group(1), "", POLITE.get(m.group(3), m.group(3)), Span(turn.index, m.start(), m.end()), "name.surname"
        )
    for m in patterns().familiar.finditer(turn.s):
        if patterns().family_first.search(introduced(turn.s)[: m.start()]):
            continue
        yield Heard(m.group(1), "", "", Span(turn.index, m.start(1), m.end()), "name.surname")
