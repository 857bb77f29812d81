"""customer_name: full name when given, else surname and title."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

from nlp.dialogue import TAKEN_BACK, Found, Span, Talk, Turn, Verdict
from nlp.rules.address import part_of
from nlp.sound import char_cost
from nlp.types import SlotState

_HAN = r"[\u4e00-\u9fff]"
_ALL_HAN = re.compile(f"{_HAN}+")
_OF_A_WORD = re.compile(rf"({_HAN}{{2,4}})的({_HAN})")
"""拂晓的晓: the word that a character is of."""
_BREATH = re.compile(rf"(?:^|[，。,])(?:我叫|叫|我是|是)?({_HAN}{{3,10}})(?=[，。,]|$)")
_SURE_TITLE = re.compile(rf"(?:^|[，。,])(?:我姓|姓|我是|是|找.{{0,4}})?({_HAN})(先生|女士|小姐)(?=[，。,]|$)")
TITLES = "先生|女士|小姐|老师|老板|大爷|阿姨|太太|师傅|大哥|大姐|大叔|大妈|大娘|奶奶|爷爷|同志|经理|主任|医生|总|哥|姐"
_POLITE = {
    "大爷": "先生",
    "大叔": "先生",
    "大哥": "先生",
    "哥": "先生",
    "爷爷": "先生",
    "大姐": "女士",
    "姐": "女士",
    "阿姨": "女士",
    "奶奶": "女士",
    "大妈": "女士",
    "大娘": "女士",
    "小姐": "女士",
    "太太": "女士",
    "同志": "",
    "经理": "",
    "主任": "",
    "医生": "",
}
_NOT_GIVEN = frozenset(
    "的是我你您他她它们这那就在有不没了吗吧呢啊哦嗯呀哈嘛喽咯电话号码地址先女老师也都和跟姓叫名打要请好行对可以后前上下个么来去说看留写记幺零一二三四五六七八九十呃额喂哎"
)
_RISKY = "[别能都那相从有后还和要来过时就国公步年言商利海修车门文明成平安单包方]"
_AFTER_NAME = re.compile(
    r"$|[，。,.！!？?…、]|[零一二三四五六七八九幺\d]{3}|电话|手机|号码|就行|就可以|就好|就[打这用找]"
)
_DIGIT = re.compile(r"[零一二三四五六七八九幺\d]")
_NUMBER_END = re.compile(r"(?:[零〇一二三四五六七八九幺两洞拐\d][，,、]?){4}$")
_THIRD = re.compile(r"他|她|父亲|母亲|爸|妈|儿子|女儿|老公|爱人|弟|哥|姐|老人")


@dataclass(frozen=True, slots=True)
class Surnames:
    """The surnames as a pattern and as sets, and how people explain them."""

    pattern: str
    single: frozenset[str]
    explained: dict[str, str]


@lru_cache(maxsize=1)
def surnames() -> Surnames:
    """Read the surname file once."""
    rows = dict(
        line.split(" ", 1)
        for line in files("nlp.data").joinpath("surnames.txt").read_text("utf-8").splitlines()
        if line and not line.startswith("#")
    )
    single = rows["single"].strip()
    explained = dict(pair.split("=") for pair in rows["explained"].split())
    return Surnames(rf"(?:{'|'.join(rows['compound'].split())}|[{single}])", frozenset(single), explained)


@dataclass(frozen=True, slots=True)
class _Patterns:
    called: re.Pattern[str]
    opening: re.Pattern[str]
    family: re.Pattern[str]
    surname: re.Pattern[str]
    titled: re.Pattern[str]
    familiar: re.Pattern[str]
    before_title: re.Pattern[str]
    last: re.Pattern[str]
    told: re.Pattern[str]
    registered: re.Pattern[str]
    """The name on file as the agent reads it out: 登记姓名是马桂英，对吗."""
    explained: re.Pattern[str]
    family_first: re.Pattern[str]
    """Before 小红: it is no familiar form but the given name of 漆小红."""


_RARE = "\ue000"
"""Stands for a surname that the list does not have in a text: patterns need not be made anew for it."""


@lru_cache(maxsize=1)
def _patterns() -> _Patterns:
    """The patterns of names."""
    x = surnames().pattern
    compound = x[3 : x.index("|[")]
    x = f"(?:{x}|{_RARE})"
    return _Patterns(
        called=re.compile(
            rf"(?P<who>我|他|她)?(?<!门头)(?<!店名)(?<!店子)(?<!小区)(?<!地方)(?<!招牌)(?<!旁边)(?<!，叫)(?:姓名是?|名叫|叫做?|名字是|名字叫|我是)(?!房东|房客|租客|业主|物业|保安|店长|管家|中介|司机)({x})({_HAN}{{1,2}})"
        ),
        opening=re.compile(
            rf"(?:^|[，。,.…、：:！!零一二三四五六七八九幺\d]|姓{x}|收件人|收货人|联系人)(?:写|哦|呃|嗯|啊|哎|我|我是|是|叫|就是|写|留我|喊|对|那就写|姓名)*(?={x})"
        ),
        family=re.compile(x),
        surname=re.compile(rf"(?<!不)(?<!不是)姓(?![名氏什啥甚])({compound}|{_HAN})"),
        titled=re.compile(rf"(?!{_RISKY})({x})({_HAN}{{1,2}}?)??({TITLES})"),
        familiar=re.compile(rf"[老小]({x})(?=[，。,.就]|$)"),
        before_title=re.compile(
            rf"(?:^|[^\u4e00-\u9fff]|[是的好给对叫那我您部和跟区市县谢歉嗯到系位下]|您爱人是)({x})({_HAN}{{0,2}})$"
        ),
        last=re.compile(f"({x})$"),
        registered=re.compile(
            rf"(?:姓名|名字|收[货件]人|寄件人|联系人|机主)(?:登记|写|留|填)?的?(?:是|叫|为)({x})({_HAN}{{1,2}})(?=[，。？?]|对[吧吗]|是吧|吗|吧)"
        ),
        told=re.compile(f"您(?:是)?姓({x})(?=[，。？吗对])"),
        explained=re.compile(rf"的({x})\1({_HAN}{{1,2}})"),
        family_first=re.compile(rf"(?:^|[^\u4e00-\u9fff]|[叫是]){x}$"),
    )


@dataclass(frozen=True, slots=True)
class Heard:
    """A name as heard: family and given name, title, where, and by which rule."""

    family: str
    given: str
    title: str
    span: Span
    rule: str


def settle(talk: Talk) -> Found | None:
    """Full name said by the caller, else the surname with the title by which the agent addresses them."""
    said = talk.gather("names.said", _in_caller)
    addressed = talk.gather("names.addressed", _in_agent)
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
    return [*talk.gather("names.said", _in_caller), *talk.gather("names.addressed", _in_agent)]


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
    for m in re.finditer(rf"({_HAN}{{1,4}})的({_HAN})", s):
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


def _in_caller(talk: Talk, turn: Turn) -> Iterator[Heard]:
    if turn.by_agent:
        return
    if turn.question and _ALSO_YOURS.search(turn.question.s):
        return
    asked = talk.asked(turn.index)
    by_name = "customer_name" in asked or bool(re.search("收件人|收货人|联系人", turn.s))
    p = _patterns()
    for m in p.called.finditer(_introduced(turn.s)):
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
    if by_name or "姓" in turn.s:
        yield from _openings(talk, turn, 1, "name.answer")
    elif asked & {"contact_phone", "address"}:
        yield from _openings(talk, turn, 2, "name.after_number")
    for m in p.surname.finditer(turn.s):
        rest = turn.s[m.end() : m.end() + 8]
        tail = re.match(TITLES, (rest[1:] if rest[:1] in "，," else rest).removeprefix(m.group(1)))
        yield Heard(
            m.group(1),
            "",
            _POLITE.get(tail.group(), tail.group()) if tail else "",
            Span(turn.index, m.start(1), m.end()),
            "name.third" if turn.question and _ASKED_OF_ANOTHER.search(turn.question.s) else "name.surname",
        )
    if by_name:
        yield from _after_explanation(turn)
        yield from _alone(turn)
        yield from _by_explanation(turn)
        yield from _foreign(turn)
    if by_name or "电话" in turn.s:
        yield from _titled(turn)


_ASKED_OF_ANOTHER = re.compile(
    "(?:您|你)?(?:的)?(?:母亲|妈妈?|父亲|爸爸?|爱人|老公|老婆|先生|太太|儿子|女儿|婆婆|岳父|岳母|租客|房客|同事|邻居|老人家?)(?:那边)?(?:怎么称呼|贵姓|姓什么|叫什么|的?名字|的?姓名)"
)
"""The agent asks for the name of the one who will be there."""
_ALSO_YOURS = re.compile("您(?:这边|本人|自己)?也(?:留|报|说)")
"""The name of who calls, besides that of whom to call on."""
_EXPLAINED_SURNAME = re.compile(rf"(?:^|[，。叫是])({_HAN}){_HAN}{{1,2}}，{_HAN}{{1,3}}的\1")


def _introduced(s: str) -> str:
    """``s`` with surnames that are introduced (我姓眭) or explained, and not in the list, marked. Same length."""
    said = {m.group(1) for p in (_patterns().surname, _EXPLAINED_SURNAME) for m in p.finditer(s)}
    for c in said - surnames().single:
        s = s.replace(c, _RARE) if len(c) == 1 else s
    return s


def _openings(talk: Talk, turn: Turn, least: int, rule: str) -> Iterator[Heard]:
    """Names that stand where an answer begins (刘晓燕，拂晓的晓; 幺三九…，马秀兰), and are no part of an address."""
    p, text = _patterns(), _introduced(turn.s)
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
        if _NOT_GIVEN.intersection(given) and not _explains(rest.lstrip("，,"), family + given):
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


_SAYS_WHICH = re.compile("就?是|字")


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
        if c in _NOT_GIVEN or (i == 1 and c == family):
            return given[:i]
    return "" if re.fullmatch(TITLES, given) or s[end : end + 1] == "吗" else given


_SOUNDED = frozenset(
    "阿果曲比惹呷嫫木沙马艾尼瓦尔江古丽买提木拉吐逊克力热依孜帕夏娜迪亚斯卡米玛合别巴特勒格日朝鲁其仁那图雅娅托萨哈吉莫色乌苏伊布拉音扎西次旺央金多杰卓嘎平措旦增洛桑顿珠白姆德罕沙赛买买甫如孜汗"
)


def _foreign(turn: Turn) -> Iterator[Heard]:
    """Names written by sound (艾尼瓦尔江): three characters or more that such names are made of."""
    for m in _BREATH.finditer(turn.s):
        word = m.group(1)
        if sum(c in _SOUNDED for c in word) >= 0.9 * len(word):
            yield Heard(word[0], word[1:], "", Span(turn.index, m.start(1), m.end()), "name.by_sound")


def _alone(turn: Turn) -> Iterator[Heard]:
    """A surname by itself and its explanation: 隋，隋朝的隋."""
    for m in re.finditer(rf"(?:^|[，。,])(?:我?姓)?({_HAN})[，,](?={_HAN}{{0,3}}\1{_HAN}{{0,3}}的\1)", turn.s):
        yield Heard(m.group(1), "", "", Span(turn.index, m.start(1), m.end(1)), "name.surname")


_EXPLAINS_GIVEN = re.compile(
    rf"[女三草木金火土竹绞单双走][字子人点立]|{_HAN}{{1,2}}的|[那哪]个|电话|手机|号码|[零一二三四五六七八九幺\d]|[，。,.]|$"
)


def _after_explanation(turn: Turn) -> Iterator[Heard]:
    """The whole name after its surname was explained in one breath: 姓温温度的温温晓婷."""
    for m in _patterns().explained.finditer(turn.s):
        given = m.group(2)
        for size in (2, 1):
            if (
                len(given) >= size
                and _EXPLAINS_GIVEN.match(turn.s, m.start(2) + size)
                and not _NOT_GIVEN & set(given[:size])
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


def _titled(turn: Turn) -> Iterator[Heard]:
    for m in _SURE_TITLE.finditer(turn.s):
        if m.group(1) not in _NOT_GIVEN:
            yield Heard(
                m.group(1),
                "",
                _POLITE.get(m.group(2), m.group(2)),
                Span(turn.index, m.start(1), m.end()),
                "name.surname",
            )
    for m in _patterns().titled.finditer(turn.s):
        if m.group(2) or re.match("老板(?:电器|油烟|牌|的|家)", turn.s[m.start(3) :]):
            continue
        yield Heard(
            m.group(1), "", _POLITE.get(m.group(3), m.group(3)), Span(turn.index, m.start(), m.end()), "name.surname"
        )
    for m in _patterns().familiar.finditer(turn.s):
        if _patterns().family_first.search(_introduced(turn.s)[: m.start()]):
            continue
        yield Heard(m.group(1), "", "", Span(turn.index, m.start(1), m.end()), "name.surname")


def _in_agent(talk: Talk, turn: Turn) -> Iterator[Heard]:
    """How the agent addresses the caller, unless the caller objects."""
    if not turn.by_agent:
        return
    answer, reply = talk.answer(turn.index)
    objects = answer is Verdict.NO or (
        reply is not None and re.search(r"不是|我是(?!的)", reply.s[:12]) and "？" in turn.s
    )
    if objects:
        return
    for m in _patterns().registered.finditer(turn.s):
        if not re.match(TITLES, m.group(2)) and not _NOT_GIVEN.intersection(m.group(2)):
            yield Heard(m.group(1), m.group(2), "", Span(turn.index, m.start(1), m.end()), "name.addressed")
    for m in _patterns().told.finditer(turn.s):
        if answer is Verdict.YES:
            yield Heard(m.group(1), "", "", Span(turn.index, m.start(1), m.end()), "name.addressed")
    for m in re.finditer(TITLES, turn.s):
        before = turn.s[: m.start()]
        found = _before_title(before)
        if found is None or m.group() in ("师傅", "总") or re.match("电器|油烟|牌", turn.s[m.end() :]):
            continue
        family, given = found
        span = Span(turn.index, m.start() - len(family + given), m.end())
        yield Heard(family, given, _POLITE.get(m.group(), m.group()), span, "name.addressed")


def _before_title(before: str) -> tuple[str, str] | None:
    """Family and given name right before a title: 孙 in 好的孙先生, 潘立新 in 您爱人是潘立新先生."""
    m = _patterns().before_title.search(before)
    if m and not _NOT_GIVEN.intersection(m.group(2)):
        return m.group(1), m.group(2)
    m = _patterns().last.search(before)
    return (m.group(1), "") if m else None
