"""Model numbers, fault codes, order numbers, dates of the past, and flags (the call is on Wednesday 2026-11-18)."""

from __future__ import annotations

import pytest

from tests.unit.nlp.calls import fields

HELLO = "a 您好，请讲。"

MODELS = """
K F R 三五 G W|KFR35GW
K F R 杠三五 G W|KFR35GW
嗯，K F R 三五 G W，后边还有一串斜杠，太小了看不清|KFR35GW
八五 Q 幺零 K，Q 是 Queen 那个 Q|85Q10K
五、五、A、五、D，后面括号 Pro|55A5DPRO
B C D 六五零，后面 W D 幺幺|BCD650WD11
R X Y Q 八，Q 后面是八，后头锈了|RXYQ8
L J S Q 二五，后头写个十六 L，那是升数吧|LJSQ25
G 幺零 S，后面是 Pure，P U R E|G10SPURE
X 幺，第一代的|X1
G 两千四|G2400
A R 六百 A 幺|AR600A1
K V 十六|KV16
A 三百多块|None
C A P 七二 什么的，后面念不清|CAP72
"""


@pytest.mark.parametrize("case", MODELS.strip().splitlines())
def test_model(case: str) -> None:
    """Models are spelled letter by letter, in parts and with explanations."""
    words, model = case.split("|")
    assert fields(HELLO, "c 我家空调不制冷。", "a 型号是多少？", f"c {words}。").get("model") == (
        None if model == "None" else model
    )


CODES = [
    (("c 洗衣机屏幕上跳一个 E 二幺。",), "E21"),
    (("c 空调不制冷，面板显示 F 三。",), "F3"),
    (("c 热水器打不着火。", "a 有没有报代码？", "c 显示 E 一。"), "E1"),
    (("c 热水器打不着火。", "a 有没有报代码？", "c 没有代码。"), None),
    (("c 洗衣机坏了。", "a 报什么代码？", "c 显示 E 二，不对，是 F 二，看错了。"), "F2"),
    (("a 什么问题？", "c 热水器那个 B 三老是往下滴水。"), None),
    (("c 空调要报修，D 二一开就漏水。",), None),
    (("a 什么问题？", "c 空调滴水。", "a 好的 C 四一直滴水。", "c 嗯。"), None),
    (("a 什么问题？", "c 我家空调，E 四。"), "E4"),
    (("a 什么问题？", "c 我家空调出 E 四了。"), "E4"),
    (("c 热水器洗一半就灭了。", "a 灭的时候有代码吗？", "c 屏上显示 幺二，一开水又没了。"), "12"),
]


@pytest.mark.parametrize(("lines", "code"), CODES)
def test_error_code(lines: tuple[str, ...], code: str | None) -> None:
    """The present fault code, not one that was corrected or denied."""
    assert fields(HELLO, *lines).get("error_code") == code


TICKETS = [
    (
        ("c 空调报修三天了没人来，查一下。", "a 工单号有吗？", "c H R 二零二六，幺幺零六，零零三八二。"),
        "HR2026110600382",
    ),
    (
        (
            "c 帮我查个空调单子，W X 七七零三，呃看错了，七七零八，零九幺二。",
            "a 再完整说一遍？",
            "c W X 七七零八零九幺二。",
        ),
        "WX77080912",
    ),
]


@pytest.mark.parametrize(("lines", "ticket"), TICKETS)
def test_prior_ticket(lines: tuple[str, ...], ticket: str) -> None:
    """The number of an older order, spoken in groups or corrected."""
    assert fields(HELLO, *lines).get("prior_ticket") == ticket


PURCHASES = """
去年双十一买的|2025-11-11
二零二一年装的|2021
一八年买的，老伙计了|2018
去年八月份，有发票的|2025-08
二三年五月买的|2023-05
今年三月|2026-03
前年国庆买的|2024-10-01
上周六在你们店买的|2026-11-14
前天刚买的|2026-11-16
二零二四年十二月五号|2024-12-05
用了三年了|None
上个月五号买的|2026-10-05
四月九号刚买的，还没一年呢|2026-04-09
十二月六号买的|2025-12-06
"""


@pytest.mark.parametrize("case", PURCHASES.strip().splitlines())
def test_purchase_date(case: str) -> None:
    """When it was bought; how long it has been used is no date."""
    words, date = case.split("|")
    heard = fields(HELLO, "c 我家空调不制冷。", "a 什么时候买的？", f"c {words}。").get("purchase_date")
    assert str(heard) == date


ONSETS = """
从大前天开始滴水|2026-11-15
前天突然就这样了|2026-11-16
昨天半夜开始不制冷的|2026-11-17
今早起来一看地板都泡了|2026-11-18
打礼拜天就这样了|2026-11-15
上周开始的|上周
上个月开始漏水|2026-10
有一个多礼拜了|一个多礼拜前
大概半个月了|约半个月前
"""


@pytest.mark.parametrize("case", ONSETS.strip().splitlines())
def test_onset(case: str) -> None:
    """Since when, as a date where it follows from the words."""
    words, since = case.split("|")
    lines = (HELLO, "c 我家空调漏水，不制冷。", "a 这个现象多久了，什么时候开始的？", f"c {words}。")
    assert fields(*lines).get("onset") == since


@pytest.mark.parametrize("words", ["十一月十号拍的货", "十月三号下的单", "一个月了", "你们催催师傅，都两个星期了"])
def test_what_is_no_onset(words: str) -> None:
    """When it was ordered, how long it has been owned and how long one has waited are no onset."""
    assert "onset" not in fields(HELLO, "c 我家空调漏水。", "a 您购买多久了？", f"c {words}。")


FLAGS = [
    ("intermittent", True, ("c 空调不制冷。", "a 每次都这样吗？", "c 不一定，有时候好有时候坏。")),
    ("intermittent", True, ("c 空调偶尔不制冷，时好时坏的。",)),
    ("intermittent", False, ("c 空调漏水。", "a 每次都漏吗？", "c 每次都漏。")),
    ("intermittent", None, ("c 空调漏水。",)),
    ("intermittent", True, ("c 空调不制冷，停一会儿再开又好了。",)),
    ("intermittent", True, ("c 空调异响，隔个两三天来一回。",)),
    ("intermittent", True, ("c 空调漏水。", "a 每次都漏吗？", "c 也有好的时候。")),
    ("intermittent", True, ("c 空调不制冷，没个准，看它心情。",)),
    ("intermittent", True, ("c 空调漏水，下雨天就漏，晴天没事。",)),
    ("intermittent", True, ("c 空调不制冷，好两天坏两天的。",)),
    ("intermittent", True, ("c 电视没声音，拍两下又好了。",)),
    ("intermittent", True, ("c 空调昨天停了一回，今天又停。", "a 明白，时不时停机。型号？", "c 没看。")),
    ("intermittent", True, ("c 空调不制冷。", "a 也就是间歇性不制冷，对吗？", "c 对。")),
    ("intermittent", None, ("c 空调不制冷。", "a 是间歇性不制冷，对吗？", "c 不是。")),
    ("intermittent", None, ("c 空调漏水，我有时候不在家，先打电话。",)),
    ("intermittent", None, ("c 空调漏水，我有时候上夜班。",)),
    ("intermittent", False, ("c 空调漏水。", "a 是偶尔漏吗？", "c 不是偶尔，是一直这样。")),
    ("intermittent", None, ("c 空调不制冷，没准儿是主板的事。",)),
    ("in_warranty_claim", True, ("c 空调不制冷，应该还在保吧？",)),
    ("in_warranty_claim", True, ("c 空调不制冷，还在保修期呢。",)),
    ("in_warranty_claim", True, ("c 空调不制冷，刚好还没过保吧。",)),
    ("in_warranty_claim", False, ("c 空调不制冷，早过保了。",)),
    ("in_warranty_claim", False, ("c 空调不制冷。", "a 已经过保了。", "c 过保就过保吧，修。")),
    ("in_warranty_claim", None, ("c 空调不制冷，是不是过保了？",)),
    ("in_warranty_claim", True, ("c 空调不制冷，不是保修三年吗？",)),
    ("in_warranty_claim", True, ("c 空调不制冷，肯定给保修的呀。",)),
    ("in_warranty_claim", True, ("c 空调不制冷，买了才半年，保修的吧？",)),
    ("in_warranty_claim", None, ("c 空调不制冷，是不是两年保修？",)),
    ("in_warranty_claim", None, ("c 空调不制冷，保修几年？",)),
    ("safety", None, ("c 洗衣机不排水，满满一筒水，衣服都在水里泡着。",)),
    ("safety", None, ("c 洗衣机不排水，一盆水在里面泡着衣服。",)),
    ("safety", "water_leak", ("c 洗衣机漏水，水把地板泡了。",)),
    ("urgency", "high", ("c 洗衣机不排水，师傅快点哦。",)),
    ("safety", "gas_smell", ("c 我家燃气灶有股煤气味！",)),
    ("safety", "electric_shock", ("c 电热水器漏电，手一摸就麻。",)),
    ("safety", "smoke", ("c 微波炉冒烟了！",)),
    ("safety", "water_leak", ("c 净水器漏水，橱柜里全是水，地板都泡了。",)),
    ("safety", "none", ("c 热水器打不着火。", "a 有没有闻到燃气味？", "c 没有味道。")),
    ("safety", None, ("c 油烟机不吸烟，满屋子油烟。",)),
    ("urgency", "critical", ("c 电热水器漏电，手一摸就麻。",)),
    ("urgency", "critical", ("c 洗衣机漏水漏到楼下去了。",)),
    ("urgency", "high", ("c 空调不制冷，热死了，能不能今天就来？",)),
    ("urgency", "high", ("c 冰柜坏了，东西都化了，急死我了。",)),
    ("urgency", None, ("c 空调不制冷，不急，这周来就行。",)),
    ("sentiment_complaint", True, ("c 空调修了三回还没修好，你们到底行不行！",)),
    ("sentiment_complaint", True, ("c 说好昨天来装空调，等了一天也没人来。",)),
    ("sentiment_complaint", True, ("c 这空调才用两个月就坏，质量太差了。",)),
    ("sentiment_complaint", None, ("c 空调不制冷，麻烦来修一下，白天家里没人。",)),
]


@pytest.mark.parametrize(("name", "value", "lines"), FLAGS)
def test_flag(name: str, value: object, lines: tuple[str, ...]) -> None:
    """Flags need words that say so; questions and other things are no proof."""
    assert fields(HELLO, *lines).get(name) == value
