"""customer_name: full name when given, else surname and title."""

from __future__ import annotations

import re

from nlp.dialogue import Found, Span, Talk, Turn, Verdict
from nlp.types import SlotState

COMPOUND = [
    "欧阳",
    "司马",
    "上官",
    "诸葛",
    "东方",
    "皇甫",
    "尉迟",
    "公孙",
    "慕容",
    "令狐",
    "司徒",
    "司空",
    "夏侯",
    "端木",
    "独孤",
    "南宫",
    "西门",
    "东郭",
    "百里",
    "呼延",
    "长孙",
    "宇文",
    "轩辕",
    "申屠",
    "万俟",
    "闻人",
    "濮阳",
    "淳于",
    "太史",
    "仲孙",
    "钟离",
    "鲜于",
    "闾丘",
    "拓跋",
    "赫连",
    "澹台",
    "公冶",
    "宗政",
    "公羊",
    "单于",
    "第五",
    "完颜",
    "纳兰",
    "叶赫",
]
SINGLE = frozenset(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金"
    "陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢路岳齐沿梅莫"
    "庄辛管祝左涂谷祁时舒耿牟卜詹关苗凌费纪靳盛童欧甄项曲成游阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶瞿戚丘古米"
    "池滕晋苑邬臧畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡"
    "宗应台巫鞠僧桑荆谌银扬明沙薄伏岑习胥保和蔺佘帅巴敬漆占郦隗麻苍过由逄修扈谯母麦逯车粟南门储淡公慎亓笪缪茆邰邝郗郏仝缑湛冮阚臧尚闫肖付代昝召呼"
)
TITLES = "先生|女士|小姐|老师|老板|大爷|阿姨|太太|师傅|大哥|大姐|大叔|大妈|大娘|奶奶|爷爷|同志|经理|主任|医生|总|哥|姐"
CANONICAL_TITLE = {
    "大爷": "先生", "大叔": "先生", "大哥": "先生", "哥": "先生", "爷爷": "先生", "大姐": "女士", "姐": "女士", "阿姨": "女士", "奶奶": "女士",
    "大妈": "女士", "大娘": "女士", "小姐": "女士", "太太": "女士", "同志": "", "经理": "", "主任": "", "医生": "",
}  # fmt: skip
_SURNAME = rf"(?:{'|'.join(COMPOUND)}|[{''.join(sorted(SINGLE))}])"
_HAN = r"[\u4e00-\u9fff]"
_NOT_GIVEN = frozenset(
    "的是我你您他她它们这那就在有不没了吗吧呢啊哦嗯呀哈嘛喽咯电话号码地址先女老师也都和跟姓叫名打要请好行对可以后前上下个么来去说看留写记幺"
)
_INTRODUCED = re.compile(rf"(?:我|他|她|本人)?(?:免贵)?(?:是)?(?:姓|叫|名字叫|名字是|大名)(?:叫)?({_SURNAME})")
_FULL = re.compile(rf"({_SURNAME})({_HAN}{{1,2}})")
_TITLED = re.compile(rf"({_SURNAME})({_HAN}{{0,2}}?)({TITLES})")
_EXPLAINED = re.compile(rf"({_HAN}{{1,4}})的({_HAN})(?!{_HAN}?(?:话|时|机))")
_FAMILIAR = re.compile(rf"[老小]({_SURNAME})(?=[，。,.]|$)")


def settle(talk: Talk) -> Found | None:
    """Full name said by the caller, else the surname with the title by which the agent addresses them."""
    full = surname = None
    for turn in talk.caller():
        asked = "customer_name" in talk.asked(turn.index)
        full = _full(turn, asked) or full
        surname = _surname(turn, asked) or surname
    title = _address(talk)
    if full:
        name, span, rule = full
        return Found("customer_name", name, name, rule, SlotState.HEARD, (span,), 0.9)
    if surname:
        name, said, span = surname
        style = said or (title[1] if title and title[0] == name else "")
        return Found("customer_name", name + style, name + style, "name.surname", SlotState.HEARD, (span,), 0.9)
    if title:
        return Found(
            "customer_name", title[0] + title[1], title[0] + title[1], "name.agent", SlotState.HEARD, (title[2],), 0.7
        )
    return None


def _full(turn: Turn, asked: bool) -> tuple[str, Span, str] | None:
    s = turn.s
    for m in re.finditer(
        rf"(?:姓名|我叫|他叫|她叫|名叫|叫做|名字是|名字叫|我是|叫)({_SURNAME})({_HAN}{{1,2}})(?=[，。,.！!？?…]|$)", s
    ):
        if _given(m.group(2)):
            return m.group(1) + m.group(2), Span(turn.index, m.start(1), m.end()), "name.called"
    if not asked and "姓" not in s:
        return None
    for m in re.finditer(
        rf"(?:^|[，。,.…、：:])(?:哦|呃|嗯|啊|我|是|叫|就是|写|留我)*({_SURNAME})({_HAN}{{1,2}})(?=[，。,.！!？?…]|$)",
        s,
    ):
        if _given(m.group(2)) and not re.fullmatch(TITLES, m.group(2)):
            return m.group(1) + m.group(2), Span(turn.index, m.start(1), m.end()), "name.answer"
    return None


def _given(name: str) -> bool:
    return not any(c in _NOT_GIVEN for c in name)


def _surname(turn: Turn, asked: bool) -> tuple[str, str, Span] | None:
    s = turn.s
    m = re.search(rf"({_SURNAME})({TITLES})", s) if asked else None
    if m and not re.match("老板(电器|油烟|牌)", s[m.start(2) :]):
        return m.group(1), CANONICAL_TITLE.get(m.group(2), m.group(2)), Span(turn.index, m.start(), m.end())
    for m in re.finditer(rf"(?<!不是)(?:免贵|我|他|她)?(?:姓)({_SURNAME})", s):
        tail = re.match(rf"[，,]?(?:{m.group(1)})?({TITLES})", s[m.end() :])
        said = CANONICAL_TITLE.get(tail.group(1), tail.group(1)) if tail else ""
        return m.group(1), said, Span(turn.index, m.start(1), m.end())
    m = _FAMILIAR.search(s) if asked or "电话" in s else None
    if m:
        return m.group(1), "", Span(turn.index, m.start(1), m.end())
    return None


def _address(talk: Talk) -> tuple[str, str, Span] | None:
    """How the agent addresses the caller: surname, title and where."""
    found = None
    for turn in talk.agent():
        for m in re.finditer(rf"({_SURNAME})({_HAN}{{0,2}}?)({TITLES})", turn.s):
            if talk.answer(turn.index)[0] is Verdict.NO or m.group(2):
                continue
            found = m.group(1), CANONICAL_TITLE.get(m.group(3), m.group(3)), Span(turn.index, m.start(), m.end())
    return found
