"""Two appliances counted out, cities named late, shops, agents who say again who they are, dates read back."""

from __future__ import annotations

import pytest

from tests.unit.nlp.calls import fields

HELLO = "a 您好，海尔智家，请讲。"


def test_two_appliances_counted_out_are_two_orders() -> None:
    """一个空调一个热水器: each has its own symptom, maker and beginning."""
    found = fields(
        HELLO,
        "c 报修，一个空调一个热水器，都给看看。",
        "a 先说空调。",
        "c 空调是统帅的，大前天就开始滴水了。",
        "a 热水器呢？",
        "c 热水器是海尔的，昨晚上打不着火了。",
        "a 地址？",
        "c 襄阳市樊城区长虹路四十七号十二栋二单元五零四。",
    )
    other = found["second_ticket"]
    assert (found["appliance"], found["fault"], found["onset"]) == ("空调", "漏水", "2026-11-15")
    assert (other["appliance"], other["fault"], other["onset"]) == ("热水器", "不点火", "2026-11-17")


def test_models_of_two_appliances_read_back_together_stay_two() -> None:
    """Each appliance has the model said with its name."""
    found = fields(
        HELLO,
        "c 报装，一个马桶盖，一台烘干机，都是海尔的。",
        "a 型号分别报一下。",
        "c 马桶盖是 D L 五二三零，烘干机是 N H 九零幺零。",
        "a D L 五二三零，N H 九零幺零，对吗？",
        "c 对。",
    )
    assert (found["model"], found["second_ticket"]["model"]) == ("DL5230", "NH9010")


def test_one_appliance_named_twice_is_one_order() -> None:
    """一个 before an appliance alone counts nothing out."""
    found = fields(HELLO, "c 我家一个空调不制冷，空调是海尔的。", "a 地址？", "c 南京市鼓楼区汉口路八号二栋三零一。")
    assert "second_ticket" not in found


def test_a_city_named_after_the_rest_is_said() -> None:
    """芝罘区…六零一，烟台市: the city was named and does not merely follow."""
    found = fields(
        HELLO,
        "c 海尔冰箱门关不严。",
        "a 芝罘区西南河路八十八号四号楼二单元六零一，烟台市，对吧？",
        "c 对。",
    )
    assert found["address"]["city"] == "烟台市"


def test_a_shop_is_part_of_the_address() -> None:
    """The name of a shop after the house number belongs to the detail."""
    found = fields(HELLO, "c 海尔冰柜不制冷。", "a 店的地址？", "c 湖州市吴兴区红旗路二百六十四号，阿臧水产，好找。")
    assert found["address"]["detail"] == "红旗路264号阿臧水产"


def test_who_wanted_somebody_else_orders_nothing() -> None:
    """The agent who has to say again who they are answers a wrong number, however it was heard."""
    assert fields("a 您好，海尔。", "c 外是搬加公司，", "a 不是，这里是海尔空调售后。", "c 哦哦，卜错了") == {}


def test_who_the_agent_is_does_not_empty_an_order() -> None:
    """A caller who goes on to order something has an order."""
    found = fields(
        "a 您好，海尔。",
        "c 是海尔吗？",
        "a 是的，这里是海尔售后。",
        "c 我家空调不制冷，派人来修一下。",
        "a 地址？",
        "c 南京市鼓楼区汉口路八号二栋三零一。",
    )
    assert found["fault"] == "不制冷"


@pytest.mark.parametrize(
    ("words", "given"),
    [
        ("要是过保了怎么收费？", None),
        ("楼上那家过保了还免费修。", None),
        ("我也不知道过保没有。", None),
        ("还差两个月才过保呢。", True),
        ("不在保修期里了。", False),
    ],
)
def test_a_claim_of_warranty_is_the_callers_own_and_no_question(words: str, given: bool | None) -> None:
    """Conditions, other people's appliances and what is not known claim nothing."""
    assert fields(HELLO, "c 海尔冰箱不制冷了。", f"c {words}").get("in_warranty_claim") is given


def test_an_offer_to_mark_it_urgent_can_be_declined() -> None:
    """需要加急吗？—不用 is not urgent, and without that question it is."""
    assert "urgency" not in fields(HELLO, "c 海尔冰箱不制冷了。", "a 需要给您加急吗？", "c 不用。")
    assert fields(HELLO, "c 海尔冰箱不制冷了。", "a 给您加急处理。", "c 好。")["urgency"] == "high"


def test_what_the_last_order_was_about_is_not_what_is_wrong_now() -> None:
    """上次是不点火，这次是水温不稳: the second."""
    found = fields(
        HELLO,
        "c 海尔热水器上个月才修过，这又不对了。",
        "a 上次是不点火。这次是水温不稳，对吗？",
        "c 对。",
        "a 地址？",
        "c 南京市鼓楼区汉口路八号二栋三零一。",
    )
    assert (found["service_type"], found["fault"]) == ("repair", "水温不稳")
