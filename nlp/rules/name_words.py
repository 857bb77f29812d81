"""How names are written and introduced: patterns of them, titles, and what no name has in it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

from nlp.dialogue import Span
from nlp.surnames import surnames

HAN = r"[\u4e00-\u9fff]"
TITLES = (
    "先生|女士|小姐|老师|老板|大爷|阿姨|太太|师傅|大哥|大姐|大叔|大妈|大娘|奶奶|爷爷|同志|经理|主任|医生|总|哥|姐"
    "|(?:(?<!方)太|伯|婶|嫂)(?=[，。？,]|$)"
)
POLITE = {
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
    "太": "女士",
    "婶": "女士",
    "嫂": "女士",
    "伯": "先生",
    "太太": "女士",
    "同志": "",
    "经理": "",
    "主任": "",
    "医生": "",
}
NOT_GIVEN = frozenset(
    "的是我你您他她它们这那就在有不没了吗吧呢啊哦嗯呀哈嘛喽咯电话号码地址先女老师也都和跟姓叫名打要请好行对可以后前上下个么来去说看留写记幺零一二三四五六七八九十呃额喂哎"
)
_SOUNDED = frozenset(
    "阿果曲比惹呷嫫木沙马艾尼瓦尔江古丽买提木拉吐逊克力热依孜帕夏娜迪亚斯卡米玛合别巴特勒格日朝鲁其仁那图雅娅托萨哈吉莫色乌苏伊布拉音扎西次旺央金多杰卓嘎平措旦增洛桑顿珠白姆德罕沙赛买买甫如孜汗"
)
_RISKY = "[别能都那相从有后还和要来过时就国公步年言商利海修车门文明成平安单包方]"
_RARE = "\ue000"
"""Stands for a surname that the list does not have in a text: patterns need not be made anew for it."""
_EXPLAINED_SURNAME = re.compile(rf"(?:^|[，。叫是])({HAN}){HAN}{{1,2}}，{HAN}{{1,3}}的\1")


@dataclass(frozen=True, slots=True)
class Heard:
    """A name as heard: family and given name, title, where, and by which rule."""

    family: str
    given: str
    title: str
    span: Span
    rule: str


@dataclass(frozen=True, slots=True)
class Patterns:
    """Where names stand; ``patterns`` makes them of the surnames there are."""

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


@lru_cache(maxsize=1)
def patterns() -> Patterns:
    """The patterns of names."""
    x = surnames().pattern
    compound = x[3 : x.index("|[")]
    x = f"(?:{x}|{_RARE})"
    return Patterns(
        called=re.compile(
            rf"(?P<who>我|他|她)?(?<!门头)(?<!店名)(?<!店子)(?<!小区)(?<!地方)(?<!招牌)(?<!旁边)(?<!，叫)(?:姓名是?|名叫|叫做?|名字是|名字叫|我是)(?!房东|房客|租客|业主|物业|保安|店长|管家|中介|司机)({x})({HAN}{{1,2}})"
        ),
        opening=re.compile(
            rf"(?:^|[，。,.…、：:！!零一二三四五六七八九幺\d]|姓{x}|收件人|收货人|联系人)(?:写|哦|呃|嗯|啊|哎|我|我是|是|叫|就是|写|留我|喊|对|那就写|姓名)*(?={x})"
        ),
        family=re.compile(x),
        surname=re.compile(rf"(?<!不)(?<!不是)姓(?![名氏什啥甚念读写怎])({compound}|{HAN})"),
        titled=re.compile(rf"(?!{_RISKY})({x})({HAN}{{1,2}}?)??({TITLES})"),
        familiar=re.compile(rf"[老小]({x})(?=[，。,.就]|$)"),
        before_title=re.compile(
            rf"(?:^|[^\u4e00-\u9fff]|[是的好给对叫那我您部和跟区市县谢歉嗯到系位下]|您爱人是)({x})({HAN}{{0,2}})$"
        ),
        last=re.compile(f"({x})$"),
        registered=re.compile(
            rf"(?:姓名|名字|收[货件]人|寄件人|联系人|机主)(?:登记|写|留|填)?的?(?:是|叫|为)({x})({HAN}{{1,2}})(?=[，。？?]|对[吧吗]|是吧|吗|吧)"
        ),
        told=re.compile(f"您(?:是)?姓({x})(?=[，。？吗对])"),
        explained=re.compile(rf"的({x})\1({HAN}{{1,2}})"),
        family_first=re.compile(rf"(?:^|[^\u4e00-\u9fff]|[叫是]){x}$"),
    )


def introduced(s: str) -> str:
    """``s`` with surnames that are introduced (我姓眭) or explained, and not in the list, marked. Same length."""
    said = {m.group(1) for p in (patterns().surname, _EXPLAINED_SURNAME) for m in p.finditer(s)}
    for c in said - surnames().single:
        s = s.replace(c, _RARE) if len(c) == 1 else s
    return s


def by_sound(word: str) -> bool:
    """Whether a word is a name written by sound (艾尼瓦尔江): three characters or more that such names are made of."""
    return len(word) >= 3 and sum(c in _SOUNDED for c in word) >= 0.9 * len(word)
