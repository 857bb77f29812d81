"""What dialogues written without knowing the rules showed, in other words than theirs."""

from __future__ import annotations

import pytest

from nlp.types import SlotState
from tests.unit.nlp.calls import call, fields

HELLO = "a 您好，请讲。"
FAULT = "c 我家格力空调不制冷，来修一下。"
PLACE = "a 您的地址？"
NUMBER = "a 您的电话？"

CASES: list[tuple[str, object, tuple[str, ...]]] = [
    # a place is no name, and a surname alone is one
    ("customer_name", "丁女士", (PLACE, "c 长沙市岳麓区，桐梓坡路，金色阳光，六栋。", "a 您贵姓？", "c 姓丁。", "a 丁女士。")),
    ("customer_name", "蔺", ("a 您贵姓？", "c 蔺，蔺相如的蔺。")),
    ("customer_name", "方晓敏", ("a 您贵姓？", "c 我姓方方向的方方晓敏")),
    ("customer_name", "左", ("a 您贵姓？", "c 姓左左右的左")),
    # numbers put right at their end, said by a misheard word, asked for together with the name
    ("contact_phone", "051288776655", ("a 留个电话。", "c 零五幺二，八八七七，六六四四。", "a 零五幺二八八七七六六四四？", "c 最后是五五，六六五五。")),
    ("contact_phone", "13800001111", ("a 电话就用这个？", "c 就着个。")),
    ("contact_phone", "13800001111", ("a 您贵姓，电话是这个吗？", "c 姓丁，丁香的丁，是这个。")),
    ("contact_phone", "13800001111", ("a 电话是来电？", "c 对。")),
    ("contact_phone", None, (NUMBER, "c 幺三八零零零零父亲的")),
    # codes of the past and codes of a product
    ("error_code", None, ("c 报过 E 三，现在没有了。",)),
    ("error_code", "E3", ("c 以前报过一次，现在又在报 E 三。",)),
    ("error_code", "12", ("a 显示故障码一二，对吗？", "c 对。")),
    ("model", "X5", ("c 还有个石头 X 五，也不充电。",)),
    # danger denied in answer, and damage
    ("safety", "none", ("a 有没有触电麻手？", "c 没有，就是不转。")),
    ("safety", "water_leak", ("c 漏水把木地板都泡翘起来了。",)),
    # warranty as a short answer
    ("in_warranty_claim", False, ("a 还在保修期内吗？", "c 早过了。")),
    ("in_warranty_claim", True, ("a 还在保修期吗？", "c 在的。")),
    ("in_warranty_claim", None, ("a 三年保修刚过。", "c 过了啊。")),
    ("urgency", None, ("c 你讲话快点，我在开车。",)),
    ("urgency", "high", ("a 后天行吗？", "c 能不能早一点？")),
    ("intermittent", True, ("c 反反复复的，过一阵又好了。",)),
    ("sentiment_complaint", True, ("c 才装的就这样，什么东西嘛。",)),
]  # fmt: skip


@pytest.mark.parametrize(("name", "value", "lines"), CASES)
def test_phenomenon(name: str, value: object, lines: tuple[str, ...]) -> None:
    """Each phenomenon is understood in words that were not those of the call that showed it."""
    assert fields(HELLO, FAULT, *lines).get(name) == value


ADDRESSES = [
    ("c 如东县掘港镇，青年路，二一八，就是二百一十八号，江海花园八幢三零二。", "掘港镇青年路218号江海花园8幢302"),
    ("c 绵阳市涪城区，临园路东段，一百二，花园小区，七栋，三单元，六楼一号。", "临园路东段120号花园小区7栋3单元6楼1号"),
    ("c 洛阳市孟津区，白鹤镇，河清村，二组，村口第三家。", "白鹤镇河清村2组村口第三家"),
    ("c 杭州市西湖区文三路一号一号楼三零一。", "文三路1号1号楼301"),
]


@pytest.mark.parametrize(("line", "detail"), ADDRESSES)
def test_address_phenomenon(line: str, detail: str) -> None:
    """Numbers said twice, numbers without 号, houses by their place in a village."""
    assert fields(HELLO, FAULT, PLACE, line)["address"]["detail"] == detail


def test_an_appliance_taken_back_is_not_the_one() -> None:
    """我投影，不是，电视机: the call is about the television."""
    found = fields(HELLO, "c 我那个投影仪，不是，电视机，海信的，没声音，画面有。")
    assert (found["appliance"], found["fault"]) == ("电视", "无声音")


@pytest.mark.parametrize(
    "lines",
    [
        ("a 您好，格力空调售后。", "c 喂？听得到吗？我那个空调……算了，等下再打。"),
        ("a 您好，格力。", "c 我不要贷款。", "a 这里是格力空调售后。", "c 哦，看错了，没事了。"),
    ],
)
def test_a_call_broken_off_is_no_order(lines: tuple[str, ...]) -> None:
    """Somebody who breaks off before giving a place or number, or was mistaken, gets no order."""
    assert fields(*lines) == {}


def test_an_hour_of_today_that_is_over_is_one_of_the_evening() -> None:
    """九点之前 said at eight in the evening is nine in the evening; 快一点 is no hour."""
    late = "2026-11-18T20:00:00+08:00"
    found = fields(HELLO, FAULT, "a 师傅九点之前到您家。", "c 好。", at=late)["appointment"]
    assert found == {"start": "2026-11-18T20:00:00+08:00", "end": "2026-11-18T21:00:00+08:00"}
    soon = fields(HELLO, FAULT, "a 什么时间方便？", "c 明天上午吧，快一点。")["appointment"]
    assert soon == {"start": "2026-11-19T08:00:00+08:00", "end": "2026-11-19T12:00:00+08:00"}


def test_a_misheard_yes_to_the_calling_number_is_only_heard() -> None:
    """A number taken from a word that only sounds like 就这个 is not shown as confirmed."""
    slots = {s.name: s for s in call(HELLO, FAULT, "a 电话就用这个？", "c 就着个。").slots}
    assert slots["contact_phone"].state is SlotState.HEARD


SETTLED = [
    ("customer_name", ("a 您贵姓？", "c 我姓王，王建国。", "a 李先生？", "c 不是，姓王。")),
    ("error_code", ("a 报什么代码？", "c E 五。", "a E 三？", "c 不对，是 E 五。")),
    ("onset", ("a 什么时候开始的？", "c 大前天。", "c 不对，十一月八号开始的。")),
    ("address", ("a 您的地址？", "c 杭州市西湖区文三路八号三单元五零一。", "a 文三路八号三单元五零二。", "c 对。")),
    ("appointment", ("a 什么时间方便？", "c 明天上午。", "a 给您安排后天上午上门。", "c 好的。")),
    ("model", ("a 型号？", "c K F R 三五。", "a 后面呢？", "c K F R 三五 G W。")),
]


@pytest.mark.parametrize(("name", "lines"), SETTLED)
def test_a_contradiction_taken_back_or_agreed_to_is_none(name: str, lines: tuple[str, ...]) -> None:
    """不对，是… and a yes settle it; a longer reading of the same model never was one."""
    slots = {s.name: s for s in call(HELLO, "c 空调不制冷。", *lines).slots}
    assert slots[name].state is not SlotState.CONFLICTING


CONFLICTS = [
    ("contact_phone", ("a 您的电话？", "c 幺三九零零一一二二三三。", "a 幺三九零零一一二二三五。", "c 空调在客厅。")),
    ("brand", ("c 格力的，一直滴水。", "c 我再看看啊，美的的。")),
    ("appliance", ("a 好的，洗衣机给您登记了。", "c 在客厅。")),
    ("customer_name", ("a 您贵姓？", "c 我姓王，王建国。", "a 李先生，空调几匹的？", "c 一匹半。")),
    ("model", ("a 型号？", "c K F R 三五 G W。", "a K F R 七二 L W。", "c 空调在客厅。")),
    ("error_code", ("a 报什么代码？", "c E 五。", "a E 三一般是传感器故障。", "c 空调在客厅。")),
    (
        "prior_ticket",
        ("a 工单号？", "c H R 二零二六一一零九。", "a 查一下工单 H R 二零二六一二零九。", "c 空调在客厅。"),
    ),
    ("onset", ("a 什么时候开始的？", "c 大前天。", "a 哪天开始的？", "c 十一月八号开始的。")),
    ("purchase_date", ("a 什么时候买的？", "c 去年三月。", "a 哪一年买的？", "c 二三年。")),
    ("in_warranty_claim", ("c 还在保的。", "a 什么问题？", "c 早过保了，滴水。")),
    ("intermittent", ("c 偶尔这样。", "a 什么情况？", "c 天天都这样。")),
    (
        "address",
        ("a 您的地址？", "c 杭州市西湖区文三路八号三单元五零一。", "a 文三路八号三单元五零二。", "c 空调在客厅。"),
    ),
    ("appointment", ("a 什么时间方便？", "c 明天上午。", "a 好的，给您安排后天上午上门。", "c 空调在客厅。")),
    ("fault", ("c 空调在客厅。", "a 好的，登记的是漏水。", "c 空调在客厅。")),
]


@pytest.mark.parametrize(("name", "lines"), CONFLICTS)
def test_values_that_contradict_each_other_are_shown_as_such(name: str, lines: tuple[str, ...]) -> None:
    """A number read back wrongly and left at that, or two brands told with the same weight, are conflicting."""
    slots = {s.name: s for s in call(HELLO, "c 空调不制冷。", *lines).slots}
    assert slots[name].state is SlotState.CONFLICTING


def test_a_contradiction_that_was_settled_is_none() -> None:
    """Once the caller agrees to the number, it is confirmed."""
    lines = ("a 您的电话？", "c 幺三九零零一一二二三三。", "a 幺三九零零一一二二三五？", "c 对。")
    slots = {s.name: s for s in call(HELLO, "c 空调不制冷。", *lines).slots}
    assert (slots["contact_phone"].value, slots["contact_phone"].state) == ("13900112235", SlotState.CONFIRMED)
